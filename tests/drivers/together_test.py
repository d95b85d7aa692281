"""together: what people buy together, by a hand over a few baskets and by plain Python over UCI's Online Retail."""

import collections
import csv
import decimal
import itertools
import math
import re

from online_retail_test import HELD_INVOICE, MAPPINGS
from profile_test import by, told
from program import NO, USAGE, ProgramTest, main, open_text, seen, shared


def bought(number, who, item, order=None, name="item"):
    """`item`: a value in the form of facts, or a text."""
    value = {"text": item} if isinstance(item, str) else item
    properties = {name: value, **({"order": {"whole": order}} if order is not None else {})}
    return told(number, number, "pos", who, {"events": [{"type": "order", "properties": properties}]})


def listed(*items):
    return {"list": {"values": [{"text": item} for item in items]}}


# By person: c1 tea, cups, pot; c2 tea, cups; c3 tea; c4 pot, cups; c5 milk. By order the first of c1 is apart.
RECORDS = [
    bought(1, {"crm": "c1"}, "tea", 1),
    bought(2, {"crm": "c1"}, "cups", 2),
    bought(3, {"crm": "c1"}, "pot", 2),
    bought(4, {"crm": "c2"}, listed("tea", "cups", "tea"), 1),
    bought(5, {"crm": "c3"}, "tea", 1),
    bought(6, {"crm": "c4"}, listed("pot", "cups"), 1),
    bought(7, {"crm": "c5"}, "milk", 1),
    bought(8, {"crm": "c3"}, "cups", name="other"),
]


class TogetherTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.store = self.store_of("store", RECORDS)

    def ask(self, *args, code=0):
        return self.polyonym("together", "--db", self.store, "--event", "order", *args, code=code)

    def test_pairs_of_what_each_person_ever_had(self):
        row = self.ask().row
        counts = ("baskets", "items", "pairs_in_all", "baskets_left_out", "events_left_out")
        self.assertEqual([row[field] for field in counts], [5, 4, 3, 0, 1])
        self.assertEqual(
            (row["per"], row["order"], row["next"], row["has"], row["profile"]), ("person", "cosine", None, None, None)
        )
        pairs = [(pair["item"], pair["other"], pair["together"]) for pair in row["pairs"]]
        # cups 3, pot 2, tea 3: 2/sqrt(6), then 2/3, then 1/sqrt(6).
        self.assertEqual(pairs, [("cups", "pot", 2), ("cups", "tea", 2), ("pot", "tea", 1)])
        first = row["pairs"][0]
        self.assertEqual((first["with_item"], first["with_other"]), (3, 2))
        for field, value in {"support": 2 / 5, "confidence": 2 / 3, "lift": 10 / 6, "cosine": 2 / 6**0.5}.items():
            self.assertAlmostEqual(first[field], value, msg=field)

    def test_orders_bounds_and_one_item(self):
        row = self.ask("--item-value", "tea").row
        self.assertEqual(row["item_value"], "tea")
        self.assertEqual([(pair["item"], pair["other"]) for pair in row["pairs"]], [("tea", "cups"), ("tea", "pot")])
        self.assertAlmostEqual(row["pairs"][1]["confidence"], 1 / 3)
        self.assertEqual(len(self.ask("--top", "1").row["pairs"]), 1)
        self.assertEqual(len(self.ask("--min-together", "2").row["pairs"]), 2)
        pairs = self.ask("--order", "together", "--item-value", "cups").row["pairs"]
        self.assertEqual([pair["other"] for pair in pairs], ["pot", "tea"], "of one number by their bytes")
        lifts = [pair["lift"] for pair in self.ask("--order", "lift").row["pairs"]]
        self.assertEqual(lifts, sorted(lifts, reverse=True))

    def test_what_people_of_a_segment_buy_together(self):
        segment = {"name": "tea", "expression": 'did(order where property item = "tea")'}
        self.polyonym("define", "--db", self.store, self.write_json("tea.json", {"segments": [segment]}))
        row = self.ask("--segment", "tea").row
        # Tea as a text of its own: c1 and c3.
        self.assertEqual((row["segment"], row["baskets"]), ("tea", 2))
        pairs = [(pair["item"], pair["other"], pair["together"]) for pair in row["pairs"]]
        self.assertEqual(pairs, [("cups", "pot", 1), ("cups", "tea", 1), ("pot", "tea", 1)])
        # Somebody who is not of it is told what goes with what they have among those who are.
        row = self.ask("--segment", "tea", "--for", "crm:c4").row
        self.assertEqual((row["baskets"], row["has"]), (2, ["cups", "pot"]))
        self.assertEqual([item["item"] for item in row["next"]], ["tea"])
        self.ask("--segment", "coffee", code=1)

    def test_baskets_of_records_and_of_a_property(self):
        row = self.ask("--per-record").row
        self.assertEqual((row["per"], row["baskets"]), ("record", 7))
        self.assertEqual(
            [(p["item"], p["other"], p["together"]) for p in row["pairs"]], [("cups", "pot", 1), ("cups", "tea", 1)]
        )
        row = self.ask("--basket", "order").row
        self.assertEqual(
            (row["per"], row["basket_property"], row["baskets"], row["events_left_out"]), ("property", "order", 6, 1)
        )
        self.assertEqual(
            [(p["item"], p["other"], p["together"]) for p in row["pairs"]], [("cups", "pot", 2), ("cups", "tea", 1)]
        )

    def test_larger_baskets_are_left_out_and_counted(self):
        row = self.ask("--max-basket", "2").row
        self.assertEqual((row["baskets"], row["baskets_left_out"]), (4, 1))
        self.assertEqual({pair["together"] for pair in row["pairs"]}, {1})

    def test_what_comes_next_is_what_they_have_not(self):
        row = self.ask("--for", "crm:c2").row
        self.assertEqual((row["has"], row["pairs"], row["order"]), (["cups", "tea"], None, None))
        self.assertEqual(row["profile"], self.polyonym("show", "--db", self.store, "crm:c2").row["profile"])
        (pot,) = row["next"]
        self.assertEqual((pot["item"], pot["because"]), ("pot", "cups"))
        self.assertAlmostEqual(pot["score"], 3 / math.sqrt(6))
        self.assertEqual(self.ask("--for", row["profile"]).row, row)
        self.assertEqual(self.ask("--for", "crm:c5").row["next"], [])
        row = self.ask("--for", "crm:c3", "--top", "1").row
        self.assertEqual([item["item"] for item in row["next"]], ["cups"])

    def test_csv_has_a_row_for_each_pair_or_for_each_item_that_comes_next(self):
        pairs = self.ask("--format", "csv").csv
        self.assertEqual(
            [list(row.values())[:5] for row in pairs],
            [row.split() for row in ("cups pot 2 3 2", "cups tea 2 3 3", "pot tea 1 2 3")],
        )
        (pot,) = self.ask("--for", "crm:c2", "--format", "csv").csv
        self.assertEqual((pot["item"], pot["because"]), ("pot", "cups"))
        self.assertAlmostEqual(float(pot["score"]), 3 / math.sqrt(6))

    def test_who_proves_to_be_one_has_one_basket(self):
        bind = {"source": "desk", "id": "1", "t": 1704067200000, "ids": {"crm": "c5", "phone": "13800000001"}}
        self.ingest("store", self.write_records("more.jsonl", [bind, bought(20, {"phone": "13800000001"}, "honey")]))
        (pair,) = self.ask("--item-value", "honey").row["pairs"]
        self.assertEqual((pair["other"], pair["together"]), ("milk", 1))
        self.polyonym("retract", "--db", self.store, "--source", "desk", "--record", "1")
        self.assertEqual(self.ask("--item-value", "honey").row["pairs"], [])

    def test_tables_have_bars(self):
        table = self.ask("--format", "table").text
        self.assertRegex(table, r"(?m)^cups +pot +2 +3 +2 +66\.67% +1\.67 +0\.82 +█{20}$")
        self.assertRegex(table, r"(?m)^events left out +1$")
        table = self.ask("--format", "table", "--for", "crm:c2").text
        self.assertRegex(table, r"(?m)^pot +1\.22 +█{20} +cups$")
        self.assertIn("Nothing goes with", self.ask("--format", "table", "--for", "crm:c5").text)
        self.assertIn("Nothing is together", self.ask("--format", "table", "--item-value", "milk").text)

    def test_answers_of_no_and_wrong_usage(self):
        self.assertIn("--item-value", self.ask("--item-value", "13800000007", code=NO).err)
        self.assertNotIn("13800000007", self.ask("--item-value", "13800000007", code=NO).err)
        self.assertIn("--for", self.ask("--for", "crm:13800000007", code=NO).err)
        for args in (
            ["--order", "support"],
            ["--top", "0"],
            ["--min-together", "0"],
            ["--max-basket", "1"],
            ["--for", "nocolon"],
            ["--per-record", "--basket", "order"],
            ["--item-value", "tea", "--for", "crm:c1"],
            ["--order", "lift", "--for", "crm:c1"],
        ):
            with self.subTest(args=args):
                self.assertEqual(self.ask(*args, code=USAGE).text, "")
        self.polyonym("together", "--db", self.store, code=USAGE)


