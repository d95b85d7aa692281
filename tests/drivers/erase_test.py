"""erase, erasures, keep, finish: who is forgotten is nowhere, does not come back, and is forgotten again after a restore."""

import json
import os

from program import DONE, NO, STORE, USAGE, ProgramTest, changed_policy, main, seen

START = 1704067200000  # 2024-01-01
DAY = 86_400_000
CANARY = "canary7f3a91"

# Two people, who meet in one record that a limit refused to make one of; a parcel from one to the other.
RECORDS = [
    seen(1, {"crm": "c1", "device": CANARY + "d1"}, t=START),
    seen(2, {"crm": "c1", "device": CANARY + "d2"}, t=START + 1),
    seen(3, {"crm": "c2", "device": "d3"}, t=START + 2),
    seen(4, {"crm": "c2", "device": "d4"}, t=START + 3),
]
ERASE_FIELDS = [
    "sequence",
    "dry_run",
    "erased_identifiers",
    "kept_shared_identifiers",
    "removed_records",
    "rewritten_records",
    "removed_facts",
    "removed_links",
    "rewritten_feed_rows",
    "removed_outbox_items",
    "rewritten_frames",
    "in_ledger",
    "finished",
]


class EraseTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.store = self.store_of("store", RECORDS)

    def ask(self, command, *args, store=None, code=DONE):
        return self.polyonym(command, "--db", store or self.store, *args, code=code)

    def bytes_of(self, folder):
        found = b""
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                found += file.read()
        return found

    def test_a_dry_run_counts_and_writes_nothing(self):
        before = self.ask("export").text
        row = self.ask("erase", "crm:c1", "--dry-run").row
        self.assertEqual(list(row), ERASE_FIELDS)
        self.assertEqual((row["dry_run"], row["finished"], row["removed_records"]), (True, False, 2))
        self.assertEqual(row["erased_identifiers"], 3)
        self.assertEqual(self.ask("export").text, before)
        self.assertEqual(self.ask("erasures").text, "")

    def test_whoever_is_erased_is_nowhere(self):
        self.assertIn(CANARY.encode(), self.bytes_of(self.store))
        row = self.ask("erase", f"device:{CANARY}d1").row
        self.assertEqual(list(row), ERASE_FIELDS)
        self.assertEqual(
            [row[f] for f in ("erased_identifiers", "removed_records", "rewritten_records", "in_ledger", "finished")],
            [3, 2, 0, 3, True],
        )
        self.assertEqual(self.ask("show", "crm:c1", code=NO).row["known"], False)
        self.assertEqual(self.ask("show", "crm:c2").row["known"], True)
        self.assertEqual(self.ask("verify").row["ok"], True)
        self.assertNotIn(CANARY.encode(), self.bytes_of(self.store))

    def test_a_deadline_for_the_files_may_suffice_and_finish_does_what_is_left(self):
        row = self.ask("erase", "crm:c1", "--within", "10m").row
        self.assertEqual((row["erased_identifiers"], row["finished"]), (3, True))
        self.assertNotIn(CANARY.encode(), self.bytes_of(self.store))
        self.assertEqual(self.ask("finish").row, {"finished": True})
        for wrong in ("0s", "soon"):
            self.assertIn("--within", self.ask("erase", "crm:c2", "--within", wrong, code=USAGE).err)
            self.assertIn("--within", self.ask("keep", "--within", wrong, code=USAGE).err)

    def test_records_that_come_late_bring_nobody_back(self):
        self.ask("erase", "crm:c1")
        rejects = self.path("rejects.jsonl")
        file = self.write_records("again.jsonl", RECORDS)
        self.ask("ingest", file, "--rejects", rejects, "--max-rejects", 2)
        with open(rejects, encoding="utf-8") as lines:
            reasons = [json.loads(line)["reason"] for line in lines]
        self.assertEqual(reasons, ["erased", "erased"])
        self.assertEqual(self.ask("show", "crm:c1", code=NO).row["known"], False)

    def test_without_the_ledger_the_person_is_somebody_new(self):
        self.ask("erase", "crm:c1", "--no-ledger")
        self.assertEqual(self.ask("erasures").text, "")
        self.ask("ingest", self.write_records("again.jsonl", RECORDS))
        self.assertEqual(self.ask("show", "crm:c1").row["known"], True)

    def test_one_identifier_alone(self):
        row = self.ask("erase", f"device:{CANARY}d1", "--identifier-only").row
        self.assertEqual((row["erased_identifiers"], row["removed_records"], row["rewritten_records"]), (1, 0, 1))
        self.assertEqual(self.ask("show", "crm:c1").row["known"], True)
        self.assertEqual(self.ask("show", f"device:{CANARY}d2").row["known"], True)

    def test_the_ledger_is_replayed_on_a_copy_of_before(self):
        key = self.write("key", "0123456789abcdef")
        copy = self.path("copy")
        self.ask("checkpoint", "--copy", copy)
        self.ask("erase", "crm:c1", "--erase-key-file", key)
        ledger = self.write("ledger.jsonl", self.ask("erasures", "--erase-key-file", key).out)
        self.assertEqual(self.ask("show", "crm:c1", store=copy).row["known"], True)
        self.ask("erase", "--replay", ledger, store=copy, code=USAGE)
        row = self.ask("erase", "--replay", ledger, "--erase-key-file", key, store=copy).row
        self.assertEqual((row["erased_identifiers"], row["removed_records"]), (3, 2))
        self.assertEqual(self.ask("show", "crm:c1", "--erase-key-file", key, store=copy, code=NO).row["known"], False)
        self.assertNotIn(CANARY.encode(), self.bytes_of(copy))
        self.assertEqual(
            self.ask("erasures", "--erase-key-file", key).text.count("\n"),
            self.ask("erasures", "--erase-key-file", key, store=copy).text.count("\n"),
        )

    def test_what_is_refused_says_why(self):
        for args in ([], ["crm:c1", "--replay", "x"], ["--replay", "missing.jsonl"], ["no colon"]):
            self.ask("erase", *args, code=USAGE)
        self.ask("erase", "crm:c1", "--erase-key-file", self.write("short", "short"), code=STORE)


