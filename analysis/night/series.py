"""A simulated night as CloudWatch would show it: one series per metric and minute, per station and for the fan, and events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import factorial
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.night import kernel
from analysis.night.parameters import Setup

Array = NDArray[np.float64]
PERCENTILES = (0.5, 0.9, 0.95, 0.99)
STATISTICS = ("n", "sum", "min", "max", "average", "p50", "p90", "p95", "p99")


class Metric(NamedTuple):
    """Where a series comes from: columns of the kernel, added, or over those of `per`, or `made` of the whole night.

    `sparse` metrics are published only where they are not zero, as CloudWatch does with errors.
    """

    station: str
    name: str
    unit: str
    columns: tuple[str, ...] = ()
    scale: float = 1.0
    sparse: bool = False
    per: tuple[str, ...] = ()
    made: Callable[[Night], Array] | None = None


def _memory(night: Night) -> Array:
    """The share of the tasks' memory in use: processes at rest, and the requests that are inside."""
    memory, running = night.setup.memory, np.maximum(night.per_minute("running"), 1.0)
    inside_mib = night.per_minute("waiting") / running * memory.request_mib
    return np.minimum(100.0, 100.0 * (memory.rest_mib + inside_mib) / memory.task_mib)


def _burst_balance(night: Night) -> Array:
    return 100.0 * night.per_minute("io_credits") / max(1.0, night.setup.setting.io_credits_max)


def _engine(night: Night) -> Array:
    """How busy the cache's one thread is: each look-up is an operation, each miss one more that writes."""
    operations = 2.0 * night.per_minute("cache_lookups") - night.per_minute("cache_hits")
    return np.minimum(100.0, 100.0 * operations / night.setup.cache_operations_per_s)


def _volume(night: Night) -> tuple[Array, Array]:
    """Operations of the database's volume a second, and how long one takes: longer as the volume fills, as in M/M/1."""
    setting = night.setup.setting
    writes = night.per_minute("database_writes")
    reads = night.per_minute("database_requests") - writes
    operations = reads * setting.io_per_read + writes * setting.io_per_write
    spent = (setting.io_burst_per_s > setting.io_baseline_per_s) & (night.per_minute("io_credits") <= 0.0)
    limit = np.where(spent, setting.io_baseline_per_s, setting.io_burst_per_s)
    busy = np.minimum(operations / np.maximum(limit, 1.0), 0.99)
    return operations, night.setup.volume_latency_s / (1.0 - busy)


def _disk_queue(night: Night) -> Array:
    operations, latency_s = _volume(night)
    return operations * latency_s  # Little's law


def _write_latency(night: Night) -> Array:
    return _volume(night)[1]


FAULTY = ("refused", "unavailable", "killed", "database_errors")
"""Attempts that end in an answer of the 500s; a client that gave up waiting gets none."""

