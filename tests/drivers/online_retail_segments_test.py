"""Who is in a segment, of real invoices: questions about UCI's Online Retail, each asked twice.

Once as an expression of the people that examples/mappings/online_retail.* make of the file; once as SQL over the rows
of its CSV, by sqlite3. What the SQL is about:
- A person is a customer, or a guest's invoice. Lines that are rejected or held are nobody's: online_retail_test.py says
  which and why.
- `utc` is the time of a line in milliseconds since 1970; `local` its time as the file has it, London's. Segments are in
  that zone.
- `line` is the line of the file, as text: facts of one time are in the order of their records' ids, as texts.
- Now is the time of the newest line, 2011-12-09 12:50.
"""

import csv
import datetime
import decimal
import json
import re
import sqlite3

from online_retail_test import HELD_INVOICE, MAPPINGS, utc
from program import ProgramTest, main, open_text, shared

ZONE = "Europe/London"
DAY = 86_400_000

# name -> (expression, query that gives its members)
QUESTIONS = {
    "a hundred lines": (
        "count(invoice_line) >= 100",
        "SELECT person FROM lines GROUP BY person HAVING count(*) >= 100",
    ),
    "five invoices": (
        "distinct(property invoice of invoice_line) >= 5",
        "SELECT person FROM lines GROUP BY person HAVING count(DISTINCT invoice) >= 5",
    ),
    "two orders in 90 days": (
        "distinct(property invoice of invoice_line where property quantity > 0 within 90 days) >= 2",
        f"""SELECT person FROM lines WHERE quantity > 0 AND utc > (SELECT max(utc) FROM lines) - 90 * {DAY}
            GROUP BY person HAVING count(DISTINCT invoice) >= 2""",
    ),
    "ten lines last month": (
        "count(invoice_line in previous month) >= 10",
        "SELECT person FROM lines WHERE local LIKE '2011-11-%' GROUP BY person HAVING count(*) >= 10",
    ),
    "over a thousand pounds": (
        "sum(value * property quantity of invoice_line) > 1000 GBP",
        "SELECT person FROM lines GROUP BY person HAVING sum(pence * quantity) > 100000",
    ),
    "over a hundred pounds in summer": (
        """sum(value * property quantity of invoice_line
            from 2011-06-01T00:00:00+01:00 to 2011-09-01T00:00:00+01:00) > 100 GBP""",
        """SELECT person FROM lines WHERE local >= '2011-06-01' AND local < '2011-09-01'
           GROUP BY person HAVING sum(pence * quantity) > 10000""",
    ),
    "brought back more than they bought": (
        "sum(value * property quantity of invoice_line) < 0 GBP",
        "SELECT person FROM lines GROUP BY person HAVING sum(pence * quantity) < 0",
    ),
    "dozens on average": (
        "average(property quantity of invoice_line) > 24",
        "SELECT person FROM lines GROUP BY person HAVING sum(quantity) > 24 * count(*)",
    ),
    "cheap on average": (  # below 200 pence, rounded to whole ones, halves to even: 199.5 are 200
        "average(value of invoice_line) < 2 GBP",
        "SELECT person FROM lines GROUP BY person HAVING 2 * sum(pence) < 399 * count(*)",
    ),
    "one large line": (
        "max(value * property quantity of invoice_line) >= 500 GBP",
        "SELECT DISTINCT person FROM lines WHERE pence * quantity >= 50000",
    ),
    "new since June": (
        "first(time of invoice_line) >= 2011-06-01T00:00:00+01:00",
        "SELECT person FROM lines GROUP BY person HAVING min(local) >= '2011-06-01'",
    ),
    "gone for half a year": (
        "days since last(time of invoice_line) > 183",
        """SELECT person FROM lines GROUP BY person
           HAVING julianday((SELECT max(date(local)) FROM lines)) - julianday(max(date(local))) > 183""",
    ),
    "fifty products": (
        "distinct(property stock_code of invoice_line) > 50",
        "SELECT person FROM lines GROUP BY person HAVING count(DISTINCT stock_code) > 50",
    ),
    "abroad": (
        """trait country contains "Germany" or trait country contains "France" """,
        "SELECT DISTINCT person FROM lines WHERE country IN ('Germany', 'France')",
    ),
    "in two countries": (
        "size of trait country >= 2",
        "SELECT person FROM lines GROUP BY person HAVING count(DISTINCT country) >= 2",
    ),
    "brought something back": (
        "did(invoice_line where property quantity < 0)",
        "SELECT DISTINCT person FROM lines WHERE quantity < 0",
    ),
    "no heart": (
        """not did(invoice_line where property stock_code = "85123A") and has customer""",
        """SELECT person FROM lines WHERE customer IS NOT NULL
           EXCEPT SELECT person FROM lines WHERE stock_code = '85123A'""",
    ),
    "December and never again": (
        """did(invoice_line from 2010-12-01T00:00:00Z to 2011-01-01T00:00:00Z)
           and not did(invoice_line from 2011-01-01T00:00:00Z)""",
        "SELECT person FROM lines GROUP BY person HAVING max(local) < '2011-01-01'",
    ),
    "each month since October": (
        "did(invoice_line in this month) and did(invoice_line in previous month) and "
        "count(invoice_line in past 2 months) > count(invoice_line in previous month)",
        """SELECT person FROM lines WHERE local >= '2011-10-01' GROUP BY person
           HAVING count(DISTINCT strftime('%Y-%m', local)) = 3""",
    ),
    "on Sundays": (
        "did(invoice_line where weekday of time = 7 and hour of time < 12)",
        "SELECT DISTINCT person FROM lines WHERE strftime('%w', local) = '0' AND strftime('%H', local) < '12'",
    ),
    "a stand, then a heart": (
        """sequence(invoice_line where property stock_code = "22423" and property quantity > 0,
                    then invoice_line where property stock_code = "85123A" and property quantity > 0)""",
        """SELECT DISTINCT a.person FROM lines a JOIN lines b USING (person)
           WHERE a.stock_code = '22423' AND b.stock_code = '85123A' AND a.quantity > 0 AND b.quantity > 0
           AND (b.utc, b.line) > (a.utc, a.line)""",
    ),
    "brought back within a fortnight": (
        """sequence(invoice_line where property stock_code = "22423" and property quantity > 0,
                    then invoice_line where property stock_code = "22423" and property quantity < 0 within 14 days)""",
        f"""SELECT DISTINCT a.person FROM lines a JOIN lines b USING (person)
            WHERE a.stock_code = '22423' AND b.stock_code = '22423' AND a.quantity > 0 AND b.quantity < 0
            AND (b.utc, b.line) > (a.utc, a.line) AND b.utc <= a.utc + 14 * {DAY}""",
    ),
    "a stand, a heart, a bag": (
        """funnel(invoice_line where property stock_code = "22423", invoice_line where property stock_code = "85123A",
                  invoice_line where property stock_code = "85099B" within 60 days; strict increase) = 3""",
        f"""SELECT DISTINCT a.person FROM lines a JOIN lines b USING (person) JOIN lines c USING (person)
            WHERE a.stock_code = '22423' AND b.stock_code = '85123A' AND c.stock_code = '85099B'
            AND a.utc < b.utc AND b.utc < c.utc AND c.utc <= a.utc + 60 * {DAY}""",
    ),
    "guests with much": (
        "not has customer and count(invoice_line) > 200",
        "SELECT person FROM lines WHERE customer IS NULL GROUP BY person HAVING count(*) > 200",
    ),
}
# Of those above: expression -> how their queries are put together.
ALGEBRA = {
    """in segment "over a thousand pounds"
       and (in segment abroad or in segment "in two countries")""": """{over a thousand pounds}
       INTERSECT SELECT person FROM ({abroad} UNION {in two countries})""",
    """in segment "new since June" and not in segment "brought something back" """: """{new since June}
       EXCEPT {brought something back}""",
    """in segment "gone for half a year" and in segment "one large line"
       or in segment "on Sundays" """: """SELECT person FROM ({gone for half a year} INTERSECT {one large line})
       UNION {on Sundays}""",
}


