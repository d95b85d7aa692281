"""advance, ingest --advance, --as-of and --as-known: the store's clock, lifetimes, and who was thought to be whom at other times."""

import json

from program import DONE, NO, USAGE, ProgramTest, act, changed_policy, lines, main, seen
from traffic import random_records

DAY = 86_400_000
START = 1704067200000  # 2024-01-01

# A cookie's links count for 30 days; a pending id names one person for 90.
POLICY = {
    "name": "times",
    "namespaces": [
        {"name": "crm", "priority": 1},
        {"name": "cookie", "priority": 2, "link_lifetime_ms": 30 * DAY},
        {"name": "pending", "priority": 3, "validity_ms": 90 * DAY},
    ],
}


def on(day, number, ids, **more):
    return seen(number, ids, t=START + day * DAY, **more)


RECORDS = [
    on(0, 1, {"crm": "c1", "cookie": "k1"}),
    on(0, 2, {"crm": "c1", "pending": "p"}),
    on(20, 3, {"crm": "c2", "cookie": "k2"}),
    on(91, 4, {"crm": "c2", "pending": "p"}),
]
EVERYTHING = [["cookie:k1", "crm:c1", "pending:p"], ["cookie:k2", "crm:c2", "pending:p"]]
ON_DAY_40 = [["cookie:k1"], ["cookie:k2", "crm:c2", "pending:p"], ["crm:c1", "pending:p"]]
ON_DAY_91 = [["cookie:k1"], ["cookie:k2"], ["crm:c1", "pending:p"], ["crm:c2", "pending:p"]]


class TimeTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.policy = self.write_json("policy.json", POLICY)
        self.store = self.store_of("store", RECORDS)

    def ask(self, command, *args, code=DONE):
        return self.polyonym(command, "--db", self.store, *args, code=code)

    def members(self, *args):
        return [row["members"] for row in self.ask("groups", *args).rows]

    # ---- the clock ----

    def test_lifetimes_take_effect_when_the_clock_is_moved(self):
        self.assertEqual(self.members(), EVERYTHING)
        row = self.ask("advance", "2024-02-10").row
        self.assertEqual((row["clock"], row["expired_links"], row["changes"]), ("2024-02-10T00:00:00Z", 1, 1))
        self.assertGreaterEqual(row["replayed_profiles"], 1)
        self.assertEqual(self.members(), ON_DAY_40)
        changes = self.ask("changes", "--from", row["sequence"]).rows
        self.assertEqual([(change["kind"], change["cause"]) for change in changes], [("split", "time")])
        self.assertEqual(self.ask("why-not", "crm:c1", "cookie:k1").row["obstacle"], "expired")
        self.assert_verified("store")

    def test_a_clock_that_stands_there_already_changes_nothing(self):
        first = self.ask("advance", str(START + 91 * DAY)).row
        self.assertEqual(first["expired_links"], 2)
        again = self.ask("advance", "2024-04-01T08:00:00+08:00").row
        self.assertEqual(again, {**first, "expired_links": 0, "replayed_profiles": 0, "changes": 0})

    def test_wrong_clocks_are_errors_that_say_so_and_change_nothing(self):
        self.ask("advance", "2024-02-10")
        for time, said in [
            ("2024-02-09", "stands at 2024-02-10T00:00:00Z already"),
            ("0", "never goes back"),
            ("2034-02-10", "366 days"),
            ("1707523200000000", "milliseconds"),
            ("tomorrow", "RFC 3339"),
            ("", "RFC 3339"),
        ]:
            with self.subTest(time=time):
                self.assertIn(said, self.ask("advance", time, code=USAGE).err)
        self.ask("advance", code=USAGE)
        self.assertEqual(self.members(), ON_DAY_40)
        self.assertEqual(self.ask("show", "crm:c1").row["clock"], "2024-02-10T00:00:00Z")

    def test_now_is_the_clock_of_this_machine(self):
        self.store = self.path("fresh")
        self.ingest("fresh", self.write_records("one.jsonl", []))
        clock = self.ask("advance", "now").row["clock"]
        self.assertEqual(self.ask("show", "crm:c1", code=NO).row["clock"], clock)
        self.assertRegex(clock, r"^20\d\d-\d\d-\d\dT")
        self.assertIn("already", self.ask("advance", "2020-01-01", code=USAGE).err)

    def test_show_tells_what_has_expired(self):
        self.ask("advance", "2024-06-01")
        row = self.ask("show", "crm:c1").row
        self.assertEqual(
            {link["a"]: (link["kept"], link["inert"], link["expired"]) for link in row["links"]},
            {"cookie:k1": (False, False, True), "crm:c1": (True, False, False)},
        )
        self.assertFalse(row["expired"])
        self.assertFalse(self.ask("show", "pending:p").row["expired"], "its present life began on day 91")
        self.ask("advance", "2024-07-01")
        self.assertTrue(self.ask("show", "pending:p").row["expired"])
        self.assertRegex(self.ask("show", "--format", "table", "crm:c1").text, r"cookie:k1 +crm:c1 +expired")

    def test_ingest_moves_the_clock_only_when_asked(self):
        self.assertIsNone(self.ingest("other", self.path("store.jsonl")).row["clock"])
        row = self.ingest("other", "--advance", self.path("store.jsonl")).row
        self.assertEqual((row["clock"], row["unchanged"]), ("2024-04-01T00:00:00Z", 4), "also where all was known")
        self.assertEqual(self.groups("other"), ON_DAY_91)
        early = self.write_records("early.jsonl", [on(1, 9, {"crm": "c9", "cookie": "k9"})])
        row = self.ingest("other", "--advance", early).row
        self.assertEqual(row["clock"], "2024-04-01T00:00:00Z", "it stands later already")
        self.assertEqual(self.groups("other")[-1], ["crm:c9"])

    def test_a_rejected_record_moves_no_clock(self):
        rows = [*RECORDS, on(800, 9, {"crm": "x"}, source="")]
        self.ingest("other", "--advance", "--max-rejects", 1, self.write_records("some.jsonl", rows))
        self.assertEqual(self.polyonym("show", "--db", self.path("other"), "crm:c1").row["clock"], "2024-04-01T00:00:00Z")

    # ---- other times ----

    def test_as_of_answers_by_the_records_and_the_clock_of_then(self):
        until = START + 45 * DAY
        earlier = [record for record in RECORDS if record["t"] <= until]
        self.assertEqual(self.members("--as-of", until), [["cookie:k1", "crm:c1", "pending:p"], ["cookie:k2", "crm:c2"]])
        self.ask("advance", "2024-05-01")
        self.ingest("then", self.write_records("then.jsonl", earlier))
        self.polyonym("advance", "--db", self.path("then"), until)
        self.assertEqual(self.members("--as-of", until), self.groups("then"))
        self.assertEqual(self.members("--as-of", until), [["cookie:k1"], ["cookie:k2", "crm:c2"], ["crm:c1", "pending:p"]])
        self.assertEqual(self.members("--as-of", "2024-01-01"), EVERYTHING[:1])
        self.assertEqual(self.members("--as-of", "2023-12-31T23:59:59Z"), [])
        self.assertEqual(self.members("--as-of", "2030-01-01"), self.members())

    def test_as_of_leaves_out_what_was_taken_back_since_and_as_known_does_not(self):
        known = self.ask("stats").row["sequence"]
        self.ask("retract", "--source", "pos", "--record", "1")
        self.assertEqual(self.members("--as-of", "2024-01-10"), [["crm:c1", "pending:p"]])
        self.assertEqual(self.members("--as-known", known), EVERYTHING)
        self.assertEqual(self.members("--as-known", known + 1), self.members())

    def test_as_known_has_the_policy_and_the_clock_of_then(self):
        before = self.ask("stats").row["sequence"]
        moved = self.ask("advance", "2024-02-10").row["sequence"]
        strict = changed_policy(namespaces=[{"name": "crm"}, {"name": "cookie"}, {"name": "pending"}])
        self.polyonym("policy", "set", "--db", self.store, self.write_json("strict.json", strict))
        self.assertEqual(self.members("--as-known", before), EVERYTHING)
        self.assertEqual(self.members("--as-known", moved), ON_DAY_40)
        self.assertEqual(self.members(), [["cookie:k1", "cookie:k2", "crm:c1", "crm:c2", "pending:p"]])
        self.assertEqual(self.ask("show", "crm:c1", "--as-known", before).row["clock"], None)
        self.assertEqual(self.ask("show", "crm:c1", "--as-known", moved).row["clock"], "2024-02-10T00:00:00Z")
        self.assertEqual(self.members("--as-known", 0), [])

    def test_show_of_another_time_has_the_same_fields(self):
        present = self.ask("show", "cookie:k1").row
        then = self.ask("show", "cookie:k1", "--as-of", "2024-01-10").row
        self.assertEqual(list(then), list(present))
        self.assertEqual((then["members"], then["profile"]), (EVERYTHING[0], present["profile"]))
        self.assertEqual((then["links"], then["links_cut"], then["sources"]), (None, None, None))
        row = self.ask("show", "crm:c2", "--as-of", "2024-01-10", code=NO).row
        self.assertEqual((row["known"], row["profile"], row["members"]), (False, None, []))
        profile = self.ask("show", "crm:c2").row["profile"]
        self.assertEqual(self.ask("show", profile, "--as-of", "2024-01-10", code=NO).row["members"], [])
        row = self.ask("show", profile, "--as-of", "2024-01-25").row
        self.assertEqual((row["profile"], row["members"]), (profile, ["cookie:k2", "crm:c2"]))
        text = self.ask("show", "cookie:k1", "--as-of", "2024-01-10", "--format", "table").text
        self.assertRegex(text, r"size +3\n")
        self.assertIn("members\n  cookie:k1\n  crm:c1\n  pending:p\n", text)

    def test_groups_of_another_time_have_the_ids_that_the_store_would_have_given(self):
        ids = {tuple(row["members"]): row["profile"] for row in self.ask("groups", "--ids", "--as-of", "2024-01-25").rows}
        self.assertEqual(ids[("cookie:k2", "crm:c2")], self.ask("show", "crm:c2").row["profile"])
        self.assertEqual(len(ids), 2)
        self.assertEqual(self.members("--as-of", "2024-01-25", "--min-size", 3), EVERYTHING[:1])
        self.assertEqual(self.members("--as-of", "2024-01-25", "--largest", 1), EVERYTHING[:1])

    def test_times_and_sequences_that_have_no_answer_are_wrong_usage(self):
        for command in (["groups"], ["show", "crm:c1"]):
            for args, said in [
                (["--as-of", "2024-01-10", "--as-known", 1], "--as-of"),
                (["--as-known", 99], "--as-known"),
                (["--as-known", -1], "--as-known"),
                (["--as-of", "long ago"], "--as-of"),
            ]:
                with self.subTest(command=command, args=args):
                    answer = self.ask(*command, *args, code=USAGE)
                    self.assertIn(said, answer.err)
                    self.assertEqual(answer.text, "")

    def test_resolve_prints_the_same_with_and_without_a_store(self):
        records = random_records(seed=33, count=400)
        desk = [act(1000 + n, "unbind", f"crm:c{n}", f"device:d{n}") for n in range(3)]
        late = [{**record, "t": record["t"] + DAY, "version": record["t"] + DAY} for record in records[:40] if "t" in record]
        policy = changed_policy()
        policy["namespaces"][3]["link_lifetime_ms"] = 60_000
        self.policy = self.write_json("policy.json", policy)
        path = self.write_records("records.jsonl", [*records, *desk, *late])
        seconds = [record["t"] for record in records if isinstance(record.get("t"), int)]
        middle = sorted(seconds)[len(seconds) // 2]
        partitions = set()
        for n, args in enumerate([[], ["--advance"], ["--as-of", middle], ["--as-of", middle, "--advance"]]):
            with self.subTest(args=args):
                memory = self.polyonym("resolve", "--memory", "--policy", self.policy, *args, path)
                store = self.polyonym("resolve", "--db", self.path(f"r{n}"), "--policy", self.policy, *args, path)
                self.assertEqual(memory.out, store.out)
                partitions.add(memory.out)
        self.assertEqual(len(partitions), 4, "each of the options matters")

    def test_resolve_asks_a_store_what_it_knew_and_has_no_sequence_without_one(self):
        path = self.path("store.jsonl")
        more = self.write_records("more.jsonl", [on(92, 9, {"crm": "c9"})])
        known = self.ask("stats").row["sequence"]
        rows = self.ask("resolve", "--as-known", known, more).rows
        self.assertEqual([row["members"] for row in rows], EVERYTHING)
        self.assertIn(["crm:c9"], self.members())
        answer = self.polyonym("resolve", "--memory", "--policy", self.policy, "--as-known", 1, path, code=USAGE)
        self.assertIn("--as-known", answer.err)
        self.ask("resolve", "--as-of", "long ago", self.write_records("last.jsonl", [on(93, 10, {"crm": "c10"})]), code=USAGE)
        self.assertNotIn(["crm:c10"], self.members(), "a wrong time is noticed before the input is taken")

    def test_an_export_carries_no_clock(self):
        self.ask("advance", "2024-05-01")
        rows = [json.loads(line) for line in self.ask("export").text.splitlines()]
        self.ingest("other", self.write("exported.jsonl", lines(rows)))
        self.assertEqual(self.groups("other"), EVERYTHING)
        self.polyonym("advance", "--db", self.path("other"), "2024-05-01")
        self.assertEqual(self.groups("other"), self.members())


if __name__ == "__main__":
    main()
