"""Queueing formulas: exact where theory has them, each with its source.

Symbols: `arrival_rate` customers per second, `service_rate` completions per second of one server, `offered_load` = arrival rate
over service rate (erlangs), `servers` how many serve at once. Every function raises ValueError outside its domain.

Sources: L. Kleinrock, *Queueing Systems* I (1975); D. Gross, C. Harris, *Fundamentals of Queueing Theory* (4th ed., 2008);
M. Harchol-Balter, *Performance Modeling and Design of Computer Systems* (2013); C. Palm's Erlang A after S. Zeltyn and
A. Mandelbaum, *Call centers with impatient customers* (2005).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

SMALLEST_WEIGHT = 1e-18
"""States whose weight is this much below the largest so far are left out of an endless sum."""

LARGEST_CROWD = 1_000_000
"""Beyond so many users a closed system is solved by its asymptotes: their error is then far below any other."""

LARGEST_WEIGHT = 1e200
"""Weights of states are scaled down when they pass this, so that no sum overflows."""


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue in its steady state."""

    utilisation: float
    throughput_per_s: float
    mean_wait_s: float
    mean_response_s: float
    mean_number: float
    wait_probability: float
    loss_probability: float = 0.0


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{name} must be above zero and finite, not {value}")


def _not_negative(**values: float) -> None:
    for name, value in values.items():
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"{name} must not be negative and must be finite, not {value}")


def number_in_system(throughput_per_s: float, response_s: float) -> float:
    """The mean number of customers inside, N = X R. J. D. C. Little, Operations Research 9 (1961)."""
    _not_negative(throughput_per_s=throughput_per_s, response_s=response_s)
    return throughput_per_s * response_s


def utilisation(arrival_rate: float, service_rate: float, servers: int = 1) -> float:
    """The share of the time that a server is busy, lambda / (c mu); above 1 means overload."""
    _not_negative(arrival_rate=arrival_rate)
    _positive(service_rate=service_rate, servers=servers)
    return arrival_rate / (servers * service_rate)


def mm1(arrival_rate: float, service_rate: float) -> Queue:
    """One server, Poisson arrivals, exponential service: M/M/1. Kleinrock, section 3.2. Overload raises ValueError."""
    return mmc(arrival_rate, service_rate, 1)


def erlang_b(offered_load: float, servers: int) -> float:
    """The share of calls lost by `servers` lines without a queue, by the recursion B(c) = a B(c-1) / (c + a B(c-1)).

    A. K. Erlang, 1917; the recursion is stable for any size (Harchol-Balter, section 15.3).
    """
    _not_negative(offered_load=offered_load, servers=servers)
    blocked = 1.0
    for line in range(1, servers + 1):
        blocked = offered_load * blocked / (line + offered_load * blocked)
    return blocked


def erlang_c(offered_load: float, servers: int) -> float:
    """The share of customers who have to wait for one of `servers` servers: M/M/c. 1 from saturation on.

    From Erlang B: C = B / (1 - rho (1 - B)). Gross and Harris, section 2.3.
    """
    _not_negative(offered_load=offered_load)
    _positive(servers=servers)
    rho = offered_load / servers
    if rho >= 1.0:
        return 1.0
    blocked = erlang_b(offered_load, servers)
    return blocked / (1.0 - rho * (1.0 - blocked))


def mmc(arrival_rate: float, service_rate: float, servers: int) -> Queue:
    """Several servers, one queue without end: M/M/c. Overload raises ValueError: such a queue has no steady state."""
    _not_negative(arrival_rate=arrival_rate)
    rho = utilisation(arrival_rate, service_rate, servers)
    if rho >= 1.0:
        raise ValueError(f"utilisation is {rho:.3f}; an open queue grows without end from 1 on")
    waits = erlang_c(arrival_rate / service_rate, servers)
    wait_s = waits / (servers * service_rate - arrival_rate)
    response_s = wait_s + 1.0 / service_rate
    return Queue(rho, arrival_rate, wait_s, response_s, arrival_rate * response_s, waits)


@dataclass(frozen=True, slots=True)
class _Weights:
    """Steady-state weights of a birth-and-death chain as sums, which is all that the means need."""

    total: float
    number: float
    waiting: float
    busy: float
    arrivals: float
    delayed: float
    last: float
    abandoned: float


