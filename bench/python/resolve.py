#!/usr/bin/env python3
"""polyonym.resolve() beside what else finds connected components in Python, on one table in one run.

Each contender of contenders.py runs in a process of its own, in rounds, every second round in the reverse
order. The groups of all are compared before any figure is printed. Prints medians, ratios to polyonym round
by round, and whether the goals were reached; of several forms of a rival the fastest counts. What is not
installed, takes more than --max-seconds or more than --max-gib is said, with the bound on the ratio that
follows. Exits with 1 where groups differ or a contender failed. A goal that is not reached is no failure.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
from typing import Any

import circumstances
import contenders
import pairs
import report
import run

HERE = pathlib.Path(__file__).resolve().parent

GOALS = {"duckdb": 8, "networkx": 20, "scipy": 4}  # by package: how many times as fast ours is to be
FULL_PAIRS = 2_000_000  # that goals are meant for
LOOK_SECONDS = 0.2  # between two looks at the memory of a process


class Ended(Exception):
    """A contender was ended before it had an answer: over the bound on memory, or on time."""


class TooSlow(Ended):
    pass


def missing(contender: contenders.Contender) -> list[str]:
    """Packages that are not installed."""
    return [name for name in (contender.package, *contender.more) if importlib.util.find_spec(name) is None]


def told(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def resident_gib(process: int) -> float:
    """0 where it has just ended."""
    try:
        pages = int(pathlib.Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**30


def answer_of(name: str, file: pathlib.Path, max_seconds: float, max_gib: float) -> dict[str, Any]:
    command = [
        sys.executable,
        str(HERE / "contenders.py"),
        name,
        str(file),
        "--max-seconds",
        str(max_seconds),
    ]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            while True:
                try:
                    out, err = process.communicate(timeout=LOOK_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    if resident_gib(process.pid) > max_gib:
                        process.kill()
                        process.communicate()
                        raise Ended(f"more than {max_gib:.1f} GiB") from None
        except BaseException:
            process.kill()
            raise
    if process.returncode == -signal.SIGALRM:
        raise TooSlow(f"more than {max_seconds:g} s")
    if process.returncode:
        told(err.strip())
        raise RuntimeError(f"exited with {process.returncode}: {err.strip().splitlines()[-1:]}")
    answer: dict[str, Any] = json.loads(out)
    return answer


@dataclasses.dataclass
class Result:
    contender: contenders.Contender
    status: str = "ok"
    too_slow: bool = False
    rounds: list[dict[str, Any]] = dataclasses.field(default_factory=list)

    @property
    def seconds(self) -> list[float]:
        return [answer["seconds"] for answer in self.rounds]


class Race:
    """Of one table."""

    def __init__(self, file: pathlib.Path, count: int, shape: str, options: argparse.Namespace) -> None:
        self.file, self.count, self.shape, self.options = file, count, shape, options
        self.results = [Result(contender) for contender in chosen(options)]
        for result in self.results:
            if packages := missing(result.contender):
                result.status = f"skipped: not installed: {', '.join(packages)}"
                told(f"{result.contender.name}: {result.status}")

    def run(self) -> None:
        for number in range(self.options.rounds):
            told(f"-- {self.count:,} pairs, {self.shape}: round {number + 1} of {self.options.rounds}")
            for result in self.results[:: -1 if number % 2 else 1]:
                if result.status == "ok":
                    self.run_one(result)

    def run_one(self, result: Result) -> None:
        try:
            answer = answer_of(
                result.contender.name, self.file, self.options.max_seconds, self.options.max_gib
            )
        except Ended as e:
            result.status = f"did not finish: {e}"
            result.too_slow = isinstance(e, TooSlow)
        except (RuntimeError, OSError, ValueError) as e:
            result.status = f"failed: {e}"
        else:
            result.rounds.append(answer)
        told(
            f"{result.contender.name}: "
            + (f"{result.seconds[-1]:.2f} s" if result.status == "ok" else result.status)
        )

    def compared(self) -> list[str]:
        """Who agrees, by first words of names. Exits where groups differ: then no figure means anything."""
        digests: dict[str, list[str]] = {}
        for result in self.results:
            for answer in result.rounds:
                digests.setdefault(f"{answer['groups']:,} groups, {answer['digest']}", []).append(
                    result.contender.name
                )
        if len(digests) > 1:
            sys.exit(
                "\n".join(
                    [
                        "groups differ:",
                        *(
                            f"{digest}: {', '.join(dict.fromkeys(names))}"
                            for digest, names in digests.items()
                        ),
                    ]
                )
            )
        return list(
            dict.fromkeys(result.contender.name.split()[0] for result in self.results if result.rounds)
        )

    def document(self) -> dict[str, Any]:
        agreeing = self.compared()
        ours = next((r for r in self.results if r.contender.ours and r.rounds), None)
        rows = [row_of(result, ours, self.options.max_seconds) for result in self.results]
        return {
            "pairs": self.count,
            "shape": self.shape,
            "agreeing": agreeing,
            "groups": next((r.rounds[0]["groups"] for r in self.results if r.rounds), None),
            "contenders": rows,
            "goals": judged(rows),
        }


def row_of(result: Result, ours: Result | None, max_seconds: float) -> dict[str, Any]:
    """Ratios are seconds by ours, round by round: how many times as fast ours is."""
    row: dict[str, Any] = {
        "name": result.contender.name,
        "package": result.contender.package,
        "status": result.status,
        "rounds": result.rounds,
    }
    if result.rounds:
        row["version"] = result.rounds[-1]["version"]
        row["seconds"] = report.spread(result.seconds)
        row["before_bytes"] = statistics.median(answer["before_bytes"] for answer in result.rounds)
        row["peak_bytes"] = statistics.median(answer["peak_bytes"] for answer in result.rounds)
        if ours and ours is not result:
            row["times"] = report.spread([theirs / our for theirs, our in zip(result.seconds, ours.seconds)])
    elif ours and result.too_slow:
        row["times_at_least"] = max_seconds / statistics.median(ours.seconds)
    return row


def judged(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of several forms the fastest counts. One that the clock ended reaches a goal by its bound, or none."""
    verdicts = []
    for package, goal in GOALS.items():
        forms = [row for row in rows if row["package"] == package]
        reached = [(row["times"]["median"], "", row) for row in forms if "times" in row]
        reached += [(row["times_at_least"], "at least ", row) for row in forms if "times_at_least" in row]
        verdict: dict[str, Any] = {"package": package, "goal": goal, "times": None}
        if not reached:
            reasons = sorted({row["status"] for row in forms if row["status"] != "ok"})
            verdict["verdict"] = f"not measured: {'; '.join(reasons) or 'it was not run beside polyonym'}"
        else:
            times, bound, row = min(reached, key=lambda item: item[0])
            verdict |= {"times": times, "form": row["name"], "bound": bool(bound)}
            verdict["verdict"] = "reached" if times >= goal else f"not {'known' if bound else 'reached'}"
        verdicts.append(verdict)
    return verdicts


