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

    def test_what_needs_a_lifetime_is_not_applicable(self):
        entry = row("r", RIGHT, must_pass=False)
        entry["config"]["namespaces"][1]["ttl_days"] = 7
        result, _ = self.run_rows([entry], DONE).rows
        self.assertEqual((result["result"], result["reason"]), ("not applicable", "needs link lifetime"))

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
        self.assertEqual([r["row"] for r in rows if r["must_pass"] and r["result"] == "failed"], [])
        left_out = {r["row"]: r["reason"] for r in rows if r["must_pass"] and r["result"] != "passed"}
        self.assertEqual(set(left_out.values()) - {"needs link lifetime"}, set(), left_out)


if __name__ == "__main__":
    main()
