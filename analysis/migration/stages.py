"""A migration as data: from which stack to which, in which stages, and what each stage may change.

    title = "From the stack that crashed to the one that holds"
    from  = "../stacks/buzzer_baseline"
    to    = "../stacks/buzzer"
    state = "buzzer_baseline.tfstate"     # the state of `from` after an apply, for plans without AWS

    [[stage]]
    name    = "multi-az"
    title   = "A standby in the second zone"
    why     = "Until then a failed host is a restore from last night's snapshot."
    brings  = ["module.database.aws_db_instance.primary: multi_az"]
    minutes = 15
    risk    = ["database-failover"]       # what the simulated night goes through, with `runtime`; or `quiet` says why nothing
    runtime = "flask_pooled"
    stays   = ["... : backup_retention_period"]   # what a rollback leaves as it is
    back    = "Set multi_az back; the standby goes, the primary stays."

    [[stage.allow]]                       # a risk that a rule names, taken on purpose
    rule = "RISK-..."; address = "..."; reason = "..."

    [[stage.step]]                        # what Terraform does not do
    does = "Apply at once"; command = "aws rds modify-db-instance ..."; undo = "..."

    [[meanwhile]]                         # a value that the target has until the stage `until` begins
    argument = "local.replica"; value = "{ ... }"; until = "replica"; reason = "..."

A line of `brings` is an address, in which `*` stands for anything, and after a colon the arguments that change; without a colon
everything about the address. What no stage brings is a finding, and so is what a stage changes without saying so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from analysis.facts.assumptions import FactError, Table, toml
from analysis.files import read_text
from analysis.migration.changes import Change, walk_changed

FILE_SUFFIX = ".toml"


class MigrationError(ValueError):
    """A migration that cannot be read or does not fit its stacks; the sentence says where and what to do."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A line of `brings`: a glob over addresses, and the arguments it speaks of (none: all). `line` is where it stands."""

    address: str
    attributes: tuple[str, ...]
    line: int

    def covers(self, address: str, attribute: str = "") -> bool:
        """Whether it speaks of the argument; with an empty one, of the coming or going of the resource itself."""
        if not matches(self.address, address):
            return False
        return not self.attributes or attribute in self.attributes

    def __str__(self) -> str:
        return f"{self.address}: {' '.join(self.attributes)}" if self.attributes else self.address


def matches(glob: str, address: str) -> bool:
    """Whether an address fits a glob; only `*` is special, since brackets are part of addresses."""
    return re.fullmatch(".*".join(map(re.escape, glob.split("*"))), address) is not None


@dataclass(frozen=True, slots=True)
class Allowance:
    """Findings of `rules` at an address (a glob) that a stage takes on purpose, and why."""

    rules: tuple[str, ...]
    address: str
    reason: str
    line: int


@dataclass(frozen=True, slots=True)
class Step:
    """What a person or a pipeline does around the apply of a stage. `undo` is empty where nothing is to be undone."""

    when: str
    does: str
    command: str
    undo: str


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """An expression that stands in place of a local value or an argument of a module call until the stage `until` begins."""

    argument: str
    value: str
    until: str
    reason: str
    line: int


@dataclass(frozen=True)
class Stage:
    """One step of a migration, applied on its own. `minutes` is what it is expected to take in AWS.

    `risk` names the faults of the simulated night that come nearest to the change, `runtime` the profile of what then runs;
    `quiet` says instead why nothing needs to be simulated. `too_early` names a stage before which the same change is simulated
    as well, to show what the order is worth. `stays` covers what a rollback leaves as it is.
    """

    name: str
    title: str
    why: str
    brings: tuple[Pattern, ...]
    minutes: float
    back: str
    line: int
    runtime: str = ""
    risk: tuple[str, ...] = ()
    quiet: str = ""
    too_early: str = ""
    stays: tuple[Pattern, ...] = ()
    allow: tuple[Allowance, ...] = ()
    steps: tuple[Step, ...] = ()

    def brings_what(self, address: str, attribute: str = "") -> bool:
        """Whether one of its lines covers the change."""
        return any(pattern.covers(address, attribute) for pattern in self.brings)

    def touches(self, address: str) -> bool:
        """Whether one of its lines speaks of the address at all."""
        return any(matches(pattern.address, address) for pattern in self.brings)


