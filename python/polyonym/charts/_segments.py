"""What members of a segment are like, how segments overlap, and how they grew."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Mapping, Sequence, Union

from ..results import Portrait, PortraitShare, SegmentOverlap, SegmentSize
from ._altair import (
    BLUE,
    COLOURS,
    ORANGE,
    QUIET,
    TEXT,
    alt,
    axis,
    bare_axis,
    counted,
    finished,
    header,
    layered,
    percent,
    rows,
    shades,
    text_on,
)

#: Colours of lines and their names, which are to be read on white.
_LINES = [BLUE, ORANGE, *(colour for colour in COLOURS if colour not in (BLUE, ORANGE))]
#: Of the chart of sizes, in pixels.
_HEIGHT = 240


def portrait(of: Portrait, *, top: int = 8) -> alt.FacetChart:
    """Tags, channels and values of traits: which share of the members has each, beside which of everybody.

    The greatest lift is first in each section.

    top: lines of each section. Numbers of traits have no line: ``of.traits`` has them.
    """
    sections = [(name, shares) for name, shares in _sections(of) if shares]
    lines = [line for name, shares in sections for line in _portrait_lines(name, shares, of.everybody, top)]
    base = alt.Chart(rows(lines)).encode(
        y=alt.Y(
            "name:N",
            sort=alt.EncodingSortField("place", order="ascending"),
            title=None,
            axis=bare_axis(),
        ),
        tooltip=[
            "section:N",
            "name:N",
            "members:Q",
            "share:N",
            "everybody:Q",
            "share_of_everybody:N",
            "lift:N",
        ],
    )
    colour = alt.condition("datum.more", alt.value(BLUE), alt.value(ORANGE))
    layers = layered(
        base.mark_rule(strokeWidth=3, opacity=0.35).encode(
            x=alt.X("from:Q", axis=axis(format="%", tickCount=5, title="share")), x2="to:Q", color=colour
        ),
        base.mark_point(size=60, fill="white", color=QUIET, opacity=1).encode(x="from:Q"),
        base.mark_point(size=75, filled=True, opacity=1).encode(x="to:Q", color=colour),
        base.mark_text(align="left", dx=9, fontSize=10.5, color=QUIET).encode(x="right:Q", text="lift:N"),
        width=380,
        height=alt.Step(21),
    )
    chart: alt.FacetChart = layers.facet(
        row=alt.Row("section:N", sort=[name for name, _ in sections], header=header()), spacing=14
    ).resolve_scale(y="independent")
    who = f"{counted(of.members, 'member')} of {counted(of.everybody, 'person', 'people')}"
    key = "filled: of members · hollow: of everybody · n×: lift, how many times as common"
    return finished(chart, f"{of.segment}: {who}", key)


def overlap(of: SegmentOverlap) -> alt.LayerChart:
    """For each pair of segments how many are in both, and which share of the row's members that is."""
    cells = [_overlap_cell(of, i, j) for i in range(len(of.names)) for j in range(len(of.names))]
    angle = 0 if max(map(len, of.names), default=0) <= 14 else -30
    gap = alt.Scale(paddingInner=0.04)
    base = alt.Chart(rows(cells)).encode(
        x=alt.X(
            "column:N", sort=of.names, scale=gap, title=None, axis=bare_axis(orient="top", labelAngle=angle)
        ),
        y=alt.Y("row:N", sort=of.names, scale=gap, title=None, axis=bare_axis()),
        tooltip=["row:N", "column:N", "both:Q", "percent:N"],
    )
    colour = alt.Color("share:Q", scale=shades(1), legend=None)
    on = text_on("share", 1)
    several = base.transform_filter("datum.row != datum.column")
    whole = base.transform_filter("datum.row == datum.column")
    chart = layered(
        several.mark_rect().encode(color=colour),
        whole.mark_rect(color="#f2f2f2"),
        several.mark_text(dy=-6, fontSize=12).encode(text="count:N", color=on),
        several.mark_text(dy=8, fontSize=10).encode(text="percent:N", color=on),
        whole.mark_text(fontSize=12, fontWeight="bold", color=TEXT).encode(text="count:N"),
        width=alt.Step(92),
        height=alt.Step(48),
    )
    about = f"{of.any:,} of {counted(of.people, 'person', 'people')} in one at least, {of.all:,} in all"
    return finished(
        chart, "Who is in both", about, "colour: which share of the row's members is in the column too"
    )


