"""How long an answer takes and how old what it shows is, step by step, where a group of instances answers a crowd that polls.

An answer passes one queue after another: a machine of the program, the shared cache, and for what the cache does not hold a
machine of the database. Each is taken as M/M/c with a server for each processor, in a steady state within the step. What takes
work by turns is as good as dealt at random, so each machine has its own queue. The times at queues in a row are taken as
independent, which is exact for M/M/1 (E. Reich, Annals of Mathematical Statistics 28, 1957); tests set them beside a simulation.

Percentiles come from the product of the queues' transforms, inverted numerically (J. Abate, W. Whitt, ORSA Journal on Computing
7, 1995). Where a queue is full there is no steady state: the mean is the fluid's wait, and a percentile is without end.

What lies between the queues is not in it: the network, TLS, the balancer, the lag of replicas; and an answer that the CDN keeps
takes none of this time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from analysis.capacity.queueing import Freshness, erlang_c
from analysis.facts import Scenario, Stack, limit
from analysis.network.load import Load, Rates, covers, travelled
from analysis.network.model import COMPUTE, Figure, Link, Station, Traffic

if TYPE_CHECKING:
    from analysis.premortem.fluid import Backlog, Course, Flow

IN_STEPS = frozenset({"fleet", "instance"})
"""Programs whose answers are followed here; those of a service of containers are simulated by `night`."""

SERVER = "vCPU"
"""What a server of a queue is."""

TRANSFORMED = (18.4, 15, 11)
"""Abate and Whitt's A, terms and averaged terms: an error below 1e-8 for what is smooth."""


class UnknownDelayError(ValueError):
    """A stack whose answers are not followed; the message is a sentence."""


@dataclass(frozen=True)
class Stage:
    """One queue on the way of an answer, as each of its machines has it.

    `service_s` is the mean service time, `arriving` what comes a second, and `share` the part of the answers that come by here.
    """

    address: str
    servers: int
    service_s: Rates
    arriving: Rates
    share: Rates

    @property
    def utilisation(self) -> Rates:
        """The share of the time for which a server is busy."""
        return self.arriving * self.service_s / self.servers

    @cached_property
    def mean_s(self) -> Rates:
        """Wait and service in each step, without end where it is full."""
        return np.array([self._mean(step) for step in range(len(self.arriving))])

    def _mean(self, step: int) -> float:
        waits, leaving, service = self._queue(step)
        return math.inf if leaving <= 0 else service + waits / leaving

    def _queue(self, step: int) -> tuple[float, float, float]:
        """The probability of a wait, the rate at which a wait ends, and the service time."""
        service, arriving = float(self.service_s[step]), float(self.arriving[step])
        return erlang_c(arriving * service, self.servers), self.servers / service - arriving, service

    def transform(self, step: int, s: complex) -> complex:
        """The Laplace transform of the time that an answer spends here, E exp(-s T), counting those that do not come by."""
        waits, leaving, service = self._queue(step)
        spent = (1.0 - waits + waits * leaving / (leaving + s)) / (1.0 + s * service)
        share = float(self.share[step])
        return 1.0 - share + share * spent


@dataclass(frozen=True)
class Answers:
    """The answers of the program that a crowd polls: `per_s` of them, each through the `stages`, in each step.

    `waits_s` is what the fluid waits where a queue is full, and `timeout_s` how long a client waits at most.
    """

    program: str
    per_s: Rates
    stages: tuple[Stage, ...]
    waits_s: Rates
    timeout_s: float

    @cached_property
    def mean_s(self) -> Rates:
        """The mean time of an answer in each step: of the queues, or of the fluid where one is full; the timeout at most."""
        steady: Rates = np.zeros_like(self.per_s)
        for stage in self.stages:
            spent = np.where(stage.utilisation < 1.0, stage.mean_s, np.inf)
            steady = steady + np.where(stage.share > 0, stage.share * spent, 0.0)
        served = np.sum([stage.share * stage.service_s for stage in self.stages], axis=0)
        found: Rates = np.where(np.isfinite(steady), np.maximum(steady, self.waits_s), served + self.waits_s)
        return np.minimum(found, self.timeout_s)

    @property
    def worst(self) -> int:
        """The step in which answers take longest."""
        return int(self.mean_s.argmax())

    def percentile_s(self, share: float, step: int) -> float:
        """The time that `share` of the answers of a step do not exceed; without end where a queue is full."""
        if not 0.0 < share < 1.0:
            raise ValueError(f"a share of the answers lies between 0 and 1, not at {share}")
        if any(stage.utilisation[step] >= 1.0 for stage in self.stages if stage.share[step] > 0):
            return math.inf
        low, high = 0.0, float(self.mean_s[step])
        while self.later(high, step) > 1.0 - share:
            low, high = high, 2.0 * high
        for _ in range(50):
            middle = (low + high) / 2.0
            low, high = (middle, high) if self.later(middle, step) > 1.0 - share else (low, middle)
        return high

    def later(self, seconds: float, step: int) -> float:
        """The share of the answers of a step that take longer, by Abate and Whitt's Euler summation."""
        damping, terms, averaged = TRANSFORMED

        def tail(s: complex) -> float:
            spent = 1.0 + 0.0j
            for stage in self.stages:
                spent *= stage.transform(step, s)
            return float(((1.0 - spent) / s).real)

        real, turn = damping / (2.0 * seconds), math.pi / seconds
        parts = [0.5 * tail(complex(real, 0.0))]
        parts += [(-1) ** k * tail(complex(real, k * turn)) for k in range(1, terms + averaged + 1)]
        sums = np.cumsum(parts)[terms:]
        mean = math.fsum(math.comb(averaged, k) * float(each) for k, each in enumerate(sums)) / float(2**averaged)
        return min(1.0, max(0.0, math.exp(damping / 2.0) / seconds * mean))


