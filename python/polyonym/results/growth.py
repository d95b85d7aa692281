"""How people came in and moved on: who brings whom, and between which stages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import List, Optional

from ._shown import Shown
from .measure import Durations


@dataclass(frozen=True)
class GrowthGroup(Shown):
    """What a group of people brought in the window. Ratios are None where they are of nothing."""

    people: int
    #: Who invited somebody.
    inviters: int
    #: Of one person by another, once.
    invitations: int
    #: Who are credited to them.
    newcomers: int
    invitations_per_person: Optional[float]
    #: Newcomers by invitations.
    conversion: Optional[float]
    #: Newcomers by people: above 1 the loop grows by itself.
    k_factor: Optional[float]


@dataclass(frozen=True)
class GrowthSpan(Shown):
    """How long it took newcomers."""

    newcomers: int
    #: The lower one of two in the middle; None of nobody.
    median: Optional[timedelta]


@dataclass(frozen=True)
class Growth(Shown):
    """The growth loop: customers invite others, some of whom become customers, who invite others."""

    everybody: GrowthGroup
    #: Who became one before the window's end.
    customers: GrowthGroup
    #: Members of the segment that was named; None: none was.
    loyal: Optional[GrowthGroup]
    #: People who were invited in the window.
    invited: int
    #: From the first invitation until the newcomer was a customer.
    wait: GrowthSpan
    #: From when the inviter was a customer until the newcomer was.
    cycle: GrowthSpan
    #: Newcomers brought by people whom nobody brought, by those, and so on.
    generations: List[int]
    #: Beyond these, or in a circle.
    deeper: int
    #: Invitations of nobody who is known.
    left_out: int


@dataclass(frozen=True)
class FlowStage(Shown):
    """A stage of a ladder, and who stood there."""

    #: None: on no stage yet.
    stage: Optional[str]
    at_start: int
    #: Moves to it.
    entered: int
    #: Moves from it.
    left: int
    at_end: int
    #: People who ever stood there and no higher.
    highest: int
    #: Of spells that ended in the window.
    stayed: Durations


@dataclass(frozen=True)
class FlowMove(Shown):
    """From one stage to another."""

    source: Optional[str]
    target: Optional[str]
    #: That made it at least once.
    people: int
    moves: int
    #: On `source`, before the move.
    stayed: Durations


@dataclass(frozen=True)
class Flows(Shown):
    """How many people moved between the stages of a ladder: start <= move < end."""

    ladder: str
    start: datetime
    end: datetime
    people: int
    #: Who had no event yet.
    unseen_at_start: int
    unseen_at_end: int
    #: Moves to a later stage.
    up: int
    down: int
    stages: List[FlowStage]
    moves: List[FlowMove]
