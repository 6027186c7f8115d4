"""Small alarms, packs and stacks for the tests."""

import datetime as dt

from analysis import terraform
from analysis.alarms import Alarm, Metric, MetricKey, Pack, Series

START = dt.datetime(2026, 3, 7, 19, 0, tzinfo=dt.UTC)
CPU = MetricKey.of("AWS/ECS", "CPUUtilization", ClusterName="live", ServiceName="api")


def at(minute):
    return START + dt.timedelta(minutes=minute)


def metric(key=CPU, statistic="Average", period_s=60):
    return Metric(key.namespace, key.name, key.dimensions, statistic, period_s)


def alarm(name="cpu", watches=None, **changes):
    told = {
        "comparison": "GreaterThanThreshold",
        "threshold": 80.0,
        "evaluation_periods": 3,
        "datapoints_to_alarm": 3,
        "missing_data": "missing",
        **changes,
    }
    queries = told.pop("queries", (("metric", watches or metric()),))
    return Alarm(name=name, address=f"aws_cloudwatch_metric_alarm.{name}", queries=queries, **told)


LEVELS = {"_": 50.0, "#": 90.0, "-": None}


def drawn(picture):
    """`#` breaches a threshold of 80, `_` does not, `-` is missing; one mark a minute."""
    return [LEVELS[mark] for mark in picture]


def pack(picture, key=CPU, **statistics):
    points = drawn(picture)
    statistics = {"Average": points, **statistics}
    return Pack({key: Series(statistics)}, START, origin="hand-made")


def stack(tmp_path, text):
    (tmp_path / "main.tf").write_text(text, encoding="utf-8")
    found = terraform.load(tmp_path)
    assert not found.errors, found.errors
    return found
