#!/usr/bin/env python3
"""The programs of examples/cpp print what their opening comments say, and the policies of examples/policies are valid."""

import re
import subprocess
import unittest

from places import DRIVER, PROGRAMS, SOURCE, read
from programs import promised

STEMS = sorted(path.stem for path in (SOURCE / "examples/cpp").glob("*.cc"))


class Programs(unittest.TestCase):
    def test_there_are_programs(self):
        self.assertLessEqual({"batch", "hello", "take_back", "why"}, set(STEMS))

    def test_each_prints_what_it_says_and_nothing_else(self):
        for stem in STEMS:
            with self.subTest(program=stem):
                run = subprocess.run([PROGRAMS / stem], capture_output=True, text=True, timeout=300)
                self.assertEqual((run.returncode, run.stderr), (0, ""))
                self.assertEqual(run.stdout, promised(read(f"examples/cpp/{stem}.cc")))

    def test_each_is_short_and_opens_with_what_it_shows_and_how_to_build_it(self):
        for stem in STEMS:
            with self.subTest(program=stem):
                lines = read(f"examples/cpp/{stem}.cc").splitlines()
                self.assertLess(len(lines), 60)
                self.assertRegex(lines[0], rf"^// {stem}\.cc - .+\.$")
                self.assertIn(f"build/release/examples/{stem}", lines[1])
                self.assertEqual(lines[2], f"//   c++ {stem}.cc $(pkg-config --cflags --libs polyonym) -o {stem}")

    def test_each_includes_public_headers_alone(self):
        for stem in STEMS:
            for quoted in re.findall(r'#include "([^"]+)"', read(f"examples/cpp/{stem}.cc")):
                with self.subTest(program=stem, header=quoted):
                    self.assertTrue(quoted.startswith("absl/") or (SOURCE / "include" / quoted).is_file())


class Policies(unittest.TestCase):
    def test_each_is_valid(self):
        files = sorted((SOURCE / "examples/policies").glob("*.json"))
        self.assertTrue(files)
        for file in files:
            with self.subTest(policy=file.name):
                run = subprocess.run([DRIVER, "policy", "check", file], capture_output=True, text=True, timeout=60)
                self.assertEqual((run.returncode, run.stderr), (0, ""), run.stdout)


if __name__ == "__main__":
    unittest.main()
