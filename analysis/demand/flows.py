"""Requests per second over the night, and what of them reaches each hop once the caches on the way have answered."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.architecture import Diagnostic
from analysis.facts import Level, Route, Scenario
from analysis.network.load import hit_share
from analysis.units import Given
from analysis.wiring import PathError, RequestPath
from analysis.wiring.hops import Edge

SAMPLES_PER_MINUTE = 6
"""A surge rises within seconds; the mean of a minute is taken over so many samples."""


@dataclass(frozen=True, slots=True)
class Minute:
    """One minute of the night: users and their requests, as the mean over the minute and at its highest."""

    minute: float
    users: float
    peak_users: float
    requests_per_s: float
    peak_requests_per_s: float


@dataclass(frozen=True, slots=True)
class Flow:
    """The requests of one route, in requests per second, and what remains of them at each hop."""

    route: str
    offered_per_s: float
    edge_hit_share: float
    service_per_s: float
    cache_hit_share: float
    database_per_s: float
    writes: bool
    shield_per_s: float = 0.0

    @property
    def cache_per_s(self) -> float:
        """Reads that the shared cache answers."""
        return self.service_per_s * self.cache_hit_share


@dataclass(frozen=True, slots=True)
class Flows:
    """The flows of all routes at one number of users, the publisher's writes among them as the route `publisher`."""

    users: float
    by_route: tuple[Flow, ...]

    @property
    def offered_per_s(self) -> float:
        """What the clients send."""
        return sum(flow.offered_per_s for flow in self.by_route)

    @property
    def service_per_s(self) -> float:
        """What passes the edge and so reaches balancer and service."""
        return sum(flow.service_per_s for flow in self.by_route)

    @property
    def cache_hits_per_s(self) -> float:
        """What the shared cache answers."""
        return sum(flow.cache_per_s for flow in self.by_route)

    @property
    def cache_lookups_per_s(self) -> float:
        """Reads that ask the shared cache, and writes back after a miss."""
        asked = (flow for flow in self.by_route if flow.cache_hit_share > 0)
        return sum(flow.service_per_s * (2.0 - flow.cache_hit_share) for flow in asked)

    @property
    def database_per_s(self) -> float:
        """What reaches the database."""
        return sum(flow.database_per_s for flow in self.by_route)

    @property
    def writes_per_s(self) -> float:
        """The writes among it."""
        return sum(flow.database_per_s for flow in self.by_route if flow.writes)

    @property
    def edge_hit_share(self) -> float:
        """The share of all requests that the edge answers."""
        return 1.0 - self.service_per_s / self.offered_per_s if self.offered_per_s else 0.0


def poll_interval(path: RequestPath | None, scenario: Scenario, level: Level = "value") -> Given:
    """Seconds between two polls: what the Terraform tells the clients, else the scenario's assumption."""
    if path is not None and path.poll_interval_s is not None:
        return path.poll_interval_s
    assumed = scenario.client["poll_interval_s"]
    return Given("poll interval", assumed.at(level), "s", f"{assumed.file or scenario.file}: {assumed.reason}")


def check_streams(path: RequestPath, scenario: Scenario) -> None:
    """PathError where the service holds streams open and the scenario does not say who opens them."""
    if path.streams is not None and not scenario.connections:
        message = (
            f"{path.service.address} holds streams open ({path.streams.name}, {path.streams.origin}), and {scenario.file} "
            "does not say who opens them; write a [[connection]] into it"
        )
        raise PathError([Diagnostic("error", message, path.service.defined_at)])


def arrivals(scenario: Scenario, path: RequestPath | None = None) -> tuple[Minute, ...]:
    """The night minute by minute. Requests are those offered: users over poll interval, plus what the publisher writes."""
    interval_s = float(poll_interval(path, scenario).value)
    publisher_per_s = scenario.publisher["updates_per_minute"].at() / 60.0
    night = []
    for minute in range(int(scenario.start_minute), int(scenario.end_minute)):
        samples = [scenario.users(minute + step / SAMPLES_PER_MINUTE) for step in range(SAMPLES_PER_MINUTE)]
        highest = max(*samples, scenario.users(minute + 1.0))
        if minute <= scenario.peak_minute < minute + 1:
            highest = scenario.users(scenario.peak_minute)
        mean = sum(samples) / len(samples)
        night.append(
            Minute(
                float(minute),
                mean,
                highest,
                mean / interval_s + publisher_per_s,
                highest / interval_s + publisher_per_s,
            )
        )
    return tuple(night)


def edge_hit_shares(edge: Edge, route: Route, rate_per_s: float, caches: float) -> tuple[float, float]:
    """The shares of a route's requests that the edge's caches answer, each by itself, and of the rest that the shield answers."""
    if not route.shared:
        return 0.0, 0.0
    ttl_s = edge.behaviour(route.path).ttl_s
    per_key = rate_per_s / route.objects.at()
    first = hit_share(per_key / caches, ttl_s)
    return first, hit_share(per_key * (1.0 - first), ttl_s) if edge.shield else 0.0


def flows(path: RequestPath, scenario: Scenario, users: float, *, publishing: bool = True) -> Flows:
    """What each hop gets when `users` fans poll: offered load, without regard to whether a hop can carry it.

    Caches hold what is `shared` and read; a write always reaches the database. The lifetime counts as it is written, although
    whole-second ages can make it longer: that errs towards more load. Without `publishing` nobody writes updates.
    """
    if users < 0:
        raise ValueError(f"{users} users cannot poll")
    interval_s = float(poll_interval(path, scenario).value)
    caches = scenario.edge["caches"].at()
    found = []
    for route in scenario.routes:
        offered = users / interval_s * route.share.at()
        first, second = edge_hit_shares(path.edge, route, offered, caches) if path.edge else (0.0, 0.0)
        shielded = offered * (1.0 - first)
        reaching = shielded * (1.0 - second)
        at_edge = 1.0 - (1.0 - first) * (1.0 - second)
        in_cache = 0.0
        if path.cache is not None and route.shared:
            in_cache = hit_share(reaching / route.objects.at(), float(path.cache.ttl.value))
        asked = reaching * (1.0 - in_cache)
        found.append(Flow(route.name, offered, at_edge, reaching, in_cache, asked, route.writes, shielded))
    updates = scenario.publisher["updates_per_minute"].at() / 60.0 if publishing else 0.0
    found.append(Flow("publisher", updates, 0.0, updates, 0.0, updates, writes=True, shield_per_s=updates))
    return Flows(users, tuple(found))
