"""Tables of other libraries: the columns of them that are wanted, and new ones for them, each in its own kind."""

from __future__ import annotations

from typing import Any, List, Optional, Sequence

from .errors import InvalidArgument


def _library(table: Any) -> str:
    """``pandas``, ``polars`` or ``pyarrow``, where the table is a data frame of it that is in memory; else nothing."""
    kind = type(table)
    for base in kind.__mro__:
        library = base.__module__.partition(".")[0]
        if (library, base.__name__) in (
            ("pandas", "DataFrame"),
            ("polars", "DataFrame"),
            ("pyarrow", "Table"),
            ("pyarrow", "RecordBatch"),
        ):
            return str(library)
    return ""


def _names(table: Any) -> List[Any]:
    return list(table.schema.names if _library(table) == "pyarrow" else table.columns)


def rows(table: Any) -> int:
    """How many rows there are; 0 where that is not known before they are read."""
    library = _library(table)
    return int(table.num_rows) if library == "pyarrow" else len(table) if library else 0


def only(table: Any, columns: Sequence[str], new: Sequence[str] = ()) -> Any:
    """The table with these columns alone, where that saves handing out the others.

    new: columns that it is to get. Raises InvalidArgument: one is there already.
    """
    library = _library(table)
    if not library:
        return table
    names = _names(table)
    for name in new:
        if name in names:
            raise InvalidArgument(f"name: the table has a column {name!r} already; give the new one another name")
    wanted = list(dict.fromkeys(columns))
    if any(names.count(column) != 1 for column in wanted):
        return table  # the engine says which
    if library == "pandas":
        return table[wanted].reset_index(drop=True)
    return table.select(wanted)


def extended(table: Any, result: Any, new: Sequence[str]) -> Any:
    """The table with the `new` columns of `result`, as a table of the library that `table` is of; of other kinds `result` itself."""
    library = _library(table)
    if library == "pandas":
        import pandas
        import pyarrow

        # Whole numbers stay whole: null is no NaN.
        kinds = {pyarrow.uint32(): pandas.UInt32Dtype()}
        columns = pyarrow.table(result).select(list(new)).to_pandas(types_mapper=kinds.get)
        columns.index = table.index
        return table.assign(**{name: columns[name] for name in new})
    if library == "polars":
        import polars

        return table.with_columns(polars.DataFrame(result).select(list(new)))
    if library == "pyarrow":
        import pyarrow

        columns = pyarrow.table(result)
        for name in new:
            column = columns.column(name)
            if isinstance(table, pyarrow.RecordBatch):
                column = column.combine_chunks()
                if isinstance(column, pyarrow.ChunkedArray):
                    column = column.chunk(0) if column.num_chunks else pyarrow.array([], column.type)
            table = table.append_column(name, column)
        return table
    return result


def pairs(columns: Any, what: str) -> List[tuple[str, str]]:
    """Columns and what each is called: of a list, the same; of a dict, what it says."""
    items: Optional[List[Any]] = None
    if columns is None:
        items = []
    elif hasattr(columns, "items"):
        items = list(columns.items())
    elif not isinstance(columns, (str, bytes)):
        items = [(column, column) for column in columns]
    if items is None or not all(isinstance(text, str) for item in items for text in item):
        raise InvalidArgument(f"{what}: must be a list of columns, or a dict of columns and their names")
    return items
