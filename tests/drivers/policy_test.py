"""policy show, check, diff, set, simulate, preset: the rules of a store as data."""

import json

from program import NO, USAGE, ProgramTest, act, changed_policy, main, seen


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
        self.assertEqual((row["judged_records"], row["changed_records"]), (3, 1), "all name crm; one also qq")
        self.assertGreaterEqual(row["replayed_profiles"], 1)
        joined = [["crm:c1", "crm:c2", "phone:+8613800000001"], ["crm:c3", "qq:1"]]
        self.assertEqual(self.groups("store"), joined)
        self.assertEqual(self.polyonym("held", "--db", store).rows, [])
        self.assert_verified("store")
        memory = self.polyonym("resolve", "--memory", "--policy", self.path("open.json"), self.path("store.jsonl"))
        self.assertEqual([group["members"] for group in memory.rows], joined)
        self.polyonym("policy", "set", "--db", store, self.policy)
        self.assertEqual(self.groups("store"), before)
        self.assertEqual(self.polyonym("stats", "--db", store).row["policy_version"], 3)

    def test_a_policy_that_concerns_nobody_judges_and_replays_nothing(self):
        store = self.store_of("store", [seen(n, {"crm": f"c{n}", "device": f"d{n}"}) for n in range(9)])
        other = changed_policy()
        other["namespaces"][2]["priority"] = 9
        other["namespaces"].append({"name": "qq", "limits": [{"max": 1}]})
        row = self.polyonym("policy", "set", "--db", store, self.write_json("other.json", other)).row
        self.assertEqual((row["policy_version"], row["replayed_profiles"], row["changes"]), (2, 0, 0))
        again = self.polyonym("policy", "set", "--db", store, self.path("other.json")).row
        self.assertEqual(again, {**row, "judged_records": 0}, "it is in force already")

    def test_simulate_says_what_set_would_do_and_changes_nothing(self):
        records = [
            seen(1, {"crm": "c1", "phone": "13800000001"}),
            seen(2, {"crm": "c2", "phone": "13800000001"}),
            seen(3, {"crm": "c3", "qq": "1"}),
            seen(4, {"crm": "c4", "device": "d4"}),
            seen(5, {"crm": "c4", "email": "a@b.com"}),
        ]
        store = self.store_of("store", records)
        before = self.polyonym("export", "--all", "--db", store).out, self.polyonym("policy", "show", "--db", store).out
        other = changed_policy(undeclared="UNDECLARED_HOLD_IDENTIFIER")
        other["namespaces"][0]["limits"] = []
        other["namespaces"][3]["blocked_patterns"] = ["."]
        path = self.write_json("other.json", other)
        row = self.polyonym("policy", "simulate", "--db", store, path).row
        self.assertEqual((row["merged"], row["split"], row["held"], row["released"]), (2, 0, 0, 1))
        self.assertEqual((row["profiles_before"], row["profiles_after"], row["changes_cut"]), (3, 3, False))
        ids = {name: self.polyonym("show", "--db", store, name).row["profile"] for name in ("crm:c1", "crm:c2")}
        self.assertEqual(
            [(change["kind"], change["from"], change["with"], change["parts"]) for change in row["changes"]],
            [
                ("merged", ids["crm:c1"], [ids["crm:c2"]], []),
                ("merged", ids["crm:c2"], [ids["crm:c1"]], []),
                ("created", None, [], [["crm:c3"]]),
            ],
        )
        self.assertEqual(
            (self.polyonym("export", "--all", "--db", store).out, self.polyonym("policy", "show", "--db", store).out),
            before,
        )
        self.polyonym("policy", "set", "--db", store, path)
        self.assertEqual(len(self.groups("store")), row["profiles_after"])

    def test_simulate_tells_who_would_come_apart_and_who_would_be_held(self):
        records = [seen(n, {"crm": f"c{n}", "email": f"{n}@b.com", "device": f"d{n}"}) for n in range(5)]
        records += [act(9, "bind", "crm:c9", "device:d9")]
        store = self.store_of("store", records)
        other = changed_policy()
        other["namespaces"][1]["limits"] = [{"max": 1}]
        other["namespaces"][3]["guards"] = [{"of": "", "max_neighbours": 1}]
        path = self.write_json("other.json", other)
        row = self.polyonym("policy", "simulate", "--db", store, path).row
        self.assertEqual((row["merged"], row["split"], row["held"], len(row["changes"])), (0, 5, 0, 5))
        self.assertEqual(row["changes"][2]["parts"], [["crm:c2", "email:2@b.com"], ["device:d2"]])
        cut = self.polyonym("policy", "simulate", "--db", store, path, "--max-changes", 2).row
        self.assertEqual(cut, {**row, "changes": row["changes"][:2], "changes_cut": True})
        self.assertEqual(self.polyonym("policy", "simulate", "--db", store, path, "--max-changes", 0).row, row)
        text = self.polyonym("policy", "simulate", "--db", store, path, "--max-changes", 2, "--format", "table").text
        self.assertRegex(text, r"split +5\n")
        self.assertRegex(text, r"\nsplit +crm:c1 +- +\(crm:c1, email:1@b.com\), \(device:d1\)\n")
        self.assertIn("--max-changes 0 shows all", text)
        other["namespaces"][3]["blocked_patterns"] = ["9$"]
        row = self.polyonym("policy", "simulate", "--db", store, self.write_json("other.json", other)).row
        self.assertEqual((row["held"], row["split"]), (1, 5))
        self.assertEqual([change["kind"] for change in row["changes"]].count("gone"), 1)
        wrong = self.write_json("wrong.json", {"namespaces": [{"name": "a", "limits": [{"max": 0}]}]})
        self.assertIn("limits[0].max", self.polyonym("policy", "simulate", "--db", store, wrong, code=USAGE).err)

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
