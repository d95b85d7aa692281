#!/usr/bin/env python3
"""bench/run_all.py and the named workloads of polyonym_workload, at sizes that say nothing of speed."""

import json
import os
import pathlib
import subprocess
import sys

from program import ROOT, ProgramTest, main

BENCH = ROOT / "bench"
sys.path[:0] = [str(BENCH), str(BENCH / "rivals")]
import goals  # pylint: disable=wrong-import-position
import workloads  # pylint: disable=wrong-import-position

WORKLOAD = os.environ.get("POLYONYM_WORKLOAD", str(ROOT / "build" / "bench" / "polyonym_workload"))

# What the row of each has, in order.
FIELDS = {
    "stream": "events batch identifiers profiles events_per_second slowest_of_median of_bare_appends of_bare_union "
              "logged_bytes_per_event disk_bytes_per_event index_bytes_per_identifier",
    "bulk": "events batch events_per_second ending_seconds checkpoint_seconds of_stream of_stream_sync "
            "disk_bytes_per_event stream_disk_bytes_per_event",
    "bounded-anybody-50": "events share_percent budget_bytes resident_bytes index_bytes events_per_second "
                          "unbounded_events_per_second of_unbounded read_pages_per_event",
    "resolve": "questions batch identifiers resolved_per_second one_by_one_per_second bare_per_second of_bare",
    "why": "events questions connected_us connected_p99_us apart_us apart_p99_us",
    "merge-heavy": "events people events_per_second of_load slowest_of_median",
    "contested": "events people refused_links replays events_per_second of_uncontested slowest_of_median",
    "hub": "events batch limit events_per_second median_ms slowest_of_median limited_events limited_events_per_second "
           "limited_median_ms limited_slowest_of_median limited_slowest_of_free_median",
    "profile-stream": "events batch profiles seconds events_per_second slowest_of_median of_bare_appends "
                      "facts_bytes_per_event logged_bytes_per_event disk_bytes_per_event disk_bytes memory_bytes",
    "profile-read": "events questions profiles bytes_per_profile facts_per_read cold_reads_per_second "
                    "reads_per_second uncached_reads_per_second few_reads_per_second bare_per_second of_bare "
                    "uncached_of_bare few_of_bare",
    "profile-merge": "smallest_events largest_events merge_of_smallest split_of_smallest read_of_smallest",
    "profile-tag": "parts rounds read_us uncached_read_us bare_us of_bare uncached_of_bare",
    "segments-pass": "events people rounds people_per_second one_by_one_per_second of_one_by_one",
    "segments-of": "segments questions of_us of_p99_us read_us",
    "segments-live-narrow": "events segments rounds facts_mib events_per_second without_per_second of_without entries exits",
    "segments-live-build": "people segments seconds people_per_second memberships bytes_per_membership",
    "segments-live-due": "people build_seconds built_per_second advance_seconds due_per_second bytes_per_person",
    "bitmaps-numbers": "people slices bytes_per_person build_ns_per_person compare_us compare_of_array compare_some_us "
                       "equal_us sum_us sum_of_array sum_half_us sum_some_us top_us",
    "retract": "events retracted retracted_per_second of_load median_ms slowest_of_median",
    "growth-small": "events identifiers events_per_second empty_process_bytes empty_index_bytes "
                    "process_bytes_per_identifier reopened_process_bytes_per_identifier index_bytes_per_identifier "
                    "disk_bytes_per_event checkpointed_disk_bytes_per_event reopen_seconds scan_seconds "
                    "scan_all_seconds read_files_seconds reopen_of_scan reopen_of_scan_all",
}
FIELDS |= {f"bounded-{who}-{share}": FIELDS["bounded-anybody-50"]
           for who in ("anybody", "recent") for share in (90, 50, 25)}
FIELDS |= {f"profile-merge-{size}": "events rounds merge_us split_us merged_read_us merged_read_us_per_event"
           for size in (10, 100)}
FIELDS |= {f"privacy-{secrecy}": "events batch events_per_second of_plain exported_per_second exported_of_plain checkpoint_seconds "
                                 "open_seconds disk_bytes_per_event erase_one_seconds erase_99_seconds finish_seconds removed_records"
           for secrecy in ("plain", "sealed", "keyring")}
