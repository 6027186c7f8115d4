"""What people add to an incident for its review: severity, cause, lessons, the flaws that led to it, and actions.

All of it stands under `[review]` of the incident's file and may be left out; what is missing is a question of the report.

    [review]
    status = "in review"                # or draft, reviewed
    severity = "SEV 2"                  # by your own scale
    severity_because = "Checkout failed for some customers."
    cause = "One sentence."
    whys = ["Why did ...? Because ..."]
    went_well = []
    went_wrong = []
    lucky = []
    believed = "What everybody took for granted."
    unknown = ["What nobody knows yet."]
    date_note = "Where the day comes from, if it is not on record."

    [review.flaws]                      # the ids of `# flaw: ID ...` lines in the stack's Terraform
    causes = ["B1"]
    response = []
    hygiene = []

    [review.closed]                     # what closes each flaw: an argument of a stack, a line of a file, or a page
    B1 = "module.service.aws_ecs_service.this desired_count"

    [[review.action]]
    what = "One sentence."
    owner = "Platform lead"             # a role
    due = 2026-12-01
    ticket = "OPS-17"
    status = "open"                     # or done_when, from which the status is computed
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from analysis.facts import FactError
from analysis.facts.assumptions import Table
from analysis.files import read_text

STATUSES = ("draft", "in review", "reviewed")
"""How far the document has got."""

OPEN, WRITTEN = "open", "written"
ACTION_STATUSES = (
    OPEN,
    WRITTEN,
    "reviewed",
    "applied on the emulator",
    "deployed",
    "verified in production",
    "dropped",
)
"""How far an action has got. Nothing is done before it is deployed."""

GROUPS: Mapping[str, str] = {
    "causes": "Causes",
    "response": "What slowed detection and recovery",
    "hygiene": "Hygiene: found on the way",
}
"""The flaws by what they have to do with the incident. Only causes made it happen."""

UNDER_WAY = frozenset(ACTION_STATUSES) - {OPEN, "deployed", "verified in production", "dropped"}
"""Statuses of an action that has begun and changes nothing in production yet."""


@dataclass(frozen=True, slots=True)
class Action:
    """What is to be done: who (a role), by when, under which ticket, how far it is, and what closes it.

    `done_when` is what the Terraform must say; then the status is computed from it.
    """

    what: str
    owner: str
    due: dt.date
    status: str = OPEN
    ticket: str = ""
    closed_by: str = ""
    done_when: Mapping[str, Any] = field(default_factory=dict)

    def overdue(self, today: dt.date) -> bool:
        """Whether it has not begun after its day."""
        return self.status == OPEN and today > self.due


Status: TypeAlias = Callable[[Mapping[str, Any]], str]
"""How far an action is, by what it waits for (`done_when`): one of ACTION_STATUSES."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """A line of the stack's Terraform that is marked as a flaw: its id, what it says, where, and what closes it."""

    id: str
    says: str
    path: Path
    line: int
    closed_by: str = ""


@dataclass(frozen=True)
class Review:
    """The `[review]` of an incident's file; blank where nothing was written."""

    status: str = STATUSES[0]
    severity: str = ""
    severity_because: str = ""
    cause: str = ""
    whys: tuple[str, ...] = ()
    went_well: tuple[str, ...] = ()
    went_wrong: tuple[str, ...] = ()
    lucky: tuple[str, ...] = ()
    believed: str = ""
    unknown: tuple[str, ...] = ()
    date_note: str = ""
    flaws: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    closed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    actions: tuple[Action, ...] = ()


def review(table: Table) -> Review:
    """The table `[review]`, read. Raises FactError with file and key for what is unknown or of another kind."""
    made = Review(
        status=table.choice("status", STATUSES) if "status" in table.entries else STATUSES[0],
        severity=table.text("severity", ""),
        severity_because=table.text("severity_because", ""),
        cause=table.text("cause", ""),
        whys=_texts(table, "whys"),
        went_well=_texts(table, "went_well"),
        went_wrong=_texts(table, "went_wrong"),
        lucky=_texts(table, "lucky"),
        believed=table.text("believed", ""),
        unknown=_texts(table, "unknown"),
        date_note=table.text("date_note", ""),
        flaws=_groups(table),
        closed=_closed(table),
        actions=tuple(_action(each) for each in table.tables("action")),
    )
    table.closed()
    return made


def _texts(table: Table, key: str) -> tuple[str, ...]:
    value = table.get(key) or []
    if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
        raise table.error(key, "must be a list of sentences")
    return tuple(value)


