"""From a Parquet file by DuckDB into a store, and back to DuckDB. Needs duckdb.

prints:

    Ingested: 1000 rows, 1000 applied
    channel  people  orders  spent
    app      334     1000    50250.00
"""

import tempfile
from pathlib import Path

import duckdb

import polyonym

POLICY = {
    "namespaces": [
        {"name": "phone", "normaliser": "NORMALISER_PHONE", "region": "CN"},
        {"name": "member_card"},
    ]
}

with tempfile.TemporaryDirectory() as folder:
    orders = str(Path(folder, "orders.parquet"))
    duckdb.sql(f"""
        COPY (SELECT 'o' || i AS order_no,
                     TIMESTAMPTZ '2026-01-01 08:00:00+08' + i * INTERVAL 1 HOUR AS paid_at,
                     '136' || lpad(CAST(i % 334 AS VARCHAR), 8, '0') AS mobile, 'M' || (i % 334) AS card,
                     CAST(50 + i % 2 * 0.5 AS DECIMAL(10, 2)) AS amount
              FROM range(1000) t(i)) TO '{orders}' (FORMAT parquet)""")

    with polyonym.open(str(Path(folder, "people.db")), policy=POLICY) as store:
        # The rows stream from file to store, batch by batch.
        done = store.ingest(
            duckdb.sql(f"FROM '{orders}'"),
            source="app",
            time="paid_at",
            id="order_no",
            identifiers={"mobile": "phone", "card": "member_card"},
            event=polyonym.EventColumns(type="order", value="amount", currency="CNY"),
        )
        print(f"Ingested: {done.rows} rows, {done.applied} applied")

        timeline = store.tables.timeline()
        channels = duckdb.execute("""
            SELECT source, count(DISTINCT profile_id), count(*), sum(value_minor) / 100
            FROM timeline GROUP BY source""")
        print("channel  people  orders  spent")
        for channel, people, count, spent in channels.fetchall():
            print(f"{channel:<7}  {people:<6}  {count:<6}  {spent:.2f}")
