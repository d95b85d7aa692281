"""The events of many people as columns, and what is counted over them: docs/measure.md."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

from . import _core
from .errors import InvalidArgument
from .results import Attribution, Funnel, ItemPair, Repurchase, Retention, ScoredItem
from .times import Duration, Time, duration_ms, from_ms, optional_ms

_STRICT = ("order", "increase", "deduplication")
ALL_MODELS: Tuple[str, ...] = ("first", "last", "linear", "position", "time_decay")


@dataclass(frozen=True)
class EventFilter:
    """Events for which every line holds: the event's text is one of the list. An empty list holds for all,
    and the empty text stands for events that have none.

    >>> str(EventFilter("order", campaigns=["spring", "summer"]))
    'order of campaign spring or summer'
    """

    types: Sequence[str] = ()
    campaigns: Sequence[str] = ()
    #: Namespaces of the identifiers that events belong to.
    channels: Sequence[str] = ()
    #: Of the property that the events were read with.
    items: Sequence[str] = ()
    #: ``in``: from the person; ``out``: to them; empty: either, or none.
    direction: str = ""

    def __post_init__(self) -> None:
        for name in ("types", "campaigns", "channels", "items"):
            texts = getattr(self, name)
            object.__setattr__(self, name, texts_of(texts, name))
        if self.direction not in ("", "in", "out"):
            raise InvalidArgument("direction: must be in, out or empty")

    def __str__(self) -> str:
        parts = [" or ".join(self.types) or "any"]
        for name in ("campaigns", "channels", "items"):
            if texts := getattr(self, name):
                parts.append(f"of {name[:-1]} {' or '.join(text or '(none)' for text in texts)}")
        return " ".join([*parts, *([self.direction] if self.direction else [])])


#: Which events are meant: a type, several (any of them), an EventFilter, or a dict of its fields. None: all.
EventsLike = Union[None, str, Sequence[str], Mapping[str, Any], EventFilter]


class AlsoBought:
    """What people buy together, counted in baskets. It says that others had both, and not why. Thread-safe.

    ``also_bought()`` of a store or of events makes one.
    """

    def __init__(self, counted: _core.Baskets) -> None:
        self._counted = counted

    @property
    def baskets(self) -> int:
        """That were counted."""
        return self._counted.baskets

    @property
    def items(self) -> int:
        """Different ones."""
        return self._counted.items

    @property
    def left_out(self) -> int:
        """Baskets that were larger than `max_basket`."""
        return self._counted.left_out

    @property
    def events_left_out(self) -> int:
        """Events that name no item, or no basket."""
        return self._counted.events_left_out

    def pairs(self, *, limit: int = 10, order: str = "cosine", min_together: int = 1) -> List[ItemPair]:
        """The best pairs, each once. order: ``cosine``, ``lift`` (favours what is rare) or ``together``
        (favours what everybody buys). min_together: only what was together in so many baskets."""
        return self._counted.top(None, limit=limit, order=order, min_together=min_together)

    def with_item(
        self, item: str, *, limit: int = 10, order: str = "cosine", min_together: int = 1
    ) -> List[ItemPair]:
        """The same of pairs with this item; nothing for an item that is in no basket."""
        return self._counted.top(item, limit=limit, order=order, min_together=min_together)

    def recommend(self, items: Sequence[str], *, limit: int = 10, min_together: int = 1) -> List[ScoredItem]:
        """What goes with these items, and is none of them: by the sum of cosines."""
        return self._counted.recommend(list(texts_of(items, "items")), limit=limit, min_together=min_together)

    def __repr__(self) -> str:
        return f"AlsoBought(baskets={self.baskets}, items={self.items})"


class Events:
    """The events of many people as columns: read in one pass, and asked any number of times.
    ``store.events()`` makes it.

    It is as of when it was read. Thread-safe; the GIL is released meanwhile.

    >>> import polyonym
    >>> day = 86_400_000
    >>> def did(who, what, at):
    ...     event = {"type": what, "value": {"minor_units": 1000, "currency": "CNY"}}
    ...     return {"source": "web", "t": at * day, "ids": {"crm": who}, "facts": {"events": [event]}}
    >>> store = polyonym.open(policy={"namespaces": [{"name": "crm"}]})
    >>> _ = store.apply([did("A", "view", 0), did("A", "order", 1), did("A", "order", 9),
    ...                  did("B", "view", 0), did("B", "order", 9), did("C", "view", 20)])
    >>> events = store.events()
    >>> events
    Events(people=3, events=6)
    >>> funnel = events.funnel(["view", "order"], within=7 * day)
    >>> [(step.name, step.people, step.from_first) for step in funnel.steps]
    [('view', 3, 1.0), ('order', 1, 0.3333333333333333)]
    >>> events.repurchase("order", within=10 * day).rate
    0.5
    """

    def __init__(self, events: _core.Events) -> None:
        self._events = events

    @property
    def people(self) -> int:
        """Who were read, with events or without."""
        return self._events.people

    @property
    def types(self) -> List[str]:
        """The types that there are."""
        return self._events.texts("type")[1:]

    @property
    def now(self) -> datetime:
        """As of when: later events are not in it."""
        return from_ms(self._events.now_ms)

    def __len__(self) -> int:
        """How many events there are."""
        return self._events.events

    def __bool__(self) -> bool:
        return True

    def funnel(
        self,
        steps: Sequence[EventsLike],
        *,
        within: Duration,
        by: Optional[str] = None,
        strict: Sequence[str] = (),
        among: Sequence[EventsLike] = (),
        start: Optional[Time] = None,
        end: Optional[Time] = None,
        settled: bool = False,
    ) -> Funnel:
        """How many people came how far through steps that follow each other, and how long it took:
        docs/measure.md.

        steps: events in order, up to 32. within: the last step at most so long after the first. start <= time
        < end: other events are as if they had not been. by: also by what the first step has: ``campaign``,
        ``channel``, ``item``. settled: only who began so early that all of `within` has passed. strict, of
        these: ``order`` (what is not the next step ends it; `among`: these events are looked at besides, and
        end it), ``increase`` (each step later than the one before), ``deduplication`` (a step that comes
        again ends it).

        Raises InvalidArgument, also for a column that the events were read without.
        """
        filters = [filter_of(step, f"steps[{place}]") for place, step in enumerate(list_of(steps, "steps"))]
        return self._events.funnel(
            steps=filters,
            names=[str(of) for of in filters],
            among=[
                filter_of(other, f"among[{place}]") for place, other in enumerate(list_of(among, "among"))
            ],
            within_ms=duration_ms(within, "within"),
            strict=words_of(strict, "strict", _STRICT),
            **window_of(start, end),
            settled=settled,
            by=by,
        )

    def retention(
        self,
        first: EventsLike = None,
        again: EventsLike = None,
        *,
        unit: str = "week",
        time_zone: str = "",
        periods: int = 12,
        kind: str = "calendar",
        by: Optional[str] = None,
        start: Optional[Time] = None,
        end: Optional[Time] = None,
        ever: bool = True,
    ) -> Retention:
        """How many of those who began at one time, or by one way, came again, and when: docs/measure.md.

        first: the first of these events begins. again: who has one of these later came again. unit: ``day``,
        ``week`` (from Monday), ``month``, ``quarter`` or ``year`` of the time zone, a name of IANA's (empty:
        UTC). periods: so many after the one that they began in. kind: ``calendar`` (came again in that
        period) or ``rolling`` (or any later one). by: cohorts by the first event's ``campaign`` or
        ``channel``, in place of its unit. start <= first event < end; ever: who began before that is in no
        cohort; else the first event in the window begins.

        Raises InvalidArgument; ResourceExhausted (more than four million cells).

        >>> import polyonym
        >>> store = polyonym.open(policy={"namespaces": [{"name": "crm"}]})
        >>> week = 7 * 86_400_000
        >>> visit = {"events": [{"type": "visit"}]}
        >>> _ = store.apply([{"source": "web", "t": at * week, "ids": {"crm": who}, "facts": visit}
        ...                  for who, at in [("A", 0), ("A", 1), ("B", 0), ("C", 2), ("D", 4)]])
        >>> store.events().retention("visit", "visit", periods=2).matrix()
        [[0.0, 0.5, 0.0], [0.0, 0.0, None], [None, None, None]]
        """
        if kind not in ("calendar", "rolling"):
            raise InvalidArgument("kind: must be calendar or rolling")
        if not isinstance(periods, int) or periods < 0:
            raise InvalidArgument("periods: must be a whole number, 0 or more")
        return self._events.retention(
            first=filter_of(first, "first"),
            again=filter_of(again, "again"),
            rolling=kind == "rolling",
            unit=unit,
            time_zone=time_zone,
            periods=periods,
            **window_of(start, end),
            ever=ever,
            by=by,
        )

    def repurchase(
        self,
        order: EventsLike = None,
        *,
        within: Duration,
        apart: Duration = timedelta(0),
        start: Optional[Time] = None,
        end: Optional[Time] = None,
    ) -> Repurchase:
        """How many of those who bought bought a second time, soon enough.

        order: what counts as buying. within: the second at most so long after the first; apart: and at least
        so long: what comes sooner is a part of the first. start <= first order < end. The rate is of those
        whose first is so long ago that all of `within` has passed.
        """
        return self._events.repurchase(
            order=filter_of(order, "order"),
            within_ms=duration_ms(within, "within"),
            apart_ms=duration_ms(apart, "apart"),
            **window_of(start, end),
        )

    def attribution(
        self,
        conversions: EventsLike,
        *,
        touches: EventsLike = None,
        by: str = "campaign",
        models: Sequence[str] = ALL_MODELS,
        lookback: Duration = timedelta(days=30),
        half_life: Duration = timedelta(days=7),
        weights: Tuple[int, int, int] = (40, 20, 40),
        ignored: Sequence[str] = (),
        start: Optional[Time] = None,
        end: Optional[Time] = None,
    ) -> Attribution:
        """Which campaigns or channels conversions are credited to, by several models beside each other:
        docs/measure.md.

        touches: DEFAULT: every event that has a campaign. by: ``campaign``, ``channel`` or ``item`` of a
        touch. models: of ``first``, ``last``, ``linear``, ``position`` (`weights`: of the first, those
        between, the last) and ``time_decay`` (a touch older by `half_life` counts half). lookback: touches
        count up to so long before a conversion. ignored: keys that are credited only where there is no other.
        start <= conversion < end.

        It divides what happened by a rule; what a campaign caused a control group says: lift().
        """
        if len(weights) != 3 or not all(isinstance(weight, int) and weight >= 0 for weight in weights):
            raise InvalidArgument(
                "weights: must be three whole numbers: of the first, those between, the last"
            )
        return self._events.attribution(
            conversions=filter_of(conversions, "conversions"),
            touches=None if touches is None else filter_of(touches, "touches"),
            by=by,
            models=list(texts_of(models, "models")),
            ignored=list(texts_of(ignored, "ignored")),
            weights=list(weights),
            lookback_ms=duration_ms(lookback, "lookback"),
            half_life_ms=duration_ms(half_life, "half_life"),
            **window_of(start, end),
        )

    def also_bought(self, orders: EventsLike = None, *, max_basket: int = 200) -> AlsoBought:
        """What people have together: a basket is all items that a person's events name. Of orders:
        Questions.also_bought().

        max_basket: larger ones are left out. Raises InvalidArgument where the events were read without
        `item`.
        """
        return AlsoBought(
            self._events.also_bought(filter=filter_of(orders, "orders"), max_basket_items=max_basket)
        )

    def __repr__(self) -> str:
        return f"Events(people={self.people}, events={len(self)})"


def filter_of(of: EventsLike, what: str) -> EventFilter:
    """Types, a dict or a filter as a filter; none is all events."""
    if isinstance(of, EventFilter):
        return of
    if of is None:
        return EventFilter()
    if isinstance(of, Mapping):
        if unknown := set(of) - {"types", "campaigns", "channels", "items", "direction"}:
            raise InvalidArgument(f"{what}: has no field {sorted(unknown)[0]}; see EventFilter")
        return EventFilter(**of)
    return EventFilter(types=texts_of(of, what))


def filters_of(many: Sequence[EventsLike], what: str) -> List[EventFilter]:
    """Each of them as a filter."""
    return [filter_of(of, what) for of in many]


def texts_of(texts: Union[str, Sequence[str]], what: str) -> Tuple[str, ...]:
    """One text is a list of one."""
    if isinstance(texts, str):
        return (texts,)
    many = tuple(texts) if isinstance(texts, Iterable) else (None,)
    if not all(isinstance(text, str) for text in many):
        raise InvalidArgument(f"{what}: must be a text, or a list of texts")
    return many


def words_of(words: Sequence[str], what: str, known: Sequence[str]) -> List[str]:
    """Words of a list of known ones. Raises InvalidArgument, which names them all."""
    chosen = texts_of(words, what)
    if not set(chosen) <= set(known):
        raise InvalidArgument(f"{what}: must be of {', '.join(known)}")
    return list(chosen)


def window_of(start: Optional[Time], end: Optional[Time]) -> Dict[str, Any]:
    """As arguments of _core: start <= time < end."""
    begin, behind = optional_ms(start, "start"), optional_ms(end, "end")
    if begin is not None and behind is not None and behind < begin:
        raise InvalidArgument("end: must be start or later")
    return {"from_ms": begin, "to_ms": behind}


def list_of(many: Sequence[EventsLike], what: str) -> Sequence[EventsLike]:
    """The same; Raises InvalidArgument where it is no list."""
    if isinstance(many, (str, Mapping)) or not isinstance(many, Iterable):
        raise InvalidArgument(f"{what}: must be a list; of one, a list of one")
    return list(many)
