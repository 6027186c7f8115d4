"""`gameday cost`: the bill of a month, and `gameday cost diff`: what changes on it."""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.markup import escape
from typer.core import TyperGroup

from analysis import cost as cost_layer
from analysis import demand, facts, units
from analysis.architecture import Architecture
from analysis.commands import bill as bill_text
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
    err,
    holes,
    out,
    print_json,
    refusals,
    refuse,
    tell,
    tell_unreached,
    unreached_json,
)


class Bills(TyperGroup):
    """`cost DIR` is the bill of a directory; only `diff` is a command of its own."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments, with the bill's own name put first where no other command is asked for."""
        return super().parse_args(ctx, args if args[:1] == ["diff"] else ["bill", *args])


Format = Literal["text", "json", "infracost-json", "focus"]
AsOf = Annotated[
    str, typer.Option("--as-of", metavar="DATE", help="The day of the bill: its prices and support; else today.")
]
UsageFile = Annotated[Path | None, typer.Option("--usage", metavar="FILE", help="A usage file in Infracost's format.")]


def cost(
    directory: Directory,
    var: Var = [],  # noqa: B006 (Typer copies)
    var_file: VarFile = [],  # noqa: B006 (Typer copies)
    placeholders: Placeholders = False,
    data: DataFile = [],  # noqa: B006 (Typer copies)
    files_from: FilesFrom = [],  # noqa: B006 (as above)
    usage: UsageFile = None,
    scenario: ScenarioFile = None,
    runtime: Runtime = None,
    as_of: AsOf = "",
    free_tier: Annotated[bool, typer.Option("--free-tier", help="Subtract AWS's free allowances.")] = False,
    reserved: Annotated[
        str | None, typer.Option("--reserved", metavar="1y|3y", help="What reservations without upfront would save.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Fold no lines together.")] = False,
    shape: Annotated[
        Format, typer.Option("--format", help="How the bill is written; infracost-json and focus are for other tools.")
    ] = "text",
    as_json: AsJson = False,
) -> None:
    """The bill of a month, line by line; `gameday cost diff OLD NEW` says what changes from one stack to another.

    What only use decides comes from a scenario, a usage file, or both (the file wins).
    """
    if reserved is not None and reserved not in cost_layer.TERMS:
        refuse(f"--reserved {reserved}: write {' or '.join(cost_layer.TERMS)}")
    day = day_of(as_of, "--as-of").isoformat()
    with refusals():
        found = answered(directory, var, var_file, placeholders=placeholders, data_files=data, shared=files_from)
        consumed = _consumed(found, directory, usage, scenario, runtime)
        book = facts.prices(found.region, day)
        stack = about(directory)
        bill = cost_layer.estimate(found, book, consumed, free_tier=free_tier, plans=stack.plans if stack else ())
        windows = _windows(found, directory, scenario, runtime, book, bill) if scenario and not usage else None
    saved = cost_layer.reservations(bill, book, reserved) if reserved else None
    if as_json or shape == "json":
        crowd = unreached_json(found, directory) if scenario else {}
        what_if = {"reserved": cost_layer.reservations_json(saved, bill)} if saved else {}
        over = {"windows": cost_layer.calendar_json(windows)} if windows else {}
        print_json({**cost_layer.to_json(bill), **over, **what_if, **crowd, "holes": holes(found)})
    elif shape == "infracost-json":
        print_json(cost_layer.infracost_json(bill, found, str(directory)))
    elif shape == "focus":
        sys.stdout.write(cost_layer.focus_csv(bill))
    else:
        over_windows = bill_text.windows(windows) if windows else ()
        for line in (*bill_text.text(bill, coverage(found), everything=everything), *over_windows):
            out.print(line, highlight=False, soft_wrap=True)
        if saved:
            _savings(saved, bill)
        if consumed:
            err.print(f"Use: {escape(consumed.origin)}", highlight=False)
        _gaps(bill, everything=everything)
        if scenario:
            tell_unreached(found, directory)
    ended(found)


def _consumed(
    found: Architecture, directory: Path, usage: Path | None, scenario: Path | None, runtime: str | None
) -> demand.Usage | None:
    read = None
    if usage:
        read, warnings = cost_layer.read_usage_file(usage)
        tell(warnings)
    if not scenario:
        return read
    profile = facts.runtime(runtime) if runtime else None
    crowd = demand.usage(found, facts.scenario(scenario), about(directory), profile)
    return crowd.overlaid(read) if read else crowd


