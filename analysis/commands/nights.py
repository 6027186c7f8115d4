"""`gameday nights`: a stack on the nights that it must hold, recorded beside it."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.progress import Progress
from rich.table import Table

from analysis import evidence, facts, studies
from analysis.commands.common import (
    FINDINGS,
    AsJson,
    Directory,
    complete,
    day_of,
    err,
    modelled,
    out,
    print_json,
    refusals,
    tell_unreached,
    unreached_json,
)
from analysis.night import hard_plan
from analysis.night.hard_plan import HardNights
from analysis.studies.recorded import NIGHTS, NIGHTS_FILE


def nights(
    directory: Directory,
    date: Annotated[str, typer.Option("--date", metavar="YYYY-MM-DD", help="The day to record; else today's.")] = "",
    jobs: Annotated[int, typer.Option("--jobs", min=-1, help="Processes; -1 for as many as processors.")] = -1,
    as_json: AsJson = False,
) -> None:
    """The nights that the stack must hold (nights.toml beside it): how they go, and how many users each would hold; recorded."""
    from analysis.night import NightError, hard  # noqa: PLC0415 (pulls in the compiler)

    with refusals(NightError):
        stack = modelled(directory)
        plan = hard_plan.hard_nights(directory)
        day = day_of(date)
        model = complete(directory, (), ())
        with Progress(console=err, transient=True) as progress:
            bar = progress.add_task("kinds of night", total=len(plan.nights))
            rests_on = studies.nights_basis(directory)
            content = hard.recorded(
                model,
                facts.scenario(stack.scenario),
                stack,
                plan,
                jobs=jobs,
                done=lambda done, _total: progress.update(bar, completed=done),
            )
    evidence.write(directory / NIGHTS_FILE, evidence.Record(NIGHTS, day, rests_on, content))
    if as_json:
        print_json({**content, **unreached_json(model, directory)})
    else:
        out.print(_shown(content, plan))
        tell_unreached(model, directory)
    if hard.missed(content, plan):
        raise typer.Exit(FINDINGS)


def _shown(record: dict[str, Any], plan: HardNights) -> Table:
    table = Table("Night", title=f"{plan.users:,} users, {plan.seeds} nights of each kind, the worst of them")
    for heading in ("Errors", "Worst minute", "Age p95", "in a failover", "Users held"):
        table.add_column(heading, justify="right")
    for night in record["nights"]:
        users = night["headroom"]["users"]
        table.add_row(
            night["title"],
            f"{100 * night['errors']:.3g} %",
            f"{100 * night['worst_errors']:.3g} %",
            f"{night['settled_age_p95_s']:.3g} s",
            "" if night["failover_age_p95_s"] is None else f"{night['failover_age_p95_s']:.3g} s",
            "no limit found" if users is None else f"{users:,}",
        )
    return table
