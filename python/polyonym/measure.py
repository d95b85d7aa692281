"""What is counted over many people: how far they came, whether they came again, what is credited to what."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Iterable, Optional, Sequence, Tuple, Union

from . import _core
from .errors import InvalidArgument
from .events import (
    ALL_MODELS,
    AlsoBought,
    EventFilter,
    Events,
    EventsLike,
    filters_of,
    list_of,
    texts_of,
    window_of,
    words_of,
)
from .progress import ProgressLike, shown
from .results import Attribution, Flows, Funnel, Growth, Repurchase, Retention, SocialCapital
from .times import Duration, Time, duration_ms, optional_ms

if TYPE_CHECKING:
    from .questions import Who

_COLUMNS = ("campaign", "channel", "direction", "value")


class MeasureQuestions:
    """What is counted over many, asked of a store or a view: each question is a pass over everybody, which
    Ctrl-C ends.

    Of all of them: segment: only its members; now: as of when, later facts are not seen.
    """

    def _view(self) -> _core.View:
        raise NotImplementedError

    def events(
        self,
        *,
        types: Sequence[str] = (),
        columns: Sequence[str] = ("campaign", "channel", "value"),
        item: str = "",
        segment: str = "",
        start: Optional[Time] = None,
        end: Optional[Time] = None,
        now: Optional[Time] = None,
        progress: ProgressLike = None,
    ) -> Events:
        """The events of everybody, or of a segment's members, as columns: one pass for any number of
        questions.

        types: of events; empty: all. columns, beside time and type, of ``campaign``, ``channel``,
        ``direction``, ``value``. item: the property that is an event's item. start <= time < end. Memory: 10
        bytes an event; with all columns 31.

        Raises NotFound (no such segment), ResourceExhausted (too many events).
        """
        with shown(progress, "people") as callback:
            return Events(
                _core.read_events(
                    self._view(),
                    types=list(texts_of(types, "types")),
                    columns=words_of(columns, "columns", _COLUMNS),
                    item=item,
                    segment=segment,
                    **window_of(start, end),
                    now_ms=optional_ms(now, "now"),
                    progress=callback,
                )
            )

    def funnel(
        self,
        steps: Sequence[EventsLike],
        *,
        within: Duration,
        by: Optional[str] = None,
        item: str = "",
        strict: Sequence[str] = (),
        among: Sequence[EventsLike] = (),
        start: Optional[Time] = None,
        end: Optional[Time] = None,
        settled: bool = False,
        segment: str = "",
        now: Optional[Time] = None,
        progress: ProgressLike = None,
    ) -> Funnel:
        """How many people came how far through steps: Events.funnel(). item: the property that names it."""
        filters = filters_of([*list_of(steps, "steps"), *list_of(among, "among")], "steps")
        events = self._counted(filters, by, item, segment, start, end, now, progress)
        return events.funnel(
            steps, within=within, by=by, strict=strict, among=among, start=start, end=end, settled=settled
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
        segment: str = "",
        now: Optional[Time] = None,
        progress: ProgressLike = None,
    ) -> Retention:
        """How many of those who began together came again, and when: Events.retention()."""
        filters = filters_of([first, again], "first, again")
        return self._counted(filters, by, "", segment, None, None, now, progress).retention(
            first,
            again,
            unit=unit,
            time_zone=time_zone,
            periods=periods,
            kind=kind,
            by=by,
            start=start,
            end=end,
            ever=ever,
        )

    def repurchase(
        self,
        order: EventsLike = None,
        *,
        within: Duration,
        apart: Duration = timedelta(0),
        start: Optional[Time] = None,
        end: Optional[Time] = None,
        segment: str = "",
        now: Optional[Time] = None,
        progress: ProgressLike = None,
    ) -> Repurchase:
        """How many of those who bought bought a second time, soon enough: Events.repurchase()."""
        events = self._counted(filters_of([order], "order"), None, "", segment, None, None, now, progress)
        return events.repurchase(order, within=within, apart=apart, start=start, end=end)

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
        item: str = "",
        segment: str = "",
        now: Optional[Time] = None,
        progress: ProgressLike = None,
    ) -> Attribution:
        """Which campaigns or channels conversions are credited to: Events.attribution().

        >>> import polyonym
        >>> store = polyonym.open(policy={"namespaces": [{"name": "crm"}]})
        >>> events = [{"type": "click", "campaign": "spring"}, {"type": "click", "campaign": "summer"},
        ...           {"type": "order", "value": {"minor_units": 999, "currency": "CNY"}}]
        >>> _ = store.apply([{"source": "web", "t": t, "ids": {"crm": "A"}, "facts": {"events": [event]}}
        ...                  for t, event in enumerate(events)])
        >>> credited = store.attribution("order", models=["last", "linear"])
        >>> [(row.key, str(row.credits["linear"].value[0])) for row in credited.keys]
        [('summer', '4.99 CNY'), ('spring', '5.00 CNY')]
        """
        filters = filters_of([conversions, touches], "conversions, touches")
        from_ms = optional_ms(start, "start")
        since = None if from_ms is None else from_ms - duration_ms(lookback, "lookback")
        columns = {"value", *(["campaign"] if touches is None else [])}
        events = self._counted(filters, by, item, segment, since, end, now, progress, columns)
        return events.attribution(
            conversions,
            touches=touches,
            by=by,
            models=models,
            lookback=lookback,
            half_life=half_life,
            weights=weights,
            ignored=ignored,
            start=start,
            end=end,
        )

    def also_bought(
        self,
        types: Union[str, Sequence[str]] = "order",
        *,
        item: str = "item",
        per: str = "person",
        basket: str = "",
        max_basket: int = 200,
        segment: str = "",
        now: Optional[Time] = None,
        progress: ProgressLike = None,
    ) -> AlsoBought:
        """What people buy together, what goes with an item, and what somebody may want next: docs/measure.md.

        item: the property of the events that names the item, or a list of several. A basket is all that a
        person ever had; with ``per="record"`` a record's events; with `basket` the events of a person that
        have one value of this property, such as the number of an order. max_basket: larger ones are left out.
        Raises NotFound (segment), ResourceExhausted (more than 20 million pairs).

        >>> import polyonym
        >>> store = polyonym.open(policy={"namespaces": [{"name": "crm"}]})
        >>> def ordered(who, item):
        ...     event = {"type": "order", "properties": {"item": {"text": item}}}
        ...     return {"source": "shop", "t": 0, "ids": {"crm": who}, "facts": {"events": [event]}}
        >>> baskets = {"A": ["tea", "cup"], "B": ["tea", "cup"], "C": ["tea", "pot"]}
        >>> _ = store.apply([ordered(who, item) for who, items in baskets.items() for item in items])
        >>> also = store.also_bought()
        >>> [(pair.item, pair.other, pair.together) for pair in also.pairs()]
        [('cup', 'tea', 2), ('pot', 'tea', 1)]
        >>> [(item.item, item.because) for item in also.recommend(["cup"])]
        [('tea', 'cup')]
        """
        if per not in ("person", "record"):
            raise InvalidArgument("per: must be person or record; of an order's number give basket")
        if per == "record" and basket:
            raise InvalidArgument("basket: goes with per=person alone")
        with shown(progress, "people") as callback:
            return AlsoBought(
                _core.also_bought(
                    self._view(),
                    types=list(texts_of(types, "types")),
                    item=item,
                    per_record=per == "record",
                    basket=basket,
                    max_basket_items=max_basket,
                    segment=segment,
                    now_ms=optional_ms(now, "now"),
                    progress=callback,
                )
            )

    def growth(
        self,
        *,
        invitations: Union[str, Sequence[str]] = "invited",
        customers: Union[str, Sequence[str]] = "order",
        loyal: str = "",
        start: Optional[Time] = None,
        end: Optional[Time] = None,
        now: Optional[Time] = None,
        progress: ProgressLike = None,
    ) -> Growth:
        """Customers who bring customers: K-factor, cycle, generations: docs/measure.md.

        invitations: relations of these types, of the person to the other. customers: the first event of these
        types makes a customer. loyal: a segment, of whose members it also says how many newcomers each
        brought. start <= invitation < end.

        >>> import polyonym
        >>> store = polyonym.open(policy={"namespaces": [{"name": "crm"}]})
        >>> invited = {"relations": [{"type": "invited", "other": {"namespace": "crm", "value": "B"}}]}
        >>> ordered = {"events": [{"type": "order"}]}
        >>> _ = store.apply([{"source": "shop", "t": t, "ids": {"crm": who}, "facts": facts}
        ...                  for t, who, facts in [(1, "A", ordered), (2, "A", invited), (3, "B", ordered)]])
        >>> growth = store.growth()
        >>> growth.everybody.newcomers, growth.everybody.k_factor, growth.generations
        (1, 0.5, [1])
        """
        with shown(progress, "people") as callback:
            return _core.growth(
                self._view(),
                invitations=list(texts_of(invitations, "invitations")),
                customers=list(texts_of(customers, "customers")),
                loyal=loyal,
                **window_of(start, end),
                now_ms=optional_ms(now, "now"),
                progress=callback,
            )

    def flows(self, ladder: str, *, start: Time, end: Time, progress: ProgressLike = None) -> Flows:
        """How many people moved between the stages of a ladder: start <= move < end.

        Raises NotFound (the definitions have no such ladder).
        """
        with shown(progress, "people") as callback:
            return _core.flows(
                self._view(),
                ladder,
                **window_of(start, end),
                progress=callback,
            )

    def social_capital(
        self,
        *,
        currency: str = "",
        reference: Optional[float] = None,
        group: Sequence[Who] = (),
        now: Optional[Time] = None,
    ) -> SocialCapital:
        """How well people are bound into a community: an index by convention, docs/social_capital.md.

        currency: events with a value in it are contributions; without one there are none, in the index
        neither. reference: the contribution in 30 days that scores one half, in units of the currency;
        DEFAULT: the mean of those who are listed. group: only these people.
        Raises NotFound (somebody of the group), InvalidArgument.

        >>> import polyonym
        >>> store = polyonym.open(policy={"namespaces": [{"name": "crm"}]})
        >>> friend = {"relations": [{"type": "friend", "other": {"namespace": "crm", "value": "B"}}]}
        >>> posted = {"events": [{"type": "post"}]}
        >>> _ = store.apply([{"source": "app", "t": 0, "ids": {"crm": "A"}, "facts": friend},
        ...                  {"source": "app", "t": 0, "ids": {"crm": "B"}, "facts": posted}])
        >>> [(person.profile, round(person.index, 3)) for person in store.social_capital().people]
        [('p~1', 0.153), ('p~0', 0.0)]
        """
        view = self._view()
        return _core.social_capital(
            view,
            currency=currency,
            reference=reference,
            group=[view.find(who) for who in group],
            now_ms=optional_ms(now, "now"),
        )

    def _counted(
        self,
        filters: Sequence[EventFilter],
        by: Optional[str],
        item: str,
        segment: str,
        start: Optional[Time],
        end: Optional[Time],
        now: Optional[Time],
        progress: ProgressLike,
        columns: Iterable[str] = (),
    ) -> Events:
        """The events that a filter means, with the columns that a question needs."""
        if by == "item" and not item:
            raise InvalidArgument('item: names the property of by="item"')
        needed = {*columns}
        if by in _COLUMNS:
            needed.add(by)
        for of in filters:
            needed.update(name for name in ("campaign", "channel") if getattr(of, f"{name}s"))
            needed.update(["direction"] if of.direction else [])
        types = {type for of in filters for type in of.types}
        return self.events(
            types=sorted(types) if all(of.types for of in filters) else (),
            columns=sorted(needed),
            item=item,
            segment=segment,
            start=start,
            end=end,
            now=now,
            progress=progress,
        )
