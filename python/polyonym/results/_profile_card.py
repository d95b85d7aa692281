"""A profile as a card: who it is, what they are like, what they did last."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any, Iterable, Iterator

from ._shown import cell

if TYPE_CHECKING:
    from .profile import Event, Profile

#: Entries of each part that are shown; the rest is counted.
_MOST = 12

#: Grey is a share of what is below it, so that the card suits light pages and dark ones.
_STYLE = """
.polyonym-card {border:1px solid rgba(128,128,128,.35); border-radius:8px; padding:12px 16px; max-width:900px;
  font-size:13px; line-height:1.5; text-align:left}
.polyonym-card header {display:flex; flex-wrap:wrap; gap:4px 12px; align-items:baseline}
.polyonym-card header b {font-size:17px}
.polyonym-card .parts {columns:3 250px; column-gap:28px}
.polyonym-card section {break-inside:avoid; padding-top:8px}
.polyonym-card h4 {margin:0 0 2px; font-size:11px; letter-spacing:.06em; text-transform:uppercase;
  opacity:.65}
.polyonym-card .row {display:flex; gap:12px; justify-content:space-between}
.polyonym-card .value {text-align:right}
.polyonym-card .event {display:flex; gap:12px}
.polyonym-card .event > :first-child {flex:0 0 9.5em}
.polyonym-card .event > :nth-child(2) {flex:0 0 7em; font-weight:600}
.polyonym-card .chip {display:inline-block; border:1px solid rgba(128,128,128,.35); border-radius:10px;
  padding:0 8px; margin:2px 4px 2px 0}
.polyonym-card .bar {height:5px; border-radius:3px; background:#3b7dd8; margin-bottom:3px}
.polyonym-card .quiet {opacity:.65}
.polyonym-card .good {color:#2e8b57}
.polyonym-card .bad {color:#c8553d}
.polyonym-card .bar.below {background:#c8553d}
"""


def card(profile: Profile) -> str:
    """The HTML of a profile; text is escaped: values come from strangers."""
    parts = [
        _part("Traits", _traits(profile)),
        _part("Tags", _tags(profile)),
        _part("Consent", _consents(profile)),
        _part("Stages", _stages(profile)),
        _part("Scores", _scores(profile)),
    ]
    title = f"Last of {_counted(profile.events, 'event')}"
    events = _part(title, map(_event, profile.timeline), profile.events)
    return (
        f"<style>{_STYLE}</style><div class='polyonym-card'>{_head(profile)}"
        f"<div class='parts'>{''.join(parts)}</div>{events}</div>"
    )


def _head(profile: Profile) -> str:
    facts = [
        f"as of {cell(profile.now)}",
        f"{_counted(profile.facts, 'record')} with facts",
        f"{profile.completeness:.0%} complete",
    ]
    if profile.left_out:
        facts.append(_span("bad", f"{_counted(profile.left_out, 'fact')} left out"))
    if profile.ambiguous:
        facts.append(_span("bad", _counted(len(profile.ambiguous), "ambiguous record")))
    title = html.escape(profile.id) if profile.id else "a person of another time"
    names = _first(_span("chip", str(identifier)) for identifier in profile.identifiers)
    return f"<header><b>{title}</b><span class='quiet'>{' · '.join(facts)}</span></header><div>{names}</div>"


def _traits(profile: Profile) -> Iterator[str]:
    for name, trait in profile.traits.items():
        if trait.values:
            yield _row(name, ", ".join(cell(value) for value in trait.values))


def _tags(profile: Profile) -> Iterator[str]:
    greatest = max((abs(tag.score) for tag in profile.tags.values()), default=0) or 1
    for name, tag in profile.tags.items():
        kind = "bar below" if tag.score < 0 else "bar"
        width = 100 * abs(tag.score) / greatest
        bar = f"<div class='{kind}' style='width:{width:.0f}%'></div>"
        yield _row(name, f"{tag.score:.3g}", ", ".join(tag.layers)) + bar


def _consents(profile: Profile) -> Iterator[str]:
    colours = {"granted": "good", "denied": "bad", "withdrawn": "bad"}
    for purpose, consent in profile.consents.items():
        state = _span(colours.get(consent.state, "quiet"), consent.state)
        note = "said differently elsewhere" if consent.conflict else ""
        yield _row(purpose, f"{state} {_span('quiet', f'{consent.time:%Y-%m-%d}')}", note)


def _stages(profile: Profile) -> Iterator[str]:
    for name, ladder in profile.ladders.items():
        stage = _span("chip", ladder.stage) if ladder.stage else "<i>none</i>"
        since = _span("quiet", f"since {ladder.entered:%Y-%m-%d}") if ladder.entered else ""
        note = f"was {ladder.highest}" if ladder.highest != ladder.stage else ""
        yield _row(name, f"{stage}{since}", note)


def _scores(profile: Profile) -> Iterator[str]:
    for name, purchases in profile.purchases.items():
        facts = [purchases.state, f"{purchases.count} for {purchases.total}"]
        if purchases.rfm is not None:
            facts.append(f"RFM {purchases.rfm}")
        if purchases.alive is not None:
            facts.append(f"alive {purchases.alive:.0%}")
        yield _row(name, html.escape(" · ".join(facts)))
    for name, channels in profile.channels.items():
        if channels:
            yield _row(name, html.escape(", ".join(f"{c.channel} {c.share:.0%}" for c in channels[:3])))


def _event(event: Event) -> str:
    facts = []
    if event.value is not None:
        facts.append(cell(event.value))
    if event.place is not None and event.place.name:
        facts.append(html.escape(event.place.name))
    for name, value in list(event.properties.items())[:4]:
        facts.append(f"{_span('quiet', name)} {cell(value)}")
    facts.append(_span("quiet", event.provenance.belongs_to.ns))
    time = _span("quiet", f"{event.time:%Y-%m-%d %H:%M}")
    about = f"<span>{html.escape(event.type)}</span><span>{' · '.join(facts)}</span>"
    return f"<div class='event'>{time}{about}</div>"


def _part(title: str, entries: Iterable[str], of: int = 0) -> str:
    """`of`: how many there are, where there may be more than these."""
    shown = list(entries)
    if not shown:
        return ""
    return f"<section><h4>{html.escape(title)}</h4>{_first(shown, of)}</section>"


def _first(entries: Iterable[str], of: int = 0) -> str:
    shown = list(entries)
    left = max(of, len(shown)) - min(len(shown), _MOST)
    return "".join(shown[:_MOST]) + (_span("quiet", f"and {left:,} more") if left else "")


def _row(name: str, value: str, note: str = "") -> str:
    """`value` is HTML."""
    about = f" {_span('quiet', note)}" if note else ""
    return f"<div class='row'><span>{html.escape(name)}{about}</span><span class='value'>{value}</span></div>"


def _span(kind: str, text: Any) -> str:
    return f"<span class='{kind}'>{html.escape(str(text))}</span>"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