METRICS = (
    Metric("user", "Users", "Count", ("users",)),
    Metric("user", "Requests", "Count", ("answered", "edge_answers", "errors")),
    Metric("user", "Errors", "Count", ("errors",)),
    Metric("user", "FailedAttempts", "Count", ("failed_attempts",)),
    Metric("user", "TimedOut", "Count", ("timeouts",)),
    Metric("user", "Refused", "Count", ("refused",)),
    Metric("user", "HungUp", "Count", ("hung_up",)),
    Metric("edge", "Requests", "Count", ("requests",)),
    Metric("edge", "CacheHitRate", "Percent", ("edge_answers",), 100.0, per=("requests",)),
    Metric("edge", "5xxErrorRate", "Percent", FAULTY, 100.0, per=("requests",)),
    Metric("balancer", "RequestCount", "Count", ("reached",)),
    Metric("balancer", "RequestCountPerTarget", "Count", ("reached",), per=("healthy",)),
    Metric("balancer", "HTTPCode_ELB_5XX_Count", "Count", ("refused", "unavailable", "killed"), sparse=True),
    Metric("balancer", "HTTPCode_Target_5XX_Count", "Count", ("database_errors",), sparse=True),
    Metric("balancer", "HealthyHostCount", "Count", ("healthy",)),
    Metric("balancer", "UnHealthyHostCount", "Count", ("unhealthy",)),
    Metric("service", "CPUUtilization", "Percent", ("cpu",), 100.0),
    Metric("service", "RunningTaskCount", "Count", ("running",)),
    Metric("service", "DesiredTaskCount", "Count", ("desired",)),
    Metric("service", "PendingTaskCount", "Count", ("starting",)),
    Metric("service", "MemoryUtilization", "Percent", made=_memory),
    Metric("service", "Waiting", "Count", ("waiting",)),
    Metric("service", "WorkedInVain", "Count", ("worked_in_vain",)),
    Metric("cache", "CacheHitRate", "Percent", ("cache_hits",), 100.0, per=("cache_lookups",)),
    Metric("cache", "Lookups", "Count", ("cache_lookups",)),
    Metric("cache", "EngineCPUUtilization", "Percent", made=_engine),
    Metric("database", "CPUUtilization", "Percent", ("database_busy",), 100.0),
    Metric("database", "DatabaseConnections", "Count", ("connections",)),
    Metric("database", "CPUCreditBalance", "Count", ("credits",)),
    Metric("database", "BurstBalance", "Percent", made=_burst_balance),
    Metric("database", "Requests", "Count", ("database_requests",)),
    Metric("database", "Writes", "Count", ("database_writes",)),
    Metric("database", "DiskQueueDepth", "Count", made=_disk_queue),
    Metric("database", "WriteLatency", "Seconds", made=_write_latency),
    Metric("replica", "CPUUtilization", "Percent", ("replica_busy",), 100.0),
    Metric("replica", "ReplicaLag", "Seconds", ("replica_lag_s",)),
    Metric("publisher", "Updates", "Count", ("published",)),
    Metric("stream", "Connections", "Count", ("streams",)),
    Metric("stream", "Missing", "Count", ("streams_away",)),
    Metric("stream", "NewConnections", "Count", ("connects",)),
    Metric("stream", "RefusedConnections", "Count", ("connects_refused",)),
    Metric("stream", "BrokenConnections", "Count", ("streams_lost",)),
    Metric("stream", "Deliveries", "Count", ("deliveries",)),
    Metric("stream", "DeliveryTime", "Seconds", ("delivery_s",)),
)
"""Names are CloudWatch's where it publishes the metric, else plain words. Counts are taken each second."""

TIMES = (("user", "Latency"), ("balancer", "TargetResponseTime"), ("user", "Age"), ("service", "UpdateAge"))
"""Series of times: whole answers, those of the targets, the age of the newest update that a fan has seen, in seconds; and, in
milliseconds as a program would publish it, its age as it leaves the service."""

NOT_MODELLED: Mapping[tuple[str, str], str] = {
    ("AWS/ApplicationELB", "RejectedConnectionCount"): "AWS publishes no ceiling of connections that could be met",
    (
        "AWS/ApplicationELB",
        "ActiveConnectionCount",
    ): "connections of clients and of the edge are not simulated, requests are",
    ("AWS/CloudFront", "4xxErrorRate"): "nobody in a scenario asks for what is not there",
    ("AWS/ElastiCache", "Evictions"): "the few live answers of a game come nowhere near a node's memory",
    ("AWS/Events", "FailedInvocations"): "nothing that runs at night is simulated",
    ("AWS/Backup", "NumberOfBackupJobsFailed"): "nothing that runs at night is simulated",
    ("AWS/RDS", "FreeStorageSpace"): "a volume fills over months, not in a night",
    ("AWS/RDS", "FreeableMemory"): "what the database keeps in memory depends on its schema and on days of use",
    ("AWS/Route53", "HealthCheckStatus"): "checkers around the world and their network are not simulated",
    ("AWS/WAFV2", "BlockedRequests"): "no attack is part of a scenario, and a fan stays below the limit of an address",
}
"""Metrics that a stack may watch and that a simulated night does not have, each with the reason; no alarm on one fires here."""


