"""`gameday prove`: named rules about behaviour, with their arithmetic."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from analysis import facts, files
from analysis import proofs as proofs_layer
from analysis.commands.common import (
    AsJson,
    DataFile,
    Directory,
    Placeholders,
    Runtime,
    ScenarioFile,
    Var,
    VarFile,
    about,
    answered,
    coverage,
    day_of,
    ended,
    holes,
    out,
    print_json,
    refusals,
    tell_unreached,
    unreached_json,
)

SEVERITIES = {"error": "[red]error[/]", "warning": "[yellow]warning[/]"}


def prove(
    directory: Directory,
    var: Var = [],  # noqa: B006 (Typer copies)
    var_file: VarFile = [],  # noqa: B006 (Typer copies)
    placeholders: Placeholders = False,
    data: DataFile = [],  # noqa: B006 (Typer copies)
    scenario: ScenarioFile = None,
    runtime: Runtime = None,
    sarif: Annotated[
        Path | None, typer.Option("--sarif", metavar="FILE", help="Write the findings as SARIF 2.1.0 as well.")
    ] = None,
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="The day on which waivers count; else today.")] = "",
    as_json: AsJson = False,
) -> None:
    """Whether the stack starts, fits, keeps up, stays fresh, drains, rolls back and restores, and what it exposes."""
    with refusals():
        found = answered(directory, var, var_file, placeholders=placeholders, data_files=data)
        stack = about(directory)
        night = scenario or (stack.scenario_file if stack else None)
        report = proofs_layer.prove(
            found,
            scenario=facts.scenario(night) if night else None,
            stack=stack,
            profile=facts.runtime(runtime) if runtime else None,
            waivers=proofs_layer.waivers(directory, proofs_layer.RULES.keys()),
            today=day_of(on, "--on"),
        )
    if sarif:
        base = directory if directory.is_dir() else directory.parent
        text = json.dumps(proofs_layer.to_sarif(report, _relative(base)), indent=2, ensure_ascii=False)
        files.write(sarif, text + "\n")
    if as_json:
        print_json({**proofs_layer.to_json(report), **unreached_json(found, directory), "holes": holes(found)})
    else:
        _prove_table(report, coverage(found))
        tell_unreached(found, directory)
    ended(found, fine=report.ok)


def _relative(directory: Path) -> str:
    """A directory as seen from here, with forward slashes, as the addresses in SARIF want it."""
    return Path(os.path.relpath(directory)).as_posix()


def _prove_table(report: proofs_layer.Report, coverage: str) -> None:
    if report.findings:
        table = Table(
            "Rule",
            Column("Where", overflow="fold"),
            Column("Finding", overflow="fold"),
            title=f"{report.stack}: findings, {coverage}",
        )
        for finding in (*report.unwaived, *report.waived):
            where = f"{escape(finding.address)}\n[dim]{escape(f'{finding.location.file}:{finding.location.line}')}[/]"
            mark = SEVERITIES[finding.severity] if finding.waiver is None else "[dim]waived[/]"
            said = f"{escape(finding.because)}\n[dim]{escape(finding.rule.remedy)}[/]"
            if finding.waiver:
                said = f"{escape(finding.because)}\n[dim]until {finding.waiver.expires}: {escape(finding.waiver.reason)}[/]"
            table.add_row(f"{finding.rule.id}\n{mark}", where, said)
        out.print(table)
    if report.undecided:
        table = Table("Rule", Column("Where", overflow="fold"), "Why not", title="Not decidable")
        for finding in report.undecided:
            table.add_row(finding.rule.id, escape(finding.address), escape(finding.because))
        out.print(table)
    numbers = {kind: sum(f.severity == kind for f in report.unwaived) for kind in SEVERITIES}
    counts = ", ".join(f"{number} {kind}{'' if number == 1 else 's'}" for kind, number in numbers.items())
    counts += f", {len(report.waived)} waived, {len(report.undecided)} not decidable; "
    counts += f"{len(report.holding)} statements hold (--json prints their arithmetic)."
    out.print(f"{coverage}: {counts}", highlight=False)
    if report.silent:
        out.print(f"Nothing in the stack for {', '.join(rule.id for rule in report.silent)}.", highlight=False)
