"""The identifiers of a person, and the links that hold them together or were refused."""

from __future__ import annotations

import unicodedata
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Set, Tuple

from ..errors import InvalidArgument
from ..results import Identifier, Link
from ..store import Store
from ._altair import COLOURS, ORANGE, QUIET, TEXT, alt, counted, finished, layered, legend, rows
from ._layout import places

if TYPE_CHECKING:
    from ..questions import Questions, Who

#: How each state of a link is drawn: colour, dashes, and how far apart its ends want to be.
_STATES: Dict[str, Tuple[str, List[int], float]] = {
    "kept": ("#444444", [1, 0], 1.0),
    "refused": (ORANGE, [7, 4], 1.3),
    "shared": ("#9a9a9a", [1, 3], 1.3),
    "expired": ("#9a9a9a", [8, 3, 1, 3], 1.3),
}
_SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"]
#: Longer labels lose their middle.
_MOST_CHARACTERS = 20


def graph(
    source: Questions, who: Who, *, evidence: bool = True, steps: int = 1, mask: bool = False, limit: int = 60
) -> alt.LayerChart:
    """A person's identifiers, and the links between them: kept ones solid, refused ones dashed, those of
    shared identifiers dotted.

    source: a store or a view. who: an identifier, which gets a ring, or a profile.
    evidence: how often two were seen together, on each link, and when and by whom in its tooltip.
    steps: identifiers of others up to so many links away are drawn too, hollow. 0: none.
    mask: of values the last two characters are shown; without it the picture holds personal values.
    limit: of nodes; the rest is counted in the title.

    Raises NotFound (nobody known), InvalidArgument. Cost: the links of what is drawn.
    """
    if steps < 0 or limit < 1:
        raise InvalidArgument("steps must be 0 or more, and limit 1 or more")
    if isinstance(source, Store):
        source = source.read()  # one state for all questions
    found = _Found(source, who, evidence, steps, limit)
    names = sorted({_family(node.identifier) for node in found.nodes})
    nodes = [_node_row(node, mask, found.asked) for node in found.nodes]
    boxes = [(_width(row["label"]) + 14, 50.0) for row in nodes]
    centres = places(len(nodes), [(a, b, _STATES[link.state][2]) for a, b, link in found.links], boxes)
    needed = (
        max(x + box[0] / 2 for (x, _), box in zip(centres, boxes)),
        max(y + box[1] / 2 for (_, y), box in zip(centres, boxes)),
    )
    width, height = max(320.0, needed[0]), max(150.0, needed[1])
    for row, (x, y) in zip(nodes, centres):
        row.update(x=x + (width - needed[0]) / 2, y=y + (height - needed[1]) / 2 - 8)  # the label is below
    links = [_link_row(nodes[a], nodes[b], link, evidence) for a, b, link in found.links]
    at = {
        channel: alt.Scale(domain=domain, nice=False, zero=False)
        for channel, domain in (("x", [0, width]), ("y", [height, 0]))
    }
    chart = layered(*_lines(links, evidence, at), *_dots(nodes, names, at), width=width, height=height)
    return finished(chart, *_title(source, who, found))


@dataclass
class _Node:
    identifier: Identifier
    profile: str
    inside: bool
    shared: bool


