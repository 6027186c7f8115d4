"""The records of simulated nights beside a stack: the nights that it must hold, and the search for a night that happened."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

from analysis import evidence
from analysis.evidence import Record
from analysis.facts import FactError
from analysis.files import RECORD_BYTES, read_text
from analysis.night import calibration_plan, hard_plan
from analysis.night.calibration_plan import SETS, Calibration, folder
from analysis.night.hard_plan import PLAN
from analysis.studies.inputs import inputs
from analysis.studies.study import study

NIGHTS: Final = "nights"
NIGHTS_FILE: Final = "nights.json"
CALIBRATION: Final = "calibration"
CALIBRATION_FILE: Final = "record.json"


def nights_basis(stack: Path) -> dict[str, str]:
    """What the record of the nights that a stack must hold rests on now."""
    return evidence.basis({**inputs([study(stack)]), PLAN: hard_plan.hard_nights(stack)}, ("night",))


def nights_record(stack: Path) -> Record:
    """How the stack did on them. FactError where that is not recorded, or of other nights than those planned."""
    plan = hard_plan.hard_nights(stack)
    record = _read(stack / NIGHTS_FILE, NIGHTS, "gameday nights")
    if [night.get("title") for night in record.content.get("nights", ())] != [night.title for night in plan.nights]:
        raise FactError(NIGHTS_FILE, "", f"is not of the nights of {PLAN}; run `gameday nights` on the stack again")
    return record


def calibration_basis(stack: Path) -> dict[str, str]:
    """What the search beside a stack rests on now."""
    return evidence.basis(
        {**inputs([study(stack)]), "calibration/design.toml": calibration_plan.design(stack)}, ("night", "calibration")
    )


def calibration(stack: Path) -> Calibration:
    """The finished search beside the stack. FactError where there is none, or where its files do not belong together."""
    plan = calibration_plan.design(stack)
    record = _read(folder(stack) / CALIBRATION_FILE, CALIBRATION, "gameday calibrate")
    try:
        rows = tuple(
            {name: float(value) for name, value in row.items() if value != ""}
            for row in csv.DictReader(read_text(folder(stack) / SETS, RECORD_BYTES).splitlines())
        )
    except (OSError, ValueError) as error:
        raise FactError(SETS, "", f"cannot be read ({error}); run `gameday calibrate` on the stack again") from None
    if len(rows) != plan.sets or set(record.content.get("chosen", {}).get("values", ())) != set(plan.free):
        raise FactError(
            plan.file, "", "is not what its record and sets were made of; run `gameday calibrate` on the stack again"
        )
    return Calibration(plan, record.content, rows, record.recorded_on, record.rests_on)


def _read(path: Path, kind: str, command: str) -> Record:
    try:
        record = evidence.read(path, kind)
    except evidence.RecordError as error:
        raise FactError(path.name, "", f"{error}; run `{command}` on the stack again") from None
    if record is None or not isinstance(record.content, dict):
        raise FactError(path.name, "", f"has no record; run `{command}` on the stack")
    return record