def _birth_and_death(
    births: Callable[[int], float],
    deaths: Callable[[int], float],
    servers: int,
    capacity: int | None,
    abandon: Callable[[int], float] = lambda _state: 0.0,
) -> _Weights:
    """Sums over the states 0..capacity; without a capacity, until states weigh nothing any more.

    The weight of a state is that of the one before times births over deaths; all are scaled down together when they grow large.
    """
    weight = 1.0
    total = number = waiting = busy = arrivals = delayed = abandoned = 0.0
    largest = 1.0
    state = 0
    while True:
        rate_in = births(state)
        total += weight
        number += state * weight
        waiting += max(0, state - servers) * weight
        busy += min(state, servers) * weight
        arrivals += rate_in * weight
        delayed += rate_in * weight if state >= servers else 0.0
        abandoned += abandon(state) * weight
        if state == capacity:
            break
        following = weight * rate_in / deaths(state + 1)
        shrinking = following < weight
        if capacity is None and shrinking and following < SMALLEST_WEIGHT * largest:
            break
        weight = following
        largest = max(largest, weight)
        state += 1
        if weight > LARGEST_WEIGHT:
            scale = 1.0 / weight
            weight = 1.0
            largest = max(1.0, largest * scale)
            total, number, waiting, busy = total * scale, number * scale, waiting * scale, busy * scale
            arrivals, delayed, abandoned = arrivals * scale, delayed * scale, abandoned * scale
    return _Weights(total, number, waiting, busy, arrivals, delayed, weight, abandoned)


def mmck(arrival_rate: float, service_rate: float, servers: int, places: int) -> Queue:
    """Several servers and room for `places` customers, those in service included; who finds it full is lost: M/M/c/K.

    Gross and Harris, section 2.4. Holds in overload too. With places = servers it is Erlang B.
    """
    _not_negative(arrival_rate=arrival_rate)
    _positive(service_rate=service_rate, servers=servers)
    if places < servers:
        raise ValueError(f"there must be at least as many places ({places}) as servers ({servers})")
    sums = _birth_and_death(
        lambda _state: arrival_rate, lambda state: min(state, servers) * service_rate, servers, places
    )
    lost = sums.last / sums.total
    served = arrival_rate * (1.0 - lost)
    number = sums.number / sums.total
    wait_s = sums.waiting / sums.total / served if served else 0.0
    delayed = (sums.delayed / sums.total - arrival_rate * lost) / served if served else 0.0
    return Queue(
        utilisation=sums.busy / sums.total / servers,
        throughput_per_s=served,
        mean_wait_s=wait_s,
        mean_response_s=wait_s + 1.0 / service_rate,
        mean_number=number,
        wait_probability=delayed,
        loss_probability=lost,
    )


def erlang_a(arrival_rate: float, service_rate: float, servers: int, patience_s: float) -> Queue:
    """Several servers; customers who wait leave after an exponential patience with mean `patience_s`: M/M/c+M.

    `loss_probability` is the share that leaves, `mean_wait_s` the mean over everybody. Holds in overload too. A web server
    differs in one point: it also executes the requests of those who have left.
    """
    _not_negative(arrival_rate=arrival_rate)
    _positive(service_rate=service_rate, servers=servers, patience_s=patience_s)
    leaving = 1.0 / patience_s
    sums = _birth_and_death(
        lambda _state: arrival_rate,
        lambda state: min(state, servers) * service_rate + max(0, state - servers) * leaving,
        servers,
        None if arrival_rate else 0,
        lambda state: max(0, state - servers) * leaving,
    )
    left = sums.abandoned / sums.arrivals if sums.arrivals else 0.0
    wait_s = sums.waiting / sums.arrivals if sums.arrivals else 0.0
    served = arrival_rate * (1.0 - left)
    return Queue(
        utilisation=sums.busy / sums.total / servers,
        throughput_per_s=served,
        mean_wait_s=wait_s,
        mean_response_s=sums.number / sums.arrivals if sums.arrivals else 1.0 / service_rate,
        mean_number=sums.number / sums.total,
        wait_probability=sums.delayed / sums.arrivals if sums.arrivals else 0.0,
        loss_probability=left,
    )


