#!/usr/bin/env python3
"""The table that every contender is given: two columns of identifiers that belong together, as Arrow IPC.

    pairs.py COUNT SHAPE FILE

Identifiers look like those of a shop: openids (28 bytes), phones (14) and cookies (32). Shapes:

people  as in bench/rivals/events.py: a person has an openid, a phone and two cookies, and is seen 3.9 times
        on average, each time with two of them; one row in two thousand names one of somebody else
chain   10,000 identifiers, each seen with the next
hub     one identifier seen with 9,999 others

Rows of chains and hubs are shuffled. The same count and shape make the same file.
"""

from __future__ import annotations

import itertools
import pathlib
import sys
from typing import Any

import numpy as np
import pyarrow as pa

SEED = 7
GROUP_SIZE = 10_000  # of a chain, of a hub
ROWS_A_BATCH = 1 << 20  # as readers of Parquet hand it on
SIDES = np.array(list(itertools.combinations(range(4), 2)))
BASE64 = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", np.uint8)
HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
DECIMAL = np.frombuffer(b"0123456789", np.uint8)


def people(count: int, random: np.random.Generator) -> tuple[Any, Any]:
    """Numbers of the identifiers of each side; the four of a person lie together."""
    persons = max(1, count * 10 // 39)
    person = random.integers(persons, size=count)
    other = np.where(random.integers(2000, size=count) == 0, random.integers(persons, size=count), person)
    sides = SIDES[random.integers(len(SIDES), size=count)]
    return person * 4 + sides[:, 0], other * 4 + sides[:, 1]


def chain(count: int, random: np.random.Generator) -> tuple[Any, Any]:
    row = random.permutation(count)
    left = row + row // (GROUP_SIZE - 1)
    return left, left + 1


def hub(count: int, random: np.random.Generator) -> tuple[Any, Any]:
    row = random.permutation(count)
    group = row // (GROUP_SIZE - 1)
    return group * GROUP_SIZE, row + group + 1


SHAPES = {"people": people, "chain": chain, "hub": hub}


def mixed(numbers: Any, salt: int) -> Any:
    """Bits that look random, different for different numbers: the finaliser of SplitMix64."""
    x = numbers.astype(np.uint64) + np.uint64(salt * 0x9E3779B97F4A7C15 % 2**64)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def digits(numbers: Any, alphabet: Any, width: int) -> Any:
    """A row of `width` characters a number, its low digits."""
    text = np.empty((len(numbers), width), np.uint8)
    base = np.uint64(len(alphabet))
    for at in range(width - 1, -1, -1):
        text[:, at] = alphabet[numbers % base]
        numbers = numbers // base
    return text


def beginning(text: bytes, rows: int) -> Any:
    return np.broadcast_to(np.frombuffer(text, np.uint8), (rows, len(text)))


def openids(numbers: Any) -> Any:
    """All openids of an account begin alike."""
    return np.hstack(
        [beginning(b"oPn7a4Kb", len(numbers)), *(digits(mixed(numbers, s), BASE64, 10) for s in (1, 2))]
    )


def phones(numbers: Any) -> Any:
    """Numbers of China, in no order; the factor is prime, so that no two are the same."""
    subscriber = np.uint64(13_000_000_000) + numbers.astype(np.uint64) * np.uint64(2_147_483_647) % np.uint64(
        6_900_000_000
    )
    return np.hstack([beginning(b"+86", len(numbers)), digits(subscriber, DECIMAL, 11)])


def cookies(numbers: Any) -> Any:
    return np.hstack([digits(mixed(numbers, s), HEX, 16) for s in (3, 4)])


def texts(characters: Any) -> pa.Array:
    rows, width = characters.shape
    offsets = np.arange(rows + 1, dtype=np.int64) * width
    return pa.Array.from_buffers(
        pa.large_string(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(characters))]
    )


def identifiers(count: int) -> pa.Array:
    """Identifier n is the openid, the phone or a cookie of person n // 4, at n % 4 * persons + n // 4."""
    person = np.arange((count + 3) // 4, dtype=np.uint64)
    return pa.concat_arrays(
        [
            texts(openids(person)),
            texts(phones(person)),
            texts(cookies(person * np.uint64(2))),
            texts(cookies(person * np.uint64(2) + np.uint64(1))),
        ]
    )


def write(count: int, shape: str, path: pathlib.Path) -> None:
    sides = SHAPES[shape](count, np.random.default_rng(SEED))
    names = identifiers(int(max(side.max() for side in sides)) + 1)
    persons = len(names) // 4
    schema = pa.schema([("left", pa.string()), ("right", pa.string())])
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        for start in range(0, count, ROWS_A_BATCH):
            columns = []
            for side in sides:
                numbers = side[start : start + ROWS_A_BATCH]
                columns.append(names.take(pa.array(numbers % 4 * persons + numbers // 4)).cast(pa.string()))
            writer.write_batch(pa.record_batch(columns, schema=schema))


def read(path: pathlib.Path) -> pa.Table:
    """In memory of its own, so that it is resident before anything is measured."""
    with pa.OSFile(str(path), "rb") as file:
        return pa.ipc.open_file(file).read_all()


if __name__ == "__main__":
    write(int(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3]))
