"""Columns out of the engine, for pyarrow, polars, pandas, DuckDB and whatever else speaks Arrow."""

from __future__ import annotations

import html
import importlib
from typing import TYPE_CHECKING, Any, List, Optional

from . import _core
from .results._shown import cell

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

#: Rows that a notebook shows.
_SHOWN_ROWS = 10


class Table:
    """Named columns in Arrow's layout. Any library takes it that knows the Arrow PyCapsule interface:
    ``pyarrow.table(t)``, ``polars.DataFrame(t)``, ``duckdb.sql("FROM t")``.

    It never changes, and can be read as often as one likes, by several threads: readers share its memory,
    which goes with the last of them. Text that repeats (namespaces, types, names) is dictionary-encoded;
    times are milliseconds in UTC.

    >>> import polyonym
    >>> store = polyonym.open(policy={"namespaces": [{"name": "crm"}, {"name": "phone"}]})
    >>> _ = store.apply([{"source": "shop", "t": 0, "ids": {"crm": "C1", "phone": "1"}}])
    >>> store.tables.identifiers()
    Table(rows=2, profile_id: text, namespace: text, value: text)
    """

    def __init__(self, table: _core.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: Optional[object] = None) -> object:
        """A stream of record batches in a capsule. `requested_schema` is not heeded: the consumer casts."""
        return self._table.stream()

    def __arrow_c_schema__(self) -> object:
        """The schema in a capsule."""
        return self._table.schema()

    @property
    def num_rows(self) -> int:
        """Rows of all batches."""
        return self._table.num_rows

    @property
    def column_names(self) -> List[str]:
        """Names of the columns, in their order."""
        return self._table.names

    def __len__(self) -> int:
        return self._table.num_rows

    def __bool__(self) -> bool:
        return True

    def to_pyarrow(self) -> pyarrow.Table:
        """As a pyarrow.Table, without a copy. Needs pyarrow: ``pip install polyonym[arrow]``."""
        return _needed("pyarrow", "arrow").table(self)

    def to_polars(self) -> polars.DataFrame:
        """As a polars.DataFrame; columns of text are copied. Needs polars."""
        return _needed("polars").DataFrame(self)

    def to_pandas(self) -> pandas.DataFrame:
        """As a pandas.DataFrame, copied. Needs pandas and pyarrow."""
        _needed("pandas")
        return self.to_pyarrow().to_pandas()

    def __repr__(self) -> str:
        columns = ", ".join(f"{name}: {kind}" for name, kind in zip(self._table.names, self._table.types))
        return f"Table(rows={self.num_rows:,}{', ' if columns else ''}{columns})"

    def _repr_html_(self) -> str:
        head = "".join(
            f"<th style='text-align:left'>{html.escape(name)}<br><small>{html.escape(kind)}</small></th>"
            for name, kind in zip(self._table.names, self._table.types)
        )
        rows = zip(*self._table.first_rows(_SHOWN_ROWS))
        body = "".join(
            "<tr>" + "".join(f"<td style='text-align:left'>{_shown(value)}</td>" for value in row) + "</tr>"
            for row in rows
        )
        more = self.num_rows - _SHOWN_ROWS
        rest = f" and {more:,} more rows" if more > 0 else ""
        return f"<table><tr>{head}</tr>{body}</table>{rest}"


def _needed(library: str, extra: str = "") -> Any:
    try:
        return importlib.import_module(library)
    except ImportError:
        install = f"'polyonym[{extra}]'" if extra else library
        raise ImportError(f"this needs {library}: pip install {install}") from None


def _shown(value: Any) -> str:
    return "" if value is None else cell(value)
