"""changes: whoever replays the feed ends with the groups of the store, wherever it begins."""

import collections

from program import ProgramTest, changed_policy, main, seen
from traffic import random_records


class Replica:
    """Profiles as a reader of the feed knows them: id -> identifiers. The changes of a commit happen at once.

    What is said of a segment, trait or tag (`name`) moves nobody.
    """

    def __init__(self):
        self.profiles = collections.defaultdict(set)
        self.kinds = collections.Counter()
        self.causes = set()

    def take(self, rows):
        commits = collections.defaultdict(list)
        for row in rows:
            commits[row["sequence"]].append(row)
        for sequence in sorted(commits):
            who = [row for row in commits[sequence] if row["name"] is None]
            moves = [(row, set(row["identifiers"]) or set(self.profiles[row["from"]])) for row in who]
            for row, moved in moves:
                if row["from"] is not None:
                    assert moved <= self.profiles[row["from"]], f"{row} moves what is not there"
                    self.profiles[row["from"]] -= moved
            for row, moved in moves:
                if row["to"] is not None:
                    self.profiles[row["to"]] |= moved
                self.kinds[row["kind"]] += 1
                self.causes.add(row["cause"])

    def groups(self):
        return sorted(sorted(members, key=str.encode) for members in self.profiles.values() if members)

    def by_id(self):
        return {profile: sorted(members) for profile, members in self.profiles.items() if members}


class FeedTest(ProgramTest):
    def changes(self, *args, store="store"):
        return self.polyonym("changes", "--db", self.path(store), *args).rows

    def setUp(self):
        super().setUp()
        self.ingest("store", "--batch", 10, self.write_records("records.jsonl", random_records(seed=11, count=600)))
        self.polyonym("retract", "--db", self.path("store"), "--source", "app", "--from", "2024-01-01T00:03:00Z")
        tighter = changed_policy()
        tighter["namespaces"][1]["limits"] = [{"max": 1}]
        self.polyonym("policy", "set", "--db", self.path("store"), self.write_json("tighter.json", tighter))

    def test_a_replay_from_the_start_gives_the_groups_and_their_ids(self):
        replica = Replica()
        replica.take(self.changes())
        self.assertEqual(replica.groups(), self.groups("store"))
        rows = self.polyonym("groups", "--db", self.path("store"), "--ids").rows
        self.assertEqual(replica.by_id(), {row["profile"]: sorted(row["members"]) for row in rows})
        for kind in ("created", "merged", "split", "moved", "joined", "gone"):
            self.assertGreater(replica.kinds[kind], 0, f"no change of kind {kind}: these records show too little")
        self.assertLessEqual({"record", "retraction", "act", "definition"}, replica.causes)

    def test_a_reader_that_stops_and_goes_on_misses_nothing(self):
        replica, start, reads = Replica(), 0, 0
        while True:
            rows = self.changes("--from", start, "--max", 100)
            if not rows:
                break
            replica.take(rows)
            start = rows[-1]["sequence"] + 1
            reads += 1
        self.assertGreater(reads, 3)
        self.assertEqual(replica.groups(), self.groups("store"))
        self.assertEqual(self.changes("--from", start), [])

    def test_from_skips_whole_commits_and_no_part_of_one(self):
        rows = self.changes()
        sequences = sorted({row["sequence"] for row in rows})
        middle = sequences[len(sequences) // 2]
        self.assertEqual(self.changes("--from", middle), [row for row in rows if row["sequence"] >= middle])
        limited = self.changes("--from", middle, "--max", 1)
        self.assertEqual(limited, [row for row in rows if row["sequence"] == middle])

    def test_changes_that_come_later_are_added_behind(self):
        before = self.changes()
        self.ingest(
            "store",
            "--policy",
            self.path("tighter.json"),
            self.write_records("later.jsonl", [seen(9000, {"crm": "c-new"})]),
        )
        after = self.changes()
        self.assertEqual(after[: len(before)], before)
        (new,) = after[len(before) :]
        self.assertEqual(
            (new["kind"], new["cause"], new["identifiers"], new["from"]), ("created", "record", ["crm:c-new"], None)
        )
        self.assertGreater(new["sequence"], before[-1]["sequence"])

    def test_the_same_input_again_adds_nothing(self):
        before = self.changes()
        self.ingest("store", "--policy", self.path("tighter.json"), "--batch", 10, self.path("records.jsonl"))
        self.assertEqual(self.changes(), before)

    def test_a_record_number_leads_to_the_record(self):
        exported = {
            row["number"]: row["record"] for row in self.polyonym("export", "--all", "--db", self.path("store")).rows
        }
        numbers = {row["record"] for row in self.changes() if row["record"] is not None}
        self.assertGreater(len(numbers), 50)
        self.assertLessEqual(numbers, set(exported))


if __name__ == "__main__":
    main()
