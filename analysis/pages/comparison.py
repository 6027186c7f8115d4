"""The systems side by side: what each stack holds, costs, alarms on and brings back, and how far it has got."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from markupsafe import Markup

from analysis import decisions as weighed_records
from analysis import evidence, season
from analysis.decisions import Judgement
from analysis.drawing import charts, tables
from analysis.drawing.tables import Cell, Column, table
from analysis.loadtest import kept
from analysis.night import hard, hard_plan
from analysis.pages import decisions, emulated, figures, links, proofs, systems
from analysis.pages.figures import Words
from analysis.pages.model import Macro, Model, Site
from analysis.pages.register import figure
from analysis.studies import Measured, measure, nights_record, shown
from analysis.units import money


def _measured(name: str, model: Model, _words: Words, **given: Any) -> Markup:
    return figure(measure(name, model.study, given), name, model.name, **given)


TENFOLD: Final = 10
"""The crowd of the last question about money: what if ten times as many come."""


def _held(model: Model, **given: Any) -> float:
    """The users that a stack has room for; infinite where no limit is known."""
    value = measure("capacity.users_held", model.study, given).value
    return math.inf if value is None else float(value)


def _holds(model: Model, words: Words) -> Cell:
    if _held(model) < 1:
        return f"no {words['crowd']}: the feeds alone pass the first limit"
    low, value, high = (
        _measured("capacity.users_held", model, words, level=level) for level in ("low", "value", "high")
    )
    span = "" if low.striptags() == high.striptags() else Markup(" ({} to {})").format(low, high)
    most = _measured("capacity.users_held", model, words, scaled_out=1)
    grown = "" if _held(model, scaled_out=1) == _held(model) else Markup(", {} scaled out").format(most)
    return Markup("{}{} {}{}; {} expected").format(value, span, words["crowd"], grown, f"{model.capacity.users:,}")


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


def _event(model: Model, words: Words) -> Markup:
    return Markup("{} a {}").format(_measured("cost.game", model, words), words["event"])


def _hours(model: Model, _words: Words) -> Markup:
    """How full the fullest limit gets in the scenario's hours, and how many of its hard nights a stack that has some survives."""
    said = Markup("fullest: {}").format(_measured("premortem.fullest", model, _words))
    if not (model.directory / hard_plan.PLAN).is_file():
        return Markup("{}").format(said)
    plan, record = hard_plan.hard_nights(model.directory), nights_record(model.directory)
    held = len(plan.nights) - len(hard.missed(record.content, plan))
    return Markup("{}<br><small>{} of {} hard nights survived</small>").format(said, held, len(plan.nights))


def _alarms(model: Model, _words: Words) -> Markup:
    """How many there are, and on how many build-ups of the back-test one rang in time."""
    count = _measured("terraform.count", model, _words, type="aws_cloudwatch_*_alarm")
    if not (model.directory / season.RECORD_FILE).is_file():
        return Markup("{}<br><small>not back-tested</small>").format(count)
    record = season.load(model.directory)
    said = f"in time on {record.in_time} of {len(record.leads_s)} build-ups, {record.goal['lead_s'] / 60:.0f} min ahead"
    return Markup("{}<br><small>{}</small>").format(count, said)


def _recovery(model: Model, _words: Words) -> Markup:
    """The rules about backups and restores that hold, and what a drill restored where one was made."""
    report = proofs.report(model)
    holding, failing = (
        sum(finding.rule.group == "RESTORE" for finding in findings) for findings in (report.holding, report.findings)
    )
    said = f"{holding} of {holding + failing} checks hold"
    drill = evidence.read(evidence.beside(model.directory, kept.DRILLED), kept.DRILLED)
    drilled = (
        f"restored {drill.content['restore_mb_s']:.0f} MB/s in a drill"
        if drill and drill.content["holds"]
        else "no drill"
    )
    return Markup("{}<br><small>{}</small>").format(said, drilled)


def _state(model: Model, _words: Words) -> Markup:
    word = emulated.status(model)
    return tables.chip("info" if word == "applied on the emulator" else "plain", word)


COLUMNS: Mapping[str, Callable[[Model, Words], Cell]] = {
    "Holds at the start": _holds,
    "First limit": _limit,
    "A month": _month,
    "One event adds": _event,
    "A month, ten times the crowd": _tenfold,
    "The scenario's hours": _hours,
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


MOST_DECISIONS: Final = 3
"""Decisions of each system that the second table shows."""


def bought(site: Site) -> Markup:
    """What the decisions that matter most bought in each system: users held and the bill, with the decision and without it.

    The one that multiplies the users held most stands first; of those that leave them alone, the one that saves most.
    """
    rows = []
    for one in systems.systems(site.docs):
        folder = site.docs / one.folder / "decisions"
        weighed = [
            (decisions.judgement(site.root, record.path), record)
            for record in weighed_records.folder(folder, site.root)
            if record.weighed and record.status == "accepted"
        ]
        found = sorted(
            ((_worth(made), made, record) for made, record in weighed), key=lambda each: each[0], reverse=True
        )
        for (times, saved), made, record in found[:MOST_DECISIONS]:
            if times <= 1 and saved < LEAST_SAVED:
                continue
            page = record.path.relative_to(site.docs).as_posix()
            rows.append([
                one.title, tables.link(links.relative(site.here(), page), record.title),
                *(_shown(made, name) for name in ("users", "month")),
            ])  # fmt: skip
    columns = [
        Column("System"), Column("Decision", "wide"), Column("Users held, without and with", "number"),
        Column("A month, without and with", "number"),
    ]  # fmt: skip
    return table(columns, rows, label="What the decisions bought")


LEAST_SAVED: Final = 0.01
"""Share of the month's bill that a decision must save to be shown, where it adds no users."""


def _worth(made: Judgement) -> tuple[float, float]:
    """By how much a decision multiplies the users held, rounded, and the share of the bill that it saves."""
    users, month = (_numbers(made, name) for name in ("users", "month"))
    times = (users[1] / max(users[0], 1.0)) if users else 1.0
    return round(times, 2), 1 - month[1] / month[0] if month and month[0] else 0.0


def _numbers(made: Judgement, name: str) -> tuple[float, float] | None:
    """A figure without a decision and with it; None where one of both cannot be computed."""
    found = _both(made, name)
    values = [one.value for one in found or ()]
    return None if found is None or None in values else (float(values[0] or 0), float(values[1] or 0))


def _both(made: Judgement, name: str) -> tuple[Measured, Measured] | None:
    """A figure as it was measured without a decision and with it; None where one of both is only a reason why not."""
    effect = made.effect(name)
    without, with_it = effect.without_it, effect.with_it
    return None if isinstance(without, str) or isinstance(with_it, str) else (without, with_it)


def _shown(made: Judgement, name: str) -> str:
    found = _both(made, name)
    return " → ".join(map(shown, found)) if found else "not computed"


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
    return {
        "systems_compared": lambda: compared(site),
        "systems_room": lambda: rooms(site),
        "systems_decisions": lambda: bought(site),
    }
