"""`gameday guide`: the commands of a deployment guide typed at an emulated AWS, and its scripts as written beside others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from analysis import evidence, ledger, terraform
from analysis.commands.common import (
    FINDINGS,
    ROOT,
    AsJson,
    day_of,
    ended_as_by_ctrl_c,
    err,
    out,
    print_json,
    refusals,
    refuse,
)  # fmt: skip
from analysis.commands.rehearse import AT_ONCE, cli_version
from analysis.emulator import EmulatorError, running
from analysis.evidence import Record
from analysis.frontmatter import PlacedError
from analysis.ledger import attempts as kept
from analysis.rehearsal import guide as guides
from analysis.rehearsal.faults import FaultError
from analysis.rehearsal.shell import ShellError, missing
from analysis.validation import terraform_cli
from analysis.validation.workspace import AppliedStack

Folder = Annotated[Path, typer.Argument(metavar="PAGES", help="A folder of docs/ with a guide.")]
Recorded = Annotated[bool, typer.Option("--record", help="Keep what was seen in a file beside the commands.")]


def guide(folder: Folder, record: Recorded = False, as_json: AsJson = False) -> None:
    """Every corrected command of a deployment guide, and its scripts, on an AWS emulated on this machine: minutes."""
    kinds = (PlacedError, FaultError, ShellError, EmulatorError)
    with refusals(*kinds), ended_as_by_ctrl_c(), err.status("reading") as status:
        found, plan = ledger.commands(folder), kept.plan(folder)
        if found is None or plan is None:
            refuse(
                f"{folder}: has no guide that is typed; write {kept.FOLDER}/{guides.FILE_NAME} beside its commands.csv"
            )
        if lacking := missing():
            refuse(f"{lacking}; a guide is typed with it")
        rests_on = kept.basis(found, plan, terraform.load(ROOT / plan.stack), ROOT)
        executed, scripts, versions = _typed(found, plan, status.update)
        document = kept.document(executed, scripts, versions)
    if record:
        file = kept.record_file(folder)
        written = evidence.write(file, Record(kept.KIND, day_of(""), rests_on, document))
        err.print(f"recorded in {written}", highlight=False, soft_wrap=True)
    if as_json:
        print_json(document)
    else:
        _print(executed, scripts)
    broken = ledger.outcomes(folder, found).broken if record else ()
    for sentence in broken:
        err.print(escape(sentence), highlight=False, soft_wrap=True)
    if broken:
        raise typer.Exit(FINDINGS)


def _typed(
    found: ledger.Commands, plan: guides.Plan, say: Callable[[str], None]
) -> tuple[list[guides.Executed], dict[str, list[guides.Tried]], dict[str, str]]:
    """Each chapter, and each variant of a script, on a copy of one emulator on which the stack is applied once."""
    say("starting the emulated AWS")
    corrections = [(one.command, one.corrected) for one in found.typed if one.corrected]
    files = kept.files(found, plan)
    with running() as emulator, AppliedStack(ROOT / plan.stack, emulator, progress=say) as applied:
        applied.apply()
        versions = terraform_cli.versions(applied) | {"moto": emulator.version, "AWS CLI": cli_version()}

        def chapter(lines: Sequence[guides.Line]) -> Sequence[guides.Executed]:
            return guides.type_lines(lines, files, plan, emulator.copy, ROOT, lambda what: say(escape(what)))

        def variant(of: tuple[guides.Script, guides.Variant]) -> guides.Tried:
            say(escape(f"{of[0].name}: {of[1].title}"))
            return guides.run_script(*of, corrections, plan, emulator.copy, ROOT)

        chapters = [list(lines) for _, lines in groupby(kept.lines(found), key=lambda line: line.chapter)]
        variants = [(script, one) for script in plan.scripts for one in script.variants]
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            typed = [one for lines in pool.map(chapter, chapters) for one in lines]
            tried = list(pool.map(variant, variants))
        scripts: dict[str, list[guides.Tried]] = {}
        for (script, _), one in zip(variants, tried, strict=True):
            scripts.setdefault(script.name, []).append(one)
    return typed, scripts, versions


def _print(executed: Sequence[guides.Executed], scripts: Mapping[str, Sequence[guides.Tried]]) -> None:
    table = Table("Line", "What became of it", "Status", "It said", title="Commands of the guide")
    for one in executed:
        table.add_row(str(one.line), one.verdict, "" if one.status is None else str(one.status), escape(one.said))
    out.print(table)
    for name, tried in scripts.items():
        for script in tried:
            ends = (
                f"ends at line {script.ended} with status {script.status}: {script.said}"
                if script.status or script.ended
                else "runs to its end"
            )
            out.print(escape(f"{name}, {script.title}: {ends}"), highlight=False, soft_wrap=True)
    counted = ", ".join(f"{sum(one.verdict == verdict for one in executed)} {verdict}" for verdict in guides.VERDICTS)
    out.print(f"{len(executed)} commands: {counted}", highlight=False, soft_wrap=True)
