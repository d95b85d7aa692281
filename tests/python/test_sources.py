"""One table, whoever made it: every library's gives the same answer."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, Callable, Dict, List, Optional

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import polyonym
from polyonym.table import Table

START = datetime(2025, 3, 1, 10, tzinfo=timezone.utc)
ROWS: List[Dict[str, Any]] = [
    {"order_no": "1", "email": "ann@example.com", "phone": "101", "shop": "north", "member": 1},
    {"order_no": "2", "email": "ann@example.com", "phone": None, "shop": "south", "member": None},
    {"order_no": "3", "email": None, "phone": "101", "shop": None, "member": 2},
    {"order_no": "4", "email": "bob@example.com", "phone": "102", "shop": "north", "member": 9_007_199_254_740_993},
    {"order_no": "5", "email": None, "phone": None, "shop": "north", "member": None},
    {"order_no": "6", "email": "", "phone": "103", "shop": "east", "member": -7},
    {"order_no": "7", "email": "朱@example.com", "phone": "102", "shop": "east", "member": None},
    {"order_no": "8", "email": None, "phone": None, "shop": None, "member": 2},
]
for place, row in enumerate(ROWS):
    row["at"] = START + timedelta(hours=place)
    row["city"] = ["Shanghai", "Beijing", None][place % 3]
#: Rows of one person, and those of nobody, by email, phone and member.
PEOPLE = [0, 0, 0, 1, None, 2, 1, 0]

POLICY = {
    "namespaces": [
        {"name": name, "priority": priority, "normaliser": "NORMALISER_EXACT", "builtin_blocks": False}
        for priority, name in enumerate(["member", "phone", "email"], 1)
    ]
}


def arrow() -> pa.Table:
    fields = [(name, pa.string()) for name in ("order_no", "email", "phone")]
    fields += [("shop", pa.dictionary(pa.int8(), pa.string())), ("member", pa.int64())]
    fields += [("at", pa.timestamp("us", "UTC")), ("city", pa.string())]
    return pa.Table.from_pylist(ROWS, schema=pa.schema(fields))


def of_polars() -> pl.DataFrame:
    return pl.DataFrame(ROWS).with_columns(pl.col("shop").cast(pl.Categorical))


def of_pandas() -> pd.DataFrame:
    frame = pd.DataFrame(ROWS)
    # A column of whole numbers with gaps would be one of floats.
    frame["member"] = pd.array([row["member"] for row in ROWS], dtype="Int64")
    return frame.astype({"shop": "category"})


def of_pandas_objects() -> pd.DataFrame:
    return of_pandas().astype({"email": object, "phone": object, "city": object})


def of_duckdb() -> duckdb.DuckDBPyRelation:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("CREATE TYPE shop AS ENUM ('north', 'south', 'east')")
    connection.register("rows", arrow())
    return connection.sql("SELECT * REPLACE (shop::shop AS shop) FROM rows")


class Capsule:
    """Anything else that speaks the protocol: nothing but the one method."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def __arrow_c_stream__(self, requested_schema: Optional[object] = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)


class ArrayCapsule:
    """One array of structs, without a stream."""

    def __init__(self, table: pa.Table) -> None:
        (self.batch,) = table.combine_chunks().to_batches()

    def __arrow_c_array__(self, requested_schema: Optional[object] = None) -> object:
        return self.batch.__arrow_c_array__(requested_schema)


SOURCES: Dict[str, Callable[[], Any]] = {
    "pyarrow": arrow,
    "pyarrow, in chunks": lambda: pa.concat_tables([arrow().slice(i, 1) for i in range(len(ROWS))]),
    "pyarrow, a part of more": lambda: pa.concat_tables([arrow(), arrow(), arrow()]).combine_chunks().slice(len(ROWS), len(ROWS)),
    "pyarrow, views": lambda: retyped(pa.string_view()),
    "pyarrow, large": lambda: retyped(pa.large_string()),
    "pyarrow, dictionaries": lambda: retyped(pa.dictionary(pa.int32(), pa.string())),
    "pyarrow, a batch": lambda: arrow().combine_chunks().to_batches()[0],
    "pyarrow, a reader": lambda: arrow().to_reader(max_chunksize=3),
    "polars": of_polars,
    "pandas": of_pandas,
    "pandas, objects": of_pandas_objects,
    "duckdb": of_duckdb,
    "a stream": lambda: Capsule(arrow()),
    "an array": lambda: ArrayCapsule(arrow()),
}


