#!/usr/bin/env python3
"""Tags of people in SQLite: how many have both of two tags. For the workload `bitmaps`, by hand:

    bench/rivals/sqlite_tags_rival.py                    # 10 million people, tags of 1 % and of 10 % of them
    bench/rivals/sqlite_tags_rival.py --people 1000000 --percents 1 --duckdb    # the same in DuckDB, where it is installed

Prints a line of JSON for each density, in the words of `polyonym_workload bitmaps --format json`. The database is in memory, all
of it warm: what is measured is the count alone. A table of (tag, person) WITHOUT ROWID, which is its own index; a merge of the
two tags by INTERSECT is tried beside the join, and the faster of them is the number. DuckDB: columns sorted by tag and person.
"""

import argparse
import json
import random
import sqlite3
import statistics
import time

FORMS = {
    "join": "SELECT count(*) FROM tagged a JOIN tagged b ON b.person = a.person WHERE a.tag = 0 AND b.tag = 1",
    "intersect": "SELECT count(*) FROM (SELECT person FROM tagged WHERE tag = 0 "
                 "INTERSECT SELECT person FROM tagged WHERE tag = 1)",
}


def people_of(people, percent, seed):
    """Ascending, each with the same chance."""
    draw = random.Random(seed)
    return [person for person in range(people) if draw.random() * 100 < percent]


def sqlite(tags):
    db = sqlite3.connect(":memory:")
    db.execute("PRAGMA cache_size = -4000000")
    db.execute("CREATE TABLE tagged (tag INTEGER NOT NULL, person INTEGER NOT NULL, PRIMARY KEY (tag, person)) WITHOUT ROWID")
    for tag, people in enumerate(tags):
        db.executemany("INSERT INTO tagged VALUES (?, ?)", ((tag, person) for person in people))
    db.execute("ANALYZE")
    (pages,), (size,) = db.execute("PRAGMA page_count").fetchone(), db.execute("PRAGMA page_size").fetchone()
    return db, pages * size


def duckdb(tags):
    import duckdb as module  # pylint: disable=import-outside-toplevel
    import numpy             # pylint: disable=import-outside-toplevel

    db = module.connect(":memory:")
    db.execute("CREATE TABLE tagged (tag INTEGER NOT NULL, person UINTEGER NOT NULL)")
    for tag, people in enumerate(tags):
        of_tag = numpy.array(people, dtype=numpy.uint32)  # pylint: disable=unused-variable; the query names it
        db.execute(f"INSERT INTO tagged SELECT {tag}, column0 FROM of_tag ORDER BY column0")
    return db, None


def median_of(db, form, rounds, expected):
    """Microseconds."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        (count,) = db.execute(form).fetchone()
        seconds.append(time.perf_counter() - start)
        assert count == expected, f"{count} have both tags, not {expected}"
    return statistics.median(seconds) * 1e6


def measured(options, percent):
    tags = [people_of(options.people, percent, seed) for seed in (1, 2)]
    db, size = (duckdb if options.duckdb else sqlite)(tags)
    both = len(set(tags[0]).intersection(tags[1]))
    ids = len(tags[0]) + len(tags[1])
    us = {name: median_of(db, form, options.rounds, both) for name, form in FORMS.items()}
    row = {"workload": f"{'duckdb' if options.duckdb else 'sqlite'}-tags-{percent:g}-percent", "people": options.people,
           "ids": ids / 2, "count_and_us": min(us.values()), **{f"count_and_{name}_us": n for name, n in us.items()}}
    return row | ({"memory_bytes_per_id": size / ids} if size else {})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=10_000_000)
    parser.add_argument("--percents", type=float, nargs="+", default=[1, 10])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--duckdb", action="store_true", help="in place of SQLite")
    options = parser.parse_args()
    for percent in options.percents:
        print(json.dumps(measured(options, percent)), flush=True)


if __name__ == "__main__":
    main()
