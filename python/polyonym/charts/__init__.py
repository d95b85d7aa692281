"""Pictures of people and segments, by Altair: the extra ``polyonym[charts]``.

Each function takes what a call answered and gives an Altair chart, to be shown, changed or saved. In a notebook without a network,
``altair.renderers.enable("svg")`` draws them in place.
"""

from ._files import save
from ._graph import graph
from ._measures import funnel, retention
from ._rfm import rfm
from ._segments import history, overlap, portrait

__all__ = ["funnel", "graph", "history", "overlap", "portrait", "retention", "rfm", "save"]
