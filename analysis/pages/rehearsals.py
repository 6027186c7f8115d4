"""Rehearsals on the pages: when a runbook was last rehearsed, with what, and how each step went."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from analysis import evidence, terraform
from analysis.architecture import Architecture
from analysis.drawing import tables
from analysis.drawing.tables import Cell, Column, Row
from analysis.pages import infrastructure, model
from analysis.pages.reads import cache
from analysis.rehearsal import aws as rehearsal_aws
from analysis.rehearsal import faults as rehearsal_faults
from analysis.rehearsal import record as rehearsal_record
from analysis.rehearsal.shapes import SHAPES
from analysis.runbooks import page as pages

COMMAND = "gameday rehearse --stack terraform/stacks/{} --record"

_SOURCES = {
    "matched, emulator": "as shown",
    "matched, declared": "as shown, on a declared answer",
    "matched, shell": "as shown, by the shell alone",
    "differed": "otherwise than shown",
    "refused": "refused",
    "left out": "not rehearsed",
}


def macros(root: Path, here: Callable[[], str]) -> tuple[Callable[..., Markup], ...]:
    """The macros of this subject; `here` gives the page that calls one."""

    def of_page(name: str) -> Markup:
        """When and with what the runbook at hand was last rehearsed, and how each step went."""
        return rehearsed(root, name, here())

    def rehearsal_overview(name: str) -> Markup:
        """How many commands of a stack's runbooks were answered as shown."""
        return overview(root, name)

    of_page.__name__ = "rehearsed"  # by this name pages call it
    return of_page, rehearsal_overview, rehearsal_shapes, rehearsal_versions


def filled(root: Path) -> Callable[[str], str]:
    """What the macro `value` in a command or an answer gives; any other stays as it stands on the page."""
    environment = jinja2.Environment(autoescape=False)  # noqa: S701 (a command line, not HTML)

    def value(name: str, address: str, argument: str = "") -> str:
        return infrastructure.plain(model.model(root, name), address, argument)

    def fill(inside: str) -> str:
        try:
            return str(environment.compile_expression(inside, undefined_to_none=False)(value=value))
        except (jinja2.TemplateError, LookupError, TypeError, ValueError):
            return "{{ " + inside + " }}"

    return fill


@cache
def faults(stack: Path) -> rehearsal_faults.Faults:
    """The faults beside a stack."""
    return rehearsal_faults.read(stack / rehearsal_faults.FILE_NAME)


def rehearsed(root: Path, name: str, page: str) -> Markup:
    """When and with what a runbook was last rehearsed, its fault, AWS's turns, and each step with its seconds.

    `page` is the page's path below `docs`. What is stale or was never rehearsed says so.
    """
    stack = root / "terraform" / "stacks" / name
    record = _record(stack)
    found = record.content["pages"].get(Path(page).name) if record else None
    if record is None or found is None:
        return warning(f"Never rehearsed. `{COMMAND.format(name)}` does it.")
    counted = rehearsal_record.of_page(found)
    parts = [Markup('<div class="rehearsed">')]
    if reason := stale(root, name, page, record):
        parts.append(warning(reason))
    parts.append(Markup("<p>{}</p>").format(_summary(record, found, counted)))
    sentences = [evening["says"] for evening in found["evenings"]]
    turns = [turn for evening in found["evenings"] for turn in evening["turns"]]
    parts.append(Markup("<p><strong>What was wrong.</strong> {}</p>").format(" On another evening: ".join(sentences)))
    if turns:
        parts.append(
            Markup(
                "<p><strong>AWS's part,</strong> which the emulator does not play and the rehearsal did: {}</p>"
            ).format(" ".join(turns))
        )
    rows: list[Row | list[Cell]] = [[_step(step), _result(step), f"{step['seconds']:.1f} s"] for step in found["steps"]]
    columns = [Column("Step"), Column("Answers", "wide"), Column("Took", "number")]
    parts.append(
        Markup("<details><summary>Step by step</summary>{}</details></div>").format(
            tables.table(columns, rows, label="Rehearsal")
        )
    )
    return Markup("").join(parts)


@cache
def resolved(stack: Path) -> Architecture:
    """A stack, resolved once for all pages."""
    return terraform.load(stack)


