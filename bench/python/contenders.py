#!/usr/bin/env python3
"""Connected components of a table of pairs, by polyonym and by what else a Python user would take.

    contenders.py NAME FILE

runs one in this process and prints a line of JSON; FILE is of pairs.py. A new contender is a row of
CONTENDERS.

What is not timed: imports (a few rows go before, for what is imported on first use), connections, reading the
table, reading the result. What is: all from the Arrow table to whatever the system itself calls its result,
so also the numbers or Python strings that it needs in place of Arrow's. That is a column of the rows for
polyonym, and for the others a label, list or table of the identifiers: what it costs to bring those back to
the rows is not counted. Python's cyclic garbage collector is off.
"""

from __future__ import annotations

import argparse
import ctypes
import dataclasses
import gc
import hashlib
import itertools
import json
import pathlib
import platform
import signal
import sys
import time
from typing import Any, Callable, Protocol

import numpy as np
import pairs
import pyarrow as pa
import pyarrow.compute as pc

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "rivals"))

MIB = 1 << 20


class System(Protocol):
    """Made with the table, before the clock starts."""

    version: str

    def group(self) -> None:
        """What is timed."""

    def labels(self, table: pa.Table) -> tuple[Any, Any]:
        """A label for the left and the right identifier of each row: Arrow arrays."""


def given(table: pa.Table, form: str) -> Any:
    """The same table in the form in which it is handed over: string, large_string, polars or pandas."""
    if form == "polars":
        import polars

        return polars.from_arrow(table, rechunk=False)
    if form == "pandas":
        return table.to_pandas()
    kind = {"string": pa.string(), "large_string": pa.large_string()}[form]
    return table.cast(pa.schema([(name, kind) for name in table.column_names]))


def column(table: Any, name: str) -> pa.Array:
    """Of a table of any of these forms."""
    values = table[name]
    if isinstance(values, pa.ChunkedArray):
        return values.combine_chunks()
    return values.to_arrow() if hasattr(values, "to_arrow") else pa.array(values)


def of_rows(table: pa.Table, identifiers: Any, labels: Any) -> tuple[Any, Any]:
    """From labels of identifiers to labels of rows."""
    values, labels = pa.array(identifiers, pa.large_string()), pa.array(labels)

    def of(side: str) -> Any:
        return labels.take(
            pc.index_in(table[side].cast(pa.large_string()).combine_chunks(), value_set=values)
        )

    return of("left"), of("right")


class Polyonym:
    def __init__(self, table: pa.Table, form: str) -> None:
        import polyonym

        self.version = polyonym.__version__
        self.polyonym, self.table = polyonym, given(table, form)

    def group(self) -> None:
        self.people = self.polyonym.resolve(self.table, columns={"left": "id", "right": "id"})

    def labels(self, table: pa.Table) -> tuple[Any, Any]:
        if type(self.people) is not type(self.table):
            raise TypeError(f"resolve() was given {type(self.table)} and returned {type(self.people)}")
        numbers = column(self.people, "profile_id")
        return numbers, numbers


def by_pandas(table: pa.Table) -> tuple[Any, Any]:
    """Identifiers, and the number of the identifier of each cell: the left column, then the right one."""
    import pandas

    columns = table.to_pandas()
    numbers, identifiers = pandas.factorize(
        pandas.concat([columns["left"], columns["right"]], ignore_index=True)
    )
    return identifiers, numbers


def by_pyarrow(table: pa.Table) -> tuple[Any, Any]:
    cells = pa.chunked_array([*table["left"].chunks, *table["right"].chunks]).dictionary_encode()
    return cells.chunk(0).dictionary, np.concatenate([chunk.indices.to_numpy() for chunk in cells.chunks])


