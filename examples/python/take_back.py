"""A wrong merge, taken back exactly.

prints:

    two customers: p~0 {crm:C1 phone:111} p~2 {crm:C2 phone:222}
    an import gives both one phone: p~0 {crm:C1 crm:C2 phone:111 phone:222 phone:999}
    the import taken back: p~0 {crm:C1 phone:111} p~2 {crm:C2 phone:222}
    the feed tells of both: merged, split
"""

from typing import Any, Dict

import polyonym


def seen(source: str, **ids: str) -> Dict[str, Any]:
    return {"source": source, "t": "2026-03-01T10:00:00Z", "ids": ids}


def people(store: polyonym.Store) -> str:
    return " ".join(f"{profile} {{{' '.join(map(str, members))}}}" for profile, members in store.groups())


with polyonym.open(policy={"namespaces": [{"name": "crm"}, {"name": "phone"}]}) as store:
    store.apply([seen("shop", crm="C1", phone="111"), seen("shop", crm="C2", phone="222")])
    before = people(store)
    print("two customers:", before)

    store.apply([seen("import", crm="C1", phone="999"), seen("import", crm="C2", phone="999")])
    print("an import gives both one phone:", people(store))

    store.retract("import")
    print("the import taken back:", people(store))
    assert people(store) == before, "not what there was before"

    kinds = [change.kind for change in store.changes(kinds=["merged", "split"])]
    print("the feed tells of both:", ", ".join(kinds))
