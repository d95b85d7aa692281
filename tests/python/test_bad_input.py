"""Whatever comes in, Python hears of it: an exception that names the column and the row, no value in it, and never a crash."""

from __future__ import annotations

import ctypes
import inspect
import itertools
import threading
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import polyonym

CANARY = "canary-7f3a"
POLICY = {
    "namespaces": [{"name": "crm"}, {"name": "phone"}, {"name": "email"}],
    "definitions": {"segments": [{"name": name, "expression": f"count(order) >= {n}"} for name, n in [("buyers", 1), ("fans", 2)]]},
}


def assert_tells(error: BaseException, *parts: str) -> None:
    """Text of an error: it has the parts, and no value."""
    text = f"{error}{error.args}{error.__cause__}{error.__context__}"
    assert CANARY not in text
    for part in parts:
        assert part in str(error), text


# ---- tables ----


def table(**columns: Any) -> pa.Table:
    return pa.table({"email": [CANARY, None], **columns})


def test_a_column_that_is_not_there() -> None:
    with pytest.raises(polyonym.InvalidArgument) as caught:
        polyonym.resolve(table(), columns=["email", "phone"])
    assert_tells(caught.value, "phone")


@pytest.mark.parametrize("columns", [[], {}, "email", None, 3, [3], {"email": 3}, [None], {"email": "no namespace"}, object()])
def test_columns_that_are_none(columns: Any) -> None:
    with pytest.raises((polyonym.InvalidArgument, TypeError)) as caught:
        polyonym.resolve(table(), columns=columns)
    assert_tells(caught.value)


@pytest.mark.parametrize("data", [None, 3, "text", object(), [1, 2], {"email": [CANARY]}])
def test_what_is_no_table(data: Any) -> None:
    with pytest.raises((polyonym.InvalidArgument, TypeError)) as caught:
        polyonym.resolve(data, columns=["email"])
    assert_tells(caught.value)


def test_a_table_with_a_name_twice() -> None:
    twice = pa.Table.from_arrays([pa.array([CANARY]), pa.array(["other"])], names=["email", "email"])
    with pytest.raises(polyonym.InvalidArgument) as caught:
        polyonym.resolve(twice, columns=["email"])
    assert_tells(caught.value, "email")


@pytest.mark.parametrize(
    "kind",
    [pa.float64(), pa.binary(), pa.bool_(), pa.timestamp("ms"), pa.date32(), pa.decimal128(5, 2), pa.list_(pa.string()),
     pa.struct([("a", pa.string())]), pa.map_(pa.string(), pa.string()), pa.list_(pa.string(), 2), pa.duration("s"), pa.time32("s")],
    ids=str,
)  # fmt: skip
def test_a_column_that_names_nobody(kind: pa.DataType) -> None:
    with pytest.raises(polyonym.InvalidArgument) as caught:
        polyonym.resolve(pa.table({"odd": pa.nulls(2, kind)}), columns=["odd"])
    assert_tells(caught.value, "odd")
    with polyonym.open(policy=POLICY) as store:
        told = pa.table({"odd": pa.nulls(2, kind), "t": [0, 1]})
        if kind == pa.list_(pa.string()):  # a record may name several
            assert store.ingest(told, source="shop", time="t", identifiers={"odd": "crm"}).rejected == 2
            return
        with pytest.raises(polyonym.InvalidArgument) as caught:
            store.ingest(told, source="shop", time="t", identifiers={"odd": "crm"})
        assert_tells(caught.value, "odd")


def test_a_column_of_objects_of_several_kinds() -> None:
    mixed = pd.DataFrame({"email": pd.Series([CANARY, 3, None], dtype=object)})
    with pytest.raises((polyonym.Error, pa.ArrowException, TypeError)) as caught:
        polyonym.resolve(mixed, columns=["email"])
    assert_tells(caught.value)


