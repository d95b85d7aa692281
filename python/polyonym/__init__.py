"""Polyonym: decides which identifiers belong to one person, exactly and reversibly.

>>> import polyonym
>>> with polyonym.open(policy={"namespaces": [{"name": "crm"}, {"name": "phone"}]}) as store:
...     _ = store.apply([{"source": "shop", "t": 0, "ids": {"crm": "C1", "phone": "1"}},
...                      {"source": "app", "t": 1, "ids": {"phone": "1"}}])
...     [str(identifier) for identifier in store.members("phone:1")]
['crm:C1', 'phone:1']
"""

from ._core import __version__
from .errors import (
    Aborted,
    AlreadyExists,
    Cancelled,
    DataLoss,
    DeadlineExceeded,
    Error,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    OutOfRange,
    ResourceExhausted,
    Unavailable,
    Unimplemented,
)
from .policy import Policy, presets
from .questions import View
from .results import Day, Identifier, Money
from .store import Store, open

__all__ = [
    "Aborted",
    "AlreadyExists",
    "Cancelled",
    "DataLoss",
    "Day",
    "DeadlineExceeded",
    "Error",
    "FailedPrecondition",
    "Identifier",
    "InvalidArgument",
    "Money",
    "NotFound",
    "OutOfRange",
    "Policy",
    "ResourceExhausted",
    "Store",
    "Unavailable",
    "Unimplemented",
    "View",
    "__version__",
    "open",
    "presets",
]
