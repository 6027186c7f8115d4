"""What shows that something is done which is no resource: rehearsed runbooks, workflows, weighed decisions, tests, text."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import yaml

from analysis import decisions, evidence, runbooks, season
from analysis.files import read_text
from analysis.frontmatter import PlacedError
from analysis.ledger import attempts, executed
from analysis.ledger.dimensions import Amount
from analysis.ledger.typed import commands
from analysis.ledger.world import Arguments, Leaf, Source, SourceError, World, below, counted, plain, word
from analysis.rehearsal import record as rehearsal

_RUN: Final = re.compile(r'^\s*run\s+"([^"]+)"', re.MULTILINE)
"""A run of `terraform test`."""


def _rehearsed(world: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """The commands of a runbook that the emulator answered as the page shows; none where one was refused or differed."""
    page, study = str(arguments["page"]), world.study(arguments)
    path = evidence.beside(study.directory, rehearsal.KIND)
    record = evidence.read(path, rehearsal.KIND)
    if record is None or f"{page}.md" not in record.content["pages"]:
        raise SourceError(f"the runbook {page} was never rehearsed on {study.directory.name}")
    said = rehearsal.of_page(record.content["pages"][f"{page}.md"])
    wrong = said.get("differed", 0) + said.get("refused", 0)
    name = f"commands of {page} answered as shown" + (f", {wrong} otherwise" if wrong else "")
    return counted(name, 0 if wrong else said["matched"], "command", "file", f"{study.directory.name}/{path.name}")


_RECORDS: Final[Mapping[str, str]] = {
    "calibration": "calibration/record.json", "incident": "incident.weighed.json", "nights": "nights.json",
    "season": season.RECORD_FILE,
}  # fmt: skip
"""The files of records whose name does not follow from their kind."""

_TAKES: Final[Mapping[str, Callable[[Sequence[Decimal]], Decimal]]] = {
    "highest": max, "lowest": min, "sum": lambda numbers: sum(numbers, Decimal(0)),
}  # fmt: skip
"""What of several numbers is asked for."""


def _recorded(world: World, arguments: Arguments) -> tuple[str, list[Any]]:
    """The file of a record beside a stack, and every value in it at the end of the path `at`, as of an argument."""
    kind, study = str(arguments["kind"]), world.study(arguments)
    path = study.directory / _RECORDS[kind] if kind in _RECORDS else evidence.beside(study.directory, kind)
    try:
        record = evidence.read(path, kind)
    except evidence.RecordError as error:
        raise SourceError(str(error)) from None
    if record is None:
        raise SourceError(f"{study.directory.name} has no record of kind {kind}")
    values = [value for value in below(record.content, str(arguments["at"]).split(".")) if value is not None]
    if not values:
        raise SourceError(f"the record {path.name} of {study.directory.name} has no {arguments['at']}")
    return f"{study.directory.name}/{path.name}", values


def _with(world: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """How many values of a record at a path are there, or are the one that is asked for."""
    file, values = _recorded(world, arguments)
    number = sum("is" not in arguments or word(value) == word(arguments["is"]) for value in values)
    asked = f" = {word(arguments['is'])}" if "is" in arguments else ""
    return counted(f"{arguments['at']}{asked}, of {len(values)}", number, "value", "file", file)


def _amount(world: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """The highest, the lowest or the sum of the numbers of a record at a path."""
    (file, values), take = _recorded(world, arguments), str(arguments["take"])
    if take not in _TAKES:
        raise SourceError(f"what is taken is {', '.join(_TAKES)}, not {take!r}")
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        raise SourceError(f"{arguments['at']} of {file} is no number")
    amount = _TAKES[take]([Decimal(str(value)) for value in values])
    return Amount(amount), Leaf(f"{take} {arguments['at']} of {len(values)}", plain(amount), "", "file", file)


def _statement(world: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """1 where a real server took the brief's statement of that line, 0 where it refused it."""
    line, file = int(arguments["line"]), evidence.beside(world.folder, executed.KIND)
    try:
        record = evidence.read(file, executed.KIND)
        stale = evidence.stale(record, executed.basis(world.folder)) if record else "not executed yet"
    except (evidence.RecordError, PlacedError, OSError) as error:
        raise SourceError(str(error)) from None
    if record is None or stale:
        raise SourceError(
            f"{file.name}: {stale}; `gameday claims {world.folder.name} --record` executes the statements"
        )
    found = next((one for one in record.content["statements"] if one["line"] == line), None)
    if found is None:
        raise SourceError(f"{executed.FILE_NAME} has no statement of line {line}")
    said = f"{record.content['server']}: {found['refused'] or 'accepted'}"
    return counted(said, int(not found["refused"]), "statement", "file", _below_root(world, file))