@dataclass(frozen=True)
class Series:
    """One metric over the night. `values[statistic]` holds a figure for each minute, or NaN where nothing was published."""

    station: str
    metric: str
    unit: str
    start_minute: float
    values: Mapping[str, Array]

    def at(self, minute: float, statistic: str) -> float | None:
        """The figure of the minute from kick-off; None where nothing was published. LookupError outside the night."""
        row = int(minute - self.start_minute)
        if not 0 <= row < len(self.values["n"]):
            raise LookupError(f"minute {minute:g} lies outside the night")
        figure = float(self.values[statistic][row])
        return None if np.isnan(figure) else figure


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: when in minutes from kick-off, what, to which task (None: to none), and how much it concerned."""

    minute: float
    what: str
    task: int | None
    amount: float


@dataclass(frozen=True)
class Night:
    """One simulated night: what the kernel noted. Series and events are made of it when they are asked for."""

    setup: Setup
    seed: int
    noted: kernel.Noted

    def column(self, name: str) -> Array:
        """What the kernel noted each second under `name` (kernel.SECOND)."""
        return np.asarray(self.noted.seconds[name])

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """The events in their order."""
        return tuple(
            Event(
                self.setup.start_minute + float(event.second) / 60.0,
                kernel.EVENTS[event.kind],
                int(event.subject) if event.subject >= 0 and event.kind not in (kernel.E_OUT, kernel.E_IN) else None,
                float(event.amount),
            )
            for event in self.noted.events
        )

    @cached_property
    def series(self) -> Mapping[tuple[str, str], Series]:
        """Every series by station and metric."""
        keys = (*((metric.station, metric.name) for metric in METRICS), *TIMES)
        return {(station, name): self.metric(station, name) for station, name in keys if self._there(station)}

    def metric(self, station: str, name: str) -> Series:
        """One series, without making the others. LookupError where the night has none of that name."""
        if not self._there(station):
            raise LookupError(f"{self.setup.stack} has no {station}")
        if (station, name) in TIMES:
            return self._times(station, name)
        found = next((metric for metric in METRICS if (metric.station, metric.name) == (station, name)), None)
        if found is None:
            raise LookupError(f"the night has no series {name} of the station {station}")
        return self._counted(found)

    def errors(self, start_minute: float, end_minute: float) -> float:
        """The share of the fans' requests between two minutes from kick-off that ended in an error."""
        rows = slice(
            int((start_minute - self.setup.start_minute) * 60), int((end_minute - self.setup.start_minute) * 60)
        )
        wrong = float(self.column("errors")[rows].sum())
        ended = wrong + float(self.column("answered")[rows].sum() + self.column("edge_answers")[rows].sum())
        return wrong / ended if ended > 0 else 0.0

    def _there(self, station: str) -> bool:
        path = self.setup.path
        hops = {"edge": path.edge, "balancer": path.balancer, "cache": path.cache, "database": path.database}
        if station == "stream":
            return self.setup.setting.streams_per_user > 0.0
        if station == "replica":
            return path.database is not None and bool(path.database.replicas)
        return hops.get(station, path.service) is not None

    def per_minute(self, column: str) -> Array:
        """What the kernel noted each second under `column`: one row for each minute."""
        found: Array = self.column(column).reshape(self.setup.minutes, 60)
        return found

    def _counted(self, metric: Metric) -> Series:
        if metric.made is not None:
            samples = metric.made(self)
        else:
            samples = np.sum([self.per_minute(column) for column in metric.columns], axis=0) * metric.scale
        if metric.per:
            base = np.sum([self.per_minute(column) for column in metric.per], axis=0)
            samples = np.where(base > 0, samples / np.where(base > 0, base, 1.0), np.nan)
        missing = np.asarray(np.isnan(samples).all(axis=1))
        if metric.sparse:
            missing = samples.sum(axis=1) == 0
        samples = np.where(missing[:, None], 0.0, np.nan_to_num(samples))
        count = np.where(missing, 0.0, 60.0)
        values = {
            "n": count,
            "sum": samples.sum(axis=1),
            "min": samples.min(axis=1),
            "max": samples.max(axis=1),
            "average": samples.mean(axis=1),
        }
        ordered = np.sort(samples, axis=1)
        for share in PERCENTILES:
            values[f"p{100 * share:.0f}"] = ordered[:, int(np.ceil(60 * share)) - 1]
        for name, column in values.items():
            if name != "n":
                values[name] = np.where(missing, np.nan, column)
        return self._made(metric.station, metric.name, metric.unit, values)

    def _made(self, station: str, name: str, unit: str, values: Mapping[str, Array]) -> Series:
        return Series(station, name, unit, self.setup.start_minute, values)

    def _times(self, station: str, name: str) -> Series:
        if name == "Age":
            return self._made(station, name, "Seconds", self._age())
        if name == "UpdateAge":
            return self._made(station, name, "Milliseconds", self._update_age())
        if station == "balancer":
            return self._made(station, name, "Seconds", _statistics(self.noted.response, self.noted.response_extremes))
        # What the edge answered itself is not in the kernel's histogram.
        histogram, extremes = self.noted.latency.copy(), self.noted.latency_extremes.copy()
        answer_s = self.setup.setting.edge_answer_s
        by_edge = self.per_minute("edge_answers").sum(axis=1)
        histogram[:, kernel.time_bin(answer_s)] += by_edge
        extremes[:, 0] += by_edge
        extremes[:, 1] += by_edge * answer_s
        extremes[:, 2] = np.where(by_edge > 0, np.minimum(extremes[:, 2], answer_s), extremes[:, 2])
        extremes[:, 3] = np.where(by_edge > 0, np.maximum(extremes[:, 3], answer_s), extremes[:, 3])
        return self._made(station, name, "Seconds", _statistics(histogram, extremes))

    def _age(self) -> dict[str, Array]:
        """The age law of each minute: wait of the write, then U(0, poll cycle), then U(0, lifetime) for every cache on the way.

        The cycle is users over good answers per second, so overload and errors both make it longer. It cannot be longer than the
        night has lasted. A minute without any good answer shows nothing.
        """
        good = (self.per_minute("answered") + self.per_minute("edge_answers")).sum(axis=1)
        users = self.per_minute("users").mean(axis=1)
        elapsed_s = 60.0 * np.arange(1, self.setup.minutes + 1)
        cycle_s = np.minimum(60.0 * users / np.maximum(good, 1e-9), elapsed_s)
        wait_s = self._stored_after_s() + self.setup.setting.network_s
        polled = _ages(wait_s, (cycle_s, *self._spans(self.setup.edge_spans_s + self.setup.service_spans_s)), good)
        return self._sent(wait_s, polled) if self._there("stream") else polled

    def _sent(self, wait_s: Array, polled: dict[str, Array]) -> dict[str, Array]:
        """The ages where updates are sent: U(0, time to send one to all) over a connection; who has none sees what it polls.

        Those with a connection are taken to be the ones who see an update first.
        """
        sent = self.per_minute("deliveries")
        count = sent.sum(axis=1)
        span_s = (sent * self.per_minute("delivery_s")).sum(axis=1) / np.maximum(count, 1e-9)
        held, away = self.per_minute("streams").sum(axis=1), self.per_minute("streams_away").sum(axis=1)
        connected = held / np.maximum(held + away, 1e-9)
        found = {
            "n": np.where(count > 0.5, count, 0.0) + polled["n"],
            "min": wait_s,
            "max": np.where(away > 0, polled["max"], wait_s + span_s),
            "average": connected * (wait_s + span_s / 2.0) + (1.0 - connected) * np.nan_to_num(polled["average"]),
        }
        for share in PERCENTILES:
            name = f"p{100 * share:.0f}"
            own = wait_s + span_s * np.minimum(share / np.maximum(connected, 1e-9), 1.0)
            found[name] = np.where(share <= connected, own, polled[name])
        found["sum"] = found["average"] * found["n"]
        seen = count > 0.5
        return {name: column if name == "n" else np.where(seen, column, polled[name]) for name, column in found.items()}

    def _update_age(self) -> dict[str, Array]:
        """How old an update is as it leaves the service, in milliseconds, for each update that was stored."""
        stored = self.per_minute("published").sum(axis=1)
        found = _ages(self._stored_after_s(), self._spans(self.setup.service_spans_s), stored)
        return {name: column if name == "n" else 1000.0 * column for name, column in found.items()}

    def _spans(self, spans_s: tuple[float, ...]) -> tuple[Array, ...]:
        return tuple(np.full(self.setup.minutes, span_s) for span_s in spans_s)

    def _stored_after_s(self) -> Array:
        """How long an update waits in each minute until it can be read: until it is stored, and until the replica has it.

        Little's law: what is written but not yet stored, over what is written a second, is how long an update has waited.
        """
        per_s = self.setup.setting.publisher_per_s
        pending_s = self.per_minute("publish_pending_s").sum(axis=1)
        waited_s = pending_s / 60.0 / per_s if per_s > 0 else np.zeros(self.setup.minutes)
        behind_s: Array = self.per_minute("replica_lag_s").mean(axis=1)
        return waited_s + behind_s


