"""Why two identifiers are one person, and what keeps two others apart.

prints:

    cookie:k9 and phone:111 are one person:
      cookie:k9 - crm:C2, seen together 1x, last in shop/4
      crm:C2 - phone:111, seen together 2x, last in shop/3
    crm:C1 and crm:C2 are two: a profile may hold 1 of crm, and would hold 2
      refused: crm:C1 - phone:111, seen together 1x, last in shop/1
"""

from typing import Any, Dict

import polyonym
from polyonym.results import Evidence

DAY = 86_400_000


def seen(id: str, day: int, **ids: str) -> Dict[str, Any]:
    return {"source": "shop", "id": id, "t": day * DAY, "ids": ids}


def show(what: str, link: Evidence) -> None:
    print(f"  {what}{link.a} - {link.b}, seen together {link.sightings}x, last in {link.records[0]}")


# Of two crm ids, the latest seen keeps the phone.
one_card = {"namespaces": [{"name": "crm", "limits": [{"max": 1}]}, {"name": "phone"}, {"name": "cookie"}]}

with polyonym.open(policy=one_card) as store:
    store.apply(
        [
            seen("1", 100, crm="C1", phone="111"),
            seen("2", 300, crm="C2", phone="111"),
            seen("3", 350, crm="C2", phone="111"),
            seen("4", 400, crm="C2", cookie="k9"),
        ]
    )
    why = store.why("cookie:k9", "phone:111")
    assert why.connected
    print("cookie:k9 and phone:111 are one person:")
    for link in why.chain:
        show("", link)

    apart = store.why_not("crm:C1", "crm:C2")
    assert apart.refused is not None
    limit = f"a profile may hold {apart.limit} of {apart.limit_namespace}, and would hold {apart.would_be}"
    print("crm:C1 and crm:C2 are two:", limit)
    show("refused: ", apart.refused)
