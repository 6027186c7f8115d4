"""What shows that something is done which is no resource: rehearsed runbooks, workflows, weighed decisions, tests, text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from analysis import decisions, evidence, runbooks
from analysis.files import read_text
from analysis.ledger.dimensions import Amount
from analysis.ledger.world import Arguments, Leaf, Source, SourceError, World, counted
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
    jobs = _mapping(yaml.safe_load(_read(world, path))).get("jobs")
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
    names = list(_RUN.findall(text)) if path.suffix == ".hcl" else list(_cases(ast.parse(text)))
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
    if not path.resolve().is_relative_to(world.root.resolve()):
        raise SourceError(f"{path.name} is outside the project")
    try:
        return read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{_below_root(world, path)} cannot be read: {type(error).__name__}") from None


def _below_root(world: World, path: Path) -> str:
    return path.relative_to(world.root).as_posix()


EVIDENCE: Final[Mapping[str, Source]] = {
    "runbook.rehearsed": (("stack", "page"), (), _rehearsed),
    "runbook.accepted": (("page",), (), _accepted),
    "workflow.steps": (("file", "has"), ("job",), _steps),
    "decision.weighed": (("record",), (), _weighed),
    "test.named": (("file", "has"), (), _tests),
    "file.says": (("file", "has"), (), _says),
}
"""Figures about what is no resource, in the form of `SOURCES`."""
