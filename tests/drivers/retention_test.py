"""retention, repurchase: who came again, by hand; and of real purchases as SQL over the raw file says."""

import csv
import datetime
import sqlite3

from online_retail_segments_test import table_of
from online_retail_test import MAPPINGS
from program import NO, USAGE, ProgramTest, changed_policy, main, open_text, seen, shared

DAY = 86_400_000


def ms(text):
    return int(datetime.datetime.fromisoformat(text + "+00:00").timestamp()) * 1000


def did(number, when, who, kind, campaign=""):
    facts = {"events": [{"type": kind, "direction": "DIRECTION_IN", "campaign": campaign}]}
    return seen(number, who, source="web", t=ms(when), facts=facts)


VISITS = [
    did(10, "2024-01-05T00:00:00", {"crm": "a"}, "order"),
    did(11, "2024-01-20T00:00:00", {"crm": "a"}, "order"),
    did(12, "2024-02-03T00:00:00", {"crm": "a"}, "order"),
    did(13, "2024-04-01T00:00:00", {"crm": "a"}, "order"),
    did(20, "2024-01-31T18:00:00", {"crm": "b"}, "order"),  # in Shanghai: 1 February
    did(21, "2024-03-10T00:00:00", {"crm": "b"}, "order"),
    did(30, "2024-02-10T00:00:00", {"device": "c"}, "order", "spring"),
    did(31, "2024-03-01T00:00:00", {"device": "c"}, "view"),
    did(40, "2024-01-02T00:00:00", {"crm": "d"}, "view"),
    did(50, "2024-04-10T00:00:00", {"crm": "e"}, "view"),  # now
]
ORDERS = ("--first", "order", "--return", "order", "--unit", "month", "--periods", 4)


def cohorts_of(row):
    """name -> (size, [returned], [observed], [returned of observed])."""
    fields = ("returned", "observed", "returned_of_observed")
    return {
        cohort["cohort"]: (cohort["size"], *([period[field] for period in cohort["periods"]] for field in fields))
        for cohort in row["cohorts"]
    }


