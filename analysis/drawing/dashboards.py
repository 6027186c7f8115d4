"""A CloudWatch dashboard as its operator would see it: widgets on their grid, filled with an incident, in words as well."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from analysis import alarms as alarms_layer
from analysis.alarms import Dashboard, Filled, Pack
from analysis.alarms.dashboards import Drawn, Status, metrics
from analysis.architecture import Architecture
from analysis.drawing import charts
from analysis.drawing.figures import COLOURS, slug
from analysis.studies import StudiedNight

STYLE = Path(__file__).parents[1] / "theme" / "css" / "dashboard.css"

UNIT_PX = 46
"""Width of a column where the whole grid is shown."""

MOST_MARKDOWN = 20_000
"""Longer texts than this are cut; CloudWatch's console shows no page of that length either."""


def night_dashboards(
    architecture: Architecture, night: StudiedNight, *, at: dt.datetime | None = None, key: str = ""
) -> Markup:
    """The dashboards of `architecture` on a simulated night, of this stack or of another. Alarms are shown as they were `at`.

    Without `at` they are shown five minutes after the first user was affected, or at the night's end. Raises ValueError where the
    night publishes nothing of what they ask for.
    """
    told = alarms_layer.read(architecture)
    boards, _ = alarms_layer.dashboards(architecture, told)
    asked = [*metrics(boards), *(metric for alarm in told.metric for _, metric in alarm.queries)]
    pack = night.pack_of(asked, architecture)
    moment = at or (night.harm_at + dt.timedelta(minutes=5) if night.harm_at else None)
    return drawn(architecture, pack, at=moment, key=key)


def drawn(architecture: Architecture, pack: Pack, *, at: dt.datetime | None = None, key: str = "") -> Markup:
    """Every dashboard of a stack over `pack`, one below the other; alarms as they were `at` a moment of it, else its end."""
    told = alarms_layer.read(architecture)
    boards, _ = alarms_layer.dashboards(architecture, told)
    rows = alarms_layer.backtest(architecture, pack, alarms=told).rows
    states = {row.alarm: row.states for row in rows if row.states}
    parts = [
        board(shown, alarms_layer.fill(shown, pack, architecture, states, at), pack, at=at, key=f"{key}-{number}")
        for number, shown in enumerate(boards)
    ]
    return Markup("\n").join(parts)


def board(
    dashboard: Dashboard, filled: Sequence[Filled], pack: Pack, *, at: dt.datetime | None = None, key: str = ""
) -> Markup:
    """One dashboard as HTML; `key` tells its ids from those of others on the page."""
    moment = at or pack.start + dt.timedelta(minutes=pack.minutes)
    widgets = Markup("").join(_widget(one, pack, f"{key}-{dashboard.name}-{n}") for n, one in enumerate(filled))
    end = pack.start + dt.timedelta(minutes=pack.minutes)
    return Markup(
        '<div class="g-dash" role="group" aria-label="Dashboard {}, {}">'
        '<p class="g-dash__head"><strong>{}</strong> <span>{} to {} UTC, alarms as at {}</span> <span>{}</span></p>'
        '<div class="g-dash__grid">{}</div></div>'
    ).format(
        dashboard.name,
        pack.origin,
        dashboard.name,
        f"{pack.start:%H:%M}",
        f"{end:%H:%M}",
        f"{moment:%H:%M}",
        f"reconstructed, {pack.origin}" if pack.origin.startswith("simulated") else pack.origin,
        widgets,
    )


