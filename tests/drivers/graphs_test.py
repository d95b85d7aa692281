"""--graph and graphs: several policies over the records of one store, and docs/graphs.md held against the program."""

import json
import re

from docs_test import code_blocks, commands_of
from program import NO, POLICY, ROOT, USAGE, ProgramTest, act, changed_policy, main, seen

PAGE = ROOT / "docs/graphs.md"
PHONE = "phone:+8613800000001"


class GraphsTest(ProgramTest):
    def setUp(self):
        super().setUp()
        household = changed_policy(name="household")
        household["namespaces"][0]["limits"] = []
        self.household = self.write_json("household.json", household)

    def family(self):
        """A store with two people of one phone, and the household of both."""
        records = [seen(n, {"crm": crm, "phone": "13800000001"}) for n, crm in ((1, "mother"), (2, "father"))]
        store = self.store_of("store", [*records, seen(3, {"crm": "c3", "nosuch": "x"})])
        self.polyonym("policy", "set", "--db", store, "--graph", "household", self.household)
        return store

    def ask(self, command, *args, graph="household", **more):
        return self.polyonym(*command.split(), "--db", self.path("store"), "--graph", graph, *args, **more)

    def test_the_example_of_the_page_prints_what_the_page_says(self):
        blocks = code_blocks(PAGE)
        for line, block in blocks.items():
            if match := re.match(r"`(\w+\.jsonl?)`", line):
                self.write(match[1], block)
        commands = commands_of(blocks)
        self.assertEqual(len(commands), 5)
        for command, printed in commands:
            with self.subTest(command=command):
                self.assertEqual(self.polyonym(*command.split()).text, printed)

    def test_every_question_is_asked_of_the_graph_that_is_named(self):
        self.family()
        pair = ("crm:mother", "crm:father")
        for graph, people in (("", 2), ("household", 1)):
            with self.subTest(graph=graph):
                one = people == 1

                def row(command, *args, code=None, graph=graph):
                    return self.ask(command, *args, graph=graph, code=code).row

                self.assertEqual(len(row("show", "crm:mother")["members"]), 3 if one else 1)
                self.assertEqual(row("why", *pair)["connected"], one)
                self.assertEqual(row("why-not", *pair)["obstacle"], "none" if one else "limit")
                self.assertEqual(row("path", *pair)["path"] == [], one)
                self.assertEqual(len(self.ask("neighbours", "crm:mother", graph=graph).rows), people - 1)
                self.assertEqual(len(self.ask("groups", graph=graph).rows), people)
                self.assertEqual(row("stats")["profiles"], people)
                self.assertEqual(row("verify")["ok"], True)
                self.assertEqual(row("policy simulate", self.household)["merged"], 0 if one else 2)
                name = json.loads(self.ask("policy show", graph=graph).text)["name"]
                self.assertEqual(name, "household" if one else "people")
                self.ask("policy diff", self.household, graph=graph, code=0 if one else NO)

    def test_each_graph_has_a_feed_and_a_history_of_its_own(self):
        store = self.family()
        first = self.polyonym("stats", "--db", store).row["sequence"]
        changes = self.ask("changes").rows
        self.assertEqual([(row["kind"], row["sequence"]) for row in changes], [("created", first)])
        self.assertEqual(self.ask("how", "crm:father").rows, changes)
        self.assertEqual(self.ask("groups", "--as-known", first - 1).rows, [])
        self.assertEqual(len(self.ask("groups", "--as-known", first - 1, graph="").rows), 2)
        # The time before the father came, by the household's policy.
        asked = self.ask("show", "--as-of", "1704067201000", "crm:mother").row
        self.assertEqual(asked["members"], ["crm:mother", PHONE])

    def test_what_one_graph_holds_another_may_count(self):
        self.family()
        self.assertEqual({row["reason"] for row in self.ask("held").rows}, {"undeclared_namespace"})
        open_policy = json.loads(self.ask("policy show").text)
        open_policy["namespaces"].append({"name": "nosuch", "priority": 9})
        self.ask("policy set", self.write_json("open.json", open_policy))
        self.assertEqual(self.ask("held").rows, [])
        self.assertNotEqual(self.ask("held", graph="").rows, [])
        self.assertIn(["crm:c3", "nosuch:x"], [row["members"] for row in self.ask("groups").rows])
        graphs = self.polyonym("graphs", "--db", self.path("store")).rows
        self.assertEqual([(row["graph"], row["policy_version"]) for row in graphs], [("", 1), ("household", 2)])

    def test_what_comes_and_what_is_taken_back_counts_in_every_graph(self):
        store = self.family()
        more = [seen(4, {"crm": "aunt", "phone": "13800000001"}), act(5, "cannot_link", "crm:aunt", "crm:father")]
        self.ingest("store", self.write_records("more.jsonl", more))
        self.assertEqual(self.ask("why", "crm:aunt", "crm:father", code=NO).row["connected"], False)
        self.polyonym("retract", "--db", store, "--source", "desk", "--record", "5")
        self.assertEqual(self.ask("why", "crm:aunt", "crm:father").row["connected"], True)
        self.assertEqual(self.ask("why", "crm:aunt", "crm:father", graph="", code=NO).row["connected"], False)
        for graph in ("", "household"):
            self.assertEqual(self.ask("verify", graph=graph).row["problems"], [])

    def test_resolve_makes_the_graph_whose_policy_it_is_given(self):
        self.family()
        args = ["resolve", "--db", self.path("store"), "--graph", "all", self.path("store.jsonl")]
        self.assertIn("policy set --graph all", self.polyonym(*args, code=USAGE).err)
        made = self.polyonym(*args, "--policy", self.household)
        self.assertEqual(made.out, self.ask("groups").out)
        self.assertEqual(self.polyonym(*args).out, made.out)
        self.assertEqual(json.loads(self.ask("policy show", graph="").text)["name"], POLICY["name"])

    def test_a_store_may_have_a_named_graph_before_the_first_has_a_policy(self):
        self.ask("policy set", self.household)
        self.polyonym("policy", "show", "--db", self.path("store"), code=NO)
        self.ingest("store", self.write_records("records.jsonl", [seen(1, {"crm": "c1"})]))
        self.assertEqual(self.ask("groups").rows, [{"members": ["crm:c1"]}])
        self.assertEqual(self.groups("store"), [["crm:c1"]])

    def test_a_graph_that_is_not_there_is_an_error_that_says_how_to_make_one(self):
        store = self.family()
        for command, args in {
            "show": ["crm:mother"],
            "why": ["crm:mother", "crm:father"],
            "why-not": ["crm:mother", "crm:father"],
            "how": ["crm:mother"],
            "neighbours": ["crm:mother"],
            "path": ["crm:mother", "crm:father"],
            "groups": [],
            "held": [],
            "changes": [],
            "stats": [],
            "stats --format prometheus": [],
            "verify": [],
            "policy show": [],
            "policy diff": [self.policy],
            "policy simulate": [self.policy],
        }.items():
            with self.subTest(command=command):
                answer = self.ask(command, *args, graph="nosuch", code=USAGE)
                self.assertIn("`polyonym policy set --graph nosuch FILE`", answer.err)
                self.assertEqual(answer.text, "")
        self.assertEqual(len(self.polyonym("graphs", "--db", store).rows), 2, "none was made by asking")

    def test_what_is_no_name_or_one_graph_too_many_or_without_a_store_is_an_error(self):
        store = self.family()
        self.assertIn("letters", self.ask("policy set", self.policy, graph="a b", code=USAGE).err)
        for n in range(14):
            self.ask("policy set", self.policy, graph=f"g{n}")
        self.assertIn("16", self.ask("policy set", self.policy, graph="g14", code=USAGE).err)
        self.assertEqual(len(self.polyonym("graphs", "--db", store).rows), 16)
        for args in (
            ["policy", "diff", self.policy, self.household],
            ["resolve", "--memory", "--policy", self.policy, self.path("store.jsonl")],
        ):
            self.assertIn("--db", self.polyonym(*args, "--graph", "household", code=USAGE).err)


if __name__ == "__main__":
    main()