@dataclass(frozen=True)
class Migration:
    """What a file says. `source` and `target` are directories of Terraform; `state` is None where no state is kept."""

    file: Path
    title: str
    source: Path
    target: Path
    state: Path | None
    stages: tuple[Stage, ...]
    meanwhile: tuple[Meanwhile, ...] = ()

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """The position of each stage by its name."""
        return {stage.name: number for number, stage in enumerate(self.stages)}

    def owner(self, address: str, attribute: str = "") -> Stage | None:
        """The first stage that brings the change."""
        return next((stage for stage in self.stages if stage.brings_what(address, attribute)), None)

    def at(self, line: int) -> str:
        """Its file and a line, for a message."""
        return f"{self.file.name}:{line}"


def read(path: Path) -> Migration:
    """The migration in a file. Raises MigrationError, with file and line, where it is not TOML or says something impossible."""
    try:
        return _read(path)
    except FactError as error:
        raise MigrationError(_with_line(path, error)) from None


def _read(path: Path) -> Migration:
    table = toml(path)
    text = read_text(path)
    heads = _heads(text, "[[stage]]")
    entries = table.tables("stage", at_least=1)
    if len(heads) != len(entries):
        heads = [1] * len(entries)
    kept = table.text("state", "-")
    made = Migration(
        file=path,
        title=table.text("title"),
        source=_directory(path, table, "from"),
        target=_directory(path, table, "to"),
        state=None if kept == "-" else path.parent / kept,
        stages=tuple(_stage(entry, line, text) for entry, line in zip(entries, heads, strict=True)),
        meanwhile=tuple(_meanwhile(entry, text) for entry in table.tables("meanwhile")),
    )
    table.closed()
    if made.state is not None and not made.state.is_file():
        raise table.error("state", f"names {kept}, which does not exist beside it; leave it out or record it")
    for entry, stage in zip(entries, made.stages, strict=True):
        if made.numbers[stage.name] != made.stages.index(stage):
            raise entry.error("name", f"is {stage.name!r} twice; give each stage a name of its own")
    for entry, stage in zip(entries, made.stages, strict=True):
        if stage.too_early and made.numbers.get(stage.too_early, 0) not in range(1, made.stages.index(stage) + 1):
            raise entry.error("too_early", f"is {stage.too_early!r}, which is no stage between the second and this one")
    for entry, given in zip(table.tables("meanwhile"), made.meanwhile, strict=True):
        if given.until not in made.numbers:
            raise entry.error("until", f"is {given.until!r}, which is no stage; there are {', '.join(made.numbers)}")
    return made


def _directory(path: Path, table: Table, key: str) -> Path:
    found = path.parent / table.text(key)
    if not found.is_dir():
        raise table.error(key, f"names {table.text(key)}, which is no directory beside the file")
    return found.resolve()


def _heads(text: str, head: str) -> list[int]:
    return [number for number, line in enumerate(text.splitlines(), 1) if line.partition("#")[0].strip() == head]


def _line_of(text: str, wanted: str, start: int = 1) -> int:
    """The first line from `start` on that holds a text; `start` where none does."""
    lines = text.splitlines()
    return next((number for number in range(start, len(lines) + 1) if wanted in lines[number - 1]), start)


def _stage(entry: Table, line: int, text: str) -> Stage:
    brings = _strings(entry, "brings")
    if not brings:
        raise entry.error("brings", "is missing or empty; a stage with nothing to do is no stage")
    made = Stage(
        name=entry.text("name"),
        title=entry.text("title"),
        why=entry.text("why"),
        brings=tuple(_pattern(entry, one, _line_of(text, one, line)) for one in brings),
        minutes=float(entry.number("minutes", 0)),
        back=entry.text("back"),
        line=line,
        runtime=entry.text("runtime", "-").removeprefix("-"),
        risk=_strings(entry, "risk"),
        quiet=entry.text("quiet", "-").removeprefix("-"),
        too_early=entry.text("too_early", "-").removeprefix("-"),
        stays=tuple(_pattern(entry, one, _line_of(text, one, line)) for one in _strings(entry, "stays")),
        allow=tuple(_allowance(one, text, line) for one in entry.tables("allow")),
        steps=tuple(_step(one) for one in entry.tables("step")),
    )
    entry.closed()
    if bool(made.risk) == bool(made.quiet):
        raise entry.error("risk", "or `quiet`: name the faults that the change resembles, or say why none does")
    if made.risk and not made.runtime:
        raise entry.error("runtime", "is missing; a night needs the profile of what runs")
    return made


