"""funnel: how many people came how far through steps, by hand."""

from program import NO, USAGE, ProgramTest, act, changed_policy, main, seen

HOUR = 3_600_000
START = 1704067200000  # 2024-01-01


def did(number, hour, who, kind, campaign=None, item=None):
    event = {"type": kind, "direction": "DIRECTION_IN"}
    if campaign:
        event["campaign"] = campaign
    if item:
        event["properties"] = {"item": {"text": item}}
    return seen(number, who, source="web", t=START + hour * HOUR, facts={"events": [event]})


A, B, C, D, E, F, G, H = ({"crm" if name != "c" else "device": name} for name in "abcdefgh")

# Within 7 days, which are 168 hours:
VISITS = [
    # a: all three steps; looks once more in between
    did(10, 0, A, "view", "spring", "shoe"),
    did(11, 2, A, "cart"),
    did(12, 4, A, "view"),
    did(13, 26, A, "order"),
    # b: orders too late
    did(20, 0, B, "view", "spring", "hat"),
    did(21, 3, B, "login"),
    did(22, 6, B, "cart"),
    did(23, 200, B, "order"),
    # c: without the second step
    did(30, 10, C, "view"),
    did(31, 12, C, "order"),
    # d: without the first
    did(40, 5, D, "cart"),
    did(41, 6, D, "order"),
    # e: begins twice, and comes through the second time
    did(50, 100, E, "view", "autumn", "shoe"),
    did(51, 300, E, "view", "spring", "hat"),
    did(52, 304, E, "cart"),
    did(53, 310, E, "order"),
    # f: the newest record
    did(60, 330, F, "login"),
    # g: two steps at one time
    did(70, 50, G, "view"),
    did(71, 50, G, "cart"),
    did(72, 51, G, "order"),
    # h: is c
    did(80, 11, H, "cart"),
]
STEPS = ("view", "cart", "order")


