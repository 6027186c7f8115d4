"""Threads of a worker on a fixed share of a processor: more of them wait together, and each request costs more."""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise
from pathlib import Path

from analysis import facts
from analysis.demand.path import Given, RequestPath
from analysis.facts import Level, Runtime

FILE = Path(facts.__file__).parent / "threads.toml"


@cache
def _measured(level: Level) -> tuple[tuple[float, float], ...]:
    """The points that were measured: logarithm of the number of threads, factor on CPU time."""
    found = facts.assumptions(FILE)
    return ((0.0, 1.0), *((math.log2(count), found[f"factor_{count}"].at(level)) for count in (2, 4, 8)))


def cpu_factor(threads: float, level: Level = "value") -> float:
    """By how much CPU time per request grows with so many threads a worker: 1 for one, then as measured, even beyond eight.

    Between the points in a straight line over the logarithm. ValueError below one thread.
    """
    if threads < 1:
        raise ValueError(f"a worker has at least one thread, not {threads:g}")
    points = _measured(level)
    at = math.log2(threads)
    for (left, low), (right, high) in pairwise(points):
        if at <= right:
            return low + (high - low) * (at - left) / (right - left)
    return points[-1][1]


def threads(path: RequestPath, profile: Runtime) -> Given:
    """Threads of each worker: what the Terraform sets, else one. An event loop has one, whatever is set."""
    if path.threads is None or profile.concurrency == "event_loop":
        return Given("threads", 1, "thread", f"runtime profile {profile.name}")
    return path.threads
