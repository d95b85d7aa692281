#!/usr/bin/env python3
"""The events that every system is given: made once, written to a file, read by all.

    events.py COUNT FILE

A line is an event: id, time in ms and two or three identifiers (namespace:value), tabs between; about 63 bytes. A
person has an openid, a phone and two cookies, and is seen four times on average, each time with some of them; one
event in two thousand names somebody else's cookie or phone. Two million events name about 1.87 million identifiers,
3.7 a component.
"""

import itertools
import random
import sys

SEED = 7
START_MS = 1_700_000_000_000
SUBSETS = [s for size in (2, 3) for s in itertools.combinations(range(4), size)]
PAIRS = 6  # the first of SUBSETS


def identifier(person, which):
    if which == 0:
        return f"openid/wx1:o{person}"
    if which == 1:
        return f"phone:{13_810_000_000 + person}"
    return f"cookie:c{person * 2 + which - 2}"


def made(count):
    """The identifiers of each event. Made of getrandbits() alone, the same in every Python."""
    bits = random.Random(SEED).getrandbits
    people = max(1, count * 10 // 39)
    for _ in range(count):
        person = bits(40) % people
        subset = SUBSETS[bits(20) % PAIRS if bits(1) else PAIRS + bits(20) % (len(SUBSETS) - PAIRS)]
        other = bits(40) % people if bits(30) % 2000 == 0 else person
        yield [identifier(person, which) for which in subset[:-1]] + [identifier(other, subset[-1])]


def write(count, path):
    with open(path, "w", encoding="ascii") as file:
        for number, identifiers in enumerate(made(count)):
            file.write("\t".join([str(number), str(START_MS + number), *identifiers]) + "\n")


def read(path):
    """A list of events, each the list of its identifiers."""
    with open(path, encoding="ascii") as file:
        return [line.rstrip("\n").split("\t")[2:] for line in file]


def columns(events):
    """The same as three columns of strings; the third has None where an event names two."""
    return ([e[0] for e in events], [e[1] for e in events], [e[2] if len(e) > 2 else None for e in events])


if __name__ == "__main__":
    write(int(sys.argv[1]), sys.argv[2])