class RetentionTest(ProgramTest):
    def setUp(self):
        super().setUp()
        segments = [{"name": "lookers", "expression": "did(view)"}]
        self.policy = self.write_json("policy.json", changed_policy(definitions={"segments": segments}))
        self.store = self.store_of("store", VISITS)

    def ask(self, *args, command="retention", code=0):
        return self.polyonym(command, "--db", self.store, *args, code=code)

    def again(self, *args, code=0):
        return self.ask(*args, command="repurchase", code=code)

    # ---- retention ----

    def test_cohorts_are_those_of_the_hand(self):
        row = self.ask(*ORDERS).row
        self.assertEqual(
            cohorts_of(row),
            {
                "2024-01-01": (2, [1, 1, 1, 1, 0], [2, 2, 2, 0, 0], [1, 1, 1, 0, 0]),
                "2024-02-01": (1, [0, 0, 0, 0, 0], [1, 1, 0, 0, 0], [0, 0, 0, 0, 0]),
            },
        )
        january = row["cohorts"][0]["periods"]
        self.assertEqual([period["share"] for period in january], [0.5, 0.5, 0.5, None, None])
        self.assertEqual([period["complete"] for period in january], [True, True, True, False, False])
        self.assertEqual([period["period"] for period in january], [0, 1, 2, 3, 4])
        total = row["all"]
        self.assertEqual((total["cohort"], total["size"]), (None, 3))
        self.assertEqual([period["observed"] for period in total["periods"]], [3, 3, 2, 0, 0])
        self.assertEqual(total["periods"][2]["share"], 0.5)
        self.assertFalse(total["periods"][2]["complete"])
        self.assertEqual((row["people"], row["now"]), (5, "2024-04-10T00:00:00Z"))
        said = [row[field] for field in ("first", "return", "unit", "rolling", "cohort_by")]
        self.assertEqual(said, [["order"], ["order"], "month", False, "unit"])
        self.assertEqual([row[field] for field in ("time_zone", "segment", "from", "to")], [None] * 4)

    def test_days_begin_in_the_zone(self):
        row = self.ask(*ORDERS, "--zone", "Asia/Shanghai").row
        sizes = {name: (of[0], of[1]) for name, of in cohorts_of(row).items()}
        self.assertEqual(sizes, {"2024-01-01": (1, [1, 1, 0, 1, 0]), "2024-02-01": (2, [0, 1, 0, 0, 0])})
        self.assertEqual(row["time_zone"], "Asia/Shanghai")

    def test_rolling_periods_are_up_to_the_last(self):
        row = self.ask(*ORDERS, "--rolling").row
        self.assertEqual(
            cohorts_of(row)["2024-01-01"], (2, [2, 2, 2, 1, 0], [2, 2, 2, 0, 0], [2, 2, 2, 0, 0])
        )

    def test_any_event_counts_unless_types_are_named(self):
        row = self.ask("--first", "order", "--unit", "month").row
        self.assertEqual(cohorts_of(row)["2024-02-01"][1][:3], [0, 1, 0], "c looked in March")
        self.assertEqual(len(row["all"]["periods"]), 13)
        row = self.ask("--unit", "year", "--periods", 0).row
        self.assertEqual(cohorts_of(row), {"2024-01-01": (5, [3], [0], [0])})
        self.assertEqual((row["first"], row["return"]), (None, None))

    def test_weeks_and_days(self):
        weeks = cohorts_of(self.ask("--first", "order,view", "--return", "order", "--periods", 3).row)
        self.assertEqual(weeks["2024-01-01"][:2], (2, [0, 0, 1, 0]), "a and d; a on 20 January")
        days = cohorts_of(self.ask("--unit", "day", "--first", "order", "--periods", 20).row)
        self.assertEqual(list(days), ["2024-01-05", "2024-01-31", "2024-02-10"])
        self.assertEqual([day for day, n in enumerate(days["2024-01-05"][1]) if n], [15])

    def test_cohorts_by_campaign_and_by_channel(self):
        by_campaign = cohorts_of(self.ask(*ORDERS, "--cohort-by", "campaign").row)
        self.assertEqual(list(by_campaign), [None, "spring"])
        self.assertEqual(by_campaign[None], (2, [1, 1, 1, 1, 0], [2, 2, 2, 0, 0], [1, 1, 1, 0, 0]))
        by_channel = cohorts_of(self.ask(*ORDERS, "--cohort-by", "channel").row)
        self.assertEqual([(name, of[0]) for name, of in by_channel.items()], [("crm", 2), ("device", 1)])

    def test_a_window_is_of_first_events_alone(self):
        row = self.ask(*ORDERS, "--to", "2024-02-01").row
        self.assertEqual(cohorts_of(row)["2024-01-01"][1], [1, 1, 1, 1, 0], "when they came again is not bounded")
        self.assertEqual((len(row["cohorts"]), row["to"]), (1, "2024-02-01T00:00:00Z"))
        self.assertEqual(list(cohorts_of(self.ask(*ORDERS, "--from", "2024-02-01").row)), ["2024-02-01"])

    def test_only_members_of_a_segment(self):
        row = self.ask(*ORDERS, "--segment", "lookers").row
        self.assertEqual((row["people"], row["all"]["size"], row["segment"]), (3, 1, "lookers"))

    def test_two_who_prove_to_be_one_are_in_the_cohort_of_the_first(self):
        both = seen(99, {"crm": "a", "device": "c"}, t=ms("2024-04-10T00:00:00"))
        self.ingest("store", self.write_records("both.jsonl", [both]))
        row = self.ask(*ORDERS).row
        self.assertEqual((row["people"], [cohort["size"] for cohort in row["cohorts"]]), (4, [2]))
        self.assertEqual(cohorts_of(row)["2024-01-01"][1], [1, 1, 1, 1, 0])

    def test_csv_has_a_row_for_each_cohort_and_period(self):
        rows = self.ask(*ORDERS, "--format", "csv").csv
        self.assertEqual(len(rows), 3 * 5)
        self.assertEqual(
            [",".join(row.values()) for row in rows[2:6]],
            ["unit,2024-01-01,2,2,1,2,1,0.5,true", "unit,2024-01-01,2,3,1,0,0,,false"]
            + ["unit,2024-01-01,2,4,0,0,0,,false", "unit,2024-02-01,1,0,0,1,0,0,true"],
        )
        self.assertEqual(",".join(rows[12].values()), ",,3,2,1,2,1,0.5,false", "of all cohorts")
        rows = self.ask(*ORDERS, "--cohort-by", "campaign", "--format", "csv").csv
        names = [(row["cohort_by"], row["cohort"]) for row in rows[::5]]
        self.assertEqual(names, [("campaign", ""), ("campaign", "spring"), ("", "")])

    def test_repurchase_as_csv_is_one_row_of_its_fields(self):
        asked = ("--event", "order,view", "--within", "30d")
        (row,) = self.again(*asked, "--format", "csv").csv
        said = self.again(*asked).row
        self.assertEqual((row["events"], row["segment"], row["now"]), ("order; view", "", said["now"]))
        self.assertEqual([int(row[name]) for name in ("buyers", "repurchased")], [said["buyers"], said["repurchased"]])

    def test_on_a_terminal_it_is_a_heat_map(self):
        text = self.ask(*ORDERS, "--format", "table").text
        self.assertRegex(text, r"(?m)^MONTH +SIZE +0 +1 +2 +3$")
        self.assertRegex(text, r"(?m)^2024-01-01 +2 +█ 50% +█ 50% +█ 50% +█ 50%\*$")
        self.assertRegex(text, r"(?m)^2024-02-01 +1 +0% +0% +0%\* +-$")
        self.assertRegex(text, r"(?m)^all +3 +▓ 33% +▓ 33% +█ 50%\* +▓ 33%\*$")
        self.assertIn("the greatest share, 50%.  *: not over yet", text)
        self.assertIn("Nobody began", self.ask("--first", "nosuch", "--format", "table").text)
        by = self.ask(*ORDERS, "--cohort-by", "campaign", "--format", "table").text
        self.assertRegex(by, r"(?m)^CAMPAIGN +SIZE +0")
        self.assertRegex(by, r"(?m)^\(none\) +2 ")

    def test_errors_name_the_argument(self):
        for args in (
            ["--first", ""],
            ["--return", "a,"],
            ["--unit", "hour"],
            ["--zone", "Mars/Olympus"],
            ["--periods", "10001"],
            ["--cohort-by", "place"],
            ["--from", "2024-01-02", "--to", "2024-01-01"],
        ):
            with self.subTest(args=args):
                answer = self.ask(*args, code=USAGE)
                self.assertIn(args[-2], answer.err)
                self.assertEqual(answer.text, "")
        self.assertIn("--segment", self.ask("--segment", "nosuch", code=NO).err)

    # ---- repurchase ----

    def test_repurchase_is_that_of_the_hand(self):
        row = self.again("--event", "order", "--within", "30d").row
        fields = ("people", "buyers", "repurchased", "observed", "repurchased_of_observed")
        self.assertEqual([row[field] for field in fields], [5, 3, 1, 3, 1])
        self.assertEqual((row["rate"], row["mean_wait_ms"], row["median_wait_ms"]), (1 / 3, 15 * DAY, 15 * DAY))
        self.assertEqual((row["events"], row["within_ms"], row["apart_ms"]), (["order"], 30 * DAY, 0))
        row = self.again("--event", "order", "--within", "90d").row
        self.assertEqual([row[field] for field in fields], [5, 3, 2, 1, 1], "90 days ago was 11 January")
        self.assertEqual((row["rate"], row["now"]), (1, "2024-04-10T00:00:00Z"))
        row = self.again("--event", "order", "--within", "60d", "--apart", "20d").row
        self.assertEqual((row["repurchased"], row["mean_wait_ms"]), (2, (29 + 38.25) / 2 * DAY))
        row = self.again("--within", "30d", "--from", "2024-04-01").row
        self.assertEqual([row[field] for field in fields], [5, 1, 0, 0, 0])
        self.assertEqual([row[field] for field in ("rate", "mean_wait_ms", "median_wait_ms", "events")], [None] * 4)
        self.assertEqual(self.again("--within", "30d", "--segment", "lookers").row["people"], 3)

    def test_repurchase_on_a_terminal(self):
        text = self.again("--event", "order", "--within", "30d", "--format", "table").text
        self.assertRegex(text, r"(?m)^did it again within 30d +1$")
        self.assertRegex(text, r"(?m)^rate +33\.33% ███████$")
        self.assertRegex(text, r"(?m)^median wait +15\.0 d$")

    def test_errors_of_repurchase_name_the_argument(self):
        for args in (
            ["--within", "0s"],
            ["--within", "soon"],
            ["--within", "1d", "--apart", "2d"],
            ["--within", "1d", "--event", ","],
            ["--within", "1d", "--from", "2024-01-02", "--to", "2024-01-01"],
        ):
            with self.subTest(args=args):
                self.assertIn(args[-2], self.again(*args, code=USAGE).err)
        self.assertIn("--within", self.again(code=USAGE).err)
        self.assertIn("--segment", self.again("--within", "1d", "--segment", "nosuch", code=NO).err)


