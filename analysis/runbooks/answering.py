"""Alarms and runbooks, both ways: every alarm and notice names a page that exists, every page answers alarms that exist."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.architecture import Architecture, Location, Resource
from analysis.runbooks.findings import Finding
from analysis.runbooks.page import Runbook, read

_ALARMS = ("aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm")
_IN_TEXT = re.compile(r"\bRunbook:\s*([\w-]+)")


@dataclass(frozen=True, slots=True)
class Caller:
    """Something of a stack that calls for a runbook: an alarm, or a rule that sends a notice of an event."""

    name: str
    runbook: str
    severity: str
    kind: str
    location: Location


def callers(stack: Architecture) -> tuple[Caller, ...]:
    """The alarms of a stack, and the event rules whose description names a runbook, by their addresses.

    An alarm names its runbook in the tag `runbook`, or as `Runbook: NAME` in its description; a notice in its description.
    """
    found = []
    for resource in stack.of_type(*_ALARMS):
        tags = resource.values.get("tags")
        said = tags if isinstance(tags, Mapping) else {}
        runbook = said.get("runbook") or _named(resource, "alarm_description")
        name = resource.values.get("alarm_name")
        severity = said.get("severity")
        found.append(
            Caller(
                name if isinstance(name, str) else resource.address, _slug(runbook),
                severity if isinstance(severity, str) else "", "alarm", resource.defined_at,
            )
        )  # fmt: skip
    for resource in stack.of_type("aws_cloudwatch_event_rule"):
        runbook = _named(resource, "description")
        if runbook:
            found.append(
                Caller(str(resource.values.get("name")), _slug(runbook), "page", "notice", resource.defined_at)
            )
    return tuple(found)


def _named(resource: Resource, attribute: str) -> str:
    text = resource.values.get(attribute)
    found = _IN_TEXT.search(text) if isinstance(text, str) else None
    return found[1] if found else ""


def _slug(value: object) -> str:
    return value.rpartition("/")[2].removesuffix(".md") if isinstance(value, str) else ""


def folder(directory: Path, name: str = "") -> dict[str, Runbook]:
    """The runbooks of a folder by the names that alarms call them; its index and other pages are left out. Raises PageError."""
    books = {}
    for path in sorted(directory.glob("*.md")):
        book = read(path, name=f"{name or directory}/{path.name}")
        if book.is_runbook:
            books[path.stem] = book
    return books


def disagreements(callers_: Sequence[Caller], books: Mapping[str, Runbook]) -> tuple[Finding, ...]:
    """Where alarms, notices and runbooks differ: a page that is missing, an alarm that is not listed, or listed elsewhere."""
    found = []
    alarms = {caller.name: caller for caller in callers_ if caller.kind == "alarm"}
    for caller in callers_:
        file, line, column = caller.location.file, caller.location.line, caller.location.column
        subject = f"the {caller.kind} {caller.name}"
        if not caller.runbook:
            found.append(Finding(file, line, column, "alarm", f"{subject} names no runbook", "add the tag `runbook`"))
        elif caller.runbook not in books:
            what = f"{subject} names the runbook {caller.runbook}, which does not exist"
            found.append(Finding(file, line, column, "alarm", what, f"write {caller.runbook}.md, or name another"))
        elif caller.kind == "alarm" and caller.name not in books[caller.runbook].alarms:
            what = f"{subject} names the runbook {caller.runbook}, which does not list it"
            found.append(Finding(file, line, column, "alarm", what, f"add it to `alarms` of {caller.runbook}.md"))
    for slug, book in sorted(books.items()):
        for alarm in dict.fromkeys(book.alarms):
            if alarm not in alarms:
                found.append(
                    Finding(book.path, 1, 1, "alarm", f"lists the alarm {alarm}, which does not exist", "leave it out")
                )
            elif alarms[alarm].runbook != slug:
                what = f"lists {alarm}, which names {alarms[alarm].runbook}"
                found.append(
                    Finding(book.path, 1, 1, "alarm", what, "list it on one page, and name that page in its tag")
                )
            if book.alarms.count(alarm) > 1:
                found.append(Finding(book.path, 1, 1, "alarm", f"lists {alarm} twice", "keep one"))
        urgent = {alarms[alarm].severity for alarm in book.alarms if alarm in alarms}
        wanted = "page" if "page" in urgent else "ticket"
        if urgent and book.severity != wanted:
            what = f"says severity {book.severity or 'nothing'}, and the most urgent of its alarms says {wanted}"
            found.append(Finding(book.path, 1, 1, "alarm", what, f"write `severity: {wanted}`"))
    return tuple(sorted(found))
