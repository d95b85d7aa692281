"""Who is in segments, why, and what their members are like."""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import datetime
from typing import Iterator, List, Optional

from ..errors import NotFound
from ..times import from_ms
from ._shown import Shown
from .values import Money


@dataclass(frozen=True)
class SegmentCount(Shown):
    """How many are in a segment."""

    name: str
    members: int
    #: Of whom it cannot be said; none: it was not asked for.
    unknown: Optional[int]


@dataclass(frozen=True)
class SegmentCounts(Shown):
    """How many are in each segment, as defined; ``counts["loyal"]`` is one of them."""

    people: int
    segments: List[SegmentCount]

    def __getitem__(self, name: str) -> SegmentCount:
        for count in self.segments:
            if count.name == name:
                return count
        raise NotFound("no segment has this name")

    def __iter__(self) -> Iterator[SegmentCount]:
        return iter(self.segments)

    def __len__(self) -> int:
        return len(self.segments)


@dataclass(frozen=True)
class SegmentMember(Shown):
    """A member, and the number that orders it."""

    profile: str
    #: What `order_by` came to; none: unknown, or members are in order of profile.
    order: Optional[float]


@dataclass(frozen=True)
class SegmentMembers(Shown):
    """A page of members; a sequence of them."""

    #: Members, whatever the page.
    total: int
    page: List[SegmentMember]

    @property
    def profiles(self) -> List[str]:
        """Profiles of the page, in its order."""
        return [member.profile for member in self.page]

    def __iter__(self) -> Iterator[SegmentMember]:
        return iter(self.page)

    def __len__(self) -> int:
        return len(self.page)

    def __getitem__(self, place: int) -> SegmentMember:
        return self.page[place]


@dataclass(frozen=True)
class SegmentExplanation(Shown):
    """A part of a definition, what it was for a person, and the parts below it. print() shows the tree."""

    text: str
    #: What it came to, for people: ``yes``, ``no``, ``unknown``, ``3``, ``19.99 CNY``.
    value: str
    is_flag: bool
    #: Of flags; none: unknown, or no flag.
    verdict: Optional[bool]
    #: Those too that did not decide.
    parts: List[SegmentExplanation]

    def __str__(self) -> str:
        return "\n".join(self._lines(0))

    def _lines(self, depth: int) -> Iterator[str]:
        yield f"{'  ' * depth}{self.text}: {self.value}"
        for part in self.parts:
            yield from part._lines(depth + 1)

    def _repr_html_(self) -> str:
        colour = {True: "#2e8b57", False: "#c8553d", None: "inherit"}[self.verdict]
        below = "".join(f"<li>{part._repr_html_()}</li>" for part in self.parts)
        return (
            f"<div style='text-align:left'><code>{html.escape(self.text)}</code>"
            f" <b style='color:{colour}'>{html.escape(self.value)}</b>"
            + (f"<ul style='list-style:none;margin:0;padding-left:1.5em'>{below}</ul>" if below else "")
            + "</div>"
        )


@dataclass(frozen=True)
class SegmentOverlap(Shown):
    """How many are in both of two segments, for each pair."""

    names: List[str]
    #: ``both[i][j]``; ``both[i][i]``: members of segment i.
    both: List[List[int]]
    #: In one at least.
    any: int
    all: int
    people: int

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.names)
        greatest = max((count for row in self.both for count in row), default=0) or 1
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
            + "".join(
                f"<td style='background:rgba(59,125,216,{0.5 * count / greatest:.2f})'>{count:,}</td>"
                for count in row
            )
            + "</tr>"
            for name, row in zip(self.names, self.both)
        )
        about = f"{self.any:,} of {self.people:,} people in one at least, {self.all:,} in all"
        return f"<table><caption>{about}</caption><tr><th></th>{head}</tr>{rows}</table>"


@dataclass(frozen=True)
class SegmentSize(Shown):
    """How many were in a segment at a time, as it was known then."""

    time: datetime
    members: int


