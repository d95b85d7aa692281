"""A measurement in a process of its own, so that its memory is its own too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any


def answer_of(what: str, command: list[str]) -> dict[str, Any]:
    """The line of JSON that it prints. Exits where it fails; what it said of that is on standard error."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, env=environment)
    if done.returncode:
        sys.exit(f"{what} exited with {done.returncode}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
