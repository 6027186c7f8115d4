"""The systems side by side: what each stack holds, costs, alarms on and brings back, and how far it has got."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from markupsafe import Markup

from analysis.drawing import tables
from analysis.drawing.tables import Cell
from analysis.pages import emulated, figures, links, proofs, systems
from analysis.pages.figures import Words
from analysis.pages.model import Macro, Model, Site
from analysis.studies import measure, shown


def _measured(name: str, model: Model, _words: Words) -> str:
    return shown(measure(name, model.study, {}))


def _holds(model: Model, words: Words) -> str:
    users = model.capacity.users_held.value
    if users is not None and users < 1:
        return f"no {words['crowd']}: the feeds alone pass the first limit"
    low, value, high = (
        shown(measure("capacity.users_held", model.study, {"level": level})) for level in ("low", "value", "high")
    )
    span = f" ({low} to {high})" if low != high else ""
    return f"{value}{span} {words['crowd']}; {model.capacity.users:,} expected"


def _limit(model: Model, _words: Words) -> Cell:
    found = figures.first_limit(model)
    if found is None:
        return "none is known to bind"
    station, bound = found
    kind = figures.KINDS.get(station.kind, station.kind)
    return Markup("{}: {}<br><small>{}</small>").format(kind, figures.available(bound), figures.set_by(bound))


def _event(model: Model, words: Words) -> str:
    return f"{_measured('cost.game', model, words)} a {words['event']}"


def _alarms(model: Model, _words: Words) -> str:
    return shown(measure("terraform.count", model.study, {"type": "aws_cloudwatch_*_alarm"}))


def _recovery(model: Model, _words: Words) -> str:
    report = proofs.report(model)
    holding, failing = (
        sum(finding.rule.group == "RESTORE" for finding in findings) for findings in (report.holding, report.findings)
    )
    return f"{holding} of {holding + failing} checks of backups and restores hold"


def _state(model: Model, _words: Words) -> Markup:
    word = emulated.status(model)
    return tables.chip("info" if word == "applied on the emulator" else "plain", word)


COLUMNS: Mapping[str, Callable[[Model, Words], Cell]] = {
    "Holds at the start": _holds,
    "First limit": _limit,
    "A month": partial(_measured, "cost.month"),
    "One event adds": _event,
    "Alarms": _alarms,
    "Recovery": _recovery,
    "State": _state,
}
"""What the table says of a stack, in its order."""


def compared(site: Site) -> Markup:
    """Every system with each of its stacks; a refusal stands in the place of a figure that cannot be had."""
    heads = Markup("").join(Markup('<th scope="col">{}</th>').format(name) for name in ("Stack", *COLUMNS))
    bodies = Markup("").join(_body(site, one) for one in systems.systems(site.docs))
    return Markup(
        '<div class="g-table g-compare" role="group" aria-label="The systems side by side" tabindex="0"><table class="g-data">'
        "<thead><tr>{}</tr></thead>{}</table></div>"
    ).format(heads, bodies)


def _body(site: Site, one: systems.System) -> Markup:
    """One system: a heading across the table, then a row for each of its stacks."""
    title = tables.link(links.relative(site.here(), f"{one.folder}/index.md"), one.title)
    rows = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            shown.label,
            Markup("").join(
                Markup('<td data-label="{}"><div>{}</div></td>').format(
                    name, _cell(compute, site.stack(shown.name), one.words)
                )
                for name, compute in COLUMNS.items()
            ),
        )
        for shown in one.stacks
    )
    return Markup(
        '<tbody><tr class="g-group"><th scope="rowgroup" colspan="{}">{} <small>{}</small></th></tr>{}</tbody>'
    ).format(1 + len(COLUMNS), title, one.summary, rows)


def _cell(compute: Callable[[Model, Words], Cell], model: Model, words: Words) -> Cell:
    try:
        return compute(model, words)
    except figures.REFUSALS as error:
        return Markup("<small>not computed: {}</small>").format(tables.marked(str(error)))


def macros(site: Site) -> Mapping[str, Macro]:
    """What the page that compares systems cites."""
    return {"systems_compared": lambda: compared(site)}
