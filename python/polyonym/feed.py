"""The feed of changes, read by consumers that each have a place in it: docs/feed.md."""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import Deque, List, Optional, Type

from . import _core
from .errors import Cancelled, InvalidArgument
from .results import Change
from .times import Duration, duration_ms


class Feed:
    """An iterator of changes: of whole calls, calls in their order. One thread at a time; the GIL is released
    while it waits.

    At the end of the feed it ends, and goes on where more has come since; or it waits, until Ctrl-C or the
    store is closed. It keeps the store's files open until it is closed or dropped. ``store.changes()`` makes
    one.

    A consumer that dies between taking a change and acknowledge() is given it again. Who keeps `position`
    with its own work, in one step, and begins there (``start=``) sees each change exactly once.

    >>> import polyonym
    >>> store = polyonym.open(policy={"namespaces": [{"name": "crm"}, {"name": "phone"}]})
    >>> _ = store.apply([{"source": "shop", "t": 0, "ids": {"crm": "C1", "phone": "1"}}])
    >>> with store.changes(consumer="index") as feed:
    ...     for change in feed:
    ...         print(change.kind, change.target)
    ...         feed.acknowledge()
    created p~0
    >>> list(store.changes(consumer="index"))
    []
    """

    def __init__(self, feed: _core.Feed, follow: bool) -> None:
        self._feed = feed
        self._follow = follow
        self._left: Deque[Change] = deque()  # of the batch at hand
        self._begin = 0  # where that batch begins

    def __iter__(self) -> Feed:
        return self

    def __next__(self) -> Change:
        if not self._left:
            try:
                self._left.extend(self._batch(None if self._follow else 0))
            except Cancelled:  # the store is closed, and there is nothing more
                raise StopIteration from None
            if not self._left:
                raise StopIteration
        return self._left.popleft()

    def next(self, timeout: Optional[Duration] = 0) -> List[Change]:
        """The next batch: what is left of one that was begun, or new changes, for which it waits up to
        `timeout` (None: for ever).

        Empty: nothing came in time. Raises OutOfRange (what comes next is not kept any more: read the present
        state and go on behind its sequence), Cancelled (the store is closed, and there is nothing more).
        """
        if not self._left:
            self._left.extend(self._batch(timeout))
        batch = list(self._left)
        self._left.clear()
        return batch

    def acknowledge(self) -> None:
        """All that was given is dealt with: the consumer's cursor moves behind it.

        It moves at the ends of batches alone: in the middle of one nothing is written, so that saying it
        after each change is cheap, and who stops there is given the batch again. Raises FailedPrecondition
        (the feed has no consumer).
        """
        if not self._left:
            self._feed.acknowledge()

    @property
    def position(self) -> int:
        """Sequence of the call to begin with (``start=``) so as to miss nothing.

        Behind all that was given; in the middle of a batch, where that begins.
        """
        return self._begin if self._left else self._feed.position

    def close(self) -> None:
        """Lets go of the store. Twice is fine."""
        self._left.clear()
        self._feed.close()

    def __enter__(self) -> Feed:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def _batch(self, timeout: Optional[Duration]) -> List[Change]:
        timeout_ms = None if timeout is None else duration_ms(timeout, "timeout")
        if timeout_ms is not None and timeout_ms < 0:
            raise InvalidArgument("timeout: must be 0 or more")
        self._begin = self._feed.position
        return self._feed.next(timeout_ms)
