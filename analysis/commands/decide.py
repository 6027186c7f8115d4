"""`gameday decide`: decision records weighed by the model, with their states."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import track
from rich.table import Column, Table

from analysis import claims as claims_layer
from analysis import decisions, evidence
from analysis.commands.common import FINDINGS, ROOT, AsJson, day_of, err, out, print_json, refusals, refuse
from analysis.decisions import Bench, Judgement, Record
from analysis.studies import Measured, Studies, shown

STATES = {
    "holds": "[green]holds[/]",
    "contested": "[yellow]contested[/]",
    "violated": "[red]violated[/]",
    "expired": "[yellow]expired[/]",
    "retired": "[dim]retired[/]",
}


def decide(
    target: Annotated[
        Path | None,
        typer.Argument(
            metavar="[STACK or RECORD]", help="A stack, a record or a directory of records; else all of this checkout."
        ),
    ] = None,
    records: Annotated[
        Path | None, typer.Option("--records", metavar="DIR", help="Where the records of the stack are.")
    ] = None,
    stack: Annotated[
        Path | None, typer.Option("--stack", metavar="DIR", help="Weigh the records on this stack, not on their own.")
    ] = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help="The day on which reviews are due or not; else today.")
    ] = None,
    record_them: Annotated[
        bool, typer.Option("--record", help="Compute all anew and write weighing.json beside the records.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """What each decision costs and buys, with and without it, where it would turn, and whether it still holds."""
    day = day_of(on or "", "--on")
    with refusals(decisions.PlacedError):
        found = _records(target, records)
        if record_them:
            _record(found, day)
        weighed_on = stack or (target if target is not None and _is_stack(target) else None)
        made: list[Judgement] = []
        benches: dict[Path, Bench] = {}
        for record in track(found, "weighing", console=err, transient=True, disable=as_json or not err.is_terminal):
            root = _checkout(record.path)
            if root not in benches:
                benches[root] = _bench(root, day, weighed_on)
            made.append(benches[root].judge(record))
    if as_json:
        print_json([decisions.to_json(one) for one in made])
    else:
        _print(made, alone=target is not None and target.is_file())
    if not all(one.ok for one in made):
        raise typer.Exit(FINDINGS)


def _record(found: Sequence[Record], day: dt.date) -> None:
    """Writes what takes long to compute beside the records, for pages to read."""
    folders = dict.fromkeys(record.path.parent for record in found)
    for folder in folders:
        root = _checkout(found[0].path)
        bench = _bench(root, day, None)
        own = [record for record in found if record.path.parent == folder and record.weighed]
        made = [(r, bench.basis(r), bench.computed(r)) for r in track(own, "recording", console=err, transient=True)]
        evidence.write(folder / decisions.FILE_NAME, decisions.recording(made, day))


def _is_stack(path: Path) -> bool:
    return path.is_dir() and any(path.glob("*.tf*"))


def _records(target: Path | None, directory: Path | None) -> Sequence[Record]:
    """The records that are asked for. Raises PlacedError; refuses where there are none."""
    if target is not None and not target.exists():
        refuse(f"{target}: there is no such stack, record or directory")
    if target is not None and target.is_file():
        return (decisions.read(target),)
    if target is not None and not _is_stack(target):
        if directory is not None:
            refuse(f"--records is for a stack, and {target} holds no Terraform")
        found = decisions.folder(target)
        if not found:
            refuse(f"{target}: holds neither Terraform nor a decision record, which is a page that names its deciders")
        return found
    folders = [directory] if directory else sorted((ROOT / "docs").glob("*/decisions"))
    if directory is not None and not directory.is_dir():
        refuse(f"--records {directory}: there is no such directory")
    everywhere = [record for folder in folders for record in decisions.folder(folder, ROOT)]
    if target is not None and directory is None:
        everywhere = [record for record in everywhere if _about(record, target)]
    if not everywhere:
        refuse(
            f"no decision record is about {target}: one names its `stack` in its front matter (begin with "
            "docs/_templates/decision.md); name their directory with --records"
            if target
            else "there is no record"
        )
    return everywhere


def _about(record: Record, stack: Path) -> bool:
    try:
        return decisions.stack_directory(record, _checkout(record.path)).resolve() == stack.resolve()
    except decisions.PlacedError:
        return False


def _checkout(path: Path) -> Path:
    """The checkout of a record: the nearest directory above it under version control or with a register of claims."""
    for parent in path.resolve().parents:
        if (parent / ".git").exists() or (parent / "docs" / "claims.toml").is_file():
            return parent
    return path.resolve().parent


def _bench(root: Path, day: dt.date, stack: Path | None) -> Bench:
    studies = Studies(root / "terraform" / "stacks")
    file = root / "docs" / "claims.toml"
    register = claims_layer.load(file, studies) if file.is_file() else None
    edge = decisions.Edge(root, day, register.broken_claim if register else decisions.no_claims)
    kept = decisions.Kept(root / ".cache" / "decisions") if root == ROOT and stack is None else None
    return Bench(studies, edge, stack, kept)


# ---- for people -------------------------------------------------------------------------------------------------------------


def _print(made: Sequence[Judgement], *, alone: bool) -> None:
    if alone:
        _one(made[0])
        return
    table = Table("No.", Column("Decision", overflow="fold"), "State", Column("A month", justify="right"))
    table.add_column("Users held", justify="right")
    table.add_column("p99", justify="right")
    table.add_column("Age p95", justify="right")
    table.add_column("Impact", justify="right")
    table.add_column("Lead", justify="right")
    for one in made:
        cells = (_both(one, name) for name in ("month", "users", "p99", "age", "harm", "lead"))
        table.add_row(f"{one.record.number}", escape(one.record.title), STATES[one.state], *cells)
    out.print(table)
    out.print("Each figure with the decision, and below it without.", highlight=False)
    for one in made:
        for sentence in _sentences(one):
            out.print(f"{one.record.number}. {escape(sentence)}", highlight=False, soft_wrap=True)


def _both(one: Judgement, name: str) -> str:
    if not one.effects:
        return ""
    effect = one.effect(name)
    with_it, without_it = _text(effect.with_it), _text(effect.without_it)
    return escape(with_it) if with_it == without_it else f"{escape(with_it)}\n[dim]{escape(without_it)}[/]"


def _text(found: Measured | str) -> str:
    return "–" if isinstance(found, str) else shown(found)


def _sentences(one: Judgement) -> Iterator[str]:
    """Why a record does not hold, and where it would turn."""
    if not one.ok:
        yield from (f"{one.state}: {reason}" for reason in one.reasons)
    yield from (f"break-even: {decisions.says(crossing)}" for crossing in one.crossings)


def _one(one: Judgement) -> None:
    record = one.record
    out.print(f"[bold]{record.number}. {escape(record.title)}[/]  {STATES[one.state]}", highlight=False)
    for reason in one.reasons:
        out.print(escape(reason), highlight=False, soft_wrap=True)
    if one.effects:
        title = escape(one.night) or "The load of this stack is not modelled"
        table = Table("", Column("With", justify="right"), Column("Without", justify="right"), title=title)
        for effect in one.effects:
            table.add_row(effect.title, escape(_text(effect.with_it)), escape(_text(effect.without_it)))
        out.print(table)
        sides = (found for effect in one.effects for found in (effect.with_it, effect.without_it))
        for reason in dict.fromkeys(found for found in sides if isinstance(found, str)):
            out.print(f"–: {escape(reason)}", highlight=False, soft_wrap=True)
    if one.options:
        table = Table(Column("Option", overflow="fold"), title="Options")
        for column in record.columns:
            table.add_column(escape(column.title), justify="right")
        for weighed in one.options:
            name = escape(weighed.option.name) + (" [green](chosen)[/]" if weighed.option.chosen else "")
            if isinstance(weighed.figures, str):
                table.add_row(f"{name}\n[dim]{escape(weighed.figures)}[/]")
            else:
                table.add_row(name, *(escape(shown(figure)) for figure in weighed.figures))
        out.print(table)
    for crossing in one.crossings:
        out.print(f"Break-even: {escape(decisions.says(crossing))}", highlight=False, soft_wrap=True)
    for figure, measured in one.readings:
        out.print(f"{escape(str(figure))} is {escape(shown(measured))}", highlight=False, soft_wrap=True)
    for confirmed in one.confirmed:
        mark = "[green]ok[/]  " if confirmed.ok else "[red]not[/] "
        out.print(f"{mark}{escape(confirmed.says)}", highlight=False, soft_wrap=True)