def lines_of(path):
    """Rows for the table, of all that is somebody's."""
    with open_text(path) as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            price, invoice = decimal.Decimal(row["UnitPrice"]), row["InvoiceNo"]
            if price % decimal.Decimal("0.01") or HELD_INVOICE.match(invoice):
                continue
            customer = re.sub(r"\.0$", "", row["CustomerID"]) or None
            time = datetime.datetime.fromisoformat(utc(row["InvoiceDate"]).replace("Z", "+00:00"))
            country = None if row["Country"] == "Unspecified" else row["Country"]
            of = (customer or "guest of " + invoice, customer, invoice, row["StockCode"])
            much = (int(row["Quantity"]), int(price * 100))
            yield str(number), *of, *much, row["InvoiceDate"], int(time.timestamp()) * 1000, country


def table_of(path):
    database = sqlite3.connect(":memory:")
    database.execute(
        "CREATE TABLE lines (line TEXT, person TEXT, customer TEXT, invoice TEXT, stock_code TEXT, "
        "quantity INTEGER, pence INTEGER, local TEXT, utc INTEGER, country TEXT)"
    )
    database.executemany("INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", lines_of(path))
    database.execute("CREATE INDEX of_person ON lines (stock_code, person)")
    return database


def questions():
    """All of them: name -> (expression, query)."""
    asked = dict(QUESTIONS)
    for expression, query in ALGEBRA.items():
        query = re.sub(r"{(.*?)}", lambda name: QUESTIONS[name.group(1)][1], query)
        asked[" ".join(expression.split())] = (expression, query)
    return asked


