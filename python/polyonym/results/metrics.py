"""What a store did since it was opened, and what it holds, for monitoring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Optional

from ._shown import Shown


@dataclass(frozen=True)
class Latency(Shown):
    """How long one kind of call took, failures included; quantiles are within an eighth, and none where there
    was no call.
    """

    count: int
    total_ms: float
    p50_ms: Optional[float]
    p90_ms: Optional[float]
    p99_ms: Optional[float]
    p999_ms: Optional[float]


@dataclass(frozen=True)
class Metrics(Shown):
    """Numbers for monitoring: docs/operations.md says which to watch. What only grows counts since the store
    was opened.
    """

    sequence: int
    #: Of ``apply``, ``retract``, ``set_policy``, ``advance_to``, ``move_horizon``, ``commit``, ``sync`` and
    #: ``checkpoint``.
    latencies: Dict[str, Latency]
    #: Of profiles, by Change.kind.
    changes: Dict[str, int]
    records_applied: int
    records_unchanged: int
    records_held: int
    records_rejected: int
    retracted_records: int
    rejudged_records: int
    expired_links: int
    folded_records: int
    #: Identifiers that became shared, and that ceased to be.
    guards_tripped: int
    guards_released: int
    logged_bytes: int
    checkpoint_failures: int
    write_stalled_ms: float
    slow_batches: int
    # ---- as it stands ----
    policy_version: int
    graphs: int
    records: int
    standing_records: int
    held_records: int
    identifiers: int
    live_identifiers: int
    shared_identifiers: int
    profiles: int
    links: int
    refused_links: int
    #: That a power cut may take.
    unsynced_commits: int
    #: Views that are held, and commits since the oldest of them.
    pinned_views: int
    oldest_pin_commits: int
    waiting_calls: int
    log_since_checkpoint_bytes: int
    #: Memory of the index.
    resident_bytes: int
    #: On disk.
    store_bytes: int
    write_stalled: bool
    read_only: bool
