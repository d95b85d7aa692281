"""The named workloads of polyonym_workload, and how one of them is run. A new one is a row of WORKLOADS."""

import dataclasses
import json
import subprocess


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    meaning: str
    share: float = 1         # of the events of the run
    of_file: bool = False    # it is given the events that the other systems are given
    options: tuple = ()      # more of its own


WORKLOADS = [
    Workload("stream", "a durable stream without a sync, beside bare appends and union-find", of_file=True),
    Workload("stream-sync", "the same with a sync at each commit", of_file=True),
    Workload("bulk", "a first import in sorted files, beside streams", of_file=True),
    Workload("resolve", "from identifiers to profiles, beside a bare hash table", of_file=True),
    Workload("why", "why two random identifiers are one person, and that two are not", of_file=True),
    Workload("merge-heavy", "every event joins two profiles", share=0.5),
    Workload("contested", "1 % of events refuse a link, against none"),
    Workload("hub", "one identifier seen with very many others", share=0.5),
    Workload("chain", "identifiers each seen with the next", share=0.5),
    Workload("retract", "a hundredth of the records taken back, at random", of_file=True),
    Workload("bounded", "a stream into an index that has less memory than it wants", share=0.1,
             options=("--shares", "90", "50", "25")),
    Workload("profile-stream", "a durable stream of records with facts, beside bare appends", of_file=True),
    Workload("profile-read", "profiles by identifiers, beside bare look-ups of finished ones", share=0.25),
    Workload("profile-merge", "two people of ever more events made one, and parted; a tag of many parts"),
    Workload("segments", "members of ever more segments counted, beside a bare pass over everybody", share=0.1),
    Workload("segments-live", "members of a thousand segments kept exact, beside a stream without", share=0.1),
    Workload("bitmaps", "sets of five people an event, beside bare bitmaps; numbers in slices, beside an array"),
    Workload("funnels", "a funnel, retention and repurchase over events in columns, beside a bare pass", share=5),
    Workload("privacy", "a stream that is sealed, and one with a key for each identifier, beside one in plain; people forgotten",
             of_file=True),
    Workload("growth", "the same stream, many times as long"),
]


def command(workload, program, events, file, folder, more):
    """`more`: options of all, then by the name of a workload."""
    words = [program, workload.name, "--format", "json", "--folder", str(folder), *workload.options,
             *more.get(workload.name, [])]
    return words + (["--file", file] if workload.of_file else ["--events", str(max(100, int(events * workload.share)))])


def run(workload, program, events, file, folder, more):
    """A row of numbers for each line that it printed, by name."""
    done = subprocess.run(command(workload, program, events, file, folder, more), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{workload.name} exited with {done.returncode}: {done.stderr.strip()[-2000:]}")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {row.pop("workload"): row for row in rows}
