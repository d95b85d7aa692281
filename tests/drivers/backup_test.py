"""backup and repair: a store is carried away and comes back, whole or what is left of it."""

import pathlib
import shutil

from program import NO, STORE, USAGE, ProgramTest, main, seen
from traffic import random_records


class BackupTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.store = self.path("store")
        self.folder_of_backups = self.path("backups")
        records = self.write_records("records.jsonl", random_records(seed=5, count=400))
        self.ingest("store", "--batch", 50, records)
        self.expected = self.groups_of(self.store)

    def groups_of(self, store: str) -> bytes:
        return self.polyonym("groups", "--db", store).out

    def backup(self, command: str, *args: object, **more: object):
        return self.polyonym("backup", command, "--folder", self.folder_of_backups, *args, **more)

    def make(self) -> dict:
        return self.backup("make", "--db", self.store).row

    def add_one(self, n: int) -> None:
        self.ingest("store", self.write_records(f"more{n}.jsonl", [seen(9000 + n, {"crm": f"c-new{n}"})]))

    def test_a_backup_comes_back_as_a_store_of_its_own(self):
        made = self.make()
        self.assertEqual(made["id"], 1)
        self.assertGreaterEqual(made["new_bytes"], made["bytes"])
        self.ingest("store", self.write_records("more.jsonl", [seen(9999, {"crm": "c-new"})]))
        second = self.make()
        self.assertEqual(second["sequence"], made["sequence"] + 1)
        listed = self.backup("list").rows
        sequences = {row["id"]: row["sequence"] for row in listed}
        self.assertEqual(sequences, {1: made["sequence"], 2: second["sequence"]})
        self.assertEqual([row["ok"] for row in self.backup("verify").rows], [True, True])
        self.assertEqual(self.backup("verify", "--id", 2).row, {"id": 2, "ok": True, "problem": None})
        row = self.backup("restore", "--id", 1, "--to", self.path("first")).row
        self.assertEqual(row, {"id": 1, "to": self.path("first"), "sequence": made["sequence"]})
        self.assertEqual(self.groups_of(self.path("first")), self.expected)
        self.assert_verified("first")
        self.assertEqual(self.backup("restore", "--to", self.path("newest")).row["id"], 2)
        self.assertEqual(self.groups_of(self.path("newest")), self.groups_of(self.store))

    def test_a_restore_goes_back_to_a_commit(self):
        states = {}
        for n in range(3):
            self.add_one(n)
            states[self.polyonym("stats", "--db", self.store).row["sequence"]] = self.groups_of(self.store)
        self.polyonym("checkpoint", "--db", self.store)
        self.make()
        for sequence, groups in states.items():
            with self.subTest(sequence=sequence):
                to = self.path(f"at{sequence}")
                row = self.backup("restore", "--to", to, "--up-to", sequence).row
                self.assertEqual(row["sequence"], sequence)
                self.assertEqual(self.groups_of(to), groups)
        late = self.backup("restore", "--to", self.path("late"), "--up-to", max(states) + 1, code=USAGE)
        self.assertIn("up_to_sequence", late.err)
        self.assertFalse(pathlib.Path(self.path("late")).exists())

    def test_dropping_keeps_the_newest(self):
        for n in range(4):
            self.add_one(n)
            self.make()
        self.assertEqual(self.backup("drop", "--keep", 2).row, {"kept": [3, 4]})
        self.backup("restore", "--id", 3, "--to", self.path("third"))
        self.assert_verified("third")
        self.backup("restore", "--id", 1, "--to", self.path("first"), code=USAGE)
        self.backup("drop", "--keep", 0, code=USAGE)

    def test_a_damaged_backup_is_noticed(self):
        self.make()
        (table, *_) = sorted(pathlib.Path(self.folder_of_backups, "shared_checksum").iterdir())
        data = bytearray(table.read_bytes())
        data[len(data) // 2] ^= 1
        table.write_bytes(data)
        row = self.backup("verify", code=NO).row
        self.assertFalse(row["ok"])
        self.assertIn(table.name, row["problem"])
        self.assertIn(table.name, self.backup("restore", "--to", self.path("restored"), code=STORE).err)
        self.assertFalse(pathlib.Path(self.path("restored")).exists())

    def test_what_is_not_there_is_wrong_usage(self):
        further = {"list": [], "verify": [], "restore": ["--to", self.path("x")], "drop": ["--keep", 1]}
        for command, args in further.items():
            with self.subTest(command=command):
                self.assertIn("no backups", self.backup(command, *args, code=USAGE).err)
        self.make()
        self.backup("verify", "--id", 7, code=USAGE)
        self.backup("restore", "--to", self.store, code=USAGE)
        self.polyonym("backup", "make", "--db", self.store, "--folder", self.store, code=STORE)


class RepairTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.store = self.path("store")
        self.records = random_records(seed=6, count=400)
        self.ingest("store", "--batch", 50, self.write_records("records.jsonl", self.records))
        self.expected = self.polyonym("groups", "--db", self.store).out

    def test_a_store_without_its_manifest_is_put_together_again(self):
        for manifest in pathlib.Path(self.store).glob("MANIFEST-*"):
            manifest.unlink()
        self.polyonym("groups", "--db", self.store, code=STORE)
        row = self.polyonym("repair", "--db", self.store, "--to", self.path("mended")).row
        self.assertEqual((row["method"], row["gathered"], row["lost_records"]), ("copied", True, 0))
        self.assertEqual(self.polyonym("groups", "--db", self.path("mended")).out, self.expected)
        self.assert_verified("mended")

    def test_a_broken_table_is_named_and_the_rest_is_salvaged(self):
        for _ in range(2):  # everything into table files
            self.polyonym("stats", "--db", self.store)
        whole = self.polyonym("stats", "--db", self.store).row["records"]
        table = max(pathlib.Path(self.store).glob("*.sst"), key=lambda path: path.stat().st_size)
        data = bytearray(table.read_bytes())
        data[len(data) // 2] ^= 1
        table.write_bytes(data)
        copy = self.path("copy")
        shutil.copytree(self.store, copy)
        verified = self.polyonym("verify", "--db", copy, code=STORE)
        self.assertIn("corrupt", verified.err)
        self.assertFalse(verified.row["ok"])
        self.assertIn("log, rows", verified.row["problems"][0])
        row = self.polyonym("repair", "--db", self.store, "--to", self.path("mended")).row
        self.assertEqual(row["method"], "rebuilt")
        self.assertEqual(row["records"] + row["lost_records"], whole)
        self.assertGreater(row["records"], 0)
        self.assert_verified("mended")
        self.assertEqual(table.read_bytes(), bytes(data), "nothing of the old store is changed")

    def test_what_cannot_be_repaired_is_said(self):
        self.polyonym("repair", "--db", self.path("nowhere"), "--to", self.path("x"), code=USAGE)
        self.polyonym("repair", "--db", self.store, "--to", self.store, code=USAGE)


if __name__ == "__main__":
    main()
