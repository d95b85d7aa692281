"""What a treatment changed: those who were treated beside a control group that was drawn by chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional

from ._shown import Shown


@dataclass(frozen=True)
class Interval(Shown):
    """Where a figure lies, in so many of a hundred such trials as the confidence says."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:.6g} to {self.high:.6g}"


@dataclass(frozen=True)
class ConversionLift(Shown):
    """Shares of people who converted."""

    treated_rate: float
    control_rate: float
    #: Wilson's, as that of the control.
    treated_interval: Interval
    control_interval: Interval
    #: Treated less control.
    difference: float
    #: Newcombe's method 10.
    difference_interval: Interval
    #: treated_rate / control_rate - 1: 0.2 is a fifth more. None where nobody of the control converted.
    relative: Optional[float]
    #: Katz's; None also where nobody of the treated converted.
    relative_interval: Optional[Interval]
    #: Of the test that both have one rate.
    z: float
    #: Two-sided.
    p_value: float
    #: Conversions beyond those that the treated would have had at the control's rate.
    incremental: float
    incremental_interval: Interval


@dataclass(frozen=True)
class MoneyLift(Shown):
    """Money of a currency, in minor units: per person of the arm, who paid or not. Intervals and the test are
    Welch's, and None where nothing says how far chance goes."""

    currency: str
    treated_mean: float
    control_mean: float
    difference: float
    difference_interval: Optional[Interval]
    t: Optional[float]
    degrees_of_freedom: Optional[float]
    #: Two-sided.
    p_value: Optional[float]
    #: None where the control's mean is not above 0.
    relative: Optional[float]
    #: What came in beyond what would have without the treatment.
    incremental: float
    incremental_interval: Optional[Interval]
    #: (incremental - cost) / cost: 0 earns what it cost. None without a cost in this currency.
    return_on_cost: Optional[float]
    return_on_cost_interval: Optional[Interval]


@dataclass(frozen=True)
class Lift(Shown):
    """Two arms of different people, compared."""

    conversion: ConversionLift
    #: By currency.
    money: List[MoneyLift]


@dataclass(frozen=True)
class SampleRatio(Shown):
    """Whether arms have the sizes that they were meant to have: Pearson's chi-squared test."""

    chi_squared: float
    degrees_of_freedom: int
    #: How often chance alone is as far off, or further.
    p_value: float
    #: p_value < 0.001: do not believe the lift before you know why.
    is_mismatch: bool
