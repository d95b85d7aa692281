"""Charts as files."""

from __future__ import annotations

import os
from typing import Any, Union

from ..errors import InvalidArgument


def save(chart: Any, path: Union[str, "os.PathLike[str]"], *, scale: float = 2.0) -> None:
    """Writes a chart as its path ends: ``.png``, ``.svg``, ``.html`` or ``.json``, which is Vega-Lite.

    No network is needed, and none by the page: what draws it is in it.
    scale: of pixels in PNG, which has the fonts of this machine. Raises InvalidArgument (another ending).
    """
    ending = os.path.splitext(os.fspath(path))[1].lower()
    if ending == ".html":
        chart.save(os.fspath(path), inline=True)  # what draws it is in the page
    elif ending in (".png", ".svg", ".json"):
        chart.save(os.fspath(path), **({"scale_factor": scale} if ending == ".png" else {}))
    else:
        raise InvalidArgument("path: must end in .png, .svg, .html or .json")
