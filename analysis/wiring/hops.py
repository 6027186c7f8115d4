"""The hops of a request: what each is, and what it was built with, every figure with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import translate
from functools import cache, cached_property
from typing import Any, Literal

from analysis.architecture import Diagnostic, Location
from analysis.units import Given
from analysis.wiring.entries import Unreached


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the edge treats the addresses that match `pattern`: for how long it keeps an answer, and where it fetches one."""

    pattern: str
    ttl: Given
    target: str
    policy: str

    @property
    def ttl_s(self) -> float:
        """Lifetime of an answer whose origin says nothing about it."""
        return float(self.ttl.value)

    def matches(self, path: str) -> bool:
        """Whether the pattern covers `path`; CloudFront knows `*` and `?`, and a leading slash is optional."""
        return path_pattern(self.pattern).match(path) is not None


@cache
def path_pattern(pattern: str) -> re.Pattern[str]:
    """The paths that a behaviour's or a rule's pattern covers: `*` and `?` stand for anything, a leading slash is optional."""
    slashed = "*" if pattern == "*" else "/" + pattern.lstrip("/")
    return re.compile(translate(slashed.replace("[", "[[]")))


@dataclass(frozen=True, slots=True)
class Edge:
    """A content network before the balancer; its last behaviour is the default. `shield` is one more cache before the origin."""

    address: str
    defined_at: Location
    behaviours: tuple[Behaviour, ...]
    shield: bool

    def behaviour(self, path: str) -> Behaviour:
        """The first behaviour that matches `path`; the last one matches everything."""
        return next(b for b in self.behaviours if b.matches(path))


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """How the balancer finds out that a target is ill."""

    path: str
    interval_s: float
    timeout_s: float
    healthy: int
    unhealthy: int


@dataclass(frozen=True, slots=True)
class Balancer:
    """Load balancer, listener and target group."""

    address: str
    defined_at: Location
    target_group: str
    listeners: tuple[str, ...]
    tls: bool
    rules: int
    algorithm: str
    idle_timeout_s: float
    deregistration_delay_s: float
    slow_start_s: float
    health_check: HealthCheck
    public: bool


HELD_CONNECTIONS = "connections that a task holds"


@dataclass(frozen=True, slots=True)
class Tracking:
    """A target tracking policy: tasks follow `metric` so that it stays near `target`.

    `metric` is the predefined one's type, else HELD_CONNECTIONS where gameday.toml says that the program's metric counts them, or
    `custom`; `own` is then the name of the metric that the program publishes.
    """

    address: str
    metric: str
    target: float
    scale_out_cooldown_s: float
    scale_in_cooldown_s: float
    defined_at: Location
    own: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """Between two distances from an alarm's threshold, by how much (or to how many, or by what percentage) tasks change."""

    lower: float
    upper: float
    adjustment: float


@dataclass(frozen=True, slots=True)
class Trigger:
    """An alarm that starts a policy, its threshold (None where that is not known), and for how long it must be passed."""

    address: str
    metric: str
    comparison: str
    threshold: float | None
    periods: float
    period_s: float


@dataclass(frozen=True, slots=True)
class Step:
    """A step scaling policy with the alarms that start it. A change in percent is one of at least `least_change` tasks."""

    address: str
    adjustment_type: str
    bands: tuple[Band, ...]
    least_change: float
    triggers: tuple[Trigger, ...]
    cooldown_s: float
    defined_at: Location


@dataclass(frozen=True, slots=True)
class Schedule:
    """A scheduled action: from `expression` on, between `minimum` and `maximum` tasks; on so many `days` where it ends."""

    address: str
    expression: str
    timezone: str
    minimum: int | None
    maximum: int | None
    defined_at: Location
    days: int | None = None


def some_stay(floor: float, minima: Iterable[float | None]) -> bool:
    """Whether scheduled actions leave the minimum at `floor` for some event.

    Each event has an action before it and one after it, which sets the floor again; so more actions at the floor than above it
    mean that an event's first one sets the floor as well.
    """
    known = [minimum for minimum in minima if minimum is not None]
    return sum(minimum <= floor for minimum in known) > sum(minimum > floor for minimum in known)


