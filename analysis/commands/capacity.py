"""`gameday capacity`: how many users the stack holds, by closed formulas."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from analysis import capacity as capacity_layer
from analysis import facts
from analysis.capacity import Range
from analysis.commands.common import (
    AsJson,
    Directory,
    Placeholders,
    Runtime,
    ScenarioFile,
    Var,
    VarFile,
    about,
    answered,
    course,
    coverage,
    ended,
    holes,
    out,
    print_json,
    refusals,
    refuse,
    tell,
    unreached_json,
)


def capacity(
    directory: Directory,
    var: Var = [],  # noqa: B006 (Typer copies)
    var_file: VarFile = [],  # noqa: B006 (Typer copies)
    placeholders: Placeholders = False,
    scenario: ScenarioFile = None,
    runtime: Runtime = None,
    users: Annotated[
        int | None, typer.Option("--users", min=0, help="Users at once; else the scenario's peak.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How many users the stack holds, what saturates first, and how old an update is when it is seen."""
    with refusals():
        found = answered(directory, var, var_file, placeholders=placeholders)
        stack = about(directory)
        crowd = course(directory, scenario)
        if runtime is None and stack is None:
            refuse(f"give the runtime with --runtime: {', '.join(facts.runtimes())}")
        profile = facts.runtime(runtime) if runtime else None
        result = capacity_layer.analyse(found, crowd, stack, users=users, profile=profile)
    if as_json:
        print_json({**capacity_layer.to_json(result), **unreached_json(found, directory), "holes": holes(found)})
        ended(found)
        return
    table = Table(
        Column("Station", overflow="fold"),
        title=f"{result.stack}: {result.scenario}, {result.users:,} users, {result.runtime}; {coverage(found)}",
    )
    for heading in ("Offered a second", "Can do", "Utilisation", "Users held"):
        table.add_column(heading, justify="right")
    for station in result.stations:
        table.add_row(
            f"{station.name}\n[dim]{escape(station.address)}[/]",
            f"{station.offered_per_s:,.4g}",
            _range(station.capacity_per_s),
            "" if station.utilisation is None else f"{100 * station.utilisation:.3g} %",
            _range(station.users_held),
        )
    out.print(table)
    out.print(
        f"Holds {_range(result.users_held)} users with the tasks of kick-off; then the {result.bottleneck} is full."
    )
    ages = result.freshness
    out.print(
        f"An update is {ages.percentile_s(0.5):.2g} s old in the median and {ages.percentile_s(0.95):.2g} s at the 95th "
        f"percentile; {100 * result.fresh_share:.3g} % arrive within {result.freshness_target_s:g} s."
    )
    if result.connections:
        budget = result.connections
        out.print(
            f"Connections: {budget.claimed} claimed, {budget.claimed_deploying} while deploying, "
            f"{_range(budget.accepted)} accepted: {budget.verdict}."
        )
    tell(result.diagnostics)
    ended(found)


def _range(figure: Range) -> str:
    """A figure with its ends where they differ: 1,077 (961 to 1,179)."""
    if figure.value is None:
        return "no known limit"
    low, high = (figure.value if end is None else end for end in (figure.low, figure.high))
    return f"{figure.value:,.0f}" + (f" ({low:,.0f} to {high:,.0f})" if low != high else "")