def _windows(
    found: Architecture,
    directory: Path,
    scenario: Path,
    runtime: str | None,
    book: facts.PriceBook,
    bill: cost_layer.Estimate,
) -> cost_layer.CalendarCost:
    """The bill over an hour, each kind of day, an event, the month and the season of a scenario's calendar."""
    crowd, stack = facts.scenario(scenario), about(directory)
    profile = facts.runtime(runtime) if runtime else None

    def without(kind: demand.Kind | None = None) -> cost_layer.Estimate:
        rest = demand.usage(found, demand.without_days(crowd, kind), stack, profile)
        return cost_layer.estimate(found, book, rest, plans=stack.plans if stack else ())

    kinds = demand.kinds(crowd)
    idle = without()
    others = {kind: without(kind) if len(kinds) > 1 else idle for kind in kinds}
    return cost_layer.calendar_cost(bill, idle, others, crowd.calendar["season_months"].value)


def _savings(saved: cost_layer.Reservations, bill: cost_layer.Estimate) -> None:
    """What reservations would save, the largest first."""
    out.print(f"\nReserved for {saved.term[0]} year{'' if saved.term == '1y' else 's'}, no upfront payment")
    for line in saved.lines:
        mark = "" if line.confidence == "high" else f" ({line.confidence})"
        out.print(f"  {escape(line.line.address)}", highlight=False, soft_wrap=True)
        kind = f"    {line.count} x {line.line.component} at {units.rate(line.hourly)} an hour{mark}"
        out.print(f"{escape(kind):<66}{'-' + units.money(line.saving):>14}", highlight=False, soft_wrap=True)
    total = units.money(bill.total.usd - saved.saving)
    out.print(f"[bold]{'Total with reservations':<40}{total:>40}[/]", highlight=False, soft_wrap=True)
    if saved.without:
        err.print(f"The price book has no such rate for {', '.join(saved.without)}.", highlight=False, soft_wrap=True)


def _gaps(bill: cost_layer.Estimate, *, everything: bool) -> None:
    """What is in no total: listed where the reader looks."""
    if bill.without_quantity:
        err.print("Not in the total, since nothing says how much; the key in a usage file (--usage) that does:")
        for name, lines in _unknown(bill, everything=everything):
            keys = ", ".join(dict.fromkeys(key for item in lines for key in item.keys))
            err.print(f"  {escape(name)}\n    {escape(keys)}", highlight=False, soft_wrap=True)
    if bill.unpriced:
        err.print("Not in the total:", highlight=False)
        for gap in bill.unpriced:
            err.print(f"  {escape(gap.address)}", highlight=False, soft_wrap=True)
            err.print(f"    {escape(gap.reason)}", highlight=False)


def _unknown(bill: cost_layer.Estimate, *, everything: bool) -> Iterator[tuple[str, list[cost_layer.LineItem]]]:
    """The lines without a quantity, by type with the number of its resources, or each resource by itself."""
    if everything:
        for address, lines in groupby(bill.without_quantity, key=lambda item: item.address):
            yield address, list(lines)
        return
    for kind, lines in groupby(sorted(bill.without_quantity, key=lambda item: item.type), key=lambda item: item.type):
        found = list(lines)
        addresses = {item.address for item in found}
        yield (next(iter(addresses)) if len(addresses) == 1 else f"{len(addresses)} {kind}"), found