class _Found:
    """What is drawn: the person's identifiers, then those of others, step by step."""

    def __init__(self, source: Questions, who: Who, evidence: bool, steps: int, limit: int) -> None:
        members = source.members(who)
        self.members = len(members)
        self._source, self._evidence = source, evidence
        #: Among the members, as it is kept; none where a profile was asked for.
        self.asked = _asked(source, members, who)
        drawn = (
            members if len(members) <= limit else self._nearest(self.asked or self._middle(members), limit)
        )
        self._place: Dict[Identifier, int] = {identifier: place for place, identifier in enumerate(drawn)}
        self.links: List[Tuple[int, int, Link]] = []
        left_out = self._spread(steps, limit)
        self.left_out = len(left_out.union(members) - self._place.keys())
        inside = set(members)
        self.nodes = [
            _Node(identifier, about.profile or "nobody", identifier in inside, about.shared)
            for identifier, about in zip(self._place, source.resolve(list(self._place)))
        ]

    def _links_of(self, identifier: Identifier) -> List[Link]:
        return self._source.links(identifier, records=self._evidence)

    def _middle(self, members: List[Identifier]) -> Identifier:
        """The one with the most links, which holds the profile together."""
        return max(members, key=lambda member: len(self._source.links(member, records=False)))

    def _nearest(self, first: Identifier, limit: int) -> List[Identifier]:
        """Those of the person that are nearest to one, by kept links."""
        drawn: Dict[Identifier, None] = {first: None}  # a set in order
        pending = deque([first])
        while pending:
            identifier = pending.popleft()
            for link in self._links_of(identifier):
                other = _other(link, identifier)
                if link.state == "kept" and other not in drawn:
                    if len(drawn) == limit:
                        return list(drawn)
                    drawn[other] = None
                    pending.append(other)
        return list(drawn)

    def _spread(self, steps: int, limit: int) -> Set[Identifier]:
        """Collects links, and identifiers of others up to so many steps away; gives those without a place."""
        pending, seen, left_out = list(self._place), set(), set()
        for step in range(steps + 1):
            beyond: List[Identifier] = []
            for identifier in pending:
                for link in self._links_of(identifier):
                    other = _other(link, identifier)
                    if other not in self._place and step < steps:
                        if len(self._place) == limit:
                            left_out.add(other)
                            continue
                        self._place[other] = len(self._place)
                        beyond.append(other)
                    pair = (link.evidence.a, link.evidence.b)
                    if other in self._place and pair not in seen:
                        seen.add(pair)
                        self.links.append((self._place[pair[0]], self._place[pair[1]], link))
            pending = beyond
        return left_out


def _asked(source: Questions, members: List[Identifier], who: Who) -> Optional[Identifier]:
    """The member that `who` stands for: values may be written otherwise than they are kept."""
    if isinstance(who, str):
        namespace, colon, value = who.partition(":")
        if not colon:
            return None  # a profile
    else:
        namespace, value = (who.ns, who.value) if isinstance(who, Identifier) else who
    alike = [member for member in members if member.ns == namespace]
    if Identifier(namespace, value) in alike:
        return Identifier(namespace, value)
    links = source.links((namespace, value), records=False)
    ends = [member for member in alike if all(member in (of.evidence.a, of.evidence.b) for of in links)]
    return ends[0] if len(ends) == 1 else None


def _other(link: Link, identifier: Identifier) -> Identifier:
    return link.evidence.b if link.evidence.a == identifier else link.evidence.a


def _node_row(node: _Node, mask: bool, asked: Optional[Identifier]) -> Dict[str, Any]:
    value = node.identifier.value
    if mask:
        value = "…" + (value[-2:] if len(value) > 4 else "")
    label = value if len(value) <= _MOST_CHARACTERS else value[:11] + "…" + value[-8:]
    return {
        "label": label,
        "identifier": f"{node.identifier.ns}:{value}",
        "namespace": _family(node.identifier),
        "profile": node.profile,
        "inside": node.inside,
        "shared": node.shared,
        "asked": node.identifier == asked,
    }


def _link_row(a: Dict[str, Any], b: Dict[str, Any], link: Link, evidence: bool) -> Dict[str, Any]:
    row = {
        "x": a["x"],
        "y": a["y"],
        "x2": b["x"],
        "y2": b["y"],
        "mid_x": (a["x"] + b["x"]) / 2,
        "mid_y": (a["y"] + b["y"]) / 2,
        "link": link.state,
        "a": a["identifier"],
        "b": b["identifier"],
    }
    if evidence:
        told = link.evidence
        acts = [
            name
            for name, is_so in (("must_link", told.must_link), ("cannot_link", told.cannot_link))
            if is_so
        ]
        row.update(
            sightings=told.sightings,
            first=f"{told.first:%Y-%m-%d %H:%M}",
            last=f"{told.last:%Y-%m-%d %H:%M}",
            sources=", ".join(told.sources),
            acts=", ".join(acts) or "none",
        )
    return row


