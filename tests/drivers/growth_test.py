"""growth: customers who bring customers, by numbers that a hand worked out."""

from profile_test import by, told
from program import NO, USAGE, ProgramTest, changed_policy, main, seen

DAY_MS = 24 * 3600 * 1000
SEGMENTS = {"segments": [{"name": "loyal", "expression": "count(order) >= 2"}]}


def ordered(number, day, who, kind="order"):
    return told(number, day, "pos", {"crm": who}, {"events": [{"type": kind}]})


def invited(number, day, who, *others, kind="invited", ns="crm"):
    relations = [{"type": kind, "other": {"namespace": ns, "value": other}} for other in others]
    return told(number, day, "app", {"crm": who}, {"relations": relations})


# a, loyal, is a customer on day 0 and invites b, c and x on day 10; b is one on day 12 and c on day 30; x never.
# b invites c too, later than a, and d on day 20, who is a customer on day 26; e was one before d invited them.
RECORDS = [
    ordered(1, 0, "a"),
    ordered(2, 5, "a"),
    seen(3, {"crm": "x"}),
    invited(4, 10, "a", "b", "c", "x", "a"),
    ordered(5, 12, "b"),
    invited(6, 15, "b", "c"),
    invited(7, 20, "b", "d"),
    ordered(8, 26, "d"),
    ordered(9, 1, "e"),
    invited(10, 28, "d", "e", "nobody"),
    ordered(11, 30, "c"),
    ordered(12, 31, "c", kind="visit"),
]


class GrowthTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.policy = self.write_json("policy.json", changed_policy(definitions=SEGMENTS))
        self.store = self.store_of("store", RECORDS)

    def ask(self, *args, code=0):
        return self.polyonym("growth", "--db", self.store, *args, code=code)

    def groups(self, row):
        fields = ("people", "inviters", "invitations", "newcomers")
        return {group["of"]: tuple(group[field] for field in fields) for group in row["groups"]}

    def test_csv_has_a_row_for_each_group(self):
        rows = self.ask("--loyal", "loyal", "--format", "csv").csv
        counts = [list(row.values())[:5] for row in rows]
        self.assertEqual(counts, [row.split() for row in ("everybody 6 3 6 3", "customers 5 3 6 3", "loyal 1 1 3 2")])
        self.assertEqual((rows[2]["k_factor"], rows[1]["conversion"]), ("2", "0.5"))
        nobody = self.ask("--customer-event", "nosuch", "--format", "csv").csv[1]
        self.assertEqual((nobody["people"], nobody["k_factor"]), ("0", ""))

    def test_newcomers_are_credited_to_whoever_invited_them_first(self):
        row = self.ask("--loyal", "loyal").row
        # Invitations: a of b, c, x; b of c, d; d of e. Newcomers: b and c of a, d of b.
        self.assertEqual(
            self.groups(row), {"everybody": (6, 3, 6, 3), "customers": (5, 3, 6, 3), "loyal": (1, 1, 3, 2)}
        )
        loyal = by("of", row["groups"])["loyal"]
        self.assertEqual((loyal["invitations_per_person"], loyal["k_factor"]), (3, 2))
        self.assertAlmostEqual(loyal["conversion"], 2 / 3)
        self.assertAlmostEqual(by("of", row["groups"])["customers"]["k_factor"], 3 / 5)
        self.assertEqual((row["invited"], row["left_out"]), (5, 1))
        self.assertEqual((row["generations"], row["deeper"]), ([2, 1], 0))
        # Waits: b 2, c 20, d 6 days. Cycles: b 12, c 30 days behind a, d 14 behind b.
        self.assertEqual((row["wait_newcomers"], row["wait_median_ms"]), (3, 6 * DAY_MS))
        self.assertEqual((row["cycle_newcomers"], row["cycle_median_ms"]), (3, 14 * DAY_MS))
        self.assertEqual((row["from"], row["to"], row["loyal"]), (None, None, "loyal"))

    def test_a_window_is_of_invitations(self):
        row = self.ask("--from", "2024-01-16", "--to", "2024-02-01").row  # days 15 to 31
        self.assertEqual(self.groups(row), {"everybody": (6, 2, 3, 1), "customers": (5, 2, 3, 1)})
        self.assertEqual((row["invited"], row["generations"]), (3, [0, 1]), "c is credited to a, before the window")
        self.assertIsNone(row["loyal"])
        row = self.ask("--to", "2024-01-16").row
        self.assertEqual(self.groups(row)["everybody"], (6, 1, 3, 2))
        self.assertEqual(self.groups(row)["customers"][0], 3, "a, b and e by then")
        row = self.ask("--from", "2025-01-01").row
        self.assertEqual(self.groups(row)["everybody"], (6, 0, 0, 0))
        self.assertEqual((row["wait_median_ms"], row["cycle_median_ms"], row["generations"]), (None, None, []))
        self.assertIsNone(row["groups"][0]["conversion"])

    def test_what_makes_a_customer_and_what_is_an_invitation_are_asked_for(self):
        row = self.ask("--customer-event", "visit").row
        self.assertEqual(self.groups(row)["customers"], (1, 0, 0, 0))
        self.assertEqual(self.groups(row)["everybody"], (6, 3, 6, 1))
        self.assertEqual((row["cycle_newcomers"], row["customer_events"]), (0, ["visit"]))
        row = self.ask("--customer-event", "visit", "--customer-event", "order").row
        self.assertEqual(self.groups(row)["everybody"], (6, 3, 6, 3))
        row = self.ask("--relation", "knows").row
        self.assertEqual((self.groups(row)["everybody"], row["left_out"]), ((6, 0, 0, 0), 0))

    def test_somebody_who_was_invited_by_a_phone_is_whoever_has_it_now(self):
        more = [invited(20, 11, "a", "13800000001", ns="phone"), ordered(21, 40, "f")]
        self.ingest("store", self.write_records("more.jsonl", more))
        self.assertEqual(self.ask().row["left_out"], 2)
        bind = {"source": "desk", "id": "1", "t": 1704067200000, "ids": {"crm": "f", "phone": "+86 138 0000 0001"}}
        self.ingest("store", self.write_records("bind.jsonl", [bind]))
        row = self.ask().row
        self.assertEqual((row["left_out"], row["generations"]), (1, [3, 1]))
        self.polyonym("retract", "--db", self.store, "--source", "desk", "--record", "1")
        self.assertEqual(self.ask().row["generations"], [2, 1])

    def test_on_a_terminal_there_are_bars(self):
        table = self.ask("--format", "table", "--loyal", "loyal").text
        self.assertRegex(table, r"(?m)^newcomers per loyal customer +2\.00$")
        self.assertRegex(table, r"(?m)^median cycle +14\.00 days, of 3 newcomers$")
        self.assertRegex(table, r"(?m)^invitations of nobody +1$")
        self.assertRegex(table, r"(?m)^loyal +1 +1 +3 +2 +3\.00 +66\.67% +2\.00 +█{20}$")
        self.assertRegex(table, r"(?m)^everybody +6 +3 +6 +3 +1\.00 +50\.00% +0\.50 +█{5}$")
        self.assertRegex(table, r"(?m)^1 +2 +█{20}$")
        self.assertIn("Nobody who was invited", self.ask("--format", "table", "--relation", "knows").text)

    def test_what_is_written_wrongly_names_the_option(self):
        answer = self.ask("--loyal", "nosuch", code=NO)
        self.assertIn("--loyal", answer.err)
        for args in (["--from", "yesterday"], ["--from", "2024-02-01", "--to", "2024-01-01"]):
            with self.subTest(args=args):
                answer = self.ask(*args, code=USAGE)
                self.assertIn(args[-2], answer.err)
                self.assertEqual(answer.text, "")


if __name__ == "__main__":
    main()