def _record(stack: Path) -> evidence.Record | None:
    return evidence.read(evidence.beside(stack, rehearsal_record.KIND), rehearsal_record.KIND)


def _summary(record: evidence.Record, found: Mapping[str, Any], counted: Mapping[str, int]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in record.content["versions"].items())
    text = (
        f"Last rehearsed on {record.recorded_on} ({versions}): {counted['matched']} of {counted['commands']} commands were "
        f"answered as this page shows, in {found['seconds']:.0f} s."
    )
    if declared := counted.get("matched, declared", 0):
        rest = "rests" if declared == 1 else "rest"
        text += f" {declared} of them {rest} on an answer that was declared: the emulator does not have it."
    if left := counted.get("left out", 0):
        text += f" {left} could not be rehearsed."
    return text


def _step(step: Mapping[str, Any]) -> str:
    return f"{step['title'] or step['kind'] or 'Command'}, line {step['line']}"


def _result(step: Mapping[str, Any]) -> str:
    said = ", ".join(
        f"{number} {_SOURCES.get(word, word)}" for word, number in sorted(step["commands"].items(), reverse=True)
    )
    return f"{said}: {'; '.join(step['reasons'])}" if step.get("reasons") else said


def stale(root: Path, name: str, page: str, record: evidence.Record) -> str:
    """A sentence where page, fault or Terraform have changed since the record was made, else nothing."""
    stack = root / "terraform" / "stacks" / name
    if Path(page).name not in record.content["pages"]:
        return f"Never rehearsed. `{COMMAND.format(name)}` does it."
    runbook = pages.read(root / "docs" / page, filled(root), name=Path(page).name)
    now = rehearsal_record.basis(resolved(stack), faults(stack), [runbook])
    changed = [rested for rested, digest in now.items() if record.rests_on.get(rested) != digest]
    if rehearsal_record.page_input(runbook.path) in changed:
        return f"Commands, answers or fault have changed since {record.recorded_on}; `{COMMAND.format(name)}` rehearses again."
    if changed:
        return (
            f"Since {record.recorded_on} have changed: {', '.join(changed)}; `{COMMAND.format(name)}` rehearses again."
        )
    return ""


def warning(text: str) -> Markup:
    """A box that says that what was tried is not what stands here."""
    return Markup(
        '<div class="admonition warning"><p class="admonition-title">Not rehearsed as it stands</p><p>{}</p></div>'
    ).format(text)


def overview(root: Path, name: str) -> Markup:
    """The shares of all runbooks of a stack: how many commands were answered as shown, on what that rests, what was left out."""
    stack = root / "terraform" / "stacks" / name
    record = _record(stack)
    if record is None:
        return warning(f"Never rehearsed. `{COMMAND.format(name)}` does it.")
    shares = record.content["shares"]
    rows: list[Row | list[Cell]] = [
        [text, f"{shares.get(key, 0)}"]
        for key, text in (
            ("commands", "commands in blocks"),
            ("matched by the emulator", "answered as shown, by the state that the emulator holds"),
            ("matched as declared", "answered as shown, on an answer declared for what the emulator does not have"),
            ("matched by the shell", "answered as shown, by the shell alone"),
            ("differed", "answered otherwise"),
            ("refused", "refused, because they would leave this machine"),
            ("left out", "not rehearsed, with the reason on their page"),
        )
    ]
    return tables.table([Column("What", "wide"), Column("Commands", "number")], rows, label="Rehearsed commands")


def rehearsal_shapes() -> Markup:
    """What may differ between a page and a rehearsal, with the reason."""
    rows: list[Row | list[Cell]] = [
        [shape.name, shape.reason, "the same again" if shape.bound else "any"] for shape in SHAPES
    ]
    columns = [Column("What"), Column("Why", "wide"), Column("Where the page shows it twice")]
    return tables.table(columns, rows, label="What is compared by its shape")


def rehearsal_versions() -> Markup:
    """Where versions 1 and 2 of the AWS command line differ, and what a rehearsal does about it."""
    rows: list[Row | list[Cell]] = [[text.replace("`", "") for text in row] for row in rehearsal_aws.DIFFERENCES]
    columns = [
        Column("What", "wide"),
        Column("Version 2, the reader's"),
        Column("Version 1, here"),
        Column("In a rehearsal", "wide"),
    ]
    return tables.table(columns, rows, label="Versions of the command line")
