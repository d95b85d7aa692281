"""What is counted over many people: how far they came, whether they came again, and what is credited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Dict, List, Optional

from . import _measured
from ._shown import Shown
from .values import Money


@dataclass(frozen=True)
class Durations(Shown):
    """How long something took."""

    #: How many it is of.
    count: int
    #: None of nobody, as the median.
    mean: Optional[timedelta]
    #: The lower one of two in the middle, so that it always occurs.
    median: Optional[timedelta]


@dataclass(frozen=True)
class FunnelStep(Shown):
    """A step, and who came to it. Shares are None where they are of nobody."""

    #: As the step was given.
    name: str
    #: Who came to it, or farther.
    people: int
    #: Whose deepest step it is.
    stopped: int
    #: `people`, by those of the first step.
    from_first: Optional[float]
    #: By those of the step before; of the first step, as `from_first`.
    from_previous: Optional[float]
    since_first: Durations
    since_previous: Durations


@dataclass(frozen=True)
class FunnelGroup(Shown):
    """Whose first step has one campaign, channel or item."""

    #: None: it has none.
    name: Optional[str]
    steps: List[FunnelStep]


@dataclass(frozen=True)
class Funnel(Shown):
    """How many people came how far through steps that follow each other.

    Each counts once, at the deepest step that they came to.
    """

    #: Who were looked at, whether they began or not.
    people: int
    within: timedelta
    steps: List[FunnelStep]
    #: With `by` alone: most people of the first step first.
    groups: List[FunnelGroup]

    def rows(self) -> List[Dict[str, Any]]:
        """A dict for each step, first of everybody and then of each group: for a data frame."""
        return [_step_row(step, None) for step in self.steps] + [
            _step_row(step, group) for group in self.groups for step in group.steps
        ]

    def _repr_html_(self) -> str:
        return _measured.funnel(self)


def _step_row(step: FunnelStep, group: Optional[FunnelGroup]) -> Dict[str, Any]:
    return {
        "grouped": group is not None,
        "group": None if group is None else group.name,
        "step": step.name,
        "people": step.people,
        "stopped": step.stopped,
        "from_first": step.from_first,
        "from_previous": step.from_previous,
        "median_since_first": step.since_first.median,
        "median_since_previous": step.since_previous.median,
    }


@dataclass(frozen=True)
class RetentionPeriod(Shown):
    """Who came again in a unit after the one that they began in."""

    #: Up to now.
    returned: int
    #: For whom it is over.
    observed: int
    returned_of_observed: int
    #: `returned_of_observed` by `observed`; None where it is over for nobody.
    share: Optional[float]
    #: It is over for everybody of the cohort.
    complete: bool


@dataclass(frozen=True)
class RetentionCohort(Shown):
    """Those who began together."""

    #: First day of the unit, such as ``2026-11-02``; else the campaign or channel, None: they have none.
    name: Optional[str]
    size: int
    #: From period 0, the rest of the unit that they began in.
    periods: List[RetentionPeriod]


@dataclass(frozen=True)
class Retention(Shown):
    """How many of those who began at one time, or by one way, came again, and when."""

    #: Who were looked at, in a cohort or not.
    people: int
    #: Of periods: ``day``, ``week``, ``month``, ``quarter`` or ``year``.
    unit: str
    #: What cohorts are by: the unit, or ``campaign`` or ``channel``.
    by: str
    #: Came again in that period or any later one.
    rolling: bool
    cohorts: List[RetentionCohort]
    #: All cohorts together.
    all: RetentionCohort

    def matrix(self) -> List[List[Optional[float]]]:
        """Shares by cohort, then period; None where the period is over for nobody."""
        return [[period.share for period in cohort.periods] for cohort in self.cohorts]

    def rows(self) -> List[Dict[str, Any]]:
        """A dict for each cohort and period: for a data frame."""
        return [
            {"cohort": cohort.name, "size": cohort.size, "period": number, "returned": period.returned}
            | {"observed": period.observed, "share": period.share, "complete": period.complete}
            for cohort in self.cohorts
            for number, period in enumerate(cohort.periods)
        ]

    def _repr_html_(self) -> str:
        return _measured.retention(self)


@dataclass(frozen=True)
class Repurchase(Shown):
    """How many of those who bought bought a second time, soon enough."""

    #: Who were looked at.
    people: int
    within: timedelta
    #: Whose first order is in the window.
    buyers: int
    #: Who bought a second time in time.
    repurchased: int
    #: Who had all the time.
    observed: int
    repurchased_of_observed: int
    #: `repurchased_of_observed` by `observed`; None where there is nobody.
    rate: Optional[float]
    #: Of those who repurchased, from the first order to the second.
    waited: Durations


@dataclass(frozen=True)
class AttributionCredit(Shown):
    """What a model credits to a campaign or channel; all of a model's sum exactly to what there is."""

    #: Of conversions: 1,000,000 is one.
    millionths: int
    #: By currency.
    value: List[Money]

    @property
    def conversions(self) -> float:
        """Parts of conversions added up."""
        return self.millionths / 1e6


@dataclass(frozen=True)
class AttributionKey(Shown):
    """A campaign or channel."""

    #: Empty: touches that have none. None: conversions that no touch came before.
    key: Optional[str]
    #: By model.
    credits: Dict[str, AttributionCredit]
    #: All, also far from any conversion.
    touches: int
    #: Who had one of these.
    people: int
    #: Conversions that one of these came before, credited or not.
    conversions: int
    converted_people: int


@dataclass(frozen=True)
class Attribution(Shown):
    """Which campaigns or channels conversions are credited to, by several models beside each other. It
    divides what happened by a rule that somebody chose, and does not say what a campaign caused."""

    by: str
    models: List[str]
    people: int
    converted_people: int
    conversions: int
    #: What the conversions are worth, by currency.
    value: List[Money]
    #: What the first model credits most is first; conversions without a touch are last.
    keys: List[AttributionKey]
    #: Of too many touches and conversions.
    people_left_out: int
    #: With a key of more than 1,024 bytes.
    touches_left_out: int

    def __getitem__(self, key: Optional[str]) -> AttributionKey:
        for row in self.keys:
            if row.key == key:
                return row
        raise KeyError("nothing touched anybody by this key")

    def rows(self) -> List[Dict[str, Any]]:
        """A dict for each key and model, with a column for each currency: for a data frame."""
        rows = []
        for row in self.keys:
            for model in self.models:
                credit = row.credits[model]
                rows.append(
                    {"key": row.key, "model": model, "conversions": credit.conversions}
                    | {f"value_{money.currency}": 0 for money in self.value}
                    | {f"value_{money.currency}": money.minor_units for money in credit.value}
                )
        return rows

    def _repr_html_(self) -> str:
        return _measured.attribution(self)


@dataclass(frozen=True)
class ItemPair(Shown):
    """Two items that were in a basket together, as seen from `item`."""

    item: str
    other: str
    #: Baskets with both.
    together: int
    with_item: int
    with_other: int
    #: Of all baskets, those with both.
    support: float
    #: Of those with the item, those with the other.
    confidence: float
    #: How many times as often as by chance.
    lift: float
    cosine: float


@dataclass(frozen=True)
class ScoredItem(Shown):
    """What goes with the items that somebody has."""

    item: str
    #: Sum of cosines.
    score: float
    #: The one of them that it goes with best.
    because: str