def chosen(options: argparse.Namespace) -> list[contenders.Contender]:
    asked = [c for c in contenders.CONTENDERS if options.sources or not c.source]
    if options.only:
        asked = [c for c in asked if c.name.startswith(tuple(options.only))]
        if not asked:
            sys.exit("no name begins so; there are: " + ", ".join(c.name for c in contenders.CONTENDERS))
    return asked


def contender_line(row: dict[str, Any]) -> str:
    status = "" if row["status"] == "ok" else row["status"]
    if "seconds" not in row:
        bound = f"above {row['times_at_least']:.1f}" if "times_at_least" in row else ""
        return f"| {row['name']} | | | | | {bound} | | | | | {status} |"
    times = report.ranged(row["times"], ".2f") if "times" in row else " | | "
    before, peak = row["before_bytes"] / contenders.MIB, row["peak_bytes"] / contenders.MIB
    return (
        f"| {row['name']} | {row['version']} | {report.ranged(row['seconds'], '.2f')} | {times} | "
        f"{before:,.0f} | {peak:,.0f} | {status} |"
    )


def race_table(race: dict[str, Any]) -> list[str]:
    agreeing = race["agreeing"]
    said = (
        f"the same {race['groups']:,} groups by {', '.join(agreeing)}"
        if len(agreeing) > 1
        else "**groups compared with no other system's**"
    )
    small = f"; **goals are meant for {FULL_PAIRS:,} pairs and more**" if race["pairs"] < FULL_PAIRS else ""
    lines = [
        f"**{race['pairs']:,} pairs, {race['shape']}**: {said}{small}",
        "",
        "| contender | version | seconds: median | min | max | ours is faster, times: median | min | max "
        "| MiB before | MiB at peak | |",
        "| --- | --- | --: | --: | --: | --: | --: | --: | --: | --: | --- |",
    ]
    lines += [contender_line(row) for row in race["contenders"]]
    lines += ["", "| against | goal | measured | | of which |", "| --- | --: | --: | --- | --- |"]
    for goal in race["goals"]:
        times = "" if goal["times"] is None else f"{'above ' if goal['bound'] else ''}{goal['times']:.1f}x"
        verdict = goal["verdict"] if goal["verdict"] == "reached" else f"**{goal['verdict']}**"
        lines.append(
            f"| {goal['package']} | {goal['goal']}x | {times} | {verdict} | {goal.get('form', '')} |"
        )
    return [*lines, ""]


