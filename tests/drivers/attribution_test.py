"""attribution: conversions divided among campaigns and channels, by numbers that a hand worked out."""

from profile_test import by, told
from program import NO, USAGE, ProgramTest, changed_policy, main, seen

DAY_MS = 24 * 3600 * 1000
SEGMENTS = {"segments": [{"name": "often", "expression": "count(order) >= 2"}]}
MODELS = ["first", "last", "linear", "position", "time_decay"]


def clicked(number, day, who, campaign=None, kind="click"):
    event = {"type": kind, **({"campaign": campaign} if campaign else {})}
    return told(number, day, "web", who, {"events": [event]})


def ordered(number, day, who, minor_units=None, currency="CNY", **more):
    value = {} if minor_units is None else {"value": {"minor_units": minor_units, "currency": currency}}
    return told(number, day, "pos", who, {"events": [{"type": "order", **value, **more}]})


# c1 and their phone: spring by the card on day 0, mail by the phone on day 7, an order on day 14.
# c2: spring on day 1, and an order on day 40, out of its sight. c3: four touches, an order in euros, one in yuan.
# c4 clicked and bought nothing; c5 bought nothing that was touched.
RECORDS = [
    seen(1, {"crm": "c1", "phone": "13800000001"}),
    clicked(2, 0, {"crm": "c1"}, "spring"),
    clicked(3, 7, {"phone": "13800000001"}, "mail"),
    ordered(4, 14, {"crm": "c1"}, 10_000),
    clicked(5, 1, {"crm": "c2"}, "spring"),
    ordered(6, 40, {"crm": "c2"}, 5_000),
    clicked(7, 10, {"crm": "c3"}, "spring"),
    clicked(8, 11, {"crm": "c3"}, "mail"),
    clicked(9, 12, {"crm": "c3"}, "mail"),
    clicked(10, 13, {"crm": "c3"}, "shop"),
    ordered(11, 13, {"crm": "c3"}, 999, "EUR"),
    ordered(12, 14, {"crm": "c3"}, 100),
    clicked(13, 3, {"crm": "c4"}, "spring"),
    clicked(14, 3, {"crm": "c4"}, kind="visit"),
    ordered(15, 2, {"crm": "c5"}),
]


class AttributionTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.policy = self.write_json("policy.json", changed_policy(definitions=SEGMENTS))
        self.store = self.store_of("store", RECORDS)

    def ask(self, *args, code=0):
        return self.polyonym("attribution", "--db", self.store, "--conversion", "order", *args, code=code)

    def credits(self, *args):
        """The row; key -> model -> millionths; key -> model -> currency -> minor units."""
        row = self.ask(*args).row
        counts, money = {}, {}
        for key in row["keys"]:
            models = by("model", key["credits"])
            counts[key["key"]] = {model: models[model]["millionths"] for model in models}
            money[key["key"]] = {
                model: {sum_["currency"]: sum_["minor_units"] for sum_ in models[model]["value"]} for model in models
            }
        for model in row["models"]:
            self.assertEqual(sum(key[model] for key in counts.values()), row["conversions"] * 1_000_000)
        for total in row["value"]:
            for model in row["models"]:
                shares = [key[model].get(total["currency"], 0) for key in money.values()]
                self.assertEqual(sum(shares), total["minor_units"], f"{model} {total}")
        return row, counts, money

    def test_every_model_divides_conversions_and_their_values_exactly(self):
        row, counts, money = self.credits()
        self.assertEqual(row["models"], MODELS)
        self.assertEqual(
            (row["people"], row["converted_people"], row["conversions"], row["people_left_out"]), (5, 4, 5, 0)
        )
        self.assertEqual(
            row["value"],
            [{"currency": "CNY", "minor_units": 15_100}, {"currency": "EUR", "minor_units": 999}],
        )
        one = 1_000_000
        # c1 one conversion; c3 two, each of spring, mail, mail, shop; c2 and c5 one each of nothing.
        self.assertEqual(counts["spring"]["first"], 3 * one)
        self.assertEqual((counts["mail"]["last"], counts["shop"]["last"]), (one, 2 * one))
        self.assertEqual(counts["mail"]["linear"], one // 2 + 2 * (one // 2))
        self.assertEqual(counts["spring"]["linear"], one // 2 + 2 * (one // 4))
        self.assertEqual(
            {key: counts[key]["position"] for key in ("spring", "mail", "shop")},
            {"spring": 500_000 + 800_000, "mail": 500_000 + 400_000, "shop": 800_000},
        )
        self.assertEqual({counts[None][model] for model in MODELS}, {2 * one})
        # c1 by decay: two half-lives old and one, 1/4 to 1/2. One unit of 10,000 goes to the greater fraction.
        of_c1 = self.credits("--to", "2024-01-15T00:00:01Z", "--from", "2024-01-15", "--model", "time_decay")
        self.assertEqual(money["mail"]["linear"]["CNY"], 5_000 + 50)
        self.assertEqual(money["spring"]["first"], {"CNY": 10_100, "EUR": 999})
        # Of 999 euro cents each of four touches has 249 and 3/4, so that the first three get one more.
        self.assertEqual(
            {key: money[key]["linear"]["EUR"] for key in ("spring", "mail", "shop")},
            {"spring": 250, "mail": 500, "shop": 249},
        )
        self.assertEqual(of_c1[0]["conversions"], 2)

    def test_csv_has_a_row_for_each_key_and_model_and_a_column_for_each_currency(self):
        rows = self.ask("--model", "first", "--model", "linear", "--format", "csv").csv
        self.assertEqual(
            [",".join(row.values()) for row in rows],
            ["spring,4,4,3,2,first,3000000,10100,999", "spring,4,4,3,2,linear,1000000,5025,250"]
            + ["mail,3,2,3,2,first,0,0,0", "mail,3,2,3,2,linear,1500000,5050,500"]
            + ["shop,1,1,2,1,first,0,0,0", "shop,1,1,2,1,linear,500000,25,249"]
            + [",0,2,2,2,first,2000000,5000,0", ",0,2,2,2,linear,2000000,5000,0"],
        )
        self.assertEqual(list(rows[0])[-2:], ["minor_units_CNY", "minor_units_EUR"])

    def test_time_decay_halves_what_is_a_half_life_older(self):
        self.store = self.store_of("one", RECORDS[:4])
        row, counts, money = self.credits("--model", "time_decay")
        self.assertEqual(counts, {"mail": {"time_decay": 666_667}, "spring": {"time_decay": 333_333}})
        self.assertEqual([key["key"] for key in row["keys"]], ["mail", "spring"], "the greatest credit first")
        self.assertEqual(money["mail"]["time_decay"], {"CNY": 6_667})
        _, counts, _ = self.credits("--model", "time_decay", "--half-life", "84h")
        self.assertEqual(counts["spring"]["time_decay"], 200_000)
        self.assertEqual(row["half_life_ms"], 7 * DAY_MS)

    def test_keys_count_touches_and_people_whether_they_converted_or_not(self):
        keys = by("key", self.ask().row["keys"])
        fields = ("touches", "people", "conversions", "converted_people")
        self.assertEqual(
            {key: tuple(row[field] for field in fields) for key, row in keys.items()},
            {"spring": (4, 4, 3, 2), "mail": (3, 2, 3, 2), "shop": (1, 1, 2, 1), None: (0, 2, 2, 2)},
        )
        self.assertEqual(self.ask().row["keys"][-1]["key"], None, "what is credited to nothing comes last")

    def test_ignored_keys_are_credited_only_where_there_is_no_other(self):
        _, counts, _ = self.credits("--ignore", "shop", "--model", "last")
        self.assertEqual(counts["mail"]["last"], 3_000_000)
        self.assertEqual(counts["shop"]["last"], 0)
        _, counts, _ = self.credits("--ignore", "shop", "--ignore", "mail", "--ignore", "spring", "--model", "last")
        self.assertEqual(counts["shop"]["last"], 2_000_000)

    def test_a_conversion_looks_back_so_far_and_no_further(self):
        for lookback, spring, none in (("39d", 4, 1), ("38d", 3, 2), ("0d", 0, 4)):
            with self.subTest(lookback=lookback):
                _, counts, _ = self.credits("--model", "first", "--lookback", lookback)
                self.assertEqual(counts["spring"]["first"], spring * 1_000_000)
                self.assertEqual(counts[None]["first"], none * 1_000_000)

    def test_channels_are_the_namespaces_that_touches_belong_to(self):
        row, counts, _ = self.credits("--by", "channel", "--model", "last", "--model", "first")
        self.assertEqual((row["by"], row["models"]), ("channel", ["first", "last"]))
        self.assertEqual(counts["phone"], {"first": 0, "last": 1_000_000})
        self.assertEqual(counts["crm"], {"first": 3_000_000, "last": 2_000_000})

    def test_touches_are_the_events_that_are_asked_for(self):
        keys = by("key", self.ask("--touch", "visit").row["keys"])
        self.assertEqual((keys["(no campaign)"]["touches"], keys[None]["conversions"]), (1, 5))
        keys = by("key", self.ask("--touch", "visit", "--touch", "click").row["keys"])
        self.assertEqual((keys["(no campaign)"]["touches"], keys["spring"]["touches"]), (1, 4))

    def test_a_conversion_that_names_a_campaign_is_a_touch_of_itself(self):
        self.store = self.store_of("self", [ordered(1, 1, {"crm": "x"}, 5, campaign="(none)")])
        _, counts, _ = self.credits("--model", "last")
        self.assertEqual(counts, {"(none)": {"last": 1_000_000}}, "no name of a campaign is taken")
        self.assertEqual(self.ask("--touch", "click").row["keys"][0]["key"], None)

    def test_a_window_is_of_conversions_and_of_touches_that_they_may_see(self):
        row, counts, _ = self.credits("--from", "2024-02-10", "--to", "2024-02-10T00:00:01Z")
        self.assertEqual((row["conversions"], counts[None]["last"]), (1, 1_000_000))
        self.assertEqual((row["from"], row["to"]), ("2024-02-10T00:00:00Z", "2024-02-10T00:00:01Z"))
        keys = by("key", row["keys"])
        # From day 10 on: c3's.
        self.assertEqual({key: keys[key]["touches"] for key in keys}, {None: 0, "spring": 1, "mail": 2, "shop": 1})

    def test_a_segment_is_of_its_members_alone(self):
        row, counts, _ = self.credits("--segment", "often", "--model", "last")
        self.assertEqual((row["people"], row["conversions"], row["segment"]), (1, 2, "often"))
        self.assertEqual(counts["shop"]["last"], 2_000_000)
        answer = self.ask("--segment", "nosuch", code=NO)
        self.assertIn("--segment", answer.err)
        self.assertIn("often", answer.err)

    def test_two_who_prove_to_be_one_are_credited_as_one_and_apart_again_as_two(self):
        apart = [clicked(20, 1, {"phone": "13800000009"}, "tv"), ordered(21, 2, {"crm": "c9"}, 7)]
        self.ingest("store", self.write_records("apart.jsonl", apart))
        self.assertEqual(self.credits("--model", "last")[1]["tv"]["last"], 0)
        bind = {"source": "desk", "id": "1", "t": 1704067200000, "ids": {"crm": "c9", "phone": "13800000009"}}
        self.ingest("store", self.write_records("bind.jsonl", [bind]))
        self.assertEqual(self.credits("--model", "last")[1]["tv"]["last"], 1_000_000)
        self.polyonym("retract", "--db", self.store, "--source", "desk", "--record", "1")
        self.assertEqual(self.credits("--model", "last")[1]["tv"]["last"], 0)

    def test_on_a_terminal_credits_have_two_decimals_and_bars_and_money_a_table_of_its_own(self):
        table = self.ask("--format", "table", "--model", "first", "--model", "linear").text
        self.assertRegex(table, r"(?m)^value in CNY +151\.00 CNY$")
        self.assertRegex(table, r"(?m)^CAMPAIGN +TOUCHES +PEOPLE +CONVERTED +FIRST +LINEAR$")
        self.assertRegex(table, r"(?m)^spring +4 +4 +2 +3\.00 ████████ +1\.00 ███$")
        self.assertRegex(table, r"(?m)^mail +3 +2 +2 +0\.00 +1\.50 ████$")
        self.assertRegex(table, r"(?m)^\(none\) +0 +2 +2 +2\.00 █████ +2\.00 █████$")
        self.assertIn("\nEUR credited\n", table)
        self.assertRegex(table, r"(?m)^spring +4 +4 +2 +9\.99 EUR ████████ +2\.50 EUR ██$")
        self.store = self.store_of("empty", [seen(1, {"crm": "c1"})])
        self.assertIn("Nothing was touched", self.ask("--format", "table").text)

    def test_what_is_written_wrongly_names_the_option(self):
        for args in (
            ["--lookback", "long"],
            ["--half-life", "0d"],
            ["--half-life", "-1d"],
            ["--by", "person"],
            ["--model", "markov"],
            ["--from", "yesterday"],
            ["--from", "2024-02-01", "--to", "2024-01-01"],
        ):
            with self.subTest(args=args):
                answer = self.ask(*args, code=USAGE)
                self.assertIn(args[-2], answer.err)
                self.assertEqual(answer.text, "")
        self.polyonym("attribution", "--db", self.store, code=USAGE)


if __name__ == "__main__":
    main()
