"""`ingest` and `resolve` of JSON Lines: both forms of a record, what is rejected and how it is said."""

import json

from program import DONE, REJECTS, USAGE, ProgramTest, act, changed_policy, lines, main, seen

SECRET = "13912345670secret"

# A line that must be rejected -> (field, reason).
BAD_LINES = [
    (f"not json {SECRET}", ("", "not_json")),
    (f'["{SECRET}"]', ("", "not_json")),
    ('{"source":"pos"', ("", "not_json")),
    (f'{{"source":"pos","t":1,"ids":{{"crm":"{SECRET}"}},"nosuch":"{SECRET}"}}', ("nosuch", "bad_field")),
    (f'{{"source":"pos","t":1,"t":2,"ids":{{"crm":"{SECRET}"}}}}', ("t", "bad_field")),
    (f'{{"source":"pos","t":"{SECRET}","ids":{{"crm":"x"}}}}', ("t", "bad_field")),
    (f'{{"source":"pos","t":"2024-05-01T08:00:00","ids":{{"crm":"{SECRET}"}}}}', ("t", "bad_field")),
    (f'{{"source":"pos","t":1,"op":"{SECRET}","ids":{{"crm":"x"}}}}', ("op", "bad_field")),
    (f'{{"source":"pos","t":1,"ids":{{"crm":["{SECRET}",1.5]}}}}', ("ids.crm", "bad_field")),
    (f'{{"source":"pos","t":1,"op":"must_link","pair":["crm:x","{SECRET}"]}}', ("pair[1]", "bad_field")),
    (
        f'{{"source":"pos","timeMs":1,"identifiers":[{{"namespace":"crm","value":"x","rolle":"{SECRET}"}}]}}',
        ("identifiers[0].rolle", "bad_field"),
    ),
    (
        f'{{"source":"pos","timeMs":1,"identifiers":[{{"namespace":"crm","value":"x","role":"{SECRET}"}}]}}',
        ("identifiers[0].role", "bad_field"),
    ),
    (f'{{"source":"pos","t":1,"ids":{{"crm":"x"}},"facts":{{"traitz":[]}}}}', ("facts.traitz", "bad_field")),
    (f'{{"t":1,"ids":{{"crm":"{SECRET}"}}}}', ("source", "missing_source")),
    (f'{{"source":"{"s" * 129}","t":1,"ids":{{"crm":"{SECRET}"}}}}', ("source", "source_too_long")),
    (f'{{"source":"pos","id":"{"i" * 257}","t":1,"ids":{{"crm":"{SECRET}"}}}}', ("id", "record_id_too_long")),
    (f'{{"source":"pos","ids":{{"crm":"{SECRET}"}}}}', ("time_ms", "missing_time")),
    (f'{{"source":"pos","t":-1,"ids":{{"crm":"{SECRET}"}}}}', ("time_ms", "time_before_epoch")),
    (f'{{"source":"pos","t":"9999-01-01T00:00:00Z","ids":{{"crm":"{SECRET}"}}}}', ("time_ms", "time_ahead")),
    ('{"source":"pos","t":1}', ("identifiers", "missing_identifiers")),
    (
        json.dumps({"source": "pos", "t": 1, "ids": {"email": [f"{n}@{SECRET}" for n in range(65)]}}),
        ("identifiers", "too_many_identifiers"),
    ),
    (f'{{"source":"pos","t":1,"ids":{{"c r m":"{SECRET}"}}}}', ("identifiers[0].namespace", "bad_namespace")),
    (f'{{"source":"pos","t":1,"ids":{{"crm":"x","email":["{SECRET}",""]}}}}', ("identifiers[2].value", "empty_value")),
    (f'{{"source":"pos","t":1,"ids":{{"crm":"{SECRET * 70}"}}}}', ("identifiers[0].value", "value_too_long")),
    (f'{{"source":"pos","t":1,"op":"must_link","pair":["crm:{SECRET}"]}}', ("identifiers", "wrong_identifier_count")),
    (
        f'{{"source":"pos","t":1,"op":"delete_source","ids":{{"crm":"{SECRET}"}},"target":"x"}}',
        ("identifiers", "wrong_identifier_count"),
    ),
    ('{"source":"pos","t":1,"op":"delete_source"}', ("target_source", "missing_target_source")),
    ('{"source":"pos","t":1,"op":"retract"}', ("id", "missing_record_id")),
    ('{"source":"pos","id":"1","op":"retract"}', ("version", "missing_version")),
    (
        f'{{"source":"pos","t":1,"op":"rename","pair":["crm:{SECRET}","email:a@b.com"]}}',
        ("identifiers[1].namespace", "rename_across_families"),
    ),
    (f'{{"source":"pos","t":1,"version":-1,"ids":{{"crm":"{SECRET}"}}}}', ("version", "negative_version")),
]


