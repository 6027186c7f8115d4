"""On which nights the alarms of a stack are tried: the file `season.toml` beside the stack.

[goal]               what the alarms must do: `lead_s`, `false_pages` (in a season)
[season]             `seed`, and [[season.nights]]: nights that the stack holds, on which nobody may be woken
[[family]]           nights on which the load builds up until the stack gives way (or, `builds_up = false`, comes at once)
[cold]               a spike that nothing announces, and [[cold.protection]]: what the stack is like where it is protected
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from analysis.facts import Assumption, FactError
from analysis.facts.assumptions import Table, toml

FILE_NAME = "season.toml"

MAX_NIGHTS = 10_000
"""More nights than a plan may ask for in one entry; a season has some hundred."""


class PlanError(FactError):
    """A plan that cannot be used: the sentence names the file and the key."""


@dataclass(frozen=True)
class Quiet:
    """Nights that the stack holds: each draws its crowd between the ends of the scenario's range."""

    title: str
    scenario: Path
    nights: int
    variables: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Family:
    """Nights of one course: every crowd with every seed from 1 to `seeds`.

    The crowds are `crowds`, or `times` the smallest crowd that is affected, which is looked for.

    `stack` is another stack's directory, on which the alarms are put. `variables` replaces values of its Terraform, `assumed`
    what is assumed of the program, by name; `calibrated` takes what the calibration beside that stack found. On a night that does
    not build up no alarm can be in time.
    """

    name: str
    title: str
    scenario: Path
    seeds: int
    crowds: tuple[int, ...] = ()
    times: tuple[float, ...] = ()
    builds_up: bool = True
    stack: Path | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    assumed: Mapping[str, float] = field(default_factory=dict)
    calibrated: bool = False
    note: str = ""


@dataclass(frozen=True)
class Protection:
    """One way to stand a cold spike, or not to: the stack under other variable values, or another stack."""

    title: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    stack: Path | None = None


@dataclass(frozen=True)
class Watched:
    """One night with every alarm: when it rings, and how long before the first user is affected.

    `users` of None are those of the scenario, or those that the calibration found. The other fields are as in `Family`.
    """

    title: str
    scenario: Path
    users: int | None = None
    seed: int = 1
    faults: tuple[str, ...] = ()
    stack: Path | None = None
    calibrated: bool = False
    variables: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class Plan:
    """What is tried, on the stack in `directory`. `cold` is None where the plan has no cold spike.

    `push_s` is the processor time to push one message to one user, for what would protect and is not built. `given` is what
    `studies.study` is given for every night on the stack itself: other values of its variables, what is left out.
    """

    directory: Path
    lead_goal_s: float
    false_pages_goal: int
    seed: int
    quiet: tuple[Quiet, ...]
    families: tuple[Family, ...]
    watched: tuple[Watched, ...] = ()
    cold: Family | None = None
    protections: tuple[Protection, ...] = ()
    push_s: Assumption | None = None
    given: Mapping[str, Any] = field(default_factory=dict)


def plan(directory: Path) -> Plan:
    """The plan beside the stack in `directory`. Raises FactError, with the file and the key, where it cannot be used."""
    missing = "write one, with [goal], [season] and [[family]]"
    table = toml(directory / FILE_NAME, f"{directory.resolve().name}/{FILE_NAME}", missing)
    goal, season = table.table("goal"), table.table("season")
    cold = table.table("cold") if table.get("cold") is not None else None
    made = Plan(
        directory=directory,
        lead_goal_s=float(goal.number("lead_s", minimum=0)),
        false_pages_goal=_whole(goal, "false_pages", least=0),
        seed=_whole(season, "seed", least=0),
        quiet=tuple(_quiet(entry, directory) for entry in season.tables("nights", at_least=1)),
        families=tuple(_family(entry, directory) for entry in table.tables("family", at_least=1)),
        watched=tuple(_watched(entry, directory) for entry in table.tables("night")),
        cold=None if cold is None else _cold(cold, directory),
        push_s=cold.assumption("push", "s", above=0) if cold is not None and cold.get("push") is not None else None,
        protections=() if cold is None else tuple(_protection(entry, directory) for entry in cold.tables("protection")),
    )
    for each in (goal, season, *((cold,) if cold else ()), table):
        each.closed()
    names = [family.name for family in made.families]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise table.error(f"family[{index}].name", f"{name!r} is taken by an earlier family")
    return made


