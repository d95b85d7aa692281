"""What is measured, and how one trial of it is run."""

import contextlib
import dataclasses
import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import components
import servers

HERE = pathlib.Path(__file__).resolve().parent

# Kinds: within one, all promise as much and ours is the measure.
KINDS = {
    "no-fsync": "a stream of commits, durable but for the last moments before a power cut",
    "fsync": "a stream of commits, each on the disk before it is acknowledged",
    "profiles": "a stream as in no-fsync, of records with facts, folded into a profile of each component",
    "batch": "all events at once, from strings in memory to labels in memory",
}


@dataclasses.dataclass(frozen=True)
class System:
    name: str
    kind: str
    program: str  # of this folder; empty: ours
    variant: str
    package: str = ""  # that the program imports
    server: str = ""   # of servers.py
    note: str = ""


SYSTEMS = [
    System("polyonym wal", "no-fsync", "", "wal"),
    System("polyonym group", "no-fsync", "", "group", note="synced every 100 ms"),
    System("redis event", "no-fsync", "redis_rival.py", "event", server="redis",
           note="a script call an event, pipelined; synced every second"),
    System("redis batch", "no-fsync", "redis_rival.py", "batch", server="redis",
           note="a script call a commit; synced every second"),
    System("sqlite event normal", "no-fsync", "sqlite_rival.py", "event-normal",
           note="a prepared statement an identifier"),
    System("sqlite set normal", "no-fsync", "sqlite_rival.py", "set-normal",
           note="one look-up and one insert a commit, united by the client"),
    System("postgres function async", "no-fsync", "postgres_rival.py", "function-off", "psycopg2", "postgres",
           note="PL/pgSQL, event by event"),
    System("postgres set async", "no-fsync", "postgres_rival.py", "set-off", "psycopg2", "postgres",
           note="a join and an insert a commit, united by the client"),
    System("polyonym sync", "fsync", "", "sync"),
    System("sqlite event full", "fsync", "sqlite_rival.py", "event-full"),
    System("sqlite set full", "fsync", "sqlite_rival.py", "set-full"),
    System("postgres function", "fsync", "postgres_rival.py", "function", "psycopg2", "postgres"),
    System("postgres set", "fsync", "postgres_rival.py", "set", "psycopg2", "postgres"),
    System("polyonym profiles", "profiles", "", "profiles", note="all records and facts are kept"),
    System("redis profiles", "profiles", "redis_profiles_rival.py", "", server="redis",
           note="a hash for each person, by a script call a commit; no events are kept"),
    System("postgres profiles async", "profiles", "postgres_profiles_rival.py", "", "psycopg2", "postgres",
           note="a row of jsonb for each person; no events are kept"),
    System("polyonym columns", "batch", "", "columns", note="the kernel, both cores"),
    System("polyonym memory", "batch", "", "memory", note="record by record, one core"),
    System("duckdb", "batch", "duckdb_rival.py", "", "duckdb"),
    System("scipy", "batch", "scipy_rival.py", "", "scipy", note="with its dictionary"),
    System("igraph", "batch", "igraph_rival.py", "", "igraph", note="with its dictionary"),
    System("networkx", "batch", "networkx_rival.py", "", "networkx"),
    System("python union-find", "batch", "union_find_rival.py", ""),
]


class TooSlow(Exception):
    """Nothing came within the time."""


@dataclasses.dataclass(frozen=True)
class Trial:
    file: str
    batch: int
    max_seconds: float
    grace_seconds: float  # for what the clock of a trial does not count: reading events, starting, comparing
    workload: str         # our program

    def command(self, system, folder, address):
        shared = [self.file, "--batch", str(self.batch), "--max-seconds", str(self.max_seconds), "--folder"]
        if system.program:
            command = [sys.executable, str(HERE / system.program), *shared, str(folder), "--variant", system.variant]
            return command + (["--address", address] if address else [])
        if system.variant == "columns":
            return [self.workload, "memory", self.file, "--rounds", "1", "--groups", str(folder / "groups")]
        if system.variant == "profiles":
            return [self.workload, "profile-stream", "--file", self.file, "--batch", str(self.batch),
                    "--folder", str(folder), "--groups", str(folder / "groups"), "--format", "json"]
        return [self.workload, "events", *shared, str(folder / "store"), "--durability", system.variant,
                "--groups", str(folder / "groups")]

    def run(self, system, folder):
        """What the program printed, components included."""
        server = getattr(servers, system.server)(folder) if system.server else contextlib.nullcontext()
        with server as address:
            try:
                done = subprocess.run(
                    self.command(system, folder, address), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                    check=False, timeout=self.max_seconds + self.grace_seconds,
                    env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
            except subprocess.TimeoutExpired as e:
                raise TooSlow(f"nothing within {self.max_seconds:.0f} s") from e
        if done.returncode:
            raise RuntimeError(f"{system.name} exited with {done.returncode}: {done.stderr.strip()[-2000:]}")
        answer = json.loads(done.stdout)
        if not system.program:
            answer.update(components.summary(components.groups_in(folder / "groups")))
        return answer


def why_not(system, workload):
    """Why a system cannot be run here, or an empty text."""
    if not system.program and not os.access(workload, os.X_OK):
        return f"{workload} is not built"
    if system.package and importlib.util.find_spec(system.package) is None:
        return f"the Python package {system.package} is not installed"
    try:
        for program in servers.PROGRAMS.get(system.server, []):
            servers.found(program)
    except servers.Missing as e:
        return str(e)
    return ""
