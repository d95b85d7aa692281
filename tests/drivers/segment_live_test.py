"""Segments as they change: changes and who reads them, outbox, segment sizes and try; what records and time do."""

import json
import re
import signal
import subprocess

from profile_test import told
from program import DOCUMENTATION, DRIVER, NO, REJECTS, USAGE, ProgramTest, changed_policy, environment, lines, main

DEFINITIONS = {
    "traits": [{"name": "city"}, {"name": "birthday", "type": "VALUE_TYPE_DATE"}],
    "tags": [{"name": "tea"}],
    "segments": [
        {"name": "looked lately", "expression": "did(view within 3 days)"},
        {
            "name": "looked and left",
            "expression": "last(time of view) <= now - 2 days and did(view within 4 days)"
            " and not sequence(view, then order)",
        },
        {"name": "birthday soon", "expression": "days to anniversary of trait birthday <= 1"},
    ],
    "triggers": [
        {"name": "remind", "segment": "looked and left"},
        {"name": "miss", "segment": "looked lately", "on_exit": True},
    ],
    "watched_traits": ["city"],
    "watched_tags": ["tea"],
}


def did(number, day, who, kind):
    return told(number, day, "web", {"crm": who}, {"events": [{"type": kind}]})


# On day 0 two people look at something; c2 orders it. c3 has a birthday on the fifth of January, which is day 4.
DAY_0 = [
    told(1, 0, "crm", {"crm": "c1"}, {"traits": [{"name": "city", "value": {"text": "武汉"}}]}),
    told(2, 0, "crm", {"crm": "c3"}, {"traits": [{"name": "birthday", "value": {"date": {"month": 1, "day": 5}}}]}),
    did(3, 0, "c1", "view"),
    did(4, 0, "c2", "view"),
    did(5, 0, "c2", "order"),
]


def day(number):
    return f"2024-01-{number + 1:02}"


class SegmentLiveTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.policy = self.write_json("policy.json", changed_policy(definitions=DEFINITIONS))
        self.store = self.path("store")
        self.ingest("store", self.write_records("records.jsonl", DAY_0))

    def ask(self, command, *args, code=0):
        """Runs a command on the store; the fields of its rows must be those of docs/driver.md, all of them."""
        answer = self.polyonym(*command.split(), "--db", self.store, *args, code=code)
        if code == 0 and "table" not in args:
            section = "a change" if command == "changes" else command
            documented = {re.split(r"[\[.]", field)[0] for field in DOCUMENTATION.fields(section)}
            for row in answer.rows:
                self.assertEqual(set(row), documented, f"the fields of {section} in docs/driver.md")
        return answer

    def advance(self, number):
        return self.ask("advance", day(number)).row["sequence"]

    def names(self):
        """Profile ids -> the number in the CRM."""
        rows = self.polyonym("groups", "--db", self.store, "--ids").rows
        return {row["profile"]: name[4:] for row in rows for name in row["members"] if name.startswith("crm:")}

    def moves(self, *args):
        """Who came into a segment (+) and who left it (-), and why, in the order of the feed."""
        rows = self.ask("changes", "--kind", "entered", "--kind", "left", *args).rows
        names = self.names()
        sign = {"entered": "+", "left": "-"}
        return [(sign[row["kind"]] + names[row["to"] or row["from"]], row["name"], row["cause"]) for row in rows]

    def start(self, *args, **more):
        """The program with the store open, in a process of its own."""
        command = [DRIVER, "changes", "--db", self.store, "--follow", "--kind", "entered", *args]
        process = subprocess.Popen(
            command, cwd=self.folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more
        )
        self.addCleanup(process.kill)
        return process

    def next_row(self, process):
        return json.loads(process.stdout.readline())

    # ---- changes ----

    def test_records_and_time_move_people_into_segments_and_out(self):
        self.assertEqual(self.moves(), [("+c1", "looked lately", "record"), ("+c2", "looked lately", "record")])
        after = self.advance(2)
        self.assertEqual(self.moves("--from", after), [("+c1", "looked and left", "time")])
        after = self.advance(3)
        self.assertEqual(
            self.moves("--from", after),
            [("-c1", "looked lately", "time"), ("-c2", "looked lately", "time"), ("+c3", "birthday soon", "time")],
        )
        self.assertEqual(self.ask("segment count", "birthday soon").row["members"], 1)
        self.ingest("store", self.write_records("order.jsonl", [did(9, 3, "c1", "order")]))
        self.assertEqual(self.moves("--from", after + 1), [("-c1", "looked and left", "record")])

    def test_what_is_looked_up_is_what_a_pass_over_everybody_finds(self):
        self.advance(2)
        for segment in DEFINITIONS["segments"]:
            with self.subTest(segment=segment["name"]):
                kept = self.ask("segment count", segment["name"]).row
                self.assertIsNone(kept["unknown"], "nobody was asked")
                kept = self.ask("segment count", segment["name"], "--unknown").row
                asked = self.ask("segment count", "--expression", segment["expression"]).row
                tried = self.ask("segment try", segment["expression"]).row
                for field in ("members", "unknown", "people", "share", "now"):
                    self.assertEqual([kept[field]] * 2, [asked[field], tried[field]], field)
                members = self.ask("segment members", segment["name"]).rows
                asked = self.ask("segment members", "--expression", segment["expression"]).rows
                self.assertEqual(members, asked)

    def test_kinds_names_and_causes_choose_changes(self):
        def kinds(*args):
            return {row["kind"] for row in self.ask("changes", *args).rows}

        self.advance(3)
        self.assertLessEqual({"created", "entered", "left", "trait"}, kinds())
        self.assertEqual(kinds("--kind", "left", "--kind", "trait"), {"left", "trait"})
        self.assertEqual(kinds("--name", "city"), {"trait"})
        self.assertEqual(kinds("--name", "city", "--kind", "trait", "--kind", "created"), {"trait", "created"})
        self.assertEqual(self.moves("--name", "looked and left"), [("+c1", "looked and left", "time")])
        causes = {row["cause"] for row in self.ask("changes", "--without-cause", "time").rows}
        self.assertEqual(causes, {"record"})
        (city,) = self.ask("changes", "--kind", "trait").rows
        self.assertEqual((city["name"], city["values"], city["identifiers"]), ("city", ["武汉"], []))

    def test_a_watched_tag_is_told_with_its_score(self):
        after = self.ask("stats").row["sequence"] + 1
        tagged = told(20, 0, "crm", {"crm": "c2"}, {"tags": [{"name": "tea", "weight": 3}]})
        self.ingest("store", self.write_records("tag.jsonl", [tagged]))
        (row,) = self.ask("changes", "--from", after).rows
        self.assertEqual((row["kind"], row["name"], row["values"], row["cause"]), ("tag", "tea", ["3"], "record"))
        table = self.ask("changes", "--from", after, "--format", "table").text
        self.assertRegex(table, r"(?m)^ +\d+  tag   record  -     p~\d+ +\d+  tea: 3$")

    def test_another_definition_moves_people_by_definition_and_fires_nothing(self):
        before = len(self.ask("outbox list").rows)
        self.ask("segment define", "looked and left", "did(view) and not did(order)")
        self.assertEqual(self.moves("--name", "looked and left"), [("+c1", "looked and left", "definition")])
        self.assertEqual(len(self.ask("outbox list").rows), before)

    def test_wrong_words_are_named(self):
        for option, words in (("--kind", "bogus"), ("--without-cause", "boredom")):
            answer = self.ask("changes", option, words, code=USAGE)
            self.assertIn(words, answer.err)
        self.assertIn("--follow", self.ask("changes", "--records", "-", code=USAGE).err)
        self.assertIn("--consumer", self.ask("changes", "--consumer", "x" * 129, code=USAGE).err)
        self.assertIn("--from", self.ask("changes", "--from", 1000, code=USAGE).err)

    # ---- consumers ----

    def test_a_consumer_goes_on_where_it_stopped(self):
        first = self.moves("--consumer", "mailer")
        self.assertEqual(len(first), 2)
        self.assertEqual(self.moves("--consumer", "mailer"), [])
        sequence = self.advance(2)
        self.assertEqual(self.moves("--consumer", "mailer", "--from", 0), [("+c1", "looked and left", "time")])
        self.assertEqual(len(self.moves("--consumer", "another")), 3, "each has a place of its own")
        rows = self.ask("feed cursors").rows
        stand = {"graph": "", "next": sequence + 1, "behind": 0}
        self.assertEqual(rows, [{"consumer": "another"} | stand, {"consumer": "mailer"} | stand])
        self.advance(3)
        self.assertEqual([row["behind"] for row in self.ask("feed cursors").rows], [1, 1])
        self.assertEqual(self.ask("feed drop", "mailer").row, {"consumer": "mailer", "graph": "", "next": sequence + 1})
        self.assertIn("CONSUMER", self.ask("feed drop", "mailer", code=NO).err)
        self.assertEqual(self.moves("--consumer", "mailer")[:2], first, "it begins anew")

    def test_a_limit_ends_at_a_commit_and_the_consumer_goes_on_behind_it(self):
        self.advance(3)
        every = self.ask("changes").rows
        found, reads = [], 0
        while rows := self.ask("changes", "--consumer", "slow", "--limit", 1).rows:
            self.assertEqual(len({row["sequence"] for row in rows}), 1)
            found += rows
            reads += 1
        self.assertEqual(found, every)
        self.assertEqual(reads, len({row["sequence"] for row in every}))

    def test_what_could_not_be_written_out_is_not_acknowledged(self):
        command = [DRIVER, "changes", "--db", self.store, "--consumer", "mailer"]
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                command, stdout=full, stderr=subprocess.PIPE, cwd=self.folder, env=environment(), check=False
            )
        self.assertEqual(done.returncode, USAGE, done.stderr)
        self.assertEqual(self.ask("feed cursors").rows, [])
        self.assertEqual(len(self.moves("--consumer", "mailer")), 2)

    def test_who_stands_before_what_is_kept_is_told_so(self):
        self.moves("--consumer", "late")
        last = self.advance(2)
        row = self.ask("feed trim", 1000).row
        late = {"consumer": "late", "graph": "", "next": last}
        self.assertEqual(row, {"before": last + 1, "sequence": last, "cut_off": [late]})
        answer = self.ask("changes", "--consumer", "late", code=USAGE)
        self.assertIn(f"late stands at sequence {last}", answer.err)
        self.assertIn(f"begins at sequence {last + 1}", answer.err)
        self.assertIn("--from", self.ask("changes", code=USAGE).err)
        self.assertEqual(self.ask("changes", "--from", last + 1).rows, [])
        self.ask("feed drop", "late")
        self.advance(3)
        self.assertEqual(len(self.moves("--consumer", "late", "--from", last + 1)), 3)
        self.assertEqual(len(self.ask("outbox list").rows), 3, "the outbox is not the feed")

    # ---- following ----

    def test_records_from_standard_input_are_taken_and_what_they_cause_is_printed(self):
        records = lines([did(10, 1, "c4", "view"), did(11, 1, "c5", "view")])
        answer = self.polyonym("changes", "--db", self.store, "--follow", "--kind", "entered", stdin=records.encode())
        numbers = [row["number"] for row in self.polyonym("export", "--db", self.store, "--all").rows]
        rows = answer.rows
        self.assertEqual([(row["cause"], row["name"]) for row in rows], [("record", "looked lately")] * 2)
        self.assertEqual([row["record"] for row in rows], numbers[-2:], "what was there before is not printed")

    def test_a_file_is_followed_as_it_grows_until_somebody_says_so(self):
        path = self.write("log.jsonl", lines([did(10, 1, "c4", "view")]))
        process = self.start("--records", path)
        first = self.next_row(process)
        second = lines([did(11, 1, "c5", "view")])
        with open(path, "a", encoding="utf-8") as log:
            log.write(lines([did(12, 1, "c6", "view")]) + second[:20])
            log.flush()
            third = self.next_row(process)
            log.write(second[20:])  # a line counts once its end is there
            log.flush()
            last = self.next_row(process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
        self.assertEqual((process.returncode, out, err), (0, b"", b""))
        names = self.names()
        self.assertEqual([names[row["to"]] for row in (first, third, last)], ["c4", "c6", "c5"])

    def test_a_file_that_is_replaced_is_begun_again(self):
        path = self.write("log.jsonl", lines([did(10, 1, "c4", "view")]))
        process = self.start("--records", path)
        self.next_row(process)
        self.folder.joinpath("next.jsonl").write_text(lines([did(11, 1, "c5", "view")]), encoding="utf-8")
        self.folder.joinpath("next.jsonl").rename(path)
        row = self.next_row(process)
        process.send_signal(signal.SIGTERM)
        process.communicate()
        self.assertEqual((process.returncode, self.names()[row["to"]]), (0, "c5"))

    def test_with_a_time_it_ends_by_itself_and_the_same_file_again_says_nothing(self):
        path = self.write_records("log.jsonl", [did(10, 1, "c4", "view")])
        follow = ["--follow", "--records", path, "--for", 0, "--consumer", "log"]
        self.assertEqual([move for move, _, _ in self.moves(*follow)], ["+c1", "+c2", "+c4"])
        self.assertEqual(self.moves(*follow), [])

    def test_the_clock_goes_with_the_records_where_it_is_told_to(self):
        records = [did(10 + n, n, "c9", "view") for n in range(1, 5)]
        path = self.write_records("log.jsonl", records)
        moves = self.moves("--follow", "--advance", "--batch", 1, "--records", path, "--for", 0)
        self.assertIn(("-c1", "looked lately", "time"), moves)
        self.assertIn(("+c3", "birthday soon", "time"), moves)
        self.assertEqual(self.ask("advance", day(4)).row["clock"], f"{day(4)}T00:00:00Z")

    def test_rejected_records_are_told_and_the_others_are_taken(self):
        path = self.write("log.jsonl", "{\n" + lines([did(10, 1, "c4", "view")]) + '{"source":""}\n')
        args = ["--follow", "--kind", "entered", "--records", path, "--for", 0]
        answer = self.ask("changes", *args, code=REJECTS)
        self.assertEqual(len(answer.rows), 1)
        self.assertIn(f"{path}:1: rejected: not_json", answer.err)
        self.assertIn(f"{path}:3: rejected: ", answer.err)
        packed = self.write("packed", b"\x1f\x8b\n")
        self.assertIn("is compressed", self.ask("changes", "--follow", "--records", packed, code=USAGE).err)
        self.ask("changes", "--follow", "--records", self.path("nosuch"), code=USAGE)
        self.ask("changes", "--follow", "--records", str(self.folder), code=USAGE)

    # ---- outbox ----

    def test_the_outbox_holds_what_fired_until_it_is_acknowledged(self):
        self.assertEqual(self.ask("outbox list").rows, [])
        self.assertEqual(self.ask("outbox list", "--format", "table").text, "Nothing waits to be acknowledged.\n")
        sequence = self.advance(2)
        (row,) = self.ask("outbox list").rows
        self.assertEqual(
            {key: row[key] for key in row if key not in ("id", "profile")},
            {"sequence": sequence, "trigger": "remind", "segment": "looked and left", "cause": "time"}
            | {"record": None, "now": f"{day(2)}T00:00:00Z", "identifiers": ["crm:c1"]},
        )
        self.assertEqual(self.names()[row["profile"]], "c1")
        self.advance(3)
        rows = self.ask("outbox list").rows
        self.assertEqual(
            [(one["trigger"], one["identifiers"]) for one in rows],
            [("remind", ["crm:c1"]), ("miss", ["crm:c1"]), ("miss", ["crm:c2"])],
        )
        ids = [one["id"] for one in rows]
        self.assertEqual(ids, sorted(ids))
        self.assertEqual(self.ask("outbox list", "--trigger", "miss", "--limit", 1).rows, rows[1:2])
        self.assertEqual(self.ask("outbox list", "--after", ids[1]).rows, rows[2:])
        self.assertEqual(self.ask("outbox ack", ids[0], ids[2]).row, {"acknowledged": 2})
        self.assertEqual(self.ask("outbox ack", ids[0], ids[2]).row, {"acknowledged": 0})
        self.assertEqual(self.ask("outbox list").rows, rows[1:2])

    def test_items_are_acknowledged_up_to_one(self):
        self.advance(3)
        ids = [row["id"] for row in self.ask("outbox list").rows]
        self.assertEqual(self.ask("outbox ack", "--up-to", ids[0], "--trigger", "miss").row, {"acknowledged": 1})
        self.assertEqual(self.ask("outbox ack", "--up-to", ids[-1]).row, {"acknowledged": 2})
        self.assertEqual(self.ask("outbox list").rows, [])
        self.assertIn("--up-to", self.ask("outbox ack", code=USAGE).err)
        self.ask("outbox ack", 1, "--up-to", 2, code=USAGE)
        self.ask("outbox ack", 1, "--trigger", "miss", code=USAGE)

    def test_a_segment_with_a_trigger_is_not_taken_out_but_can_be_asked_by_itself(self):
        self.assertIn("trigger", self.ask("segment define", "looked lately", "--remove", code=USAGE).err)
        self.assertEqual(self.ask("segment count", "looked and left", "--as-of", day(2)).row["members"], 1)

    # ---- sizes ----

    def test_sizes_over_time_are_what_count_said_then(self):
        said = {}
        for number in range(1, 5):
            self.advance(number)
            said[f"{day(number)}T00:00:00Z"] = self.ask("segment count", "looked lately").row["members"]
        rows = self.ask("segment sizes", "looked lately", "--from", day(1)).rows
        self.assertEqual({row["time"]: row["members"] for row in rows}, said)
        self.assertEqual([row["members"] for row in rows], [2, 2, 0, 0])
        rows = self.ask("segment sizes", "looked lately").rows
        self.assertEqual((len(rows), rows[0]["members"]), (31, 0), "30 days back nobody had been seen")
        self.assertEqual(rows[-1]["time"], f"{day(4)}T00:00:00Z")
        table = self.ask("segment sizes", "looked lately", "--from", day(2), "--step", "12h", "--format", "table").text
        self.assertRegex(table, r"(?m)^TIME +MEMBERS  BAR$")
        self.assertRegex(table, rf"(?m)^{day(2)}T12:00:00Z +2  █{{40}}$")

    def test_sizes_that_cannot_be_told_are_errors(self):
        answer = self.ask("segment sizes", "nosuch", code=NO)
        self.assertIn("no segment nosuch; they have looked lately", answer.err)
        self.assertIn("--step", self.ask("segment sizes", "looked lately", "--step", "often", code=USAGE).err)
        self.assertIn("--step", self.ask("segment sizes", "looked lately", "--step", "0s", code=USAGE).err)
        self.ask("segment sizes", "looked lately", "--from", day(5), "--to", day(2), code=USAGE)
        self.ask("segment sizes", "looked lately", "--from", 0, "--step", "1s", code=USAGE)
        self.advance(2)
        self.ask("feed trim", 1000)
        self.assertIn("--from", self.ask("segment sizes", "looked lately", "--from", day(0), code=USAGE).err)

    # ---- try ----

    def test_expressions_are_tried_together_and_define_nothing(self):
        before = self.polyonym("policy", "show", "--db", self.store).text
        tried = ["did(view)", 'in segment "looked lately" and not did(order)', 'trait city != "上海"']
        rows = self.ask("segment try", *tried, "--zone", "Asia/Shanghai").rows
        self.assertEqual([row["expression"] for row in rows], tried)
        counts = [(row["members"], row["unknown"], row["people"]) for row in rows]
        self.assertEqual(counts, [(2, 0, 3), (1, 0, 3), (1, 2, 3)])
        self.assertEqual({row["time_zone"] for row in rows}, {"Asia/Shanghai"})
        table = self.ask("segment try", *tried, "--format", "table").text
        self.assertRegex(table, r"(?m)^ +2  66\.67%  █+ +0  did\(view\)$")
        self.assertEqual(self.polyonym("policy", "show", "--db", self.store).text, before)

    def test_an_expression_without_a_meaning_is_shown(self):
        answer = self.ask("segment try", "did(view)", "did(view", code=USAGE)
        self.assertIn("EXPRESSION: 1:9: ", answer.err)
        self.assertIn("  did(view\n", answer.err)
        self.assertIn("nosuch", self.ask("segment try", "in segment nosuch", code=USAGE).err)
        self.ask("segment try", code=USAGE)


if __name__ == "__main__":
    main()
