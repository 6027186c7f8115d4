"""How many users a resolved stack holds, by closed formulas: load, limit and wait per station, and what saturates first.

The stack is a network (`analysis.network`): every station that the crowd, the publisher, a feed or a connection reaches is
listed with each of its limits. The central figures rest on the central value of the program's costs, low and high on their
spread. A slower program makes a lower capacity, so `low` is always the pessimistic end.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from analysis.architecture import Architecture, Diagnostic
from analysis.capacity.queueing import Freshness, finite_source, freshness, overload_response_s
from analysis.demand.flows import Flows, check_streams, flows, poll_interval
from analysis.facts import Assumption, Level, Limit, Runtime, Scenario, Stack, limit, limits, runtime
from analysis.network import (
    Figure,
    Network,
    Traffic,
    Use,
    check_answered,
    crowd,
    dead_ends,
    loads,
    network,
    uses,
    utilised,
)
from analysis.network.load import LEVELS, MOST_USERS, SLOWNESS, Load
from analysis.network.model import COMPUTE, Kind, exact
from analysis.network.model import Station as Place
from analysis.units import Given
from analysis.wiring import EntersError, PathError, RequestPath, request_path, without_unused_cache

__all__ = ["MOST_USERS", "Bound", "Capacity", "ConnectionBudget", "Holding", "Range", "Station", "analyse", "to_json"]


@dataclass(frozen=True, slots=True)
class Range:
    """A figure with its pessimistic and its optimistic end. None means: no limit that this model knows."""

    low: float | None
    value: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Bound:
    """One limit of a station under load: how much of it is used, in its unit, and the users at which it is used up.

    `shared_with` names the other stations that use the same limit up, such as a quota of the account.
    """

    name: str
    used: float
    available: float
    unit: str
    formula: str
    inputs: tuple[Given, ...]
    users_held: Range
    shared_with: tuple[str, ...] = ()

    @property
    def utilisation(self) -> float:
        """Used over available."""
        return self.used / self.available if self.available else math.inf


@dataclass(frozen=True, slots=True)
class Station:
    """One station under load: the limit that binds first says `formula` and `inputs`, the busiest `utilisation`.

    Rates are per second of what reaches this station. `capacity_per_s` is what it could take of the same mix, by `formula` over
    `inputs`. `users_held` is the number of users of the whole service at which it saturates. `mean_wait_s` is None where no
    formula applies.
    """

    name: str
    address: str
    kind: Kind
    offered_per_s: float
    capacity_per_s: Range
    utilisation: float | None
    mean_wait_s: float | None
    wait_formula: str
    formula: str
    inputs: tuple[Given, ...]
    users_held: Range
    limits: tuple[Bound, ...] = ()


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


@dataclass(frozen=True, slots=True)
class Polled:
    """What is known besides where the crowd polls one service of containers behind a balancer: how old an answer is.

    `fresh_share` is the share of updates that are seen within the scenario's target.
    """

    path: RequestPath
    flows: Flows
    freshness: Freshness
    fresh_share: float


@dataclass(frozen=True)
class Capacity:
    """What the stack holds. `stations` are at `users` users with the instances of `at_start`.

    `polled` is None where what serves the crowd is no single service of containers, or is not polled.
    """

    stack: str
    scenario: str
    runtime: str
    users: int
    poll_interval: Given
    stations: tuple[Station, ...]
    at_start: Holding
    at_most: Holding
    freshness_target_s: float
    network: Network
    assumptions: tuple[Assumption | Limit, ...]
    diagnostics: tuple[Diagnostic, ...]
    connections: ConnectionBudget | None = None
    polled: Polled | None = None

    @property
    def bottleneck(self) -> str:
        """The station that saturates first with the instances that run at the start."""
        return self.at_start.bottleneck

    @property
    def users_held(self) -> Range:
        """The number of users at which it does."""
        return self.at_start.users

    @property
    def polling(self) -> Polled:
        """What is known where one service is polled. LookupError where that is not so."""
        if self.polled is None:
            raise LookupError(
                f"{self.stack}: is computed only where clients poll one ECS service, and here they do not"
            )
        return self.polled

    def station(self, name: str) -> Station:
        """The station of that name; LookupError without one."""
        for station in self.stations:
            if station.name == name:
                return station
        raise LookupError(f"{self.stack} has no station {name!r}; it has {', '.join(s.name for s in self.stations)}")


ORDER: tuple[Kind, ...] = (
    "edge", "balancer", "api", "socket", "service", "fleet", "instance", "function", "cache", "proxy", "database", "table",
    "stream", "queue", "topic", "delivery", "bucket",
)  # fmt: skip
"""From the user inwards."""

WITHOUT_LIMIT: Mapping[Kind, str] = {
    "balancer": "AWS publishes no ceiling; capacity units follow the traffic, and can be reserved before a step"
}


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

    `profile` replaces the runtime that `stack` names; one of the two must be there. `tasks` replaces the number of instances of
    what serves the crowd. Raises wiring.PathError where the crowd's way in or on cannot be derived, ValueError for a negative
    number of users.
    """
    if profile is None:
        if stack is None:
            raise ValueError("no runtime is named: give a profile, or a stack whose gameday.toml names one")
        profile = runtime(stack.runtime)
    number = int(scenario.peak_users.value) if users is None else users
    if number < 0:
        raise ValueError(f"{number} users cannot poll")
    found = network(architecture, stack, profile)
    path, notes = _path(architecture, stack, profile, found)
    if path is not None:
        check_streams(path, scenario)
    interval = poll_interval(path, scenario)
    traffic = crowd(found, scenario, stack, float(interval.value))
    check_answered(found, traffic)
    serving = path.service.address if path is not None else _serving(found, traffic)
    if tasks is not None:
        found = _with_instances(found, serving, tasks)
    if path is None:
        notes += [*found.diagnostics, *_idle(found, traffic)]
    notes += dead_ends(found, traffic)
    stations = _stations(found, traffic, number)
    budget = polled = None
    if path is not None:
        most = found.stations[serving].most
        budget = _connections(path, profile, Given("tasks at most", int(most.value), "task", most.origin), notes)
        if not scenario.connections:
            polled = _polled(path, scenario, number, stations)
    return Capacity(
        stack=architecture.stack,
        scenario=scenario.title,
        runtime=profile.name,
        users=number,
        poll_interval=interval,
        stations=stations,
        at_start=_holding(found, traffic, serving, most=False),
        at_most=_holding(found, traffic, serving, most=True),
        freshness_target_s=scenario.freshness_target_s.at(),
        network=found,
        assumptions=_assumptions(path, scenario, profile, stations),
        diagnostics=tuple(notes),
        connections=budget,
        polled=polled,
    )


