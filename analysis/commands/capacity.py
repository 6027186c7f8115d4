"""`gameday capacity`: how many users the stack holds, by closed formulas."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from analysis import capacity as capacity_layer
from analysis import facts
from analysis.capacity import Capacity, Range
from analysis.commands.common import (
    MOST_PEOPLE,
    AsJson,
    DataFile,
    Directory,
    FilesFrom,
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
    data: DataFile = [],  # noqa: B006 (Typer copies)
    files_from: FilesFrom = [],  # noqa: B006 (as above)
    scenario: ScenarioFile = None,
    runtime: Runtime = None,
    users: Annotated[
        int | None, typer.Option("--users", min=0, max=MOST_PEOPLE, help="Users at once; else the scenario's peak.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How many users the stack holds, what saturates first, and how old an update is when it is seen."""
    with refusals():
        found = answered(directory, var, var_file, placeholders=placeholders, data_files=data, shared=files_from)
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
    out.print(_table(result, coverage(found)))
    out.print(_verdict(result))
    if result.polled is not None:
        ages = result.polled.freshness
        out.print(
            f"An update is {ages.percentile_s(0.5):.2g} s old in the median and {ages.percentile_s(0.95):.2g} s at the 95th "
            f"percentile; {100 * result.polled.fresh_share:.3g} % arrive within {result.freshness_target_s:g} s."
        )
    if budget := result.connections:
        out.print(
            f"Connections to {budget.database}: {budget.claimed} claimed, {budget.claimed_deploying} while deploying, "
            f"{_range(budget.accepted)} accepted: {budget.verdict}."
        )
    tell(result.diagnostics)
    ended(found)


def _table(result: Capacity, covered: str) -> Table:
    """Each station with its limits, the first of them on its own line."""
    table = Table(
        Column("Station, limit", overflow="fold"),
        title=f"{result.stack}: {result.scenario}, {result.users:,} users, {result.runtime}; {covered}",
    )
    for heading in ("Used", "Of", "Utilisation", "Users held"):
        table.add_column(heading, justify="right")
    for station in result.stations:
        name = "" if station.name == station.address else f"{station.name}\n"
        table.add_row(f"{name}[dim]{escape(station.address)}[/]", f"{_amount(station.offered_per_s)} /s", "", "", "")
        for bound in station.limits:
            table.add_row(
                f"  {bound.name}{' (shared)' if bound.shared_with else ''}",
                _amount(bound.used),
                f"{_amount(bound.available)} {bound.unit.replace('1/s', '/s')}",
                f"{_amount(100 * bound.utilisation)} %",
                _range(bound.users_held),
            )
    return table


def _verdict(result: Capacity) -> str:
    """How many users are held, and what is full then."""
    if not result.bottleneck:
        return "Nothing that this model knows is ever full."
    station = result.station(result.bottleneck)
    known = [bound for bound in station.limits if bound.users_held.value is not None]
    first = min(known, key=lambda bound: bound.users_held.value or 0.0)
    if (first.users_held.value or 0.0) < 1:
        return (
            f"Holds nobody: without a single user {station.name} is full ({first.name}: {_amount(first.used)} of "
            f"{_amount(first.available)} {first.unit.replace('1/s', 'a second')})."
        )
    count = result.at_start.tasks
    given = f" with the {count.value:,} {count.name}" if count.unit else ""
    return f"Holds {_range(result.users_held)} users{given}; then {station.name} is full ({first.name})."


def _amount(value: float) -> str:
    """A number to four significant digits, thousands apart."""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


def _range(figure: Range) -> str:
    """A figure with its ends where they differ: 1,077 (961 to 1,179)."""
    if figure.value is None:
        return "no known limit"
    low, high = (figure.value if end is None else end for end in (figure.low, figure.high))
    return f"{figure.value:,.0f}" + (f" ({low:,.0f} to {high:,.0f})" if low != high else "")
