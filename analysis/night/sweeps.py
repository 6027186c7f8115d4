"""Many nights of one stack: over seeds, crowds and other values of assumptions, each night in a few figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from analysis import facts
from analysis.architecture import Architecture
from analysis.facts import Assumption, Runtime, Scenario, Stack
from analysis.night.parameters import Fault, Setup, program_of, setup
from analysis.night.series import Night
from analysis.night.simulation import run
from analysis.night.spread import spread
from analysis.night.values import NightError
from analysis.wiring import request_path

HARM = Path(facts.__file__).parent / "harm.toml"

MOST_NIGHTS = 100_000
"""More nights than this in one sweep take hours; they are refused rather than begun."""

MOST_USERS = 5_000_000
"""More users than any game has had at once; a night costs the same whatever their number, but nothing is known of such crowds."""

AFTER_FAILOVER_MINUTES = 2
"""Minutes after a database failover that still belong to it: the writes that waited come through."""

Why: TypeAlias = Literal["errors", "late"]


@cache
def _harm() -> Mapping[str, Assumption]:
    return facts.assumptions(HARM)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A night in a few figures.

    `errors` is the share of failed requests over the whole night, the others are those of the worst minute. `hurt_minutes` counts
    minutes with too many errors or with updates that are late (facts/harm.toml). Updates that are late because the database fails
    over stand apart in `failover_minutes`: while nothing can be stored, nothing new can be seen. `age_p95_s` is that of the worst
    minute of all, `settled_age_p95_s` without those of a failover, `failover_age_p95_s` of them alone.
    """

    seed: int
    errors: float
    worst_errors: float
    latency_p95_s: float | None
    age_p50_s: float | None
    age_p95_s: float | None
    settled_age_p95_s: float | None
    failover_age_p95_s: float | None
    hurt_minutes: int
    failover_minutes: int
    first_hurt_minute: float | None
    why: Why | None
    tasks: float
    cpu_percent: float
    replaced: int

    @property
    def held(self) -> bool:
        """Whether nobody was affected, the updates that waited for a failover aside."""
        return self.hurt_minutes == 0


def _most(values: NDArray[np.float64]) -> float | None:
    return None if np.isnan(values).all() else round(float(np.nanmax(values)), 6)


def outcome(night: Night) -> Outcome:
    """The night in a few figures."""
    wrong = night.per_minute("errors").sum(axis=1)
    ended = wrong + night.per_minute("answered").sum(axis=1) + night.per_minute("edge_answers").sum(axis=1)
    share = wrong / np.maximum(ended, 1e-9)
    age = night.metric("user", "Age").values
    target_s = night.setup.freshness_target_s
    calmest_s = float(np.nanmin(age["p95"])) if not np.isnan(age["p95"]).all() else 0.0
    limit_s = target_s if calmest_s <= target_s else calmest_s * _harm()["late_factor"].at()
    failing = share > _harm()["error_share"].at()
    late = np.nan_to_num(age["p95"]) > limit_s
    aside = _failing_over(night)
    counted = np.flatnonzero(failing | (late & ~aside))
    first = int(counted[0]) if len(counted) else None
    return Outcome(
        seed=night.seed,
        errors=round(float(wrong.sum() / max(ended.sum(), 1e-9)), 9),
        worst_errors=round(float(share.max()), 9),
        latency_p95_s=_most(night.metric("user", "Latency").values["p95"]),
        age_p50_s=_most(age["p50"]),
        age_p95_s=_most(age["p95"]),
        settled_age_p95_s=_most(np.where(aside, np.nan, age["p95"])),
        failover_age_p95_s=_most(np.where(aside, age["p95"], np.nan)),
        hurt_minutes=len(counted),
        failover_minutes=int((late & aside).sum()),
        first_hurt_minute=None if first is None else night.setup.start_minute + first,
        why=None if first is None else ("errors" if failing[first] else "late"),
        tasks=float(night.column("running").max()),
        cpu_percent=round(100.0 * float(night.per_minute("cpu").mean(axis=1).max()), 6),
        replaced=sum(event.what == "task unhealthy" for event in night.events),
    )


