"""A scenario becomes a month of usage: so many nights and days, the quiet hours between them, and what each resource does then.

The stack is a network (`analysis.network`), and what a resource does is the load of its station over the hours of the month. What
a month means to each resource type is a table of its own, `rows.USAGE`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property, partial
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.architecture import Architecture, Resource
from analysis.demand.calendar import WHOLE_DAY_MIN, Kind, Window, kinds, scheduled_windows
from analysis.demand.instances import kept, tracked
from analysis.demand.usage import LoadHours
from analysis.facts import Assumption, FactError, Limit, Runtime, Scenario, Stack, limit
from analysis.network import (
    Link,
    Network,
    Station,
    Traffic,
    Unit,
    check_streams,
    crowd,
    dead_ends,
    loads,
    network,
    poll_interval_s,
)
from analysis.network.load import Load, Rates, covers, hit_share
from analysis.network.model import OPENED, SENT
from analysis.network.reading import Reading
from analysis.units import HOURS_PER_MONTH
from analysis.wiring.entries import entered
from analysis.wiring.hops import Tracking
from analysis.wiring.scaling import followed, scheduled
from analysis.wiring.scaling import tracked as tracked_by
from analysis.wiring.schedules import timestamps
from analysis.wiring.values import blocks, number

GB = 1e9

TASKS_FALL_AFTER_MIN = 15
"""Target tracking takes tasks away after fifteen datapoints of a minute each: limits.csv, autoscaling.scale_in.datapoints."""

ASKED: tuple[Unit, ...] = ("request", "hit", "connect", "record")
"""What is handed on from station to station, each with a question and an answer."""

Sizes: TypeAlias = tuple[float, float]
"""Bytes of a question and of its answer."""


@dataclass(frozen=True)
class Stretch:
    """A stretch of the month: the minutes of a kind of day, or all quiet hours as one.

    `hours` says for how long over the month each slice lasts, `minutes` when it begins from kick-off (None in quiet hours), and
    `load` what each kind of traffic asks of each station in each slice.
    """

    kind: Kind | None
    hours: Rates
    minutes: Rates | None
    users: Rates
    traffic: tuple[Traffic, ...]
    load: Mapping[str, Mapping[str, Load]]

    def rate(self, address: str, *units: Unit, of: str = "") -> Rates:
        """What a station is asked for a second in each slice, by all traffic or by that named `of`."""
        total: Rates = np.zeros_like(self.users)
        for name, stations in self.load.items():
            if not of or name == of:
                for unit in units:
                    total = total + stations.get(address, {}).get(unit, 0.0)
        return total


class Month:
    """The nights, days and quiet hours of a month on one network. Everything is derived on first use."""

    def __init__(
        self, architecture: Architecture, scenario: Scenario, stack: Stack | None, profile: Runtime | None
    ) -> None:
        self.architecture = architecture
        self.scenario = scenario
        self.stack = stack
        self.profile = profile
        self.network: Network = network(architecture, stack, profile)
        self.reading = Reading(architecture, stack, profile)
        self.references = self.reading.references
        self.used: list[Assumption | Limit] = []
        if profile is not None:
            self.used.append(profile.cpu_s_per_request)
        self.kinds = kinds(scenario)
        self.traffic = self._traffic(self.kinds[0], publishing=True)
        self.door = self.traffic[0].enters
        check_streams(self.network, self.traffic, scenario, self.reading)
        windows = [window for found in self.windows.values() for window in found]
        windows += [
            window
            for table in self.architecture.of_type("aws_dynamodb_table")
            for unit, index in units_of(table)
            for _, _, _, held in self._units(table, unit, index)
            for window in held
        ]
        first = min([scenario.start_minute, *(window.start_minute for window in windows)])
        last = max([scenario.end_minute, *(window.end_minute for window in windows)])
        if scenario.end_minute - scenario.start_minute >= WHOLE_DAY_MIN:
            first, last = scenario.start_minute, scenario.end_minute
        self.first_minute, self.last_minute = math.floor(first), math.ceil(last)
        nights = sum(kind.per_month for kind in self.kinds)
        self.span_h = (last - first) / 60.0
        if nights * self.span_h > float(HOURS_PER_MONTH):
            raise FactError(
                scenario.file,
                "calendar.games_per_month",
                f"{nights:g} nights of {self.span_h:.1f} h do not fit into a month of {HOURS_PER_MONTH} h",
            )

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What was left out, and what is asked of a station that it cannot carry."""
        found = [*self.network.diagnostics, *dead_ends(self.network, self.traffic), *self.reading.diagnostics]
        notes = [str(diagnostic) for diagnostic in found]
        scheduled = any(self.windows.values())
        if scheduled and not timestamps(self.architecture):
            notes.append("no variable holds a kick-off, so scheduled actions are taken to begin 60 min before")
        if self.scenario.feeds and "quiet_feeds" not in self.scenario.calendar:
            notes.append(
                f"{self.scenario.file}: feeds are taken to send nothing outside nights and days, since calendar.quiet_feeds "
                "does not say how much"
            )
        for address, policies in self._policies.items():
            notes += [
                f"{policy.address} follows a metric that nothing says the meaning of, so it adds nothing to {address}"
                for policy in policies
                if self._metric(policy) is None
            ]
        return tuple(dict.fromkeys(notes))

    def fact(self, name: str) -> float:
        """A limit's value; it is noted as something the usage rests on."""
        found = limit(name)
        if found not in self.used:
            self.used.append(found)
        return found.at()

    # Traffic.

    def _traffic(self, kind: Kind | None, *, publishing: bool) -> tuple[Traffic, ...]:
        """What users and feeds ask for on a kind of day, or in quiet hours."""
        quiet = self.scenario.calendar.get("quiet_feeds")
        share = kind.feeds if kind else quiet.at() if quiet else 0.0
        by = Decimal(repr(share))
        feeds = tuple(replace(f, per_s=f.per_s.replaced(f.per_s.value * by)) for f in self.scenario.feeds)
        updates = self.scenario.publisher["updates_per_minute"]
        publisher = {
            **self.scenario.publisher,
            "updates_per_minute": updates if publishing else updates.replaced(Decimal(0)),
        }
        changed = replace(self.scenario, feeds=feeds, publisher=publisher)
        return crowd(self.network, changed, self.stack, self.poll_interval_s)

    @cached_property
    def poll_interval_s(self) -> float:
        """Seconds between two polls."""
        return poll_interval_s(self.network, self.scenario, self.stack, self.reading)

    @cached_property
    def stretches(self) -> tuple[Stretch, ...]:
        """The month: each kind of day minute by minute, and last all quiet hours."""
        minutes = np.arange(self.first_minute, self.last_minute, dtype=np.float64)
        inside = (minutes >= self.scenario.start_minute) & (minutes < self.scenario.end_minute)
        course = np.array(
            [self.scenario.users(minute + 0.5) if on else 0.0 for minute, on in zip(minutes, inside, strict=True)]
        )
        found = []
        for kind in self.kinds:
            users = np.where(inside, course * kind.crowd, self.quiet_users)
            hours = np.full_like(minutes, kind.per_month / 60.0)
            # What is published is published while the course lasts; before and after it stands still.
            there = self._stretch(kind, hours, minutes, users, self._traffic(kind, publishing=True))
            around = self._stretch(kind, hours, minutes, users, self._traffic(None, publishing=False))
            found.append(replace(there, load=_joined(inside, there.load, around.load)))
        rest = max(0.0, float(HOURS_PER_MONTH) - sum(float(part.hours.sum()) for part in found))
        quiet = self._traffic(None, publishing=False)
        found.append(self._stretch(None, np.array([rest]), None, np.array([self.quiet_users]), quiet))
        return tuple(found)

    def _stretch(
        self, kind: Kind | None, hours: Rates, minutes: Rates | None, users: Rates, traffic: tuple[Traffic, ...]
    ) -> Stretch:
        load = {one.name: loads(self.network, [one], users) for one in traffic}
        return Stretch(kind, hours, minutes, users, traffic, load)

    @property
    def quiet_users(self) -> float:
        """Users outside the nights."""
        return self.scenario.calendar["quiet_users"].at()

    @cached_property
    def reached(self) -> frozenset[str]:
        """The stations that anything reaches on the calendar's nights."""
        return frozenset(loads(self.network, self.traffic, 1.0))

    def station(self, resource: Resource) -> Station | None:
        """The station of a resource that something reaches; None for any other."""
        return self.network.stations.get(resource.address) if resource.address in self.reached else None

    @cached_property
    def led_past(self) -> frozenset[str]:
        """The public entries that clients' names lead past."""
        return frozenset(past.address for past in entered(self.reading.names).past)

    def reached_of(self, *kinds_: str) -> list[Station]:
        """The stations of these kinds that something reaches."""
        return [s for a, s in self.network.stations.items() if a in self.reached and s.kind in kinds_]

    # What a station does over the month.

    def over(self, rate: Callable[[Stretch], Rates]) -> float:
        """The month's sum of something that happens so often a second."""
        return sum(float((part.hours * 3600.0 * rate(part)).sum()) for part in self.stretches)

    def total(self, address: str, *units: Unit, of: str = "") -> float:
        """How often the station is asked in the month."""
        return self.over(lambda part: part.rate(address, *units, of=of))

    @cached_property
    def sizes(self) -> Mapping[str, Sizes]:
        """Bytes of what is asked and of the answer, headers of the answer included, by the name of the traffic."""
        extra = self.fact("network.response_overhead_bytes")
        update = self.scenario.publisher["update_bytes"].at()
        found = {r.name: (r.request_bytes.at(), r.response_bytes.at() + extra) for r in self.scenario.routes}
        found["publisher"] = (update, extra)
        found |= {feed.name: (update, extra) for feed in self.scenario.feeds}
        for connection in self.scenario.connections:
            found[connection.name] = (0.0, 0.0)
            found[f"{connection.name}{OPENED}"] = (extra, extra)
            found[f"{connection.name}{SENT}"] = (0.0, update + self.fact("stream.overhead_bytes"))
        return found

    def names(self) -> tuple[str, ...]:
        """Every kind of traffic of the month, by name."""
        return tuple(dict.fromkeys(one.name for part in self.stretches for one in part.traffic))

    def delivered_bytes(self, part: Stretch, address: str) -> Rates:
        """Bytes a second of the deliveries that pass a station, over the connections that pass it: updates and their frames."""
        total: Rates = np.zeros_like(part.users)
        for connection in self.scenario.connections:
            sent = f"{connection.name}{SENT}"
            if any(address in stations for name, stations in part.load.items() if name == connection.name):
                for one in part.traffic:
                    if one.name == sent:
                        size = self.sizes[sent][1] + (one.updates - 1.0) * self.scenario.publisher["update_bytes"].at()
                        total = total + part.rate(one.enters, "delivery", of=sent) * size
        return total

    def bytes_per_s(self, part: Stretch, address: str) -> tuple[Rates, Rates]:
        """What clients and stations before send to a station a second, and what it sends back to them."""
        into: Rates = np.zeros_like(part.users)
        out: Rates = np.zeros_like(part.users)
        for name in part.load:
            rate = part.rate(address, *ASKED, of=name)
            into, out = into + rate * self.sizes[name][0], out + rate * self.sizes[name][1]
        return into, out + self.delivered_bytes(part, address)

    def out_gb(self, address: str) -> float:
        """Data of the answers and deliveries of a station."""
        return self.over(lambda part: self.bytes_per_s(part, address)[1]) / GB

    def passed_gb(self, address: str) -> float:
        """Data of the questions that an edge hands on to what is behind it."""

        def passed(part: Stretch) -> Rates:
            total: Rates = np.zeros_like(part.users)
            for one in part.traffic:
                link = self.forward(address, one)
                if link is not None and part.rate(address, *ASKED, of=one.name).any():
                    total = total + part.rate(link.target, *ASKED, of=one.name) * self.sizes[one.name][0]
            return total

        return self.over(passed) / GB

    def forward(self, address: str, traffic: Traffic) -> Link | None:
        """The link by which a station hands a kind of traffic on."""
        links = self.network.out[address]
        return next((link for link in links if link.role == "forward" and covers(link, traffic)), None)

    def shielded(self, address: str) -> float | None:
        """Requests of the month that reach the shield of an edge; None where it has none."""
        if not any(link.shield for link in self.network.out[address]):
            return None

        def missed(part: Stretch) -> Rates:
            total: Rates = np.zeros_like(part.users)
            for one in part.traffic:
                link, rate = self.forward(address, one), part.rate(address, "request", of=one.name)
                if link is None or not link.shield:
                    continue
                if one.shared and link.ttl_s is not None:
                    rate = rate * (1.0 - hit_share(rate / one.objects / one.caches, link.ttl_s.value))
                total = total + rate
            return total

        return self.over(missed)

    # Sessions and what they fetch besides.

    @cached_property
    def sessions(self) -> float:
        """Visits in the month, each of the mean length."""
        hours = sum(float((part.hours * part.users).sum()) for part in self.stretches)
        return hours * 60.0 / self.scenario.session["minutes"].at()

    @cached_property
    def asset_requests(self) -> float:
        """Requests for pictures, scripts and style sheets."""
        return self.sessions * self.scenario.session["asset_requests"].at()

    @cached_property
    def asset_gb(self) -> float:
        """Data of these."""
        return self.sessions * self.scenario.session["asset_bytes"].at() / GB

    @cached_property
    def assets_at(self) -> str:
        """Where they are fetched: the crowd's edge, else the only one with a bucket behind it, else where the crowd enters."""
        if self.network.stations[self.door].kind == "edge":
            return self.door
        stations = self.network.stations
        edges = {
            link.source
            for link in self.network.links
            if stations[link.source].kind == "edge" and stations[link.target].kind == "bucket"
        }
        return edges.pop() if len(edges) == 1 else self.door

    # Instances.

    @cached_property
    def programs(self) -> Mapping[str, Station]:
        """The services and groups that something reaches."""
        return {station.address: station for station in self.reached_of("service", "fleet")}

    @cached_property
    def _scaling(self) -> Mapping[str, tuple[float, tuple[Tracking, ...], tuple[Window, ...]]]:
        found = {}
        for address in self.programs:
            least, policies, schedules = self.reading.scaling(self.architecture.by_address[address])
            windows = scheduled_windows(schedules, int(least), self.architecture, by_clock=self._by_clock)
            found[address] = (least, policies, windows)
        return found

    @property
    def _policies(self) -> Mapping[str, tuple[Tracking, ...]]:
        return {address: policies for address, (_, policies, _) in self._scaling.items()}

    @property
    def windows(self) -> Mapping[str, tuple[Window, ...]]:
        """When scheduled actions keep more of each program, in minutes from kick-off."""
        return {address: windows for address, (_, _, windows) in self._scaling.items()}

    def _metric(self, policy: Tracking) -> str | None:
        return followed(policy, self.stack.metrics if self.stack else {})

    def needed(self, part: Stretch, address: str) -> Rates:
        """Instances that target tracking would want in each slice; zero without a policy that the load decides."""
        wanted: Rates = np.zeros_like(part.users)
        station = self.programs[address]
        for policy in self._policies[address]:
            more = tracked(station, self._metric(policy), policy.target, partial(part.rate, address))
            if more is not None:
                wanted = np.maximum(wanted, more)
        return np.ceil(wanted - 1e-9)

    @cached_property
    def instances(self) -> Mapping[str, tuple[Rates, ...]]:
        """Instances of each program in each slice of each stretch: what tracking wants within what scaling may do."""
        return {address: tuple(self._instances(address)) for address in self.programs}

    def _instances(self, address: str) -> Iterator[Rates]:
        least, _, windows = self._scaling[address]
        most = max(self.programs[address].most.value, least)
        for part in self.stretches:
            yield followed_by(part, self.needed(part, address), windows, least, most)

    def unit_hours(self, table: Resource, unit: Unit, index: str = "") -> float | None:
        """Hours of the capacity units of a table or index, as its target tracking and schedules have them; None on demand."""
        for least, most, target, windows in self._units(table, unit, index):
            hours = 0.0
            for part in self.stretches:
                asked: Rates = np.zeros_like(part.users)
                for name in self.names() if unit == "write" or not index else ():
                    asked = asked + part.rate(table.address, unit, of=name) * self.item_units(unit, name)
                hours += float((part.hours * followed_by(part, asked / target, windows, least, most)).sum())
            return hours
        units = self.reading.provisioned(table, unit, index)
        return None if units is None else units.value * float(HOURS_PER_MONTH)

    def _units(
        self, table: Resource, unit: Unit, index: str
    ) -> Iterator[tuple[float, float, float, tuple[Window, ...]]]:
        """What scales the units of a table or index: least, most, the share of them that is to be used, and the schedules."""
        for target in self.reading.scaled_units(table, unit, index):
            least, most = (number(target.values.get(key)) for key in ("min_capacity", "max_capacity"))
            policies = list(tracked_by(self.references, target, self.reading.warn))
            if least is not None and most is not None and policies:
                schedules = list(scheduled(self.references, target, self.reading.warn))
                windows = scheduled_windows(schedules, int(least), self.architecture, by_clock=self._by_clock)
                yield least, most, min(policy.target for policy in policies) / 100.0, windows

    @property
    def _by_clock(self) -> bool:
        return self.scenario.end_minute - self.scenario.start_minute >= WHOLE_DAY_MIN

    def item_units(self, unit: Unit, name: str) -> float:
        """Units of a write of up to 1 kB each, or of a read of up to 4 kB, half of one where it need not be consistent.

        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html. What a query returns is read
        as a whole: the answer of a route.
        """
        size = max(self.sizes[name][0], 1.0)
        if unit == "write":
            return math.ceil(size / 1024.0)
        answers = [route.response_bytes.at() for route in self.scenario.routes if route.name == name]
        return math.ceil((answers[0] if answers else size) / 4096.0) / 2.0

    def instance_hours(self, address: str) -> float:
        """Hours of all instances of a program."""
        counts = self.instances[address]
        return sum(float((part.hours * number).sum()) for part, number in zip(self.stretches, counts, strict=True))

    def starts(self, address: str) -> float:
        """Instances that start in the month: by deployments, and because scaling asks for more than the quiet hours have."""
        *busy, quiet = self.instances[address]
        standing = float(quiet[0])
        rises = 0.0
        for part, counts in zip(self.stretches, busy, strict=False):
            steps = np.diff(np.concatenate([[standing], counts]))
            rises += float(np.clip(steps, 0.0, None).sum()) * (part.kind.per_month if part.kind else 0.0)
        return self.fact("month.deployments") * standing + rises

    @cached_property
    def all_starts(self) -> float:
        """Instances of all programs that start in the month."""
        return sum(self.starts(address) for address in self.programs)

    # Capacity units.

    def load_hours(self, address: str) -> Iterator[LoadHours]:
        """A balancer's month, hour by hour of each kind of day, and the quiet hours. Sums to 730."""
        charged = max(0, self._rules(address) - int(limit("alb.lcu.free_rules").value))
        left = HOURS_PER_MONTH
        for part in self.stretches:
            per_s, users = part.rate(address, "request", "hit", "record"), part.users
            opened, held = part.rate(address, "connect"), part.rate(address, "connection")
            into, out = self.bytes_per_s(part, address)
            if any(
                self.network.stations[link.source].kind == "edge" and link.target == address
                for link in self.network.links
            ):
                reuse = self.scenario.edge["requests_per_connection"].at()
                active = np.minimum(per_s, self.scenario.edge["caches"].at()) + per_s
            else:
                reuse = self.fact("network.requests_per_client_connection")
                active = users
            for start in range(0, len(users), 60):
                cut = slice(start, start + 60)
                weight = float(part.hours[cut].sum())
                hours = left if part.kind is None else decimal(weight)
                left -= hours

                def mean(rates: Rates, cut: slice = cut, part: Stretch = part, weight: float = weight) -> float:
                    return float((part.hours[cut] * rates[cut]).sum()) / (weight or 1.0)

                yield LoadHours(
                    hours=hours,
                    new_connections_per_s=round(mean(per_s) / reuse + mean(opened), 6),
                    active_connections=round(mean(active) + mean(held), 3),
                    processed_gb_per_hour=round(mean(into + out) * 3600.0 / GB, 6),
                    rule_evaluations_per_s=round(mean(per_s + opened) * charged, 6),
                )

    def _rules(self, address: str) -> int:
        """The rules of a balancer's listeners, and one for what they do by default."""
        balancer = self.architecture.by_address[address]
        return 1 + sum(
            1
            for listener in self.references.about(balancer, "load_balancer_arn", "aws_lb_listener")
            for _ in self.references.about(listener, "listener_arn", "aws_lb_listener_rule")
        )

    # Bursts.

    def surplus_vcpu_hours(self, vcpu: float, baseline: float, busy: Callable[[Stretch], Rates]) -> float:
        """vCPU-hours above a burstable class's baseline, day by day: AWS bills what a day's credits do not cover."""
        *days, quiet = self.stretches
        standing = float(np.minimum(vcpu, busy(quiet))[0])
        total = 0.0
        for kind in self.kinds:
            own = [part for part in days if part.kind == kind]
            used = sum(float(np.minimum(vcpu, busy(part)).sum()) for part in own) / 60.0
            length = sum(len(part.users) for part in own) / 60.0
            total += kind.per_month * max(0.0, used + standing * max(0.0, 24.0 - length) - 24.0 * baseline)
        return total


