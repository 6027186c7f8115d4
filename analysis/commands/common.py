"""What the commands share: options, reading a stack, printing, and turning what is the input's fault into a sentence."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
from rich.markup import escape

from analysis import alarms, claims, cost, evidence, facts, terraform, validation, wiring
from analysis.architecture import Architecture, Diagnostic
from analysis.commands import screen
from analysis.cost.refresh import RefreshError
from analysis.terraform.plan_json import diagnostic_json

ROOT = Path(__file__).parents[2]

FINE, FINDINGS, UNREADABLE = 0, 1, screen.UNREADABLE

REFUSALS = (
    terraform.InputError,
    wiring.PathError,
    facts.FactError,
    alarms.PackError,
    cost.UsageFileError,
    claims.ClaimError,
    evidence.RecordError,
    validation.TerraformError,
    validation.EmulatorError,
    RefreshError,
)
"""What is the input's fault: said in a sentence, exit status 2. Anything else is ours, and its traceback is wanted."""

out = screen.Screen()
err = screen.Screen(stderr=True)

Directory = Annotated[
    Path, typer.Argument(metavar="DIR", help="A directory of Terraform, or the JSON of `terraform show -json`.")
]
Var = Annotated[list[str], typer.Option("--var", metavar="NAME=VALUE", help="A value for an input variable.")]
VarFile = Annotated[list[Path], typer.Option("--var-file", metavar="FILE", help="A file of values, as for Terraform.")]
DataFile = Annotated[
    list[Path],
    typer.Option(
        "--data", metavar="FILE", help='Values of data sources: TOML tables such as \\[data."aws_subnets.private"].'
    ),
]
FilesFrom = Annotated[
    list[Path],
    typer.Option("--files", metavar="DIR", help="A directory outside the stack whose files its functions may read."),
]
Placeholders = Annotated[
    bool, typer.Option("--placeholders", help="Give variables without a value a stand-in of their type, and say so.")
]
MOST_PEOPLE = 10_000_000_000
"""Users beyond which there is nobody; what is asked for more has no answer."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
ScenarioFile = Annotated[
    Path | None, typer.Option("--scenario", metavar="FILE", help="Who comes when (terraform/scenarios/*.toml).")
]
Runtime = Annotated[
    str | None, typer.Option("--runtime", metavar="NAME", help="Runtime profile, where no gameday.toml names one.")
]


@contextmanager
def refusals(*more: type[Exception]) -> Iterator[None]:
    """Turns what is the input's fault into its sentences on standard error and exit status 2; `more` are a command's own."""
    kinds: tuple[type[Exception], ...] = (*REFUSALS, *more)
    try:
        yield
    except kinds as error:
        for sentence in [str(d) for d in getattr(error, "diagnostics", ())] or [str(error)]:
            err.print(f"gameday: {escape(sentence)}", highlight=False, soft_wrap=True)
        raise typer.Exit(UNREADABLE) from None


@contextmanager
def ended_as_by_ctrl_c() -> Iterator[None]:
    """Lets a request to end (SIGTERM) unwind the block as Ctrl-C does, so that it ends what it has started."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def refuse(sentence: str) -> NoReturn:
    """Says what is wrong with the input, and ends with exit status 2."""
    err.print(f"gameday: {escape(sentence)}", highlight=False, soft_wrap=True)
    raise typer.Exit(UNREADABLE)


def day_of(text: str, option: str = "--date") -> dt.date:
    """The day that an option gives; today where it gives none. A refusal where it is no day."""
    try:
        return dt.date.fromisoformat(text) if text else dt.datetime.now(tz=dt.UTC).date()
    except ValueError:
        refuse(f"{option} {text}: write YYYY-MM-DD")


def print_json(value: Any) -> None:
    """A value as JSON on standard output."""
    escapes = not (sys.stdout.encoding or "utf-8").lower().startswith("utf")  # a terminal of another encoding
    json.dump(value, sys.stdout, indent=2, ensure_ascii=escapes, allow_nan=False)
    sys.stdout.write("\n")


def tell(diagnostics: Sequence[Diagnostic]) -> None:
    """Warnings and errors about the Terraform, on standard error."""
    for diagnostic in diagnostics:
        err.print(escape(str(diagnostic)), highlight=False, soft_wrap=True)


def variables(pairs: Sequence[str]) -> dict[str, object]:
    """The values of `--var NAME=VALUE`; Terraform's conversion is left to the evaluation."""
    found: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            refuse(f"--var {pair}: write NAME=VALUE")
        found[name.strip()] = value
    return found


def evaluated(
    source: Path,
    var: Sequence[str],
    var_file: Sequence[Path],
    *,
    placeholders: bool = False,
    data_files: Sequence[Path] = (),
    shared: Sequence[Path] = (),
) -> Architecture:
    """The resolved stack, with its diagnostics; a file that cannot be read is an `InputError`.

    With `placeholders` a variable without a value gets a stand-in of its type, which the diagnostics name.
    """
    if source.is_file() and source.suffix == ".json":
        if var or var_file or data_files or shared:
            refuse(f"{source}: a plan has its values already; leave out --var, --var-file, --data and --files")
        return terraform.from_plan(source)
    return terraform.load(
        source,
        variables=variables(var),
        var_files=var_file,
        environ=os.environ,
        stand_ins=placeholders,
        data_files=data_files,
        shared=shared,
    )


