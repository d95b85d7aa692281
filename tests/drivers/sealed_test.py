"""Stores with a master key and a keyring: what works on them without opening them takes their keys."""

import pathlib

from program import STORE, USAGE, ProgramTest, main
from traffic import random_records


class SealedTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.key = self.write("master.key", b"m" * 32)
        self.keys = ["--master-key-file", self.key, "--keyring", self.path("keyring")]
        self.other = ["--master-key-file", self.write("other.key", b"n" * 32), "--keyring", self.path("keyring")]
        self.store = self.path("store")
        self.folder_of_backups = self.path("backups")
        records = self.write_records("records.jsonl", random_records(seed=7, count=300))
        self.ingest("store", *self.keys, "--batch", 50, records)
        self.polyonym("backup", "make", "--db", self.store, "--folder", self.folder_of_backups, *self.keys)

    def groups_of(self, store):
        return self.polyonym("groups", "--db", store, *self.keys).out

    def restore(self, to, *args, **more):
        return self.polyonym("backup", "restore", "--folder", self.folder_of_backups, "--to", self.path(to), *args, **more)

    def test_verify_opens_every_row_by_the_keys(self):
        self.assertTrue(self.polyonym("verify", "--db", self.store, *self.keys).row["ok"])
        self.assertIn("sealed", self.polyonym("verify", "--db", self.store, code=STORE).err)
        self.assertIn("does not open this store", self.polyonym("verify", "--db", self.store, *self.other, code=STORE).err)
        self.polyonym("verify", "--db", self.store, "--keyring", self.path("keyring"), code=USAGE)

    def test_a_backup_is_restored_up_to_a_call_by_the_keys(self):
        whole = self.restore("whole", *self.keys).row
        self.assertEqual(self.groups_of(self.path("whole")), self.groups_of(self.store))
        self.assertEqual(self.restore("early", "--up-to", 3, *self.keys).row["sequence"], 3)
        self.assertTrue(self.polyonym("verify", "--db", self.path("early"), *self.keys).row["ok"])
        self.assertGreater(whole["sequence"], 3)
        self.assertIn("sealed", self.restore("none", "--up-to", 3, code=STORE).err)
        self.assertIn("does not open", self.restore("none", "--up-to", 3, *self.other, code=STORE).err)
        self.assertFalse(pathlib.Path(self.path("none")).exists())

    def test_files_are_restored_without_a_key(self):
        self.assertIsNone(self.restore("copy").row["sequence"])
        self.assertEqual(self.groups_of(self.path("copy")), self.groups_of(self.store))

    def test_a_repair_wants_the_keys_and_is_sealed_again(self):
        expected = self.groups_of(self.store)
        for manifest in pathlib.Path(self.store).glob("MANIFEST-*"):
            manifest.unlink()
        repair = ["repair", "--db", self.store, "--to", self.path("mended")]
        self.assertIn("sealed", self.polyonym(*repair, code=STORE).err)
        self.assertIn("does not open", self.polyonym(*repair, *self.other, code=STORE).err)
        row = self.polyonym(*repair, *self.keys).row
        self.assertEqual((row["method"], row["gathered"], row["lost_records"]), ("copied", True, 0))
        self.assertEqual(self.groups_of(self.path("mended")), expected)
        self.polyonym("groups", "--db", self.path("mended"), code=STORE)

    def test_after_a_rotation_the_new_key_alone_opens_the_store(self):
        expected = self.groups_of(self.store)
        rotate = ["rotate", "--db", self.store]
        self.polyonym(*rotate, *self.keys, code=USAGE)
        self.polyonym(*rotate, *self.keys, "--new-master-key-file", self.write("short", b"x"), code=USAGE)
        row = self.polyonym(*rotate, *self.keys, "--new-master-key-file", self.path("other.key")).row
        self.assertEqual(row, {"new_master_key": True, "new_data_key": False, "resealed": False})
        self.polyonym("groups", "--db", self.store, *self.keys, code=STORE)
        row = self.polyonym(*rotate, *self.other, "--new-data-key", "--reseal").row
        self.assertEqual(row, {"new_master_key": False, "new_data_key": True, "resealed": True})
        self.assertEqual(self.polyonym("groups", "--db", self.store, *self.other).out, expected)
        self.assertTrue(self.polyonym("verify", "--db", self.store, *self.other).row["ok"])


if __name__ == "__main__":
    main()
