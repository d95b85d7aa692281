"""Campaigns: who is enrolled, what became of them, and whether a message may go out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Dict, List, Optional

from . import _measured
from ._shown import Shown
from .identity import Identifier
from .lift import Lift, SampleRatio
from .values import Money


@dataclass(frozen=True)
class Enrolled(Shown):
    """What an enrolment did; of a dry run, what it would."""

    #: Who were looked at.
    people: int
    #: Of these in the audience now.
    audience: int
    #: Enrolled already, in the audience or not.
    before: int
    #: Who are enrolled now and were not, by variant; ``holdout``: held out.
    variants: Dict[str, int]
    #: Whose records the policy holds.
    held: int

    @property
    def total(self) -> int:
        """Who are enrolled now and were not."""
        return sum(self.variants.values())


@dataclass(frozen=True)
class Refreshed(Shown):
    """What bringing a board to a later state took."""

    #: That were read again.
    people: int
    #: It was built again: another policy, a guard that flipped, a horizon that moved.
    all: bool


@dataclass(frozen=True)
class CampaignState(Shown):
    """A campaign that is defined."""

    name: str
    #: start <= now < end.
    runs: bool
    start: datetime
    #: None: for ever.
    end: Optional[datetime]
    frozen: bool
    enrolled: int
    variants: List[str]


@dataclass(frozen=True)
class StepReport(Shown):
    """A step on the way, such as ``opened``."""

    name: str
    people: int
    #: Events of the step.
    times: int
    #: People, of those who are enrolled.
    rate: float
    #: People who took this step and all before it in their order.
    passed_people: int
    #: These, of those of the step before.
    passed: float


@dataclass(frozen=True)
class RevenueReport(Shown):
    """What the goal's events were worth in a currency, returns taken off."""

    #: Exact, however large.
    total: Money
    #: In minor units, of those who are enrolled.
    per_person: float


@dataclass(frozen=True)
class VariantReport(Shown):
    """Everybody who was enrolled as one variant, reached or not."""

    #: ``holdout``: who is left alone. None: variants that the definition does not have any more.
    name: Optional[str]
    #: What the others are compared with.
    is_control: bool
    enrolled: int
    steps: List[StepReport]
    #: People.
    converted: int
    #: None of nobody.
    conversion_rate: Optional[float]
    #: Events of the goal.
    conversions: int
    #: By currency.
    revenue: List[RevenueReport]
    #: People with an amount that is too large to be counted.
    left_out: int
    #: From enrolment to the first conversion; 366: so many or more.
    median_days_to_convert: Optional[int]
    #: Beside the control. None: it is the control, there is none, or there is nobody in one of them.
    lift: Optional[Lift]


@dataclass(frozen=True)
class CampaignReport(Shown):
    """What a campaign came to, by variant; ``report["letter"]`` is one of them."""

    campaign: str
    #: As of when.
    now: datetime
    #: As defined; then the holdout and what is not defined, where there is anybody.
    variants: List[VariantReport]
    #: Its name; None: there is none, and nothing says what would have been without the campaign.
    control: Optional[str]
    #: None: none is defined.
    cost: Optional[Money]
    #: All defined variants but the control, together, beside it, with the return on the cost.
    overall: Optional[Lift]
    #: Whether people are in variants by their weights, and in the holdout by its share.
    variants_ratio: Optional[SampleRatio]
    holdout_ratio: Optional[SampleRatio]

    def __getitem__(self, variant: Optional[str]) -> VariantReport:
        for report in self.variants:
            if report.name == variant:
                return report
        raise KeyError("the campaign has no variant of this name")

    def rows(self) -> List[Dict[str, Any]]:
        """A dict for each variant: for a data frame."""
        return [_variant_row(variant) for variant in self.variants]

    def _repr_html_(self) -> str:
        return _measured.campaign(self)


def _variant_row(variant: VariantReport) -> Dict[str, Any]:
    row: Dict[str, Any] = {
        "variant": variant.name,
        "is_control": variant.is_control,
        "enrolled": variant.enrolled,
    }
    row.update({step.name: step.people for step in variant.steps})
    row.update(converted=variant.converted, conversion_rate=variant.conversion_rate)
    row.update({f"revenue_{of.total.currency}": of.total.minor_units for of in variant.revenue})
    conversion = variant.lift.conversion if variant.lift else None
    row["difference"] = conversion.difference if conversion else None
    row["difference_low"] = conversion.difference_interval.low if conversion else None
    row["difference_high"] = conversion.difference_interval.high if conversion else None
    row["p_value"] = conversion.p_value if conversion else None
    return row


@dataclass(frozen=True)
class ReachHold(Shown):
    """A rule that holds a message back."""

    #: ``no_identifier``, ``consent_missing``, ``consent_denied``, ``consent_withdrawn``,
    #: ``consent_conflict``, ``consent_expired``,
    #: ``profiling``, ``cap``, ``quiet_hours`` or ``restricted``.
    kind: str
    #: Name of the cap or the quiet hours, or the purpose.
    rule: Optional[str]
    #: The first moment at which it does not hold, if nothing else comes. None: only the person can change it.
    until: Optional[datetime]


@dataclass(frozen=True)
class ChannelReach(Shown):
    """A channel, and what holds a message back there."""

    channel: str
    holds: List[ReachHold]
    #: That could be written to.
    identifiers: List[Identifier]
    #: The first moment at which nothing holds it back, if nothing else comes.
    open_at: Optional[datetime]

    @property
    def open(self) -> bool:
        """A message may go out now."""
        return not self.holds


@dataclass(frozen=True)
class ReachAnswer(Shown):
    """Whether a message may go out to a person now; it is true where one of the channels is open."""

    #: Whose days and hours count.
    zone: str
    #: ``person``, ``default`` (the person has none) or ``unknown`` (what the person has is no zone: the
    #: default counts).
    zone_from: str
    channels: List[ChannelReach]

    def __getitem__(self, channel: str) -> ChannelReach:
        for reach in self.channels:
            if reach.channel == channel:
                return reach
        raise KeyError("no such channel was asked for")

    def __bool__(self) -> bool:
        return any(reach.open for reach in self.channels)