class FunnelTest(ProgramTest):
    def setUp(self):
        super().setUp()
        segments = [{"name": "often", "expression": "count(view) >= 2"}]
        self.policy = self.write_json("policy.json", changed_policy(definitions={"segments": segments}))
        self.store = self.store_of("store", VISITS)

    def ask(self, *args, code=0):
        return self.polyonym("funnel", "--db", self.store, *args, code=code)

    def people(self, *args, steps=STEPS):
        return [step["people"] for step in self.ask(*steps, *args).row["steps"]]

    def groups(self, *args):
        groups = self.ask(*STEPS, *args).row["groups"]
        return [(group["name"], *(step["people"] for step in group["steps"])) for group in groups]

    def test_steps_are_those_of_the_hand(self):
        row = self.ask(*STEPS).row
        hours = lambda *of: tuple(None if hour is None else hour * HOUR for hour in of)
        expected = [  # people, stopped, of_first, of_previous, since_first: mean, median; since_previous
            ("view", 5, 1, 1, 1, *hours(None, None, None, None)),
            ("cart", 4, 1, 0.8, 0.8, *hours(3, 2, 3, 2)),
            ("order", 3, 3, 0.6, 0.75, *hours(37 / 3, 10, 31 / 3, 6)),
        ]
        for number, (step, (kind, *values)) in enumerate(zip(row["steps"], expected), start=1):
            self.assertEqual((step.pop("step"), step.pop("types")), (number, [kind]))
            self.assertEqual(list(step.values()), values)
        self.assertEqual((row["people"], row["within_ms"], row["groups"]), (8, 168 * HOUR, []))
        for field in ("among", "begun_before", "by", "item_property", "segment", "from", "to"):
            self.assertIsNone(row[field])

    def test_time_between_the_first_step_and_the_last_is_bounded(self):
        self.assertEqual(self.people("--within", "200h"), [5, 4, 4])
        self.assertEqual(self.people("--within", "26h"), [5, 4, 3])
        self.assertEqual(self.people("--within", "25h"), [5, 4, 2])
        self.assertEqual(self.people("--within", "1s"), [5, 1, 0])

    def test_strictness(self):
        self.assertEqual(self.people("--strict", "increase"), [5, 3, 2], "g has two steps at one time")
        self.assertEqual(self.people("--strict", "deduplication"), [5, 4, 2], "a looks once more")
        self.assertEqual(self.people("--strict", "order"), [5, 4, 2], "a looks once more")
        self.assertEqual(self.people("--strict", "order", "--among", "any"), [5, 3, 2], "b logs in")
        self.assertEqual(self.people("--strict", "order", "--among", "login,nosuch"), [5, 3, 2])
        self.assertEqual(self.people("--among", "any"), [5, 4, 3], "which says nothing without it")
        both = ("--strict", "order", "--strict", "increase")
        self.assertEqual(self.people(*both), [5, 3, 1])
        self.assertEqual(self.ask(*STEPS, *both).row["strict"], ["order", "increase"])

    def test_a_step_may_be_of_several_types_or_of_any(self):
        self.assertEqual(self.people(steps=("view", "cart,order")), [5, 5])
        self.assertEqual(self.people(steps=("any",)), [8])
        row = self.ask("view,cart", "any").row
        self.assertEqual([step["types"] for step in row["steps"]], [["view", "cart"], None])

    def test_groups_are_by_the_first_event_of_the_walk(self):
        self.assertEqual(self.groups("--by", "campaign"), [("spring", 3, 3, 2), (None, 2, 1, 1)])
        self.assertEqual(self.groups("--by", "channel"), [("crm", 4, 4, 3), ("device", 1, 0, 0)])
        items = [(None, 2, 1, 1), ("hat", 2, 2, 1), ("shoe", 1, 1, 1)]
        self.assertEqual(self.groups("--by", "item", "--item", "item"), items)

    def test_a_window_hides_all_other_events(self):
        self.assertEqual(self.people("--from", str(START + 250 * HOUR)), [1, 1, 1])
        self.assertEqual(self.people("--to", "2024-01-02T02:00:00Z"), [3, 2, 0], "26 hours are not in it")
        row = self.ask(*STEPS, "--from", "2024-01-02", "--to", "2024-01-03").row
        self.assertEqual((row["from"], row["to"]), ("2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z"))

    def test_whoever_had_not_all_the_time_can_be_left_out(self):
        row = self.ask(*STEPS, "--settled").row
        self.assertEqual(row["begun_before"], "2024-01-07T18:00:00.001Z", "330 - 168 hours")
        self.assertEqual([step["people"] for step in row["steps"]], [5, 3, 2], "e began again too late")
        to = str(START + 200 * HOUR)
        row = self.ask(*STEPS, "--settled", "--to", to).row
        self.assertEqual(row["begun_before"], "2024-01-02T08:00:00Z")
        self.assertEqual([step["people"] for step in row["steps"]], [3, 2, 1])

    def test_only_members_of_a_segment(self):
        row = self.ask(*STEPS, "--segment", "often").row
        self.assertEqual((row["people"], row["segment"]), (2, "often"))
        self.assertEqual([step["people"] for step in row["steps"]], [2, 2, 2])

    def test_two_who_prove_to_be_one_came_farther(self):
        bind = self.write_records("bind.jsonl", [act(1, "bind", "device:c", "crm:h")])
        self.ingest("store", bind)
        row = self.ask(*STEPS).row
        self.assertEqual((row["people"], [step["people"] for step in row["steps"]]), (7, [5, 5, 4]))

    def test_nobody_has_no_shares(self):
        row = self.ask("nosuch", "order").row
        self.assertEqual([step["people"] for step in row["steps"]], [0, 0])
        self.assertEqual([step["of_first"] for step in row["steps"]], [None, None])
        self.assertEqual([step["of_previous"] for step in row["steps"]], [None, None])
        self.assertRegex(self.ask("nosuch", "--format", "table").text, r"(?m)^1 nosuch +0( +-){5}$")

    def test_on_a_terminal_it_has_bars(self):
        text = self.ask(*STEPS, "--by", "campaign", "--format", "table").text
        self.assertRegex(text, r"(?m)^STEP +PEOPLE +BAR +OF FIRST +OF PREVIOUS +MEDIAN SINCE PREVIOUS +MEAN SINCE")
        self.assertRegex(text, rf"(?m)^1 view +5 +{'█' * 30} +100\.00% +100\.00% +- +-$")
        self.assertRegex(text, rf"(?m)^2 cart +4 +{'█' * 24} +80\.00% +80\.00% +2\.0 h +3\.0 h$")
        self.assertRegex(text, r"(?m)^by campaign of the first step$")
        self.assertRegex(text, r"(?m)^spring +3 +3 +2 +66\.67% +█{13}$")
        self.assertRegex(text, r"(?m)^\(none\) +2 +1 +1 +50\.00% +█{10}$")

    def test_csv_has_a_row_for_each_group_and_step(self):
        rows = self.ask(*STEPS, "--by", "campaign", "--format", "csv").csv
        people = [(row["by"], row["group"], row["step"], row["people"]) for row in rows]
        counts = [("", "", "5 4 3"), ("campaign", "spring", "3 3 2"), ("campaign", "", "2 1 1")]
        self.assertEqual(
            people,
            [(by, group, str(n), of) for by, group, row in counts for n, of in enumerate(row.split(), start=1)],
        )
        self.assertEqual(
            list(rows[1].values())[3:],
            ["cart", "4", "1", "0.8", "0.8"] + [str(hours * HOUR) for hours in (3, 2, 3, 2)],
        )
        first = self.ask("view,cart", "any", "--format", "csv").csv
        self.assertEqual([row["types"] for row in first], ["view; cart", ""])
        self.assertEqual((first[0]["mean_since_first_ms"], first[0]["of_first"]), ("", "1"))

    def test_a_table_has_the_largest_groups(self):
        more = [did(100 + n, 100, {"crm": f"z{n}"}, "view", f"campaign {n:02}") for n in range(30)]
        self.ingest("store", self.write_records("more.jsonl", more))
        text = self.ask("view", "--by", "campaign", "--format", "table").text
        self.assertIn("campaign 16", text)
        self.assertNotIn("campaign 18", text)
        self.assertIn("and 13 more", text, "of 33: spring, autumn, none, and thirty")

    def test_errors_name_the_argument(self):
        for args in (
            ["view", "--within", "0d"],
            ["view", "--within", "36601d"],
            ["view", "--within", "soon"],
            ["view", "--by", "place"],
            ["view", "--strict", "very"],
            ["view", "--among", "a,,b"],
            ["view", "--from", "yesterday"],
            ["view", "--from", "2024-01-02", "--to", "2024-01-01"],
            ["view", "--item", "item"],
        ):
            with self.subTest(args=args):
                answer = self.ask(*args, code=USAGE)
                self.assertIn(args[-2], answer.err)
                self.assertEqual(answer.text, "")
        self.assertIn("--item", self.ask("view", "--by", "item", code=USAGE).err)
        for steps in ([], ["view,"], [""], ["view"] * 33):
            with self.subTest(steps=steps):
                self.assertIn("STEP", self.ask(*steps, code=USAGE).err)
        answer = self.ask("view", "--segment", "nosuch", code=NO)
        self.assertIn("--segment", answer.err)
        self.assertEqual(answer.text, "")


if __name__ == "__main__":
    main()
