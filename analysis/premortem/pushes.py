"""How long an update takes from its ingestion to the socket of a client, where feeds are polled and what is new is pushed.

Ingestion begins when the program that polls a feed has its answer. What is in one answer comes at once and is worked off one by
one; the calls and waits that follow are those of the network's links: a write into a stream, the wait until its reader is called,
the call, the changes of a table and their reader, the interval for which updates to one client are collected, and the sending.

A reader takes each lane of a log by itself: a shard times the batches of it that are worked on at once. Every so many seconds it
has what has come for the lane since, and is called for one batch after another. Of the records of a lane that come at the rate r
and are taken every P seconds in batches of B, those of batch j came in the j-th stretch of B/r seconds, so they wait for the end
of P and for j calls. The key that has most records has a lane of its own kind: the records of one key stay in one lane.

The age of an update counts from what happened: before its ingestion it has the feed's own lag, and waits until the feed is asked.

Times of calls are exponential; a call that meets a new execution environment waits for its start. The steps are taken as
independent and are folded numerically; a simulation of the mechanism, written from AWS's documentation, is beside it in the
tests. What is not in it: the network between the parts, TLS, and the way to the client.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.facts import Assumption, Level, limit
from analysis.network.load import asked_of, senders
from analysis.network.model import COMPUTE, HOTTEST, Figure, Link, Station, Traffic, Unit, published
from analysis.premortem.delays import UnknownDelayError

if TYPE_CHECKING:
    from analysis.network.load import Rates
    from analysis.premortem.fluid import Backlog, Course, Flow

GRID_S, CELLS = 0.0005, 16_384
"""Seconds of a cell when times are folded, and how many cells there are; where that is too short, cells are longer."""

EVERY = 6
"""Of the moments of the hours so many are one: a minute, in which the load hardly changes."""

LOST: Final = 1e-3
"""A share of updates that are not delivered in time from which there is no steady state to speak of."""

NEVER: Final = math.inf

UNASKED: Final = "late by the feed, and until it is asked"
"""What an update goes through before its ingestion."""


@dataclass(frozen=True, slots=True)
class Law:
    """How long a step takes for a `share` of what passes: a fixed time, a uniform one up to `span_s`, and `calls` in a row.

    A call is exponential with the mean `call_s`. `fixed_s` is without end where the step cannot keep up.
    """

    share: float
    fixed_s: float = 0.0
    span_s: float = 0.0
    calls: int = 0
    call_s: float = 0.0

    @property
    def mean_s(self) -> float:
        """The mean time."""
        return self.fixed_s + self.span_s / 2.0 + self.calls * self.call_s

    @property
    def longest_s(self) -> float:
        """A time that one in a hundred million exceeds."""
        rare = self.calls + 8.0 * math.sqrt(self.calls) + 20.0 if self.calls else 0.0
        return self.fixed_s + self.span_s + rare * self.call_s


Laws: TypeAlias = Callable[[int, Level], tuple[Law, ...]]
"""The laws of a step at a moment of the hours and an end of the assumptions' ranges."""


@dataclass(frozen=True, slots=True)
class Hop:
    """A step on the way of an update: what happens, where, and how long it takes."""

    name: str
    address: str
    laws: Laws

    def mean_s(self, step: int, level: Level = "value") -> float:
        """The mean time, without end where a part of the updates is never through."""
        return sum(law.share * law.mean_s for law in self.laws(step, level))


@dataclass(frozen=True)
class Pushes:
    """The way of an update of all feeds together, at each of `steps` moments of the hours.

    `feeds` has for each feed whose lag is known what an update of its own goes through in place of the first hop.
    """

    hops: tuple[Hop, ...]
    steps: int
    feeds: Mapping[str, tuple[Hop, ...]] = field(default_factory=dict)

    def of(self, feed: str) -> Pushes:
        """The way of an update of one feed, from what happened to the socket. KeyError where its lag is not known."""
        return Pushes((*self.feeds[feed], *self.hops[1:]), self.steps)

    def mean_s(self, step: int, level: Level = "value") -> float:
        """The mean time from ingestion to the socket."""
        return sum(hop.mean_s(step, level) for hop in self.hops)

    @cached_property
    def worst(self) -> int:
        """The moment at which updates take longest."""
        looked = range(0, self.steps, EVERY)
        return looked[int(np.argmax([self.mean_s(step) for step in looked]))]

    def percentiles_s(self, shares: Sequence[float], step: int, level: Level = "value") -> tuple[float, ...]:
        """The times that such shares of the updates do not exceed; without end where more of them are never through."""
        for share in shares:
            if not 0.0 < share < 1.0:
                raise ValueError(f"a share of the updates lies between 0 and 1, not at {share}")
        cell_s, chances = folded([hop.laws(step, level) for hop in self.hops])
        through = np.cumsum(chances)
        cells = np.searchsorted(through, shares)
        return tuple(float(cell) * cell_s if cell < len(through) else NEVER for cell in cells)


