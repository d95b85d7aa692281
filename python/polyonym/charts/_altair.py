"""Altair, or an error that says how to get it; and what all pictures have in common: colours and titles."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Optional, TypeVar, Union

try:
    import altair as alt
except ImportError as error:  # pragma: no cover - an installation without the extra
    raise ImportError("polyonym.charts needs Altair: install the extra, polyonym[charts]") from error

__all__ = [
    "BLUE",
    "COLOURS",
    "ORANGE",
    "QUIET",
    "TEXT",
    "alt",
    "axis",
    "bare_axis",
    "counted",
    "finished",
    "header",
    "layered",
    "legend",
    "percent",
    "rows",
    "shades",
    "text_on",
]

#: Told apart by all kinds of colour vision; without black and yellow, which text and page have.
#: SOURCE: M. Okabe and K. Ito, "Color Universal Design", 2008.
COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"]
BLUE, ORANGE = "#0072B2", "#D55E00"
TEXT, QUIET, _FAINT, _FAINTER = "#222222", "#6b6b6b", "#d9d9d9", "#ececec"
#: From little to much: light to dark, one hue.
_SHADES = ["#f3f8fd", "#c6dbef", "#6baed6", "#2171b5", "#08306b"]

_Chart = TypeVar("_Chart", bound=Any)


def rows(values: Iterable[Dict[str, Any]]) -> alt.InlineData:
    """Dicts as the data of a chart; no data frame is needed."""
    return alt.InlineData(values=list(values))


def layered(
    *charts: alt.Chart, width: Union[float, alt.Step], height: Union[float, alt.Step]
) -> alt.LayerChart:
    """Charts upon each other, the first below."""
    layers = alt.layer(*charts).properties(width=width, height=height, view=alt.ViewBackground(stroke=None))
    assert isinstance(layers, alt.LayerChart)
    return layers


def shades(most: float) -> alt.Scale:
    """Colours for 0 to `most`."""
    last = len(_SHADES) - 1
    return alt.Scale(
        domain=[(most or 1) * i / last for i in range(last + 1)], range=_SHADES, interpolate="lab"
    )


def text_on(shade: str, most: float) -> Any:
    """The colour of text on a shade, which is a field of the data: white on dark ones."""
    return alt.condition(f"datum['{shade}'] > {0.62 * (most or 1)}", alt.value("white"), alt.value(TEXT))


def finished(chart: _Chart, title: str, *subtitle: str) -> _Chart:
    """The chart with its title. It has no config: it can be put beside other charts."""
    lines = [line for line in subtitle if line]
    heading = alt.TitleParams(title, subtitle=lines, anchor="start", fontSize=14, offset=12)
    heading.subtitleColor, heading.subtitleFontSize = QUIET, 11
    titled: _Chart = chart.properties(title=heading)
    return titled


def axis(**more: Any) -> alt.Axis:
    """An axis in quiet colours."""
    quiet: Dict[str, Any] = {"labelColor": TEXT, "titleColor": QUIET, "titleFontWeight": "normal"}
    return alt.Axis(**{**quiet, "gridColor": _FAINTER, "domainColor": _FAINT, "tickColor": _FAINT, **more})


def bare_axis(**more: Any) -> alt.Axis:
    """Labels alone, for bars and maps."""
    return axis(ticks=False, domain=False, grid=False, labelLimit=220, **more)


def legend(**more: Any) -> alt.Legend:
    """A legend in quiet colours."""
    return alt.Legend(labelColor=TEXT, titleColor=QUIET, titleFontWeight="normal", **more)


def header() -> alt.Header:
    """What stands above each part of a chart in parts."""
    return alt.Header(
        title=None,
        labelOrient="top",
        labelAnchor="start",
        labelFontWeight="bold",
        labelPadding=3,
        labelColor=TEXT,
    )


def counted(count: int, thing: str, things: str = "") -> str:
    """
    >>> counted(1, "person", "people"), counted(1200, "link")
    ('1 person', '1,200 links')
    """
    return f"{count:,} {thing if count == 1 else things or thing + 's'}"


def percent(share: Optional[float]) -> str:
    """
    >>> percent(0.123), percent(0.0123), percent(0.0), percent(None)
    ('12%', '1.2%', '0%', '')
    """
    if share is None:
        return ""
    return f"{share:.1%}" if 0 < share < 0.0995 else f"{share:.0%}"
