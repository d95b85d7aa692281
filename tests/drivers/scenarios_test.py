"""scenarios: rows that pass, fail and are not applicable, how they are counted, and the exit codes."""

import json

from program import DONE, NO, USAGE, ProgramTest, main, shared


def row(id_, groups, must_pass=True, policy="adobe_iglr", ids=None, **expect):
    """Two people log in on one browser; by recency it stays with the second."""
    events = [
        {"t": n, "ids": group}
        for n, group in enumerate(ids or [{"crm": ["a"], "cookie": ["x"]}, {"crm": ["b"], "cookie": ["x"]}])
    ]
    return {
        "id": id_,
        "title": f"about {id_}",
        "inferred": False,
        "expected_to_pass": must_pass,
        "config": {
            "namespaces": [{"name": "crm", "priority": 1, "unique": True}, {"name": "cookie", "priority": 2}],
            "options": {"policy": policy},
        },
        "events": events,
        "expect": {"groups": groups, **expect},
    }


RIGHT = [["crm:a"], ["crm:b", "cookie:x"]]
WRONG = [["crm:a", "cookie:x"], ["crm:b"]]


class ScenariosTest(ProgramTest):
    def run_rows(self, rows, code, *args):
        path = self.write("rows.jsonl", "".join(json.dumps(entry) + "\n" for entry in rows) + "\n")
        return self.polyonym("scenarios", path, *args, code=code)

    def test_a_row_each_and_a_count(self):
        rows = self.run_rows(
            [
                row("good", RIGHT),
                row("bad", WRONG, must_pass=False),
                row("other", RIGHT, must_pass=False, policy="a_lookup"),
            ],
            DONE,
        ).rows
        self.assertEqual(
            [(r["row"], r["result"], r["must_pass"]) for r in rows[:3]],
            [("good", "passed", True), ("bad", "failed", False), ("other", "not applicable", False)],
        )
        self.assertEqual(rows[0]["title"], "about good")
        self.assertIsNone(rows[0]["reason"])
        self.assertEqual(rows[1]["expected"], [["cookie:x", "crm:a"], ["crm:b"]])
        self.assertEqual(rows[1]["actual"], [["cookie:x", "crm:b"], ["crm:a"]])
        self.assertIn("a_lookup", rows[2]["reason"])
        self.assertEqual(
            rows[3], {"rows": 3, "passed": 1, "failed": 1, "not_applicable": 1, "must_pass": 1, "must_pass_passed": 1}
        )

    def test_a_row_that_must_pass_and_does_not_is_exit_code_1(self):
        self.run_rows([row("good", RIGHT)], DONE)
        self.run_rows([row("good", RIGHT), row("bad", WRONG)], NO)
        self.run_rows([row("good", RIGHT), row("other", RIGHT, policy="a_lookup")], NO)

    def test_every_policy_has_its_ranking(self):
        for policy, groups in [
            ("adobe_iglr", RIGHT),
            ("plain_linking", RIGHT),
            ("sensors_idm3", RIGHT),
            ("segment_unify", WRONG),
            ("first_bind_wins", WRONG),
            ("mixpanel_simplified", WRONG),
            ("do_not_merge_key", WRONG),
            ("union", [["crm:a", "crm:b", "cookie:x"]]),
            ("snowplow_identities", [["crm:a"], ["crm:b"], ["cookie:x"]]),
        ]:
            with self.subTest(policy=policy):
                self.run_rows([row("r", groups, policy=policy)], DONE)

    def test_other_expectations_are_checked(self):
        self.run_rows(
            [
                row(
                    "r",
                    RIGHT,
                    as_of={"0": [["crm:a", "cookie:x"]]},
                    rejected_events=[],
                    never_together=[["crm:a", "crm:b"]],
                )
            ],
            DONE,
        )
        for wrong in (
            {"as_of": {"0": [["crm:a"], ["cookie:x"]]}},
            {"rejected_events": [1]},
            {"never_together": [["crm:b", "cookie:x"]]},
        ):
            with self.subTest(expect=wrong):
                self.run_rows([row("r", RIGHT, **wrong)], NO)
        both = [{"crm": ["a", "b"], "cookie": ["x"]}]
        self.run_rows([row("r", [], ids=both, rejected_events=[0])], DONE)

    # ---- times: by a pending id two people are one, unless it has expired ----

    def pending(self, events, groups, options=None, **pending):
        ids = {"u": {"unionid": ["u"]}, "e": {"external": ["e"]}}
        return {
            **row("r", groups),
            "config": {
                "namespaces": [{"name": "unionid"}, {"name": "external"}, {"name": "pending", **pending}],
                "options": {"policy": "union", **(options or {})},
            },
            "events": [{"t": f"day {day}", "ids": {**ids[who], "pending": ["p"]}} for day, who in events],
            "expect": {"groups": groups},
        }

    ONE = [["unionid:u", "external:e", "pending:p"]]
    LATER = [["unionid:u"], ["external:e", "pending:p"]]
    LIVES = [["unionid:u", "pending:p"], ["external:e", "pending:p"]]

    def test_a_link_expires_however_the_row_writes_its_lifetime(self):
        spellings = [{"ttl_days": 90}, {"ttl": 90}, {"lifetime": "90 days"}, {"link_lifetime_hours": 2160}, {"ttl": "90d"}]
        for spelling in spellings:
            with self.subTest(spelling=spelling):
                self.run_rows([self.pending([(0, "u"), (10, "e")], self.ONE, **spelling)], DONE)
                self.run_rows([self.pending([(0, "u"), (91, "e")], self.LATER, **spelling)], DONE)
                self.run_rows([self.pending([(0, "u"), (91, "e")], self.ONE, **spelling)], NO)
        for options in ({"ttl": {"pending": 90}}, {"ttl_days": {"pending": 90}}, {"lifetime_days": 90}):
            with self.subTest(options=options):
                self.run_rows([self.pending([(0, "u"), (91, "e")], self.LATER, options)], DONE)
        for none in ({"ttl_days": None}, {"lifetime": "ever"}, {}):
            with self.subTest(none=none):
                self.run_rows([self.pending([(0, "u"), (91, "e")], self.ONE, **none)], DONE)

    def test_a_validity_is_another_thing_than_a_lifetime(self):
        late = {"t": "day 200", "ids": {"unionid": ["u"]}}
        for spelling in ({"validity_days": 90}, {"validity": "90 days"}, {"valid_for": 90}):
            with self.subTest(spelling=spelling):
                joined = self.pending([(0, "u"), (10, "e")], self.ONE, **spelling)
                joined["events"].append(late)
                self.run_rows([joined], DONE)
                self.run_rows([self.pending([(0, "u"), (91, "e")], self.LIVES, **spelling)], DONE)
                self.run_rows([self.pending([(0, "u"), (91, "e")], self.ONE, **spelling)], NO)
        expired = self.pending([(0, "u"), (10, "e")], [["unionid:u"], ["external:e"], ["pending:p"]], ttl_days=90)
        expired["events"].append(late)
        self.run_rows([expired], DONE)

    def test_the_clock_goes_on_to_a_time_that_the_row_gives(self):
        alone = [["unionid:u"], ["external:e"], ["pending:p"]]
        for where in ("expect", "options", "row", "event"):
            with self.subTest(where=where):
                entry = self.pending([(0, "u"), (10, "e")], alone, ttl_days=90)
                if where == "event":
                    entry["events"].append({"t": "day 200", "op": "advance", "ids": {}})
                else:
                    {"expect": entry["expect"], "options": entry["config"]["options"], "row": entry}[where]["now"] = "day 200"
                self.run_rows([entry], DONE)

    def test_groups_as_of_other_times_are_checked(self):
        day_5, day_300 = self.LIVES[:1], [["unionid:u"], ["external:e"], ["pending:p"]]
        for right in (
            {"as_of": {"day 5": day_5, "day 300": day_300}},
            {"as_of": [{"t": 5, "groups": day_5}, {"t": "day 300", "groups": day_300}]},
            {"groups_as_of_5": day_5},
        ):
            with self.subTest(expect=right):
                entry = self.pending([(0, "u"), (91, "e")], self.LATER, ttl_days=90)
                entry["expect"].update(right)
                self.run_rows([entry], DONE)
        for wrong in (
            {"as_of": {"day 5": self.LATER}},
            {"as_of": {"day 300": self.ONE}},
            {"as_of": [{"t": 5, "groups": day_300}]},
            {"as_of": {"some day": day_5}},
        ):
            with self.subTest(expect=wrong):
                entry = self.pending([(0, "u"), (91, "e")], self.LATER, ttl_days=90)
                entry["expect"].update(wrong)
                self.run_rows([entry], NO)

    def test_a_time_that_has_no_length_is_not_applicable(self):
        for wrong in ({"ttl_days": "soon"}, {"ttl_days": 90, "lifetime_days": 91}, {"validity": -1}):
            with self.subTest(wrong=wrong):
                entry = {**self.pending([(0, "u")], [], **wrong), "expected_to_pass": False}
                result, _ = self.run_rows([entry], DONE).rows
                self.assertEqual(result["result"], "not applicable")
        twice = {**self.pending([(0, "u"), (91, "e")], self.LIVES), "expected_to_pass": False}
        self.assertIn("two people", self.run_rows([twice], DONE).rows[0]["reason"])

    def test_owners_before_the_last_event_demoted_and_canonical_identifiers_are_checked(self):
        right = {
            "event_owner": ["a", "b"],
            "event_owner_before_last": ["$crm:a"],
            "demoted": [{"event": 0, "id": "cookie:x"}],
            "canonical": "crm:b",
        }
        self.run_rows([row("r", RIGHT, **right)], DONE)
        for wrong in (
            {"event_owner": ["b", "b"]},
            {"event_owner_before_last": ["b"]},
            {"demoted": [{"event": 1, "id": "cookie:x"}]},
            {"canonical": "cookie:x"},
        ):
            with self.subTest(expect=wrong):
                self.run_rows([row("r", RIGHT, **wrong)], NO)

    def test_the_table_shows_both_partitions_of_a_failed_row(self):
        text = self.run_rows([row("good", RIGHT), row("bad", WRONG)], NO, "--format", "table").text
        self.assertRegex(text, r"good +passed +yes")
        self.assertRegex(text, r"bad +failed +yes")
        self.assertIn('expected [["cookie:x","crm:a"],["crm:b"]]', text)
        self.assertIn('actual   [["cookie:x","crm:b"],["crm:a"]]', text)
        self.assertRegex(text, r"must pass passed +1")

    def test_a_file_that_is_no_scenarios_is_wrong_usage(self):
        self.polyonym("scenarios", self.write("bad.jsonl", "not json\n"), code=USAGE)
        self.polyonym("scenarios", self.path("nosuch.jsonl"), code=USAGE)

    def test_the_published_rows_that_must_pass_do(self):
        rows = self.polyonym("scenarios", shared("scenarios", "published.jsonl"), code=None).rows
        count = rows.pop()
        self.assertEqual(count["rows"], len(rows))
        left_out = {r["row"]: r["reason"] for r in rows if r["must_pass"] and r["result"] != "passed"}
        self.assertEqual(left_out, {})
        self.assertEqual(count["must_pass_passed"], count["must_pass"])


if __name__ == "__main__":
    main()
