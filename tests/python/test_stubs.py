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
from typing import Any, Iterator, Tuple

import pytest

import polyonym


def run(*arguments: str, cwd: Path) -> str:
    """The output of a module of Python's that is to end well."""
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_stub_is_what_the_module_has(root: Path, tmp_path: Path) -> None:
    pytest.importorskip("nanobind", reason="nanobind is not installed: the stub cannot be made")
    check = [sys.executable, str(root / "tools/python_stub.py"), "--check"]
    done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    if done.returncode == 3:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_package_and_the_examples_are_typed(root: Path, tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="mypy is not installed: types cannot be checked")
    examples = [str(path) for path in sorted((root / "examples/python").glob("*.py"))]
    assert examples
    run("mypy", "--config-file", "pyproject.toml", "--cache-dir", str(tmp_path), "polyonym", *examples, cwd=root / "python")


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


def test_every_public_module_is_in_the_reference(root: Path) -> None:
    page = (root / "docs/reference/python.md").read_text(encoding="utf-8")
    top = [module.__name__.split(".")[1] for module in modules() if module.__name__.count(".") == 1]
    # Those without names for users of their own: they serve the others.
    inner = {"frames", "progress", "times"}
    assert [name for name in top if name not in inner and f"polyonym/{name}" not in page and f"`{name}`" not in page] == []


def test_all_names_what_there_is() -> None:
    assert sorted(polyonym.__all__) == sorted(set(polyonym.__all__))
    for name in polyonym.__all__:
        assert hasattr(polyonym, name)
