"""show, tags, timeline, define, export --profiles: what a person is like, by the facts of their identifiers."""

import json
import re

from docs_test import code_blocks, commands_of
from program import DOCUMENTATION, DONE, NO, ROOT, USAGE, ProgramTest, changed_policy, main, seen

DAY = 24 * 3600
PHONE = "phone:+8613800000001"

DEFINITIONS = {
    "traits": [
        {"name": "name", "fold": "FOLD_SELF_DECLARED", "sources": ["app"], "completeness_weight": 3},
        {"name": "height", "type": "VALUE_TYPE_NUMBER", "unit": "cm"},
        {"name": "city", "completeness_weight": 1},
    ],
    "event_traits": [
        {
            "trait": {"name": "spent", "type": "VALUE_TYPE_MONEY", "fold": "FOLD_SUM"},
            "on": {"types": ["purchase"]},
            "value_of": "value",
        }
    ],
    "tags": [
        {
            "name": "likes:shoes",
            "layers": [
                {"name": "fan", "at_least_micros": 3_000_000},
                {"name": "curious", "at_least_micros": 1_000_000},
            ],
        },
        {"name": "likes:sport"},
        {"name": "likes:running", "parent": "likes:sport"},
    ],
    "behaviours": [
        {
            "name": "bought",
            "on": {"types": ["purchase"]},
            "tag": "likes:",
            "tag_of": "category",
            "weight_micros": 3_000_000,
        },
        {"name": "looked at", "on": {"types": ["view"]}, "tag": "likes:", "tag_of": "category"},
    ],
    "purposes": [{"name": "marketing"}],
    "ladders": [
        {
            "name": "lifecycle",
            "stages": [
                {"name": "known"},
                {
                    "name": "buyer",
                    "conditions": [{"events": {"types": ["purchase"]}, "window_ms": 30 * DAY * 1000}],
                },
            ],
        }
    ],
}


def text(value):
    return {"text": value}


def categories(*names):
    return {"list": {"values": [text(name) for name in names]}}


def told(number, day, source, ids, facts):
    """A record with facts, of a day of 2024, from 0."""
    return seen(number, ids, source=source, t=1704067200000 + day * DAY * 1000, facts=facts)


# One person: a member, their phone, and an app on that phone.
RECORDS = [
    told(
        1,
        0,
        "crm",
        {"crm": "c1", "phone": "13800000001"},
        {
            "traits": [
                {"name": "name", "value": text("Wang")},
                {"name": "height", "value": {"number": 170}},
                {"name": "birthday", "value": {"date": {"month": 5, "day": 20}}},
            ],
            "tags": [{"name": "vip", "weight": 2, "rule": "model/3"}],
            "consents": [{"purpose": "marketing", "state": "STATE_GRANTED"}],
            "relations": [{"type": "spouse", "other": {"namespace": "crm", "value": "c9"}}],
        },
    ),
    told(
        2,
        1,
        "app",
        {"phone": "13800000001", "device": "d1"},
        {
            "traits": [{"name": "name", "value": text("Ming"), "confidence": 0.5}],
            "events": [
                {"type": "view", "direction": "DIRECTION_IN", "properties": {"category": categories("shoes")}}
            ],
            "consents": [{"purpose": "marketing", "state": "STATE_DENIED"}],
        },
    ),
    told(
        3,
        10,
        "pos",
        {"crm": "c1"},
        {
            "events": [
                {
                    "type": "purchase",
                    "direction": "DIRECTION_IN",
                    "value": {"minor_units": 39900, "currency": "CNY"},
                    "place": {"name": "Nanjing Road", "latitude": 31.23, "longitude": 121.47},
                    "properties": {"category": categories("shoes", "running"), "pairs": {"whole": 2}},
                }
            ]
        },
    ),
    told(
        4,
        12,
        "mail",
        {"crm": "c1"},
        {
            "traits": [{"name": "mood", "value": text("x"), "confidence": 2}],  # out of bounds: left out
            "events": [
                {
                    "type": "message",
                    "direction": "DIRECTION_OUT",
                    "mode": "MODE_BATCH",
                    "visibility": "VISIBILITY_ONE_TO_ONE",
                    "campaign": "spring",
                }
            ],
        },
    ),
    seen(5, {"crm": "c2"}),  # somebody else, of whom nothing is known but who they are
]