@pytest.mark.parametrize(
    "kind",
    [pa.string(), pa.large_string(), pa.string_view(), pa.null(), pa.int8(), pa.uint64(), pa.dictionary(pa.int8(), pa.string()),
     pa.dictionary(pa.uint32(), pa.large_string()), pa.run_end_encoded(pa.int32(), pa.string())],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("rows", [0, 3])
def test_nothing_but_nulls(kind: pa.DataType, rows: int) -> None:
    empty = pa.table({"email": pa.nulls(rows, kind)})
    assert polyonym.resolve(empty, columns=["email"])["profile_id"].to_pylist() == [None] * rows
    with polyonym.open(policy=POLICY) as store:
        store.ingest(empty.append_column("t", pa.array(range(rows), pa.int64())), source="s", time="t", identifiers={"email": "email"})
        assert len(store) == 0


def test_chunks_and_slices_say_the_same() -> None:
    values = [f"{i % 7}" if i % 3 else None for i in range(100)]
    whole = pa.array(values)
    expected = polyonym.resolve(pa.table({"a": whole}), columns=["a"])["profile_id"].to_pylist()
    chunks = pa.chunked_array([whole.slice(0, 0), whole.slice(0, 9), whole.slice(9, 1), whole.slice(10, 0), whole.slice(10)])
    assert polyonym.resolve(pa.table({"a": chunks}), columns=["a"])["profile_id"].to_pylist() == expected
    around = pa.array(["x", None, *values, "y"]).slice(2, len(values))
    assert polyonym.resolve(pa.table({"a": around}), columns=["a"])["profile_id"].to_pylist() == expected
    no_chunk = pa.table({"a": pa.chunked_array([], pa.string())})
    assert polyonym.resolve(no_chunk, columns=["a"]).num_rows == 0


def test_a_time_that_is_none_names_its_row() -> None:
    late = pa.table({"email": ["a", "b", "c"], "t": ["2025-03-01T10:00:00Z", CANARY, None]})
    with pytest.raises(polyonym.InvalidArgument) as caught:
        polyonym.resolve(late, columns=["email"], time="t")
    assert_tells(caught.value, "t", "row 1")


def test_text_that_is_not_utf_8_is_nobody() -> None:
    broken = pa.Array.from_buffers(pa.string(), 2, [None, pa.py_buffer(np.array([0, 1, 3], np.int32)), pa.py_buffer(b"a\xff\xfe")])
    answer = polyonym.resolve(pa.table({"email": broken}), columns=["email"])
    assert answer["profile_id"].to_pylist() == [0, None]


def available_bytes() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_column_of_more_than_2_gib() -> None:
    if available_bytes() < 8 << 30:
        pytest.skip("a column of more than 2 GiB needs 8 GiB of memory, and less is available here")
    width, rows = 1_000, 2_200_000
    data = np.full(width * rows, ord("x"), np.uint8)
    data[-width] = ord("y")
    offsets = np.arange(rows + 1, dtype=np.int64) * width
    column = pa.Array.from_buffers(pa.large_string(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(data)])
    answer = polyonym.resolve(pa.table({"email": column}), columns=["email"])["profile_id"]
    assert answer.value_counts().to_pylist() == [{"values": 0, "counts": rows - 1}, {"values": 1, "counts": 1}]
    assert answer[-1].as_py() == 1


# ---- producers that break the protocol ----


class ArrowSchema(ctypes.Structure):
    pass


class ArrowArray(ctypes.Structure):
    pass


class ArrowArrayStream(ctypes.Structure):
    pass


ReleaseSchema = ctypes.CFUNCTYPE(None, ctypes.POINTER(ArrowSchema))
ReleaseArray = ctypes.CFUNCTYPE(None, ctypes.POINTER(ArrowArray))
ReleaseStream = ctypes.CFUNCTYPE(None, ctypes.POINTER(ArrowArrayStream))
GetSchema = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ArrowArrayStream), ctypes.POINTER(ArrowSchema))
GetNext = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ArrowArrayStream), ctypes.POINTER(ArrowArray))
GetLastError = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.POINTER(ArrowArrayStream))

ArrowSchema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_void_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(ArrowSchema))),
    ("dictionary", ctypes.POINTER(ArrowSchema)),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]
ArrowArray._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(ArrowArray))),
    ("dictionary", ctypes.POINTER(ArrowArray)),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]
ArrowArrayStream._fields_ = [
    ("get_schema", ctypes.c_void_p),
    ("get_next", ctypes.c_void_p),
    ("get_last_error", ctypes.c_void_p),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]

ctypes.pythonapi.PyCapsule_New.restype = ctypes.py_object
ctypes.pythonapi.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]

#: What C code points to lives as long as the tests.
KEPT: List[Any] = []


def kept(thing: Any) -> Any:
    KEPT.append(thing)
    return thing


def address(function: Any) -> int:
    return int(ctypes.cast(kept(function), ctypes.c_void_p).value or 0)


def forget_array(array: Any) -> None:
    array.contents.release = None


def forget_schema(schema: Any) -> None:
    schema.contents.release = None


