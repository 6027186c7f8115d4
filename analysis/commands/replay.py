"""`gameday replay`: the night simulated minute by minute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from analysis import facts, studies
from analysis.commands.common import (
    AsJson,
    Directory,
    Runtime,
    ScenarioFile,
    Var,
    VarFile,
    about,
    complete,
    course,
    out,
    print_json,
    refusals,
    tell,
    unreached_json,
)
from analysis.commands.sweep import Set, one_each

if TYPE_CHECKING:
    from analysis.night import Night, Stretch

EVENTS_SHOWN = 30


def replay(
    directory: Directory,
    var: Var = [],  # noqa: B006 (Typer copies)
    var_file: VarFile = [],  # noqa: B006 (Typer copies)
    scenario: ScenarioFile = None,
    runtime: Runtime = None,
    users: Annotated[int | None, typer.Option("--users", min=1, help="Users at the peak; else the scenario's.")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the dice.")] = 1,
    fault: Annotated[
        list[str], typer.Option("--fault", metavar="KIND@MINUTE", help="What goes wrong when, as in zone-loss@104.")
    ] = [],  # noqa: B006 (Typer copies)
    given: Set = [],  # noqa: B006 (Typer copies)
    calibrated: Annotated[
        bool, typer.Option("--calibrated", help="With the values that `gameday calibrate` found for this stack.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """The night simulated minute by minute: what fans and stations see, what happens, and the story of it in sentences."""
    from analysis import night as night_layer  # noqa: PLC0415 (pulls in the compiler)

    with refusals(night_layer.NightError):
        found = complete(directory, var, var_file)
        stack = about(directory)
        values = {**(studies.calibration(directory).values if calibrated else {}), **one_each(given)}
        night = night_layer.replay(
            found,
            course(directory, scenario),
            stack,
            seed,
            [night_layer.fault(text) for text in fault],
            profile=facts.runtime(runtime) if runtime else None,
            peak_users=users,
            values=values,
        )
    if as_json:
        told = {"story": list(night_layer.story(night))}
        print_json({**night_layer.to_json(night), **told, **unreached_json(found, directory)})
        return
    out.print(_replayed(night, night_layer.summary(night)))
    for sentence in night_layer.story(night):
        out.print(sentence, highlight=False)
    for event in night.events[:EVENTS_SHOWN]:
        who = "" if event.task is None else f" (task {event.task})"
        out.print(f"{event.minute:7.1f} min  {event.what}{who}", highlight=False)
    if len(night.events) > EVENTS_SHOWN:
        out.print(f"... and {len(night.events) - EVENTS_SHOWN} more; --json has them all.", highlight=False)
    tell(night.setup.diagnostics)


def _replayed(night: Night, stretches: Sequence[Stretch]) -> Table:
    """The night in stretches of a quarter of an hour."""
    table = Table(
        "From minute", title=f"{night.setup.stack}: {night.setup.scenario}, {night.setup.runtime}, seed {night.seed}"
    )
    for heading in ("Users", "Errors", "Answer p95", "Age seen p50", "p95", "Tasks", "CPU"):
        table.add_column(heading, justify="right")
    for s in stretches:
        times = ("" if value is None else f"{value:,.2f} s" for value in (s.latency_p95_s, s.age_p50_s, s.age_p95_s))
        table.add_row(
            f"{s.start_minute:g}",
            f"{s.users:,.0f}",
            f"{100 * s.error_share:.2f} %",
            *times,
            f"{s.tasks:.0f}",
            f"{s.cpu_percent:.0f} %",
        )
    return table
