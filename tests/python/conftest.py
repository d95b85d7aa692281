"""How the Python package is tested.

    PYTHONPATH=<build>/python python -m pytest tests/python [-m "not slow"]

POLYONYM_HISTORIES=<percent> scales how many random histories are run. A failure of Hypothesis prints a line to run it again by.
POLYONYM_BUILD_DIR names the build of the library that test_package.py installs.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "polyonym",
    max_examples=max(1, 60 * int(os.environ.get("POLYONYM_HISTORIES", "100")) // 100),
    stateful_step_count=15,
    deadline=None,
    print_blob=True,
    database=None,  # nothing is written beside the sources
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
settings.load_profile("polyonym")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes a minute or gigabytes; left out by -m 'not slow'")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parents[2]
