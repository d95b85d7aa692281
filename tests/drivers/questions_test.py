"""show, why, why-not, how, held, groups, stats: what a store answers about a handful of people."""

from program import DONE, NO, ProgramTest, act, changed_policy, main, seen

# c1 and c2 both gave the phone, c2 last; c1 is known by an e-mail through a laptop; the tablet is seen with three members.
RECORDS = [
    seen(1, {"crm": "c1", "phone": "138 0000 0001"}),
    seen(2, {"crm": "c2", "phone": "13800000001"}),
    seen(3, {"crm": "c1", "device": "laptop"}, source="web"),
    seen(4, {"device": "laptop", "email": "A@B.com"}, source="web"),
    seen(5, {"device": "laptop", "email": "a@b.com"}, source="app"),
    *(seen(10 + n, {"crm": f"c{n}", "device": "tablet"}) for n in (1, 2, 3)),
    seen(20, {"crm": "c9", "device": "shop-tablet"}),
    seen(21, {"crm": "c8", "nosuch": "x"}),
    seen(22, {"email": "gone@b.com"}, source="web"),
    {"source": "web", "id": "22", "version": 1 << 45, "op": "retract"},
    act(30, "must_link", "crm:c3", "email:c3@b.com"),
    act(31, "cannot_link", "email:c3@b.com", "device:desk-7"),
    seen(32, {"crm": "c3", "device": "desk-7"}),
]
GROUPS = [
    ["crm:c1", "device:laptop", "email:a@b.com"],
    ["crm:c2", "phone:+8613800000001"],
    ["crm:c3", "email:c3@b.com"],
    ["crm:c9"],
    ["device:desk-7"],
    ["device:tablet"],
]
LINK = {"a", "b", "sightings", "first", "last", "must_link", "cannot_link", "sources", "records"}


class QuestionsTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.store = self.store_of("store", RECORDS)

    def ask(self, command, *args, code=DONE):
        return self.polyonym(command, "--db", self.store, *args, code=code)

    # ---- show ----

    def test_show_tells_the_flags_of_an_identifier(self):
        def flags(identifier, code=DONE):
            row = self.ask("show", identifier, code=code).row
            return {flag for flag in ("known", "shared", "blocked", "held", "gone") if row[flag]}

        self.assertEqual(flags("crm:c1"), {"known"})
        self.assertEqual(flags("phone:+86 138 0000 0001"), {"known"}, "as anybody writes it")
        self.assertEqual(flags("device:tablet"), {"known", "shared"})
        self.assertIn("blocked", flags("device:shop-tablet", NO))
        self.assertIn("held", flags("nosuch:x", NO))
        self.assertEqual(flags("email:gone@b.com"), {"known", "gone"})
        self.assertEqual(flags("crm:nobody", NO), set())

    def test_show_tells_members_links_and_sources(self):
        row = self.ask("show", "device:laptop").row
        self.assertEqual(row["members"], GROUPS[0])
        self.assertEqual(
            [(link["a"], link["b"], link["sightings"], link["kept"]) for link in row["links"]],
            [("crm:c1", "device:laptop", 1, True), ("device:laptop", "email:a@b.com", 2, True)],
        )
        self.assertEqual(row["links"][1]["first"], "2024-01-01T00:00:04Z")
        self.assertEqual(row["links"][1]["last"], "2024-01-01T00:00:05Z")
        self.assertEqual(set(row["links"][0]), LINK | {"kept", "inert", "expired"})
        row = self.ask("show", "phone:13800000001").row
        self.assertEqual([(link["a"], link["kept"]) for link in row["links"]], [("crm:c2", True), ("crm:c1", False)])

    def test_show_tells_who_reported_the_links(self):
        row = self.ask("show", "device:laptop").row
        self.assertEqual(row["sources"], ["app", "web"])
        self.assertEqual(row["links"][1]["sources"], ["app", "web"])
        self.assertEqual(row["links"][1]["records"], ["app/5", "web/4"])

    def test_show_of_a_profile_has_the_links_of_all_its_members(self):
        profile = self.ask("show", "crm:c1").row["profile"]
        self.assertRegex(profile, r"^p~[0-9a-z]+$")
        row = self.ask("show", profile).row
        self.assertEqual((row["asked"], row["profile"], row["members"]), (profile, profile, GROUPS[0]))
        pairs = {(link["a"], link["b"]): (link["kept"], link["inert"]) for link in row["links"]}
        self.assertEqual(
            pairs,
            {
                ("crm:c1", "device:laptop"): (True, False),
                ("device:laptop", "email:a@b.com"): (True, False),
                ("crm:c1", "phone:+8613800000001"): (False, False),
                ("crm:c1", "device:tablet"): (False, True),
            },
        )
        self.assertEqual((len(self.ask("show", profile, "--links", "1").row["links"]), row["links_cut"]), (1, False))
        self.assertTrue(self.ask("show", profile, "--links", "1").row["links_cut"])
        self.assertEqual(len(self.ask("show", profile, "--links", "0").row["links"]), 4)

    # ---- why, why-not, how ----

    def test_why_prints_the_chain_with_its_evidence(self):
        row = self.ask("why", "crm:c1", "email:a@b.com").row
        self.assertTrue(row["connected"])
        self.assertEqual(
            [(link["a"], link["b"], link["records"], link["sources"]) for link in row["chain"]],
            [
                ("crm:c1", "device:laptop", ["web/3"], ["web"]),
                ("device:laptop", "email:a@b.com", ["app/5", "web/4"], ["app", "web"]),
            ],
        )
        self.assertEqual(row["weakest"], 1)
        self.assertEqual(set(row["chain"][0]), LINK)
        row = self.ask("why", "crm:c3", "email:c3@b.com").row
        self.assertEqual([(link["must_link"], link["records"]) for link in row["chain"]], [(True, ["desk/30"])])
        self.assertEqual(self.ask("why", "crm:c1", "crm:c1").row["chain"], [])
        self.assertFalse(self.ask("why", "crm:c1", "crm:c2", code=NO).row["connected"])
        self.ask("why", self.ask("show", "crm:c1").row["profile"], "email:a@b.com")

    def test_why_not_names_the_obstacle(self):
        def obstacle(a, b, code=DONE):
            return self.ask("why-not", a, b, code=code).row

        row = obstacle("crm:c1", "phone:13800000001")
        self.assertEqual(
            (row["obstacle"], row["limit_namespace"], row["limit"], row["would_be"]), ("limit", "crm", 1, 2)
        )
        self.assertEqual(row["refused"]["records"], ["pos/1"])
        row = obstacle("crm:c1", "device:tablet")
        self.assertEqual((row["obstacle"], row["shared"], row["limit"]), ("shared", "device:tablet", 2))
        self.assertEqual(obstacle("crm:c3", "device:desk-7")["obstacle"], "cannot_link")
        self.assertEqual(obstacle("crm:c1", "crm:c9")["obstacle"], "no_evidence")
        self.assertEqual(obstacle("crm:c1", "crm:nobody")["obstacle"], "unknown")
        self.assertEqual(obstacle("crm:c1", "email:gone@b.com")["obstacle"], "held")
        self.assertEqual(obstacle("crm:c1", "device:laptop", NO)["obstacle"], "none")

    def test_why_not_names_windows_and_sizes(self):
        policy = changed_policy()
        policy["namespaces"][1]["limits"] = [{"max": 2, "window_ms": 60_000}]
        policy["max_identifiers_per_profile"] = 4
        self.policy = self.write_json("policy.json", policy)
        self.store = self.store_of(
            "tight",
            [seen(n, {"crm": "c1", "phone": f"1380000000{n}"}) for n in (1, 2, 3)]
            + [seen(10 + n, {"crm": "c5", "email": f"{n}@b.com"}) for n in range(5)],
        )
        row = self.ask("why-not", "crm:c1", "phone:13800000001").row
        self.assertEqual((row["obstacle"], row["limit_namespace"], row["limit"]), ("window", "phone", 2))
        row = self.ask("why-not", "crm:c5", "email:0@b.com").row
        self.assertEqual((row["obstacle"], row["limit"], row["would_be"]), ("profile_size", 4, 5))

    def test_how_tells_what_made_a_profile(self):
        rows = self.ask("how", "email:a@b.com").rows
        self.assertEqual(rows[0]["kind"], "created")
        self.assertEqual([row["sequence"] for row in rows], sorted(row["sequence"] for row in rows))
        members = set()
        for row in rows:
            self.assertIn(row["kind"], {"created", "joined", "merged", "moved", "split"})
            members.update(row["identifiers"])
        self.assertLessEqual(set(GROUPS[0]), members)

    # ---- lists ----

    def test_groups_are_sorted_bytewise_and_bear_ids_only_when_asked(self):
        rows = self.ask("groups").rows
        self.assertEqual(rows, [{"members": members} for members in GROUPS])
        rows = self.ask("groups", "--ids").rows
        self.assertEqual([row["members"] for row in rows], GROUPS)
        for row in rows:
            self.assertEqual({self.ask("show", member).row["profile"] for member in row["members"]}, {row["profile"]})
        self.assertEqual([row["members"] for row in self.ask("groups", "--min-size", "2").rows], GROUPS[:3])
        self.assertEqual([row["members"] for row in self.ask("groups", "--largest", "2").rows], GROUPS[:2])
        self.assertEqual(
            [row["members"] for row in self.ask("groups", "--largest", "9", "--min-size", "3").rows], GROUPS[:1]
        )

    def test_groups_are_in_the_order_of_bytes_and_not_of_any_language(self):
        values = ["a", "B", "é", "z", "Z", "~", "王", "\U0001f600", "\uffee"]
        self.store = self.store_of("sorted", [seen(n, {"crm": value}) for n, value in enumerate(values)])
        members = [row["members"] for row in self.ask("groups").rows]
        self.assertEqual(members, [[f"crm:{value}"] for value in sorted(values, key=str.encode)])

    def test_held_can_be_filtered(self):
        rows = self.ask("held").rows
        self.assertEqual(
            {(row["id"], row["reason"], row["whole_record"]) for row in rows},
            {
                ("20", "blocked_value", False),
                ("21", "undeclared_namespace", True),
                ("21", "undeclared_namespace", False),
            },
        )
        numbers = {row["record"]: row["id"] for row in rows}
        self.assertEqual(sorted(numbers.values()), ["20", "21"])
        self.assertEqual({row["id"] for row in self.ask("held", "--reason", "blocked_value").rows}, {"20"})
        self.assertEqual(self.ask("held", "--source", "web").rows, [])
        self.assertEqual(len(self.ask("held", "--source", "pos").rows), 3)
        self.assertEqual(len(self.ask("held", "--max", "1").rows), 1)
        self.assertEqual(len(self.ask("held", "--max", "0").rows), 3)

    def test_stats_count_what_is_there(self):
        row = self.ask("stats").row
        self.assertEqual(
            (row["policy"], row["policy_version"], row["records"], row["held_records"]), ("people", 1, len(RECORDS), 1)
        )
        self.assertEqual((row["profiles"], row["largest_profile"], row["shared_identifiers"]), (len(GROUPS), 3, 1))
        self.assertEqual(row["live_identifiers"], sum(map(len, GROUPS)))
        self.assertEqual(row["identifiers"], row["live_identifiers"] + 1)  # the one that is gone
        self.assertEqual(row["standing_records"], len(RECORDS) - 1)  # the tombstone stands, what it hit does not
        self.assertGreater(row["resident_bytes"], 0)
        self.assertGreater(row["store_bytes"], 0)


if __name__ == "__main__":
    main()