def folded(hops: Sequence[Sequence[Law]]) -> tuple[float, npt.NDArray[np.float64]]:
    """The seconds of a cell, and each cell's probability for the sum of the steps; what is never through is in none."""
    longest = sum(max((law.longest_s for law in laws if math.isfinite(law.longest_s)), default=0.0) for laws in hops)
    cell_s = max(GRID_S, longest / (CELLS - 1))
    total = np.ones(CELLS + 1, dtype=np.complex128)
    for laws in hops:
        total *= np.sum([_transform(law, cell_s) for law in laws if math.isfinite(law.fixed_s)], axis=0)
    return cell_s, np.maximum(np.fft.irfft(total, 2 * CELLS)[:CELLS], 0.0)


def _transform(law: Law, cell_s: float) -> npt.NDArray[np.complex128]:
    """The transform of a law's cells; cell i stands for what is nearer to i cells than to any other number of them."""
    edges = (np.arange(CELLS) + 0.5) * cell_s
    moved = np.exp(-1j * np.pi * np.arange(CELLS + 1) * round(law.fixed_s / cell_s) / CELLS)
    found: npt.NDArray[np.complex128] = law.share * moved
    if law.span_s > cell_s:
        found = found * np.fft.rfft(np.diff(np.clip(edges / law.span_s, 0.0, 1.0), prepend=0.0), 2 * CELLS)
    if law.calls and law.call_s > 0:
        terms = [np.exp(-edges / law.call_s)]
        for i in range(1, law.calls):
            terms.append(terms[-1] * edges / law.call_s / i)
        found = found * np.fft.rfft(np.diff(1.0 - np.sum(terms, axis=0), prepend=0.0), 2 * CELLS)
    return found


# ---- the steps --------------------------------------------------------------------------------------------------------------


class Poller(NamedTuple):
    """A program that asks a feed: its share of all updates, how busy it is, how often it asks, and what an update costs it."""

    address: str
    share: float
    busy: Rates
    interval_s: float
    service: Figure


def _unasked(lag: Assumption, interval_s: float, _step: int, level: Level) -> tuple[Law, ...]:
    """As late as the feed has it, and until the feed is asked."""
    return (Law(1.0, lag.at(level), interval_s),)


def _worked_off(pollers: Sequence[Poller], step: int, level: Level) -> tuple[Law, ...]:
    """For each feed's share of the updates: what came in one answer is worked off one by one, then its own turn.

    Of a program that is busy for a part of the time, that part of the interval is what the answers of one interval take.
    """
    return tuple(
        Law(
            one.share,
            NEVER if one.busy[step] >= 1.0 else 0.0,
            float(one.busy[step]) * one.interval_s,
            1,
            one.service.at(level),
        )
        for one in pollers
    )


def _call(time: Figure, _step: int, level: Level) -> tuple[Law, ...]:
    """One call of what takes so long."""
    return (Law(1.0, calls=1, call_s=time.at(level)),)


def _collected(interval: Figure, busy: Rates, step: int, level: Level) -> tuple[Law, ...]:
    """Sent at the next of the moments that an interval sets, behind the others whose turn is then."""
    held = interval.at(level)
    full = float(busy[step])
    return (Law(1.0, NEVER if full >= 1.0 else full * held / 2.0, held),)


def _queued(busy: Rates, service: Figure, step: int, level: Level) -> tuple[Law, ...]:
    """A turn at a processor: the time at M/M/1 is exponential."""
    left = 1.0 - float(busy[step])
    return (Law(1.0, NEVER if left <= 0 else 0.0, calls=1, call_s=service.at(level) / max(left, 1e-9)),)


