"""The alarms of a stack, read from its resolved Terraform: metric alarms, metric math, composites."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, cast, get_args

from analysis.alarms import expressions, rules
from analysis.alarms.semantics import COMPARISONS, MissingData
from analysis.architecture import Architecture, Diagnostic, Location, Resource, Unknown, Value

METRIC_ALARM = "aws_cloudwatch_metric_alarm"
COMPOSITE_ALARM = "aws_cloudwatch_composite_alarm"

PAGE = "page"
"""The severity, a tag of an alarm, that wakes a human."""

STATISTICS = ("SampleCount", "Sum", "Minimum", "Maximum", "Average")
"""CloudWatch's plain statistics; the others are percentiles, `p0` to `p100`."""

MINUTE_S = 60
DAY_S = 86_400
WEEK_S = 7 * DAY_S


@dataclass(frozen=True, slots=True)
class Metric:
    """What an alarm watches: a metric, its dimensions, a statistic and a period in seconds.

    The value of a dimension that Terraform learns only at apply is Unknown; it matches any one series that agrees in all else.
    """

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str | Unknown], ...]
    statistic: str
    period_s: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "dimensions", tuple(sorted(self.dimensions, key=lambda pair: pair[0])))

    def __str__(self) -> str:
        shown = ", ".join(f"{key}={known(value)}" for key, value in self.dimensions)
        return f"{self.namespace} {self.name}{{{shown}}}"


