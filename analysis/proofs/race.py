"""RACE: whether help is there before the crowd is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from analysis.architecture import Location, Resource, Value
from analysis.demand import flows
from analysis.facts import Runtime, Scenario, limit
from analysis.proofs.rule import Rule, Verdict, judged
from analysis.proofs.view import View
from analysis.wiring import RequestPath
from analysis.wiring.values import blocks, number

STEP_S = 10
AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?)\)")


def per_task_per_s(path: RequestPath, scenario: Scenario, profile: Runtime, users: float) -> tuple[float, float, str]:
    """Load on the service at `users` users and the most of one task, both in requests per second, and the latter in words."""
    now = flows(path, scenario, users)
    share = now.cache_hits_per_s / now.service_per_s if now.service_per_s else 0.0
    uses_cache = path.cache is not None and profile.cpu_s_per_hit is not None
    cpu_s = profile.cpu_s_per_request.at()
    if uses_cache and profile.cpu_s_per_hit is not None:
        cpu_s = share * profile.cpu_s_per_hit.at() + (1 - share) * cpu_s
    vcpu = float(path.service.vcpu.value)
    return now.service_per_s, vcpu / cpu_s, f"{vcpu:g} vCPU / {1000 * cpu_s:.3g} ms"


def _reaction(path: RequestPath) -> tuple[float, str] | None:
    """Seconds from load to a task that answers, by the fastest policy, and how they add up; None where nothing scales."""
    start = limit("fargate.start_s").at("high")
    check = path.balancer.health_check.interval_s if path.balancer else 0.0
    rest = f"{start:g} s task start + {check:g} s health check"
    trigger = limit("autoscaling.scale_out_trigger_s").at()
    ways = [
        (
            trigger + t.scale_out_cooldown_s,
            f"{trigger:g} s detection of {t.address} + {t.scale_out_cooldown_s:g} s cooldown",
        )
        for t in path.service.tracking
    ]
    for step in path.service.steps:
        # A datapoint is complete at the end of its period and published up to a minute later.
        ways += [
            (
                alarm.period_s * alarm.periods + 60 + step.cooldown_s,
                f"{alarm.periods:g} x {alarm.period_s:g} s + 60 s detection of {alarm.address} + {step.cooldown_s:g} s cooldown",
            )
            for alarm in step.triggers
        ]
    if not ways:
        return None
    best = min(ways)
    return best[0] + start + check, f"{best[1]} + {rest}"


def _steepest(scenario: Scenario, over_s: float) -> tuple[float, float, float]:
    """The minute from which the crowd grows most within `over_s`, and the users at its ends."""
    seconds = range(int(scenario.start_minute * 60), int(scenario.end_minute * 60), STEP_S)
    grown = max(seconds, key=lambda s: scenario.users((s + over_s) / 60) - scenario.users(s / 60))
    return grown / 60, scenario.users(grown / 60), scenario.users((grown + over_s) / 60)


def _undecided(view: View, service: Resource) -> Iterator[Verdict]:
    """Why a race cannot be decided; nothing where it can."""
    missing = view.no_path
    if not missing and view.polled is None:
        missing = view.no_polls
    if not missing and view.profile is None:
        missing = "no runtime profile is named in gameday.toml"
    if missing:
        yield judged(service, "desired_count", None, missing)


def ramp(view: View) -> Iterator[Verdict]:
    """Either the tasks at kick-off hold the highest load of the night, or scaling is faster than its steepest rise."""
    service = view.serving
    if service is None:
        return
    if view.path is None or view.polled is None or view.profile is None:
        yield from _undecided(view, service)
        return
    scenario, path = view.polled, view.path
    tasks = float(path.service.tasks_at_start.value)
    most = float(path.service.tasks_at_most.value)
    peak = scenario.users(scenario.peak_minute)
    load, each, words = per_task_per_s(path, scenario, view.profile, peak)
    held = tasks * each
    there = f"{peak:,.0f} users send {load:.0f} requests/s to the service; {tasks:g} tasks at kick-off x {words} = {held:.0f}/s"
    if load <= held:
        yield judged(service, "desired_count", True, f"{there}, so the peak needs no scaling")
        return
    reaction = _reaction(path)
    if reaction is None:
        yield judged(service, "desired_count", False, f"{there}, and nothing scales the service")
        return
    seconds, sum_of = reaction
    minute, before, after = _steepest(scenario, seconds)
    early, _, _ = per_task_per_s(path, scenario, view.profile, before)
    late, _, _ = per_task_per_s(path, scenario, view.profile, after)
    holds = late <= held and load <= most * each
    yield judged(
        service,
        "desired_count",
        holds,
        f"{there}; scaling takes {sum_of} = {seconds:g} s, in which the load "
        f"grows from {early:.0f} to {late:.0f} requests/s (minute {minute:.0f})",
    )


def most_tasks(view: View) -> Iterator[Verdict]:
    """The most tasks hold the highest load of the night."""
    service = view.serving
    if service is None:
        return
    if view.path is None or view.polled is None or view.profile is None:
        yield from _undecided(view, service)
        return
    most = float(view.path.service.tasks_at_most.value)
    peak = view.polled.users(view.polled.peak_minute)
    load, each, words = per_task_per_s(view.path, view.polled, view.profile, peak)
    yield judged(
        service,
        "desired_count",
        load <= most * each,
        f"{peak:,.0f} users send {load:.0f} requests/s; {most:g} tasks at most x {words} = {most * each:.0f}/s",
    )


def _moment(text: Value) -> datetime | None:
    """The moment that a text names; None where it names none."""
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def fixtures(view: View) -> Iterator[tuple[str, datetime, Location]]:
    """The games of a stack: the elements with a `kick_off` in UTC of any variable that is a list of objects."""
    for variable in view.model.variables.values():
        for entry in blocks(variable.value):
            kick_off = entry.get("kick_off")
            moment = _moment(kick_off)
            if moment is not None:
                name = str(entry.get("name") or kick_off)
                yield name, moment if moment.tzinfo else moment.replace(tzinfo=UTC), variable.declared_at


def _actions(view: View) -> list[tuple[datetime, float, Resource]]:
    """The scheduled actions with a moment of their own, in their order, each with the least number of tasks it sets."""
    found = []
    for action in view.model.of_type("aws_appautoscaling_scheduled_action"):
        match = AT.fullmatch(str(action.values.get("schedule")))
        zone = action.values.get("timezone")
        if match is None or zone not in {None, "UTC", "Etc/UTC"}:
            continue
        for block in blocks(action.values.get("scalable_target_action")):
            least = number(block.get("min_capacity"))
            if least is not None:
                found.append((datetime.fromisoformat(match[1]).replace(tzinfo=UTC), least, action))
    return sorted(found, key=lambda entry: (entry[0], entry[1]))


def lead_s(tasks: float, check_s: float) -> tuple[float, str]:
    """Seconds from a scheduled action to the last of `tasks` tasks answering, and how they add up."""
    start = limit("fargate.start_s").at("high")
    burst, rate = limit("fargate.launch_burst").at(), limit("fargate.launch_per_s").at()
    launch = max(0.0, tasks - burst) / rate
    # Application Auto Scaling runs a scheduled action within a minute of its time.
    return (
        60 + launch + start + check_s,
        f"60 s for the action + {launch:g} s to launch {tasks:g} + {start:g} s task start + {check_s:g} s health check",
    )


def schedule(view: View) -> Iterator[Verdict]:
    """Before each game more tasks are ready, by as much time as they need to start, and they stay until the crowd has been."""
    games = [*fixtures(view)]
    if not games or not view.tasks:
        return
    actions = _actions(view)
    targets = [*view.model.of_type("aws_appautoscaling_target")]
    floor = max([number(t.values.get("min_capacity")) or 0 for t in targets] or [0])
    check = view.path.balancer.health_check.interval_s if view.path and view.path.balancer else 0.0
    last = view.polled.peak_minute if view.polled else None
    for name, kick_off, place in games:
        before = [a for a in actions if a[0] <= kick_off and a[1] > floor]
        if not before:
            yield Verdict(
                "fails",
                f"fixture {name}",
                place,
                f"no scheduled action raises the service above {floor:g} tasks before {kick_off:%Y-%m-%d %H:%M} UTC",
            )
            continue
        moment, tasks, action = before[-1]
        lowered = [a for a in actions if moment < a[0] <= kick_off and a[1] <= floor]
        need, sum_of = lead_s(tasks, check)
        lead = (kick_off - moment).total_seconds()
        holds = lead >= need and not lowered
        said = f"{name}: {tasks:g} tasks from {moment:%H:%M}, {lead:g} s before kick-off; {sum_of} = {need:g} s"
        if lowered:
            said += f"; {lowered[-1][2].address} takes them away before kick-off"
        yield judged(action, "schedule", holds, said)
        if last is None:
            yield judged(action, "schedule", None, f"{name}: how long the crowd stays is not known without a scenario")
            continue
        after = next((a for a in actions if a[0] > kick_off and a[1] <= floor), None)
        end = kick_off + timedelta(minutes=last)
        stays = after is None or after[0] > end
        said = f"{name}: the peak comes {last:.0f} min after kick-off, at {end:%H:%M}; the tasks stay " + (
            "until told otherwise" if after is None else f"until {after[0]:%H:%M}"
        )
        yield judged(after[2] if after else action, "schedule", stays, said)


def cooldowns(view: View) -> Iterator[Verdict]:
    """Tasks leave more slowly than they come, or a pause in play takes them away before the next attack."""
    for policy in view.model.of_type("aws_appautoscaling_policy"):
        for block in blocks(policy.values.get("target_tracking_scaling_policy_configuration")):
            default = limit("autoscaling.default_cooldown_s").at()
            out = number(block.get("scale_out_cooldown"))
            back = number(block.get("scale_in_cooldown"))
            out, back = default if out is None else out, default if back is None else back
            yield judged(
                policy,
                "target_tracking_scaling_policy_configuration",
                out <= back,
                f"scale out after {out:g} s, in after {back:g} s",
            )
            target = number(block.get("target_value"))
            predefined = [
                str(b.get("predefined_metric_type")) for b in blocks(block.get("predefined_metric_specification"))
            ]
            if target is not None and any("Utilization" in p for p in predefined):
                yield judged(
                    policy,
                    "target_tracking_scaling_policy_configuration",
                    target <= 70,
                    f"target {target:g} % of {predefined[0]} leaves a factor of 100 / "
                    f"{target:g} = {100 / target:.2f} while tasks start; it must be at most 70 %",
                )


def step_alarms(view: View) -> Iterator[Verdict]:
    """A step policy has an alarm that sets it off."""
    for policy in view.model.of_type("aws_appautoscaling_policy"):
        if policy.values.get("policy_type") != "StepScaling":
            continue
        alarms = [
            a
            for a in view.model.of_type("aws_cloudwatch_metric_alarm")
            if any(ref.address == policy.address and ref.via.startswith("alarm_actions") for ref in a.references)
            or policy in view.references.behind(a.values.get("alarm_actions"))
        ]
        yield judged(
            policy,
            "policy_type",
            bool(alarms),
            f"set off by {', '.join(a.address for a in alarms)}"
            if alarms
            else "no alarm has it among its alarm_actions",
        )


RULES = (
    Rule(
        "RACE-01",
        "error",
        "Scaling or what is there at kick-off meets the steepest rise",
        "Start more tasks before the game, or let an edge or a cache answer more of the requests.",
        ramp,
    ),
    Rule("RACE-02", "error", "The most tasks hold the peak", "Raise max_capacity or the task's size.", most_tasks),
    Rule(
        "RACE-03",
        "error",
        "Scheduled scaling covers each fixture with the time that tasks need",
        "Schedule the action earlier, and the one that lowers again after the crowd has gone.",
        schedule,
    ),
    Rule(
        "RACE-04",
        "warning",
        "Scaling leaves room while it reacts",
        "Let scale_out_cooldown be at most scale_in_cooldown, and target at most 70 %.",
        cooldowns,
    ),
    Rule(
        "RACE-05",
        "error",
        "A step policy has an alarm that sets it off",
        "Name the policy's ARN in the alarm_actions of an alarm.",
        step_alarms,
    ),
)
