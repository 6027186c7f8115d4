"""A night with a seed: the dice are made here, and the kernel is run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from analysis.architecture import Architecture
from analysis.facts import Runtime, Scenario, Stack
from analysis.night import kernel
from analysis.night.compiled import record_of
from analysis.night.parameters import Fault, Setup, stack_setup
from analysis.night.series import Night

EVENTS_KEPT = 4_000
"""Events beyond this many are counted but not kept; a night with more flaps without end."""


def run(made: Setup, seed: int = 1) -> Night:
    """One night of a setup. The same setup and seed give the same night, compiled or not, to the last bit but rounding."""
    users = np.ascontiguousarray(made.users[: 60 * made.minutes + 1])
    given = kernel.Given(users, made.routes, made.faults, made.tracking, made.steps)
    setting = record_of(made.setting)
    noted = kernel.blank(len(users) - 1, EVENTS_KEPT)
    kernel.simulate(setting, given, kernel.opened(setting, given), noted, np.random.Generator(np.random.PCG64(seed)))
    return Night(made, seed, kernel.kept(noted))


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
