"""`stats --format prometheus`, read by the rules of the format; and the reader of the tests, shown to notice what breaks one."""

import re

import exposition
from program import ROOT, USAGE, ProgramTest, main, seen
from traffic import random_records

GOOD = """# HELP a_total Things.
# TYPE a_total counter
a_total{kind="x\\"\\\\\\n",b="2"} 3
a_total 4.5e+3
# a comment

# HELP t_seconds Times.
# TYPE t_seconds histogram
t_seconds_bucket{le="0.5"} 1
t_seconds_bucket{le="+Inf"} 2
t_seconds_sum 7
t_seconds_count 2
"""
BAD = {
    "no end": ("t_seconds_count 2\n", "t_seconds_count 2"),
    "no TYPE": ("# TYPE a_total counter\n", ""),
    "no HELP": ("# HELP a_total Things.\n", ""),
    "no help text": ("Things.", ""),
    "an unknown type": ("counter", "number"),
    "a name that is none": ("# HELP a_total", "# HELP 1_total"),
    "a second TYPE": ("# TYPE a_total counter\n", "# TYPE a_total counter\n# TYPE a_total counter\n"),
    "a TYPE after the sample": ("a_total 4.5e+3\n", "a_total 4.5e+3\n# TYPE a_total counter\n"),
    "a counter without _total": ("a_total", "a"),
    "a gauge that looks like a counter": ("counter", "gauge"),
    "a sample of another metric": ("a_total 4.5e+3", "b_total 4.5e+3"),
    "a negative counter": ("a_total 4.5e+3", "a_total -1"),
    "no number": ("4.5e+3", "4,500"),
    "a hexadecimal number": ("4.5e+3", "0x10"),
    "no value": ("a_total 4.5e+3", "a_total"),
    "a quote that is not escaped": ('\\"', '"'),
    "a label twice": ('b="2"', 'kind="2"'),
    "a label's name that is none": ('b="2"', 'b-b="2"'),
    "labels that do not end": ('b="2"}', 'b="2"'),
    "a series twice": ("a_total 4.5e+3\n", "a_total 4.5e+3\na_total 5\n"),
    "a metric in two places": ("t_seconds_count 2\n", "t_seconds_count 2\n# HELP a_total Again.\n"),
    "no bucket for everything": ('t_seconds_bucket{le="+Inf"} 2\n', ""),
    "buckets out of order": ('le="0.5"} 1\n', 'le="0.5"} 1\nt_seconds_bucket{le="0.1"} 1\n'),
    "buckets that fall": ('le="0.5"} 1\n', 'le="0.5"} 3\n'),
    "a count of its own": ("t_seconds_count 2", "t_seconds_count 3"),
    "no sum": ("t_seconds_sum 7\n", ""),
    "no count": ("t_seconds_count 2\n", ""),
    "a bound at the sum": ("t_seconds_sum 7", 't_seconds_sum{le="1"} 7'),
    "a bucket without a bound": ('t_seconds_bucket{le="0.5"} 1', "t_seconds_bucket 1"),
    "a sum without buckets": ("t_seconds_sum 7\n", 't_seconds_sum 7\nt_seconds_sum{a="b"} 7\n'),
}
# Gauges that say what `stats` says.
SAME = {
    "sequence": "sequence",
    "policy_version": "policy_version",
    "stored_records": "records",
    "standing_records": "standing_records",
    "held_records": "held_records",
    "identifiers": "identifiers",
    "live_identifiers": "live_identifiers",
    "shared_identifiers": "shared_identifiers",
    "profiles": "profiles",
    "links": "links",
    "refused_links": "refused_links",
    "resident_bytes": "resident_bytes",
}


