"""A store of people: records in, people out."""

from __future__ import annotations

import json
import os
from datetime import datetime
from types import TracebackType
from typing import Any, Iterable, List, Mapping, Optional, Sequence, Type, Union

from . import _core
from .errors import InvalidArgument
from .feed import Feed
from .ingest import Column, Columns, EventColumns, Text, ingest
from .policy import Policy, PolicyLike
from .progress import ProgressLike, shown
from .questions import Questions, View
from .results import (
    Advanced,
    Applied,
    Backup,
    Enrolled,
    FeedCursor,
    Ingested,
    Metrics,
    OutboxItem,
    PolicySet,
    Retracted,
    ScoreFit,
)
from .rights import Rights
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
    keys: Optional[bytes] = None,
    erase_key: Optional[bytes] = None,
    keyring: Union[None, str, "os.PathLike[str]"] = None,
) -> Store:
    """Opens the store in a folder, or makes it there; without a path one that lives in memory.

    policy: put in force, where it is not already. DEFAULT: what the store has.
    create: False: Raises NotFound where there is none.
    durability: what an acknowledged call survives: ``sync`` a power cut, ``group`` a killed process, and a power cut but for the last
        `group_ms` milliseconds, ``wal`` a killed process.
    memory_budget_bytes: for the index; the rest of it is on disk then, at the disk's speed. 0: no bound.
    feed_keep_calls: changes of the last so many calls are kept. 0: of all.
    check_clock: records more than a day ahead of the system's clock are rejected.

    keys: a master key of 32 bytes: all that the store writes is sealed under keys that it wraps, from its making on (docs/security.md).
    erase_key: of the ledger of erasures, 16 bytes or more, kept elsewhere (docs/erasure.md). DEFAULT: one that lies in the store.

    keyring: a file with a key for each identifier, which an erasure destroys in every backup; it wants `keys`, from the store's making on
        (docs/erasure.md). Who loses the file has lost the store.

    Raises InvalidArgument, Unavailable (another process has it open), FailedPrecondition (a newer version's, or the folder holds
    something else; it is sealed, and there are no keys or another keyring), PermissionDenied (another master key), DataLoss.

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
        keys=keys,
        erase_key=erase_key,
        keyring="" if keyring is None else os.fspath(keyring),
    )
    store = Store(engine, None if path is None else os.fspath(path))
    if policy is not None:
        try:
            store.set_policy(policy)
        except BaseException:
            store.close()
            raise
    return store


class Store(Questions, Rights):
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

    def ingest(
        self,
        table: Any,
        *,
        source: Text,
        time: Union[str, Column, datetime, int],
        identifiers: Columns,
        others: Optional[Columns] = None,
        id: Optional[str] = None,
        version: Optional[str] = None,
        traits: Optional[Columns] = None,
        tags: Optional[Sequence[str]] = None,
        consents: Optional[Columns] = None,
        event: Optional[EventColumns] = None,
        batch: int = 10_000,
        bulk: bool = False,
        progress: ProgressLike = None,
    ) -> Ingested:
        """Takes a table: each row is a record. A cell that is null, or empty text, says nothing.

        table: anything with ``__arrow_c_stream__`` or ``__arrow_c_array__``: of pandas, polars, pyarrow, DuckDB and others; a stream is read
            batch by batch, and need not fit into memory.
        source: who reports it: a text, or ``polyonym.column("shop")``.
        time: a column of when: timestamps, which are UTC where they have no zone and whose parts of a millisecond are cut off; dates, which
            begin in UTC; whole milliseconds since 1970; or RFC 3339 text. Or one time for all: a datetime, or milliseconds.
        identifiers: columns of the person's identifiers, text or whole numbers or lists of text: a list where columns are called as their
            namespaces are, a dict of columns and namespaces else. An empty namespace: cells are ``namespace:value``.
        others: the same, of somebody else: never linked.
        id: a column of the source's ids. DEFAULT: rows that say the same are one record.
        version: a column of whole numbers or times; of rows with one id the highest stands. DEFAULT: the time.
        traits: columns of what the person is; numbers, flags, times, dates and lists of text stay what they are.
        tags: columns of names of tags, text or lists of text; of flags the tag has the column's name.
        consents: columns of consents by purpose: flags, or ``granted``, ``denied`` and ``withdrawn``.
        event: what happened: EventColumns.
        batch: rows a commit, 1 to 100,000.
        bulk: for a first import: all is one commit, which is shown when it ends.
        progress: of rows; of a stream it is not known how many there will be, and a function is told 0.

        A row that is malformed is rejected by itself, and a fact by itself left out: the result says which. Raises InvalidArgument before
        anything is applied, naming argument, column and type: a column that is not there, or of a type that does not fit. Ctrl-C ends it
        between batches, and what was applied stays; the same call again changes nothing of it.

        >>> import pyarrow
        >>> store = open(policy={"namespaces": [{"name": "crm"}, {"name": "phone"}]})
        >>> orders = pyarrow.table({"member": ["C1", "C2"], "mobile": [13600000001, None], "at": [1_700_000_000_000, None]})
        >>> done = store.ingest(orders, source="shop", time="at", identifiers={"member": "crm", "mobile": "phone"})
        >>> done.applied, done.rejects[0].row, done.rejects[0].column, done.rejects[0].reason
        (1, 1, 'at', 'missing_time')
        """
        return ingest(
            self._engine,
            table,
            source=source,
            time=time,
            id=id,
            version=version,
            identifiers=identifiers,
            others=others,
            traits=traits,
            tags=tags,
            consents=consents,
            event=event,
            batch=batch,
            bulk=bulk,
            progress=progress,
        )

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

    def fit_scores(self, *, now: Optional[Time] = None, progress: ProgressLike = None) -> List[ScoreFit]:
        """Fits the models of the policy's purchase scores to what everybody bought, and puts them in force,
        as set_policy() would.

        now: as of when. DEFAULT: `now`. A model that cannot be fitted is no error: its ScoreFit says why.
        Raises Aborted (another policy was put in force meanwhile: fit again), InvalidArgument. Cost: a pass
        over the log, and the fit.
        """
        with shown(progress, "policy") as callback:
            return _core.fit_scores(
                self._engine, graph=self._graph, now_ms=optional_ms(now, "now"), progress=callback
            )

    # ---- campaigns ----

    def enrol(self, campaign: str, *, dry_run: bool = False, progress: ProgressLike = None) -> Enrolled:
        """Enrols who is in the campaign's audience now and is not enrolled: one record each, of source ``campaign/`` and its name.

        A frozen campaign enrols once. Twice is fine. dry_run: says who would be, and writes nothing. Raises NotFound (no such campaign),
        FailedPrecondition (it does not run now). Cost: a pass over everybody, and the records; Ctrl-C ends it, between commits.
        """
        with shown(progress, "people") as callback:
            return _core.enrol(self._engine, campaign, graph=self._graph, dry_run=dry_run, progress=callback)

    # ---- the feed of changes, and the outbox ----

    def changes(
        self,
        *,
        start: Optional[int] = None,
        consumer: str = "",
        kinds: Sequence[str] = (),
        names: Sequence[str] = (),
        without_causes: Sequence[str] = (),
        profiles: Sequence[str] = (),
        batch: int = 1_000,
        follow: bool = False,
    ) -> Feed:
        """The feed of changes, from where the consumer stands: an iterator, which ends where there is no
        more.

        start: sequence to begin with, where there is no consumer, or it has no place yet. DEFAULT: the first.
        consumer: whose place is kept in the store, from its first Feed.acknowledge() on. One feed at a time
            should have it.
        kinds, names: only changes of these kinds; of segments, traits and tags only those of these names.
        without_causes: none of these causes. profiles: only changes that speak of one of these, by the id of
            then.
        batch: about so many changes at a time, 1 to 1,000,000.
        follow: at the end, waits for more, until Ctrl-C or the store is closed. For a wait that ends:
            Feed.next().

        Raises InvalidArgument, OutOfRange (`start` lies behind the last call).

        >>> store = open(policy={"namespaces": [{"name": "crm"}, {"name": "phone"}]})
        >>> _ = store.apply([{"source": "shop", "t": 0, "ids": {"crm": "C1"}},
        ...                  {"source": "shop", "t": 0, "ids": {"phone": "1"}}])
        >>> _ = store.apply({"source": "shop", "t": 1, "ids": {"crm": "C1", "phone": "1"}})
        >>> [(change.source, change.target) for change in store.changes(kinds=["merged"])]
        [('p~1', 'p~0')]
        """
        feed = _core.open_feed(
            self._engine,
            graph=self._graph,
            consumer=consumer,
            start=start,
            kinds=list(kinds),
            names=list(names),
            without_causes=list(without_causes),
            profiles=list(profiles),
            batch=batch,
        )
        return Feed(feed, follow)

    def feed_cursors(self) -> List[FeedCursor]:
        """Where every consumer stands, in all graphs."""
        return _core.feed_cursors(self._engine)

    def drop_feed_cursor(self, consumer: str) -> None:
        """Forgets a consumer. Raises NotFound."""
        _core.drop_feed_cursor(self._engine, consumer, self._graph)

    def trim_feed(self, before: int) -> None:
        """Lets go of the changes of all calls before this sequence, in every graph. Consumers that stand
        before it hold nothing back.
        """
        _core.trim_feed(self._engine, before)

    def outbox(self, trigger: str = "", *, after: int = 0, limit: int = 1_000) -> List[OutboxItem]:
        """What the policy's triggers fired and nobody acknowledged, by id. Do it, then acknowledge_outbox():
        who dies between is given it again.

        after: items with a greater id. limit: 1 to 1,000,000. Raises InvalidArgument.

        >>> store = open(policy={"namespaces": [{"name": "crm"}], "definitions": {
        ...     "tags": [{"name": "coffee"}], "segments": [{"name": "drinkers", "expression": "tag coffee"}],
        ...     "triggers": [{"name": "welcome", "segment": "drinkers"}]}})
        >>> coffee = {"tags": [{"name": "coffee"}]}
        >>> _ = store.apply({"source": "bar", "t": 0, "ids": {"crm": "C1"}, "facts": coffee})
        >>> items = store.outbox("welcome")
        >>> [(item.trigger, item.segment, item.profile) for item in items]
        [('welcome', 'drinkers', 'p~0')]
        >>> store.acknowledge_outbox(item.id for item in items), store.outbox()
        (1, [])
        """
        return _core.outbox(self._engine, graph=self._graph, trigger=trigger, after=after, limit=limit)

    def acknowledge_outbox(self, ids: Iterable[int]) -> int:
        """These items are done with, and gone; how many there were. It may be said twice."""
        return _core.acknowledge_outbox(self._engine, list(ids), self._graph)

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

    def back_up(self, folder: Union[str, "os.PathLike[str]"], *, progress: ProgressLike = None) -> Backup:
        """Adds a backup to a folder of them, while others write: of what is new since the one before. polyonym.restore_backup() has the rest.

        Raises Unavailable (another call is at work on the folder; I/O), Unimplemented (in memory).
        """
        with shown(progress, "B") as callback:
            return _core.back_up(self._engine, os.fspath(folder), callback)

    def move_horizon(self, source: str, before: Time, *, progress: ProgressLike = None) -> int:
        """Folds records of a source from before then to what they counted (docs/horizon.md); how many went. It cannot be taken back."""
        with shown(progress, "records") as callback:
            _, folded, dropped, _ = self._engine.move_horizon(source, to_ms(before, "before"), callback)
            return folded + dropped

    def metrics(self) -> Metrics:
        """What was done since the store was opened, how long it took, what it holds now. Cost: microseconds,
        and the size of the folder.

        >>> store = open(policy={"namespaces": [{"name": "crm"}]})
        >>> _ = store.apply({"source": "shop", "t": 0, "ids": {"crm": "C1"}})
        >>> metrics = store.metrics()
        >>> metrics.records_applied, metrics.latencies["apply"].count, metrics.changes["created"]
        (1, 1, 1)
        """
        return _core.metrics(self._engine)

    def prometheus(self) -> str:
        """The metrics in the text exposition format of Prometheus, ``text/plain; version=0.0.4``:
        docs/operations.md lists them.
        """
        return _core.prometheus(self._engine)

    def close(self) -> None:
        """Syncs and closes. A call that still runs ends first; views keep the files open until they are dropped. Twice is fine."""
        self._engine.close()

    @property
    def closed(self) -> bool:
        """Whether close() was called."""
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
