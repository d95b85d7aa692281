#!/usr/bin/env python3
"""The questions of the workload `funnels` put to DuckDB, over the same columns. By hand:

    mkdir /tmp/columns && build/bench/polyonym_workload funnels --columns /tmp/columns --threads 2
    bench/rivals/duckdb_funnels_rival.py /tmp/columns --threads 2

Prints a line of JSON for each order in which the table lies (as it came, and by person and time), medians in seconds, and the people of
each step, which are those of the workload. The funnel is exact: a person's deepest step is found by the latest chain that may still
go on, as a running maximum for each step. It counts people alone, neither times between steps nor campaigns.
"""

import argparse
import json
import statistics
import time

VIEW, CART, ORDER = 0, 2, 3  # types
WEEK_MS, DAY_MS, SHANGHAI_MS = 604_800_000, 86_400_000, 28_800_000

FUNNEL = f"""
WITH seen AS (
  SELECT person, time_ms, row, type, max(CASE WHEN type = {VIEW} THEN time_ms END) OVER before AS begun
  FROM events WHERE type IN ({VIEW}, {CART}, {ORDER})
  WINDOW before AS (PARTITION BY person ORDER BY time_ms, row ROWS UNBOUNDED PRECEDING)),
in_cart AS (SELECT *, CASE WHEN type = {CART} AND time_ms - begun <= {WEEK_MS} THEN begun END AS carted FROM seen),
chains AS (
  SELECT person, time_ms, type, carted,
         max(carted) OVER (PARTITION BY person ORDER BY time_ms, row ROWS UNBOUNDED PRECEDING) AS chain
  FROM in_cart),
deepest AS (
  SELECT person, max(CASE WHEN type = {ORDER} AND time_ms - chain <= {WEEK_MS} THEN 3
                          WHEN carted IS NOT NULL THEN 2 WHEN type = {VIEW} THEN 1 ELSE 0 END) AS step
  FROM chains GROUP BY person)
SELECT count(*) FILTER (step >= 1), count(*) FILTER (step >= 2), count(*) FILTER (step >= 3) FROM deepest
"""


def retention(period, last):
    return f"""
WITH active AS (SELECT DISTINCT person, {period} AS period FROM events WHERE type = {ORDER}),
firsts AS (SELECT person, min(period) AS cohort FROM active GROUP BY person)
SELECT cohort, period - cohort AS n, count(*) FROM active JOIN firsts USING (person)
WHERE period - cohort <= {last} GROUP BY ALL ORDER BY ALL
"""


QUESTIONS = {
    "funnel_seconds": FUNNEL,
    "retention_by_month_seconds": retention(
        "CAST(date_part('year', epoch_ms(time_ms)) * 12 + date_part('month', epoch_ms(time_ms)) AS INTEGER)", 5),
    "retention_by_day_seconds": retention(f"CAST(floor((time_ms + {SHANGHAI_MS}) / {DAY_MS}) AS INTEGER)", 30),
}


def measured(options, order):
    import duckdb  # pylint: disable=import-outside-toplevel
    import numpy   # pylint: disable=import-outside-toplevel

    given = {"person": numpy.fromfile(f"{options.folder}/people.u32", dtype=numpy.uint32),
             "time_ms": numpy.fromfile(f"{options.folder}/times.i64", dtype=numpy.int64),
             "type": numpy.fromfile(f"{options.folder}/types.u32", dtype=numpy.uint32).astype(numpy.uint8)}
    given["row"] = numpy.arange(len(given["person"]), dtype=numpy.uint32)
    db = duckdb.connect()
    db.execute(f"SET threads = {options.threads}")
    db.register("given", given)
    db.execute(f"CREATE TABLE events AS SELECT * FROM given ORDER BY {order}")
    row = {"workload": "duckdb-funnels", "table_by": order, "events": len(given["row"]), "version": duckdb.__version__}
    for name, question in QUESTIONS.items():
        seconds = []
        for _ in range(options.rounds):
            start = time.perf_counter()
            answer = db.execute(question).fetchall()
            seconds.append(time.perf_counter() - start)
        row[name] = statistics.median(seconds)
        if question is FUNNEL:
            row |= dict(zip(("began", "carted", "ordered"), answer[0]))
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="where the workload wrote its columns")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    for order in ("row", "person, time_ms, row"):
        print(json.dumps(measured(options, order)), flush=True)


if __name__ == "__main__":
    main()
