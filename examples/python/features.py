"""Everybody as a matrix of numbers, for a model. Needs numpy.

prints:

    p~0: trait:age=34 segment:grown=1 trait:city=Suzhou=1 trait:city=Wuxi=0 tag:coffee=2
    p~1: trait:age=nan segment:grown=0 trait:city=Suzhou=0 trait:city=Wuxi=1 tag:coffee=0
    (2, 5) float64
"""

import polyonym

POLICY = {
    "namespaces": [{"name": "crm"}],
    "definitions": {
        "traits": [{"name": "age", "type": "VALUE_TYPE_WHOLE"}, {"name": "city"}],
        "tags": [{"name": "coffee"}],
        "segments": [{"name": "grown", "expression": "trait age >= 18"}],
    },
}

with polyonym.open(policy=POLICY) as store:
    store.apply(
        [
            {
                "source": "shop",
                "t": "2026-03-01T10:00:00Z",
                "ids": {"crm": "C1"},
                "facts": {
                    "traits": [
                        {"name": "age", "value": {"whole": 34}},
                        {"name": "city", "value": {"text": "Suzhou"}},
                    ],
                    "tags": [{"name": "coffee", "weight": 2}],
                },
            },
            {
                "source": "shop",
                "t": "2026-03-02T10:00:00Z",
                "ids": {"crm": "C2"},
                "facts": {"traits": [{"name": "city", "value": {"text": "Wuxi"}}]},
            },
        ]
    )

    # Columns are the policy's traits, segments and tags: the same for every store of the same people.
    features = store.features()
    for profile, numbers in zip(features.profile_ids, features.matrix):
        print(f"{profile}:", *(f"{name}={number:g}" for name, number in zip(features.names, numbers)))
    print(features.matrix.shape, features.matrix.dtype)