def by(key, rows):
    return {row[key]: row for row in rows}


class ProfileTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.policy = self.write_json("policy.json", changed_policy(definitions=DEFINITIONS))
        self.store = self.store_of("store", RECORDS)

    def ask(self, command, *args, code=DONE):
        return self.polyonym(command, "--db", self.store, *args, code=code)

    def person(self, *args):
        return self.ask("show", *args).row["person"]

    def events(self, *args):
        return [row["type"] for row in self.ask("timeline", "crm:c1", *args).rows]

    def policy_in_force(self):
        return json.loads(self.polyonym("policy", "show", "--db", self.store).text)

    def make_graph(self, name):
        """By a policy without definitions."""
        policy = self.write_json(name + ".json", changed_policy())
        self.polyonym("policy", "set", "--db", self.store, "--graph", name, policy)

    def assert_fields(self, section, row):
        documented = {re.split(r"[\[.]", field)[0] for field in DOCUMENTATION.fields(section)}
        self.assertEqual(set(row), documented, f"the fields of {section} in docs/profiles.md")

    # ---- show ----

    def test_show_has_a_person_only_where_facts_are_known(self):
        person = self.person("crm:c1")
        self.assertEqual(person["identifiers"], ["crm:c1", "device:d1", PHONE])
        self.assertEqual((person["facts"], person["left_out"], person["events"]), (4, 1, 3))
        self.assertEqual(person["now"], "2024-01-13T00:00:00Z")
        self.assertEqual((person["policy_version"], person["completeness"]), (1, 0.75))
        self.assertEqual(person, self.person("device:d1"), "whichever identifier is asked")
        profile = self.ask("show", "crm:c1").row["profile"]
        self.assertEqual((person["id"], person), (profile, self.person(profile)))
        self.assertIsNone(self.person("crm:c2"))
        self.assertIsNone(self.ask("show", "crm:nobody", code=NO).row["person"])

    def test_traits_have_a_value_and_where_it_comes_from(self):
        traits = by("name", self.person("crm:c1")["traits"])
        self.assertEqual(list(traits), ["birthday", "height", "name", "spent"])
        values = {name: (trait["type"], trait["values"], trait["unit"]) for name, trait in traits.items()}
        self.assertEqual(
            values,
            {
                "birthday": ("date", ["--05-20"], None),
                "height": ("number", [170], "cm"),
                "name": ("text", ["Ming"], None),
                "spent": ("money", [{"minor_units": 39900, "currency": "CNY"}], None),
            },
        )
        self.assertEqual(
            traits["name"]["winner"],
            {
                "value": "Ming",
                "confidence": 0.5,
                "source": "app",
                "record": "app/2",
                "number": 2,
                "belongs_to": PHONE,
                "anonymous": False,
                "time": "2024-01-02T00:00:00Z",
            },
        )
        self.assertEqual((traits["spent"]["winner"], traits["spent"]["count"]), (None, 1))
        self.assertEqual({trait["lost"] for trait in traits.values()}, {None})

    def test_explain_tells_what_lost_and_what_scores_and_stages_are_made_of(self):
        person = self.person("--explain", "crm:c1")
        traits = by("name", person["traits"])
        self.assertEqual([lost["value"] for lost in traits["name"]["lost"]], ["Wang"])
        self.assertEqual([lost["record"] for lost in traits["spent"]["lost"]], ["pos/3"], "what was added up")
        self.assertEqual(traits["height"]["lost"], [])
        tags = by("name", person["tags"])
        self.assertEqual(
            [(p["rule"], p["weight"], p["counts_for"], p["record"]) for p in tags["likes:shoes"]["parts"]],
            [("looked at", 1, 1, "app/2"), ("bought", 3, 3, "pos/3")],
        )
        self.assertEqual([part["rule"] for part in tags["vip"]["parts"]], ["model/3"])
        for tag in person["tags"]:
            self.assertEqual(sum(part["counts_for"] for part in tag["parts"]), tag["score"])
        self.assertEqual(
            person["stages"][0]["spells"],
            [
                {"stage": "known", "from": "2024-01-02T00:00:00Z", "to": "2024-01-11T00:00:00Z"},
                {"stage": "buyer", "from": "2024-01-11T00:00:00Z", "to": "2024-01-13T00:00:00Z"},
            ],
        )
        plain = self.person("crm:c1")
        for field in ("id", "consents", "channels", "relations", "timeline"):
            self.assertEqual(person[field], plain[field])

    def test_stages_consents_channels_and_relations(self):
        person = self.person("crm:c1")
        self.assertEqual(
            person["stages"],
            [
                {
                    "ladder": "lifecycle",
                    "stage": "buyer",
                    "highest": "buyer",
                    "entered": "2024-01-11T00:00:00Z",
                    "spells": None,
                }
            ],
        )
        self.assertEqual(
            person["consents"],
            [{"purpose": "marketing", "state": "denied", "conflict": True, "time": "2024-01-02T00:00:00Z"}],
        )
        channels = by("channel", person["channels"])
        self.assertEqual(list(channels), ["crm", "phone"])
        self.assertEqual(
            channels["crm"],
            {
                "channel": "crm",
                "last_in": "2024-01-11T00:00:00Z",
                "last_out": "2024-01-13T00:00:00Z",
                "in": 1,
                "out": 1,
                "events": 2,
            },
        )
        self.assertEqual((channels["phone"]["in"], channels["phone"]["last_out"]), (1, None))
        (relation,) = person["relations"]
        self.assertEqual((relation["type"], relation["other"], relation["weight"]), ("spouse", "crm:c9", 1))

    def test_at_another_time_facts_of_later_times_do_not_count(self):
        row = self.ask("show", "--as-of", "2024-01-06", "crm:c1").row
        person = row["person"]
        self.assertEqual(person["now"], "2024-01-06T00:00:00Z")
        self.assertEqual([event["type"] for event in person["timeline"]], ["view"])
        self.assertEqual([(tag["name"], tag["score"]) for tag in person["tags"]], [("vip", 2), ("likes:shoes", 1)])
        self.assertEqual(by("name", person["tags"])["likes:shoes"]["layers"], ["curious"])
        self.assertEqual((person["stages"][0]["stage"], person["stages"][0]["highest"]), ("known", "known"))
        later = self.ask("show", "--as-of", "2024-03-01", "crm:c1").row["person"]
        self.assertEqual((later["stages"][0]["stage"], later["stages"][0]["highest"]), ("known", "buyer"))

    def test_at_another_time_the_person_is_who_they_were_then(self):
        link = seen(21, {"crm": "c2", "email": "a@b.com"}, source="desk", t=1704067200000 + 20 * DAY * 1000)
        likes = told(22, 2, "web", {"email": "a@b.com"}, {"tags": [{"name": "likes:hats"}]})
        self.ingest("store", self.write_records("web.jsonl", [likes]))
        before = self.polyonym("stats", "--db", self.store).row["sequence"]
        self.ingest("store", self.write_records("desk.jsonl", [link]))
        self.assertEqual([tag["name"] for tag in self.person("crm:c2")["tags"]], ["likes:hats"])
        for when in (["--as-of", "2024-01-10"], ["--as-known", before]):
            with self.subTest(when=when):
                self.assertIsNone(self.person(*when, "crm:c2"), "nothing was known of them then")
                alone = self.person(*when, "email:a@b.com")
                self.assertEqual(alone["identifiers"], ["email:a@b.com"])
                self.assertEqual(alone["policy_version"], None)

    def test_as_known_is_what_show_said_then(self):
        def known(*when):
            person = self.person(*when, "--explain", "crm:c1")
            return {field: person[field] for field in person if field != "policy_version"}

        before, sequence = known(), self.polyonym("stats", "--db", self.store).row["sequence"]
        changed = json.loads(json.dumps(DEFINITIONS))
        changed["behaviours"][0]["weight_micros"] = 10_000_000
        self.ask("define", self.write_json("changed.json", changed))
        self.ask("retract", "--source", "crm", "--record", "1")
        self.assertNotEqual(known(), before)
        self.assertEqual(known("--as-known", sequence), before, "its records and its definitions")

    def test_facts_of_a_whole_person_are_uncertain_once_the_person_comes_apart(self):
        link = seen(40, {"crm": "c1", "email": "a@b.com"}, source="desk")
        vip = told(41, 3, "till", {"email": "a@b.com"}, {"tags": [{"name": "big", "weight": 4}], "of_person": True})
        vip["other"] = {"crm": "c1"}
        self.ingest("store", self.write_records("whole.jsonl", [link, vip]))
        self.assertEqual(self.person("crm:c1")["ambiguous"], [])
        self.ask("retract", "--source", "desk", "--record", "40")
        (mine,), (theirs,) = self.person("email:a@b.com")["ambiguous"], self.person("crm:c1")["ambiguous"]
        self.assertEqual((mine["counts_here"], theirs["counts_here"]), (True, False))
        self.assertEqual((mine["here"], mine["elsewhere"]), (["email:a@b.com"], ["crm:c1"]))
        self.assertEqual((theirs["here"], theirs["elsewhere"]), (["crm:c1"], ["email:a@b.com"]))
        self.assertEqual((mine["record"], mine["belongs_to"]), ("till/41", "email:a@b.com"))
        self.assertEqual([(tag["name"], tag["weight"]) for tag in theirs["tags"]], [("big", 4)])
        source = DOCUMENTATION.fields("a source of a value") - {"value", "confidence"}
        self.assertEqual(set(mine), source | DOCUMENTATION.fields("ambiguous facts"))
        card = self.ask("show", "--format", "table", "crm:c1").text
        self.assertIn("\n\ntold of a whole person, and no longer certain\n", card)
        self.assertRegex(card, r"(?m)^till/41 +2024-01-04 +tag big +no +crm:c1 +email:a@b\.com$")

    def test_a_merge_shows_at_once_and_a_split_takes_it_back(self):
        def of(identifier):
            person = self.person(identifier)
            return {field: person[field] for field in ("identifiers", "traits", "tags", "consents", "timeline")}

        other = told(
            20,
            2,
            "web",
            {"email": "a@b.com"},
            {
                "traits": [{"name": "city", "value": text("Shanghai")}],
                "tags": [{"name": "vip", "weight": 5}],
                "events": [{"type": "view", "properties": {"category": text("hats")}}],
            },
        )
        self.ingest("store", self.write_records("more.jsonl", [other]))
        member, reader = of("crm:c1"), of("email:a@b.com")
        link = seen(21, {"crm": "c1", "email": "a@b.com"}, source="desk")
        self.ingest("store", self.write_records("link.jsonl", [link]))
        both = of("email:a@b.com")
        self.assertEqual(both["identifiers"], ["crm:c1", "device:d1", "email:a@b.com", PHONE])
        self.assertEqual(both, of("crm:c1"))
        self.assertEqual({tag["name"]: tag["score"] for tag in both["tags"]}["vip"], 7)
        self.assertEqual(
            [trait["name"] for trait in both["traits"]], ["birthday", "city", "height", "name", "spent"]
        )
        self.assertEqual(len(both["timeline"]), len(member["timeline"]) + len(reader["timeline"]))
        self.ask("retract", "--source", "desk", "--record", "21")
        self.assertEqual((of("crm:c1"), of("email:a@b.com")), (member, reader))

    def test_on_a_terminal_there_is_a_card(self):
        card = self.ask("show", "--format", "table", "crm:c1").text
        for title in ("profile", "traits", "tags", "stages", "consents", "channels", "relations", "timeline"):
            self.assertIn(f"\n\n{title}\n", card)
        self.assertRegex(card, r"completeness +75 %")
        self.assertRegex(card, r"(?m)^height +170 cm +crm +2024-01-01 +1$")
        self.assertRegex(card, r"(?m)^spent +399\.00 CNY ")
        self.assertRegex(card, r"(?m)^likes:shoes +4\.00 +█{20} +fan ")
        self.assertRegex(card, r"(?m)^vip +2\.00 +█{10} +- ")
        self.assertRegex(card, r"(?m)^lifecycle +buyer ")
        self.assertRegex(card, r"(?m)^2024-01-11T00:00:00Z +purchase +in +crm +Nanjing Road +399\.00 CNY ")
        self.assertNotIn("Wang", card)
        explained = self.ask("show", "--format", "table", "--explain", "crm:c1").text
        self.assertRegex(explained, r"(?m)^name +Ming +won +app +app/2 +phone:")
        self.assertRegex(explained, r"(?m)^name +Wang +lost +crm +crm/1 +crm:c1 ")
        self.assertRegex(explained, r"(?m)^spent +399\.00 CNY +counted ")
        self.assertRegex(explained, r"(?m)^likes:shoes +3\.00 +3 +bought +pos ")
        then = self.ask("show", "--format", "table", "--as-of", "2024-01-06", "crm:c1").text
        self.assertRegex(then, r"(?m)^as at +2024-01-06T00:00:00Z$")
        self.assertNotIn("purchase", then)
        self.assertNotIn("\nprofile\n", self.ask("show", "--format", "table", "crm:c2").text)

    # ---- tags, timeline ----

    def test_tags_are_those_of_the_profile(self):
        rows = self.ask("tags", PHONE).rows
        self.assertEqual(rows, self.person("crm:c1")["tags"])
        self.assertEqual(
            [(row["name"], row["score"], row["count"], row["layers"]) for row in rows],
            [
                ("likes:shoes", 4, 2, ["fan"]),
                ("likes:running", 3, 1, []),
                ("likes:sport", 3, 1, []),
                ("vip", 2, 1, []),
            ],
        )
        shoes = rows[0]
        self.assertEqual((shoes["first"], shoes["last"]), ("2024-01-02T00:00:00Z", "2024-01-11T00:00:00Z"))
        self.assertEqual(shoes["last_place"], {"name": "Nanjing Road", "latitude": 31.23, "longitude": 121.47})
        self.assertEqual((shoes["valid_until"], shoes["parts"]), (None, None))
        self.assertEqual(self.ask("tags", "--explain", "crm:c1").rows, self.person("--explain", "crm:c1")["tags"])
        self.assertEqual(
            self.ask("tags", "--as-of", "2024-01-06", "crm:c1").rows,
            self.person("--as-of", "2024-01-06", "crm:c1")["tags"],
        )
        self.assertEqual(self.ask("tags", "crm:c2").rows, [])

    def test_the_timeline_is_newest_first_and_in_pages(self):
        self.assertEqual(self.events(), ["message", "purchase", "view"])
        self.assertEqual(self.ask("timeline", "crm:c1").rows, self.person("crm:c1")["timeline"])
        self.assertEqual(self.events("--limit", "1"), ["message"])
        self.assertEqual(self.events("--limit", "1", "--skip", "1"), ["purchase"])
        self.assertEqual(self.events("--skip", "3"), [])
        self.assertEqual(self.events("--limit", "0"), [])
        table = self.ask("timeline", "--format", "table", "--limit", "2", "crm:c1").text
        self.assertIn("2 of 3 events", table)
        many = [{"type": f"visit{n}", "time_ms": str(1704067200000 + n * 1000)} for n in range(25)]
        self.ingest("store", self.write_records("many.jsonl", [told(30, 1, "web", {"crm": "c3"}, {"events": many})]))
        rows = self.ask("timeline", "crm:c3").rows
        self.assertEqual([row["type"] for row in rows], [f"visit{n}" for n in range(24, 4, -1)])
        person = self.person("crm:c3")
        self.assertEqual((len(person["timeline"]), person["events"]), (10, 25))
        self.assertIn("of 25 events", self.ask("show", "--format", "table", "crm:c3").text)

    def test_the_timeline_has_what_is_asked_for(self):
        self.assertEqual(self.events("--type", "view"), ["view"])
        self.assertEqual(self.events("--type", "view", "--type", "message"), ["message", "view"])
        self.assertEqual(self.events("--direction", "in"), ["purchase", "view"])
        self.assertEqual(self.events("--direction", "out"), ["message"])
        self.assertEqual(self.events("--from", "2024-01-11"), ["message", "purchase"])
        self.assertEqual(self.events("--to", "2024-01-11"), ["view"])
        self.assertEqual(self.events("--from", "2024-01-02", "--to", "2024-01-13"), ["purchase", "view"])
        # 0.07 degrees of latitude are 7.8 km.
        self.assertEqual(self.events("--near", "31.3,121.47,7000"), [])
        self.assertEqual(self.events("--near", "31.3,121.47,8000"), ["purchase"])
        self.assertEqual(self.events("--near", "-31.3,121.47,8000"), [])
        self.assertEqual(self.events("--near", "31.3,121.47,8000", "--type", "view"), [])

    def test_an_event_has_all_that_the_channel_said(self):
        message, purchase, _ = self.ask("timeline", "crm:c1").rows
        self.assertEqual(
            purchase,
            {
                "type": "purchase",
                "direction": "in",
                "mode": None,
                "visibility": None,
                "place": {"name": "Nanjing Road", "latitude": 31.23, "longitude": 121.47},
                "value": {"minor_units": 39900, "currency": "CNY"},
                "campaign": None,
                "properties": {"category": ["shoes", "running"], "pairs": 2},
                "source": "pos",
                "record": "pos/3",
                "number": 3,
                "belongs_to": "crm:c1",
                "anonymous": False,
                "time": "2024-01-11T00:00:00Z",
            },
        )
        self.assertEqual(
            (message["mode"], message["visibility"], message["campaign"]), ("batch", "one_to_one", "spring")
        )

    def test_who_was_never_seen_has_no_tags_and_no_timeline(self):
        for command in ("tags", "timeline"):
            for identifier in ("crm:nobody", "p~zz"):
                with self.subTest(command=command, identifier=identifier):
                    answer = self.ask(command, identifier, code=NO)
                    self.assertEqual(answer.text, "")
                    self.assertNotEqual(answer.err, "")
            self.assertIn("--graph", self.ask(command, "--graph", "nosuch", "crm:c1", code=USAGE).err)

    def test_errors_name_the_option(self):
        for args in (
            ["--near", "here"],
            ["--near", "31.2,121.4"],
            ["--near", "31.2,121.4,5,6"],
            ["--near", "31.2 121.4 5"],
            ["--near", "91,0,1"],
            ["--near", "0,181,1"],
            ["--near", "0,0,-1"],
            ["--near", "nan,0,1"],
            ["--from", "yesterday"],
            ["--to", "yesterday"],
            ["--direction", "sideways"],
            ["--limit", "10001"],
            ["--limit", "-1"],
            ["--skip", "-1"],
        ):
            with self.subTest(args=args):
                answer = self.ask("timeline", "crm:c1", *args, code=USAGE)
                self.assertIn(args[0], answer.err)
                self.assertEqual(answer.text, "")
        self.assertIn("--as-of", self.ask("tags", "crm:c1", "--as-of", "yesterday", code=USAGE).err)

    # ---- define ----

    def test_define_puts_definitions_into_the_policy_in_force(self):
        policy = self.policy_in_force()
        changed = json.loads(json.dumps(DEFINITIONS))
        changed["behaviours"][0]["weight_micros"] = 10_000_000
        changed["show_undefined"] = False
        row = self.ask("define", self.write_json("changed.json", changed)).row
        self.assertEqual((row["policy"], row["policy_version"]), ("people", 2))
        self.assertEqual(len(row["differences"]), 2)
        self.assertIn("bought", "\n".join(row["differences"]))
        self.assertEqual(
            [(tag["name"], tag["score"]) for tag in self.ask("tags", "crm:c1").rows],
            [("likes:shoes", 11), ("likes:running", 10), ("likes:sport", 10)],
        )
        now = self.policy_in_force()
        self.assertNotEqual(now.pop("definitions"), policy.pop("definitions"))
        self.assertEqual(now, policy, "what else it says stays")
        self.assert_verified("store")

    def test_what_define_shows_it_takes_and_changes_nothing(self):
        shown = self.ask("define", "--show").text
        self.assertEqual(json.loads(shown), self.policy_in_force()["definitions"])
        row = self.ask("define", self.write("shown.json", shown)).row
        self.assertEqual((row["policy_version"], row["differences"]), (1, []))
        self.ask("define", self.write("none.json", "{}"))
        self.assertEqual(json.loads(self.ask("define", "--show").text), {})
        self.assertEqual(self.ask("define", self.path("shown.json")).row["policy_version"], 3)
        self.assertEqual(self.ask("define", "--show").text, shown)

    def test_definitions_that_are_none_name_the_field_and_change_nothing(self):
        def wrong(definitions):
            answer = self.ask("define", self.write_json("wrong.json", definitions), code=USAGE)
            self.assertIn("wrong.json", answer.err)
            self.assertEqual(answer.text, "")
            return answer.err

        self.assertIn("tags[0].half_life_ms", wrong({"tags": [{"name": "x", "fold": "TAG_FOLD_DECAYED_SUM"}]}))
        self.assertIn("traits[1].name", wrong({"traits": [{"name": "x"}, {"name": "x"}]}))
        self.assertIn("tags[0].parent", wrong({"tags": [{"name": "x", "parent": "y"}]}))
        unknown = wrong({"traits": [{"name": "x", "fold": 99}]})
        self.assertIn("traits[0].fold", unknown)
        self.assertNotIn("definitions.traits", unknown, "the file has them at its top")
        self.assertIn("nosuch", wrong({"nosuch": 1}))
        self.ask("define", self.write("broken.json", "{"), code=USAGE)
        self.ask("define", self.path("nosuch.json"), code=USAGE)
        self.assertIn("FILE", self.ask("define", code=USAGE).err)
        self.ask("define", "--show", self.path("wrong.json"), code=USAGE)
        self.assertEqual(self.polyonym("stats", "--db", self.store).row["policy_version"], 1)

    def test_define_is_for_a_graph_that_is_there(self):
        file = self.write_json("definitions.json", DEFINITIONS)
        self.polyonym("define", "--db", self.path("nosuch"), file, code=USAGE)
        self.assertIn("--graph", self.ask("define", "--graph", "nosuch", file, code=USAGE).err)
        self.make_graph("plain")
        plain = [tag["name"] for tag in self.ask("tags", "--graph", "plain", "crm:c1").rows]
        self.assertEqual(plain, ["vip"], "by its own policy no event gives a tag")
        self.ask("define", "--graph", "plain", file)
        self.assertEqual(self.ask("tags", "--graph", "plain", "crm:c1").rows, self.ask("tags", "crm:c1").rows)

    # ---- export --profiles ----

    def test_export_has_a_line_for_each_person(self):
        rows = self.ask("export", "--profiles").rows
        self.assertEqual(
            {row["id"]: row["identifiers"] for row in rows},
            {row["profile"]: row["members"] for row in self.ask("groups", "--ids").rows},
        )
        members = by("id", rows)
        person = self.person("crm:c1")
        row = members[person["id"]]
        self.assertEqual(row, {field: person[field] for field in row})
        self.assert_fields("export --profiles", row)
        empty = members[self.ask("show", "crm:c2").row["profile"]]
        self.assertEqual((empty["traits"], empty["tags"], empty["consents"]), ([], [], []))
        self.assertEqual(self.ask("export", "--profiles").out, self.ask("export", "--profiles").out)

    def test_export_of_people_is_of_a_graph_and_of_records_is_not(self):
        self.make_graph("plain")
        rows = self.ask("export", "--profiles", "--graph", "plain").rows
        self.assertEqual({tag["name"] for row in rows for tag in row["tags"]}, {"vip"})
        self.assertIn("--graph", self.ask("export", "--graph", "plain", code=USAGE).err)
        self.ask("export", "--profiles", "--all", code=USAGE)
        self.assertEqual(len(self.ask("export").rows), len(RECORDS))

    # ---- docs ----

    def test_every_field_stands_in_its_table(self):
        person = self.person("--explain", "crm:c1")
        traits, tags = by("name", person["traits"]), by("name", person["tags"])
        self.assert_fields("a profile", person)
        self.assert_fields("a trait", traits["name"])
        self.assert_fields("a source of a value", traits["name"]["winner"])
        self.assert_fields("a source of a value", traits["name"]["lost"][0])
        self.assert_fields("a value", traits["spent"]["values"][0])
        self.assert_fields("tags", tags["vip"])
        self.assert_fields("a place", tags["likes:shoes"]["last_place"])
        self.assert_fields("a consent", person["consents"][0])
        self.assert_fields("a stage", person["stages"][0])
        self.assert_fields("a channel", person["channels"][0])
        self.assert_fields("timeline", person["timeline"][0])
        self.assert_fields("define", self.ask("define", self.write_json("d.json", DEFINITIONS)).row)
        source = DOCUMENTATION.fields("a source of a value") - {"value", "confidence"}
        self.assertEqual(set(tags["vip"]["parts"][0]), source | DOCUMENTATION.fields("a part of a score"))
        self.assertEqual(set(person["relations"][0]), source | DOCUMENTATION.fields("a stated relation"))

    def test_the_example_of_the_page_prints_what_the_page_says(self):
        blocks = code_blocks(ROOT / "docs/profiles.md")
        for name in ("people.jsonl", "definitions.json"):
            lines = [line for line in blocks if line.startswith(f"`{name}`")]
            self.assertEqual(len(lines), 1)
            self.write(name, blocks[lines[0]])
        self.folder.joinpath("examples").symlink_to(ROOT / "examples")
        for command in blocks["Put both into a store, then ask:"].splitlines():
            answer = self.polyonym(*command.split()[1:])
        self.assertEqual(answer.row["person"]["completeness"], 5 / 6)
        commands = commands_of(blocks)
        self.assertEqual([command.split()[0] for command, _ in commands], ["tags", "timeline"])
        for command, printed in commands:
            with self.subTest(command=command):
                self.assertEqual(self.polyonym(*command.split()).text, printed)

    def test_the_policy_of_the_examples_reads_the_facts_of_the_page(self):
        blocks = code_blocks(ROOT / "docs/profiles.md")
        people = next(block for line, block in blocks.items() if line.startswith("`people.jsonl`"))
        self.policy = str(ROOT / "examples/policies/profile.json")
        self.ingest("shop", self.write("people.jsonl", people))
        person = self.polyonym("show", "--db", self.path("shop"), "crm:C1").row["person"]
        traits = {trait["name"]: trait["values"] for trait in person["traits"]}
        self.assertEqual(traits["purchases"], [1])
        self.assertEqual(traits["first_channel"], ["wechat.openid/shop"])
        self.assertEqual(traits["home_shop"], [], "seen there once alone")
        self.assertEqual(traits["name"], ["Wang Xiaoming"])
        scores = {tag["name"]: tag["score"] for tag in person["tags"]}
        self.assertEqual(scores["likes:sport"], scores["likes:running"])
        self.assertTrue(0 < scores["likes:running"] < 3, "it decays")
        self.assertEqual((person["stages"][0]["stage"], person["consents"][0]["state"]), ("buyer", "granted"))


if __name__ == "__main__":
    main()
