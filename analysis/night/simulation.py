"""A night with a seed: the dice are made here, and the kernel is run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_type_hints

import numpy as np

from analysis.architecture import Architecture
from analysis.facts import Runtime, Scenario, Stack
from analysis.night import kernel
from analysis.night.parameters import Fault, Setup, stack_setup
from analysis.night.series import Night

EVENTS_KEPT = 4_000
"""Events beyond this many are counted but not kept; a night with more flaps without end."""


KINDS = get_type_hints(kernel.Setting)


def typed(setting: kernel.Setting) -> kernel.Setting:
    """The setting with every number of its field's type: an int in place of a float would be compiled anew, for half a minute."""
    return kernel.Setting(**{name: KINDS[name](value) for name, value in setting._asdict().items()})


def run(made: Setup, seed: int = 1) -> Night:
    """One night of a setup. The same setup and seed give the same night, compiled or not, to the last bit but rounding."""
    minutes = made.minutes
    users = np.ascontiguousarray(made.users[: 60 * minutes + 1])
    night = Night(
        setup=made,
        seed=seed,
        seconds=np.zeros((60 * minutes, len(kernel.COLUMNS))),
        latency=np.zeros((minutes, kernel.TIME_BINS)),
        latency_extremes=np.tile(np.array([0.0, 0.0, np.inf, 0.0]), (minutes, 1)),
        response=np.zeros((minutes, kernel.TIME_BINS)),
        response_extremes=np.tile(np.array([0.0, 0.0, np.inf, 0.0]), (minutes, 1)),
        noted=np.zeros((EVENTS_KEPT + 1, 4)),
        totals=np.zeros(11),
    )
    kernel.simulate(
        typed(made.setting),
        users,
        made.routes,
        made.faults,
        made.tracking,
        made.steps,
        np.random.Generator(np.random.PCG64(seed)),
        night.seconds,
        night.latency,
        night.latency_extremes,
        night.response,
        night.response_extremes,
        night.noted,
        night.totals,
    )
    return night


def replay(
    architecture: Architecture,
    scenario: Scenario,
    stack: Stack | None = None,
    seed: int = 1,
    faults: Sequence[Fault] = (),
    *,
    profile: Runtime | None = None,
    peak_users: int | None = None,
    values: Mapping[str, float] | None = None,
) -> Night:
    """The night of `scenario` on `architecture` with a seed, faults and other values. Raises as stack_setup does."""
    made = stack_setup(
        architecture, scenario, stack, faults=faults, profile=profile, peak_users=peak_users, values=values
    )
    return run(made, seed)
