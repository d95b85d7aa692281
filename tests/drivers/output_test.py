"""Where answers go and how they look: tables and a progress bar on a terminal, JSON Lines and silence elsewhere."""

import json
import os
import pty
import re
import subprocess
import unittest

from program import DRIVER, NO, USAGE, ProgramTest, changed_policy, environment, lines, main, seen


class Terminal:
    """A pseudo-terminal that a program runs on. What it prints is read with `until` and `rest`."""

    def __init__(self, args, stdin=subprocess.DEVNULL, stdout=None, stderr=None):
        self.leader, follower = pty.openpty()
        self.process = subprocess.Popen(
            [DRIVER, *args],
            stdin=stdin,
            stdout=stdout or follower,
            stderr=stderr or follower,
            env={**environment(), "TERM": "xterm"},
        )
        os.close(follower)
        self.text = ""

    def read(self):
        try:
            chunk = os.read(self.leader, 1 << 16).decode(errors="replace")
        except OSError:  # nothing yet where reading does not wait; else nobody has the other side open any more
            chunk = ""
        self.text += chunk
        return chunk

    def rest(self):
        while self.read():
            pass
        self.process.wait()
        os.close(self.leader)
        return self.text.replace("\r\n", "\n")


class OutputTest(ProgramTest):
    def setUp(self):
        super().setUp()
        people = [seen(n, {"crm": f"c{n}", "email": f"p{n}@example.com"}) for n in range(3)]
        people.append(seen(9, {"crm": "王小明", "device": "d\x1b[31m"}))
        self.store = self.store_of("store", people)

    def on_terminal(self, *args):
        return Terminal(args).rest()

    def test_elsewhere_than_on_a_terminal_answers_are_json_lines(self):
        for command in (["groups"], ["stats"], ["changes"], ["verify"], ["show", "crm:c1"], ["how", "crm:c1"]):
            with self.subTest(command=command):
                answer = self.polyonym(command[0], "--db", self.store, *command[1:])
                compact = [json.dumps(row, separators=(",", ":"), ensure_ascii=False) for row in answer.rows]
                self.assertEqual(answer.text.splitlines(), compact)
                self.assertTrue(answer.rows)

    def test_on_a_terminal_answers_are_tables(self):
        text = self.on_terminal("groups", "--db", self.store)
        self.assertRegex(text, r"SIZE +MEMBERS\n")
        self.assertIn("   2  crm:c1, email:p1@example.com\n", text)
        self.assertIn("4 groups\n", text)
        text = self.on_terminal("show", "--db", self.store, "crm:c1")
        self.assertRegex(text, r"known +yes\n")
        self.assertRegex(text, r"A +B +STATE +SIGHTINGS")

    def test_the_format_can_be_chosen_either_way(self):
        table = self.polyonym("groups", "--db", self.store, "--format", "table").text
        self.assertEqual(table, self.on_terminal("groups", "--db", self.store))
        self.assertEqual(
            self.on_terminal("groups", "--db", self.store, "--format", "json"),
            self.polyonym("groups", "--db", self.store).text,
        )

    def test_every_command_has_a_table(self):
        for command in (
            ["show", "crm:c1"],
            ["why", "crm:c1", "email:p1@example.com"],
            ["how", "crm:c1"],
            ["groups", "--ids"],
            ["changes"],
            ["stats"],
            ["verify"],
            ["checkpoint"],
            ["retract", "--source", "x", "--record", "y"],
            ["held"],
        ):
            with self.subTest(command=command):
                text = self.polyonym(command[0], "--db", self.store, "--format", "table", *command[1:]).text
                self.assertNotIn('{"', text)
                self.assertTrue(text or command == ["held"])
        text = self.polyonym("why-not", "--db", self.store, "--format", "table", "crm:c1", "crm:c2").text
        self.assertIn("No chain of links", text)
        self.assertIn(
            "one person",
            self.polyonym("why-not", "--db", self.store, "--format", "table", "crm:c1", "crm:c1", code=NO).text,
        )

    # ---- CSV ----

    def items_together(self, *items):
        events = [
            seen(n, {"crm": "c"}, facts={"events": [{"type": "order", "properties": {"item": {"text": item}}}]})
            for n, item in enumerate(items, start=100)
        ]
        self.ingest("items", self.write_records("items.jsonl", events))
        return self.polyonym("together", "--db", self.path("items"), "--event", "order", "--format", "csv")

    def test_csv_quotes_what_holds_a_comma_a_quote_or_a_line_end(self):
        answer = self.items_together('13" tray', "cups, four", "two\nlines", "plain; 茶")
        header = "item,other,together,with_item,with_other,support,confidence,lift,cosine\n"
        self.assertTrue(answer.text.startswith(header))
        self.assertIn('"13"" tray","cups, four",1,1,1,1,1,1,1\n', answer.text)
        self.assertIn('plain; 茶,"two\nlines",1,', answer.text)
        self.assertEqual(len(answer.csv), 6, "one header, and six pairs")
        self.assertNotIn("\r", answer.text)

    def test_csv_has_no_control_characters(self):
        answer = self.items_together("red\x1b[31m", "tab\there", "bell\x07")
        self.assertNotIn("\x1b", answer.text)
        self.assertEqual({row["item"] for row in answer.csv}, {"bell\ufffd", "red\ufffd[31m"})
        self.assertEqual({row["other"] for row in answer.csv}, {"red\ufffd[31m", "tab\there"})

    def test_in_csv_null_is_empty_a_list_is_one_cell_and_a_title_is_nothing(self):
        members = ("segment", "members", "--db", self.store, "--expression", "yes", "--format", "csv")
        answer = self.polyonym(*members)
        self.assertEqual(answer.text.count("profile,order,identifiers\n"), 1)
        self.assertEqual(len(answer.csv), 4)
        self.assertEqual({row["order"] for row in answer.csv}, {""})
        self.assertIn("crm:c1; email:p1@example.com", [row["identifiers"] for row in answer.csv])
        count = ("segment", "count", "--db", self.store, "--expression", "yes", "--unknown")
        said, (row,) = self.polyonym(*count).row, self.polyonym(*count, "--format", "csv").csv
        self.assertEqual(row, {name: "" if value is None else str(value) for name, value in said.items()})
        self.assertEqual(self.on_terminal(*count, "--format", "csv"), self.polyonym(*count, "--format", "csv").text)

    def test_csv_without_a_row_is_nothing(self):
        answer = self.polyonym("together", "--db", self.store, "--event", "nosuch", "--format", "csv")
        self.assertEqual(answer.text, "")

    def test_a_command_whose_answer_is_no_table_refuses_csv(self):
        for command in (["groups"], ["show", "crm:c1"], ["segment", "explain", "crm:c1"], ["campaign", "enrol", "x"]):
            with self.subTest(command=command):
                answer = self.polyonym(*command, "--db", self.store, "--format", "csv", code=USAGE)
                self.assertIn("--format: csv not in {json,table}", answer.err)
                self.assertEqual(answer.text, "")

    def test_columns_line_up_where_characters_are_wide(self):
        text = self.polyonym("show", "--db", self.store, "--format", "table", "crm:王小明").text
        heading, link = text.split("links\n")[1].splitlines()
        wide = sum(1 for c in link[: heading.index("STATE")] if ord(c) > 0x2000)
        self.assertEqual(link.index("kept"), heading.index("STATE") - wide)

    def test_no_value_can_steer_the_terminal(self):
        for text in (self.on_terminal("groups", "--db", self.store), self.polyonym("groups", "--db", self.store).text):
            self.assertNotIn("\x1b", text)
            self.assertIn("\\u001b[31m", text)

    def test_a_progress_bar_shows_how_far_how_fast_and_what_is_left(self):
        first = self.write_records("first.jsonl", [seen(n, {"crm": f"c{n}"}) for n in range(100)])
        terminal = Terminal(
            ["ingest", "--db", self.path("new"), "--policy", self.policy, first, "-"], stdin=subprocess.PIPE
        )
        number = 1000
        os.set_blocking(terminal.leader, False)
        while "/s" not in terminal.text:  # fed until it shows: it is drawn after a while, not after a number of records
            self.assertLess(number, 5_000_000, f"no progress bar: {terminal.text!r}")
            batch = [seen(n, {"crm": f"c{n}"}) for n in range(number, number + 4000)]
            terminal.process.stdin.write(lines(batch).encode())
            number += 4000
            terminal.read()
        os.set_blocking(terminal.leader, True)
        terminal.process.stdin.close()
        text = terminal.rest()
        self.assertRegex(text, r"\[#+\.*\] \d+%  [\d,]+ records  [\d,]+/s  \d+:\d\d left")
        after = text[text.rindex("\r\x1b[K") :]
        self.assertRegex(after, r"records +" + str(100 + number - 1000) + r"\n")
        self.assertRegex(after, r"[\d.]+ s, [\d,]+ records a second\n")

    def test_a_policy_change_shows_how_far_it_is(self):
        for count in (100_000, 400_000, 1_600_000):  # the bar is drawn after a while, not after a number of records
            store = self.path(f"store-{count}")
            self.ingest(store, self.write_records("many.jsonl", (seen(n, {"crm": f"c{n}"}) for n in range(count))))
            other = changed_policy()
            other["namespaces"][0]["normaliser"] = "NORMALISER_LOWER_CASE"
            text = self.on_terminal("policy", "set", "--db", store, self.write_json("other.json", other))
            if "/s" in text:
                break
        self.assertRegex(text, r"\[#*\.*\] \d+%  [\d,]+ steps  [\d,]+/s")
        after = text[text.rindex("\r\x1b[K") :]
        self.assertRegex(after, r"judged records +" + str(count) + r"\n")

    def test_a_terminal_for_errors_alone_gets_no_answer(self):
        first = self.write_records("first.jsonl", [seen(n, {"crm": f"c{n}"}) for n in range(100)])
        terminal = Terminal(
            ["ingest", "--db", self.path("new"), "--policy", self.policy, first], stdout=subprocess.PIPE
        )
        out = terminal.process.stdout.read()
        terminal.process.stdout.close()
        self.assertEqual(json.loads(out)["applied"], 100)
        self.assertNotIn("applied", terminal.rest())

    def test_an_error_goes_to_standard_error(self):
        answer = self.polyonym("show", "--db", self.path("nowhere"), "crm:c1", code=USAGE)
        self.assertEqual(answer.text, "")
        self.assertTrue(re.match(r"polyonym: .*nowhere: there is no store here", answer.err))

    @unittest.skipUnless(os.path.exists("/dev/full"), "skipped: no /dev/full here")
    def test_output_that_does_not_arrive_is_an_error(self):
        for command in ("groups", "export", "stats"):
            with self.subTest(command=command), open("/dev/full", "wb") as full:
                done = subprocess.run(
                    [DRIVER, command, "--db", self.store], stdout=full, stderr=subprocess.PIPE, check=False
                )
                self.assertEqual(done.returncode, USAGE)
                self.assertIn(b"could not be written", done.stderr)


if __name__ == "__main__":
    main()