@dataclass(frozen=True, slots=True)
class Delay:
    """A part of the age of what a visitor sees: `fixed`, or uniform from zero to `seconds`. `origin` says where it stands."""

    name: str
    seconds: float
    origin: str
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Ages:
    """How old an update is when a client that polls sees it, from the feed on, at the worst step of the hours."""

    route: str
    delays: tuple[Delay, ...]

    @property
    def freshness(self) -> Freshness:
        """The sum of the delays."""
        fixed = sum(one.seconds for one in self.delays if one.fixed)
        return Freshness(fixed, tuple(one.seconds for one in self.delays if not one.fixed))


def answers(flow: Flow, courses: Sequence[Course]) -> Answers:
    """The answers of the one program that the crowd's requests reach. Raises UnknownDelayError where they are not followed."""
    name, network = flow.network.stack, flow.network
    polls = [one for one in flow.traffic if one.unit == "request" and one.per_user > 0]
    reached = {
        address
        for one in polls
        for address, _, _ in travelled(network, one, flow.people)
        if network.stations[address].kind in COMPUTE
    }
    if len(reached) != 1:
        raise UnknownDelayError(
            f"{name}: the crowd's requests reach {len(reached)} programs, and the times of one are followed"
        )
    program = network.stations[next(iter(reached))]
    if program.kind not in IN_STEPS:
        why = "a night simulates it" if program.kind == "service" else "how long it works and waits is one assumption"
        raise UnknownDelayError(f"{name}: {program.address} is no group of instances; {why}")
    own = [one for one in program.limits if one.capacity.unit == SERVER and "request" in one.costs]
    if len(own) != 1 or any(one.capacity.unit == "slot" for one in program.limits):
        raise UnknownDelayError(
            f"{name}: {program.address} holds its processors for a time that is not known, or holds workers while a store answers"
        )
    rates = flow.load.get(program.address, {})
    nothing = np.zeros_like(flow.people)
    anew, kept = rates.get("request", nothing), rates.get("hit", nothing)
    per_s = anew + kept
    costs = own[0].costs
    busy = (anew * costs["request"].value + kept * costs.get("hit", costs["request"]).value) / np.maximum(per_s, TINY)
    busy = np.where(per_s > TINY, busy, costs["request"].value)
    whole: Rates = np.ones_like(per_s)
    stages = [_stage(program, own[0].capacity.value, busy, per_s / np.maximum(flow.running(program), TINY), whole)]
    missed = np.where(per_s > TINY, anew / np.maximum(per_s, TINY), 1.0)
    for link in _asked(flow, program.address):
        station, load = network.stations[link.target], flow.load.get(link.target, {})
        stages.append(_store(name, station, link, load, missed, nothing))
    names = {one.name for one in polls}
    waits_s = np.max([course.waits_s for course in courses if course.name in names], axis=0)
    return Answers(program.address, per_s, tuple(stages), waits_s, flow.client.timeout_s)


TINY = 1e-9


def _stage(station: Station, vcpu: float, busy_s: Rates, arriving: Rates, share: Rates) -> Stage:
    """A machine with so many processors; with a part of one, or parts of several, service takes as much longer."""
    servers = max(1, math.floor(vcpu + TINY))
    return Stage(station.address, servers, busy_s * servers / vcpu, arriving, share)


