"""On what a bench ran: machine, load and commit, as data and as a sentence."""

from __future__ import annotations

import os
from typing import Any

import contenders  # noqa: F401  it puts bench/rivals on the path
import report


def load() -> float:
    """Processes that wanted a core, the mean of the last minute."""
    return os.getloadavg()[0]


def noted(load_before: float) -> dict[str, Any]:
    """Called when all has run."""
    return {
        "machine": report.machine(),
        "commit": report.commit(),
        "load_before": load_before,
        "load_after": load(),
    }


def sentence(document: dict[str, Any]) -> str:
    machine = document["machine"]
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_mib'] >> 10} GiB, "
        f"{machine['system']}, Python {machine['python']}; "
        f"load average {document['load_before']:.1f} before, "
        f"{document['load_after']:.1f} after; commit {document['commit']}."
    )
