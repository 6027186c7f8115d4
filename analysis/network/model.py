"""A stack as a network: stations that can take so much, and the links on which load travels between them.

Load is counted by unit. A limit says how much of it one unit takes, so every limit is linear: the sum of
`costs[unit] x rate[unit]` over the station's load may not exceed its capacity. A quota counts requests, a processor seconds of
CPU per second, slots of concurrency seconds of holding per second (Little's law), and a task the connections that stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Literal, TypeAlias

from analysis.architecture import Diagnostic, Location
from analysis.facts import Assumption, Level
from analysis.facts import Limit as Fact
from analysis.wiring import PathError

Unit: TypeAlias = Literal[
    "request",
    "hit",
    "read",
    "write",
    "lookup",
    "record",
    "invocation",
    "connect",
    "connection",
    "delivery",
    "broadcast",
]
"""What a station is asked for. All are per second, save `connection`: how many are held.

`request` is answered anew and `hit` from the shared cache; `read` and `write` reach a store, `lookup` the shared cache; a
`record` travels through a stream or queue, and an `invocation` is one call of a function, for a request or a batch of records;
`connect` opens a connection that stays, and a `delivery` sends one message over one of them: an update, or all of an interval. A
`broadcast` is an update that is published to every instance of a program.
"""

EVERYWHERE: frozenset[Unit] = frozenset({"broadcast"})
"""What each instance of a program takes, however many there are: more instances do not share it, they repeat it."""

Kind: TypeAlias = Literal[
    "edge", "balancer", "api", "socket", "service", "fleet", "instance", "function",
    "cache", "proxy", "database", "table", "stream", "queue", "topic", "delivery", "bucket",
]  # fmt: skip

FRONTS: frozenset[Kind] = frozenset({"balancer", "api", "socket"})
SPOKEN: Mapping[str, tuple[float, str]] = {
    "1/s": (1.0, "a second"), "connection": (1.0, "connections"), "execution": (1.0, "executions"), "slot": (1.0, "slots"),
    "batch": (1.0, "batches"), "B": (1e6, "MB"),
}  # fmt: skip
"""Units of limits as they read behind a number, where they have a word: how many of the unit one of it is, and the word."""


def spoken(unit: str) -> tuple[float, str]:
    """By how much to divide a number in `unit`, and what then reads behind it."""
    return SPOKEN.get(unit, (1.0, unit))


OPENED, SENT = " opened", " sent"
"""What is added to a connection's name for the traffic that opens it, and for what is sent over it."""

PUSHES = frozenset({"deliver", "publish"})
"""Roles of links to who keeps clients' connections: what goes there goes on to the clients, and nowhere else."""

