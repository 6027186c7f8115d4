"""What a load test of a stack is to be: program, share of a processor and crowd; and what the model computes of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from analysis.demand.flows import flows, poll_interval
from analysis.evidence import OPTIONAL
from analysis.facts import Level
from analysis.loadtest.servers import LoadError
from analysis.studies import Study

MOST_USERS: Final = 1 << 30
PATH: Final = re.compile(r"/[\w./~-]*")


@dataclass(frozen=True, slots=True)
class Tested:
    """One task of a stack as the stand-in plays it. Times in seconds, `vcpu` in processors.

    `pooled` keeps the connection to the database. `cache_ttl_s` is the lifetime in the shared cache, None without one; `kept_s`
    maps a path to its lifetime at the edge, empty without one. `cpu_s` is the assumed processor time of a request, from which the
    first steps are chosen; `peak_users` the crowd of the whole stack, `target_s` the age that an update may have. `slowed_s` is
    what every handler uses of the processor on top.
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
    update_every_s: float
    update_bytes: int
    peak_users: int
    cpu_s: float = field(compare=False)  # chooses the first look alone
    cache_ttl_s: float | None
    kept_s: Mapping[str, float]
    routes: Sequence[Mapping[str, Any]]
    slowed_s: float = field(default=0.0, metadata={OPTIONAL: True})


def tested(study: Study) -> Tested:
    """What to test of a stack. LoadError where the stand-in cannot play its program; what a study raises."""
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
    return Tested(
        stack=name,
        program=profile.name,
        vcpu=float(path.service.vcpu.value),
        workers=int(path.workers.value) if path.workers else profile.workers,
        backlog=profile.backlog,
        pooled=profile.connections == "pool",
        interval_s=float(poll_interval(path, scenario).value),
        timeout_s=float(scenario.client["timeout_s"].value),
        target_s=float(scenario.freshness_target_s.value),
        # The liveliest that the scenario allows, so that a short step has several updates.
        update_every_s=60 / float(scenario.publisher["updates_per_minute"].high),
        update_bytes=int(scenario.publisher["update_bytes"].value),
        peak_users=int(scenario.peak_users.value),
        cpu_s=float((profile.cpu_s_per_hit or profile.cpu_s_per_request).value),
        cache_ttl_s=float(path.cache.ttl.value) if path.cache and profile.cpu_s_per_hit is not None else None,
        kept_s={address: seconds for address, seconds in kept.items() if seconds},
        routes=tuple(
            {
                "name": r.name,
                "method": r.method,
                "path": r.path,
                "share": r.share.at(),
                "shared": r.shared,
                "live": r.live,
            }
            for r in scenario.routes
        ),
    )


def cpu_used(study: Study, users: float, level: Level = "value") -> tuple[float, float]:
    """Requests and processor seconds of a second that the model computes for one task with `users` behind it and no edge."""
    load = flows(replace(study.path, edge=None), study.scenario, users, publishing=False)
    profile = study.profile
    hits = load.cache_hits_per_s if profile.cpu_s_per_hit is not None else 0.0
    hit = (profile.cpu_s_per_hit or profile.cpu_s_per_request).at(level)
    return load.service_per_s, hits * hit + (load.service_per_s - hits) * profile.cpu_s_per_request.at(level)


def knee_users(study: Study, vcpu: float, level: Level = "value") -> float:
    """Users that one task with `vcpu` processors holds by the model; `level` is that of the processor time."""
    low, high = 0.0, 1.0
    while cpu_used(study, high, level)[1] < vcpu:
        low, high = high, 2 * high
        if high > MOST_USERS:
            raise LoadError(f"{study.directory.name}: no number of users fills a task, so there is no knee to measure")
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if cpu_used(study, middle, level)[1] < vcpu else (low, middle)
    return low