def _asked(flow: Flow, program: str) -> Iterator[Link]:
    """What a program asks while it answers; behind a proxy the database."""
    for link in flow.network.out[program]:
        if link.role not in {"ask", "cache"}:
            continue
        if flow.network.stations[link.target].kind == "proxy":
            yield from flow.network.out[link.target]
        else:
            yield link


def _store(name: str, station: Station, link: Link, load: Load, missed: Rates, nothing: Rates) -> Stage:
    """The queue of a cache, or of a machine of a database: the primary, which has all writes and its part of the reads."""
    if link.role == "cache":
        speed = next(one.capacity.value for one in station.limits if one.costs.keys() == {"lookup"})
        return Stage(
            station.address, 1, np.full_like(nothing, 1.0 / speed), load.get("lookup", nothing), np.ones_like(nothing)
        )
    processors = [one for one in station.limits if one.capacity.unit == SERVER]
    if station.kind != "database" or not processors:
        raise UnknownDelayError(f"{name}: how long {station.address} takes for a read is not known")
    one = min(processors, key=lambda each: each.capacity.value)
    every = max(processors, key=lambda each: each.capacity.value)
    machines = every.capacity.value / one.capacity.value
    arriving = load.get("read", nothing) / machines + load.get("write", nothing)
    cost = every.costs.get("read", every.costs["write"]).value
    return _stage(station, one.capacity.value, np.full_like(nothing, cost), arriving, missed)


def ages(flow: Flow, scenario: Scenario, stack: Stack | None, found: Answers, backlogs: Sequence[Backlog]) -> Ages:
    """How old the live route's answer is. Raises UnknownDelayError where that does not follow."""
    name, network = flow.network.stack, flow.network
    route = next((one for one in scenario.routes if one.live), None)
    traffic = next((one for one in flow.traffic if route is not None and one.name == route.name), None)
    if route is None or traffic is None:
        raise UnknownDelayError(f"{name}: no route of {scenario.file} is live, so nothing in it ages")
    feeds = [one for one in flow.traffic if one.unit == "record"]
    delays = [*_ingested(flow, feeds, backlogs)]
    waited = float(found.mean_s.max())
    if feeds and not delays:
        raise UnknownDelayError(
            f"{name}: what reads {feeds[0].enters} asks no store, so it is not known when a record is there"
        )
    if not delays:
        delays.append(Delay("write of the publisher", waited, "response time at worst", fixed=True))
    kept = next((link for link in network.out[found.program] if link.role == "cache"), None)
    through = stack is not None and stack.written_through
    if kept is not None and kept.ttl_s is not None and traffic.shared and not through:
        delays.append(_lifetime("lifetime in the shared cache", kept.ttl_s))
    delays += _at_edges(flow, traffic)
    delays.append(Delay("response", waited, "response time at worst", fixed=True))
    delays.append(Delay("request interval", flow.client.interval_s, scenario.file))
    return Ages(route.name, tuple(delays))


def _lifetime(name: str, ttl_s: Figure, more_s: float = 0.0) -> Delay:
    return Delay(name, ttl_s.value + more_s, ttl_s.origin)


def _ingested(flow: Flow, feeds: Sequence[Traffic], backlogs: Sequence[Backlog]) -> Iterator[Delay]:
    """From a feed to the stores: the wait for a call of the reader, what is behind, the call itself; of several the slowest."""
    slowest: list[Delay] = []
    for feed in feeds:
        for link in flow.logs:
            if link.source != feed.enters or not any(
                to.role in {"ask", "cache"} for to in flow.network.out[link.target]
            ):
                continue
            behind = [one for one in backlogs if (one.log, one.reader) == (link.source, link.target)]
            parts = [
                Delay("wait for a batch", link.waits_s.value, link.waits_s.origin) if link.waits_s else None,
                Delay("records that wait", max(float(one.age_s.max()) for one in behind), link.source, fixed=True)
                if behind
                else None,
                Delay("call of the reader", limit("lambda.hold_s").at(), "assumed", fixed=True),
            ]
            known = [part for part in parts if part is not None]
            if sum(part.seconds for part in known) > sum(part.seconds for part in slowest):
                slowest = known
    yield from slowest


def _at_edges(flow: Flow, traffic: Traffic) -> Iterator[Delay]:
    """The lifetime at each CDN that the traffic passes. The age travels with an answer from a shield on, so both count once."""
    at = traffic.enters
    while flow.network.stations[at].kind == "edge":
        link = next((one for one in flow.network.out[at] if one.role == "forward" and covers(one, traffic)), None)
        if link is None:
            return
        if link.ttl_s is not None and link.ttl_s.value > 0 and traffic.shared:
            yield _lifetime("lifetime at the CDN", link.ttl_s, limit("cloudfront.age_rounding_s").at())
        at = link.target
