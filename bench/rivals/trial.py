"""What the rivals' programs share: arguments, the clock, and the line of JSON that run.py reads.

Events are in memory as lists of strings before the clock starts, and Python's cyclic garbage collector is off while
it runs: it would look through millions of strings that are not of the system under test.
"""

import argparse
import dataclasses
import gc
import json
import pathlib
import sys
import time
import typing

import components
import events


@dataclasses.dataclass
class Outcome:
    seconds: float
    events: int
    labels: typing.Iterable  # pairs of identifier and label, read after the clock was stopped
    version: str
    disk_bytes: int = None
    memory_bytes: int = None


def batches(all_events, size):
    return [all_events[at : at + size] for at in range(0, len(all_events), size)]


def stream(commits, sizes, max_seconds, take):
    """Gives `take` one commit after the other, until the time is up. Returns seconds and how many events were taken."""
    done = 0
    start = time.perf_counter()
    for commit, size in zip(commits, sizes):
        take(commit)
        done += size
        if time.perf_counter() - start > max_seconds:
            break
    return time.perf_counter() - start, done


def timed(work):
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def bytes_under(folder):
    return sum(path.stat().st_size for path in pathlib.Path(folder).rglob("*") if path.is_file())


def main(run):
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--max-seconds", type=float, default=600)
    parser.add_argument("--folder", help="where files may be made")
    parser.add_argument("--address", help="socket of the server, or the folder that it is in")
    parser.add_argument("--variant", default="")
    options = parser.parse_args()
    all_events = events.read(options.file)
    gc.collect()
    gc.freeze()
    gc.disable()
    outcome = run(all_events, options)
    answer = {name: value for name, value in dataclasses.asdict(dataclasses.replace(outcome, labels=())).items()
              if name != "labels" and value is not None}
    answer.update(components.summary(components.groups_of(outcome.labels)))
    json.dump(answer, sys.stdout)
    print()
