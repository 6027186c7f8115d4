"""What a stack showed on the emulated AWS: the record beside it, as tables, and what the emulator cannot show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from markupsafe import Markup

from analysis import evidence
from analysis.drawing.tables import Column, State, chip, table
from analysis.emulator import LIMITS, invented
from analysis.pages.model import Model, models
from analysis.validation import cycle

STATES: Mapping[str, State] = {"passed": "good", "partly": "warn", "failed": "bad", "skipped": "plain"}
HOW = {"answered": "answered by us", "corrected": "its answer corrected", "patched": "its class corrected"}


def applied(model: Model) -> Markup:
    """The run of a stack, step by step, with seconds, versions and date; says so where the Terraform has changed since."""
    record = _record(model)
    if record is None:
        return Markup("<p>{}</p>").format(f"{model.name} has not been applied on the emulated AWS.")
    rows = [
        [step["name"], chip(STATES[step["status"]], step["status"]), f"{step['seconds']:.0f}", _said(step)]
        for step in record.content["phases"]
    ]
    versions = ", ".join(f"{name} {version}" for name, version in record.content["versions"].items())
    parts = [
        f"Recorded on {record.recorded_on} with {versions}",
        evidence.stale(record, cycle.basis(model.architecture)),
    ]
    columns = [Column("Step", "code"), Column("Result"), Column("Seconds", "number"), Column("What happened", "wide")]
    caption = "; ".join(part for part in parts if part)
    return table(columns, rows, label=f"{model.name} applied on the emulated AWS", caption=f"{caption}.")


def status(model: Model) -> str:
    """How far a stack has got: applied on the emulator, where the record of that is passed and fresh, else written.

    What was deployed, or verified in production, no record of this project can say yet.
    """
    record = _record(model)
    if record is None or evidence.stale(record, cycle.basis(model.architecture)):
        return "written"
    whole = all(step["status"] in {"passed", "skipped"} for step in record.content["phases"])
    return "applied on the emulator" if whole else "written"


def _record(model: Model) -> evidence.Record | None:
    return evidence.read(evidence.beside(model.directory, cycle.KIND), cycle.KIND)


def _said(step: Mapping[str, Any]) -> str:
    return "; ".join((step["message"], *step["details"]))


def applied_subjects(model: Model) -> Markup:
    """What was read back from the emulator, by subject, and how many attributes differ from the code."""
    record = _record(model)
    if record is None:
        return Markup("")
    rows = [
        [one["name"], str(one["resources"]), f"{one['attributes']:,}", str(one["differing"])]
        for one in record.content["subjects"]
    ]
    columns = [
        Column("Read back from the emulator", "head"),
        Column("Resources", "number"),
        Column("Attributes", "number"),
        Column("Differing", "number"),
    ]
    types = record.content["unread"]
    caption = f"Of {sum(types.values())} further resources of {len(types)} types only the second plan speaks."
    return table(columns, rows, label=f"{model.name} as the emulator had it", caption=caption)


def emulator_rows() -> Markup:
    """What the front answers in moto's place, by service, with the reason."""
    rows = []
    for (service, kind, why), found in groupby(
        sorted(invented(), key=lambda row: (row.service, row.kind, row.why)),
        key=lambda row: (row.service, row.kind, row.why),
    ):
        rows.append([service, ", ".join(row.operation for row in found), HOW[kind], why])
    columns = [Column("Service", "code"), Column("Operations", "wide"), Column("How"), Column("Why", "wide")]
    return table(columns, rows, label="Answered by us, not by moto")


def emulator_limits() -> Markup:
    """What no run on the emulator can show."""
    columns = [Column("Subject", "head"), Column("What the emulator does not show", "wide")]
    return table(columns, [[subject, sentence] for subject, sentence in LIMITS], label="What the emulator cannot do")


def macros(root: Path) -> tuple[Callable[..., Markup], ...]:
    """The macros of this module."""

    def applied_steps(name: str) -> Markup:
        """The run of a stack on the emulated AWS."""
        return applied(models(root)[name])

    def applied_view(name: str) -> Markup:
        """What the emulator had of a stack, by subject."""
        return applied_subjects(models(root)[name])

    return applied_steps, applied_view, emulator_rows, emulator_limits
