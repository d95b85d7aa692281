"""Polyonym: decides which identifiers belong to one person, exactly and reversibly.

>>> import polyonym
>>> with polyonym.open(policy={"namespaces": [{"name": "crm"}, {"name": "phone"}]}) as store:
...     _ = store.apply([{"source": "shop", "t": 0, "ids": {"crm": "C1", "phone": "1"}},
...                      {"source": "app", "t": 1, "ids": {"phone": "1"}}])
...     [str(identifier) for identifier in store.members("phone:1")]
['crm:C1', 'phone:1']
"""

from ._core import __version__
from .backups import check_rows, drop_backups, list_backups, repair, restore_backup, verify_backup
from .campaigns import CampaignBoard
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
    PermissionDenied,
    ResourceExhausted,
    Unavailable,
    Unimplemented,
)
from .events import AlsoBought, EventFilter, Events
from .features import Features
from .feed import Feed
from .ingest import EventColumns, column
from .moments import Moment
from .policy import Policy, presets
from .questions import View
from .resolve import resolve
from .results import Day, Identifier, Money
from .segments import Segments, check_segment
from .store import Store, open
from .table import Table
from .tables import Tables
from .trials import Arm, lift, sample_ratio

__all__ = [
    "Aborted",
    "AlreadyExists",
    "AlsoBought",
    "Arm",
    "CampaignBoard",
    "Cancelled",
    "DataLoss",
    "Day",
    "DeadlineExceeded",
    "Error",
    "EventColumns",
    "EventFilter",
    "Events",
    "FailedPrecondition",
    "Features",
    "Feed",
    "Identifier",
    "InvalidArgument",
    "Moment",
    "Money",
    "NotFound",
    "OutOfRange",
    "PermissionDenied",
    "Policy",
    "ResourceExhausted",
    "Segments",
    "Store",
    "Table",
    "Tables",
    "Unavailable",
    "Unimplemented",
    "View",
    "__version__",
    "check_rows",
    "check_segment",
    "column",
    "drop_backups",
    "lift",
    "list_backups",
    "open",
    "presets",
    "repair",
    "resolve",
    "restore_backup",
    "sample_ratio",
    "verify_backup",
]
