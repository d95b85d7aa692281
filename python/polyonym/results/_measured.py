"""Funnels, retention, attribution and campaigns as HTML: bars, and a map of heat. Text is escaped."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Iterable, List, Optional

from ._shown import cell

if TYPE_CHECKING:
    from .campaign import CampaignReport
    from .lift import Lift
    from .measure import Attribution, Funnel, FunnelStep, Retention, RetentionPeriod

#: Rows of each table that are shown; the rest is counted.
_MOST_ROWS = 50
#: Blue, by how much of it there is: it takes a share of the page's own colour, so that it suits light pages
#: and dark ones.
_BLUE = "rgba(59,125,216,{:.2f})"


def funnel(result: Funnel) -> str:
    """Steps with bars, then groups."""
    began = result.steps[0].people
    head = _head(["step", "people", "", "of first", "of previous", "median since previous"])
    rows = [_step(step, began) for step in result.steps]
    caption = f"Funnel: {result.people:,} people, within {_duration(result.within)}"
    table = _table(caption, head, rows)
    if not result.groups:
        return table
    head = _head(["first step", *(step.name for step in result.steps), "to the last"])
    groups = [
        _row(
            [
                cell(group.name),
                *(f"{step.people:,}" for step in group.steps),
                _percent(group.steps[-1].from_first),
            ]
        )
        for group in result.groups
    ]
    return table + _table("By what the first step has", head, groups)


def _step(step: FunnelStep, began: int) -> str:
    share = step.people / began if began else 0.0
    style = f"width:{100 * share:.1f}%;min-width:1px;height:1em;background:{_BLUE.format(0.75)}"
    bar = f"<div style='{style}'></div>"
    cells = [cell(step.name), f"{step.people:,}", f"<div style='width:200px'>{bar}</div>"]
    return _row(
        [
            *cells,
            _percent(step.from_first),
            _percent(step.from_previous),
            _duration(step.since_previous.median),
        ]
    )


def retention(result: Retention) -> str:
    """A cell for each cohort and period, the darker the greater its share; a star: not over for everybody."""
    cohorts = [*result.cohorts, result.all]
    shares = [period.share or 0.0 for cohort in cohorts for period in cohort.periods]
    greatest = max(shares, default=0.0) or 1.0
    periods = range(len(result.all.periods))
    head = _head([result.by, "people", *(str(number) for number in periods)])
    rows = []
    for cohort in cohorts:
        name = "<b>all</b>" if cohort is result.all else cell(cohort.name)
        cells = "".join(_heat(period, greatest) for period in cohort.periods)
        rows.append(f"<tr>{_cells([name, f'{cohort.size:,}'])}{cells}</tr>")
    when = "in that period or any later one" if result.rolling else "in that period"
    caption = f"Retention: came again {when}, by {result.unit} after the first"
    return _table(caption, head, rows[:-1], last=rows[-1])


def _heat(period: RetentionPeriod, greatest: float) -> str:
    if period.share is None:
        return "<td></td>"
    colour = _BLUE.format(0.85 * period.share / greatest)
    text = _percent(period.share) + ("" if period.complete else "*")
    return f"<td style='background:{colour};text-align:right'>{text}</td>"


def attribution(result: Attribution) -> str:
    """A row for each campaign or channel, with what each model credits to it."""
    head = _head([result.by, "touches", "people", "conversions", *result.models])
    rows = []
    for row in result.keys:
        key = (
            "<i>without a touch</i>"
            if row.key is None
            else cell(row.key) if row.key else f"<i>no {cell(result.by)}</i>"
        )
        credits = [row.credits[model] for model in result.models]
        worth = [
            ", ".join([f"{of.conversions:,.2f}", *(cell(money) for money in of.value)]) for of in credits
        ]
        rows.append(_row([key, f"{row.touches:,}", f"{row.people:,}", f"{row.conversions:,}", *worth]))
    caption = f"{result.conversions:,} conversions of {result.converted_people:,} people, credited by model"
    return _table(caption, head, rows)


def campaign(result: CampaignReport) -> str:
    """A row for each variant, and what it changed beside the control."""
    steps = [step.name for step in result.variants[0].steps] if result.variants else []
    head = _head(["variant", "enrolled", *steps, "converted", "rate", "revenue", "difference", "p value"])
    rows = []
    for variant in result.variants:
        name = cell(variant.name) + (" (control)" if variant.is_control else "")
        took = [f"{step.people:,} ({_percent(step.rate)})" for step in variant.steps]
        revenue = ", ".join(cell(of.total) for of in variant.revenue)
        cells = [
            name,
            f"{variant.enrolled:,}",
            *took,
            f"{variant.converted:,}",
            _percent(variant.conversion_rate),
        ]
        rows.append(_row([*cells, revenue, *_lift(variant.lift)]))
    if result.overall:
        blank = [""] * (len(steps) + 4)
        rows.append(_row(["<b>all who were treated</b>", *blank, *_lift(result.overall)]))
    return _table(f"Campaign {cell(result.campaign)}", head, rows) + _notes(result)


def _lift(lift: Optional[Lift]) -> List[str]:
    if lift is None:
        return ["", ""]
    of = lift.conversion
    interval = f"{_percent(of.difference_interval.low)} to {_percent(of.difference_interval.high)}"
    return [
        f"{_percent(of.difference)} ({interval})",
        f"{of.p_value:.4f}" if of.p_value >= 0.0001 else "below 0.0001",
    ]


def _notes(result: CampaignReport) -> str:
    notes = []
    if result.cost is not None:
        back = [
            money
            for money in (result.overall.money if result.overall else [])
            if money.return_on_cost is not None
        ]
        returns = "".join(
            f"; the return on it is {_percent(money.return_on_cost)}" for money in back
        )
        notes.append(f"It cost {cell(result.cost)}{returns}.")
    if result.control is None:
        notes.append("Nobody was held out: nothing says what would have been without it.")
    if any(
        ratio is not None and ratio.is_mismatch for ratio in (result.variants_ratio, result.holdout_ratio)
    ):
        notes.append(
            "The variants have not the sizes that their weights give: "
            "do not believe the differences before you know why."
        )
    return "".join(f"<p>{note}</p>" for note in notes)


def _table(caption: str, head: str, rows: List[str], *, last: str = "") -> str:
    rest = f"<p>and {len(rows) - _MOST_ROWS:,} more</p>" if len(rows) > _MOST_ROWS else ""
    return f"<table><caption>{caption}</caption>{head}{''.join(rows[:_MOST_ROWS])}{last}</table>{rest}"


def _head(names: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<th>{cell(name)}</th>" for name in names) + "</tr>"


def _row(cells: List[str]) -> str:
    return f"<tr>{_cells(cells)}</tr>"


def _cells(cells: List[str]) -> str:
    first, *others = cells
    return f"<td style='text-align:left'>{first}</td>" + "".join(
        f"<td style='text-align:right'>{text}</td>" for text in others
    )


def _percent(share: Optional[float]) -> str:
    return "" if share is None else f"{100 * share:.1f}%"


def _duration(duration: Optional[timedelta]) -> str:
    if duration is None:
        return ""
    for unit, text in ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "m")):
        if duration >= unit:
            return f"{duration / unit:.1f} {text}"
    return f"{duration.total_seconds():.1f} s"
