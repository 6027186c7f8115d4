"""AWS limits, defaults and rules of thumb as numbers; the legal sizes of a Fargate task; CloudFront's managed cache policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from analysis.facts.assumptions import FactError, Level, described
from analysis.facts.instances import CONFIDENCES, DATA, sourced_rows


@dataclass(frozen=True, slots=True)
class Limit:
    """A number published by AWS, measured or chosen, with its range. `low` = `high` = `value` where it is exact."""

    name: str
    value: Decimal
    low: Decimal
    high: Decimal
    unit: str
    source: str
    confidence: str
    reason: str

    def at(self, level: Level = "value") -> float:
        """The figure at `level`, as a float in the limit's unit."""
        return float(getattr(self, level))

    @property
    def origin(self) -> str:
        """Where the number comes from: its source, or the reason in place of one."""
        return self.source or self.reason


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """The lifetimes of a CloudFront cache policy, in seconds."""

    name: str
    min_ttl_s: float
    default_ttl_s: float
    max_ttl_s: float
    source: str


@cache
def limits(path: Path = DATA / "limits.csv") -> Mapping[str, Limit]:
    """The limits by name. Raises FactError naming file and line where a row has neither a source nor a reason with a range."""
    found: dict[str, Limit] = {}
    for where, row in sourced_rows(path, excused=True):
        with described(path.name, where):
            value = Decimal(row["value"])
            low, high = Decimal(row["low"] or value), Decimal(row["high"] or value)
            if not low <= value <= high:
                raise ValueError(f"low {low}, value {value} and high {high} are not in this order")
            if row["confidence"] not in CONFIDENCES:
                raise ValueError(f"confidence {row['confidence']!r} is not one of {', '.join(CONFIDENCES)}")
            if not row["unit"]:
                raise ValueError("has no unit")
            made = Limit(
                row["name"], value, low, high, row["unit"], row["source"], row["confidence"], row["reason"].strip()
            )
        if made.name in found:
            raise FactError(path.name, where, f"{made.name} is there twice")
        found[made.name] = made
    return found


def limit(name: str) -> Limit:
    """One limit; LookupError where it is not known."""
    try:
        return limits()[name]
    except KeyError:
        raise LookupError(f"{name} is not in analysis/facts/limits.csv; add its row") from None


@cache
def fargate_sizes(path: Path = DATA / "fargate_sizes.csv") -> Mapping[int, tuple[int, ...]]:
    """The memory sizes in MiB that a Fargate task may have, by its CPU units."""
    return {int(row["cpu_units"]): _sizes(row["memory_mib"]) for _, row in sourced_rows(path)}


def _sizes(text: str) -> tuple[int, ...]:
    """The sizes of `512 1024` or of `2048..8192/1024` (from, to, step)."""
    if ".." not in text:
        return tuple(int(size) for size in text.split())
    first, rest = text.split("..")
    last, step = rest.split("/")
    return tuple(range(int(first), int(last) + 1, int(step)))


@cache
def managed_cache_policies(path: Path = DATA / "cache_policies.csv") -> Mapping[str, CachePolicy]:
    """CloudFront's managed cache policies, by id and by name."""
    found: dict[str, CachePolicy] = {}
    for where, row in sourced_rows(path):
        with described(path.name, where):
            made = CachePolicy(
                row["name"],
                float(row["min_ttl_s"]),
                float(row["default_ttl_s"]),
                float(row["max_ttl_s"]),
                row["source"],
            )
        found[row["id"]] = found[made.name] = made
    return found
