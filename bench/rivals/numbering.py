"""Identifiers to dense numbers by a dictionary: what a graph library needs before it can begin."""

import itertools

import numpy


def numbered(columns):
    """The identifiers in order of number, and the edges of the events as two arrays of numbers.

    Without a loop in Python: a dictionary drops what is doubled, and map() looks the numbers up.
    """
    numbers = dict.fromkeys(itertools.chain(*columns))
    numbers.pop(None, None)
    values = list(numbers)
    numbers.update(zip(values, range(len(values))))
    numbers[None] = -1
    first, second, third = (numpy.fromiter(map(numbers.__getitem__, c), numpy.int32, len(c)) for c in columns)
    three = third >= 0
    return values, numpy.concatenate([first, first[three]]), numpy.concatenate([second, third[three]])