class SciPy:
    """A sparse matrix. Tried: numbers by a dictionary of Python, which takes three times as long."""

    def __init__(self, table: pa.Table, numbered: Callable[[pa.Table], tuple[Any, Any]]) -> None:
        import scipy.sparse.csgraph

        self.version = scipy.__version__
        self.scipy, self.table, self.numbered = scipy, table, numbered

    def group(self) -> None:
        self.identifiers, numbers = self.numbered(self.table)
        left, right = np.split(numbers, 2)
        size = len(self.identifiers)
        graph = self.scipy.sparse.coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(size, size))
        _, self.numbers = self.scipy.sparse.csgraph.connected_components(graph.tocsr(), directed=False)

    def labels(self, table: pa.Table) -> tuple[Any, Any]:
        return of_rows(table, self.identifiers, self.numbers)


class IGraph:
    def __init__(self, table: pa.Table) -> None:
        import igraph

        self.version = igraph.__version__
        self.igraph, self.table = igraph, table

    def group(self) -> None:
        self.identifiers, numbers = by_pyarrow(self.table)
        graph = self.igraph.Graph(len(self.identifiers), np.column_stack(np.split(numbers, 2)))
        self.numbers = graph.connected_components("weak").membership

    def labels(self, table: pa.Table) -> tuple[Any, Any]:
        return of_rows(table, self.identifiers, self.numbers)


class NetworkX:
    """Over the strings themselves, as it is used: its graphs are dictionaries already."""

    def __init__(self, table: pa.Table) -> None:
        import networkx

        self.version = networkx.__version__
        self.networkx, self.table = networkx, table

    def group(self) -> None:
        graph = self.networkx.Graph()
        graph.add_edges_from(zip(self.table["left"].to_pylist(), self.table["right"].to_pylist()))
        self.groups = list(self.networkx.connected_components(graph))

    def labels(self, table: pa.Table) -> tuple[Any, Any]:
        sizes = np.fromiter(map(len, self.groups), np.int64, len(self.groups))
        return of_rows(
            table, list(itertools.chain.from_iterable(self.groups)), np.repeat(np.arange(len(sizes)), sizes)
        )


class UnionFind:
    """In a dictionary, as one writes it in ten lines."""

    def __init__(self, table: pa.Table) -> None:
        import components

        self.version = platform.python_version()
        self.components, self.table = components, table

    def group(self) -> None:
        self.pairs = self.components.labels_by_union(
            zip(self.table["left"].to_pylist(), self.table["right"].to_pylist())
        )

    def labels(self, table: pa.Table) -> tuple[Any, Any]:
        return of_rows(table, *zip(*self.pairs))


class DuckDB:
    """The SQL of bench/rivals/duckdb_rival.py: the identifiers numbered, then the smallest label by rounds.

    The Arrow table is read where it lies. Tried: a copy of it in a table of DuckDB first is no faster, and a
    recursive query with USING KEY in place of the rounds takes half as long again in all.
    """

    def __init__(self, table: pa.Table) -> None:
        import duckdb
        import duckdb_rival

        self.version = duckdb.__version__
        self.number, self.round = duckdb_rival.NUMBER, duckdb_rival.ROUND
        self.db = duckdb.connect(":memory:")
        self.db.execute("SET preserve_insertion_order = false")
        self.db.register("pair", table)
        self.db.execute('CREATE VIEW event AS SELECT "left" AS a, "right" AS b, NULL::VARCHAR AS c FROM pair')

    def group(self) -> None:
        self.db.execute(self.number)
        while self.db.execute("SELECT count(*) FROM way").fetchall()[0][0]:
            self.db.execute(self.round)

    def labels(self, table: pa.Table) -> tuple[Any, Any]:
        found = self.db.sql("SELECT value, l FROM ident JOIN label USING (n)").to_arrow_table()
        return of_rows(table, column(found, "value"), column(found, "l"))