def _failing_over(night: Night) -> NDArray[np.bool_]:
    """The minutes in which the database was down, and those just after."""
    aside = np.zeros(night.setup.minutes, dtype=np.bool_)
    for event in night.events:
        if event.what == "database down":
            first = int(event.minute - night.setup.start_minute)
            length_s = night.setup.setting.failover_s + 60.0 * (1 + AFTER_FAILOVER_MINUTES)
            aside[first : first + int(length_s // 60) + 1] = True
    return aside


@dataclass(frozen=True)
class Cell:
    """The nights of one crowd and one choice of values, a seed each."""

    users: int
    values: Mapping[str, float]
    nights: tuple[Outcome, ...]

    @property
    def held(self) -> float:
        """The share of the nights that affect nobody."""
        return sum(night.held for night in self.nights) / len(self.nights)

    def spread(self, name: str) -> tuple[float, float, float] | None:
        """Least, mean and most of a figure over the nights that have it; None where none has."""
        found = [float(value) for night in self.nights if (value := getattr(night, name)) is not None]
        return (min(found), sum(found) / len(found), max(found)) if found else None


class Case(NamedTuple):
    """One night to be simulated; small enough to be sent to another process."""

    made: Setup
    seed: int


def _outcome_of(case: Case) -> Outcome:
    return outcome(run(case.made, case.seed))


def sweep(
    architecture: Architecture,
    scenario: Scenario,
    stack: Stack | None = None,
    *,
    seeds: int = 20,
    users: Sequence[int] = (),
    values: Mapping[str, Sequence[float]] | None = None,
    faults: Sequence[Fault] = (),
    profile: Runtime | None = None,
    jobs: int = -1,
    scheduler: str | None = None,
    done: Callable[[int, int], None] | None = None,
) -> tuple[Cell, ...]:
    """Nights with the seeds 1 to `seeds` for every crowd of `users` (else the scenario's) and every combination of `values`.

    The same result whatever `jobs` and `scheduler`. `done` is told how many nights are through, and of how many. Raises as
    stack_setup does, and NightError for too many nights or users.
    """
    crowds = tuple(users) or (int(scenario.peak_users.value),)
    names = tuple(values or {})
    choices = tuple(product(*(values or {}).values()))
    total = seeds * len(crowds) * len(choices)
    if seeds < 1:
        raise NightError(f"{seeds} seeds: at least one night is needed")
    if total > MOST_NIGHTS:
        raise NightError(f"{total:,} nights are too many; {MOST_NIGHTS:,} at most")
    path, program = request_path(architecture, stack), program_of(stack, profile)
    cells = []
    for crowd, choice in product(crowds, choices):
        bounded(crowd)
        given = dict(zip(names, choice, strict=True))
        made = setup(path, scenario, program, faults=faults, peak_users=crowd, values=given)
        cells.append((crowd, given, made))

    def cases() -> Iterator[Case]:
        for _, _, made in cells:
            for seed in range(1, seeds + 1):
                yield Case(made, seed)

    nights: list[Outcome] = []
    for one in spread(_outcome_of, cases(), jobs=jobs, scheduler=scheduler):
        nights.append(one)
        if done is not None:
            done(len(nights), total)
    return tuple(
        Cell(crowd, given, tuple(nights[at * seeds : (at + 1) * seeds])) for at, (crowd, given, _) in enumerate(cells)
    )


def bounded(users: int) -> None:
    """NightError for a crowd below zero or beyond what the model is for."""
    if users < 0:
        raise NightError(f"a night cannot have {users} users")
    if users > MOST_USERS:
        raise NightError(f"{users:,} users are more than any night has had; {MOST_USERS:,} at most")


def to_json(cells: Sequence[Cell], made: Mapping[str, Any]) -> dict[str, Any]:
    """`gameday sweep --json`: plain values, the same bytes for the same sweep. `made` says what was swept."""
    return {
        **made,
        "cells": [
            {
                "users": cell.users,
                "values": dict(cell.values),
                "held": cell.held,
                "nights": [asdict(night) for night in cell.nights],
            }
            for cell in cells
        ],
    }


def with_rise(scenario: Scenario, rise_s: float) -> Scenario:
    """The same night with its largest surge rising within `rise_s` seconds. NightError where it has none, or for no such time."""
    if not (math.isfinite(rise_s) and rise_s > 0):
        raise NightError(f"a rise within {rise_s:g} s: must be a number of seconds above zero")
    if not scenario.surges:
        raise NightError(f"{scenario.title} has no surge whose rise could be changed")
    largest = max(scenario.surges, key=lambda surge: surge.level)
    surges = tuple(replace(surge, rise_s=rise_s) if surge is largest else surge for surge in scenario.surges)
    return replace(scenario, surges=surges)
