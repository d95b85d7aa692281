"""The help of every command, and docs/ held against the program."""

import json
import os
import pathlib
import re
import subprocess

from program import DOCUMENTATION, DONE, DRIVER, GROUPS_OF_COMMANDS, NO, ROOT, USAGE
from program import ProgramTest, changed_policy, main, seen

MEANINGS = [
    "0 done",
    "1 the answer is no, or a check failed",
    "2 wrong usage",
    "3 more records rejected than --max-rejects",
    "4 the store is busy, corrupt or newer",
]


def listed(text, title):
    """First words of the lines below a title of a help text."""
    below = text.split(title + ":\n", 1)[1] if title + ":\n" in text else ""
    return [line.split()[0] for line in below.split("\n\n")[0].splitlines() if re.match(r"  \S", line)]


def code_blocks(path):
    """Indented blocks of a Markdown page, dedented, with the line that leads to each: {"`members.csv`:": "no,shop…\\n"}."""
    blocks = {}
    for match in re.finditer(r"^(.+)\n\n((?:    .*\n|\n(?=    ))+)", path.read_text(encoding="utf-8"), re.MULTILINE):
        blocks[match.group(1)] = re.sub(r"^    ", "", match.group(2), flags=re.MULTILINE)
    return blocks


def commands_of(blocks):
    """Commands that the lines name, without `polyonym`, each with what it prints by its block."""
    found = [(re.search(r"`polyonym (.*?)`", line), printed) for line, printed in blocks.items()]
    return [(match.group(1), printed) for match, printed in found if match]


