"""What watching costs: the rate card's rows for CloudWatch, X-Ray and CloudTrail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from analysis.architecture import Value
from analysis.cost.setting import Applies, Charge, NotPriced, Setting, as_number, by_use, if_used, monthly
from analysis.units import HOURS_PER_MONTH, Quantity

ANOMALY_METRICS = 3
"""Metrics an anomaly detection alarm is charged for: the metric and both bounds of its band (the price row's attributes)."""

HIGH_RESOLUTION_S = 60
"""An alarm with a shorter period is a high-resolution alarm: https://aws.amazon.com/cloudwatch/pricing/."""

RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_RATE_HOURS = {"minute": Decimal(1) / 60, "hour": Decimal(1), "day": Decimal(24)}


def _queries(alarm: Setting) -> tuple[Mapping[str, Value], ...]:
    return alarm.blocks("metric_query")


def _metrics(alarm: Setting) -> tuple[Mapping[str, Value], ...]:
    """The metrics that an alarm reads: its own, or those of its metric queries; each is charged, the expressions are not."""
    queried = tuple(
        m for query in _queries(alarm) for m in alarm.known(query.get("metric"), "metric_query.metric") or ()
    )
    return queried or ({"period": alarm.get("period", 300)},)


def _expressions(alarm: Setting) -> tuple[str, ...]:
    return tuple(str(alarm.known(q.get("expression"), "expression") or "") for q in _queries(alarm))


def _is_anomaly(alarm: Setting) -> bool:
    return any("ANOMALY_DETECTION_BAND" in expression for expression in _expressions(alarm))


def _is_insights_query(alarm: Setting) -> bool:
    return any(expression.lstrip().upper().startswith("SELECT ") for expression in _expressions(alarm))


def _is_fast(alarm: Setting) -> bool:
    return any(
        as_number(alarm.known(m.get("period"), "period") or 300, "period") < HIGH_RESOLUTION_S for m in _metrics(alarm)
    )


def _alarm(fast: bool, anomaly: bool) -> Applies:
    return lambda s: not _is_insights_query(s) and _is_fast(s) == fast and _is_anomaly(s) == anomaly


def _filter_metrics(log_filter: Setting) -> Quantity | None:
    """The custom metrics a filter publishes: one per transformation, or per value of its dimensions, which usage must tell."""
    used = log_filter.used("metrics")
    if used is not None:
        return Quantity(used, "metric-month")
    transformations = log_filter.blocks("metric_transformation")
    if any(log_filter.known(t.get("dimensions"), "dimensions") for t in transformations):
        return None
    return Quantity(Decimal(len(transformations)), "metric-month")


def canary_runs(canary: Setting) -> Decimal:
    """The runs of a canary in a month: what the usage says, else what the rate of its schedule gives."""
    used = canary.used("monthly_runs")
    if used is not None:
        return used
    expression = str(canary.known(canary.block("schedule").get("expression"), "schedule.expression"))
    match = RATE.fullmatch(expression)
    if match is None:
        raise NotPriced(f"the schedule {expression!r} is no rate; name monthly_runs in the usage")
    every = int(match[1]) * _RATE_HOURS[match[2]]
    return HOURS_PER_MONTH / every if every else Decimal(1)


def _ingestion(group: Setting) -> str:
    return {"STANDARD": "cloudwatch.logs.ingest.gb", "INFREQUENT_ACCESS": "cloudwatch.logs.ingest_ia.gb"}.get(
        group.text("log_group_class", "STANDARD"), "cloudwatch.logs.ingest.gb"
    )


def _records_data(trail: Setting) -> bool:
    return bool(trail.blocks("event_selector") or trail.blocks("advanced_event_selector"))


CHARGES: Mapping[str, tuple[Charge, ...]] = {
    "aws_cloudwatch_log_group": (
        by_use("ingestion", _ingestion, "monthly_data_ingested_gb", "GB"),
        if_used(
            "ingestion, logs of AWS services", "cloudwatch.logs.vended.gb", "monthly_vended_data_ingested_gb", "GB"
        ),
        by_use("storage", "cloudwatch.logs.storage.gb_month", "storage_gb", "GB-month"),
        if_used(
            "custom metrics in embedded metric format", "cloudwatch.metric.month", "embedded_metrics", "metric-month"
        ),
        if_used("insights queries", "cloudwatch.logs.insights.gb_scanned", "monthly_data_scanned_gb", "GB"),
    ),
    "aws_cloudwatch_log_metric_filter": (
        Charge("custom metrics", "cloudwatch.metric.month", _filter_metrics, ("metrics",)),
    ),
    "aws_cloudwatch_metric_alarm": (
        monthly(
            "alarm, per metric",
            "cloudwatch.alarm.standard.month",
            "alarm metric-month",
            lambda s: len(_metrics(s)),
            _alarm(fast=False, anomaly=False),
        ),
        monthly(
            "high-resolution alarm, per metric",
            "cloudwatch.alarm.high_resolution.month",
            "alarm metric-month",
            lambda s: len(_metrics(s)),
            _alarm(fast=True, anomaly=False),
        ),
        monthly(
            "anomaly detection alarm, per metric",
            "cloudwatch.alarm.standard.month",
            "alarm metric-month",
            lambda _: ANOMALY_METRICS,
            _alarm(fast=False, anomaly=True),
        ),
        monthly(
            "high-resolution anomaly detection alarm, per metric",
            "cloudwatch.alarm.high_resolution_anomaly.metric_month",
            "metric-month",
            lambda _: ANOMALY_METRICS,
            _alarm(fast=True, anomaly=True),
        ),
        by_use(
            "metrics insights alarm, per metric analysed",
            "cloudwatch.alarm.metrics_insights.metric_month",
            "metrics_analysed",
            "metric-month",
            applies=_is_insights_query,
        ),
    ),
    "aws_cloudwatch_composite_alarm": (monthly("composite alarm", "cloudwatch.alarm.composite.month", "alarm-month"),),
    "aws_cloudwatch_dashboard": (monthly("dashboard", "cloudwatch.dashboard.month", "dashboard-month"),),
    "aws_cloudwatch_contributor_insight_rule": (
        monthly("rule", "cloudwatch.contributor_insights.rule_month", "rule-month"),
        by_use(
            "events matched",
            "cloudwatch.contributor_insights.million_events",
            "monthly_events",
            "1M events",
            per=10**6,
        ),
    ),
    "aws_synthetics_canary": (
        Charge(
            "runs", "cloudwatch.synthetics.canary_run", lambda s: Quantity(canary_runs(s), "run"), ("monthly_runs",)
        ),
        # A canary runs as a Lambda function of its own, which the configuration does not show.
        Charge(
            "duration of the runs on Lambda",
            "lambda.duration.x86.gb_second",
            lambda s: (
                None
                if s.used("run_gb_seconds") is None
                else Quantity(canary_runs(s) * s.use["run_gb_seconds"], "GB-second")
            ),
            ("run_gb_seconds",),
        ),
    ),
    "aws_rum_app_monitor": (
        by_use("events", "cloudwatch.rum.100k_events", "monthly_events", "100k events", per=10**5),
    ),
    "aws_xray_sampling_rule": (
        by_use("traces recorded", "xray.traces_recorded.million", "monthly_traces", "1M traces", per=10**6),
        if_used(
            "traces retrieved or scanned",
            "xray.traces_retrieved_or_scanned.million",
            "monthly_traces_scanned",
            "1M traces",
            per=10**6,
        ),
    ),
    "aws_xray_group": (
        by_use(
            "insights, traces analysed",
            "xray.insights.million_traces",
            "monthly_traces",
            "1M traces",
            per=10**6,
            applies=lambda s: s.block("insights_configuration").get("insights_enabled") is True,
        ),
    ),
    "aws_cloudtrail": (
        # The first copy of the management events of a region is free; whether this is the first, the stack cannot know.
        if_used(
            "further copies of management events",
            "cloudtrail.management_events_copy.100k",
            "monthly_additional_management_events",
            "100k events",
            per=10**5,
        ),
        by_use(
            "data events",
            "cloudtrail.data_events.100k",
            "monthly_data_events",
            "100k events",
            per=10**5,
            applies=_records_data,
        ),
    ),
}
