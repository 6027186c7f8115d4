"""A scenario becomes a month of usage: so many nights, the quiet hours between them, and what each resource does meanwhile.

A new resource type is a new row of USAGE. A type without a row gets no quantities, and cost lists its charges as without usage.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from analysis.architecture import Architecture, Resource, Unknown
from analysis.demand.flows import Flow, Flows, flows, polled_only
from analysis.demand.usage import LoadHours, Usage
from analysis.facts import Assumption, Limit, Runtime, Scenario, Stack, instance, limit, runtime
from analysis.units import HOURS_PER_MONTH
from analysis.wiring import PathError, RequestPath, request_path, without_unused_cache
from analysis.wiring.hops import Balancer, Edge, Schedule
from analysis.wiring.network import Network
from analysis.wiring.references import References
from analysis.wiring.schedules import daily_minute, once, timestamps
from analysis.wiring.tasks import writes_to
from analysis.wiring.values import blocks

GB = 1e9

TASKS_FALL_AFTER_MIN = 15
"""Target tracking takes tasks away after fifteen datapoints of a minute each: limits.csv, autoscaling.scale_in.datapoints."""

KICK_OFF_WITHIN = timedelta(hours=24)
"""A timestamp of a variable counts as the kick-off of a scheduled action if it lies within this time after it."""

LEAD_MIN = 60.0
"""Minutes before kick-off at which a scheduled action is taken to begin where no variable says when the game is."""


@dataclass(frozen=True, slots=True)
class Window:
    """Minutes from kick-off between which a scheduled action raises the minimum to `tasks` for the game `game`."""

    game: str
    start_minute: float
    end_minute: float
    tasks: int


@dataclass(frozen=True, slots=True)
class Slice:
    """A stretch of the month in which the load stays the same, `hours` long over all nights."""

    hours: float
    minute: float | None
    users: float
    flows: Flows
    tasks: float


def usage_if_modelled(
    architecture: Architecture, scenario: Scenario, stack: Stack | None = None, profile: Runtime | None = None
) -> Usage | None:
    """As `usage`; None where the crowd's way or the scenario is not modelled, so that quantities stay unknown."""
    try:
        return usage(architecture, scenario, stack, profile)
    except PathError:
        return None


def usage(
    architecture: Architecture, scenario: Scenario, stack: Stack | None = None, profile: Runtime | None = None
) -> Usage:
    """What the stack consumes in a month of 730 hours with the scenario's nights in it.

    Raises wiring.PathError where no request path can be derived or more than polls is at work, ValueError where the nights do
    not fit into a month.
    """
    path = request_path(architecture, stack)
    if profile is None and stack is not None:
        profile = runtime(stack.runtime)
    if profile is not None:
        path = without_unused_cache(path, profile)
    polled_only(path, scenario)
    month = Month(architecture, path, scenario, profile)
    quantities: dict[str, dict[str, Decimal]] = {}
    for resource in architecture.resources:
        row = USAGE.get(resource.type)
        found = row(month, resource) if row else {}
        if found:
            quantities[resource.address] = {key: _decimal(amount) for key, amount in sorted(found.items())}
    between = month.between_zones_gb
    if between:
        quantities["aws_data_transfer.between_zones"] = {"monthly_intra_region_gb": _decimal(between)}
    loads = {path.balancer.address: tuple(month.load_hours())} if path.balancer else {}
    games = scenario.calendar["games_per_month"]
    return Usage(
        origin=f"scenario {scenario.title!r} ({scenario.file}): {games.value} nights of {scenario.night_hours:g} h "
        f"with up to {scenario.peak_users.value} users, {scenario.calendar['quiet_users'].value} users in the other hours",
        quantities=quantities,
        load_hours=loads,
        rests_on=(*scenario.assumptions, *month.used),
        notes=tuple(month.notes),
    )


def _decimal(amount: float) -> Decimal:
    """Six significant decimals are more than any assumption here is worth, and keep the bytes the same on every machine."""
    return Decimal(f"{amount:.6f}")


