"""A scenario's hours through every station of a stack, as a fluid: what is asked for, what is full, what fails and what waits.

The deterministic fluid model of an overloaded network: load is a rate, a station takes as much of it as its limits allow, and
what it does not take fails, is tried again as often as clients do, or waits where a stream or queue keeps it. Instances follow
their policies and schedules with the delays of AWS. G. F. Newell, Applications of Queueing Theory, 2nd ed. 1982, chapter 2.

What happens between requests is not in it: waits shorter than a step, chance, timeouts, health checks, connection pools. `night`
simulates these for one service of containers; where both answer, the night does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.architecture import Architecture, Diagnostic, Location
from analysis.demand.calendar import WHOLE_DAY_MIN
from analysis.facts import Runtime, Scenario, Stack, runtime
from analysis.network import (
    Limit,
    Network,
    Station,
    Traffic,
    Unit,
    check_answered,
    check_streams,
    crowd,
    dead_ends,
    network,
    poll_interval_s,
)
from analysis.network.load import Carried, Load, Rates, asked_of, grouped, learnt, loads, senders, travelled
from analysis.network.model import COMPUTE, OPENED, PUSHES, SENT, Kind
from analysis.network.reading import Reading
from analysis.premortem.delays import Ages, Answers, UnknownDelayError, ages, answers
from analysis.premortem.faults import Fault, PremortemError
from analysis.premortem.faults import faults as read_faults
from analysis.premortem.pushes import Pushes, pushes
from analysis.premortem.scaling import Program, programs, running

STEP_S = 10.0
"""Seconds of a step. A surge rises in a minute or so, and nothing here changes faster but a scenario's own curve."""

ROUNDS = 60
"""Passes over the network after which what is carried has settled, or is said not to have: a pass for each station in a row, and
retries that raise the load which raises the retries. As many follow in smaller steps where these were too large to settle."""

PACES = (0.5, 0.2)
"""How far from what was carried to what follows from it a pass goes, in the first `ROUNDS` and in the next."""

SETTLED = 1e-3
"""Shares that change by less from pass to pass have settled."""

UNSETTLED = 0.02
"""Shares that still change by more have no answer."""

TINY = 1e-9
"""A rate or share below which there is none: one in thirty years."""

FULL = 1.0 + SETTLED
"""Load over capacity from which a limit is full: nearer to it than what is carried has settled, nobody knows the side."""


@dataclass(frozen=True, slots=True)
class Strain:
    """A limit in each step: `load` over what there is, with what clients try again. Several stations share a pool."""

    stations: tuple[str, ...]
    limit: Limit
    asked: Rates
    available: Rates
    kind: str

    @property
    def load(self) -> Rates:
        """Asked for over available; infinite where there is nothing."""
        return ratio(self.asked, self.available, np.where(self.asked > TINY, np.inf, 0.0))

    @property
    def full(self) -> npt.NDArray[np.bool_]:
        """The steps in which more is asked for than there is."""
        over: npt.NDArray[np.bool_] = self.load > FULL
        return over


QUEUES: frozenset[Kind] = frozenset({"service", "fleet", "instance", "cache", "proxy", "database"})
"""Stations at which work waits until there is time for it. Every other one answers what is too much with a refusal."""


