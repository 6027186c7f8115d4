"""A pre-mortem as part of a page: what would go wrong in the scenario's hours, in sentences, as a picture and limit by limit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from markupsafe import Markup

from analysis import premortem as layer
from analysis.drawing import charts, tables
from analysis.drawing.charts import Limit, Panel, Series
from analysis.drawing.exports import Export
from analysis.drawing.figures import Figure
from analysis.drawing.tables import Cell, Column, Row, significant, table
from analysis.facts import Level
from analysis.facts.today import today
from analysis.network.load import Rates
from analysis.pages import exports, infrastructure, systems
from analysis.pages.model import Macro, Model, Site, model
from analysis.pages.reads import cache
from analysis.premortem import Premortem, Strain
from analysis.premortem.story import demand, failing, grouped
from analysis.studies.figures import seconds

KIND = "premortem"
"""What its files begin with."""

POINTS = 160
"""Points of a line: as many as are told apart on a page. Each is the highest of its stretch, so that no peak is lost."""

MOST_LINES = 3
"""Limits in the picture, the fullest first."""

ALONE = "simulated"
"""What the only line of a panel is called."""

SHORT = {
    "requests of the crowd": "requests",
    "deliveries over connections": "deliveries",
    "attempts to connect": "connects",
}
"""Names of traffic that fit beside a line."""

WORTH = 0.05
"""A limit that is never used to more than this share is counted and not listed."""


def premortem(site: Site, name: str) -> Markup:
    """The scenario's hours at one stack."""
    return _shown(site, name)


def told(site: Site, name: str, *faults: str) -> Markup:
    """What else happens where these faults come on top."""
    return _listed(layer.after_faults(premortem_of(site.root, name, *faults), premortem_of(site.root, name)))


@cache
def premortem_of(root: Path, name: str, *faults: str) -> Premortem:
    """The scenario's hours at a stack, with these faults."""
    one = model(root, name)
    return layer.premortem(one.architecture, one.scenario, one.about, faults=faults)


def _listed(sentences: Iterable[str]) -> Markup:
    return Markup("<ol>{}</ol>").format(Markup("").join(Markup("<li>{}</li>").format(_coded(one)) for one in sentences))


def _shown(site: Site, name: str) -> Markup:
    found, about, page = premortem_of(site.root, name), site.stack(name), site.here()
    crowd = systems.words(site.docs, page)["crowd"]
    notes = Markup("").join(Markup("<li>{}</li>").format(str(one)) for one in found.diagnostics)
    figure = Markup(picture(found, crowd).html())  # noqa: S704 (its texts are escaped)
    parts = [
        exports.buttons(page, KIND, name, layer.TABLES), _listed(layer.story(found)), figure, _limits(about, found, page),
        _pushed(found),
    ]  # fmt: skip
    if notes:
        parts.append(Markup("<details><summary>What is taken for granted</summary><ul>{}</ul></details>").format(notes))
    return Markup("\n\n").join(parts)


def _coded(sentence: str) -> Markup:
    """A sentence whose addresses stand in backticks."""
    return Markup("").join(
        tables.code(part) if number % 2 else Markup("{}").format(part)
        for number, part in enumerate(sentence.split("`"))
    )


def export(site: Site, folder: str, name: str) -> Export:
    """The pre-mortem of a stack of a system as files."""
    found, crowd = premortem_of(site.root, name), systems.words(site.docs, f"{folder}/index.md")["crowd"]
    return Export(layer.Report(found, today()), lambda: picture(found, crowd))


def picture(found: Premortem, crowd: str) -> Figure:
    """The crowd, the fullest limits, and of what fails, waits and scales what is worst, one above the other."""
    full = {
        f"{one.kind}: {one.limit.name}": 100.0 * one.load
        for one in found.strained[:MOST_LINES]
        if np.isfinite(one.load).all() and one.load.max() > 0
    }
    parts = [Panel(crowd, (_line(found, ALONE, found.users),))]
    if full:
        lines = tuple(_line(found, name, values) for name, values in full.items())
        parts.append(Panel("used of a limit, %", lines, ",.0f", (Limit(100, "limit"),)))
    failed = [(name, failing(courses)[1]) for name, courses in grouped(found)]
    name, share = max(failed, key=lambda one: float(one[1].max()), default=("", np.zeros(1)))
    if share.max() > 0:
        parts.append(Panel(f"failed {SHORT.get(name, name)}, %", (_line(found, ALONE, 100.0 * share),)))
    if found.backlogs:
        late = max(found.backlogs, key=lambda one: float(one.age_s.max()))
        parts.append(Panel("oldest waiting, min", (_line(found, ALONE, late.age_s / 60.0),)))
    scaled = [values for values in found.running.values() if values.max() > values.min()]
    if scaled:
        parts.append(Panel("instances", (_line(found, ALONE, max(scaled, key=lambda one: float(one.max()))),)))
    axis = "hours from midnight, UTC" if found.by_clock else "minutes from kick-off"
    title = f"{found.scenario}: {_finding(found.strained[0]) if found.strained else 'nothing here has a known limit'}"
    caption = f"{title}. Simulated; each point is the highest value of its stretch of time."
    return charts.panels(title, parts, x=axis, caption=caption)


