"""What changes the number of a program's tasks or instances: scalable targets and groups, with their policies and schedules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from analysis.architecture import Location, Resource
from analysis.facts import limit
from analysis.wiring.hops import Schedule, Tracking
from analysis.wiring.references import References
from analysis.wiring.values import blocks, first_block, number

TARGET = ("resource_id", "scalable_dimension")
"""What names a scalable target."""

Warn: TypeAlias = Callable[[str, Location], None]


def scaled_by(references: References, service: Resource) -> Iterator[Resource]:
    """The scalable targets of a service, by reference or by the service's name."""
    for target in references.architecture.of_type("aws_appautoscaling_target"):
        resource_id = target.values.get("resource_id")
        named = isinstance(resource_id, str) and resource_id.endswith(f"/{service.values.get('name')}")
        if named or service in references.linked(target, "resource_id", "aws_ecs_service"):
            yield target


def attached(references: References, target: Resource, kind: str) -> Iterator[Resource]:
    """The policies or scheduled actions, of the type `kind`, of a scalable target: a table's reads and writes are two."""
    for resource in references.architecture.of_type(kind):
        same = [isinstance(one := resource.values.get(key), str) and one == target.values.get(key) for key in TARGET]
        if any(reference.address == target.address for reference in resource.references) or all(same):
            yield resource


def untracked(references: References, scaled: Resource) -> Iterator[Resource]:
    """The policies of a scalable target or of an Auto Scaling group that track no target: steps, simple and predictive ones."""
    if scaled.type == "aws_autoscaling_group":
        policies = references.about(scaled, "autoscaling_group_name", "aws_autoscaling_policy")
        argument = "target_tracking_configuration"
    else:
        policies = attached(references, scaled, "aws_appautoscaling_policy")
        argument = "target_tracking_scaling_policy_configuration"
    return (policy for policy in policies if not blocks(policy.values.get(argument)))


def tracked(references: References, scaled: Resource, warn: Warn) -> Iterator[Tracking]:
    """The target tracking policies of a scalable target or of an Auto Scaling group."""
    if scaled.type == "aws_autoscaling_group":
        policies = list(references.about(scaled, "autoscaling_group_name", "aws_autoscaling_policy"))
        argument = "target_tracking_configuration"
    else:
        policies = list(attached(references, scaled, "aws_appautoscaling_policy"))
        argument = "target_tracking_scaling_policy_configuration"
    cooldown_s = limit("autoscaling.default_cooldown_s").at()
    for policy in policies:
        for block in blocks(policy.values.get(argument)):
            predefined = blocks(block.get("predefined_metric_specification"))
            own = first_block(block.get("customized_metric_specification")).get("metric_name")
            metric = predefined[0].get("predefined_metric_type") if predefined else "custom"
            value, out, back = (
                number(block.get(key)) for key in ("target_value", "scale_out_cooldown", "scale_in_cooldown")
            )
            if value is None or value <= 0:
                warn(f"{policy.address}: its target value is not known", policy.defined_at)
                continue
            yield Tracking(
                policy.address,
                str(metric),
                value,
                cooldown_s if out is None else out,
                cooldown_s if back is None else back,
                policy.defined_at,
                own if isinstance(own, str) else "",
            )


def followed(policy: Tracking, own: Mapping[str, str]) -> str | None:
    """What a policy follows: `requests` per instance, the `processor`, the `memory`, or the unit of load that `own` says of it.

    `own` is what gameday.toml says that each metric counts which the program publishes itself. None where nothing says it.
    """
    if policy.metric == "ALBRequestCountPerTarget":
        return "requests"
    if policy.metric.endswith("AverageCPUUtilization"):
        return "processor"
    if policy.metric.endswith("AverageMemoryUtilization"):
        return "memory"
    return own.get(policy.own)


def trigger_lag_s(trigger_s: float, datapoints: float) -> float:
    """What AWS takes beyond the datapoints of a minute until it scales out, of `trigger_s` from load to trigger.

    Half a minute goes by until the first datapoint, then the datapoints; the rest is publication.
    """
    return max(0.0, trigger_s - 60.0 * datapoints - 30.0)


def scheduled(references: References, scaled: Resource, warn: Warn) -> Iterator[Schedule]:
    """The scheduled actions of a scalable target or of an Auto Scaling group, all written as Application Auto Scaling does."""
    if scaled.type == "aws_autoscaling_group":
        for action in references.about(scaled, "autoscaling_group_name", "aws_autoscaling_schedule"):
            yield from _of_group(action)
        return
    for action in attached(references, scaled, "aws_appautoscaling_scheduled_action"):
        expression = action.values.get("schedule")
        if not isinstance(expression, str):
            warn(f"{action.address}: its schedule is not known", action.defined_at)
            continue
        for block in blocks(action.values.get("scalable_target_action")):
            lowest, highest = number(block.get("min_capacity")), number(block.get("max_capacity"))
            yield Schedule(
                action.address,
                expression,
                str(action.values.get("timezone") or "UTC"),
                None if lowest is None else int(lowest),
                None if highest is None else int(highest),
                action.defined_at,
            )


def _of_group(action: Resource) -> Iterator[Schedule]:
    """A group's action: once at its start, or daily by its recurrence (cron without seconds and years) up to its end."""
    start, end = (_moment(action.values.get(key)) for key in ("start_time", "end_time"))
    recurrence = action.values.get("recurrence")
    if isinstance(recurrence, str):
        expression = f"cron({recurrence})"
    elif start is not None:
        expression = f"at({start.strftime('%Y-%m-%dT%H:%M:%S')})"
    else:
        return
    # -1 leaves a size as it is: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScheduledUpdateGroupAction.html
    sizes = [number(action.values.get(key)) for key in ("min_size", "max_size")]
    lowest, highest = (None if size is None or size < 0 else int(size) for size in sizes)
    days = (end - start).days + 1 if isinstance(recurrence, str) and start and end else None
    zone = str(action.values.get("time_zone") or "UTC")
    yield Schedule(action.address, expression, zone, lowest, highest, action.defined_at, days)


def _moment(value: object) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
