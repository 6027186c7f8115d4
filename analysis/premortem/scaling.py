"""How many instances of a program answer in each step: schedules and target tracking, with the delays of AWS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.architecture import Diagnostic
from analysis.demand.calendar import Window, scheduled_windows
from analysis.demand.instances import kept, tracked
from analysis.facts import Stack, limit
from analysis.network.load import Load, Rates
from analysis.network.model import Station, Unit
from analysis.network.reading import Reading
from analysis.wiring.hops import Tracking
from analysis.wiring.scaling import followed, scaled_by, trigger_lag_s, untracked

START = {"service": "fargate.start_s", "fleet": "ec2.start_s"}
"""What an instance takes from its launch to its first answer, by the kind of program; rows of limits.csv."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One target tracking policy: `metric` is what it follows, as `wiring.scaling.followed` says."""

    tracking: Tracking
    metric: str


@dataclass(frozen=True, slots=True)
class Program:
    """A service or group: between how many instances it runs, what changes that, and how long an instance takes to start."""

    station: Station
    at_start: float
    least: float
    most: float
    policies: tuple[Policy, ...]
    windows: tuple[Window, ...]
    start_s: float
    notes: tuple[Diagnostic, ...] = ()


def programs(
    stations: Sequence[Station], reading: Reading, stack: Stack | None, *, by_clock: bool
) -> Mapping[str, Program]:
    """Each service and group among the stations, with its policies and schedules."""
    found = {}
    for station in stations:
        if station.kind not in START:
            continue
        program = reading.architecture.by_address[station.address]
        scaled = [program] if program.type == "aws_autoscaling_group" else scaled_by(reading.references, program)
        steps = [policy for target in scaled for policy in untracked(reading.references, target)]
        least, tracking, schedules = reading.scaling(program)
        metrics = [(one, followed(one, stack.metrics if stack else {})) for one in tracking]
        unknown = [one for one, metric in metrics if metric in {None, "memory"}]
        notes = tuple(
            Diagnostic("warning", f"{one.address} {why}, so it changes nothing here", one.defined_at)
            for several, why in (
                (unknown, "follows a metric that this model does not know"),
                (steps, "tracks no target, and this model knows no other kind of policy"),
            )
            for one in several
        )
        windows = scheduled_windows(schedules, int(least), reading.architecture, by_clock=by_clock)
        first = min((window.game for window in windows if not window.daily), default="")
        found[station.address] = Program(
            station,
            least if windows else max(least, station.least.value),
            least,
            max(least, station.most.value),
            tuple(Policy(one, metric) for one, metric in metrics if metric not in {None, "memory"}),
            tuple(window for window in windows if window.daily or window.game == first),
            limit(START[station.kind]).at(),
            notes,
        )
    return found


def running(program: Program, load: Load, minutes: Rates, step_s: float) -> Rates:
    """The instances of a program under its load.

    Target tracking looks at the mean of each minute: out after `scale_out.datapoints` above the target and what AWS takes on top,
    to as many as bring the metric to it; in after `scale_in.datapoints` below a share of it, if every policy agrees. A metric of
    the processor cannot show more than the instances have. Whoever is there in the first step came before it, so the policies
    have followed the load up to there.
    """
    per_minute = max(1, round(60.0 / step_s))
    floor = kept(minutes, program.windows, program.least)
    most = max(program.most, float(floor.max()))
    nothing = np.zeros_like(minutes)

    def rate(*units: Unit) -> Rates:
        return sum((load.get(unit, nothing) for unit in units), nothing)

    wanted = [tracked(program.station, one.metric, one.tracking.target, rate) for one in program.policies]
    asked = [nothing if one is None else one for one in wanted]
    out, back = (int(limit(f"autoscaling.scale_{way}.datapoints").at()) for way in ("out", "in"))
    below = limit("autoscaling.scale_in.share_of_target").at()
    lag_s = trigger_lag_s(limit("autoscaling.scale_out_trigger_s").at(), out)
    settled = max((float(np.ceil(one[0] - 1e-9)) for one in asked), default=0.0)
    desired = min(max(program.at_start, float(floor[0]), settled), most)
    live = desired
    starting: list[tuple[int, float]] = []
    orders: list[tuple[int, float]] = []
    seen: list[list[float]] = [[] for _ in asked]
    free_at = 0
    answers = np.empty_like(minutes)
    for step in range(len(minutes)):
        live += sum(count for ready, count in starting if ready <= step)
        starting = [(ready, count) for ready, count in starting if ready > step]
        for _, count in [order for order in orders if order[0] <= step]:
            desired = max(desired, count)
        orders = [order for order in orders if order[0] > step]
        if step % per_minute == 0 and step and asked:
            for one, policy, ratios in zip(asked, program.policies, seen, strict=True):
                mean = float(one[step - per_minute : step].mean()) / max(live, 1.0)
                ratios.append(min(mean, 100.0 / policy.tracking.target) if policy.metric == "processor" else mean)
            above = [ratios[-1] for ratios in seen if len(ratios) >= out and min(ratios[-out:]) > 1.0]
            if above and step >= free_at and not orders:
                orders.append((step + round(lag_s / step_s), min(most, np.ceil(live * max(above) - 1e-9))))
                cooldown_s = min(policy.tracking.scale_out_cooldown_s for policy in program.policies)
                free_at = step + round((lag_s + cooldown_s) / step_s)
            if all(len(ratios) >= back and max(ratios[-back:]) < below for ratios in seen):
                highest = max(max(ratios[-back:]) for ratios in seen)
                desired = min(desired, max(1.0, np.ceil(live * highest - 1e-9)))
        desired = float(min(max(desired, floor[step]), most))
        coming = live + sum(count for _, count in starting)
        if desired > coming:
            starting.append((step + max(1, round(program.start_s / step_s)), desired - coming))
        elif desired < live:
            live = desired
        answers[step] = live
    return answers