class KeepTest(ProgramTest):
    def test_facts_go_when_they_were_kept_long_enough(self):
        def viewed(number, day):
            facts = {"events": [{"type": "page_view"}], "traits": [{"name": "city", "value": {"text": "Xi'an"}}]}
            return seen(number, {"crm": "c1", "device": "d1"}, t=START + day * DAY, facts=facts)

        self.store = self.store_of("store", [viewed(1, 0), viewed(2, 80)])
        rules = {"retentions": [{"field": "event:page_view", "keep_ms": 30 * DAY}]}
        policy = self.write_json("retentions.json", changed_policy(definitions={"privacy": rules}))
        self.polyonym("policy", "set", "--db", self.store, policy)
        keep = ("keep", "--db", self.store, "--now", START + 100 * DAY)
        row = self.polyonym(*keep, "--dry-run").row
        self.assertEqual((row["dry_run"], row["removed_facts"], row["finished"]), (True, 1, False))
        row = self.polyonym(*keep).row
        self.assertEqual(list(row), ["sequence", "dry_run", "removed_facts", "rewritten_records", "finished"])
        self.assertEqual((row["removed_facts"], row["rewritten_records"], row["finished"]), (1, 1, True))
        self.assertEqual(self.polyonym(*keep).row["removed_facts"], 0)
        self.assertEqual(len(self.polyonym("timeline", "--db", self.store, "crm:c1").rows), 1)
        self.assertEqual(self.polyonym("show", "--db", self.store, "device:d1").row["known"], True)
        self.assert_verified("store")
        # A clock that is wrong by years drops nothing.
        self.polyonym("keep", "--db", self.store, "--now", "2036-01-01", code=USAGE)


if __name__ == "__main__":
    main()
