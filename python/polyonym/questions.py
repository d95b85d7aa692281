"""What is asked of a store, at one state of it."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any, List, Mapping, Optional, Sequence, Tuple, Union, overload

from . import _core
from .campaigns import CampaignQuestions
from .features import ColumnQuestions
from .frames import extended, only, pairs
from .measure import MeasureQuestions
from .moments import Moment, read_timeline
from .policy import Policy, PolicyLike
from .progress import ProgressLike
from .results import (
    Change,
    Held,
    Identifier,
    Link,
    Profile,
    Related,
    Resolution,
    SegmentSize,
    Simulation,
    Stats,
    StoredRecord,
    Timeline,
    Verified,
    Why,
    WhyNot,
)
from .segments import DefinitionsLike, Segments, open_segments
from .times import Duration, Time, duration_ms, from_ms, optional_ms, to_ms

#: ``phone:+8613601230001``, a pair of namespace and value, or an Identifier.
IdentifierLike = Union[str, Tuple[str, str], Identifier]
#: An identifier, or a profile: ``p~0``.
Who = Union[str, Tuple[str, str], Identifier]


class Questions(MeasureQuestions, CampaignQuestions, ColumnQuestions):
    """The questions that a View and a Store have in common. Thread-safe; the GIL is released meanwhile."""

    def _view(self) -> _core.View:
        raise NotImplementedError

    def _people(self) -> _core.View:
        return self._view()

    @property
    def sequence(self) -> int:
        """Number of the last call that it shows."""
        return self._view().sequence

    @property
    def now(self) -> datetime:
        """As of when profiles and segments are: the later of the store's clock and its newest record."""
        return from_ms(self._view().now_ms)

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return Policy(self._view().policy())

    @property
    def policy_version(self) -> int:
        """How many policies were put in force."""
        return self._view().policy_version

    @overload
    def resolve(self, identifiers: IdentifierLike) -> Resolution: ...
    @overload
    def resolve(self, identifiers: List[Any]) -> List[Resolution]: ...

    def resolve(self, identifiers: Any) -> Any:
        """Whose an identifier is; of a list, whose each is. What is not known says so. A table: resolve_table().

        >>> import polyonym
        >>> store = polyonym.open(policy={"namespaces": [{"name": "crm"}, {"name": "phone"}]})
        >>> _ = store.apply([{"source": "shop", "t": 0, "ids": {"crm": "C1", "phone": "1"}}])
        >>> store.resolve("phone:1").profile
        'p~0'
        >>> [r.known for r in store.resolve(["crm:C1", "crm:C2"])]
        [True, False]
        """
        if isinstance(identifiers, list):
            return self._view().resolve_many(identifiers)
        return self._view().resolve(identifiers)

    def resolve_table(
        self, table: Any, *, columns: Union[Sequence[str], Mapping[str, str]], name: str = "profile_id"
    ) -> Any:
        """Whose the rows of a table are: the same table with a column of profiles (text such as ``p~0``; null: nobody who is known).

        table: anything with ``__arrow_c_stream__`` or ``__arrow_c_array__``. What came in comes out, as of polyonym.resolve().
        columns: the columns of identifiers, of text or whole numbers; a dict gives their namespaces. In a row the first of them, in this
            order, whose identifier has a profile says whose it is.
        name: of the new column.

        Raises InvalidArgument, naming argument and column. Cost: a hash look-up a cell; no Python objects.

        >>> import polyonym, pyarrow
        >>> store = polyonym.open(policy={"namespaces": [{"name": "crm"}, {"name": "phone"}]})
        >>> _ = store.apply([{"source": "shop", "t": 0, "ids": {"crm": "C1", "phone": "1"}}])
        >>> rows = pyarrow.table({"mobile": [1, 2, None]})
        >>> store.resolve_table(rows, columns={"mobile": "phone"})["profile_id"].to_pylist()
        ['p~0', None, None]
        """
        named = pairs(columns, "columns")
        wanted = only(table, [column for column, _ in named], [name])
        return extended(table, _core.resolve_table(self._view(), wanted, columns=named, name=name), [name])

    def find(self, who: Who) -> str:
        """The profile where an identifier, or whoever had the profile `who`, now lives. Raises NotFound."""
        return self._view().find(who)

    def members(self, who: Who) -> List[Identifier]:
        """All identifiers of a person, sorted. Raises NotFound."""
        return self._view().members(who)

    def groups(self) -> List[Tuple[str, List[Identifier]]]:
        """Everybody: profile and identifiers. A Python object for each: of many take tables.identifiers()."""
        return self._view().groups()

    def identifier_of(self, number: int) -> Identifier:
        """The identifier with a number, such as Change.identifiers has. Raises NotFound."""
        return self._view().identifier_of(number)

    def why(self, a: IdentifierLike, b: IdentifierLike) -> Why:
        """Why two identifiers are one person: the chain of evidence. Raises NotFound (one was never seen)."""
        return self._view().why(a, b)

    def why_not(self, a: IdentifierLike, b: IdentifierLike) -> WhyNot:
        """What keeps two identifiers apart. Raises ResourceExhausted where no answer is found within 10,000 links."""
        return self._view().why_not(a, b)

    def links(self, identifier: IdentifierLike, *, records: bool = True) -> List[Link]:
        """All links of an identifier that have evidence, the strongest first; `records`: with their sources and records.

        Raises NotFound. Cost: its links; with `records` a read of each record, 10,000 at most.
        """
        return self._view().links(identifier, records)

    def how(self, who: Who) -> List[Change]:
        """The merges, splits and moves that made a profile what it is, oldest first. Raises NotFound."""
        return self._view().how(who)

    # ---- what people are like ----

    def profile(
        self,
        who: Who,
        *,
        now: Optional[Time] = None,
        explain: bool = False,
        events: int = 20,
        only: Optional[Sequence[str]] = None,
    ) -> Profile:
        """What a person is like: traits, tags, consents, stages, contacts, scores, events.

        now: as of when; facts of later times do not count. DEFAULT: `now` of the store.
        explain: with what lost, the parts of tags, and stages over time.
        events: of the timeline, the newest; 0 to 10,000; timeline() has other pages.
        only: parts to read, of traits, tags, consents, ladders, contacts, scores, relations, timeline,
            ambiguous. DEFAULT: all.

        Raises NotFound, InvalidArgument. Cost: the person's records with facts, some microseconds each.

        >>> import polyonym
        >>> definitions = {"traits": [{"name": "city"}], "tags": [{"name": "coffee"}]}
        >>> store = polyonym.open(
        ...     policy={"namespaces": [{"name": "crm"}, {"name": "phone"}], "definitions": definitions})
        >>> home = {"traits": [{"name": "city", "value": {"text": "Hangzhou"}}]}
        >>> coffee = {"tags": [{"name": "coffee"}]}
        >>> _ = store.apply([{"source": "shop", "t": 0, "ids": {"crm": "C1"}, "facts": home},
        ...                  {"source": "bar", "t": 1, "ids": {"crm": "C1", "phone": "1"}, "facts": coffee}])
        >>> profile = store.profile("phone:1")
        >>> profile.traits["city"].value, profile.tags["coffee"].score
        ('Hangzhou', 1.0)
        >>> profile
        Profile(p~0, identifiers=2, traits=1, tags=1, events=0, now=1970-01-01)
        """
        return _core.read_profile(
            self._view(),
            who,
            now_ms=optional_ms(now, "now"),
            explain=explain,
            only=None if only is None else list(only),
            events=events,
        )

    def profiles(
        self,
        whos: Sequence[Who],
        *,
        now: Optional[Time] = None,
        explain: bool = False,
        events: int = 20,
        only: Optional[Sequence[str]] = None,
    ) -> List[Optional[Profile]]:
        """What many people are like, in their order; None for who was never seen or is held. Of everybody
        take tables.profiles().
        """
        return _core.read_profiles(
            self._view(),
            whos,
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
        """A page of a person's events, newest first.

        start, end: at start or after, before end. types: of any of these. properties: of all of these names,
        with any of these values as text; ``{"sku": []}``: it is there. direction: ``in``, ``out``. within:
        latitude, longitude and metres around.
        limit: 0 to 10,000. skip: events of pages before.

        Raises NotFound, InvalidArgument.

        >>> import polyonym
        >>> store = polyonym.open(policy={"namespaces": [{"name": "crm"}]})
        >>> _ = store.apply([{"source": "app", "t": 1000 * i, "ids": {"crm": "C1"},
        ...                   "facts": {"events": [{"type": type}]}}
        ...                  for i, type in enumerate(["view", "order", "view", "order", "view"])])
        >>> page = store.timeline("crm:C1", types=["view"], limit=2)
        >>> page.total, [event.time.second for event in page]
        (3, [4, 2])
        """
        return read_timeline(
            self._view(), who, start, end, types, properties, direction, within, limit, skip, now
        )

    # ---- other times, other policies ----

    def as_of(self, time: Time) -> Moment:
        """Who was whom at a time, by the records that stand now and the present policy.

        Raises OutOfRange (behind the horizon of a source). Cost: the whole log, in time and memory.

        >>> import polyonym
        >>> store = polyonym.open(policy={"namespaces": [{"name": "crm"}, {"name": "phone"}]})
        >>> _ = store.apply([{"source": "shop", "t": 0, "ids": {"crm": "C1"}},
        ...                  {"source": "shop", "t": 0, "ids": {"phone": "1"}},
        ...                  {"source": "shop", "t": 86_400_000, "ids": {"crm": "C1", "phone": "1"}}])
        >>> len(store), len(store.as_of("1970-01-01T12:00:00Z"))
        (1, 2)
        """
        return Moment(_core.as_of(self._view(), to_ms(time, "time")))

    def as_known(self, sequence: int) -> Moment:
        """What was known when the call with this number was done: records, retractions, policy and clock of
        then.

        Raises OutOfRange (later than now, or before records were folded). Cost: the log up to there, in time
        and memory.
        """
        return Moment(_core.as_known(self._view(), sequence))

    def simulate(self, policy: PolicyLike) -> Simulation:
        """Who would merge, split or be held under another policy. Nothing is written.

        Raises InvalidArgument. Cost: the whole log, in time and memory.

        >>> import polyonym
        >>> store = polyonym.open(policy={"namespaces": [{"name": "crm"}, {"name": "phone"}]})
        >>> _ = store.apply([{"source": "shop", "t": 0, "ids": {"crm": "C0", "phone": "1"}},
        ...                  {"source": "shop", "t": 1, "ids": {"crm": "C1", "phone": "1"}}])
        >>> one_card = {"namespaces": [{"name": "crm", "limits": [{"max": 1}]}, {"name": "phone"}]}
        >>> simulation = store.simulate(one_card)
        >>> simulation.split, simulation.profiles_before, simulation.profiles_after
        (1, 1, 2)
        """
        counts, after = _core.simulate(self._view(), Policy(policy).to_json())
        return Simulation(**counts, after=Moment(after))

    # ---- segments ----

    def segments(
        self,
        *,
        now: Optional[Time] = None,
        definitions: Optional[DefinitionsLike] = None,
        progress: ProgressLike = None,
    ) -> Segments:
        """Segments of people: who is in them, why, and what their members are like.

        now: as of when. DEFAULT: `now` of the store: then answers are looked up.
        definitions: in place of those in force, to see what a segment would be: a Policy (such as
            ``store.policy.with_definitions(…)``), a dict or JSON.
        progress: of passes over everybody.

        Raises InvalidArgument: a segment that does not compile. Cost: compiles all segments.
        """
        return open_segments(self._view(), now, definitions, progress)

    def segment_sizes(self, name: str, start: Time, end: Time, step: Duration) -> List[SegmentSize]:
        """How many were in a segment at times that are past, as it was known then: at start, start + step,
        and so on up to end.

        Raises NotFound (the policy in force has no such segment), InvalidArgument (more than 10,000 times),
        OutOfRange (the feed of then is not kept). Cost: a scan of the feed.
        """
        return _core.segment_sizes(
            self._view(),
            name,
            from_ms=to_ms(start, "start"),
            to_ms=to_ms(end, "end"),
            step_ms=duration_ms(step, "step"),
        )

    # ---- relations ----

    def neighbourhood(
        self,
        who: Who,
        *,
        steps: int = 1,
        kinds: Sequence[str] = (),
        max_profiles: int = 1_000,
        max_evidence: int = 100_000,
    ) -> List[Related]:
        """Who is tied to a person whom nothing made one with them, in up to `steps` steps: by distance, then
        by profile.

        kinds: of ``refused``, ``shared``, ``named``, ``expired``. DEFAULT: all.
        max_profiles, max_evidence: what an answer may take; beyond it there is none: ResourceExhausted.

        Raises NotFound.

        >>> import polyonym
        >>> policy = {"namespaces": [{"name": "crm", "limits": [{"max": 1}]}, {"name": "phone"}]}
        >>> store = polyonym.open(policy=policy)
        >>> _ = store.apply([{"source": "shop", "t": 0, "ids": {"crm": "C0", "phone": "1"}},
        ...                  {"source": "shop", "t": 1, "ids": {"crm": "C1", "phone": "1"}}])
        >>> [(related.profile, related.relations[0].kind) for related in store.neighbourhood("crm:C0")]
        [('p~1', 'refused')]
        """
        return _core.neighbourhood(
            self._view(),
            who,
            steps=steps,
            kinds=list(kinds),
            max_profiles=max_profiles,
            max_evidence=max_evidence,
        )

    def path(
        self,
        a: Who,
        b: Who,
        *,
        steps: int = 6,
        kinds: Sequence[str] = (),
        max_profiles: int = 1_000,
        max_evidence: int = 100_000,
    ) -> List[Related]:
        """The fewest steps from one person to another, the last of them at `b`; empty where both are one.

        Arguments as of neighbourhood(). Raises NotFound (one is not known, or no way of up to `steps` steps),
        ResourceExhausted.
        """
        return _core.path(
            self._view(),
            a,
            b,
            steps=steps,
            kinds=list(kinds),
            max_profiles=max_profiles,
            max_evidence=max_evidence,
        )

    # ---- upkeep ----

    def held(self, *, source: str = "", limit: int = 1000) -> List[Held]:
        """What policy holds, by arrival; `source`: of it alone; `limit`: 0 for all."""
        return self._view().held(source, limit)

    def record(self, number: int) -> StoredRecord:
        """A record by its number, from 1. Raises NotFound, OutOfRange (it was folded behind a horizon)."""
        return self._view().record(number)

    def export(self, path: Union[str, "os.PathLike[str]"], *, all: bool = False) -> int:
        """Writes the standing records (`all`: those that do not stand too) as JSON Lines into a new file; how many.

        Raises Unavailable (the file). Cost: a pass over the log.
        """
        return self._view().export(os.fspath(path), all=all)

    def stats(self) -> Stats:
        """What the store holds. Cost: a pass over the identifiers."""
        return self._view().stats()

    def verify(self) -> Verified:
        """Computes everything again from the records by the definition of the rule, and compares. Cost: the whole store."""
        return self._view().verify()

    def __len__(self) -> int:
        """How many people there are."""
        return self._view().count_profiles()

    def __bool__(self) -> bool:
        return True


class View(Questions):
    """One consistent state: whatever is applied meanwhile, its answers belong together. Store.read() gives it.

    It keeps the store's files open as long as it lives: ask, then drop it.
    """

    def __init__(self, view: _core.View) -> None:
        self._pinned = view

    def _view(self) -> _core.View:
        return self._pinned

    def __repr__(self) -> str:
        return f"View(sequence={self.sequence}, people={len(self)})"
