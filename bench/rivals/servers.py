"""Redis and PostgreSQL for the time of one run: data and sockets in a folder of their own, no port is opened, and they
end with this process however it ends (the kernel tells them so).
"""

import contextlib
import glob
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

START_SECONDS = 30
PROGRAMS = {"redis": ["setpriv", "redis-server"], "postgres": ["setpriv", "initdb", "postgres"]}


class Missing(Exception):
    """What is needed is not installed."""


def found(program):
    """Debian keeps PostgreSQL's programs off the path, in a folder for each version: the last one's are taken."""
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1:]
    path = shutil.which(program, path=os.pathsep.join([*folders, os.environ.get("PATH", ""), "/usr/sbin"]))
    if not path:
        raise Missing(f"{program} is not installed")
    return path


@contextlib.contextmanager
def running(command, stop_signal, ready, log):
    """The server's address is `ready` once something listens there. Ends the process by its id, whatever happens."""
    with open(log, "wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not listens(ready):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[-1]} did not start: {pathlib.Path(log).read_text()[-2000:]}")
            time.sleep(0.05)
        yield
    finally:
        if process.poll() is None:
            process.send_signal(stop_signal)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def listens(path):
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def dies_with_us(*more):
    return [found("setpriv"), "--pdeathsig", "INT", *more]


@contextlib.contextmanager
def redis(folder):
    """Append-only file synced every second, never rewritten during the run (that would cost Redis time)."""
    folder = pathlib.Path(folder)
    address = folder / "redis.sock"
    command = [*dies_with_us(), found("redis-server"), "--port", "0", "--unixsocket", str(address),
               "--dir", str(folder), "--save", "", "--appendonly", "yes", "--appendfsync", "everysec",
               "--auto-aof-rewrite-percentage", "0", "--daemonize", "no"]
    with running(command, signal.SIGTERM, address, folder / "redis.log"):
        yield str(address)


# A cache that holds all of it; checkpoints seldom, as for bulk writes; pages still go whole into the log after each.
POSTGRES = {
    "listen_addresses": "",
    "shared_buffers": "2GB",
    "max_wal_size": "16GB",
    "min_wal_size": "2GB",
    "checkpoint_timeout": "30min",
    "wal_buffers": "64MB",
    "wal_compression": "lz4",
    "full_page_writes": "on",
    "fsync": "on",
    "jit": "off",
    "max_connections": "5",
}


@contextlib.contextmanager
def postgres(folder):
    """PostgreSQL refuses to run as root: then its folder and its processes are those of the user `postgres`."""
    folder = pathlib.Path(folder)
    user = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        user = ["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
    data = folder / "data"
    subprocess.run(
        [*dies_with_us(*user), found("initdb"), "-D", data, "-U", "rival", "-A", "trust", "--locale=C", "-E", "UTF8"],
        check=True, stdout=subprocess.DEVNULL, cwd=folder)
    settings = {**POSTGRES, "unix_socket_directories": str(folder)}
    command = [*dies_with_us(*user), found("postgres"), "-D", str(data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    with running(command, signal.SIGINT, folder / ".s.PGSQL.5432", folder / "postgres.log"):
        yield str(folder)
