"""What is asked of a store, at one state of it."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any, List, Sequence, Tuple, Union, overload

from . import _core
from .policy import Policy
from .results import (
    Change,
    Held,
    Identifier,
    Link,
    Resolution,
    Stats,
    StoredRecord,
    Verified,
    Why,
    WhyNot,
)
from .times import from_ms

#: ``phone:+8613601230001``, a pair of namespace and value, or an Identifier.
IdentifierLike = Union[str, Tuple[str, str], Identifier]
#: An identifier, or a profile: ``p~0``.
Who = Union[str, Tuple[str, str], Identifier]


class Questions:
    """The questions that a View and a Store have in common. Thread-safe; the GIL is released meanwhile."""

    def _view(self) -> _core.View:
        raise NotImplementedError

    @property
    def sequence(self) -> int:
        """Number of the last call that it shows."""
        return self._view().sequence

    @property
    def now(self) -> datetime:
        """As of when profiles and segments are: the later of the store's clock and its newest record."""
        return from_ms(self._view().now_ms)

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return Policy(self._view().policy())

    @property
    def policy_version(self) -> int:
        """How many policies were put in force."""
        return self._view().policy_version

    @overload
    def resolve(self, identifiers: IdentifierLike) -> Resolution: ...
    @overload
    def resolve(self, identifiers: Sequence[IdentifierLike]) -> List[Resolution]: ...

    def resolve(self, identifiers: Any) -> Any:
        """Whose an identifier is; of a list, whose each is. What is not known says so. A table: resolve_table().

        >>> import polyonym
        >>> store = polyonym.open(policy={"namespaces": [{"name": "crm"}, {"name": "phone"}]})
        >>> _ = store.apply([{"source": "shop", "t": 0, "ids": {"crm": "C1", "phone": "1"}}])
        >>> store.resolve("phone:1").profile
        'p~0'
        >>> [r.known for r in store.resolve(["crm:C1", "crm:C2"])]
        [True, False]
        """
        if isinstance(identifiers, list):
            return self._view().resolve_many(identifiers)
        return self._view().resolve(identifiers)

    def find(self, who: Who) -> str:
        """The profile where an identifier, or whoever had the profile `who`, now lives. Raises NotFound."""
        return self._view().find(who)

    def members(self, who: Who) -> List[Identifier]:
        """All identifiers of a person, sorted. Raises NotFound."""
        return self._view().members(who)

    def groups(self) -> List[Tuple[str, List[Identifier]]]:
        """Everybody: profile and identifiers. A Python object for each: of many take tables.identifiers()."""
        return self._view().groups()

    def identifier_of(self, number: int) -> Identifier:
        """The identifier with a number, such as Change.identifiers has. Raises NotFound."""
        return self._view().identifier_of(number)

    def why(self, a: IdentifierLike, b: IdentifierLike) -> Why:
        """Why two identifiers are one person: the chain of evidence. Raises NotFound (one was never seen)."""
        return self._view().why(a, b)

    def why_not(self, a: IdentifierLike, b: IdentifierLike) -> WhyNot:
        """What keeps two identifiers apart. Raises ResourceExhausted where no answer is found within 10,000 links."""
        return self._view().why_not(a, b)

    def links(self, identifier: IdentifierLike, *, records: bool = True) -> List[Link]:
        """All links of an identifier that have evidence, the strongest first; `records`: with their sources and records.

        Raises NotFound. Cost: its links; with `records` a read of each record, 10,000 at most.
        """
        return self._view().links(identifier, records)

    def how(self, who: Who) -> List[Change]:
        """The merges, splits and moves that made a profile what it is, oldest first. Raises NotFound."""
        return self._view().how(who)

    def held(self, *, source: str = "", limit: int = 1000) -> List[Held]:
        """What policy holds, by arrival; `source`: of it alone; `limit`: 0 for all."""
        return self._view().held(source, limit)

    def record(self, number: int) -> StoredRecord:
        """A record by its number, from 1. Raises NotFound, OutOfRange (it was folded behind a horizon)."""
        return self._view().record(number)

    def export(self, path: Union[str, "os.PathLike[str]"], *, all: bool = False) -> int:
        """Writes the standing records (`all`: those that do not stand too) as JSON Lines into a new file; how many.

        Raises Unavailable (the file). Cost: a pass over the log.
        """
        return self._view().export(os.fspath(path), all=all)

    def stats(self) -> Stats:
        """What the store holds. Cost: a pass over the identifiers."""
        return self._view().stats()

    def verify(self) -> Verified:
        """Computes everything again from the records by the definition of the rule, and compares. Cost: the whole store."""
        return self._view().verify()

    def __len__(self) -> int:
        """How many people there are."""
        return self._view().count_profiles()

    def __bool__(self) -> bool:
        return True


class View(Questions):
    """One consistent state: whatever is applied meanwhile, its answers belong together. Store.read() gives it.

    It keeps the store's files open as long as it lives: ask, then drop it.
    """

    def __init__(self, view: _core.View) -> None:
        self._pinned = view

    def _view(self) -> _core.View:
        return self._pinned

    def __repr__(self) -> str:
        return f"View(sequence={self.sequence}, people={len(self)})"
