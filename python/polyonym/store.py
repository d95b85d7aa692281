"""A store of people: records in, people out."""

from __future__ import annotations

import json
import os
from datetime import datetime
from types import TracebackType
from typing import Any, Iterable, List, Mapping, Optional, Type, Union

from . import _core
from .errors import InvalidArgument
from .policy import Policy, PolicyLike
from .progress import ProgressLike, shown
from .questions import Questions, View
from .results import Advanced, Applied, PolicySet, Retracted
from .times import Time, optional_ms, to_ms

#: A record as a dict, in the form of docs/records.md: ``{"source": "pos", "t": time, "ids": {"phone": "1"}}``.
RecordLike = Mapping[str, Any]


def open(
    path: Union[None, str, "os.PathLike[str]"] = None,
    *,
    policy: Optional[PolicyLike] = None,
    create: bool = True,
    durability: str = "group",
    group_ms: int = 100,
    memory_budget_bytes: int = 0,
    feed_keep_calls: int = 0,
    check_clock: bool = True,
) -> Store:
    """Opens the store in a folder, or makes it there; without a path one that lives in memory.

    policy: put in force, where it is not already. DEFAULT: what the store has.
    create: False: Raises NotFound where there is none.
    durability: what an acknowledged call survives: ``sync`` a power cut, ``group`` a killed process, and a power cut but for the last
        `group_ms` milliseconds, ``wal`` a killed process.
    memory_budget_bytes: for the index; the rest of it is on disk then, at the disk's speed. 0: no bound.
    feed_keep_calls: changes of the last so many calls are kept. 0: of all.
    check_clock: records more than a day ahead of the system's clock are rejected.

    Raises InvalidArgument, Unavailable (another process has it open), FailedPrecondition (a newer version's, or the folder holds
    something else), DataLoss.

    >>> with open(policy={"namespaces": [{"name": "crm"}]}) as store:
    ...     len(store)
    0
    """
    engine = _core.Engine.open(
        None if path is None else os.fspath(path),
        durability=durability,
        group_ms=group_ms,
        create=create,
        memory_budget_bytes=memory_budget_bytes,
        feed_keep_calls=feed_keep_calls,
        check_clock=check_clock,
    )
    store = Store(engine, None if path is None else os.fspath(path))
    if policy is not None:
        try:
            store.set_policy(policy)
        except BaseException:
            store.close()
            raise
    return store


