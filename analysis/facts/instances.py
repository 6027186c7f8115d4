"""Instance classes: processors, memory, burst credits, network, storage bandwidth. Each row names its source."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from analysis.facts.assumptions import FactError, described

DATA = Path(__file__).parent
CONFIDENCES = ("high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Instance:
    """One class of EC2, RDS or ElastiCache. What does not apply is None."""

    instance_class: str
    service: str
    architecture: str
    vcpu: int
    memory_gib: float
    baseline_percent_per_vcpu: float | None
    credits_per_hour: float | None
    max_credits: float | None
    network_baseline_gbps: float | None
    network_burst_gbps: float | None
    ebs_baseline_mbps: float | None
    ebs_max_mbps: float | None
    ebs_baseline_iops: float | None
    ebs_max_iops: float | None
    max_memory_bytes: float | None
    source: str
    confidence: str

    @property
    def burstable(self) -> bool:
        """Whether the processor runs on credits."""
        return self.baseline_percent_per_vcpu is not None

    @property
    def baseline_vcpu(self) -> float:
        """Processors that are there for ever: all of them, or the baseline of a burstable class."""
        return self.vcpu * (self.baseline_percent_per_vcpu or 100.0) / 100.0

    @property
    def memory_bytes(self) -> float:
        """Nominal memory."""
        return self.memory_gib * 2**30


def sourced_rows(path: Path, excused: bool = False) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The rows of a CSV file with the place of each, for messages (`file, line N`).

    Raises FactError where a row has no source; `excused` rows may have value, low, high and reason instead.
    """
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        for row in reader:
            where = f"line {reader.line_num}"
            if None in row or None in row.values():
                raise FactError(path.name, where, "has another number of columns than the header")
            if not row["source"].strip():
                if not excused:
                    raise FactError(path.name, where, "has no source; every row names one")
                missing = [column for column in ("value", "low", "high", "reason") if not row[column].strip()]
                if missing:
                    raise FactError(path.name, where, f"has no source; then it needs {', '.join(missing)} as well")
            yield where, row


def _number(text: str) -> float | None:
    if not text:
        return None
    number = float(text)
    if not math.isfinite(number) or number < 0:
        raise ValueError(f"{text!r} is not a number from zero up")
    return number


def _sources(path: Path) -> Mapping[str, str]:
    """Where the facts of the classes come from, by key: hundreds of classes share a source."""
    with path.open(encoding="utf-8", newline="") as lines:
        return {row["key"]: row["source"] for row in csv.DictReader(lines)}


def _instance(row: Mapping[str, str], sources: Mapping[str, str]) -> Instance:
    numbers = {key: _number(row[key]) for key in list(row)[5:15]}
    if row["confidence"] not in CONFIDENCES:
        raise ValueError(f"confidence {row['confidence']!r} is not one of {', '.join(CONFIDENCES)}")
    if row["source"] not in sources:
        raise ValueError(f"source {row['source']!r} is no key of instance_sources.csv")
    return Instance(
        instance_class=row["instance_class"],
        service=row["service"],
        architecture=row["architecture"],
        vcpu=int(row["vcpu"]),
        memory_gib=float(row["memory_gib"]),
        source=sources[row["source"]],
        confidence=row["confidence"],
        **numbers,
    )


@cache
def instances(path: Path = DATA / "instances.csv") -> Mapping[str, Instance]:
    """The instance classes by name: `t3.micro`, `db.t3.micro`, `cache.t4g.small`."""
    found: dict[str, Instance] = {}
    sources = _sources(DATA / "instance_sources.csv")
    for where, row in sourced_rows(path):
        with described(path.name, where):
            made = _instance(row, sources)
        if made.instance_class in found:
            raise FactError(path.name, where, f"{made.instance_class} is there twice")
        found[made.instance_class] = made
    return found


def instance(instance_class: str) -> Instance:
    """The facts of one class; LookupError with what to do where it is not known."""
    try:
        return instances()[instance_class]
    except KeyError:
        raise LookupError(
            f"{instance_class} is not in analysis/facts/instances.csv; add its row with a source"
        ) from None
