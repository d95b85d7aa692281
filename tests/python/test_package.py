"""The package as it is installed: a wheel beside an installed library, in an environment that has nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import polyonym

SMOKE = """
import sys
import polyonym
from polyonym import _core
assert _core.__file__.startswith(sys.prefix), _core.__file__
with polyonym.open("people.db", policy=polyonym.Policy.preset("store")) as store:
    store.apply([{"source": "shop", "t": 0, "ids": {"phone": "136 0123 0001"}}])
    print(polyonym.__version__, len(store), bool(store.verify()))
"""


def run(*command: str, cwd: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, " ".join(command) + "\n" + done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def test_the_version_is_that_of_the_library(root: Path) -> None:
    project = re.search(r"project\(Polyonym VERSION ([0-9.]+)", (root / "CMakeLists.txt").read_text())
    assert project and polyonym.__version__ == project[1]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_wheel_is_built_and_installed(root: Path, tmp_path: Path) -> None:
    build = os.environ.get("POLYONYM_BUILD_DIR")
    if not build:
        pytest.skip("POLYONYM_BUILD_DIR does not name a build of the library")
    for module in ("scikit_build_core", "nanobind"):
        pytest.importorskip(module, reason=f"{module} is not installed: no wheel can be built")
    run("cmake", "--install", build, "--prefix", str(tmp_path / "library"), cwd=tmp_path)
    (config,) = (tmp_path / "library").rglob("polyonymConfig.cmake")
    run(
        *(sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--no-index", "--wheel-dir", "wheels"),
        *(f"--config-settings=cmake.define.polyonym_DIR={config.parent}", f"--config-settings=build-dir={tmp_path / 'wheel'}"),
        str(root / "python"),
        cwd=tmp_path,
    )
    (wheel,) = (tmp_path / "wheels").glob("polyonym-*.whl")
    run(sys.executable, "-m", "venv", "environment", cwd=tmp_path)
    python = str(tmp_path / "environment/bin/python")
    run(python, "-m", "pip", "install", "--no-index", str(wheel), cwd=tmp_path)
    version = run(python, "-c", SMOKE, cwd=tmp_path).split()
    assert version[1:] == ["1", "True"]
    assert version[0] in wheel.name
    assert run(python, "-m", "pip", "check", cwd=tmp_path)