def _lines(links: List[Dict[str, Any]], evidence: bool, at: Dict[str, alt.Scale]) -> List[alt.Chart]:
    states = [state for state in _STATES if any(row["link"] == state for row in links)]
    tooltip = ["link:N", "a:N", "b:N"] + (
        ["sightings:Q", "first:N", "last:N", "sources:N", "acts:N"] if evidence else []
    )
    base = alt.Chart(rows(links)).encode(tooltip=tooltip)
    key = legend(title="link", symbolType="stroke", symbolSize=400) if states != ["kept"] else None
    lines = base.mark_rule(strokeWidth=1.6).encode(
        x=alt.X("x:Q", scale=at["x"], axis=None),
        y=alt.Y("y:Q", scale=at["y"], axis=None),
        x2="x2:Q",
        y2="y2:Q",
        stroke=alt.Stroke(
            "link:N", scale=alt.Scale(domain=states, range=[_STATES[s][0] for s in states]), legend=key
        ),
        strokeDash=alt.StrokeDash(
            "link:N", scale=alt.Scale(domain=states, range=[_STATES[s][1] for s in states]), legend=key
        ),
    )
    if not evidence:
        return [lines]
    several = base.transform_filter("datum.sightings > 1").transform_calculate(times="datum.sightings + '×'")
    middle = several.encode(
        x=alt.X("mid_x:Q", scale=at["x"], axis=None),
        y=alt.Y("mid_y:Q", scale=at["y"], axis=None),
        text="times:N",
    )
    return [
        lines,
        middle.mark_text(fontSize=10.5, stroke="white", strokeWidth=5),
        middle.mark_text(fontSize=10.5, color=QUIET),
    ]


def _dots(nodes: List[Dict[str, Any]], names: List[str], at: Dict[str, alt.Scale]) -> List[alt.Chart]:
    colours = alt.Scale(domain=names, range=[COLOURS[i % len(COLOURS)] for i in range(len(names))])
    # Where colours begin anew another shape comes, so that no two namespaces look alike.
    shapes = alt.Scale(
        domain=names, range=[_SHAPES[(i + i // len(COLOURS)) % len(_SHAPES)] for i in range(len(names))]
    )
    base = alt.Chart(rows(nodes)).encode(
        x=alt.X("x:Q", scale=at["x"], axis=None),
        y=alt.Y("y:Q", scale=at["y"], axis=None),
        tooltip=["identifier:N", "profile:N", "shared:N"],
    )
    shape = alt.Shape("namespace:N", scale=shapes, legend=legend())
    ring = base.transform_filter("datum.asked").mark_point(size=620, color=TEXT, strokeWidth=1.2, opacity=1)
    colour = alt.Color("namespace:N", scale=colours, legend=legend())
    inside = (
        base.transform_filter("datum.inside")
        .mark_point(size=260, filled=True, opacity=1)
        .encode(color=colour, shape=shape)
    )
    outside = base.transform_filter("!datum.inside").mark_point(
        size=220, fill="white", strokeWidth=2.2, opacity=1
    )
    halo = base.mark_text(dy=19, fontSize=11, stroke="white", strokeWidth=4, strokeJoin="round").encode(
        text="label:N"
    )
    label = base.mark_text(dy=19, fontSize=11).encode(
        text="label:N", color=alt.condition("datum.inside", alt.value(TEXT), alt.value(QUIET))
    )
    return [ring, inside, outside.encode(color=colour, shape=shape), halo, label]


def _title(source: Questions, who: Who, found: _Found) -> List[str]:
    others = sum(1 for node in found.nodes if not node.inside)
    kept = sum(1 for _, _, link in found.links if link.state == "kept")
    parts = [f"{counted(kept, 'link')} kept, {len(found.links) - kept} not"]
    if any(link.evidence.sightings > 1 for _, _, link in found.links):
        parts.append("n×: seen together n times, else once")
    if others:
        parts.append(f"{counted(others, 'identifier')} of others, hollow")
    if found.left_out:
        parts.append(f"{found.left_out:,} more not drawn")
    return [f"{source.find(who)}: {counted(found.members, 'identifier')}", " · ".join(parts)]


def _family(identifier: Identifier) -> str:
    return identifier.ns.split("/")[0]


def _width(label: str) -> float:
    """Of a label in pixels, or nearly: characters of East Asia are twice as wide."""
    return 6.3 * sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in label)