class Month:
    """The nights and the quiet hours of a month on one request path. Everything is derived on first use."""

    def __init__(
        self, architecture: Architecture, path: RequestPath, scenario: Scenario, profile: Runtime | None
    ) -> None:
        self.architecture = architecture
        self.path = path
        self.scenario = scenario
        self.profile = profile
        self.games = scenario.calendar["games_per_month"].at()
        self.used: list[Assumption | Limit] = []
        self.notes: list[str] = [str(diagnostic) for diagnostic in path.diagnostics]
        if profile is not None:
            self.used.append(profile.cpu_s_per_request)
        first = min([scenario.start_minute, *(window.start_minute for window in self.windows)])
        last = max([scenario.end_minute, *(window.end_minute for window in self.windows)])
        self.span_h = (last - first) / 60.0
        self.first_minute, self.last_minute = math.floor(first), math.ceil(last)
        self.quiet_h = float(HOURS_PER_MONTH) - self.games * self.span_h
        if self.quiet_h < 0:
            raise ValueError(
                f"{scenario.file}: calendar.games_per_month: {self.games:g} nights of {self.span_h:.1f} h do not fit into "
                f"a month of {HOURS_PER_MONTH} h"
            )

    @cached_property
    def references(self) -> References:
        """What refers to what in the stack."""
        return References(self.architecture)

    def hop(self, hop: Edge | Balancer | None) -> Resource | None:
        """The resource of a hop of the path."""
        return None if hop is None else self.architecture.by_address[hop.address]

    @property
    def task(self) -> Resource:
        """The task definition of the service."""
        return self.architecture.by_address[self.path.service.task_definition]

    @cached_property
    def ways_out(self) -> list[Resource]:
        """The NAT gateways to which the subnets of the service lead, each once."""
        network = Network(self.references)
        service = self.architecture.by_address[self.path.service.address]
        found = [network.default_route(subnet) for subnet in network.subnets([service])]
        gateways = {way.address: way for way in found if isinstance(way, Resource) and way.type == "aws_nat_gateway"}
        return list(gateways.values())

    def fact(self, name: str) -> float:
        """A limit's value; it is noted as something the usage rests on."""
        found = limit(name)
        if found not in self.used:
            self.used.append(found)
        return found.at()

    # Tasks.

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """When scheduled actions keep more tasks than the usual minimum, in minutes from kick-off."""
        found = scheduled_windows(self.path.service.schedules, int(self.path.service.minimum.value), self.architecture)
        if found and not timestamps(self.architecture):
            self.notes.append(
                f"no variable holds a kick-off, so scheduled actions are taken to begin {LEAD_MIN:g} min before"
            )
        return found

    def needed(self, load: Flows) -> float:
        """Tasks that target tracking would want for a load; zero without a policy that the load decides."""
        wanted = 0.0
        for policy in self.path.service.tracking:
            if policy.metric == "ALBRequestCountPerTarget":
                wanted = max(wanted, load.service_per_s * 60.0 / policy.target)
            elif policy.metric.startswith("ECSServiceAverageCPUUtilization") and self.profile is not None:
                wanted = max(
                    wanted, self.busy_vcpu(load) / (float(self.path.service.vcpu.value) * policy.target / 100.0)
                )
        return math.ceil(wanted - 1e-9)

    def busy_vcpu(self, load: Flows) -> float:
        """Processors that the service keeps busy under a load."""
        if self.profile is None:
            return 0.0
        hit_s = (self.profile.cpu_s_per_hit or self.profile.cpu_s_per_request).at()
        missed = load.service_per_s - load.cache_hits_per_s
        return load.cache_hits_per_s * hit_s + missed * self.profile.cpu_s_per_request.at()

    def tasks(self, minute: float | None, wanted: float) -> float:
        """Tasks that run, given how many the load wants: the mean over the games, which may be scheduled differently."""
        service = self.path.service
        games: dict[str, float] = dict.fromkeys((window.game for window in self.windows), float(service.minimum.value))
        for window in self.windows:
            if minute is not None and window.start_minute <= minute < window.end_minute:
                games[window.game] = max(games[window.game], float(window.tasks))
        floors = tuple(games.values()) or (float(service.minimum.value),)
        most = float(service.tasks_at_most.value)
        return sum(min(max(floor, wanted), most) for floor in floors) / len(floors)

    @cached_property
    def slices(self) -> tuple[Slice, ...]:
        """The month: a slice for every minute of the night, once per game, and one for all quiet hours."""
        found, wanted = [], []
        for minute in range(self.first_minute, self.last_minute):
            inside = self.scenario.start_minute <= minute < self.scenario.end_minute
            crowd = self.scenario.users(minute + 0.5) if inside else self.quiet_users
            load = flows(self.path, self.scenario, crowd, publishing=inside)
            wanted.append(self.needed(load))
            recent = max(wanted[-TASKS_FALL_AFTER_MIN:])
            found.append(Slice(self.games / 60.0, float(minute), crowd, load, self.tasks(minute, recent)))
        quiet = flows(self.path, self.scenario, self.quiet_users, publishing=False)
        rest = max(0.0, float(HOURS_PER_MONTH) - sum(part.hours for part in found))
        found.append(Slice(rest, None, self.quiet_users, quiet, self.tasks(None, self.needed(quiet))))
        return tuple(found)

    @property
    def quiet_users(self) -> float:
        """Users outside the nights."""
        return self.scenario.calendar["quiet_users"].at()

    def total(self, per_s: Callable[[Flow], float]) -> float:
        """The month's sum of something that happens so often a second."""
        return sum(part.hours * 3600.0 * sum(map(per_s, part.flows.by_route)) for part in self.slices)

    @cached_property
    def sizes(self) -> Mapping[str, tuple[float, float]]:
        """Bytes of a request and of its answer by route, headers of the answer included."""
        extra = self.fact("network.response_overhead_bytes")
        routes = {r.name: (r.request_bytes.at(), r.response_bytes.at() + extra) for r in self.scenario.routes}
        return {**routes, "publisher": (self.scenario.publisher["update_bytes"].at(), extra)}

    @cached_property
    def task_hours(self) -> float:
        """Hours of all tasks."""
        return sum(part.hours * part.tasks for part in self.slices)

    @cached_property
    def task_starts(self) -> float:
        """Tasks that start in the month: by deployments, and because scaling asks for more."""
        rises = sum(
            max(0.0, after.tasks - before.tasks) for before, after in zip(self.slices, self.slices[1:], strict=False)
        )
        return self.fact("month.deployments") * self.slices[-1].tasks + self.games * rises

    @cached_property
    def sessions(self) -> float:
        """Visits in the month, each of the mean length."""
        return sum(part.hours * part.users for part in self.slices) * 60.0 / self.scenario.session["minutes"].at()

    # Bytes.

    @cached_property
    def requests(self) -> float:
        """Requests that clients send, assets apart."""
        return self.total(lambda f: f.offered_per_s)

    @cached_property
    def service_requests(self) -> float:
        """Requests that reach the balancer."""
        return self.total(lambda f: f.service_per_s)

    @cached_property
    def asset_requests(self) -> float:
        """Requests for pictures, scripts and style sheets."""
        return self.sessions * self.scenario.session["asset_requests"].at()

    @cached_property
    def asset_gb(self) -> float:
        """Data of these."""
        return self.sessions * self.scenario.session["asset_bytes"].at() / GB

    @cached_property
    def out_gb(self) -> float:
        """Data of the answers to clients, assets apart."""
        return self.total(lambda f: f.offered_per_s * self.sizes[f.route][1]) / GB

    @cached_property
    def logs_gb(self) -> float:
        """What the service logs: a line for each request it answers."""
        return self.service_requests * self.fact("logs.bytes_per_request") / GB

    @cached_property
    def between_zones_gb(self) -> float:
        """Data between tasks and a database or cache in another zone, one direction; nothing within one subnet."""
        behind = self.path.database is not None or self.path.cache is not None
        if not behind:
            return 0.0
        per_s = self.total(lambda f: (f.database_per_s + f.cache_per_s) * sum(self.sizes[f.route]))
        return per_s / GB * self.fact("month.cross_zone_share")

    def load_hours(self) -> Iterator[LoadHours]:
        """The balancer's month, hour by hour of the night, and the quiet hours. Sums to 730."""
        balancer = self.path.balancer
        rules = balancer.rules if balancer else 1
        charged = max(0, rules - int(limit("alb.lcu.free_rules").value))
        night, quiet = self.slices[:-1], self.slices[-1]
        hours = [night[start : start + 60] for start in range(0, len(night), 60)]
        left = HOURS_PER_MONTH
        for parts in hours:
            hours_long = _decimal(sum(part.hours for part in parts))
            left -= hours_long
            yield self._load(parts, hours_long, charged)
        yield self._load((quiet,), left, charged)

    def _load(self, parts: Sequence[Slice], hours: Decimal, charged_rules: int) -> LoadHours:
        """The mean load of an hour. Behind an edge the connections are the edge's, else each fan holds one of his own."""
        weight = sum(part.hours for part in parts) or 1.0
        per_s = sum(part.hours * part.flows.service_per_s for part in parts) / weight
        users = sum(part.hours * part.users for part in parts) / weight
        if self.path.edge is not None:
            reuse = self.scenario.edge["requests_per_connection"].at()
            active = min(per_s, self.scenario.edge["caches"].at()) + per_s
        else:
            reuse = self.fact("network.requests_per_client_connection")
            active = users
        data = sum(
            part.hours * 3600.0 * sum(f.service_per_s * sum(self.sizes[f.route]) for f in part.flows.by_route)
            for part in parts
        )
        return LoadHours(
            hours=hours,
            new_connections_per_s=round(per_s / reuse, 6),
            active_connections=round(active, 3),
            processed_gb_per_hour=round(data / GB / weight, 6),
            rule_evaluations_per_s=round(per_s * charged_rules, 6),
        )

    def surplus_credit_hours(self, instance_class: str) -> float:
        """vCPU-hours above a burstable class's baseline, day by day: RDS bills what a day's credits do not cover."""
        facts = instance(instance_class)
        if not facts.burstable or self.profile is None:
            return 0.0
        each_s = self.profile.database_s_per_request.at()
        night = [part for part in self.slices if part.minute is not None]
        quiet = self.slices[-1]
        game_h = sum(min(facts.vcpu, p.flows.database_per_s * each_s) for p in night) / 60.0
        game_h += min(facts.vcpu, quiet.flows.database_per_s * each_s) * max(0.0, 24.0 - len(night) / 60.0)
        return self.games * max(0.0, game_h - 24.0 * facts.baseline_vcpu)

    def asset_buckets(self) -> set[str]:
        """The buckets that the edge fetches from."""
        edge = self.path.edge
        return {b.target for b in edge.behaviours if "aws_s3_bucket." in b.target} if edge else set()


