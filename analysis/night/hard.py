"""A stack on the nights that it must hold: each with several seeds, and the largest crowd that it would hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from analysis.architecture import Architecture
from analysis.facts import Scenario, Stack
from analysis.night.hard_plan import HardNight, HardNights
from analysis.night.headrooms import Headroom, headroom
from analysis.night.parameters import Setup, fault, stack_setup
from analysis.night.simulation import run
from analysis.night.spread import spread
from analysis.night.sweeps import Outcome, outcome, with_rise


class _Case(NamedTuple):
    """A night to simulate with each seed, and the search for the crowd that it still holds."""

    architecture: Architecture
    scenario: Scenario
    stack: Stack
    plan: HardNights
    night: HardNight


def night_setup(
    architecture: Architecture, scenario: Scenario, stack: Stack, plan: HardNights, one: HardNight
) -> Setup:
    """The setup of one planned night with the plan's crowd. NightError for a fault that is not known."""
    course = one.scenario or scenario
    if one.rise_s is not None:
        course = with_rise(course, one.rise_s)
    return stack_setup(architecture, course, stack, faults=[fault(text) for text in one.faults], peak_users=plan.users)


def _done(case: _Case) -> tuple[tuple[Outcome, ...], Headroom]:
    made = night_setup(*case)
    outcomes = tuple(outcome(run(made, seed)) for seed in range(1, case.plan.seeds + 1))
    room = headroom(
        case.architecture,
        case.night.scenario or case.scenario,
        case.stack,
        faults=[fault(text) for text in case.night.faults],
        seeds=case.plan.headroom_seeds,
        rise_s=case.night.rise_s,
    )
    return outcomes, room


def recorded(
    architecture: Architecture,
    scenario: Scenario,
    stack: Stack,
    plan: HardNights,
    *,
    jobs: int = -1,
    done: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Every planned night in plain values; the same bytes whatever `jobs`."""
    cases = [_Case(architecture, scenario, stack, plan, one) for one in plan.nights]
    for case in cases:
        night_setup(*case)  # what is wrong with a night is said before the first is simulated
    found = []
    for case, (outcomes, room) in zip(cases, spread(_done, cases, jobs=jobs), strict=True):
        found.append({**told(case.night, outcomes), "headroom": held(room)})
        if done is not None:
            done(len(found), len(cases))
    return {"nights": found}


def missed(record: Mapping[str, Any], plan: HardNights) -> list[str]:
    """The titles of the nights on which errors or ages, those of a database failover aside, pass what is promised."""
    return [
        night["title"]
        for night in record["nights"]
        if night["worst_errors"] >= plan.errors or (night["settled_age_p95_s"] or 0.0) > plan.freshness_s
    ]


def told(one: HardNight, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """A kind of night over its seeds: the worst of each figure."""

    def worst(name: str) -> float | None:
        values = [value for night in outcomes if (value := getattr(night, name)) is not None]
        return max(values, default=None)

    names = (
        "errors", "worst_errors", "latency_p95_s", "settled_age_p95_s", "failover_age_p95_s", "failover_minutes",
        "hurt_minutes", "tasks", "cpu_percent",
    )  # fmt: skip
    return {
        "title": one.title,
        "seeds": [night.seed for night in outcomes],
        **{name: worst(name) for name in names},
    }


def held(room: Headroom) -> dict[str, Any]:
    """The largest crowd held, and what gives way beyond."""
    return {
        "users": room.users,
        "broken_users": room.broken_users,
        "why": room.broken.why if room.broken else None,
        "first": [what for what, _ in room.first],
        "nights": room.nights,
    }
