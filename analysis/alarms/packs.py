"""Incident packs: what CloudWatch recorded, or what a simulation says it would have, minute by minute.

A pack is the JSON that `aws cloudwatch get-metric-data` prints, with the request that it answers: either in one file, or the
request in `NAME.queries.json` beside `NAME.json`. The request is what the CLI was given (`--cli-input-json`, or the list of
`--metric-data-queries`): each query has an `Id` and a `MetricStat` with `Metric`, `Period` (60) and `Stat`.

    {"Origin": "…", "StartTime": "2026-03-07T19:00:00Z", "EndTime": "2026-03-07T22:00:00Z", "Gaps": "missing",
     "MetricDataQueries": [{"Id": "cpu", "MetricStat": {"Metric": {"Namespace": "AWS/ECS", "MetricName": "CPUUtilization",
        "Dimensions": [{"Name": "ClusterName", "Value": "live"}, …]}, "Period": 60, "Stat": "Average"}}],
     "MetricDataResults": [{"Id": "cpu", "Timestamps": ["2026-03-07T19:00:00Z", …], "Values": [31.5, …]}]}

`Origin`, `StartTime`, `EndTime`, `Gaps` and `HarmAt` (when users were first affected) may be left out. Several statistics of one
metric are several queries. A minute without a datapoint is a fault of the download, unless the metric is not published when it
is zero or idle, or comes less often than once a minute, or `Gaps` says `missing`: then CloudWatch had none either.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, TypeAlias

from analysis import facts
from analysis.alarms import tables
from analysis.alarms.definitions import Metric, known, percentile
from analysis.architecture import Unknown
from analysis.files import read_text

Points: TypeAlias = Sequence[float | None]
"""One value a minute from the pack's start; None where there is no datapoint."""

PERIOD_S = 60
MAX_FILE_BYTES = 200_000_000
MAX_MINUTES = 15 * 24 * 60
"""CloudWatch keeps datapoints of a minute for 15 days: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html"""

SIDE_SUFFIX = ".queries.json"


class PackError(ValueError):
    """A pack that cannot be replayed: the sentence names the file, what is wrong and what to do."""


