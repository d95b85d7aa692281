#!/usr/bin/env python3
"""Polyonym beside what a team would build today for the same job, on the same events: docs/benchmarks.md.

Runs every system of systems.py in rounds, compares the components of each with those of plain union-find, and prints
a table. What is not installed is skipped and said. Exits with 1 where components differ or a system failed.
"""

import argparse
import contextlib
import json
import os
import pathlib
import signal
import sys
import tempfile

import components
import events
import report
import systems

ROOT = systems.HERE.parents[1]


def arguments(parser):
    """Parsed by `parser`, which may have more of its own."""
    parser.add_argument("--events", type=int, default=2_000_000, help="events in the stream (2000000)")
    parser.add_argument("--batch", type=int, default=1000, help="events a commit (1000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, of which medians are taken (3)")
    parser.add_argument("--max-seconds", type=float, default=300,
                        help="for one trial of one system (300); a stream is cut there, a batch ended")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="systems whose name begins so")
    parser.add_argument("--workload", default=str(ROOT / "build" / "bench" / "polyonym_workload"), help="our program")
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="where the temporary folder is made")
    parser.add_argument("--json", type=pathlib.Path, help="file for the results as data")
    parser.add_argument("--markdown", type=pathlib.Path, help="file for the table, which is printed in any case")
    options = parser.parse_args()
    if min(options.events, options.batch, options.rounds, options.max_seconds) <= 0:
        parser.error("numbers must be above 0")
    return options


@contextlib.contextmanager
def folder_for_all(parent):
    """Readable by the user that a server runs as."""
    with tempfile.TemporaryDirectory(prefix="polyonym-rivals-", dir=parent) as path:
        os.chmod(path, 0o755)
        yield pathlib.Path(path)


class Race:
    def __init__(self, options, folder, chosen):
        self.folder = folder
        self.total = options.events
        self.file = str(folder / "events.tsv")
        events.write(options.events, self.file)
        grace_seconds = 60 + options.events / 10_000
        self.trial = systems.Trial(self.file, options.batch, options.max_seconds, grace_seconds, options.workload)
        self.expected = {}
        self.results = {s: {"status": "ok", "rounds": []} for s in chosen}
        for system, result in self.results.items():
            if reason := systems.why_not(system, options.workload):
                result["status"] = f"skipped: {reason}"
                print(f"{system.name}: {result['status']}", flush=True)

    def expected_after(self, count):
        """Components of the first `count` events: a stream that was cut is compared too."""
        if count not in self.expected:
            labels = components.labels_by_union(events.read(self.file)[:count])
            self.expected[count] = components.summary(components.groups_of(labels))
        return self.expected[count]

    def run(self, number):
        """Every second round in the reverse order: nobody always runs behind the same other."""
        for system in list(self.results)[:: -1 if number % 2 else 1]:
            if self.results[system]["status"] == "ok":
                self.run_one(system, self.results[system])

    def run_one(self, system, result):
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            os.chmod(folder, 0o755)
            try:
                answer = self.trial.run(system, pathlib.Path(folder))
            except systems.TooSlow as e:
                result["status"] = f"did not finish: {e}"
            except (RuntimeError, OSError, ValueError) as e:
                result["status"] = f"failed: {e}"
            else:
                result["rounds"].append(answer)
                self.judge(answer, result)
        said = result["status"]
        if said == "ok":
            said = f"{report.rates(result['rounds'])[-1]:,.0f} events/s"
        print(f"{system.name}: {said}", flush=True)

    def judge(self, answer, result):
        expected = self.expected_after(answer["events"])
        if any(answer[name] != value for name, value in expected.items()):
            result["status"] = (
                f"failed: its components differ: {answer['identifiers']} identifiers in {answer['components']} "
                f"components, expected {expected['identifiers']} in {expected['components']}")
        elif answer["events"] < self.total:
            result["status"] = f"did not finish: {answer['events']:,} events in {answer['seconds']:.0f} s"


def chosen_by(options):
    """None, where --only has no name behind it."""
    chosen = [s for s in systems.SYSTEMS if options.only is None or s.name.startswith(tuple(options.only))]
    if options.only and not chosen:
        sys.exit(f"no system's name begins so; there are: {', '.join(s.name for s in systems.SYSTEMS)}")
    return chosen


def document_of(race, options, load_before):
    return {
        "machine": report.machine(), "commit": report.commit(), "events": options.events, "batch": options.batch,
        "rounds": options.rounds, "load_before": load_before, "load_after": os.getloadavg()[0],
        "reference": race.expected_after(options.events), "systems": report.summed_up(race.results),
    }


def write(document, table, options):
    print("\n" + table)
    if options.json:
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if options.markdown:
        options.markdown.write_text(table, encoding="utf-8")


def stop_if_failed(statuses):
    """`statuses`: pairs of name and status."""
    failed = [name for name, status in statuses if status.startswith("failed")]
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def main():
    options = arguments(argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are stopped
    chosen = chosen_by(options)
    load_before = os.getloadavg()[0]
    with folder_for_all(options.folder) as folder:
        race = Race(options, folder, chosen)
        for number in range(options.rounds):
            print(f"-- round {number + 1} of {options.rounds}", flush=True)
            race.run(number)
        document = document_of(race, options, load_before)
    write(document, report.markdown(document), options)
    stop_if_failed((s.name, result["status"]) for s, result in race.results.items())


if __name__ == "__main__":
    main()