def _idle(found: Network, traffic: Sequence[Traffic]) -> list[Diagnostic]:
    """A warning for each program that no public entry, feed or connection leads to."""
    reached = loads(found, traffic, 1.0)
    idle = [found.stations[address] for address in found.unreached if address not in reached]
    return [
        Diagnostic(
            "warning", f"{place.address} carries nothing of the crowd: no public entry leads to it", place.defined_at
        )
        for place in idle
    ]


def _polled(path: RequestPath, scenario: Scenario, number: int, stations: tuple[Station, ...]) -> Polled:
    now = flows(path, scenario, number)
    ages = _freshness(path, scenario, now, stations)
    return Polled(path, now, ages, ages.within(scenario.freshness_target_s.at()))


def _path(
    architecture: Architecture, stack: Stack | None, profile: Runtime, found: Network
) -> tuple[RequestPath | None, list[Diagnostic]]:
    """The request path with what it has to say; None where what serves the crowd is no service of containers.

    PathError where no public entry leads to a program, with the reason for each, or where gameday.toml names a wrong one.
    """
    try:
        path = without_unused_cache(request_path(architecture, stack), profile)
    except EntersError:
        raise
    except PathError:
        if not found.entries:
            raise
        return None, []
    return path, list(path.diagnostics)


def _serving(found: Network, traffic: Sequence[Traffic]) -> str:
    """The first station that computes on the crowd's way. PathError where there is none."""
    door = traffic[0].enters
    for address in found.downstream(door):
        if found.stations[address].kind in COMPUTE:
            return address
    message = f"{door} leads to no program, so nobody can be served"
    raise PathError([Diagnostic("error", message, found.stations[door].defined_at)])


