"""Tables into a store: which column is what of a record."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple, Union

from . import _core
from .errors import InvalidArgument
from .frames import only, pairs, rows
from .progress import ProgressLike, shown
from .results import Ingested
from .times import to_ms


@dataclass(frozen=True)
class Column:
    """A column of the table, where text would be the same for every row. column() makes it."""

    name: str


def column(name: str) -> Column:
    """The text of a column, row by row: ``source=polyonym.column("shop")``.

    >>> column("shop")
    Column(name='shop')
    """
    return Column(name)


#: The same text in every row, or a column().
Text = Union[str, Column]
#: Columns: a list, where each is called what it is called in the store; a dict of columns and their names there.
Columns = Union[Sequence[str], Mapping[str, str]]


@dataclass(frozen=True)
class EventColumns:
    """An event for each row that has a `type`.

    >>> EventColumns(type="order", value="amount", currency="CNY").currency
    'CNY'
    """

    #: What happened: a text, or a column().
    type: Text
    #: A column of when. DEFAULT: the record's time.
    time: Optional[str] = None
    #: A column of amounts in units of the currency, such as 19.90: decimals, whole numbers or floats. An amount that is not whole in the
    #: currency's minor unit (a float: to a millionth of it) leaves the row's event out: nothing is rounded.
    value: Optional[str] = None
    #: Three capitals of ISO 4217, or a column() of them. Required where there is a `value`.
    currency: Optional[Text] = None
    #: Columns of properties.
    properties: Columns = field(default_factory=tuple)
    #: A text, or a column().
    campaign: Optional[Text] = None
    #: A column of names of places.
    place: Optional[str] = None


def ingest(
    engine: _core.Engine,
    table: Any,
    *,
    source: Text,
    time: Union[str, Column, datetime, int],
    id: Optional[str],
    version: Optional[str],
    identifiers: Columns,
    others: Optional[Columns],
    traits: Optional[Columns],
    tags: Optional[Sequence[str]],
    consents: Optional[Columns],
    event: Optional[EventColumns],
    batch: int,
    bulk: bool,
    progress: ProgressLike,
) -> Ingested:
    """Store.ingest()."""
    if isinstance(tags, str):
        raise InvalidArgument("tags: must be a list of columns")
    when = time.name if isinstance(time, Column) else time if isinstance(time, str) else to_ms(time, "time")
    mapping: Dict[str, Any] = {
        "source": _text(source, "source"),
        "time": when,
        "id": id,
        "version": version,
        "identifiers": pairs(identifiers, "identifiers"),
        "others": pairs(others, "others"),
        "traits": pairs(traits, "traits"),
        "tags": list(tags or ()),
        "consents": pairs(consents, "consents"),
        "event": None if event is None else _event(event),
    }
    if not mapping["identifiers"] and not mapping["others"]:
        raise InvalidArgument("identifiers: must name a column at least: a record names somebody")
    with shown(progress, "rows") as callback:
        return _core.ingest(
            engine,
            only(table, _wanted(mapping, event)),
            **mapping,
            batch=batch,
            bulk=bulk,
            progress=callback,
            total=rows(table),
        )


def _text(text: Text, what: str) -> Tuple[bool, str]:
    if isinstance(text, Column):
        return True, text.name
    if isinstance(text, str):
        return False, text
    raise InvalidArgument(f'{what}: must be text, or polyonym.column("name")')


def _optional_text(text: Optional[Text], what: str) -> Optional[Tuple[bool, str]]:
    return None if text is None else _text(text, what)


def _event(event: EventColumns) -> Tuple[Any, ...]:
    if not isinstance(event, EventColumns):
        raise InvalidArgument("event: must be polyonym.EventColumns")
    return (
        _text(event.type, "event.type"),
        event.time,
        event.value,
        _optional_text(event.currency, "event.currency"),
        pairs(event.properties, "event.properties"),
        _optional_text(event.campaign, "event.campaign"),
        event.place,
    )


def _wanted(mapping: Mapping[str, Any], event: Optional[EventColumns]) -> list[str]:
    """All columns that the mapping names."""
    found = [text for is_column, text in [mapping["source"]] if is_column]
    found += [name for name in (mapping["time"], mapping["id"], mapping["version"]) if isinstance(name, str)]
    for part in ("identifiers", "others", "traits", "consents"):
        found += [name for name, _ in mapping[part]]
    found += mapping["tags"]
    if event is not None:
        kind, when, value, currency, properties, campaign, place = mapping["event"]
        found += [text[1] for text in (kind, currency, campaign) if text is not None and text[0]]
        found += [name for name in (when, value, place) if name is not None]
        found += [name for name, _ in properties]
    return found
