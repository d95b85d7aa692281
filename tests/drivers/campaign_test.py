"""campaign list|enrol|report, by numbers that a hand worked out; reach: who may be written to, and what holds it back."""

import math
import re

from profile_test import by, text, told
from program import DOCUMENTATION, NO, USAGE, ProgramTest, changed_policy, main

DAY_MS = 24 * 3600 * 1000
NEW_YEAR_MS = 1704067200000
WIDTH = 1.959963984540054  # of 95 %, in standard deviations

DEFINITIONS = {
    "traits": [{"name": "zone"}],
    "segments": [{"name": "lookers", "expression": "did(view)"}],
    "campaigns": [
        {
            "name": "spring",
            "audience": "in segment lookers",
            "from_ms": NEW_YEAR_MS,
            "channels": ["sms"],
            "labels": ["sale"],
            "variants": [
                {"name": "letter", "weight_millionths": 500000},
                {"name": "none", "weight_millionths": 500000, "is_control": True},
            ],
            "steps": [
                {"name": "reached", "events": ["message_delivered"]},
                {"name": "opened", "events": ["message_opened"]},
            ],
            "goal": "order where value >= 100 CNY",
            "goal_within_ms": 14 * DAY_MS,
            "fixed_cost": {"minor_units": 10000, "currency": "CNY"},
            "cost_per_reached": {"minor_units": 500, "currency": "CNY"},
        },
        {
            "name": "members",
            "audience": "did(view)",
            "frozen": True,
            "from_ms": NEW_YEAR_MS,
            "to_ms": NEW_YEAR_MS + 31 * DAY_MS,
            "variants": [{"name": "all", "weight_millionths": 1000000}],
            "holdout_salt": "2024",
            "holdout_millionths": 400000,
            "goal": "order",
        },
        {
            "name": "autumn",
            "audience": "yes",
            "from_ms": NEW_YEAR_MS + 250 * DAY_MS,
            "variants": [{"name": "all", "weight_millionths": 1000000}],
        },
    ],
    "reach": {
        "channels": [
            {"name": "sms", "namespaces": ["phone"], "purpose": "marketing"},
            {"name": "push", "namespaces": ["device"]},
        ],
        "caps": [
            {"name": "one push a day", "channels": ["push"]},
            {"name": "two sales a week", "labels": ["sale"], "count": 2, "period": "CAP_PERIOD_WEEK"},
        ],
        "quiet_hours": [{"name": "night", "from_minute": 22 * 60, "to_minute": 8 * 60}],
        "zone_trait": "zone",
        "default_zone": "Asia/Shanghai",
        "profiling_purpose": "profiling",
    },
}


def did(number, day, ids, kind, value=None, campaign=None, **properties):
    event = {"type": kind, "properties": {name: text(words) for name, words in properties.items()}}
    event |= {"campaign": campaign} if campaign else {}
    event |= {"value": {"minor_units": value, "currency": "CNY"}} if value else {}
    return told(number, day, "web", ids, {"events": [event]})


def consented(number, day, ids, **states):
    consents = [{"purpose": purpose, "state": f"STATE_{state}"} for purpose, state in states.items()]
    return told(number, day, "desk", ids, {"consents": consents})


def utc(day, hour=0):
    return f"2024-01-{day:02}T{hour:02}:00:00Z"


VIEWS = [did(n, 0, {"crm": f"c{n}"}, "view") for n in range(1, 7)]
PHONE = {"phone": "13800000001"}

