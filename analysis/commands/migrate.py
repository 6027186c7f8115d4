"""`gameday migrate`: from one stack to another on the same state, stage by stage."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column, Table

from analysis import evidence, migration, terraform
from analysis.commands.common import (
    FINDINGS,
    UNREADABLE,
    AsJson,
    Var,
    day_of,
    ended_as_by_ctrl_c,
    err,
    out,
    print_json,
    refusals,
    refuse,
    tell,
    variables,
)
from analysis.commands.validate import Trust
from analysis.emulator import EmulatorError, running
from analysis.emulator.process import moto_version
from analysis.migration import record as records
from analysis.validation import terraform_cli

FOLDER = "migrations"


def migrate(
    source: Annotated[Path, typer.Argument(metavar="FROM", help="The directory of Terraform that made the state.")],
    target: Annotated[Path, typer.Argument(metavar="TO", help="The directory that is to take the state over.")],
    file: Annotated[
        Path | None, typer.Option("--migration", metavar="FILE", help="The stages; else the file in ../../migrations.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option("--state", metavar="FILE", help="A state of FROM, from `terraform state pull`.")
    ] = None,
    var: Var = [],  # noqa: B006 (Typer copies)
    apply: Annotated[
        bool, typer.Option("--apply", help="Apply stage after stage on an AWS emulated on this machine: many minutes.")
    ] = False,
    sample: Annotated[
        bool, typer.Option("--sample", help="With --apply: no second plan and no rollback for each stage.")
    ] = False,
    write: Annotated[
        Path | None, typer.Option("--write", metavar="DIR", help="Write each stage's configuration and targets there.")
    ] = None,
    record: Annotated[bool, typer.Option("--record", help="Keep what was seen in files beside TO.")] = False,
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Whether FROM becomes TO on the same state without downtime: each stage planned, judged and, with --apply, applied."""
    if sample and not apply:
        refuse("--sample shortens what --apply does; give both")
    if sample and record:
        refuse("a sample is not worth a record; leave out --sample or --record")
    given = variables(var)
    with refusals(migration.MigrationError, EmulatorError), ended_as_by_ctrl_c(), err.status("terraform") as status:
        made = migration.read(file or _file(source, target))
        if (source.resolve(), target.resolve()) != (made.source, made.target):
            refuse(f"{made.file} leads from {made.source.name} to {made.target.name}, not from {source} to {target}")
        for directory, values in ((source, {}), (target, given)):
            found = terraform.load(directory, variables=values, environ=os.environ)
            if found.errors:
                tell(found.errors)
                raise typer.Exit(UNREADABLE)

        def progress(what: str) -> None:
            status.update(escape(what))

        document: dict[str, Any] = {}
        if apply:
            with running() as emulator:
                run = migration.applied(made, emulator, given, sample=sample, progress=progress, trust=trust)
            document["applied"] = records.applied(run) | {"versions": _versions()}
        # What is applied is planned first all the same when it is recorded: the page shows both.
        if not apply or record or write:
            plans = migration.staged(made, state, given, progress=progress, trust=trust)
            document["planned"] = records.planned(plans, progress)
            if write:
                for root in migration.written(plans, write):
                    err.print(_told(root, write), highlight=False, soft_wrap=True)
        if record:
            _write(made, given, document)
    if as_json:
        print_json(document)
    else:
        for part in document.values():
            _show(part)
    if not all(part["fine"] for part in document.values()):
        raise typer.Exit(FINDINGS)


def _told(root: Path, directory: Path) -> str:
    """How a stage that was written is applied."""
    folder = directory / root.relative_to(directory).parts[0]
    return escape(
        f'terraform -chdir={root} init; TF_CLI_ARGS_apply="$(cat {folder}/targets)" terraform -chdir={root} apply'
    )


def _file(source: Path, target: Path) -> Path:
    folder = target.resolve().parents[1] / FOLDER
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        made = migration.read(path)
        if (made.source, made.target) == (source.resolve(), target.resolve()):
            return path
    return refuse(f"no file in {folder} leads from {source} to {target}; write one and name it with --migration")


def _versions() -> Mapping[str, str]:
    found = terraform_cli.find()
    return {"terraform": found.version if found else "", "moto": moto_version()}


def _write(made: migration.Migration, given: Mapping[str, object], document: Mapping[str, Any]) -> None:
    for part, kind in (("planned", records.KIND), ("applied", records.APPLIED)):
        if part in document:
            rests_on = records.basis(made, given, applied=part == "applied")
            record = evidence.Record(kind, day_of(""), rests_on, document[part])
            path = evidence.write(evidence.beside(made.target, kind), record)
            err.print(f"recorded in {escape(str(path))}", highlight=False, soft_wrap=True)


def _show(part: Mapping[str, Any]) -> None:
    table = Table(Column("Stage", overflow="fold"), title=str(part.get("title", "Applied on the emulated AWS")))
    for heading in ("Create", "Update", "Replace", "Delete", "Allowed", "Findings"):
        table.add_column(heading, justify="right")
    for stage in part["stages"]:
        allowed = [finding for finding in stage["findings"] if finding["allowed"]]
        table.add_row(
            escape(stage["name"]),
            *(str(stage["counts"][action]) for action in ("create", "update", "replace", "delete")),
            str(len(allowed)),
            str(len(stage["findings"]) - len(allowed)),
        )
    out.print(table)
    for line in problems(part):
        out.print(escape(line), highlight=False, soft_wrap=True)


def problems(part: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for everything that is to be said against a migration, from its JSON."""
    yield from part.get("unowned", ())
    for stage in part["stages"]:
        back = stage["back"] if isinstance(stage["back"], dict) else {"findings": ()}
        for way, found in (("", stage["findings"]), ("rollback: ", back["findings"])):
            for one in found:
                if not one["allowed"]:
                    dotted = f".{one['attribute']}" if one["attribute"] else ""
                    yield f"{stage['name']}: {way}{one['address']}{dotted}: {one['says']} ({one['rule']}, {one['weight']})"
        yield from (f"{stage['name']}: a second plan would {line}" for line in stage.get("left") or ())
        yield from (f"{stage['name']}: {address} is no longer the one it was" for address in stage.get("lost", ()))
    yield from (f"the whole target would still {line}" for line in part.get("left", ()))
    yield from (f"{address} is missing at the end" for address in part.get("missing", ()))
    yield from (f"{address} is there at the end, and not in a fresh target" for address in part.get("extra", ()))