def scheduled_windows(schedules: Sequence[Schedule], minimum: int, architecture: Architecture) -> tuple[Window, ...]:
    """The windows in which scheduled actions raise the minimum, in minutes from kick-off.

    An action `at(...)` is matched with the next timestamp in a variable, which is the kick-off, and with the next action that
    lowers the minimum again. Daily `cron(...)` actions last from the raising to the lowering one and begin LEAD_MIN before
    kick-off.
    """
    known = [
        (time, s) for s in schedules if (time := once(s.expression, s.timezone)) is not None and s.minimum is not None
    ]
    timed = sorted(known, key=lambda pair: (pair[0], pair[1].address))
    kick_offs = timestamps(architecture)
    found = []
    for index, (time, action) in enumerate(timed):
        tasks = action.minimum or 0
        end = next((later for later, other in timed[index + 1 :] if (other.minimum or 0) < tasks), None)
        if tasks <= minimum or end is None:
            continue
        kick_off = next(
            (k for k in kick_offs if time <= k <= time + KICK_OFF_WITHIN), time + timedelta(minutes=LEAD_MIN)
        )
        found.append(Window(kick_off.isoformat(), _minutes(time - kick_off), _minutes(end - kick_off), tasks))
    return (*found, *_daily(schedules, minimum))


