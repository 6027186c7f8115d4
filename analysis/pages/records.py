"""Runbooks, read from the front matter of their pages and shown as a table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

from analysis.drawing import tables
from analysis.drawing.tables import Cell, Column, State, table
from analysis.pages import links, systems
from analysis.pages.frontmatter import FrontMatter, FrontMatterError

SEVERITIES: Mapping[str, State] = {"page": "bad", "ticket": "warn", "planned": "info"}


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


def _linked(page: str, record: FrontMatter) -> Cell:
    return Markup("{}<br><small>{}</small>").format(
        tables.link(links.relative(page, record.path), record.title), record.description
    )


def _require(page: FrontMatter, key: str, known: Mapping[str, State]) -> None:
    if page.extra.get(key) not in known:
        raise FrontMatterError(f"{page.path}: {key} is {page.extra.get(key)!r}; it must be one of {', '.join(known)}")
