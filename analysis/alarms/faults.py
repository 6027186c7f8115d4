"""Alarms that can never fire: what they watch does not exist, cannot get there, or is missing exactly when it matters."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from analysis import facts
from analysis.alarms import expressions
from analysis.alarms.definitions import Alarm, Composite, Metric, known, percentile
from analysis.alarms.semantics import COMPARISONS, State
from analysis.architecture import Architecture, Resource, Unknown

Kind: TypeAlias = Literal[
    "namespace",
    "metric",
    "dimensions",
    "statistic",
    "threshold",
    "hidden",
    "switched off",
    "unpublished",
    "members",
    "identifier",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an alarm is silent. `certain`: it can never fire; else something outside the Terraform may publish what it watches."""

    kind: Kind
    sentence: str
    certain: bool = True


def faults(alarm: Alarm, architecture: Architecture | None = None) -> tuple[Fault, ...]:
    """What keeps `alarm` from ever firing, by the catalogue of AWS metrics and, where given, by what the stack publishes.

    An expression can do without a metric that does not exist where FILL stands in for it; then the fault is not certain.
    """
    by_query = {name: tuple(metric_faults(metric, architecture)) for name, metric in alarm.queries}
    found = [fault for several in by_query.values() for fault in several]
    if alarm.expression is None:
        return tuple(found) or tuple(_reach(alarm))
    gone = {name for name, several in by_query.items() if any(fault.certain for fault in several)}
    window = {name: (None,) if name in gone else (1.0,) for name, _ in alarm.queries}
    if expressions.value(alarm.expression, window, alarm.period_s, tuple(window)) != (None,):
        found = [
            Fault(fault.kind, f"{fault.sentence} (the expression goes on without it)", certain=False) for fault in found
        ]
    return tuple(found)


def composite_faults(composite: Composite, dead: frozenset[str]) -> tuple[Fault, ...]:
    """Whether a composite needs an alarm that can never fire; `dead` are those. Rules over more than eight are not judged."""
    members = composite.rule.members
    if not dead & set(members) or len(members) > 8:
        return ()
    choices: list[tuple[State, ...]] = [
        ("OK", "INSUFFICIENT_DATA") if name in dead else ("OK", "ALARM", "INSUFFICIENT_DATA") for name in members
    ]
    if any(composite.rule.holds(dict(zip(members, case, strict=True))) for case in itertools.product(*choices)):
        return ()
    return (Fault("members", f"its rule needs {', '.join(sorted(dead & set(members)))}, which can never fire"),)


def metric_faults(metric: Metric, architecture: Architecture | None) -> Iterator[Fault]:
    """What is wrong with a metric itself: it does not exist, has other dimensions or statistics, or nobody publishes it."""
    names = frozenset(name for name, _ in metric.dimensions)
    fact = facts.metrics().get((metric.namespace, metric.name))
    if fact is None:
        yield from _unlisted(metric, names, architecture)
        return
    if names not in fact.dimensions:
        yield Fault(
            "dimensions", f"{fact.namespace} publishes {fact.name} by {_sets(fact.dimensions)}, not by {_sets([names])}"
        )
    for name, value in metric.dimensions:
        kind, _, attribute = value.reference.rpartition(".") if isinstance(value, Unknown) else ("", "", "")
        mistaken = MISTAKEN.get((name, _type(kind), attribute))
        if mistaken:
            yield Fault("identifier", f"{name} is {known(value)}, {mistaken}")
    if fact.statistics and metric.statistic not in fact.statistics:
        yield Fault(
            "statistic",
            f"the only valid statistic of {fact.name} is {' or '.join(fact.statistics)}, not {metric.statistic}",
        )
    if fact.needs and architecture is not None:
        types, on, sentence = SWITCHES[fact.needs]
        if list(architecture.of_type(*types)) and not on(architecture):
            yield Fault("switched off", f"{fact.name} is not published: {sentence}")


MISTAKEN: Mapping[tuple[str, str, str], str] = {
    # https://github.com/hashicorp/terraform-provider-aws/issues/31232
    ("DBInstanceIdentifier", "aws_db_instance", "id"): (
        "the resource id (db-…) since version 5 of the provider; CloudWatch publishes by the identifier, so write .identifier"
    ),
}
"""Attributes that look like a dimension's value and are not: dimension, type and attribute, and what is right."""


def _type(address: str) -> str:
    """The type of the resource at an address: `aws_lb` of `module.a.aws_lb.this["x"]`."""
    steps = re.sub(r"\[[^\]]*\]", "", address).split(".")
    return steps[-2] if len(steps) > 1 else ""