def retyped(kind: pa.DataType) -> pa.Table:
    table = arrow()
    for name in ("order_no", "email", "phone", "city"):
        table = table.set_column(table.column_names.index(name), name, table[name].cast(kind))
    return table


@pytest.fixture(params=SOURCES, ids=lambda name: name.replace(", ", "-").replace(" ", "-"))
def source(request: pytest.FixtureRequest) -> Callable[[], Any]:
    return SOURCES[request.param]


def numbered(ids: List[Any]) -> List[Optional[int]]:
    """Groups by the place of their first row, so that names of groups do not matter."""
    order: Dict[Any, int] = {}
    return [None if id is None else order.setdefault(id, len(order)) for id in ids]


def test_resolve(source: Callable[[], Any]) -> None:
    answer = polyonym.resolve(source(), columns=["email", "phone", "member"])
    answer = pa.table(answer)
    assert numbered(answer["profile_id"].to_pylist()) == PEOPLE
    assert answer["order_no"].cast(pa.string()).to_pylist() == [row["order_no"] for row in ROWS]


def test_resolve_answers_with_the_kind_that_came() -> None:
    kinds = {"pyarrow": pa.Table, "pyarrow, a batch": pa.RecordBatch, "polars": pl.DataFrame, "pandas": pd.DataFrame}
    others = {"duckdb": Table, "a stream": Table, "an array": Table, "pyarrow, a reader": Table}
    for name, kind in {**kinds, **others}.items():
        answer = polyonym.resolve(SOURCES[name](), columns=["email", "phone"])
        assert isinstance(answer, kind), name


def ingest(store: polyonym.Store, table: Any) -> Any:
    return store.ingest(
        table,
        source="shop",
        time="at",
        id="order_no",
        identifiers={"email": "email", "phone": "phone", "member": "member"},
        traits={"city": "city", "shop": "shop"},
    )


def seen_in(store: polyonym.Store) -> Any:
    profiles = {str(m): (p, [str(i) for i in members]) for p, members in store.groups() for m in members}
    records = [store.record(number).json for number in range(1, store.stats().records + 1)]
    return profiles, records


def test_ingest(source: Callable[[], Any]) -> None:
    with polyonym.open(policy=POLICY) as store, polyonym.open(policy=POLICY) as other:
        ingest(store, source())
        ingest(other, arrow())
        assert seen_in(store) == seen_in(other)
        assert store.stats().records == sum(person is not None for person in PEOPLE)
        assert numbered(resolved(store)) == PEOPLE


def resolved(store: polyonym.Store) -> List[Optional[str]]:
    """By the first identifier of each row."""
    answers = []
    for row in ROWS:
        names = [f"{ns}:{row[ns]}" for ns in ("member", "phone", "email") if row[ns] not in (None, "")]
        answers.append(store.resolve(names[0]).profile if names else None)
    return answers


def test_resolve_table(source: Callable[[], Any]) -> None:
    with polyonym.open(policy=POLICY) as store:
        ingest(store, arrow().slice(0, 5))
        answer = pa.table(store.resolve_table(source(), columns={"email": "email", "phone": "phone", "member": "member"}))
        ids = answer["profile_id"].cast(pa.string()).to_pylist()
        # The sixth row names only who never came; the seventh shares a phone with the fourth.
        assert numbered(ids) == [0, 0, 0, 1, None, None, 1, 0]
        assert ids[0] == store.resolve("phone:101").profile
        assert answer["order_no"].cast(pa.string()).to_pylist() == [row["order_no"] for row in ROWS]


def test_whole_numbers_are_spelt_whole(source: Callable[[], Any]) -> None:
    """A number of an order keeps every digit, however it came."""
    with polyonym.open(policy=POLICY) as store:
        ingest(store, source())
        assert store.resolve("member:9007199254740993").known
        assert store.resolve("member:-7").known
        assert not store.resolve("member:1.0").known
