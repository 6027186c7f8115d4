"""`gameday rehearse`: the runbooks of a stack typed at an emulated AWS on which it is applied."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from analysis import evidence, terraform
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
)
from analysis.emulator import EmulatorError, running
from analysis.evidence import Record
from analysis.rehearsal import faults as rehearsal_faults
from analysis.rehearsal import record as rehearsal_record
from analysis.rehearsal.faults import FILE_NAME, FaultError, Faults
from analysis.rehearsal.rehearse import Rehearsal, RehearsalError, shares
from analysis.rehearsal.rehearse import rehearse as rehearsal_of
from analysis.rehearsal.shell import ShellError, missing
from analysis.runbooks import page as pages
from analysis.runbooks.page import PageError, Runbook
from analysis.sandbox import Confinement
from analysis.validation import terraform_cli
from analysis.validation.workspace import AppliedStack

# A command of the AWS CLI takes half a second of a processor; more at once than there are processors gains nothing.
AT_ONCE = 2

Named = Annotated[list[str], typer.Argument(metavar="[PAGE...]", help="Runbooks, by name or path; all without.")]
Beside = Annotated[
    Path | None,
    typer.Option("--stack", metavar="DIR", help=f"The stack, beside whose Terraform {FILE_NAME} holds the faults."),
]
Trust = Annotated[
    bool,
    typer.Option(
        "--trust", help="Where this machine offers no wall: start the files that the stack links all the same."
    ),
]
Recorded = Annotated[bool, typer.Option("--record", help="Keep what was seen in a file beside the stack.")]


def rehearse(
    page: Named = [],  # noqa: B006 (Typer copies)
    stack: Beside = None,
    record: Recorded = False,
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Each step of the runbooks and its undo, with the fault first, on an AWS emulated on this machine: minutes."""
    kinds = (PageError, FaultError, RehearsalError, ShellError, EmulatorError)
    with refusals(*kinds), ended_as_by_ctrl_c(), err.status("reading") as status:
        directory = stack or _only_stack()
        faults = rehearsal_faults.read(directory / FILE_NAME)
        books = runbooks(faults, page)
        if lacking := missing():
            refuse(f"{lacking}; a rehearsal needs it")
        # Of what is applied: where it changes meanwhile, the record is stale at once.
        rests_on = rehearsal_record.basis(terraform.load(directory), faults, books)
        found, versions = _rehearsed(directory, faults, books, status.update, trust=trust)
        document = rehearsal_record.document(found, versions)
    # On the terminal alone: a record must be the same on every machine.
    err.print(
        escape(f"The wall around the shell: {Confinement((directory,)).standing()}."), highlight=False, soft_wrap=True
    )
    if as_json:
        print_json(document)
    else:
        out.print(_table(found, versions))
        for rehearsal in found:
            for complaint in rehearsal.complaints():
                out.print(escape(complaint), highlight=False, soft_wrap=True)
        out.print(_sentence(shares(found)), highlight=False, soft_wrap=True)
    if record:
        if page:
            rests_on, document = _merged(directory, rests_on, document)
        path = evidence.beside(directory, rehearsal_record.KIND)
        written = evidence.write(path, Record(rehearsal_record.KIND, day_of(""), rests_on, document))
        err.print(f"recorded in {written}", highlight=False, soft_wrap=True)
    if not all(rehearsal.ok for rehearsal in found):
        raise typer.Exit(FINDINGS)


def _merged(
    directory: Path, rests_on: Mapping[str, str], document: Mapping[str, Any]
) -> tuple[dict[str, str], dict[str, Any]]:
    """The record beside the stack with these pages in it; a refusal where it is of another Terraform or of other versions."""
    kept = evidence.read(evidence.beside(directory, rehearsal_record.KIND), rehearsal_record.KIND)
    if kept is None or [name for name in evidence.changed(kept, rests_on) if not name.startswith("page ")]:
        refuse(
            "the record is of another Terraform, or there is none; leave the pages out, so that all are rehearsed again"
        )
    try:
        return {**kept.rests_on, **rests_on}, rehearsal_record.merged(kept.content, document)
    except ValueError as error:
        refuse(str(error))