class IngestJsonTest(ProgramTest):
    def test_both_forms_say_the_same(self):
        facts = {"traits": [{"name": "city", "value": {"text": "上海"}}]}
        short = [
            {
                "source": "pos",
                "id": "1",
                "t": "2024-05-01T08:00:00+08:00",
                "ids": {"crm": "c1", "phone": ["138 0000 0001"]},
            },
            {
                "source": "pos",
                "id": "2",
                "t": 1714521600001,
                "version": 9,
                "ids": {"crm": 17},
                "other": {"phone": ["13800000002"]},
            },
            {"source": "pos", "id": "3", "t": 1714521600002, "op": "must_link", "pair": ["crm:c1", "email:A@b.com"]},
            {"source": "pos", "t": 1714521600003, "ids": {"crm": "c3"}, "facts": facts},
            {"source": "pos", "id": "5", "t": 1714521600004, "op": "delete_source", "target": "web"},
        ]
        protobuf = [
            {
                "source": "pos",
                "id": "1",
                "timeMs": "1714521600000",
                "identifiers": [
                    {"namespace": "crm", "value": "c1"},
                    {"namespace": "phone", "value": "138 0000 0001", "role": "ROLE_SELF"},
                ],
            },
            {
                "source": "pos",
                "id": "2",
                "time_ms": 1714521600001,
                "version": "9",
                "identifiers": [
                    {"namespace": "crm", "value": "17"},
                    {"namespace": "phone", "value": "13800000002", "role": 1},
                ],
            },
            {
                "source": "pos",
                "id": "3",
                "time_ms": 1714521600002,
                "act": "ACT_MUST_LINK",
                "identifiers": [{"namespace": "crm", "value": "c1"}, {"namespace": "email", "value": "A@b.com"}],
            },
            {
                "source": "pos",
                "time_ms": 1714521600003,
                "act": 0,
                "identifiers": [{"namespace": "crm", "value": "c3"}],
                "facts": facts,
            },
            {"source": "pos", "id": "5", "time_ms": 1714521600004, "act": "ACT_DELETE_SOURCE", "targetSource": "web"},
        ]
        first = self.ingest("short", self.write_records("short.jsonl", short)).row
        self.assertEqual((first["applied"], first["rejected"]), (5, 0))
        second = self.ingest("short", self.write_records("protobuf.jsonl", protobuf)).row
        self.assertEqual(
            (second["unchanged"], second["applied"]), (5, 0), "the other form of a record is the same record"
        )
        self.assertEqual(
            self.groups("short"),
            [["crm:17"], ["crm:c1", "email:a@b.com", "phone:+8613800000001"], ["crm:c3"], ["phone:+8613800000002"]],
        )

    def test_every_bad_line_is_rejected_by_itself_with_its_field_and_reason_and_without_its_values(self):
        text = ""
        for n, (line, _) in enumerate(BAD_LINES):
            text += lines([seen(n, {"crm": f"c{n}"})]) + line + "\n"
        bad = self.write("bad.jsonl", text)
        expected = [
            {"input": bad, "line": 2 * n + 2, "field": field, "reason": reason}
            for n, (_, (field, reason)) in enumerate(BAD_LINES)
        ]
        by_reason = {}
        for _, (_, reason) in BAD_LINES:
            by_reason[reason] = by_reason.get(reason, 0) + 1

        stored = self.ingest("store", "--rejects", self.path("rejects.jsonl"), bad, code=REJECTS)
        self.assertEqual(self.rejects("rejects.jsonl"), expected)
        self.assertEqual((stored.row["applied"], stored.row["rejected"]), (len(BAD_LINES), len(BAD_LINES)))
        self.assertEqual(stored.row["rejected_by_reason"], by_reason)
        self.assertEqual(len(self.groups("store")), len(BAD_LINES))

        memory = self.polyonym(
            "resolve", "--memory", "--policy", self.policy, "--rejects", self.path("memory.jsonl"), bad, code=REJECTS
        )
        self.assertEqual(self.rejects("memory.jsonl"), expected)
        self.assertEqual(memory.out, self.polyonym("groups", "--db", self.path("store")).out)
        for name in ("rejects.jsonl", "memory.jsonl"):
            self.assertNotIn("secret", (self.folder / name).read_text())
        self.assertNotIn("secret", stored.err + memory.err)

    def test_text_that_is_not_utf8_and_a_line_that_never_ends_are_rejected(self):
        good = lines([seen(1, {"crm": "c1"})]).encode()
        bad = self.write(
            "bad.jsonl",
            good
            + b'{"source":"pos","t":1,"ids":{"crm":"\xff\xfe"}}\n'
            + b'{"source":"'
            + b"x" * (17 << 20)
            + b'"}\n'
            + good,
        )
        self.ingest("store", "--rejects", self.path("rejects.jsonl"), bad, code=REJECTS)
        self.assertEqual(
            [(row["line"], row["reason"]) for row in self.rejects("rejects.jsonl")],
            [(2, "not_json"), (3, "row_too_long")],
        )

    def test_a_byte_order_mark_blank_lines_and_windows_line_ends_are_no_matter(self):
        rows = [seen(n, {"crm": f"c{n}"}) for n in range(3)]
        text = "\ufeff" + "\r\n \t\r\n\r\n".join(json.dumps(row) for row in rows)  # and no line end at the end
        self.assertEqual(self.ingest("store", self.write("windows.jsonl", text)).row["applied"], 3)

    def test_several_inputs_are_read_in_order_and_named_in_the_rejects(self):
        first = self.write("first.jsonl", lines([seen(1, {"crm": "c1"})]) + "{}\n")
        second = self.write("second.jsonl", "{\n" + lines([seen(2, {"crm": "c2"})]))
        row = self.ingest(
            "store", "--rejects", self.path("rejects.jsonl"), "--max-rejects", 3, first, "-", second, stdin=b"[]\n"
        ).row
        self.assertEqual((row["records"], row["applied"], row["rejected"]), (5, 2, 3))
        self.assertEqual(
            [(reject["input"], reject["line"]) for reject in self.rejects("rejects.jsonl")],
            [(first, 2), ("-", 1), (second, 1)],
        )

    def test_the_rejects_file_is_written_anew(self):
        for text in ("{}\n{}\n", "{}\n"):
            self.ingest(
                "store", "--rejects", self.path("rejects.jsonl"), "--max-rejects", 9, self.write("bad.jsonl", text)
            )
        self.assertEqual(len(self.rejects("rejects.jsonl")), 1)

    def test_a_file_that_cannot_be_read_is_an_error_that_names_it(self):
        for name in ("nosuch.jsonl", "."):
            self.assertIn(name, self.ingest("store", name, code=USAGE).err)

    def test_what_policy_forbids_is_held_and_not_rejected(self):
        rows = [
            seen(1, {"crm": ["c1", "c2"]}),
            seen(2, {"nosuch": "x"}),
            seen(3, {"device": "shop-tablet", "crm": "c3"}),
            seen(4, {"phone": "12"}),
            seen(5, {"email": "null"}),
            act(6, "must_link", "crm:c9", "device:shop-tablet"),
        ]
        row = self.ingest("store", self.write_records("held.jsonl", rows)).row
        self.assertEqual((row["applied"], row["held"], row["rejected"]), (1, 5, 0))
        held = self.polyonym("held", "--db", self.path("store")).rows
        whole = {held_row["id"]: held_row["reason"] for held_row in held if held_row["whole_record"]}
        self.assertEqual(
            whole,
            {
                "1": "two_values_of_limited_namespace",
                "2": "undeclared_namespace",
                "4": "too_few_identifiers",
                "5": "too_few_identifiers",
                "6": "too_few_identifiers",
            },
        )
        single = {
            (held_row["id"], held_row["identifier"], held_row["namespace"]): held_row["reason"]
            for held_row in held
            if not held_row["whole_record"]
        }
        self.assertEqual(single[("3", 0, "device")], "blocked_value")
        self.assertEqual(single[("4", 0, "phone")], "not_normalisable")

    def test_a_policy_with_a_field_that_is_not_known_is_an_error_that_names_it(self):
        for field in ("rankin", "namespaces.0.limit"):
            policy = changed_policy()
            if field == "rankin":
                policy["rankin"] = "RANKING_OLDEST"
            else:
                policy["namespaces"][0]["limit"] = 1
            path = self.write_json("wrong.json", policy)
            answer = self.ingest("store", "--policy", path, self.write("none.jsonl", ""), code=USAGE)
            self.assertIn(field.split(".")[-1] + ":", answer.err.replace(" ", "").replace('"', ""))
        self.assertFalse((self.folder / "store").exists())

    def test_no_record_is_no_error(self):
        row = self.ingest("store", self.write("none.jsonl", ""), code=DONE).row
        self.assertEqual((row["records"], row["applied"]), (0, 0))
        self.assertEqual(self.groups("store"), [])


if __name__ == "__main__":
    main()
