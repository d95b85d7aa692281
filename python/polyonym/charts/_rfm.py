"""Who bought when and how often: recency, frequency and monetary value."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from typing import Any, Dict, List, Sequence, Tuple

from ..errors import InvalidArgument
from ..results import Money
from ._altair import alt, bare_axis, counted, finished, layered, rows, shades, text_on


def rfm(
    table: Any,
    score: str = "",
    *,
    recency: str = "",
    frequency: str = "",
    monetary: str = "",
    bins: int = 5,
    unit: str = "",
) -> alt.LayerChart:
    """How many people bought how often, and how long ago, in bins of about as many people each; colour is
    what they spent in the mean.

    table: ``store.tables.scores()`` or ``store.features()``, and `score` a purchase score of the policy. Or
        any table, a row a person, as a dict of lists or of a kind that pyarrow takes, and its columns:
        `recency`, in days, `frequency`, and perhaps `monetary`, in `unit`; without that one, colour is how
        many people there are.
    bins: at most so many in each direction, 2 to 20. Who lacks one of the numbers is in none.

    Raises InvalidArgument (no such column), ImportError (no pyarrow; Features and a dict need none).
    """
    if bins < 2 or bins > 20:
        raise InvalidArgument("bins: must be 2 to 20")
    digits = 0
    if score:
        prefix = f"score:{score}." if _is_features(table) else f"{score}_"
        recency, frequency, monetary = (prefix + name for name in ("days_since_last", "count", "total_minor"))
        unit = unit or "minor units"
        if not _is_features(table):
            unit = next((currency for currency in _column(table, prefix + "currency") if currency), "")
            digits = len(str(Money(0, unit)).split()[0].partition(".")[2])
    names = [recency, frequency] + ([monetary] if monetary else [])
    people = [
        row
        for row in zip(*(_column(table, name) for name in names))
        if not any(_missing(value) for value in row)
    ]
    recent = _edges([row[0] for row in people], bins)
    often = _edges([row[1] for row in people], bins)
    cells: Dict[Tuple[int, int], List[float]] = {}
    for row in people:
        place = (_bin(recent, row[0]), _bin(often, row[1]))
        cells.setdefault(place, []).append(row[2] / 10**digits if monetary else 0.0)
    return _map(cells, _labels(recent, "days"), _labels(often, ""), len(people), bool(monetary), unit)


def _map(
    cells: Dict[Tuple[int, int], List[float]],
    recent: List[str],
    often: List[str],
    count: int,
    monetary: bool,
    unit: str,
) -> alt.LayerChart:
    values: List[Dict[str, Any]] = []
    for (r, f), money in sorted(cells.items()):
        mean = sum(money) / len(money)
        values.append(
            {
                "recency": recent[r],
                "frequency": often[f],
                "people": len(money),
                "mean": mean,
                "shade": mean if monetary else len(money),
                "count": f"{len(money):,}",
                "money": f"{_short(mean)} {unit}".strip() if monetary else "",
            }
        )
    most = max((value["shade"] for value in values), default=0)
    base = alt.Chart(rows(values)).encode(
        x=alt.X(
            "recency:N",
            sort=recent,
            scale=alt.Scale(domain=recent, paddingInner=0.04),
            title="since the last purchase",
            axis=bare_axis(labelAngle=0),
        ),
        y=alt.Y(
            "frequency:N",
            sort=often[::-1],
            scale=alt.Scale(domain=often[::-1], paddingInner=0.04),
            title="purchases",
            axis=bare_axis(labelAngle=0),
        ),
        tooltip=["recency:N", "frequency:N", "people:Q"] + (["money:N"] if monetary else []),
    )
    on = text_on("shade", most)
    layers = [
        base.mark_rect().encode(color=alt.Color("shade:Q", scale=shades(most), legend=None)),
        base.mark_text(dy=-6 if monetary else 0, fontSize=12).encode(text="count:N", color=on),
    ]
    if monetary:
        layers.append(base.mark_text(dy=8, fontSize=10).encode(text="money:N", color=on))
    chart = layered(*layers, width=alt.Step(92), height=alt.Step(48))
    about = "people, and what they spent in the mean" if monetary else "people"
    return finished(chart, f"Recency and frequency of {counted(count, 'buyer')}", about)


def _column(table: Any, name: str) -> Sequence[Any]:
    if isinstance(table, dict):
        known: Sequence[str] = list(table)
        if name in known:
            return list(table[name])
    elif _is_features(table):
        known = list(table.names)
        if name in known:
            return [float(value) for value in table.matrix[:, known.index(name)]]
    else:
        import pyarrow

        columns = table if isinstance(table, pyarrow.Table) else pyarrow.table(table)
        known = columns.column_names
        if name in known:
            values: Sequence[Any] = columns.column(name).to_pylist()
            return values
    raise InvalidArgument(f"the table has no column {name!r}; it has {', '.join(known)}")


def _is_features(table: Any) -> bool:
    return hasattr(table, "matrix") and hasattr(table, "names")


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _edges(values: List[float], bins: int) -> List[float]:
    """Where bins begin: each holds its share of those who are left, and one number is never in two of them.

    >>> _edges([1, 1, 1, 1, 1, 2, 2, 3, 4, 9], 4)
    [1, 2, 3, 9]
    """
    edges: List[float] = []
    wanted, held, left = 0.0, 0, len(values)
    for value, many in sorted(Counter(values).items()):
        if not edges or (held >= wanted and len(edges) < bins):
            wanted, held = left / (bins - len(edges)), 0
            edges.append(value)
        held += many
        left -= many
    return edges


def _bin(edges: List[float], value: float) -> int:
    return bisect_right(edges, value) - 1


def _labels(edges: List[float], unit: str) -> List[str]:
    """Each bin by its first and last number.

    >>> _labels([0, 10, 11], "days"), _labels([0, 2.5], "")
    (['0–9 days', '10 days', '11 days or more'], ['0–2.5', '2.5 or more'])
    """
    whole = all(edge == int(edge) for edge in edges)
    labels = []
    for edge, following in zip(edges, [*edges[1:], None]):
        end = None if following is None else following - 1 if whole else following
        text = _short(edge) if end is None or end == edge else f"{_short(edge)}–{_short(end)}"
        labels.append(" ".join([text] + [unit] * bool(unit) + ["or more"] * (end is None)))
    return labels


def _short(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:,.1f}"