def baskets_of(path, by_invoice):
    """Baskets of the file by the csv module alone: of a customer or a guest's invoice, or of an invoice of either."""
    baskets = collections.defaultdict(set)
    with open_text(path) as file:
        for row in csv.DictReader(file):
            invoice = row["InvoiceNo"]
            if decimal.Decimal(row["UnitPrice"]) % decimal.Decimal("0.01") or HELD_INVOICE.match(invoice):
                continue
            person = re.sub(r"\.0$", "", row["CustomerID"]) or "guest of " + invoice
            baskets[(person, invoice) if by_invoice else person].add(row["StockCode"])
    return list(baskets.values())


class Counted:
    """Baskets with each item, and with each pair of items; of baskets that are not larger than `most`."""

    def __init__(self, baskets, most):
        self.left_out = sum(len(basket) > most for basket in baskets)
        self.items, self.pairs = collections.Counter(), collections.Counter()
        for basket in baskets:
            if len(basket) <= most:
                self.items.update(basket)
                self.pairs.update(itertools.combinations(sorted(basket), 2))
        self.baskets = len(baskets) - self.left_out

    def cosine(self, a, b):
        return self.pairs[min(a, b), max(a, b)] / math.sqrt(self.items[a] * self.items[b])


class OnlineRetailTogetherTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.source = shared("data", "online_retail", "online_retail.csv.gz")
        how = ["--policy", MAPPINGS / "online_retail.policy.json", "--mapping", MAPPINGS / "online_retail.mapping.json"]
        self.ingest("store", *how, "--bulk", "--max-rejects", 4, self.source)

    def ask(self, *args):
        how = ("--db", self.path("store"), "--event", "invoice_line", "--item", "stock_code")
        return self.polyonym("together", *how, *args).row

    def assert_counted(self, row, counted):
        """Of each pair; and that those are the first."""
        self.assertEqual(
            (row["baskets"], row["baskets_left_out"], row["items"], row["pairs_in_all"], row["events_left_out"]),
            (counted.baskets, counted.left_out, len(counted.items), len(counted.pairs), 0),
        )
        for pair in row["pairs"]:
            a, b, together = (
                pair["item"],
                pair["other"],
                counted.pairs[min(pair["item"], pair["other"]), max(pair["item"], pair["other"])],
            )
            self.assertEqual(
                (pair["together"], pair["with_item"], pair["with_other"]),
                (together, counted.items[a], counted.items[b]),
            )
            self.assertAlmostEqual(pair["lift"], together * counted.baskets / (counted.items[a] * counted.items[b]))
            self.assertAlmostEqual(pair["cosine"], counted.cosine(a, b))

    def test_invoices_and_people_have_together_what_plain_counting_says(self):
        for by_invoice, args in (
            (True, ["--basket", "invoice", "--max-basket", "100"]),
            (False, ["--max-basket", "60"]),
        ):
            with self.subTest(args=args):
                counted = Counted(baskets_of(self.source, by_invoice), int(args[-1]))
                self.assertGreater(counted.left_out, 0)
                row = self.ask(*args, "--order", "together", "--top", "500")
                self.assert_counted(row, counted)
                first = sorted(counted.pairs.items(), key=lambda pair: (-pair[1], pair[0]))[:500]
                self.assertEqual([((p["item"], p["other"]), p["together"]) for p in row["pairs"]], first)
                self.check_of_one(args, counted)

    def check_of_one(self, args, counted):
        """All that goes with one item, and what comes next for one person."""
        heart = "85123A"
        row = self.ask(*args, "--item-value", heart, "--top", "1000000")
        self.assert_counted(row, counted)
        self.assertEqual(len(row["pairs"]), sum(heart in pair for pair in counted.pairs))
        row = self.ask(*args, "--for", "customer:17850", "--min-together", "5")
        has = set(row["has"])
        self.assertGreater(len(has), 5)
        scores = collections.Counter()
        for pair, together in counted.pairs.items():
            for item, other in (pair, pair[::-1]):
                if together >= 5 and item in has and other not in has:
                    scores[other] += counted.cosine(item, other)
        best = sorted(scores.values(), reverse=True)[:10]
        for next_, score in zip(row["next"], best, strict=True):
            self.assertAlmostEqual(next_["score"], score)
            self.assertAlmostEqual(scores[next_["item"]], score)
        self.assertEqual(len(by("item", row["next"])), 10)


if __name__ == "__main__":
    main()
