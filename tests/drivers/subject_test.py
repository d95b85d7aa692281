"""subject, restrict, audit check: what people are told, who is not used, and logs that were changed."""

import hashlib
import hmac
import json

from program import DOCUMENTATION, NO, USAGE, ProgramTest, changed_policy, main, seen

DEFINITIONS = {
    "traits": [{"name": "city"}, {"name": "income"}],
    "tags": [{"name": "tea"}],
    "purposes": [{"name": "use"}],
    "segments": [
        {"name": "drinkers", "expression": "tag tea"},
        {"name": "rich", "expression": 'tag tea and trait income = "CANARY-income"'},
    ],
    "privacy": {
        "restrictionPurpose": "use",
        "disclosures": [
            {"field": "trait:income", "maySee": False, "reason": "a trade secret"},
            {"field": "namespace:email", "maySee": False, "reason": "seen by clerks alone"},
        ],
    },
}

FACTS = {
    "traits": [
        {"name": "city", "value": {"text": "TOLD-city"}},
        {"name": "income", "value": {"text": "CANARY-income"}},
    ],
    "tags": [{"name": "tea", "weight": 1, "rule": "TOLD-rule"}],
    "relations": [{"type": "friend", "other": {"namespace": "crm", "value": "OTHER-friend"}}],
}


def top_fields(command: str) -> set[str]:
    """Those of a row, as docs/ lists them."""
    return {field.split("[")[0] for field in DOCUMENTATION.fields(command)}


class SubjectTest(ProgramTest):
    def setUp(self):
        super().setUp()
        policy = changed_policy(ranking="RANKING_OLDEST", definitions=DEFINITIONS)
        self.policy = self.write_json("policy.json", policy)
        self.store = self.store_of(
            "store",
            [
                seen(1, {"crm": "c1", "email": "canary@example.com"}, facts=FACTS),
                seen(2, {"crm": "c1", "phone": "13800000001"}),
                seen(3, {"crm": "OTHER"}, other={"crm": "c1"}),
                seen(4, {"phone": "13800000001", "crm": "OTHER-2"}),
            ],
        )

    def subject(self, *args, **more):
        return self.polyonym("subject", "--db", self.store, *args, **more)

    def test_it_tells_what_is_held_and_not_what_is_withheld_or_anothers(self):
        answer = self.subject("crm:c1")
        row = answer.row
        self.assertEqual(set(row), top_fields("subject"))
        self.assertEqual([record["id"] for record in row["records"]], ["1", "2", "3", "4"])
        for record in row["records"]:
            self.assertEqual(set(record), DOCUMENTATION.fields("a record of a person"))
            for name in record["names"]:
                self.assertEqual(set(name), DOCUMENTATION.fields("a name in a record"))
        self.assertEqual([record["about_them"] for record in row["records"]], [True, True, False, False])
        for told in ("TOLD-city", "TOLD-rule", "+8613800000001"):
            self.assertIn(told, answer.text)
        for kept in ("CANARY", "canary", "OTHER"):
            self.assertNotIn(kept, answer.text)
        self.assertEqual(
            [(one["field"], one["reason"]) for one in row["withheld"]],
            [("namespace:email", "seen by clerks alone"), ("trait:income", "a trade secret")],
        )
        self.assertEqual([one["segment"] for one in row["segments"]], ["drinkers", "rich"])
        self.assertEqual(
            [(one["namespace"], one["value"]) for one in row["identifiers"]],
            [("crm", "c1"), ("email", None), ("phone", "+8613800000001")],
        )
        self.assertEqual([(tie["kind"], tie["namespace"]) for tie in row["ties"]], [("refused", "crm")])
        self.assertEqual(self.subject("p~" + row["profile"][2:]).row["records"], row["records"])

    def test_a_table_keeps_it_too(self):
        text = self.subject("crm:c1", "--format", "table").text
        for told in ("TOLD-city", "TOLD-rule", "+8613800000001", "a trade secret", "in segment rich"):
            self.assertIn(told, text)
        for kept in ("CANARY", "canary", "OTHER"):
            self.assertNotIn(kept, text)

    def test_nobody_is_an_answer_of_no(self):
        self.assertIn("never seen", self.subject("crm:nobody", code=NO).err)

    def test_a_restriction_is_told_and_lifted(self):
        first = self.polyonym("restrict", "--db", self.store, "phone:13800000001").row
        self.assertEqual((first["restricted"], first["records"]), (True, 1))
        again = self.polyonym("restrict", "--db", self.store, "crm:c1").row
        self.assertEqual((again["records"], again["sequence"]), (0, first["sequence"]))
        row = self.subject("crm:c1").row
        self.assertEqual((row["restricted"], row["segments"]), (True, []))
        self.assertEqual(row["records"][-1]["source"], "privacy/restriction")
        back = ["--lift", "--time", "2020-01-01", "crm:c1"]
        late = self.polyonym("restrict", "--db", self.store, *back, code=USAGE)
        self.assertIn("time_ms", late.err)
        lifted = self.polyonym("restrict", "--db", self.store, "--lift", "crm:c1").row
        self.assertEqual((lifted["restricted"], lifted["records"]), (False, 1))
        row = self.subject("crm:c1").row
        self.assertEqual((row["restricted"], len(row["segments"])), (False, 2))
        self.polyonym("restrict", "--db", self.store, "crm:nobody", code=NO)

    def test_without_a_purpose_nobody_is_restricted(self):
        self.policy = self.write_json("plain.json", changed_policy())
        store = self.store_of("plain", [seen(1, {"crm": "c1"})])
        answer = self.polyonym("restrict", "--db", store, "crm:c1", code=USAGE)
        self.assertIn("restriction_purpose", answer.err)


