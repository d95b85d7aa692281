"""What a person is like."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Dict, Iterator, List, Optional, Tuple

from ._profile_card import card
from ._shown import Shown
from .identity import Identifier
from .values import Money, Place


@dataclass(frozen=True)
class Provenance(Shown):
    """Where a fact came from."""

    #: Number of the record: Store.record() has it.
    record: int
    #: Who said so: the fact's own source, else the record's.
    source: str
    record_source: str
    record_id: str
    #: The fact's own time, else the record's.
    time: datetime
    #: The record's first identifier.
    belongs_to: Identifier
    #: The record names no namespace that the policy calls identifying.
    anonymous: bool

    def __str__(self) -> str:
        return f"{self.record_source}/{self.record_id}"


@dataclass(frozen=True)
class Candidate(Shown):
    """A value that took part in a trait."""

    value: Any
    provenance: Provenance
    #: 0 to 1, where the source gave it.
    confidence: Optional[float]


@dataclass(frozen=True)
class Trait(Shown):
    """One trait of a person: what its fold made of all that was said."""

    name: str
    #: One value; of sums of money one for each currency, of unions and top-n several, in order; none: nothing
    #: is known.
    values: List[Any]
    #: Values that took part.
    count: int
    #: There are more than the definition's bound.
    beyond_bound: bool
    #: Of folds that choose one: what won.
    winner: Optional[Candidate]
    #: With ``explain=True``: what took part and did not win, in order.
    lost: List[Candidate] = field(repr=False)

    @property
    def value(self) -> Any:
        """The value; of several the first; None where nothing is known."""
        return self.values[0] if self.values else None


@dataclass(frozen=True)
class TagPart(Shown):
    """What one fact or event gave to a tag."""

    #: As it was given.
    weight: float
    #: Of the score, as of now.
    counts_for: float
    #: The rule or model that gave it, or the behaviour's name.
    rule: str
    provenance: Provenance


@dataclass(frozen=True)
class Tag(Shown):
    """One tag of a person, and how strong it is."""

    name: str
    #: Of its own parts and those of the tags below it.
    score: float
    #: Parts, those of the tags below it too.
    count: int
    first: datetime
    last: datetime
    last_place: Optional[Place]
    #: Of the part that ends last; none: one never ends.
    valid_until: Optional[datetime]
    layers: List[str]
    #: With ``explain=True``.
    parts: List[TagPart] = field(repr=False)


@dataclass(frozen=True)
class Consent(Shown):
    """What a person said of one purpose."""

    purpose: str
    #: ``granted``, ``denied``, ``withdrawn``, or ``unknown``: what was granted has ended.
    state: str
    #: Identifiers of the person say different things.
    conflict: bool
    #: Of the word that decides.
    time: datetime


@dataclass(frozen=True)
class Spell(Shown):
    """How long somebody stood on a stage."""

    #: Empty: on none yet.
    stage: str
    start: datetime
    #: Of the last: now.
    end: datetime


@dataclass(frozen=True)
class Ladder(Shown):
    """Where a person stands on a ladder of stages."""

    name: str
    #: Where they stand now; empty: nowhere.
    stage: str
    #: Where they ever stood.
    highest: str
    #: When they came to the stage.
    entered: Optional[datetime]
    #: With ``explain=True``.
    spells: List[Spell] = field(repr=False)


@dataclass(frozen=True)
class Contact(Shown):
    """Events on one channel, which is the namespace of the identifier that they belong to."""

    channel: str
    #: From the person.
    last_in: Optional[datetime]
    #: To the person.
    last_out: Optional[datetime]
    incoming: int
    outgoing: int
    #: Those without a direction too.
    events: int


@dataclass(frozen=True)
class Rfm(Shown):
    """Recency, frequency and monetary value among all customers, each from 1, the worst.

    >>> str(Rfm(5, 4, 3))
    '543'
    """

    recency: int
    frequency: int
    monetary: int

    def __str__(self) -> str:
        return f"{self.recency}{self.frequency}{self.monetary}"


@dataclass(frozen=True)
class Purchases(Shown):
    """What a person's purchases in one currency say: docs/scores.md. Days are whole calendar days."""

    name: str
    currency: str
    #: ``none`` (nothing was bought), ``once`` (on one day), ``active``, ``due`` or ``lost``.
    state: str
    count: int
    returns: int
    #: Purchases less returns.
    total: Money
    #: Of the returns alone; 0 or negative.
    returned: Money
    #: Days with a purchase, after the first.
    frequency: int
    #: From the first day with a purchase to the last.
    recency_days: int
    #: From the first day with a purchase to now.
    observed_days: int
    #: Mean of what was bought on a day, over the days that `frequency` counts.
    mean_repeat_minor_units: float
    first: Optional[datetime]
    last: Optional[datetime]
    days_since_last: Optional[int]
    #: Between days with a purchase; none where there is one at most.
    mean_gap_days: Optional[float]
    #: When the next one is due.
    due: Optional[datetime]
    #: 1: due today, 2: a whole gap late.
    overdue_ratio: Optional[float]
    #: None: no model, or nothing was bought.
    rfm: Optional[Rfm]
    #: That they are still a customer, 0 to 1, by BG/NBD; none: no model, or nothing was bought.
    alive: Optional[float]
    #: Purchases in the next days, as many as the score's definition says.
    expected: Optional[float]
    #: What these are worth; none for who never bought again.
    expected_minor_units: Optional[float]