MEASURED: Final = "measured"
"""The record of what was measured on the stand-in for a system."""

STAND_IN: Final = ("compose.yaml", "requirements.in", ".env.example", "schema.sql", "standin/*.py")
"""What is measured, in the folder of the stand-in."""


def stand_in(folder: Path) -> dict[str, str]:
    """The texts of the stand-in by their paths, on which a record of what was measured rests."""
    paths = sorted(path for pattern in STAND_IN for path in folder.glob(pattern))
    return {path.relative_to(folder).as_posix(): read_text(path) for path in paths}


def measured_file(root: Path, system: str) -> Path:
    """Where the record of the stand-in for a system lies."""
    return evidence.beside(root / "local" / system, MEASURED)


def _measured(world: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """A figure by its name of those that were measured on the stand-in for the system, as it is now."""
    name, file = str(arguments["name"]), measured_file(world.root, world.folder.name)
    try:
        record = evidence.read(file, MEASURED)
    except evidence.RecordError as error:
        raise SourceError(str(error)) from None
    found = [one for one in record.content["figures"] if one["name"] == name] if record else []
    if not found:
        raise SourceError(f"nothing called {name!r} was measured on the stand-in for {world.folder.name}")
    rests_on = evidence.basis({"stand-in": stand_in(file.parent)})
    if record is not None and (why := evidence.stale(record, {**record.rests_on, **rests_on})):
        raise SourceError(f"{_below_root(world, file)}: {why}; measure it again with --record")
    value, unit = Decimal(str(found[0]["value"])), str(found[0]["unit"])
    return Amount.of(value, unit), Leaf(name, plain(value), unit, "file", _below_root(world, file))


def _left(world: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """1 where a script of the guide, in the form that is named, left `what` with `ends` at its end, when it was run; else 0."""
    name, form, what, ends = (str(arguments[key]) for key in ("script", "form", "what", "ends"))
    if not ends:
        raise SourceError("script.left asks for a text at the end, and `ends` is empty")
    file = evidence.beside(world.folder / attempts.FOLDER, attempts.KIND)
    try:
        record = evidence.read(file, attempts.KIND)
    except evidence.RecordError as error:
        raise SourceError(str(error)) from None
    runs = record.content["scripts"].get(name, ()) if record else ()
    state: Mapping[str, Any] = next((run["state"] for run in runs if run["title"] == form), {})
    if what not in state:
        raise SourceError(f"no run of the script {name} {form.lower()} says anything of {what!r}")
    if record is not None and (why := _since(world, record)):
        raise SourceError(
            f"{_below_root(world, file)}: {why}; `gameday guide docs/{world.folder.name} --record` runs it again"
        )
    said = f"{what.lower()} after {name}, {form.lower()}: {str(state[what]).rpartition('/')[2]}"
    return counted(said, int(str(state[what]).endswith(ends)), "script", "file", _below_root(world, file))


def _since(world: World, record: evidence.Record) -> str:
    """What has changed since the scripts of the guide were run, in a sentence; empty where nothing has."""
    found, plan = commands(world.folder), attempts.plan(world.folder)
    if found is None or plan is None:
        return "nobody says any more what the commands of the guide need"
    stack = world.studies.study(Path(plan.stack).name).architecture
    return evidence.stale(record, attempts.basis(found, plan, stack, world.root))


def _in_time(world: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """The share of the nights that build up to an impact on which a page came as early as the back-test's goal asks."""
    study = world.study(arguments)
    if not (study.directory / season.RECORD_FILE).is_file():
        raise SourceError(f"the alarms of {study.directory.name} were never back-tested")
    record = season.load(study.directory)
    if not record.leads_s:
        raise SourceError(f"no night of {study.directory.name} affected anybody, so no page could be in time")
    share, name = Decimal(str(record.share_in_time)), f"nights of {len(record.leads_s)} with a page in time"
    return Amount(share), Leaf(name, plain(share), "share", "file", f"{study.directory.name}/{season.RECORD_FILE}")


def _accepted(world: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """The commands of a runbook whose calls the command line accepts; none where it would refuse one."""
    page = world.folder / "runbooks" / f"{arguments['page']}.md"
    if not page.is_file():
        raise SourceError(f"there is no runbook {arguments['page']}")
    try:
        checked = runbooks.check(runbooks.read(page, name=page.name))
    except runbooks.NotInstalledError as error:
        raise SourceError(str(error)) from None
    commands, where = sum(1 for _ in checked.book.commands), _below_root(world, page)
    name = f"commands of {page.stem} that are accepted" + (f"; {checked.findings[0].what}" if checked.findings else "")
    return counted(name, 0 if checked.findings else commands, "command", "file", where)


def _steps(world: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """The steps of a workflow, or of one of its jobs, with a text in what they run, use or are called."""
    path = world.root / ".github" / "workflows" / str(arguments["file"])
    job, has = arguments.get("job"), str(arguments["has"])
    try:
        jobs = _mapping(yaml.safe_load(_read(world, path))).get("jobs")
    except yaml.YAMLError as error:
        raise SourceError(f"{path.name} is no YAML: {' '.join(str(error).split())}") from None
    chosen = {name: made for name, made in _mapping(jobs).items() if job in (None, name)}
    if not chosen:
        raise SourceError(f"{path.name} has no job {job or ''}".rstrip())
    steps = [
        step
        for made in chosen.values()
        for step in (*_mapping(made).get("steps", ()), made)
        if any(has in str(_mapping(step).get(key, "")) for key in ("run", "uses", "name"))
    ]
    return counted(f"steps of {path.name} with `{has}`", len(steps), "step", "file", _below_root(world, path))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _weighed(world: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """The options of a decision for which the program computed figures."""
    number = int(arguments["record"])
    folder = world.folder / "decisions"
    record = next((one for one in decisions.folder(folder, world.root) if one.number == number), None)
    if record is None:
        raise SourceError(f"there is no decision {number}")
    kept = evidence.read(folder / decisions.FILE_NAME, decisions.KIND)
    options = kept.content.get(record.path.name, {}).get("options", ()) if kept else ()
    return counted(f"options weighed: {record.title}", len(options), "option", "file", _below_root(world, record.path))


def _tests(world: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """The tests of a file with a text in their name: a function, a case by its name, or a run of `terraform test`."""
    path, has = world.root / str(arguments["file"]), str(arguments["has"])
    text = _read(world, path)
    try:
        names = list(_RUN.findall(text)) if path.suffix == ".hcl" else list(_cases(ast.parse(text)))
    except (SyntaxError, ValueError) as error:
        raise SourceError(f"{_below_root(world, path)} is no Python: {error}") from None
    found = [name for name in names if has in name]
    return counted(f"tests with `{has}` in their name", len(found), "test", "file", _below_root(world, path))


def _cases(tree: ast.Module) -> Iterator[str]:
    """The names of test functions, and the keys of the tables at the top from which cases are made."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
            yield from (str(key.value) for key in node.value.keys if isinstance(key, ast.Constant))


def _says(world: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """How often a text stands in a file below the project."""
    path, has = world.root / str(arguments["file"]), str(arguments["has"])
    return counted(f"places with `{has}`", _read(world, path).count(has), "place", "file", _below_root(world, path))


def _read(world: World, path: Path) -> str:
    try:
        inside = path.resolve().is_relative_to(world.root.resolve())
        text = read_text(path) if inside else ""
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: links in a circle
        raise SourceError(f"{path.name} cannot be read: {type(error).__name__}") from None
    if not inside:
        raise SourceError(f"{path.name} is outside the project")
    return text


def _below_root(world: World, path: Path) -> str:
    return path.relative_to(world.root).as_posix()


def _recomputed(world: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """What the ledger computes of a statement of the brief, from the brief's own inputs; in the unit of the statement."""
    claim = str(arguments["claim"])
    if world.recomputed is None:
        raise SourceError("what the ledger computes of a statement is for requirements, not for another statement")
    amount = world.recomputed(claim)
    return amount, Leaf(
        f"{claim} computed again", plain(amount.value), "", "formula", f"{world.folder.name}/ledger.csv"
    )


EVIDENCE: Final[Mapping[str, Source]] = {
    "record.with": (("stack", "kind", "at"), ("is",), _with),
    "record.amount": (("stack", "kind", "at", "take"), (), _amount),
    "measured.figure": (("name",), (), _measured),
    "statement.accepted": (("line",), (), _statement),
    "script.left": (("script", "form", "what", "ends"), (), _left),
    "season.in_time": (("stack",), (), _in_time),
    "runbook.rehearsed": (("stack", "page"), (), _rehearsed),
    "runbook.accepted": (("page",), (), _accepted),
    "workflow.steps": (("file", "has"), ("job",), _steps),
    "decision.weighed": (("record",), (), _weighed),
    "test.named": (("file", "has"), (), _tests),
    "brief.recomputed": (("claim",), (), _recomputed),
    "file.says": (("file", "has"), (), _says),
}
"""Figures about what is no resource, in the form of `SOURCES`."""
