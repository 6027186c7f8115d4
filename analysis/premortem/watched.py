"""What CloudWatch would show of a pre-mortem's hours, minute by minute, and which alarms of the stack would ring.

A pre-mortem knows what each limit is asked for, how many instances run, and how long an update takes. PUBLISHED has the metrics
of AWS that follow from that; `[metrics]` of gameday.toml says which of the program's own do. The load is spread evenly, so that
the fullest instance is the mean one. What does not follow from the hours is left out, and an alarm on it is not answered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from analysis import alarms
from analysis.alarms import Alarm, Metric, MetricKey, Pack, Series
from analysis.alarms.definitions import known, percentile
from analysis.architecture import Architecture
from analysis.network.load import Rates
from analysis.premortem.fluid import Premortem, Strain
from analysis.premortem.pushes import Pushes
from analysis.premortem.story import FAILING, failing, grouped

ALIKE_S: Final = 0.001
"""Moments at which each step takes as long, to a millisecond, have the same percentiles."""


class Row(NamedTuple):
    """A metric of AWS: the dimension that names the resource, the argument that has the name, and its value in each step."""

    dimension: str
    argument: str
    value: Callable[[Premortem, str], Rates | None]


def _of(limit: str, value: Callable[[Strain], Rates]) -> Callable[[Premortem, str], Rates | None]:
    """What a limit of one station says; None where the load does not touch it."""

    def shown(found: Premortem, address: str) -> Rates | None:
        return next(
            (value(one) for one in found.strains if one.stations == (address,) and one.limit.name == limit), None
        )

    return shown


def _percent(one: Strain) -> Rates:
    percent: Rates = 100.0 * np.minimum(one.load, 1.0)
    return percent


def _running(found: Premortem, address: str) -> Rates | None:
    return found.running.get(address)


PUBLISHED: Final[Mapping[tuple[str, str], Row]] = {
    ("AWS/ECS", "CPUUtilization"): Row("ServiceName", "name", _of("processor", _percent)),
    ("AWS/EC2", "CPUUtilization"): Row("AutoScalingGroupName", "name", _of("processor", _percent)),
    ("AWS/Lambda", "ConcurrentExecutions"): Row(
        "FunctionName", "function_name", _of("reserved concurrency", lambda one: one.asked)
    ),
    ("AWS/Kinesis", "IncomingRecords"): Row("StreamName", "name", _of("records", lambda one: one.asked)),
    ("ECS/ContainerInsights", "RunningTaskCount"): Row("ServiceName", "name", _running),
}

PER_STEP: Final = {("AWS/Kinesis", "IncomingRecords")}
"""Metrics whose value is so many a second, and whose sum over a minute is published."""


class Ringing(NamedTuple):
    """An alarm over the hours: how many minutes it is in ALARM, and the value nearest to ringing of what it watches."""

    alarm: Alarm
    minutes: int
    extreme: float


@dataclass(frozen=True)
class Watched:
    """A stack's hours as its alarms see them; `own` says of a program's own metric what it is."""

    found: Premortem
    architecture: Architecture
    own: Mapping[str, str]

    def answers(self) -> Iterator[Ringing]:
        """Each alarm that the hours decide."""
        read = alarms.read(self.architecture)
        pack = self._pack(metric for alarm in read.metric for _, metric in alarm.queries)
        states = alarms.replay(read, pack) if pack is not None else {}
        for alarm in read.metric:
            if pack is not None and alarm.name in states:
                seen = alarms.watched(alarm, pack).points or ()
                values = [value for value in seen if value is not None]
                low = alarm.comparison.startswith("LessThan")
                rings = sum(state == "ALARM" for state in states[alarm.name])
                yield Ringing(alarm, rings, min(values, default=np.nan) if low else max(values, default=np.nan))

    def trouble(self) -> str:
        """What goes wrong in the hours, so that an alarm has reason to ring; empty where nothing does."""
        full = next((one for one in self.found.strained if one.full.any()), None)
        if full is not None:
            return f"{full.stations[0]} is over its limit ({full.limit.name})"
        for name, courses in grouped(self.found):
            if (failing(courses)[1] > FAILING).any():
                return f"more than {FAILING:.0%} of the {name} fail"
        return ""

    def _pack(self, metrics: Iterable[Metric]) -> Pack | None:
        """Those of `metrics` that follow from the hours; None where none does."""
        statistics: dict[MetricKey, dict[str, list[float | None]]] = {}
        for metric in metrics:
            points = self._points(metric)
            if points is not None:
                dimensions = tuple((name, known(value)) for name, value in metric.dimensions)
                key = MetricKey(metric.namespace, metric.name, dimensions)
                statistics.setdefault(key, {})[metric.statistic] = points
        day = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)  # alarms count minutes and read no clock
        series = {key: Series(points) for key, points in statistics.items()}
        return Pack(series, day, origin=self.found.scenario) if series else None

    def _points(self, metric: Metric) -> list[float | None] | None:
        """A statistic of a metric minute by minute; None where it does not follow from the hours."""
        key = (metric.namespace, metric.name)
        what = self.own.get(metric.name)
        if what in {"push_ms", "age_ms"}:
            pushes = self._pushes(str(what), metric)
            return None if pushes is None else self._times(pushes, metric.statistic)
        values = self._held(metric) if what == "connection" else self._published(metric) if key in PUBLISHED else None
        if values is None or metric.statistic not in {"Average", "Maximum", "Minimum", "Sum"}:
            return None
        if (metric.statistic == "Sum") != (
            key in PER_STEP
        ):  # of what is counted, only the sum of a minute follows from a rate
            return None
        if metric.statistic == "Sum":
            return [60.0 * value for value in self._minutes(values, "Average")]
        return list(self._minutes(values, metric.statistic))

    def _minutes(self, values: Rates, statistic: str) -> Iterator[float]:
        """A statistic of the steps of each minute."""
        each = max(1, round(60.0 / self.found.step_s))
        for start in range(0, len(values), each):
            minute = values[start : start + each]
            yield float(
                minute.max() if statistic == "Maximum" else minute.min() if statistic == "Minimum" else minute.mean()
            )

    def _published(self, metric: Metric) -> Rates | None:
        row = PUBLISHED[(metric.namespace, metric.name)]
        address = self._named(metric, row.argument, row.dimension)
        return None if address is None else row.value(self.found, address)

    def _held(self, metric: Metric) -> Rates | None:
        """Connections of one instance of the program that publishes the metric under its service's name."""
        address = self._named(metric, "name", None)
        held = None if address is None else _of("connections", lambda one: one.asked)(self.found, address)
        return None if address is None or held is None else held / np.maximum(self.found.running[address], 1.0)

    def _named(self, metric: Metric, argument: str, dimension: str | None) -> str | None:
        """The station whose argument is the value of a dimension of the metric, of any where none is named."""
        values = {value for name, value in metric.dimensions if dimension in {None, name} and isinstance(value, str)}
        stations = dict.fromkeys(address for one in self.found.strains for address in one.stations)
        return next((at for at in stations if self.architecture.by_address[at].values.get(argument) in values), None)

    def _pushes(self, what: str, metric: Metric) -> Pushes | None:
        """The way of the updates that the metric times: of all, or of the feed that a dimension names from what happened on."""
        pushes = self.found.pushes
        if pushes is None or what == "push_ms":
            return pushes
        feed = next((value for _, value in metric.dimensions if value in pushes.feeds), None)
        return None if feed is None else pushes.of(str(feed))

    def _times(self, pushes: Pushes, statistic: str) -> list[float | None] | None:
        """Milliseconds in each minute; an update that is never pushed publishes nothing."""
        share = percentile(statistic)
        if share is None and statistic != "Average":
            return None
        each = max(1, round(60.0 / self.found.step_s))
        known_s: dict[tuple[float, ...], float] = {}
        found: list[float | None] = []
        for step in range(0, pushes.steps, each):
            means = tuple(
                round(hop.mean_s(step) / ALIKE_S) if np.isfinite(hop.mean_s(step)) else np.inf for hop in pushes.hops
            )
            if means not in known_s:
                known_s[means] = pushes.mean_s(step) if share is None else pushes.percentiles_s((share,), step)[0]
            found.append(1000.0 * known_s[means] if np.isfinite(known_s[means]) else None)
        return found
