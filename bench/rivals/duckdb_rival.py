#!/usr/bin/env python3
"""DuckDB: the smallest label of the neighbours, again and again, in SQL, with all cores; in memory.

The events are in a table of three columns of strings before the clock starts. Identifiers are numbered first: joins
over numbers are faster than over strings. Each round takes the smallest number among the neighbours, then the label
of that one, and goes on with the graph between labels alone. Tried: labels over the whole graph until none changes
take 7 rounds and three times as long in all.
"""

import trial

LOAD = """CREATE TABLE event AS SELECT f[3] AS a, f[4] AS b, f[5] AS c FROM (
            SELECT string_split(line, chr(9)) AS f
            FROM read_csv(?, columns={'line': 'VARCHAR'}, delim='|', quote='', escape='', header=false,
                          auto_detect=false))"""
NUMBER = """
    CREATE TABLE ident AS SELECT value, row_number() OVER () - 1 AS n FROM (
      SELECT a AS value FROM event UNION SELECT b FROM event UNION SELECT c FROM event WHERE c IS NOT NULL);
    CREATE TABLE edge AS SELECT x.n AS a, y.n AS b FROM (
      SELECT a, b FROM event UNION ALL SELECT a, c FROM event WHERE c IS NOT NULL) e
      JOIN ident x ON x.value = e.a JOIN ident y ON y.value = e.b;
    CREATE TABLE way AS SELECT DISTINCT a, b FROM (SELECT a, b FROM edge UNION ALL SELECT b, a FROM edge);
    CREATE TABLE label AS SELECT n, n AS l FROM ident;
"""
ROUND = """
    CREATE TABLE jump AS
      WITH nearest AS MATERIALIZED (SELECT a AS n, least(a, min(b)) AS l FROM way GROUP BY a)
      SELECT x.n, y.l FROM nearest x JOIN nearest y ON y.n = x.l;
    CREATE TABLE next_label AS SELECT l.n, coalesce(j.l, l.l) AS l FROM label l LEFT JOIN jump j ON j.n = l.l;
    CREATE TABLE next_way AS SELECT DISTINCT x.l AS a, y.l AS b
      FROM way JOIN jump x ON x.n = a JOIN jump y ON y.n = b WHERE x.l <> y.l;
    DROP TABLE jump; DROP TABLE label; DROP TABLE way;
    ALTER TABLE next_label RENAME TO label;
    ALTER TABLE next_way RENAME TO way;
"""


def run(all_events, options):
    import duckdb  # pylint: disable=import-outside-toplevel

    db = duckdb.connect(":memory:")
    db.execute("SET preserve_insertion_order = false")
    db.execute(LOAD, [options.file])

    def work():
        db.execute(NUMBER)
        while db.execute("SELECT count(*) FROM way").fetchone()[0]:
            db.execute(ROUND)

    seconds, _ = trial.timed(work)
    labels = db.execute("SELECT value, l FROM ident JOIN label USING (n)").fetchall()
    return trial.Outcome(seconds, len(all_events), labels, duckdb.__version__)


if __name__ == "__main__":
    trial.main(run)
