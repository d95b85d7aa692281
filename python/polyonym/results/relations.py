"""How people are tied whom nothing made one person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import List

from ._shown import Shown
from .identity import Identifier


@dataclass(frozen=True)
class Relation(Shown):
    """All evidence of one kind between two profiles."""

    #: Of the two, the one nearer to where the question began.
    source: str
    target: str
    #: ``refused`` (a limit, a window or a cannot-link kept the link out), ``shared`` (an end is), ``named``
    #: (a record about one names the other) or ``expired``.
    kind: str
    #: Of ``named``: ``forward``, where a record about `source` names `target`, or ``backward``; else
    #: ``both``.
    direction: str
    #: The two identifiers that were seen together most often.
    source_identifier: Identifier
    target_identifier: Identifier
    #: Pairs of identifiers that tie the two so.
    pairs: int
    #: Of all these pairs; of ``named`` the records.
    sightings: int
    first: datetime
    last: datetime


@dataclass(frozen=True)
class Related(Shown):
    """A profile in reach of another by relations."""

    profile: str
    #: Steps from where the question began; 1 or more.
    distance: int
    #: To profiles one step nearer; of a path, to the step before.
    relations: List[Relation]
