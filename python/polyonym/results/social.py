"""How well people are bound into a community: trust, strength of ties, activity, contribution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional

from ._shown import Shown


@dataclass(frozen=True)
class CapitalComponents(Shown):
    """Each 0 to 1; of a Gini coefficient: 0, all have the same."""

    trust: float
    strength: float
    activity: float
    #: None where no currency was named.
    contribution: Optional[float]


@dataclass(frozen=True)
class PersonCapital(Shown):
    """The social capital of a person, and what it was made of."""

    profile: str
    #: The geometric mean of the components.
    index: float
    components: CapitalComponents
    #: Decayed: trust says little where there is little of it.
    good_evidence: float
    bad_evidence: float
    tie_strengths: float
    active_days: float
    #: In units of the currency, in 30 days.
    mean_contribution: Optional[float]


@dataclass(frozen=True)
class SocialCapital(Shown):
    """The social capital of people, and of all of them together."""

    #: The greatest index first.
    people: List[PersonCapital]
    #: Of the means.
    index: float
    mean: CapitalComponents
    gini: CapitalComponents
    #: The contribution in 30 days that scores one half, in units of the currency.
    reference: Optional[float]
    #: Facts that were to count and could not.
    left_out: int
