"""People's rights: to be forgotten, to be left alone, and to have nothing kept longer than it may be; and other keys for what is sealed."""

from __future__ import annotations

from typing import Any, Iterable, List, Optional, Tuple, Union

from . import _core
from .errors import InvalidArgument
from .progress import ProgressLike, shown
from .results import Erasure, EraseReceipt, Identifier, Kept, Restricted
from .times import Time, to_ms

#: ``phone:1``, a pair of namespace and value, or an Identifier.
IdentifierLike = Union[str, Tuple[str, str], Identifier]


class Rights:
    """What Store has of them. docs/erasure.md says what goes, what stays, and what proves it."""

    _engine: _core.Engine
    _graph: str

    def erase(
        self,
        identifiers: Union[IdentifierLike, Iterable[IdentifierLike]],
        *,
        whole_person: bool = True,
        even_shared: bool = False,
        suppress: bool = True,
        finish: bool = True,
        finish_within_ms: int = 0,
        dry_run: bool = False,
        progress: ProgressLike = None,
    ) -> EraseReceipt:
        """Erases people, all in one commit: records that name them alone and facts of theirs are gone, records that name others are left
        without them, and the store's files are written again. It cannot be taken back.

        identifiers: one of each person's.
        whole_person: everybody's identifiers that are of the person now; False: these alone.
        even_shared: identifiers that are several people's go too, where they are asked for by themselves.
        suppress: records that come later do not bring them back: they are rejected, or taken without them.
        finish: False: files keep old bytes until finish_erasing(), for many erasures at once.
        finish_within_ms: a deadline for writing files again, from the beginning of the call; where it passes, the rest is left to
            finish_erasing(), and the receipt's `finished` is False. The erasure itself is never cut short. 0: none.
        dry_run: counts, and writes nothing.

        Raises InvalidArgument, FailedPrecondition (one is shared). Cost: a pass over the log; writes what is left of it.

        >>> import polyonym
        >>> store = polyonym.open(policy={"namespaces": [{"name": "crm"}, {"name": "phone"}]})
        >>> _ = store.apply({"source": "shop", "id": "1", "t": 0, "ids": {"crm": "C1", "phone": "1"}})
        >>> receipt = store.erase("phone:1")
        >>> receipt.erased_identifiers, receipt.removed_records, receipt.finished, len(store)
        (2, 1, True, 0)
        >>> store.apply({"source": "shop", "id": "2", "t": 1, "ids": {"crm": "C1"}}).records[0].reason
        'erased'
        """
        with shown(progress, "records") as callback:
            return _core.erase(
                self._engine,
                _list_of(identifiers),
                whole_person=whole_person,
                graph=self._graph,
                dry_run=dry_run,
                even_shared=even_shared,
                suppress=suppress,
                finish=finish,
                finish_within_ms=finish_within_ms,
                progress=callback,
            )

    def erasures(self) -> List[Erasure]:
        """The ledger: hashes of all identifiers that were erased, and not lifted. Kept outside the store it is what replay_erasures() takes
        after a backup was restored.
        """
        return _core.erasures(self._engine)

    def replay_erasures(
        self,
        ledger: Iterable[Erasure],
        *,
        dry_run: bool = False,
        finish: bool = True,
        finish_within_ms: int = 0,
        progress: ProgressLike = None,
    ) -> EraseReceipt:
        """Erases, of a store that was restored from a backup, whoever the ledger names, and takes the ledger over.

        Raises FailedPrecondition (open the store with ``erase_key``: hashes are under the ledger's key). Cost: as erase().
        """
        items = list(ledger)
        for place, item in enumerate(items):
            if not isinstance(item, Erasure):
                raise InvalidArgument(f"ledger[{place}]: must be an Erasure")
        with shown(progress, "records") as callback:
            return _core.replay_erasures(
                self._engine,
                [item.hash for item in items],
                [item.sequence for item in items],
                dry_run=dry_run,
                finish=finish,
                finish_within_ms=finish_within_ms,
                progress=callback,
            )

    def lift_erasure(self, identifier: IdentifierLike) -> None:
        """Records that name the identifier are taken again. Raises NotFound: it was not erased."""
        _core.lift_erasure(self._engine, identifier)

    def finish_erasing(self) -> None:
        """Writes the store's files again where an erasure, keep_only() or move_horizon() left bytes in them."""
        _core.finish_erasing(self._engine)

    def keep_only(
        self,
        now: Time,
        *,
        dry_run: bool = False,
        finish: bool = True,
        finish_within_ms: int = 0,
        progress: ProgressLike = None,
    ) -> Kept:
        """Drops facts that the policy's retentions keep no longer at `now`, in one commit. Identifiers, links and the records stay.

        Raises InvalidArgument. Cost: as erase().
        """
        with shown(progress, "records") as callback:
            return _core.keep_only(
                self._engine,
                to_ms(now, "now"),
                dry_run=dry_run,
                finish=finish,
                finish_within_ms=finish_within_ms,
                progress=callback,
            )

    def rotate_keys(
        self,
        *,
        keys: Optional[bytes] = None,
        new_data_key: bool = False,
        reseal: bool = False,
        progress: ProgressLike = None,
    ) -> None:
        """Gives a sealed store other keys, while others read and write. Whatever cuts it off, the store opens with the former master key or
        with the new one; what is left undone is done by the same call again. docs/security.md, "Other keys", says when to ask for what.

        keys: the new master key, 32 bytes: from now on the store opens with it alone.
        new_data_key: what is written from now on is sealed under a new one.
        reseal: every row of earlier data keys is sealed again, and the store's files are written again.

        Raises InvalidArgument (nothing is asked; not 32 bytes), FailedPrecondition (the store is in plain). Cost: one synced commit each;
        `reseal` reads and writes all that there is.
        """
        with shown(progress, "rows") as callback:
            _core.rotate_keys(
                self._engine, keys=keys, new_data_key=new_data_key, reseal=reseal, progress=callback
            )

    def restrict(self, identifier: IdentifierLike, *, on: bool = True, time: Time) -> Restricted:
        """Keeps a person and uses nothing of theirs: in no segment, reached by no message, shown to no role. on=False lifts it.

        time: of the word; later than the one before. Raises FailedPrecondition (the policy has no ``restriction_purpose``; the identifier
        is shared), NotFound, InvalidArgument.

        >>> import polyonym
        >>> store = polyonym.open(policy={"namespaces": [{"name": "crm"}], "definitions": {
        ...     "purposes": [{"name": "use"}], "privacy": {"restriction_purpose": "use"},
        ...     "segments": [{"name": "everybody", "expression": "has crm"}]}})
        >>> _ = store.apply({"source": "shop", "t": 0, "ids": {"crm": "C1"}})
        >>> store.segments().of("crm:C1")
        {'everybody': True}
        >>> store.restrict("crm:C1", time=1).records, store.segments().of("crm:C1")
        (1, {'everybody': False})
        """
        return _core.restrict_person(
            self._engine, identifier, on=on, time_ms=to_ms(time, "time"), graph=self._graph
        )


def _list_of(identifiers: Any) -> List[Any]:
    if isinstance(identifiers, (str, Identifier)):
        return [identifiers]
    if isinstance(identifiers, tuple) and len(identifiers) == 2 and all(isinstance(part, str) for part in identifiers):
        # A pair of namespace and value, but for two texts that are identifiers themselves.
        return list(identifiers) if all(":" in part for part in identifiers) else [identifiers]
    return list(identifiers)