def _unlisted(metric: Metric, names: frozenset[str], architecture: Architecture | None) -> Iterator[Fault]:
    """Faults of a metric that is not in the catalogue: it does not exist in a namespace that is there, else nobody knows.

    One's own metric needs a publisher.
    """
    if metric.namespace in facts.metric_namespaces():
        yield Fault("metric", f"{metric.namespace} has no metric {metric.name}")
        return
    if metric.namespace.startswith("AWS/"):
        unknown = (
            f"{metric.namespace} is not in the catalogue of AWS metrics, so whether it has {metric.name} is not known"
        )
        yield Fault("namespace", unknown, certain=False)
        return
    if architecture is None:
        return
    published = {found for found in _published(architecture) if found[:2] == (metric.namespace, metric.name)}
    if not published:
        yield Fault(
            "unpublished",
            f"nothing in this Terraform publishes {metric.name} in {metric.namespace}; the application would have to",
            certain=False,
        )
    elif names not in {dimensions for _, _, dimensions in published}:
        by = _sets(sorted((dimensions for _, _, dimensions in published), key=sorted))
        yield Fault("dimensions", f"the log metric filter publishes {metric.name} by {by}, not by {_sets([names])}")


def _published(architecture: Architecture) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Namespace, name and dimensions of what the stack's log metric filters publish."""
    for resource in architecture.of_type("aws_cloudwatch_log_metric_filter"):
        for made in resource.values.get("metric_transformation") or ():
            yield made["namespace"], made["name"], frozenset(made.get("dimensions") or ())


def _sets(dimensions: Sequence[frozenset[str]]) -> str:
    return " or ".join(" + ".join(sorted(names)) or "no dimension" for names in dimensions)


def _reach(alarm: Alarm) -> Iterator[Fault]:
    """Whether a value exists that breaches, and whether there is a datapoint when it does."""
    metric = alarm.queries[0][1]
    fact = facts.metrics().get((metric.namespace, metric.name))
    if fact is None:
        return
    low, high = fact.low, fact.high
    if metric.statistic in ("Sum", "SampleCount"):
        low, high = (None if low is None or (low < 0 and metric.statistic == "Sum") else 0.0), None
    breaches = COMPARISONS[alarm.comparison]
    upwards = alarm.comparison.startswith("Greater")
    end = high if upwards else low
    if end is not None and not breaches(end, alarm.threshold):
        yield Fault(
            "threshold",
            f"{metric.statistic} of {fact.name} never goes {'above' if upwards else 'below'} {end:g} {fact.unit}, so it cannot "
            f"breach {alarm.threshold:g}",
        )
        return
    # A count that is not published at zero is at least one where there is a datapoint.
    if not upwards and fact.when_zero == "absent" and fact.unit == "Count" and alarm.missing_data != "breaching":
        only_zero = not breaches(1.0, alarm.threshold) and percentile(metric.statistic) is None
        yield Fault(
            "hidden",
            f"{fact.name} is not published when it is zero, and treat_missing_data = {alarm.missing_data} hides that",
            certain=only_zero,
        )


def _insights(architecture: Architecture) -> bool:
    return any(
        setting.get("name") == "containerInsights" and setting.get("value") in ("enabled", "enhanced")
        for cluster in architecture.of_type("aws_ecs_cluster")
        for setting in cluster.values.get("setting") or ()
    )


def _any(resource_type: str, test: Callable[[Resource], bool]) -> Callable[[Architecture], bool]:
    return lambda architecture: any(test(resource) for resource in architecture.of_type(resource_type))


SWITCHES: Mapping[str, tuple[tuple[str, ...], Callable[[Architecture], bool], str]] = {
    "container-insights": (("aws_ecs_cluster",), _insights, "Container Insights is not enabled on the cluster"),
    "cloudfront-additional-metrics": (
        ("aws_cloudfront_distribution",),
        _any("aws_cloudfront_monitoring_subscription", lambda resource: bool(resource.address)),
        "the distribution has no aws_cloudfront_monitoring_subscription for additional metrics",
    ),
    "burstable-database": (
        ("aws_db_instance",),
        _any("aws_db_instance", lambda resource: str(resource.values.get("instance_class", "")).startswith("db.t")),
        "only burstable classes (db.t…) have credits",
    ),
    "group-metrics": (
        ("aws_autoscaling_group",),
        _any("aws_autoscaling_group", lambda resource: bool(resource.values.get("enabled_metrics"))),
        "the group has no enabled_metrics",
    ),
}
"""What `needs` of the catalogue means: the resources concerned, how one sees that it is on, and the sentence where it is off."""
