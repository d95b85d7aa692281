"""Long calls end by Ctrl-C, and say how far they are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Callable, Iterator, List, Tuple

import pyarrow as pa
import pytest

import polyonym

ROWS = 20_000
POLICY = {"namespaces": [{"name": "phone", "guards": [{"of": "crm", "max_neighbours": 3}]}, {"name": "crm", "limits": [{"max": 2}]}]}
#: What a call must take, to be ended before its end.
LONG_ENOUGH = 0.5


def people(rows: int) -> pa.Table:
    """Chains of people that limits and guards touch."""
    return pa.table(
        {
            "crm": pa.array([f"c{i // 3}" for i in range(rows)]),
            "phone": pa.array([f"p{i // 2}" for i in range(rows)]),
            "t": pa.array(range(rows), pa.timestamp("ms", "UTC")),
        }
    )


def ingest(store: polyonym.Store, table: pa.Table, progress: Any) -> None:
    store.ingest(table, source="shop", time="t", identifiers=["crm", "phone"], batch=1_000, progress=progress)


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return people(ROWS)


@pytest.fixture(scope="module")
def store() -> Iterator[polyonym.Store]:
    """As many people as this machine verifies in a while."""
    rows = ROWS
    with polyonym.open(policy=POLICY) as opened:
        ingest(opened, people(rows), progress=False)
        while seconds(opened.verify) < LONG_ENOUGH and rows < 100 * ROWS:
            rows *= 2
            ingest(opened, people(rows), progress=False)
        yield opened


def seconds(call: Callable[[], object]) -> float:
    begin = time.monotonic()
    call()
    return time.monotonic() - begin


def press_ctrl_c(after: float) -> threading.Timer:
    """In another thread, as a terminal does; Python answers it in this one."""
    timer = threading.Timer(after, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    return timer


def assert_ends_early(call: Callable[[], object], whole: float) -> None:
    """Ctrl-C at a tenth of the call ends it before its end. A busy machine may be late once, not thrice."""
    took = []
    for _ in range(3):
        begin = time.monotonic()
        timer = press_ctrl_c(max(0.02, whole / 10))
        with pytest.raises(KeyboardInterrupt):
            call()
            timer.join()
            time.sleep(1)  # for one that comes when the call is over: it is caught here, and not early
        took.append(time.monotonic() - begin)
        timer.join()
        if took[-1] < 0.7 * whole:
            return
    pytest.fail(f"the whole call takes {whole:.2f} s, and with Ctrl-C {took}")


def test_verify_ends_by_ctrl_c(store: polyonym.Store) -> None:
    whole = seconds(store.verify)
    assert_ends_early(store.verify, whole)
    assert store.verify().problems == []


def test_resolve_ends_by_ctrl_c() -> None:
    rows = ROWS

    def call() -> None:
        polyonym.resolve(many, columns=["crm", "phone"], policy=POLICY)

    many = people(rows)
    while (whole := seconds(call)) < LONG_ENOUGH and rows < 100 * ROWS:
        rows *= 2
        many = people(rows)
    assert_ends_early(call, whole)


def test_ingest_ends_by_ctrl_c_and_leaves_a_whole_store(table: pa.Table, tmp_path: Path) -> None:
    pressed: List[int] = []

    def press(done: int, total: int) -> None:
        if 0 < done < total and not pressed:
            pressed.append(done)
            os.kill(os.getpid(), signal.SIGINT)

    with polyonym.open(tmp_path / "people.db", policy=POLICY) as other:
        with pytest.raises(KeyboardInterrupt):
            ingest(other, table, progress=press)
        assert pressed
        assert other.stats().records < ROWS
        assert other.verify().problems == []
        # Told again, what was taken already is unchanged: docs/rule.md 1.1.
        ingest(other, table, progress=False)
        assert other.stats().standing_records == ROWS
        with polyonym.open(policy=POLICY) as never_ended:
            ingest(never_ended, table, progress=False)
            assert len(other) == len(never_ended)


def test_a_table_of_the_store_ends_by_ctrl_c(store: polyonym.Store) -> None:
    once = seconds(store.tables.profiles)
    times = 1 + int(LONG_ENOUGH / once)
    assert_ends_early(lambda: [store.tables.profiles() for _ in range(times)], once * times)
    assert store.verify().problems == []


def test_ctrl_c_in_a_program(tmp_path: Path) -> None:
    """As a shell sends it to a process that does nothing but wait for a call."""
    program = f"""
import polyonym
store = polyonym.open({str(tmp_path / "people.db")!r}, policy={POLICY!r})
for start in range(0, 5_000, 1_000):
    records = [{{"source": "shop", "id": str(i), "t": i, "ids": {{"crm": str(i // 3), "phone": str(i // 2)}}}}
               for i in range(start, start + 1_000)]
    store.apply(records)
print("ready", flush=True)
try:
    while True:
        store.verify()
except KeyboardInterrupt:
    print("ended", store.verify().problems, flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "ended []\n"
        assert process.wait(60) == 0


# ---- progress ----


def test_progress_rises(table: pa.Table) -> None:
    told: List[Tuple[int, int]] = []
    with polyonym.open(policy=POLICY) as other:
        ingest(other, table, progress=lambda done, total: told.append((done, total)))
    assert_rises(told)
    assert told[-1] == (ROWS, ROWS)


def test_progress_of_a_policy_rises(table: pa.Table) -> None:
    told: List[Tuple[int, int]] = []
    with polyonym.open(policy=POLICY) as other:
        ingest(other, table, progress=False)
        policy = {"namespaces": [{"name": "phone"}, {"name": "crm"}]}
        other.set_policy(policy, progress=lambda done, total: told.append((done, total)))
        assert_rises(told)


def assert_rises(told: List[Tuple[int, int]]) -> None:
    assert told
    done = [done for done, _ in told]
    assert done == sorted(done)
    assert all(0 <= done <= total for done, total in told)


class Enough(Exception):
    """What a callback of the test's raises."""


def stop(done: int, total: int) -> None:
    raise Enough("that is enough")


def test_what_a_callback_raises_ends_the_call(table: pa.Table) -> None:
    with polyonym.open(policy=POLICY) as other:
        with pytest.raises(Enough, match="that is enough"):
            ingest(other, table, progress=stop)
        assert other.stats().records < ROWS
        assert other.verify().problems == []


def test_what_a_callback_raises_comes_out_of_set_policy(table: pa.Table) -> None:
    with polyonym.open(policy=POLICY) as other:
        ingest(other, table, progress=False)
        policy = polyonym.Policy({"namespaces": [{"name": "phone"}, {"name": "crm"}]})
        with pytest.raises(Enough):
            other.set_policy(policy, progress=stop)
        # It was logged first: it stands.
        assert other.policy == policy
        assert other.verify().problems == []


@pytest.mark.parametrize("progress", [3, "yes", object()])
def test_progress_must_be_callable(table: pa.Table, progress: Any) -> None:
    with polyonym.open(policy=POLICY) as other:
        with pytest.raises(polyonym.InvalidArgument, match="progress"):
            ingest(other, table.slice(0, 1), progress=progress)
