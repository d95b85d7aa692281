"""--audit: what the program was asked, of whom, and what it changed; audit check shows whether somebody changed the log."""

import json
import pathlib

from program import NO, USAGE, ProgramTest, main, seen

RECORDS = [seen(1, {"crm": "c1"}), seen(2, {"crm": "c2", "phone": "+8613800000002"})]


class AuditTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.log = self.path("audit.log")
        self.key = self.write("audit.key", b"a key of the audit log")
        self.audited = ["--audit", self.log, "--audit-key-file", self.key, "--actor", "till 3"]
        self.ingest("store", *self.audited, self.write_records("records.jsonl", RECORDS))
        self.store = self.path("store")

    def ask(self, *args, **more):
        return self.polyonym(*args, "--db", self.store, *self.audited, **more)

    def lines(self):
        return [json.loads(line) for line in pathlib.Path(self.log).read_text().splitlines()]

    def check(self, **more):
        return self.polyonym("audit", "check", self.log, "--key-file", self.key, **more)

    def test_reads_and_changes_and_exports_are_logged_before_they_are_answered(self):
        first = self.ask("show", "crm:c2").row
        self.ask("why", "crm:c2", "phone:+8613800000002")
        self.ask("export")
        self.ask("retract", "--source", "pos", "--record", "2")
        told = [(line.get("actor"), line["action"], "profile" in line) for line in self.lines()]
        ours = [(action, about) for actor, action, about in told if actor == "till 3"]
        self.assertEqual(
            ours,
            [("ingest", False), ("show", False), ("show", True), ("why", False), ("why", True), ("why", True)]
            + [("export", False), ("retract", False)],
        )
        engine = [action for actor, action, _ in told if actor == "engine"]
        self.assertEqual(engine, ["set_policy", "apply", "retract"])
        self.assertTrue(first["known"])
        text = pathlib.Path(self.log).read_text()
        for value in ("crm", "13800000002"):
            self.assertNotIn(value, text)
        row = self.check().row
        self.assertEqual((row["ok"], row["lines"]), (True, len(told)))

    def test_a_line_that_was_changed_shows(self):
        self.ask("show", "crm:c2")
        text = pathlib.Path(self.log).read_text()
        pathlib.Path(self.log).write_text(text.replace('"action":"show"', '"action":"stat"', 1))
        row = self.check(code=NO).row
        self.assertFalse(row["ok"])

    def test_what_cannot_be_logged_is_not_answered(self):
        answer = self.polyonym("show", "crm:c1", "--db", self.store, "--audit", self.path("no/folder.log"), code=USAGE)
        self.assertEqual(answer.out, b"")
        self.assertEqual(self.polyonym("show", "crm:c1", "--db", self.store, "--audit", self.log, code=USAGE).out, b"")
        self.polyonym("show", "crm:c1", "--db", self.store, "--actor", "x", code=USAGE)
        self.assertEqual(self.check().row["lines"], len(self.lines()))

    def test_by_default_the_user_is_named_by_number(self):
        log = self.path("other.log")
        self.polyonym("stats", "--db", self.store, "--audit", log)
        actors = {json.loads(line).get("actor") for line in pathlib.Path(log).read_text().splitlines()}
        self.assertTrue(any(actor and actor.startswith("uid ") for actor in actors))


if __name__ == "__main__":
    main()
