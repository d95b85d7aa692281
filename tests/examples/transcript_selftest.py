#!/usr/bin/env python3
"""A transcript that is not borne out is found out."""

import unittest

from transcript import difference, run_on_terminal, steps


class Transcript(unittest.TestCase):
    def test_equal_lines_are_as_said(self):
        self.assertIsNone(difference(["a", "", "b"], ["a", "", "b"]))

    def test_another_line_is_found(self):
        self.assertIn("'b'", difference(["a", "b"], ["a", "c"]))

    def test_a_line_too_few_or_too_many_is_found(self):
        self.assertIn("not printed", difference(["a", "b"], ["a"]))
        self.assertIn("not said", difference(["a"], ["a", "b"]))
        self.assertIn("not said", difference([], ["a"]))

    def test_dots_stand_for_any_lines_but_not_for_what_follows_them(self):
        self.assertIsNone(difference(["…", "c"], ["a", "b", "c"]))
        self.assertIsNone(difference(["a", "…"], ["a"]))
        self.assertIn("'d'", difference(["…", "d"], ["a", "b", "c"]))
        self.assertIn("not said", difference(["…", "a"], ["a", "b"]))

    def test_dots_at_the_end_stand_for_the_rest_of_a_line(self):
        self.assertIsNone(difference(["size 27 …"], ["size 27  cookie:1"]))
        self.assertIsNotNone(difference(["size 27 …"], ["size 2"]))

    def test_what_was_measured_may_differ_and_counts_may_not(self):
        self.assertIsNone(difference(["1.2 s, 3,456 records a second"], ["0.9 s, 12 records a second"]))
        self.assertIsNotNone(difference(["1.2 s, 3,456 records"], ["0.9 s, 12 records"]))

    def test_steps_are_commands_and_what_they_print(self):
        self.assertEqual(steps("$ one\na\n\n$ two | three\n"), [("one", ["a", ""]), ("two | three", [])])

    def test_commands_see_a_terminal_and_errors_are_seen(self):
        self.assertEqual(run_on_terminal("test -t 1 && echo yes; echo no >&2", "/", "/bin"), ["yes", "no"])


if __name__ == "__main__":
    unittest.main()