@dataclass(frozen=True, slots=True)
class Reader:
    """How a function reads a log: records a second in all, in so many lanes, of which one key has a share."""

    per_s: Rates
    lanes: float
    hottest: float
    batch: float
    waits_s: float
    call: Figure
    sends: Rates
    send: Figure

    def laws(self, step: int, level: Level) -> tuple[Law, ...]:
        """The wait for a call, those of the batches before, and its own, in the lane of the hottest key and in another."""
        rate = float(self.per_s[step])
        other = (1.0 - self.hottest) * rate / self.lanes
        return (
            *self._lane(self.hottest, other + self.hottest * rate, step, level),
            *self._lane(1.0 - self.hottest, other, step, level),
        )

    def _lane(self, share: float, rate: float, step: int, level: Level) -> Iterator[Law]:
        come = rate * self.waits_s
        sent = min(come, self.batch) * float(self.sends[step]) * self.send.at(level)
        call_s = self.call.at(level) + sent
        new = self._new(call_s, level)
        batches = max(1, math.ceil(come / self.batch - 1e-9))
        if come and come / self.batch * call_s >= self.waits_s:
            yield Law(share, NEVER)
            return
        for batch in range(batches):
            part = min(1.0, (come - batch * self.batch) / self.batch) * self.batch / come if batches > 1 else 1.0
            span_s = part * self.waits_s
            left_s = max(0.0, self.waits_s - batch * self.waits_s * self.batch / max(come, 1e-9) - span_s)
            for chance, start_s in ((1.0 - new, 0.0), (new, limit("lambda.cold_start_s").at(level))):
                yield Law(share * part * chance, left_s + start_s, span_s, batch + 1, call_s)

    def _new(self, call_s: float, level: Level) -> float:
        """The share of the calls that meet a new environment: one for each that Lambda replaces after its time."""
        return min(1.0, call_s / (3600.0 * limit("lambda.environment_h").at(level)))


ASSUMED: Final = ("kinesis.put_s", "lambda.hold_s", "dynamodb.stream_lag_s", "lambda.cold_start_s", "lambda.delivery_s")
"""The times that nobody publishes; each end of their ranges is taken for all of them together."""


def pushes(
    flow: Flow, courses: Sequence[Course], backlogs: Sequence[Backlog], lags: Mapping[str, Assumption]
) -> Pushes:
    """The way of the feeds' updates to the clients; `lags` are of the feeds that have one.

    Raises UnknownDelayError where it is not followed.
    """
    network, name = flow.network, flow.network.stack
    ends = [one for one in flow.traffic if one.unit == "delivery"]
    feeds = [one for one in flow.traffic if one.unit == "record" and one.fixed > 0]
    if len(ends) != 1 or not feeds:
        raise UnknownDelayError(
            f"{name} has {'no feed' if not feeds else f'{len(feeds)} feeds' if feeds[1:] else 'one feed'} that sends records, "
            f"and pushes {'nothing' if not ends else f'{len(ends)} kinds of updates' if ends[1:] else 'one kind of update'}"
        )
    end = network.stations[ends[0].enters]
    if any(network.stations[one.enters].kind not in COMPUTE for one in feeds):
        raise UnknownDelayError(f"{name}: a feed is posted and not polled, and what it waits for is not known")
    ways = {_way(flow, one.enters, frozenset(senders(network, end.address))) for one in feeds}
    if len(ways) != 1:
        raise UnknownDelayError(f"{name}: the updates of its feeds go {len(ways)} ways, and one is followed")
    total = sum(one.fixed for one in feeds)
    pollers = {one.name: _poller(flow, one, one.fixed / total) for one in feeds}
    hops = [_polled(tuple(pollers.values()))]
    for link in next(iter(ways)):
        hops += _along(flow, link, end)
    hops += _sent(flow, end)
    late = [one for one in courses if one.name == ends[0].name and float((one.refused + one.unmet).max()) > LOST]
    passed = {(link.source, link.target) for way in ways for link in way}
    behind = [one.refused + one.unmet > LOST for one in late]
    behind += [one.age_s > GRID_S for one in backlogs if (one.log, one.reader) in passed]
    if behind:
        hops.append(Hop("what waits or is refused", end.address, partial(_behind, np.any(behind, axis=0))))
    own = {
        name: (
            Hop(UNASKED, one.address, partial(_unasked, lags[name], one.interval_s)),
            _polled((one._replace(share=1.0),)),
        )
        for name, one in pollers.items()
        if name in lags
    }
    return Pushes(tuple(hops), len(flow.people), own)


def _polled(pollers: tuple[Poller, ...]) -> Hop:
    """The programs that ask the feeds, as a step."""
    return Hop("worked off by who polls", pollers[0].address, partial(_worked_off, pollers))


