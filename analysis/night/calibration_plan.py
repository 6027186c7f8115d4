"""How the unknown numbers of a night that happened were found: reported symptoms, free assumptions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.facts.assumptions import Table, toml

FOLDER = "calibration"
DESIGN, SETS = "design.toml", "sets.csv"

MEASURES = ("errors_below", "latency_p95_below", "errors", "age_p50", "alarms", "database_busy")
USES = ("fit", "test", "given", "unexplained")
"""`fit`: sets are chosen by it. `test`: kept out of the choice, and compared with the chosen. `given`: the Terraform alone
decides. `unexplained`: the model does not show it; the record says so."""

MOST_SETS = 100_000
Minutes = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Symptom:
    """What was reported about a night: a figure, how far off still counts as met, and over which minutes from kick-off.

    `users` limits a measure to minutes with at most so many users.
    """

    name: str
    says: str
    source: str
    reason: str
    measure: str
    use: str
    value: float
    tolerance: float
    unit: str
    minutes: Minutes | None = None
    users: float | None = None

    def distance(self, figure: float) -> float:
        """How far a figure is off, in tolerances; up to 1 is met. A tolerance of zero asks for the figure itself."""
        if not self.tolerance:
            return 0.0 if figure == self.value else float("inf")
        return abs(figure - self.value) / self.tolerance


@dataclass(frozen=True, slots=True)
class Design:
    """The plan of a search: how many sets, with which seeds, over which assumptions, against which symptoms."""

    file: str
    seed: int
    sets: int
    seeds: int
    near: float
    free: tuple[str, ...]
    symptoms: tuple[Symptom, ...]
    windows: tuple[Minutes, ...]

    def used(self, *uses: str) -> tuple[Symptom, ...]:
        """The symptoms that are used so."""
        return tuple(symptom for symptom in self.symptoms if symptom.use in uses)


@dataclass(frozen=True)
class Calibration:
    """A finished search: its design, its record, and every set that was tried, one row each with the figures it gave."""

    design: Design
    record: Mapping[str, Any]
    sets: tuple[Mapping[str, float], ...]
    recorded_on: dt.date
    rests_on: Mapping[str, str]

    @property
    def values(self) -> Mapping[str, float]:
        """The chosen values by the names of their assumptions."""
        return {str(name): float(value) for name, value in self.record["chosen"]["values"].items()}

    def crowd(self, runtime: str) -> Mapping[str, float]:
        """The chosen values without those of the runtime profile: what can be brought to another stack."""
        return {name: value for name, value in self.values.items() if not name.startswith(f"{runtime}.")}


def folder(stack: Path) -> Path:
    """Where the search for a stack in the directory `stack` stands."""
    return stack / FOLDER


def design(stack: Path) -> Design:
    """The plan beside the stack. FactError, with the key, where something is missing, unknown or out of range."""
    path = folder(stack) / DESIGN
    table = toml(
        path,
        f"{stack.resolve().name}/{FOLDER}/{DESIGN}",
        "write one, with [sweep] (the assumptions that are free) and [[symptom]] (what was reported of the night)",
    )
    sweep = table.table("sweep")
    free = sweep.get("free")
    if not isinstance(free, list) or not free or not all(isinstance(name, str) for name in free):
        raise sweep.error("free", "must be a list of names of assumptions")
    if len(set(free)) < len(free):
        raise sweep.error("free", "names an assumption twice")
    made = Design(
        file=table.file,
        seed=int(sweep.number("seed", minimum=0)),
        sets=int(sweep.number("sets", minimum=1)),
        seeds=int(sweep.number("seeds", minimum=1)),
        near=float(sweep.number("near", minimum=1)),
        free=tuple(free),
        symptoms=tuple(_symptom(entry) for entry in table.tables("symptom", at_least=1)),
        windows=tuple(_closed_minutes(entry) for entry in table.tables("window")),
    )
    if made.sets > MOST_SETS:
        raise sweep.error("sets", f"is {made.sets}; no more than {MOST_SETS} are tried")
    sweep.closed()
    table.closed()
    return made


def _closed_minutes(table: Table) -> Minutes:
    found = _minutes(table)
    table.closed()
    return found


def _minutes(table: Table) -> Minutes:
    found = table.get("minutes")
    if not isinstance(found, list) or len(found) != 2 or not found[0] < found[1]:
        raise table.error("minutes", "must be two minutes from kick-off, the earlier first")
    return float(found[0]), float(found[1])


def _symptom(table: Table) -> Symptom:
    measure = table.choice("measure", MEASURES)
    made = Symptom(
        name=table.text("name"),
        says=table.text("says"),
        source=table.text("source"),
        reason=table.text("reason", ""),
        measure=measure,
        use=table.choice("use", USES),
        value=float(table.number("value", minimum=0)),
        tolerance=float(table.number("tolerance", minimum=0)),
        unit=table.text("unit"),
        minutes=None if measure == "alarms" else _minutes(table),
        users=float(table.number("users", minimum=1)) if measure.endswith("_below") else None,
    )
    table.closed()
    return made