def _whole(table: Table, key: str, least: int = 1, most: int = 2**31) -> int:
    found = table.number(key, minimum=least)
    if found != int(found) or found > most:
        raise table.error(key, f"is {found}; it must be a whole number from {least} to {most}")
    return int(found)


def _file(table: Table, directory: Path, key: str = "scenario") -> Path:
    found = directory / table.text(key)
    if not found.exists():
        raise table.error(key, f"names {table.text(key)}, which does not exist; paths start at the stack's directory")
    return found


def _times(table: Table) -> tuple[float, ...]:
    found = table.get("times")
    if found is None:
        return ()
    if not isinstance(found, list) or not found or not all(isinstance(x, int | Decimal) and x >= 1 for x in found):
        raise table.error("times", "must be a list of numbers from 1 up: parts of the smallest crowd that is affected")
    return tuple(float(x) for x in found)


def _crowds(table: Table) -> tuple[int, ...]:
    found = table.get("crowds")
    if not isinstance(found, list) or not found or not all(type(users) is int and users > 0 for users in found):
        raise table.error("crowds", "must be a list of whole numbers of users above 0")
    return tuple(found)


def _variables(table: Table) -> Mapping[str, Any]:
    found = table.get("variables")
    if found is not None and not isinstance(found, dict):
        raise table.error("variables", "must be a table of values by the name of a variable")
    return found or {}


def _assumed(table: Table) -> Mapping[str, float]:
    if table.get("assumed") is None:
        return {}
    inner = table.table("assumed")
    return {name: float(inner.number(name, minimum=0)) for name in inner.entries}


def _other(table: Table, directory: Path) -> Path | None:
    return _file(table, directory, "stack") if table.get("stack") is not None else None


def _quiet(table: Table, directory: Path) -> Quiet:
    made = Quiet(
        title=table.text("title"),
        scenario=_file(table, directory),
        nights=_whole(table, "nights", most=MAX_NIGHTS),
        variables=_variables(table),
        faults=_faults(table),
    )
    table.closed()
    return made


def _faults(table: Table) -> tuple[str, ...]:
    found = table.get("faults") or []
    if not isinstance(found, list) or not all(isinstance(fault, str) for fault in found):
        raise table.error("faults", "must be a list of faults such as deployment@30")
    return tuple(found)


def _watched(table: Table, directory: Path) -> Watched:
    made = Watched(
        title=table.text("title"),
        scenario=_file(table, directory),
        users=_whole(table, "users") if table.get("users") is not None else None,
        seed=_whole(table, "seed", least=0) if table.get("seed") is not None else 1,
        faults=_faults(table),
        stack=_other(table, directory),
        calibrated=table.flag("calibrated", default=False),
        variables=_variables(table),
        note=table.text("note", "") if table.get("note") is not None else "",
    )
    table.closed()
    return made


def _family(table: Table, directory: Path) -> Family:
    made = Family(
        name=table.text("name"),
        title=table.text("title"),
        scenario=_file(table, directory),
        seeds=_whole(table, "seeds", most=MAX_NIGHTS),
        times=_times(table),
        crowds=() if table.get("times") is not None else _crowds(table),
        builds_up=table.flag("builds_up", default=True),
        stack=_other(table, directory),
        variables=_variables(table),
        assumed=_assumed(table),
        calibrated=table.flag("calibrated", default=False),
        note=table.text("note", "") if table.get("note") is not None else "",
    )
    table.closed()
    return made


def _cold(table: Table, directory: Path) -> Family:
    return Family(
        name="cold",
        title=table.text("title"),
        scenario=_file(table, directory),
        crowds=_crowds(table),
        seeds=_whole(table, "seeds", most=MAX_NIGHTS),
        builds_up=False,
    )


def _protection(table: Table, directory: Path) -> Protection:
    made = Protection(table.text("title"), _variables(table), _other(table, directory))
    table.closed()
    return made