def _finding(worst: Strain) -> str:
    if worst.full.any():
        return f"the {worst.kind} is over its limit ({worst.limit.name})"
    return f"no limit is reached; the fullest is the {worst.kind}'s ({worst.limit.name}) at {worst.load.max():.0%}"


def _line(found: Premortem, name: str, values: Rates) -> Series:
    size = max(1, -(-len(values) // POINTS))
    scale = 60.0 if found.by_clock else 1.0
    points = [
        (round(float(found.minutes[start]) / scale, 3), float(values[start : start + size].max()))
        for start in range(0, len(values), size)
    ]
    return Series(name, tuple(points))


def _limits(about: Model, found: Premortem, page: str) -> Markup:
    """Every limit that is worth a line, the fullest first."""
    listed = [one for one in found.strained if one.load.max() > WORTH]
    rows = [_row(about, found, one, page) for one in listed]
    columns = [
        Column("Limit", "wide"), Column("At worst"), Column("When", "number"), Column("Demand, of what there is", "number"),
        Column("Over it, min", "number"),
    ]  # fmt: skip
    rest = len(found.strains) - len(listed)
    caption = f"{rest} more limits are never used to more than {WORTH:.0%}." if rest else ""
    if not rows:
        return Markup("<p>No limit is used to more than {}.</p>").format(f"{WORTH:.0%}")
    return table(columns, rows, label=f"Limits of {about.name} in the scenario's hours", caption=caption)


def _row(about: Model, found: Premortem, strain: Strain, page: str) -> Row:
    worst = int(strain.load.argmax())
    resource = about.architecture.by_address.get(strain.stations[0])
    limit = Markup("{}<br>{}").format(strain.limit.name, tables.code(strain.stations[0]))
    if resource:
        limit += Markup("<br>{}").format(infrastructure.citation(about, resource.defined_at, page) or "")
    minutes = float(strain.full.sum()) * found.step_s / 60.0
    share = (
        f"{significant(100 * float(strain.load[worst]), 2)} %" if np.isfinite(strain.load[worst]) else "no room at all"
    )
    state: Cell = Markup("{} {}").format(share, tables.chip("bad", "over")) if minutes else share
    return Row(
        [
            limit, state, layer.at(found, float(found.minutes[worst])),
            demand(strain, worst),
            f"{minutes:,.0f}" if minutes else "",
        ],
        f"{about.name}-premortem-{strain.stations[0]}-{strain.limit.name}",
    )  # fmt: skip


def _pushed(found: Premortem) -> Markup:
    """The steps of an update from ingestion to push, with the ends of what is assumed; nothing where nothing is pushed."""
    if found.pushes is None:
        pushed = any(one.unit == "delivery" for one in found.courses)
        why = Markup("<p>How long an update takes from its ingestion to its push does not follow: {}.</p>")
        return why.format(found.unpushed) if pushed else Markup()
    pushes, worst = found.pushes, found.pushes.worst
    rows = [
        Row(
            [
                Markup("{}<br>{}").format(hop.name, tables.code(hop.address)),
                *(_time(hop.mean_s(worst, level)) for level in SHOWN),
            ]
        )
        for hop in pushes.hops
    ]
    reached = [pushes.percentiles_s(layer.PERCENTILES, worst, level) for level in SHOWN]
    for share, *taken_s in zip(layer.PERCENTILES, *reached, strict=True):
        name = "half of the updates" if share == MEDIAN else f"{100 * share:g} of 100 updates"
        rows.append(Row([name, *map(_time, taken_s)], total=True))
    columns = [Column("From ingestion to push", "wide"), *(Column(title, "number") for title in SHOWN.values())]
    caption = (
        f"At {layer.at(found, float(found.minutes[worst]))}, when updates take longest. Steps are means. Assumed are "
        f"{', '.join(layer.ASSUMED)}; the ends of their ranges are taken together."
    )
    return table(columns, rows, label=f"Times of an update in {found.stack}", caption=caption)


def _time(taken_s: float) -> str:
    return seconds(taken_s) if np.isfinite(taken_s) else "without end"


MEDIAN = 0.5

SHOWN: Mapping[Level, str] = {"low": "Fast", "value": "Assumed", "high": "Slow"}
"""The ends of the assumed times, as columns."""


def macros(site: Site) -> Mapping[str, Macro]:
    """What pages cite of a pre-mortem."""
    return {
        "premortem": lambda name: premortem(site, name),
        "premortem_with": lambda name, *faults: told(site, name, *faults),
    }
