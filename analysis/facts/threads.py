"""Threads of a worker on a fixed share of a processor: more of them wait together, and each request costs more."""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise

from analysis.facts.assumptions import Level, assumptions
from analysis.facts.instances import DATA

THREADS = DATA / "threads.toml"
"""By how much CPU time per request grows with the threads of a worker, as measured."""


@cache
def _measured(level: Level) -> tuple[tuple[float, float], ...]:
    """The points that were measured: logarithm of the number of threads, factor on CPU time."""
    found = assumptions(THREADS)
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