def page(title: str, body: Markup) -> str:
    """A file of its own around `body`: nothing is loaded, and it follows the reader's colour scheme."""
    day = ";".join(f"{variable}:{day}" for variable, day, _ in COLOURS.values())
    night = ";".join(f"{variable}:{night}" for variable, _, night in COLOURS.values())
    style = (
        f":root{{{day};color-scheme:light dark}}@media (prefers-color-scheme:dark){{:root{{{night}}}}}"
        "body{font-family:Inter,system-ui,sans-serif;margin:1.5rem;background:var(--g-paper);color:var(--g-ink);font-size:20px}"
        f"h1{{font-size:1.2rem}}{STYLE.read_text(encoding='utf-8')}"
    )
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{html.escape(title)}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{style}</style>\n</head>\n'
        f'<body class="gd-page">\n<main>\n<h1>{html.escape(title)}</h1>\n{body}\n</main>\n</body>\n</html>\n'
    )


def _widget(filled: Filled, pack: Pack, key: str) -> Markup:
    widget = filled.widget
    inside: list[Markup] = []
    if widget.title:
        inside.append(Markup('<p class="g-dash__title" id="{}">{}</p>').format(slug(f"{key}-name"), widget.title))
    match widget.kind:
        case "text":
            inside.append(Markup('<div class="g-dash__text">{}</div>').format(text(widget.markdown)))
        case "alarms":
            inside.append(_alarms(filled.statuses))
        case "number":
            inside += [_number(one, widget.unit) for one in filled.drawn if not one.note]
        case "graph":
            inside += _graph(filled, pack, key)
        case _:
            pass
    inside += [Markup('<p class="g-dash__note">{}</p>').format(note) for note in filled.notes]
    named = Markup(' role="group" aria-labelledby="{}"').format(slug(f"{key}-name")) if widget.title else Markup("")
    return Markup('<div class="g-dash__widget"{} style="--x:{};--y:{};--w:{};--h:{}">{}</div>').format(
        named, widget.x, widget.y, widget.width, widget.height, Markup("").join(inside)
    )


def _graph(filled: Filled, pack: Pack, key: str) -> list[Markup]:
    widget = filled.widget
    begin = pack.start.hour * 60 + pack.start.minute
    there = [one for one in filled.drawn if not one.note and any(value is not None for _, value in one.points)]
    silent = [one for one in filled.drawn if not one.note and one not in there]
    notes = [
        Markup('<p class="g-dash__note">{}</p>').format(f"{one.line.label}: no datapoint all night.") for one in silent
    ]
    if not there:
        return notes
    extra = there[charts.MOST_IN_GRAPH :]
    there = there[: charts.MOST_IN_GRAPH]
    if extra:
        notes.append(
            Markup('<p class="g-dash__note">{}</p>').format(
                f"Not drawn, for want of distinguishable lines: {', '.join(one.line.label for one in extra)}."
            )
        )
    series = [
        charts.Series(one.line.label, tuple((float(begin + minute), value) for minute, value in one.points))
        for one in there
    ]
    values = [value for one in series for _, value in one.points if value is not None]
    limits = [charts.Limit(mark.value, mark.label) for mark in widget.marks]
    ends = None
    if widget.most is not None or widget.least not in (None, 0.0):
        top = widget.most if widget.most is not None else max([*values, *(limit.value for limit in limits)])
        low = widget.least if widget.least is not None else min(0.0, *values)
        ends = (low, top) if top > low else None
    figure = charts.graph(
        widget.title or ", ".join(one.name for one in series),
        series,
        key=key,
        size=(widget.width * UNIT_PX, max(150, widget.height * UNIT_PX - 60)),
        y=widget.unit,
        limits=limits,
        ends=ends,
        stacked=widget.stacked,
    )
    return [Markup(figure.svg), _legend(there), *notes]  # noqa: S704 (drawn by charts, which escapes)


def _legend(drawn_lines: Sequence[Drawn]) -> Markup:
    items = []
    for number, one in enumerate(drawn_lines):
        colour, dash = charts.swatch(number)
        statistic = one.line.metric.statistic if one.line.metric else "computed"
        items.append(
            Markup(
                '<li><svg viewBox="0 0 24 8" aria-hidden="true"><path d="M0 4h24" fill="none" stroke="var({},{})" '
                'stroke-width="2.5" stroke-dasharray="{}"/></svg>{} ({}, {} s)</li>'
            ).format(*COLOURS[colour][:2], dash, one.line.label, statistic, one.line.period_s)
        )
    return Markup('<ul class="g-dash__legend">{}</ul>').format(Markup("").join(items))


