"""A simulated night with its alarms: the pack that CloudWatch would hold, when users are first affected, who hears of it when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analysis import alarms
from analysis.alarms import Harm, Metric, Pack, Report
from analysis.alarms.definitions import PAGE
from analysis.architecture import Architecture, Unknown
from analysis.facts import Runtime, Scenario, Stack
from analysis.wiring import RequestPath, request_path
from analysis.wiring.references import References
from analysis.wiring.tasks import writes_to
from analysis.wiring.values import blocks

if TYPE_CHECKING:
    from analysis.night import Fault, Night

KICK_OFF = dt.datetime(2026, 3, 7, 20, 0, tzinfo=dt.UTC)
"""When the match of a simulated night begins, unless told otherwise: a Saturday evening."""


@dataclass(frozen=True)
class StudiedNight:
    """One simulated night of a stack, with what its alarms make of it."""

    architecture: Architecture
    night: Night
    kick_off: dt.datetime = KICK_OFF

    @property
    def start(self) -> dt.datetime:
        """The first minute of the night."""
        return self.kick_off + dt.timedelta(minutes=self.night.setup.start_minute)

    @cached_property
    def harms(self) -> tuple[Harm, ...]:
        """Every minute in which users are affected, as `facts/harm.toml` defines it."""
        series = self.night.series
        return alarms.harms(
            _filled(series["user", "Requests"].values["sum"]),
            _filled(series["user", "Errors"].values["sum"]),
            [None if np.isnan(age) else float(age) for age in series["user", "Age"].values["p95"]],
            self.night.setup.freshness_target_s,
        )

    @property
    def harm(self) -> Harm | None:
        """The first of them; None on a night that affects nobody."""
        return self.harms[0] if self.harms else None

    @property
    def harm_at(self) -> dt.datetime | None:
        """When it begins."""
        return None if self.harm is None else self.start + dt.timedelta(minutes=self.harm.minute)

    @cached_property
    def pack(self) -> Pack:
        """What CloudWatch would hold of the metrics that the stack's alarms watch. Raises ValueError where it is none of them."""
        return self.pack_of(metric for alarm in alarms.read(self.architecture).metric for _, metric in alarm.queries)

    def pack_of(self, metrics: Iterable[Metric], owner: Architecture | None = None) -> Pack:
        """What CloudWatch would hold of `metrics`; ValueError where the night publishes none of them.

        `owner` is the stack whose alarms or dashboards ask, where they are put on another stack's night: its own database,
        replica and cache are then taken to be this night's.
        """
        setup = self.night.setup
        origin = f"simulated: {setup.stack}, {setup.scenario}, seed {self.night.seed}"
        stations = {
            key: {name: column.tolist() for name, column in series.values.items()}
            for key, series in self.night.series.items()
        }
        asking = self.architecture if owner is None else owner
        own = (
            asking.stack == self.architecture.stack
        )  # its path knows its program, and with it whether the cache is read
        path = setup.path if own else request_path(asking)
        metrics = [metric for metric in metrics if not _of_another_log(metric, asking, path)]
        return alarms.simulated(metrics, stations, self.start, origin, identities=dict(_identities(asking, path)))

    @cached_property
    def report(self) -> Report | None:
        """The back-test of the stack's alarms on this night; None where the night publishes nothing that an alarm watches."""
        try:
            pack = self.pack
        except ValueError:
            return None
        return alarms.backtest(self.architecture, pack, self.harm_at)

    @property
    def lead_s(self) -> float | None:
        """Seconds from the first page to the first impact, negative where it came later; None without impact or a page."""
        rows = self.report.rows if self.report else ()
        return max((row.lead_s for row in rows if row.severity == PAGE and row.lead_s is not None), default=None)


def _identities(architecture: Architecture, path: RequestPath) -> Iterator[tuple[str, alarms.Identity]]:
    """By which dimensions each station of the path publishes its metrics; of several replicas or nodes the first."""

    def named(address: str, attribute: str) -> str:
        value = architecture.by_address[address].values.get(attribute)
        return value.reference if isinstance(value, Unknown) else str(value or f"{address}.{attribute}")

    if path.edge is not None:
        yield "edge", {"DistributionId": named(path.edge.address, "id"), "Region": None}
    if path.balancer is not None:
        balancer, group = path.balancer.address, path.balancer.target_group
        yield "balancer", {"LoadBalancer": named(balancer, "arn_suffix"), "TargetGroup": named(group, "arn_suffix")}
    yield "service", {"ServiceName": named(path.service.address, "name"), "ClusterName": None}
    if path.database is not None:
        yield "database", {"DBInstanceIdentifier": named(path.database.address, "identifier")}
        for replica in path.database.replicas[:1]:
            yield "replica", {"DBInstanceIdentifier": named(replica, "identifier")}
    if path.cache is not None:
        # ElastiCache numbers the nodes of a group; the first is its primary at the start.
        node = f"{named(path.cache.address, 'replication_group_id')}-001"
        yield "cache", {"CacheClusterId": node, "CacheNodeId": None}


def _of_another_log(metric: Metric, architecture: Architecture, path: RequestPath) -> bool:
    """Whether filters make the metric of log lines, and none of them of what the service of the crowd writes."""
    references = References(architecture)
    task = architecture.by_address[path.service.task_definition]
    logs = [
        group
        for filters in architecture.of_type("aws_cloudwatch_log_metric_filter")
        for made in blocks(filters.values.get("metric_transformation"))
        if (made.get("namespace"), made.get("name")) == (metric.namespace, metric.name)
        for group in references.linked(filters, "log_group_name", "aws_cloudwatch_log_group")
    ]
    return bool(logs) and not any(writes_to(task, group, references) for group in logs)


def _filled(column: NDArray[np.float64]) -> list[float]:
    return [float(figure) for figure in np.nan_to_num(column)]


def studied_night(
    architecture: Architecture,
    scenario: Scenario,
    stack: Stack | None = None,
    seed: int = 1,
    faults: Sequence[Fault] = (),
    peak_users: int | None = None,
    *,
    profile: Runtime | None = None,
    values: Mapping[str, float] | None = None,
    kick_off: dt.datetime = KICK_OFF,
) -> StudiedNight:
    """The night of `scenario` on `architecture` with a seed and faults, beginning so that the match starts at `kick_off`.

    `profile` replaces the runtime that `stack` names, `values` any assumption by its name.
    Raises as `analysis.night.setup` does.
    """
    from analysis.night import replay  # noqa: PLC0415 (pulls in the compiler)

    night = replay(architecture, scenario, stack, seed, faults, profile=profile, peak_users=peak_users, values=values)
    return StudiedNight(architecture, night, kick_off)