def finite_source(users: int, think_s: float, service_rate: float, servers: int) -> Queue:
    """A fixed number of users who think, ask, wait for the answer and think again: M/M/c//N, the machine-repair model.

    Exact for polling clients; below the knee it meets M/M/c, above it the response is N / X - Z. Kleinrock, section 3.8. Above
    LARGEST_CROWD users these two asymptotes stand in for the sum over all states.
    """
    _not_negative(users=users)
    _positive(think_s=think_s, service_rate=service_rate, servers=servers)
    if users == 0:
        return Queue(0.0, 0.0, 0.0, 1.0 / service_rate, 0.0, 0.0)
    most = servers * service_rate
    if users > LARGEST_CROWD:
        rate = users / (think_s + 1.0 / service_rate)
        if rate < most:
            return mmc(rate, service_rate, servers)
        response = users / most - think_s
        return Queue(1.0, most, response - 1.0 / service_rate, response, most * response, 1.0)
    sums = _birth_and_death(
        lambda state: (users - state) / think_s,
        lambda state: min(state, servers) * service_rate,
        servers,
        None,  # nobody is left to come at `users`, so the sum ends there at the latest
    )
    throughput = sums.busy / sums.total * service_rate
    number = sums.number / sums.total
    response_s = number / throughput
    return Queue(
        utilisation=sums.busy / sums.total / servers,
        throughput_per_s=throughput,
        mean_wait_s=max(0.0, response_s - 1.0 / service_rate),
        mean_response_s=response_s,
        mean_number=number,
        wait_probability=sums.delayed / sums.arrivals,
    )


def knee_users(think_s: float, capacity_per_s: float, response_s: float = 0.0) -> float:
    """The number of polling users at which a station saturates, N* = X (Z + R0); with X = v / D this is Z v / D.

    Operational bounds: P. Denning, J. Buzen, Computing Surveys 10 (1978). `response_s` is the response time without a queue.
    """
    _positive(think_s=think_s)
    _not_negative(capacity_per_s=capacity_per_s, response_s=response_s)
    return capacity_per_s * (think_s + response_s)


def overload_response_s(users: float, think_s: float, capacity_per_s: float) -> float:
    """The response time of polling users beyond the knee, R = N / X - Z; zero below it (the asymptotic bound)."""
    _not_negative(users=users)
    _positive(think_s=think_s, capacity_per_s=capacity_per_s)
    return max(0.0, users / capacity_per_s - think_s)


def cpu_s_from_knee(users: float, think_s: float, vcpu: float) -> float:
    """CPU seconds per request that put the knee at `users`: D = Z v / N*. The inversion for a service nobody has measured."""
    _positive(users=users, think_s=think_s, vcpu=vcpu)
    return think_s * vcpu / users


def usl_throughput(concurrency: float, gamma: float, alpha: float, beta: float) -> float:
    """Universal scalability law: throughput at a concurrency N, gamma N / (1 + alpha (N - 1) + beta N (N - 1)).

    N. Gunther, *Guerrilla Capacity Planning* (2007). `gamma` is the throughput at N = 1.
    """
    _not_negative(concurrency=concurrency, alpha=alpha, beta=beta)
    _positive(gamma=gamma)
    return gamma * concurrency / (1.0 + alpha * (concurrency - 1.0) + beta * concurrency * (concurrency - 1.0))


def stuck_for_ever(
    *,
    users: float,
    think_s: float,
    timeout_s: float,
    retries: float,
    backoff_s: float,
    capacity_per_s: float,
    backlog: float,
) -> bool:
    """Whether a short trigger leaves the service in a retry storm that does not end.

    It is so if the load of clients who only meet time-outs exceeds the capacity, N (r + 1) / (Z + (r + 1) T + r b) > X, and the
    backlog holds more than a time-out's worth of stale requests, B / X > T. Derived for this project, found again on a stand-in.
    """
    _not_negative(users=users, retries=retries, backoff_s=backoff_s, backlog=backlog)
    _positive(think_s=think_s, timeout_s=timeout_s, capacity_per_s=capacity_per_s)
    storm = users * (retries + 1) / (think_s + (retries + 1) * timeout_s + retries * backoff_s)
    return storm > capacity_per_s and backlog / capacity_per_s > timeout_s


def users_without_storm(
    *, think_s: float, timeout_s: float, retries: float, backoff_s: float, capacity_per_s: float
) -> float:
    """How many users a service may have so that no trigger leaves it stuck, whatever its backlog: the storm's load equals X.

    N = X (Z + (r + 1) T + r b) / (r + 1); from `stuck_for_ever`.
    """
    _not_negative(retries=retries, backoff_s=backoff_s, think_s=think_s)
    _positive(timeout_s=timeout_s, capacity_per_s=capacity_per_s)
    return capacity_per_s * (think_s + (retries + 1) * timeout_s + retries * backoff_s) / (retries + 1)


