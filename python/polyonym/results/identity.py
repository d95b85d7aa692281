"""What the engine says of who is who."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import List, Optional

from ._shown import Shown


@dataclass(frozen=True, order=True)
class Identifier(Shown):
    """A name that somebody is known under: a namespace and a value.

    >>> str(Identifier("phone", "+8613601230001"))
    'phone:+8613601230001'
    """

    ns: str
    value: str

    def __str__(self) -> str:
        return f"{self.ns}:{self.value}"


@dataclass(frozen=True)
class Resolution(Shown):
    """What is known of an identifier. Shared and gone ones have a profile too: they stand alone."""

    profile: Optional[str]
    #: Some record, standing or not, ever named it.
    known: bool
    #: A guard holds: it joins nothing.
    shared: bool
    #: Policy blocks the value.
    blocked: bool
    #: Policy holds it for another reason: an undeclared namespace, a value that its normaliser refuses.
    held: bool
    #: No standing record names it any more.
    gone: bool
    #: Its validity is over: a sighting now would be of another identifier.
    expired: bool


@dataclass(frozen=True)
class RecordResult(Shown):
    """What became of one record."""

    #: ``applied``, ``unchanged``, ``held`` or ``rejected``.
    outcome: str
    #: Why, where it is not ``applied``; else ``none``.
    reason: str
    #: Path of the field at fault, where it is rejected.
    field: str
    #: Of the record's first identifier after the call.
    profile: Optional[str]
    #: Identifiers of an applied record that policy left out.
    held_identifiers: int
    #: Facts that break a bound of their own: ``path: what is wrong``. The record stands without them.
    left_out_facts: List[str]


@dataclass(frozen=True)
class Change(Shown):
    """What a call did to one profile: a row of the feed."""

    sequence: int
    #: ``created``, ``merged``, ``split``, ``moved``, ``joined``, ``gone``, ``entered``, ``left``, ``trait`` or ``tag``.
    kind: str
    #: ``record``, ``retraction``, ``act``, ``time``, ``definition``, ``sharing``, ``merge``, ``split`` or ``consent``.
    cause: str
    #: The profile that it was, where there was one.
    source: Optional[str]
    #: The profile that it is now, where there is one.
    target: Optional[str]
    #: Number of the record that caused it; none where a whole call did.
    record: Optional[int]
    #: Numbers of the identifiers that changed place; empty where all of `source` did.
    identifiers: List[int]
    #: Of the segment, trait or tag; else empty.
    name: str
    #: What the trait or tag is now, for people to read.
    values: List[str]


@dataclass(frozen=True)
class Applied(Shown):
    """What a call of apply() did, record by record."""

    sequence: int
    records: List[RecordResult]
    changes: List[Change]

    @property
    def rejected(self) -> List[int]:
        """Places of the records that were rejected."""
        return [i for i, record in enumerate(self.records) if record.outcome == "rejected"]


@dataclass(frozen=True)
class Retracted(Shown):
    """What taking back did; of a dry run, what it would."""

    sequence: int
    retracted: int
    changes: List[Change]


@dataclass(frozen=True)
class PolicySet(Shown):
    """What a new policy did."""

    sequence: int
    #: Records that the difference may concern, judged again.
    judged_records: int
    #: Those of them that count otherwise now.
    changed_records: int
    #: Profiles over which the rule was run again.
    replayed_profiles: int
    changes: List[Change]


@dataclass(frozen=True)
class Advanced(Shown):
    """What time did."""

    sequence: int
    expired_links: int
    replayed_profiles: int
    changes: List[Change]


@dataclass(frozen=True)
class Evidence(Shown):
    """How often and when two identifiers were seen together."""

    a: Identifier
    b: Identifier
    #: Live ones.
    sightings: int
    first: datetime
    last: datetime
    must_link: bool
    cannot_link: bool
    sources: List[str]
    #: ``source/id`` of up to 16 live sightings, the latest first.
    records: List[str] = field(repr=False)


@dataclass(frozen=True)
class Why(Shown):
    """The chain of kept links from one identifier to the other: the fewest, then the strongest weakest one."""

    connected: bool
    chain: List[Evidence]
    #: The link of the chain that the rule ranks lowest.
    weakest: Optional[Evidence]

    def __bool__(self) -> bool:
        return self.connected


@dataclass(frozen=True)
class WhyNot(Shown):
    """What keeps two identifiers apart."""

    #: ``none`` (they are one person), ``unknown``, ``no_evidence``, ``limit``, ``profile_size``, ``cannot_link``, ``shared``, ``window``,
    #: ``held`` or ``expired``.
    obstacle: str
    #: The strongest refused link on the way.
    refused: Optional[Evidence]
    #: The namespace whose limit it is.
    limit_namespace: str
    #: Its number; of ``shared`` the guard's.
    limit: int
    #: How many the joined profile would have held.
    would_be: int
    #: Of ``shared``: which identifier is.
    shared: Optional[Identifier]


@dataclass(frozen=True)
class Link(Shown):
    """A link of an identifier that has evidence, and what the rule made of it."""

    evidence: Evidence
    #: ``kept``, ``refused``, ``shared`` or ``expired``.
    state: str


@dataclass(frozen=True)
class Held(Shown):
    """A record, or an identifier of it, that policy holds."""

    #: The record's number.
    record: int
    source: str
    record_id: str
    reason: str
    whole_record: bool
    #: Place in the record's identifiers, where one alone is held.
    identifier: Optional[int]
    ns: str


@dataclass(frozen=True)
class Stats(Shown):
    """What a store holds."""

    sequence: int
    records: int
    standing_records: int
    held_records: int
    folded_records: int
    identifiers: int
    live_identifiers: int
    shared_identifiers: int
    profiles: int
    links: int
    refused_links: int
    largest_profile: int
    resident_bytes: int
    store_bytes: int


@dataclass(frozen=True)
class Verified(Shown):
    """Everything computed again from the records by the definition of the rule, and compared."""

    records: int
    identifiers: int
    links: int
    #: Each names an invariant and a number. Empty: all is well.
    problems: List[str]

    def __bool__(self) -> bool:
        return not self.problems


@dataclass(frozen=True)
class StoredRecord(Shown):
    """A record as it stands in the log."""

    #: In order of arrival, from 1.
    number: int
    sequence: int
    standing: bool
    held: bool
    #: The record as JSON: docs/records.md.
    json: str


@dataclass(frozen=True)
class SimulatedChange(Shown):
    """What another policy would do to one of today's profiles."""

    #: ``merged``, ``split``, ``gone`` or ``created``.
    kind: str
    #: Today's profile; none where nobody is known today.
    profile: Optional[str]
    #: Of ``merged``: today's other profiles.
    others: List[str]
    #: Of ``split`` and ``created``: what there would be.
    parts: List[List[Identifier]]
