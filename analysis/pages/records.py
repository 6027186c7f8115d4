"""Runbooks and the actions of an analysis, read from the front matter of their pages and shown as tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from markupsafe import Markup

from analysis.drawing import tables
from analysis.drawing.tables import Cell, Column, State, table
from analysis.pages import links, systems
from analysis.pages.frontmatter import FrontMatter, FrontMatterError

SEVERITIES: Mapping[str, State] = {"page": "bad", "ticket": "warn", "planned": "info"}
ACTION_STATES: Mapping[str, State] = {"done": "good", "open": "warn", "dropped": "plain"}


@dataclass(frozen=True, slots=True)
class Action:
    """What is to be done after an incident: who, by when, whether it is done and by which decision or which lines."""

    what: str
    owner: str
    due: dt.date
    state: str
    closed_by: str = ""

    def overdue(self, today: dt.date) -> bool:
        """Whether it is still open after its day."""
        return self.state == "open" and today > self.due


def runbooks(docs: Path, folder: str) -> list[FrontMatter]:
    """The runbooks of a folder. Raises FrontMatterError for one that lacks its severity, trigger or duration."""
    found = systems.folder(docs, folder)
    for page in found:
        _require(page, "severity", SEVERITIES)
        for key in ("trigger", "minutes"):
            if not page.extra.get(key):
                raise FrontMatterError(
                    f"{page.path}: front matter lacks {key}; a runbook says what starts it and how long it takes"
                )
    return found


def runbook_table(docs: Path, folder: str, page: str) -> Markup:
    """The runbooks: what starts each, how urgent it is, how long it takes."""
    rows = []
    for record in runbooks(docs, folder):
        severity = str(record.extra["severity"])
        cells = [
            _linked(page, record),
            str(record.extra["trigger"]),
            tables.chip(SEVERITIES[severity], severity),
            f"{record.extra['minutes']} min",
            record.owner,
        ]
        tags = [str(tag) for tag in record.extra.get("tags") or () if tag != "runbook"]
        alarms = [str(alarm) for alarm in record.extra.get("alarms") or ()]
        rows.append(tables.Row(cells, facets={"severity": [severity], "tag": tags, "alarm": alarms}))
    columns = [
        Column("Runbook", "wide"),
        Column("Start it when", "wide"),
        Column("Severity"),
        Column("Takes", "number"),
        Column("Owner"),
    ]
    return table(columns, rows, label="Runbooks", filters=("severity", "tag", "alarm"))


def where_to_type(region: str) -> str:
    """Where the commands of a runbook run as they stand: they need version 2 of the command line, `jq` and GNU's `date`."""
    return f"Type the commands into AWS CloudShell in {region}, with the role of the platform on-call."


Holds: TypeAlias = Callable[[Mapping[str, Any]], bool]
"""Whether what an action waits for is there, from its `done_when`."""


def actions(meta: Mapping[str, Any], page: str, holds: Holds | None = None) -> list[Action]:
    """The actions in a page's front matter. The state of one with `done_when` is computed by `holds`, else it is given.

    Raises FrontMatterError for an action that lacks a key, has an unknown state, or both gives its state and has it computed.
    """
    found = []
    for number, given in enumerate(meta.get("actions") or (), 1):
        entry = dict(given)
        if "done_when" in entry:
            if "state" in entry:
                raise FrontMatterError(
                    f"{page}: action {number} has state and done_when; leave the state to be computed"
                )
            entry["state"] = "done" if holds is not None and _held(holds, entry["done_when"], page, number) else "open"
        missing = sorted({"what", "owner", "due", "state"} - entry.keys())
        if missing:
            raise FrontMatterError(f"{page}: action {number} lacks {', '.join(missing)}")
        if entry["state"] not in ACTION_STATES:
            raise FrontMatterError(
                f"{page}: action {number}: state is {entry['state']!r}; it must be one of {', '.join(ACTION_STATES)}"
            )
        if not isinstance(entry["due"], dt.date):
            raise FrontMatterError(
                f"{page}: action {number}: due is {entry['due']!r}; write a date, such as 2026-12-01"
            )
        if entry["state"] == "done" and not entry.get("closed_by"):
            raise FrontMatterError(
                f"{page}: action {number} is done; say in closed_by which page or which source line closed it"
            )
        found.append(
            Action(entry["what"], entry["owner"], entry["due"], entry["state"], str(entry.get("closed_by", "")))
        )
    return found


def _held(holds: Holds, wanted: Any, page: str, number: int) -> bool:
    try:
        return holds(wanted)
    except (LookupError, ValueError, TypeError) as error:
        raise FrontMatterError(f"{page}: action {number}: done_when: {error}") from None


def action_state(found: Sequence[Action], today: dt.date) -> Markup:
    """How many actions are done, open and overdue, as chips; a number that is zero is left out."""
    overdue = sum(action.overdue(today) for action in found)
    counts = {state: sum(action.state == state for action in found) for state in ACTION_STATES}
    counts["open"] -= overdue
    parts = [tables.chip(ACTION_STATES[state], f"{count} {state}") for state, count in counts.items() if count]
    if overdue:
        parts.append(tables.chip("bad", f"{overdue} overdue"))
    return Markup(" ").join(parts)


def action_table(found: Sequence[Action], today: dt.date, closed_by: Mapping[str, Cell]) -> Markup:
    """Actions with owner, day and state; `closed_by` maps what an action names to the link it becomes."""
    rows: list[Sequence[Cell]] = []
    for action in found:
        late = action.overdue(today)
        state = tables.chip("bad", "overdue") if late else tables.chip(ACTION_STATES[action.state], action.state)
        rows.append(
            [action.what, action.owner, f"{action.due}", state, closed_by.get(action.closed_by, action.closed_by)]
        )
    columns = [Column("Action", "wide"), Column("Owner"), Column("Due", "code"), Column("State"), Column("Closed by")]
    return table(columns, rows, label="Actions")


def _linked(page: str, record: FrontMatter) -> Cell:
    return Markup("{}<br><small>{}</small>").format(
        tables.link(links.relative(page, record.path), record.title), record.description
    )


def _require(page: FrontMatter, key: str, known: Mapping[str, State]) -> None:
    if page.extra.get(key) not in known:
        raise FrontMatterError(f"{page.path}: {key} is {page.extra.get(key)!r}; it must be one of {', '.join(known)}")
