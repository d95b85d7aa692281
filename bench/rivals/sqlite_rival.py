#!/usr/bin/env python3
"""SQLite in this process. Variants: event-normal and event-full, a prepared statement for each identifier in the order
of the events; set-normal and set-full, one look-up of all identifiers of a commit, given as JSON, and the new ones in
the order of the key. Normal syncs no commit, full each one, both in WAL mode.

Tried: set is 1.2 to 1.4 times as fast as event; a list of parameters is no faster than JSON; a table WITHOUT ROWID
faster than a row id and an index (1.5 times); pages of 4 KiB than of 8 KiB; a large WAL than checkpoints every 4 MB,
which write the same pages again and again (twice). Statements are prepared once: the module keeps them by their text.
"""

import json
import os
import sqlite3

import batch_union
import trial

SETUP = """
    PRAGMA page_size = 4096;
    PRAGMA journal_mode = WAL;
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA synchronous = {synchronous};
    PRAGMA cache_size = -2000000;
    PRAGMA wal_autocheckpoint = 65536;
    PRAGMA temp_store = MEMORY;
    CREATE TABLE ident (value TEXT PRIMARY KEY, comp INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE merged (comp INTEGER PRIMARY KEY, winner INTEGER NOT NULL);
    CREATE INDEX merged_by_winner ON merged (winner);
"""
LABELS = "SELECT i.value, coalesce(m.winner, i.comp) FROM ident i LEFT JOIN merged m ON m.comp = i.comp"
LOOK_UP_ALL = LABELS + " WHERE i.value IN (SELECT value FROM json_each(?))"
LOOK_UP_ONE = "SELECT coalesce(m.winner, i.comp) FROM ident i LEFT JOIN merged m ON m.comp = i.comp WHERE i.value = ?"


def run(all_events, options):
    path = os.path.join(options.folder, "rival.sqlite")
    db = sqlite3.connect(path, isolation_level=None)
    method, _, synchronous = (options.variant or "set-normal").partition("-")
    db.executescript(SETUP.format(synchronous=synchronous))
    numbering = batch_union.Numbering(1)
    execute, many = db.execute, db.executemany
    ask = db.cursor()

    def add(known, events):
        rows, merges = numbering.unite(events, known)
        many("INSERT INTO ident VALUES (?, ?)", rows)
        if merges:
            many("UPDATE merged SET winner = ?2 WHERE winner = ?1", merges)
            many("INSERT INTO merged VALUES (?, ?)", merges)

    def take_event(event):
        known = {}
        for value in event:
            if row := ask.execute(LOOK_UP_ONE, (value,)).fetchone():
                known[value] = row[0]
        if len(set(known.values())) != 1 or len(known) < len(event):
            add(known, [event])

    def take(commit):
        execute("BEGIN IMMEDIATE")
        if method == "event":
            for event in commit:
                take_event(event)
        else:
            add(dict(ask.execute(LOOK_UP_ALL, (json.dumps(batch_union.values_of(commit)),))), commit)
        execute("COMMIT")

    commits = trial.batches(all_events, options.batch)
    seconds, done = trial.stream(commits, map(len, commits), options.max_seconds, take)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return trial.Outcome(seconds, done, db.execute(LABELS), sqlite3.sqlite_version, os.path.getsize(path))


if __name__ == "__main__":
    trial.main(run)
