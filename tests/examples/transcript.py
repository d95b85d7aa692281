"""Transcripts of a terminal: what a text says that commands print, and what they do print.

A transcript is lines of `$ command`, each followed by what it prints. In it a line `…` stands for any lines, also none, and
a line that ends in ` …` for one that begins so. Measured rates and times are equal to any other.
"""

import os
import pty
import re
import subprocess

MEASURED = re.compile(r"[\d.]+ s, [\d,]+ records a second")


def normalised(line):
    return MEASURED.sub("S s, N records a second", line.rstrip())


def fits(said, line):
    said, line = normalised(said), normalised(line)
    return line.startswith(said[:-2]) if said.endswith(" …") else said == line


def difference(said, printed):
    """The first line of `said` that `printed` does not bear out, in words; None where all is as said."""
    at, anywhere = 0, False
    for line in said:
        if line == "…":
            anywhere = True
            continue
        while anywhere and at < len(printed) and not fits(line, printed[at]):
            at += 1
        if at == len(printed):
            return f"said, not printed: {line!r}"
        if not fits(line, printed[at]):
            return f"said: {line!r}, printed: {printed[at]!r}"
        at, anywhere = at + 1, False
    if not anywhere and at < len(printed):
        return f"printed, not said: {printed[at]!r}"
    return None


def steps(transcript):
    """Pairs of a command and the lines that it is said to print."""
    found = []
    for line in transcript.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def run_on_terminal(command, folder, path):
    """Lines that a shell command writes where standard output is a terminal; `path` is searched for programs first."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PATH": path + os.pathsep + os.environ["PATH"]}
    with subprocess.Popen(["bash", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=theirs,
                          stderr=subprocess.PIPE) as shell:
        os.close(theirs)
        printed = b""
        while True:
            try:
                read = os.read(ours, 65536)
            except OSError:  # how Linux says that the other side has closed
                break
            if not read:
                break
            printed += read
        complaints = shell.stderr.read()
    os.close(ours)
    text = (printed + complaints).decode()
    return text.replace("\r\n", "\n").splitlines()