FIELDS |= {f"segments-count-{segments}": "segments people member_percent people_per_second ns_per_membership of_pass"
           for segments in (1, 20, 200, 1000)}
FIELDS |= {f"bitmaps-{percent}-percent": "people ids and_us and_of_bare or_us or_of_bare and_not_us and_not_of_bare "
                                         "count_and_us count_and_of_bare memory_bytes_per_id stored_bytes_per_id "
                                         "encode_us cold_load_us cold_load_mb_per_second"
           for percent in (0.1, 1, 10, 50)}
FIELDS |= {"funnels": "events people bytes_per_event sort_seconds scan_seconds funnel_seconds funnel_of_scan "
                      "funnel_by_campaign_seconds retention_by_month_seconds retention_by_day_seconds "
                      "repurchase_seconds began carted ordered"}
FIELDS |= {"stream-sync": FIELDS["stream"], "segments-live-broad": FIELDS["segments-live-narrow"],
           "chain": FIELDS["hub"], "growth": FIELDS["growth-small"] + " of_small"}
SMALL = {"growth": ["--times", "2"], "resolve": ["--questions", "300"], "why": ["--questions", "50"],
         "hub": ["--limit", "400"], "chain": ["--limit", "400"],
         "segments-live": ["--segments", "24", "--due", "300", "--rounds", "1"]}

# Stands in for the program: does what it does, and then spoils the answer.
STAND_IN = """#!{python}
import subprocess, sys
code = subprocess.run([{program!r}, *sys.argv[1:]]).returncode
if {spoilt!r} != sys.argv[1] or code:
    sys.exit(code)
if sys.argv[1] != "events":
    sys.exit("spoilt")
path = sys.argv[sys.argv.index("--groups") + 1]
with open(path) as file:
    first, second, *rest = file.read().splitlines()
with open(path, "w") as file:
    file.write("\\n".join([first + second, *rest]) + "\\n")
"""