# ---- real purchases ----

CDNOW_POLICY = {"name": "cdnow", "namespaces": [{"name": "customer", "normaliser": "NORMALISER_EXACT"}]}
CDNOW_MAPPING = {
    "source": "cdnow",
    "record_id": "{:line}",
    "time": {"value": "{date}", "format": "%Y%m%d"},
    "identifiers": [{"namespace": "customer", "value": "{customer_id}"}],
    "facts": {"events": [{"type": "order", "value": {"amount": "{dollar_value}", "currency": "USD", "decimals": 2}}]},
}

# Tables `events` have person, unit (a whole number that grows by one) and, of the question, the unit of now.
# A person's first event is one of the first unit: period 0 has whoever has another one there.
CALENDAR = """
    SELECT first, unit - first AS period, count(*) FROM (
        SELECT person, unit, min(unit) OVER (PARTITION BY person) AS first, count(*) AS times
        FROM events GROUP BY person, unit)
    WHERE unit > first OR times > 1 GROUP BY 1, 2"""
ROLLING = """
    WITH RECURSIVE periods(period) AS (SELECT 0 UNION ALL SELECT period + 1 FROM periods WHERE period < :periods),
         people AS (SELECT min(unit) AS first, max(unit) - min(unit) AS last FROM events
                    GROUP BY person HAVING count(*) > 1)
    SELECT first, period, count(*) FROM people JOIN periods ON period <= last GROUP BY 1, 2"""
