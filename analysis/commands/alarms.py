"""`gameday alarms`: every alarm of a stack over an incident."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from analysis import alarms as alarms_layer
from analysis.commands.common import (
    FINDINGS,
    AsJson,
    Directory,
    Var,
    VarFile,
    complete,
    out,
    print_json,
    refusals,
    refuse,
    tell,
)


def alarms(
    directory: Directory,
    pack: Annotated[
        Path, typer.Option("--pack", metavar="FILE", help="An incident: JSON of `aws cloudwatch get-metric-data`.")
    ],
    var: Var = [],  # noqa: B006 (Typer copies)
    var_file: VarFile = [],  # noqa: B006 (Typer copies)
    harm_at: Annotated[
        str | None,
        typer.Option("--harm-at", metavar="TIME", help="When the first user was hurt: 2026-03-07T20:45:00Z."),
    ] = None,
    gaps: Annotated[
        str, typer.Option("--gaps", help="`missing`: CloudWatch had no datapoint there either; else a gap is refused.")
    ] = "refuse",
    as_json: AsJson = False,
) -> None:
    """When each alarm of the stack fires over an incident, how long before the harm, and which can never fire."""
    if gaps not in ("refuse", "missing"):
        refuse(f"--gaps {gaps}: write refuse or missing")
    with refusals():
        found = complete(directory, var, var_file)
        incident = alarms_layer.load(pack, gaps="missing" if gaps == "missing" else "refuse")
        try:
            report = alarms_layer.backtest(found, incident, alarms_layer.moment(harm_at) if harm_at else None)
        except ValueError as error:
            refuse(str(error))
    if as_json:
        print_json(alarms_layer.to_json(report))
    else:
        _alarm_table(report)
    if report.never or report.refused:
        raise typer.Exit(FINDINGS)


def _alarm_table(report: alarms_layer.Report) -> None:
    """Each alarm with its verdict; what AWS leaves open about an evaluation is marked."""
    title = f"{report.stack}: {len(report.rows)} alarms over {report.minutes} minutes ({escape(report.origin)})"
    table = Table(Column("Alarm", overflow="fold"), "Verdict", "Fires at", Column("Lead", justify="right"), title=title)
    table.add_column("False", justify="right")
    table.add_column("")
    for row in report.rows:
        marks = ["range-dependent"] * row.range_dependent + ["approximate"] * row.approximate
        table.add_row(
            escape(row.alarm),
            row.verdict,
            " ".join(f"{episode.start:%H:%M}" for episode in row.episodes),
            "" if row.lead_s is None else f"{row.lead_s / 60:+.0f} min",
            str(row.false_pages or ""),
            escape("; ".join((*marks, *row.reasons))),
        )
    out.print(table)
    tell(report.refused)
