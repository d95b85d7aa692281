"""Griffe extension: docstrings as this package writes them, as Markdown for mkdocstrings.

Examples (`>>>`) become code, lines such as `name: what it is` a list, and comments that begin with `#:` the
docstring of the attribute that they stand above.
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import griffe

PARAMETER = re.compile(r"(?:[a-z_]+, )*[a-z_]+: \S|`[a-z_]+`: \S")


def markdown(text: str) -> str:
    out: list[str] = []
    for is_code, block in itertools.groupby(
        re.split(r"\n\s*\n", text.strip("\n")), key=lambda part: part.startswith(">>> ")
    ):
        if is_code:
            out.append("```pycon\n" + "\n\n".join(block) + "\n```")
        else:
            out += [listed(part) for part in block]
    return "\n\n".join(out)


def listed(paragraph: str) -> str:
    """The paragraph with its lines about parameters as list items."""
    lines: list[str] = []
    for line in paragraph.split("\n"):
        if PARAMETER.match(line):
            name, _, rest = line.partition(": ")
            if lines and not lines[-1].startswith(("-", " ")):
                lines.append("")
            lines.append(f"- `{name.strip('`')}`: {rest}")
        elif lines and not line.startswith(" ") and lines[-1].startswith(("-", " ")):
            lines += ["", line]
        else:
            lines.append(line)
    return "\n".join(lines)


class Docstrings(griffe.Extension):
    def on_object(self, *, obj: griffe.Object, **kwargs) -> None:
        if obj.docstring:
            obj.docstring.value = markdown(obj.docstring.value)
        elif obj.is_attribute and obj.lineno and isinstance(obj.filepath, Path):
            above = obj.filepath.read_text(encoding="utf-8").splitlines()[: obj.lineno - 1]
            comment = list(itertools.takewhile(lambda line: line.strip().startswith("#:"), reversed(above)))
            if comment:
                text = "\n".join(line.strip()[2:].strip() for line in reversed(comment))
                obj.docstring = griffe.Docstring(text, lineno=obj.lineno - len(comment), parent=obj)
