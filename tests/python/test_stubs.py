"""What the package says of itself: types, names, docstrings."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Iterator, List, Tuple

import pytest

import polyonym


def run(*arguments: str, cwd: Path) -> str:
    """The output of a module of Python's that is to end well."""
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_stub_is_what_the_module_has(root: Path, tmp_path: Path) -> None:
    pytest.importorskip("nanobind", reason="nanobind is not installed: the stub cannot be made")
    made = tmp_path / "_core.pyi"
    run("nanobind.stubgen", "-q", "-m", "polyonym._core", "-o", str(made), cwd=tmp_path)
    kept = root / "python/polyonym/_core.pyi"
    assert made.read_text() == kept.read_text(), f"{kept}: make it again by nanobind.stubgen -m polyonym._core"


def test_the_package_is_typed(root: Path, tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="mypy is not installed: types cannot be checked")
    run("mypy", "--strict", "--config-file", "pyproject.toml", "--cache-dir", str(tmp_path), "polyonym", cwd=root / "python")


def test_the_examples_are_typed(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mypy", reason="mypy is not installed: types cannot be checked")
    monkeypatch.setenv("MYPYPATH", str(root / "python"))
    examples = [str(path) for path in sorted((root / "examples/python").glob("*.py"))]
    assert examples
    for example in examples:  # each is a program by itself
        run("mypy", "--strict", "--config-file", "pyproject.toml", "--cache-dir", str(tmp_path), example, cwd=root / "python")


def modules() -> Iterator[ModuleType]:
    yield polyonym
    for found in pkgutil.walk_packages(polyonym.__path__, "polyonym."):
        if not re.search(r"\._", found.name):
            yield importlib.import_module(found.name)


def defined(module: ModuleType) -> Iterator[Tuple[str, Any]]:
    """Public functions and classes of a module, and public methods and properties of the classes."""
    for name, thing in vars(module).items():
        if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(thing) or inspect.isclass(thing):
            yield f"{module.__name__}.{name}", thing
        if inspect.isclass(thing):
            for member, value in vars(thing).items():
                callables = (staticmethod, classmethod, property, FunctionType)
                if isinstance(value, callables) and not member.startswith("_"):
                    yield f"{module.__name__}.{name}.{member}", value


def test_everything_public_has_a_docstring() -> None:
    found = [(name, thing) for module in modules() for name, thing in defined(module)]
    assert len(found) > 50
    silent = [name for name, thing in found if not (inspect.getdoc(thing) or "").strip() or is_generated(thing)]
    assert silent == []
    assert [module.__name__ for module in modules() if not module.__doc__] == []


def is_generated(thing: Any) -> bool:
    """Whether a docstring is the one that dataclass() makes: the signature."""
    return inspect.isclass(thing) and (thing.__doc__ or "").startswith(f"{thing.__name__}(")


def test_every_public_name_is_in_the_reference(root: Path) -> None:
    pages = "\n".join(page.read_text(encoding="utf-8") for page in (root / "docs/reference").glob("*.md"))
    # `::: module`, and below it the members that are shown, where they are not all.
    shown: List[str] = []
    for module, options in re.findall(r"^::: ([\w.]+)\n((?:    .*\n|\n)*)", pages + "\n", re.M):
        members = re.search(r"members: \[([^\]]*)\]", options)
        if members:
            shown += [f"{module}.{member.strip()}" for member in members[1].split(",")]
        else:
            shown.append(module)
    missing = []
    for name in polyonym.__all__:
        thing = getattr(polyonym, name)
        if isinstance(thing, (str, ModuleType)):
            continue
        where = f"{thing.__module__}.{name}"
        if where not in shown and thing.__module__ not in shown:
            missing.append(where)
    assert missing == []


def test_all_names_what_there_is() -> None:
    assert sorted(polyonym.__all__) == sorted(set(polyonym.__all__))
    for name in polyonym.__all__:
        assert hasattr(polyonym, name)
