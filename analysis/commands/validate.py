"""`gameday validate`: what the real Terraform says, offline."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from analysis import validation as validation_layer
from analysis.commands.common import FINDINGS, AsJson, Var, VarFile, err, out, print_json, refusals, variables

MARKS = {"passed": "[green]✓ passed[/]", "failed": "[red]✗ failed[/]", "skipped": "[yellow]– skipped[/]"}


def validate(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A directory of Terraform.")],
    var: Var = [],  # noqa: B006 (Typer copies)
    var_file: VarFile = [],  # noqa: B006 (Typer copies)
    as_json: AsJson = False,
) -> None:
    """What the real Terraform says, offline: fmt, init, validate, test and plan in one table."""
    with refusals(), err.status("terraform") as status:
        report = validation_layer.validate(
            directory,
            variables(var),
            var_files=var_file,
            progress=lambda step: status.update(f"terraform {step}"),
        )
    if as_json:
        print_json(validation_layer.to_json(report))
    else:
        versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
        table = Table("Step", "Result", "Seconds", "", title=f"{directory}" + (f" ({versions})" if versions else ""))
        for step in report.steps:
            said = "\n".join((step.message, *step.details)).strip()
            table.add_row(step.name, MARKS[step.status], f"{step.seconds:.1f}", escape(said))
        out.print(table)
    if not report.ok:
        raise typer.Exit(FINDINGS)
