"""What values of traits, events and tags are, where Python has no type for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Optional, Union

from ._shown import Shown

#: Digits behind the point of currencies that have not two: ISO 4217.
_DECIMALS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}


@dataclass(frozen=True, order=True)
class Money(Shown):
    """An amount in the minor unit of its currency.

    >>> str(Money(1999, "CNY"))
    '19.99 CNY'
    """

    minor_units: int
    currency: str

    def __str__(self) -> str:
        decimals = _DECIMALS.get(self.currency, 2)
        sign, digits = "-" if self.minor_units < 0 else "", str(abs(self.minor_units)).zfill(decimals + 1)
        point = len(digits) - decimals
        return f"{sign}{digits[:point]}{'.' if decimals else ''}{digits[point:]} {self.currency}"


@dataclass(frozen=True)
class Day(Shown):
    """A day without a zone, such as a birthday, of the solar or the Chinese calendar.

    >>> str(Day(2001, 2, 28)), str(Day(None, 4, 8, chinese=True))
    ('2001-02-28', 'chinese --04-08')
    """

    year: Optional[int]
    month: int
    day: int
    chinese: bool = False
    #: Of the Chinese calendar: the month that repeats `month`.
    leap_month: bool = False

    def __str__(self) -> str:
        year = "-" if self.year is None else f"{self.year:04d}"
        return f"{'chinese ' if self.chinese else ''}{year}-{self.month:02d}-{self.day:02d}{' leap' if self.leap_month else ''}"


@dataclass(frozen=True)
class Place(Shown):
    """Where something happened; degrees of WGS 84, where they are known."""

    name: str
    latitude: Optional[float]
    longitude: Optional[float]


#: What a trait, or a property of an event, may be.
Value = Union[None, str, float, bool, datetime, Day, "list[Any]", int, Money]
