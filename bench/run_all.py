#!/usr/bin/env python3
"""All benches in one run: the other systems of rivals/ and the named workloads, in turn, on the same events, in rounds.

Prints tables of medians, and which of the goals were reached: docs/benchmarks.md. Exits with 1 where components differ,
or a system or a workload failed. Goals that are not reached are no failure.
"""

import argparse
import os
import pathlib
import signal
import sys

import workloads

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "rivals"))
import goals  # pylint: disable=wrong-import-position
import report  # pylint: disable=wrong-import-position
import run  # pylint: disable=wrong-import-position


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workloads", nargs="*", metavar="NAME", help="workloads whose name begins so (all)")
    parser.add_argument("--times", type=int, default=10,
                        help="how much longer the long stream of growth is (10); 0: no growth")
    parser.add_argument("--questions", type=int, help="of resolve and why")
    return run.arguments(parser)


class Rounds:
    """Of the workloads."""

    def __init__(self, options, folder, file):
        self.options, self.folder, self.file = options, folder, file
        self.results = {w: {"status": "ok", "rounds": []} for w in self.chosen()}
        self.more = {"growth": ["--times", str(options.times)]}
        if options.questions:
            self.more |= {name: ["--questions", str(options.questions)] for name in ("resolve", "why")}
        for workload, result in self.results.items():
            if reason := self.why_not(workload):
                result["status"] = f"skipped: {reason}"
                print(f"{workload.name}: {result['status']}", flush=True)

    def chosen(self):
        if self.options.workloads is None:
            return workloads.WORKLOADS
        chosen = [w for w in workloads.WORKLOADS if w.name.startswith(tuple(self.options.workloads))]
        if self.options.workloads and not chosen:
            sys.exit(f"no workload's name begins so; there are: {', '.join(w.name for w in workloads.WORKLOADS)}")
        return chosen

    def why_not(self, workload):
        if not os.access(self.options.workload, os.X_OK):
            return f"{self.options.workload} is not built"
        return "--times is 0" if workload.name == "growth" and self.options.times == 0 else ""

    def run(self, number):
        for workload in list(self.results)[:: -1 if number % 2 else 1]:
            result = self.results[workload]
            if result["status"] != "ok":
                continue
            try:
                rows = workloads.run(
                    workload, self.options.workload, self.options.events, self.file, self.folder, self.more)
            except (RuntimeError, OSError, ValueError) as e:
                result["status"] = f"failed: {e}"
                print(f"{workload.name}: {result['status']}", flush=True)
            else:
                result["rounds"].append(rows)
                print(f"{workload.name}: ok", flush=True)

    def summed_up(self):
        """By the name of the row, of which a workload may have several."""
        out = {}
        for workload, result in self.results.items():
            names = result["rounds"][0] if result["rounds"] else [workload.name]
            for name in names:
                rows = [rows[name] for rows in result["rounds"]]
                fields = {field: report.spread([row[field] for row in rows]) for field in rows[0]} if rows else {}
                out[name] = {"status": result["status"], "meaning": workload.meaning, "fields": fields, "rounds": rows}
        return out


def workload_table(document):
    lines = []
    for name, row in document["workloads"].items():
        lines += [f"**{name}**: {row['meaning']}" + ("" if row["status"] == "ok" else f". {row['status']}"), ""]
        if row["fields"]:
            lines += ["| | median | min | max |", "| --- | --: | --: | --: |"]
        for field, spread in row["fields"].items():
            numbers = " | ".join(report.number(spread[name]) for name in ("median", "min", "max"))
            lines.append(f"| {field.replace('_', ' ')} | {numbers} |")
        lines.append("")
    return "\n".join(lines)


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are stopped
    chosen = run.chosen_by(options)
    load_before = os.getloadavg()[0]
    with run.folder_for_all(options.folder) as folder:
        race = run.Race(options, folder, chosen)
        rounds = Rounds(options, folder, race.file)
        for number in range(options.rounds):
            print(f"-- round {number + 1} of {options.rounds}", flush=True)
            race.run(number)
            rounds.run(number)
        document = run.document_of(race, options, load_before)
    document["workloads"] = rounds.summed_up()
    document["goals"] = goals.judged(document)
    tables = [report.markdown(document), workload_table(document), goals.markdown(document)]
    run.write(document, "\n".join(tables), options)
    run.stop_if_failed([*((s.name, result["status"]) for s, result in race.results.items()),
                        *((w.name, result["status"]) for w, result in rounds.results.items())])


if __name__ == "__main__":
    main()
