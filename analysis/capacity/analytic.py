"""How many users a resolved stack holds, by closed formulas: load, limit and wait per station, and what saturates first.

The central figures rest on the central value of the runtime profile's CPU time; low and high on its spread. A slower profile
makes a lower capacity, so `low` is always the pessimistic end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.architecture import Architecture, Diagnostic
from analysis.capacity.queueing import Freshness, finite_source, freshness, overload_response_s
from analysis.capacity.threads import threads
from analysis.demand.flows import Flows, flows, poll_interval
from analysis.demand.path import Given, RequestPath, request_path, without_unused_cache
from analysis.facts import Assumption, Level, Limit, Runtime, Scenario, Stack, cpu_factor, instance, limit, runtime

MOST_USERS = 100_000_000
"""The search for the number of users held ends here; a station that holds more has no limit worth naming."""

# Capacity at the pessimistic end takes the slow end of every time, and the other way round.
SLOWNESS: Mapping[Level, Level] = {"low": "high", "value": "value", "high": "low"}


@dataclass(frozen=True, slots=True)
class Range:
    """A figure with its pessimistic and its optimistic end. None means: no limit that this model knows."""

    low: float | None
    value: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Station:
    """One hop under load.

    Rates are in requests per second of what reaches this hop. `capacity_per_s` is by `formula` over `inputs`. `users_held` is the
    number of users of the whole service at which this hop saturates. `mean_wait_s` is None where no formula applies.
    """

    name: str
    address: str
    offered_per_s: float
    capacity_per_s: Range
    utilisation: float | None
    mean_wait_s: float | None
    wait_formula: str
    formula: str
    inputs: tuple[Given, ...]
    users_held: Range


@dataclass(frozen=True, slots=True)
class ConnectionBudget:
    """Connections that the tasks may claim against those that the database accepts."""

    database: str
    per_task: Given
    tasks: Given
    maximum_percent: Given
    claimed: int
    claimed_deploying: int
    accepted: Range
    budget: float
    formula: str
    origin: str

    @property
    def verdict(self) -> str:
        """`exhausted`: more is claimed than accepted. `over budget`: more than the share that pools may claim. Else `fits`."""
        accepted = self.accepted.value or 0.0
        if self.claimed_deploying > accepted:
            return "exhausted"
        return "over budget" if self.claimed_deploying > self.budget else "fits"


@dataclass(frozen=True, slots=True)
class Holding:
    """The number of users held with so many tasks, and the station that sets it."""

    tasks: Given
    users: Range
    bottleneck: str


@dataclass(frozen=True)
class Capacity:
    """What the stack holds. `stations` are at `users` users with the tasks of `at_start`; `freshness` is theirs as well."""

    stack: str
    scenario: str
    runtime: str
    users: int
    poll_interval: Given
    stations: tuple[Station, ...]
    at_start: Holding
    at_most: Holding
    connections: ConnectionBudget | None
    freshness: Freshness
    freshness_target_s: float
    flows: Flows
    path: RequestPath
    assumptions: tuple[Assumption | Limit, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def bottleneck(self) -> str:
        """The station that saturates first with the tasks that run at kick-off."""
        return self.at_start.bottleneck

    @property
    def users_held(self) -> Range:
        """The number of users at which it does."""
        return self.at_start.users

    @property
    def fresh_share(self) -> float:
        """The share of updates that reach the fan within the target."""
        return self.freshness.within(self.freshness_target_s)

    def station(self, name: str) -> Station:
        """The station of that name; LookupError without one."""
        for station in self.stations:
            if station.name == name:
                return station
        raise LookupError(f"{self.stack} has no station {name!r}; it has {', '.join(s.name for s in self.stations)}")


@dataclass(frozen=True, slots=True)
class _Hop:
    """A station as functions: load at a number of users, capacity at a number of users, under one level of the profile."""

    name: str
    address: str
    offered: Callable[[Flows], float]
    capacity: Callable[[Flows, Level, int], float | None]
    formula: str
    inputs: Callable[[int], tuple[Given, ...]]


def analyse(
    architecture: Architecture,
    scenario: Scenario,
    stack: Stack | None = None,
    *,
    users: int | None = None,
    profile: Runtime | None = None,
    tasks: int | None = None,
) -> Capacity:
    """The capacity of `architecture` under `scenario`, at `users` users (the scenario's peak where not given).

    `profile` replaces the runtime that `stack` names; one of the two must be there. `tasks` replaces the number of tasks at
    kick-off. Raises demand.PathError where no request path can be derived, ValueError for a negative number of users.
    """
    path = request_path(architecture, stack)
    if profile is None:
        if stack is None:
            raise ValueError("no runtime is named: give a profile, or a stack whose gameday.toml names one")
        profile = runtime(stack.runtime)
    path = without_unused_cache(path, profile)
    crowd = int(scenario.peak_users.value) if users is None else users
    at_start, at_most = path.service.tasks_at_start, path.service.tasks_at_most
    if tasks is not None:
        at_start = at_most = Given("tasks", tasks, "task", "given by the caller")
    hops = _hops(path, profile)
    now = flows(path, scenario, crowd)
    notes: list[Diagnostic] = list(path.diagnostics)
    budget = _connections(path, profile, at_most, notes)
    count = int(at_start.value)
    stations = tuple(_station(hop, path, scenario, now, count) for hop in hops)
    return Capacity(
        stack=path.stack,
        scenario=scenario.title,
        runtime=profile.name,
        users=crowd,
        poll_interval=poll_interval(path, scenario),
        stations=stations,
        at_start=_holding(hops, path, scenario, at_start),
        at_most=_holding(hops, path, scenario, at_most),
        connections=budget,
        freshness=_freshness(path, scenario, now, stations),
        freshness_target_s=scenario.freshness_target_s.at(),
        flows=now,
        path=path,
        assumptions=_assumptions(path, scenario, profile),
        diagnostics=tuple(notes),
    )


def utilisations(
    architecture: Architecture,
    scenario: Scenario,
    stack: Stack,
    users: Sequence[float],
    *,
    tasks: int | None = None,
) -> Mapping[str, tuple[float | None, ...]]:
    """How busy each station is at each number of users, by its name; None where it has no limit that this model knows.

    The same figures as `analyse` gives one at a time, without the search for what each station holds. `tasks` replaces the number
    of tasks at kick-off. Raises as `analyse` does.
    """
    profile = runtime(stack.runtime)
    path = without_unused_cache(request_path(architecture, stack), profile)
    count = int(path.service.tasks_at_start.value) if tasks is None else tasks
    loads = [flows(path, scenario, crowd) for crowd in users]
    found: dict[str, tuple[float | None, ...]] = {}
    for hop in _hops(path, profile):
        capacities = [hop.capacity(load, "value", count) for load in loads]
        found[hop.name] = tuple(hop.offered(load) / c if c else None for load, c in zip(loads, capacities, strict=True))
    return found


def _assumed(assumption: Assumption) -> Given:
    return Given(assumption.name, assumption.at(), assumption.unit, assumption.source or assumption.reason)


def _published(fact: Limit) -> Given:
    return Given(fact.name, fact.at(), fact.unit, fact.origin)


def _hops(path: RequestPath, profile: Runtime) -> tuple[_Hop, ...]:
    """The stations of the path, from the fan inwards."""
    found = []
    if path.edge is not None:
        most = limit("cloudfront.requests_per_s")
        found.append(
            _Hop(
                "edge",
                path.edge.address,
                lambda f: f.offered_per_s,
                lambda _f, level, _n: most.at(level),
                "quota of requests per second",
                lambda _n: (_published(most),),
            )
        )
    if path.balancer is not None:
        found.append(
            _Hop(
                "balancer",
                path.balancer.address,
                lambda f: f.service_per_s,
                lambda _f, _level, _n: None,
                "AWS publishes no ceiling; capacity units follow the traffic, and can be reserved before a step",
                lambda _n: (),
            )
        )
    found.append(_service_hop(path, profile))
    if path.cache is not None:
        found.append(_cache_hop(path))
    if path.database is not None:
        found.append(_database_hop(path, profile))
    return tuple(found)


def workers(path: RequestPath, profile: Runtime) -> Given:
    """Worker processes of a task: what the Terraform sets, else the profile's."""
    return path.workers or Given("workers", profile.workers, "worker", f"runtime profile {profile.name}")


def cpu_s(now: Flows, profile: Runtime, level: Level) -> float:
    """Mean CPU time of a request that reaches the service, over hits and misses of the shared cache. Seconds."""
    miss_s = profile.cpu_s_per_request.at(level)
    if profile.cpu_s_per_hit is None or now.service_per_s <= 0:
        return miss_s
    hits = now.cache_hits_per_s / now.service_per_s
    return hits * profile.cpu_s_per_hit.at(level) + (1.0 - hits) * miss_s


def task_capacity_per_s(now: Flows, path: RequestPath, profile: Runtime, level: Level = "value") -> float:
    """Requests per second of one task: bound by its CPU share, and by its workers, each busy for CPU time plus waiting.

    X = min(v / D, W / (D + w)), with v vCPU, D CPU seconds, W workers, w seconds of waiting for the database. With threads W is
    workers times threads, and D grows by `threads.cpu_factor`. A worker of an event loop does not wait, and cannot use more than
    one vCPU: X = min(v, W) / D.
    """
    slow = SLOWNESS[level]
    share = float(path.service.vcpu.value)
    each = float(threads(path, profile).value)
    busy_s = cpu_s(now, profile, slow) * cpu_factor(each, slow)
    count = float(workers(path, profile).value) * each
    if profile.concurrency == "event_loop":
        return min(share, count) / busy_s
    asking = now.database_per_s / now.service_per_s if now.service_per_s > 0 else 1.0
    waiting_s = profile.database_s_per_request.at(slow) * asking
    return min(share / busy_s, count / (busy_s + waiting_s))


def _service_hop(path: RequestPath, profile: Runtime) -> _Hop:
    formula = "tasks x min(v / D, W / (D + w))"
    if profile.concurrency == "event_loop":
        formula = "tasks x min(v, W) / D"

    def inputs(tasks: int) -> tuple[Given, ...]:
        given = [
            Given("tasks", tasks, "task", path.service.tasks_at_start.origin),
            path.service.vcpu,
            workers(path, profile),
            _assumed(profile.cpu_s_per_request),
            _assumed(profile.database_s_per_request),
        ]
        if path.threads is not None:
            given.append(threads(path, profile))
        if profile.cpu_s_per_hit is not None and path.cache is not None:
            given.append(_assumed(profile.cpu_s_per_hit))
        return tuple(given)

    return _Hop(
        "service",
        path.service.address,
        lambda f: f.service_per_s,
        lambda f, level, tasks: tasks * task_capacity_per_s(f, path, profile, level),
        formula,
        inputs,
    )


def cache_speed(path: RequestPath) -> Limit:
    """Operations per second of the primary node of the shared cache. ValueError where there is none."""
    if path.cache is None:
        raise ValueError("the path has no cache")
    burstable = str(path.cache.node_type.value).startswith("cache.t")
    return limit("redis.burstable_node.ops_per_s" if burstable else "redis.node.ops_per_s")


def cache_operations_per_s(path: RequestPath) -> float:
    """The same as a number; infinite without a shared cache."""
    return cache_speed(path).at() if path.cache is not None else math.inf


def _cache_hop(path: RequestPath) -> _Hop:
    cache = path.cache
    if cache is None:
        raise ValueError("the path has no cache")
    speed = cache_speed(path)
    return _Hop(
        "cache",
        cache.address,
        lambda f: f.cache_lookups_per_s,
        lambda _f, level, _n: speed.at(level),
        "operations per second of the primary node; replicas are not counted",
        lambda _n: (cache.node_type, _published(speed), cache.ttl),
    )


def _database_hop(path: RequestPath, profile: Runtime) -> _Hop:
    database = path.database
    if database is None:
        raise ValueError("the path has no database")
    facts = instance(str(database.instance_class.value))
    readers = 1 + len(database.replicas)
    vcpu = Given("vCPU of the class", facts.vcpu, "vCPU", facts.source)

    def capacity(now: Flows, level: Level, _tasks: int) -> float:
        each_s = profile.database_s_per_request.at(SLOWNESS[level])
        total = now.database_per_s
        if total <= 0:
            return facts.vcpu / each_s
        # Writes go to the primary, reads spread over it and the replicas that the service knows.
        writes = now.writes_per_s / total
        return facts.vcpu / each_s / max(writes, 1.0 / readers)

    return _Hop(
        "database",
        database.address,
        lambda f: f.database_per_s,
        capacity,
        "vCPU / d, times the readers as far as writes allow; burst credits are taken as unlimited, as RDS bills them",
        lambda _n: (
            database.instance_class,
            vcpu,
            Given("readers", readers, "instance", str(database.defined_at)),
            _assumed(profile.database_s_per_request),
        ),
    )


def _users_held(hop: _Hop, path: RequestPath, scenario: Scenario, level: Level, tasks: int) -> float | None:
    """The number of users at which the load on the hop meets its capacity, by bisection: utilisation grows with the users."""

    def overloaded(crowd: float) -> bool:
        now = flows(path, scenario, crowd)
        capacity = hop.capacity(now, level, tasks)
        return capacity is not None and hop.offered(now) >= capacity

    if not overloaded(float(MOST_USERS)):
        return None
    low, high = 0.0, float(MOST_USERS)
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (low, middle) if overloaded(middle) else (middle, high)
    return low


def _held(hop: _Hop, path: RequestPath, scenario: Scenario, tasks: int) -> Range:
    low, value, high = (_users_held(hop, path, scenario, level, tasks) for level in ("low", "value", "high"))
    return Range(low, value, high)


def _holding(hops: tuple[_Hop, ...], path: RequestPath, scenario: Scenario, tasks: Given) -> Holding:
    """The users held with `tasks`: the least over all stations, level by level; the central one names the bottleneck."""
    held = {hop.name: _held(hop, path, scenario, int(tasks.value)) for hop in hops}

    def least(figures: list[float | None]) -> float | None:
        known = [figure for figure in figures if figure is not None]
        return min(known) if known else None

    users = Range(
        least([r.low for r in held.values()]),
        least([r.value for r in held.values()]),
        least([r.high for r in held.values()]),
    )
    bottleneck = min(held, key=lambda name: _or_endless(held[name].value)) if users.value is not None else ""
    return Holding(tasks, users, bottleneck)


def _or_endless(figure: float | None) -> float:
    return float("inf") if figure is None else figure


def _station(hop: _Hop, path: RequestPath, scenario: Scenario, now: Flows, tasks: int) -> Station:
    offered = hop.offered(now)
    low, value, high = (hop.capacity(now, level, tasks) for level in ("low", "value", "high"))
    wait_s, wait_formula = _wait(hop, now, value, tasks)
    return Station(
        name=hop.name,
        address=hop.address,
        offered_per_s=offered,
        capacity_per_s=Range(low, value, high),
        utilisation=offered / value if value else None,
        mean_wait_s=wait_s,
        wait_formula=wait_formula,
        formula=hop.formula,
        inputs=hop.inputs(tasks),
        users_held=_held(hop, path, scenario, tasks),
    )


def _wait(hop: _Hop, now: Flows, capacity: float | None, tasks: int) -> tuple[float | None, str]:
    """Mean wait at the service: users who poll are a finite source of requests. Other stations have no trustworthy service time.

    What the edge answers never comes here, so a user asks the service only every Z / p seconds, p the share that gets through.
    """
    if hop.name != "service" or not capacity or now.service_per_s <= 0 or now.users < 1:
        return None, ""
    think_s = now.users / now.service_per_s
    users = round(now.users)
    servers = max(1, tasks)
    queue = finite_source(users, think_s, capacity / servers, servers)
    return queue.mean_wait_s, "M/M/c//N with a server per task, N users and think time Z / share that passes the caches"


def _freshness(path: RequestPath, scenario: Scenario, now: Flows, stations: tuple[Station, ...]) -> Freshness:
    """The age of the live route's answer: wait of the write, then uniform delays of the poll cycle and of every cache on the way.

    In overload a poll cycle is N / X instead of Z. With a shield the age of an answer travels with it, so the edge counts once.
    """
    service = next(station for station in stations if station.name == "service")
    capacity = service.capacity_per_s.value or 0.0
    interval_s = float(poll_interval(path, scenario).value)
    waiting_s = (service.mean_wait_s or 0.0) + 1.0 / capacity if capacity else 0.0
    queued_s = 0.0
    if now.service_per_s > 0 and capacity:
        think_s = now.users / now.service_per_s
        queued_s = overload_response_s(now.users, think_s, capacity) if think_s else 0.0
    live = next(route for route in scenario.routes if route.live)
    spans = [interval_s + queued_s]
    if path.edge is not None and live.shared:
        ttl_s = path.edge.behaviour(live.path).ttl_s
        if ttl_s > 0:
            spans.append(ttl_s + limit("cloudfront.age_rounding_s").at())
    if path.cache is not None and live.shared:
        spans.append(path.cache.age_s)
    return freshness(waiting_s, spans[0], spans[1:])


def _connections(path: RequestPath, profile: Runtime, tasks: Given, notes: list[Diagnostic]) -> ConnectionBudget | None:
    """Tasks at maximum, doubled as far as a deployment may, times connections per task, against what the database accepts."""
    database = path.database
    if database is None or database.connections is None:
        return None
    count = workers(path, profile)
    if path.pool_size is not None:
        per_task = path.pool_size
    elif profile.connections == "per_slot":
        per_task = Given("connections per task", count.value, "connection", f"one per worker; {count.origin}")
    else:
        message = (
            f"{path.service.address}: the size of the connection pool is not known; name its variable in gameday.toml"
        )
        notes.append(Diagnostic("warning", message, path.service.defined_at))
        return None
    percent = path.service.maximum_percent
    claimed = int(float(tasks.value) * float(per_task.value))
    deploying = int(float(tasks.value) * float(percent.value) // 100 * float(per_task.value))
    known = database.connections
    share = limit("rds.pool_budget_share")
    return ConnectionBudget(
        database=database.address,
        per_task=per_task,
        tasks=tasks,
        maximum_percent=percent,
        claimed=claimed,
        claimed_deploying=max(claimed, deploying),
        accepted=Range(known.low, known.value, known.high),
        budget=share.at() * known.value,
        formula=f"tasks x maximum percent x connections per task against {share.at():g} x {known.formula}",
        origin=known.origin,
    )


def _assumptions(path: RequestPath, scenario: Scenario, profile: Runtime) -> tuple[Assumption | Limit, ...]:
    """What the result rests on besides the Terraform."""
    rest: list[Assumption | Limit] = [profile.cpu_s_per_request, profile.database_s_per_request]
    if profile.cpu_s_per_hit is not None and path.cache is not None:
        rest.append(profile.cpu_s_per_hit)
    if path.edge is not None:
        rest += [scenario.edge["caches"], limit("cloudfront.age_rounding_s")]
    if path.poll_interval_s is None:
        rest.append(scenario.client["poll_interval_s"])
    if path.database is not None and path.database.connections is not None:
        rest += [limit("rds.pool_budget_share"), limit("rds.class_memory_share")]
    shares = [value for route in scenario.routes for value in (route.share, route.objects)]
    return (*rest, scenario.peak_users, scenario.publisher["updates_per_minute"], *shares)


def _range(figures: Range, digits: int = 3) -> dict[str, float | None]:
    return {
        name: None if figure is None else round(figure, digits)
        for name, figure in (("low", figures.low), ("value", figures.value), ("high", figures.high))
    }


def _given(value: Given) -> dict[str, Any]:
    return {"name": value.name, "value": value.value, "unit": value.unit, "origin": value.origin}


def to_json(capacity: Capacity) -> dict[str, Any]:
    """`gameday capacity --json`: plain values, the same bytes for the same input."""
    budget = capacity.connections
    return {
        "stack": capacity.stack,
        "scenario": capacity.scenario,
        "runtime": capacity.runtime,
        "users": capacity.users,
        "poll_interval": _given(capacity.poll_interval),
        "hops": list(capacity.path.hops),
        "bottleneck": capacity.bottleneck,
        "users_held": _range(capacity.users_held, 0),
        "at_start": _holding_json(capacity.at_start),
        "at_most": _holding_json(capacity.at_most),
        "stations": [
            {
                "name": station.name,
                "address": station.address,
                "offered_per_s": round(station.offered_per_s, 3),
                "capacity_per_s": _range(station.capacity_per_s),
                "utilisation": None if station.utilisation is None else round(station.utilisation, 4),
                "mean_wait_s": None if station.mean_wait_s is None else round(station.mean_wait_s, 6),
                "wait_formula": station.wait_formula,
                "formula": station.formula,
                "inputs": [_given(value) for value in station.inputs],
                "users_held": _range(station.users_held, 0),
            }
            for station in capacity.stations
        ],
        "connections": None
        if budget is None
        else {
            "database": budget.database,
            "per_task": _given(budget.per_task),
            "tasks": _given(budget.tasks),
            "maximum_percent": _given(budget.maximum_percent),
            "claimed": budget.claimed,
            "claimed_deploying": budget.claimed_deploying,
            "accepted": _range(budget.accepted),
            "budget": round(budget.budget, 3),
            "verdict": budget.verdict,
            "formula": budget.formula,
            "origin": budget.origin,
        },
        "freshness": {
            "target_s": capacity.freshness_target_s,
            "p50_s": round(capacity.freshness.percentile_s(0.5), 3),
            "p95_s": round(capacity.freshness.percentile_s(0.95), 3),
            "worst_s": round(capacity.freshness.worst_s, 3),
            "share_within_target": round(capacity.fresh_share, 4),
            "write_wait_s": round(capacity.freshness.wait_s, 4),
            "spans_s": [round(span, 4) for span in capacity.freshness.spans_s],
        },
        "assumptions": [
            {
                "name": fact.name,
                "value": str(fact.value),
                "low": str(fact.low),
                "high": str(fact.high),
                "unit": fact.unit,
                "reason": fact.reason,
                "source": fact.source,
            }
            for fact in capacity.assumptions
        ],
        "diagnostics": [
            {
                "severity": note.severity,
                "message": note.message,
                "file": note.location.file,
                "line": note.location.line,
                "column": note.location.column,
            }
            for note in capacity.diagnostics
        ],
    }


def _holding_json(holding: Holding) -> dict[str, Any]:
    return {"tasks": _given(holding.tasks), "users": _range(holding.users, 0), "bottleneck": holding.bottleneck}