# A host has divided eight people itself, on the first day. Of those with the letter c1 and c2 buy for 100 CNY or more in time; c2 again when it
# is late, c3 for less. c4 opens what nobody delivered. Of the others c5 buys; c6 does so as they are enrolled, which is before it.
DIVIDED = [
    did(n, 0, {"crm": f"c{n}"}, "assigned", campaign="spring", variant="letter" if n <= 4 else "none")
    for n in range(1, 9)
] + [
    did(11, 1, {"crm": "c1"}, "message_delivered", campaign="spring"),
    did(12, 2, {"crm": "c1"}, "message_opened", campaign="spring"),
    did(13, 3, {"crm": "c1"}, "order", 15000),
    did(21, 1, {"crm": "c2"}, "message_delivered", campaign="spring"),
    did(22, 10, {"crm": "c2"}, "order", 10000),
    did(23, 20, {"crm": "c2"}, "order", 20000),
    did(31, 1, {"crm": "c3"}, "message_delivered", campaign="spring"),
    did(32, 2, {"crm": "c3"}, "message_delivered", campaign="spring"),
    did(33, 3, {"crm": "c3"}, "order", 9999),
    did(41, 1, {"crm": "c4"}, "message_opened", campaign="spring"),
    did(51, 5, {"crm": "c5"}, "order", 12000),
    did(61, 0, {"crm": "c6"}, "order", 12000),
    did(71, 1, {"crm": "c7"}, "message_delivered", campaign="summer"),
]

# r1 can be written to on both channels, and was: by SMS on Tuesday, by push on Thursday, when it is 8:00 in Shanghai. Nobody asked r2, who lives
# in London. r3 said no.
REACHED = [
    consented(1, 0, {"crm": "r1", "phone": "13800000001", "device": "d1"}, marketing="GRANTED", profiling="DENIED"),
    told(
        2, 0, "crm", {"crm": "r2", "phone": "13800000002"}, {"traits": [{"name": "zone", "value": text("Europe/London")}]}
    ),
    consented(3, 0, {"crm": "r3", "phone": "13800000003"}, marketing="DENIED"),
    did(11, 1, {"phone": "13800000001"}, "message_sent", campaign="spring"),
    did(12, 3, {"device": "d1"}, "message_sent", campaign="spring"),
]


def wilson(converted, people):
    """Wilson's interval of a share."""
    rate, square = converted / people, WIDTH**2
    centre = (rate + square / 2 / people) / (1 + square / people)
    half = WIDTH / (1 + square / people) * math.sqrt(rate * (1 - rate) / people + square / 4 / people**2)
    return centre - half, centre + half


class CampaignTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.policy = self.write_json("policy.json", changed_policy(definitions=DEFINITIONS))

    def use(self, records):
        self.store = self.store_of("store", records)

    def add(self, name, *records):
        self.ingest("store", self.write_records(name, records))

    def ask(self, command, *args, code=0):
        """Runs a command on the store; the fields of its rows must be those of docs/driver.md, all of them."""
        answer = self.polyonym(*command.split(), "--db", self.store, *args, code=code)
        if code == 0 and "--format" not in args:
            documented = {re.split(r"[\[.]", field)[0] for field in DOCUMENTATION.fields(command)}
            for row in answer.rows:
                self.assertEqual(set(row), documented, f"the fields of {command} in docs/driver.md")
        return answer

    def sequence(self):
        return self.polyonym("stats", "--db", self.store).row["sequence"]

    def enrolled(self, campaign):
        """Who is enrolled by records of the campaign's source: identifier -> variant."""
        found = {}
        for row in self.polyonym("export", "--db", self.store).rows:
            if row["source"] == f"campaign/{campaign}":
                (name,), (event,) = row["identifiers"], row["facts"]["events"]
                self.assertEqual((event["type"], event["campaign"]), ("assigned", campaign))
                found[f"{name['namespace']}:{name['value']}"] = event["properties"]["variant"]["text"]
        return found

    def below(self, salt, share):
        """Identifiers of the people whom `bucket` of the language puts there."""
        expression = f'bucket "{salt}" < {share}'
        rows = self.polyonym("segment", "members", "--db", self.store, "--expression", expression).rows
        return {name for row in rows for name in row["identifiers"]}

    def counts(self, row):
        """Variant -> how many are enrolled as it."""
        return {variant["variant"]: variant["enrolled"] for variant in row["variants"]}

    # ---- list ----

    def test_list_tells_the_campaigns_their_state_and_how_many_are_enrolled(self):
        self.use(DIVIDED)
        spring, members, autumn = self.ask("campaign list").rows
        self.assertEqual(
            spring,
            {"campaign": "spring", "state": "running", "frozen": False, "enrolled": 8}
            | {"from": utc(1), "to": None}
            | {
                "variants": [
                    {"name": "letter", "share": 0.5, "is_control": False},
                    {"name": "none", "share": 0.5, "is_control": True},
                ]
            }
            | {"holdout_share": 0, "channels": ["sms"], "labels": ["sale"]}
            | {"audience": "in segment lookers", "goal": "order where value >= 100 CNY"},
        )
        self.assertEqual((members["frozen"], members["enrolled"], members["holdout_share"]), (True, 0, 0.4))
        self.assertEqual((members["to"], autumn["state"]), ("2024-02-01T00:00:00Z", "to_come"))
        table = self.ask("campaign list", "--format", "table").text
        self.assertRegex(table, r"(?m)^spring +running +no +8 .* letter, none \(control\) +in segment lookers$")
        self.add("later.jsonl", did(99, 31, {"crm": "c1"}, "view"))
        self.assertEqual([row["state"] for row in self.ask("campaign list").rows], ["running", "over", "to_come"])

    def test_where_no_campaign_is_defined_nothing_is_listed(self):
        self.policy = self.write_json("policy.json", changed_policy())
        self.use(VIEWS)
        self.assertEqual(self.ask("campaign list").text, "")
        self.assertIn("No campaign is defined", self.ask("campaign list", "--format", "table").text)
        self.assertEqual(self.ask("reach", "crm:c1", code=NO).text, "")
        self.assertIn("No channel is defined", self.ask("reach", "crm:c1", "--format", "table", code=NO).text)

    # ---- enrol ----

    def test_a_dry_run_counts_whom_the_enrolment_then_enrols_once(self):
        self.use([*VIEWS, did(9, 0, {"crm": "c9"}, "order")])
        before = self.sequence()
        row = self.ask("campaign enrol", "spring", "--dry-run").row
        self.assertEqual((row["people"], row["audience"], row["enrolled_before"], row["enrolled"]), (7, 6, 0, 6))
        self.assertEqual((row["dry_run"], self.sequence(), self.enrolled("spring")), (True, before, {}))
        self.assertEqual(self.ask("campaign enrol", "spring").row, row | {"dry_run": False})
        told = self.enrolled("spring")
        self.assertEqual(set(told), {f"crm:c{n}" for n in range(1, 7)})
        low = self.below("spring", 0.5)
        self.assertEqual(told, {name: "letter" if name in low else "none" for name in told})
        self.assertEqual(self.counts(row), {name: list(told.values()).count(name) for name in ("letter", "none")})
        after = self.sequence()
        again = self.ask("campaign enrol", "spring").row
        self.assertEqual((again["enrolled_before"], again["enrolled"], again["variants"]), (6, 0, []))
        self.assertEqual(self.sequence(), after)

    def test_whoever_comes_later_is_enrolled_by_a_campaign_that_is_not_frozen(self):
        self.use(VIEWS)
        self.ask("campaign enrol", "spring")
        self.ask("campaign enrol", "members")
        self.add("later.jsonl", did(9, 1, PHONE, "view"))
        row = self.ask("campaign enrol", "spring").row
        self.assertEqual((row["audience"], row["enrolled_before"], row["enrolled"]), (7, 6, 1))
        row = self.ask("campaign enrol", "members").row
        self.assertEqual((row["audience"], row["enrolled_before"], row["enrolled"]), (7, 6, 0))

    def test_a_holdout_is_left_alone_and_is_the_control_where_there_is_no_other(self):
        self.use(VIEWS)
        row = self.ask("campaign enrol", "members").row
        told, held_out = self.enrolled("members"), self.below("2024", 0.4)
        self.assertEqual(told, {name: "holdout" if name in held_out else "all" for name in told})
        self.assertEqual(self.counts(row), {"all": 6 - len(held_out), "holdout": len(held_out)})
        report = self.ask("campaign report", "members").row
        variants = by("variant", report["variants"])
        self.assertEqual((report["control"], report["cost"]), ("holdout", None))
        self.assertEqual((variants["all"]["is_control"], variants["holdout"]["is_control"]), (False, True))
        self.assertEqual(variants["holdout"]["enrolled"], len(held_out))
        # Six by 0.4 are 2.4 held out, 3.6 not.
        apart = len(held_out) - 2.4
        self.assertAlmostEqual(report["holdout_ratio"]["chi_squared"], apart**2 / 2.4 + apart**2 / 3.6)
        self.assertIsNone(report["variants_ratio"])

    def test_the_enrolment_in_a_table_says_how_many_by_variant(self):
        self.use(VIEWS)
        table = self.ask("campaign enrol", "spring", "--format", "table").text
        self.assertRegex(table, r"(?m)^variants +letter \d, none \d$")
        self.assertRegex(table, r"(?m)^enrolled +6$")

    def test_an_enrolment_is_taken_back_as_any_record(self):
        self.use(VIEWS)
        self.ask("campaign enrol", "spring")
        self.polyonym("retract", "--db", self.store, "--source", "campaign/spring", "--from", 0)
        self.assertEqual(by("campaign", self.ask("campaign list").rows)["spring"]["enrolled"], 0)

    # ---- report ----

    def test_the_report_of_the_example_has_the_numbers_that_a_hand_worked_out(self):
        self.use(DIVIDED)
        report = self.ask("campaign report", "spring").row
        self.assertEqual((report["campaign"], report["now"], report["control"]), ("spring", utc(21), "none"))
        self.assertEqual(report["cost"], {"minor_units": 10000 + 4 * 500, "currency": "CNY"})
        letter, none = report["variants"]
        self.assertEqual(
            {**letter, "lift": None},
            {"variant": "letter", "is_control": False, "enrolled": 4}
            | {
                "steps": [
                    {"step": "reached", "people": 3, "times": 4, "rate": 0.75, "passed_people": 3, "passed": 0.75},
                    {"step": "opened", "people": 2, "times": 2, "rate": 0.5, "passed_people": 1}
                    | {"passed": letter["steps"][1]["passed"]},
                ]
            }
            | {"converted": 2, "conversion_rate": 0.5, "conversions": 2}
            | {"revenue": [{"currency": "CNY", "minor_units": 25000, "per_person": 6250}]}
            | {"left_out": 0, "median_days_to_convert": 3, "lift": None},
        )
        self.assertAlmostEqual(letter["steps"][1]["passed"], 1 / 3)
        self.assertEqual((none["enrolled"], none["converted"], none["median_days_to_convert"]), (4, 1, 5))
        self.assertEqual([step["people"] for step in none["steps"]], [0, 0])
        self.assertEqual(none["revenue"], [{"currency": "CNY", "minor_units": 12000, "per_person": 3000}])
        self.assertIsNone(none["lift"])
        ratio = {"chi_squared": 0, "degrees_of_freedom": 1, "p_value": 1, "is_mismatch": False}
        self.assertEqual((report["variants_ratio"], report["holdout_ratio"]), (ratio, None))

    def test_the_lift_of_the_example_is_what_the_formulas_give(self):
        self.use(DIVIDED)
        report = self.ask("campaign report", "spring").row
        conversion = report["overall"]["conversion"]
        self.assertEqual([conversion[field] for field in ("treated_rate", "control_rate")], [0.5, 0.25])
        self.assertEqual([conversion[field] for field in ("difference", "relative", "incremental")], [0.25, 1, 1])
        z = 0.25 / math.sqrt(3 / 8 * 5 / 8 * (1 / 4 + 1 / 4))
        self.assertAlmostEqual(conversion["z"], z)
        self.assertAlmostEqual(conversion["p_value"], math.erfc(z / math.sqrt(2)))
        (low, high), (control_low, control_high) = wilson(2, 4), wilson(1, 4)
        ours = conversion["difference_interval"]
        self.assertAlmostEqual(ours[0], 0.25 - math.hypot(0.5 - low, control_high - 0.25))
        self.assertAlmostEqual(ours[1], 0.25 + math.hypot(high - 0.5, 0.25 - control_low))
        (money,) = report["overall"]["money"]
        self.assertEqual((money["treated_mean"], money["control_mean"], money["difference"]), (6250, 3000, 3250))
        self.assertAlmostEqual(money["t"], 3250 / math.sqrt(56250000 / 4 + 36000000 / 4))
        self.assertAlmostEqual(money["incremental"], 13000)
        self.assertAlmostEqual(money["return_on_cost"], (13000 - 12000) / 12000)
        (alone,) = report["variants"][0]["lift"]["money"]
        nothing = {"return_on_cost": None, "return_on_cost_interval": None}
        self.assertEqual(alone, money | nothing, "what it cost is known of all together alone")
        narrow = self.ask("campaign report", "spring", "--confidence", 0.5).row["overall"]["conversion"]
        self.assertLess(narrow["difference_interval"][1], conversion["difference_interval"][1])

    def test_the_report_as_csv_has_a_row_for_each_variant_and_step(self):
        self.use(DIVIDED)
        report = self.ask("campaign report", "spring").row
        reached, opened, *none, overall = self.ask("campaign report", "spring", "--format", "csv").csv
        counts = "variant,letter,false,4,2,0.5,2,0,3,reached,3,4,0.75,3,0.75"
        self.assertEqual(list(reached.values())[:15], counts.split(","))
        self.assertEqual((opened["step"], opened["people"], opened["passed_people"]), ("opened", "2", "1"))
        self.assertEqual([row["is_control"] for row in none], ["true", "true"])
        self.assertEqual((none[0]["difference"], none[0]["incremental_CNY"]), ("", ""))
        self.assertEqual([row["minor_units_CNY"] for row in (reached, *none)], ["25000", "12000", "12000"])
        self.assertEqual((reached["per_person_CNY"], reached["difference_CNY"]), ("6250", "3250"))
        conversion, (money,) = report["overall"]["conversion"], report["overall"]["money"]
        self.assertEqual(list(overall.values())[:15], ["overall"] + [""] * 14)
        for row in (reached, opened, overall):
            ends = [float(row[name]) for name in ("difference_low", "difference_high")]
            self.assertEqual((float(row["difference"]), ends), (0.25, conversion["difference_interval"]))
            self.assertEqual(float(row["p_value"]), conversion["p_value"])
            ends = [float(row[name]) for name in ("difference_low_CNY", "difference_high_CNY")]
            self.assertEqual((float(row["p_value_CNY"]), ends), (money["p_value"], money["difference_interval"]))
        self.assertEqual(reached["return_on_cost_CNY"], "")
        self.assertEqual(float(overall["return_on_cost_CNY"]), money["return_on_cost"])
        without = self.ask("campaign report", "members", "--format", "csv").csv
        self.assertEqual([(row["variant"], row["enrolled"], row["step"]) for row in without], [("all", "0", "")])

    def test_lists_and_reach_as_csv_keep_one_row_each(self):
        self.use(DIVIDED)
        spring = self.ask("campaign list", "--format", "csv").csv[0]
        variants = [spring[name] for name in ("variants", "shares", "control")]
        self.assertEqual(variants, ["letter; none", "0.5; 0.5", "none"])
        self.assertEqual((spring["to"], spring["frozen"], spring["enrolled"]), ("", "false", "8"))
        self.use(REACHED)
        sms, push = self.ask("reach", "crm:r2", "--profiled", "--format", "csv", code=NO).csv
        held = by("channel", self.ask("reach", "crm:r2", "--profiled", code=NO).rows)["sms"]["holds"]
        self.assertEqual(sms["holds"], "; ".join(hold["kind"] for hold in held))
        self.assertEqual(sms["rules"], "; ".join(hold["rule"] or "" for hold in held))
        self.assertEqual((push["holds"], push["rules"]), ("no_identifier; quiet_hours", "; night"))
        self.assertEqual((push["open"], push["identifiers"]), ("false", ""))
        self.assertEqual(sms["identifiers"], "phone:+8613800000002")

    def test_the_report_as_tables_names_rates_lift_and_cost(self):
        self.use(DIVIDED)
        table = self.ask("campaign report", "spring", "--format", "table").text
        self.assertRegex(table, r"(?m)^letter +4  3 75\.00%  2 50\.00% +2  50\.00%  █{10} +250\.00 CNY$")
        self.assertRegex(table, r"(?m)^none +4  0 0\.00%   0 0\.00% +1  25\.00%  █{5} +120\.00 CNY$")
        self.assertEqual(table.count("letter beside none"), 1)
        self.assertNotIn("all who were treated", table)
        self.assertRegex(table, r"(?m)^difference +25\.00% of people more converted, -\d+\.\d\d% to \d+\.\d\d%$")
        self.assertRegex(table, r"(?m)^p value +0\.4652$")
        self.assertRegex(table, r"(?m)^revenue more CNY +130\.00 CNY, ")
        self.assertRegex(table, r"(?m)^return on cost CNY +8\.33%$")
        self.assertIn("It cost 120.00 CNY.", table)

    def test_of_several_variants_each_is_compared_and_then_all_together(self):
        spring = dict(DEFINITIONS["campaigns"][0])
        spring["variants"] = [{"name": name, "weight_millionths": 250000} for name in ("letter", "coupon")]
        spring["variants"] += [{"name": "none", "weight_millionths": 500000, "is_control": True}]
        definitions = DEFINITIONS | {"campaigns": [spring]}
        self.policy = self.write_json("policy.json", changed_policy(definitions=definitions))
        coupon = did(81, 0, {"crm": "x1"}, "assigned", campaign="spring", variant="coupon")
        gone = did(82, 0, {"crm": "x2"}, "assigned", campaign="spring", variant="a variant of before")
        self.use([*DIVIDED, coupon, gone])
        report = self.ask("campaign report", "spring").row
        names = [(row["variant"], row["enrolled"], row["lift"] is None) for row in report["variants"]]
        self.assertEqual(names, [("letter", 4, False), ("coupon", 1, False), ("none", 4, True), (None, 1, True)])
        self.assertEqual(report["overall"]["conversion"]["treated_rate"], 2 / 5)
        table = self.ask("campaign report", "spring", "--format", "table").text
        for title in ("letter beside none", "coupon beside none", "all who were treated, beside none"):
            self.assertIn(title, table)
        self.assertIn("(not defined)", table)

    def test_with_nobody_enrolled_there_is_nothing_to_compare(self):
        self.use(VIEWS)
        report = self.ask("campaign report", "spring").row
        self.assertEqual([row["enrolled"] for row in report["variants"]], [0, 0])
        self.assertEqual((report["control"], report["overall"], report["variants_ratio"]), ("none", None, None))
        table = self.ask("campaign report", "autumn", "--format", "table").text
        self.assertIn("Nobody was held out", table)

    def test_people_who_become_one_count_by_the_earlier_enrolment_until_they_come_apart(self):
        self.use(VIEWS)
        self.ask("campaign enrol", "spring")
        self.add("later.jsonl", did(9, 1, PHONE, "view"))
        self.ask("campaign enrol", "spring")
        variants = self.enrolled("spring")
        phone = variants.pop("phone:+8613800000001")
        other = next(name for name, variant in variants.items() if variant != phone)

        before = self.ask("campaign report", "spring").text
        apart = self.counts(self.ask("campaign report", "spring").row)
        self.assertEqual(sum(apart.values()), 7)
        self.add("merge.jsonl", told(50, 1, "desk", {"crm": other.split(":")[1], **PHONE}, {}))
        together = self.counts(self.ask("campaign report", "spring").row)
        self.assertEqual(together, apart | {phone: apart[phone] - 1}, "the earlier is that of the card")
        self.polyonym("retract", "--db", self.store, "--source", "desk", "--record", 50)
        self.assertEqual(self.ask("campaign report", "spring").text, before)

    # ---- reach ----

    def reach(self, who, *args, code=0):
        """Channel -> whether it is open, what holds it back and until when, when it opens."""
        rows = self.ask("reach", who, *args, code=code).rows
        return {
            row["channel"]: (
                row["open"],
                [(hold["kind"], hold["rule"], hold["until"]) for hold in row["holds"]],
                row["open_at"],
            )
            for row in rows
        }

    def test_a_cap_holds_back_until_the_day_ends_where_the_person_is(self):
        self.use(REACHED)
        # The day of Shanghai ends at 16:00 of UTC; then it is night there until eight.
        cap = ("cap", "one push a day", utc(4, 16))
        self.assertEqual(self.reach("crm:r1"), {"sms": (True, [], utc(4)), "push": (False, [cap], utc(5))})
        row = by("channel", self.ask("reach", "crm:r1").rows)["push"]
        self.assertEqual((row["zone"], row["identifiers"]), ("Asia/Shanghai", ["device:d1"]))
        self.assertEqual(self.reach("crm:r1", "--urgent")["push"], (True, [], utc(4)))
        self.assertEqual(self.reach("crm:r1", "--channel", "push", code=NO), {"push": (False, [cap], utc(5))})

    def test_a_cap_by_label_holds_back_messages_of_campaigns_that_carry_it(self):
        self.use(REACHED)
        # Two went out in this week, which ends on Sunday at midnight.
        cap = ("cap", "two sales a week", utc(7, 16))
        held = {"sms": (False, [cap], utc(8))}
        self.assertEqual(self.reach("crm:r1", "--channel", "sms", "--campaign", "spring", code=NO), held)
        self.assertEqual(self.reach("crm:r1", "--channel", "sms", "--label", "sale", code=NO), held)
        self.assertEqual(self.reach("crm:r1", "--channel", "sms", "--campaign", "members")["sms"], (True, [], utc(4)))
        twice = self.reach("crm:r1", "--channel", "push", "--channel", "sms", "--label", "sale", code=NO)
        self.assertEqual(list(twice), ["push", "sms"], "in the order in which they were asked for")

    def test_a_message_that_was_taken_back_does_not_count(self):
        self.use(REACHED)
        self.polyonym("retract", "--db", self.store, "--source", "web", "--record", 12)
        self.assertTrue(self.reach("crm:r1", "--label", "sale")["push"][0])

    def test_quiet_hours_are_those_of_the_person(self):
        self.use(REACHED)
        holds = [("consent_missing", "marketing", None), ("quiet_hours", "night", utc(4, 8))]
        reach = self.reach("crm:r2", code=NO)
        self.assertEqual(reach["sms"], (False, holds, None), "it is midnight; only the person can change the other")
        self.assertEqual(self.reach("crm:r2", "--urgent", code=NO)["sms"], (False, holds[:1], None))
        self.assertEqual(self.ask("reach", "crm:r2", code=NO).rows[0]["zone"], "Europe/London")
        self.add("granted.jsonl", consented(20, 3, {"crm": "r2"}, marketing="GRANTED"))
        self.assertEqual(self.reach("crm:r2", code=NO)["sms"], (False, holds[1:], utc(4, 8)))

    def test_consent_and_identifiers_are_asked_for(self):
        self.use(REACHED)
        reach = self.reach("crm:r3", code=NO)
        self.assertEqual(reach["sms"], (False, [("consent_denied", "marketing", None)], None))
        self.assertEqual(reach["push"], (False, [("no_identifier", None, None)], None))
        profiled = self.reach("crm:r1", "--profiled", "--channel", "sms", code=NO)["sms"]
        self.assertEqual(profiled, (False, [("profiling", "profiling", None)], None))

    def test_reach_as_a_table_takes_a_profile_too(self):
        self.use(REACHED)
        profile = self.polyonym("show", "--db", self.store, "crm:r1").row["profile"]
        self.assertEqual(self.ask("reach", profile).text, self.ask("reach", "phone:13800000001").text)
        table = self.ask("reach", profile, "--format", "table").text
        self.assertRegex(table, r"(?m)^sms +yes +2024-01-04T00:00:00Z  phone:\+8613800000001  -$")
        cap = r"cap \(one push a day\) until 2024-01-04T16:00:00Z"
        self.assertRegex(table, rf"(?m)^push +no +2024-01-05T00:00:00Z  device:d1 +{cap}$")

    def test_options_may_stand_before_whom_they_are_about(self):
        self.use(REACHED)
        (row,) = self.ask("reach", "--label", "news", "--channel", "sms", "crm:r1").rows
        self.assertEqual(row["channel"], "sms")

    # ---- what is wrong ----

    def test_a_name_that_nobody_has_is_the_answer_no(self):
        self.use(REACHED)
        for command in ("campaign enrol", "campaign report"):
            self.assertIn("campaign", self.ask(command, "nosuch", code=NO).err)
        self.assertIn("never seen", self.ask("reach", "crm:nobody", code=NO).err)
        self.ask("reach", "p~zzz", code=NO)

    def test_what_is_written_wrongly_is_wrong_usage_and_says_what(self):
        self.use(REACHED)
        self.assertIn("from_ms", self.ask("campaign enrol", "autumn", code=USAGE).err)
        unknown = ["--channel", "sms", "--channel", "fax"]
        self.assertIn("channels[1]", self.ask("reach", "crm:r1", *unknown, code=USAGE).err)
        for confidence in ("0", "1", "nan", "much"):
            answer = self.ask("campaign report", "spring", "--confidence", confidence, code=USAGE)
            self.assertIn("confidence", answer.err)
        for words in ("list x", "enrol", "enrol spring members", "report", "report spring --as-of 2024-01-01"):
            with self.subTest(words=words):
                self.ask("campaign " + words, code=USAGE)
        self.ask("reach", code=USAGE)
        self.ask("reach", "nocolon", code=USAGE)
        self.ask("campaign list", "--graph", "nosuch", code=USAGE)

    def test_definitions_without_a_meaning_are_refused_by_field(self):
        self.use(VIEWS)
        campaign, reach = DEFINITIONS["campaigns"][2], DEFINITIONS["reach"]
        wrong = {
            "definitions.campaigns[0].audience: 1:9: ": {"campaigns": [campaign | {"audience": "did(view"}]},
            "definitions.campaigns[0].goal: 1:7: ": {"campaigns": [campaign | {"goal": "order when value > 1"}]},
            "definitions.campaigns[0].goal: has a window": {"campaigns": [campaign | {"goal": "order within 3 days"}]},
            "definitions.campaigns[0].time_zone: ": {"campaigns": [campaign | {"time_zone": "Europe/Wuhan"}]},
            "campaigns[1].name: ": {"campaigns": [campaign, campaign]},
            "definitions.reach.default_zone: ": {"reach": reach | {"default_zone": "Europe/Wuhan"}},
            "reach.caps[0].channels[0]: ": {"reach": reach | {"caps": [{"name": "x", "channels": ["fax"]}]}},
        }
        for field, definitions in wrong.items():
            with self.subTest(field=field):
                path = self.write_json("wrong.json", definitions)
                self.assertIn(field, self.ask("define", path, code=USAGE).err)
                policy = self.write_json("wrong_policy.json", changed_policy(definitions=definitions))
                for command in (["policy set", policy], ["ingest", "--policy", policy, "-"]):
                    self.assertIn(field, self.ask(*command, code=USAGE).err)
                (row,) = self.polyonym("policy", "check", policy, code=NO).rows
                self.assertIn(field, row["problem"])


if __name__ == "__main__":
    main()
