"""What docs/ says of the program: commands, options and fields, out of the tables of driver.md, profiles.md and records.md.

Columns of CSV stand in lines that begin with `CSV`.
"""

import re

TABLES = {"option": "options", "field": "fields", "reason": "reasons"}  # by the first heading of a table
# Sections whose fields stand inside rows of several commands.
SHARED_FIELDS = ["a link", "a relation", "a change", "tags", "timeline", "a profile", "a trait", "a source of a value"]
SHARED_FIELDS += ["a value", "a part of a score", "a place", "a consent", "a stage", "a channel", "a stated relation"]
SHARED_FIELDS += ["a purchase score", "a summary of purchases", "a channel score", "a share of a channel", "ambiguous facts"]
SHARED_FIELDS += ["a part of an expression", "a share of a segment", "a lift", "a check of sizes"]
SHARED_FIELDS += ["a record of a person", "a name in a record"]
FREE_OBJECTS = ["properties"]  # whose fields channels name


class Documentation:
    def __init__(self, folder):
        self.sections = (
            {}
        )  # heading in lower case -> {"text": …, "options": [first cells], "fields": […], "reasons": […]}
        for name in ("driver.md", "profiles.md", "records.md"):
            self._read((folder / name).read_text(encoding="utf-8"))

    def _read(self, text):
        section, table = None, None
        for line in text.splitlines():
            heading = re.match(r"#+ (.*)", line)
            if heading:
                section = self.sections.setdefault(
                    heading.group(1).lower(), {"text": "", "options": [], "fields": [], "reasons": []}
                )
            section["text"] += line + "\n"
            if not line.startswith("|"):
                table = None
                continue
            first = line.split("|")[1].strip()
            if first in TABLES:
                table = section[TABLES[first]]
            elif table is not None and first.startswith("`"):
                table.append(first.strip("`"))

    def options(self, command):
        """Options and positionals that the command's section and the shared one name, without their values."""
        named = self.sections[command]["options"] + self.sections["options of several commands"]["options"]
        return {cell.split()[0] for cell in named}

    @property
    def commands_with_csv(self):
        listed = re.search(r"these commands print (.*)", self.sections["csv"]["text"]).group(1)
        return set(re.findall(r"`([a-z ]+)`", listed))

    def are_csv_columns(self, command, columns):
        """Whether a header is one that the command's section lists, or its fields where it lists none."""
        lines = re.findall(r"^CSV\b.*?: (`.*)$", self.sections[command]["text"], re.MULTILINE)
        lists = [re.findall(r"`(\w+)`", line.split(". ")[0]) for line in lines] or [self.sections[command]["fields"]]
        return list(columns) in [self._spelt(names, columns) for names in lists]

    @staticmethod
    def _spelt(names, columns):
        """The names, those that end on CODE once for each currency that the columns have."""
        codes = sorted({column[-3:] for column in columns if re.search(r"_[A-Z]{3}$", column)})
        plain = [name for name in names if not name.endswith("_CODE")]
        coded = [name.removesuffix("CODE") for name in names if name.endswith("_CODE")]
        return plain + [name + code for code in codes for name in coded]

    @property
    def reasons(self):
        return {code for section in self.sections.values() for code in section["reasons"]}

    def fields(self, *sections):
        return {field for section in sections for field in self.sections[section]["fields"]}

    def unknown_fields(self, command, row):
        """Paths of the row's fields that are documented nowhere they could be."""
        if command == "export" and "traits" not in row:
            yield from self._unknown_in_export(row)
            return
        command = "export --profiles" if command == "export" else command
        own, inner = self.fields(command), self.fields(*SHARED_FIELDS)
        if command in ("changes", "how"):
            own = self.fields("a change")
        for path in paths_of(row):
            leaf = path.split(".")[-1]
            if (
                path in own
                or (path != leaf and leaf in inner)
                or (path.startswith("rejected_by_reason.") and leaf in self.reasons)
            ):
                continue
            yield path

    def _unknown_in_export(self, row):
        record = row
        if "record" in row:
            yield from row.keys() - self.fields("export")
            record = row["record"]
        yield from record.keys() - self.fields("the short form", "the protobuf form")


def paths_of(value, prefix=""):
    """`chain`, `chain[].a`, … of every field of an object, however deep."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield prefix + key
            if key not in FREE_OBJECTS:
                yield from paths_of(inner, prefix + key + ".")
    elif isinstance(value, list):
        for inner in value:
            yield from paths_of(inner, prefix[:-1] + "[].")
