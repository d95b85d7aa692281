"""Progress of long calls: by tqdm where it is installed, or by a function of the caller's."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import Any, Callable, Iterator, Optional, Union

from .errors import InvalidArgument

#: True: a bar; a function: called with what is done, and of how much (0: not known); None: a bar where standard error is a terminal; False: nothing.
ProgressLike = Union[None, bool, Callable[[int, int], None]]


@contextmanager
def shown(progress: ProgressLike, what: str) -> Iterator[Optional[Callable[[int, int], None]]]:
    """A callback that shows progress in units of `what`; None where nothing is shown."""
    if progress is not None and not isinstance(progress, bool):
        if not callable(progress):
            raise InvalidArgument("progress: must be True, False, None or a function of what is done and of how much")
        yield progress
        return
    if progress is None:
        progress = sys.stderr is not None and sys.stderr.isatty()
    bar: Any = _bar(what) if progress else None
    if bar is None:
        yield None
        return

    def show(done: int, total: int) -> None:
        bar.total = total or None  # 0: not known
        bar.update(done - bar.n)

    with bar:
        yield show


def _bar(what: str) -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm(unit=f" {what}", unit_scale=True, leave=False, delay=0.5)