@dataclass(frozen=True, slots=True, order=True)
class MetricKey:
    """A metric in CloudWatch's sense: namespace, name and dimensions, in whichever order they are given."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "dimensions", tuple(sorted(self.dimensions)))

    @classmethod
    def of(cls, namespace: str, name: str, **dimensions: str) -> MetricKey:
        """The key with its dimensions in order."""
        return cls(namespace, name, tuple(sorted(dimensions.items())))

    def __str__(self) -> str:
        return f"{self.namespace} {self.name}{{{', '.join(f'{key}={value}' for key, value in self.dimensions)}}}"


@dataclass(frozen=True, slots=True)
class Series:
    """The datapoints of one metric by statistic: `SampleCount`, `Sum`, `Minimum`, `Maximum`, `Average`, and percentiles as `p95`.

    All statistics are equally long. Raises ValueError where one is no statistic, is not finite, or has another length.
    """

    statistics: Mapping[str, Points]

    def __post_init__(self) -> None:
        lengths = {len(points) for points in self.statistics.values()}
        if len(lengths) != 1:
            raise ValueError(f"the statistics of a series have {sorted(lengths)} datapoints; they need equally many")
        for statistic, points in self.statistics.items():
            percentile(statistic)
            for minute, point in enumerate(points):
                if point is not None and not math.isfinite(point):
                    raise ValueError(f"{statistic} is {point} in minute {minute}; a missing datapoint is None")

    def __len__(self) -> int:
        return len(next(iter(self.statistics.values())))

    def points(self, statistic: str) -> Points | None:
        """One statistic, derived from the others where they determine it; None where the series does not hold it."""
        if statistic in self.statistics:
            return self.statistics[statistic]
        n, total, mean = (self.statistics.get(name) for name in ("SampleCount", "Sum", "Average"))
        if statistic == "Average" and n is not None and total is not None:
            return [None if not a or b is None else b / a for a, b in zip(n, total, strict=True)]
        if statistic == "Sum" and n is not None and mean is not None:
            return [None if a is None or b is None else a * b for a, b in zip(n, mean, strict=True)]
        return None


@dataclass(frozen=True)
class Pack:
    """An incident: series by metric from `start` (UTC) on, one datapoint each `period_s` (60), and where they come from.

    `harm_at` is when the first user was affected, where that is known. Raises ValueError for another period, no series, series of
    several lengths, or an impact outside.
    """

    series: Mapping[MetricKey, Series]
    start: dt.datetime
    period_s: int = PERIOD_S
    origin: str = ""
    harm_at: dt.datetime | None = None

    def __post_init__(self) -> None:
        if self.period_s != PERIOD_S:
            raise ValueError(f"a pack has one datapoint every {PERIOD_S} s, not every {self.period_s} s")
        if self.start.tzinfo is None:
            raise ValueError("the start of a pack needs a time zone")
        lengths = {len(series) for series in self.series.values()}
        if not lengths or lengths == {0}:
            raise ValueError("the pack is empty")
        if len(lengths) > 1:
            raise ValueError(f"the series of a pack are equally long, not {sorted(lengths)} minutes")
        if self.harm_at is not None and not self.start <= self.harm_at <= self.start + dt.timedelta(
            minutes=self.minutes
        ):
            raise ValueError(
                f"the impact at {self.harm_at.isoformat()} lies outside the pack, which starts at {self.start.isoformat()}"
            )

    @property
    def minutes(self) -> int:
        """How long the pack is."""
        return len(next(iter(self.series.values())))

    @cached_property
    def _by_shape(self) -> Mapping[tuple[str, str, tuple[str, ...]], tuple[MetricKey, ...]]:
        shapes: dict[tuple[str, str, tuple[str, ...]], list[MetricKey]] = {}
        for key in self.series:
            shapes.setdefault((key.namespace, key.name, tuple(name for name, _ in key.dimensions)), []).append(key)
        return {shape: tuple(keys) for shape, keys in shapes.items()}

    def find(self, metric: Metric) -> Series | None:
        """The series that an alarm's metric means; None where the pack has none.

        A dimension that is unknown before apply agrees with its reference written out (as a simulation does), else with any
        value: then PackError where several series fit.
        """
        shape = (metric.namespace, metric.name, tuple(name for name, _ in metric.dimensions))
        written = MetricKey(
            metric.namespace,
            metric.name,
            tuple(
                (name, value.reference if isinstance(value, Unknown) else value) for name, value in metric.dimensions
            ),
        )
        if written in self.series:
            return self.series[written]
        fits = [
            key
            for key in self._by_shape.get(shape, ())
            if all(
                isinstance(wanted, Unknown) or wanted == there
                for (_, wanted), (_, there) in zip(metric.dimensions, key.dimensions, strict=True)
            )
        ]
        if len(fits) > 1:
            raise PackError(
                f"{metric} may be any of {len(fits)} series of the pack ({fits[0]}, {fits[1]}…); "
                "leave in the pack those of this stack"
            )
        return self.series[fits[0]] if fits else None


def load(path: Path, *, gaps: Literal["refuse", "missing"] = "refuse") -> Pack:
    """The pack in `path`: `get-metric-data` JSON (see the module's text), or a CSV (see `tables`). PackError in one sentence.

    `gaps="missing"` takes a minute without a datapoint as one that CloudWatch did not have either.
    """
    if path.suffix.lower() == ".csv":
        return _table(path, gaps)
    answer = _json(path)
    if not isinstance(answer, dict) or not isinstance(answer.get("MetricDataResults"), list):
        raise PackError(f"{path}: has no list MetricDataResults; give what `aws cloudwatch get-metric-data` printed")
    request: Any = answer
    if "MetricDataQueries" not in answer:
        side = path.with_name(path.stem + SIDE_SUFFIX)
        if not side.is_file():
            raise PackError(
                f"{path}: does not say which metrics it holds; add MetricDataQueries, or put the request beside it as {side.name}"
            )
        request = _json(side)
        request = {"MetricDataQueries": request} if isinstance(request, list) else request
    if answer.get("NextToken"):
        raise PackError(f"{path}: has a NextToken, so it is one page of several; join the pages")
    if isinstance(request, dict) and request.get("Gaps", answer.get("Gaps")) == "missing":
        gaps = "missing"
    try:
        return _pack(answer, request, gaps, path.name)
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        missing = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise PackError(f"{path}: not the shape of get-metric-data: {missing}") from None
    except ValueError as error:
        raise PackError(f"{path}: {error}") from None


def _table(path: Path, gaps: str) -> Pack:
    """The pack in a CSV. Raises PackError with the number of the line."""
    try:
        answer = tables.answer(read_text(path, MAX_FILE_BYTES))
        return _pack(answer, {**answer, "Origin": path.name}, gaps, path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise PackError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    except ValueError as error:
        raise PackError(f"{path}: {error}") from None


def addressed(pack: Pack, metrics: Iterable[Metric]) -> Pack:
    """The pack with each series that has no dimensions also under those by which `metrics` ask for it, where that is one set.

    A plain table seldom says of which resource a metric is. Where a stack watches it on several, nobody can tell which is meant.
    """
    wanted: dict[tuple[str, str], set[MetricKey]] = {}
    for metric in metrics:
        dimensions = tuple((name, known(value)) for name, value in metric.dimensions)
        wanted.setdefault((metric.namespace, metric.name), set()).add(
            MetricKey(metric.namespace, metric.name, dimensions)
        )
    named = {(key.namespace, key.name) for key in pack.series if key.dimensions}
    more: dict[MetricKey, Series] = {}
    for bare, series in pack.series.items():
        keys = wanted.get((bare.namespace, bare.name), set())
        if len(keys) == 1 and (bare.namespace, bare.name) not in named:
            more |= dict.fromkeys(keys, series)
    return replace(pack, series={**pack.series, **more})


def to_json(pack: Pack) -> dict[str, Any]:
    """The pack as JSON that `load` reads: get-metric-data's shape, with the request and where it comes from in the same file."""
    queries: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for key, series in sorted(pack.series.items()):
        dimensions = [{"Name": name, "Value": value} for name, value in key.dimensions]
        metric = {"Namespace": key.namespace, "MetricName": key.name, "Dimensions": dimensions}
        for statistic, points in series.statistics.items():
            name = f"m{len(queries)}"
            queries.append({"Id": name, "MetricStat": {"Metric": metric, "Period": pack.period_s, "Stat": statistic}})
            there = [(minute, point) for minute, point in enumerate(points) if point is not None]
            results.append(
                {
                    "Id": name,
                    "Label": f"{key.name} {statistic}",
                    "Timestamps": [_stamp(pack.start + dt.timedelta(minutes=minute)) for minute, _ in there],
                    "Values": [point for _, point in there],
                    "StatusCode": "Complete",
                }
            )
    return {
        "Origin": pack.origin,
        "StartTime": _stamp(pack.start),
        "EndTime": _stamp(pack.start + dt.timedelta(minutes=pack.minutes)),
        **({"HarmAt": _stamp(pack.harm_at)} if pack.harm_at else {}),
        "Gaps": "missing",
        "MetricDataQueries": queries,
        "MetricDataResults": results,
    }


def _stamp(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _json(path: Path) -> Any:
    try:
        return json.loads(read_text(path, MAX_FILE_BYTES))
    except (OSError, UnicodeDecodeError) as error:
        raise PackError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    except (ValueError, RecursionError) as error:
        raise PackError(f"{path}: is not JSON: {error}") from None


def moment(text: str) -> dt.datetime:
    """A point in time with its zone, from ISO 8601; ValueError where it is none, or has no zone."""
    try:
        found = dt.datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise ValueError(f"{text!r} is no time; write it as 2026-03-07T19:00:00Z") from None
    if found.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; end it with Z for UTC")
    return found.astimezone(dt.UTC)


@dataclass(frozen=True, slots=True)
class _Query:
    key: MetricKey
    statistic: str


def _query(query: Mapping[str, Any]) -> _Query:
    name = query["Id"]
    if "MetricStat" not in query:
        raise ValueError(
            f"query {name!r} has no MetricStat; packs hold metrics, and expressions are computed from them"
        )
    stat = query["MetricStat"]
    metric = stat["Metric"]
    if stat["Period"] != PERIOD_S:
        raise ValueError(
            f"query {name!r} has a period of {stat['Period']} s; ask for {PERIOD_S} s, from which longer periods are computed"
        )
    pairs = [(pair["Name"], pair["Value"]) for pair in metric.get("Dimensions") or ()]
    if not all(isinstance(text, str) for text in (name, metric["Namespace"], metric["MetricName"], *sum(pairs, ()))):
        raise ValueError(f"query {name!r}: Id, namespace, name and dimensions are texts")
    key = MetricKey(metric["Namespace"], metric["MetricName"], tuple(sorted(pairs)))
    if key.namespace in facts.metric_namespaces() and (key.namespace, key.name) not in facts.metrics():
        raise ValueError(
            f"query {name!r}: AWS publishes no metric {key.name} in {key.namespace}; "
            "if it is new, add it to analysis/facts/metrics.csv"
        )
    percentile(stat["Stat"])
    return _Query(key, stat["Stat"])


def _pack(answer: Mapping[str, Any], request: Mapping[str, Any], gaps: str, file: str) -> Pack:
    queries: dict[str, _Query] = {}
    for query in request["MetricDataQueries"]:
        if query["Id"] in queries:
            raise ValueError(f"query {query['Id']!r} is there twice")
        queries[query["Id"]] = _query(query)
    read: dict[str, dict[dt.datetime, float]] = {}
    for result in answer["MetricDataResults"]:
        name = result["Id"]
        if name not in queries:
            raise ValueError(f"result {name!r} answers no query")
        if name in read:
            raise ValueError(f"result {name!r} is there twice; join the pages")
        if result.get("StatusCode", "Complete") != "Complete":
            raise ValueError(f"result {name!r} is {result['StatusCode']}; fetch the rest")
        read[name] = _datapoints(name, result["Timestamps"], result["Values"])
    if silent := sorted(set(queries) - set(read)):
        raise ValueError(f"query {silent[0]!r} has no result")
    stamps = [stamp for points in read.values() for stamp in points]
    bounds = {**answer, **request}
    if not stamps:
        raise ValueError("the pack is empty: no query has a datapoint")
    start = moment(bounds["StartTime"]) if "StartTime" in bounds else min(stamps)
    end = moment(bounds["EndTime"]) if "EndTime" in bounds else max(stamps) + dt.timedelta(minutes=1)
    if start.second or start.microsecond:
        raise ValueError(f"the pack starts at {start.isoformat()}; let it start on a full minute")
    minutes = math.ceil((end - start) / dt.timedelta(minutes=1))
    if not 0 < minutes <= MAX_MINUTES:
        raise ValueError(f"the pack is {minutes} minutes long; it may be 1 to {MAX_MINUTES}")
    series: dict[MetricKey, dict[str, Points]] = {}
    for name, query in queries.items():
        points = _by_minute(name, query, read[name], start, minutes, gaps)
        if query.statistic in series.setdefault(query.key, {}):
            raise ValueError(f"query {name!r} asks for {query.statistic} of {query.key} a second time")
        series[query.key][query.statistic] = points
    origin = str(bounds.get("Origin") or f"get-metric-data, {file}")
    harm_at = moment(bounds["HarmAt"]) if bounds.get("HarmAt") is not None else None
    return Pack({key: Series(statistics) for key, statistics in series.items()}, start, PERIOD_S, origin, harm_at)


def _datapoints(name: str, stamps: Sequence[str], values: Sequence[float]) -> dict[dt.datetime, float]:
    """The datapoints of a result in the order of time; the CLI prints the newest first, `--scan-by` turns that round."""
    if len(stamps) != len(values):
        raise ValueError(f"result {name!r} has {len(stamps)} timestamps and {len(values)} values")
    moments = [moment(stamp) for stamp in stamps]
    pairs = list(zip(moments, values, strict=True))
    if len(moments) > 1 and moments[0] > moments[-1]:
        pairs.reverse()
    for (earlier, _), (later, _) in pairwise(pairs):
        if earlier == later:
            raise ValueError(f"result {name!r} has two datapoints at {later.isoformat()}")
        if earlier > later:
            raise ValueError(
                f"result {name!r} is not in the order of time: {later.isoformat()} follows {earlier.isoformat()}"
            )
    for stamp, value in pairs:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ValueError(f"result {name!r} is {value!r} at {stamp.isoformat()}; leave out what is not a number")
    return {stamp: float(value) for stamp, value in pairs}


def _by_minute(
    name: str, query: _Query, read: Mapping[dt.datetime, float], start: dt.datetime, minutes: int, gaps: str
) -> Points:
    points: list[float | None] = [None] * minutes
    for stamp, value in read.items():
        minute, rest = divmod((stamp - start).total_seconds(), PERIOD_S)
        if rest:
            raise ValueError(
                f"result {name!r} has a datapoint at {stamp.isoformat()}, which is on no minute of the pack"
            )
        if not 0 <= minute < minutes:
            raise ValueError(f"result {name!r} has a datapoint at {stamp.isoformat()}, outside the pack")
        points[int(minute)] = value
    fact = facts.metrics().get((query.key.namespace, query.key.name))
    least = (
        0.0
        if query.key.namespace == "user" or (fact is not None and fact.low is not None and fact.low >= 0)
        else -math.inf
    )
    for stamp, value in read.items():
        if value < least:
            raise ValueError(f"result {name!r} is {value:g} at {stamp.isoformat()}; it cannot be below 0")
    sparse = fact is not None and (fact.when_zero != "published" or fact.every_s > PERIOD_S)
    if gaps != "missing" and not sparse and None in points:
        at = start + dt.timedelta(minutes=points.index(None))
        raise ValueError(
            f"result {name!r} has no datapoint at {at.isoformat()}; if CloudWatch had none either, say so with --gaps missing"
        )
    return points


STATIONS: Mapping[str, tuple[str, ...]] = {
    "AWS/CloudFront": ("edge",),
    "AWS/ApplicationELB": ("balancer",),
    "AWS/ECS": ("service",),
    "ECS/ContainerInsights": ("service",),
    "AWS/ElastiCache": ("cache",),
    "AWS/RDS": ("database", "replica"),
}
"""Which stations of a simulated night publish under which of AWS's namespaces."""

OWN: Mapping[str, str] = {"UpdateAge": "service"}
"""What a program publishes by itself, under any namespace that is not AWS's, and from which station of a simulated night."""

Identity: TypeAlias = Mapping[str, str | None]
"""What a station publishes its metrics by: dimension and value, known or as its reference; None where any value is its own."""

CLOUDWATCH_STATISTICS: Mapping[str, str] = {
    "n": "SampleCount",
    "sum": "Sum",
    "min": "Minimum",
    "max": "Maximum",
    "average": "Average",
}
"""A simulation's names of statistics; percentiles are called alike."""


def simulated(
    metrics: Iterable[Metric],
    stations: Mapping[tuple[str, str], Mapping[str, Sequence[float]]],
    start: dt.datetime,
    origin: str,
    *,
    identities: Mapping[str, Identity] | None = None,
) -> Pack:
    """The pack of a simulated night, for the metrics that alarms and dashboards ask for.

    `stations` holds columns by (station, metric) and statistic (`n`, `sum`, `min`, `max`, `average`, `p95`…), one figure a
    minute, NaN where nothing is published; names of metrics are CloudWatch's. A metric of AWS's is answered by the station that
    publishes it under just these dimensions, by `identities`; one without an identity answers none. What the simulation does not
    hold is left out, and its alarm will say so. Raises PackError where nothing is left.
    """
    metrics = tuple(metrics)
    found: dict[MetricKey, Series] = {}
    made: dict[tuple[str, str], Series] = {}
    for metric in metrics:
        dimensions = tuple((name, known(value)) for name, value in metric.dimensions)
        station = _station(metric, dict(dimensions), identities or {}, stations)
        if station is None:
            continue
        if station not in made:
            made[station] = Series(
                {
                    CLOUDWATCH_STATISTICS.get(name, name): [
                        None if math.isnan(figure) else float(figure) for figure in column
                    ]
                    for name, column in stations[station].items()
                }
            )
        found[MetricKey(metric.namespace, metric.name, dimensions)] = made[station]
    if not found:
        raise PackError(_nothing_of(metrics))
    return Pack(found, start, PERIOD_S, origin)


def _nothing_of(metrics: Sequence[Metric]) -> str:
    """Why a simulated night answers none of `metrics`, and what to do."""
    names = list(dict.fromkeys(f"{metric.namespace} {metric.name}" for metric in metrics))
    if not names:
        return "the stack has no alarm and no graph on a metric, so there is nothing to try on a night"
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return (
        f"a simulated night publishes none of the metrics that are watched ({shown}): it holds those of the distribution, "
        "balancer, service, cache and database that the crowd passes; give what CloudWatch recorded with --pack"
    )


def _station(
    metric: Metric,
    dimensions: Mapping[str, str],
    identities: Mapping[str, Identity],
    stations: Mapping[tuple[str, str], object],
) -> tuple[str, str] | None:
    """The station and metric of a night that `metric` means; None where the night does not hold it."""
    aws = metric.namespace.startswith("AWS/") or metric.namespace in facts.metric_namespaces()
    if not aws:
        named = ((metric.namespace, metric.name), (OWN.get(metric.name, ""), metric.name))
        return next((key for key in named if key in stations), None)
    for station in STATIONS.get(metric.namespace, ()):
        if (station, metric.name) in stations and _published_by(identities.get(station, {}), dimensions):
            return station, metric.name
    return None


def _published_by(identity: Identity, dimensions: Mapping[str, str]) -> bool:
    """Whether a station of this identity publishes by just these dimensions: all are its own, and one of them tells it apart."""
    own = all(name in identity and identity[name] in (None, value) for name, value in dimensions.items())
    return own and any(identity[name] is not None for name in dimensions)
