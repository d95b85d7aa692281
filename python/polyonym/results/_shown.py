"""How results are shown in a notebook: fields as a table, lists of results as rows."""

from __future__ import annotations

import dataclasses
import html
from datetime import datetime, timedelta
from typing import Any, Iterable

#: Rows of a list that are shown; the rest is counted.
_MOST_ROWS = 25


class Shown:
    """A dataclass that a notebook shows as a table. Text is escaped: values come from strangers."""

    def _repr_html_(self) -> str:
        fields = dataclasses.fields(self)  # type: ignore[arg-type]
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(field.name)}</th>"
            f"<td style='text-align:left'>{cell(getattr(self, field.name))}</td></tr>"
            for field in fields
            if field.repr
        )
        return f"<table><caption>{html.escape(type(self).__name__)}</caption>{rows}</table>"


def cell(value: Any) -> str:
    """One value as HTML: what a result says of itself, lists of results as a table, all else as text."""
    if value is None:
        return "<i>none</i>"
    if isinstance(value, datetime):
        return html.escape(value.strftime("%Y-%m-%d %H:%M:%S"))
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (list, tuple)):
        return _list(value)
    if isinstance(value, dict):
        return _dict(value)
    if isinstance(value, Shown) and not _says_itself(value):
        return value._repr_html_()
    if _says_itself(value) or isinstance(value, (str, int, timedelta)):
        return html.escape(str(value))
    return html.escape(repr(value))


def _says_itself(value: Any) -> bool:
    """Whether its class has a text for people of its own."""
    return any("__str__" in vars(kind) for kind in type(value).__mro__[:-1])


def _list(values: Any) -> str:
    if not values:
        return "<i>none</i>"
    first = values[0]
    if not dataclasses.is_dataclass(first) or _says_itself(first):
        shown = ", ".join(cell(value) for value in values[:_MOST_ROWS])
        return shown + _rest(len(values))
    names = [field.name for field in dataclasses.fields(first) if field.repr]
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    body = "".join(_row(value, names) for value in values[:_MOST_ROWS])
    return f"<table><tr>{head}</tr>{body}</table>" + _rest(len(values))


def _dict(values: Any) -> str:
    if not values:
        return "<i>none</i>"
    rows = "".join(
        f"<tr><th style='text-align:left'>{html.escape(str(name))}</th><td>{cell(value)}</td></tr>"
        for name, value in list(values.items())[:_MOST_ROWS]
    )
    return f"<table>{rows}</table>" + _rest(len(values))


def _row(value: Any, names: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<td>{cell(getattr(value, name))}</td>" for name in names) + "</tr>"


def _rest(count: int) -> str:
    return f" and {count - _MOST_ROWS} more" if count > _MOST_ROWS else ""