def _ages(wait_s: Array, spans_s: tuple[Array, ...], count: Array) -> dict[str, Array]:
    """The statistics of a wait plus uniform delays in each minute; nothing where nobody counted."""
    spans = np.stack([np.zeros_like(wait_s), *spans_s])
    values = {
        "n": np.where(count > 0.5, count, 0.0),
        "min": wait_s,
        "max": wait_s + spans.sum(axis=0),
        "average": wait_s + spans.sum(axis=0) / 2.0,
    }
    values["sum"] = values["average"] * values["n"]
    for share in PERCENTILES:
        values[f"p{100 * share:.0f}"] = wait_s + (sum_of_uniforms_quantile(spans[1:], share) if spans_s else 0.0)
    return {name: values[name] if name == "n" else np.where(count > 0.5, values[name], np.nan) for name in STATISTICS}


def sum_of_uniforms_quantile(spans: Array, share: float) -> Array:
    """The quantile at `share` of U(0, a) + U(0, b) + ...; one row of `spans` per term, one column per case.

    By bisection on the distribution function of capacity.queueing.Freshness, for all columns at once.
    """
    spans = np.maximum(spans, 1e-6)
    count = len(spans)
    corners = [(size, list(corner)) for size in range(count + 1) for corner in combinations(range(count), size)]
    volume = factorial(count) * spans.prod(axis=0)
    low: Array = np.zeros(spans.shape[1])
    high: Array = spans.sum(axis=0)
    for _ in range(50):
        middle = (low + high) / 2.0
        below = sum(
            (-1.0) ** size * np.maximum(0.0, middle - spans[corner].sum(axis=0)) ** count for size, corner in corners
        )
        less = below / volume < share
        low, high = np.where(less, middle, low), np.where(less, high, middle)
    return high


