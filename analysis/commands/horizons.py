"""`gameday horizons`: what to buy first of a stack, and its variable files side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from analysis import evidence
from analysis.commands.common import FINDINGS, AsJson, Directory, day_of, err, out, print_json, refusals

if TYPE_CHECKING:
    from analysis.horizons import Record


def horizons(
    directory: Directory,
    record_it: Annotated[
        bool, typer.Option("--record", help="Compute all anew and write the record beside the stack: many minutes.")
    ] = False,
    date: Annotated[str, typer.Option("--date", metavar="YYYY-MM-DD", help="The day to record; else today's.")] = "",
    as_json: AsJson = False,
) -> None:
    """What to buy first, and how far each variable file of the stack gets (horizons.toml beside it), from their record."""
    from analysis import horizons as layer  # noqa: PLC0415 (pulls in the compiler)
    from analysis.incidents import IncidentError  # noqa: PLC0415
    from analysis.night import NightError  # noqa: PLC0415
    from analysis.studies import StudyError  # noqa: PLC0415

    with refusals(IncidentError, NightError, StudyError):
        plan = layer.plan(directory)
        if record_it:
            with err.status(f"Weighing {len(plan.parts)} parts and {len(plan.horizons)} horizons"):
                rests_on, day = layer.basis(plan), day_of(date)
                made = evidence.Record(layer.KIND, day, rests_on, layer.content(plan))
            evidence.write(evidence.beside(directory, layer.KIND), made)
        found = layer.load(plan)
        changed = () if record_it else evidence.changed(found.kept, layer.basis(plan))
    if as_json:
        print_json({**layer.to_json(found), "stale": list(changed)})
    else:
        out.print(_parts(found))
        out.print(_horizons(found))
    if changed:
        err.print(
            f"Recorded on {found.kept.recorded_on}; since then changed: {', '.join(changed)}. --record computes it anew.",
            highlight=False,
        )
        raise typer.Exit(FINDINGS)


def _parts(found: Record) -> Table:
    title = "What to buy first: user-minutes of impact removed, on the evening and the hard nights, and users gained"
    table = Table("Part", title=title)
    for heading in ("Alone", "Left out", "Users", "USD a month", "Hours", "Impact an hour", "Impact per USD"):
        table.add_column(heading, justify="right")
    for one in found.worths:
        per_usd = one.impact_per_usd
        table.add_row(
            escape(one.part.name),
            "" if one.alone is None else f"{one.alone.impact:+,.0f}",
            f"{one.left_out.impact:+,.0f}",
            f"{one.users:,}",
            f"{one.usd_month:+,.2f}",
            f"{one.part.hours.value:g}",
            f"{one.impact_per_hour:,.0f}",
            "" if per_usd is None else f"{per_usd:,.0f}",
        )
    return table


def _horizons(found: Record) -> Table:
    from analysis.horizons import compared  # noqa: PLC0415 (pulls in the compiler)

    table = Table("", title=f"Horizons, {found.goal:,} users")
    for one in found.reached:
        table.add_column(escape(one.horizon.title), justify="right", overflow="fold")
    for name, cells in compared(found):
        table.add_row(escape(name), *(escape(cell) for cell in cells))
    return table
