"""retract: a store from which records were taken back is as one that never had them."""

import datetime

from program import ProgramTest, act, main, seen
from traffic import random_records

START = 1704067200000


def rfc3339(ms):
    return (
        datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


class RetractTest(ProgramTest):
    def setUp(self):
        super().setUp()
        # No record is sent twice: taking one version back brings no older one up, so leaving both out is not the same.
        self.records = [record for record in random_records(seed=5, count=400) if "version" not in record]

    def retract(self, store, *args):
        return self.polyonym("retract", "--db", self.path(store), *args).row

    def assert_as_if_never(self, store, gone):
        """`store` has the groups of a store that never had the records for which `gone(record)` holds."""
        left = [record for record in self.records if not gone(record)]
        self.assertLess(len(left), len(self.records))
        self.store_of(store + "-never", left)
        self.assertEqual(self.groups(store), self.groups(store + "-never"))
        self.assert_verified(store)

    def test_one_record(self):
        self.store_of("store", self.records)
        full = self.groups("store")
        ones = [record for record in self.records if record["source"] == "pos" and len(record["ids"]) > 1][:3]
        for record in ones:
            row = self.retract("store", "--source", "pos", "--record", record["id"])
            self.assertEqual((row["retracted"], row["dry_run"]), (1, False))
        self.assertNotEqual(self.groups("store"), full)
        self.assert_as_if_never("store", lambda record: record in ones)
        self.assertEqual(self.retract("store", "--source", "pos", "--record", ones[0]["id"])["retracted"], 0)
        self.assertEqual(self.retract("store", "--source", "pos", "--record", "nosuch")["retracted"], 0)

    def test_an_act(self):
        self.store_of("store", self.records)
        acts = [record for record in self.records if record["source"] == "desk"]
        self.assertGreater(len({record["op"] for record in acts}), 4)
        for record in acts:
            self.assertEqual(self.retract("store", "--source", "desk", "--record", record["id"])["retracted"], 1)
        self.assert_as_if_never("store", lambda record: record["source"] == "desk")

    def test_a_range_of_time_with_both_ends_or_one(self):
        low, high = START + 100_000, START + 250_000
        inside = {
            "both": (["--from", low, "--to", high], lambda t: low <= t <= high),
            "from": (["--from", rfc3339(low)], lambda t: low <= t),
            "to": (["--to", rfc3339(high)], lambda t: t <= high),
            "day": (["--from", "2024-01-01", "--to", "2024-01-02"], lambda t: True),
        }
        for name, (args, hit) in inside.items():
            with self.subTest(range=name):
                self.store_of(name, self.records)
                row = self.retract(name, "--source", "web", *args)
                expected = [record for record in self.records if record["source"] == "web" and hit(record["t"])]
                self.assertEqual(row["retracted"], len(expected))
                self.assert_as_if_never(name, lambda record: record in expected)

    def test_a_dry_run_counts_and_changes_nothing(self):
        self.store_of("store", self.records)
        before = (
            self.polyonym("groups", "--db", self.path("store")).out,
            self.polyonym("stats", "--db", self.path("store")).row["sequence"],
        )
        count = self.retract("store", "--source", "app", "--from", "0", "--dry-run")
        self.assertTrue(count["dry_run"])
        after = (
            self.polyonym("groups", "--db", self.path("store")).out,
            self.polyonym("stats", "--db", self.path("store")).row["sequence"],
        )
        self.assertEqual(before, after)
        self.assertEqual(self.retract("store", "--source", "app", "--from", "0")["retracted"], count["retracted"])

    def test_everything(self):
        self.store_of("store", self.records)
        for source in ("pos", "web", "app", "desk"):
            self.retract("store", "--source", source, "--from", "0")
        self.assertEqual(self.groups("store"), [])
        self.assert_verified("store")

    def test_what_was_taken_back_stays_away_until_a_higher_version_comes(self):
        record = seen(1, {"crm": "c1", "email": "a@b.com"})
        self.store_of("store", [record])
        self.assertEqual(
            self.retract("store", "--source", "pos", "--record", "1", "--version", record["t"] + 5)["retracted"], 1
        )
        for version, applied in ((0, 0), (5, 0), (6, 1)):
            again = self.write_records("again.jsonl", [{**record, "version": record["t"] + version}])
            self.assertEqual(self.ingest("store", again).row["applied"], applied)
        self.assertEqual(self.groups("store"), [["crm:c1", "email:a@b.com"]])

    def test_a_record_taken_back_before_it_comes_never_counts(self):
        self.store_of("store", [seen(9, {"crm": "c9"})])
        self.retract("store", "--source", "pos", "--record", "1", "--version", START + 10_000)
        self.ingest("store", self.write_records("late.jsonl", [seen(1, {"crm": "c1"})]))
        self.assertEqual(self.groups("store"), [["crm:c9"]])

    def test_the_answer_says_what_happened_to_profiles(self):
        self.store_of(
            "store", [seen(1, {"crm": "c1", "email": "a@b.com"}), act(2, "must_link", "email:a@b.com", "device:d1")]
        )
        (change,) = self.retract("store", "--source", "desk", "--record", "2")["changes"]
        self.assertEqual(
            (change["kind"], change["cause"], change["identifiers"]), ("gone", "retraction", ["device:d1"])
        )
        (change,) = self.retract("store", "--source", "pos", "--record", "1")["changes"]
        self.assertEqual(
            (change["kind"], change["to"], sorted(change["identifiers"])), ("gone", None, ["crm:c1", "email:a@b.com"])
        )


if __name__ == "__main__":
    main()
