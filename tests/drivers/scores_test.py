"""fit, flows, capital, and the scores that show has: numbers about people, by hand where a hand can."""

import json
import math
import random
import re

from profile_test import DAY, by, told
from program import DOCUMENTATION, NO, ROOT, USAGE, ProgramTest, changed_policy, main, seen

DEFINITIONS = {
    "purchase_scores": [
        {
            "name": "buying",
            "on": {"types": ["purchase", "return"]},
            "currency": "CNY",
            "expect_days": 90,
            "rfm": {"recency_bins": 2, "frequency_bins": 2, "monetary_bins": 2},
        }
    ],
    "channel_scores": [{"name": "where", "half_life_ms": 10 * DAY * 1000}],
    "ladders": [
        {
            "name": "lifecycle",
            "stages": [
                {"name": "lead"},
                {"name": "customer", "conditions": [{"events": {"types": ["purchase"]}}]},
                {"name": "active", "conditions": [{"events": {"types": ["purchase"]}, "window_ms": 90 * DAY * 1000}]},
            ],
        }
    ],
}
NEVER_FITTED = {"fitted": None, "fitted_customers": 0}


def bought(number, day, who, yuan, kind="purchase", source="pos"):
    event = {"type": kind, "direction": "DIRECTION_IN", "value": {"minor_units": yuan * 100, "currency": "CNY"}}
    return told(number, day, source, who, {"events": [event]})


def looked(number, day, who):
    return told(number, day, "web", who, {"events": [{"type": "view", "direction": "DIRECTION_IN"}]})


# c1 buys every ten days, and takes something back; c2 bought once; c3 bought twice, long ago; c4 only looked.
SHOP = [
    bought(1, 0, {"crm": "c1", "phone": "13800000001"}, 100),
    bought(2, 10, {"crm": "c1"}, 200),
    bought(3, 20, {"crm": "c1"}, 300),
    bought(4, 21, {"crm": "c1"}, -50, kind="return"),
    bought(5, 25, {"crm": "c2"}, 70),
    bought(6, 1, {"crm": "c3"}, 10),
    bought(7, 3, {"crm": "c3"}, 20),
    looked(8, 26, {"phone": "13800000001"}),
    looked(9, 30, {"crm": "c4"}),
]


PEOPLE = 80


def crowd():
    """People as the model has them: each buys at a rate of their own, and drops out behind a purchase by a chance of their own."""
    draw = random.Random(11)
    records = []
    for person in range(PEOPLE):
        rate, chance = draw.gammavariate(1.2, 1 / 20), draw.betavariate(1, 4)  # a day; behind each purchase
        day = draw.randrange(20)
        while day < 200:
            records.append(bought(len(records), int(day), {"crm": f"c{person}"}, 10 + person))
            if draw.random() < chance:
                break
            day += draw.expovariate(rate)
    return records + [looked(9999, 200, {"crm": "last"})]


def log_likelihood(model, histories):
    """Equation (6) of Fader, Hardie and Lee (2005)."""
    r, alpha, a, b = (model[name] for name in ("r", "alpha", "a", "b"))

    def log_beta(p, q):
        return math.lgamma(p) + math.lgamma(q) - math.lgamma(p + q)

    total = 0
    for x, recency, observed in histories:
        both = math.lgamma(r + x) - math.lgamma(r) + r * math.log(alpha) - log_beta(a, b)
        stayed = log_beta(a, b + x) - (r + x) * math.log(alpha + observed)
        left = log_beta(a + 1, b + x - 1) - (r + x) * math.log(alpha + recency) if x > 0 else -math.inf
        total += both + math.log(math.exp(stayed) + math.exp(left))
    return total


class ScoresTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.policy = self.write_json("policy.json", changed_policy(definitions=DEFINITIONS))

    def shop(self, records=None):
        self.store = self.store_of("store", SHOP if records is None else records)

    def ask(self, command, *args, code=0):
        return self.polyonym(command, "--db", self.store, *args, code=code)

    def person(self, *args):
        return self.ask("show", *args).row["person"]

    def score(self, *args):
        (score,) = self.person(*args)["purchase_scores"]
        return score

    def assert_fields(self, section, row):
        documented = {re.split(r"[\[.]", field)[0] for field in DOCUMENTATION.fields(section)}
        self.assertEqual(set(row), documented, f"the fields of {section} in docs")

    # ---- show ----

    def test_show_has_scores_of_purchases_and_what_they_are_made_of(self):
        self.shop()
        score = self.score("--explain", "crm:c1")
        summary = score.pop("summary")
        self.assertEqual(
            score,
            {
                "name": "buying",
                "currency": "CNY",
                "state": "due",
                "rfm": None,
                "alive": None,
                "expected": None,
                "expect_days": 90,
                "expected_minor_units": None,
                "due": "2024-01-31T00:00:00Z",
                **NEVER_FITTED,
            },
        )
        self.assertEqual(
            summary,
            {
                "purchases": 3,
                "returns": 1,
                "total_minor_units": 55000,
                "returned_minor_units": -5000,
                "first": "2024-01-01T00:00:00Z",
                "last": "2024-01-21T00:00:00Z",
                "days_since_last": 10,
                "frequency": 2,
                "recency_days": 20,
                "observed_days": 30,
                "mean_repeat_minor_units": 25000,
                "mean_gap_days": 10,
                "overdue_ratio": 1,
            },
        )
        self.assertIsNone(self.score("crm:c1")["summary"])
        states = {who: self.score(who)["state"] for who in ("crm:c2", "crm:c3", "crm:c4")}
        self.assertEqual(states, {"crm:c2": "once", "crm:c3": "lost", "crm:c4": "none"})
        self.assertEqual(self.score("--as-of", "2024-01-05", "crm:c3")["state"], "active")

    def test_show_has_the_channels_where_people_act(self):
        self.shop()
        (score,) = self.person("crm:c1")["channel_scores"]
        # As at the newest act, 26 January: days 0, 10, 20 and 21 by crm, 26 by phone; half as much every ten days.
        crm = sum(0.5 ** (age / 10) for age in (26, 16, 6, 5))
        shares = {row["channel"]: row["share"] for row in score["channels"]}
        self.assertEqual(list(shares), ["crm", "phone"])
        self.assertAlmostEqual(shares["crm"], crm / (crm + 1))
        self.assertAlmostEqual(sum(shares.values()), 1)
        self.assertEqual([row["interactions"] for row in score["channels"]], [4, 1])
        self.assertAlmostEqual(score["channels"][1]["decayed_count"], 0.5**0.4, msg="four days later")

    def test_scores_have_the_fields_of_their_tables(self):
        self.shop()
        person = self.person("--explain", "crm:c1")
        self.assert_fields("a profile", person)
        self.assert_fields("a purchase score", person["purchase_scores"][0])
        self.assert_fields("a summary of purchases", person["purchase_scores"][0]["summary"])
        self.assert_fields("a channel score", person["channel_scores"][0])
        self.assert_fields("a share of a channel", person["channel_scores"][0]["channels"][0])

    def test_on_a_terminal_scores_have_bars(self):
        self.shop(crowd())
        self.ask("fit")
        summary = self.score("--explain", "crm:c4")["summary"]
        count, yuan = summary["purchases"], summary["total_minor_units"] // 100
        self.assertGreater(count, 1)
        card = self.ask("show", "--format", "table", "crm:c4").text
        self.assertIn("\n\npurchase scores\n", card)
        self.assertRegex(card, r"(?m)^buying +\d{3} +\w+ +[01]\.\d\d +█+ +\d+\.\d\d in 90 days +\d+\.\d\d CNY +2024-")
        self.assertRegex(card, rf"(?m)^where +crm +1\.00 +█{{20}} +{count}$")
        self.assertNotIn("is made of", card)
        explained = self.ask("show", "--format", "table", "--explain", "crm:c4").text
        self.assertIn("\n\nwhat buying is made of\n", explained)
        self.assertRegex(explained, rf"(?m)^bought +{count}$")
        self.assertRegex(explained, rf"(?m)^total +{yuan}\.00 CNY$")
        self.assertRegex(explained, r"(?m)^models fitted +as of 2024-07-19, to 80 customers$")

    # ---- fit ----

    def test_fit_finds_bounds_and_says_what_it_could_not_fit(self):
        self.shop()
        row = self.ask("fit", code=NO).row
        self.assert_fields("fit", row)
        # Three customers, so that the second of each order, worst first, is the bound: 27, 10, 5 days; 1, 2, 3 days; 30, 70, 550 yuan.
        self.assertEqual(
            row["rfm"], {"nesting": "independent", "recency": [[10]], "frequency": [[2]], "monetary": [[7000]]}
        )
        self.assertEqual((row["name"], row["currency"], row["customers"]), ("buying", "CNY", 3))
        self.assertEqual((row["fitted"], row["rfm_problem"], row["bgnbd"]), ("2024-01-31T00:00:00Z", None, None))
        self.assertIn("10", row["bgnbd_problem"], "how many have to come back")
        codes = {who: self.score(who)["rfm"] for who in ("crm:c1", "crm:c2", "crm:c3", "crm:c4")}
        self.assertEqual(codes, {"crm:c1": 122, "crm:c2": 211, "crm:c3": 111, "crm:c4": None})
        score = self.score("crm:c1")
        self.assertEqual((score["fitted"], score["fitted_customers"]), ("2024-01-31T00:00:00Z", 3))
        table = self.ask("fit", "--format", "table", code=NO).text
        self.assertRegex(table, r"(?m)^BG/NBD +none: ")
        self.assertRegex(table, r"(?m)^monetary +all +70\.00 CNY$")

    def test_a_fit_is_a_policy_that_is_kept_and_that_another_one_takes_out(self):
        self.shop()
        before = self.polyonym("stats", "--db", self.store).row
        first = self.ask("fit", code=NO).row
        after = self.polyonym("stats", "--db", self.store).row
        self.assertEqual((after["policy_version"], after["sequence"]), (2, before["sequence"] + 1))
        self.assertEqual(self.ask("fit", code=NO).row, first, "what is in force is not put in force again")
        shown = json.loads(self.ask("define", "--show").text)
        self.assertEqual(shown["purchase_scores"][0]["fitted_customers"], "3")
        self.assert_verified("store")
        self.assertIsNone(self.score("--as-known", before["sequence"], "crm:c1")["rfm"], "there was no model then")
        self.assertEqual(self.score("--as-known", after["sequence"], "crm:c1")["rfm"], 122)
        self.ask("define", self.write_json("definitions.json", DEFINITIONS))
        self.assertIsNone(self.score("crm:c1")["rfm"])

    def test_a_fit_is_as_of_a_time(self):
        self.shop()
        row = self.ask("fit", "--as-of", "2024-01-05", code=NO).row
        self.assertEqual((row["customers"], row["fitted"]), (2, "2024-01-05T00:00:00Z"))
        self.assertEqual((row["rfm"]["recency"], row["rfm"]["monetary"]), ([[4]], [[3000]]))

    def test_the_fit_of_a_crowd_is_the_likeliest(self):
        self.shop(crowd())
        row = self.ask("fit").row
        model = row["bgnbd"]
        self.assertEqual((row["customers"], row["bgnbd_problem"], model["days_per_unit"]), (PEOPLE, None, 7))
        summaries = [self.score("--explain", f"crm:c{n}")["summary"] for n in range(PEOPLE)]
        histories = [
            (s["frequency"], s["recency_days"] / 7, s["observed_days"] / 7) for s in summaries
        ]
        best = log_likelihood(model, histories)
        for name in ("r", "alpha", "a", "b"):
            for factor in (0.9, 1.1):
                self.assertLess(log_likelihood({**model, name: model[name] * factor}, histories), best)
        x, recency, observed = histories[4]
        r, alpha, a, b = (model[name] for name in ("r", "alpha", "a", "b"))
        alive = 1 / (1 + a / (b + x - 1) * ((alpha + observed) / (alpha + recency)) ** (r + x))
        score = self.score("crm:c4")
        self.assertGreater(x, 0)
        self.assertAlmostEqual(score["alive"], alive)
        self.assertTrue(0 < score["alive"] < 1)
        self.assertAlmostEqual(score["expected_minor_units"], score["expected"] * 1400)
        self.assertRegex(self.ask("fit", "--format", "table").text, r"(?m)^BG/NBD +r \d.*, in units of 7 days$")

    def test_what_cannot_be_fitted_at_all_is_an_error(self):
        self.policy = self.write_json("plain.json", changed_policy())
        self.shop()
        answer = self.ask("fit", code=NO)
        self.assertEqual(answer.text, "")
        self.assertIn("purchase_scores", answer.err)
        self.assertIn("--as-of", self.ask("fit", "--as-of", "yesterday", code=USAGE).err)
        self.assertIn("--graph", self.ask("fit", "--graph", "nosuch", code=USAGE).err)
        self.polyonym("fit", "--db", self.path("nosuch"), code=USAGE)

    def test_a_time_that_no_fit_takes_names_the_option(self):
        self.shop()
        self.assertIn("--as-of", self.ask("fit", "--as-of", "2150-01-01", code=USAGE).err)
        self.assertEqual(self.polyonym("stats", "--db", self.store).row["policy_version"], 1)

    def test_fit_is_of_a_graph(self):
        self.shop()
        policy = self.write_json("other.json", changed_policy(definitions=DEFINITIONS))
        self.polyonym("policy", "set", "--db", self.store, "--graph", "other", policy)
        self.ask("fit", "--graph", "other", code=NO)
        self.assertIsNone(self.score("crm:c1")["rfm"])
        self.assertEqual(self.score("--graph", "other", "crm:c1")["rfm"], 122)

    def test_the_policies_of_the_examples_have_scores_that_traffic_fits(self):
        traffic = self.write("traffic.jsonl", self.polyonym("generate", "--events", 5000, "--facts").out)
        for name in ("retail", "profile"):
            with self.subTest(policy=name):
                self.policy = str(ROOT / f"examples/policies/{name}.json")
                self.ingest(name, traffic)
                row = self.polyonym("fit", "--db", self.path(name), code=None).row
                self.assertEqual((row["name"], row["rfm_problem"]), ("buying", None))
                self.assertGreater(row["customers"], 100)

    # ---- flows ----

    def lifecycles(self):
        """The five people of the example in docs/profiles.md."""
        self.shop(
            [
                looked(1, 0, {"crm": "a"}),
                bought(2, 10, {"crm": "a"}, 1),
                looked(3, 4, {"crm": "b"}),
                bought(4, 40, {"crm": "b"}, 1),
                bought(5, 5, {"crm": "c"}, 1),
                bought(6, 60, {"crm": "c"}, 1),
                looked(7, 50, {"crm": "d"}),
                looked(8, 150, {"crm": "e"}),
            ]
        )
        return ("lifecycle", "--from", "2024-01-11", "--to", "2024-04-20")  # days 10 to 110

    def test_flows_are_those_of_the_example(self):
        asked = self.lifecycles()
        row = self.ask("flows", *asked).row
        self.assert_fields("flows", row)
        day = DAY * 1000
        fields = ("stage", "at_from", "entered", "left", "at_to", "highest", "median_dwell_ms", "mean_dwell_ms")
        self.assertEqual(
            [tuple(stage[field] for field in fields) for stage in row["stages"]],
            [
                (None, 2, 0, 1, 1, 1, None, None),
                ("lead", 2, 1, 2, 1, 1, 10 * day, 23 * day),
                ("customer", 0, 1, 0, 1, 0, None, None),
                ("active", 1, 2, 1, 2, 3, 90 * day, 90 * day),
            ],
        )
        fields = ("from", "to", "people", "moves")
        self.assertEqual(
            [tuple(move[field] for field in fields) for move in row["moves"]],
            [(None, "lead", 1, 1), ("lead", "active", 2, 2), ("active", "customer", 1, 1)],
        )
        counts = ("people", "up", "down", "unseen_at_from", "unseen_at_to")
        self.assertEqual([row[field] for field in counts], [5, 3, 1, 2, 1])
        self.assertEqual((row["from"], row["to"]), ("2024-01-11T00:00:00Z", "2024-04-20T00:00:00Z"))
        table = self.ask("flows", "--format", "table", *asked).text
        self.assertRegex(table, r"(?m)^lead +2 +1 +2 +1 +1 +10\.00 +23\.00$")
        self.assertRegex(table, r"(?m)^\(none\) +2 +0 +1 +1 +1 +- +-$")
        self.assertRegex(table, r"(?m)^lead +active +2 +2 +10\.00 +23\.00$")

    def test_flows_as_csv_have_a_row_for_each_stage_and_each_move(self):
        rows = self.ask("flows", *self.lifecycles(), "--format", "csv").csv
        day = DAY * 1000
        self.assertEqual(
            [",".join(row.values()) for row in rows],
            ["stage,,,,,,2,0,1,1,1,0,,", f"stage,lead,,,,,2,1,2,1,1,2,{23 * day},{10 * day}"]
            + ["stage,customer,,,,,0,1,0,1,0,0,,", f"stage,active,,,,,1,2,1,2,3,1,7.776e+09,{90 * day}"]
            + ["move,,,lead,1,1,,,,,,0,,", f"move,,lead,active,2,2,,,,,,2,{23 * day},{10 * day}"]
            + [f"move,,active,customer,1,1,,,,,,1,7.776e+09,{90 * day}"],
        )

    def test_a_window_without_moves_says_where_people_stood(self):
        self.lifecycles()
        empty = ("lifecycle", "--from", "2024-01-11", "--to", "2024-01-11")
        row = self.ask("flows", *empty).row
        self.assertEqual((row["moves"], row["up"], row["down"]), ([], 0, 0))
        self.assertEqual([stage["at_from"] for stage in row["stages"]], [2, 2, 0, 1])
        self.assertIn("Nobody moved", self.ask("flows", "--format", "table", *empty).text)

    def test_two_who_prove_to_be_one_are_counted_once(self):
        asked = self.lifecycles()
        bind = {"source": "desk", "id": "1", "t": 1704067200000 + 150 * DAY * 1000, "ids": {"crm": "d", "email": "x@y.z"}}
        other = told(30, 12, "web", {"email": "x@y.z"}, {"events": [{"type": "view"}]})
        self.ingest("store", self.write_records("other.jsonl", [other]))
        self.assertEqual(self.ask("flows", *asked).row["people"], 6)
        self.ingest("store", self.write_records("bind.jsonl", [bind]))
        row = self.ask("flows", *asked).row
        self.assertEqual((row["people"], row["moves"][0]["people"]), (5, 1), "they appeared on day 12")
        self.ask("retract", "--source", "desk", "--record", "1")
        self.assertEqual(self.ask("flows", *asked).row["people"], 6)

    def test_flows_needs_a_ladder_and_a_window(self):
        self.lifecycles()
        answer = self.ask("flows", "nosuch", "--from", "2024-01-01", "--to", "2024-02-01", code=USAGE)
        self.assertIn("LADDER", answer.err)
        self.assertIn("lifecycle", answer.err)
        self.assertEqual(answer.text, "")
        for args in (
            ["--to", "2024-01-01"],
            ["--from", "2024-01-01"],
            ["--from", "2024-01-02", "--to", "2024-01-01"],
            ["--from", "yesterday", "--to", "2024-01-01"],
            ["--from", "2024-01-01", "--to", "soon"],
        ):
            with self.subTest(args=args):
                answer = self.ask("flows", "lifecycle", *args, code=USAGE)
                self.assertRegex(answer.err, "--(from|to)")
                self.assertEqual(answer.text, "")

    # ---- capital ----

    def friends(self):
        """All on one day, so that nothing has decayed: c1 knows and rates c2, and buys for 100 yuan; c3 is known by name alone."""

        def stated(kind, other):
            return {"type": kind, "other": {"namespace": "crm", "value": other}}

        said = {"relations": [stated("knows", "c2"), stated("rates", "c2")]}
        self.shop(
            [
                told(1, 5, "app", {"crm": "c1"}, said),
                bought(2, 5, {"crm": "c1"}, 100),
                seen(3, {"crm": "c2"}),
                seen(4, {"crm": "c3"}),
            ]
        )
        self.c1, self.c2, self.c3 = [self.ask("show", f"crm:c{n}").row["profile"] for n in (1, 2, 3)]
        # The mean a month of 100 yuan today, with a half-life of 365 days: in millionths of a yuan.
        return 100e6 / (365 / (30 * math.log(2)))

    def test_capital_is_that_of_the_formulas(self):
        mean = self.friends()
        row = self.ask("capital", "--currency", "CNY").row
        self.assert_fields("capital", row)
        people = by("profile", row["people"])
        self.assertEqual(list(people), [self.c1, self.c2, self.c3])
        one, other = people[self.c1], people[self.c2]
        # One way: half of 1, of 4 is 1/9 of a tie, of 3 is 1/28. One day of 4 is 0.2. Twice the mean of two, of which one is 0, is 2/3,
        # but there are three: 3/4. A full rating is 2/3.
        for field, value in {"trust": 0.5, "strength": 1 / 28, "activity": 0.2, "contribution": 0.75}.items():
            self.assertAlmostEqual(one[field], value, msg=field)
        self.assertAlmostEqual(one["index"], (0.5 / 28 * 0.2 * 0.75) ** 0.25)
        self.assertAlmostEqual(other["trust"], 2 / 3)
        self.assertAlmostEqual(other["strength"], 1 / 28)
        self.assertEqual((other["activity"], other["contribution"], other["index"]), (0, 0, 0))
        self.assertEqual((other["basis"]["good_evidence"], one["basis"]["active_days"]), (1, 1))
        self.assertAlmostEqual(one["basis"]["mean_contribution_micros"], mean, places=3)
        self.assertAlmostEqual(row["contribution_reference_micros"], mean / 3, places=3)
        self.assertAlmostEqual(row["mean"]["activity"], 0.2 / 3)
        self.assertAlmostEqual(row["gini"]["activity"], 2 / 3, msg="one has it all")
        self.assertEqual((row["members"], row["left_out"], row["now"]), (3, 0, "2024-01-06T00:00:00Z"))

    def test_without_a_currency_there_are_no_contributions_and_the_index_leaves_them_out(self):
        self.friends()
        row = self.ask("capital").row
        one = by("profile", row["people"])[self.c1]
        self.assertAlmostEqual(one["index"], (0.5 / 28 * 0.2) ** (1 / 3))
        absent = (row["currency"], row["contribution_reference_micros"], row["mean"]["contribution"])
        self.assertEqual(absent + (row["gini"]["contribution"], one["contribution"]), (None,) * 5)
        self.assertIsNone(one["basis"]["mean_contribution_micros"])

    def test_a_reference_of_ones_own_is_not_fitted(self):
        mean = self.friends()
        row = self.ask("capital", "--currency", "CNY", "--reference", mean / 1e6).row
        self.assertAlmostEqual(by("profile", row["people"])[self.c1]["contribution"], 0.5, places=5)

    def test_a_group_is_listed_averaged_and_fitted_to_and_ties_are_with_everybody(self):
        self.friends()
        group = self.write("group.txt", f"crm:c2\r\n\n{self.c3}\ncrm:c2\n")
        row = self.ask("capital", "--group", group).row
        self.assertEqual([person["profile"] for person in row["people"]], [self.c2, self.c3])
        self.assertAlmostEqual(row["people"][0]["strength"], 1 / 28)
        self.assertEqual(row["members"], 2)
        self.assertEqual(self.ask("capital", "--top", "1").row["people"][0]["profile"], self.c1)
        self.assertEqual(len(self.ask("capital", "--top", "1").row["people"]), 1)
        self.assertEqual(self.ask("capital", "--top", "1").row["members"], 3)
        self.assertEqual(len(self.ask("capital", "--top", "0").row["people"]), 3)

    def test_capital_of_another_time(self):
        self.friends()
        row = self.ask("capital", "--as-of", "2024-01-05", "--currency", "CNY").row
        self.assertEqual((row["now"], row["mean"]["activity"]), ("2024-01-05T00:00:00Z", 0))
        later = self.ask("capital", "--as-of", "2024-02-05", "--currency", "CNY").row  # 30 days: a half-life
        self.assertAlmostEqual(by("profile", later["people"])[self.c1]["basis"]["active_days"], 0.5)

    def test_on_a_terminal_capital_has_bars(self):
        self.friends()
        table = self.ask("capital", "--format", "table", "--currency", "CNY", "--top", "2").text
        self.assertRegex(table, rf"(?m)^{self.c1} +0\.23 ██ +0\.50 █████ +0\.04 +0\.20 ██ +0\.75 ████████$")
        self.assertRegex(table, r"(?m)^trust +0\.56 ██████ +0\.07 █$")
        self.assertRegex(table, r"(?m)^activity +0\.07 █ +0\.67 ███████$")
        self.assertIn("of 3 people", table)

    def test_errors_of_capital_name_the_option_and_no_identifier(self):
        self.friends()
        for args in (
            ["--as-of", "yesterday"],
            ["--as-of", "2150-01-01"],
            ["--currency", "yuan"],
            ["--currency", "CNY", "--reference", "0"],
            ["--currency", "CNY", "--reference", "much"],
            ["--reference", "5"],
            ["--group", self.path("nosuch.txt")],
            ["--group", self.write("blank.txt", "\n\n")],
            ["--top", "-1"],
        ):
            with self.subTest(args=args):
                answer = self.ask("capital", *args, code=USAGE)
                self.assertIn(args[-1] if args[0] == "--group" else args[-2], answer.err)
                self.assertEqual(answer.text, "")
        answer = self.ask("capital", "--group", self.write("group.txt", "crm:c1\ncrm:13800000007\n"), code=NO)
        self.assertIn("group.txt:2", answer.err)
        self.assertNotIn("13800000007", answer.err)


if __name__ == "__main__":
    main()
