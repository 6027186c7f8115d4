"""The systems side by side: what each stack holds, costs, alarms on and brings back, and how far it has got."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from markupsafe import Markup

from analysis.drawing import charts, tables
from analysis.drawing.tables import Cell
from analysis.pages import emulated, figures, links, proofs, systems
from analysis.pages.figures import Words
from analysis.pages.model import Macro, Model, Site
from analysis.studies import measure, shown
from analysis.units import money


def _measured(name: str, model: Model, _words: Words) -> str:
    return shown(measure(name, model.study, {}))


TENFOLD: Final = 10
"""The crowd of the last question about money: what if ten times as many come."""


def _held(model: Model, **given: Any) -> float:
    """The users that a stack has room for; infinite where no limit is known."""
    value = measure("capacity.users_held", model.study, given).value
    return math.inf if value is None else float(value)


def _holds(model: Model, words: Words) -> str:
    if _held(model) < 1:
        return f"no {words['crowd']}: the feeds alone pass the first limit"
    low, value, high = (
        shown(measure("capacity.users_held", model.study, {"level": level})) for level in ("low", "value", "high")
    )
    span = f" ({low} to {high})" if low != high else ""
    grown = "" if _held(model, scaled_out=1) == _held(model) else f", {_held(model, scaled_out=1):,.0f} scaled out"
    return f"{value}{span} {words['crowd']}{grown}; {model.capacity.users:,} expected"


def _month(model: Model, words: Words) -> Markup:
    each = model.study.bill.total.usd * 1000 / model.capacity.users
    said = f"{money(each)} per 1,000 {words['crowd']} expected"
    return Markup("{}<br><small>{}</small>").format(_measured("cost.month", model, words), said)


def _tenfold(model: Model, words: Words) -> Markup:
    """What the bill would be if ten times as many came, and whether the stack, scaled out, has room for them."""
    many = TENFOLD * model.capacity.users
    bill = model.study.at(many).bill.total.usd
    room = _held(model, scaled_out=1)
    said = f"room for {many:,}" if room >= many else f"{room:,.0f} of {many:,} {words['crowd']} fit, scaled out"
    return Markup("{}<br><small>{}</small>").format(money(bill), said)


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
    "A month": _month,
    "One event adds": _event,
    "A month, ten times the crowd": _tenfold,
    "Alarms": _alarms,
    "Recovery": _recovery,
    "State": _state,
}
"""What the table says of a stack, in its order."""


def rooms(site: Site) -> Markup:
    """How much of the crowd that is expected fits into each stack, at the start and scaled out, as bars."""
    rows = []
    for one in systems.systems(site.docs):
        for stack in one.stacks:
            model = site.stack(stack.name)
            for when, given in (("at the start", {}), ("scaled out", {"scaled_out": 1})):
                try:
                    share = min(1.0, _held(model, **given) / model.capacity.users)
                except figures.REFUSALS:
                    continue
                rows.append((f"{one.title}, {stack.label}", when, 100 * share))
    caption = (
        "At most the whole crowd. Each is what the first limit lets in; a fault or a wrong timeout can still end it."
    )
    figure = charts.bars(
        "How much of the expected crowd there is room for", rows, unit="%", number=",.0f", caption=caption
    )
    return Markup(figure.html())  # noqa: S704 (drawn by charts, which escapes)


def rows(site: Site) -> list[dict[str, str]]:
    """What the table says, as text: the system, the stack, and each column by its name."""
    return [
        {
            "system": one.title,
            "stack": shown.name,
            "label": shown.label,
            **{name: _text(_cell(compute, site.stack(shown.name), one.words)) for name, compute in COLUMNS.items()},
        }
        for one in systems.systems(site.docs)
        for shown in one.stacks
    ]


def _text(cell: Cell) -> str:
    return Markup(str(cell or "").replace("<br>", "; ")).striptags()  # noqa: S704 (only its text is used)


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
    return {"systems_compared": lambda: compared(site), "systems_room": lambda: rooms(site)}