class Splink:
    """Its clustering, on DuckDB; it wants a table of the identifiers beside the pairs."""

    def __init__(self, table: pa.Table) -> None:
        import duckdb
        import splink
        import splink.clustering

        self.version = f"{splink.__version__}, DuckDB {duckdb.__version__}"
        self.cluster = splink.clustering.cluster_pairwise_predictions_at_threshold
        self.db = duckdb.connect(":memory:")
        self.api = splink.DuckDBAPI(connection=self.db)
        self.db.register("given", table)
        self.db.execute('CREATE VIEW pair AS SELECT "left" AS id_l, "right" AS id_r FROM given')

    def group(self) -> None:
        self.db.execute("CREATE TABLE identifier AS SELECT id_l AS id FROM pair UNION SELECT id_r FROM pair")
        self.clusters = self.cluster(
            "identifier",
            "pair",
            db_api=self.api,
            node_id_column_name="id",
            edge_id_column_name_left="id_l",
            edge_id_column_name_right="id_r",
        )

    def labels(self, table: pa.Table) -> tuple[Any, Any]:
        found = self.db.sql(f"SELECT id, cluster_id FROM {self.clusters.physical_name}").to_arrow_table()
        return of_rows(table, column(found, "id"), column(found, "cluster_id"))


@dataclasses.dataclass(frozen=True)
class Contender:
    name: str
    package: str  # that goals are about
    made: Callable[[pa.Table], System]
    more: tuple[str, ...] = ()  # packages that it imports besides
    source: bool = False  # a form of ours that is run on demand

    @property
    def ours(self) -> bool:
        return self.package == "polyonym"


CONTENDERS = [
    Contender("polyonym string", "polyonym", lambda table: Polyonym(table, "string")),
    Contender("polyonym large_string", "polyonym", lambda table: Polyonym(table, "large_string")),
    Contender("polyonym polars", "polyonym", lambda table: Polyonym(table, "polars"), ("polars",), True),
    Contender("polyonym pandas", "polyonym", lambda table: Polyonym(table, "pandas"), ("pandas",), True),
    Contender("scipy pandas.factorize", "scipy", lambda table: SciPy(table, by_pandas), ("pandas",)),
    Contender("scipy pyarrow dictionary", "scipy", lambda table: SciPy(table, by_pyarrow)),
    Contender("igraph", "igraph", IGraph),
    Contender("duckdb", "duckdb", DuckDB),
    Contender("splink", "splink", Splink),
    Contender("networkx", "networkx", NetworkX),
    Contender("python union-find", "pyarrow", UnionFind),
]


def resident_bytes(field: str) -> int:
    """VmRSS: what the process holds; VmHWM: the most that it held."""
    with open("/proc/self/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1]) << 10
    raise KeyError(field)


@dataclasses.dataclass(frozen=True)
class Spent:
    seconds: float
    before_bytes: int  # resident, the table included
    peak_bytes: int


def measured(work: Callable[[], Any], max_seconds: float = 0) -> Spent:
    """Beyond `max_seconds` the process is ended by SIGALRM, wherever it is. 0: no limit.

    What was freed is given back before, or the work would find it and seem to need less.
    """
    gc.collect()
    pa.default_memory_pool().release_unused()
    ctypes.CDLL(None).malloc_trim(0)
    gc.freeze()
    gc.disable()
    pathlib.Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    before = resident_bytes("VmRSS")
    signal.setitimer(signal.ITIMER_REAL, max_seconds)
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    signal.setitimer(signal.ITIMER_REAL, 0)
    return Spent(seconds, before, resident_bytes("VmHWM"))


def partition(left: Any, right: Any) -> dict[str, Any]:
    """Groups numbered in the order in which rows first name them: the same text for the same partition."""
    if left.null_count or not left.equals(right):
        raise ValueError("the two identifiers of a pair are not in one group")
    numbered = left.dictionary_encode()
    numbers = numbered.indices.to_numpy().astype(np.uint32)
    return {"groups": len(numbered.dictionary), "digest": hashlib.sha256(numbers.tobytes()).hexdigest()[:32]}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=[c.name for c in CONTENDERS])
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--max-seconds", type=float, default=0)
    options = parser.parse_args()
    table = pairs.read(options.file)
    made = next(c for c in CONTENDERS if c.name == options.name).made
    made(table.slice(0, 10)).group()
    system = made(table)
    spent = measured(system.group, options.max_seconds)
    answer = {**dataclasses.asdict(spent), "version": system.version, **partition(*system.labels(table))}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
