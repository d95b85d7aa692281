"""What became of the rows of a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import List, Optional

from ._shown import Shown


@dataclass(frozen=True)
class Reject(Shown):
    """A row that is no record, or of which a fact was left out."""

    #: Of the table, from 0.
    row: int
    #: The column at fault; none where it is the row as a whole, or no column's.
    column: Optional[str]
    #: A code of docs/records.md, such as ``missing_time``; of a fact that breaks a bound of its own, its path and what is wrong.
    reason: str


@dataclass(frozen=True)
class Ingested(Shown):
    """What ingest() did."""

    rows: int
    applied: int
    #: Known already, or older than what stands for their ids.
    unchanged: int
    #: Policy forbids them; they are kept, and listed by held().
    held: int
    #: No records: `rejects` says which and why.
    rejected: int
    #: Identifiers of applied records that policy left out.
    held_identifiers: int
    #: Facts that are none, or break a bound: their records stand without them. `left_out` says which.
    left_out_facts: int
    #: Of the last call that stored something.
    sequence: int
    #: The first 1,000 of the rejected rows.
    rejects: List[Reject] = field(repr=False)
    #: The first 1,000 of the facts that were left out.
    left_out: List[Reject] = field(repr=False)