COMPUTE: frozenset[Kind] = frozenset({"service", "fleet", "instance", "function"})


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its range and where it stands: a place in a file, or the source of a fact."""

    name: str
    value: float
    low: float
    high: float
    unit: str
    origin: str

    def at(self, level: Level = "value") -> float:
        """The number at `level`, in its unit."""
        return {"low": self.low, "value": self.value, "high": self.high}[level]

    def times(self, factor: float, name: str = "", unit: str = "") -> Figure:
        """The figure and its range multiplied."""
        return Figure(
            name or self.name,
            self.value * factor,
            self.low * factor,
            self.high * factor,
            unit or self.unit,
            self.origin,
        )


def exact(name: str, value: float, unit: str, origin: str) -> Figure:
    """A number that is known: its range is itself."""
    return Figure(name, float(value), float(value), float(value), unit, origin)


def published(fact: Fact) -> Figure:
    """A row of the facts as a figure."""
    return Figure(fact.name, fact.at(), fact.at("low"), fact.at("high"), fact.unit, fact.origin)


def assumed(assumption: Assumption) -> Figure:
    """An assumption as a figure."""
    low, high = assumption.at("low"), assumption.at("high")
    return Figure(assumption.name, assumption.at(), low, high, assumption.unit, assumption.source or assumption.reason)


ONE = exact("one", 1.0, "", "")

HOTTEST = "hottest key"
"""What the limit of a log or table is called that its most frequent key reaches first."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One thing that a station has only so much of.

    `capacity` is of one instance where `per_instance`, and `costs` says how much of it a unit takes. Limits of several stations
    that name one `pool` are one limit, which all of them use up together: an account's quota.
    """

    name: str
    capacity: Figure
    costs: Mapping[Unit, Figure]
    formula: str
    per_instance: bool = False
    pool: str = ""
    rests_on: tuple[Figure, ...] = ()

    @property
    def inputs(self) -> tuple[Figure, ...]:
        """What the formula rests on: `rests_on` where that is stated, else the capacity and each cost that is not just one."""
        costs = dict.fromkeys(cost for cost in self.costs.values() if cost != ONE)
        return self.rests_on or (self.capacity, *costs)


@dataclass(frozen=True, slots=True)
class Station:
    """One resource that takes load. `least` and `most` are the instances that run at the start and that scaling may reach.

    `collects_s` is for how long a program that sends collects updates for one client into one message; None sends each by itself.
    `asks_s` is how often a program asks its feed, whose updates of that time then come at once.
    """

    address: str
    kind: Kind
    defined_at: Location
    limits: tuple[Limit, ...] = ()
    least: Figure = ONE
    most: Figure = ONE
    collects_s: Figure | None = None
    asks_s: Figure | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """Load that leaves one station for another.

    `role` is what the target is to the source: `forward` hands a request on, `ask` is a store asked while it is answered,
    `cache` one asked before the stores, `log` a stream, queue or topic written to or read from, `deliver` a gateway that holds
    connections, `authorize` a function that a gateway asks who may come in, `publish` a channel on which a program publishes
    what it reads, of which `copies` says how many instances listen, or a program that listens. A forward or authorizer that
    covers a part of the paths or methods has `pattern` or `methods`; an edge's forward has the lifetime `ttl_s` of its answers
    and may have a second cache, the `shield`. `batch` is how many records travel in one call at most, and `calls_per_s` how many
    calls there are before batches fill: a reader waits no longer than its window for one, and a record `waits_s` at most.
    """

    source: str
    target: str
    role: Literal["forward", "ask", "cache", "log", "deliver", "authorize", "publish"]
    at: Location
    evidence: str
    pattern: str = "*"
    methods: frozenset[str] = frozenset()
    ttl_s: Figure | None = None
    shield: bool = False
    batch: Figure | None = None
    calls_per_s: Figure | None = None
    waits_s: Figure | None = None
    copies: Figure | None = None
    reads: bool = True
    writes: bool = True


@dataclass(frozen=True, slots=True)
class Traffic:
    """One kind of load and where it enters. Its rate is `per_user` times the users, plus `fixed`; both per second of `unit`.

    A request has a path and a method; what is `shared` a cache may keep, under one key for each of `objects`. A delivery carries
    so many `updates`. `portion` is how much a feed is of all that come into the streams that it comes into: their readers' calls
    are made for all of them together.
    """

    name: str
    enters: str
    unit: Unit
    per_user: float = 0.0
    fixed: float = 0.0
    path: str = "/"
    method: str = "GET"
    shared: bool = False
    objects: float = 1.0
    caches: float = 1.0
    updates: float = 1.0
    portion: float = 1.0

    @property
    def writes(self) -> bool:
        """Whether it changes something."""
        return self.unit in {"record", "delivery"} or self.method not in {"GET", "HEAD"}


@dataclass(frozen=True)
class Network:
    """The stations of a stack by address, the links between them, and the programs that no public entry leads to.

    `shut` says why there is no entry, where there is none; `forks` why it is not known which program a balancer's requests go to.
    """

    stack: str
    stations: Mapping[str, Station]
    links: tuple[Link, ...]
    entries: tuple[str, ...]
    unreached: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    shut: tuple[Diagnostic, ...] = ()
    forks: Mapping[str, tuple[Diagnostic, ...]] = field(default_factory=dict)

    @cached_property
    def out(self) -> Mapping[str, tuple[Link, ...]]:
        """The links that leave each station, in the order in which they are tried."""
        leaving: dict[str, list[Link]] = {address: [] for address in self.stations}
        for link in self.links:
            leaving[link.source].append(link)
        return {address: tuple(links) for address, links in leaving.items()}

    def station(self, address: str) -> Station:
        """The station at `address`; LookupError that lists the others."""
        if address not in self.stations:
            raise LookupError(f"{self.stack} has no station {address}; it has {', '.join(self.stations)}")
        return self.stations[address]

    def reached(self, starts: Iterable[str]) -> frozenset[str]:
        """Every station that links lead to from `starts`, themselves included."""
        seen = set(starts)
        queue = list(seen)
        while queue:
            ahead = {link.target for link in self.out[queue.pop()] if link.role not in PUSHES} - seen
            seen |= ahead
            queue += ahead
        return frozenset(seen)

    def downstream(self, start: str) -> tuple[str, ...]:
        """The stations that load entering at `start` can reach, each after all that hand load on to it.

        PathError where links form a loop, naming it.
        """
        reached = self.reached([start])
        sorter = TopologicalSorter(
            {
                address: [
                    link.source
                    for link in self.links
                    if link.target == address and link.role not in PUSHES and link.source in reached
                ]
                for address in sorted(reached)
            }
        )
        try:
            return tuple(sorter.static_order())
        except CycleError as error:
            loop = " -> ".join(reversed(error.args[1]))
            message = f"load would go round in a loop: {loop}; nothing says how much of it leaves"
            raise PathError([Diagnostic("error", message, self.stations[error.args[1][0]].defined_at)]) from None