class StatsTest(ProgramTest):
    def families(self, store):
        return exposition.parse(self.polyonym("stats", "--db", store, "--format", "prometheus").text)

    def a_store(self):
        records = random_records(seed=31, count=300)
        records += [seen(1000 + n, {"crm": f"g{n}", "device": "the-till"}) for n in range(4)]
        records += [seen(2000, {"nosuch": "x"})]
        return self.store_of("store", records)

    def test_the_reader_notices_what_breaks_a_rule(self):
        families = exposition.parse(GOOD)
        self.assertEqual(families["a_total"].samples["a_total", frozenset()], 4500)
        self.assertIn(("a_total", frozenset({("kind", 'x"\\\n'), ("b", "2")})), families["a_total"].samples)
        for fault, (text, wrong) in BAD.items():
            with self.subTest(fault=fault):
                self.assertIn(text, GOOD)
                with self.assertRaises(exposition.Malformed):
                    exposition.parse(GOOD.replace(text, wrong))

    def test_the_text_keeps_the_rules_and_names_units(self):
        families = self.families(self.a_store())
        self.assertGreater(len(families), 40)
        for name, family in families.items():
            with self.subTest(metric=name):
                self.assertRegex(name, r"^polyonym_[a-z_]+$")
                self.assertNotRegex(name, r"_(ms|ns|milliseconds|nanoseconds|kb|mb)(_|$)")
                self.assertRegex(family.help, r"^[A-Z1].*\.$")
                if family.type == "histogram":
                    self.assertTrue(name.endswith("_seconds"))
        self.assertEqual({family.type for family in families.values()}, {"counter", "gauge", "histogram"})

    def test_gauges_say_what_the_fields_say(self):
        store = self.a_store()
        row = self.polyonym("stats", "--db", store).row
        families = self.families(store)
        for metric, field in SAME.items():
            with self.subTest(metric=metric):
                self.assertEqual(sum(families[f"polyonym_{metric}"].samples.values()), row[field])
        for field in ("held_records", "shared_identifiers", "refused_links"):
            self.assertGreater(row[field], 0, "the store has something to say")
        self.assertGreater(sum(families["polyonym_store_bytes"].samples.values()), 0)

    def test_a_store_that_was_just_opened_has_done_nothing(self):
        families = self.families(self.a_store())
        calls = families["polyonym_call_duration_seconds"]
        counts = {
            dict(labels)["call"]: value for (name, labels), value in calls.samples.items() if name.endswith("_count")
        }
        self.assertEqual(counts, {"apply": 0, "retract": 0, "set_policy": 0, "advance_to": 0, "move_horizon": 0})
        self.assertEqual(sum(families["polyonym_records_total"].samples.values()), 0)
        self.assertEqual(sum(families["polyonym_read_only"].samples.values()), 0)

    def test_what_was_folded_is_counted_for_good(self):
        store = self.a_store()
        before = self.polyonym("stats", "--db", store).row
        self.assertEqual(before["folded_records"], 0)
        moved = self.polyonym("horizon", "--db", store, "--source", "pos", "--before", seen(1000, {})["t"]).row
        self.assertGreater(moved["folded_records"] + moved["dropped_records"], 0)
        row = self.polyonym("stats", "--db", store).row
        self.assertEqual(row["folded_records"], moved["folded_records"] + moved["dropped_records"])
        self.assertEqual(row["standing_records"], before["standing_records"] - moved["folded_records"] + moved["folds"])
        self.assertEqual((row["profiles"], row["links"]), (before["profiles"], before["links"]))
        text = self.polyonym("stats", "--db", store, "--format", "table").text
        self.assertRegex(text, rf"(?m)^folded records +{row['folded_records']}$")

    def test_docs_list_exactly_the_metrics_that_are_printed(self):
        page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
        families = self.families(self.a_store())
        rows = dict(re.findall(r"^\| `(polyonym_\w+)(?:\{\w+\})?` \| (\w+) \|", page, re.MULTILINE))
        self.assertEqual(rows, {name: family.type for name, family in families.items()})
        labels = dict(re.findall(r"^\| `(polyonym_\w+)\{(\w+)\}` \|", page, re.MULTILINE))
        printed = {
            name: label
            for name, family in families.items()
            for _, series in family.samples
            for label, _ in series
            if label != "le"
        }
        self.assertEqual(labels, printed)
        # What the rest of the page speaks of, alarms above all, is in the table too.
        named = set(re.findall(r"polyonym_[a-z_]*[a-z]", page))
        known = set(rows) | {name + end for name in rows for end in ("_bucket", "_sum", "_count")}
        self.assertEqual(named - known, set())

    def test_no_other_command_has_the_format(self):
        store = self.a_store()
        self.assertIn("prometheus", self.polyonym("groups", "--db", store, "--format", "prometheus", code=USAGE).err)


if __name__ == "__main__":
    main()
