"""What a load test of a stack is to be: program, share of a processor and crowd; and what the model computes of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from analysis.demand.flows import poll_interval
from analysis.evidence import OPTIONAL
from analysis.facts import Level, Route
from analysis.loadtest.servers import LoadError
from analysis.loadtest.standin import StandIn, stand_in
from analysis.network.load import hit_share
from analysis.studies import Study
from analysis.wiring.hops import path_pattern

MOST_PER_S: Final = 1e9
PATH: Final = re.compile(r"/[\w./~-]*")


@dataclass(frozen=True, slots=True)
class Tested:
    """One task of a stack as the stand-in plays it. Times in seconds, `vcpu` in processors.

    `program` is the runtime profile; a `stand_in` of the system's own is `told` of the stack's variables, and nobody publishes
    updates. `pooled` keeps the connection to the database. `cache_ttl_s` is the lifetime in the shared cache, None without one;
    `kept_s` maps a path, or a pattern of paths, to its lifetime at the edge, empty without one. `cpu_s` is the assumed processor
    time of a request, from which the first steps are chosen; `peak_users` the crowd of the whole stack, `target_s` the age that
    an update may have. `slowed_s` is what every handler uses of the processor on top.
    """

    stack: str
    program: str
    vcpu: float
    workers: int
    backlog: int
    pooled: bool
    interval_s: float
    timeout_s: float
    target_s: float
    update_every_s: float | None
    update_bytes: int
    peak_users: int
    cpu_s: float = field(compare=False)  # chooses the first look alone
    cache_ttl_s: float | None
    kept_s: Mapping[str, float]
    routes: Sequence[Mapping[str, Any]]
    slowed_s: float = field(default=0.0, metadata={OPTIONAL: True})
    told: Mapping[str, str] = field(default_factory=dict)
    stand_in: StandIn | None = field(default=None, compare=False)

    def offered(self, per_s: float) -> dict[str, float]:
        """Requests a second of each route."""
        every = sum(route["share"] for route in self.routes)
        return {route["name"]: per_s * route["share"] / every for route in self.routes}

    def hit_shares(self, per_s: float) -> dict[str, float]:
        """The share of each route's requests that the shared cache answers, by the model, with no edge before it."""
        offered = self.offered(per_s)
        return {
            route["name"]: hit_share(offered[route["name"]] / route["objects"], route["cache_ttl_s"] or 0.0)
            for route in self.routes
        }

    def edge_shares(self, per_s: float) -> dict[str, float]:
        """The share of each route's requests that one cache at the edge answers, by the model."""
        offered = self.offered(per_s)
        return {
            route["name"]: hit_share(offered[route["name"]] / route["objects"], self.edge_ttl_s(route["path"]))
            for route in self.routes
        }

    def edge_ttl_s(self, path: str) -> float:
        """Seconds for which the edge keeps a path; none where it does not."""
        return next((seconds for pattern, seconds in self.kept_s.items() if path_pattern(pattern).match(path)), 0.0)


def tested(study: Study) -> Tested:
    """What to test of a stack. LoadError where no stand-in can play its program; what a study raises."""
    own = stand_in(study.directory)
    return _of_own(study, own) if own else _of_flask(study)


def _of_flask(study: Study) -> Tested:
    """The stand-in of every stack whose program is Flask before MySQL."""
    profile, path, scenario = study.profile, study.path, study.scenario
    name = study.directory.name
    if profile.concurrency != "process":
        raise LoadError(f"{name} runs {profile.title}; the stand-in is Flask under gunicorn's sync workers")
    if path.streams is not None or scenario.connections:
        raise LoadError(f"{name}: its users hold connections; the stand-in is polled")
    if path.database is None or path.database.engine not in {"mysql", "mariadb"}:
        raise LoadError(f"{name}: behind the stand-in is MariaDB, which stands for MySQL alone")
    for route in scenario.routes:
        if not PATH.fullmatch(route.path):  # it is written into nginx's configuration and the program's rules
            raise LoadError(
                f"{scenario.file}: the route {route.name} has a path with other characters than {PATH.pattern}"
            )
    shared = [route for route in scenario.routes if route.shared]
    kept = {route.path: path.edge.behaviour(route.path).ttl_s for route in shared} if path.edge else {}
    cache_ttl_s = float(path.cache.ttl.value) if path.cache and profile.cpu_s_per_hit is not None else None
    return Tested(
        stack=name,
        program=profile.name,
        vcpu=float(path.service.vcpu.value),
        workers=int(path.workers.value) if path.workers else profile.workers,
        backlog=profile.backlog,
        pooled=profile.connections == "pool",
        # The liveliest that the scenario allows, so that a short step has several updates.
        update_every_s=60 / float(scenario.publisher["updates_per_minute"].high),
        cache_ttl_s=cache_ttl_s,
        kept_s={address: seconds for address, seconds in kept.items() if seconds},
        routes=tuple(_route(r, r.path, 1.0, cache_ttl_s) for r in scenario.routes),
        **_crowd(study, float(poll_interval(path, scenario).value)),
    )


