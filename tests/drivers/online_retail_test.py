"""Real invoices: every line of UCI's Online Retail through examples/mappings/online_retail.*, straight from its CSV.

What must come out is computed here from the file with the csv module alone:
- A line names its invoice, and its customer unless he is a guest. So a person is a customer with his invoices, or a guest's invoice.
- Four lines cost 0.001 pounds, which no amount of pence is: they are rejected. Other lines name their invoices too.
- Three "invoices" (A563185 and two more) are bookkeeping, not 6 digits: policy holds their lines, as they name nothing else.
- Twelve o'clock in a British summer is 11:00 UTC.
"""

import collections
import csv
import datetime
import decimal
import re
import time

from program import DONE, REJECTS, ROOT, ProgramTest, main, open_text, shared

MAPPINGS = ROOT / "examples" / "mappings"
HELD_INVOICE = re.compile(r"^(?!C?\d{6}$)")


def last_sunday(year, month):
    day = datetime.datetime(year, month, 31)
    return day - datetime.timedelta(days=(day.weekday() + 1) % 7)


def utc(london):
    """A time of the file, in UTC. No line stands in an hour in which the clocks change."""
    local = datetime.datetime.strptime(london, "%Y-%m-%d %H:%M:%S")
    summer = (
        last_sunday(local.year, 3) + datetime.timedelta(hours=2)
        <= local
        < last_sunday(local.year, 10) + datetime.timedelta(hours=1)
    )
    return (local - datetime.timedelta(hours=1 if summer else 0)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Expected:
    """The file, read independently."""

    def __init__(self, path):
        invoices = collections.defaultdict(set)  # customer, or None for guests -> invoices
        self.links = collections.defaultdict(list)  # (customer, invoice) -> times
        self.lines, self.rejected, self.held = 0, [], []
        with open_text(path) as file:
            for number, row in enumerate(csv.DictReader(file), start=2):
                self.lines += 1
                customer, invoice = row["CustomerID"], row["InvoiceNo"]
                if decimal.Decimal(row["UnitPrice"]) % decimal.Decimal("0.01"):
                    self.rejected.append(number)
                elif HELD_INVOICE.match(invoice):
                    self.held.append(str(number))
                else:
                    customer = re.sub(r"\.0$", "", customer) or None
                    invoices[customer].add(invoice)
                    if customer:
                        self.links[customer, invoice].append(utc(row["InvoiceDate"]))
        self.customers = len(invoices) - 1
        guests = [[f"invoice:{invoice}"] for invoice in invoices.pop(None)]
        people = [
            [f"customer:{customer}"] + sorted(f"invoice:{invoice}" for invoice in of)
            for customer, of in invoices.items()
        ]
        self.groups = sorted(guests + people)


class OnlineRetailTest(ProgramTest):
    def test_every_invoice_line_goes_where_it_belongs(self):
        source = shared("data", "online_retail", "online_retail.csv.gz")
        expected = Expected(source)
        self.assertEqual(
            (expected.lines, expected.customers, len(expected.rejected), len(expected.held)), (541_909, 4372, 4, 3)
        )
        self.assertFalse(
            {invoice for customer, invoice in expected.links}
            & {group[0][8:] for group in expected.groups if len(group) == 1}
        )
        how = ["--policy", MAPPINGS / "online_retail.policy.json", "--mapping", MAPPINGS / "online_retail.mapping.json"]

        start = time.monotonic()
        row = self.ingest("store", *how, "--rejects", self.path("rejects.jsonl"), source, code=REJECTS).row
        print(f"\ningest: {row['records'] / (time.monotonic() - start):,.0f} records a second")
        self.assertEqual(
            {name: row[name] for name in ("records", "applied", "unchanged", "held", "rejected")},
            {"records": expected.lines, "applied": expected.lines - 7, "unchanged": 0, "held": 3, "rejected": 4},
        )
        rejects = self.rejects("rejects.jsonl")
        self.assertEqual([reject["line"] for reject in rejects], expected.rejected)
        self.assertEqual(
            {(reject["field"], reject["reason"]) for reject in rejects}, {("facts.events[0].value.amount", "bad_value")}
        )

        held = self.polyonym("held", "--db", self.path("store")).rows
        self.assertEqual([item["id"] for item in held if item["whole_record"]], expected.held)
        self.assertEqual({item["reason"] for item in held if not item["whole_record"]}, {"not_normalisable"})

        stats = self.polyonym("stats", "--db", self.path("store")).row
        self.assertEqual(
            (stats["profiles"], stats["links"], stats["refused_links"], stats["shared_identifiers"]),
            (len(expected.groups), len(expected.links), 0, 0),
        )
        self.assertEqual(stats["live_identifiers"], sum(map(len, expected.groups)))

        groups = self.polyonym("groups", "--db", self.path("store"))
        self.assertEqual([group["members"] for group in groups.rows], expected.groups)

        start = time.monotonic()
        memory = self.polyonym("resolve", "--memory", *how, "--max-rejects", 4, source, code=DONE)
        print(f"resolve --memory: {expected.lines / (time.monotonic() - start):,.0f} records a second")
        self.assertEqual(memory.out, groups.out)

        self.check_links(expected)
        verified = self.assert_verified("store")
        self.assertEqual((verified["records"], verified["links"]), (expected.lines - 4, len(expected.links)))
        again = self.ingest("store", *how, "--max-rejects", 4, source).row
        self.assertEqual((again["unchanged"], again["sequence"]), (expected.lines - 4, row["sequence"]))

    def check_links(self, expected):
        """Evidence of links in winter and in summer: how many lines, from when to when, which lines."""
        by_month = {times[0][5:7]: link for link, times in sorted(expected.links.items())}
        self.assertEqual(len(by_month), 12)
        for month in ("01", "07"):
            customer, invoice = by_month[month]
            times = sorted(expected.links[customer, invoice])
            (link,) = self.polyonym(
                "why", "--db", self.path("store"), f"customer:{customer}", f"invoice:{invoice}"
            ).row["chain"]
            self.assertEqual(
                (link["sightings"], link["first"], link["last"], link["sources"]),
                (len(times), times[0], times[-1], ["online_retail"]),
            )
            self.assertEqual(len(link["records"]), min(len(times), 16))


if __name__ == "__main__":
    main()