class DocsTest(ProgramTest):
    def help_of(self, command):
        return self.polyonym(*command.split(), "--help").text

    def commands(self):
        for command in listed(self.help_of(""), "Subcommands"):
            inner = listed(self.help_of(command), "Subcommands")
            yield from [f"{command} {name}" for name in inner] or [command]

    def test_every_command_is_there(self):
        self.assertEqual(
            set(self.commands()),
            {
                "ingest",
                "resolve",
                "show",
                "why",
                "why-not",
                "how",
                "tags",
                "timeline",
                "define",
                "fit",
                "flows",
                "capital",
                "attribution",
                "together",
                "growth",
                "funnel",
                "retention",
                "repurchase",
                "campaign list",
                "campaign enrol",
                "campaign report",
                "reach",
                "segment define",
                "segment list",
                "segment lint",
                "segment count",
                "segment try",
                "segment sizes",
                "segment members",
                "segment explain",
                "segment overlap",
                "segment portrait",
                "neighbours",
                "path",
                "groups",
                "held",
                "changes",
                "feed cursors",
                "feed drop",
                "feed trim",
                "outbox list",
                "outbox ack",
                "export",
                "stats",
                "graphs",
                "retract",
                "advance",
                "horizon",
                "erase",
                "erasures",
                "keep",
                "finish",
                "subject",
                "restrict",
                "audit check",
                "verify",
                "checkpoint",
                "backup make",
                "backup list",
                "backup verify",
                "backup restore",
                "backup drop",
                "repair",
                "rotate",
                "policy show",
                "policy check",
                "policy diff",
                "policy set",
                "policy simulate",
                "policy preset",
                "generate",
                "scenarios",
            },
        )

    def test_every_help_says_what_the_exit_codes_mean(self):
        for command in ["", *GROUPS_OF_COMMANDS, *self.commands()]:
            with self.subTest(command=command):
                text = " ".join(self.help_of(command).split())
                for meaning in MEANINGS:
                    self.assertIn(meaning, text)

    def test_help_and_docs_name_the_same_options(self):
        for command in self.commands():
            with self.subTest(command=command):
                text = self.help_of(command)
                given = {word.split(",")[-1] for word in listed(text, "Options") + listed(text, "Positionals")}
                self.assertLessEqual(given, DOCUMENTATION.options(command), "docs/driver.md names every option")
                own = {cell.split()[0] for cell in DOCUMENTATION.sections[command]["options"]}
                self.assertLessEqual(own, given, "docs/driver.md names no other option")

    def test_docs_say_which_commands_print_csv(self):
        offered = set()
        for command in self.commands():
            formats = re.search(r"--format FORMAT(.*?)(?=\n +-|\n\n)", self.help_of(command), re.DOTALL)
            if formats and "csv" in formats.group(1):
                offered.add(command)
        self.assertEqual(offered, DOCUMENTATION.commands_with_csv)
        for command in offered:
            nested = any("[" in field for field in DOCUMENTATION.sections[command]["fields"])
            listed = "\nCSV" in DOCUMENTATION.sections[command]["text"]
            self.assertTrue(listed or not nested, f"docs/driver.md lists the columns of {command}")

    def test_every_row_has_exactly_the_fields_of_its_table(self):
        # Two people share a phone and a browser, so that every kind of answer has something to say.
        records = [seen(n, {"crm": f"c{n}", "phone": "13800000001", "device": "d"}) for n in (1, 2)]
        records += [seen(3, {"crm": "c3", "nosuch": "x"})]
        store = self.store_of("store", records)
        self.assert_fields("ingest", self.ingest("store", self.path("store.jsonl")).rows)
        self.assert_fields("resolve", self.polyonym("resolve", "--db", store, self.path("store.jsonl")).rows)
        for command, args in {
            "show": ["crm:c1"],
            "why": ["crm:c2", "device:d"],
            "why-not": ["crm:c1", "device:d"],
            "neighbours": ["crm:c1"],
            "path": ["crm:c1", "crm:c2"],
            "groups": ["--ids"],
            "held": [],
            "stats": [],
            "graphs": [],
            "retract": ["--source", "pos", "--record", "1", "--dry-run"],
            "verify": [],
            "checkpoint": [],
            "policy simulate": [self.policy],
            "policy set": [self.policy],
            "advance": ["2024-06-01"],
            "horizon": ["--source", "pos", "--before", "2024-02-01"],
        }.items():
            self.assert_fields(command, self.polyonym(*command.split(), "--db", store, *args).rows)
        self.assert_fields("a change", self.polyonym("changes", "--db", store).rows)
        self.assert_fields("a link", self.polyonym("why", "--db", store, "crm:c2", "device:d").row["chain"])
        path = self.polyonym("path", "--db", store, "crm:c1", "crm:c2").row["path"]
        self.assert_fields("a relation", path[0]["relations"])
        self.assert_fields("export", self.polyonym("export", "--all", "--db", store).rows)
        self.assert_fields("policy check", self.polyonym("policy", "check", self.policy).rows)
        self.assert_fields("policy preset", self.polyonym("policy", "preset").rows)
        other = self.write_json("other.json", changed_policy(name="other"))
        self.assert_fields("policy diff", self.polyonym("policy", "diff", self.policy, other, code=NO).rows)

    def assert_fields(self, section, rows):
        documented = {re.split(r"[\[.]", field)[0] for field in DOCUMENTATION.fields(section)}
        self.assertTrue(rows, section)
        for row in rows:
            self.assertEqual(set(row), documented, f"the fields of {section} in docs/driver.md")

    def test_a_field_that_is_not_documented_is_noticed(self):
        for command, row, unknown in [
            ("stats", {"records": 1, "nosuch": 2}, ["nosuch"]),
            ("why", {"a": "x", "chain": [{"a": "x", "sources": [], "nosuch": 1}]}, ["chain[].nosuch"]),
            ("changes", {"kind": "x", "nosuch": 1}, ["nosuch"]),
            ("ingest", {"rejected_by_reason": {"bad_time": 1, "nosuch": 1}}, ["rejected_by_reason.nosuch"]),
            ("export", {"source": "x", "nosuch": 1}, ["nosuch"]),
            ("export", {"number": 1, "record": {"nosuch": 1}}, ["nosuch"]),
        ]:
            with self.subTest(command=command):
                self.assertEqual(list(DOCUMENTATION.unknown_fields(command, row)), unknown)

    def test_the_commands_at_the_top_of_the_page_run(self):
        commands = next(
            block for block in code_blocks(ROOT / "docs/driver.md").values() if "polyonym generate" in block
        )
        self.folder.joinpath("examples").symlink_to(ROOT / "examples")
        script = 'set -e; polyonym() { "$DRIVER" "$@"; }\n' + commands
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env={**os.environ, "DRIVER": DRIVER},
            stdout=subprocess.PIPE,
            check=True,
        )
        self.assertIn(b'"members"', done.stdout)
        self.assertIn(b'"known":true', done.stdout)

    def test_docs_name_every_reason_that_the_library_gives(self):
        header = (ROOT / "include/polyonym/model/outcome.h").read_text(encoding="utf-8")
        names = re.findall(r"^  k(\w+) = (\d+),", header, re.MULTILINE)
        reasons = {re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower() for name, number in names if int(number) >= 20}
        self.assertGreater(len(reasons), 20)
        self.assertEqual(reasons - DOCUMENTATION.reasons, set())

    def test_docs_name_every_field_of_a_mapping(self):
        proto = (ROOT / "proto/polyonym/v1/mapping.proto").read_text(encoding="utf-8")
        page = (ROOT / "docs/mapping.md").read_text(encoding="utf-8")
        names = set(re.findall(r"^  (?:\w|[<>., ])+ (\w+) = \d+;", proto, re.MULTILINE)) | set(
            re.findall(r"(?:TYPE|ENCODING)_\w+", proto)
        )
        self.assertIn("strip_suffix", names)
        self.assertEqual({name for name in names if not re.search(rf"\b{name}\b", page)}, set())

    def test_the_example_of_the_mapping_page_prints_what_the_page_says(self):
        blocks = code_blocks(ROOT / "docs/mapping.md")
        for name in ("members.csv", "members.mapping.json", "members.policy.json"):
            self.write(name, blocks[f"`{name}`:"])
        commands = commands_of(blocks)
        self.assertEqual(len(commands), 2)
        for command, printed in commands:
            with self.subTest(command=command):
                self.assertEqual(self.polyonym(*command.split()).text, printed)

    def test_the_records_of_the_records_page_are_taken(self):
        blocks = code_blocks(ROOT / "docs/records.md")
        short = next(block for line, block in blocks.items() if '"t": 1700000000000' in block)
        protobuf = next(block for block in blocks.values() if "ACT_OBSERVE" in block)
        self.write("records.jsonl", short + protobuf.replace("\n", " ") + "\n")
        row = self.ingest("store", "records.jsonl").row
        self.assertEqual((row["records"], row["rejected"]), (6, 0))

    def test_the_examples_of_the_campaigns_page_are_taken_and_print_what_the_page_says(self):
        blocks = code_blocks(ROOT / "docs/campaigns.md")
        objects = [block for block in blocks.values() if block.startswith("{")]
        definitions = [block for block in objects if '"source"' not in block]
        records = [block for block in objects if '"source"' in block]
        self.assertEqual((len(definitions), len(records)), (2, 2))
        self.write("people.jsonl", records[1])
        self.policy = str(ROOT / "examples/policies/retail.json")
        self.ingest("shop.db", "people.jsonl")
        for definition in definitions:
            json.loads(definition)
            self.polyonym("define", "--db", self.path("shop.db"), self.write("definitions.json", definition))
        ((command, printed),) = commands_of({line: block for line, block in blocks.items() if "prints" in line})
        self.assertEqual(self.polyonym(*command.split(), code=NO).text, printed)
        both = {name: part for definition in definitions for name, part in json.loads(definition).items()}
        self.write_json("definitions.json", both)
        self.ingest("shop.db", self.write("assigned.jsonl", records[0]))
        run = next(block for block in blocks.values() if "campaign enrol" in block)
        self.assertEqual(len(run.splitlines()), 7)
        for line in run.splitlines():
            with self.subTest(line=line):
                # The SMS of the example went out today; all others answer yes.
                self.polyonym(*line.split()[1:], code=NO if " reach " in line else DONE)

    def test_the_policies_of_the_examples_are_valid(self):
        policies = sorted(
            path
            for path in (ROOT / "examples").glob("**/*.json")
            if "policy" in path.name or path.parent.name == "policies"
        )
        self.assertGreaterEqual(len(policies), 2)
        for path in policies:
            with self.subTest(policy=path.name):
                row = self.polyonym("policy", "check", path).row
                self.assertEqual((row["ok"], row["problem"]), (True, None))

    def test_files_that_the_help_and_the_docs_name_are_there(self):
        text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md"))
        text += "".join(self.help_of(command) for command in ["", *self.commands()])
        text = re.sub(r"https?://\S+", "", text)
        for name in set(re.findall(r"\b(?:docs|examples)/[\w./]*\w", text)) | {
            f"examples/mappings/{name}"
            for name in re.findall(r"`(\w+\.(?:mapping|policy)\.json)`", text)
            if not name.startswith("members.")
        }:
            with self.subTest(name=name):
                self.assertTrue((ROOT / name).exists())

    def test_links_of_the_docs_lead_somewhere(self):
        for page in (ROOT / "docs").glob("*.md"):
            for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
                with self.subTest(page=page.name, target=target):
                    self.assertTrue(pathlib.Path(page.parent, target).exists())

    def test_what_is_no_command_and_no_option_is_an_error_that_names_it(self):
        for args in (
            ["bogus"],
            ["groups", "--db", "x", "--bogus"],
            ["groups", "--db", "x", "--format", "bogus"],
            ["resolve", "--memory", "--policy", "bogus", "-"],
        ):
            with self.subTest(args=args):
                answer = self.polyonym(*args, code=USAGE)
                self.assertIn("bogus", answer.err)
                self.assertEqual(answer.text, "")
        self.assertIn("--db", self.polyonym("groups", code=USAGE).err)
        self.polyonym(code=USAGE)
        for group in GROUPS_OF_COMMANDS:
            self.polyonym(group, code=USAGE)
        self.polyonym("policy", "check", self.write("not.json", "{"), code=NO)


if __name__ == "__main__":
    main()
