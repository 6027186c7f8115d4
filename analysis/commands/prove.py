"""`gameday prove`: named rules about behaviour, with their arithmetic."""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.markup import escape
from rich.padding import Padding

from analysis import facts, files
from analysis import proofs as proofs_layer
from analysis.commands.common import (
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

K = TypeVar("K")

SEVERITIES = {"error": "[red]error[/]", "warning": "[yellow]warning[/]"}


def prove(
    directory: Directory,
    var: Var = [],  # noqa: B006 (Typer copies)
    var_file: VarFile = [],  # noqa: B006 (Typer copies)
    placeholders: Placeholders = False,
    data: DataFile = [],  # noqa: B006 (Typer copies)
    files_from: FilesFrom = [],  # noqa: B006 (as above)
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
        found = answered(directory, var, var_file, placeholders=placeholders, data_files=data, shared=files_from)
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
        _print(report, coverage(found))
        tell_unreached(found, directory)
    ended(found, fine=report.ok)


def _relative(directory: Path) -> str:
    """A directory as seen from here, with forward slashes, as the addresses in SARIF want it."""
    return Path(os.path.relpath(directory)).as_posix()


def _print(report: proofs_layer.Report, coverage: str) -> None:
    """The findings by rule, worst first, then what is waived and what cannot be decided."""
    out.print(f"{report.stack}: {coverage}", highlight=False)
    for rule, findings in _by_rule(report.unwaived):
        out.print(f"\n[bold]{rule.id}[/]  {SEVERITIES[findings[0].severity]}  {escape(rule.title)}", highlight=False)
        for finding in findings:
            _say(finding, finding.because)
        _indented(f"[green]{escape(rule.remedy)}[/]", 2)
    for rule, findings in _by_rule(report.waived):
        out.print(f"\n[bold]{rule.id}[/]  [dim]waived[/]  {escape(rule.title)}", highlight=False)
        for finding in findings:
            _say(finding, finding.because)
            if finding.waiver:
                _indented(f"[dim]until {finding.waiver.expires}: {escape(finding.waiver.reason)}[/]", 4)
    if report.undecided:
        out.print("\n[bold]Not decidable[/]", highlight=False)
    for (_, because), findings in _grouped(report.undecided, lambda f: (f.address, f.because)).items():
        _say(findings[0], f"{', '.join(f.rule.id for f in findings)}: {because}")
    out.print(f"\n{report.summary} (--json prints their arithmetic).", highlight=False)
    if report.silent:
        out.print(f"Nothing in the stack for {_ranges([rule.id for rule in report.silent])}.", highlight=False)


def _say(finding: proofs_layer.Finding, because: str) -> None:
    """Where a finding stands, on lines of their own, and what it rests on."""
    place = f"{finding.location.file}:{finding.location.line}"
    out.print(f"  {escape(finding.address)}  [dim]{escape(place)}[/]", highlight=False, soft_wrap=True)
    _indented(escape(because), 4)


def _indented(text: str, columns: int) -> None:
    out.print(Padding.indent(text, columns), highlight=False)


def _grouped(
    findings: Iterable[proofs_layer.Finding], key: Callable[[proofs_layer.Finding], K]
) -> dict[K, list[proofs_layer.Finding]]:
    """The findings by what they share, in the order in which it first occurs."""
    found: dict[K, list[proofs_layer.Finding]] = {}
    for finding in findings:
        found.setdefault(key(finding), []).append(finding)
    return found


def _by_rule(findings: Iterable[proofs_layer.Finding]) -> list[tuple[proofs_layer.Rule, list[proofs_layer.Finding]]]:
    return [(group[0].rule, group) for group in _grouped(findings, lambda f: f.rule.id).values()]


def _ranges(ids: Sequence[str]) -> str:
    """Ids such as START-01, neighbours written as the first and the last: `START-01 to START-03, FIT-02`."""
    runs: list[list[str]] = []
    for name in ids:
        group, _, number = name.partition("-")
        before = runs[-1][-1].partition("-") if runs else ("", "", "0")
        if runs and before[0] == group and int(before[2]) + 1 == int(number):
            runs[-1].append(name)
        else:
            runs.append([name])
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(run) for run in runs)