def known(value: str | Unknown) -> str:
    """The value of a dimension as text: what an unknown one refers to stands for it."""
    return value.reference if isinstance(value, Unknown) else value


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm on one metric, or on an expression over several; `queries` holds the metrics by id.

    An alarm on a single metric has no `expression` and one query.
    """

    name: str
    address: str
    comparison: str
    threshold: float
    evaluation_periods: int
    datapoints_to_alarm: int
    missing_data: MissingData
    queries: tuple[tuple[str, Metric], ...]
    expression: expressions.Expression | None = None
    evaluates_low_samples: bool = True
    severity: str = ""
    description: str = ""
    defined_at: Location = field(default=Location(""), compare=False)

    @property
    def period_s(self) -> int:
        """The period that all metrics of the alarm share."""
        return self.queries[0][1].period_s

    @property
    def percentile(self) -> float | None:
        """The percentile of an alarm on a single percentile, as a share: 0.95 for p95."""
        statistic = self.queries[0][1].statistic
        return percentile(statistic) if self.expression is None else None


@dataclass(frozen=True, slots=True)
class Composite:
    """An alarm over the states of others. A suppressor in ALARM keeps its actions back; the two times are in seconds."""

    name: str
    address: str
    rule: rules.CompositeRule
    suppressor: str | None = None
    wait_s: int = 0
    extension_s: int = 0
    severity: str = ""
    description: str = ""
    defined_at: Location = field(default=Location(""), compare=False)


AnyAlarm: TypeAlias = Alarm | Composite


@dataclass(frozen=True, slots=True)
class Alarms:
    """The alarms of a stack by name, members of a composite before it; `refused` are those that are not modelled, and why."""

    metric: tuple[Alarm, ...]
    composite: tuple[Composite, ...]
    refused: tuple[Diagnostic, ...] = ()

    def __iter__(self) -> Iterator[AnyAlarm]:
        return iter((*self.metric, *self.composite))

    def __getitem__(self, name: str) -> AnyAlarm:
        for alarm in self:
            if alarm.name == name:
                return alarm
        raise LookupError(f"there is no alarm {name!r}")


class _RefusalError(ValueError):
    """Why one alarm is not read; `attribute` says where."""

    def __init__(self, sentence: str, attribute: str = "") -> None:
        super().__init__(sentence)
        self.attribute = attribute


def percentile(statistic: str) -> float | None:
    """The share that a statistic such as `p95` stands for; None for a plain statistic. ValueError for anything else."""
    if statistic in STATISTICS:
        return None
    digits = statistic[1:]
    if statistic[:1] == "p" and digits.replace(".", "", 1).isdigit() and 0 <= float(digits) <= 100:
        return float(digits) / 100
    raise ValueError(f"statistic {statistic!r} is neither one of {', '.join(STATISTICS)} nor a percentile such as p95")


def read(architecture: Architecture) -> Alarms:
    """The alarms of a stack. What cannot be read as an alarm is among `refused`, with its place; nothing is left out silently."""
    refused: list[Diagnostic] = []
    metric: dict[str, Alarm] = {}
    composite: dict[str, Composite] = {}
    for resource in architecture.of_type(METRIC_ALARM, COMPOSITE_ALARM):
        try:
            name = _text(resource, "alarm_name")
            _unique(name, {*metric, *composite})
            if resource.type == METRIC_ALARM:
                metric[name] = _metric_alarm(resource, name)
            else:
                composite[name] = _composite(resource, name, architecture)
        except _RefusalError as refusal:
            where = resource.location(refusal.attribute) if refusal.attribute else resource.defined_at
            refused.append(Diagnostic("error", f"{resource.address}: {refusal}", where))
    ordered, missing = _ordered(composite, set(metric))
    return Alarms(tuple(metric.values()), ordered, (*refused, *missing))


def _unique(name: str, others: set[str]) -> None:
    if name in others:
        raise _RefusalError(f"alarm {name!r} is there twice; an alarm's name is unique in a region", "alarm_name")


def _ordered(
    composites: Mapping[str, Composite], known_names: set[str]
) -> tuple[tuple[Composite, ...], tuple[Diagnostic, ...]]:
    """Composites after their members; those whose members are not there, or that rest on themselves, are refused."""
    ordered: dict[str, Composite] = {}
    waiting = dict(composites)
    while ready := [
        c
        for c in waiting.values()
        if all(name in known_names for name in (*c.rule.members, *((c.suppressor,) if c.suppressor else ())))
    ]:
        for composite in ready:
            ordered[composite.name] = waiting.pop(composite.name)
            known_names.add(composite.name)
    return tuple(ordered.values()), tuple(
        Diagnostic(
            "error",
            f"{c.address}: rests on {', '.join(sorted({*c.rule.members, c.suppressor or ''} - known_names - {''}))}, "
            "which is no readable alarm of this stack, or rests on this one",
            c.defined_at,
        )
        for c in waiting.values()
    )


def _value(resource: Resource, name: str, default: Value = None) -> Value:
    found = resource.values.get(name)
    if isinstance(found, Unknown):
        raise _RefusalError(f"{name} is known only after apply ({found.reference})", name)
    return default if found is None or found in ("", ()) else found


def _text(resource: Resource, name: str) -> str:
    found = _value(resource, name)
    if not isinstance(found, str):
        raise _RefusalError(f"{name} is missing", name)
    return found


def _whole(value: Value, name: str, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value) or value < least:
        raise _RefusalError(f"{name} is {value!r}, not a whole number from {least} up", name)
    return int(value)


def severity(resource: Resource) -> str:
    """What the tag `severity` of an alarm says; empty without one."""
    tags = resource.values.get("tags")
    found = tags.get("severity") if isinstance(tags, Mapping) else None
    return found if isinstance(found, str) else ""


def _described(resource: Resource) -> str:
    found = resource.values.get("alarm_description")
    return found if isinstance(found, str) else ""


def _metric_alarm(resource: Resource, name: str) -> Alarm:
    comparison = _text(resource, "comparison_operator")
    queries: tuple[tuple[str, Metric], ...]
    if _value(resource, "threshold_metric_id") or comparison not in COMPARISONS:
        raise _RefusalError(
            f"{comparison} compares with an anomaly band; CloudWatch trains the band on up to two weeks of data with a model it "
            "does not publish, so it cannot be replayed; give a constant threshold",
            "comparison_operator",
        )
    threshold = resource.values.get("threshold")
    if isinstance(threshold, bool) or not isinstance(threshold, (int, float)):
        raise _RefusalError("threshold is not a known number", "threshold")
    expression = None
    if blocks := _value(resource, "metric_query", ()):
        queries, expression = _queries(blocks)
    else:
        statistic = _value(resource, "statistic") or _value(resource, "extended_statistic")
        if not statistic:
            raise _RefusalError("has neither statistic nor extended_statistic")
        period_s = _whole(_value(resource, "period"), "period")
        metric = _metric(
            _text(resource, "namespace"),
            _text(resource, "metric_name"),
            resource.values.get("dimensions"),
            statistic,
            period_s,
        )
        queries = (("metric", metric),)
    n = _whole(_value(resource, "evaluation_periods"), "evaluation_periods")
    m = _whole(_value(resource, "datapoints_to_alarm", n), "datapoints_to_alarm")
    if m > n:
        raise _RefusalError(f"datapoints_to_alarm is {m}, above evaluation_periods, {n}", "datapoints_to_alarm")
    _bounded(n, queries[0][1].period_s)
    missing = _value(resource, "treat_missing_data", "missing")
    if missing not in get_args(MissingData):
        raise _RefusalError(f"treat_missing_data {missing!r} is none of CloudWatch's", "treat_missing_data")
    return Alarm(
        name=name,
        address=resource.address,
        comparison=comparison,
        threshold=float(threshold),
        evaluation_periods=n,
        datapoints_to_alarm=m,
        missing_data=cast("MissingData", missing),
        queries=queries,
        expression=expression,
        evaluates_low_samples=_value(resource, "evaluate_low_sample_count_percentiles", "evaluate") == "evaluate",
        severity=severity(resource),
        description=_described(resource),
        defined_at=resource.defined_at,
    )


def _bounded(n: int, period_s: int) -> None:
    """CloudWatch's limits on the window: a day, or a week where the period is an hour or more (API reference, PutMetricAlarm)."""
    longest = WEEK_S if period_s >= 3600 else DAY_S
    if n * period_s > longest:
        raise _RefusalError(
            f"{n} periods of {period_s} s are longer than the {longest} s that CloudWatch looks back",
            "evaluation_periods",
        )


