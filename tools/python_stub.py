#!/usr/bin/env python3
"""Makes python/polyonym/_core.pyi, the types of the compiled module, or with --check says whether it is up to date.

    PYTHONPATH=build/dev/python build/python-env/bin/python tools/python_stub.py [--check]

Exits with 1 where --check finds another one, and with 3 where it was made by another version of nanobind, which may lay it out otherwise.
"""

import argparse
import pathlib
import re
import sys

import nanobind
import polyonym._core as core
from nanobind.stubgen import StubGen

STUB = pathlib.Path(__file__).resolve().parents[1] / "python/polyonym/_core.pyi"


def made() -> str:
    generator = StubGen(core)
    generator.put(core)
    # What C++ makes of polyonym.results it gives as an object: the functions over it say which.
    text = re.sub(r"\bobject\b", "Any", generator.get())
    for bare, full in (("list", "list[Any]"), ("dict", "dict[str, Any]"), ("tuple", "tuple[Any, ...]")):
        text = re.sub(rf"\b{bare}\b(?!\[)", full, text)
    return f"# Made by tools/python_stub.py with nanobind {nanobind.__version__}.\nfrom typing import Any\n\n__version__: str\n\n{text.lstrip()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    text = made()
    if not check:
        STUB.write_text(text, encoding="utf-8")
        return
    kept = STUB.read_text(encoding="utf-8")
    if kept == text:
        return
    if kept.splitlines()[0] != text.splitlines()[0]:
        print(f"{kept.splitlines()[0]} Here is {nanobind.__version__}.")
        sys.exit(3)
    print(f"{STUB.name} is not what the module has: make it again")
    sys.exit(1)


if __name__ == "__main__":
    main()
