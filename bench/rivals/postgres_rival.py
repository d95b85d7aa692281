#!/usr/bin/env python3
"""PostgreSQL. Variants, with -off behind them for synchronous_commit=off: function (PL/pgSQL, event by event, one call
a commit) and set (two statements a commit over all its identifiers, united between them by the client, which must be
the only writer).

Tried: set is nearly twice as fast as function, which pays for a statement or two an event.
Chosen without a trial: C collation, rows added in the order of the key, and a small table of merges in place of a
second index over all identifiers, by component, to relabel members.
"""

import batch_union
import trial

SETUP = """
    CREATE TABLE ident (value text COLLATE "C" PRIMARY KEY, comp bigint NOT NULL);
    CREATE TABLE merged (comp bigint PRIMARY KEY, winner bigint NOT NULL);
    CREATE INDEX merged_by_winner ON merged (winner);
    CREATE SEQUENCE comps CACHE 1000;
    CREATE FUNCTION ingest(events text[]) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
      event text;
      names text[];
      roots bigint[];
      root bigint;
      seen int;
    BEGIN
      FOREACH event IN ARRAY events LOOP
        names := string_to_array(event, ' ');
        SELECT array_agg(coalesce(m.winner, i.comp)), count(*) INTO roots, seen
          FROM ident i LEFT JOIN merged m ON m.comp = i.comp WHERE i.value = ANY (names);
        root := roots[1];
        IF seen > 1 THEN
          SELECT min(r) INTO root FROM unnest(roots) r;
          IF EXISTS (SELECT FROM unnest(roots) r WHERE r <> root) THEN
            UPDATE merged SET winner = root WHERE winner = ANY (roots) AND winner <> root;
            INSERT INTO merged SELECT DISTINCT r, root FROM unnest(roots) r WHERE r <> root;
          END IF;
        ELSIF seen = 0 THEN
          root := nextval('comps');
        END IF;
        IF seen < cardinality(names) THEN
          INSERT INTO ident SELECT n, root FROM unnest(names) n ON CONFLICT DO NOTHING;
        END IF;
      END LOOP;
    END $$;
    SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
    SET plan_cache_mode = force_generic_plan;
"""
LOOK_UP = """SELECT i.value, coalesce(m.winner, i.comp) FROM unnest(%s::text[]) v(value) JOIN ident i USING (value)
             LEFT JOIN merged m ON m.comp = i.comp"""
ADD = "INSERT INTO ident SELECT * FROM unnest(%s::text[], %s::bigint[]);"
MERGE = """UPDATE merged m SET winner = n.winner FROM unnest(%s::bigint[], %s::bigint[]) n(comp, winner)
             WHERE m.winner = n.comp;
           INSERT INTO merged SELECT * FROM unnest(%s::bigint[], %s::bigint[])"""
LABELS = "SELECT i.value, coalesce(m.winner, i.comp) FROM ident i LEFT JOIN merged m ON m.comp = i.comp"


def array(values):
    """As PostgreSQL writes it; ours need no quotes but where a blank is inside."""
    return "{" + ",".join(map(str, values)) + "}"


def function_commits(commits):
    return [array('"' + " ".join(event) + '"' for event in commit) for commit in commits]


def run(all_events, options):
    import psycopg2  # pylint: disable=import-outside-toplevel

    db = psycopg2.connect(host=options.address, user="rival", dbname="postgres")
    db.autocommit = True  # one request is one transaction, even where it has two statements
    cursor = db.cursor()
    cursor.execute(SETUP)
    variant, _, off = (options.variant or "set").partition("-")
    cursor.execute(f"SET synchronous_commit = {off or 'on'}")
    numbering = batch_union.Numbering(1)

    def take_function(literal):
        cursor.execute("SELECT ingest(%s::text[])", (literal,))

    def take_set(commit):
        cursor.execute(LOOK_UP, (array(batch_union.values_of(commit)),))
        rows, merges = numbering.unite(commit, dict(cursor.fetchall()))
        statement, words = ADD, [array(v for v, _ in rows), array(c for _, c in rows)]
        if merges:
            statement += MERGE
            words += [array(c for c, _ in merges), array(w for _, w in merges)] * 2
        cursor.execute(statement, words)

    commits = trial.batches(all_events, options.batch)
    requests = function_commits(commits) if variant == "function" else commits
    take = take_function if variant == "function" else take_set
    seconds, done = trial.stream(requests, map(len, commits), options.max_seconds, take)
    cursor.execute("SELECT pg_total_relation_size('ident') + pg_total_relation_size('merged')")
    disk_bytes = int(cursor.fetchone()[0])
    version = ".".join(map(str, divmod(db.server_version, 10000)))
    cursor.execute("RESET ALL")
    cursor.execute(LABELS)
    return trial.Outcome(seconds, done, cursor.fetchall(), version, disk_bytes)


if __name__ == "__main__":
    trial.main(run)
