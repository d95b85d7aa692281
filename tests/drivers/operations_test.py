"""docs/operations.md: its commands run, its figures hold, and the options that it names exist."""

import os
import re
import subprocess

from docs_test import code_blocks
from program import DRIVER, ROOT, ProgramTest, environment, main

PAGE = ROOT / "docs/operations.md"


class OperationsTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.page = PAGE.read_text(encoding="utf-8")

    def test_the_commands_of_the_page_run_one_after_the_other(self):
        blocks = list(code_blocks(PAGE).values())
        self.assertGreaterEqual(len(blocks), 7)
        self.folder.joinpath("examples").symlink_to(ROOT / "examples")
        script = 'set -e -o pipefail; polyonym() { "$DRIVER" "$@"; }\n' + "".join(blocks)
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env={**environment(), "DRIVER": DRIVER},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=False,
        )
        self.assertEqual((done.returncode, done.stderr.decode()), (0, ""))
        self.assertIn(b'"ok":true', done.stdout)
        self.assertIn(b"polyonym_resident_bytes{", done.stdout)
        # What was restored from a backup, and what was taken in from the export, is what there was.
        groups = self.polyonym("groups", "--db", self.path("people.db")).out
        self.assertEqual(self.polyonym("groups", "--db", self.path("restored.db")).out, groups)
        self.assertEqual(self.polyonym("groups", "--db", self.path("other.db")).out, groups)

    def test_the_figures_of_the_page_hold(self):
        def figure(pattern):
            return int(re.search(pattern, self.page)[1])

        records = self.write("records.jsonl", self.polyonym("generate", "--events", 60000, "--people", 15000).out)
        self.ingest("store", "--policy", ROOT / "examples/policies/retail.json", records)
        row = self.polyonym("stats", "--db", self.path("store")).row
        for measured, written in (
            (row["resident_bytes"] / row["identifiers"], figure(r"about (\d+) bytes an identifier")),
            (row["store_bytes"] / row["records"], figure(r"about (\d+) bytes a record")),
        ):
            self.assertLess(abs(measured - written) / written, 0.25, f"{measured} is not about {written}")

    def test_options_and_functions_that_the_page_names_are_there(self):
        headers = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "include").glob("**/*.h"))
        words = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", self.page))
        words |= set(re.findall(r"`(?:\w+::)?([A-Za-z]+)\(\)?", self.page)) - {"rate", "increase", "sum", "time"}
        words -= {"histogram_quantile"}
        words = {word for word in words if not word.startswith("polyonym_")}
        self.assertLessEqual({"slow_batch_ms", "max_clock_leap_ms", "AdvanceTo", "CopyTo"}, words)
        events = (ROOT / "src/engine/event.cc").read_text(encoding="utf-8")
        self.assertEqual({word for word in words if not re.search(rf"\b{word}\b", headers + events)}, set())

    def test_each_event_is_spoken_of(self):
        events = re.findall(r'return "(\w+)";', (ROOT / "src/engine/event.cc").read_text(encoding="utf-8"))
        self.assertEqual(len(events), 7)  # and the word for none
        self.assertEqual([word for word in events if f"`{word}`" not in self.page], ["unknown"])

    def test_an_alarm_speaks_of_a_metric_and_says_what_to_do(self):
        table = self.page.split("### Alarms")[1].split("\n## ")[0]
        rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| ")][1:]
        self.assertGreater(len(rows), 10)
        for row in rows:
            with self.subTest(alarm=row[0]):
                self.assertEqual(len(row), 3)
                self.assertIn("polyonym_", row[0])

    def test_links_inside_the_page_lead_to_its_headings(self):
        anchors = {
            re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
            for heading in re.findall(r"^#+ (.*)$", self.page, re.MULTILINE)
        }
        targets = set(re.findall(r"\]\(#([^)]+)\)", self.page))
        self.assertTrue(targets)
        self.assertEqual(targets - anchors, set())


if __name__ == "__main__":
    main()