class Store(Questions):
    """An open store. Thread-safe: any number of threads may write and ask at once.

    Questions see the newest state, each by itself; read() gives one state for several. It is a context manager: leaving it closes the store.
    """

    def __init__(self, engine: _core.Engine, path: Optional[str], graph: str = "") -> None:
        self._engine = engine
        self._path = path
        self._graph = graph

    def _view(self) -> _core.View:
        return self._engine.view(self._graph)

    def read(self) -> View:
        """The present state, for several questions whose answers belong together."""
        return View(self._view())

    def graph(self, name: str) -> Store:
        """The same store seen by another of its graphs, such as ``household``: set_policy() makes one that is not there yet."""
        return Store(self._engine, self._path, name)

    @property
    def graphs(self) -> List[str]:
        """Names of the graphs; the first is empty."""
        return self._engine.graphs()

    # ---- records in ----

    def apply(self, records: Union[RecordLike, Iterable[RecordLike], str, bytes]) -> Applied:
        """Takes records, in order, in one atomic call: dicts, or JSON Lines as text or bytes.

        One that is malformed is rejected by itself, and says so in the result. Batches of 1,000 are several times cheaper a record than
        single ones; of tables, see ingest().

        >>> store = open(policy={"namespaces": [{"name": "crm"}, {"name": "phone"}]})
        >>> applied = store.apply([
        ...     {"source": "shop", "id": "1", "t": "2024-03-01T10:00:00Z", "ids": {"crm": "C1", "phone": "1"}},
        ...     {"source": "shop", "id": "2", "ids": {"crm": "C2"}},
        ... ])
        >>> [(r.outcome, r.reason) for r in applied.records]
        [('applied', 'none'), ('rejected', 'missing_time')]
        """
        return self._engine.apply(_lines(records))

    def retract(
        self,
        source: str,
        *,
        id: Optional[str] = None,
        version: Optional[int] = None,
        start: Optional[Time] = None,
        end: Optional[Time] = None,
        dry_run: bool = False,
    ) -> Retracted:
        """Takes records back, as if they had never come: one by its `id`, or all of the source with start <= time <= end.

        Without id, start and end: all of the source. dry_run: counts, and writes nothing. Raises InvalidArgument, OutOfRange (behind the
        source's horizon).
        """
        if id is None and start is None and end is None:
            start = 0
        return self._engine.retract(
            source,
            id=id,
            version=version,
            from_ms=optional_ms(start, "start"),
            to_ms=optional_ms(end, "end"),
            dry_run=dry_run,
        )

    # ---- policy and time ----

    def set_policy(
        self, policy: PolicyLike, *, if_version: Optional[int] = None, progress: ProgressLike = None
    ) -> PolicySet:
        """Puts a policy in force: the state afterwards is that of a store that never had another.

        if_version: the policy_version that it was made from; Raises Aborted where another is in force by now.
        Raises InvalidArgument, naming the field. Cost: what the difference touches. Ctrl-C does not end it: it is logged first.
        """
        json_text = Policy(policy).to_json()
        with shown(progress, "policy") as callback:
            return self._engine.set_policy(json_text, graph=self._graph, if_version=if_version, progress=callback)

    def advance(self, now: Time) -> Advanced:
        """Moves the store's clock: links whose lifetime is over stop counting. It goes forward only. Raises InvalidArgument."""
        return self._engine.advance_to(to_ms(now, "now"))

    # ---- upkeep ----

    def checkpoint(self) -> None:
        """Writes the index behind the log, so that the store opens quickly."""
        self._engine.checkpoint()

    def sync(self) -> None:
        """Puts all that was acknowledged on stable storage, whatever the durability."""
        self._engine.sync()

    def copy_to(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """A consistent copy in a new folder. Raises AlreadyExists, Unimplemented (in memory)."""
        self._engine.copy_to(os.fspath(path))

    def move_horizon(self, source: str, before: Time, *, progress: ProgressLike = None) -> int:
        """Folds records of a source from before then to what they counted (docs/horizon.md); how many went. It cannot be taken back."""
        with shown(progress, "records") as callback:
            _, folded, dropped, _ = self._engine.move_horizon(source, to_ms(before, "before"), callback)
            return folded + dropped

    def close(self) -> None:
        """Syncs and closes. A call that still runs ends first; views keep the files open until they are dropped. Twice is fine."""
        self._engine.close()

    @property
    def closed(self) -> bool:
        return self._engine.closed

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        where = "in memory" if self._path is None else repr(self._path)
        return f"Store({where}, {'closed' if self.closed else f'people={len(self)}'})"


def _lines(records: Union[RecordLike, Iterable[RecordLike], str, bytes]) -> List[str]:
    """Records as JSON, one a line."""
    if isinstance(records, bytes):
        try:
            records = records.decode("utf-8")
        except UnicodeDecodeError:
            raise InvalidArgument("records: bytes must be JSON Lines in UTF-8") from None
    if isinstance(records, str):
        return [line for line in records.split("\n") if line.strip()]
    if isinstance(records, Mapping):
        records = [records]
    lines = []
    for place, record in enumerate(records):
        if not isinstance(record, Mapping):
            raise InvalidArgument(f"records[{place}]: must be a dict, as docs/records.md has it")
        try:
            lines.append(json.dumps(dict(record), ensure_ascii=False, allow_nan=False, default=_json_value))
        except (TypeError, ValueError) as error:
            raise InvalidArgument(f"records[{place}]: {error}") from None
    return lines


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError("holds a time without a zone; add one, such as tzinfo=timezone.utc")
        return value.isoformat()
    raise TypeError(f"holds a {type(value).__name__}, which a record has no place for")