def _strings(entry: Table, key: str) -> tuple[str, ...]:
    found = entry.get(key)
    items = [] if found is None else found
    if not isinstance(items, list) or not all(isinstance(item, str) and item.strip() for item in items):
        raise entry.error(key, "must be a list of texts")
    return tuple(item.strip() for item in items)


def _pattern(entry: Table, text: str, line: int) -> Pattern:
    address, _, attributes = text.partition(": ")
    if text.endswith(":"):
        raise entry.error("brings", f"has {text!r}, which names no argument after its colon")
    return Pattern(address.strip(), tuple(attributes.split()), line)


def _allowance(entry: Table, text: str, line: int) -> Allowance:
    rule = entry.text("rule")
    made = Allowance(
        tuple(rule.split()), entry.text("address"), entry.text("reason"), _line_of(text, f'"{rule}"', line)
    )
    entry.closed()
    return made


def _step(entry: Table) -> Step:
    when = entry.choice("when", ("before", "after"))
    made = Step(when, entry.text("does"), entry.text("command"), entry.text("undo", "-").removeprefix("-"))
    entry.closed()
    return made


def _meanwhile(entry: Table, text: str) -> Meanwhile:
    argument = entry.text("argument")
    if not re.fullmatch(r"local\.\w+|module\.[\w-]+\.\w+", argument):
        raise entry.error("argument", f"is {argument!r}; write local.NAME or module.NAME.ARGUMENT")
    made = Meanwhile(argument, entry.text("value"), entry.text("until"), entry.text("reason"), _line_of(text, argument))
    entry.closed()
    return made


def _with_line(path: Path, error: FactError) -> str:
    """The refusal with the line of the key it names, where the file can be read that far."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return str(error)
    if broken := re.search(r"\(at line (\d+)", error.problem):
        return f"{path.name}:{broken[1]}: {error.problem}"
    table, _, key = error.where.rpartition(".")
    lines = text.splitlines()
    start, end = 1, len(lines)
    if index := re.match(r"(stage|meanwhile)\[(\d+)\]", table or error.where):
        heads = [*_heads(text, f"[[{index[1]}]]"), end + 1]
        number = int(index[2])
        start, end = (heads[number], heads[number + 1] - 1) if number + 1 < len(heads) else (1, end)
    at = re.compile(rf"\s*{re.escape(key)}\s*=")
    line = next((n for n in range(start, end + 1) if key and at.match(lines[n - 1])), start)
    return f"{path.name}:{line}: {error.where}: {error.problem}" if error.where else f"{path.name}: {error.problem}"


def order_findings(migration: Migration, whole: Sequence[Change]) -> tuple[str, ...]:
    """The changes of the whole target that no stage brings.

    Raises MigrationError where a line of `brings` names nothing that the plan changes, or a stage has nothing to do.
    """
    todo = [(change, attribute) for change, attribute in walk_changed(whole)]
    for stage in migration.stages:
        for pattern in stage.brings:
            if any(pattern.covers(change.address, attribute) for change, attribute in todo):
                continue
            known = any(matches(pattern.address, change.address) for change in whole)
            what = "changes none of these arguments there" if known else "holds no such address"
            raise MigrationError(
                f"{migration.at(pattern.line)}: stage {stage.name}: {str(pattern)!r}, but the plan of the whole target {what}; "
                f"correct the line or leave it out"
            )
    return tuple(
        f"{change.address}{f': {attribute}' if attribute else ''} changes, and no stage of {migration.file.name} brings it"
        for change, attribute in todo
        if migration.owner(change.address, attribute) is None
    )