def _number(one: Drawn, unit: str) -> Markup:
    value = one.latest
    shown = "no datapoint" if value is None else f"{value:,.4g}"
    return Markup('<p class="g-dash__number">{}<small>{}{}</small></p>').format(
        shown, one.line.label, f", {unit}" if unit else ""
    )


_ORDER = {"ALARM": 0, "INSUFFICIENT_DATA": 1, "OK": 2, None: 3}
_WORDS = {"ALARM": "In alarm", "INSUFFICIENT_DATA": "No data", "OK": "OK", None: "Not modelled"}


def _alarms(statuses: Sequence[Status]) -> Markup:
    """Alarms in alarm first, as the console sorts them."""
    items = [
        Markup('<li data-state="{}"><span>{}</span><b>{}</b></li>').format(
            status.state or "",
            status.name,
            _WORDS[status.state] + (f" since {status.since:%H:%M}" if status.state == "ALARM" and status.since else ""),
        )
        for status in sorted(statuses, key=lambda status: (_ORDER[status.state], status.name))
    ]
    return Markup('<ul class="g-dash__alarms">{}</ul>').format(Markup("").join(items))


@cache
def _markdown() -> MarkdownIt:
    """Markdown without HTML, pictures (which would be loaded from elsewhere) and headings that would break the page's outline."""
    return MarkdownIt("js-default", {"html": False, "linkify": False}).disable("image")


def text(markdown: str) -> Markup:
    """The text of a text widget as safe HTML: HTML in it is shown, not run; links lead to http and https only."""
    engine = _markdown()
    env: dict[str, Any] = {}
    tokens = engine.parse(markdown[:MOST_MARKDOWN], env)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "p"
            if token.nesting == 1:
                token.attrSet("class", "g-dash__h")
        for child in token.children or ():
            _harmless(child)
    return Markup(engine.renderer.render(tokens, engine.options, env))  # noqa: S704 (HTML is off, links are checked)


def _harmless(token: Token) -> None:
    if token.type == "link_open":
        target = str(token.attrGet("href") or "")
        if not target.startswith(("http://", "https://")):
            token.attrSet("href", "#")
        token.attrSet("rel", "noopener")


def as_text(boards: Sequence[tuple[Dashboard, Sequence[Filled]]]) -> Mapping[str, Any]:
    """The dashboards for programs: widgets with their place, lines with their last and highest value, and what is not shown."""
    return {
        "dashboards": [
            {
                "name": shown.name,
                "address": shown.address,
                "widgets": [
                    {
                        "kind": one.widget.kind,
                        "x": one.widget.x,
                        "y": one.widget.y,
                        "width": one.widget.width,
                        "height": one.widget.height,
                        "title": one.widget.title,
                        "unit": one.widget.unit,
                        "marks": [{"label": mark.label, "value": mark.value} for mark in one.widget.marks],
                        "lines": [
                            {
                                "label": line.line.label,
                                "metric": str(line.line.metric) if line.line.metric else None,
                                "expression": line.line.expression or None,
                                "statistic": line.line.metric.statistic if line.line.metric else None,
                                "period_s": line.line.period_s,
                                "points": [[minute, value] for minute, value in line.points],
                                "note": line.note,
                            }
                            for line in one.drawn
                        ],
                        "text": one.widget.markdown,
                        "alarms": [
                            {
                                "name": status.name,
                                "state": status.state,
                                "since": status.since.strftime("%Y-%m-%dT%H:%M:%SZ") if status.since else None,
                                "note": status.note,
                            }
                            for status in one.statuses
                        ],
                        "notes": list(one.notes),
                    }
                    for one in filled
                ],
            }
            for shown, filled in boards
        ]
    }
