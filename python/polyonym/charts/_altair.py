"""Altair, or an error that says how to get it; and what all pictures have in common: colours, titles, words."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Optional, TypeVar, Union

try:
    import altair as alt
except ImportError as error:  # pragma: no cover - an installation without the extra
    raise ImportError("polyonym.charts needs Altair: install the extra, polyonym[charts]") from error

__all__ = ["BLUE", "COLOURS", "ORANGE", "QUIET", "TEXT", "alt", "counted", "finished", "layered", "percent", "rows", "shades", "text_on"]

#: Told apart by all kinds of colour vision. SOURCE: M. Okabe and K. Ito, "Color Universal Design", 2008; black and yellow left out.
COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"]
BLUE, ORANGE = "#0072B2", "#D55E00"
TEXT, QUIET, FAINT = "#222222", "#6b6b6b", "#d9d9d9"
#: From little to much: light to dark, one hue.
_SHADES = ["#f3f8fd", "#c6dbef", "#6baed6", "#2171b5", "#08306b"]

_Chart = TypeVar("_Chart", bound=Any)


def rows(values: Iterable[Dict[str, Any]]) -> alt.InlineData:
    """Dicts as the data of a chart; no data frame is needed."""
    return alt.InlineData(values=list(values))


def layered(*charts: alt.Chart, width: Union[float, alt.Step], height: Union[float, alt.Step]) -> alt.LayerChart:
    """Charts upon each other, the first below."""
    layers = alt.layer(*charts).properties(width=width, height=height)
    assert isinstance(layers, alt.LayerChart)
    return layers


def shades(most: float) -> alt.Scale:
    """Colours for 0 to `most`. From 0.55 of it on they are so dark that text on them is white."""
    last = len(_SHADES) - 1
    return alt.Scale(domain=[(most or 1) * i / last for i in range(last + 1)], range=_SHADES)


def text_on(shade: str, most: float) -> Any:
    """The colour of text on a shade, which is a field of the data."""
    return alt.condition(f"datum['{shade}'] > {0.55 * (most or 1)}", alt.value("white"), alt.value(TEXT))


def finished(chart: _Chart, title: str, *subtitle: str) -> _Chart:
    """The chart with its title, and without a frame."""
    lines: List[str] = [line for line in subtitle if line]
    heading = alt.TitleParams(
        title, subtitle=lines, anchor="start", fontSize=14, subtitleColor=QUIET, subtitleFontSize=11, offset=12
    )
    shown: _Chart = (
        chart.properties(title=heading)
        .configure_view(stroke=None)
        .configure_axis(labelColor=TEXT, titleColor=QUIET, titleFontWeight="normal", gridColor="#ececec", domainColor=FAINT, tickColor=FAINT)
        .configure_legend(labelColor=TEXT, titleColor=QUIET, titleFontWeight="normal", symbolStrokeWidth=1.5)
        .configure_header(labelColor=TEXT, titleColor=QUIET)
    )
    return shown


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
