"""MkDocs hook: links that leave docs/ lead to pages of the site.

Pages in docs/ link to headers, examples and protobuf files by relative paths, which are right in the
repository. In the site such a link leads to the reference page of a header or module, or to a page that shows
the file. Markdown files of the root become pages as they are, a folder the list of its files. A link to
nothing is left as it stands, and `mkdocs build --strict` fails on it.
"""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path

from mkdocs.structure.files import File

LINK = re.compile(r"(?<=\]\()([^)\s#:]+)(#[^)\s]*)?(?=\))")
LANGUAGES = {".h": "cpp", ".cc": "cpp", ".json": "json", ".py": "python", ".sh": "bash", ".proto": "protobuf"}
ROOT_PAGES = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]


def page_of(path: str) -> str | None:
    """The page of the site that shows a path of the repository; None: there is nothing at the path."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    if path == "include/polyonym":
        return "reference/cpp/index.md"
    if path.startswith("include/polyonym/") and path.endswith(".h"):
        return "reference/cpp/" + path.removeprefix("include/polyonym/").removesuffix(".h") + ".md"
    if path.startswith("python/polyonym/"):
        return "reference/" + path.removesuffix(".py").replace("/polyonym/", "/") + ".md"
    if path in ROOT_PAGES:
        return "project/" + path.lower()
    if Path(path).is_dir():
        return f"source/{path}/index.md"
    return f"source/{path}.md" if Path(path).is_file() else None


def folder_of(page: str) -> str:
    """The folder that links of a page are relative to: those of generated pages to the root."""
    generated = page.startswith(("project/", "source/", "reference/cpp/", "reference/python/"))
    return "" if generated else posixpath.join("docs", posixpath.dirname(page))


def targets(markdown: str, page: str) -> set[str]:
    """Paths of the repository, outside docs/, that a page links to."""
    paths = {
        posixpath.normpath(posixpath.join(folder_of(page), match[1])) for match in LINK.finditer(markdown)
    }
    return {path for path in paths if not path.startswith(("docs/", "..", "/")) and os.path.exists(path)}


def shown(path: str) -> str:
    """Markdown that shows a file or a folder."""
    if path in ROOT_PAGES:
        return Path(path).read_text(encoding="utf-8")
    if Path(path).is_dir():
        names = sorted(entry.name for entry in Path(path).iterdir() if entry.is_file())
        return f"# {path}\n\n" + "\n".join(f"- [{name}]({path}/{name})" for name in names)
    text = Path(path).read_text(encoding="utf-8")
    return f"# {path}\n\n``````{LANGUAGES.get(Path(path).suffix, 'text')}\n{text}\n``````\n"


def on_files(files, config):
    waiting = set(ROOT_PAGES)
    for file in files.documentation_pages():
        waiting |= targets(file.content_string, file.src_uri)
    while waiting:
        path = waiting.pop()
        page = page_of(path)
        if page is None or files.get_file_from_path(page) is not None:
            continue
        content = shown(path)
        files.append(File.generated(config, page, content=content))
        waiting |= targets(content, page)
    return files


def on_page_markdown(markdown, page, config, files):
    here = page.file.src_uri

    def rewritten(match: re.Match) -> str:
        target = page_of(posixpath.normpath(posixpath.join(folder_of(here), match[1])))
        if target is None or files.get_file_from_path(target) is None:
            return match[0]
        return posixpath.relpath(target, posixpath.dirname(here) or ".") + (match[2] or "")

    # Numbers of sources that follow each other, [2][3], are no reference to a link.
    return re.sub(r"\[(\d+)\](?=\[\d+\])", r"\[\1\]", LINK.sub(rewritten, markdown))
