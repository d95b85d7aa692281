#!/usr/bin/env python3
"""README.md: its programs are in the files that they name, its commands print what it says, its links lead somewhere."""

import pathlib
import re
import tempfile
import unittest

import readme
from places import DRIVER, SOURCE, read
from programs import promised
from transcript import difference, run_on_terminal, steps

TEXT = read("README.md")


class Readme(unittest.TestCase):
    def test_each_program_is_out_of_the_file_that_it_names(self):
        programs = readme.named_files(TEXT, "cpp")
        self.assertEqual(len(programs), len(readme.blocks(TEXT, "cpp")), "a program does not say which file it is from")
        self.assertIn("examples/cpp/hello.cc", programs)
        for name, code in programs.items():
            with self.subTest(program=name):
                self.assertIn("\n\n" + code, read(name))

    def test_hello_prints_what_it_says(self):
        first, *identifiers = promised(read("examples/cpp/hello.cc")).splitlines()
        self.assertEqual(len(identifiers), 3)
        self.assertIn(f"It prints `{first}` and the three identifiers.", TEXT)

    def test_each_command_of_the_program_prints_what_it_says(self):
        sessions = [block for block in readme.blocks(TEXT, "console") if not block.startswith("$ make ")]
        self.assertTrue(sessions)
        with tempfile.TemporaryDirectory() as folder:
            bin_folder = pathlib.Path(folder, "bin")
            bin_folder.mkdir()
            (bin_folder / "polyonym").symlink_to(DRIVER)
            pathlib.Path(folder, "examples").symlink_to(SOURCE / "examples")
            for name, lines in readme.named_files(TEXT, "json").items():
                pathlib.Path(folder, name).write_text(lines, encoding="utf-8")
            for session in sessions:
                for command, said in steps(session):
                    with self.subTest(command=command):
                        self.assertIsNone(difference(said, run_on_terminal(command, folder, str(bin_folder))))

    def test_each_target_of_make_is_there(self):
        targets = readme.make_targets(TEXT)
        self.assertLessEqual({"demo", "test"}, set(targets))
        makefile = read("Makefile")
        for target in targets:
            with self.subTest(target=target):
                self.assertRegex(makefile, rf"(?m)^{target}:")

    def test_each_link_leads_to_a_file(self):
        targets = readme.links(TEXT)
        self.assertIn("ARCHITECTURE.md", targets)
        for target in targets:
            with self.subTest(link=target):
                self.assertTrue((SOURCE / target).exists())

    def test_the_version_that_it_asks_for_is_this_one(self):
        version = re.search(r"project\(Polyonym VERSION (\d+\.\d+)", read("CMakeLists.txt")).group(1)
        asked = re.findall(r"find_package\(polyonym ([\d.]+)", TEXT)
        self.assertTrue(asked)
        self.assertEqual(set(asked), {version})


class Reading(unittest.TestCase):
    """What the checks above rest on."""

    def test_a_block_that_stands_for_a_file_is_found_by_its_name(self):
        text = "It is all in [it](a/b.cc) (`a/b.cc`):\n\n```cpp\nint x;\n```\n\nNothing:\n\n```cpp\nint y;\n```\n"
        self.assertEqual(readme.named_files(text, "cpp"), {"a/b.cc": "int x;\n"})
        self.assertEqual(readme.blocks(text, "cpp"), ["int x;\n", "int y;\n"])

    def test_targets_of_make_are_found_in_code_and_not_in_prose(self):
        text = "They make waves. `make demo`, then\n\n```console\n$ make test\n```\n"
        self.assertEqual(readme.make_targets(text), ["demo", "test"])

    def test_links_are_those_within_the_project(self):
        self.assertEqual(readme.links("[a](docs/a.md#b) [c](https://example.com) [d](#d)"), ["docs/a.md"])


if __name__ == "__main__":
    unittest.main()
