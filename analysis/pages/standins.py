"""The load test of a system's own stand-in on a page: what an answer costs by where it comes from, caches, and a closed loop."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup

from analysis.demand.flows import poll_interval
from analysis.drawing import tables
from analysis.drawing.tables import Cell, Column, Row, significant
from analysis.facts import Assumption
from analysis.loadtest import kept
from analysis.loadtest.kept import EACH, EDGE, LIMITED, MANY, ONE_ADDRESS, STEPS
from analysis.loadtest.tested import cpu_used, knee_per_s, tested
from analysis.network.load import hit_share
from analysis.pages.measured import COMPARED, LEVELS, recorded, spread, steps
from analysis.pages.model import Macro, Model, Site
from analysis.studies import Study, study
from analysis.wiring.hops import path_pattern

CACHE_HIT, EDGE_HIT = "redis; hit", "nginx; hit"
"""What an answer says of caches."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Processor seconds of the program by where an answer comes from, and of the database for one that it is asked for.

    `mixed` is at the knee, where `hits` is the share of answers that the shared cache had; `cached` follows from both.
    """

    mixed: float
    hits: float
    asked: float
    database: float

    @property
    def cached(self) -> float:
        """Of an answer from the shared cache."""
        return (self.mixed - (1.0 - self.hits) * self.asked) / self.hits


def costs(content: Mapping[str, Any]) -> Costs:
    """What the recorded runs say: the steps that were too much, and the run in which the database was asked each time."""
    full = [step for step in steps(content, STEPS) if not step["kept_up"]]
    each = steps(content, EACH, EACH)
    knee = content["knee"]
    return Costs(
        mixed=knee["given"] / knee["per_s"],
        hits=share(full, CACHE_HIT),
        asked=_mean(each, EACH) / 1000,
        database=_mean(each, "postgres") / 1000 / (1.0 - share(each, CACHE_HIT)),
    )


def _mean(found: Sequence[Mapping[str, Any]], server: str) -> float:
    answered = sum(step["answered_per_s"] for step in found)
    return float(sum(step["cpu_ms"][server] * step["answered_per_s"] for step in found) / answered)


def share(found: Sequence[Mapping[str, Any]], status: str, route: str = "") -> float:
    """The share of answers that say so of caches, of one route or of all."""
    counted = [by for step in found for name, by in step["cached"].items() if route in {"", name}]
    return float(sum(by.get(status, 0) for by in counted) / sum(sum(by.values()) for by in counted))


def compared(model: Model) -> Markup:
    """Assumed or computed beside measured: an answer from the cache and from the database, the knee, the check."""
    content, one = _content(model), model.study
    plan, found, check = tested(one), costs(content), content["check"]
    profile, vcpu = one.profile, content["vcpu"]
    per_s = {level: knee_per_s(one, plan, vcpu, level) for level in LEVELS}
    mixed = {level: 1000 * cpu_used(one, plan, per_s[level], level) / per_s[level] for level in LEVELS}
    full = content["knee"]["per_s_at_share"]
    hit = profile.cpu_s_per_hit or profile.cpu_s_per_request
    rows: list[Row | list[Cell]] = [
        _assumed("an answer from Redis, ms of the program", hit, found.cached),
        _assumed("an answer from PostgreSQL, ms of the program", profile.cpu_s_per_request, found.asked),
        _assumed("the same, ms of the database", profile.database_s_per_request, found.database),
        [
            "an answer at the knee, ms of the program", spread(mixed["low"], mixed["value"], mixed["high"]),
            significant(1000 * found.mixed, 2), significant(1000 * found.mixed / mixed["value"], 2),
        ],
        [
            f"knee of one process with {significant(vcpu)} vCPU, requests a second",
            spread(per_s["high"], per_s["value"], per_s["low"], 3), significant(full, 3), significant(full / per_s["value"], 2),
        ],
        [
            f"the knee with every handler slowed by {1000 * check['slowed_s']:g} ms, as a share",
            significant(check["computed"]), significant(check["measured"]), significant(1 + check["off"]),
        ],
    ]  # fmt: skip
    return tables.table(COMPARED, rows, label="Measured beside computed")


def _assumed(name: str, of: Assumption, measured_s: float) -> list[Cell]:
    return [
        name, spread(1000 * of.at("low"), 1000 * of.at(), 1000 * of.at("high")), significant(1000 * measured_s, 2),
        significant(measured_s / of.at(), 2),
    ]  # fmt: skip


def _content(model: Model) -> Mapping[str, Any]:
    record = recorded(model.directory, kept.LOADED)
    if record is None:
        raise LookupError(f"there is no {kept.LOADED} record beside {model.name}; gameday load {model.folder} --record")
    content: Mapping[str, Any] = record.content
    return content


def hit_rates(model: Model) -> Markup:
    """The share of answers that Redis and nginx had, by route: measured beside the renewal formula of the model.

    Of Redis in the last step that was kept up with, of nginx in the last of all.
    """
    content, plan = _content(model), tested(model.study)
    direct = [step for step in steps(content, STEPS) if step["kept_up"]][-1:]
    edge = steps(content, EDGE, EDGE)[-1:]
    in_cache, at_edge = plan.hit_shares(_rate(direct)), plan.edge_shares(_rate(edge))
    rows: list[Row | list[Cell]] = []
    for route in plan.routes:
        name = route["name"]
        rows.append([
            f"{name}, of {route['objects']:,}", f"{route['cache_ttl_s']:g}", f"{in_cache[name]:.1%}",
            f"{share(direct, CACHE_HIT, name):.1%}", f"{plan.edge_ttl_s(route['path']):g}", f"{at_edge[name]:.1%}",
            f"{share(edge, EDGE_HIT, name):.1%}",
        ])  # fmt: skip
    offered = plan.offered(1.0)
    rows.append([
        "all", "", f"{sum(in_cache[name] * part for name, part in offered.items()):.1%}", f"{share(direct, CACHE_HIT):.1%}", "",
        f"{sum(at_edge[name] * part for name, part in offered.items()):.1%}", f"{share(edge, EDGE_HIT):.1%}",
    ])  # fmt: skip
    columns = [
        Column("Route", "head"), Column("Redis, s", "number"), Column("Computed", "number"), Column("Measured", "number"),
        Column("nginx, s", "number"), Column("Computed", "number"), Column("Measured", "number"),
    ]  # fmt: skip
    return tables.table(columns, rows, label="Hit rates of Redis and nginx")


def _rate(found: Sequence[Mapping[str, Any]]) -> float:
    return float(sum(step["offered_per_s"] for step in found) / len(found))


def fleet_per_s(model: Model) -> Markup:
    """Requests a second that all instances at the start answer without the CDN: by what is assumed, and by what was measured."""
    one, content = model.study, _content(model)
    plan = tested(one)
    vcpu = _processors(one)
    assumed = knee_per_s(one, plan, vcpu)
    measured = vcpu * content["knee"]["per_s"] / content["knee"]["given"]
    return Markup("{} requests a second by what is assumed and {} by what was measured").format(
        *(f"{round(value, -3):,.0f}" for value in (assumed, measured))
    )


def users_held(model: Model, other: Model) -> Markup:
    """Visitors that another stack with the same program holds with what was measured of this one in place of what is assumed."""
    one, found = other.study, costs(_content(model))
    profile = one.profile
    figures = {profile.cpu_s_per_request: found.asked, profile.database_s_per_request: found.database}
    if profile.cpu_s_per_hit is not None:
        figures[profile.cpu_s_per_hit] = found.cached
    measured = study(other.directory, assumed={of.name: value for of, value in figures.items()})
    return Markup("{} in place of {}").format(*(f"{each.capacity.users_held.value:,.0f}" for each in (measured, one)))


def _processors(one: Study) -> float:
    """Processors of the instances that answer the crowd, at the start."""
    network = one.network
    entered = network.reached(
        link.source for link in network.links if link.role == "forward" and link.ttl_s is not None
    )
    fleets = [
        station for address, station in network.stations.items() if address in entered and station.kind == "fleet"
    ]
    (fleet,) = fleets
    processor = next(limit for limit in fleet.limits if limit.name == "processor")
    return processor.capacity.value * fleet.least.value


@dataclass(frozen=True, slots=True)
class Loop:
    """A line of `ab`: so many requests from so many clients, each of which waits for its answer before it asks again."""

    requests: int
    clients: int
    path: str

    def per_s(self, answer_s: float) -> float:
        """What it asks while every answer takes so long."""
        return self.clients / answer_s

    def refused(self, per_s: float, limit: Mapping[str, int]) -> float:
        """The share that a limit of one address refuses at that rate: the whole of a window at once, and then as it drains."""
        passed = limit["requests"] * (1.0 + self.requests / per_s / limit["window_s"])
        return max(0.0, 1.0 - passed / self.requests)

    def hit_rate(self, per_s: float, ttl_s: float) -> float:
        """What a cache would say of one object at that rate."""
        return float(hit_share(per_s, ttl_s))


def loop(line: str) -> Loop:
    """What a line of `ab` says. ValueError for another command."""
    words = shlex.split(line)
    if words[0] != "ab":
        raise ValueError(f"{line!r} is no line of ab")
    said = dict(pairwise(words))
    return Loop(int(said["-n"]), int(said["-c"]), urlsplit(words[-1]).path)


def closed_loop(model: Model, target_per_s: float, *lines: str) -> Markup:
    """What lines of `ab` can show of a target: each row is computed, the last two were measured on nginx."""
    content, one = _content(model), model.study
    plan, loops = tested(one), [loop(line) for line in lines]
    if plan.stand_in is None:
        raise LookupError(f"{model.name} has no stand-in of its own, and so no limit of an address")
    limit, timeout_s = plan.stand_in["limit"], plan.timeout_s
    peak = plan.peak_users / float(poll_interval(None, one.scenario).value)
    ttl = [_edge_ttl_s(one, each.path) for each in loops]
    objects = sum(route["objects"] for route in plan.routes)
    rows: list[Row | list[Cell]] = [
        [f"it asks for {target_per_s:,.0f} a second only where an answer takes",
         *(f"{1000 * each.clients / target_per_s:.0f} ms" for each in loops)],
        [f"it asks for the peak's {peak:,.0f} a second only where an answer takes",
         *(f"{1000 * each.clients / peak:.1f} ms" for each in loops)],
        [f"what it asks once every answer takes {timeout_s:g} s, as when visitors give up",
         *(f"{each.per_s(timeout_s):,.0f} a second" for each in loops)],
        [f"how long it lasts at {target_per_s:,.0f} a second",
         *(f"{each.requests / target_per_s:.0f} s" for each in loops)],
        [f"objects that it asks for, of {objects:,}", *("1" for _ in loops)],
        ["hit rate of the CDN that it shows",
         *(f"{each.hit_rate(target_per_s, seconds):.3%}" if seconds else "0 %: the CDN does not keep this path"
           for each, seconds in zip(loops, ttl, strict=True))],
        [f"refused by the brief's {limit['requests']} in {limit['window_s']} s from one address",
         *(f"{each.refused(target_per_s, limit):.1%}" for each in loops)],
    ]  # fmt: skip
    columns = [Column("", "head"), *(Column(line.rpartition(" ")[0], "number") for line in lines)]
    refused = {name: _failed(content, name, server) for name, server in ((ONE_ADDRESS, LIMITED), (MANY, LIMITED))}
    return Markup("{}<p>{}</p>").format(
        tables.table(columns, rows, label="What a closed loop can show"),
        f"Measured on nginx with that limit: {refused[ONE_ADDRESS]:.0%} of the requests of one address failed, and "
        f"{refused[MANY]:.0%} of as many from an address for each user.",
    )


def _failed(content: Mapping[str, Any], run: str, server: str) -> float:
    found = steps(content, run, server)
    return float(sum(step["failed"] for step in found) / sum(step["requests"] for step in found))


def _edge_ttl_s(one: Study, path: str) -> float:
    """Seconds for which the CDN keeps a path; none where it does not."""
    for link in one.network.links:
        if link.role == "forward" and link.ttl_s is not None and path_pattern(link.pattern).match(path):
            return link.ttl_s.value
    return 0.0


def macros(site: Site) -> Mapping[str, Macro]:
    """What pages cite of the load test of a system's own stand-in."""
    return {
        "load_answers": site.of_stack(compared),
        "load_hit_rates": site.of_stack(hit_rates),
        "load_fleet_per_s": site.of_stack(fleet_per_s),
        "load_users_held": lambda name, other: users_held(site.stack(name), site.stack(other)),
        "load_closed_loop": lambda name, *given: closed_loop(site.stack(name), *given),
    }