class AuditTest(ProgramTest):
    """Logs that are written here by the description in docs/security.md, and not by the library."""

    def log(self, key, entries):
        head, lines = b"\0" * 32, []
        start = {"n": 1, "t": 1764460800000, "action": "begin", "keyed": bool(key), "after": "0:" + "0" * 64}
        for entry in [start, *entries]:
            body = json.dumps({**entry, "n": len(lines) + 1}, separators=(",", ":"), ensure_ascii=False)[:-1]
            text = head + body.encode()
            head = hmac.new(key, text, "sha256").digest() if key else hashlib.sha256(text).digest()
            lines.append(f'{body},"hash":"{head.hex()}"}}\n')
        return lines, f"{len(lines)}:{head.hex()}"

    def entries(self):
        return [
            {"n": 0, "t": 1764460800000 + i, "actor": "张", "action": "read", "profile": i, "outcome": "ok"}
            for i in range(1, 4)
        ]

    def test_a_log_is_checked(self):
        for key in (b"", b"0123456789abcdef"):
            with self.subTest(keyed=bool(key)):
                lines, head = self.log(key, self.entries())
                path = self.write("audit.log", "".join(lines))
                args = ["--key-file", self.write("key", key)] if key else []
                row = self.polyonym("audit", "check", path, *args, "--head", head).row
                self.assertEqual(set(row), top_fields("audit check"))
                self.assertEqual((row["ok"], row["lines"], row["head"], row["problems"]), (True, 4, head, []))

                self.write("audit.log", "".join(lines).replace('"profile":2', '"profile":7'))
                row = self.polyonym("audit", "check", path, *args, code=NO).row
                self.assertEqual([(one["line"], one["number"]) for one in row["problems"]], [(3, 3)])

                self.write("audit.log", "".join(lines[:-1]))
                self.assertTrue(self.polyonym("audit", "check", path, *args).row["ok"])
                row = self.polyonym("audit", "check", path, *args, "--head", head, code=NO).row
                self.assertEqual((row["problems"][0]["line"], row["problems"][0]["number"]), (None, 4))

    def test_what_is_no_log_is_an_error(self):
        self.polyonym("audit", "check", self.path("nothing"), code=USAGE)
        lines, _ = self.log(b"", self.entries())
        path = self.write("audit.log", "".join(lines))
        key = self.write("key", "0123456789abcdef")
        self.assertIn("key", self.polyonym("audit", "check", path, "--key-file", key, code=USAGE).err)
        self.assertIn("--head", self.polyonym("audit", "check", path, "--head", "12", code=USAGE).err)
        self.assertFalse(self.polyonym("audit", "check", self.write("other", "x\n"), code=NO).row["ok"])


if __name__ == "__main__":
    main()
