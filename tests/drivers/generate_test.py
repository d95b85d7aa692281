"""generate: the same seed gives the same bytes, and its truth is what resolving comes close to."""

import collections
import csv
import hashlib
import json

from program import ROOT, USAGE, ProgramTest, main

POLICIES = ROOT / "examples" / "policies"

# Of `generate --events 2000 --people 300 --seed 5` before there were facts.
PLAIN_SHA256 = "f37e1cf8da6420354eb8da16ad35ff78a67107db111b570c50967bdbe45db105"


def pairs(sizes):
    return sum(size * (size - 1) // 2 for size in sizes)


def without_facts(record):
    """What a record says but for its facts, whichever of the two forms of JSON it is written in."""
    if "identifiers" not in record:
        named = [
            (ns, value, role)
            for field, role in (("ids", "ROLE_SELF"), ("other", "ROLE_OTHER"))
            for ns, values in record.pop(field, {}).items()
            for value in values
        ]
        return {**record, "identifiers": sorted(named)}
    named = [(i["namespace"], i["value"], i.get("role", "ROLE_SELF")) for i in record.pop("identifiers")]
    rest = {field: value for field, value in record.items() if field not in ("facts", "time_ms", "version")}
    times = {"t": int(record["time_ms"])}
    if "version" in record:
        times["version"] = int(record["version"])
    return {**rest, **times, "identifiers": sorted(named)}


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

    def test_without_facts_the_bytes_are_what_they_were_before_there_were_any(self):
        plain = self.generate("--events", 2000, "--people", 300, "--seed", 5)
        self.assertEqual(hashlib.sha256(plain).hexdigest(), PLAIN_SHA256)

    def test_facts_change_nothing_else(self):
        options = ("--events", 5000, "--people", 300, "--seed", 5)
        told = self.generate("--facts", *options)
        self.assertEqual(told, self.generate("--facts", *options), "the same seed, the same bytes")
        told = [json.loads(line) for line in told.splitlines()]
        plain = [json.loads(line) for line in self.generate(*options).splitlines()]
        self.assertFalse(any("facts" in record for record in plain))
        self.assertGreater(sum("facts" in record for record in told), 4000)
        self.assertEqual([without_facts(record) for record in told], [without_facts(record) for record in plain])

    def test_facts_of_every_kind_are_there_and_none_is_left_out(self):
        options = ("--facts", "--events", 5000, "--people", 100)
        facts = [json.loads(line).get("facts", {}) for line in self.generate(*options).splitlines()]
        traits = collections.defaultdict(list)
        for trait in (trait for of in facts for trait in of.get("traits", [])):
            traits[trait["name"]].append(trait["value"])
        self.assertEqual(set(traits), {"name", "nickname", "gender", "birthday", "city"})
        self.assertEqual({value["text"] for value in traits["gender"]}, {"female", "male"})
        self.assertEqual(
            {value["date"].get("calendar", "CALENDAR_SOLAR") for value in traits["birthday"]},
            {"CALENDAR_SOLAR", "CALENDAR_CHINESE"},
        )
        nicknames = "".join(value["text"] for value in traits["nickname"])
        self.assertTrue(any("\u4e00" <= letter <= "\u9fff" for letter in nicknames), "Han")
        self.assertTrue(any(letter > "\U0001f300" for letter in nicknames), "emoji")
        events = [event for of in facts for event in of.get("events", [])]
        self.assertEqual(
            {(event["type"], event["direction"], "place" in event, "value" in event) for event in events},
            {
                ("view", "DIRECTION_IN", False, False),
                ("add_to_cart", "DIRECTION_IN", False, False),
                ("purchase", "DIRECTION_IN", False, True),
                ("purchase", "DIRECTION_IN", True, True),
                ("visit", "DIRECTION_IN", True, False),
                ("message", "DIRECTION_IN", False, False),
                ("message", "DIRECTION_OUT", False, False),
            },
        )
        self.assertEqual({event["value"]["currency"] for event in events if "value" in event}, {"CNY"})
        weights = {tag.get("weight", 1) for of in facts for tag in of.get("tags", [])}
        self.assertEqual((min(weights), max(weights)), (0.2, 1))
        consents = [consent for of in facts for consent in of.get("consents", [])]
        self.assertEqual(
            {(consent["purpose"], consent["state"]) for consent in consents},
            {(purpose, "STATE_" + state) for purpose in ("marketing", "service") for state in ("GRANTED", "DENIED")},
        )
        self.ingest("store", "--policy", POLICIES / "retail.json", self.write("told.jsonl", self.generate(*options)))
        for group in self.polyonym("groups", "--db", self.path("store"), "--largest", 20, "--ids").rows:
            person = self.polyonym("show", "--db", self.path("store"), group["members"][0]).row["person"]
            self.assertEqual(person["left_out"], 0)
            self.assertGreater(person["completeness"], 0)

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
