"""horizon: the old records of a source folded to what they counted; what stays, what is turned away, what has no answer."""

import json

from docs_test import code_blocks
from program import DONE, REJECTS, ROOT, USAGE, ProgramTest, act, changed_policy, lines, main, seen
from traffic import random_records

DAY = 86_400_000
START = 1704067200000  # 2024-01-01


def on(day, number, ids, **more):
    return seen(number, ids, t=START + day * DAY, **more)


# A pair on three days and again later; two records that the policy holds, which name the same; another source.
RECORDS = [
    on(0, 1, {"crm": "c1", "device": "d1"}),
    on(1, 2, {"crm": "c1", "device": "d1"}),
    on(2, 3, {"crm": "c1", "device": "d1"}),
    on(3, 4, {"crm": ["c8", "c9"]}),
    on(4, 5, {"crm": ["c9", "c8"]}),
    on(40, 6, {"crm": "c1", "device": "d1"}),
    on(50, 7, {"crm": "c2", "device": "d2"}, source="web"),
]
HORIZON = "2024-01-31"


class HorizonTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.store = self.store_of("store", RECORDS)

    def ask(self, command, *args, code=DONE):
        return self.polyonym(command, "--db", self.store, *args, code=code)

    def fold(self, *args, code=DONE):
        return self.ask("horizon", "--source", "pos", *(args or ("--before", HORIZON)), code=code)

    def folds(self):
        rows = [json.loads(line) for line in self.ask("export").text.splitlines()]
        return [row for row in rows if "folded" in row]

    # ---- moving it ----

    def test_it_says_what_became_of_the_records(self):
        newer = self.write_records("newer.jsonl", [on(2, 3, {"crm": "c1", "device": "d1"}, version=START * 2)])
        self.ingest("store", newer)
        sequence = self.ask("stats").row["sequence"]
        row = self.fold().row
        self.assertEqual(
            row,
            {
                "source": "pos",
                "before": "2024-01-31T00:00:00Z",
                "folded_records": 5,
                "dropped_records": 1,
                "folds": 2,
                "sequence": sequence + 1,
            },
        )
        self.assertEqual(self.ask("stats").row["folded_records"], 6)
        self.assertEqual(self.fold().row, {**row, "folded_records": 0, "dropped_records": 0, "folds": 0})
        self.assert_verified("store")

    def test_as_a_table_it_is_a_list_of_fields(self):
        text = self.fold("--before", HORIZON, "--format", "table").text
        self.assertRegex(text, r"(?m)^folded records +5$")
        self.assertRegex(text, r"(?m)^before +2024-01-31T00:00:00Z$")

    def test_keep_counts_back_from_the_newest_record_or_the_clock(self):
        self.assertEqual(self.fold("--keep", "20d").row["before"], "2024-01-31T00:00:00Z")
        self.assertEqual(self.fold("--keep", "468h").row["before"], "2024-01-31T12:00:00Z")
        self.ask("advance", "2024-03-01")
        self.assertEqual(self.fold("--keep", "1440m").row["before"], "2024-02-29T00:00:00Z")
        self.assertEqual(self.fold("--keep", "0s").row["before"], "2024-03-01T00:00:00Z")

    def test_without_a_source_it_lists_where_each_stands(self):
        self.assertEqual(self.ask("horizon").rows, [])
        self.assertIn("no source has a horizon", self.ask("horizon", "--format", "table").text)
        self.fold()
        self.ask("horizon", "--source", "web", "--before", START)
        self.assertEqual(
            self.ask("horizon").rows,
            [
                {"source": "pos", "before": "2024-01-31T00:00:00Z"},
                {"source": "web", "before": "2024-01-01T00:00:00Z"},
            ],
        )

    def test_what_makes_no_sense_is_wrong_usage_and_changes_nothing(self):
        self.fold()
        before = self.ask("stats").row["sequence"]
        for args, said in [
            (["--source", "pos"], "--before"),
            (["--before", HORIZON], "--source"),
            (["--source", "pos", "--before", HORIZON, "--keep", "1d"], "--keep"),
            (["--source", "pos", "--before", "2024-01-30"], "stands at 2024-01-31T00:00:00Z already"),
            (["--source", "pos", "--keep", "30d"], "never goes back"),
            (["--source", "pos", "--before", "9024-01-30"], "latest time that is known"),
            (["--source", "web", "--before", "-1"], "1970"),
            (["--source", "web", "--before", "long ago"], "RFC 3339"),
            (["--source", "web", "--keep", "30"], "90d"),
            (["--source", "web", "--keep", "-1d"], "90d"),
            (["--source", "web", "--keep", "d"], "90d"),
            (["--source", "web", "--keep", "99999999d"], "90d"),
            (["--source", "web", "--keep", "30000d"], "1970"),
            (["--source", "x" * 129, "--keep", "1d"], "128 bytes"),
        ]:
            with self.subTest(args=args):
                answer = self.ask("horizon", *args, code=USAGE)
                self.assertIn(said, " ".join(answer.err.split()))
                self.assertEqual(answer.text, "")
        self.assertEqual(self.ask("stats").row["sequence"], before)

    def test_the_commands_of_the_page_say_the_same_of_this_store(self):
        commands = next(block for block in code_blocks(ROOT / "docs/horizon.md").values() if "--keep" in block)
        moves, lists = [command.split()[1:] for command in commands.splitlines()]
        moves[moves.index("people.db")] = lists[lists.index("people.db")] = self.store
        self.ask("advance", "2024-06-01")
        row = self.polyonym(*moves).row
        self.assertEqual((row["source"], row["before"], row["folded_records"]), ("web", "2024-03-03T00:00:00Z", 1))
        self.assertEqual(self.polyonym(*lists).rows, [{"source": "web", "before": row["before"]}])

    # ---- what stays ----

    def test_nobody_is_joined_or_parted_and_links_keep_their_evidence(self):
        records = random_records(seed=41, count=400)
        store = self.store_of("many", records)

        def people():
            ids = self.polyonym("groups", "--ids", "--db", store).out
            evidence = {}
            for line in ids.splitlines():
                profile = json.loads(line)["profile"]
                for link in self.polyonym("show", "--db", store, "--links", 0, profile, code=None).row["links"]:
                    counted = {name: value for name, value in link.items() if name != "records"}
                    evidence[link["a"], link["b"]] = counted
            return ids, evidence

        before = people()
        last = max(record["t"] for record in records if isinstance(record.get("t"), int))
        moved = self.polyonym("horizon", "--db", store, "--source", "pos", "--before", last).row
        self.assertGreater(moved["folded_records"], moved["folds"])
        self.assertEqual(people(), before)
        self.assert_verified("many")

    def test_a_record_that_stands_for_others_says_so(self):
        self.fold()
        fold, held = self.folds()
        self.assertEqual((fold["t"], fold["ids"]), (START, {"crm": ["c1"], "device": ["d1"]}))
        self.assertEqual(fold["folded"], {"count": 3, "last_ms": START + 2 * DAY})
        self.assertEqual(held["folded"], {"count": 2, "last_ms": START + 4 * DAY})
        wrapped = [row["record"] for row in self.ask("export", "--all").rows]
        self.assertEqual([record for record in wrapped if "folded" in record], [fold, held])
        (link,) = self.ask("why", "crm:c1", "device:d1").row["chain"]
        self.assertEqual((link["sightings"], link["first"], link["last"]), (4, "2024-01-01T00:00:00Z", "2024-02-10T00:00:00Z"))
        self.assertEqual(link["records"], ["pos/6", "pos/" + fold["id"]])

    def test_held_tells_how_many_a_row_stands_for(self):
        self.assertEqual([row["folded"] for row in self.ask("held").rows], [None, None])
        self.fold()
        self.assertEqual(self.ask("held").row["folded"], {"count": 2, "last": "2024-01-05T00:00:00Z"})
        self.assertIn("2 until 2024-01-05T00:00:00Z", self.ask("held", "--format", "table").text)

    def test_the_feed_and_the_history_of_a_profile_are_told_as_before(self):
        feed, how = self.ask("changes").out, self.ask("how", "crm:c1").out
        self.assertNotEqual(how, b"")
        self.fold()
        self.assertEqual((self.ask("changes").out, self.ask("how", "crm:c1").out), (feed, how))

    def test_another_policy_judges_what_was_folded(self):
        self.fold()
        two = changed_policy(namespaces=[{"name": "crm", "limits": [{"max": 2}]}, {"name": "device"}])
        self.polyonym("policy", "set", "--db", self.store, self.write_json("two.json", two))
        self.assertIn(["crm:c8", "crm:c9"], self.groups("store"))
        self.assertEqual(self.ask("held").rows, [])
        self.assert_verified("store")

    def test_an_act_from_before_can_still_be_taken_back(self):
        self.ingest("store", self.write_records("acts.jsonl", [act(0, "unbind", "crm:c1", "device:d1", t=START + DAY)]))
        self.fold()
        self.assertEqual(self.ask("why", "crm:c1", "device:d1").row["chain"][0]["sightings"], 2)
        self.assertEqual(sorted(fold["folded"]["count"] for fold in self.folds()), [1, 2, 2])
        self.assertEqual(self.ask("retract", "--source", "desk", "--record", 0).row["retracted"], 1)
        self.assertEqual(self.ask("why", "crm:c1", "device:d1").row["chain"][0]["sightings"], 4)
        self.assert_verified("store")

    # ---- what is turned away ----

    def test_records_from_behind_it_are_rejected_with_a_reason(self):
        self.fold()
        late = [
            on(1, 2, {"crm": "c1", "device": "d1"}),
            on(29, 70, {"crm": "c1"}),
            on(30, 71, {"crm": "c1"}),
            on(29, 72, {"crm": "c1"}, source="web"),
            act(73, "unbind", "crm:c1", "device:d1", t=START + 29 * DAY),
            act(74, "must_link", "crm:c1", "device:d1", t=START + 29 * DAY),
            {"source": "desk", "id": "75", "t": START + 29 * DAY, "op": "delete_source", "target": "pos"},
        ]
        answer = self.ingest("store", "--rejects", self.path("rejects"), self.write_records("late.jsonl", late), code=REJECTS)
        self.assertEqual((answer.row["applied"], answer.row["rejected"]), (3, 4))
        self.assertEqual(answer.row["rejected_by_reason"], {"behind_horizon": 4})
        self.assertIn("4 of 7 records were rejected", answer.err)
        self.assertEqual([row["line"] for row in self.rejects("rejects")], [1, 2, 5, 7])
        self.assertEqual({row["reason"] for row in self.rejects("rejects")}, {"behind_horizon"})
        answer = self.ingest("store", "--max-rejects", 4, self.path("late.jsonl"))
        self.assertEqual((answer.row["unchanged"], answer.row["rejected"]), (3, 4))

    def test_an_export_of_what_was_folded_is_not_taken_for_records(self):
        self.fold()
        exported = self.write("exported.jsonl", self.ask("export").out)
        answer = self.ingest("other", "--rejects", self.path("rejects"), exported, code=REJECTS)
        self.assertEqual(answer.row["rejected_by_reason"], {"folded": 2})
        self.assertEqual({row["field"] for row in self.rejects("rejects")}, {"folded"})
        self.polyonym("resolve", "--memory", "--policy", self.policy, exported, code=REJECTS)

    def test_a_field_folded_that_is_none_is_a_bad_field(self):
        bad = [
            on(1, 1, {"crm": "x"}, folded=value)
            for value in (3, {"count": -1}, {"count": 2**32}, {"last_ms": "x"}, {"nosuch": 1}, {"last_ms": 1, "lastMs": 1})
        ]
        good = [on(1, 2, {"crm": "x"}, folded=None), on(1, 3, {"crm": "x"}, folded={"count": "2", "lastMs": 1})]
        path = self.write("some.jsonl", lines([*bad, *good]))
        row = self.ingest("other", "--max-rejects", 7, path).row
        self.assertEqual((row["applied"], row["rejected_by_reason"]), (1, {"bad_field": 6, "folded": 1}))

    def test_what_was_folded_is_not_taken_back(self):
        self.fold()
        for args, said in [
            (["--record", "1"], "--record: no record with this id is kept"),
            (["--record", "nosuch"], "2024-01-31T00:00:00Z"),
            (["--record", "1", "--version", START], "cannot be taken back"),
            (["--from", "0"], "--from: begins behind the horizon"),
            (["--to", "2024-03-01"], "begin at 2024-01-31T00:00:00Z or later"),
            (["--from", "2024-01-30", "--dry-run"], "2024-01-31T00:00:00Z"),
        ]:
            with self.subTest(args=args):
                answer = self.ask("retract", "--source", "pos", *args, code=USAGE)
                self.assertIn(said, answer.err)
        self.assertEqual(self.ask("retract", "--source", "web", "--record", "nosuch").row["retracted"], 0)
        self.assertEqual(self.ask("retract", "--source", "pos", "--from", HORIZON).row["retracted"], 1)
        self.assertEqual(self.ask("why", "crm:c1", "device:d1").row["chain"][0]["sightings"], 3)

    def test_other_times_behind_it_have_no_answer(self):
        known = self.ask("stats").row["sequence"]
        moved = self.fold().row["sequence"]
        for args, said in [(["--as-of", "2024-01-30"], "--as-of"), (["--as-known", known], "--as-known")]:
            for command in (["groups"], ["show", "crm:c1"]):
                with self.subTest(command=command, args=args):
                    self.assertIn(said, self.ask(*command, *args, code=USAGE).err)
        rows = self.ask("groups", "--as-of", HORIZON).rows
        self.assertEqual([row["members"] for row in rows], [["crm:c1", "device:d1"]])
        self.assertEqual(self.ask("groups", "--as-known", moved).out, self.ask("groups").out)


if __name__ == "__main__":
    main()