class OnlineRetailSegmentsTest(ProgramTest):
    def test_every_question_has_the_answer_that_sql_gives(self):
        source = shared("data", "online_retail", "online_retail.csv.gz")
        how = ["--policy", MAPPINGS / "online_retail.policy.json", "--mapping", MAPPINGS / "online_retail.mapping.json"]
        self.ingest("store", *how, "--bulk", "--max-rejects", 4, source)
        shown = self.polyonym("define", "--db", self.path("store"), "--show").text
        definitions = json.loads(shown)
        asked = questions()
        self.assertGreaterEqual(len(asked), 20)
        definitions["segments"] = [
            {"name": name, "expression": expression, "timeZone": ZONE} for name, (expression, _) in asked.items()
        ]
        self.polyonym("define", "--db", self.path("store"), self.write_json("definitions.json", definitions))
        database = table_of(source)
        (people,) = database.execute("SELECT count(DISTINCT person) FROM lines").fetchone()

        rows = self.polyonym("segment", "list", "--db", self.path("store")).rows
        self.assertEqual([row["name"] for row in rows], list(asked))
        for row in rows:
            with self.subTest(question=row["name"]):
                (members,) = database.execute(f"SELECT count(*) FROM ({asked[row['name']][1]})").fetchone()
                self.assertEqual((row["members"], row["people"]), (members, people))
                self.assertGreater(members, 0, "a question that nobody answers asks nothing")
                self.assertLess(members, people)

        self.check_one_by_itself(database, asked)

    def check_one_by_itself(self, database, asked):
        """As an expression that is not defined; and its members by name."""
        expression, query = asked["in two countries"]
        self.polyonym("segment", "define", "--db", self.path("store"), "--remove", "a hundred lines")
        row = self.polyonym(
            "segment", "count", "--db", self.path("store"), "--zone", ZONE, "--expression", expression
        ).row
        people = sorted(customer for customer, in database.execute(query))
        self.assertEqual((row["name"], row["members"], row["now"]), (None, len(people), "2011-12-09T12:50:00Z"))
        members = self.polyonym("segment", "members", "--db", self.path("store"), "in two countries").rows
        customers = [name for row in members for name in row["identifiers"] if name.startswith("customer:")]
        self.assertEqual(sorted(customers), ["customer:" + customer for customer in people])


if __name__ == "__main__":
    main()
