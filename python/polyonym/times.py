"""Times and durations as the engine counts them: milliseconds since 1970-01-01T00:00:00Z."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Optional, Union

from .errors import InvalidArgument

#: A datetime with a zone, whole milliseconds since 1970, or RFC 3339 text such as ``2026-11-28T09:00:00Z``.
Time = Union[datetime, int, str]
#: A timedelta, or whole milliseconds.
Duration = Union[timedelta, int]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_FIRST_MS = (datetime.min.replace(tzinfo=timezone.utc) - _EPOCH) // timedelta(milliseconds=1)
_LAST_MS = (datetime.max.replace(tzinfo=timezone.utc) - _EPOCH) // timedelta(milliseconds=1)
_RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")


def from_ms(ms: int) -> datetime:
    """The time in UTC; beyond the years that a datetime has, the first or last of its moments.

    >>> from_ms(1_700_000_000_250).isoformat()
    '2023-11-14T22:13:20.250000+00:00'
    """
    return _EPOCH + timedelta(milliseconds=min(max(ms, _FIRST_MS), _LAST_MS))


def to_ms(time: Time, what: str) -> int:
    """Milliseconds of a time; `what` names the argument in errors.

    >>> to_ms("2023-11-15T06:13:20.250+08:00", "time")
    1700000000250
    """
    if isinstance(time, bool):
        raise InvalidArgument(f"{what}: is a flag; give a datetime, milliseconds or RFC 3339 text")
    if isinstance(time, int):
        return time
    if isinstance(time, str):
        match = _RFC_3339.fullmatch(time)
        if match is None:
            raise InvalidArgument(f"{what}: is not RFC 3339 text with a zone, such as 2026-11-28T09:00:00Z")
        day, clock, fraction, zone = match.groups()
        try:
            time = datetime.fromisoformat(f"{day}T{clock}{'+00:00' if zone in 'Zz' else zone}")
        except ValueError:
            raise InvalidArgument(f"{what}: there is no such day or hour") from None
        return (time - _EPOCH) // timedelta(milliseconds=1) + int(((fraction or ".0")[1:] + "00")[:3])
    if isinstance(time, datetime):
        if time.tzinfo is None:
            raise InvalidArgument(f"{what}: has no zone; add one, such as tzinfo=timezone.utc")
        return (time - _EPOCH) // timedelta(milliseconds=1)
    raise InvalidArgument(f"{what}: must be a datetime with a zone, milliseconds or RFC 3339 text")


def optional_ms(time: Optional[Time], what: str) -> Optional[int]:
    """The same; None stays None."""
    return None if time is None else to_ms(time, what)


def duration_ms(duration: Duration, what: str) -> int:
    """Milliseconds of a duration.

    >>> duration_ms(timedelta(days=1), "within")
    86400000
    """
    if isinstance(duration, timedelta):
        return duration // timedelta(milliseconds=1)
    if isinstance(duration, int) and not isinstance(duration, bool):
        return duration
    raise InvalidArgument(f"{what}: must be a timedelta, or milliseconds")