@dataclass(frozen=True)
class Service:
    """The containers that answer. `minimum` and `maximum` are `desired` where nothing scales it.

    `zones` counts the availability zones of its subnets, 0 where none is known; `rolls_back` says whether its circuit breaker
    goes back to the last revision when tasks fail to start.
    """

    address: str
    defined_at: Location
    task_definition: str
    vcpu: Given
    memory_mib: Given
    processor: Literal["X86_64", "ARM64"]
    desired: Given
    minimum: Given
    maximum: Given
    minimum_healthy_percent: Given
    maximum_percent: Given
    grace_s: float
    stop_timeout_s: float
    tracking: tuple[Tracking, ...]
    steps: tuple[Step, ...]
    schedules: tuple[Schedule, ...]
    zones: int
    rolls_back: bool
    environment: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tasks_at_start(self) -> Given:
        """Tasks that run when the game begins: the desired count, or the lowest of the minima that scheduled actions raise it to.

        The lowest, because games may be scheduled with different numbers, and what is said must hold for each of them.
        """
        floor = max(int(self.desired.value), int(self.minimum.value))
        raising = [s for s in self.schedules if (s.minimum or 0) > floor]
        if raising and not some_stay(floor, [s.minimum for s in self.schedules]):
            least = min(raising, key=lambda s: s.minimum or 0)
            return Given("tasks at kick-off", least.minimum or 0, "task", str(least.defined_at))
        origin = self.desired.origin if int(self.desired.value) >= int(self.minimum.value) else self.minimum.origin
        return Given("tasks at kick-off", floor, "task", origin)

    @property
    def tasks_at_most(self) -> Given:
        """Tasks that scaling may reach, scheduled actions included."""
        scheduled = [s for s in self.schedules if s.maximum is not None]
        best = max(scheduled, key=lambda s: s.maximum or 0, default=None)
        highest = max(int(self.maximum.value), int(self.tasks_at_start.value))
        if best is not None and (best.maximum or 0) > highest:
            return Given("tasks at most", best.maximum or 0, "task", str(best.defined_at))
        return Given("tasks at most", highest, "task", self.maximum.origin)


@dataclass(frozen=True, slots=True)
class Cache:
    """A cache that the tasks share."""

    address: str
    defined_at: Location
    engine: str
    node_type: Given
    nodes: int
    ttl: Given
    written_through: bool = False

    @property
    def age_s(self) -> float:
        """How old an answer may be for being kept: the lifetime, or nothing where each write replaces what is kept."""
        return 0.0 if self.written_through else float(self.ttl.value)


@dataclass(frozen=True, slots=True)
class Connections:
    """How many connections a database accepts: central value and range, by which formula, from where."""

    value: float
    low: float
    high: float
    formula: str
    origin: str


@dataclass(frozen=True, slots=True)
class Storage:
    """A database's volume: its type (empty where the default holds), the operations per second bought for it, its size."""

    kind: str
    iops: float | None
    size_gb: float | None


@dataclass(frozen=True, slots=True)
class Database:
    """The relational database behind the service. `replicas` are those that the service's task definition refers to.

    `replica_classes` holds the instance class of each, empty where that is not known. A proxy opens at most `proxy_percent` of
    the connections that the database accepts.
    """

    address: str
    defined_at: Location
    engine: str
    instance_class: Given
    multi_az: bool
    replicas: tuple[str, ...]
    replica_classes: tuple[str, ...]
    storage: Storage
    connections: Connections | None
    proxy: str | None
    proxy_percent: float


@dataclass(frozen=True)
class RequestPath:
    """The hops of a request. A hop that a stack does not have is None, and a diagnostic says so.

    `streams` is the setting by which the service is known to hold streams open, and `connections_each` how many a task holds by
    its own setting; None where there is no such setting.
    """

    stack: str
    service: Service
    edge: Edge | None = None
    balancer: Balancer | None = None
    cache: Cache | None = None
    database: Database | None = None
    pool_size: Given | None = None
    workers: Given | None = None
    threads: Given | None = None
    poll_interval_s: Given | None = None
    streams: Given | None = None
    connections_each: Given | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    unreached: tuple[Unreached, ...] = ()

    @cached_property
    def hops(self) -> tuple[str, ...]:
        """The addresses on the way, from the fan inwards."""
        present = (self.edge, self.balancer, self.service, self.cache, self.database)
        return tuple(hop.address for hop in present if hop is not None)
