"""What the fans would see of a stage: the night simulator with the stage's change in its middle, quiet and in a game.

The stack that is simulated is the target's model without what the stage's plan has not made yet, and with the values that the
plan still holds back or has in place of the target's. The same night without the change is what its errors are compared with; the
two share their seeds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from analysis import facts, terraform
from analysis.architecture import Architecture, Value
from analysis.facts import Scenario, Stack
from analysis.migration.changes import Change, changes
from analysis.migration.planned import Staged, StagePlan
from analysis.migration.stages import MigrationError, Stage
from analysis.terraform.values import from_python

SEEDS = (1, 2, 3, 4, 5)
"""Named seeds; each night is run with all of them, with the change and without."""

CHANGE_MINUTE = 60.0
"""When the change comes, in minutes from kick-off: just before the second half."""

WATCHED_MINUTES = 30.0
"""For how long afterwards errors are counted."""


@dataclass(frozen=True, slots=True)
class Hour:
    """What the change does at one time of day. Shares are of the fans' requests in the half hour from the change on.

    `users` is the crowd at the minute of the change; `minutes` counts those in which at least one request in a hundred fails that
    would not have failed without it.
    """

    users: float
    error_share: float
    share_without: float
    minutes: float


@dataclass(frozen=True, slots=True)
class Risk:
    """One fault that resembles a stage's change, simulated in a quiet hour and in a game.

    `before` names the stage before which the change was put to show what the order is worth; empty where it stands in its place.
    """

    fault: str
    quiet: Hour
    game: Hour
    before: str = ""


def risks(staged: Staged, plan: StagePlan) -> tuple[Risk, ...]:
    """The faults that a stage names, simulated. Raises MigrationError where the simulator does not know one."""
    migration = staged.migration
    if not plan.stage.risk:
        return ()
    found = _simulated(staged, plan, plan.stage, "")
    if plan.stage.too_early:
        earlier = staged.stages[migration.numbers[plan.stage.too_early] - 1]
        found += _simulated(staged, earlier, plan.stage, plan.stage.too_early)
    return tuple(found)


def _simulated(staged: Staged, plan: StagePlan, stage: Stage, before: str) -> list[Risk]:
    """The faults of `stage` on the stack as `plan` leaves it."""
    from analysis import night  # noqa: PLC0415 (pulls in the compiler)

    migration = staged.migration
    architecture = as_it_stands(terraform.load(migration.target), staged.whole, changes(plan.plan))
    about = facts.stack(migration.target)
    crowd = facts.scenario(facts.stack(migration.source).scenario)
    # A poll interval that the service itself tells is that of the stack; the crowd is that of the night it broke in.
    quiet = crowd.with_peak(max(1, int(crowd.calendar["quiet_users"].at())))
    found = []
    for fault in stage.risk:
        if fault not in night.FAULTS:
            raise MigrationError(
                f"{migration.at(stage.line)}: stage {stage.name}: the night knows no fault {fault!r}; "
                f"it knows {', '.join(night.FAULTS)}"
            )
        runtime = plan.stage.runtime or stage.runtime
        in_quiet, in_game = (_hour(architecture, scenario, about, runtime, fault) for scenario in (quiet, crowd))
        found.append(Risk(fault, in_quiet, in_game, before))
    return found


def as_it_stands(target: Architecture, whole: Sequence[Change], stage: Sequence[Change]) -> Architecture:
    """The target's model as a stage leaves it: without what is not made yet, with the values that differ from the target's."""
    ends = {change.address: change for change in whole}
    there = {change.address: change for change in stage if change.action != "delete"}
    resources = []
    for resource in target.resources:
        now, end = there.get(resource.address), ends.get(resource.address)
        if now is None or end is None:
            continue
        other = {name: _value(value) for name, value in now.after.items() if _differs(now, end, name, value)}
        resources.append(replace(resource, values={**resource.values, **other}) if other else resource)
    return replace(target, resources=tuple(resources))


def _differs(now: Change, end: Change, name: str, value: object) -> bool:
    if name in now.unknown or name not in {*end.before, *end.after}:
        return False
    return name in end.unknown or end.after.get(name) != value


def _value(value: object) -> Value:
    return from_python(json.loads(json.dumps(value)))


def _hour(architecture: Architecture, scenario: Scenario, about: Stack, runtime: str, fault: str) -> Hour:
    from analysis import night  # noqa: PLC0415 (pulls in the compiler)

    profile = facts.runtime(runtime)
    with_it, without = (
        night.stack_setup(architecture, scenario, about, profile=profile, faults=faults)
        for faults in ([night.Fault(fault, CHANGE_MINUTE)], [])
    )
    end = CHANGE_MINUTE + WATCHED_MINUTES
    shares, calm, minutes = [], [], []
    for seed in SEEDS:
        one, other = night.run(with_it, seed), night.run(without, seed)
        shares.append(one.errors(CHANGE_MINUTE, end))
        calm.append(other.errors(CHANGE_MINUTE, end))
        each = (CHANGE_MINUTE + minute for minute in range(int(WATCHED_MINUTES)))
        minutes.append(sum(one.errors(m, m + 1) - other.errors(m, m + 1) >= 0.01 for m in each))
    return Hour(scenario.users(CHANGE_MINUTE), fmean(shares), fmean(calm), fmean(minutes))


def to_json(found: Sequence[Risk]) -> list[dict[str, object]]:
    """Plain values, rounded so that the same nights give the same bytes."""

    def hour(one: Hour) -> Mapping[str, float]:
        return {
            "users": round(one.users, 1),
            "error_share": round(one.error_share, 5),
            "share_without": round(one.share_without, 5),
            "minutes": round(one.minutes, 2),
        }

    return [
        {"fault": one.fault, "before": one.before, "quiet": hour(one.quiet), "game": hour(one.game)} for one in found
    ]
