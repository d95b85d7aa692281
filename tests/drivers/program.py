"""Runs the program `polyonym` as its users do, each test in a folder of its own.

Every row of JSON that a test reads is held against docs/: a field that is not documented for its command fails the test.
"""

import copy
import csv
import gzip
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from documented import Documentation

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTATION = Documentation(ROOT / "docs")
SHARED = pathlib.Path(os.environ.get("POLYONYM_SHARED_DIR", ROOT / ".." / "shared"))
DRIVER = os.environ.get("POLYONYM_DRIVER", str(ROOT / "build" / "dev" / "polyonym"))

DONE, NO, USAGE, REJECTS, STORE = range(5)  # exit codes
GROUPS_OF_COMMANDS = ("audit", "backup", "campaign", "feed", "outbox", "policy", "segment")

# A policy that shows everything: a limit, a guard, normalisers, a parent, blocked values.
POLICY = {
    "name": "people",
    "namespaces": [
        {"name": "crm", "priority": 1, "limits": [{"max": 1}]},
        {"name": "phone", "priority": 2, "normaliser": "NORMALISER_PHONE", "region": "CN"},
        {"name": "email", "priority": 2, "normaliser": "NORMALISER_EMAIL"},
        {
            "name": "device",
            "priority": 3,
            "guards": [{"of": "crm", "max_neighbours": 2}],
            "blocked_values": ["shop-tablet"],
        },
    ],
}


def changed_policy(**top):
    """A copy of POLICY, with some of its top fields replaced."""
    return {**copy.deepcopy(POLICY), **top}


def seen(number, ids, source="pos", t=None, **more):
    """A record in the short form. Its time, unless given, is `number` seconds into 2024."""
    return {
        "source": source,
        "id": str(number),
        "t": 1704067200000 + number * 1000 if t is None else t,
        "ids": ids,
        **more,
    }


def act(number, op, *pair, source="desk", **more):
    return {
        "source": source,
        "id": str(number),
        "t": 1704067200000 + number * 1000,
        "op": op,
        "pair": list(pair),
        **more,
    }


def environment():
    """The caller's, in a zone and a language that nobody should see in an answer."""
    return {**os.environ, "TZ": "America/St_Johns", "LC_ALL": "C", "COLUMNS": "80"}


class Answer:
    """What a run of the program gave. Text that no command printed is an error where it is asked for."""

    def __init__(self, command, code, out, err):
        self.command, self.code, self.out, self.err = command, code, out, err.decode()

    @property
    def text(self):
        return self.out.decode()

    @property
    def rows(self):
        rows = [json.loads(line) for line in self.text.split("\n") if line]
        unknown = sorted({path for row in rows for path in DOCUMENTATION.unknown_fields(self.command, row)})
        if unknown:
            raise AssertionError(f"docs/ does not name these fields of {self.command}: {', '.join(unknown)}")
        return rows

    @property
    def csv(self):
        """Rows of CSV, as texts by column. A header that docs/ does not say is an error."""
        header, *rows = list(csv.reader(io.StringIO(self.text, newline=""), strict=True))
        if not DOCUMENTATION.are_csv_columns(self.command, header):
            raise AssertionError(f"docs/ does not name these columns of {self.command}: {', '.join(header)}")
        return [dict(zip(header, row, strict=True)) for row in rows]

    @property
    def row(self):
        (row,) = self.rows
        return row


class ProgramTest(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="polyonym-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.policy = self.write_json("policy.json", POLICY)

    def path(self, name):
        return str(self.folder / name)

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def write_records(self, name, records):
        return self.write(name, lines(records))

    def polyonym(self, *args, code=DONE, stdin=b""):
        """Runs the program; its exit code must be `code` (None: any), and what it says must stand where it belongs."""
        args = [str(arg) for arg in args]
        done = subprocess.run(
            [DRIVER, *args],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.folder,
            env=environment(),
            check=False,
        )
        command = " ".join(args[: 2 if args[:1] and args[0] in GROUPS_OF_COMMANDS else 1])
        answer = Answer(command, done.returncode, done.stdout, done.stderr)
        code = answer.code if code is None else code
        self.assertEqual(answer.code, code, f"polyonym {' '.join(args)}\nstderr: {answer.err}")
        if code == DONE:
            self.assertEqual(answer.err, "", "a command that is done says nothing on standard error")
        elif code != NO:
            self.assertNotEqual(answer.err, "", "an error says what is wrong")
        return answer

    def ingest(self, store, *args, code=DONE, **more):
        """Into a store of the test's folder, under the test's policy unless the arguments give another."""
        policy = [] if "--policy" in args else ["--policy", self.policy]
        return self.polyonym("ingest", "--db", self.path(store), *policy, *args, code=code, **more)

    def write_json(self, name, value):
        return self.write(name, json.dumps(value))

    def store_of(self, name, records):
        self.ingest(name, "--batch", "2", self.write_records(name + ".jsonl", records))
        return self.path(name)

    def groups(self, store):
        return [row["members"] for row in self.polyonym("groups", "--db", self.path(store)).rows]

    def rejects(self, name):
        """Rows of a rejects file, their fields and reasons held against docs/ as well."""
        answer = Answer("rejected records", 0, pathlib.Path(self.path(name)).read_bytes(), b"")
        for row in answer.rows:
            self.assertIn(row["reason"], DOCUMENTATION.reasons, "docs/records.md lists every reason")
        return answer.rows

    def assert_verified(self, store):
        row = self.polyonym("verify", "--db", self.path(store)).row
        self.assertEqual((row["ok"], row["problems"]), (True, []))
        return row


def lines(records):
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def shared(*parts):
    """A file of the shared folder. Skips the test where it is absent."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        raise unittest.SkipTest(f"skipped: {'/'.join(parts)} is not there")
    return path


def open_text(path):
    """A file that may be compressed, as lines for the csv module."""
    opener = gzip.open if path.suffix == ".gz" else open
    return opener(path, "rt", encoding="utf-8", newline="")


def main():
    """As unittest.main(), and says so where nothing was run: ctest reads it."""
    result = unittest.main(module="__main__", verbosity=2, exit=False).result
    if result.testsRun == len(result.skipped) and not result.errors and not result.failures:
        print("skipped: every test of this file", file=sys.stderr)
    sys.exit(not result.wasSuccessful())