def _groups(table: Table) -> dict[str, tuple[str, ...]]:
    if "flaws" not in table.entries:
        table.get("flaws")
        return {}
    groups = table.table("flaws")
    made = {group: _texts(groups, group) for group in GROUPS}
    groups.closed()
    ids = [flaw for group in made.values() for flaw in group]
    for index, flaw in enumerate(ids):
        if flaw in ids[:index]:
            raise groups.error("", f"names {flaw} twice; a flaw belongs to one group")
    return made


def _closed(table: Table) -> dict[str, tuple[str, ...]]:
    if "closed" not in table.entries:
        table.get("closed")
        return {}
    entries = table.table("closed").entries
    made = {name: tuple(value) if isinstance(value, list) else (value,) for name, value in entries.items()}
    for name, closers in made.items():
        if not all(isinstance(closer, str) and closer for closer in closers):
            raise table.error(f"closed.{name}", "must be a text or a list of texts: what closes the flaw")
    return made


def _action(table: Table) -> Action:
    due = table.get("due")
    if type(due) is not dt.date:
        raise table.error("due", f"is {due!r}; write a date, such as 2026-12-01")
    wanted = table.get("done_when")
    if wanted is not None and not isinstance(wanted, dict):
        raise table.error(
            "done_when", "must be a table: stack, address and argument, or stack and type, or file and line"
        )
    if wanted and "status" in table.entries:
        raise table.error("status", "stands beside done_when, from which it is computed; leave one of them out")
    made = Action(
        what=table.text("what"),
        owner=table.text("owner"),
        due=due,
        status=OPEN if wanted else table.choice("status", ACTION_STATUSES),
        ticket=table.text("ticket", ""),
        closed_by=table.text("closed_by", ""),
        done_when=wanted or {},
    )
    table.closed()
    if (wanted or made.status not in {OPEN, "dropped"}) and not made.closed_by:
        raise table.error("closed_by", "is missing; say which page or which line of a file the action ends in")
    return made


def resolved(actions: tuple[Action, ...], status: Status, file: str) -> tuple[Action, ...]:
    """The actions, each with its status, which `status` gives where it is computed; FactError where it cannot be."""
    return tuple(
        replace(action, status=_status(action, status, f"review.action[{index}].done_when", file))
        if action.done_when
        else action
        for index, action in enumerate(actions)
    )


def _status(action: Action, status: Status, where: str, file: str) -> str:
    try:
        return status(action.done_when)
    except (LookupError, ValueError, TypeError) as error:
        raise FactError(file, where, str(error)) from None


_FLAW = re.compile(r"^\s*# flaw: (?P<id>[A-Z]\d+) (?P<says>\S.*)$")


def marked(directory: Path) -> list[Flaw]:
    """Every line of the stack's Terraform that is marked `# flaw: <id> ...`, by file and line."""
    found = []
    for path in sorted(directory.glob("*.tf")):
        for number, line in enumerate(read_text(path).splitlines(), 1):
            match = _FLAW.match(line)
            if match:
                found.append(Flaw(match["id"], match["says"], path, number))
    return found


def grouped(directory: Path, written: Review, file: str) -> dict[str, tuple[Flaw, ...]]:
    """The marked flaws of the stack by group, each with what closes it, in the order of their ids.

    Raises FactError where a marked flaw is in no group, a group names one that is not marked, or lines and closers of an id
    differ in number. Nothing where the review has no groups.
    """
    if not written.flaws:
        return {}
    lines: dict[str, list[Flaw]] = {}
    for flaw in marked(directory):
        lines.setdefault(flaw.id, []).append(flaw)
    named = [flaw for group in written.flaws.values() for flaw in group]
    for flaw_id in sorted({*lines, *named, *written.closed}):
        there, closers = len(lines.get(flaw_id, ())), len(written.closed.get(flaw_id, ()))
        if flaw_id not in named:
            raise FactError(
                file, "review.flaws", f"has no group with {flaw_id}, which marks {there} lines; add it to one"
            )
        if there == 0 or there != closers:
            raise FactError(
                file, f"review.closed.{flaw_id}", f"has {closers} closers, and {there} lines are marked with {flaw_id}"
            )
    return {
        group: tuple(
            replace(flaw, closed_by=closer)
            for flaw_id in sorted(ids, key=lambda name: (name[0], int(name[1:])))
            for flaw, closer in zip(lines[flaw_id], written.closed[flaw_id], strict=True)
        )
        for group, ids in written.flaws.items()
    }
