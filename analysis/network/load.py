"""Rates at every station, how much of each limit they use, and the crowd at which a limit binds.

Rates are offered: what would come if every station before could carry it. All functions take a number of users or an array of
them, so that a search over the crowd is a few passes over arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.facts import Level
from analysis.network.model import COMPUTE, EVERYWHERE, FRONTS, PUSHES, Limit, Link, Network, Station, Traffic, Unit
from analysis.wiring.hops import path_pattern

Rates: TypeAlias = npt.NDArray[np.float64]
Load: TypeAlias = Mapping[Unit, Rates]

MOST_USERS = 100_000_000
"""The search for the crowd ends here; a limit that binds later is no limit worth naming."""

LEVELS: tuple[Level, ...] = ("low", "value", "high")
SLOWNESS: Mapping[Level, Level] = {"low": "high", "value": "value", "high": "low"}
"""Capacity at the pessimistic end takes the slow end of every cost, and the other way round."""

_STEPS = 60
"""Halvings of the bracket, from a hundred million users to less than one."""


def hit_share(rate_per_s: Any, ttl_s: float) -> Any:
    """The share of requests for one key that a cache answers, h = L T / (1 + L T): one miss, then T seconds of hits.

    A renewal argument for Poisson requests and a lifetime that starts at the miss; J. Jung and others, IEEE INFOCOM 2003.
    `rate_per_s` may be an array of rates.
    """
    if np.any(rate_per_s < 0) or ttl_s < 0:
        raise ValueError(f"neither the rate ({rate_per_s}) nor the lifetime ({ttl_s}) may be negative")
    return rate_per_s * ttl_s / (1.0 + rate_per_s * ttl_s)


def covers(link: Link, traffic: Traffic) -> bool:
    """Whether a forward takes this traffic: its pattern covers the path (CloudFront's `*` and `?`), its methods the method."""
    return (not link.methods or traffic.method in link.methods) and path_pattern(link.pattern).match(
        traffic.path
    ) is not None


@dataclass(frozen=True, slots=True)
class Carried:
    """What of the load goes on, where not every station can carry it; arrays as long as those of the users.

    `attempts` is how often each kind of traffic is tried, by its name; `shares` the share of a unit that a station takes, and
    `read` that which a reader takes of what comes into a stream or queue, by both addresses; `worked_off` is what it takes a
    second of what has waited there. `learnt` is the share of all updates of which a sender has learnt, and that it sends on.
    `more` is added to what comes of a kind of traffic, and `down` is one while a station answers nothing. What is not named is
    carried whole.
    """

    attempts: Mapping[str, Rates] = field(default_factory=dict)
    shares: Mapping[tuple[str, Unit], Rates] = field(default_factory=dict)
    read: Mapping[tuple[str, str], Rates] = field(default_factory=dict)
    worked_off: Mapping[tuple[str, str], Rates] = field(default_factory=dict)
    learnt: Mapping[str, Rates] = field(default_factory=dict)
    more: Mapping[str, Rates] = field(default_factory=dict)
    down: Mapping[str, Rates] = field(default_factory=dict)

    def share(self, address: str, unit: Unit) -> Rates | float:
        """The share of what arrives as `unit` that goes on: the least over the units that it becomes at the station."""
        known = [self.shares[address, one] for one in BECOMES.get(unit, (unit,)) if (address, one) in self.shares]
        return np.minimum.reduce(known) if known else 1.0


WHOLE = Carried()
BECOMES: Mapping[Unit, tuple[Unit, ...]] = {
    "request": ("request", "hit", "invocation"),
    "connect": ("connect", "invocation"),
    "record": ("record", "invocation"),
}
"""What a unit is counted as at the station where it arrives, where that is not itself alone (`_taken`)."""


def loads(
    network: Network, traffic: Sequence[Traffic], users: float | Sequence[float] | Rates, carried: Carried = WHOLE
) -> Mapping[str, Load]:
    """What every station is asked for by unit, at so many users. PathError where links form a loop."""
    crowd = np.atleast_1d(np.asarray(users, dtype=np.float64))
    total: dict[str, dict[Unit, Rates]] = {}
    for address, unit, rate in chain(
        *(travelled(network, stream, crowd, carried) for stream in traffic), _worked_off(network, carried)
    ):
        at = total.setdefault(address, {})
        at[unit] = at[unit] + rate if unit in at else rate
    return total


def travelled(
    network: Network, traffic: Traffic, crowd: Rates, carried: Carried = WHOLE
) -> Iterator[tuple[str, Unit, Rates]]:
    """Where one kind of traffic comes by, as what, and how much of it, after what the stations before did not carry."""
    rate = (traffic.per_user * crowd + traffic.fixed) * carried.attempts.get(traffic.name, 1.0)
    rate = rate + carried.more.get(traffic.name, 0.0)
    if traffic.unit == "delivery":
        yield from _delivered(network, traffic, rate, carried)
        return
    yield from _spread(network, traffic, {traffic.enters: {traffic.unit: rate}}, carried)


def _worked_off(network: Network, carried: Carried) -> Iterator[tuple[str, Unit, Rates]]:
    """What has waited in streams and queues, from its readers on."""
    for link in network.links:
        rate = carried.worked_off.get((link.source, link.target))
        if rate is not None:
            arriving: dict[Unit, Rates] = {"record": rate}
            if link.batch is not None:
                arriving["invocation"] = _batches(link, link.batch.value, rate)
            waited = Traffic("what has waited", link.target, "record")
            yield from _spread(network, waited, {link.target: arriving}, carried)


def _spread(
    network: Network, traffic: Traffic, arriving: dict[str, dict[Unit, Rates]], carried: Carried
) -> Iterator[tuple[str, Unit, Rates]]:
    """What arrives at the station where traffic enters, and all that follows from it."""
    for address in network.downstream(traffic.enters):
        if address not in arriving:
            continue
        station = network.stations[address]
        for unit, amount in _taken(network, station, traffic, arriving[address], carried):
            yield address, unit, amount
        going = {unit: amount * carried.share(address, unit) for unit, amount in arriving[address].items()}
        for target, unit, amount in _handed_on(network, station, traffic, going, carried):
            there = arriving.setdefault(target, {})
            taken = amount * carried.read.get((address, target), 1.0)
            there[unit] = there[unit] + taken if unit in there else taken
        yield from _published(network.out[address], going)


def _published(links: Sequence[Link], going: Mapping[Unit, Rates]) -> Iterator[tuple[str, Unit, Rates]]:
    """A message for each call of a program that publishes: to the channel, and on to each instance, with the updates in it."""
    for link in links:
        if link.role == "publish" and "record" in going:
            if link.copies is not None:
                yield link.target, "lookup", going.get("invocation", going["record"]) * (1.0 + link.copies.value)
            else:
                yield link.target, "broadcast", going["record"]


def _delivered(network: Network, traffic: Traffic, rate: Rates, carried: Carried) -> Iterator[tuple[str, Unit, Rates]]:
    """Deliveries enter where the connections end: at a gateway, to which programs send, or at a program, which sends by itself.

    Of several programs that may send, those send that read a stream or a table's changes: they are who learns of an update. A
    program that keeps the connections sends what others publish to it.
    """
    chosen = senders(network, traffic.enters)
    sent = [rate / len(chosen) * learnt(network, sender, carried) for sender in chosen]
    if network.stations[traffic.enters].kind not in COMPUTE:
        for sender, each in zip(chosen, sent, strict=True):
            yield sender, "delivery", each
    yield traffic.enters, "delivery", np.sum(sent, axis=0) if sent else rate


def senders(network: Network, gateway: str) -> list[str]:
    """Who sends over a gateway's connections, or publishes to the program that keeps them; none where that learns by itself."""
    every = [link.source for link in network.links if link.role in PUSHES and link.target == gateway]
    reading = [
        sender for sender in every if any(link.target == sender and link.role == "log" for link in network.links)
    ]
    return reading or every


def learnt(network: Network, sender: str, carried: Carried) -> Rates | float:
    """The share of all updates that a sender has learnt of and can pass on: none while the channel is down that it needs."""
    share: Rates | float = carried.learnt.get(sender, 1.0)
    for link in network.out[sender]:
        if link.role == "publish":
            share = share * (1.0 - carried.down.get(link.target, 0.0))
    return share


def _taken(
    network: Network, station: Station, traffic: Traffic, arriving: Mapping[Unit, Rates], carried: Carried
) -> Iterator[tuple[Unit, Rates]]:
    """What the station itself does for what arrives."""
    for unit, rate in arriving.items():
        if unit == "request" and station.kind in COMPUTE:
            hits = rate * _hits(network, station, traffic, rate, carried)
            yield "request", rate - hits
            yield "hit", hits
        else:
            yield unit, rate
        if station.kind == "function" and unit in {"request", "connect"}:
            yield "invocation", rate


def _hits(network: Network, station: Station, traffic: Traffic, rate: Rates, carried: Carried) -> Rates:
    """The share of the requests that the shared cache answers."""
    kept = next((link for link in network.out[station.address] if link.role == "cache"), None)
    if kept is None or kept.ttl_s is None or not traffic.shared:
        return np.zeros_like(rate)
    shares: Rates = hit_share(rate / traffic.objects, kept.ttl_s.value) * (1.0 - carried.down.get(kept.target, 0.0))
    return shares


def _handed_on(
    network: Network, station: Station, traffic: Traffic, arriving: Mapping[Unit, Rates], carried: Carried
) -> Iterator[tuple[str, Unit, Rates]]:
    links = network.out[station.address]
    for unit, rate in arriving.items():
        if station.kind == "socket" and unit == "connection":
            continue  # it holds them itself
        if station.kind == "edge" or station.kind in FRONTS:
            yield from _forwarded(links, traffic, unit, rate)
            yield from _authorized(links, traffic, unit, rate)
        elif station.kind in COMPUTE:
            yield from _asked(network, station, links, traffic, unit, rate, carried)
        elif station.kind == "proxy":
            for link in links:
                yield link.target, unit, rate
        elif unit == "record" or (unit == "write" and station.kind == "table"):
            for link in links:
                if link.role == "log" and network.stations[link.target].kind == "bucket":
                    size = None if link.batch is None else link.batch.value
                    yield link.target, "write", rate if size is None else _batches(link, size, rate, traffic.portion)
                elif link.role == "log":
                    yield link.target, "record", rate
                    if link.batch is not None:
                        yield link.target, "invocation", _batches(link, link.batch.value, rate, traffic.portion)


def _forwarded(links: Sequence[Link], traffic: Traffic, unit: Unit, rate: Rates) -> Iterator[tuple[str, Unit, Rates]]:
    """The first forward that covers the traffic takes it, less what the edge's caches answer, each by itself, and the shield."""
    link = next((link for link in links if link.role == "forward" and covers(link, traffic)), None)
    if link is None:
        return
    if link.ttl_s is not None and traffic.shared and unit == "request":
        misses = rate * (1.0 - hit_share(rate / traffic.objects / traffic.caches, link.ttl_s.value))
        if link.shield:
            misses = misses * (1.0 - hit_share(misses / traffic.objects, link.ttl_s.value))
        rate = misses
    yield link.target, unit, rate


def _authorized(links: Sequence[Link], traffic: Traffic, unit: Unit, rate: Rates) -> Iterator[tuple[str, Unit, Rates]]:
    """The call of an authorizer for what comes in, less what the gateway remembers of each client."""
    link = next((link for link in links if link.role == "authorize" and covers(link, traffic)), None)
    if link is None or unit not in {"request", "connect"}:
        return
    remembered_s = link.ttl_s.value if link.ttl_s is not None and unit == "request" else 0.0
    yield link.target, "invocation", rate * (1.0 - hit_share(traffic.per_user or traffic.fixed, remembered_s))


def _batches(link: Link, size: float, rate: Rates, portion: float = 1.0) -> Rates:
    """Calls a second for so many records: full batches, or as many as the reader makes at most while they are not full.

    Of those calls the records have the `portion` that they are of all that come.
    """
    full = rate / size
    return full if link.calls_per_s is None else np.maximum(full, np.minimum(rate, portion * link.calls_per_s.value))


def _asked(
    network: Network,
    station: Station,
    links: Sequence[Link],
    traffic: Traffic,
    unit: Unit,
    rate: Rates,
    carried: Carried,
) -> Iterator[tuple[str, Unit, Rates]]:
    """What a station that computes asks of the stations behind it while it answers."""
    if unit not in {"request", "connect", "record"}:
        return
    hits = _hits(network, station, traffic, rate, carried) if unit == "request" else np.zeros_like(rate)
    stores = 1.0 - hits
    writes = traffic.writes or unit in {"connect", "record"}
    for link in links:
        if link.role == "cache" and traffic.shared and unit == "request":
            yield link.target, "lookup", rate * (2.0 - hits)
        elif link.role == "ask":
            yield link.target, "write" if link.writes and (writes or not link.reads) else "read", rate * stores
        elif link.role == "log" and writes:
            yield link.target, "record", rate
        elif link.role == "forward":
            yield link.target, unit, rate * stores


@dataclass(frozen=True, slots=True)
class Use:
    """How much of one limit is used. `stations` are several where they share a pool.

    By level: `have` is what is available, `shares` what is used of it, `users_held` the users at which it binds, None where it
    never does.
    """

    stations: tuple[str, ...]
    limit: Limit
    used: float
    have: Mapping[Level, float]
    shares: Mapping[Level, float]
    users_held: Mapping[Level, float | None]

    @property
    def available(self) -> float:
        """What is available, at its central value."""
        return self.have["value"]

    @property
    def utilisation(self) -> float:
        """Used over available."""
        return self.shares["value"]


def grouped(network: Network) -> list[tuple[tuple[Station, ...], Limit]]:
    """The limits, those of one pool once with all who share it."""
    pools: dict[str, list[Station]] = {}
    limits: dict[str, Limit] = {}
    for station in network.stations.values():
        for limit in station.limits:
            key = limit.pool or f"{station.address} {limit.name}"
            pools.setdefault(key, []).append(station)
            limits.setdefault(key, limit)
    return [(tuple(stations), limits[key]) for key, stations in pools.items()]


def instances(station: Station, *, most: bool = False) -> float:
    """How many of a program run: at the start, or as many as scaling may reach."""
    return (station.most if most else station.least).value


def asked_of(
    stations: Sequence[Station],
    limit: Limit,
    load: Mapping[str, Load],
    level: Level,
    size: int,
    running: Callable[[Station], Rates | float] = instances,
) -> Rates:
    """What the stations use of the limit: each by the costs of its own limit, which may differ within a pool.

    What comes to every instance counts as often as `running` says that there are.
    """
    total: Rates = np.zeros(size)
    for station in stations:
        own = next(one for one in station.limits if one is limit or (one.pool and one.pool == limit.pool))
        for unit, cost in own.costs.items():
            rate = load.get(station.address, {}).get(unit)
            if rate is not None:
                repeated = running(station) if limit.per_instance and unit in EVERYWHERE else 1.0
                total = total + rate * cost.at(SLOWNESS[level]) * repeated
    return total


def available(station: Station, limit: Limit, level: Level, *, most: bool = False) -> float:
    """How much of the limit the station has, with the instances at the start, or with as many as scaling may reach."""
    count = instances(station, most=most) if limit.per_instance else 1.0
    return limit.capacity.at(level) * count


def uses(
    network: Network, traffic: Sequence[Traffic], users: float, *, most: bool = False, ranged: bool = True
) -> tuple[Use, ...]:
    """Every limit that the traffic touches: how much of it is used at `users` users, and the users at which it binds."""
    now = loads(network, traffic, users)
    touched = []
    for stations, limit in grouped(network):
        if any(unit in now.get(station.address, {}) for station in stations for unit in limit.costs):
            touched.append((stations, limit))
    levels = LEVELS if ranged else LEVELS[1:2]
    held = _held(network, traffic, [(s, one, level) for s, one in touched for level in levels], most=most)
    found = []
    for index, (stations, limit) in enumerate(touched):
        used = float(asked_of(stations, limit, now, "value", 1, partial(instances, most=most))[0])
        at = held[index * len(levels) : (index + 1) * len(levels)]
        found.append(
            Use(
                tuple(station.address for station in stations),
                limit,
                used,
                {level: available(stations[0], limit, level, most=most) for level in levels},
                {level: _share(stations, limit, now, level, most=most) for level in levels},
                dict(zip(levels, at, strict=True)),
            )
        )
    return tuple(found)


def _share(stations: Sequence[Station], limit: Limit, load: Mapping[str, Load], level: Level, *, most: bool) -> float:
    have = available(stations[0], limit, level, most=most)
    asked = asked_of(stations, limit, load, level, 1, partial(instances, most=most))
    return float(asked[0]) / have if have else float("inf")


def utilised(network: Network, traffic: Sequence[Traffic], users: Sequence[float]) -> Mapping[str, Rates]:
    """How busy each station with a limit is at each number of users: the highest over its limits."""
    now = loads(network, traffic, users)
    found: dict[str, Rates] = {}
    for stations, limit in grouped(network):
        if not any(unit in now.get(station.address, {}) for station in stations for unit in limit.costs):
            continue
        share = asked_of(stations, limit, now, "value", len(users)) / available(stations[0], limit, "value")
        for station in stations:
            if station.address in now:
                found[station.address] = np.maximum(found.get(station.address, share), share)
    return found


def _held(
    network: Network,
    traffic: Sequence[Traffic],
    questions: Sequence[tuple[tuple[Station, ...], Limit, Level]],
    *,
    most: bool,
) -> list[float | None]:
    """For each limit the users at which it is used up, all of them bisected at once; None where it never is.

    What a limit is used grows with the users, so one crossing is the crossing.
    """
    size = len(questions)
    have = np.array([available(stations[0], limit, level, most=most) for stations, limit, level in questions])

    def overloaded(crowds: Rates) -> npt.NDArray[np.bool_]:
        load = loads(network, traffic, crowds)
        used = [
            asked_of(stations, limit, load, level, size, partial(instances, most=most))[i]
            for i, (stations, limit, level) in enumerate(questions)
        ]
        return np.array(used) >= have

    low, high = np.zeros(size), np.full(size, float(MOST_USERS))
    bound = overloaded(high)
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        over = overloaded(middle)
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    return [float(low[i]) if bound[i] else None for i in range(size)]
