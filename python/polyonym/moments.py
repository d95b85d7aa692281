"""People as they were thought to be at another time, or would be under another policy."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, List, Mapping, Optional, Sequence, Tuple, overload

from . import _core
from .errors import InvalidArgument
from .features import ColumnQuestions
from .policy import Policy
from .progress import ProgressLike
from .results import Identifier, Profile, Resolution, Timeline
from .segments import DefinitionsLike, Segments, open_segments
from .times import Time, from_ms, optional_ms

if TYPE_CHECKING:
    from .questions import IdentifierLike, Who


class Moment(ColumnQuestions):
    """Who was whom, computed from the log beside the store and kept whole: ask it as often as you like.
    Thread-safe.

    ``store.as_of()``, ``store.as_known()`` and ``store.simulate().after`` make one. Profiles are those that a
    store would have given which had only what the moment has. It keeps the store's files open as long as it
    lives.
    """

    def __init__(self, moment: _core.Moment) -> None:
        self._moment = moment

    def _people(self) -> _core.Moment:
        return self._moment

    @property
    def policy(self) -> Policy:
        """The policy that it was computed under."""
        return Policy(self._moment.policy())

    @property
    def clock(self) -> Optional[datetime]:
        """The store's clock that it was computed under; none: it was never moved."""
        return from_ms(self._moment.clock_ms) if self._moment.clock_ms else None

    @property
    def now(self) -> datetime:
        """As of when its profiles and segments are."""
        return from_ms(self._moment.now_ms)

    @property
    def held_records(self) -> int:
        """Standing records that policy held."""
        return self._moment.held_records

    @overload
    def resolve(self, identifiers: IdentifierLike) -> Resolution: ...
    @overload
    def resolve(self, identifiers: List[Any]) -> List[Resolution]: ...

    def resolve(self, identifiers: Any) -> Any:
        """Whose an identifier was; of a list, whose each was. What was not known says so."""
        if isinstance(identifiers, list):
            return self._moment.resolve_many(identifiers)
        return self._moment.resolve(identifiers)

    def members(self, who: Who) -> List[Identifier]:
        """All identifiers of a person, sorted. Raises NotFound."""
        return self._moment.members(who)

    def groups(self) -> List[Tuple[Optional[str], List[Identifier]]]:
        """Everybody: profile and identifiers; no profile where no identifier has a number in the store."""
        return self._moment.groups()

    def profile(
        self,
        who: Who,
        *,
        now: Optional[Time] = None,
        explain: bool = False,
        events: int = 20,
        only: Optional[Sequence[str]] = None,
    ) -> Profile:
        """What the person was like: as Store.profile(), of then. Raises NotFound."""
        return _core.read_profile(
            self._moment,
            who,
            now_ms=optional_ms(now, "now"),
            explain=explain,
            only=None if only is None else list(only),
            events=events,
        )

    def timeline(
        self,
        who: Who,
        *,
        start: Optional[Time] = None,
        end: Optional[Time] = None,
        types: Sequence[str] = (),
        properties: Optional[Mapping[str, Sequence[str]]] = None,
        direction: str = "",
        within: Optional[Tuple[float, float, float]] = None,
        limit: int = 20,
        skip: int = 0,
        now: Optional[Time] = None,
    ) -> Timeline:
        """A page of the person's events, newest first: as Store.timeline(), of then. Raises NotFound."""
        return read_timeline(
            self._moment, who, start, end, types, properties, direction, within, limit, skip, now
        )

    def segments(
        self,
        *,
        now: Optional[Time] = None,
        definitions: Optional[DefinitionsLike] = None,
        progress: ProgressLike = None,
    ) -> Segments:
        """Segments of then: each answer of everybody costs a pass over them. As Store.segments()."""
        return open_segments(self._moment, now, definitions, progress)

    def __len__(self) -> int:
        """How many people there were."""
        return self._moment.count_profiles()

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"Moment(people={len(self)}, now={self.now:%Y-%m-%dT%H:%M:%SZ})"


def read_timeline(
    source: Any,
    who: Who,
    start: Optional[Time],
    end: Optional[Time],
    types: Sequence[str],
    properties: Optional[Mapping[str, Sequence[str]]],
    direction: str,
    within: Optional[Tuple[float, float, float]],
    limit: int,
    skip: int,
    now: Optional[Time],
) -> Timeline:
    """A page of events of a view or a moment of _core."""
    return _core.read_timeline(
        source,
        who,
        now_ms=optional_ms(now, "now"),
        from_ms=optional_ms(start, "start"),
        to_ms=optional_ms(end, "end"),
        types=list(types),
        properties=_wanted(properties),
        direction=direction,
        within=within,
        limit=limit,
        skip=skip,
    )


def _wanted(properties: Optional[Mapping[str, Sequence[str]]]) -> List[Tuple[str, List[str]]]:
    if properties is None:
        return []
    if not isinstance(properties, Mapping):
        raise InvalidArgument("properties: must be a dict of names, each with a list of texts")
    return [(name, list(any_of)) for name, any_of in properties.items()]
