"""How many users a stack holds on a simulated night, how steep a rise, and what gives way first beyond."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.architecture import Architecture
from analysis.facts import Runtime, Scenario, Stack, limit
from analysis.night.parameters import Fault, Setup, program_of, setup
from analysis.night.series import Night
from analysis.night.simulation import run
from analysis.night.sweeps import MOST_USERS, Outcome, bounded, outcome, with_rise
from analysis.wiring import RequestPath, request_path

Mask = NDArray[np.bool_]

CLOSE = 0.01
"""Bisection ends when the two ends are this close, as a share."""

FULL = 0.97
FULL_SECONDS = 3
"""A station counts as used up after so many seconds of a minute in which it was busy for so large a share."""

SLOWEST_RISE_S = 1_800.0
STEEPEST_RISE_S = 1.0


def _full(night: Night, column: str) -> Mask:
    """Minutes in which something was busy all the time for several seconds."""
    found: Mask = (night.per_minute(column) >= FULL).sum(axis=1) >= FULL_SECONDS
    return found


def _refused(night: Night) -> Mask:
    accepted = night.setup.setting.database_connections
    found: Mask = night.per_minute("connections").max(axis=1) > (accepted if accepted > 0 else np.inf)
    return found


def _thread(night: Night) -> Mask:
    """Minutes in which the cache's one thread had more to do than it can, for several seconds."""
    if night.setup.path.cache is None:
        return np.zeros(night.setup.minutes, dtype=np.bool_)
    operations = 2.0 * night.per_minute("cache_lookups") - night.per_minute("cache_hits")
    found: Mask = (operations >= night.setup.cache_operations_per_s).sum(axis=1) >= FULL_SECONDS
    return found


def _noted(night: Night, what: str) -> Mask:
    found = np.zeros(night.setup.minutes, dtype=np.bool_)
    for event in night.events:
        if event.what == what:
            found[int(event.minute - night.setup.start_minute)] = True
    return found


class Limit(NamedTuple):
    """Something that can be used up: its name, and from which minute on it was, if at all."""

    name: str
    used_up: Callable[[Night], Mask]


LIMITS = (
    Limit("the tasks' processors", lambda night: _full(night, "cpu")),
    Limit("the backlog of a task", lambda night: night.per_minute("refused").sum(axis=1) > 0.5),
    Limit("healthy tasks", lambda night: night.per_minute("unavailable").sum(axis=1) > 0.5),
    Limit("the connections that the tasks hold", lambda night: night.per_minute("connects_refused").sum(axis=1) > 0.5),
    Limit("the database's processors", lambda night: _full(night, "database_busy")),
    Limit("the database's connections", _refused),
    Limit("the cache's thread", _thread),
    Limit("the volume's operations", lambda night: _noted(night, "storage credits used up")),
    Limit("the patience of the clients", lambda night: night.per_minute("timeouts").sum(axis=1) > 0.5),
)
"""What is looked for on a night that was not held, in the order from the tasks inwards; the earliest is what gives way first."""


def gives_way(night: Night) -> tuple[tuple[str, float], ...]:
    """What was used up on the night, and the first minute in which it was, earliest first."""
    found = []
    for one in LIMITS:
        minutes = np.flatnonzero(one.used_up(night))
        if len(minutes):
            found.append((one.name, night.setup.start_minute + float(minutes[0])))
    return tuple(sorted(found, key=lambda pair: pair[1]))


@dataclass(frozen=True)
class Headroom:
    """How many users are held, up to the closeness of the search, and what happens with the smallest crowd that was not.

    `users` is None where every crowd up to MOST_USERS is held. `broken` is the worst night of the smallest crowd that was not
    held, `first` what gave way on it, earliest first. Where only the edge's quota ends the search, `first` names it.
    """

    users: int | None
    broken_users: int | None
    broken: Outcome | None
    first: tuple[tuple[str, float], ...]
    seeds: int
    nights: int