def _statistics(histogram: Array, extremes: Array) -> dict[str, Array]:
    """The statistics of answers in bins; a percentile is interpolated within its bin and lies between minimum and maximum."""
    count = extremes[:, 0]
    there = count > 1e-9
    safe = np.where(there, count, 1.0)
    values = {
        "n": np.where(there, count, 0.0),
        "sum": extremes[:, 1],
        "min": extremes[:, 2],
        "max": extremes[:, 3],
        "average": extremes[:, 1] / safe,
    }
    rising = np.cumsum(histogram, axis=1)
    for share in PERCENTILES:
        wanted = share * rising[:, -1]
        at = np.minimum((rising < wanted[:, None]).sum(axis=1), kernel.TIME_BINS - 1)
        rows = np.arange(len(at))
        inside = np.where(histogram[rows, at] > 0, histogram[rows, at], 1.0)
        part = np.clip(1.0 - (rising[rows, at] - wanted) / inside, 0.0, 1.0)
        octave, inside_octave = np.divmod(at + part, kernel.BINS_PER_OCTAVE)
        time_s = kernel.FIRST_BIN_S * 2.0**octave * (1.0 + inside_octave / kernel.BINS_PER_OCTAVE)
        values[f"p{100 * share:.0f}"] = np.clip(time_s, values["min"], values["max"])
    return {name: column if name == "n" else np.where(there, column, np.nan) for name, column in values.items()}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some minutes of a night in one line: errors overall; of everything else the highest figure of its minutes."""

    start_minute: float
    users: float
    error_share: float
    latency_p95_s: float | None
    age_p50_s: float | None
    age_p95_s: float | None
    tasks: float
    cpu_percent: float


def summary(night: Night, minutes: int = 15) -> tuple[Stretch, ...]:
    """The night in stretches of so many minutes."""
    start = night.setup.start_minute

    def highest(station: str, metric: str, statistic: str, rows: slice) -> float | None:
        part = night.series[station, metric].values[statistic][rows]
        return float(np.nanmax(part)) if not np.isnan(part).all() else None

    found = []
    for first in range(0, night.setup.minutes, minutes):
        rows = slice(first, min(first + minutes, night.setup.minutes))
        found.append(
            Stretch(
                start + first,
                highest("user", "Users", "max", rows) or 0.0,
                night.errors(start + first, start + rows.stop),
                highest("user", "Latency", "p95", rows),
                highest("user", "Age", "p50", rows),
                highest("user", "Age", "p95", rows),
                highest("service", "RunningTaskCount", "max", rows) or 0.0,
                highest("service", "CPUUtilization", "average", rows) or 0.0,
            )
        )
    return tuple(found)


def to_json(night: Night, *, series: Literal["all", "user"] = "all") -> dict[str, Any]:
    """`gameday replay --json`: plain values, the same bytes for the same input. A minute without a value is null."""
    made = night.setup
    return {
        "stack": made.stack,
        "scenario": made.scenario,
        "runtime": made.runtime,
        "seed": night.seed,
        "start_minute": made.start_minute,
        "minutes": made.minutes,
        "setting": {name: _plain(value) for name, value in made.setting._asdict().items()},
        "series": [
            {
                "station": one.station,
                "metric": one.metric,
                "unit": one.unit,
                **{name: [_plain(float(value)) for value in one.values[name]] for name in STATISTICS},
            }
            for one in night.series.values()
            if series == "all" or one.station == "user"
        ],
        "events": [
            {"minute": round(e.minute, 4), "what": e.what, "task": e.task, "amount": _plain(e.amount)}
            for e in night.events
        ],
        "assumptions": [
            {
                "name": a.name,
                "value": str(a.value),
                "low": str(a.low),
                "high": str(a.high),
                "unit": a.unit,
                "reason": a.reason,
                "source": a.source,
            }
            for a in made.assumptions
        ],
        "diagnostics": [str(note) for note in made.diagnostics],
    }


def _plain(value: float | bool) -> float | int | bool | None:
    if isinstance(value, bool | int):
        return value
    return round(value, 6) if np.isfinite(value) else None