def answered(
    source: Path,
    var: Sequence[str],
    var_file: Sequence[Path],
    *,
    placeholders: bool = False,
    data_files: Sequence[Path] = (),
    shared: Sequence[Path] = (),
) -> Architecture:
    """As `evaluated`, for what goes on over a model with holes: each is said by address, on standard error.

    Ends with exit status 2 where nothing could be read: no resource at all, and an error that may be why. The command ends with
    `ended` once it has answered the rest.
    """
    found = evaluated(source, var, var_file, placeholders=placeholders, data_files=data_files, shared=shared)
    say_holes(found)
    if not found.resources:
        ended(found)
        err.print(
            f"gameday: {escape(str(source))} holds no resource under these values", highlight=False, soft_wrap=True
        )
    return found


def say_holes(found: Architecture) -> None:
    """What could not be evaluated, by address, and every warning, on standard error."""
    tell([diagnostic for diagnostic in found.diagnostics if diagnostic.severity == "warning"])
    for error in found.errors:
        where = f"{error.address}: " if error.address and error.address not in error.message else ""
        said = f"not evaluated: {where}{error.message} ({error.location})"
        err.print(escape(said), highlight=False, soft_wrap=True)


def coverage(found: Architecture) -> str:
    """How much of the stack is answered for: 14 resources, or 12 of 14 resources."""
    whole = len({resource.address for resource in found.resources} | found.incomplete)
    if not found.errors:
        return f"{whole} resource{'' if whole == 1 else 's'}"
    return f"{whole - len(found.incomplete)} of {whole} resources"


def holes(found: Architecture) -> dict[str, Any]:
    """The same for programs: how many resources rest on nothing that is missing, of how many, and what is missing."""
    whole = {resource.address for resource in found.resources} | found.incomplete
    return {
        "resources": len(whole),
        "complete": len(whole) - len(found.incomplete),
        "incomplete": sorted(found.incomplete),
        "errors": [{"address": error.address or None, **diagnostic_json(error)} for error in found.errors],
    }


def ended(found: Architecture, *, fine: bool = True) -> None:
    """Ends a command that has answered: exit status 1 where something is missing or not `fine`, 2 where all is missing."""
    if found.errors or not fine:
        raise typer.Exit(FINDINGS if found.resources else UNREADABLE)


def complete(
    source: Path,
    var: Sequence[str],
    var_file: Sequence[Path],
    *,
    placeholders: bool = False,
    data_files: Sequence[Path] = (),
    shared: Sequence[Path] = (),
) -> Architecture:
    """As `evaluated`, for what cannot go on over a model with holes: its errors are said, with exit status 2."""
    found = evaluated(source, var, var_file, placeholders=placeholders, data_files=data_files, shared=shared)
    tell(found.diagnostics)
    if found.errors:
        raise typer.Exit(UNREADABLE)
    return found


def about(source: Path) -> facts.Stack | None:
    """What gameday.toml beside the stack says, where there is one."""
    return facts.stack(source) if (source / facts.stacks.FILE_NAME).is_file() else None


def unreached(model: Architecture, source: Path) -> Sequence[wiring.Unreached]:
    """What computes in the stack and carries nothing of the crowd; nothing where no crowd can be led through it at all."""
    try:
        return wiring.request_path(model, about(source)).unreached
    except wiring.PathError:
        return ()


def tell_unreached(model: Architecture, source: Path) -> None:
    """The sentences of `unreached`, on standard error."""
    tell([Diagnostic("warning", str(other), other.defined_at) for other in unreached(model, source)])


def unreached_json(model: Architecture, source: Path) -> dict[str, Any]:
    """The same for programs, as an entry of an answer."""
    rows = unreached(model, source)
    return {"unreached": [{"address": r.address, "defined_at": str(r.defined_at), "why": r.why} for r in rows]}


UNNAMED = f'no {facts.stacks.FILE_NAME} names a scenario; write scenario = "FILE" and runtime = "NAME" into it'


def modelled(source: Path) -> facts.Stack:
    """What gameday.toml beside the stack says; a refusal where it names no scenario and no runtime."""
    stack = about(source)
    if stack is None or not stack.modelled:
        refuse(f"{source}: {UNNAMED}")
    return stack


def course(source: Path, scenario: Path | None) -> facts.Scenario:
    """The scenario given, else the one that gameday.toml names; a refusal where there is neither."""
    stack = about(source)
    path = scenario or (stack.scenario_file if stack else None)
    if path is None:
        refuse(f"{source}: {UNNAMED}, or give --scenario and --runtime")
    return facts.scenario(path)
