"""Waiting that a busy machine cannot fail: as long as something is at work, nothing is late."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TypeVar

from supervised import used_cpu_s

Outcome = TypeVar("Outcome")

SLICE_S = 10.0
STILL_SLICES = 6
LEAST_CPU_S = 0.05
"""Processor time of this process and all that it has started below which, in a slice, nothing moves."""


def patiently(
    wait: Callable[[float], Outcome], late: type[Exception], slice_s: float = SLICE_S, slices: int = STILL_SLICES
) -> Outcome:
    """What `wait(seconds)` gives; while it raises `late`, it is asked again, until nothing has moved for `slices` in a row."""
    still = 0
    while True:
        before = used_cpu_s(os.getpid())
        try:
            return wait(slice_s)
        except late:
            moved = used_cpu_s(os.getpid()) - before >= LEAST_CPU_S
            still = 0 if moved else still + 1
            if still >= slices:
                raise


def at_last(condition: Callable[[], object], slice_s: float = 0.05, slices: int = 1200) -> None:
    """Waits for a condition, and fails where it is not met although nothing has moved for `slices` in a row: a minute."""

    def look(seconds: float) -> None:
        if not condition():
            time.sleep(seconds)
            raise TimeoutError("it did not happen, and nothing is at work on it")

    patiently(look, TimeoutError, slice_s, slices)
