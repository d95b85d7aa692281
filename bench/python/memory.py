#!/usr/bin/env python3
"""What polyonym.resolve() needs of memory, and that it does not copy columns of text.

The same pairs twice, in short identifiers and in long ones: what the call needs beyond the table may not grow
with the texts. Each call has a process of its own, which tells the most that was resident while it ran, less
what was before, the table included. Exits with 1 where the numbers of groups differ.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
from typing import Any

import contenders
import numpy as np
import own_process
import pairs
import pyarrow as pa
import run

FORMS = ["string", "large_string", "polars", "pandas"]
COPIED = (
    0.1  # of the bytes that the long texts have more; one column copied is 0.5, and some pages come and go
)


def table_of(rows: int, width: int) -> pa.Table:
    """Texts of one width, which end with a number in no order."""

    def column(numbers: Any) -> pa.Array:
        body = pairs.digits(pairs.mixed(numbers, 1), pairs.HEX, 16)
        return pairs.texts(np.hstack([pairs.beginning(b"x" * (width - 16), len(body)), body]))

    left, right = pairs.people(rows, np.random.default_rng(pairs.SEED))
    return pa.table({"left": column(left), "right": column(right)})


def called(rows: int, width: int, form: str) -> dict[str, Any]:
    """In this process: one call, measured."""
    table = table_of(rows, width)
    text_bytes = 2 * rows * width
    contenders.Polyonym(table.slice(0, 10), form).group()
    system = contenders.Polyonym(table, form)
    del table  # where the form is another one, the call is to find that alone
    spent = contenders.measured(system.group)
    groups = len(contenders.column(system.people, "profile_id").unique())
    return {"text_bytes": text_bytes, "need_bytes": spent.peak_bytes - spent.before_bytes, "groups": groups}


def in_process(rows: int, width: int, form: str) -> dict[str, Any]:
    print(f"{form}, texts of {width} bytes", file=sys.stderr, flush=True)
    command = [sys.executable, __file__, "--rows", str(rows), "--one", str(width), form]
    return own_process.answer_of("resolve()", command)


def row_of(rows: int, widths: list[int], form: str) -> dict[str, Any]:
    short, long = (in_process(rows, width, form) for width in widths)
    if short["groups"] != long["groups"]:
        sys.exit(f"{form}: {short['groups']} groups of short texts, {long['groups']} of long ones")
    share = (long["need_bytes"] - short["need_bytes"]) / (long["text_bytes"] - short["text_bytes"])
    return {"form": form, "short": short, "long": long, "share": share, "copied": share >= COPIED}


def markdown(rows: int, widths: list[int], answers: list[dict[str, Any]]) -> str:
    """Bytes a row: two identifiers and the number of a group."""
    short, long = widths
    lines = [
        f"`polyonym.resolve()` of {rows:,} pairs, bytes a row. A share of 1: the texts were copied.",
        "",
        f"| table | needed beyond it, texts of {short} bytes | of {long} bytes | in texts, {short} | {long} "
        "| growth as a share of theirs | |",
        "| --- | --: | --: | --: | --: | --: | --- |",
    ]
    for row in answers:
        need = " | ".join(f"{row[size]['need_bytes'] / rows:,.1f}" for size in ("short", "long"))
        text = " | ".join(f"{row[size]['text_bytes'] / rows:,.0f}" for size in ("short", "long"))
        verdict = "**copied**" if row["copied"] else "not copied"
        lines.append(f"| {row['form']} | {need} | {text} | {row['share']:.3f} | {verdict} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=2_000_000, help="pairs (2000000)")
    parser.add_argument(
        "--widths",
        type=int,
        nargs=2,
        default=[16, 256],
        metavar=("SHORT", "LONG"),
        help="bytes of an identifier, 16 or more (16 256)",
    )
    parser.add_argument(
        "--forms", nargs="+", choices=FORMS, default=FORMS[:2], help="of the table (the first two)"
    )
    parser.add_argument("--json", type=pathlib.Path, help="file for the results as data")
    parser.add_argument(
        "--markdown", type=pathlib.Path, help="file for the table, which is printed in any case"
    )
    parser.add_argument("--one", nargs=2, metavar=("WIDTH", "FORM"), help="one call in this process")
    options = parser.parse_args()
    if options.rows <= 0 or not 16 <= options.widths[0] < options.widths[1]:
        parser.error("--rows must be above 0, and --widths 16 or more, the short one first")
    if options.one:
        print(json.dumps(called(options.rows, int(options.one[0]), options.one[1])))
        return
    answers = [row_of(options.rows, options.widths, form) for form in options.forms]
    document = {"rows": options.rows, "widths": options.widths, "forms": answers}
    run.write(document, markdown(options.rows, options.widths, answers), options)


if __name__ == "__main__":
    main()
