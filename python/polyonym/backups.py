"""Backups of stores, and what is left of a damaged one."""

from __future__ import annotations

import os
from typing import List, Optional, Union

from . import _core
from .progress import ProgressLike, shown
from .results import Backup, Repaired, UnsoundRow

PathLike = Union[str, "os.PathLike[str]"]


def list_backups(folder: PathLike) -> List[Backup]:
    """What is in a folder of backups, oldest first. Raises NotFound, DataLoss, Unavailable."""
    return _core.list_backups(os.fspath(folder))


def verify_backup(folder: PathLike, id: int) -> None:
    """Reads every byte of a backup and compares checksums. Raises DataLoss (naming the file), NotFound, Unavailable."""
    _core.verify_backup(os.fspath(folder), id)


def restore_backup(
    folder: PathLike,
    id: int,
    path: PathLike,
    *,
    up_to_sequence: Optional[int] = None,
    keys: Optional[bytes] = None,
    keyring: Optional[PathLike] = None,
    progress: ProgressLike = None,
) -> None:
    """Makes a store of a backup in a new folder. Whoever was erased after it was made is in it: Store.replay_erasures() is not optional.

    up_to_sequence: the state as it was after this call. DEFAULT: all that the backup has.
    keys, keyring: of open(), where `up_to_sequence` is given for a sealed store: it has to be read for that.
    Raises AlreadyExists (`path` is there), NotFound, DataLoss, OutOfRange, Unavailable; FailedPrecondition and PermissionDenied where keys are
    missing or wrong.

    >>> import polyonym, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with polyonym.open(folder.name + "/shop", policy={"namespaces": [{"name": "crm"}]}) as store:
    ...     _ = store.apply({"source": "pos", "t": 0, "ids": {"crm": "C1"}})
    ...     backup = store.back_up(folder.name + "/backups")
    >>> restore_backup(folder.name + "/backups", backup.id, folder.name + "/again")
    >>> with polyonym.open(folder.name + "/again") as store:
    ...     len(store)
    1
    >>> folder.cleanup()
    """
    with shown(progress, "B") as callback:
        _core.restore_backup(
            os.fspath(folder),
            id,
            os.fspath(path),
            up_to_sequence=up_to_sequence,
            keys=keys,
            keyring="" if keyring is None else os.fspath(keyring),
            progress=callback,
        )


def drop_backups(folder: PathLike, *, keep: int) -> None:
    """Drops all but the newest `keep`, and bytes that no other needs. Raises InvalidArgument (keep is 0), NotFound, Unavailable."""
    _core.drop_backups(os.fspath(folder), keep)


def check_rows(
    path: PathLike, *, keys: Optional[bytes] = None, keyring: Optional[PathLike] = None
) -> List[UnsoundRow]:
    """Opens every row of a store that nobody has open against its checksum; what does not open. Cost: reads all that there is.

    keys, keyring: of open(), for a sealed store.
    Raises NotFound, FailedPrecondition, PermissionDenied (another master key), Unavailable.
    """
    return _core.check_rows(os.fspath(path), keys=keys, keyring="" if keyring is None else os.fspath(keyring))


def repair(
    path: PathLike,
    to: PathLike,
    *,
    keys: Optional[bytes] = None,
    keyring: Optional[PathLike] = None,
    progress: ProgressLike = None,
) -> Repaired:
    """Makes a store in a new folder of what is sound in another, of which nothing is changed. A backup is better where there is one.

    keys, keyring: of open(), for a sealed store; the new one is sealed under the same master key, and has the same keyring.
    Raises PermissionDenied (another master key), NotFound, AlreadyExists (`to` is there), FailedPrecondition, Unavailable, DataLoss (nothing is in reach).
    """
    with shown(progress, "rows") as callback:
        return _core.repair(
            os.fspath(path),
            os.fspath(to),
            keys=keys,
            keyring="" if keyring is None else os.fspath(keyring),
            progress=callback,
        )