def history(
    of: Union[Sequence[SegmentSize], Mapping[str, Sequence[SegmentSize]]], *, title: str = ""
) -> alt.LayerChart:
    """How many were in a segment, or in several by name, over time: steps, since nobody is half a member."""
    several = of if isinstance(of, Mapping) else {"": of}
    names = list(several)
    points = [
        {"segment": name, "time": int(size.time.timestamp() * 1000), "members": size.members}
        for name, sizes in several.items()
        for size in sizes
    ]
    colour = alt.Color(
        "segment:N",
        sort=names,
        scale=alt.Scale(domain=names, range=_LINES[: max(1, len(names))]),
        legend=None,
    )
    base = alt.Chart(rows(points)).encode(
        x=alt.X(
            "time:T",
            title=None,
            scale=alt.Scale(type="utc"),
            axis=axis(grid=False, tickCount=8, format=_time_format(points)),
        ),
        y=alt.Y("members:Q", title="people", axis=axis(tickMinStep=1)),
        color=colour,
        tooltip=[
            "segment:N",
            alt.Tooltip("utcyearmonthdatehoursminutes(time):T", title="time"),
            "members:Q",
        ],
    )
    # The end of each line carries its name: no legend is needed.
    last = alt.Chart(rows(_ends(points))).encode(x="time:T", y="members:Q", color=colour)
    chart = layered(
        base.mark_line(interpolate="step-after", strokeWidth=2),
        base.mark_point(size=130, opacity=0),  # something to point at
        last.mark_point(filled=True, size=45, opacity=1),
        last.mark_text(align="left", dx=7, fontSize=11).encode(y="label_at:Q", text="label:N"),
        width=520,
        height=_HEIGHT,
    )
    return finished(
        chart, title or (f"Members of {names[0]}" if len(names) == 1 and names[0] else "Members over time")
    )


def _time_format(points: List[Dict[str, Any]]) -> str:
    times = [point["time"] for point in points] or [0]
    days = (max(times) - min(times)) / 86_400_000
    return "%d %b %H:%M" if days < 3 else "%d %b" if days < 400 else "%b %Y"


def _ends(points: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """The last point of each segment, with a label, none upon another."""
    ends = {point["segment"]: point for point in points}
    line = 14 * max((point["members"] for point in points), default=0) / _HEIGHT
    labelled: List[Dict[str, Any]] = []
    below = -line
    for point in sorted(ends.values(), key=lambda point: (point["members"], point["segment"])):
        below = max(below + line, point["members"])
        labelled.append(
            {**point, "label": f"{point['segment']} {point['members']:,}".strip(), "label_at": below}
        )
    return labelled


def _sections(of: Portrait) -> Iterator[tuple[str, List[PortraitShare]]]:
    yield "tags", of.tags
    yield "channels", of.channels
    for trait in of.traits:
        yield trait.name, trait.values


def _portrait_lines(
    section: str, shares: Sequence[PortraitShare], everybody: int, top: int
) -> Iterator[Dict[str, Any]]:
    for place, share in enumerate(sorted(shares, key=lambda share: -share.lift)[:top]):
        of_everybody = share.everybody / everybody if everybody else 0.0
        yield {
            "section": section,
            "name": share.name,
            "place": place,
            "more": share.lift >= 1,
            "from": of_everybody,
            "to": share.share,
            "right": max(of_everybody, share.share),
            "members": share.members,
            "everybody": share.everybody,
            "lift": f"{share.lift:.2g}×",
            "share": f"{share.share:.1%}",
            "share_of_everybody": f"{of_everybody:.1%}",
        }


def _overlap_cell(of: SegmentOverlap, i: int, j: int) -> Dict[str, Any]:
    both, members = of.both[i][j], of.both[i][i]
    share = both / members if members else 0.0
    return {
        "row": of.names[i],
        "column": of.names[j],
        "both": both,
        "count": f"{both:,}",
        "share": share,
        "percent": percent(share),
    }
