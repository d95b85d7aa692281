"""A group of people by an expression: who is in it, why, and how it grew.

prints:

    everybody: 4, loyal: 1, lapsed: 2
    loyal: p~0, with 3 orders
    count(order within 90 days) >= 3: no
      count(order within 90 days): 1
    loyal by day: 0 0 1
"""

from datetime import datetime, timedelta, timezone
from typing import Any, Dict

import polyonym

TODAY = datetime(2026, 6, 1, tzinfo=timezone.utc)
POLICY = {
    "namespaces": [{"name": "crm"}],
    "definitions": {
        "segments": [
            {"name": "loyal", "expression": "count(order within 90 days) >= 3"},
            {"name": "lapsed", "expression": "did(order) and not did(order in last 90 days)"},
        ]
    },
}


def order(who: str, days_ago: int) -> Dict[str, Any]:
    facts = {"events": [{"type": "order"}]}
    return {"source": "shop", "t": TODAY - timedelta(days=days_ago), "ids": {"crm": who}, "facts": facts}


with polyonym.open(policy=POLICY) as store:
    store.apply([order("A", 2), order("A", 1), order("B", 200), order("C", 300), order("D", 1)])
    store.apply(order("A", 0))

    segments = store.segments()
    counts = segments.count()
    print(f"everybody: {counts.people},", ", ".join(f"{count.name}: {count.members}" for count in counts))
    for member in segments.members("loyal", order_by="count(order)"):
        print(f"loyal: {member.profile}, with {member.order:.0f} orders")
    print(segments.explain("loyal", "crm:D"))
    sizes = store.segment_sizes("loyal", TODAY - timedelta(days=2), TODAY, timedelta(days=1))
    print("loyal by day:", *(size.members for size in sizes))
