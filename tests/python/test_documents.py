"""What the documents show is what happens: blocks of pages, examples and notebooks are run.

The blocks of a page that begin with ```python are one program, run in order in an empty folder. A ```text block directly behind one is
what that block prints, where `…` alone on a line stands for any lines. A block titled "not run" is not; it is skipped by its line. An
example prints what its docstring says in the indented lines behind "prints:".
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "python/README.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLES = sorted((ROOT / "examples/python").glob("*.py"))
NOTEBOOKS = sorted((ROOT / "examples/notebooks").glob("*.ipynb"))

FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,})(?P<info>[^`\n]*)\n(?P<body>.*?)^(?P=indent)(?P=fence) *$", re.M | re.S)


@dataclass
class Block:
    line: int  # of its first line of code
    code: str
    not_run: bool
    prints: Optional[str]


def blocks_of(page: Path) -> List[Block]:
    text = page.read_text(encoding="utf-8")
    blocks: List[Block] = []
    end = -1  # of the last block of Python
    for match in FENCE.finditer(text):
        info = match["info"].split(maxsplit=1)
        body = textwrap.dedent(match["body"])
        if info[:1] == ["python"]:
            line = text.count("\n", 0, match.start("body")) + 1
            blocks.append(Block(line, body, 'title="not run"' in match["info"], None))
            end = match.end()
        elif info[:1] == ["text"] and end >= 0 and not text[end : match.start()].strip():
            blocks[-1].prints = body
    return blocks


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def assert_prints(shown: str, printed: str) -> None:
    lines = [line.rstrip() for line in shown.strip("\n").split("\n")]
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == "…" else re.escape(line) + r"\n" for line in lines)
    printed = "".join(line.rstrip() + "\n" for line in printed.strip("\n").split("\n"))
    if not re.fullmatch(pattern, printed):
        assert printed.split("\n")[:-1] == lines


PROGRAMS = [page for page in PAGES if any(not block.not_run for block in blocks_of(page))]
NOT_RUN = [(page, block) for page in PAGES for block in blocks_of(page) if block.not_run]


def test_there_is_something_to_run() -> None:
    assert PROGRAMS and EXAMPLES and NOTEBOOKS


@pytest.mark.parametrize("page", PROGRAMS, ids=name_of)
def test_page(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: Dict[str, Any] = {"__name__": "__main__"}
    for block in blocks_of(page):
        if block.not_run:
            continue
        # Line numbers of a traceback are those of the page.
        program = compile("\n" * (block.line - 1) + block.code, str(page), "exec")
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(program, namespace)
        if block.prints is not None:
            assert_prints(block.prints, printed.getvalue())


@pytest.mark.parametrize("page, block", NOT_RUN, ids=lambda of: name_of(of) if isinstance(of, Path) else str(of.line))
def test_block_that_is_not_run(page: Path, block: Block) -> None:
    compile(block.code, str(page), "exec")
    pytest.skip(f"{name_of(page)}:{block.line} says that it is not run")


@pytest.mark.parametrize("example", EXAMPLES, ids=name_of)
def test_example(example: Path, tmp_path: Path) -> None:
    about = ast.get_docstring(ast.parse(example.read_text(encoding="utf-8")))
    assert about, "an example says in its docstring what it shows"
    _, says, behind = about.partition("prints:\n")
    assert says, "an example says in its docstring what it prints"
    lines = behind.lstrip("\n").split("\n")
    shown = [line for i, line in enumerate(lines) if all(not other or other.startswith(" ") for other in lines[: i + 1])]
    run = subprocess.run([sys.executable, str(example)], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert_prints(textwrap.dedent("\n".join(shown)), run.stdout)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=name_of)
def test_notebook(notebook: Path, tmp_path: Path) -> None:
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed: notebooks cannot be run")
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed: notebooks cannot be run")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed: notebooks cannot be run")
    opened = nbformat.read(notebook, as_version=4)
    nbformat.validate(opened)
    client = nbclient.NotebookClient(opened, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    outputs = [output for cell in opened.cells for output in cell.get("outputs", [])]
    assert [output for output in outputs if output.output_type == "error"] == []
    assert outputs, "a notebook shows something"