@dataclass(frozen=True, slots=True)
class FanOut:
    """One message to many open connections: `wait_s` on average until the first is written to, then `send_s` until the last.

    `utilisation` is the share of the processor that the messages of a second take; from 1 on nothing is stable.
    """

    send_s: float
    wait_s: float
    utilisation: float

    @property
    def stable(self) -> bool:
        """Whether messages leave as fast as they come."""
        return self.utilisation < 1.0

    @property
    def mean_s(self) -> float:
        """The mean delay over all connections."""
        return self.wait_s + self.send_s / 2.0


def fan_out(
    connections: float, cpu_s_per_message: float, vcpu: float, messages_per_s: float, *, write_s: float = 0.0
) -> FanOut:
    """The delay of a message that a task writes to all its connections one after the other, as with server-sent events.

    Each costs `cpu_s_per_message`, so all take S = N c / v; a connection gets its turn after U(0, S). Messages that come at
    random wait for each other as in M/D/1, rho S / (2 (1 - rho)) with rho = rate x S (Pollaczek and Khinchine); endlessly from
    rho = 1. `write_s` is what the message needed to reach the task.
    """
    _not_negative(connections=connections, messages_per_s=messages_per_s, write_s=write_s)
    _positive(cpu_s_per_message=cpu_s_per_message, vcpu=vcpu)
    send_s = connections * cpu_s_per_message / vcpu
    busy = messages_per_s * send_s
    wait_s = busy * send_s / (2.0 * (1.0 - busy)) if busy < 1.0 else math.inf
    return FanOut(send_s, write_s + wait_s, busy)


def connections_held(cpu_s_per_message: float, vcpu: float, messages_per_s: float, within_s: float) -> float:
    """To how many connections a task may write so that the last has a message within `within_s`, and messages do not pile up."""
    _positive(cpu_s_per_message=cpu_s_per_message, vcpu=vcpu, messages_per_s=messages_per_s, within_s=within_s)
    return min(within_s, 1.0 / messages_per_s) * vcpu / cpu_s_per_message


@dataclass(frozen=True, slots=True)
class Freshness:
    """The age of an update when a fan sees it: a fixed wait plus independent delays, each uniform from zero to its span.

    A poll every Z seconds finds an update after U(0, Z); a cache with the lifetime T shows it after another U(0, T).
    """

    wait_s: float
    spans_s: tuple[float, ...]

    @property
    def mean_s(self) -> float:
        """The mean age."""
        return self.wait_s + sum(self.spans_s) / 2.0

    @property
    def worst_s(self) -> float:
        """The highest age possible."""
        return self.wait_s + sum(self.spans_s)

    def within(self, age_s: float) -> float:
        """The share of updates that are at most `age_s` old.

        Distribution of a sum of uniforms by inclusion and exclusion over its corners; W. Feller, *An Introduction to Probability
        Theory* II, section I.9, for unequal spans.
        """
        left = age_s - self.wait_s
        spans = [span for span in self.spans_s if span > 1e-9]
        if not spans:
            return 1.0 if left >= 0 else 0.0
        if left <= 0:
            return 0.0
        if left >= sum(spans):
            return 1.0
        total = math.fsum(
            (-1) ** size * max(0.0, left - sum(corner)) ** len(spans)
            for size in range(len(spans) + 1)
            for corner in combinations(spans, size)
        )
        return min(1.0, max(0.0, total / (math.factorial(len(spans)) * math.prod(spans))))

    def percentile_s(self, share: float) -> float:
        """The age that `share` of the updates do not exceed, by bisection."""
        if not 0.0 <= share <= 1.0:
            raise ValueError(f"a share lies between 0 and 1, not at {share}")
        low, high = self.wait_s, self.worst_s
        for _ in range(60):
            middle = (low + high) / 2.0
            if self.within(middle) < share:
                low = middle
            else:
                high = middle
        return high


def freshness(write_wait_s: float, poll_s: float, ttls_s: Sequence[float] = ()) -> Freshness:
    """The age of what a fan sees: the wait of the write, U(0, poll), and U(0, TTL) for every cache on the way."""
    _not_negative(write_wait_s=write_wait_s, poll_s=poll_s)
    for ttl_s in ttls_s:
        _not_negative(ttl_s=ttl_s)
    return Freshness(write_wait_s, (poll_s, *ttls_s))
