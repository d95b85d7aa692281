"""Backups, and what is left of a damaged store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import List

from ._shown import Shown


@dataclass(frozen=True)
class Backup(Shown):
    """A backup in a folder of them."""

    #: From 1, ascending.
    id: int
    #: Of the last call when it was begun: it has that, and under load later ones too.
    sequence: int
    #: Of the store's clock, or of its newest record where that is later.
    time: datetime
    #: Of the whole of it, shared with others or not.
    bytes: int
    #: Of what had to be copied; of back_up() alone, else 0.
    new_bytes: int


@dataclass(frozen=True)
class UnsoundRow(Shown):
    """A row that does not open against its checksum, or is missing; of no value of anybody."""

    #: ``log``, ``state``, ``meta``, ``feed``; ``files``: a file of the folder.
    table: str
    #: Such as ``frame 12``.
    key: str
    #: Is wrong with it.
    what: str


@dataclass(frozen=True)
class Repaired(Shown):
    """How a store was put together of what is sound in another."""

    #: ``copied`` (all is as it was), ``replayed`` (from the log, likewise), or ``rebuilt`` (records one by one: ids of profiles may be others).
    method: str
    #: RocksDB did not open the folder: rows that were deleted may be there again.
    gathered: bool
    unsound: List[UnsoundRow]
    #: Of the log, that are sound.
    frames: int
    #: In reach: read from them.
    records: int
    #: Numbers missing between them.
    lost_records: int
    #: Of the new store.
    standing_records: int
    #: Likewise.
    sequence: int
    #: What else is not as it was.
    notes: List[str]
