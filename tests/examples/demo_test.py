#!/usr/bin/env python3
"""examples/demo.sh runs where little is installed, shows what it promises, leaves nothing behind; README.md quotes it."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from places import DRIVER, SOURCE, read
from readme import blocks
from transcript import difference, steps

# All that the demo may count on beside bash: coreutils, diffutils, grep, sed and awk.
TOOLS = ["awk", "cat", "cmp", "cp", "cut", "dirname", "grep", "mktemp", "realpath", "rm", "sed", "sort", "uniq", "wc"]


class Demo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            tools, scratch = pathlib.Path(folder, "tools"), pathlib.Path(folder, "scratch")
            tools.mkdir()
            scratch.mkdir()
            for tool in TOOLS:
                (tools / tool).symlink_to(shutil.which(tool))
            environment = {"PATH": str(tools), "TMPDIR": str(scratch), "POLYONYM": str(DRIVER)}
            sanitizers = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
            cls.run_ = subprocess.run([shutil.which("bash"), SOURCE / "examples/demo.sh"], cwd=scratch, capture_output=True,
                                      text=True, env={**environment, **sanitizers}, timeout=850)
            cls.left = sorted(path.name for path in scratch.iterdir())
        cls.lines = cls.run_.stdout.splitlines()

    def behind(self, beginning):
        """The numbers in the line that begins so, behind its first word."""
        return [float(word) for word in next(line for line in self.lines if line.startswith(beginning)).split()[1:]]

    def test_it_ends_well_says_nothing_on_standard_error_and_leaves_nothing_behind(self):
        self.assertEqual((self.run_.returncode, self.run_.stderr), (0, ""), self.run_.stdout)
        self.assertEqual(self.left, [])

    def test_it_can_be_read_in_one_go(self):
        self.assertLess(len(self.lines), 250)

    def test_limits_and_guards_make_the_people_right_at_no_cost_in_recall(self):
        _, largest, precision, recall = self.behind("retail.json ")
        _, swollen, imprecision, ceiling = self.behind("joins_everything.json ")
        self.assertGreater(precision, 0.99)
        self.assertLess(imprecision, 0.01)
        self.assertGreater(recall, 0.99 * ceiling)
        self.assertGreater(swollen, 100 * largest)

    def test_what_was_taken_back_leaves_no_trace_in_the_people_and_the_store_is_sound(self):
        self.assertEqual(self.lines.count("the same"), 3, "all people; then each of the two that a record had bound")
        self.assertRegex(self.run_.stdout, r"(?m)^ok +yes$")

    def test_two_people_bound_are_what_both_are_together(self):
        one, other, both = [int(line.split()[1]) for line in self.lines if line.startswith("purchases ")]
        self.assertEqual(both, one + other)
        said = [line.split()[1:3] for line in self.lines if line.startswith("marketing ")]
        self.assertEqual(sorted(said[:2]), [["denied", "no"], ["granted", "no"]])
        self.assertEqual(said[2:], [["denied", "yes"]], "the more restrictive word, and that they differ")

    def test_readme_quotes_it(self):
        quoted = [block for block in blocks(read("README.md"), "console") if block.startswith("$ make demo\n")]
        self.assertEqual(len(quoted), 1)
        (_, said), *inner = steps(quoted[0])
        for command, lines in inner:
            said += ["$ " + command, *lines]
        self.assertIsNone(difference(said, self.lines))


if __name__ == "__main__":
    unittest.main()
