"""How many instances of a program a load asks for: what target tracking wants, and what schedules keep."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from analysis.demand.calendar import Window
from analysis.network.load import Rates
from analysis.network.model import EVERYWHERE, Station, Unit

Rate: TypeAlias = Callable[..., Rates]
"""What a station is asked for a second in these units together, moment by moment."""

COUNTED: tuple[Unit, ...] = ("connection", "delivery", "request", "record")
"""What a metric may count that a program publishes itself."""


LEAST_VCPU = 1e-3
"""What is taken to be left of an instance where there is nothing: scaling then asks for as many as it may."""


def vcpu(station: Station) -> float:
    """Processors of one instance; without end where its size is not known."""
    return next((one.inputs[0].value for one in station.limits if one.name == "processor"), math.inf)


def busy_vcpu(station: Station, rate: Rate) -> Rates:
    """Processors that a program keeps busy with what its instances share."""
    return _busy(station, rate, lambda unit: unit not in EVERYWHERE)


def _busy(station: Station, rate: Rate, counts: Callable[[Unit], bool]) -> Rates:
    busy: Rates = np.zeros_like(rate())
    for one in station.limits:
        if one.name == "processor":
            for unit, cost in one.costs.items():
                busy = busy + rate(unit) * cost.value if counts(unit) else busy
    return busy


def tracked(station: Station, metric: str | None, target: float, rate: Rate) -> Rates | None:
    """Instances, in fractions, that bring what a policy follows to its `target`; None where the load does not decide it.

    `metric` is as `wiring.scaling.followed` says.
    """
    if metric == "requests":
        return rate("request", "hit", "connect") * 60.0 / target
    if metric == "processor":
        # What comes to each instance is no work that more of them would share: it leaves less of each.
        left = vcpu(station) * target / 100.0 - _busy(station, rate, EVERYWHERE.__contains__)
        return busy_vcpu(station, rate) / np.maximum(left, LEAST_VCPU)
    return rate(metric) / target if metric in COUNTED else None


def kept(minutes: Rates, windows: Sequence[Window], least: float) -> Rates:
    """The least instances in each minute: `least`, or what a scheduled action raises it to."""
    floor: Rates = np.full_like(minutes, least)
    for window in windows:
        on = (minutes >= window.start_minute) & (minutes < window.end_minute)
        floor = np.where(on, np.maximum(floor, float(window.tasks)), floor)
    return floor
