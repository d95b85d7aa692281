"""The facts of the records that every system folds into profiles, and the check of what each made of them.

A record says one event (a type, a value of money, two properties), two tags and a trait: what bench/workload makes in
profile_traffic.cc. The other systems keep the fold alone, one profile for each component: how many events, what was
spent, the weight of each tag, the latest city and its time. Types and properties of events, which ours keeps as it
keeps all that was said, are not even sent to them.
"""

import collections
import typing

import events


class Told(typing.NamedTuple):
    """What the others are given of a record."""

    spent: int  # fen
    interest: str
    brand: str
    brand_weight: int  # millionths, as INTEREST_WEIGHT
    city: str
    time_ms: int


INTEREST_WEIGHT = 1_000_000


def told(number):
    """Of the record with a number, from 0."""
    h = number * 2_654_435_761 % 2**32
    return Told(100 + h // 5 % 9_900, f"interest.{h // 11 % 20}", f"brand.{h // 13 % 50}",
                250_000 * (1 + h // 17 % 4), f"city{h // 19 % 100}", events.START_MS + number)


def expected(labels, all_events):
    """`labels`: by identifier. Profiles by label: plain additions over the records."""
    sums = collections.defaultdict(lambda: collections.defaultdict(int))
    for number, identifiers in enumerate(all_events):
        fact = told(number)
        profile = sums[labels[identifiers[0]]]
        profile["events"] += 1
        profile["spent"] += fact.spent
        profile[fact.interest] += INTEREST_WEIGHT
        profile[fact.brand] += fact.brand_weight
        profile["city"], profile["at"] = fact.city, fact.time_ms
    return sums


def checked(labels, stored, all_events):
    """The labels, where each profile of `stored` (pairs of label and fields) is what the records say."""
    labels = dict(labels)
    right = expected(labels, all_events)
    count = 0
    for label, fields in stored:
        count += 1
        if fields != right.get(label):
            raise RuntimeError("a profile is not the sum of its records")
    if count != len(right):
        raise RuntimeError(f"{count} profiles, expected {len(right)}")
    return labels.items()
