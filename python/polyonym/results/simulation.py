"""What another policy would make of the same records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, List

from ._shown import Shown
from .identity import SimulatedChange

if TYPE_CHECKING:
    from ..moments import Moment


@dataclass(frozen=True)
class Simulation(Shown):
    """Who would merge, split or be held. Nothing is written."""

    changes: List[SimulatedChange]
    #: Today's profiles that would be joined with another.
    merged: int
    #: Today's profiles that would come apart.
    split: int
    #: Standing records counted today that would be held.
    held: int
    #: Standing records held today that would be counted.
    released: int
    profiles_before: int
    profiles_after: int
    #: What it would be: ask it whose an identifier is, what people are like, who is in segments.
    after: Moment = field(repr=False)