def _daily(schedules: Sequence[Schedule], minimum: int) -> Iterator[Window]:
    times = [
        (minute, s.minimum)
        for s in schedules
        if (minute := daily_minute(s.expression)) is not None and s.minimum is not None
    ]
    for start, tasks in times:
        ends = [(minute - start) % 1440 for minute, other in times if other < tasks]
        if tasks > minimum and ends:
            yield Window("daily", -LEAD_MIN, min(ends) - LEAD_MIN, tasks)


def _minutes(span: timedelta) -> float:
    return span.total_seconds() / 60.0


# What a month means to a resource: type -> quantities by key. Keys are those of analysis/cost's rate card.

Row = Callable[[Month, Resource], Mapping[str, float]]


def _service(month: Month, resource: Resource) -> Mapping[str, float]:
    return {"task_hours": month.task_hours} if resource.address == month.path.service.address else {}


def _balancer(month: Month, resource: Resource) -> Mapping[str, float]:
    """Without an edge the answers leave through the balancer, assets included; to CloudFront they leave free of charge."""
    balancer = month.path.balancer
    if balancer is None or resource.address != balancer.address or month.path.edge is not None or not balancer.public:
        return {}
    return {"monthly_outbound_internet_gb": month.out_gb + month.asset_gb}


def _edge(month: Month, resource: Resource) -> Mapping[str, float]:
    edge = month.path.edge
    if edge is None or resource.address != edge.address:
        return {}
    sent = month.total(lambda f: f.service_per_s * month.sizes[f.route][0]) / GB
    found = {
        "monthly_https_requests.us": month.requests + month.asset_requests,
        "monthly_data_transfer_to_internet_gb.us": month.out_gb + month.asset_gb,
        "monthly_data_transfer_to_origin_gb.us": sent,
    }
    if edge.shield:
        found["monthly_shield_requests.us"] = month.total(lambda f: f.shield_per_s)
    return found