class BenchTest(ProgramTest):
    def stand_in(self, spoilt):
        path = pathlib.Path(self.write("stand_in", STAND_IN.format(
            python=sys.executable, program=WORKLOAD, spoilt=spoilt)))
        path.chmod(0o755)
        return path

    def run_all(self, *more):
        done = subprocess.run(
            [sys.executable, BENCH / "run_all.py", "--events", "1000", "--batch", "100", "--times", "2",
             "--questions", "50", "--workload", WORKLOAD, "--folder", self.folder, "--json", self.path("all.json"),
             "--markdown", self.path("all.md"), *more],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        document = json.loads(pathlib.Path(self.path("all.json")).read_text(encoding="utf-8"))
        self.assertEqual(list(self.folder.glob("polyonym-*")), [], "nothing is left behind")
        return done, document

    def workload(self, *words):
        return subprocess.run([WORKLOAD, *words, "--folder", self.folder], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)

    def test_every_named_workload_runs_and_prints_its_numbers(self):
        events = self.path("events.tsv")
        subprocess.run([sys.executable, BENCH / "rivals" / "events.py", "1500", events], check=True)
        seen = set()
        for workload in workloads.WORKLOADS:
            for name, row in workloads.run(workload, WORKLOAD, 1500, events, self.folder, SMALL).items():
                seen.add(name)
                self.assertEqual(list(row), FIELDS[name].split(), name)
                for field, value in row.items():
                    self.assertGreaterEqual(value, 0, f"{name}: {field}")
        self.assertEqual(seen, set(FIELDS))
        self.assertEqual(list(self.folder.glob("polyonym-*")), [], "nothing is left behind")

    def test_a_workload_is_a_line_to_read_where_json_is_not_asked_for(self):
        done = self.workload("merge-heavy", "--events", "200")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"^merge-heavy: events 189, people 192, events per second [^\n]*\n$")
        self.assertEqual(done.stderr, "", "no progress where there is no terminal")

    def test_the_sizes_of_a_workload_are_those_that_were_asked_for(self):
        done = self.workload("contested", "--events", "300", "--people", "10", "--format", "json")
        row = json.loads(done.stdout)
        self.assertEqual((row["events"], row["people"]), (300, 10))

    def test_a_stream_whose_profiles_are_not_the_components_fails(self):
        """The guard of a new policy makes an identifier with so many neighbours shared."""
        events = "".join(f"{n}\t{1700000000000 + n}\tphone:hub\tcookie:c{n}\n" for n in range(1100))
        done = self.workload("stream", "--file", self.write("hub.tsv", events))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("profiles are not the components of union-find", done.stderr)

    def test_one_run_has_systems_workloads_and_goals(self):
        done, document = self.run_all("--rounds", "2", "--only", "polyonym", "sqlite set")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([s["status"] for s in document["systems"]], ["ok"] * 8)
        self.assertEqual(set(document["workloads"]), set(FIELDS))
        for name, row in document["workloads"].items():
            self.assertEqual((row["status"], len(row["rounds"])), ("ok", 2), name)
        self.assertEqual(len(document["goals"]), len(goals.GOALS))
        for goal in document["goals"]:
            other = next((name for name in ("redis", "postgres", "duckdb", "networkx", "scipy")
                          if name in goal["what"].lower()), None)
            expected = f"not measured: {other} was not asked for" if other else "(goal|bar) reached|not reached"
            self.assertRegex(goal["verdict"], f"^({expected})$")
        table = pathlib.Path(self.path("all.md")).read_text(encoding="utf-8")
        self.assertIn(table, done.stdout)
        self.assertRegex(table, r"Evidence and index kept an event: polyonym wal \d+ B on disk, \d+ B resident")
        self.assertIn("**This run is small: goals are meant for 2,000,000 events.**", table)
        self.assertIn("| durable stream, no sync, against SQLite | 12x | 25x | ", table)

    def test_components_that_differ_fail_the_run(self):
        done, document = self.run_all("--rounds", "1", "--only", "polyonym wal", "--workloads",
                                      "--workload", self.stand_in("events"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("failed: polyonym wal", done.stderr)
        self.assertIn("its components differ", document["systems"][0]["status"])

    def test_a_workload_that_fails_fails_the_run_and_stops_no_other(self):
        done, document = self.run_all("--rounds", "1", "--only", "--workloads", "why", "retract",
                                      "--workload", self.stand_in("why"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("failed: why", done.stderr)
        self.assertIn("spoilt", document["workloads"]["why"]["status"])
        self.assertEqual(document["workloads"]["retract"]["status"], "ok")

    def test_what_is_not_built_is_skipped_and_said(self):
        done, document = self.run_all("--rounds", "1", "--only", "--workloads", "resolve",
                                      "--workload", self.path("none"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("resolve: skipped:", done.stdout)
        verdicts = {goal["what"]: goal["verdict"] for goal in document["goals"]}
        self.assertRegex(verdicts["resolve, against a bare prefetched look-up"],
                         "^not measured: skipped: .* is not built$")

    def verdicts(self, what, workload, fields, values):
        """By the value that `fields` of the workload have."""
        out = []
        for value in values:
            row = {field: {"median": value if field in fields else 1} for field in FIELDS[workload].split()}
            document = {"systems": [], "workloads": {workload: {"status": "ok", "fields": row}}}
            out += [goal["verdict"] for goal in goals.judged(document) if goal["what"] == what]
        return out

    def test_a_number_reaches_the_goal_the_bar_or_neither(self):
        expected = ["not reached", "bar reached", "goal reached"]
        self.assertEqual(expected, self.verdicts(
            "contested: speed against none", "contested", ["of_uncontested"], [0.59, 0.6, 0.85]))
        self.assertEqual(expected, self.verdicts(
            "disk an event, long stream", "growth", ["checkpointed_disk_bytes_per_event"], [151, 150, 100]))

    def test_of_several_forms_of_a_system_the_fastest_is_held_against_ours(self):
        systems = [{"name": f"redis {form}", "kind": "no-fsync", "status": "ok", "ours_by_theirs": {"median": ratio}}
                   for form, ratio in (("event", 20.0), ("batch", 8.0))]
        row = next(row for row in goals.judged({"systems": systems, "workloads": {}}) if "Redis" in row["what"])
        self.assertEqual((row["measured"], row["verdict"]), (8.0, "bar reached"))
        self.assertEqual(row["remark"], "redis batch; redis event 20.00")


if __name__ == "__main__":
    main()