def _metric(namespace: Value, name: Value, dimensions: Value, statistic: Value, period_s: int) -> Metric:
    for part in (namespace, name, statistic):
        if not isinstance(part, str) or not part:
            raise _RefusalError("namespace, metric name and statistic must be known texts")
    if isinstance(dimensions, Unknown):
        raise _RefusalError(f"dimensions are known only after apply ({dimensions.reference})", "dimensions")
    try:
        percentile(statistic)
    except ValueError as error:
        raise _RefusalError(f"{error}; it is not modelled") from None
    if period_s % MINUTE_S:
        raise _RefusalError(
            f"a period of {period_s} s needs datapoints finer than a minute, which packs do not hold", "period"
        )
    return Metric(namespace, name, tuple((dimensions or {}).items()), statistic, period_s)


def _queries(
    blocks: Sequence[Mapping[str, Value]],
) -> tuple[tuple[tuple[str, Metric], ...], expressions.Expression | None]:
    """The metrics by id, and the expression that the threshold is compared with (None: one metric is, as it stands)."""
    at = "metric_query"
    metrics: dict[str, Metric] = {}
    formulas: dict[str, str] = {}
    returned = [block["id"] for block in blocks if block.get("return_data")]
    if len(returned) != 1:
        raise _RefusalError(f"{len(returned)} queries return data; exactly one must", at)
    for block in blocks:
        if block.get("account_id"):
            raise _RefusalError(f"query {block['id']} reads another account, which is not modelled", at)
        inner = block.get("metric") or ()
        if block.get("expression"):
            formulas[block["id"]] = block["expression"]
        elif inner:
            metric = inner[0] if isinstance(inner, Sequence) else inner
            period_s = _whole(metric.get("period") or block.get("period"), "period")
            metrics[block["id"]] = _metric(
                metric.get("namespace"),
                metric.get("metric_name"),
                metric.get("dimensions"),
                metric.get("stat"),
                period_s,
            )
        else:
            raise _RefusalError(f"query {block['id']} has neither expression nor metric", at)
    if not metrics:
        raise _RefusalError("its expression rests on no metric; Metrics Insights queries are not modelled", at)
    if len({metric.period_s for metric in metrics.values()}) > 1:
        raise _RefusalError("its metrics have several periods; the metrics of an alarm share one", at)
    result = returned[0]
    if result in metrics:
        return ((result, metrics[result]),), None
    try:
        expression = expressions.parse(_inlined(formulas, result))
    except expressions.ExpressionError as error:
        raise _RefusalError(str(error), at) from None
    if strangers := expression.names - set(metrics):
        raise _RefusalError(f"its expression names {', '.join(sorted(strangers))}, which no query defines", at)
    try:
        window = dict.fromkeys(metrics, (1.0, 1.0))
        expressions.value(expression, window, MINUTE_S, tuple(window))
    except expressions.ExpressionError as error:
        raise _RefusalError(str(error), at) from None
    return tuple(metrics.items()), expression


def _inlined(formulas: Mapping[str, str], result: str) -> str:
    """The expression `result` with the ids of other expressions replaced by what they stand for, in parentheses."""
    text = formulas[result]
    for _ in formulas:
        replaced = re.sub(
            r"\b[a-z][A-Za-z0-9_]*\b",
            lambda found: f"({formulas[found[0]]})" if found[0] in formulas else found[0],
            text,
        )
        if replaced == text:
            return text
        text = replaced
    raise expressions.ExpressionError(f"the expressions of {result} rest on each other")


def _composite(resource: Resource, name: str, architecture: Architecture) -> Composite:
    try:
        rule = rules.parse(_text(resource, "alarm_rule"))
    except rules.RuleError as error:
        raise _RefusalError(str(error), "alarm_rule") from None
    suppressor = _value(resource, "actions_suppressor", ())
    block = suppressor[0] if suppressor else {}
    alarm = block.get("alarm")
    if isinstance(alarm, Unknown):  # an ARN is made at apply, but whose ARN it is stands in the reference
        other = architecture.by_address.get(alarm.reference.removesuffix(".arn"))
        alarm = other.values.get("alarm_name") if other else alarm
    if isinstance(alarm, Unknown):
        raise _RefusalError(f"the suppressor is known only after apply ({alarm.reference})", "actions_suppressor")
    return Composite(
        name=name,
        address=resource.address,
        rule=rule,
        suppressor=rules.alarm_name(alarm) if alarm else None,
        wait_s=_whole(block.get("wait_period", 0), "wait_period", least=0),
        extension_s=_whole(block.get("extension_period", 0), "extension_period", least=0),
        severity=severity(resource),
        description=_described(resource),
        defined_at=resource.defined_at,
    )