def _firewall(month: Month, acl: Resource) -> Mapping[str, float]:
    """The requests of what the firewall stands before, the crowd's distribution or balancer; before anything else unknown."""
    edge, balancer = month.hop(month.path.edge), month.hop(month.path.balancer)
    if edge is not None and acl in month.references.linked(edge, "web_acl_id", acl.type):
        return {"monthly_requests": month.requests + month.asset_requests}
    for joined in month.references.about(acl, "web_acl_arn", "aws_wafv2_web_acl_association"):
        if balancer is not None and balancer in month.references.linked(joined, "resource_arn", balancer.type):
            return {"monthly_requests": month.service_requests}
    return {}


def _log_group(month: Month, resource: Resource) -> Mapping[str, float]:
    """The groups that the task definition or a database writes to; storage by retention, a season where it never ends."""
    written = _written_gb(month, resource)
    if written is None:
        return {}
    days = resource.values.get("retention_in_days") or 0
    months = days / 30.0 if isinstance(days, int | float) and days else month.scenario.calendar["season_months"].at()
    return {"monthly_data_ingested_gb": written, "storage_gb": written * months}


def _written_gb(month: Month, resource: Resource) -> float | None:
    """What is written to a log group in a month; None where nothing says who writes to it."""
    name = resource.values.get("name")
    if writes_to(month.task, resource, month.references):
        return month.logs_gb
    engine = isinstance(name, str) and name.startswith("/aws/rds/instance/")
    return month.fact("month.engine_log_gb") if engine else None


def _endpoints(month: Month) -> Mapping[str, str]:
    """Interface and gateway endpoints by the service they lead to (`logs`, `ecr.dkr`, `s3`)."""
    found = {}
    for endpoint in month.architecture.of_type("aws_vpc_endpoint"):
        name = endpoint.values.get("service_name")
        text = name if isinstance(name, str) else name.prefix if isinstance(name, Unknown) else ""
        found[endpoint.address] = re.sub(r"^com\.amazonaws\.[a-z0-9-]+\.", "", text)
    return found


def _images_gb(month: Month) -> float:
    return month.task_starts * month.fact("month.image_gb")


def _endpoint(month: Month, resource: Resource) -> Mapping[str, float]:
    if resource.values.get("vpc_endpoint_type") != "Interface":
        return {}
    if _endpoints(month)[resource.address] == "logs":
        return {"monthly_data_processed_gb": month.logs_gb}
    return {"monthly_data_processed_gb": month.fact("month.control_traffic_gb")}


def _gateway(month: Month, gateway: Resource) -> Mapping[str, float]:
    """What tasks send and fetch through NAT, shared by the gateways that their subnets lead to; what others send is unknown.

    Calls to AWS, and images and logs where no endpoints lead there.
    """
    if gateway not in month.ways_out:
        return {}
    services = set(_endpoints(month).values())
    through = month.fact("month.control_traffic_gb")
    through += 0.0 if "logs" in services else month.logs_gb
    through += 0.0 if {"ecr.dkr", "s3"} <= services else _images_gb(month)
    return {"monthly_data_processed_gb": through / len(month.ways_out)}


ALB_LOG_FILES_PER_MONTH = 730 * 12
"""A balancer writes a file every five minutes: .../elasticloadbalancing/latest/application/load-balancer-access-logs.html."""