# --- what changes -------------------------------------------------------------------------------------------------------


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A directory, a plan's JSON, or a git revision.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The same; a directory where OLD is a revision of it.")],
    var: Var = [],  # noqa: B006 (Typer copies)
    var_file: VarFile = [],  # noqa: B006 (Typer copies)
    placeholders: Placeholders = False,
    usage: UsageFile = None,
    as_of: AsOf = "",
    markdown: Annotated[bool, typer.Option("--markdown", help="Write Markdown for a pull request.")] = False,
    as_json: AsJson = False,
) -> None:
    """What changes on the bill from OLD to NEW, by address; `gameday cost diff main DIR` compares with a revision."""
    day = day_of(as_of, "--as-of").isoformat()
    with refusals(), _stacks(old, new) as (before, after):
        models = [_side(place, var, var_file, placeholders=placeholders) for place in (before, after)]
        consumed = _consumed(models[1], after, usage, None, None)
        paid = [stack.plans if (stack := about(place)) else () for place in (before, after)]
        bills = [
            cost_layer.estimate(model, facts.prices(model.region, day), consumed, plans=plans)
            for model, plans in zip(models, paid, strict=True)
        ]
    found = cost_layer.changes(*bills)
    if as_json:
        print_json({**cost_layer.changes_json(found), "holes": {"old": holes(models[0]), "new": holes(models[1])}})
    elif markdown:
        sys.stdout.write(cost_layer.markdown(found))
    else:
        _changes(found)
    for model in models:
        ended(model)


def _side(place: Path, var: Sequence[str], var_file: Sequence[Path], *, placeholders: bool) -> Architecture:
    plan = place.is_file() and place.suffix == ".json"
    return answered(place, () if plan else var, () if plan else var_file, placeholders=placeholders and not plan)


def _changes(found: cost_layer.Changes) -> None:
    for change in found.changes:
        mark = {"added": "[green]+[/]", "removed": "[red]-[/]", "changed": "~"}[change.kind]
        out.print(f"{mark} {escape(change.address)}", highlight=False, soft_wrap=True)
        for line in change.lines:
            before, after = ("by use" if c is None else units.money(c) for c in (line.before, line.after))
            before = "" if change.kind == "added" else before
            after = "" if change.kind == "removed" else after
            known = line.before is not None or line.after is not None
            difference = cost_layer.signed(line.difference) if known else ""
            out.print(
                f"    {escape(line.component):<34}{before:>13} {after:>13} {difference:>13}",
                highlight=False,
                soft_wrap=True,
            )
    if not found.changes:
        out.print("No resource changes its price.", highlight=False)
    before, after = units.money(found.old.total.usd), units.money(found.new.total.usd)
    out.print(f"[bold]Total{before:>46} {after:>13} {cost_layer.signed(found.difference):>13}[/]", highlight=False)
    if found.unpriced:
        err.print("Without a price:", highlight=False)
        for address in found.unpriced:
            err.print(f"  {escape(address)}", highlight=False, soft_wrap=True)


@contextmanager
def _stacks(old: str, new: str) -> Iterator[tuple[Path, Path]]:
    """Where both stacks lie: on disk as they are, of a git revision as a copy that goes when the block ends."""
    with tempfile.TemporaryDirectory(prefix="gameday-") as scratch:
        paths = [Path(side) for side in (old, new)]
        beside = next((path for path in reversed(paths) if path.exists()), Path())
        made = [
            path if path.exists() else _checked_out(side, beside, Path(scratch) / str(number))
            for number, (side, path) in enumerate(zip((old, new), paths, strict=True))
        ]
        yield made[0], made[1]


def _checked_out(revision: str, beside: Path, target: Path) -> Path:
    """The directory `beside` as it was in a git revision, in a copy of the repository's files at `target`."""
    folder = (beside if beside.is_dir() else beside.parent).resolve()
    top = _git(folder, "rev-parse", "--show-toplevel")
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if top is None or commit is None:
        refuse(f"{revision}: this is no file, no directory, and no git revision of {beside}")
    root = Path(top.strip())
    target.mkdir(parents=True)
    archive = target.with_suffix(".tar")
    if _git(root, "archive", "--format=tar", f"--output={archive}", commit.strip()) is None:
        refuse(f"{revision}: git cannot give its files")
    with tarfile.open(archive) as files:
        # What git stores of a tree: no link is followed, and no name leads out; `filter` is newer than the oldest Python here.
        safe = [m for m in files.getmembers() if (m.isreg() or m.isdir()) and not m.name.startswith(("/", "../"))]
        files.extractall(target, [m for m in safe if "/../" not in m.name])  # noqa: S202 (filtered above)
    return target / os.path.relpath(folder, root)


def _git(folder: Path, *words: str) -> str | None:
    """What git says in a folder, None where it refuses or is not there."""
    git = shutil.which("git")
    if git is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 (a program of the user's own; the words are ours or a verified commit)
            (git, *words), cwd=folder, capture_output=True, text=True, check=False, timeout=120
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