def markdown(document: dict[str, Any]) -> str:
    lines = [
        f"Two columns of identifiers to groups, {document['rounds']} rounds. "
        + circumstances.sentence(document),
        "",
    ]
    for race in document["races"]:
        lines += race_table(race)
    return "\n".join(lines)


def memory_gib() -> float:
    return float(report.machine()["memory_mib"]) / 1024


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--pairs",
        type=int,
        nargs="+",
        default=[2_000_000],
        help="rows of the table; several in turn (2000000)",
    )
    parser.add_argument(
        "--shape", nargs="+", choices=list(pairs.SHAPES), default=["people"], help="see pairs.py (people)"
    )
    parser.add_argument("--rounds", type=int, default=3, help="of which medians are taken (3)")
    parser.add_argument("--max-seconds", type=float, default=300, help="for one contender in one round (300)")
    parser.add_argument(
        "--max-gib",
        type=float,
        default=0.8 * memory_gib(),
        help="resident, of one contender (four fifths of the machine)",
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="contenders whose name begins so")
    parser.add_argument(
        "--sources", action="store_true", help="polyonym is given tables of polars and pandas too"
    )
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="where the temporary folder is made")
    parser.add_argument("--json", type=pathlib.Path, help="file for the results as data")
    parser.add_argument(
        "--markdown", type=pathlib.Path, help="file for the tables, which are printed in any case"
    )
    options = parser.parse_args()
    if min(*options.pairs, options.rounds, options.max_seconds, options.max_gib) <= 0:
        parser.error("numbers must be above 0")
    return options


def raced(count: int, shape: str, options: argparse.Namespace) -> Race:
    """The table is made in a process of its own, and gone when the race is over."""
    with tempfile.TemporaryDirectory(prefix="polyonym-resolve-", dir=options.folder) as folder:
        file = pathlib.Path(folder) / "pairs.arrow"
        subprocess.run([sys.executable, str(HERE / "pairs.py"), str(count), shape, str(file)], check=True)
        race = Race(file, count, shape, options)
        race.run()
    return race


def main() -> None:
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the folder goes
    load_before = circumstances.load()
    races = [raced(count, shape, options) for shape in options.shape for count in options.pairs]
    document = {
        "rounds": options.rounds,
        **circumstances.noted(load_before),
        "races": [race.document() for race in races],
    }
    run.write(document, markdown(document), options)
    failed = [r.contender.name for race in races for r in race.results if r.status.startswith("failed")]
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
