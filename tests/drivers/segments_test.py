"""segment define, list, count, members, explain, lint, portrait, overlap: who is in a segment, by hand."""

import json
import re

from docs_test import code_blocks
from profile_test import DAY, told
from program import DOCUMENTATION, NO, ROOT, USAGE, ProgramTest, changed_policy, main, seen

DEFINITIONS = {
    "traits": [{"name": "city"}, {"name": "points", "type": "VALUE_TYPE_WHOLE"}],
    "tags": [{"name": "tea"}, {"name": "coffee"}],
    "segments": [
        {"name": "buyers", "expression": "did(purchase)"},
        {"name": "in Wuhan", "expression": 'trait city = "武汉"', "time_zone": "Asia/Shanghai"},
    ],
}


def said(number, day, who, city=None, points=None, tags=()):
    traits = [{"name": "city", "value": {"text": city}}] if city else []
    traits += [{"name": "points", "value": {"whole": str(points)}}] if points is not None else []
    facts = {"traits": traits, "tags": [{"name": name, "weight": weight} for name, weight in tags]}
    return told(number, day, "crm", who, facts)


def bought(number, day, who, yuan):
    event = {"type": "purchase", "direction": "DIRECTION_IN", "value": {"minor_units": yuan * 100, "currency": "CNY"}}
    return told(number, day, "pos", who, {"events": [event]})


# Of four people c1 and c2 bought, c1 and c3 are of Wuhan, and of c4 nothing is known. The newest record is of day 30.
PEOPLE = [
    said(1, 0, {"crm": "c1", "phone": "13800000001"}, "武汉", 10, [("tea", 3)]),
    said(2, 0, {"crm": "c2"}, "上海", 30, [("tea", 5), ("coffee", 1)]),
    said(3, 0, {"crm": "c3"}, "武汉", 20),
    bought(4, 1, {"crm": "c1"}, 100),
    bought(5, 20, {"crm": "c2"}, 30),
    bought(6, 29, {"phone": "13800000001"}, 50),
    told(7, 30, "web", {"crm": "c4"}, {}),
]
NOW = "2024-01-31T00:00:00Z"


class SegmentsTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.policy = self.write_json("policy.json", changed_policy(definitions=DEFINITIONS))
        self.store = self.store_of("store", PEOPLE)

    def ask(self, command, *args, code=0):
        answer = self.polyonym("segment", command, "--db", self.store, *args, code=code)
        if code == 0:
            documented = {re.split(r"[\[.]", field)[0] for field in DOCUMENTATION.fields("segment " + command)}
            for row in answer.rows if "table" not in args else []:
                self.assertEqual(set(row), documented, f"the fields of segment {command} in docs/driver.md")
        return answer

    def table(self, *args, code=0):
        return self.ask(*args, "--format", "table", code=code).text

    def members(self, *args):
        """The number of each member in the CRM, in the order in which they are printed."""
        rows = self.ask("members", *args).rows
        return [name.split(":")[1] for row in rows for name in row["identifiers"] if name.startswith("crm:")]

    def count(self, *args):
        row = self.ask("count", "--unknown", *args).row
        return row["members"], row["unknown"], row["people"]

    # ---- list and count ----

    def test_list_counts_each_segment_in_force(self):
        self.assertEqual([row["unknown"] for row in self.ask("list").rows], [None, None], "nobody was asked")
        rows = self.ask("list", "--unknown").rows
        self.assertEqual(
            rows,
            [
                {"name": "buyers", "expression": "did(purchase)", "time_zone": None}
                | {"members": 2, "unknown": 0, "people": 4, "share": 0.5},
                {"name": "in Wuhan", "expression": 'trait city = "武汉"', "time_zone": "Asia/Shanghai"}
                | {"members": 2, "unknown": 1, "people": 4, "share": 0.5},
            ],
        )
        self.assertRegex(self.table("list"), r"(?m)^in Wuhan +2  50\.00%  █{10}  trait city")
        table = self.table("list", "--unknown")
        self.assertRegex(table, r'(?m)^in Wuhan +2  50\.00%  █{10}  +1  trait city = "武汉"$')

    def test_where_no_segment_is_defined_nothing_is_listed(self):
        self.policy = self.write_json("policy.json", changed_policy())
        self.store = self.store_of("empty", PEOPLE)
        self.assertEqual(self.ask("list").text, "")
        self.assertEqual(self.table("list"), "No segment is defined.\n")
        answer = self.ask("count", "buyers", code=NO)
        self.assertIn("no segment buyers, nor any other", answer.err)

    def test_of_nobody_there_is_no_share(self):
        self.store = self.store_of("nobody", [])
        self.assertEqual([row["share"] for row in self.ask("list").rows], [None, None])

    def test_count_takes_a_name_or_an_expression(self):
        row = self.ask("count", "buyers").row
        self.assertEqual((row["name"], row["expression"], row["now"]), ("buyers", "did(purchase)", NOW))
        row = self.ask("count", "--expression", 'not in segment "in Wuhan"', "--zone", "Asia/Tokyo").row
        self.assertEqual((row["name"], row["time_zone"], row["share"]), (None, "Asia/Tokyo", 0.25))
        self.assertEqual((row["members"], row["unknown"]), (1, 1), "c2; of c4 it cannot be said")
        table = self.table("count", "--expression", "did( purchase ) or  no")
        self.assertIn("segment  did(purchase) or no\n", table)
        self.assertIn("share    50.00% ██████████\n", table)

    def test_a_time_zone_says_where_days_begin(self):
        # The newest purchase was at midnight of 30 January, UTC.
        then = ["--expression", "did(purchase where hour of time = 8 and day of time = 30)"]
        self.assertEqual((self.count(*then)[0], self.count(*then, "--zone", "Asia/Shanghai")[0]), (0, 1))

    def test_who_was_in_it_at_another_time(self):
        recent = ["--expression", "did(purchase within 5 days)"]
        self.assertEqual(self.count(*recent), (1, 0, 4))
        self.assertEqual(self.count(*recent, "--as-of", "2024-01-22"), (1, 0, 3), "c2; c4 had not come")
        self.assertEqual(self.count(*recent, "--as-of", "2024-01-12"), (0, 0, 3))
        self.assertEqual(self.members("buyers", "--as-of", "2024-01-12"), ["c1"])
        self.assertEqual([row["members"] for row in self.ask("list", "--as-of", "2024-01-12").rows], [1, 2])

    def test_as_the_store_knew_it_segments_were_those_of_then(self):
        before = self.polyonym("stats", "--db", self.store).row["sequence"]
        self.ask("define", "rich", "trait points >= 20")
        self.assertEqual(self.count("rich")[0], 2)
        answer = self.ask("count", "rich", "--as-known", before, code=NO)
        self.assertIn("no segment rich; they have buyers, in Wuhan", answer.err)
        self.assertEqual(self.count("buyers", "--as-known", before), (2, 0, 4))

    # ---- define ----

    def test_define_adds_replaces_and_removes_within_the_policy(self):
        before = self.polyonym("stats", "--db", self.store).row
        row = self.ask("define", "regulars", "count(purchase within 40 days) >= 2", "--zone", "Asia/Shanghai").row
        self.assertEqual(
            row,
            {"name": "regulars", "change": "added", "expression": "count(purchase within 40 days) >= 2"}
            | {"time_zone": "Asia/Shanghai", "policy_version": before["policy_version"] + 1}
            | {"sequence": before["sequence"] + 1, "findings": []},
        )
        self.assertEqual(self.members("regulars"), ["c1"])
        again = self.ask("define", "regulars", "count(purchase within 40 days) >= 2", "--zone", "Asia/Shanghai").row
        self.assertEqual(again, row | {"change": "none"}, "what is in force already makes no commit")
        row = self.ask("define", "regulars", "count(purchase within 20 days) >= 1").row
        self.assertEqual((row["change"], row["time_zone"]), ("replaced", None))
        self.assertEqual(self.members("regulars"), ["c1", "c2"])
        row = self.ask("define", "regulars", "--remove").row
        self.assertEqual((row["change"], row["expression"], row["findings"]), ("removed", None, []))
        self.assertEqual([row["name"] for row in self.ask("list").rows], ["buyers", "in Wuhan"])
        policy = json.loads(self.polyonym("policy", "show", "--db", self.store).text)
        self.assertEqual(len(policy["definitions"]["segments"]), 2)
        self.ask("define", "regulars", "--remove", code=NO)

    def test_what_another_asks_for_is_not_removed(self):
        self.ask("define", "tea", 'in segment buyers and tag tea and trait city = "武汉"')
        answer = self.ask("define", "buyers", "--remove", code=USAGE)
        self.assertIn("segment tea: 1:1: ", answer.err)
        self.assertEqual(len(self.ask("list").rows), 3)

    def test_define_tells_what_lint_finds(self):
        findings = self.ask("define", "nobody", "trait points > 5\n and trait points < 3").row["findings"]
        self.assertIn("never_true", [finding["kind"] for finding in findings])
        self.assertRegex(self.table("define", "nobody", "trait points > 5 and trait points < 3"), "never_true at 1:1: ")

    def test_an_expression_without_a_meaning_is_shown_with_a_caret_under_the_place(self):
        def shown(*args, of="EXPRESSION"):
            err = self.ask(*args, code=USAGE).err
            first, line, caret = err.rstrip("\n").split("\n")
            self.assertTrue(first.startswith(f"polyonym: {of}: "), err)
            self.assertEqual(line[:2], "  ")
            return first.split(": ", 3)[2], line[2:], caret.index("^") - 2

        self.assertEqual(shown("define", "x", "did(purchase"), ("1:13", "did(purchase", 12))
        self.assertEqual(
            shown("define", "x", 'did(purchase) and\n\ttrait name = "a"'), ("2:2", ' trait name = "a"', 1)
        )
        # A Han character is two columns wide.
        given = ["--expression", 'trait city = "武汉" and tag nosuch']
        for args in (["count"], ["members"], ["explain", "crm:c1"], ["lint"], ["portrait"]):
            self.assertEqual(shown(*args, *given, of="--expression"), ("1:23", given[1], 24))
        # Of a long line what is around the place.
        place, line, caret = shown("define", "x", "did(purchase) and " * 50 + "nosuch and " + "yes and " * 50)
        self.assertEqual((place, line[0], line[caret:caret + 6]), ("1:901", "…", "nosuch"))
        self.assertLess(len(line), 130)
        answer = self.ask("members", "buyers", "--order-by", "trait points +", code=USAGE)
        self.assertEqual(answer.err.split("\n")[1:3], ["  trait points +", " " * 16 + "^"])

    def test_the_error_of_the_driver_page_is_what_the_program_says(self):
        block = next(block for block in code_blocks(ROOT / "docs/driver.md").values() if "segment count" in block)
        command, expected = block.split("\n", 1)
        expression = re.search("'(.*)'", command).group(1)
        self.assertEqual(self.ask("count", "--expression", expression, code=USAGE).err, expected)

    def test_define_refuses_what_is_no_segment(self):
        for args, words in {
            ("x", "count(purchase)"): "must be a flag",
            ("x", "in segment x"): "in a circle: x -> x",
            ("buyers", 'in segment "in Wuhan"', "--zone", "Nowhere/Else"): "--zone: ",
            ("x",): "either EXPRESSION, or --remove",
            ("x", "yes", "--remove"): "--remove",
            ("", "yes"): "name",
            ("x" * 129, "yes"): "name",
        }.items():
            with self.subTest(args=args):
                self.assertIn(words, self.ask("define", *args, code=USAGE).err)
        self.assertEqual(len(self.ask("list").rows), 2, "nothing was changed")

    def test_a_segment_is_in_force_in_its_graph(self):
        self.polyonym("policy", "set", "--db", self.store, "--graph", "other", self.policy)
        self.ask("define", "all", "yes", "--graph", "other")
        self.assertEqual(self.count("all", "--graph", "other")[0], 4)
        self.ask("count", "all", code=NO)

    # ---- members ----

    def test_members_come_by_profile_or_by_a_number_and_in_pages(self):
        everybody = ["--expression", "yes"]
        self.assertEqual(self.members(*everybody), ["c1", "c2", "c3", "c4"])
        order = ["--order-by", "trait points"]
        self.assertEqual(self.members(*everybody, *order), ["c2", "c3", "c1", "c4"], "of c4 it is unknown")
        self.assertEqual(self.members(*everybody, *order, "--ascending"), ["c1", "c3", "c2", "c4"])
        self.assertEqual(self.members(*everybody, *order, "--skip", 1, "--limit", 2), ["c3", "c1"])
        rows = self.ask("members", "buyers", "--order-by", "sum(value of purchase)").rows
        self.assertEqual([row["order"] for row in rows], [15_000, 3_000], "fen")
        self.assertEqual(rows[0]["identifiers"], ["crm:c1", "phone:+8613800000001"])
        self.assertEqual(rows[0]["profile"], self.polyonym("show", "--db", self.store, "crm:c1").row["profile"])
        table = self.table("members", *everybody, *order, "--limit", 1)
        self.assertRegex(table, r"(?m)^p~\w+ +30 +crm:c2$")
        self.assertTrue(table.endswith("\n\n1 of 4 members\n"), table)

    def test_a_sample_is_drawn_by_its_seed(self):
        draw = ["--expression", "yes", "--sample", 2]
        drawn = {tuple(self.members(*draw, "--seed", seed)) for seed in range(12)}
        self.assertGreater(len(drawn), 2)
        self.assertEqual({len(set(two)) for two in drawn}, {2})
        self.assertEqual(self.members(*draw, "--seed", 3), self.members(*draw, "--seed", 3))
        self.assertEqual(self.members("--expression", "yes", "--sample", 9), ["c1", "c2", "c3", "c4"])

    def test_options_that_do_not_go_together_are_wrong_usage(self):
        for args in (
            ["count"],
            ["count", "buyers", "--expression", "yes"],
            ["count", "buyers", "--zone", "Asia/Shanghai"],
            ["members", "buyers", "--ascending"],
            ["members", "buyers", "--seed", "3"],
            ["members", "buyers", "--limit", "1000001"],
            ["members", "buyers", "--sample", "0"],
            ["portrait", "buyers", "--top", "0"],
            ["overlap", "buyers"],
            ["list", "--as-of", "2024-01-12", "--as-known", "1"],
        ):
            with self.subTest(args=args):
                self.ask(*args, code=USAGE)

    # ---- explain ----

    def test_explain_says_what_each_part_came_to(self):
        self.ask("define", "tea", 'score of tag tea > 2 and not trait city = "上海"')
        row = self.ask("explain", "crm:c1", "tea").row
        self.assertEqual((row["asked"], row["name"], row["member"]), ("crm:c1", "tea", True))

        def part(text, value, *parts):
            verdict = {"yes": True, "no": False}.get(value)
            return {"text": text, "value": value, "verdict": verdict, "parts": list(parts)}

        score = part("score of tag tea > 2", "yes", part("score of tag tea", "3"))
        city = part('trait city = "上海"', "no", part("trait city", "武汉"))
        whole = 'score of tag tea > 2 and not trait city = "上海"'
        self.assertEqual(row["because"], part(whole, "yes", score, part('not trait city = "上海"', "yes", city)))

        self.assertEqual(self.ask("explain", "crm:c2", "tea", code=NO).row["member"], False)
        self.assertEqual(self.ask("explain", "crm:c4", "in Wuhan", code=NO).row["member"], None)
        self.assertEqual(self.ask("explain", row["profile"], "tea").row["because"], row["because"])
        self.assertEqual(
            self.table("explain", "phone:13800000001", "tea").split("\n\n")[1],
            f"""✓ {whole}
├─ ✓ score of tag tea > 2
│  └─ · score of tag tea: 3
└─ ✓ not trait city = "上海"
   └─ ✗ trait city = "上海"
      └─ · trait city: 武汉
""",
        )
        table = self.table("explain", "crm:c4", "in Wuhan", code=NO)
        self.assertIn("member   unknown\n", table)
        self.assertIn('? trait city = "武汉"\n', table)

    def test_explain_of_whom_is_not_there(self):
        self.assertIn("never seen", self.ask("explain", "crm:c9", "buyers", code=NO).err)
        self.ask("explain", "crm:c4", "buyers", "--as-of", "2024-01-12", code=NO)
        self.ask("explain", "crm:c1", "nosuch", code=NO)
        self.assertFalse(self.ask("explain", "crm:c2", "buyers", "--as-of", "2024-01-12", code=NO).row["member"])

    # ---- lint, portrait, overlap ----

    def test_lint_says_where_and_what(self):
        rows = self.ask("lint", "--expression", 'trait points > 5 and not trait city = "a"', code=NO).rows
        self.assertEqual([(row["kind"], row["place"]) for row in rows], [("unknown_too", "1:22")])
        self.assertEqual(set(rows[0]), DOCUMENTATION.fields("segment lint"))
        table = self.table("lint", "--expression", "trait points > 5 and trait points < 3", code=NO)
        self.assertIn("\nnever_true at 1:1: ", table)
        self.assertIn("\n  trait points > 5 and trait points < 3\n  ^\n", table)
        self.assertEqual(self.ask("lint", "in Wuhan").text, "")
        self.assertTrue(self.table("lint", "in Wuhan").endswith("\nNothing was found.\n"))

    def test_portrait_holds_members_against_everybody(self):
        row = self.ask("portrait", "buyers").row
        self.assertEqual((row["name"], row["members"], row["everybody"]), ("buyers", 2, 4))
        share = {"members": 2, "everybody": 2, "share": 1, "lift": 2}
        self.assertEqual(
            row["tags"],
            [{"name": "tea"} | share, {"name": "coffee"} | share | {"members": 1, "everybody": 1, "share": 0.5}],
        )
        self.assertEqual(
            row["channels"],
            [
                {"name": "crm", "members": 2, "everybody": 4, "share": 1, "lift": 1},
                {"name": "phone", "members": 1, "everybody": 1, "share": 0.5, "lift": 2},
            ],
        )
        city, points = row["traits"]
        self.assertEqual((city["name"], city["known_members"], city["known_everybody"]), ("city", 2, 3))
        self.assertEqual(
            city["values"],
            [
                {"name": "上海", "members": 1, "everybody": 1, "share": 0.5, "lift": 2},
                {"name": "武汉", "members": 1, "everybody": 2, "share": 0.5, "lift": 1},
            ],
        )
        self.assertEqual((points["name"], points["values"], points["unit"]), ("points", [], None))
        self.assertEqual(points["numbers_of_members"], {"count": 2, "min": 10, "median": 10, "mean": 20, "max": 30})
        self.assertEqual(points["numbers_of_everybody"], {"count": 3, "min": 10, "median": 20, "mean": 20, "max": 30})
        few = self.ask("portrait", "buyers", "--top", 1, "--at-least", 2).row
        self.assertEqual([tag["name"] for tag in few["tags"]], ["tea"])
        self.assertEqual(few["traits"][0]["values"], [])
        table = self.table("portrait", "buyers")
        self.assertRegex(table, r"(?m)^coffee +1  50\.00% +█{10} +1  2\.00$")
        self.assertRegex(table, r"(?m)^points  members +2  10\.00  10\.00 +█{10} +20\.00  30\.00$")
        then = self.ask("portrait", "buyers", "--as-of", "2024-01-12").row
        self.assertEqual((then["members"], then["everybody"]), (1, 3))

    def test_portrait_and_overlap_as_csv_are_flat(self):
        csv = lambda *args: self.polyonym("segment", *args, "--db", self.store, "--format", "csv").csv
        self.assertEqual(
            [",".join(row.values()) for row in csv("portrait", "buyers")],
            [f"tag,,{share},,,,,,,,," for share in ("tea,2,2,1,2", "coffee,1,1,0.5,2")]
            + [f"channel,,{share},,,,,,,,," for share in ("crm,2,4,1,1", "phone,1,1,0.5,2")]
            + [f"value,city,{share},,,,,,,,," for share in ("上海,1,1,0.5,2", "武汉,1,2,0.5,1")]
            + ["numbers,points,,2,3,,,,10,10,20,30,10,20,20,30"],
        )
        self.assertEqual(
            [",".join(row.values()) for row in csv("overlap", "buyers", "in Wuhan")],
            ["buyers,buyers,2,2,1,4", "buyers,in Wuhan,1,2,0.5,4"]
            + ["in Wuhan,buyers,1,2,0.5,4", "in Wuhan,in Wuhan,2,2,1,4"],
        )
        self.assertEqual([row["members"] for row in csv("try", "did(purchase)", "yes")], ["2", "4"])
        self.assertEqual({row["members"] for row in csv("sizes", "buyers", "--from", "2024-01-31")}, {"2"})

    def test_overlap_counts_every_pair(self):
        self.ask("define", "rich", "trait points >= 20")
        row = self.ask("overlap", "buyers", "in Wuhan", "rich").row
        self.assertEqual(
            row,
            {"segments": ["buyers", "in Wuhan", "rich"], "both": [[2, 1, 1], [1, 2, 1], [1, 1, 2]]}
            | {"any": 3, "all": 0, "people": 4},
        )
        table = self.table("overlap", "buyers", "in Wuhan")
        self.assertRegex(table, r"(?m)^buyers +2 +1 50\.00%$")
        self.assertRegex(table, r"(?m)^in any  3$")
        self.assertIn("no segment nosuch", self.ask("overlap", "buyers", "nosuch", code=NO).err)

    def test_people_change_as_time_goes_by(self):
        self.ask("define", "lately", "did(purchase within 5 days)")
        self.assertEqual(self.members("lately"), ["c1"])
        self.polyonym("advance", "--db", self.store, "2024-02-08")
        self.assertEqual(self.members("lately"), [])
        self.take(bought(8, 39, {"crm": "c3"}, 5))
        self.assertEqual(self.members("lately"), ["c3"])
        self.assertEqual(self.members("lately", "--as-of", "2024-02-01"), ["c1"])

    def test_people_who_are_joined_are_one_member(self):
        self.take(bought(8, 30, {"phone": "13800000002"}, 70))
        rich = ["--expression", "sum(value of purchase) = 220 CNY"]
        self.assertEqual((self.count("buyers"), self.count(*rich)), ((3, 0, 5), (0, 0, 5)))
        self.take(seen(9, {"crm": "c1", "phone": "13800000002"}))
        self.assertEqual((self.count("buyers"), self.count(*rich)), ((2, 0, 4), (1, 0, 4)))
        self.polyonym("retract", "--db", self.store, "--source", "pos", "--record", "9")
        self.assertEqual((self.count("buyers"), self.count(*rich)), ((3, 0, 5), (0, 0, 5)))

    def take(self, *records):
        self.polyonym("ingest", "--db", self.store, self.write_records("more.jsonl", records))

    # ---- policies ----

    def test_a_policy_is_checked_with_its_segments(self):
        bad = {**DEFINITIONS, "segments": [{"name": "x", "expression": "trait nosuch = 3"}]}
        file = self.write_json("bad.json", changed_policy(definitions=bad))
        row = self.polyonym("policy", "check", file, code=NO).row
        self.assertIn("definitions.segments[0].expression: 1:1: ", row["problem"])
        self.assertIn(row["problem"], self.polyonym("policy", "set", "--db", self.store, file, code=USAGE).err)
        definitions = self.write_json("definitions.json", bad)
        self.assertIn(row["problem"], self.polyonym("define", "--db", self.store, definitions, code=USAGE).err)
        self.assertEqual(len(self.ask("list").rows), 2)


if __name__ == "__main__":
    main()