def _bucket(month: Month, resource: Resource) -> Mapping[str, float]:
    """Buckets by what they are for: assets behind the edge, the balancer's access logs, or anything else."""
    return _by_class(month, resource, _in_standard(month, resource))


def _in_standard(month: Month, resource: Resource) -> Mapping[str, float]:
    if resource.address in month.asset_buckets():
        misses = month.asset_requests * (1.0 - month.fact("month.asset_edge_hit_share"))
        uploads = month.fact("month.deployments") * month.scenario.session["asset_requests"].at()
        return _stored(month.fact("month.asset_store_gb"), writes=uploads, reads=misses)
    balancer = month.architecture.by_address.get(month.path.balancer.address) if month.path.balancer else None
    if balancer and any(r.address == resource.address and r.via.startswith("access_logs") for r in balancer.references):
        return _stored(
            month.service_requests * month.fact("month.access_log_bytes") / GB, writes=ALB_LOG_FILES_PER_MONTH
        )
    return _stored(month.fact("month.other_bucket_gb"), writes=month.fact("month.other_bucket_writes"))


STORAGE_CLASSES = {
    "STANDARD_IA": "standard_infrequent_access",
    "ONEZONE_IA": "one_zone_infrequent_access",
    "GLACIER_IR": "glacier_instant_retrieval",
    "GLACIER": "glacier_flexible_retrieval",
    "DEEP_ARCHIVE": "glacier_deep_archive",
}
"""S3's storage classes by their key in usage. What Intelligent-Tiering does depends on reads, which no scenario knows."""


def _by_class(month: Month, bucket: Resource, standard: Mapping[str, float]) -> Mapping[str, float]:
    """What a bucket holds, shared among the classes that its lifecycle moves objects to.

    In a bucket that has reached its steady state, objects of every age up to the last are equally many: each class holds them
    for as long as its days last. Objects that never expire are kept for a season. Each object that is written moves once to
    each class that it lives to see.
    """
    moves, last_day = _lifecycle(month, bucket)
    age = last_day or month.scenario.calendar["season_months"].at() * 30.0
    days = sorted((day, name) for name, day in moves.items() if day < age)
    if not days:
        return standard
    stored_gb, writes = standard["standard.storage_gb"], standard["standard.monthly_tier_1_requests"]
    found = {**standard, "standard.storage_gb": stored_gb * days[0][0] / age}
    for (day, name), end in zip(days, [*(day for day, _ in days[1:]), age], strict=True):
        key = STORAGE_CLASSES[name]
        found[f"{key}.storage_gb"] = stored_gb * (end - day) / age
        found[f"{key}.monthly_lifecycle_transition_requests"] = writes
    return found


def _lifecycle(month: Month, bucket: Resource) -> tuple[Mapping[str, float], float | None]:
    """The day on which objects of a bucket move to each class, and the day on which they go; None where they stay."""
    rules: list[Any] = list(bucket.values.get("lifecycle_rule") or ())
    for found in month.architecture.of_type("aws_s3_bucket_lifecycle_configuration"):
        if any(edge.address == bucket.address and edge.via == "bucket" for edge in found.references):
            rules += found.values.get("rule") or ()
    moves: dict[str, float] = {}
    last: list[float] = []
    for rule in rules:
        if not isinstance(rule, dict) or (rule.get("status", "Enabled") != "Enabled") or rule.get("enabled") is False:
            continue
        for move in blocks(rule.get("transition")):
            name, day = move.get("storage_class"), move.get("days")
            if name in STORAGE_CLASSES and isinstance(day, int | float):
                moves[name] = min(moves.get(name, math.inf), float(day))
        last += [
            float(end["days"]) for end in blocks(rule.get("expiration")) if isinstance(end.get("days"), int | float)
        ]
    return moves, min((day for day in last if day > 0), default=None)


def _stored(storage_gb: float, writes: float, reads: float = 0.0) -> Mapping[str, float]:
    return {
        "standard.storage_gb": storage_gb,
        "standard.monthly_tier_1_requests": writes,
        "standard.monthly_tier_2_requests": reads,
    }


