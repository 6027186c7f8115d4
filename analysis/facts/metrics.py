"""The metrics AWS publishes: their dimensions, unit, range of values, and whether a zero is published at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias, cast, get_args

from analysis.facts.assumptions import FactError, described
from analysis.facts.instances import DATA, sourced_rows

WhenZero: TypeAlias = Literal["published", "idle", "absent"]
"""`published`: always there. `idle`: absent while nothing flows. `absent`: a zero is never published, but missing."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of an AWS service.

    `dimensions` lists the sets under which it is published; an alarm on any other set sees no data. `low` and `high` bound a
    single sample (None: no bound). `statistics` are the only valid ones where AWS says so, else empty. `every_s` is the shortest
    interval between datapoints. `needs` names a setting without which it is not published.
    """

    namespace: str
    name: str
    dimensions: tuple[frozenset[str], ...]
    unit: str
    low: float | None
    high: float | None
    statistics: tuple[str, ...]
    when_zero: WhenZero
    every_s: int
    needs: str
    source: str


@cache
def metrics(path: Path = DATA / "metrics.csv") -> Mapping[tuple[str, str], Metric]:
    """The catalogue by namespace and metric name. Raises FactError naming file and line where a row makes no sense."""
    found: dict[tuple[str, str], Metric] = {}
    for where, row in sourced_rows(path):
        with described(path.name, where):
            made = _metric(row)
        if (made.namespace, made.name) in found:
            raise FactError(path.name, where, f"{made.namespace} {made.name} is there twice")
        found[made.namespace, made.name] = made
    return found


@cache
def metric_namespaces() -> frozenset[str]:
    """The namespaces of the catalogue: what is in one of them but not in the catalogue does not exist."""
    return frozenset(namespace for namespace, _ in metrics())


def _metric(row: Mapping[str, str]) -> Metric:
    if not row["namespace"] or not row["metric"] or not row["unit"]:
        raise ValueError("needs namespace, metric and unit")
    if row["when_zero"] not in get_args(WhenZero):
        raise ValueError(f"when_zero {row['when_zero']!r} is not one of {', '.join(get_args(WhenZero))}")
    low, high = (float(row[end]) if row[end] else None for end in ("low", "high"))
    if low is not None and high is not None and low >= high:
        raise ValueError(f"low {low:g} is not below high {high:g}")
    if (every_s := int(row["every_s"])) < 1:
        raise ValueError(f"every_s {every_s} is not a number of seconds")
    return Metric(
        namespace=row["namespace"],
        name=row["metric"],
        dimensions=tuple(frozenset(filter(None, names.split("+"))) for names in row["dimensions"].split("|")),
        unit=row["unit"],
        low=low,
        high=high,
        statistics=tuple(row["statistics"].split()),
        when_zero=cast("WhenZero", row["when_zero"]),
        every_s=every_s,
        needs=row["needs"],
        source=row["source"],
    )
