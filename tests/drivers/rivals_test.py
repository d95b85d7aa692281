#!/usr/bin/env python3
"""bench/rivals/run.py: SQLite alone, and a rival that is wrong."""

import json
import pathlib
import shutil
import subprocess
import sys

from program import ROOT, ProgramTest, main

RIVALS = ROOT / "bench" / "rivals"
SQLITE = ["--only", "sqlite"]
SWAPPED = """

def swapped(rows):
    (first, one), *rest = rows
    at = next(n for n, (_, label) in enumerate(rest) if label != one)
    other, two = rest[at]
    rest[at] = (other, one)
    return [(first, two), *rest]
"""


class RivalsTest(ProgramTest):
    def run_rivals(self, rivals, *more):
        done = subprocess.run(
            [sys.executable, rivals / "run.py", "--events", "2000", "--batch", "100", "--folder", self.folder,
             "--json", self.path("results.json"), *more],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        results = json.loads(pathlib.Path(self.path("results.json")).read_text(encoding="utf-8"))
        return done, results

    def changed_copy(self, name, old, new):
        copy = self.folder / "rivals"
        shutil.copytree(RIVALS, copy)
        text = (copy / name).read_text(encoding="utf-8")
        self.assertIn(old, text)
        (copy / name).write_text(text.replace(old, new), encoding="utf-8")
        return copy

    def test_sqlite_finds_the_components_of_union_find_in_every_round(self):
        done, results = self.run_rivals(RIVALS, "--rounds", "2", *SQLITE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(results["systems"]), 4)
        for system in results["systems"]:
            self.assertEqual(system["status"], "ok")
            self.assertEqual([r["digest"] for r in system["rounds"]], [results["reference"]["digest"]] * 2)
        self.assertIn("| sqlite set full |", done.stdout)
        self.assertEqual(list(self.folder.glob("polyonym-rivals-*")), [], "nothing is left behind")

    def test_a_rival_whose_component_table_is_wrong_fails_the_run(self):
        merges = 'many("INSERT INTO merged VALUES (?, ?)", merges)'
        wrong = self.changed_copy("sqlite_rival.py", merges, merges.replace("merges)", "merges[1:])"))
        done, results = self.run_rivals(wrong, "--rounds", "1", *SQLITE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("failed: sqlite event normal", done.stderr)
        for system in results["systems"]:
            self.assertIn("its components differ", system["status"])

    def test_members_that_change_places_between_components_of_the_same_sizes_fail_the_run(self):
        wrong = self.changed_copy("sqlite_rival.py", "db.execute(LABELS), sqlite3", "swapped(db.execute(LABELS)), sqlite3")
        with open(wrong / "trial.py", "a", encoding="utf-8") as file:
            file.write(SWAPPED)
        with open(wrong / "sqlite_rival.py", "r+", encoding="utf-8") as file:
            text = file.read()
            file.seek(0)
            file.write(text.replace("import trial\n", "import trial\nfrom trial import swapped\n"))
        done, results = self.run_rivals(wrong, "--rounds", "1", "--only", "sqlite set normal")
        self.assertEqual(done.returncode, 1)
        (system,) = results["systems"]
        self.assertIn("its components differ", system["status"])
        (trial,) = system["rounds"]
        self.assertEqual(trial["components"], results["reference"]["components"])

    def test_what_is_not_there_is_skipped_and_said(self):
        done, results = self.run_rivals(
            RIVALS, "--rounds", "1", "--workload", self.path("none"), "--only", "polyonym wal", "sqlite set normal")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("polyonym wal: skipped:", done.stdout)
        self.assertEqual([system["status"][:7] for system in results["systems"]], ["skipped", "ok"])

    def test_a_stream_that_is_cut_says_what_it_reached_and_is_compared_up_to_there(self):
        done, results = self.run_rivals(RIVALS, "--rounds", "1", "--max-seconds", "1e-9", "--only", "sqlite set normal")
        self.assertEqual(done.returncode, 0, done.stderr)
        (system,) = results["systems"]
        self.assertEqual(system["status"], f"did not finish: 100 events in {system['rounds'][0]['seconds']:.0f} s")


if __name__ == "__main__":
    main()