@dataclass(frozen=True)
class PortraitShare(Shown):
    """A value, a tag or a channel, and who has it."""

    name: str
    members: int
    everybody: int
    #: Of all members, 0 to 1.
    share: float
    #: That share by the share of everybody: 2: twice as common among members; 1: it says nothing of them.
    lift: float


@dataclass(frozen=True)
class PortraitNumbers(Shown):
    """Numbers of a trait."""

    count: int
    min: float
    max: float
    mean: float
    #: The lower one: always one that occurs.
    median: float


@dataclass(frozen=True)
class PortraitTrait(Shown):
    """A trait of members, against everybody's."""

    name: str
    #: Who have a value.
    known_members: int
    known_everybody: int
    #: The one that most members have first.
    values: List[PortraitShare]
    #: There are too many different values: none is listed.
    beyond_bound: bool
    #: Of numbers, money in one currency and instants; none: there are none, or too few people have one.
    members: Optional[PortraitNumbers]
    everybody: Optional[PortraitNumbers]
    #: What they are in: ``CNY`` its minor units; ``ms`` instants; empty: plain numbers.
    unit: str


@dataclass(frozen=True)
class Portrait(Shown):
    """What the members of a segment are like, against everybody. It counts what was told, and explains
    nothing.
    """

    segment: str
    members: int
    everybody: int
    #: The greatest lift first.
    tags: List[PortraitShare]
    #: Families of the identifiers' namespaces; the one that most members have first.
    channels: List[PortraitShare]
    #: All that are defined and not sensitive, by name.
    traits: List[PortraitTrait]

    def _repr_html_(self) -> str:
        rows = [_share_row("tag", share) for share in self.tags]
        rows += [_share_row("channel", share) for share in self.channels]
        for trait in self.traits:
            rows += [_share_row(trait.name, share) for share in trait.values]
            if trait.members is not None and trait.everybody is not None:
                rows.append(_median_row(trait.name, trait.members, trait.everybody, trait.unit))
        head = "".join(f"<th>{name}</th>" for name in ("", "", "members", "everybody", "share", "lift"))
        about = f"{self.segment}: {self.members:,} members of {self.everybody:,} people"
        return (
            f"<table><caption>{html.escape(about)}</caption><tr>{head}</tr>{''.join(rows)}</table>"
        )


def _share_row(of: str, share: PortraitShare) -> str:
    numbers = (f"{share.members:,}", f"{share.everybody:,}", f"{share.share:.1%}", f"{share.lift:.2f}")
    return _portrait_row(of, share.name, *numbers)


def _median_row(name: str, members: PortraitNumbers, everybody: PortraitNumbers, unit: str) -> str:
    def shown(number: float) -> str:
        if unit == "ms":
            return f"{from_ms(int(number)):%Y-%m-%d}"
        return str(Money(int(number), unit)) if unit else f"{number:.6g}"

    return _portrait_row(name, "median", shown(members.median), shown(everybody.median), "", "")


def _portrait_row(of: str, name: str, *numbers: str) -> str:
    words = "".join(f"<td style='text-align:left'>{html.escape(text)}</td>" for text in (of, name))
    return f"<tr>{words}{''.join(f'<td>{html.escape(text)}</td>' for text in numbers)}</tr>"


@dataclass(frozen=True)
class SegmentFinding(Shown):
    """Something that the author of a definition should know."""

    #: ``never_true``, ``always_true``, ``no_effect``, ``unknown_too`` or ``expensive``.
    kind: str
    #: Line and column of the text.
    place: str
    what: str


@dataclass(frozen=True)
class SegmentCheck(Shown):
    """What is to be said of an expression: true where a segment may have it."""

    #: What is wrong, and where, as line and column; empty: nothing.
    problem: str
    #: ``flag``, ``number``, ``text`` and so on; none where it has no meaning.
    type: Optional[str]
    #: The expression in its one form.
    text: str
    #: Segments that it asks for.
    segments: List[str]
    #: What its author should know.
    findings: List[SegmentFinding]

    def __bool__(self) -> bool:
        return not self.problem
