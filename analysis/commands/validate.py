"""`gameday validate`: what the real Terraform says, offline or applied on an emulated AWS."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from analysis import evidence, terraform
from analysis import validation as validation_layer
from analysis.commands.common import (
    FINDINGS,
    AsJson,
    Var,
    VarFile,
    day_of,
    ended_as_by_ctrl_c,
    err,
    out,
    print_json,
    refusals,
    refuse,
    variables,
)
from analysis.sandbox import Confinement
from analysis.validation import cycle, plan_texts, validated

MARKS = {
    "passed": "[green]✓ passed[/]",
    "partly": "[yellow]~ partly[/]",
    "failed": "[red]✗ failed[/]",
    "skipped": "[yellow]– skipped[/]",
    "refused": "[red]✗ refused[/]",
}

Trust = Annotated[
    bool,
    typer.Option(
        "--trust",
        help="Let Terraform do what the stack says: tests that apply, provisioners, external programs, no wall.",
    ),
]
Downloads = Annotated[
    bool,
    typer.Option(
        "--allow-downloads", help="Let terraform init fetch providers and modules that are not on this machine."
    ),
]


def validate(
    directories: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Directories of Terraform.")],
    var: Var = [],  # noqa: B006 (Typer copies)
    var_file: VarFile = [],  # noqa: B006 (Typer copies)
    apply: Annotated[
        bool, typer.Option("--apply", help="Apply each on an AWS emulated on this machine, look, and destroy: minutes.")
    ] = False,
    record: Annotated[
        bool,
        typer.Option("--record", help="Keep what was said or seen in a file beside each stack; the site shows it."),
    ] = False,
    trust: Trust = False,
    allow_downloads: Downloads = False,
    as_json: AsJson = False,
) -> None:
    """What the real Terraform says: fmt, init, validate, test and plan offline, or apply to destroy with --apply."""
    if apply:
        _applied(directories, var, var_file, record=record, trust=trust, downloads=allow_downloads, as_json=as_json)
        return
    if record and (var or var_file):
        refuse("--record keeps what Terraform says of a stack's own values; leave --var and --var-file out")
    reports = []
    with refusals(), err.status("terraform") as status:
        for directory in directories:
            rests_on = validated.basis(directory, terraform.load(directory)) if record else {}
            report = validation_layer.validate(
                directory,
                variables(var),
                var_files=var_file,
                progress=lambda step: status.update(f"terraform {step}"),
                trust=trust,
                downloads=allow_downloads,
            )
            reports.append(report)
            if record:
                status.update("terraform plan, as text")
                planned = any(step.name == "plan" and step.status == "passed" for step in report.steps)
                texts = plan_texts(directory, trust=trust, downloads=allow_downloads) if planned else ()
                recorded = validated.write(directory, report, texts, day_of(""), rests_on)
                err.print(f"recorded in {escape(str(recorded))}", highlight=False, soft_wrap=True)
    if as_json:
        documents = [validation_layer.to_json(report) for report in reports]
        print_json(documents[0] if len(documents) == 1 else documents)
    else:
        for report in reports:
            out.print(_table(str(report.directory), report.versions, report.steps))
    _say_wall(trust=trust)
    if not all(report.ok for report in reports):
        raise typer.Exit(FINDINGS)


def _applied(
    directories: Sequence[Path],
    var: Sequence[str],
    var_file: Sequence[Path],
    *,
    record: bool,
    trust: bool,
    downloads: bool,
    as_json: bool,
) -> None:
    doing: dict[Path, str] = {}
    with refusals(), ended_as_by_ctrl_c(), err.status("terraform") as status:

        def progress(directory: Path, what: str) -> None:
            doing[directory] = what
            status.update("\n".join(f"{escape(one.name)}: {escape(text)}" for one, text in sorted(doing.items())))

        found = validation_layer.applied_all(
            directories,
            variables=variables(var),
            var_files=var_file,
            environ=os.environ,
            progress=progress,
            trust=trust,
            downloads=downloads,
        )
        documents = [cycle.to_json(one) for one in found]
        if record:
            written = [
                evidence.write(
                    evidence.beside(path, cycle.KIND), evidence.Record(cycle.KIND, day_of(""), one.rests_on, document)
                )
                for path, one, document in zip(directories, found, documents, strict=True)
            ]
    if as_json:
        print_json(documents)
    else:
        for one in found:
            out.print(_table(f"{one.stack}, applied", one.versions, one.phases))
            out.print(_subjects(one))
            out.print(_answers(one), highlight=False, soft_wrap=True)
    if record:
        for path in written:
            err.print(f"recorded in {escape(str(path))}", highlight=False, soft_wrap=True)
    _say_wall(trust=trust, network=True)
    if not all(one.ok for one in found):
        raise typer.Exit(FINDINGS)


def _say_wall(*, trust: bool, network: bool = False) -> None:
    """Which wall stood around Terraform; on the terminal, since a record must be the same on every machine."""
    wall = "none (--trust)" if trust else Confinement((), executable=(), network=network).standing()
    err.print(escape(f"The wall around Terraform: {wall}."), highlight=False, soft_wrap=True)


def _table(title: str, versions: Mapping[str, str], steps: Sequence[validation_layer.Step | cycle.Phase]) -> Table:
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    table = Table("Step", "Result", "Seconds", "", title=title + (f" ({named})" if named else ""))
    for step in steps:
        said = "\n".join((step.message, *step.details)).strip()
        table.add_row(step.name, MARKS[step.status], f"{step.seconds:.1f}", escape(said))
    return table


def _subjects(found: validation_layer.Evidence) -> Table:
    table = Table(
        "Read back from the emulator",
        "Resources",
        "Attributes",
        "Differing",
        title=f"{found.stack}, as the emulator has it",
    )
    for one in found.subjects:
        table.add_row(one.name, str(one.resources), str(one.attributes), str(one.differing))
    return table


def _answers(found: validation_layer.Evidence) -> str:
    """Who answered Terraform's calls: how far the emulator is moto, and how far it is ours."""
    counts = ", ".join(f"{number} by {name}" for name, number in found.answered.items())
    ours = "; ".join(found.invented) or "nothing"
    against = "".join(f"\nAWS's own model says against a call: {one}." for one in found.strange)
    return escape(f"Calls answered: {counts}.\nAnswered by us, not by moto: {ours}.{against}")
