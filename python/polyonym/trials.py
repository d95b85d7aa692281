"""What a treatment changed: those who were treated beside a control group that was drawn by chance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, Iterable, Mapping, Sequence, Tuple

from . import _core
from .errors import InvalidArgument
from .results import Lift, Money, SampleRatio


@dataclass
class Arm:
    """A group of a trial: a sum over its people, exact, whether or not anything reached them.

    >>> arm = Arm()
    >>> arm.add(converted=True, paid=[Money(1999, "CNY")])
    >>> arm.add(converted=False)
    >>> arm
    Arm(people=2, converted=1, money={'CNY': (1999, 3996001)})
    """

    people: int = 0
    #: Each once.
    converted: int = 0
    #: By currency: minor units summed over people; and each person's total, squared, summed over people.
    money: Dict[str, Tuple[int, int]] = field(default_factory=dict)

    def add(self, *, converted: bool, paid: Iterable[Money] = ()) -> None:
        """Adds one person; each once, as nothing tells them apart."""
        totals: Dict[str, int] = {}
        for money in paid:
            totals[money.currency] = totals.get(money.currency, 0) + money.minor_units
        self.people += 1
        self.converted += bool(converted)
        for currency, total in totals.items():
            summed, squares = self.money.get(currency, (0, 0))
            self.money[currency] = (summed + total, squares + total * total)


def lift(treated: Arm, control: Arm, *, confidence: float = 0.95, costs: Mapping[str, int] = {}) -> Lift:
    """Compares two arms of different people. costs: what the treatment cost, in minor units by currency.

    It says what the treatment did only where chance alone decided who was treated: see sample_ratio().
    Sources: include/polyonym/measure/lift.h. Raises InvalidArgument, FailedPrecondition (an arm without
    people), OutOfRange (money beyond 64 bits).

    >>> change = lift(Arm(people=1000, converted=120), Arm(people=1000, converted=100)).conversion
    >>> round(change.difference, 3), round(change.relative, 3), round(change.p_value, 3)
    (0.02, 0.2, 0.153)
    """
    for arm, what in ((treated, "treated"), (control, "control")):
        if not isinstance(arm, Arm):
            raise InvalidArgument(f"{what}: must be an Arm")
    return _core.lift(treated, control, confidence=confidence, costs=dict(costs))


def sample_ratio(people: Sequence[int], shares: Sequence[int]) -> SampleRatio:
    """Whether arms have the sizes that they were meant to have. shares: in any unit, (9, 1) for a tenth held
    out.

    Raises InvalidArgument, FailedPrecondition (nobody).

    >>> sample_ratio([9000, 1200], [9, 1]).is_mismatch
    True
    """
    return _core.sample_ratio(list(people), list(shares))