def headroom(
    architecture: Architecture,
    scenario: Scenario,
    stack: Stack | None = None,
    *,
    faults: Sequence[Fault] = (),
    values: Mapping[str, float] | None = None,
    profile: Runtime | None = None,
    seeds: int = 3,
    rise_s: float | None = None,
    most: int = MOST_USERS,
) -> Headroom:
    """The largest crowd that every one of `seeds` nights holds, by bisection to a hundredth. 0 users where none is held.

    Held means that no minute affects a user (facts/harm.toml), updates that wait for a database failover aside, and that neither
    the edge's quota of requests nor the speed of the cache's thread is passed, which the simulation itself does not enforce.
    `rise_s` replaces the rise of the scenario's largest surge. Raises as stack_setup does.
    """
    bounded(most)
    path, program = request_path(architecture, stack), program_of(stack, profile)
    course = scenario if rise_s is None else with_rise(scenario, rise_s)
    given = dict(values or {})
    given.pop("audience.peak_users", None)  # it is what is searched for
    tried = 0

    def made(users: int) -> Setup:
        return setup(path, course, program, faults=faults, peak_users=users, values=given)

    def broken(users: int) -> tuple[Outcome, tuple[tuple[str, float], ...]] | None:
        nonlocal tried
        there = made(users)
        if _over_quota(there, path):
            tried += 1
            night = run(there, 1)
            return outcome(night), (("the edge's quota of requests", scenario.peak_minute), *gives_way(night))
        for seed in range(1, seeds + 1):
            tried += 1
            night = run(there, seed)
            found = outcome(night)
            if not found.held or _thread(night).any():
                return found, gives_way(night)
        return None

    low, high = 0, max(2, int(course.peak_users.value))
    last = broken(high)
    while last is None and high < most:
        low, high = high, min(most, 2 * high)
        last = broken(high)
    if last is None:
        return Headroom(None, None, None, (), seeds, tried)
    while high - low > max(1, CLOSE * high):
        middle = (low + high) // 2
        found = broken(middle)
        if found is None:
            low = middle
        else:
            high, last = middle, found
    return Headroom(low, high, last[0], last[1], seeds, tried)


def _over_quota(made: Setup, path: RequestPath) -> bool:
    """Whether the users of the fullest second ask the edge for more than its quota; the simulated edge itself has no limit."""
    if path.edge is None:
        return False
    return float(made.users.max()) / made.setting.think_s > limit("cloudfront.requests_per_s").at()


def steepest_rise_s(
    architecture: Architecture,
    scenario: Scenario,
    stack: Stack | None = None,
    *,
    users: int | None = None,
    faults: Sequence[Fault] = (),
    values: Mapping[str, float] | None = None,
    profile: Runtime | None = None,
    seeds: int = 3,
) -> float | None:
    """Within how many seconds the largest surge may rise so that every one of `seeds` nights is still held, to a tenth.

    STEEPEST_RISE_S where even that is held, None where not even SLOWEST_RISE_S is. Raises as stack_setup does.
    """
    path, program = request_path(architecture, stack), program_of(stack, profile)

    def held(rise_s: float) -> bool:
        course = with_rise(scenario, rise_s)
        made = setup(path, course, program, faults=faults, peak_users=users, values=values)
        return all(outcome(run(made, seed)).held for seed in range(1, seeds + 1))

    if held(STEEPEST_RISE_S):
        return STEEPEST_RISE_S
    if not held(SLOWEST_RISE_S):
        return None
    low, high = STEEPEST_RISE_S, SLOWEST_RISE_S
    while high / low > 1.1:
        middle = (low * high) ** 0.5
        low, high = (low, middle) if held(middle) else (middle, high)
    return high


def to_json(found: Headroom) -> dict[str, Any]:
    """`gameday headroom --json`: plain values, the same bytes for the same search."""
    return {
        "users": found.users,
        "broken_users": found.broken_users,
        "broken": None if found.broken is None else asdict(found.broken),
        "first": [{"what": what, "minute": minute} for what, minute in found.first],
        "seeds": found.seeds,
        "nights": found.nights,
    }
