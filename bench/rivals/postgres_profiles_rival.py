#!/usr/bin/env python3
"""PostgreSQL: a row of jsonb for each person, with synchronous_commit=off.

Who is who comes from the variant `set` of postgres_rival.py, the faster of its two; the rows of components that merge
become one. A person's records of one commit are upserted one after the other, those of different people together.
Tried: pages filled to 70 % are no slower than full ones, where each new version of a row goes to another page. Chosen
without a trial: rows that must be new are inserted and the others updated, as the only writer knows; no ON CONFLICT.
"""

import collections

import batch_union
import postgres_rival
import profiles
import trial

SETUP = postgres_rival.SETUP + """
    CREATE TABLE profile (comp bigint PRIMARY KEY, body jsonb NOT NULL) WITH (fillfactor = 100);
    CREATE FUNCTION united(a jsonb, b jsonb) RETURNS jsonb LANGUAGE sql AS $$
      SELECT jsonb_object_agg(key, total)
             || CASE WHEN (a->>'at')::bigint > (b->>'at')::bigint
                     THEN jsonb_build_object('city', a->'city', 'at', a->'at')
                     ELSE jsonb_build_object('city', b->'city', 'at', b->'at') END
        FROM (SELECT key, sum(value::bigint) AS total
                FROM (SELECT * FROM jsonb_each_text(a - '{city,at}'::text[])
                      UNION ALL SELECT * FROM jsonb_each_text(b - '{city,at}'::text[])) both_of
               GROUP BY key) totals $$;
"""
UNITE = """INSERT INTO profile AS p
             SELECT n.winner, l.body FROM unnest(%s::bigint[], %s::bigint[]) n(comp, winner) JOIN profile l USING (comp)
             ON CONFLICT (comp) DO UPDATE SET body = united(p.body, excluded.body);
           DELETE FROM profile WHERE comp = ANY (%s::bigint[]);"""
GIVEN = """unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::text[], %s::bigint[])
           r(comp, spent, interest, brand, weight, city, at)"""
ADD = f"""INSERT INTO profile SELECT comp, jsonb_build_object(
            'events', 1, 'spent', spent, interest, {profiles.INTEREST_WEIGHT}, brand, weight, 'city', city, 'at', at)
            FROM {GIVEN};"""
FOLD = f"""UPDATE profile p SET body = body || jsonb_build_object(
             'events', (body->>'events')::bigint + 1, 'spent', (body->>'spent')::bigint + r.spent,
             r.interest, coalesce((body->>r.interest)::bigint, 0) + {profiles.INTEREST_WEIGHT},
             r.brand, coalesce((body->>r.brand)::bigint, 0) + r.weight, 'city', r.city, 'at', r.at)
             FROM {GIVEN} WHERE p.comp = r.comp;"""


def in_turns(pairs):
    """Lists of pairs: in each a key comes once, and its values in their order, since a statement writes a row once."""
    turns = []
    seen = collections.Counter()
    for key, value in pairs:
        turn = seen[key]
        seen[key] += 1
        if turn == len(turns):
            turns.append([])
        turns[turn].append((key, value))
    return turns


def given(rows):
    """`rows`: pairs of component and what is told of it. Parameters of GIVEN."""
    rows = sorted(rows, key=lambda row: row[0])
    columns = zip(*((comp, *told) for comp, told in rows))
    return [postgres_rival.array(column) for column in columns]


def statements(commit, facts, known, numbering):
    """What a commit writes: texts and their parameters. `known`: components that the table has."""
    first_new = numbering.next
    rows, merges = numbering.unite(commit, known)
    added, into = dict(rows), dict(merges)
    yield postgres_rival.ADD, [postgres_rival.array(added), postgres_rival.array(added.values())]
    if merges:
        lost, winners = postgres_rival.array(into), postgres_rival.array(into.values())
        yield postgres_rival.MERGE + ";", [lost, winners] * 2
    for turn in in_turns((winner, lost) for lost, winner in merges):
        lost = postgres_rival.array(comp for _, comp in turn)
        yield UNITE, [lost, postgres_rival.array(winner for winner, _ in turn), lost]
    records = []
    for identifiers, told in zip(commit, facts):
        name = identifiers[0]
        records.append((added[name] if name in added else into.get(known[name], known[name]), told))
    for turn, rows in enumerate(in_turns(records)):
        new = [row for row in rows if row[0] >= first_new and turn == 0]
        old = [row for row in rows if row[0] < first_new or turn > 0]
        if new:
            yield ADD, given(new)
        if old:
            yield FOLD, given(old)


def run(all_events, options):
    import psycopg2  # pylint: disable=import-outside-toplevel

    db = psycopg2.connect(host=options.address, user="rival", dbname="postgres")
    db.autocommit = True  # one request is one transaction, though it has several statements
    cursor = db.cursor()
    cursor.execute(SETUP)
    cursor.execute("SET synchronous_commit = off")
    numbering = batch_union.Numbering(1)

    def take(request):
        commit, facts = request
        cursor.execute(postgres_rival.LOOK_UP, (postgres_rival.array(batch_union.values_of(commit)),))
        texts, parameters = zip(*statements(commit, facts, dict(cursor.fetchall()), numbering))
        cursor.execute("".join(texts), [p for some in parameters for p in some])

    commits = trial.batches(all_events, options.batch)
    facts = trial.batches([profiles.told(number) for number in range(len(all_events))], options.batch)
    seconds, done = trial.stream(list(zip(commits, facts)), map(len, commits), options.max_seconds, take)
    cursor.execute("""SELECT pg_total_relation_size('ident') + pg_total_relation_size('merged')
                             + pg_total_relation_size('profile')""")
    disk_bytes = int(cursor.fetchone()[0])
    version = ".".join(map(str, divmod(db.server_version, 10000)))
    cursor.execute("RESET ALL")
    cursor.execute(postgres_rival.LABELS)
    labels = cursor.fetchall()
    cursor.execute("SELECT comp, body FROM profile")
    return trial.Outcome(seconds, done, profiles.checked(labels, cursor, all_events[:done]), version, disk_bytes)


if __name__ == "__main__":
    trial.main(run)