def copy_of(struct: Any, forget: int) -> Any:
    """A copy that can be spoilt: the original stays as it was, and is never given back."""
    kind = type(struct)
    copy = kept(kind.from_buffer_copy(struct))
    copy.release = forget
    if copy.n_children:
        children = (ctypes.POINTER(kind) * copy.n_children)()
        for i in range(copy.n_children):
            children[i] = ctypes.pointer(copy_of(struct.children[i].contents, forget))
        copy.children = kept(children)
    if struct.dictionary:
        copy.dictionary = ctypes.pointer(copy_of(struct.dictionary.contents, forget))
    if kind is ArrowArray:
        buffers = (ctypes.c_void_p * max(copy.n_buffers, 1))()
        for i in range(copy.n_buffers):
            buffers[i] = struct.buffers[i]
        copy.buffers = kept(buffers)
    return copy


class Producer:
    """A stream of one batch that `spoil` has changed, or that fails."""

    def __init__(
        self,
        data: pa.Table,
        spoil: Callable[[Any], None] = lambda array: None,
        spoil_schema: Callable[[Any], None] = lambda schema: None,
        schema_fails: int = 0,
        next_fails: int = 0,
        message: Optional[bytes] = None,
    ) -> None:
        self.data, self.spoil, self.spoil_schema = kept(data.combine_chunks()), spoil, spoil_schema
        self.schema_fails, self.next_fails, self.message = schema_fails, next_fails, message
        self.released = False
        self.given = False

    def __arrow_c_stream__(self, requested_schema: Optional[object] = None) -> object:
        stream = kept(ArrowArrayStream())
        stream.get_schema = address(GetSchema(self.get_schema))
        stream.get_next = address(GetNext(self.get_next))
        message = None if self.message is None else address(ctypes.c_char_p(self.message))
        stream.get_last_error = address(GetLastError(lambda _: message))
        stream.release = address(ReleaseStream(self.release))
        return ctypes.pythonapi.PyCapsule_New(ctypes.addressof(stream), b"arrow_array_stream", None)

    def get_schema(self, _: Any, out: Any) -> int:
        if not self.schema_fails:
            original = kept(ArrowSchema())
            self.data.schema._export_to_c(ctypes.addressof(original))
            copy = copy_of(original, address(ReleaseSchema(forget_schema)))
            self.spoil_schema(copy)
            ctypes.memmove(out, ctypes.addressof(copy), ctypes.sizeof(copy))
        return self.schema_fails

    def get_next(self, _: Any, out: Any) -> int:
        if self.next_fails:
            return self.next_fails
        if self.given:
            ctypes.memset(out, 0, ctypes.sizeof(ArrowArray))
            return 0
        self.given = True
        original = kept(ArrowArray())
        (batch,) = self.data.to_batches()
        batch._export_to_c(ctypes.addressof(original))
        copy = copy_of(original, address(ReleaseArray(forget_array)))
        self.spoil(copy)
        ctypes.memmove(out, ctypes.addressof(copy), ctypes.sizeof(copy))
        return 0

    def release(self, stream: Any) -> None:
        stream.contents.release = None
        self.released = True


def child(array: Any) -> Any:
    return array.children[0].contents


def set_buffer(of: Any, place: int, values: Optional[np.ndarray]) -> None:
    of.buffers[place] = None if values is None else kept(values).ctypes.data