SHARES: Final = (1.0, 0.5, 0.25, 0.125, 0.0625)
"""Shares of a processor of which a stand-in of a system's own gets the largest that a generator beside it can fill."""

GENERATED_PER_S: Final = 1_000
"""Requests a second to which a generator beside the servers is held: above, its own delay would be measured."""

FILLED_PER_S: Final = 500
"""Requests a second that fill a stand-in of a system's own: half of the above, since two copies of it are asked at once."""

TOO_MUCH: Final = 1.6
"""The most that a step asks for, as a multiple of the knee that is expected."""


def _of_own(study: Study, own: StandIn) -> Tested:
    """The stand-in of a system's own, held to a share of a processor at which its generator can fill it."""
    profile, scenario = study.profile, study.scenario
    told, crowd = own.variables(study.architecture), _crowd(study, scenario.client["poll_interval_s"].at())
    if unknown := [route.name for route in scenario.routes if route.name not in own["routes"]]:
        raise LoadError(f"{own.folder.name}: the stand-in says nothing of the route {', '.join(unknown)}")
    forwards = [link for link in study.network.links if link.role == "forward" and link.ttl_s is not None]
    routes = tuple(
        _route(r, own["routes"][r.name]["path"], r.objects.at(), float(told[own["routes"][r.name]["lifetime"]]))
        for r in scenario.routes
    )
    kept = {}
    for route in routes:
        link = next((link for link in forwards if path_pattern(link.pattern).match(route["path"])), None)
        if link is not None and link.ttl_s is not None and link.ttl_s.value:
            kept[link.pattern] = link.ttl_s.value
    return Tested(
        stack=study.directory.name,
        program=profile.name,
        vcpu=next((share for share in SHARES if TOO_MUCH * share / crowd["cpu_s"] <= FILLED_PER_S), SHARES[-1]),
        workers=profile.workers,
        backlog=profile.backlog,
        pooled=profile.connections == "pool",
        update_every_s=None,
        cache_ttl_s=None,
        kept_s=kept,
        routes=routes,
        told=told,
        stand_in=own,
        **crowd,
    )


def _crowd(study: Study, interval_s: float) -> dict[str, Any]:
    """What every plan takes from the scenario."""
    scenario, profile = study.scenario, study.profile
    return {
        "interval_s": interval_s, "timeout_s": float(scenario.client["timeout_s"].value),
        "target_s": float(scenario.freshness_target_s.value), "update_bytes": int(scenario.publisher["update_bytes"].value),
        "peak_users": int(scenario.peak_users.value), "cpu_s": float((profile.cpu_s_per_hit or profile.cpu_s_per_request).value),
    }  # fmt: skip


def _route(route: Route, path: str, objects: float, cache_ttl_s: float | None) -> dict[str, Any]:
    """A route as it is asked: one of `objects` paths; `cache_ttl_s` is None where no shared cache keeps it."""
    return {
        "name": route.name, "method": route.method, "path": path, "share": route.share.at(), "shared": route.shared,
        "live": route.live, "objects": round(objects), "cache_ttl_s": cache_ttl_s if route.shared else None,
    }  # fmt: skip


def cpu_used(study: Study, plan: Tested, per_s: float, level: Level = "value") -> float:
    """Processor seconds of a second that the model computes for one task with so many requests, with no edge before it."""
    profile = study.profile
    shares = plan.hit_shares(per_s) if profile.cpu_s_per_hit is not None else {}
    hits = sum(rate * shares.get(name, 0.0) for name, rate in plan.offered(per_s).items())
    hit = (profile.cpu_s_per_hit or profile.cpu_s_per_request).at(level)
    return hits * hit + (per_s - hits) * profile.cpu_s_per_request.at(level)


def knee_per_s(study: Study, plan: Tested, vcpu: float, level: Level = "value") -> float:
    """Requests a second at which one task with `vcpu` processors is full by the model; `level` is that of the processor time."""
    low, high = 0.0, 1.0
    while cpu_used(study, plan, high, level) < vcpu:
        low, high = high, 2 * high
        if high > MOST_PER_S:
            raise LoadError(f"{study.directory.name}: nothing fills a task, so there is no knee to measure")
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if cpu_used(study, plan, middle, level) < vcpu else (low, middle)
    return low


def knee_users(study: Study, vcpu: float, level: Level = "value") -> float:
    """Users that one task with `vcpu` processors holds by the model."""
    plan = tested(study)
    return plan.interval_s * knee_per_s(study, plan, vcpu, level)