SIZES = "SELECT first, count(*) FROM (SELECT min(unit) AS first FROM events GROUP BY person) GROUP BY 1"


def cohorts_by_sql(database, now, rolling, periods):
    """As cohorts_of(), by unit."""
    returned = {
        (first, period): people
        for first, period, people in (
            database.execute(ROLLING, {"periods": periods}) if rolling else database.execute(CALENDAR)
        )
    }
    cohorts = {}
    for first, size in database.execute(SIZES):
        came = [returned.get((first, period), 0) for period in range(periods + 1)]
        is_over = [first + period < now for period in range(periods + 1)]
        # A rolling period that is over counts everybody who came in it or later, up to now.
        counted = [n if over else 0 for n, over in zip(came, is_over)]
        cohorts[first] = (size, came, [size if over else 0 for over in is_over], counted)
    return cohorts


def first_day_of_month(months):
    return f"{months // 12:04}-{months % 12 + 1:02}-01"


def first_day_of_week(weeks):
    return str(datetime.date(1969, 12, 29) + datetime.timedelta(weeks=weeks))


class RealPurchasesTest(ProgramTest):
    def assert_as_sql(self, database, now, first_day, *args, periods=18):
        for rolling in (False, True):
            with self.subTest(args=args, rolling=rolling):
                how = [*args, "--periods", periods, *(["--rolling"] if rolling else [])]
                row = self.polyonym("retention", "--db", self.path("store"), *how).row
                expected = cohorts_by_sql(database, now, rolling, periods)
                self.assertEqual(
                    cohorts_of(row), {first_day(first): cohort for first, cohort in expected.items()}
                )
                self.assertGreater(len(expected), 2)
        
    def cdnow(self):
        """In a table too: `events` of whole days since 1970."""
        source = shared("data", "cdnow", "cdnow_master.csv.gz")
        self.policy = self.write_json("policy.json", CDNOW_POLICY)
        mapping = self.write_json("mapping.json", CDNOW_MAPPING)
        row = self.ingest("store", "--bulk", "--mapping", mapping, source).row
        self.assertEqual((row["applied"], row["rejected"]), (69_659, 0))
        database = sqlite3.connect(":memory:")
        database.execute("CREATE TABLE orders (person TEXT, date TEXT, day INTEGER)")
        epoch = datetime.date(1970, 1, 1)
        with open_text(source) as file:
            for line in csv.DictReader(file):
                date = datetime.datetime.strptime(line["date"], "%Y%m%d").date()
                database.execute(
                    "INSERT INTO orders VALUES (?, ?, ?)", (line["customer_id"], str(date), (date - epoch).days)
                )
        return database

    def test_retention_and_repurchase_of_cdnow_are_those_of_sql(self):
        database = self.cdnow()
        # Weeks are whole ones since Monday, 29 December 1969.
        for unit, number, first_day in (
            ("month", "12 * strftime('%Y', date) + strftime('%m', date) - 1", first_day_of_month),
            ("week", "(day + 3) / 7", first_day_of_week),
        ):
            database.execute("DROP VIEW IF EXISTS events")
            database.execute(f"CREATE VIEW events AS SELECT person, {number} AS unit FROM orders")
            (now,) = database.execute("SELECT max(unit) FROM events").fetchone()
            self.assert_as_sql(database, now, first_day, "--unit", unit)
        for within, apart in ((30, 0), (90, 0), (90, 1), (365, 14)):
            self.check_repurchase(database, within, apart)
        self.check_funnel(database, 30)

    def check_repurchase(self, database, within, apart):
        row = self.polyonym(
            "repurchase", "--db", self.path("store"), "--within", f"{within}d", "--apart", f"{apart}d"
        ).row
        people = database.execute(
            """
            WITH numbered AS (SELECT person, day, rowid AS id, min(day) OVER (PARTITION BY person) AS first,
                                     row_number() OVER (PARTITION BY person ORDER BY day, rowid) AS place FROM orders)
            SELECT first, (SELECT max(day) FROM orders) - first >= :within,
                   min(CASE WHEN place > 1 AND day - first BETWEEN :apart AND :within THEN day - first END)
            FROM numbered GROUP BY person""",
            {"within": within, "apart": apart},
        ).fetchall()
        waits = sorted(wait for _, _, wait in people if wait is not None)
        observed = [wait for _, is_observed, wait in people if is_observed]
        came = len([wait for wait in observed if wait is not None])
        fields = ("buyers", "repurchased", "observed", "repurchased_of_observed")
        self.assertEqual([row[field] for field in fields], [23_570, len(waits), len(observed), came])
        self.assertEqual(row["rate"], came / len(observed))
        self.assertEqual(row["median_wait_ms"], waits[(len(waits) + 1) // 2 - 1] * DAY)
        self.assertAlmostEqual(row["mean_wait_ms"], sum(waits) * DAY / len(waits), places=3)

    def check_funnel(self, database, within):
        """Three orders, within so many days of the first of them."""
        row = self.polyonym(
            "funnel", "--db", self.path("store"), *["order"] * 3, "--within", f"{within}d"
        ).row
        expected = database.execute(
            f"""
            WITH ahead AS (SELECT person, day, lead(day, 1) OVER w AS second, lead(day, 2) OVER w AS third
                           FROM orders WINDOW w AS (PARTITION BY person ORDER BY day, rowid))
            SELECT count(DISTINCT person), count(DISTINCT CASE WHEN second - day <= {within} THEN person END),
                   count(DISTINCT CASE WHEN third - day <= {within} THEN person END) FROM ahead"""
        ).fetchone()
        self.assertEqual([step["people"] for step in row["steps"]], list(expected))

    def test_monthly_cohorts_and_second_purchases_of_online_retail_are_those_of_sql(self):
        source = shared("data", "online_retail", "online_retail.csv.gz")
        how = ["--policy", MAPPINGS / "online_retail.policy.json", "--mapping", MAPPINGS / "online_retail.mapping.json"]
        self.ingest("store", *how, "--bulk", "--max-rejects", 4, source)
        database = table_of(source)
        database.execute(
            "CREATE VIEW events AS SELECT person, "
            "12 * strftime('%Y', local) + strftime('%m', local) - 1 AS unit FROM lines"
        )
        (now,) = database.execute("SELECT max(unit) FROM events").fetchone()
        zone = ("--unit", "month", "--zone", "Europe/London")
        self.assert_as_sql(database, now, first_day_of_month, *zone)
        for within in (30, 90):
            self.check_second_purchase(database, within)

    def check_second_purchase(self, database, within):
        """Lines of one invoice have one time: what is a day or more later is another purchase."""
        row = self.polyonym("repurchase", "--db", self.path("store"), "--within", f"{within}d", "--apart", "1d").row
        expected = database.execute(
            """
            WITH firsts AS (SELECT person, utc, min(utc) OVER (PARTITION BY person) AS first FROM lines),
                 people AS (SELECT (SELECT max(utc) FROM lines) - first >= :within AS is_observed,
                                   max(utc - first BETWEEN :day AND :within) AS came
                            FROM firsts GROUP BY person, first)
            SELECT count(*), sum(came), sum(is_observed), sum(came AND is_observed) FROM people""",
            {"within": within * DAY, "day": DAY},
        ).fetchone()
        fields = ("buyers", "repurchased", "observed", "repurchased_of_observed")
        self.assertEqual(tuple(row[field] for field in fields), expected)


if __name__ == "__main__":
    main()
