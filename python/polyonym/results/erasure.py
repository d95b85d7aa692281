"""What was forgotten, dropped and set apart. None of it has a value of anybody."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import List

from ._shown import Shown


@dataclass(frozen=True)
class Erasure(Shown):
    """An identifier that was erased: a keyed hash of it, which says nothing to who has not the key."""

    #: 16 bytes.
    hash: bytes
    #: Of the call that erased it first.
    sequence: int


@dataclass(frozen=True)
class EraseReceipt(Shown):
    """What an erasure did."""

    #: Of the call; unchanged where nothing was there to erase.
    sequence: int
    #: Of the store's clock, or of its newest record where that is later.
    time: datetime
    #: Of this call, by hash.
    erasures: List[Erasure] = field(repr=False)
    erased_identifiers: int
    #: That the people were seen with, and are others' too.
    kept_shared_identifiers: int
    #: Whole ones.
    removed_records: int
    #: That are of others too, and were left without the people.
    rewritten_records: int
    #: Of all of these.
    removed_facts: int
    #: Pairs that had evidence.
    removed_links: int
    rewritten_feed_rows: int
    removed_outbox_items: int
    rewritten_frames: int
    #: No file of before is left. False: finish_erasing() is to be called.
    finished: bool
    #: HMAC-SHA-256 under the ledger's key of all of the above: who has the key sees that nobody changed it.
    seal: bytes = field(repr=False)


@dataclass(frozen=True)
class Kept(Shown):
    """What keep_only() did."""

    #: Of the call; unchanged where nothing was old enough.
    sequence: int
    removed_facts: int
    #: That had them.
    rewritten_records: int
    #: No file of before is left.
    finished: bool


@dataclass(frozen=True)
class Restricted(Shown):
    """Who is kept and not used, or is used again."""

    profile: str
    #: That were written; 0: it was so already.
    records: int
    #: Of the store's last commit.
    sequence: int
