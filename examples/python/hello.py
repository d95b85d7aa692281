"""Records in, a person out.

prints:

    p~0 holds
      crm:C7
      phone:+8613601234567
      wechat.openid/wx1:oA1b2
"""

import polyonym

policy = {
    "namespaces": [
        {"name": "crm", "priority": 1},
        {"name": "phone", "normaliser": "NORMALISER_PHONE", "region": "CN"},
        {"name": "wechat.openid", "normaliser": "NORMALISER_EXACT"},
    ]
}

# polyonym.open("people.db", policy=policy) would keep everything on disk.
with polyonym.open(policy=policy) as store:
    # Two channels write one phone number in two ways.
    store.apply(
        [
            {"source": "shop", "t": "2026-03-01T10:00:00Z", "ids": {"crm": "C7", "phone": "136 0123 4567"}},
            {
                "source": "wechat",
                "t": "2026-03-01T10:01:00Z",
                "ids": {"phone": "+8613601234567", "wechat.openid/wx1": "oA1b2"},
            },
        ]
    )
    found = store.resolve("wechat.openid/wx1:oA1b2")
    assert found.profile is not None, "the openid is nobody's"
    print(found.profile, "holds")
    for member in store.members(found.profile):
        print(" ", member)