@dataclass(frozen=True, slots=True)
class Course:
    """One kind of traffic in each step: units a second that `come`, each tried `attempts` times, and what becomes of them.

    `refused` is the share that a quota turns away, `unmet` the share for which no station that queues has time. A crowd that
    polls asks again once it has its answer, so what is unmet is a wait of `waits_s` for everybody, by the response time law of a
    closed system, R = N / X - Z; past the timeout it fails. What no crowd waits for fails as it is unmet. `fails` is the share of
    which all attempts fail.
    """

    name: str
    unit: Unit
    polled: bool
    come: Rates
    attempts: Rates
    refused: Rates
    unmet: Rates
    waits_s: Rates
    fails: Rates


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits between a stream or queue and its reader: `records`, and the age of the oldest in seconds."""

    log: str
    reader: str
    records: Rates
    age_s: Rates


@dataclass(frozen=True, slots=True)
class Wave:
    """Connections that are all lost at a minute: how many were `held`, and how many are not back in each step."""

    name: str
    minute: float
    held: float
    waiting: Rates


@dataclass(frozen=True, slots=True)
class Premortem:
    """The hours of a scenario at one stack. Arrays have one value for each step, `minutes` when it begins.

    Minutes count from kick-off, or from midnight UTC where the scenario is a whole day (`by_clock`). `running` is how many
    instances of each program answer. `answers` and `ages` are None where they are not followed, and `unfollowed` says why; so are
    `pushes`, and `unpushed`.
    """

    stack: str
    scenario: str
    runtime: str
    step_s: float
    by_clock: bool
    timeout_s: float
    minutes: Rates
    users: Rates
    strains: tuple[Strain, ...]
    courses: tuple[Course, ...]
    backlogs: tuple[Backlog, ...]
    faults: tuple[Fault, ...] = ()
    waves: tuple[Wave, ...] = ()
    caches: frozenset[str] = frozenset()
    programs: Mapping[str, Program] = field(default_factory=dict)
    running: Mapping[str, Rates] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    answers: Answers | None = None
    ages: Ages | None = None
    unfollowed: str = ""
    pushes: Pushes | None = None
    unpushed: str = ""

    @property
    def strained(self) -> tuple[Strain, ...]:
        """The limits, those that are fullest at worst first."""
        return tuple(sorted(self.strains, key=lambda one: (-float(one.load.max()), one.stations, one.limit.name)))


def premortem(
    architecture: Architecture,
    scenario: Scenario,
    stack: Stack | None = None,
    *,
    users: int | None = None,
    profile: Runtime | None = None,
    faults: Sequence[str] = (),
) -> Premortem:
    """The hours of `scenario`, with `users` at the peak in place of its own.

    `faults` are written as `faults.KINDS` says. Raises wiring.PathError where the way of the load cannot be derived, ValueError
    without a runtime or for a negative number of users, and PremortemError for a fault that cannot be, or where the figures do
    not settle.
    """
    if profile is None:
        if stack is None:
            raise ValueError("no runtime is named: give a profile, or a stack whose gameday.toml names one")
        profile = runtime(stack.runtime)
    peak = int(scenario.peak_users.value) if users is None else users
    if peak < 0:
        raise ValueError(f"{peak} users cannot come")
    found = network(architecture, stack, profile)
    reading = Reading(architecture, stack, profile)
    client = Client(
        poll_interval_s(found, scenario, stack, reading),
        scenario.client["timeout_s"].at(),
        int(scenario.client["retries"].at()),
    )
    traffic = crowd(found, scenario, stack, client.interval_s)
    check_streams(found, traffic, scenario, reading)
    check_answered(found, traffic)
    count = max(1, round((scenario.end_minute - scenario.start_minute) * 60.0 / STEP_S))
    minutes: Rates = scenario.start_minute + np.arange(count, dtype=np.float64) * STEP_S / 60.0
    share = peak / float(scenario.peak_users.value) if scenario.peak_users.value else 0.0
    people = share * np.array([scenario.users(minute) for minute in minutes])
    by_clock = scenario.end_minute - scenario.start_minute >= WHOLE_DAY_MIN
    reached = {address for one in traffic for address in loads(found, [one], 1.0)}
    scaled = programs([found.stations[address] for address in sorted(reached)], reading, stack, by_clock=by_clock)
    wrong = read_faults(faults, found, scenario, STEP_S)
    flow = Flow(found, traffic, people, minutes, scaled, client, wrong)
    notes = [*found.diagnostics, *dead_ends(found, traffic), *reading.diagnostics, *_not_followed(found, wrong)]
    courses, backlogs = tuple(flow.courses()), tuple(flow.backlogs())
    took, old, unfollowed = None, None, ""
    try:
        took = answers(flow, courses)
        old = ages(flow, scenario, stack, took, backlogs)
    except UnknownDelayError as error:
        unfollowed = str(error)
    pushed, unpushed = None, ""
    try:
        pushed = pushes(
            flow, courses, backlogs, {one.name: one.lag_s for one in scenario.feeds if one.lag_s is not None}
        )
    except UnknownDelayError as error:
        unpushed = str(error)
    return Premortem(
        architecture.stack, scenario.title, profile.name, STEP_S, by_clock, client.timeout_s, minutes, people,
        flow.strains(), courses, backlogs, wrong, tuple(flow.waves()),
        frozenset(address for address, station in found.stations.items() if station.kind == "cache"), scaled,
        flow.counts,
        tuple(dict.fromkeys((*notes, *(note for one in scaled.values() for note in one.notes), *flow.notes))),
        took, old, unfollowed, pushed, unpushed,
    )  # fmt: skip


def _not_followed(found: Network, wrong: Sequence[Fault]) -> Iterator[Diagnostic]:
    """What the model does not follow of a fault."""
    for fault in wrong:
        station = found.stations.get(fault.target)
        if station is None:
            continue
        if station.kind == "cache" and not any(
            link.role == "publish" and link.target == fault.target for link in found.links
        ):
            message = f"{fault.target}: messages that programs send through it are not followed, lookups are"
        elif station.kind in {"database", "table"}:
            message = f"{fault.target}: what caches keep of it is taken to last while it is down"
        else:
            continue
        yield Diagnostic("warning", message, station.defined_at)


class Client(NamedTuple):
    """How clients ask: every so many seconds, how long they wait, how often they try again."""

    interval_s: float
    timeout_s: float
    retries: int


class Flow:
    """The passes over the network until what each station carries, and what is tried again, no longer changes."""

    def __init__(
        self,
        found: Network,
        traffic: Sequence[Traffic],
        people: Rates,
        minutes: Rates,
        scaled: Mapping[str, Program],
        client: Client,
        faults: Sequence[Fault] = (),
    ) -> None:
        self.network, self.traffic, self.people, self.minutes = found, traffic, people, minutes
        self.scaled, self.client = scaled, client
        self.groups = grouped(found)
        self.logs = [link for link in found.links if link.role == "log" and found.stations[link.target].kind in COMPUTE]
        self.behind = {link.target: self._up_to_logs(link.target) for link in self.logs}
        self.whole = loads(found, traffic, people)
        down: dict[str, Rates] = {}
        for one in faults:
            if one.kind == "down":
                down[one.target] = np.maximum(down.get(one.target, 0.0), self._lasting(one))
        self.carried = Carried(down=down)
        self.lost = {one.target: one for one in faults if one.kind == "disconnect"}
        for one in faults:
            for name in self._held_through(one.target) if one.kind == "down" else ():
                self.lost.setdefault(name, one)
        self.notes: tuple[Diagnostic, ...] = ()
        flows = [one for one in traffic if one.unit not in {"connection", "delivery"}]
        busiest = max((float((one.per_user * people + one.fixed).max()) for one in flows), default=0.0) or 1.0
        for turn in range(len(PACES) * ROUNDS):
            self.load = loads(found, traffic, people, self.carried)
            self.counts = {
                address: running(program, self.load.get(address, {}), minutes, STEP_S)
                for address, program in scaled.items()
            }
            after = Carried(
                self._attempts(), self._shares(), *self._read(), self._learnt(), self._more(), self.carried.down
            )
            change, self.carried = _towards(self.carried, after, len(people), busiest, PACES[turn // ROUNDS])
            if change < SETTLED:
                break
        else:
            if change > UNSETTLED:
                raise PremortemError(
                    f"{found.stack}: the hours do not settle: after {turn + 1} passes a share still changes by {change:.0%}. "
                    "What is refused and what comes again drive each other here faster than this model follows"
                )
            message = f"after {turn + 1} passes a share still changes by {change:.1%}; the figures are that unsure"
            self.notes = (Diagnostic("warning", message, Location(found.stack)),)

    def _held_through(self, address: str) -> Iterator[str]:
        """The connections that end where a station on their way stops answering."""
        for one in self.traffic:
            if one.unit == "connection" and any(
                at == address for at, _, _ in travelled(self.network, one, self.people)
            ):
                yield one.name

    def _lasting(self, fault: Fault) -> Rates:
        """One while a fault lasts, from the step on that its minute falls into."""
        over = np.zeros_like(self.minutes)
        first = self._step(fault.minute)
        over[first : first + round(fault.minutes * 60.0 / STEP_S)] = 1.0
        return over

    def _step(self, minute: float) -> int:
        """The step that a minute falls into."""
        return min(int((minute - self.minutes[0]) * 60.0 / STEP_S + TINY), len(self.minutes) - 1)

    def _up_to_logs(self, start: str) -> frozenset[str]:
        """What is needed at once for what enters at a station: itself and what it asks, up to the next stream or queue."""
        seen, queue = {start}, [start]
        while queue:
            at = queue.pop()
            # What a program writes to a log is needed at once, and who reads the log is not.
            read = self.network.stations[at].kind not in COMPUTE
            for link in self.network.out[at]:
                if link.role not in PUSHES and not (link.role == "log" and read) and link.target not in seen:
                    seen.add(link.target)
                    queue.append(link.target)
        return frozenset(seen)

    def available(self, station: Station, limit: Limit) -> Rates:
        """What there is of a limit in each step."""
        each = limit.capacity.value * (self.running(station) if limit.per_instance else 1.0)
        return np.broadcast_to(np.asarray(each, dtype=np.float64), self.people.shape)

    def running(self, station: Station) -> Rates | float:
        """The instances of a program in each step."""
        return self.counts.get(station.address, station.least.value)

    def strains(self) -> tuple[Strain, ...]:
        """Every limit that the load touches."""
        found = []
        for stations, one in self.groups:
            if any(unit in self.load.get(station.address, {}) for station in stations for unit in one.costs):
                asked = asked_of(stations, one, self.load, "value", len(self.people), self.running)
                place = tuple(station.address for station in stations)
                found.append(Strain(place, one, asked, self.available(stations[0], one), stations[0].kind))
        return tuple(found)

    def _shares(self) -> Mapping[tuple[str, Unit], Rates]:
        """The share of each unit that each station takes: what there is over what is asked for, at most all of it."""
        shares: dict[tuple[str, Unit], Rates] = {}
        for stations, one in self.groups:
            asked = asked_of(stations, one, self.load, "value", len(self.people), self.running)
            there = self.available(stations[0], one)
            share = np.minimum(1.0, ratio(there, asked, 1.0))
            if np.all(share >= 1.0):
                continue
            for station in stations:
                own = next(each for each in station.limits if each is one or (each.pool and each.pool == one.pool))
                for unit in own.costs:
                    key = (station.address, unit)
                    shares[key] = np.minimum(shares.get(key, 1.0), share)
        for address, down in self.carried.down.items():
            if self.network.stations[address].kind != "cache":  # a cache that is away is a cache that misses
                for unit in self.whole.get(address, {}):
                    shares[address, unit] = shares.get((address, unit), 1.0) * (1.0 - down)
        return shares

    def _attempts(self) -> Mapping[str, Rates]:
        """How often each request is tried, where each try fails alike: the sum of f^i for i from 0 to the retries."""
        found: dict[str, Rates] = {}
        for one in self.traffic:
            if self.client.retries > 0 and one.unit in {"request", "connect"}:
                failing = self._failing(one, *self._missed(one))[0]
                found[one.name] = np.sum([failing**i for i in range(self.client.retries + 1)], axis=0)
        return found

    def _missed(self, one: Traffic) -> tuple[Rates, Rates]:
        """The shares of a kind of traffic that are refused and unmet on its way. What waits in a log is neither."""
        came = one.per_user * self.people + one.fixed
        more = self.carried.more.get(one.name, np.zeros_like(came))
        tried = came * self.carried.attempts.get(one.name, 1.0) + np.maximum(more, 0.0)
        if one.unit == "delivery":
            return self._undelivered(one, came)
        at_once = self._up_to_logs(one.enters)
        missed: tuple[dict[str, Rates], dict[str, Rates]] = ({}, {})
        for address, unit, rate in travelled(self.network, one, self.people, self.carried):
            if address not in at_once:
                continue
            queues = self.network.stations[address].kind in QUEUES and unit != "connection"
            lost = rate * (1.0 - self.carried.share(address, unit))
            # What is down answers nobody who waits, however few of the crowd it would have answered.
            down = lost * self.carried.down.get(address, 0.0)
            for waits, share in ((False, down), (queues, lost - down)):
                missed[waits][address] = np.maximum(missed[waits].get(address, 0.0), share)
        refused, unmet = (_share(each, tried) for each in missed)
        return refused, np.clip(unmet + ratio(np.maximum(-more, 0.0), came, 0.0), 0.0, 1.0)

    def _undelivered(self, one: Traffic, came: Rates) -> tuple[Rates, Rates]:
        """The shares of the deliveries that the gateway refuses, and that are late since their senders are behind."""
        chosen = senders(self.network, one.enters)
        sent: Rates = np.zeros_like(came)
        held = came + self.carried.more.get(one.name, 0.0)
        for sender in chosen:
            sent = sent + held / len(chosen) * learnt(self.network, sender, self.carried) * np.asarray(
                self.carried.share(sender, "delivery")
            )
        sent = np.minimum(sent if chosen else held, came)
        taken = sent * self.carried.share(one.enters, "delivery")
        queues = self.network.stations[one.enters].kind in QUEUES
        refused = _share({} if queues else {one.enters: sent - taken}, came)
        return refused, _share({one.enters: came - (taken if queues else sent)}, came)

    def _failing(self, one: Traffic, refused: Rates, unmet: Rates) -> tuple[Rates, Rates]:
        """The share of attempts that fail, and how long an answer waits where a crowd polls."""
        if not self._closed(one):
            return np.clip(refused + unmet, 0.0, 1.0), np.zeros_like(unmet)
        served = np.clip(1.0 - ratio(unmet, 1.0 - refused, 0.0), 0.0, 1.0)
        waits_s = self.client.interval_s * (ratio(1.0, served, np.inf) - 1.0)
        return np.clip(refused + np.where(waits_s > self.client.timeout_s, unmet, 0.0), 0.0, 1.0), waits_s

    def _closed(self, one: Traffic) -> bool:
        """Whether what waits keeps the next from coming: requests of a crowd that polls, and those that queue among them."""
        beside = [other for other in self.traffic if other.unit == "request" and other.enters == one.enters]
        polled = sum(other.per_user for other in beside) * float(self.people.max())
        return one.unit == "request" and polled >= sum(other.fixed for other in beside)

    def courses(self) -> Iterator[Course]:
        """Each kind of traffic, and what becomes of it."""
        for one in self.traffic:
            came = one.per_user * self.people + one.fixed
            attempts = np.broadcast_to(np.asarray(self.carried.attempts.get(one.name, 1.0)), came.shape)
            refused, unmet = self._missed(one)
            failing, waits_s = self._failing(one, refused, unmet)
            lost = failing ** (self.client.retries + 1) if one.name in self.carried.attempts else failing
            yield Course(one.name, one.unit, bool(one.per_user), came, attempts, refused, unmet, waits_s, lost)

    def _learnt(self) -> Mapping[str, Rates]:
        """The share of all records that has come to each reader."""
        found = {}
        for reader in self.behind:
            ideal = self.whole.get(reader, {}).get("record")
            if ideal is not None:
                found[reader] = ratio(self.load.get(reader, {}).get("record", 0.0 * ideal), ideal, 1.0)
        return found

    # Connections that are all lost.

    def _again(self) -> Iterator[tuple[Traffic, Traffic, float, Rates, Rates]]:
        """For each connection that is lost: it and its opening, how many were held, what comes to be opened, what can be."""
        by_name = {one.name: one for one in self.traffic}
        for name, fault in self.lost.items():
            held, opened = by_name[name], by_name[f"{name}{OPENED}"]
            step = self._step(fault.minute)
            there = 1.0 - float(self._missed(held)[0][max(0, step - 1)])
            number = held.per_user * float(self.people[step]) * there
            came = opened.per_user * self.people + opened.fixed
            taken = came * self.carried.attempts.get(opened.name, 1.0) + self.carried.more.get(opened.name, 0.0)
            room = self._room_of(self._up_to_logs(opened.enters), opening=True)
            able = _able(taken, room)
            coming = np.where(np.arange(len(came)) < step, 0.0, came)
            coming[step] += number / STEP_S
            yield held, opened, number, coming, able

    def _more(self) -> Mapping[str, Rates]:
        """What waits to connect again comes on top and holds no connection; what holds none is sent nothing."""
        more: dict[str, Rates] = {}
        for held, opened, _, coming, able in self._again():
            waiting = _waiting(coming, able)
            before = np.concatenate([[0.0], waiting[:-1]])
            came = opened.per_user * self.people + opened.fixed
            more[opened.name] = np.maximum(np.minimum(able, coming + before / STEP_S) - came, 0.0)
            there = held.per_user * self.people
            away = np.minimum(waiting, there)
            more[held.name] = -away
        for held in self.traffic:
            if held.unit == "connection":
                missing = np.clip(np.sum(self._missed(held), axis=0), 0.0, 1.0)
                for sent in self.traffic:
                    if sent.name == f"{held.name}{SENT}" and missing.any():
                        more[sent.name] = -(sent.per_user * self.people) * missing
        return more

    def waves(self) -> Iterator[Wave]:
        """How many of the connections that were lost are not back."""
        for held, _, number, coming, able in self._again():
            yield Wave(held.name, self.lost[held.name].minute, number, _waiting(coming, able))

    # Streams and queues.

    def _room(self, log: str, reader: str) -> Rates:
        """By how much the records that a reader takes may grow until something that it needs is full."""
        return self._room_of(self.behind[reader], log, reader)

    def _room_of(self, needed: frozenset[str], log: str = "", reader: str = "", *, opening: bool = False) -> Rates:
        """By how much load may grow until something is full: what is needed, or the reader's calls at the log.

        How many connections are held is no limit of how fast they are opened.
        """
        room: Rates = np.full_like(self.people, np.inf)
        for address in needed & self.carried.down.keys():
            if self.network.stations[address].kind != "cache":
                room = np.where(self.carried.down[address] > 0, 0.0, room)
        for stations, one in self.groups:
            batches = any(station.address == log for station in stations) and reader in one.name
            if not batches and not any(station.address in needed for station in stations):
                continue
            if opening and one.costs.keys() <= {"connection", "delivery"}:
                continue
            asked = asked_of(stations, one, self.load, "value", len(self.people), self.running)
            there = self.available(stations[0], one)
            room = np.minimum(room, ratio(there, asked, np.inf))
        return room

    def _kept(self, log: str) -> Rates:
        """Records that a stream or queue, or the changes of a table, takes in each second."""
        load: Load = self.load.get(log, {})
        unit: Unit = "write" if self.network.stations[log].kind == "table" else "record"
        return load.get(unit, np.zeros_like(self.people)) * self.carried.share(log, unit)

    def _work(self) -> Iterator[tuple[tuple[str, str], Rates, Rates]]:
        """For each log and reader: records a second that come, and that the reader could take."""
        nothing = np.zeros_like(self.people)
        for link in self.logs:
            key = (link.source, link.target)
            coming = self._kept(link.source)
            taken = coming * self.carried.read.get(key, 1.0) + self.carried.worked_off.get(key, nothing)
            yield key, coming, _able(taken, self._room(*key))

    def _read(self) -> tuple[Mapping[tuple[str, str], Rates], Mapping[tuple[str, str], Rates]]:
        """The share that each reader takes of what comes, and what it takes of what has waited."""
        shares, more = {}, {}
        for key, coming, able in self._work():
            if np.all(able >= coming) and key not in self.carried.read:
                continue
            waiting = _waiting(coming, able)
            before = np.concatenate([[0.0], waiting[:-1]])
            taken = np.minimum(able, coming + before / STEP_S)
            shares[key] = np.minimum(ratio(taken, coming, 1.0), 1.0)
            more[key] = np.maximum(taken - coming, 0.0)
        return shares, more

    def backlogs(self) -> Iterator[Backlog]:
        """What waits, where something does. First in, first out: the oldest came when as many had come as have left by now."""
        for (log, reader), coming, able in self._work():
            waiting = _waiting(coming, able)
            if waiting.max() > 1.0:
                come = np.cumsum(coming) * STEP_S
                now = np.arange(1, len(come) + 1) * STEP_S
                age = np.where(waiting > 0, now - np.interp(come - waiting, come, now), 0.0)
                yield Backlog(log, reader, waiting, np.maximum(age, 0.0))


def _share(lost: Mapping[str, Rates], of: Rates) -> Rates:
    """What is lost at all stations together, as a share."""
    total: Rates = np.sum(list(lost.values()), axis=0) if lost else np.zeros_like(of)
    share: Rates = np.clip(ratio(total, of, 0.0), 0.0, 1.0)
    return share


def ratio(of: Rates | float, by: Rates, otherwise: Rates | float) -> Rates:
    """One rate over another; `otherwise` where there is next to nothing to divide by."""
    found: Rates = np.where(by > TINY, of / np.maximum(by, TINY), otherwise)
    return found


def _able(taken: Rates, room: Rates) -> Rates:
    """What could be taken a second, by how much what is taken may grow: anything where nothing is, but where there is no room."""
    found: Rates = np.where(room <= 0, 0.0, np.where(taken > TINY, np.maximum(taken, TINY) * room, np.inf))
    return found


def _waiting(coming: Rates, able: Rates) -> Rates:
    """What waits at the end of each step: Lindley's recursion, W' = max(0, W + (coming - able) x step)."""
    found = np.empty_like(coming)
    waiting = 0.0
    for index, more in enumerate((coming - np.minimum(able, 1e18)) * STEP_S):
        waiting = max(0.0, waiting + float(more))
        found[index] = waiting
    return found


def _towards(before: Carried, after: Carried, size: int, busiest: float, pace: float) -> tuple[float, Carried]:
    """The largest change of any share from one pass to the next, and what lies between the two passes, `pace` of the way.

    Stations that compete for one quota would hand it to and fro for ever. An attempt more counts as a share of what there is, and
    a rate as one of the `busiest` traffic's where that is more than its own peak.
    """
    change = 0.0
    named = {}
    for one in fields(Carried):
        old, new = getattr(before, one.name), getattr(after, one.name)
        rates = one.name in {"worked_off", "more"}  # the others are shares, and whole where they are not named
        rest = np.zeros(size) if rates or one.name == "down" else np.ones(size)
        middle = {}
        for key in sorted(old.keys() | new.keys()):
            first, second = old.get(key, rest), new.get(key, rest)
            scale = max(busiest, float(np.abs(first).max()), float(np.abs(second).max())) if rates else 1.0
            change = max(change, float(np.max(np.abs(second - first))) / scale)
            middle[key] = first + pace * (second - first)
        named[one.name] = middle
    return change, Carried(**named)
