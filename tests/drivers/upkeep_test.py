"""verify, checkpoint, export: looking after a store, and carrying it elsewhere."""

import json
import pathlib

from program import POLICY, USAGE, ProgramTest, lines, main, seen
from traffic import random_records


class UpkeepTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.records = random_records(seed=21, count=500)
        self.store = self.path("store")
        self.ingest("store", "--batch", 50, self.write_records("records.jsonl", self.records))
        self.expected = self.polyonym("groups", "--db", self.store).out

    def test_verify_looks_at_everything(self):
        row = self.assert_verified("store")
        stats = self.polyonym("stats", "--db", self.store).row
        self.assertEqual(row["records"], stats["records"])
        self.assertGreater(row["links"], 0)
        self.assertGreater(row["identifiers"], 0)

    def test_a_checkpoint_changes_no_answer(self):
        row = self.polyonym("checkpoint", "--db", self.store).row
        self.assertEqual(row, {"sequence": self.polyonym("stats", "--db", self.store).row["sequence"], "copy": None})
        self.assertEqual(self.polyonym("groups", "--db", self.store).out, self.expected)
        self.ingest("store", self.write_records("more.jsonl", [seen(9999, {"crm": "c-new"})]))
        self.assert_verified("store")

    def test_a_copy_is_a_store_of_its_own(self):
        row = self.polyonym("checkpoint", "--db", self.store, "--copy", self.path("copy")).row
        self.assertEqual(row["copy"], self.path("copy"))
        self.assertEqual(self.polyonym("groups", "--db", self.path("copy")).out, self.expected)
        self.ingest("copy", self.write_records("more.jsonl", [seen(9999, {"crm": "c-new"})]))
        self.polyonym("retract", "--db", self.store, "--source", "web", "--from", "0")
        self.assert_verified("copy")
        self.assert_verified("store")
        self.assertIn(["crm:c-new"], self.groups("copy"))
        self.assertNotIn(["crm:c-new"], self.groups("store"))
        self.assertIn(
            "there already",
            self.polyonym("checkpoint", "--db", self.store, "--copy", self.path("copy"), code=USAGE).err,
        )

    def test_an_export_makes_the_same_people_in_another_store(self):
        self.polyonym("retract", "--db", self.store, "--source", "web", "--from", "2024-01-01T00:04:00Z")
        exported = self.polyonym("export", "--db", self.store)
        self.assertGreater(len(exported.rows), 300)
        row = self.ingest("other", self.write("exported.jsonl", exported.out)).row
        self.assertEqual((row["rejected"], row["unchanged"]), (0, 0))
        self.assertEqual(
            self.polyonym("groups", "--db", self.path("other")).out, self.polyonym("groups", "--db", self.store).out
        )
        self.assertEqual(self.polyonym("export", "--db", self.path("other")).out, exported.out)
        late = self.write_records("late.jsonl", self.records)  # tombstones came along: what was taken back stays away
        self.assertEqual(self.ingest("other", late).row["applied"], self.ingest("store", late).row["applied"])
        self.assertEqual(
            self.polyonym("groups", "--db", self.path("other")).out, self.polyonym("groups", "--db", self.store).out
        )

    def test_an_export_gives_every_kind_of_record_back(self):
        facts = {"traits": [{"name": "city", "value": {"text": "上海"}}], "tags": [{"name": "vip"}]}
        kinds = [
            seen(1, {"crm": "c1", "email": ["a@b.com", "b@b.com"]}, other={"phone": "13800000001"}),
            seen(2, {"crm": 'c"\\\n\u2028'}),
            {**seen(3, {"email": "a@b.com", "crm": "c3"}), "facts": facts},
            {"source": "pos", "t": 5, "ids": {"crm": "no id"}},
            {"source": "desk", "id": "6", "t": 6, "op": "delete_source", "target": "x"},
            {"source": "desk", "id": "7", "t": 7, "op": "unbind", "pair": ["crm:c1", "email:a@b.com"]},
            {"source": "pos", "id": "8", "op": "retract", "version": 8},
            seen(9, {"nosuch": "held"}),
        ]
        self.ingest("kinds", self.write_records("kinds.jsonl", kinds))
        exported = self.polyonym("export", "--db", self.path("kinds"))
        self.assertEqual(len(exported.rows), len(kinds))
        row = self.ingest("kinds", self.write("again.jsonl", exported.out)).row
        self.assertEqual(row["unchanged"], len(kinds), "each is the record that it was")
        self.assertEqual(exported.rows[2]["facts"], facts)

    def test_all_shows_what_was_superseded_and_retracted(self):
        row = self.polyonym("retract", "--db", self.store, "--source", "app", "--from", "0").row
        wrapped = self.polyonym("export", "--all", "--db", self.store).rows
        stats = self.polyonym("stats", "--db", self.store).row
        self.assertEqual([entry["number"] for entry in wrapped], list(range(1, stats["records"] + 1)))
        self.assertEqual(sum(entry["standing"] for entry in wrapped), stats["standing_records"])
        self.assertEqual(sum(entry["held"] for entry in wrapped), stats["held_records"])
        tombstones = [entry for entry in wrapped if entry["record"].get("op") == "retract"]
        self.assertEqual(len(tombstones), row["retracted"])
        self.assertEqual({entry["sequence"] for entry in tombstones}, {row["sequence"]})
        standing = self.polyonym("export", "--db", self.store).rows
        self.assertEqual([entry["record"] for entry in wrapped if entry["standing"]], standing)
        taken_back = {entry["record"]["id"] for entry in tombstones}
        self.assertTrue(
            all(
                not entry["standing"]
                for entry in wrapped
                if entry["record"]["source"] == "app"
                and entry["record"]["id"] in taken_back
                and entry not in tombstones
            )
        )

    def test_a_store_can_be_moved(self):
        self.polyonym("verify", "--db", self.store)
        moved = pathlib.Path(self.store).rename(self.path("elsewhere"))
        self.assertEqual(self.polyonym("groups", "--db", moved).out, self.expected)

    def test_the_policy_travels_too(self):
        shown = self.polyonym("policy", "show", "--db", self.store).text
        self.assertEqual(len(json.loads(shown)["namespaces"]), len(POLICY["namespaces"]))
        exported = self.polyonym("export", "--db", self.store).out
        memory = self.polyonym(
            "resolve", "--memory", "--policy", self.write("shown.json", shown), self.write("exported.jsonl", exported)
        )
        self.assertEqual(memory.out, self.expected)
        self.assertNotEqual(exported, lines(self.records).encode())


if __name__ == "__main__":
    main()
