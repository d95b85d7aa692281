"""policy show, check, diff, set, preset: the rules of a store as data."""

import json

from program import NO, USAGE, ProgramTest, changed_policy, main, seen


class PolicyTest(ProgramTest):
    def test_show_prints_a_policy_that_means_the_same(self):
        store = self.store_of("store", [])
        shown = self.polyonym("policy", "show", "--db", store).text
        self.assertEqual(json.loads(shown)["name"], "people")
        self.polyonym("policy", "diff", "--db", store, self.write("shown.json", shown))
        self.polyonym("policy", "diff", self.policy, self.path("shown.json"))

    def test_both_spellings_of_fields_are_read(self):
        snake = {
            "name": "x",
            "max_identifiers_per_profile": 5,
            "namespaces": [{"name": "a", "blocked_values": ["z"], "limits": [{"per_scope": True}]}],
        }
        camel = {
            "name": "x",
            "maxIdentifiersPerProfile": 5,
            "namespaces": [{"name": "a", "blockedValues": ["z"], "limits": [{"perScope": True}]}],
        }
        self.polyonym("policy", "diff", self.write_json("snake.json", snake), self.write_json("camel.json", camel))

    def test_check_names_the_field_and_what_is_allowed(self):
        row = self.polyonym("policy", "check", self.policy).row
        self.assertEqual(row, {"ok": True, "name": "people", "namespaces": 4, "problem": None})
        a = {"name": "a"}
        for policy, field in [
            ({"namespaces": [{**a, "limits": [{"max": 0}]}]}, "namespaces[0].limits[0].max"),
            ({"rankin": 1}, "rankin"),
            ({"namespaces": [a, a]}, "namespaces[1].name"),
            ({"namespaces": [{"name": "a b"}]}, "namespaces[0].name"),
            ({"namespaces": [{**a, "blocked_patterns": ["("]}]}, "namespaces[0].blocked_patterns[0]"),
            ({"namespaces": [{**a, "normaliser": "NORMALISER_MAGIC"}]}, "normaliser"),
            ({"namespaces": [{**a, "parent": "nosuch"}]}, "namespaces[0].parent"),
        ]:
            with self.subTest(field=field):
                row = self.polyonym("policy", "check", self.write_json("wrong.json", policy), code=NO).row
                self.assertFalse(row["ok"])
                self.assertIn(field, row["problem"])
        self.polyonym("policy", "check", self.path("nosuch.json"), code=USAGE)

    def test_diff_names_what_differs(self):
        other = changed_policy(ranking="RANKING_OLDEST")
        other["namespaces"][0]["limits"] = [{"max": 3}]
        rows = self.polyonym("policy", "diff", self.policy, self.write_json("other.json", other), code=NO).rows
        text = " ".join(row["difference"] for row in rows)
        self.assertEqual(len(rows), 2, text)
        self.assertIn("ranking", text)
        self.assertRegex(text, r"limits.*1.*3")
        store = self.store_of("store", [])
        self.assertEqual(self.polyonym("policy", "diff", "--db", store, self.path("other.json"), code=NO).rows, rows)
        for args in ([self.policy], ["--db", store, self.policy, self.policy]):
            self.polyonym("policy", "diff", *args, code=USAGE)

    def test_set_judges_every_record_again(self):
        records = [
            seen(1, {"crm": "c1", "phone": "13800000001"}),
            seen(2, {"crm": "c2", "phone": "13800000001"}),
            seen(3, {"crm": "c3", "qq": "1"}),
        ]
        store = self.store_of("store", records)
        before = self.groups("store")
        open_policy = changed_policy(name="open")
        open_policy["namespaces"][0]["limits"] = []
        open_policy["namespaces"].append({"name": "qq"})
        row = self.polyonym("policy", "set", "--db", store, self.write_json("open.json", open_policy)).row
        self.assertEqual((row["policy"], row["policy_version"]), ("open", 2))
        self.assertGreater(row["changes"], 0)
        joined = [["crm:c1", "crm:c2", "phone:+8613800000001"], ["crm:c3", "qq:1"]]
        self.assertEqual(self.groups("store"), joined)
        self.assertEqual(self.polyonym("held", "--db", store).rows, [])
        self.assert_verified("store")
        memory = self.polyonym("resolve", "--memory", "--policy", self.path("open.json"), self.path("store.jsonl"))
        self.assertEqual([group["members"] for group in memory.rows], joined)
        self.polyonym("policy", "set", "--db", store, self.policy)
        self.assertEqual(self.groups("store"), before)
        self.assertEqual(self.polyonym("stats", "--db", store).row["policy_version"], 3)

    def test_a_policy_set_before_the_records_or_after_gives_the_same(self):
        records = [seen(n, {"crm": f"c{n % 5}", "device": f"d{n % 3}"}) for n in range(20)]
        self.polyonym("policy", "set", "--db", self.path("before"), self.policy)
        self.polyonym("ingest", "--db", self.path("before"), self.write_records("records.jsonl", records))
        self.ingest(
            "after",
            "--policy",
            self.write_json("loose.json", changed_policy(namespaces=[{"name": "crm"}, {"name": "device"}])),
            self.path("records.jsonl"),
        )
        self.assertNotEqual(self.groups("before"), self.groups("after"))
        self.polyonym("policy", "set", "--db", self.path("after"), self.policy)
        self.assertEqual(self.groups("before"), self.groups("after"))

    def test_ingest_under_the_same_policy_sets_none(self):
        store = self.store_of("store", [seen(1, {"crm": "c1"})])
        self.ingest("store", self.write_records("more.jsonl", [seen(2, {"crm": "c2"})]))
        self.assertEqual(self.polyonym("stats", "--db", store).row["policy_version"], 1)

    def test_a_wrong_policy_is_not_set(self):
        store = self.store_of("store", [seen(1, {"crm": "c1"})])
        wrong = self.write_json("wrong.json", {"namespaces": [{"name": "a", "limits": [{"max": 0}]}]})
        self.assertIn("limits[0].max", self.polyonym("policy", "set", "--db", store, wrong, code=USAGE).err)
        self.polyonym("policy", "diff", "--db", store, self.policy)

    def test_presets_are_joined_into_a_policy_that_can_be_set(self):
        joined = self.polyonym("policy", "preset", "store", "wechat").text
        names = [ns["name"] for ns in json.loads(joined)["namespaces"]]
        listed = {row["preset"]: row["namespaces"] for row in self.polyonym("policy", "preset").rows}
        self.assertEqual(sorted(names), sorted({*listed["wechat"], *listed["store"]}))
        self.assertIn("phone", listed["wechat"])
        self.assertIn("phone", listed["store"])
        self.assertTrue(self.polyonym("policy", "check", self.write("joined.json", joined)).row["ok"])
        store = self.store_of("store", [])
        self.polyonym("policy", "set", "--db", store, self.path("joined.json"))
        self.polyonym("policy", "diff", "--db", store, self.path("joined.json"))
        self.assertEqual(self.polyonym("policy", "preset", "wechat", "store", "wechat").text, joined)
        self.assertIn("wexin", self.polyonym("policy", "preset", "wechat", "wexin", code=USAGE).err)


if __name__ == "__main__":
    main()