def _only_stack() -> Path:
    """The stack of the checkout that has faults; a refusal where there is none or more than one."""
    found = sorted(path.parent for path in (ROOT / "terraform" / "stacks").glob(f"*/{FILE_NAME}"))
    if len(found) != 1:
        refuse(f"{len(found) or 'no'} stacks have a {FILE_NAME}; name one with --stack DIR")
    return found[0]


def runbooks(faults: Faults, named: Sequence[str]) -> list[Runbook]:
    """The pages to rehearse, read, with a fault that exists each. Raises PageError or FaultError, before anything is started."""
    paths: dict[str, Path] = {}
    for place in faults.pages:
        at = ROOT / place
        for path in sorted(at.glob("*.md")) if at.is_dir() else [at]:
            paths[path.stem] = path
    wanted = [Path(name).stem for name in named] or list(paths)
    for name, stem in zip(named or wanted, wanted, strict=True):
        if stem not in paths or (Path(name).suffix and not Path(name).is_file()):
            raise PageError(f"{name}: there is no such runbook; there are {', '.join(paths) or 'none'}")
    from analysis.pages import rehearsals  # noqa: PLC0415 (only the extra `site` brings what it needs)

    fill = rehearsals.filled(ROOT)
    found = [pages.read(paths[stem], fill, name=paths[stem].name) for stem in wanted]
    found = [book for book in found if named or "fault" in book.meta]
    for book in found:
        if book.problems:
            raise PageError(str(book.problems[0]))
        faults.named(str(book.meta.get("fault", "")), book.path)
    return found


def _rehearsed(
    directory: Path, faults: Faults, books: Sequence[Runbook], say: Callable[[str], None], *, trust: bool
) -> tuple[list[Rehearsal], dict[str, str]]:
    """Each page on copies of one emulator on which the stack is applied once; and the versions of all that took part."""
    say("starting the emulated AWS")
    with running() as emulator, AppliedStack(directory, emulator, progress=say) as applied:
        applied.apply()
        versions = terraform_cli.versions(applied) | {"moto": emulator.version, "AWS CLI": cli_version()}

        def one(book: Runbook) -> Rehearsal:
            return rehearsal_of(book, faults, emulator.copy, ROOT, progress=lambda what: say(escape(what)), trust=trust)

        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            runs = [pool.submit(one, book) for book in books]
            try:
                found = [run.result() for run in runs]
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                emulator.require()  # where the emulator has gone, that is what there is to say
                raise
    return found, versions


def cli_version() -> str:
    """The version of the AWS CLI that types; a refusal where there is none."""
    try:
        return version("awscli")
    except PackageNotFoundError:
        return refuse(
            "awscli is not installed, and without it no command is typed; pip install 'gameday-notebook[runbooks]'"
        )


def _table(found: Sequence[Rehearsal], versions: Mapping[str, str]) -> Table:
    title = f"Rehearsed ({', '.join(f'{name} {number}' for name, number in versions.items())})"
    table = Table("Page", "Commands", "As shown", "Otherwise", "Refused", "Left out", "Seconds", title=title)
    for one in found:
        mark = "[green]✓[/]" if one.ok else "[red]✗[/]"
        counts = [
            str(len(one.commands)),
            *(str(one.count(verdict)) for verdict in ("matched", "differed", "refused", "left out")),
        ]
        table.add_row(f"{mark} {escape(one.page)}", *counts, f"{one.seconds:.1f}")
    return table


def _sentence(counted: Mapping[str, int]) -> str:
    return (
        f"{counted['matched']} of {counted['commands']} commands were answered as their page shows "
        f"({counted['matched by the emulator']} by the emulator's state, {counted['matched as declared']} as declared, "
        f"{counted['matched by the shell']} by the shell alone); {counted['differed']} otherwise, {counted['refused']} refused, "
        f"{counted['left out']} left out"
    )