def _database(month: Month, resource: Resource) -> Mapping[str, float]:
    """Backups, enhanced monitoring of any instance; credits of the one that the service uses."""
    found = {}
    allocated, kept = resource.values.get("allocated_storage"), resource.values.get("backup_retention_period")
    if isinstance(allocated, int | float) and isinstance(kept, int | float) and kept > 0:
        found["additional_backup_storage_gb"] = allocated * month.fact("month.extra_backup_share")
    every_s = resource.values.get("monitoring_interval")
    if isinstance(every_s, int | float) and every_s > 0:
        samples = float(HOURS_PER_MONTH) * 3600.0 / every_s
        found["enhanced_monitoring_gb"] = samples * month.fact("month.enhanced_monitoring_bytes") / GB
    database = month.path.database
    if database is not None and resource.address == database.address:
        facts = instance(str(database.instance_class.value))
        if facts.burstable:
            found["monthly_cpu_credit_hrs"] = month.surplus_credit_hours(facts.instance_class)
    return found


def _vault(month: Month, _resource: Resource) -> Mapping[str, float]:
    """A first snapshot in full, the later ones by what changed: taken as much again."""
    return {"monthly_rds_snapshot_gb": 2.0 * month.fact("month.database_gb")}


def _cluster(month: Month, _resource: Resource) -> Mapping[str, float]:
    return {"container_insights_metrics": month.fact("month.container_insights_metrics")}


def _filter(month: Month, resource: Resource) -> Mapping[str, float]:
    """The metrics of a filter with dimensions; one without publishes one metric, which cost knows by itself."""
    blocks = resource.values.get("metric_transformation") or ()
    dimensions = any(block.get("dimensions") for block in blocks if isinstance(block, dict))
    return {"metrics": month.fact("month.metrics_per_filter")} if dimensions else {}


def _subscription(month: Month, _resource: Resource) -> Mapping[str, float]:
    return {"monthly_requests": month.fact("month.alarm_messages")}


def _record(month: Month, resource: Resource) -> Mapping[str, float]:
    """Queries for the crowd's names that are no alias; aliases are free, and proofs of ownership are hardly asked for."""
    if resource.values.get("alias"):
        return {}
    if _proves_ownership(resource):
        return {"monthly_standard_queries": 0.0}
    named = [r for r in month.architecture.of_type("aws_route53_record") if _leads_to_a_hop(month, r)]
    if resource not in named:
        return {}
    return {"monthly_standard_queries": month.sessions * month.fact("month.name_lookups_per_session") / len(named)}


def _leads_to_a_hop(month: Month, record: Resource) -> bool:
    hops = [hop for hop in (month.hop(month.path.edge), month.hop(month.path.balancer)) if hop is not None]
    return any(hop in month.references.linked(record, "records", hop.type) for hop in hops)


def _proves_ownership(record: Resource) -> bool:
    return any("aws_acm_certificate." in reference.address for reference in record.references)


def _registry(month: Month, _resource: Resource) -> Mapping[str, float]:
    return {"storage_gb": month.fact("month.images_kept") * month.fact("month.image_gb")}


def _secret(month: Month, secret: Resource) -> Mapping[str, float]:
    """Every task reads each secret that its definition names when it starts; who reads another is unknown."""
    if secret not in month.references.reachable([month.task], secret.type):
        return {}
    return {"monthly_requests": month.task_starts}


def _key(month: Month, _resource: Resource) -> Mapping[str, float]:
    """Decryptions that follow the reading of secrets; bucket keys and data keys keep the rest small."""
    return {"monthly_requests": month.task_starts * month.fact("month.secret_reads_per_task_start")}


def _topic(month: Month, _resource: Resource) -> Mapping[str, float]:
    return {"monthly_requests": month.fact("month.alarm_messages"), "request_size_kb": 2.0}


USAGE: Mapping[str, Row] = {
    "aws_backup_vault": _vault,
    "aws_cloudfront_distribution": _edge,
    "aws_cloudwatch_log_group": _log_group,
    "aws_cloudwatch_log_metric_filter": _filter,
    "aws_db_instance": _database,
    "aws_ecr_repository": _registry,
    "aws_ecs_cluster": _cluster,
    "aws_ecs_service": _service,
    "aws_kms_key": _key,
    "aws_lb": _balancer,
    "aws_nat_gateway": _gateway,
    "aws_route53_record": _record,
    "aws_s3_bucket": _bucket,
    "aws_secretsmanager_secret": _secret,
    "aws_sns_topic": _topic,
    "aws_sns_topic_subscription": _subscription,
    "aws_vpc_endpoint": _endpoint,
    "aws_wafv2_web_acl": _firewall,
}
