"""Everybody as columns: a table for each kind of thing that is known of people."""

from __future__ import annotations

from typing import Any, Callable, List, Optional, Sequence

from . import _core
from .errors import InvalidArgument
from .events import texts_of
from .progress import ProgressLike, shown
from .table import Table
from .times import Time, optional_ms


class Tables:
    """Tables of one state's people: ``store.tables`` of the newest state at each call, ``view.tables`` and
    ``moment.tables`` of theirs.

    Each is made in one pass over everybody, without the GIL; Ctrl-C ends it. Rows are in the order of profile
    ids (a moment's: of people's smallest identifiers), so that tables of one view go together row by row
    where they have a row a person.

    now: as of when, where something decays, expires or lies in a window; facts of later times do not count.
    DEFAULT: the state's own time.
    progress: progress.py has what it may be; it counts people.

    Traits and tags that the policy labels ``sensitive`` are in no table unless they are asked for by name.
    Those labelled ``personal`` are.

    >>> import polyonym
    >>> policy = {"namespaces": [{"name": "crm"}, {"name": "phone"}], "definitions": {"traits": [
    ...     {"name": "city"}, {"name": "spent", "type": "VALUE_TYPE_MONEY"},
    ...     {"name": "illness", "sensitivity": "SENSITIVITY_SENSITIVE"}]}}
    >>> store = polyonym.open(policy=policy)
    >>> _ = store.apply([{"source": "shop", "t": 0, "ids": {"crm": "C1", "phone": "1"}, "facts": {"traits": [
    ...     {"name": "city", "value": {"text": "Suzhou"}}, {"name": "illness", "value": {"text": "none"}},
    ...     {"name": "spent", "value": {"money": {"minorUnits": 1999, "currency": "CNY"}}}]}}])
    >>> profiles = store.tables.profiles()
    >>> profiles.column_names[-4:]
    ['completeness', 'city', 'spent', 'spent_currency']
    >>> profiles.to_pyarrow()["city"].to_pylist()
    ['Suzhou']
    >>> store.tables.profiles(traits=["illness"]).column_names[-1]
    'illness'
    """

    def __init__(self, state: Callable[[], Any]) -> None:
        self._state = state

    def profiles(
        self,
        *,
        traits: Optional[Sequence[str]] = None,
        now: Optional[Time] = None,
        progress: ProgressLike = None,
    ) -> Table:
        """A row for each person, with a column for each trait that the policy defines.

        profile_id, identifiers (how many), facts (records with facts), events, first_fact and last_fact
        (times of these records), completeness, ``stage_<ladder>`` of each ladder, and the traits, named as
        they are: texts and days as text, numbers, whole numbers, flags and times as such, unions and lists as
        lists of text, money as minor units with its currency in ``<trait>_currency``; of sums in several
        currencies the currency is ``several``, and traits() has them. A name that is taken gets an underscore
        behind it.

        traits: these alone, in this order, sensitive ones too. DEFAULT: all that are defined and not
        sensitive.
        Raises InvalidArgument (a trait that is not defined), DataLoss, OutOfRange.
        """
        with shown(progress, "people") as callback:
            return _core.profiles_table(
                self._state(), traits=_listed(traits), now_ms=optional_ms(now, "now"), progress=callback
            )

    def identifiers(self, *, namespaces: Optional[Sequence[str]] = None) -> Table:
        """A row for each identifier: profile_id (of a moment null where the store never saw the person),
        namespace, value.

        These are the identifiers themselves: all of them, or those of `namespaces` (or of their families).
        """
        return _core.identifiers_table(self._state(), namespaces=_listed(namespaces))

    def traits(
        self,
        *,
        names: Optional[Sequence[str]] = None,
        now: Optional[Time] = None,
        progress: ProgressLike = None,
    ) -> Table:
        """A row for each value of a trait that somebody has, of traits that are not defined too: profile_id,
        name, value (as text), number, source, record, time.

        number: of money in minor units, of times in milliseconds since 1970, of flags 0 or 1; null of other
        types. source, record and time are of the fact that won; null where a value is counted or added up.
        names: these alone, sensitive ones too.
        """
        with shown(progress, "people") as callback:
            return _core.traits_table(
                self._state(), names=_listed(names), now_ms=optional_ms(now, "now"), progress=callback
            )

    def tags(
        self,
        *,
        names: Optional[Sequence[str]] = None,
        now: Optional[Time] = None,
        progress: ProgressLike = None,
    ) -> Table:
        """A row for each tag that somebody has: profile_id, tag, score, count, first, last, layers.

        names: these alone, sensitive ones too.
        """
        with shown(progress, "people") as callback:
            return _core.tags_table(
                self._state(), names=_listed(names), now_ms=optional_ms(now, "now"), progress=callback
            )

    def consents(self, *, now: Optional[Time] = None, progress: ProgressLike = None) -> Table:
        """A row for each purpose that somebody spoke of: profile_id, purpose, state, conflict (their
        identifiers say different things), time.

        state: ``granted``, ``denied``, ``withdrawn``, or ``unknown`` where a grant is over.
        """
        with shown(progress, "people") as callback:
            return _core.consents_table(self._state(), now_ms=optional_ms(now, "now"), progress=callback)

    def timeline(
        self,
        *,
        types: Sequence[str] = (),
        start: Optional[Time] = None,
        end: Optional[Time] = None,
        now: Optional[Time] = None,
        progress: ProgressLike = None,
    ) -> Table:
        """A row for each event, person by person, oldest first: profile_id, time, type, value_minor and
        currency, campaign, direction, channel (namespace of the identifier that it belongs to), place,
        source, record, properties (a JSON object as text).

        types: events of these types; empty: all. start <= time < end. What an event does not say is null.
        """
        with shown(progress, "people") as callback:
            return _core.timeline_table(
                self._state(),
                types=texts_of(types, "types"),
                from_ms=optional_ms(start, "start"),
                to_ms=optional_ms(end, "end"),
                now_ms=optional_ms(now, "now"),
                progress=callback,
            )

    def segments(
        self,
        *,
        names: Optional[Sequence[str]] = None,
        unknown: bool = False,
        now: Optional[Time] = None,
        progress: ProgressLike = None,
    ) -> Table:
        """A row for each person, with a flag for each segment: profile_id, and the segments, named as they
        are.

        names: these alone, in this order. unknown: null where it cannot be said; else that is no member.
        Cost: of the newest state and its own time, without `unknown`, a look-up each; else the expressions of
        everybody.
        Raises InvalidArgument (a segment that is not defined), DataLoss, OutOfRange.
        """
        with shown(progress, "people") as callback:
            return _core.segments_table(
                self._state(),
                names=_listed(names),
                unknown=unknown,
                now_ms=optional_ms(now, "now"),
                progress=callback,
            )

    def scores(self, *, now: Optional[Time] = None, progress: ProgressLike = None) -> Table:
        """A row for each person, with what scores say of them: docs/scores.md.

        Of each purchase score ``<score>_state``, ``_count``, ``_returns``, ``_total_minor``,
        ``_returned_minor``, ``_currency``, ``_first``, ``_last``, ``_frequency``, ``_recency_days``,
        ``_observed_days``, ``_mean_repeat_minor``, ``_days_since_last``, ``_mean_gap_days``, ``_due``,
        ``_overdue_ratio``, ``_rfm_recency``, ``_rfm_frequency``, ``_rfm_monetary``, ``_alive``, ``_expected``
        and ``_expected_minor``; of each channel score ``_channel``, the one that they prefer, and its
        ``_share``. Null: nothing was bought, or no model is fitted.
        """
        with shown(progress, "people") as callback:
            return _core.scores_table(self._state(), now_ms=optional_ms(now, "now"), progress=callback)

    def changes(self, *, start: int = 0, progress: ProgressLike = None) -> Table:
        """A row for each change of the feed from sequence `start` on: sequence, kind, cause, source, target,
        name, values, record.

        They are what Change says. A moment has none. Raises OutOfRange (`start` lies before what is kept),
        DataLoss.
        """
        state = self._state()
        if not isinstance(state, _core.View):
            raise InvalidArgument("changes: a moment has none; ask the store for its tables")
        with shown(progress, "calls") as callback:
            return _core.changes_table(state, start=start, progress=callback)


def _listed(names: Optional[Sequence[str]]) -> Optional[List[str]]:
    return None if names is None else list(names)
