"""What is to be reached, and whether it was: each goal reads a number out of the document of a run."""

import dataclasses
import typing

import report


class Missing(Exception):
    """The run does not have what a goal is about."""


@dataclasses.dataclass(frozen=True)
class Goal:
    what: str
    bar: float
    goal: float
    measured: typing.Callable  # of the document: the number, and a remark
    unit: str = "x"
    higher_is_better: bool = True


def against(kind, beginning):
    """Ours by theirs: of several forms of the other system the fastest counts, the others are a remark."""

    def measured(document):
        rows = [row for row in document["systems"] if row["kind"] == kind and row["name"].startswith(beginning)]
        ratios = sorted((row["ours_by_theirs"]["median"], row["name"]) for row in rows if "ours_by_theirs" in row)
        if not ratios:
            reasons = {row["status"].split("\n")[0] for row in rows} or {f"{beginning} was not asked for"}
            raise Missing("; ".join(sorted(reasons)))
        (least, fastest), *others = ratios
        return least, "; ".join([fastest, *(f"{name} {ratio:.2f}" for ratio, name in others)])

    return measured


def of_workload(name, worst, *fields, remark=()):
    """The worst of the fields' medians; `worst` is min or max."""

    def measured(document):
        row = document["workloads"].get(name)
        if not row or not row["fields"]:
            raise Missing(row["status"] if row else f"{name} was not run")
        medians = {field: spread["median"] for field, spread in row["fields"].items()}
        said = "; ".join(f"{field.replace('_', ' ')} {report.number(medians[field])}" for field in [*fields, *remark])
        return worst(medians[field] for field in fields), said

    return measured


SHAPE = ("slowest_of_median", "limited_slowest_of_median", "limited_slowest_of_free_median")
LONG = ("events", "limited_events")  # fewer, where the time was up
MEMORY = ("index_bytes_per_identifier", "reopened_process_bytes_per_identifier", "empty_process_bytes")

FULL_EVENTS = 2_000_000  # that goals are meant for

GOALS = [
    Goal("durable stream, no sync, against Redis", 8, 14, against("no-fsync", "redis")),
    Goal("durable stream, no sync, against SQLite", 12, 25, against("no-fsync", "sqlite")),
    Goal("durable stream, no sync, against PostgreSQL", 20, 40, against("no-fsync", "postgres")),
    Goal("durable stream, a sync a commit, against SQLite", 8, 16, against("fsync", "sqlite")),
    Goal("durable stream, a sync a commit, against PostgreSQL", 15, 30, against("fsync", "postgres")),
    Goal("speed of the long stream against the short", 0.8, 0.95, of_workload("growth", min, "of_small")),
    Goal("batch in memory, against DuckDB", 8, 15, against("batch", "duckdb")),
    Goal("batch in memory, against networkx", 20, 40, against("batch", "networkx")),
    Goal("batch in memory, against SciPy with its dictionary", 4, 8, against("batch", "scipy")),
    Goal("resolve, against a bare prefetched look-up", 0.3, 0.6, of_workload("resolve", min, "of_bare")),
    Goal("resident an identifier, short stream", 120, 80,
         of_workload("growth-small", max, "process_bytes_per_identifier", remark=MEMORY), " B", False),
    Goal("resident an identifier, long stream", 120, 80,
         of_workload("growth", max, "process_bytes_per_identifier", remark=MEMORY), " B", False),
    Goal("disk an event, short stream", 150, 100,
         of_workload("growth-small", max, "disk_bytes_per_event", "checkpointed_disk_bytes_per_event"), " B", False),
    Goal("disk an event, long stream", 150, 100,
         of_workload("growth", max, "disk_bytes_per_event", "checkpointed_disk_bytes_per_event"), " B", False),
    Goal("opening again, against a scan of the same bytes, short stream", 3, 1.5,
         of_workload("growth-small", max, "reopen_of_scan", remark=("reopen_of_scan_all",)), "x", False),
    Goal("opening again, against a scan of the same bytes, long stream", 3, 1.5,
         of_workload("growth", max, "reopen_of_scan", remark=("reopen_of_scan_all",)), "x", False),
    Goal("hub: slowest batch against the median", 10, 3, of_workload("hub", max, *SHAPE, remark=LONG), "x", False),
    Goal("chain: slowest batch against the median", 10, 3, of_workload("chain", max, *SHAPE, remark=LONG), "x", False),
    Goal("contested: speed against none", 0.6, 0.85, of_workload("contested", min, "of_uncontested")),
    Goal("stream of profiles, no sync, against Redis", 4, 4, against("profiles", "redis")),
    Goal("stream of profiles, no sync, against PostgreSQL", 8, 8, against("profiles", "postgres")),
    Goal("profile, warm, against a bare look-up and decoding", 0.33, 0.33,
         of_workload("profile-read", min, "of_bare", remark=("uncached_of_bare", "few_of_bare"))),
    Goal("merge and split: the longest history against the shortest", 2, 2,
         of_workload("profile-merge", max, "merge_of_smallest", "split_of_smallest", remark=("largest_events",)),
         "x", False),
]


def judged(document):
    """A row for each goal; `verdict`: goal, bar, not reached, or why it was not measured."""
    rows = []
    for goal in GOALS:
        row = {"what": goal.what, "bar": goal.bar, "goal": goal.goal, "unit": goal.unit, "measured": None, "remark": ""}
        try:
            row["measured"], row["remark"] = goal.measured(document)
        except Missing as e:
            row["verdict"] = f"not measured: {e}"
        else:
            sign = 1 if goal.higher_is_better else -1
            reached = [name for name, least in (("goal", goal.goal), ("bar", goal.bar))
                       if sign * row["measured"] >= sign * least]
            row["verdict"] = f"{reached[0]} reached" if reached else "not reached"
        rows.append(row)
    return rows


def markdown(document):
    small = document["events"] < FULL_EVENTS
    lines = [
        "**To reach**: medians of the ratios of this run; where another system has several forms, the fastest counts."
        + (f" **This run is small: goals are meant for {FULL_EVENTS:,} events.**" if small else ""), "",
        "| what | bar | goal | measured | | of which |", "| --- | --: | --: | --: | --- | --- |"]
    for row in document["goals"]:
        measured = "" if row["measured"] is None else f"{row['measured']:,.3g}{row['unit']}"
        verdict = f"**{row['verdict']}**" if row["verdict"].startswith("not") else row["verdict"]
        lines.append(f"| {row['what']} | {row['bar']:g}{row['unit']} | {row['goal']:g}{row['unit']} | {measured} | "
                     f"{verdict} | {row['remark']} |")
    return "\n".join(lines) + "\n"
