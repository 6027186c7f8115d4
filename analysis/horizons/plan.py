"""The parts of a stack and the horizons by which they are bought: the file `horizons.toml` beside the stack.

incident = "../before/incident.toml"   # the stack before, its night, its crowd, and changes that are known there already

[[part]]                               # something that is bought, with the work that it takes
id = "cache"
name = "Answers kept at the CDN"
factors = ["B5"]                       # on the stack before, this part alone: factors of the incident,
alone = { variables = { ... } }        # or a change of its own (incidents.timeline)
actions = ["edge"]                     # the stack without this part: actions of the incident,
left_out = { without = ["..."] }       # or a change of its own
note = "What the figures cannot say."
[part.hours]
value = 1
low = 0.5
high = 2
unit = "h"
reason = "..."

[[horizon]]                            # a variable file of the stack, and the parts that are in it
id = "tonight"
title = "Tonight"
file = "environments/tonight.tfvars"
parts = ["cache"]
not_yet = ["module.replica.*"]         # what an apply of the whole stack would make and this horizon does not wait for
[[horizon.leaves]]
part = "standby"
risk = "A failed host is a restore."
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis import incidents
from analysis.facts import Assumption
from analysis.facts.assumptions import Table, toml
from analysis.incidents import Change, Incident

FILE_NAME = "horizons.toml"


@dataclass(frozen=True, slots=True)
class Part:
    """Something that can be bought by itself, and its hours of work.

    `alone` is what puts it on the stack before, empty where it cannot stand there by itself; `left_out` is what takes it away
    from the stack. `page` explains it, as a path below docs/.
    """

    id: str
    name: str
    hours: Assumption
    alone: tuple[Change, ...]
    left_out: tuple[Change, ...]
    page: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """A part that a horizon leaves out, and what that risks."""

    part: str
    risk: str


@dataclass(frozen=True, slots=True)
class Horizon:
    """A variable file of the stack. `parts` are those whose work it takes; `not_yet` addresses that it does not wait for."""

    id: str
    title: str
    file: Path
    parts: tuple[str, ...]
    leaves: tuple[Left, ...]
    not_yet: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The file, read. `directory` is the stack, `incident` has the stack before with its night and its kinds of night."""

    directory: Path
    incident: Incident
    parts: tuple[Part, ...]
    horizons: tuple[Horizon, ...]

    def part(self, name: str) -> Part:
        """The part of that id. LookupError with those that there are."""
        for one in self.parts:
            if one.id == name:
                return one
        raise LookupError(f"{FILE_NAME} has no part {name!r}; it has {', '.join(one.id for one in self.parts)}")

    def hours(self, horizon: Horizon) -> tuple[float, float, float]:
        """The work that a horizon takes, in hours: as estimated, at least, at most."""
        each = [self.part(name).hours for name in horizon.parts]
        low, value, high = (sum(one.at(level) for one in each) for level in ("low", "value", "high"))
        return value, low, high


def plan(directory: Path) -> Plan:
    """The plan beside the stack in `directory`. FactError, with the file and the key, where it is missing or wrong."""
    missing = "write one, with incident, [[part]] and [[horizon]]"
    table = toml(directory / FILE_NAME, f"{directory.resolve().name}/{FILE_NAME}", missing)
    incident = _incident(table, directory)
    parts = tuple(_part(each, incident) for each in table.tables("part", at_least=1))
    _distinct(table, "part", [one.id for one in parts])
    horizons = tuple(_horizon(each, directory, parts) for each in table.tables("horizon", at_least=1))
    _distinct(table, "horizon", [one.id for one in horizons])
    table.closed()
    return Plan(directory, incident, parts, horizons)


def _distinct(table: Table, key: str, names: Sequence[str]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise table.error(key, f"has the id {name!r} twice")


def _incident(table: Table, directory: Path) -> Incident:
    path = directory / table.text("incident")
    if not path.is_file():
        raise table.error("incident", f"names {table.text('incident')}, which does not exist")
    found = incidents.read(path)
    if found.now is None or found.now.resolve() != directory.resolve():
        raise table.error("incident", f"names {table.text('incident')}, whose `now` is not this stack")
    if not found.hard or found.harm.late_s is None:
        raise table.error("incident", f"names {table.text('incident')}, which needs [[hard]] nights and harm.late_s")
    return found


def _part(table: Table, incident: Incident) -> Part:
    name, title = table.text("id"), table.text("name")
    made = Part(
        id=name,
        name=title,
        hours=table.assumption("hours", "h", above=0),
        alone=(*_known(table, "factors", incident.factors), *_own(table, "alone", name, title)),
        left_out=(*_known(table, "actions", incident.actions), *_own(table, "left_out", name, title)),
        page=table.text("page", "") if "page" in table.entries else "",
        note=table.text("note", "") if "note" in table.entries else "",
    )
    table.closed()
    if not made.left_out:
        raise table.error("", "says nowhere how the stack is without it; give actions or left_out")
    return made


def _known(table: Table, key: str, changes: Sequence[Change]) -> tuple[Change, ...]:
    by_id = {change.id: change for change in changes}
    names = _names(table, key)
    for name in names:
        if name not in by_id:
            raise table.error(key, f"names {name!r}, which the incident does not have; it has {', '.join(by_id)}")
    return tuple(by_id[name] for name in names)


def _own(table: Table, key: str, name: str, title: str) -> tuple[Change, ...]:
    return (incidents.change(table.table(key), name, title),) if key in table.entries else ()


def _horizon(table: Table, directory: Path, parts: Sequence[Part]) -> Horizon:
    file = directory / table.text("file")
    if not file.is_file():
        raise table.error("file", f"names {table.text('file')}, which does not exist; paths start at the stack")
    made = Horizon(
        id=table.text("id"),
        title=table.text("title"),
        file=file,
        parts=_names(table, "parts"),
        leaves=tuple(_left(each) for each in table.tables("leaves")),
        not_yet=_names(table, "not_yet"),
    )
    table.closed()
    there = {one.id for one in parts}
    named = [*made.parts, *(each.part for each in made.leaves)]
    if unknown := [name for name in named if name not in there]:
        raise table.error("parts", f"names {unknown[0]!r}, which is no part")
    if both := set(made.parts) & {each.part for each in made.leaves}:
        raise table.error("leaves", f"names {min(both)!r}, which the horizon holds")
    if forgotten := there - set(named):
        raise table.error("leaves", f"does not say what is risked without {min(forgotten)!r}")
    return made


def _left(table: Table) -> Left:
    made = Left(table.text("part"), table.text("risk"))
    table.closed()
    return made


def _names(table: Table, key: str) -> tuple[str, ...]:
    found: Any = table.get(key) or []
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise table.error(key, "must be a list of texts")
    return tuple(found)
