#!/usr/bin/env python3
"""Records a second of store.ingest() from Arrow, beside the program `polyonym ingest` on the same as files.

Records of a shop, each with two identifiers, a time and a city: as an Arrow table in memory, as JSON Lines,
and as CSV with a mapping. Stores are on disk with durability wal; one of ours is in memory too, and has no
other to be held against than those on disk. What is timed: ours from opening a new store to its closing, the
program from its start to its end. Everybody runs in a process of its own, in rounds, every second round in
the reverse order. Exits with 1 where the stores hold different records or groups, or a record was not taken.
A goal that is not reached is no failure.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any

import circumstances
import contenders
import numpy as np
import own_process
import pairs
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import report
import run

ROOT = pathlib.Path(__file__).resolve().parents[2]
DRIVERS = [ROOT / "build" / kind / "polyonym" for kind in ("bench", "release")]
GOAL = 0.8  # of the program's speed, of its faster form
START_MS = 1_700_000_000_000
CITIES = ["Shanghai", "Beijing", "Guangzhou", "Shenzhen", "Chengdu", "Hangzhou", "Wuhan", "Nanjing"]
# By column.
NAMESPACES = {"openid": "wechat.openid", "mobile": "phone", "cookie": "cookie", "device": "device"}
MAKERS = {"openid": pairs.openids, "mobile": pairs.phones, "cookie": pairs.cookies, "device": pairs.cookies}
POLICY = {
    "name": "bench",
    "namespaces": [
        {"name": "wechat.openid", "priority": 1},
        {"name": "phone", "priority": 2, "normaliser": "NORMALISER_PHONE", "region": "CN"},
        {"name": "cookie", "priority": 3},
        {"name": "device", "priority": 4},
    ],
    "definitions": {"traits": [{"name": "city", "fold": "FOLD_MOST_FREQUENT", "atLeast": 1}]},
}
MAPPING = {
    "source": "shop",
    "record_id": "{order_no}",
    "time": {"value": "{created_at}", "format": "epoch_milliseconds"},
    "identifiers": [{"namespace": n, "value": f"{{{column}}}"} for column, n in NAMESPACES.items()],
    "facts": {"traits": [{"name": "city", "value": {"value": "{city}"}}]},
}


def table_of(records: int) -> pa.Table:
    """The pairs of pairs.py, each number in the column of its kind."""
    random = np.random.default_rng(pairs.SEED)
    left, right = pairs.people(records, random)
    columns = {
        "order_no": pa.array(np.arange(records)).cast(pa.string()),
        "created_at": pa.array(START_MS + np.arange(records), pa.timestamp("ms", "UTC")),
    }
    for kind, (name, maker) in enumerate(MAKERS.items()):
        number = np.where(left % 4 == kind, left, right)
        values = pairs.texts(maker(number)).cast(pa.string())
        named = pa.array(number % 4 == kind)
        columns[name] = pc.if_else(named, values, pa.scalar(None, pa.string()))
    columns["city"] = pa.array(CITIES).take(pa.array(random.integers(len(CITIES), size=records)))
    return pa.table(columns)


def write_json(table: pa.Table, path: pathlib.Path) -> None:
    with open(path, "w", encoding="utf-8") as file:
        for batch in table.to_batches(max_chunksize=100_000):
            for row in batch.to_pylist():
                ids = {n: row[column] for column, n in NAMESPACES.items() if row[column] is not None}
                traits = [{"name": "city", "value": {"text": row["city"]}}]
                record = {"source": "shop", "id": row["order_no"], "t": row["created_at"], "ids": ids}
                file.write(json.dumps({**record, "facts": {"traits": traits}}) + "\n")


@dataclasses.dataclass(frozen=True)
class Files:
    """All of the same records."""

    folder: pathlib.Path

    def of(self, name: str) -> pathlib.Path:
        return self.folder / name

    def write(self, records: int) -> None:
        table = table_of(records)
        with (
            pa.OSFile(str(self.of("records.arrow")), "wb") as file,
            pa.ipc.new_file(file, table.schema) as writer,
        ):
            writer.write_table(table, max_chunksize=pairs.ROWS_A_BATCH)
        plain = table.set_column(1, "created_at", table["created_at"].cast(pa.int64()))
        write_json(plain, self.of("records.jsonl"))
        pyarrow.csv.write_csv(plain, self.of("records.csv"), pyarrow.csv.WriteOptions(quoting_style="needed"))
        self.of("policy.json").write_text(json.dumps(POLICY), encoding="utf-8")
        self.of("mapping.json").write_text(json.dumps(MAPPING), encoding="utf-8")


def taken(store: str, table: pa.Table, policy: dict[str, Any], batch: int) -> int:
    """How many records stand. `store`: a folder, or empty for one in memory."""
    import polyonym

    where = {"path": store, "durability": "wal"} if store else {}
    with polyonym.open(policy=policy, **where) as opened:
        done = opened.ingest(
            table,
            source="shop",
            time="created_at",
            id="order_no",
            identifiers=NAMESPACES,
            traits={"city": "city"},
            batch=batch,
        )
    return int(done.applied)


def one(folder: pathlib.Path, store: str, batch: int) -> dict[str, Any]:
    """In this process: one store of ours."""
    table = pairs.read(folder / "records.arrow")
    policy = json.loads((folder / "policy.json").read_text(encoding="utf-8"))
    taken("", table.slice(0, 10), policy, batch)  # for what is imported on first use
    applied = []
    spent = contenders.measured(lambda: applied.append(taken(store, table, policy, batch)))
    if applied != [table.num_rows]:
        sys.exit(f"{applied[0]} of {table.num_rows} records were applied")
    return {"seconds": spent.seconds, "need_bytes": spent.peak_bytes - spent.before_bytes}


def ours(files: Files, store: pathlib.Path | None, batch: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--batch", str(batch)]
    command += ["--one", str(files.folder), "" if store is None else str(store)]
    return own_process.answer_of("ingest()", command)


def by_driver(
    driver: pathlib.Path, files: Files, store: pathlib.Path, form: str, batch: int
) -> dict[str, Any]:
    command = [str(driver), "ingest", "--db", str(store), "--durability", "wal", "--batch", str(batch)]
    command += ["--policy", str(files.of("policy.json"))]
    if form == "csv":
        command += ["--mapping", str(files.of("mapping.json"))]
    command.append(str(files.of(f"records.{form}")))
    start = time.perf_counter()
    said = own_process.answer_of("the program", command)
    seconds = time.perf_counter() - start
    if said["applied"] != said["records"]:
        sys.exit(f"the program took {said['applied']} of {said['records']} records of {form}")
    return {"seconds": seconds}


def told_by(driver: pathlib.Path, store: pathlib.Path) -> dict[str, Any]:
    """Of a store on disk: its groups, and all its records, by the program. Equal stores print equal bytes."""
    digests = {}
    for command in ("groups", "export"):
        text = hashlib.sha256()
        lines = 0
        with subprocess.Popen([str(driver), command, "--db", str(store)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for line in process.stdout:
                text.update(line)
                lines += 1
        if process.returncode:
            sys.exit(f"polyonym {command} exited with {process.returncode}")
        digests[command] = f"{lines:,} {text.hexdigest()[:16]}"
    return digests


NAMES = ["arrow, memory", "arrow, wal", "program, jsonl, wal", "program, csv, wal"]


class Rounds:
    def __init__(self, options: argparse.Namespace, files: Files) -> None:
        self.options, self.files = options, files
        self.answers: dict[str, list[dict[str, Any]]] = {name: [] for name in NAMES}

    def run(self) -> None:
        for number in range(self.options.rounds):
            for name in NAMES[:: -1 if number % 2 else 1]:
                with tempfile.TemporaryDirectory(dir=self.files.folder) as folder:
                    self.answers[name].append(self.run_one(name, pathlib.Path(folder) / "store"))
                rate = self.options.records / self.answers[name][-1]["seconds"]
                print(f"round {number + 1}: {name}: {rate:,.0f} records/s", file=sys.stderr, flush=True)

    def run_one(self, name: str, store: pathlib.Path) -> dict[str, Any]:
        if name == "arrow, memory":
            return ours(self.files, None, self.options.batch)
        driver, batch = self.options.driver, self.options.batch
        if name == "arrow, wal":
            answer = ours(self.files, store, batch)
        else:
            answer = by_driver(driver, self.files, store, name.split(", ")[1], batch)
        return {**answer, "told": told_by(driver, store)}

    def compare(self) -> None:
        told = {
            json.dumps(a["told"]): name
            for name, answers in self.answers.items()
            for a in answers
            if "told" in a
        }
        if len(told) > 1:
            sys.exit("\n".join(["stores differ:", *(f"{name}: {what}" for what, name in told.items())]))

    def document(self) -> dict[str, Any]:
        self.compare()
        records = self.options.records
        rates = {
            name: [records / answer["seconds"] for answer in answers]
            for name, answers in self.answers.items()
        }
        rows = [
            {
                "name": name,
                "records_per_second": report.spread(rates[name]),
                "rounds": self.answers[name],
                "of_program": (
                    {}
                    if name not in NAMES[:2]
                    else {
                        other: report.spread([a / b for a, b in zip(rates[name], rates[other])])
                        for other in NAMES[2:]
                    }
                ),
            }
            for name in NAMES
        ]
        measured = min(spread["median"] for spread in rows[1]["of_program"].values())
        return {
            "records": records,
            "rows": rows,
            "goal": {
                "goal": GOAL,
                "measured": measured,
                "verdict": "reached" if measured >= GOAL else "not reached",
            },
        }


def markdown(document: dict[str, Any]) -> str:
    lines = [
        f"{document['records']:,} records, {document['rounds']} rounds; the stores on disk hold the same. "
        + circumstances.sentence(document),
        "",
        "| | records/s: median | min | max | of the program's on JSON Lines | of the program's on CSV |",
        "| --- | --: | --: | --: | --: | --: |",
    ]
    for row in document["rows"]:
        shares = " | ".join(
            f"{row['of_program'][other]['median']:.2f}" if row["of_program"] else "" for other in NAMES[2:]
        )
        lines.append(f"| {row['name']} | {report.ranged(row['records_per_second'], ',.0f')} | {shares} |")
    goal = document["goal"]
    verdict = goal["verdict"] if goal["verdict"] == "reached" else f"**{goal['verdict']}**"
    return (
        "\n".join(
            [
                *lines,
                "",
                f"Goal: {goal['goal']}x of the program's faster form, both on disk: "
                f"{goal['measured']:.2f}x, {verdict}.",
            ]
        )
        + "\n"
    )


def driver_of(given: pathlib.Path | None) -> pathlib.Path:
    for path in [given] if given else DRIVERS:
        if os.access(path, os.X_OK):
            return path
    sys.exit(f"no program at {given or ' or '.join(map(str, DRIVERS))}: build it, or name it by --driver")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=2_000_000, help="records (2000000)")
    parser.add_argument("--batch", type=int, default=1000, help="records a commit, of both (1000)")
    parser.add_argument("--rounds", type=int, default=3, help="of which medians are taken (3)")
    parser.add_argument(
        "--driver", type=pathlib.Path, help="the program polyonym (build/bench, then build/release)"
    )
    parser.add_argument(
        "--folder", default=tempfile.gettempdir(), help="where the temporary folder is made: the disk"
    )
    parser.add_argument("--json", type=pathlib.Path, help="file for the results as data")
    parser.add_argument(
        "--markdown", type=pathlib.Path, help="file for the table, which is printed in any case"
    )
    parser.add_argument(
        "--one", nargs=2, metavar=("FOLDER", "STORE"), help="one store of ours in this process"
    )
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(pathlib.Path(options.one[0]), options.one[1], options.batch)))
        return
    if min(options.records, options.rounds, options.batch) <= 0:
        parser.error("numbers must be above 0")
    options.driver = driver_of(options.driver)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the folder goes
    load_before = circumstances.load()
    with tempfile.TemporaryDirectory(prefix="polyonym-ingest-", dir=options.folder) as folder:
        files = Files(pathlib.Path(folder))
        files.write(options.records)
        rounds = Rounds(options, files)
        rounds.run()
    document = {"rounds": options.rounds, **circumstances.noted(load_before), **rounds.document()}
    run.write(document, markdown(document), options)


if __name__ == "__main__":
    main()
