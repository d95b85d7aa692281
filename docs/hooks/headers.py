"""MkDocs hook: a page for each public header, made from the header when the site is built.

A page has the header's opening comment as prose, then its declarations with their comments, as code. Private
members and the bodies of functions are left out. Pages are grouped by layer, which is the header's folder, in
the order of ARCHITECTURE.md. In the nav of mkdocs.yml the entry `reference/cpp/` stands for all of them.
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path

from mkdocs.structure.files import File

INCLUDE = Path("include/polyonym")
PAGES = "reference/cpp/"
LAYERS = "model identity profile segment codec measure campaign store engine batch".split()

TYPE = re.compile(
    r"^(?:template <.*?>\s*)?(?:class|struct|enum class|enum|union|concept) (?:\[\[.*?\]\] )?(\w+)", re.S
)
NAMED = re.compile(r"(?:^|\n)using (\w+) =|constexpr .*?\b(k[A-Z]\w*)|(operator\S+?|[\w~]+)\(", re.S)


def headers() -> list[Path]:
    """All public headers, by layer. A layer that LAYERS does not name comes last."""
    found = INCLUDE.glob("*/*.h")
    return sorted(found, key=lambda path: ((LAYERS + [path.parent.name]).index(path.parent.name), path))


def opening(text: str) -> list[str]:
    """The lines of the comment that the file begins with, without the slashes."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("//"):
            break
        lines.append(line[2:].removeprefix(" ").rstrip())
    return lines


def summary(path: Path) -> str:
    """What the first sentence of the opening comment says the header is."""
    paragraph = " ".join(opening(path.read_text(encoding="utf-8"))).split("  ")[0]
    return re.split(r"(?<=[.?])\s", paragraph.partition(" - ")[2])[0].replace("<", "&lt;")


def linked(text: str) -> str:
    """Names of headers and documents in prose as links from the root of the repository."""
    text = text.replace("<", "&lt;")
    known = "|".join(re.escape(path.relative_to(INCLUDE).as_posix()) for path in headers())
    text = re.sub(rf"(?<![\w/])({known})", rf"[`\1`]({INCLUDE.as_posix()}/\1)", text)
    return re.sub(r"(?<![\w/])((?:docs/\w+|ARCHITECTURE)\.md)", r"[\1](\1)", text)


def prose(lines: list[str]) -> str:
    """Markdown of an opening comment: what is indented stands as it is, THREADS: and so on begin one."""
    out: list[str] = []
    for indented, group in itertools.groupby(lines, key=lambda line: line.startswith("  ")):
        if indented:
            text = "\n".join(line[2:] for line in group)
            out += ["", "```cpp" if re.search(r"//| = |\);", text) else "```text", text, "```", ""]
            continue
        for line in group:
            if match := re.match(r"(THREADS|COST|Cost|Memory|Source|Invariants|ERRORS): ?", line):
                out += ["", f"**{match[1]}:** " + linked(line[match.end() :])]
            else:
                out.append(linked(line))
    return "\n".join(out)


def declarations(text: str) -> list[str]:
    """What stands behind the includes, cut at blank lines, without private members and bodies."""
    body = text[text.rfind("\n#include") :].partition("\n// ---- bodies")[0]
    left_out = re.compile(r"#|namespace [\w:]+ \{$|\}  // namespace|(class|struct) \w+;")
    lines = [line for line in body.splitlines() if not left_out.match(line)]
    blocks: list[list[str]] = [[]]
    head, depth, hidden_from, body_from = "", 0, -1, -1  # a depth; -1: nothing is left out
    for line in lines:
        code = re.sub(r'"(\\.|[^"\\])*"|\'(\\.|[^\'\\])\'|//.*', "", line)
        before, depth = depth, depth + code.count("{") - code.count("}")
        if body_from >= 0:
            body_from = -1 if depth <= body_from else body_from
            continue
        if hidden_from >= 0 and (depth < hidden_from or code.strip() == "public:"):
            hidden_from = -1
        elif code.strip() in ("private:", "protected:"):
            hidden_from = depth
        if hidden_from >= 0:
            continue
        head = (
            code.strip() if not head or head[-1] in ";}{:" or not code.strip() else head + " " + code.strip()
        )
        if (
            depth > before
            and 0 < head.count("(") == head.count(")")
            and not TYPE.match(head)
            and code.rstrip().endswith("{")
        ):
            line, body_from = line.rstrip() + " … }", before
            head = ""
        if not line.strip() and before == 0:
            blocks.append([])
        else:
            blocks[-1].append(line)
    texts = ["\n".join(block).strip("\n").replace("\n\n};", "\n};") for block in blocks]
    return [text for text in texts if text]


def name_of(block: str) -> str:
    """What a block declares first; empty: a remark alone."""
    code = re.sub(r"\[\[.*?\]\]\s*", "", re.sub(r"//.*", "", block)).strip()
    if match := TYPE.match(code):
        return match[1]
    if match := NAMED.search(re.sub(r"^template <.*?>\s*(?=\w)", "", code)):
        return match[1] or match[2] or match[3] + "()"
    return ""


def page(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    lines = opening(text)
    first = lines[0].partition(" - ")[2]
    name = path.relative_to(INCLUDE).as_posix()
    out = [
        f"# {name}",
        "",
        prose([first[:1].upper() + first[1:], *lines[1:]]),
        "",
        f'    #include "polyonym/{name}"',
        "",
    ]
    last = ""
    for block in declarations(text):
        name = name_of(block)
        if name and name != last:
            out += ["", f"## `{name}`", ""]
        out += ["```cpp", block, "```", ""]
        last = name or last
    return "\n".join(out)


def page_of(path: Path) -> str:
    return PAGES + path.relative_to(INCLUDE).with_suffix(".md").as_posix()


def index() -> str:
    out = [
        "# C++",
        "",
        "Every public header, by layer; [ARCHITECTURE.md](ARCHITECTURE.md) says which layer may use which.",
    ]
    out += ["", "Programs to begin with: [examples/cpp](examples/cpp)."]
    for path in headers():
        if f"## {path.parent.name}" not in out:
            out += ["", f"## {path.parent.name}", "", "| header | |", "|---|---|"]
        out.append(f"| [{path.name}]({path.as_posix()}) | {summary(path).replace('|', '&#124;')} |")
    return "\n".join(out)


def on_config(config):
    layers: dict[str, list] = {}
    for path in headers():
        layers.setdefault(path.parent.name, []).append({path.name: page_of(path)})
    entries = [PAGES + "index.md"] + [{layer: pages} for layer, pages in layers.items()]

    def filled(nav):
        if isinstance(nav, list):
            return [filled(entry) for entry in nav]
        if isinstance(nav, dict):
            return {title: filled(entry) for title, entry in nav.items()}
        return entries if nav == PAGES else nav

    config.nav = filled(config.nav)
    config.watch.append(str(INCLUDE))
    return config


def on_files(files, config):
    files.append(File.generated(config, PAGES + "index.md", content=index()))
    for path in headers():
        files.append(File.generated(config, page_of(path), content=page(path)))
    return files
