#!/usr/bin/env python3
"""docs/presets.md: each preset has its example, which prints what the page says, from a store and from memory."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import readme
from places import DRIVER, read
from transcript import difference, steps

TEXT = read("docs/presets.md")


def sections():
    """Text of each preset's section, by the preset's name: `## WeChat and WeCom: `wechat``"""
    parts = re.split(r"(?m)^## .*`(\w+)`$", TEXT)
    return {name: body.split("\n## ")[0] for name, body in zip(parts[1::2], parts[2::2])}


def presets():
    return {row["preset"]: row["namespaces"] for row in map(json.loads, run("polyonym policy preset", "."))}


def run(command, folder):
    """Lines that a shell command writes, complaints last; `polyonym` is the one that was built."""
    with tempfile.TemporaryDirectory() as programs:
        pathlib.Path(programs, "polyonym").symlink_to(DRIVER)
        environment = {**os.environ, "PATH": programs + os.pathsep + os.environ["PATH"]}
        done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, capture_output=True, check=False)
    return (done.stdout + done.stderr).decode().splitlines()


class Presets(unittest.TestCase):
    maxDiff = 4000

    def test_each_preset_has_a_section_that_names_what_it_declares(self):
        self.assertEqual(list(sections()), list(presets()))
        for preset, namespaces in presets().items():
            named = re.findall(r"(?m)^\| `([\w.]+)(?:/[^`]*)?` \|", sections()[preset])
            with self.subTest(preset=preset):
                self.assertTrue(namespaces)
                self.assertEqual(sorted(named), sorted(namespaces))

    def test_each_example_prints_what_the_page_says(self):
        for preset, section in sections().items():
            with self.subTest(preset=preset):
                self.check_example(section)

    def check_example(self, section):
        files = readme.named_files(section, "json")
        said_last = []
        with tempfile.TemporaryDirectory() as folder:
            for name, lines in files.items():
                pathlib.Path(folder, name).write_text(lines, encoding="utf-8")
            for session in readme.blocks(section, "console"):
                for command, said in steps(session):
                    self.assertIsNone(difference(said, run(command, folder)), command)
                    said_last = said or said_last
            self.assertTrue(said_last, "an example shows groups")
            # All at once, and the other way round: order and batches make no difference.
            (policy,) = pathlib.Path(folder).glob("*.policy.json")
            backwards = " ".join(reversed(files))
            at_once = run(f"polyonym resolve --memory --policy {policy.name} {backwards}", folder)
            self.assertEqual(at_once, said_last)

    def test_every_block_of_the_page_is_part_of_an_example(self):
        for language, parts in (("console", 14), ("json", 14)):
            blocks = [block for section in sections().values() for block in readme.blocks(section, language)]
            self.assertEqual(blocks, readme.blocks(TEXT, language))
            self.assertEqual(len(blocks), parts)
        files = [name for section in sections().values() for name in readme.named_files(section, "json")]
        self.assertEqual(len(files), len(readme.blocks(TEXT, "json")))

    def test_each_source_that_is_cited_is_listed_and_each_listed_one_is_cited(self):
        text, listed = TEXT.split("\n## Sources\n")
        numbers = re.findall(r"(?m)^(\d+)\. ", listed)
        self.assertEqual(numbers, [str(n + 1) for n in range(len(numbers))])
        self.assertEqual(sorted(set(re.findall(r"\[(\d+)\]", text)), key=int), numbers)


if __name__ == "__main__":
    unittest.main()
