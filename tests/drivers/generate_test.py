"""generate: the same seed gives the same bytes, and its truth is what resolving comes close to."""

import collections
import csv
import json

from program import ROOT, USAGE, ProgramTest, main

POLICIES = ROOT / "examples" / "policies"


def pairs(sizes):
    return sum(size * (size - 1) // 2 for size in sizes)


class GenerateTest(ProgramTest):
    def generate(self, *args):
        return self.polyonym("generate", *args).out

    def truth(self, *args):
        """Records as bytes, and identifier -> the people who used it."""
        records = self.generate("--truth", self.path("truth.csv"), *args)
        owners = collections.defaultdict(set)
        with open(self.path("truth.csv"), encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        self.assertEqual(rows[0], ["identifier", "person"])
        for identifier, person in rows[1:]:
            owners[identifier].add(int(person))
        self.assertEqual(
            [tuple(row) for row in rows[1:]],
            sorted({tuple(row) for row in rows[1:]}, key=lambda row: (row[0].encode(), int(row[1]))),
        )
        return records, owners

    def score(self, owners, groups):
        """Precision and recall over pairs of identifiers that each have one owner."""
        one = {identifier: next(iter(people)) for identifier, people in owners.items() if len(people) == 1}
        joined = right = 0
        for members in groups:
            known = [one[member] for member in members if member in one]
            joined += pairs([len(known)])
            right += pairs(collections.Counter(known).values())
        return right / joined, right / pairs(collections.Counter(one.values()).values())

    def test_the_same_seed_gives_the_same_bytes(self):
        first = self.generate("--events", 2000, "--people", 300, "--seed", 5)
        self.assertEqual(self.generate("--events", 2000, "--people", 300, "--seed", 5), first)
        self.assertNotEqual(self.generate("--events", 2000, "--people", 300, "--seed", 6), first)
        self.assertEqual(first.count(b"\n"), 2000)
        self.assertEqual(
            self.generate("--truth", self.path("truth.csv"), "--events", 2000, "--people", 300, "--seed", 5), first
        )
        self.assertEqual(self.generate(), self.generate("--events", 10000, "--people", 1000, "--seed", 1))

    def test_every_record_is_taken_and_the_hard_cases_are_there(self):
        records = self.write("records.jsonl", self.generate("--events", 10_000, "--people", 2000))
        row = self.ingest("store", "--policy", POLICIES / "retail.json", records).row
        self.assertEqual((row["records"], row["rejected"]), (10_000, 0))
        self.assertGreater(row["unchanged"], 50, "records that come again")
        self.assertGreater(row["held_identifiers"], 50, "placeholders and masks")
        stats = self.polyonym("stats", "--db", self.path("store")).row
        self.assertGreater(stats["shared_identifiers"], 5)
        self.assertGreater(stats["refused_links"], 0)
        self.assertLess(stats["standing_records"], stats["records"], "records that come again with more in them")
        times = [json.loads(line)["t"] for line in (self.folder / "records.jsonl").read_text().splitlines()]
        self.assertGreater(sum(a > b for a, b in zip(times, times[1:])), 100, "records that come late")
        values = {row["reason"] for row in self.polyonym("held", "--db", self.path("store"), "--max", 0).rows}
        self.assertIn("blocked_value", values)

    def test_the_truth_names_every_identifier_but_placeholders(self):
        records, owners = self.truth("--events", 10_000, "--people", 2000)
        store = self.write("records.jsonl", records)
        groups = self.polyonym("resolve", "--memory", "--policy", POLICIES / "retail.json", store).rows
        seen = {member for row in groups for member in row["members"]}
        inviters = {
            f"{ns}:{value}"
            for line in records.decode().splitlines()
            for ns, values in json.loads(line).get("other", {}).items()
            for value in values
        }
        self.assertEqual(seen - inviters, set(owners) - inviters, "normalised as the policy of the example does")
        self.assertLessEqual({person for people in owners.values() for person in people}, set(range(2000)))
        shared = [identifier for identifier, people in owners.items() if len(people) > 1]
        self.assertGreater(len(shared), 10)

    def test_resolving_comes_close_to_the_truth(self):
        # Measured over seeds 1 to 5: precision 0.991 to 0.997, and 0.998 of the pairs that any links lead to. Without limits
        # and guards precision is below 0.1: the traffic is as hard as it says.
        for seed in (1, 4):
            records, owners = self.truth("--events", 10_000, "--people", 500, "--seed", seed)
            path = self.write("records.jsonl", records)
            scores = {}
            for policy in ("retail", "joins_everything"):
                rows = self.polyonym("resolve", "--memory", "--policy", POLICIES / f"{policy}.json", path).rows
                scores[policy] = self.score(owners, [row["members"] for row in rows])
            with self.subTest(seed=seed, scores=scores):
                self.assertGreater(scores["retail"][0], 0.97)
                self.assertGreater(scores["retail"][1], 0.97 * scores["joins_everything"][1])
                self.assertGreater(scores["retail"][1], 0.3)
                self.assertLess(scores["joins_everything"][0], 0.5)

    def test_wrong_options_are_wrong_usage(self):
        self.polyonym("generate", "--people", 0, code=USAGE)
        self.assertIn("no/such", self.polyonym("generate", "--events", 1, "--truth", "no/such/file", code=USAGE).err)


if __name__ == "__main__":
    main()
