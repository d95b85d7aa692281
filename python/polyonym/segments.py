"""Groups of people that an expression describes: docs/segments.md."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Union

from . import _core
from .errors import InvalidArgument
from .policy import Policy
from .progress import ProgressLike, shown
from .results import (
    Portrait,
    SegmentCheck,
    SegmentCounts,
    SegmentExplanation,
    SegmentMembers,
    SegmentOverlap,
)
from .times import Time, from_ms, optional_ms

if TYPE_CHECKING:
    from .questions import Who

#: Definitions as a dict or JSON text, as docs/profiles.md has them, or a Policy: those of it.
DefinitionsLike = Union[Policy, Mapping[str, Any], str]


class Segments:
    """The segments of a store's people at one state, as of one time. Thread-safe; the GIL is released
    meanwhile.

    Segments of the policy in force, as of the state's own time, are kept exact from call to call and looked
    up; what is asked of others, of another time, or of a moment, costs a pass over everybody, which Ctrl-C
    ends. ``store.segments()`` makes one.

    >>> import polyonym
    >>> policy = {"namespaces": [{"name": "crm"}], "definitions": {
    ...     "tags": [{"name": "coffee"}],
    ...     "segments": [{"name": "drinkers", "expression": "tag coffee"},
    ...                  {"name": "fans", "expression": "score of tag coffee >= 2"}]}}
    >>> store = polyonym.open(policy=policy)
    >>> cups = {"C1": 1, "C2": 2, "C3": 3}
    >>> _ = store.apply([{"source": "bar", "t": 0, "ids": {"crm": card},
    ...                   "facts": {"tags": [{"name": "coffee", "weight": n}]}} for card, n in cups.items()])
    >>> segments = store.segments()
    >>> [(count.name, count.members) for count in segments.count()]
    [('drinkers', 3), ('fans', 2)]
    >>> [member.order for member in segments.members("drinkers", order_by="score of tag coffee")]
    [3.0, 2.0, 1.0]
    >>> segments.of("crm:C1")
    {'drinkers': True, 'fans': False}
    >>> print(segments.explain("fans", "crm:C1"))
    score of tag coffee >= 2: no
      score of tag coffee: 1
    >>> segments.overlap("drinkers", "fans").both
    [[3, 2], [2, 2]]
    """

    def __init__(self, segments: _core.Segments, progress: ProgressLike) -> None:
        self._segments = segments
        self._progress = progress

    @property
    def names(self) -> List[str]:
        """Names of the segments, as defined."""
        return self._segments.names

    @property
    def expressions(self) -> Dict[str, str]:
        """By name, in their one form."""
        return self._segments.expressions

    @property
    def is_live(self) -> bool:
        """Whether answers are looked up in what the engine keeps."""
        return self._segments.is_live

    @property
    def now(self) -> datetime:
        """As of when."""
        return from_ms(self._segments.now_ms)

    def count(self, *, unknown: bool = False) -> SegmentCounts:
        """How many are in each; `unknown`: of how many it cannot be said too. Cost: none where it is live,
        and without `unknown`.
        """
        with shown(self._progress, "people") as callback:
            return self._segments.count(unknown=unknown, progress=callback)

    def members(
        self,
        name: str,
        *,
        order_by: str = "",
        ascending: bool = False,
        limit: int = 100,
        skip: int = 0,
        sample: int = 0,
        seed: int = 0,
    ) -> SegmentMembers:
        """A page of members, by profile, or by a number.

        order_by: an expression such as ``score of tag coffee``; the greatest first, or the least
            (`ascending`). Who has none comes last.
        limit: 0 to 1,000,000. skip: of pages before.
        sample: not all of them but so many, drawn at random by `seed`: the same for the same people. 0: all.

        Raises NotFound (no such segment), InvalidArgument (`order_by`, `limit`). Cost: live, the page; with
        `order_by` a read of each member.
        """
        with shown(self._progress, "people") as callback:
            return self._segments.members(
                name,
                order_by=order_by,
                ascending=ascending,
                limit=limit,
                skip=skip,
                sample=sample,
                seed=seed,
                progress=callback,
            )

    def contains(self, name: str, who: Who) -> bool:
        """Whether somebody is a member. Raises NotFound (no such segment, or nobody known)."""
        return self._segments.contains(name, who)

    def of(self, who: Who) -> Dict[str, Optional[bool]]:
        """By segment, whether somebody is a member; None: it is unknown, and so they are none. Raises
        NotFound.
        """
        return self._segments.of(who)

    def explain(self, name: str, who: Who) -> SegmentExplanation:
        """Every part of the definition, with what it came to for somebody. Raises NotFound."""
        return self._segments.explain(name, who)

    def overlap(self, *names: str) -> SegmentOverlap:
        """How many are in both of two segments, for each pair of 2 to 64. Raises NotFound, InvalidArgument.
        """
        with shown(self._progress, "people") as callback:
            return self._segments.overlap(list(names), progress=callback)

    def portrait(
        self, name: str, *, top: int = 10, at_least: int = 1, max_values: int = 100_000
    ) -> Portrait:
        """What its members are like, against everybody.

        top: entries of each list. at_least: members; what fewer have is not listed: of few, lift is mostly
        chance, and a value of one is somebody's. max_values: a trait with more different values says who
        people are, and none is listed.

        Raises NotFound. Cost: a pass over everybody.
        """
        with shown(self._progress, "people") as callback:
            return self._segments.portrait(
                name, top=top, at_least=at_least, max_values=max_values, progress=callback
            )

    def __repr__(self) -> str:
        return f"Segments({', '.join(self.names)})"


def open_segments(
    source: Any, now: Optional[Time], definitions: Optional[DefinitionsLike], progress: ProgressLike
) -> Segments:
    """The segments of a view or a moment of _core."""
    return Segments(
        _core.open_segments(
            source,
            now_ms=optional_ms(now, "now"),
            definitions=None if definitions is None else _definitions_json(definitions),
        ),
        progress,
    )


def check_segment(expression: str, definitions: Optional[DefinitionsLike] = None) -> SegmentCheck:
    """Whether an expression has a meaning as a segment, what is wrong with it, and what its author should
    know. No store is needed.

    definitions: of the traits, tags and segments that it names. Raises InvalidArgument where these are none.

    >>> check_segment("count(order within 90 days) >= 3").text
    'count(order within 90 days) >= 3'
    >>> check_segment("count(order within 90 daze) >= 3").problem
    '1:23: expected a unit of time after 90, such as days; found "daze"'
    >>> bool(check_segment("tag coffee", {"tags": [{"name": "coffee"}]}))
    True
    >>> check_segment("tag coffee and not tag coffee", {"tags": [{"name": "coffee"}]}).findings[0].kind
    'never_true'
    """
    if not isinstance(expression, str):
        raise InvalidArgument("expression: must be text")
    return _core.check_segment(expression, "{}" if definitions is None else _definitions_json(definitions))


def _definitions_json(definitions: DefinitionsLike) -> str:
    if isinstance(definitions, Policy):
        return json.dumps(definitions.to_dict().get("definitions", {}))
    if isinstance(definitions, Mapping):
        try:
            return json.dumps(dict(definitions), allow_nan=False)
        except (TypeError, ValueError) as error:
            raise InvalidArgument(f"definitions: {error}") from None
    if isinstance(definitions, str):
        return definitions
    raise InvalidArgument("definitions: must be a Policy, a dict or JSON text")
