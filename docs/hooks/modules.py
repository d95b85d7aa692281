"""MkDocs hook: a page for each public module of the Python package, which mkdocstrings fills from docstrings.

In the nav of mkdocs.yml the entry `reference/python/` stands for all of them: those named in FIRST, then the
others by name, then what calls answer. A package whose modules are all private is one page.
"""

from __future__ import annotations

from pathlib import Path

from mkdocs.structure.files import File

PACKAGE = Path("python/polyonym")
PAGES = "reference/python/"
FIRST = ["store", "questions", "policy", "resolve", "ingest"]


def modules() -> list[str]:
    """Dotted names below `polyonym`."""
    found = [path.relative_to(PACKAGE).with_suffix("").parts for path in PACKAGE.rglob("*.py")]
    public = [parts for parts in found if not any(part.startswith("_") for part in parts)]
    packages = [parts[:-1] for parts in found if parts[-1] == "__init__" and len(parts) > 1]
    public += [parts for parts in packages if not any(other[: len(parts)] == parts for other in public)]
    order = {name: place for place, name in enumerate(FIRST)}
    names = map(".".join, public)
    return sorted(names, key=lambda name: ("." in name, order.get(name, len(FIRST)), name))


def page_of(module: str) -> str:
    return f"{PAGES}{module.replace('.', '/')}.md"


def on_config(config):
    entries = [{f"polyonym.{module}": page_of(module)} for module in modules()]

    def filled(nav):
        if isinstance(nav, dict):
            return {title: filled(entry) for title, entry in nav.items()}
        if isinstance(nav, list):
            return [part for entry in nav for part in (entries if entry == PAGES else [filled(entry)])]
        return nav

    config.nav = filled(config.nav)
    config.watch.append(str(PACKAGE))
    return config


def on_files(files, config):
    for module in modules():
        content = f"# polyonym.{module}\n\n::: polyonym.{module}\n"
        files.append(File.generated(config, page_of(module), content=content))
    return files
