"""`gameday premortem`: a scenario's hours through every station of the stack, and what would go wrong."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from analysis import facts
from analysis import premortem as layer
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
    tell_unreached,
    unreached_json,
)

SHOWN = 8
"""Limits in the table, the fullest first."""


def premortem(
    directory: Directory,
    var: Var = [],  # noqa: B006 (Typer copies)
    var_file: VarFile = [],  # noqa: B006 (Typer copies)
    placeholders: Placeholders = False,
    data: DataFile = [],  # noqa: B006 (Typer copies)
    files_from: FilesFrom = [],  # noqa: B006 (as above)
    scenario: ScenarioFile = None,
    runtime: Runtime = None,
    users: Annotated[
        int | None, typer.Option("--users", min=0, max=MOST_PEOPLE, help="Users at the peak; else the scenario's.")
    ] = None,
    fault: Annotated[
        list[str],
        typer.Option("--fault", metavar="FAULT", help="down@MINUTE+MINUTES:ADDRESS or disconnect@MINUTE:CONNECTION."),
    ] = [],  # noqa: B006 (Typer copies)
    as_json: AsJson = False,
) -> None:
    """What would go wrong in the scenario's hours: what is full, what scales, waits, fails, and when."""
    with refusals(layer.PremortemError):
        found = answered(directory, var, var_file, placeholders=placeholders, data_files=data, shared=files_from)
        stack = about(directory)
        crowd = course(directory, scenario)
        if runtime is None and stack is None:
            refuse(f"give the runtime with --runtime: {', '.join(facts.runtimes())}")
        profile = facts.runtime(runtime) if runtime else None
        result = layer.premortem(found, crowd, stack, users=users, profile=profile, faults=fault)
    if as_json:
        print_json({**layer.to_json(result), **unreached_json(found, directory), "holes": holes(found)})
        ended(found)
        return
    out.print(_table(result, coverage(found)))
    for sentence in layer.story(result):
        out.print(f"- {escape(sentence)}")
    tell(result.diagnostics)
    tell_unreached(found, directory)
    ended(found)


def _table(result: layer.Premortem, covered: str) -> Table:
    """The fullest limits: how full at worst and when, and for how long over what there is."""
    table = Table(
        Column("Limit", overflow="fold"),
        Column("At worst", justify="right"),
        Column("When", justify="right"),
        Column("Over, min", justify="right"),
        title=f"{escape(result.stack)}: {escape(result.scenario)}, {result.users.max():,.0f} users; {covered}",
        title_justify="left",
    )
    for strain in result.strained[:SHOWN]:
        worst = int(strain.load.argmax())
        table.add_row(
            f"{escape(strain.limit.name)}\n{escape(strain.stations[0])}",
            f"{strain.load[worst]:.1%}",
            layer.at(result, float(result.minutes[worst])),
            f"{strain.full.sum() * result.step_s / 60.0:,.0f}" if strain.full.any() else "",
        )
    more = len(result.strains) - SHOWN
    if more > 0:
        table.caption = f"{more} more {'limit is' if more == 1 else 'limits are'} less full."
    return table