@dataclass(frozen=True)
class ChannelShare(Shown):
    """How much of what a person does is done on one channel."""

    channel: str
    #: 0 to 1; all channels sum to 1.
    share: float
    decayed_count: float
    interactions: int


@dataclass(frozen=True)
class Event(Shown):
    """Something that happened."""

    type: str
    time: datetime
    value: Optional[Money]
    place: Optional[Place]
    campaign: str
    properties: Dict[str, Any]
    #: ``in``: from the person; ``out``: to the person.
    direction: Optional[str]
    #: ``automatic``, ``manual`` or ``batch``.
    mode: Optional[str]
    #: ``public``, ``one_to_one`` or ``group``.
    visibility: Optional[str]
    provenance: Provenance = field(repr=False)


@dataclass(frozen=True)
class ToldRelation(Shown):
    """A relation that a record tells of; who is tied by shared evidence: Store.neighbourhood()."""

    type: str
    other: Identifier
    weight: float
    time: datetime
    provenance: Provenance = field(repr=False)


@dataclass(frozen=True)
class AmbiguousFacts(Shown):
    """What was told of a whole person who has come apart since: it may be meant for any of the parts.
    Store.record() has all of it.
    """

    provenance: Provenance
    #: They are folded in this profile.
    counts_here: bool
    #: Of what the record names: what is of this profile, and what is not.
    here: List[Identifier]
    elsewhere: List[Identifier]
    #: Names and values.
    traits: List[Tuple[str, Any]]
    #: Names and weights.
    tags: List[Tuple[str, float]]
    events: List[Event]
    relations: List[ToldRelation]
    #: Purposes and states.
    consents: List[Tuple[str, str]]


@dataclass(frozen=True, repr=False)
class Profile(Shown):
    """What a person is like, as of a time: the folds of all that was told of their identifiers. A notebook
    shows a card.

    What has names is a dict by them: ``profile.traits["city"].value``, ``profile.tags["coffee"].score``,
    ``profile.consents["ads"].state``.
    """

    #: None: of a moment, where no identifier has a number in the store.
    id: Optional[str]
    identifiers: List[Identifier]
    #: As of when.
    now: datetime
    #: Of the policy whose definitions were read; none at another time.
    policy_version: Optional[int]
    #: 0 to 1: weights of the traits that have a value, by all weights.
    completeness: float
    traits: Dict[str, Trait]
    #: The greatest score first.
    tags: Dict[str, Tag]
    #: By purpose.
    consents: Dict[str, Consent]
    ladders: Dict[str, Ladder]
    #: By channel.
    contacts: Dict[str, Contact]
    purchases: Dict[str, Purchases]
    #: Of each channel score the channels, the greatest share first.
    channels: Dict[str, List[ChannelShare]]
    relations: List[ToldRelation]
    #: The newest events, newest first.
    timeline: List[Event]
    #: How many events there are in all.
    events: int
    ambiguous: List[AmbiguousFacts]
    #: Records with facts.
    facts: int
    #: Facts that break a bound or have another type than is defined, and scores that cannot be computed.
    left_out: int

    def __repr__(self) -> str:
        return (
            f"Profile({self.id}, identifiers={len(self.identifiers)}, traits={len(self.traits)},"
            f" tags={len(self.tags)}, events={self.events}, now={self.now:%Y-%m-%d})"
        )

    def _repr_html_(self) -> str:
        return card(self)


@dataclass(frozen=True)
class Timeline(Shown):
    """A page of a person's events, newest first; a sequence of them."""

    events: List[Event]
    #: How many there are that were asked for, on all pages.
    total: int
    #: Of pages before.
    skipped: int

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __len__(self) -> int:
        return len(self.events)

    def __getitem__(self, place: int) -> Event:
        return self.events[place]


@dataclass(frozen=True)
class RfmModel(Shown):
    """Where RFM scores begin and end: docs/scores.md."""

    #: Of recency, frequency and monetary value.
    bins: List[int]
    #: Frequency within each score of recency, monetary value within each pair of these.
    nested: bool
    #: By dimension, then by group, in order of scores.
    bounds: List[List[List[float]]]


@dataclass(frozen=True)
class BgNbdModel(Shown):
    """Parameters of BG/NBD: docs/scores.md."""

    r: float
    alpha: float
    a: float
    b: float


@dataclass(frozen=True)
class ScoreFit(Shown):
    """The models of one purchase score, fitted to everybody's purchases."""

    name: str
    currency: str
    #: As of when.
    fitted: datetime
    #: Who bought something.
    customers: int
    #: BG/NBD's unit of time.
    days_per_unit: float
    rfm: Optional[RfmModel]
    #: Why there is none; empty: there is one.
    rfm_problem: str
    bgnbd: Optional[BgNbdModel]
    #: Why there is none; empty: there is one.
    bgnbd_problem: str
