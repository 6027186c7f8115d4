"""How long AWS supports the versions of what it runs: database engines, Kubernetes, Lambda runtimes, each row with its source."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from analysis.facts.assumptions import FactError, described
from analysis.facts.instances import CONFIDENCES, sourced_rows

DATA = Path(__file__).parent / "engine_support.csv"


@dataclass(frozen=True, slots=True)
class Support:
    """The support of one version. A day that is not known, or not announced yet, is None.

    `standard_ends` is the last day of standard support. From `year1_from` on extended support is charged, from `year3_from` on at
    the price of the third year; where the first is None none is sold and AWS upgrades. `extended_ends` is its last day.
    """

    engine: str
    version: str
    standard_ends: dt.date | None
    year1_from: dt.date | None
    year3_from: dt.date | None
    extended_ends: dt.date | None
    source: str
    confidence: str
    note: str = ""

    def charged(self, day: dt.date) -> int:
        """The year of extended support whose price counts on a day: 0 where none does yet, 1 (years 1 and 2), or 3."""
        if self.year3_from is not None and day >= self.year3_from:
            return 3
        return 1 if self.year1_from is not None and day >= self.year1_from else 0


@cache
def supports(path: Path = DATA) -> Mapping[str, tuple[Support, ...]]:
    """The supported versions by engine: `rds-mysql`, `aurora-postgresql`, `elasticache-redis`, `eks`, `lambda`."""
    found: dict[str, list[Support]] = {}
    for where, row in sourced_rows(path):
        with described(path.name, where):
            support = _support(row)
        if any(other.version == support.version for other in found.setdefault(support.engine, [])):
            raise FactError(path.name, where, f"{support.engine} {support.version} is there twice")
        found[support.engine].append(support)
    return {engine: tuple(versions) for engine, versions in found.items()}


def _support(row: Mapping[str, str]) -> Support:
    def day(name: str) -> dt.date | None:
        return dt.date.fromisoformat(row[name]) if row[name] else None

    if row["confidence"] not in CONFIDENCES:
        raise ValueError(f"confidence {row['confidence']!r} is not one of {', '.join(CONFIDENCES)}")
    return Support(
        row["engine"],
        row["version"],
        day("standard_ends"),
        day("year1_from"),
        day("year3_from"),
        day("extended_ends"),
        row["source"],
        row["confidence"],
        row["note"],
    )


def support(engine: str, version: str) -> Support | None:
    """The support of a version, by its longest beginning that has a row: `8.0.36` is `8.0`. None where there is none."""
    versions = [row for row in supports().get(engine, ()) if f"{version}.".startswith(f"{row.version}.")]
    return max(versions, key=lambda row: len(row.version), default=None)


def newer(engine: str, version: str) -> bool:
    """Whether a version without a row comes after all that have one: then its support has not ended."""
    known = [_numbers(row.version) for row in supports().get(engine, ())]
    return bool(known) and _numbers(version) > max(known)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))
