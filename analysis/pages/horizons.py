"""What to buy first, and the horizons of a stack side by side, from the record beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from analysis import horizons as layer
from analysis.drawing import tables
from analysis.drawing.tables import Cell, Column, significant, table
from analysis.horizons import Gain, Reached, Record, Worth
from analysis.pages import links, register
from analysis.pages.model import Macro, Model, Site
from analysis.pages.reads import cache
from analysis.units import money


@cache
def record(directory: Path) -> Record:
    """What was weighed, from the file beside the stack. Raises FactError where there is none, or where it is of another plan."""
    return layer.load(layer.plan(directory))


def parts(model: Model, page: str) -> Markup:
    """Every part in the order in which to buy, with what it removes and gains, its price and its work."""
    found = record(model.directory)
    rows = [_part(number, one, page) for number, one in enumerate(found.worths, 1)]
    columns = [
        Column("", "number"), Column("Part", "wide"), Column("Impact removed: alone / left out", "number"),
        Column("Users gained: alone / left out", "number"), Column("A month", "number"), Column("Hours", "number"),
        Column("Impact an hour / a dollar", "number"), Column("Users an hour / a dollar", "number"),
    ]  # fmt: skip
    caption = (
        f"In user-minutes affected, on the evening and the hard nights together; recorded on {found.kept.recorded_on}. "
        "An hour and a dollar take the larger of both sides. A dash: it cannot stand alone, costs nothing, or saves."
    )
    return table(columns, rows, label="Parts in the order in which to buy them", caption=caption)


def _part(number: int, one: Worth, page: str) -> Sequence[Cell]:
    name: Cell = tables.link(links.relative(page, one.part.page), one.part.name) if one.part.page else one.part.name
    alone = one.alone
    return [
        f"{number}",
        name,
        f"{'–' if alone is None else _signed(alone.impact)} / {_signed(one.left_out.impact)}",
        f"{'–' if alone is None else _signed(alone.users)} / {_signed(one.left_out.users)}",
        f"{'−' if one.usd_month < 0 else '+'}{money(abs(one.usd_month))}" if one.usd_month else "0",
        f"{one.part.hours.value:g}",
        f"{significant(one.impact_per_hour)} / {'–' if one.impact_per_usd is None else significant(one.impact_per_usd)}",
        f"{significant(one.users_per_hour)} / {'–' if one.users_per_usd is None else significant(one.users_per_usd)}",
    ]


def _signed(value: float) -> str:
    if round(value) == 0:
        return "0"
    return f"{'+' if value > 0 else '−'}{significant(abs(value))}"


def work(model: Model) -> Markup:
    """The hours of each part with their range and reason, and what its figures cannot say."""
    rows = [
        [
            one.part.name,
            f"{one.part.hours.value:g}",
            f"{one.part.hours.low:g} to {one.part.hours.high:g}",
            one.part.hours.reason,
            one.part.note or None,
        ]
        for one in record(model.directory).worths
    ]
    columns = [
        Column("Part", "wide"), Column("Hours", "number"), Column("Range", "number"), Column("Why so many", "wide"),
        Column("What the figures cannot say", "wide"),
    ]  # fmt: skip
    return table(
        columns, rows, label="Hours of work", caption="Estimated, not computed: horizons.toml beside the stack."
    )


def side_by_side(model: Model) -> Markup:
    """The horizons as columns."""
    found = record(model.directory)
    columns = [Column(""), *(Column(one.horizon.title, "number") for one in found.reached)]
    rows: list[Sequence[Cell]] = [
        [name, *(_cell(model, name, one, text) for one, text in zip(found.reached, cells, strict=True))]
        for name, cells in layer.compared(found)
    ]
    caption = (
        f"Simulated, priced, back-tested and proved from the variable files; recorded on {found.kept.recorded_on}."
    )
    return table(columns, rows, label="Horizons side by side", caption=caption)


MEASURES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "A month with its games": ("cost.month", {}),
    "A month without a game": ("cost.idle_month", {}),
    "One game more": ("cost.game", {}),
    "Resources": ("terraform.count", {}),
    "Alarms": ("terraform.count", {"type": "aws_cloudwatch_*_alarm"}),
}
"""The rows that other pages show too, of the horizon that leaves nothing out: the stack as it is."""


def _cell(model: Model, name: str, one: Reached, text: str) -> Cell:
    if one.horizon.leaves or name not in MEASURES:
        return text
    measure, given = MEASURES[name]
    return register.figure(text, measure, model.name, **given)


def leaves(model: Model, name: str) -> Markup:
    """What one horizon leaves out, with the risk; the nights that it misses; what the proofs find in it."""
    one = _reached(model, name)
    plan = layer.plan(model.directory)
    rows = [[plan.part(left.part).name, left.risk] for left in one.horizon.leaves]
    made = []
    if rows:
        columns = [Column("Left out", "wide"), Column("What that risks", "wide")]
        made.append(table(columns, rows, label=f"{one.horizon.title}: left out"))
    if one.missed:
        nights = Markup("").join(Markup("<li>{}</li>").format(night) for night in one.missed)
        made.append(Markup("<p><strong>Nights that it does not survive.</strong></p><ul>{}</ul>").format(nights))
    if one.findings:
        found = Markup("").join(
            Markup("<li>{} {}: {}</li>").format(tables.chip("bad" if kind == "error" else "warn", kind), rule, title)
            for kind, rule, title in one.findings
        )
        made.append(Markup("<p><strong>What <code>gameday prove</code> finds.</strong></p><ul>{}</ul>").format(found))
    return Markup("\n").join(made)


def _reached(model: Model, name: str) -> Reached:
    found = record(model.directory).reached
    for one in found:
        if one.horizon.id == name:
            return one
    raise LookupError(f"{model.name} has no horizon {name!r}; it has {', '.join(one.horizon.id for one in found)}")


def figure(model: Model, name: str, row: str) -> Markup:
    """One cell of the comparison: a horizon by its id, and the first words of the row. LookupError with those that there are."""
    found = record(model.directory)
    at = [one.horizon.id for one in found.reached].index(_reached(model, name).horizon.id)
    rows = layer.compared(found)
    for title, cells in rows:
        if title.startswith(row):
            return Markup("{}").format(_cell(model, title, found.reached[at], cells[at]))
    raise LookupError(f"there is no row {row!r}; there are {', '.join(title for title, _ in rows)}")


def worth(model: Model, part: str, what: str) -> Markup:
    """One figure of a part: impact alone or left_out, users alone or left_out, usd, hours, place. LookupError for another."""
    found = record(model.directory).worths
    one = next((each for each in found if each.part.id == part), None)
    if one is None:
        raise LookupError(f"there is no part {part!r}; there are {', '.join(each.part.id for each in found)}")
    alone = one.alone or Gain(0.0, 0.0, 0)
    figures = {
        "impact alone": _signed(alone.impact),
        "impact left out": _signed(one.left_out.impact),
        "users alone": _signed(alone.users),
        "users left out": _signed(one.left_out.users),
        "usd": f"${one.usd_month:,.2f}",
        "hours": f"{one.part.hours.value:g} h",
        "place": f"{found.index(one) + 1}",
    }
    if what not in figures:
        raise LookupError(f"a part has no figure {what!r}; it has {', '.join(figures)}")
    return tables.inline(figures[what])


def macros(site: Site) -> Mapping[str, Macro]:
    """What the pages cite."""
    return {
        "parts_to_buy": site.of_stack_here(parts),
        "hours_of_work": site.of_stack(work),
        "horizons_side_by_side": site.of_stack(side_by_side),
        "horizon_leaves": lambda stack, name: leaves(site.stack(stack), name),
        "horizon": lambda stack, name, row: figure(site.stack(stack), name, row),
        "part_worth": lambda stack, name, what: worth(site.stack(stack), name, what),
    }
