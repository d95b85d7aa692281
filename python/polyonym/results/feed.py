"""Consumers of the feed, and what triggers ask a host to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Optional

from ._shown import Shown


@dataclass(frozen=True)
class FeedCursor(Shown):
    """Up to where a consumer has dealt with everything."""

    consumer: str
    graph: str
    #: Sequence of the call that it is given next.
    position: int


@dataclass(frozen=True)
class OutboxItem(Shown):
    """Somebody came into the segment of a trigger, or left it; it stays until it is acknowledged."""

    #: No other item of the store ever has it: a key for doing a thing once.
    id: int
    sequence: int
    trigger: str
    segment: str
    #: By the id of then: Store.find() has the present one.
    profile: str
    cause: str
    #: Number of the record that caused it; none where a whole call did.
    record: Optional[int]
    #: As of when the segment was judged.
    now: datetime
