"""What the engine answers when it cannot do what it was asked: one class for each code of absl::Status.

>>> import polyonym
>>> store = polyonym.open()
>>> try:
...     store.members("p~0")
... except KeyError as error:
...     print(type(error).__name__, error)
NotFound this profile id was never given out
"""

from __future__ import annotations


class Error(Exception):
    """All that the engine raises. The message says what, which field and what to do, and holds no personal value."""

    def __str__(self) -> str:
        # KeyError would show its argument in quotes.
        return str(self.args[0]) if self.args else ""


class InvalidArgument(Error, ValueError):
    """An argument that could never be right: the message names it."""


class NotFound(Error, KeyError):
    """No such profile, identifier, segment, campaign or graph."""


class AlreadyExists(Error, FileExistsError):
    """Something is where something new was to be."""


class OutOfRange(Error, IndexError):
    """It lies behind what is kept, or ahead of what there is."""


class FailedPrecondition(Error, RuntimeError):
    """Not in this state: the store is closed, read-only after a failed write, or of a newer version."""


class PermissionDenied(Error, PermissionError):
    """The key does not open this store."""


class Aborted(Error, RuntimeError):
    """Somebody else changed it meanwhile: read again, and try again."""


class Cancelled(Error, RuntimeError):
    """The call was ended before it was done; nothing is changed."""


class DeadlineExceeded(Error, TimeoutError):
    """Not in the time that was given."""


class ResourceExhausted(Error, OverflowError):
    """More than a bound allows; the message names the bound."""


class Unavailable(Error, OSError):
    """The store's files cannot be read or written now, or another process has them open."""


class DataLoss(Error, OSError):
    """What is stored does not decode: verify the store, restore a backup."""


class Unimplemented(Error, NotImplementedError):
    """This kind of store cannot do it."""
