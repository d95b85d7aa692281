"""Real people with ids in up to eight registers: the Chadwick register of baseball persons and Lahman's database.

A row of the register is a person; its ids but `key_person` are what joins. Told one pair of ids at a time, in any order, exactly
the register's people must come out, though a profile may hold one id of each register (examples/mappings/baseball.policy.json).

Lahman's rows carry an id of their own, Retrosheet's and Baseball Reference's. Where they and the register disagree, this is so:
- Three players (Heard, Jones, Roberts) have another Retrosheet id at Lahman's than in the register. They are the same men, by name
  and day of birth: Retrosheet numbered them anew. The register's id came first, so under the limit the old id stays out, alone,
  and `why-not` names the limit. Under a policy that allows two Retrosheet ids they are whole.
- Henry Stein's ids are both unknown to the register: his row is a person by itself.
- Two rows have no id but Lahman's: a person each. Nothing but names could tell more, and names are not looked at.
So the register's people stay exactly what they were, and every other row of Lahman's joins the one that matches.csv says.
"""

import csv
import itertools
import json
import random
import time

from program import ROOT, ProgramTest, lines, main, open_text, shared

MAPPINGS = ROOT / "examples" / "mappings"
POLICY = MAPPINGS / "baseball.policy.json"
REGISTERS = {
    "key_retro": "retro",
    "key_bbref": "bbref",
    "key_mlbam": "mlbam",
    "key_bbref_minors": "bbref_minors",
    "key_fangraphs": "fangraphs",
    "key_npb": "npb",
    "key_wikidata": "wikidata",
}
RENUMBERED = {
    "retro:hearj101": "lahman:heardja01",
    "retro:joneh103": "lahman:jonesha01",
    "retro:robec102": "lahman:robercu01",
}
SEED = 20251123


def rows_of(*parts):
    with open_text(shared("data", "lahman_chadwick", *parts)) as file:
        return list(csv.DictReader(file))


def spanning(dice, ids):
    """Pairs that hold the ids together and are no more than needed: a random tree."""
    dice.shuffle(ids)
    return [(ids[dice.randrange(n)], ids[n]) for n in range(1, len(ids))]


def sorted_groups(groups):
    return sorted(sorted(group, key=str.encode) for group in groups)


class LahmanChadwickTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.register = rows_of("register_mlb.csv.gz")
        self.lahman = rows_of("lahman_people.csv.gz")
        self.people = {
            row["key_person"]: [f"{ns}:{row[key]}" for key, ns in REGISTERS.items() if row[key]]
            for row in self.register
        }
        self.assertEqual((len(self.people), len(self.lahman)), (25_896, 20_262))

    def pairs_file(self, pairs_of):
        """JSON Lines of a record for each pair, shuffled. What a record is called says nothing of the person."""
        dice = random.Random(SEED)
        pairs = [pair for ids in self.people.values() for pair in pairs_of(dice, list(ids))]
        dice.shuffle(pairs)
        records = []
        for number, pair in enumerate(pairs):
            (ns, value), (other_ns, other) = (identifier.split(":", 1) for identifier in dice.sample(pair, 2))
            records.append(
                {"source": "chadwick", "id": str(number), "t": 1763856000000, "ids": {ns: value, other_ns: other}}
            )
        return self.write("pairs.jsonl", lines(records)), len(records)

    def groups_with_lahman(self):
        """The register's people, each of Lahman's rows with the one of matches.csv, and what is left over."""
        groups = {person: set(ids) for person, ids in self.people.items()}
        person_of = {row["playerID"]: row["key_person"] for row in rows_of("matches.csv")}
        lone = []
        for row in self.lahman:
            ids = {
                f"{ns}:{row[key]}"
                for ns, key in (("lahman", "playerID"), ("retro", "retroID"), ("bbref", "bbrefID"))
                if row[key]
            }
            renumbered = ids & set(RENUMBERED)
            if row["playerID"] in person_of:
                groups[person_of[row["playerID"]]] |= ids - renumbered
                lone += [{identifier} for identifier in renumbered]
            else:
                lone.append(ids)
        return groups, lone, person_of

    def test_the_registers_people_come_out_of_pairs_of_ids(self):
        expected = sorted_groups(self.people.values())
        for name, pairs_of in (("spanning", spanning), ("all", lambda dice, ids: list(itertools.combinations(ids, 2)))):
            with self.subTest(pairs=name, seed=SEED):
                path, count = self.pairs_file(pairs_of)
                start = time.monotonic()
                row = self.ingest(name, "--policy", POLICY, path).row
                print(f"\n{name}: {count:,} records, {count / (time.monotonic() - start):,.0f} a second")
                self.assertEqual((row["applied"], row["held_identifiers"]), (count, 0))
                stored = self.polyonym("groups", "--db", self.path(name))
                self.assertEqual([group["members"] for group in stored.rows], expected)
                memory = self.polyonym("resolve", "--memory", "--policy", POLICY, path)
                self.assertEqual(memory.out, stored.out)
                self.assertEqual(self.polyonym("stats", "--db", self.path(name)).row["refused_links"], 0)
                self.assert_verified(name)

    def test_whole_rows_by_the_mapping_give_the_same_people(self):
        answer = self.polyonym(
            "resolve",
            "--memory",
            "--policy",
            POLICY,
            "--mapping",
            MAPPINGS / "chadwick.mapping.json",
            shared("data", "lahman_chadwick", "register_mlb.csv.gz"),
        )
        self.assertEqual([group["members"] for group in answer.rows], sorted_groups(self.people.values()))

    def test_lahmans_rows_join_the_registers_people_and_break_none(self):
        groups, lone, person_of = self.groups_with_lahman()
        self.check_renumbered(person_of)
        path, _ = self.pairs_file(spanning)
        self.ingest("store", "--policy", POLICY, path)
        row = self.ingest(
            "store",
            "--policy",
            POLICY,
            "--mapping",
            MAPPINGS / "lahman.mapping.json",
            shared("data", "lahman_chadwick", "lahman_people.csv.gz"),
        ).row
        self.assertEqual((row["applied"], row["rejected"], row["held"]), (len(self.lahman), 0, 0))
        self.assertEqual(self.groups("store"), sorted_groups([*groups.values(), *lone]))
        self.assertEqual(len(lone), 3 + 1 + 2)
        self.assert_verified("store")

        for old, player in RENUMBERED.items():
            answer = self.polyonym("why-not", "--db", self.path("store"), old, player).row
            self.assertEqual(
                (answer["obstacle"], answer["limit_namespace"], answer["limit"], answer["would_be"]),
                ("limit", "retro", 1, 2),
            )
        self.assertEqual(self.polyonym("stats", "--db", self.path("store")).row["refused_links"], 6)
        self.check_two_allowed(groups, lone, person_of)

    def check_renumbered(self, person_of):
        """The old Retrosheet ids are of the men that matches.csv says: Baseball Reference, name and day of birth agree."""
        by_person = {row["key_person"]: row for row in self.register}
        known = {identifier for ids in self.people.values() for identifier in ids}
        unknown = [
            row
            for row in self.lahman
            if row["retroID"] and "retro:" + row["retroID"] not in known and row["playerID"] in person_of
        ]
        self.assertEqual({"retro:" + row["retroID"] for row in unknown}, set(RENUMBERED))
        for row in unknown:
            person = by_person[person_of[row["playerID"]]]
            self.assertEqual(row["bbrefID"], person["key_bbref"])
            self.assertEqual(
                [row[key] for key in ("nameGiven", "nameLast", "birthYear", "birthMonth", "birthDay")],
                [person[key] for key in ("name_given", "name_last", "birth_year", "birth_month", "birth_day")],
            )

    def check_two_allowed(self, groups, lone, person_of):
        """Where a person may have two Retrosheet ids, the three are whole, and everybody else is as before."""
        policy = json.loads(POLICY.read_text(encoding="utf-8"))
        (retro,) = [ns for ns in policy["namespaces"] if ns["name"] == "retro"]
        retro["limits"] = [{"max": 2}]
        row = self.polyonym("policy", "set", "--db", self.path("store"), self.write_json("two.json", policy)).row
        self.assertEqual(row["changes"], 3)
        for old, player in RENUMBERED.items():
            groups[person_of[player.split(":")[1]]].add(old)
        lone = [ids for ids in lone if not ids & set(RENUMBERED)]
        self.assertEqual(self.groups("store"), sorted_groups([*groups.values(), *lone]))


if __name__ == "__main__":
    main()
