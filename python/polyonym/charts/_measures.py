"""How far people came, and whether they came again."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Sequence

from ..results import Funnel, FunnelStep, Retention, RetentionCohort
from ._altair import (
    BLUE,
    TEXT,
    alt,
    bare_axis,
    counted,
    finished,
    header,
    layered,
    percent,
    rows,
    shades,
    text_on,
)


def funnel(of: Funnel, *, groups: int = 6) -> Any:
    """A bar for each step, dark who went on, pale who stopped; beside it the people, and their shares.

    groups: of a funnel `by` something, so many of its groups follow, each beside its own first step.
    """
    lines = list(_step_lines("", of.steps))
    shown = [(group.name or "(none)", group.steps) for group in of.groups[:groups]]
    for name, steps in shown:
        lines += _step_lines(name, steps)
    names = [step.name for step in of.steps]
    title = f"Funnel: {counted(of.steps[0].people, 'person', 'people')} began, within {_days(of)}"
    key = "dark: went on, or came to the end · pale: stopped there · shares are of the first step"
    if not shown:
        return finished(_bars(lines, names, of.steps[0].people, "people:Q"), title, key)
    base = _bars(lines, names, 1.0, "share:Q")
    order = ["everybody"] + [name for name, _ in shown]
    return finished(base.facet(row=alt.Row("group:N", sort=order, header=header()), spacing=12), title, key)


def retention(of: Retention) -> alt.LayerChart:
    """A row for each cohort and a column for each period after its first: which share came again.

    A star: the period is not over for all of the cohort.
    """
    cohorts = [(_cohort_label(cohort.name or "(none)", of, cohort), cohort) for cohort in of.cohorts]
    everybody = (f"all · {of.all.size:,}", of.all)
    cells = [cell for label, cohort in [*cohorts, everybody] for cell in _cohort_cells(label, cohort)]
    order = [label for label, _ in cohorts] + [" ", everybody[0]]  # an empty row between
    greatest = max((cell["share"] for cell in cells), default=0.0)
    base = alt.Chart(rows(cells)).encode(
        x=alt.X("period:O", title=f"{of.unit}s after the first", axis=bare_axis(orient="top", labelAngle=0)),
        y=alt.Y("cohort:N", sort=order, title=None, scale=alt.Scale(domain=order), axis=bare_axis()),
        tooltip=["cohort:N", "period:O", "percent:N", "returned:Q", "observed:Q", "complete:N"],
    )
    chart = layered(
        base.mark_rect(stroke="white", strokeWidth=1.5).encode(
            color=alt.Color("share:Q", scale=shades(greatest), legend=None)
        ),
        base.mark_text(fontSize=10.5).encode(text="percent:N", color=text_on("share", greatest)),
        width=alt.Step(46),
        height=alt.Step(24),
    )
    when = "in that period or any later one" if of.rolling else "in that period"
    star = (
        "*: not over for all of them; the share is of those for whom it is"
        if any(not cell["complete"] for cell in cells)
        else ""
    )
    title = f"Retention: {counted(of.all.size, 'person', 'people')} in {counted(len(cohorts), 'cohort')}"
    return finished(chart, title, f"came again {when}", star)


def _bars(lines: List[Dict[str, Any]], names: Sequence[str], most: float, measure: str) -> alt.LayerChart:
    part = measure.split(":")[0]
    base = alt.Chart(rows(lines)).encode(
        y=alt.Y(
            "step:N",
            sort=list(names),
            title=None,
            axis=bare_axis(labelFontSize=12),
        ),
        tooltip=["group:N", "step:N", "people:Q", "stopped:Q", "of_first:N", "of_previous:N", "median:N"],
    )
    scale = alt.Scale(domain=[0, most or 1], nice=False)
    wide = {"x": alt.X(f"went_on_{part}:Q", axis=None, scale=scale)}
    return layered(
        base.mark_bar(color=BLUE, opacity=0.28, cornerRadiusEnd=2, height={"band": 0.72}).encode(
            x=alt.X(f"{part}:Q", axis=None, scale=scale)
        ),
        base.mark_bar(color=BLUE, height={"band": 0.72}).encode(**wide),
        base.mark_text(align="left", dx=8, fontSize=11.5, color=TEXT).encode(
            x=alt.X(f"{part}:Q", axis=None, scale=scale), text="label:N"
        ),
        width=420,
        height=alt.Step(38 if part == "people" else 24),
    )


def _step_lines(group: str, steps: Sequence[FunnelStep]) -> Iterator[Dict[str, Any]]:
    began = steps[0].people if steps else 0
    for place, step in enumerate(steps):
        went_on = step.people - step.stopped if place + 1 < len(steps) else step.people
        label = f"{step.people:,}"
        if place:
            label += f" · {percent(step.from_first)}"
        if place > 1:
            label += f" · {percent(step.from_previous)} of the step before"
        yield {
            "group": group or "everybody",
            "step": step.name,
            "people": step.people,
            "stopped": step.stopped,
            "label": label,
            "went_on_people": went_on,
            "share": step.people / (began or 1),
            "went_on_share": went_on / (began or 1),
            "of_first": percent(step.from_first),
            "of_previous": percent(step.from_previous),
            "median": str(step.since_previous.median),
        }


def _cohort_cells(label: str, cohort: RetentionCohort) -> Iterator[Dict[str, Any]]:
    for number, period in enumerate(cohort.periods):
        if period.share is not None:
            yield {
                "cohort": label,
                "period": number,
                "share": period.share,
                "percent": percent(period.share) + ("" if period.complete else "*"),
                "returned": period.returned,
                "observed": period.observed,
                "complete": period.complete,
            }


def _cohort_label(name: str, of: Retention, cohort: RetentionCohort) -> str:
    """With as much of the unit's first day as says which it is."""
    if of.by == of.unit:
        name = {"month": name[:7], "year": name[:4]}.get(of.unit, name)
    return f"{name} · {cohort.size:,}"


def _days(of: Funnel) -> str:
    days = of.within.total_seconds() / 86400
    return counted(int(days), "day") if days == int(days) else str(of.within)