def _with_instances(found: Network, address: str, count: int) -> Network:
    number = exact("tasks", count, "task", "given by the caller")
    return replace(
        found, stations={**found.stations, address: replace(found.stations[address], least=number, most=number)}
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
    of instances of what serves the crowd. Raises as `analyse` does.
    """
    profile = runtime(stack.runtime)
    found = network(architecture, stack, profile)
    path, _ = _path(architecture, stack, profile, found)
    traffic = crowd(found, scenario, stack, float(poll_interval(path, scenario).value))
    if tasks is not None:
        found = _with_instances(found, path.service.address if path else _serving(found, traffic), tasks)
    shares = utilised(found, traffic, users)
    names = _names(found, loads(found, traffic, users))
    return {
        name: tuple(float(share) for share in shares[address]) if address in shares else (None,) * len(users)
        for address, name in names.items()
    }


def _names(found: Network, load: Mapping[str, Any]) -> Mapping[str, str]:
    """The name of each station that gets load, from the user inwards: its kind where no other is of it, else its address."""
    touched = sorted(load, key=lambda address: (ORDER.index(found.stations[address].kind), address))
    kinds = [found.stations[address].kind for address in touched]
    return {a: kind if kinds.count(kind) == 1 else a for a, kind in zip(touched, kinds, strict=True)}


def given(figure: Figure) -> Given:
    """A figure as a value with its place, at its central value."""
    value = int(figure.value) if figure.value == int(figure.value) else figure.value
    return Given(figure.name, value, figure.unit, figure.origin)


def _stations(found: Network, traffic: Sequence[Traffic], number: int) -> tuple[Station, ...]:
    load = loads(found, traffic, number)
    every = uses(found, traffic, number)
    stations = []
    for address, name in _names(found, load).items():
        own = [use for use in every if address in use.stations]
        offered = sum(
            float(rate[0]) for unit, rate in load[address].items() if unit not in {"connection", "invocation"}
        )
        stations.append(_station(found.stations[address], name, offered, own, number))
    return tuple(stations)


def _offered(load: Load) -> float:
    """What reaches a station per second. A connection is no rate, and an invocation is a request or record seen by a function."""
    return sum(float(rate[0]) for unit, rate in load.items() if unit not in {"connection", "invocation"})


def _station(place: Place, name: str, offered: float, own: Sequence[Use], number: int) -> Station:
    """The station as the limit that binds first has it."""
    if not own:
        nothing = Range(None, None, None)
        formula = WITHOUT_LIMIT.get(place.kind, "no limit is known")
        return Station(name, place.address, place.kind, offered, nothing, None, None, "", formula, (), nothing)
    bounds = tuple(_bound(place, use) for use in own)
    first = min(
        range(len(own)), key=lambda index: (_or_endless(own[index].users_held["value"]), -own[index].utilisation)
    )
    low, value, high = (min(_able(use, offered, level) for use in own) for level in LEVELS)
    inputs = dict.fromkeys(entry for bound in (bounds[first], *bounds) for entry in bound.inputs)
    held = Range(*(_least(use.users_held[level] for use in own) for level in LEVELS))
    wait_s, wait_formula = _wait(place, number, offered, value)
    return Station(
        name=name,
        address=place.address,
        kind=place.kind,
        offered_per_s=offered,
        capacity_per_s=Range(low, value, high),
        utilisation=max(bound.utilisation for bound in bounds),
        mean_wait_s=wait_s,
        wait_formula=wait_formula,
        formula=bounds[first].formula,
        inputs=tuple(inputs),
        users_held=held,
        limits=bounds,
    )


def _able(use: Use, offered: float, level: Level) -> float:
    """What the limit lets through per second of the mix that is offered; where nothing is, of its cheapest unit."""
    if use.shares[level] > 0:
        return offered / use.shares[level]
    return use.have[level] / min(cost.at(SLOWNESS[level]) for cost in use.limit.costs.values())


def _bound(place: Place, use: Use) -> Bound:
    instances: tuple[Given, ...] = ()
    if use.limit.per_instance:
        name = "tasks" if place.kind == "service" else "instances"
        instances = (Given(name, int(place.least.value), place.least.unit, place.least.origin),)
    return Bound(
        use.limit.name,
        use.used,
        use.available,
        use.limit.capacity.unit,
        use.limit.formula,
        (*instances, *(given(figure) for figure in use.limit.inputs)),
        Range(*(use.users_held[level] for level in LEVELS)),
        tuple(address for address in use.stations if address != place.address),
    )


def _least(figures: Iterable[float | None]) -> float | None:
    known = [figure for figure in figures if figure is not None]
    return min(known) if known else None


def _or_endless(figure: float | None) -> float:
    return math.inf if figure is None else figure


def _holding(found: Network, traffic: Sequence[Traffic], serving: str, *, most: bool) -> Holding:
    """The users held with the instances at the start, or at most: the least over all limits, level by level."""
    every = uses(found, traffic, 1.0, most=most)
    users = Range(*(_least(use.users_held[level] for use in every) for level in LEVELS))
    names = _names(found, loads(found, traffic, 1.0))
    bottleneck = ""
    if users.value is not None:
        first = min(every, key=lambda use: _or_endless(use.users_held["value"]))
        bottleneck = min((names[address] for address in first.stations), key=list(names.values()).index)
    place = found.stations[serving]
    count = place.most if most else place.least
    return Holding(given(count), users, bottleneck)


def _wait(place: Place, number: int, offered: float, capacity: float | None) -> tuple[float | None, str]:
    """Mean wait at a service: users who poll are a finite source of requests. Other stations have no trustworthy service time.

    What the edge answers never comes here, so a user asks the service only every Z / p seconds, p the share that gets through.
    """
    if place.kind not in {"service", "fleet"} or not capacity or offered <= 0 or number < 1:
        return None, ""
    servers = max(1, int(place.least.value))
    queue = finite_source(number, number / offered, capacity / servers, servers)
    return queue.mean_wait_s, "M/M/c//N with a server per task, N users and think time Z / share that passes the caches"


def workers(path: RequestPath, profile: Runtime) -> Given:
    """Worker processes of a task: what the Terraform sets, else the profile's."""
    return path.workers or Given("workers", profile.workers, "worker", f"runtime profile {profile.name}")


def cache_speed(path: RequestPath) -> Limit:
    """Operations per second of the primary node of the shared cache. ValueError where there is none."""
    if path.cache is None:
        raise ValueError("the path has no cache")
    burstable = str(path.cache.node_type.value).startswith("cache.t")
    return limit("redis.burstable_node.ops_per_s" if burstable else "redis.node.ops_per_s")


def cache_operations_per_s(path: RequestPath) -> float:
    """The same as a number; infinite without a shared cache."""
    return cache_speed(path).at() if path.cache is not None else math.inf


def _freshness(path: RequestPath, scenario: Scenario, now: Flows, stations: tuple[Station, ...]) -> Freshness:
    """The age of the live route's answer: wait of the write, then uniform delays of the poll and of every cache on the way.

    In overload a poll cycle is N / X instead of Z. With a shield the age of an answer travels with it, so the edge counts once.
    """
    service = next(station for station in stations if station.address == path.service.address)
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


def _assumptions(
    path: RequestPath | None, scenario: Scenario, profile: Runtime, stations: Sequence[Station]
) -> tuple[Assumption | Limit, ...]:
    """What the result rests on besides the Terraform: costs of the program, doings of the crowd, every fact with a range."""
    rest: list[Assumption | Limit] = [profile.cpu_s_per_request, profile.database_s_per_request]
    if profile.cpu_s_per_hit is not None and any(station.kind == "cache" for station in stations):
        rest.append(profile.cpu_s_per_hit)
    if any(station.kind == "edge" for station in stations):
        rest += [scenario.edge["caches"], limit("cloudfront.age_rounding_s")]
    if path is None or path.poll_interval_s is None:
        rest.append(scenario.client["poll_interval_s"])
    if path is not None and path.database is not None and path.database.connections is not None:
        rest += [limit("rds.pool_budget_share"), limit("rds.class_memory_share")]
    named = dict.fromkeys(entry.name for station in stations for bound in station.limits for entry in bound.inputs)
    rest += [fact for name in named if (fact := limits().get(name)) is not None and fact.low != fact.high]
    shares = [value for route in scenario.routes for value in (route.share, route.objects)]
    held = [value for c in scenario.connections for value in (c.per_user, c.minutes, c.follows)]
    arriving = [feed.per_s for feed in scenario.feeds]
    return (*rest, scenario.peak_users, scenario.publisher["updates_per_minute"], *shares, *held, *arriving)


def _range(figures: Range, digits: int = 3) -> dict[str, float | None]:
    return {
        name: None if figure is None else round(figure, digits)
        for name, figure in (("low", figures.low), ("value", figures.value), ("high", figures.high))
    }


def _given(value: Given) -> dict[str, Any]:
    return {"name": value.name, "value": value.value, "unit": value.unit, "origin": value.origin}


def to_json(capacity: Capacity) -> dict[str, Any]:
    """`gameday capacity --json`: plain values, the same bytes for the same input."""
    polled = capacity.polled
    budget = capacity.connections
    return {
        "stack": capacity.stack,
        "scenario": capacity.scenario,
        "runtime": capacity.runtime,
        "users": capacity.users,
        "poll_interval": _given(capacity.poll_interval),
        "hops": list(polled.path.hops) if polled else [],
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
                "limits": [
                    {
                        "name": bound.name,
                        "used": round(bound.used, 4),
                        "available": round(bound.available, 4),
                        "unit": bound.unit,
                        "utilisation": round(bound.utilisation, 4),
                        "formula": bound.formula,
                        "users_held": _range(bound.users_held, 0),
                        "shared_with": list(bound.shared_with),
                    }
                    for bound in station.limits
                ],
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
        "freshness": None if polled is None else _freshness_json(polled, capacity.freshness_target_s),
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


def _freshness_json(polled: Polled, target_s: float) -> dict[str, Any]:
    ages = polled.freshness
    return {
        "target_s": target_s,
        "p50_s": round(ages.percentile_s(0.5), 3),
        "p95_s": round(ages.percentile_s(0.95), 3),
        "worst_s": round(ages.worst_s, 3),
        "share_within_target": round(polled.fresh_share, 4),
        "write_wait_s": round(ages.wait_s, 4),
        "spans_s": [round(span, 4) for span in ages.spans_s],
    }


def _holding_json(holding: Holding) -> dict[str, Any]:
    return {"tasks": _given(holding.tasks), "users": _range(holding.users, 0), "bottleneck": holding.bottleneck}
