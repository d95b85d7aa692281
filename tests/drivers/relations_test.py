"""neighbours, path: how people are tied who are not one person."""

from program import DONE, NO, USAGE, ProgramTest, main, seen

# c1 and c2 gave one phone; the tablet is seen with three members; c3 invited c4, and c4 invited c5; c9 knows nobody.
RECORDS = [
    seen(1, {"crm": "c1", "phone": "13800000001"}),
    seen(2, {"crm": "c2", "phone": "13800000001"}),
    *(seen(10 + n, {"crm": f"c{n}", "device": "tablet"}) for n in (1, 2, 3)),
    seen(21, {"crm": "c3"}, other={"crm": "c4"}),
    seen(22, {"crm": "c4"}, other={"crm": "c5"}),
    seen(23, {"crm": "c5"}),
    seen(30, {"crm": "c9"}),
]


class RelationsTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.store = self.store_of("store", RECORDS)

    def ask(self, command, *args, code=DONE):
        return self.polyonym(command, "--db", self.store, *args, code=code)

    def profile(self, identifier):
        return self.ask("show", identifier).row["profile"]

    def steps(self, rows):
        """(distance, kind, direction, from, to) of every relation."""
        return [
            (row["distance"], r["kind"], r["direction"], r["from_identifier"], r["to_identifier"])
            for row in rows
            for r in row["relations"]
        ]

    def test_neighbours_tell_what_ties_them(self):
        self.assertEqual(
            self.steps(self.ask("neighbours", "crm:c1").rows),
            [
                (1, "refused", "both", "crm:c1", "phone:+8613800000001"),
                (1, "shared", "both", "crm:c1", "device:tablet"),
            ],
        )
        row = self.ask("neighbours", "crm:c1", "--kind", "refused").row
        self.assertEqual(row["profile"], self.profile("crm:c2"))
        (relation,) = row["relations"]
        self.assertEqual((relation["from"], relation["to"]), (self.profile("crm:c1"), row["profile"]))
        self.assertEqual((relation["pairs"], relation["sightings"]), (1, 1))
        self.assertEqual(relation["first"], "2024-01-01T00:00:01Z")
        self.assertEqual(relation["last"], "2024-01-01T00:00:01Z")

    def test_neighbours_of_a_profile_are_those_of_its_identifiers(self):
        rows = self.ask("neighbours", "crm:c4").rows
        self.assertEqual(
            self.steps(rows),
            [(1, "named", "backward", "crm:c4", "crm:c3"), (1, "named", "forward", "crm:c4", "crm:c5")],
        )
        self.assertEqual(self.ask("neighbours", self.profile("crm:c4")).rows, rows)

    def test_neighbours_go_as_far_as_they_are_asked_to(self):
        def reached(*args):
            return [row["distance"] for row in self.ask("neighbours", "crm:c4", *args).rows]

        self.assertEqual(reached("--steps", "2"), [1, 1, 2])
        self.assertEqual(reached("--steps", "9"), [1, 1, 2, 3, 3])
        self.assertEqual(reached("--steps", "9", "--kind", "named"), [1, 1])
        self.assertEqual(reached("--steps", "9", "--kind", "named", "--kind", "shared"), [1, 1, 2, 3, 3])
        self.assertEqual(reached("--kind", "expired"), [])

    def test_path_is_the_shortest_chain(self):
        row = self.ask("path", "crm:c1", "crm:c4").row
        self.assertTrue(row["connected"])
        self.assertEqual(
            self.steps(row["path"]),
            [
                (1, "shared", "both", "crm:c1", "device:tablet"),
                (2, "shared", "both", "device:tablet", "crm:c3"),
                (3, "named", "forward", "crm:c3", "crm:c4"),
            ],
        )
        self.assertEqual(row["path"][-1]["profile"], self.profile("crm:c4"))
        self.assertEqual(len(self.ask("path", self.profile("crm:c5"), "crm:c3").row["path"]), 2)

    def test_one_person_is_no_step_away(self):
        row = self.ask("path", "crm:c2", "phone:13800000001").row
        self.assertEqual((row["connected"], row["path"]), (True, []))

    def test_no_path_is_an_answer_of_no(self):
        for args in (["crm:c1", "crm:c9"], ["crm:c1", "crm:c4", "--steps", "2"], ["crm:c1", "crm:c4", "--kind", "named"]):
            with self.subTest(args=args):
                row = self.ask("path", *args, code=NO).row
                self.assertEqual((row["connected"], row["path"]), (False, []))
        self.assertEqual(self.ask("neighbours", "crm:c9").rows, [])

    def test_who_was_never_seen_is_related_to_nobody(self):
        self.assertIn("never seen", self.ask("neighbours", "crm:nobody", code=NO).err)
        self.assertIn("never seen", self.ask("path", "crm:c1", "crm:nobody", code=NO).err)
        self.ask("neighbours", "p~zzzz", code=NO)

    def test_an_answer_beyond_its_bounds_is_refused_whole(self):
        for args in (["--max-profiles", "1"], ["--max-evidence", "3"]):
            with self.subTest(args=args):
                answer = self.ask("neighbours", "crm:c1", *args, code=USAGE)
                self.assertEqual(answer.text, "")
                self.assertIn("--max-profiles", answer.err)
                self.ask("path", "crm:c1", "crm:c5", *args, code=USAGE)
        self.assertEqual(len(self.ask("neighbours", "crm:c1", "--max-profiles", "2").rows), 2)

    def test_options_that_make_no_sense_are_wrong_usage(self):
        for args in (["--steps", "0"], ["--steps", "x"], ["--kind", "friend"], ["--max-profiles", "-1"]):
            with self.subTest(args=args):
                self.ask("neighbours", "crm:c1", *args, code=USAGE)

    def test_as_a_table_each_relation_is_a_row(self):
        text = self.ask("neighbours", "crm:c1", "--format", "table").text
        self.assertRegex(text, r"STEPS +FROM +TO +KIND +DIRECTION")
        self.assertRegex(text, r"1 +p~\w+ +p~\w+ +shared +both +crm:c1 +device:tablet +1 +2024-01-01\n")
        self.assertIn("Nobody", self.ask("neighbours", "crm:c9", "--format", "table").text)
        self.assertEqual(self.ask("path", "crm:c1", "crm:c4", "--format", "table").text.count("\n"), 4)
        self.assertIn("one person", self.ask("path", "crm:c1", "crm:c1", "--format", "table").text)
        self.assertIn("No chain", self.ask("path", "crm:c1", "crm:c9", "--format", "table", code=NO).text)


if __name__ == "__main__":
    main()