def set_field(of: Any, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(of, name, value)


TEXT = pa.table({"email": [CANARY, "b", "c"]})
LARGE = pa.table({"email": pa.array([CANARY, "b", "c"], pa.large_string())})
VIEWS = pa.table({"email": pa.array([CANARY + " that is too long for its place", "b", "c"], pa.string_view())})
WORDS = pa.table({"email": pa.array([CANARY, "b", "c"]).dictionary_encode()})
RUNS = pa.table({"email": pa.RunEndEncodedArray.from_arrays(pa.array([1, 3], pa.int32()), pa.array([CANARY, "b"]))})

SPOILT: Dict[str, Tuple[pa.Table, Callable[[Any], None]]] = {
    "offsets that go back": (TEXT, lambda a: set_buffer(child(a), 1, np.array([0, 11, 3, 13], np.int32))),
    "offsets below 0": (TEXT, lambda a: set_buffer(child(a), 1, np.array([-9, 11, 12, 13], np.int32))),
    "offsets beyond": (TEXT, lambda a: set_buffer(child(a), 1, np.array([0, 2**31 - 1, 12, 13], np.int32))),
    "large offsets that go back": (LARGE, lambda a: set_buffer(child(a), 1, np.array([0, 11, 3, 13], np.int64))),
    "large offsets below 0": (LARGE, lambda a: set_buffer(child(a), 1, np.array([-(2**62), 11, 12, 13], np.int64))),
    "large offsets beyond": (LARGE, lambda a: set_buffer(child(a), 1, np.array([0, 2**62, 12, 13], np.int64))),
    "no offsets": (TEXT, lambda a: set_buffer(child(a), 1, None)),
    "no bytes": (TEXT, lambda a: set_buffer(child(a), 2, None)),
    "two buffers": (TEXT, lambda a: set_field(child(a), n_buffers=2)),
    "no buffers": (TEXT, lambda a: set_field(child(a), n_buffers=0, buffers=None)),
    "buffers below 0": (TEXT, lambda a: set_field(child(a), n_buffers=-1)),
    "a length below 0": (TEXT, lambda a: set_field(a, length=-1)),
    "a length beyond memory": (TEXT, lambda a: set_field(a, length=2**62)),
    "a column that is shorter": (TEXT, lambda a: set_field(child(a), length=1)),
    "a column whose length is below 0": (TEXT, lambda a: set_field(child(a), length=-3)),
    "an offset below 0": (TEXT, lambda a: set_field(child(a), offset=-1)),
    "offset and length beyond 63 bits": (TEXT, lambda a: set_field(child(a), offset=2**63 - 2)),
    "an offset of the table beyond 63 bits": (TEXT, lambda a: set_field(a, offset=2**63 - 2)),
    "no columns": (TEXT, lambda a: set_field(a, n_children=0)),
    "columns below 0": (TEXT, lambda a: set_field(a, n_children=-1)),
    "columns that are nowhere": (TEXT, lambda a: set_field(a, children=None)),
    "a column that is nowhere": (TEXT, lambda a: a.children.__setitem__(0, ctypes.POINTER(ArrowArray)())),
    "nulls without bits": (TEXT, lambda a: set_field(child(a), null_count=2)),
    "an index beyond the dictionary": (WORDS, lambda a: set_buffer(child(a), 1, np.array([0, 3, 1], np.int32))),
    "an index below 0": (WORDS, lambda a: set_buffer(child(a), 1, np.array([0, -1, 1], np.int32))),
    "no dictionary": (WORDS, lambda a: set_field(child(a), dictionary=None)),
    "a dictionary with offsets that go back": (
        WORDS, lambda a: set_buffer(child(a).dictionary.contents, 1, np.array([0, 11, 3, 13], np.int32))),
    "a view into a buffer that is not there": (VIEWS, lambda a: set_buffer(child(a), 1, view(buffer=7, offset=0))),
    "a view before its buffer": (VIEWS, lambda a: set_buffer(child(a), 1, view(buffer=0, offset=-8))),
    "a view beyond its buffer": (VIEWS, lambda a: set_buffer(child(a), 1, view(buffer=0, offset=1_000_000))),
    "a view of a length below 0": (VIEWS, lambda a: set_buffer(child(a), 1, view(buffer=0, offset=0, length=-5))),
    "run ends that go back": (RUNS, lambda a: set_buffer(child(child(a)), 1, np.array([3, 1], np.int32))),
    "run ends that stop early": (RUNS, lambda a: set_buffer(child(child(a)), 1, np.array([1, 2], np.int32))),
    "runs without values": (RUNS, lambda a: set_field(child(a), n_children=1)),
}  # fmt: skip


def view(buffer: int, offset: int, length: int = 40) -> np.ndarray:
    """The first of three views; the others are of no bytes."""
    views = np.zeros((3, 4), np.int32)
    views[0] = [length, 0, buffer, offset]
    return views


@pytest.mark.parametrize("what", SPOILT, ids=lambda what: what.replace(" ", "-"))
def test_an_array_that_breaks_the_format(what: str) -> None:
    data, spoil = SPOILT[what]
    producer = Producer(data, spoil)
    with pytest.raises(polyonym.InvalidArgument) as caught:
        polyonym.resolve(producer, columns=["email"])
    assert_tells(caught.value)
    assert producer.released


SPOILT_SCHEMAS: Dict[str, Callable[[Any], None]] = {
    "no format": lambda s: set_field(child(s), format=None),
    "a format of nothing": lambda s: set_field(child(s), format=b""),
    "a format that is none": lambda s: set_field(child(s), format=b"zz"),
    "a format beyond": lambda s: set_field(child(s), format=b"+w:99999999999999999999"),
    "no name": lambda s: set_field(child(s), name=None),
    "not a table": lambda s: set_field(s, format=b"u"),
    "no columns": lambda s: set_field(s, n_children=0),
    "columns below 0": lambda s: set_field(s, n_children=-5),
    "columns that are nowhere": lambda s: set_field(s, children=None),
    "a column that is nowhere": lambda s: s.children.__setitem__(0, ctypes.POINTER(ArrowSchema)()),
    "a list without items": lambda s: set_field(child(s), format=b"+l"),
    "a union": lambda s: set_field(child(s), format=b"+ud:0,1"),
    "a name that is not UTF-8": lambda s: set_field(child(s), name=b"\xff\xfe"),
}


@pytest.mark.parametrize("what", SPOILT_SCHEMAS, ids=lambda what: what.replace(" ", "-"))
def test_a_schema_that_breaks_the_format(what: str) -> None:
    producer = Producer(TEXT, spoil_schema=SPOILT_SCHEMAS[what])
    with pytest.raises(polyonym.InvalidArgument) as caught:
        polyonym.resolve(producer, columns=["email"])
    assert_tells(caught.value)
    assert producer.released


def test_a_dictionary_in_a_dictionary_without_end() -> None:
    def spoil(schema: Any) -> None:
        child(schema).dictionary = ctypes.pointer(child(schema))

    with pytest.raises(polyonym.InvalidArgument):
        polyonym.resolve(Producer(WORDS, spoil_schema=spoil), columns=["email"])


@pytest.mark.parametrize("code", [5, 12, 22, -1])
@pytest.mark.parametrize("message", [None, b"", b"the disk is full", b"\xff\xfe"])
@pytest.mark.parametrize("where", ["schema_fails", "next_fails"])
def test_a_producer_that_fails(where: str, code: int, message: Optional[bytes]) -> None:
    producer = Producer(TEXT, message=message, **{where: code})
    with pytest.raises(polyonym.Error) as caught:
        polyonym.resolve(producer, columns=["email"])
    assert_tells(caught.value)
    assert producer.released
    if message == b"the disk is full":
        assert "the disk is full" in str(caught.value)


def test_a_producer_that_fails_in_the_middle_leaves_what_came_before(tmp_path: Path) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield from pa.table({"id": ["1", "2"], "t": [1, 2]}).to_batches()
        raise OSError("the line is broken")

    reader = pa.RecordBatchReader.from_batches(pa.schema([("id", pa.string()), ("t", pa.int64())]), batches())
    with polyonym.open(tmp_path / "people.db", policy=POLICY) as store:
        with pytest.raises((polyonym.Error, OSError), match="the line is broken"):
            store.ingest(reader, source="shop", time="t", identifiers={"id": "crm"})
        assert len(store) in (0, 2)
        assert store.verify().problems == []


class Raises:
    """An object whose method raises."""

    def __arrow_c_stream__(self, requested_schema: Optional[object] = None) -> object:
        raise LookupError("not today")


class Answers:
    """An object whose method answers with something."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def __arrow_c_stream__(self, requested_schema: Optional[object] = None) -> object:
        return self.answer


def test_what_the_method_raises_comes_out() -> None:
    with pytest.raises(LookupError, match="not today"):
        polyonym.resolve(Raises(), columns=["email"])


@pytest.mark.parametrize("answer", [None, 3, "capsule", object(), TEXT, TEXT.schema.__arrow_c_schema__()], ids=lambda a: type(a).__name__)
def test_what_is_no_stream(answer: object) -> None:
    with pytest.raises((polyonym.InvalidArgument, TypeError, ValueError)):
        polyonym.resolve(Answers(answer), columns=["email"])


def test_a_stream_that_was_read_already() -> None:
    stream = TEXT.__arrow_c_stream__()
    assert pa.table(polyonym.resolve(Answers(stream), columns=["email"])).num_rows == 3
    with pytest.raises(polyonym.InvalidArgument):
        polyonym.resolve(Answers(stream), columns=["email"])


def test_a_method_that_is_none() -> None:
    class NotCallable:
        __arrow_c_stream__ = None

    with pytest.raises((polyonym.InvalidArgument, TypeError)):
        polyonym.resolve(NotCallable(), columns=["email"])


# ---- records and policies ----

BAD_RECORDS: List[Any] = [
    {"source": "shop", "t": 0, "ids": {CANARY + " ": "1"}},
    {"source": "shop", "t": CANARY, "ids": {"crm": "1"}},
    {"source": "shop", "t": 0, "ids": {"crm": {CANARY: 1}}},
    {"source": "shop", "t": 0, "ids": {"crm": CANARY}, "op": "no such"},
    {"source": "shop", "t": 0, "ids": {"crm": CANARY * 1000}},
    {"source": "shop", "t": 0, "ids": {"crm": CANARY + "\0"}, "t2": 0},
    {"source": "shop", "t": -1, "ids": {"crm": CANARY}},
    {"source": "shop", "t": 1e300, "ids": {"crm": CANARY}},
    {"source": CANARY * 100, "t": 0, "ids": {"crm": "1"}},
    {"source": "shop", "t": 0, "op": "bind", "pair": [CANARY]},
    {"source": "shop", "t": 0, "op": "bind", "pair": ["crm:" + CANARY, "crm:" + CANARY]},
    {"source": "shop", "t": 0, "ids": {"crm": CANARY}, "facts": {"traits": [{"name": CANARY + " x"}], "y": CANARY}},
    "{" + CANARY,
    CANARY,
    "[]",
    b'{"source": "\xff"}',
]


@pytest.mark.parametrize("record", BAD_RECORDS, ids=range(len(BAD_RECORDS)))
def test_a_bad_record_is_rejected_by_itself(record: Any) -> None:
    good = {"source": "shop", "id": "good", "t": 0, "ids": {"crm": "1"}}
    with polyonym.open(policy=POLICY) as store:
        if isinstance(record, bytes):
            with pytest.raises(polyonym.InvalidArgument) as caught:
                store.apply(record)
            assert_tells(caught.value)
            return
        applied = store.apply([record] if isinstance(record, dict) else record)
        assert [r.outcome for r in applied.records] == ["rejected"]
        assert CANARY not in applied.records[0].reason + applied.records[0].field
        if isinstance(record, dict):
            applied = store.apply([good, record, good])
            assert applied.rejected == [1] and applied.records[0].outcome == "applied"
        assert store.verify().problems == []


@pytest.mark.parametrize(
    "records", [None, 3, [None], [3], [[]], object(), [{"source": object()}], [{"source": "s", "t": float("nan")}], [{3: set()}]], ids=repr
)
def test_records_that_are_none(records: Any) -> None:
    with polyonym.open(policy=POLICY) as store:
        with pytest.raises((polyonym.InvalidArgument, TypeError)):
            store.apply(records)
        assert store.stats().records == 0


@pytest.mark.parametrize(
    "policy",
    ["", "{", "[]", "null", {"namespaces": [{"name": CANARY + " "}]}, {"namespaces": 3}, {"no_such": CANARY},
     {"namespaces": [{"name": object()}]}, {"namespaces": [{"name": "a", "limits": [{"max": -1}]}]},
     {"namespaces": [{"name": "a", "valid_pattern": "("}]}, 3, object(), b"{}",
     "\ud800", Path("/nowhere/policy.json")],
    ids=lambda policy: repr(policy)[:30],
)  # fmt: skip
def test_policies_that_are_none(policy: Any) -> None:
    with pytest.raises((polyonym.Error, TypeError, ValueError, FileNotFoundError)) as caught:
        polyonym.open(policy=policy)
    assert type(caught.value) is not SystemError


# ---- every method ----


def filled(path: Optional[Path] = None) -> polyonym.Store:
    store = polyonym.open(path, policy=POLICY)
    store.apply(
        [
            {"source": "shop", "id": str(i), "t": 1_000 + i, "ids": {"crm": str(i // 2), "phone": str(i)},
             "facts": {"events": [{"type": "order"}]}}
            for i in range(6)
        ]
    )  # fmt: skip
    return store


#: Whatever has public methods, made of a store.
OBJECTS: Dict[type, Callable[[polyonym.Store], Any]] = {
    polyonym.Store: lambda store: store,
    polyonym.Moment: lambda store: store.as_of(2_000),
    polyonym.Segments: lambda store: store.segments(),
    polyonym.Events: lambda store: store.events(item="sku"),
    type(polyonym.open().tables): lambda store: store.tables,
}


def methods(of: type) -> List[str]:
    return [name for name, _ in inspect.getmembers(of, inspect.isfunction) if not name.startswith("_")]


METHODS = [(of, name) for of in OBJECTS for name in methods(of)]
PROPERTIES = [n for n, _ in inspect.getmembers(polyonym.Store, lambda m: isinstance(m, property)) if not n.startswith("_")]
FUNCTIONS = [name for name in polyonym.__all__ if inspect.isfunction(getattr(polyonym, name))]


def named_method(of: Any) -> str:
    return of.__name__ if isinstance(of, type) else str(of)


def plausible(tmp_path: Path) -> Dict[str, Any]:
    """Something for each argument that a method must have."""
    return {
        "records": [{"source": "shop", "t": 0, "ids": {"crm": "9"}}],
        "table": pa.table({"crm": ["1"], "t": [5]}),
        "source": "shop",
        "time": 1_005,
        "sequence": 1,
        "identifiers": {"crm": "crm"},
        "identifier": "crm:1",
        "columns": {"crm": "crm"},
        "who": "crm:1",
        "a": "crm:1",
        "b": "phone:5",
        "policy": POLICY,
        "path": tmp_path / "out",
        "name": "buyers",
        "names": ["buyers", "fans"],
        "number": 1,
        "now": 2_000,
        "before": 1_001,
        "profile": "p~0",
        "steps": ["view", "order"],
        "within": 1_000,
        "campaign": "none",
        "ids": [1],
        "consumer": "index",
        "conversions": "order",
        "ladder": "loyalty",
        "whos": ["crm:1", "p~0"],
        "start": 1_000,
        "end": 3_000,
        "step": 1_000,
        "expression": "count(order) >= 1",
        "treated": polyonym.Arm(people=100, converted=10),
        "control": polyonym.Arm(people=100, converted=5),
        "people": [100, 90],
        "shares": [1, 1],
        "folder": tmp_path / "backups",
        "ledger": [],
    }


#: Of methods that have defaults alone, and want one of them asked for.
ASKED: Dict[str, Dict[str, Any]] = {"rotate_keys": {"new_data_key": True}}


def arguments(call: Callable[..., Any], offered: Dict[str, Any]) -> Tuple[List[Any], Dict[str, Any]]:
    """Those that a call must have."""
    positional, named = [], {}
    for parameter in inspect.signature(call).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD or parameter.default is not parameter.empty:
            continue
        assert parameter.name in offered, f"{call.__qualname__}({parameter.name}): give it an example above"
        if parameter.kind is parameter.KEYWORD_ONLY:
            named[parameter.name] = offered[parameter.name]
        elif parameter.kind is parameter.VAR_POSITIONAL:
            positional += offered[parameter.name]
        else:
            positional.append(offered[parameter.name])
    return positional, {**named, **ASKED.get(call.__name__, {})}


def offered_to(name: str, tmp_path: Path) -> Dict[str, Any]:
    other = {"ingest": {"time": "t"}, "resolve": {"identifiers": "crm:1"}, "erase": {"identifiers": ["crm:1"]}}
    return {**plausible(tmp_path), **other.get(name, {})}


def unmeant_errors(call_of: Callable[[], Callable[..., Any]], offered: Dict[str, Any]) -> List[str]:
    """Each argument by itself as it should not be, all others as they should: what is raised that nobody meant."""
    unmeant = []
    for (place, parameter), wrong in itertools.product(enumerate(inspect.signature(call_of()).parameters.values()), WRONG):
        call = call_of()
        positional, named = arguments(call, offered)
        if parameter.kind is parameter.VAR_KEYWORD:
            named["no_such_argument"] = wrong
        elif parameter.kind is parameter.VAR_POSITIONAL:
            positional.append(wrong)
        elif place < len(positional):
            positional[place] = wrong
        else:
            named[parameter.name] = wrong
        try:
            drained(call(*positional, **named))
        except (polyonym.Error, TypeError, ValueError, OSError, OverflowError):
            pass
        except Exception as error:
            unmeant.append(f"{parameter.name}={wrong!r}: {error!r}")
    return unmeant


def drained(answer: Any) -> Any:
    """Answers that come one by one are asked for a first."""
    if inspect.isgenerator(answer) or hasattr(answer, "__next__"):
        return next(answer, None)
    return answer


@pytest.mark.parametrize("name", methods(polyonym.Store))
def test_a_closed_store_says_so(name: str, tmp_path: Path) -> None:
    store = filled(tmp_path / "people.db")
    store.close()
    positional, named = arguments(getattr(store, name), offered_to(name, tmp_path))
    try:
        drained(getattr(store, name)(*positional, **named))
    except polyonym.FailedPrecondition as error:
        assert "closed" in str(error)
    else:
        assert name in ("close", "graph"), "works on a closed store"


@pytest.mark.parametrize("name", PROPERTIES)
def test_a_closed_store_says_so_by_its_properties(name: str) -> None:
    store = filled()
    store.close()
    try:
        getattr(store, name)
    except polyonym.FailedPrecondition as error:
        assert "closed" in str(error)


def test_a_closed_store_still_has_a_name() -> None:
    store = filled()
    store.close()
    store.close()
    assert store.closed and "closed" in repr(store) and bool(store)
    with pytest.raises(polyonym.FailedPrecondition):
        len(store)
    with pytest.raises(polyonym.FailedPrecondition):
        store.__enter__().stats()


WRONG: List[Any] = [None, 3, -1, 2**70, 1.5, float("nan"), "", "\ud800", b"\xff", object(), [], [object()], {}, {"a": object()}]
WRONG += [lambda: None]


@pytest.mark.parametrize("of, name", METHODS, ids=named_method)
def test_arguments_that_are_right(of: type, name: str, tmp_path: Path) -> None:
    """What the tests of wrong ones begin with: they answer, or say what there is not."""
    with filled(tmp_path / "people.db") as store:
        call = getattr(OBJECTS[of](store), name)
        positional, named = arguments(call, offered_to(name, tmp_path))
        try:
            drained(call(*positional, **named))
        except (polyonym.NotFound, polyonym.FailedPrecondition) as error:
            assert_tells(error)


@pytest.mark.parametrize("of, name", METHODS, ids=named_method)
def test_wrong_arguments(of: type, name: str, tmp_path: Path) -> None:
    stores = [filled()]

    def call_of() -> Callable[..., Any]:
        if stores[-1].closed:
            stores.append(filled())
        call: Callable[..., Any] = getattr(OBJECTS[of](stores[-1]), name)
        return call

    assert unmeant_errors(call_of, offered_to(name, tmp_path)) == []
    assert stores[-1].closed or stores[-1].verify().problems == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_wrong_arguments_of_functions(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with filled(tmp_path / "people.db") as store:
        backup = store.back_up(tmp_path / "backups")
    offered = {**plausible(tmp_path), "columns": ["crm"], "name": "who", "id": backup.id, "keep": 1, "to": tmp_path / "mended.db"}
    if name in ("check_rows", "repair"):
        offered["path"] = tmp_path / "people.db"
    positional, named = arguments(getattr(polyonym, name), offered)
    getattr(polyonym, name)(*positional, **named)
    assert unmeant_errors(lambda: getattr(polyonym, name), offered) == []


# ---- threads ----


def test_threads_at_once(tmp_path: Path) -> None:
    """Writers and readers of one store, until it is closed under them: each ends with an answer or with FailedPrecondition."""
    store = filled(tmp_path / "people.db")
    unexpected: List[BaseException] = []
    closed = threading.Event()

    def work(call: Callable[[int], object]) -> None:
        turn = 0
        while True:
            turn += 1
            try:
                call(turn)
            except polyonym.FailedPrecondition:
                if closed.is_set():
                    return
                unexpected.append(AssertionError("closed before it is"))
                return
            except BaseException as error:
                unexpected.append(error)
                return

    calls: List[Callable[[int], object]] = [
        lambda i: store.apply([{"source": "a", "id": str(i % 50), "version": i, "t": i, "ids": {"crm": str(i % 7), "phone": str(i % 11)}}]),
        lambda i: store.retract("a", id=str(i * 7 % 50)),
        lambda i: store.resolve(["crm:1", ("phone", "2"), "email:x"]),
        lambda i: store.members("crm:1"),
        lambda i: store.profile("crm:1"),
        lambda i: store.verify(),
        lambda i: store.set_policy(POLICY),
        lambda i: polyonym.resolve(TEXT, columns=["email"]) if not closed.is_set() else store.stats(),
    ]
    threads = [threading.Thread(target=work, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    threading.Event().wait(2)
    assert unexpected == []
    closed.set()
    store.close()
    for thread in threads:
        thread.join(30)
    assert unexpected == []
    assert not any(thread.is_alive() for thread in threads)
    with polyonym.open(tmp_path / "people.db") as again:
        assert again.verify().problems == []


def test_a_view_outlives_its_store(tmp_path: Path) -> None:
    store = filled(tmp_path / "people.db")
    seen = store.read()
    store.close()
    assert len(seen) == 3
    assert [str(i) for i in seen.members("crm:1")] == ["crm:1", "phone:2", "phone:3"]
