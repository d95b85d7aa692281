"""Pictures of people and segments, by Altair: the extra ``polyonym[charts]``.

Each function takes what a call answered and gives an Altair chart, to be shown, changed or saved. In
a notebook without a network, ``altair.renderers.enable("svg")`` draws them in place.

>>> import polyonym
>>> from polyonym import charts
>>> store = polyonym.open(policy={"namespaces": [{"name": "crm"}, {"name": "phone"}]})
>>> _ = store.apply({"source": "shop", "t": 0, "ids": {"crm": "C1", "phone": "1"}})
>>> chart = charts.graph(store, "crm:C1")
>>> chart.to_dict()["title"]["text"]
'p~0: 2 identifiers'
"""

from ._files import save
from ._graph import graph
from ._measures import funnel, retention
from ._rfm import rfm
from ._segments import history, overlap, portrait

__all__ = ["funnel", "graph", "history", "overlap", "portrait", "retention", "rfm", "save"]