def _joined(
    inside: npt.NDArray[np.bool_], there: Mapping[str, Mapping[str, Load]], around: Mapping[str, Mapping[str, Load]]
) -> Mapping[str, Mapping[str, Load]]:
    """The first load in the minutes `inside` the course, the other in those around it."""
    return {
        name: {
            address: {
                unit: np.where(inside, rate, around.get(name, {}).get(address, {}).get(unit, 0.0))
                for unit, rate in load.items()
            }
            for address, load in stations.items()
        }
        for name, stations in there.items()
    }


def units_of(table: Resource) -> list[tuple[Unit, str]]:
    """Reads and writes of a table and of each index, as what may be provisioned."""
    names = ["", *(str(index.get("name")) for index in blocks(table.values.get("global_secondary_index")))]
    units: tuple[Unit, ...] = ("write", "read")
    return [(unit, name) for name in names for unit in units]


def followed_by(part: Stretch, wanted: Rates, windows: Sequence[Window], least: float, most: float) -> Rates:
    """What scaling keeps in each slice of a stretch, where tracking wants so much."""
    if part.minutes is None:
        return np.clip(np.maximum(wanted, least), None, most)
    # It falls once a quarter of an hour has asked for less.
    recent = np.array([wanted[max(0, i - TASKS_FALL_AFTER_MIN + 1) : i + 1].max() for i in range(len(wanted))])
    return _within(part.minutes, recent, part.kind, windows, least, most)


def _within(
    minutes: Rates, wanted: Rates, kind: Kind | None, windows: Sequence[Window], least: float, most: float
) -> Rates:
    """Instances in each minute: the mean over the games, which may be scheduled differently, weighted by their days."""
    held = [window for window in windows if window.daily or (kind is not None and kind.nights)]
    games = {window.game: window.days for window in held} or {"": 1}
    total: Rates = np.zeros_like(wanted)
    for game, days in games.items():
        floor = kept(minutes, [window for window in held if window.game == game], least)
        total = total + days * np.clip(np.maximum(floor, wanted), None, most)
    return total / sum(games.values())


def decimal(amount: float) -> Decimal:
    """Six significant decimals are more than any assumption here is worth, and keep the bytes the same on every machine."""
    return Decimal(f"{amount:.6f}")