def _behind(behind: npt.NDArray[np.bool_], step: int, _level: Level) -> tuple[Law, ...]:
    return (Law(1.0, NEVER if behind[step] else 0.0),)


def _way(flow: Flow, start: str, last: frozenset[str]) -> tuple[Link, ...]:
    """The links from a program that polls, by logs and tables whose changes are read, to who sends; the shortest of them."""
    ways: list[tuple[str, tuple[Link, ...]]] = [(start, ())]
    seen = {start}
    for at, way in ways:
        if at in last:
            return way[1:]  # what the program writes to is where the feeds' ways meet
        for link in flow.network.out[at]:
            goes = link.role == "log" or (link.role == "ask" and link.writes)
            if goes and link.target not in seen:
                seen.add(link.target)
                ways.append((link.target, (*way, link)))
    raise UnknownDelayError(f"{flow.network.stack}: no log or table leads from {start} to who sends the updates")


def _poller(flow: Flow, feed: Traffic, share: float) -> Poller:
    """The program that asks a feed, which brings such a share of the updates."""
    station = flow.network.stations[feed.enters]
    own = next((each for each in station.limits if "record" in each.costs and each.capacity.unit == "vCPU"), None)
    if own is None or station.asks_s is None:
        raise UnknownDelayError(
            f"{flow.network.stack}: how often {station.address} asks its feed, and what an update costs it, is not known; "
            "name the variable feed_interval_s in gameday.toml"
        )
    service = own.costs["record"].times(1.0 / own.capacity.value)
    return Poller(station.address, share, _busy(flow, station), station.asks_s.value, service)


def _busy(flow: Flow, station: Station) -> Rates:
    """How busy the processors of a program are."""
    found = np.zeros_like(flow.people)
    for each in station.limits:
        if each.capacity.unit == "vCPU":
            asked = asked_of((station,), each, flow.load, "value", len(flow.people), flow.running)
            found = np.maximum(found, asked / np.maximum(flow.available(station, each), 1e-9))
    return found


def _along(flow: Flow, link: Link, end: Station) -> Iterator[Hop]:
    """What a link adds: the write into a log is a call, and a function that reads one has its reader's times."""
    source, target = flow.network.stations[link.source], flow.network.stations[link.target]
    if link.role != "log" or target.kind != "function":
        return
    if source.kind not in {"stream", "table"} or link.batch is None or link.waits_s is None:
        raise UnknownDelayError(f"{flow.network.stack}: how {target.address} reads {source.address} is not followed")
    written = published(limit("kinesis.put_s" if source.kind == "stream" else "dynamodb.stream_lag_s"))
    yield Hop(
        "in the stream" if source.kind == "stream" else "in the table's changes",
        source.address,
        partial(_call, written),
    )
    unit: Unit = "record" if source.kind == "stream" else "write"
    lanes = next((one for one in source.limits if one.capacity.unit == "batch" and target.address in one.name), None)
    hottest = [one.costs[unit].value for one in source.limits if unit in one.costs and HOTTEST in one.name]
    per_s = flow.load.get(target.address, {}).get("record", np.zeros_like(flow.people))
    if lanes is None:
        raise UnknownDelayError(
            f"{flow.network.stack}: how many batches of {source.address} are read at once is not known"
        )
    sends = np.zeros_like(per_s)
    if any(one.role == "deliver" and one.target == end.address for one in flow.network.out[target.address]):
        sent_s = flow.load.get(target.address, {}).get("delivery", sends)
        sends = np.where(per_s > 0, sent_s / np.maximum(per_s, 1e-9), 0.0)
    reader = Reader(
        per_s, lanes.capacity.value, max(hottest, default=0.0), link.batch.value, link.waits_s.value,
        published(limit("lambda.hold_s")), sends, published(limit("lambda.delivery_s")),
    )  # fmt: skip
    yield Hop("read and worked on", target.address, reader.laws)


def _sent(flow: Flow, end: Station) -> Iterator[Hop]:
    """A program that keeps the connections sends by itself; what a gateway keeps has been sent by the function."""
    if end.kind not in COMPUTE:
        return
    busy = _busy(flow, end)
    if end.collects_s is not None:
        yield Hop("collected and sent", end.address, partial(_collected, end.collects_s, busy))
    else:
        cost = next(each.costs["delivery"] for each in end.limits if "delivery" in each.costs)
        yield Hop("sent", end.address, partial(_queued, busy, cost))
