"""The night as one loop over time steps: users who poll, caches that answer, tasks with queues, and what AWS does about them.

A stochastic fluid: amounts are floats, arrivals and departures are drawn. Each step moves users between thinking, waiting in a
task's queue, waiting to send a connection request again, and waiting to retry. A queue is a row of age buckets; each bucket holds
amounts by class, where a class is the number of the attempt and of its connection request. What a client has given up on stays in
the queue as `gone` and is worked off all the same, as a synchronous worker does.

State lies in records and arrays of records, whose fields the compiler knows by name: `clock` says how long the rings are and
where the night is in them, `now` what changes from step to step, `step` what happens within one, `row` what is noted of a second.
All compiled functions stand in this file, because the compiler's cache looks at the file of the outermost function alone.

At most as many requests leave a queue as are in it: min(queue, Poisson(rate x step)). Drawing at most one completion per server
and step instead would cap the capacity and is wrong by orders of magnitude near saturation.

The source is plain Python that numba compiles; see `compiled`.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from analysis.night.compiled import array_of, compiled, inlined, layout, records


class Setting(NamedTuple):
    """Every number the night depends on, besides audience, routes, policies and faults. Times in seconds."""

    step_s: float
    bucket_s: float
    noise: bool  # False: the mean of every draw in its place
    # Clients
    think_s: float
    timeout_s: float
    retries: int
    backoff_s: float
    hangup_per_s: float
    connection_tries: int  # 1 + retransmissions of the connection request
    network_s: float
    edge_answer_s: float
    publisher_per_s: float
    # Caches
    edge_caches: float
    shield: bool
    cache_ttl_s: float  # of the shared cache; 0 without one
    purge_s: float
    # Tasks
    vcpu: float
    workers: float
    event_loop: bool
    backlog: float
    cpu_miss_s: float
    cpu_hit_s: float
    database_s: float
    cold_s: float
    cold_factor: float
    start_median_s: float
    start_sigma: float
    tasks_at_start: int
    tasks_min: int
    tasks_max: int
    task_rows: int
    minimum_healthy: float
    maximum: float
    breaker_after: (
        float  # tasks that fail to start until a deployment is rolled back; infinite without a circuit breaker
    )
    grace_s: float
    stop_timeout_s: float
    zones: int
    # Balancer
    balanced: bool  # False: no balancer, so no health check
    least_outstanding: bool
    check_interval_s: float
    check_timeout_s: float
    check_unhealthy: int
    check_healthy: int
    deregistration_s: float
    slow_start_s: float
    # Scaling
    alarm_lag_s: float
    out_datapoints: int
    in_datapoints: int
    in_share: float
    # Database
    database: bool
    database_vcpu: float
    database_readers: int  # primary and replicas
    replica_vcpu: float
    replica_lag_s: float  # without load
    proxied: bool  # a proxy shares its connections among the tasks, which wait for one instead of being refused
    database_connections: float
    connections_per_task: float
    failover_s: float
    credits_limited: bool  # whether the class falls to its baseline without credits
    credits: float  # vCPU-minutes at the start
    credits_max: float
    credits_per_s: float
    baseline_vcpu: float
    io_per_read: float
    io_per_write: float
    io_baseline_per_s: float
    io_burst_per_s: float
    io_credits: float
    io_credits_max: float
    # Connections that stay
    streams_per_user: float = 0.0
    stream_life_s: float = math.inf
    stream_pause_s: float = 1.0  # until a client that has lost its connection opens another, on average
    streams_each: float = math.inf  # what a task holds at most
    stream_share: float = 1.0  # of the updates goes over each connection
    delivery_cpu_s: float = 0.0
    connect_cpu_s: float = 0.0


TASK = layout(
    "ready_at born fails passes next_check drain_until queue rate share can took streams owed spent",
    "state zone oldest",
    "doomed healthy bad",
)
"""One task: `took` came to it in this step, `can` is what it could work off, and `share` is its part of what comes.

`streams` are the connections that it holds, `owed` what it has yet to send over them, `spent` its processor for that."""

NONE, STARTING, RUNNING, DRAINING, DEAD = range(5)

SECOND = layout(
    # Counted over the second: `requests` are the users' attempts, those that the edge answers included; `reached` those that
    # reach the balancer, the publisher's among them; `answered` by a task, in time and without error; `errors` given up after
    # the last attempt; `unavailable` found no target at all.
    "requests edge_answers reached answered failed_attempts errors timeouts refused unavailable killed database_errors hung_up "
    "worked_in_vain cpu_s cache_hits cache_lookups database_requests database_writes published publish_pending_s "
    # Read at its end.
    "users waiting retrying running healthy unhealthy desired starting connections credits io_credits database_busy "
    "reaching_share cpu replica_busy replica_lag_s "
    # Connections that stay: asked for, refused, broken and sent over in the second; held, missing, and how long sending took.
    "connects connects_refused streams_lost deliveries streams streams_away delivery_s"
)
"""What is noted each second."""

BECAME = (
    "answered", "timeouts", "refused", "unavailable", "killed", "database_errors", "hung_up", "waiting", "resending",
)  # fmt: skip
"""What can become of an attempt that reached the service."""

TOTALS = layout(
    f"reached {' '.join(BECAME)} astray connects connects_refused streams_opened streams_ended",
    "events",
)
"""The whole night: attempts that reached the service, and what became of each; `waiting` and `resending` are not over at its end.

`astray` is users present less the sum of where they are, and `events` how many there were, kept or not. Of connections that stay,
those asked for were refused or opened, and what was opened ended or is held.
"""

EVENT = layout("second subject amount", "kind")

CLOCK = layout(
    "dt bucket_s room poll_share",
    "per_second bucket_steps attempts tries classes publisher gone buckets longest_wait longest_timeout longest_backoff "
    "second minute part at_backoff at_resend at_timeout current in_bucket",
)
"""How long a step, a bucket and the rings are, and where the night is in them. `room` is what a task can hold.

A class below `publisher` is attempt x tries + try of its connection request; `gone` is what nobody waits for any more.
"""

NOW = layout(
    "present thinking debt in_queue resending retrying giving pool published_waiting rate_seen fetch_s reach asking writing "
    "cpu_s base_s share_sum slowest_rate largest_share database_work refused_share refused_writes database_per_s "
    "processor_credits io_credits replica_lag_s connections database_busy replica_busy "
    "minute_cpu minute_busy minute_requests minute_targets minute_streams away",
    "desired targets highest running healthy unhealthy starting purged_until database_down_until ended lost_zone",
    "was_down exhausted low_credits low_io fail_open backlog_full deploying faulty holds_no_more",
)
"""Where everybody and everything is. `debt` are users who have left but whose request is still under way."""

STEP = layout("total placed claimed slowed quick quick_wait quick_part worked", "", "calm")
"""One step: what comes, finds room, could be worked off, is answered within it (`quick`), and was worked off."""


class Fleet(NamedTuple):
    """The tasks, what waits in their queues by age and class, and how much has entered each bucket of them."""

    tasks: Any
    queue: Any
    entered: Any


class Classes(NamedTuple):
    """Amounts by class in this step, by attempt what failed, and how long a class has waited before it came."""

    arriving: Any
    done: Any
    failed: Any
    waited_s: Any


class Rings(NamedTuple):
    """Who comes again, by the step in which: connection requests, clients that will give up, and retries by attempt."""

    resend: Any
    giving_up: Any
    retry: Any


MINUTE = layout("cpu requests tasks streams")
"""The metrics of a minute that scaling follows: percent, requests per target, tasks, connections that a task holds."""

POLICY = layout("above below next_out next_in")
"""What a scaling policy remembers: datapoints above and below its target, and the earliest next step out and in."""

SERVICE = layout("", "active fresh fresh_up healthy most")
"""What the scheduler counts: tasks, those not to be replaced, those of them that answer, those healthy; and its maximum."""


class State(NamedTuple):
    """Everything that changes during a night. `minutes` and `memory` are those of MINUTE and POLICY."""

    clock: Any
    now: Any
    step: Any
    service: Any
    fleet: Fleet
    classes: Classes
    rings: Rings
    minutes: Any
    memory: Any


class Given(NamedTuple):
    """The users of each second, routes, faults, and the two kinds of scaling policies: rows of the columns below."""

    users: Any
    routes: Any
    faults: Any
    tracking: Any
    steps: Any


class Noted(NamedTuple):
    """What a night leaves behind: its seconds, the two histograms of times by minute with their extremes, events and totals."""

    seconds: Any
    latency: Any
    latency_extremes: Any
    response: Any
    response_extremes: Any
    events: Any
    totals: Any


# Routes: one row each.
R_SHARE, R_EDGE_TTL, R_OBJECTS, R_SHARED, R_WRITES = range(5)
# Target tracking policies: one row each.
T_METRIC, T_TARGET, T_OUT_COOLDOWN, T_IN_COOLDOWN = range(4)
# Bands of step scaling policies: one row each; rows of one policy stand together and share P_POLICY.
P_POLICY, P_METRIC, P_THRESHOLD, P_PERIODS, P_LOW, P_HIGH, P_KIND, P_CHANGE, P_COOLDOWN, P_LEAST = range(10)
METRIC_CPU, METRIC_REQUESTS, METRIC_STREAMS = range(3)
CHANGE_BY, CHANGE_PERCENT, CHANGE_TO = range(3)

FAULTS = ("zone-loss", "database-failover", "cdn-purge", "deployment", "bad-deployment", "disconnect")
ZONE_LOSS, FAILOVER, PURGE, DEPLOYMENT, BAD_DEPLOYMENT, DISCONNECT = range(6)

EVENTS = (
    "task started",
    "task stopped",
    "task killed with requests waiting",
    "task unhealthy",
    "task healthy again",
    "task lost with its zone",
    "scaled out",
    "scaled in",
    "deployment started",
    "deployment finished",
    "connections exhausted",
    "connections free again",
    "database down",
    "database up",
    "processor credits used up",
    "storage credits used up",
    "edge purged",
    "no healthy target, all get requests",
    "backlog full",
    "new task failed to start",
    "deployment rolled back",
    "connections broken",
    "no task holds more connections",
)
(
    E_STARTED,
    E_STOPPED,
    E_KILLED,
    E_UNHEALTHY,
    E_HEALTHY,
    E_LOST,
    E_OUT,
    E_IN,
    E_DEPLOY,
    E_DEPLOYED,
    E_EXHAUSTED,
    E_FREE,
    E_DB_DOWN,
    E_DB_UP,
    E_CREDITS,
    E_IO,
    E_PURGED,
    E_FAIL_OPEN,
    E_BACKLOG,
    E_BAD,
    E_ROLLED_BACK,
    E_BROKEN,
    E_HOLDS_NO_MORE,
) = range(23)

LEAST_LEFT = 0.001
"""The share of a processor that requests get at least, however much is to be sent over connections."""

TIME_BINS = 128
BINS_PER_OCTAVE = 8.0
FIRST_BIN_S = 0.001


@compiled
def time_bin(time_s: float) -> int:
    """The bin of a histogram of times: each octave from a millisecond to a minute in eight equal parts."""
    if time_s <= FIRST_BIN_S:
        return 0
    mantissa, exponent = math.frexp(time_s / FIRST_BIN_S)
    return min(TIME_BINS - 1, int((exponent - 1 + 2.0 * mantissa - 1.0) * BINS_PER_OCTAVE))


@compiled
def record(histogram: Any, extremes: Any, minute: int, time_s: float, amount: float) -> None:
    """Adds `amount` answers that took `time_s` to the minute's histogram, count, sum, minimum and maximum."""
    if amount <= 0.0:
        return
    histogram[minute, time_bin(time_s)] += amount
    extremes[minute, 0] += amount
    extremes[minute, 1] += amount * time_s
    extremes[minute, 2] = min(extremes[minute, 2], time_s)
    extremes[minute, 3] = max(extremes[minute, 3], time_s)


@compiled
def hit_share(rate_per_s: float, ttl_s: float, fetch_s: float) -> float:
    """The share of requests for one key that a cache answers when every request during a fetch fetches too: a stampede.

    A cycle is the fetch, during which all miss, and the lifetime: h = L T / (1 + L (T + R)). With R = 0 the renewal formula.
    """
    return rate_per_s * ttl_s / (1.0 + rate_per_s * (ttl_s + fetch_s))


@compiled
def shares(setting: Any, routes: Any, rate_per_s: float, fetch_s: float, purged: bool) -> tuple[float, float, float]:
    """The share of the users' requests that reaches the service, of those what asks the database, and of these the writes."""
    reaching = asking = writing = 0.0
    rate = max(rate_per_s, 1e-9)
    for row in range(routes.shape[0]):
        offered = rate * routes[row, R_SHARE]
        rest = offered
        ttl = 0.0 if purged else routes[row, R_EDGE_TTL]
        if ttl > 0.0:
            rest *= 1.0 - hit_share(rest / routes[row, R_OBJECTS] / setting.edge_caches, ttl, 0.0)
            if setting.shield:
                rest *= 1.0 - hit_share(rest / routes[row, R_OBJECTS], ttl, 0.0)
        reaching += rest
        if routes[row, R_SHARED] > 0.0 and setting.cache_ttl_s > 0.0:
            rest *= 1.0 - hit_share(rest / routes[row, R_OBJECTS], setting.cache_ttl_s, fetch_s)
        asking += rest
        if routes[row, R_WRITES] > 0.0:
            writing += rest
    return reaching / rate, asking / reaching if reaching > 0.0 else 0.0, writing / asking if asking > 0.0 else 0.0


@compiled
def note(events: Any, totals: Any, second: int, kind: int, subject: float, amount: float) -> None:
    """Writes one event into the first free row. Events beyond the last row are counted, not kept."""
    if totals.events < len(events):
        event = events[totals.events]
        event.second = second
        event.kind = kind
        event.subject = subject
        event.amount = amount
    totals.events += 1


@compiled
def full_rate(setting: Any, task: Any, second: float, cpu_s: float, wait_s: float) -> float:
    """Requests per second of a task whose workers are all busy, with a colder processor at first."""
    vcpu: float = setting.vcpu
    workers: float = setting.workers
    if second - task.born < setting.cold_s:
        vcpu /= setting.cold_factor
    if setting.event_loop:
        vcpu = min(vcpu, workers)
    if task.spent > 0.0:
        vcpu = max(vcpu - task.spent, LEAST_LEFT * vcpu)
    if setting.event_loop:
        return vcpu / cpu_s
    return min(vcpu / cpu_s, workers / (cpu_s + wait_s))


@compiled
def set_rates(setting: Any, clock: Any, now: Any, tasks: Any) -> None:
    """Every task's rate for the coming second, the lowest rate of a target and the largest share of the arrivals.

    A target that is dead counts as one without any rate. A request may use the whole processor until the share of its period is
    spent, so that its shortest time is that of its work and of its wait for the database.
    """
    now.cpu_s = (1.0 - now.asking) * setting.cpu_hit_s + now.asking * setting.cpu_miss_s
    wait_s = now.asking * setting.database_s
    now.base_s = now.cpu_s + wait_s
    slowest = math.inf
    now.largest_share = 0.0
    for j in range(now.highest):
        task = tasks[j]
        if task.state == NONE:
            continue
        task.rate = full_rate(setting, task, clock.second, now.cpu_s, wait_s)
        if task.share > 0.0:
            slowest = min(slowest, task.rate if task.state == RUNNING else 0.0)
            now.largest_share = max(now.largest_share, task.share / now.share_sum)
    now.slowest_rate = 0.0 if math.isinf(slowest) else slowest


@compiled
def draw(random: Any, mean: float, noise: bool) -> float:
    """A Poisson number of that mean, or the mean itself without noise.

    Small means by inversion; from ten up by the Cornish-Fisher expansion of a normal number, whose first three moments are right
    and which costs a tenth of an exact draw.
    """
    if mean <= 0.0 or not noise:
        return max(mean, 0.0)
    if mean >= 10.0:
        normal: float = random.standard_normal()
        return max(0.0, math.floor(mean + math.sqrt(mean) * normal + (normal * normal - 1.0) / 6.0 + 0.5))
    left = random.random()
    weight = math.exp(-mean)
    number = 0.0
    while left > weight and number < 100.0:
        left -= weight
        number += 1.0
        weight *= mean / number
    return number


# --- One step: who asks, to which task, and what becomes of it.


@inlined
def turn(clock: Any) -> None:
    """Moves the rings on by a step. They are counted by one, since a division costs as much as the rest of what they serve."""
    clock.at_backoff = clock.at_backoff + 1 if clock.at_backoff + 1 < clock.longest_backoff else 0
    clock.at_resend = clock.at_resend + 1 if clock.at_resend + 1 < clock.longest_wait else 0
    clock.at_timeout = clock.at_timeout + 1 if clock.at_timeout + 1 < clock.longest_timeout else 0
    clock.in_bucket += 1
    if clock.in_bucket == clock.bucket_steps:
        clock.in_bucket = 0
        clock.current = clock.current + 1 if clock.current + 1 < clock.buckets else 0


@inlined
def newcomers(users: Any, clock: Any, now: Any) -> float:
    """How many users come in this step. Those who go leave while they think; who is under way leaves once that is over."""
    second = clock.second
    crowd = users[second] + (users[second + 1] - users[second]) * (clock.part + 1) / clock.per_second
    new: float = crowd - now.present
    now.present = crowd
    if new < 0.0:
        now.debt -= new
        new = 0.0
    elif now.debt > 0.0:
        paid = min(now.debt, new)
        now.debt -= paid
        new -= paid
    if now.debt > 0.0:
        left = min(now.debt, now.thinking)
        now.thinking -= left
        now.debt -= left
    return new


@inlined
def ask(
    setting: Any,
    clock: Any,
    now: Any,
    step: Any,
    classes: Classes,
    rings: Rings,
    row: Any,
    totals: Any,
    new: float,
    random: Any,
) -> None:
    """Users who are done thinking, retries that are due, the publisher, and connection requests that are sent again."""
    tries, arriving = clock.tries, classes.arriving
    mean = now.thinking * clock.poll_share + new
    asked = min(draw(random, mean * now.reach, setting.noise), now.thinking + new)
    now.thinking += new - asked
    answered_by_edge = mean * (1.0 - now.reach)
    for k in range(1, clock.attempts):
        due = rings.retry[clock.at_backoff, k]
        if due > 0.0:
            rings.retry[clock.at_backoff, k] = 0.0
            now.retrying -= due
            arriving[k * tries] += due * now.reach
            now.thinking += due * (1.0 - now.reach)
            answered_by_edge += due * (1.0 - now.reach)
    arriving[0] += asked
    row.requests += answered_by_edge + asked
    row.edge_answers += answered_by_edge
    for k in range(1, clock.attempts):
        row.requests += arriving[k * tries]
    if setting.publisher_per_s > 0.0:
        written = draw(random, setting.publisher_per_s * clock.dt, setting.noise)
        if clock.part == 0:
            written += now.pool
            now.pool = 0.0
        arriving[clock.publisher] += written
    total = 0.0
    for c in range(clock.gone):
        total += arriving[c]
    row.reached += total
    totals.reached += total
    for c in range(clock.publisher):
        due = rings.resend[clock.at_resend, c]
        if due > 0.0:
            rings.resend[clock.at_resend, c] = 0.0
            now.resending -= due
            arriving[c] += due
            total += due
    step.total = total


@inlined
def is_calm(clock: Any, now: Any, total: float) -> bool:
    """Whether no task has a queue, and none gets more than it can do within the step, by five standard deviations."""
    dt = clock.dt
    spare = now.slowest_rate * dt - total * now.largest_share - 5.0
    calm = now.in_queue <= 1e-9 and spare > 0.0 and spare * spare > 25.0 * now.slowest_rate * dt and total > 0.0
    return calm and total * now.asking <= now.database_per_s * dt


@compiled
def load_of(task: Any, streams: bool) -> Any:
    """What a target has in hand: connections that stay, or requests."""
    return task.streams if streams else task.queue


@compiled
def water_level(now: Any, tasks: Any, total: float, streams: bool) -> float:
    """How far a target is filled up. Water finds its level: whoever has more gets nothing, the others get equally far."""
    held = 0.0
    for j in range(now.highest):
        if tasks[j].share > 0.0:
            held += load_of(tasks[j], streams)
    level: float = (held + total) / now.targets
    for _ in range(4):
        held = 0.0
        below = 0
        for j in range(now.highest):
            if tasks[j].share > 0.0 and load_of(tasks[j], streams) < level:
                held += load_of(tasks[j], streams)
                below += 1
        if below == 0:
            break
        level = (held + total) / below
        if below == now.targets:
            break
    return level


@inlined
def place(setting: Any, clock: Any, now: Any, step: Any, tasks: Any, random: Any) -> None:
    """What comes to each task, as far as it has room, and what it could work off of that and of its queue."""
    dt, total = clock.dt, step.total
    step.placed = step.claimed = 0.0
    level = water_level(now, tasks, total, False) if now.targets > 1 and setting.least_outstanding else 0.0
    for j in range(now.highest):
        task = tasks[j]
        if task.state in (NONE, STARTING):
            continue
        took = 0.0
        if total > 0.0 and task.share > 0.0:
            if now.targets == 1:
                took = total
            elif setting.least_outstanding:
                took = max(0.0, level - task.queue)
            else:
                took = total * task.share / now.share_sum
            took = min(took, total - step.placed)
            took = max(0.0, min(took, clock.room - task.queue))
            step.placed += took
        task.took = took
        held = task.queue + took
        taken = 0.0
        if held > 0.0 and task.state != DEAD:
            can = task.rate * dt
            if not setting.event_loop and held < setting.workers:
                can = min(can, max(held, 1.0) / now.base_s * dt)
            spare = can - held - 5.0
            taken = held  # a draw would fall below the queue once in millions
            if spare <= 0.0 or spare * spare <= 25.0 * can:
                taken = min(held, draw(random, can, setting.noise))
        task.can = taken
        step.claimed += taken
    step.slowed = 1.0
    if step.claimed * now.asking > now.database_per_s * dt:
        step.slowed = now.database_per_s * dt / (step.claimed * now.asking)


@inlined
def work(
    setting: Any, clock: Any, now: Any, step: Any, fleet: Fleet, classes: Classes, noted: Noted, row: Any, random: Any
) -> None:
    """Every task's step: who waits no longer than that is answered within it, the others queue and are worked off in order."""
    for j in range(now.highest):
        task = fleet.tasks[j]
        if task.state in (NONE, STARTING):
            continue
        took, held = task.took, task.queue
        taken = task.can * step.slowed
        if took + held <= 0.0:
            continue
        part_in = took / step.total if took > 0.0 else 0.0
        if held == 0.0 and taken >= took:
            step.quick_part += part_in
            step.quick += took
            load = min(0.9, took / (task.rate * clock.dt))
            step.quick_wait += took * load / (1.0 - load) / task.rate
            step.worked += took
            continue
        if held == 0.0:
            task.oldest = clock.current
        if took > 0.0:
            join(clock, now, fleet, classes, j, took, part_in)
        step.worked += taken
        work_off(setting, clock, now, fleet, classes, noted, row, j, taken)
        left = held + took - taken
        task.queue = left if left > 1e-9 else 0.0
        if task.queue == 0.0:
            clear(clock, fleet, j)
        elif setting.hangup_per_s > 0.0 and left > setting.workers:
            hang_up(setting, clock, now, fleet, classes, noted.totals, row, j, left, random)


@inlined
def join(clock: Any, now: Any, fleet: Fleet, classes: Classes, j: int, took: float, part_in: float) -> None:
    """A part of what arrives joins the newest bucket of a queue."""
    for c in range(clock.gone):
        amount = classes.arriving[c] * part_in
        fleet.queue[j, clock.current, c] += amount
        if c == clock.publisher:
            now.published_waiting += amount
    fleet.entered[j, clock.current] += took
    now.in_queue += took


@inlined
def work_off(
    setting: Any, clock: Any, now: Any, fleet: Fleet, classes: Classes, noted: Noted, row: Any, j: int, taken: float
) -> None:
    """Takes so many out of a queue, the oldest first, those included whom nobody waits for any more."""
    queue, entered = fleet.queue, fleet.entered
    oldest = int(fleet.tasks[j].oldest)
    bucket_age = (clock.in_bucket + 1) * clock.dt
    while taken > 0.0:
        inside = 0.0
        for c in range(clock.classes):
            inside += queue[j, oldest, c]
        if inside > 0.0:
            part_out = min(1.0, taken / inside)
            behind = (clock.current - oldest + clock.buckets) % clock.buckets
            width = bucket_age if behind == 0 else clock.bucket_s
            # First in, first out: what is left of a bucket says how far into it the head of the queue has come.
            came = width * (1.0 - inside * (1.0 - 0.5 * part_out) / entered[j, oldest])
            # Answers leave throughout the step: half of it earlier than its end, on average.
            age = max(0.0, behind * clock.bucket_s + bucket_age - came - 0.5 * clock.dt)
            for c in range(clock.classes):
                amount = queue[j, oldest, c] * part_out
                if amount <= 0.0:
                    continue
                queue[j, oldest, c] -= amount
                if c == clock.gone:
                    row.worked_in_vain += amount
                    continue
                classes.done[c] += amount
                if c == clock.publisher:
                    now.published_waiting -= amount
                    continue
                fine = amount * (1.0 - now.asking * now.refused_share)
                response_s = age + now.base_s
                record(noted.response, noted.response_extremes, clock.minute, response_s, fine)
                latency_s = response_s + classes.waited_s[c] + setting.network_s
                record(noted.latency, noted.latency_extremes, clock.minute, latency_s, fine)
            taken -= inside * part_out
            now.in_queue -= inside * part_out
            if part_out < 1.0:
                break
            for c in range(clock.classes):
                queue[j, oldest, c] = 0.0
        entered[j, oldest] = 0.0
        if oldest == clock.current:
            break
        oldest = (oldest + 1) % clock.buckets
    fleet.tasks[j].oldest = oldest


@inlined
def clear(clock: Any, fleet: Fleet, j: int) -> None:
    """Takes the last crumbs out of the buckets of a queue that is empty."""
    oldest = int(fleet.tasks[j].oldest)
    while True:
        fleet.entered[j, oldest] = 0.0
        for c in range(clock.classes):
            fleet.queue[j, oldest, c] = 0.0
        if oldest == clock.current:
            return
        oldest = (oldest + 1) % clock.buckets


@compiled
def hang_up(
    setting: Any,
    clock: Any,
    now: Any,
    fleet: Fleet,
    classes: Classes,
    totals: Any,
    row: Any,
    j: int,
    inside: float,
    random: Any,
) -> None:
    """Some of those who wait in a queue leave it before their time is over."""
    task = fleet.tasks[j]
    waiting = inside - setting.workers
    leaving = min(waiting, draw(random, waiting * setting.hangup_per_s * clock.dt, setting.noise)) / inside
    for b in range(clock.buckets):
        for c in range(clock.publisher):
            amount = fleet.queue[j, b, c] * leaving
            fleet.queue[j, b, c] -= amount
            fleet.entered[j, b] -= amount
            task.queue -= amount
            now.in_queue -= amount
            row.hung_up += amount
            totals.hung_up += amount
            classes.failed[c // clock.tries] += amount


@inlined
def answer_quickly(setting: Any, clock: Any, now: Any, step: Any, classes: Classes, noted: Noted, random: Any) -> None:
    """Answers within the step. Waits are those of M/M/1, with the mean rho / (1 - rho) / rate, and answers exponential."""
    for c in range(clock.gone):
        classes.done[c] += classes.arriving[c] * step.quick_part
    mean_s = now.base_s + step.quick_wait / step.quick
    spread = random.standard_exponential() if setting.noise else 1.0
    record(noted.response, noted.response_extremes, clock.minute, mean_s * spread, step.quick)
    record(noted.latency, noted.latency_extremes, clock.minute, mean_s * spread + setting.network_s, step.quick)


@inlined
def answer(setting: Any, clock: Any, now: Any, step: Any, classes: Classes, row: Any, totals: Any) -> None:
    """What was worked off becomes answers, or errors where the database did not take it."""
    row.cpu_s += step.worked * now.cpu_s
    row.database_requests += step.worked * now.asking
    row.database_writes += step.worked * now.asking * now.writing
    if setting.cache_ttl_s > 0.0:
        row.cache_hits += step.worked * (1.0 - now.asking)
        row.cache_lookups += step.worked
    now.database_work += step.worked * now.asking
    done = classes.done
    for c in range(clock.publisher):
        if done[c] > 0.0:
            bad = done[c] * now.asking * now.refused_share
            good = done[c] - bad
            row.answered += good
            totals.answered += good
            now.thinking += good
            if bad > 0.0:
                row.database_errors += bad
                totals.database_errors += bad
                classes.failed[c // clock.tries] += bad
            done[c] = 0.0
    written = done[clock.publisher]
    if written > 0.0:
        bad = written * now.refused_writes
        row.published += written - bad
        row.database_writes += written * (1.0 - now.asking * now.writing)
        row.database_requests += written * (1.0 - now.asking)
        now.database_work += written * (1.0 - now.asking)
        totals.answered += written - bad
        totals.database_errors += bad
        now.pool += bad
        done[clock.publisher] = 0.0


@compiled
def turn_away(
    setting: Any,
    clock: Any,
    now: Any,
    step: Any,
    classes: Classes,
    rings: Rings,
    noted: Noted,
    row: Any,
    passing: float,
) -> None:
    """Who found no room: connection requests are sent again until the client gives up; without a target it fails at once."""
    arriving, waited_s, totals = classes.arriving, classes.waited_s, noted.totals
    if now.targets > 0 and not now.backlog_full and step.total - step.placed > 0.5:
        now.backlog_full = True
        note(noted.events, totals, clock.second, E_BACKLOG, -1.0, step.total - step.placed)
    for c in range(clock.publisher):
        over = arriving[c] * (1.0 - passing)
        if over <= 0.0:
            continue
        k = c // clock.tries
        if now.targets == 0:
            row.unavailable += over
            totals.unavailable += over
            classes.failed[k] += over
        elif c % clock.tries + 1 < clock.tries and waited_s[c + 1] < setting.timeout_s:
            wait = round((waited_s[c + 1] - waited_s[c]) / clock.dt)
            rings.resend[(clock.at_resend + wait) % clock.longest_wait, c + 1] += over
            now.resending += over
        else:
            wait = max(1, int((setting.timeout_s - waited_s[c]) / clock.dt))
            rings.giving_up[(clock.at_timeout + wait) % clock.longest_timeout, k] += over
            now.giving += over
    over = arriving[clock.publisher] * (1.0 - passing)
    if over > 0.0:
        now.pool += over
        if now.targets == 0:
            totals.unavailable += over
            row.unavailable += over
        else:
            totals.refused += over
            row.refused += over


@inlined
def give_up(clock: Any, now: Any, classes: Classes, rings: Rings, row: Any, totals: Any) -> None:
    """Clients whose connection request was never accepted reach their timeout."""
    for k in range(clock.attempts):
        due = rings.giving_up[clock.at_timeout, k]
        if due > 0.0:
            rings.giving_up[clock.at_timeout, k] = 0.0
            now.giving -= due
            row.refused += due
            totals.refused += due
            classes.failed[k] += due


@compiled
def grow_older(setting: Any, clock: Any, now: Any, fleet: Fleet, classes: Classes, row: Any, totals: Any) -> None:
    """A bucket is full: the one after it becomes free, and clients whose time is over wait no longer."""
    queue, entered = fleet.queue, fleet.entered
    following = (clock.current + 1) % clock.buckets
    for j in range(now.highest):
        task = fleet.tasks[j]
        if task.queue <= 0.0:
            continue
        if task.oldest == following:
            after = (following + 1) % clock.buckets
            for c in range(clock.classes):
                queue[j, after, c] += queue[j, following, c]
                queue[j, following, c] = 0.0
            entered[j, after] += entered[j, following]
            entered[j, following] = 0.0
            task.oldest = after
        for c in range(clock.publisher):
            back = math.ceil((setting.timeout_s - classes.waited_s[c]) / clock.bucket_s - 1e-9)
            if back < 1:
                continue
            b = (following - back + clock.buckets) % clock.buckets
            amount = queue[j, b, c]
            if amount > 0.0:
                queue[j, b, c] = 0.0
                queue[j, b, clock.gone] += amount
                row.timeouts += amount
                totals.timeouts += amount
                classes.failed[c // clock.tries] += amount


@inlined
def try_again(setting: Any, clock: Any, now: Any, classes: Classes, rings: Rings, row: Any) -> None:
    """Who failed tries again after a pause, or gives up after the last attempt."""
    for k in range(clock.attempts):
        failed = classes.failed[k]
        if failed > 0.0:
            row.failed_attempts += failed
            if k + 1 < clock.attempts:
                wait = max(1, round(setting.backoff_s / clock.dt))
                rings.retry[(clock.at_backoff + wait) % clock.longest_backoff, k + 1] += failed
                now.retrying += failed
            else:
                row.errors += failed
                now.thinking += failed
            classes.failed[k] = 0.0


@inlined
def advance(setting: Any, given: Given, state: State, noted: Noted, row: Any, random: Any) -> None:
    """One step of the night."""
    clock, now, step, classes, rings = state.clock, state.now, state.step, state.classes, state.rings
    turn(clock)
    new = newcomers(given.users, clock, now)
    ask(setting, clock, now, step, classes, rings, row, noted.totals, new, random)
    step.quick = step.quick_wait = step.quick_part = step.worked = 0.0
    if is_calm(clock, now, step.total):
        step.quick = step.worked = step.placed = step.total
        step.quick_part = 1.0
        load = step.total * now.largest_share / (now.slowest_rate * clock.dt)
        step.quick_wait = step.total * load / (1.0 - load) / now.slowest_rate
    else:
        place(setting, clock, now, step, state.fleet.tasks, random)
        work(setting, clock, now, step, state.fleet, classes, noted, row, random)
    if step.quick > 0.0:
        answer_quickly(setting, clock, now, step, classes, noted, random)
    answer(setting, clock, now, step, classes, row, noted.totals)
    passing = step.placed / step.total if step.total > 0.0 else 0.0
    if step.total > 0.0 and passing < 1.0 - 1e-12:
        turn_away(setting, clock, now, step, classes, rings, noted, row, passing)
    for c in range(clock.classes):
        classes.arriving[c] = 0.0
    give_up(clock, now, classes, rings, row, noted.totals)
    if clock.in_bucket == clock.bucket_steps - 1 and now.in_queue > 0.0:
        grow_older(setting, clock, now, state.fleet, classes, row, noted.totals)
    try_again(setting, clock, now, classes, rings, row)
    row.publish_pending_s += (now.published_waiting + now.pool) * clock.dt


# --- Once a second: what the rest of the system does.


@compiled
def fail_queue(clock: Any, now: Any, fleet: Fleet, classes: Classes, row: Any, totals: Any, j: int) -> None:
    """A task ends with requests in its queue: all of them fail, and the publisher writes again."""
    queue = fleet.queue
    amount = 0.0
    for b in range(clock.buckets):
        for c in range(clock.publisher):
            classes.failed[c // clock.tries] += queue[j, b, c]
            amount += queue[j, b, c]
        now.pool += queue[j, b, clock.publisher]
        now.published_waiting -= queue[j, b, clock.publisher]
        totals.killed += queue[j, b, clock.publisher]
        for c in range(clock.classes):
            queue[j, b, c] = 0.0
        fleet.entered[j, b] = 0.0
    row.killed += amount
    totals.killed += amount
    now.in_queue -= fleet.tasks[j].queue
    fleet.tasks[j].queue = 0.0


@compiled
def break_streams(now: Any, task: Any, row: Any, totals: Any) -> None:
    """A task's connections end; each client opens another after a pause."""
    now.away += task.streams
    row.streams_lost += task.streams
    totals.streams_ended += task.streams
    task.streams = task.owed = task.spent = 0.0


@compiled
def remove(task: Any) -> None:
    """A row of the table becomes free."""
    task.state = NONE
    task.zone = 0
    task.queue = task.share = task.took = task.can = task.rate = 0.0
    task.fails = task.passes = task.drain_until = 0.0
    task.doomed = task.healthy = task.bad = False


@compiled
def lose_zone(setting: Any, clock: Any, now: Any, fleet: Fleet, classes: Classes, noted: Noted, row: Any) -> None:
    """The tasks of the first zone are gone: those that answered stay targets until a check finds them dead."""
    now.lost_zone = 0
    for j in range(len(fleet.tasks)):
        task = fleet.tasks[j]
        if task.zone != 0 or task.state not in (STARTING, RUNNING, DRAINING):
            continue
        note(noted.events, noted.totals, clock.second, E_LOST, j, task.queue)
        task.state = DEAD if task.state == RUNNING else NONE
        task.fails = 0.0
        if not setting.balanced:
            task.healthy = False
            task.doomed = True
        fail_queue(clock, now, fleet, classes, row, noted.totals, j)
        break_streams(now, task, row, noted.totals)


@compiled
def strike(setting: Any, given: Given, state: State, noted: Noted, row: Any) -> None:
    """The faults of this second."""
    clock, now = state.clock, state.now
    for i in range(given.faults.shape[0]):
        if int(given.faults[i, 0]) != clock.second:
            continue
        kind = given.faults[i, 1]
        if kind == ZONE_LOSS:
            lose_zone(setting, clock, now, state.fleet, state.classes, noted, row)
        if (kind in (ZONE_LOSS, FAILOVER)) and setting.database:
            now.database_down_until = clock.second + int(setting.failover_s)
        if kind == PURGE:
            now.purged_until = clock.second + int(setting.purge_s)
            note(noted.events, noted.totals, clock.second, E_PURGED, -1.0, 0.0)
        if kind == DISCONNECT:
            for j in range(now.highest):
                break_streams(now, state.fleet.tasks[j], row, noted.totals)
            note(noted.events, noted.totals, clock.second, E_BROKEN, -1.0, row.streams_lost)
        if kind in (DEPLOYMENT, BAD_DEPLOYMENT):
            now.deploying = True
            now.faulty = kind == BAD_DEPLOYMENT
            now.ended = 0
            note(noted.events, noted.totals, clock.second, E_DEPLOY, -1.0, float(now.desired))
            for j in range(len(state.fleet.tasks)):
                task = state.fleet.tasks[j]
                if task.state in (STARTING, RUNNING, DEAD):
                    task.doomed = True


@compiled
def check_health(setting: Any, clock: Any, now: Any, tasks: Any, noted: Noted) -> None:
    """The balancer's checks that are due. A check waits in the same queue as the requests; the ill are marked for replacement."""
    second = clock.second
    for j in range(now.highest):
        task = tasks[j]
        if task.state not in (RUNNING, DEAD) or second < task.next_check:
            continue
        task.next_check += setting.check_interval_s
        waits_s = task.queue / max(task.rate, 1e-9)
        if task.state == DEAD or waits_s > setting.check_timeout_s or task.queue >= clock.room - 0.5:
            task.fails += 1.0
            task.passes = 0.0
        else:
            task.passes += 1.0
            task.fails = 0.0
        if task.healthy and task.fails >= setting.check_unhealthy:
            task.healthy = False
            note(noted.events, noted.totals, second, E_UNHEALTHY, j, task.queue)
        elif not task.healthy and task.passes >= setting.check_healthy:
            task.healthy = True
            note(noted.events, noted.totals, second, E_HEALTHY, j, task.queue)
        if not task.healthy and second - task.born >= setting.grace_s:
            task.doomed = True


@compiled
def come_up(setting: Any, clock: Any, now: Any, service: Any, tasks: Any, noted: Noted) -> None:
    """Tasks that have started begin to answer, or end at once where their revision is faulty; and the scheduler counts."""
    second = clock.second
    service.active = service.fresh = service.fresh_up = service.healthy = 0
    for j in range(now.highest):
        task = tasks[j]
        if task.state == STARTING and second >= task.ready_at:
            if task.bad:
                remove(task)
                note(noted.events, noted.totals, second, E_BAD, j, 0.0)
                now.ended += 1
                continue
            task.state = RUNNING
            task.born = second
            task.healthy = True
            task.next_check = second + setting.check_interval_s
            note(noted.events, noted.totals, second, E_STARTED, j, 0.0)
        if task.state in (NONE, DRAINING):
            continue
        up = task.state == RUNNING and task.healthy
        service.active += 1
        service.healthy += up
        if not task.doomed:
            service.fresh += 1
            service.fresh_up += up


@compiled
def drain(setting: Any, clock: Any, task: Any) -> None:
    """A task gets no more requests and ends what it has."""
    task.state = DRAINING
    task.drain_until = clock.second + setting.deregistration_s


@compiled
def replace_doomed(setting: Any, clock: Any, now: Any, service: Any, tasks: Any) -> None:
    """Tasks to be replaced stop once enough fresh ones are up, or where the percentages leave no room to start those first."""
    most = max(1, int(now.desired * setting.maximum / 100.0 + 1e-9))
    least = math.ceil(now.desired * setting.minimum_healthy / 100.0 - 1e-9)
    service.most = most
    for j in range(now.highest):
        task = tasks[j]
        if task.state not in (RUNNING, DEAD) or not task.doomed:
            continue
        ill = not task.healthy or task.state == DEAD
        stuck = service.fresh < now.desired and service.active >= most
        if service.fresh_up >= now.desired or (stuck and (ill or service.healthy > least)):
            if not ill:
                service.healthy -= 1
            drain(setting, clock, task)
            service.active -= 1


@compiled
def start_missing(setting: Any, clock: Any, now: Any, service: Any, tasks: Any, random: Any) -> None:
    """What is missing starts, in a zone that is there."""
    for j in range(len(tasks)):
        if service.fresh >= now.desired or service.active >= service.most:
            return
        if setting.zones == 1 and now.lost_zone == 0:
            return
        task = tasks[j]
        if task.state != NONE:
            continue
        zone = j % setting.zones
        if zone == now.lost_zone:
            zone = (zone + 1) % setting.zones
        remove(task)
        task.state = STARTING
        task.zone = zone
        task.bad = now.faulty
        start_s = setting.start_median_s
        if setting.noise:
            start_s *= math.exp(setting.start_sigma * random.standard_normal())
        task.ready_at = clock.second + start_s
        service.fresh += 1
        service.active += 1


@compiled
def stop_excess(setting: Any, clock: Any, now: Any, service: Any, tasks: Any) -> None:
    """What is too much stops, the last first."""
    for j in range(now.highest - 1, -1, -1):
        task = tasks[j]
        if service.fresh <= now.desired:
            return
        if (task.state in (STARTING, RUNNING)) and not task.doomed:
            waiting = task.state == STARTING
            drain(setting, clock, task)
            if waiting:
                task.state = NONE
            service.fresh -= 1


@compiled
def schedule(setting: Any, clock: Any, now: Any, service: Any, tasks: Any, noted: Noted, random: Any) -> None:
    """What the service scheduler does each second, the circuit breaker of its deployments included.

    Where the maximum percentage leaves room a replacement starts before an ill task stops; else the ill task stops first. Where
    the only zone is lost nothing can start.
    """
    come_up(setting, clock, now, service, tasks, noted)
    replace_doomed(setting, clock, now, service, tasks)
    start_missing(setting, clock, now, service, tasks, random)
    stop_excess(setting, clock, now, service, tasks)
    if now.faulty and now.ended >= setting.breaker_after:
        # Back to the last revision that ran: the old tasks stay, and what is missing starts from it.
        now.faulty = now.deploying = False
        note(noted.events, noted.totals, clock.second, E_ROLLED_BACK, -1.0, float(now.ended))
        for j in range(len(tasks)):
            task = tasks[j]
            if task.state == STARTING and task.bad:
                remove(task)
            elif task.state == RUNNING and task.healthy:
                task.doomed = False


@compiled
def stop_drained(setting: Any, clock: Any, now: Any, fleet: Fleet, classes: Classes, noted: Noted, row: Any) -> None:
    """Tasks that drain stop when their queue is empty or their time is over."""
    for j in range(len(fleet.tasks)):
        task = fleet.tasks[j]
        dead = task.state == DEAD and task.doomed and not task.healthy
        if task.state != DRAINING and not dead:
            continue
        over = dead or clock.second >= task.drain_until + setting.stop_timeout_s
        if over or clock.second >= task.drain_until:
            break_streams(now, task, row, noted.totals)
        if (task.queue < 0.5 and task.streams < 0.5) or over:
            kind = E_KILLED if task.queue >= 0.5 else E_STOPPED
            note(noted.events, noted.totals, clock.second, kind, j, task.queue)
            fail_queue(clock, now, fleet, classes, row, noted.totals, j)
            break_streams(now, task, row, noted.totals)
            remove(task)


@compiled
def count_tasks(setting: Any, clock: Any, now: Any, tasks: Any, noted: Noted) -> None:
    """How many tasks are where, and the connections to the database that they hold."""
    now.running = now.healthy = now.unhealthy = now.starting = now.highest = 0
    claiming = 0
    still_old = False
    for j in range(len(tasks)):
        task = tasks[j]
        if task.state == NONE:
            continue
        now.highest = j + 1
        now.starting += task.state == STARTING
        claiming += task.state in (RUNNING, DRAINING)
        if task.state in (RUNNING, DEAD):
            now.running += task.state == RUNNING
            if task.healthy:
                now.healthy += 1
            else:
                now.unhealthy += 1
            still_old = still_old or task.doomed
    if now.deploying and not now.faulty and not still_old and now.starting == 0:
        now.deploying = False
        note(noted.events, noted.totals, clock.second, E_DEPLOYED, -1.0, float(now.running))
    now.connections = claiming * setting.connections_per_task
    if setting.proxied:
        now.connections = min(now.connections, setting.database_connections)


@compiled
def choose_targets(setting: Any, clock: Any, now: Any, tasks: Any, noted: Noted) -> None:
    """Targets are the healthy, or all where none is; a new one gets its share slowly where the balancer is told so."""
    now.targets = 0
    now.share_sum = 0.0
    opened = now.healthy == 0 and now.unhealthy > 0
    if opened and not now.fail_open:
        note(noted.events, noted.totals, clock.second, E_FAIL_OPEN, -1.0, float(now.unhealthy))
    now.fail_open = opened
    for j in range(now.highest):
        task = tasks[j]
        task.share = 0.0
        if (task.state in (RUNNING, DEAD)) and (task.healthy or opened):
            task.share = 1.0
            if setting.slow_start_s > 0.0:
                task.share = min(1.0, max(0.05, (clock.second - task.born) / setting.slow_start_s))
            now.share_sum += task.share
            now.targets += 1


@compiled
def end_streams(setting: Any, now: Any, tasks: Any, totals: Any, random: Any) -> float:
    """Connections end with their lives and with their users; gives how many users come who have none yet."""
    wanted: float = now.present * setting.streams_per_user
    held: float = now.away
    share = 1.0 - math.exp(-1.0 / setting.stream_life_s)
    for j in range(now.highest):
        task = tasks[j]
        if task.streams > 0.0:
            ended = min(task.streams, draw(random, task.streams * share, setting.noise))
            task.streams -= ended
            now.away += ended
            totals.streams_ended += ended
            held += task.streams + ended
    if held <= wanted:
        return max(0.0, wanted - held)
    stay = wanted / held
    now.away *= stay
    for j in range(now.highest):
        task = tasks[j]
        totals.streams_ended += task.streams * (1.0 - stay)
        task.streams *= stay
        task.owed *= stay
    return 0.0


@compiled
def accepted(setting: Any, clock: Any, now: Any, task: Any, offered: float, left: float, even: float) -> float:
    """How many new connections a target takes: an even level where the balancer looks at what is open, else its share."""
    if task.share <= 0.0 or task.state != RUNNING or task.queue >= clock.room - 0.5:
        return 0.0
    fair: float = max(0.0, even - task.streams) if setting.least_outstanding else offered * task.share / now.share_sum
    room: float = setting.streams_each - task.streams
    return max(0.0, min(fair, left, room))


@compiled
def hold_streams(setting: Any, clock: Any, now: Any, tasks: Any, row: Any, noted: Noted, random: Any) -> None:
    """Connections that stay: some end, clients without one come again after a pause, and updates are sent over those held.

    Sending goes before requests, as an event loop that has an update writes it to every connection first.
    """
    totals = noted.totals
    new = end_streams(setting, now, tasks, totals, random)
    share = 1.0 - math.exp(-1.0 / setting.stream_pause_s)
    again = min(now.away, draw(random, now.away * share, setting.noise))
    now.away -= again
    offered = left = new + again
    even = water_level(now, tasks, offered, True) if setting.least_outstanding and now.targets > 0 else 0.0
    vcpu = min(setting.vcpu, setting.workers) if setting.event_loop else setting.vcpu
    row.streams = row.delivery_s = 0.0
    for j in range(now.highest):
        task = tasks[j]
        if task.state in (NONE, STARTING):
            continue
        opened = accepted(setting, clock, now, task, offered, left, even)
        left -= opened
        task.streams += opened
        totals.streams_opened += opened
        task.owed += row.published * setting.stream_share * task.streams
        connecting = min(vcpu, opened * setting.connect_cpu_s)
        sending = task.owed * setting.delivery_cpu_s
        task.spent = min(vcpu, connecting + sending)
        sent = task.owed
        if connecting + sending > vcpu:
            sent = (vcpu - connecting) / setting.delivery_cpu_s
        task.owed -= sent
        row.deliveries += sent
        row.cpu_s += task.spent
        row.streams += task.streams
        row.delivery_s = max(row.delivery_s, (connecting + sending) / vcpu)
    left = max(left, 0.0)
    now.away += left
    row.connects = offered
    row.connects_refused = left
    row.streams_away = now.away
    totals.connects += offered
    totals.connects_refused += left
    if left > 0.5 and not now.holds_no_more:
        note(noted.events, totals, clock.second, E_HOLDS_NO_MORE, -1.0, left)
        now.holds_no_more = True
    elif now.away < 0.01 * row.streams:
        now.holds_no_more = False


@compiled
def keep_answers(setting: Any, given: Given, clock: Any, now: Any, tasks: Any, row: Any) -> None:
    """What of the coming second's requests passes the caches, from this second's rate and from how long a fetch takes."""
    now.rate_seen += 0.5 * (row.requests - now.rate_seen)
    longest_s = 0.0
    for j in range(now.highest):
        task = tasks[j]
        if task.share > 0.0 and task.state == RUNNING:
            longest_s = max(longest_s, task.queue / task.rate)
    now.fetch_s = min(now.base_s + longest_s, setting.timeout_s)
    now.reach, now.asking, now.writing = shares(
        setting, given.routes, now.rate_seen, now.fetch_s, clock.second < now.purged_until
    )


@compiled
def spend_processor_credits(setting: Any, clock: Any, now: Any, readers: int, noted: Noted) -> Any:
    """Burst credits of the database's processor; gives the vCPU that it has in the coming second."""
    each = now.database_work * setting.database_s / max(1, readers)
    left = max(0.0, now.processor_credits + setting.credits_per_s - each / 60.0)
    now.processor_credits = min(setting.credits_max, left)
    if setting.credits_limited and now.processor_credits <= 0.0:
        if not now.low_credits:
            note(noted.events, noted.totals, clock.second, E_CREDITS, -1.0, each)
        now.low_credits = True
        return setting.baseline_vcpu
    if now.processor_credits > 1.0:
        now.low_credits = False
    return setting.database_vcpu


@compiled
def spend_storage_credits(setting: Any, clock: Any, now: Any, row: Any, noted: Noted) -> Any:
    """Burst credits of the database's volume; gives the operations a second that it has in the coming second."""
    operations = (row.database_requests - row.database_writes) * setting.io_per_read
    operations += row.database_writes * setting.io_per_write
    left = max(0.0, now.io_credits + setting.io_baseline_per_s - operations)
    now.io_credits = min(setting.io_credits_max, left)
    if setting.io_burst_per_s > setting.io_baseline_per_s and now.io_credits <= 0.0:
        if not now.low_io:
            note(noted.events, noted.totals, clock.second, E_IO, -1.0, operations)
        now.low_io = True
        return setting.io_baseline_per_s
    if now.io_credits > setting.io_baseline_per_s:
        now.low_io = False
    return setting.io_burst_per_s


@compiled
def share_reads(setting: Any, now: Any, row: Any, vcpu: float, down: bool) -> None:
    """How busy primary and replicas were: writes go to the primary, reads to all.

    What a full replica cannot apply in a second it lags behind by; a free one catches up.
    """
    used = now.database_work * setting.database_s
    replicas = setting.database_readers - 1
    primary_share = 1.0
    if replicas > 0 and now.database_work > 0.0:
        primary_share = max(row.database_writes / row.database_requests, 1.0 / setting.database_readers)
    if down and replicas > 0:
        primary_share = 0.0
    now.database_busy = used * primary_share / vcpu
    now.replica_busy = 0.0
    if replicas > 0:
        now.replica_busy = used * (1.0 - primary_share) / (setting.replica_vcpu * replicas)
        now.replica_lag_s = max(setting.replica_lag_s, now.replica_lag_s + now.replica_busy - 1.0)


@compiled
def connect(setting: Any, clock: Any, now: Any, noted: Noted) -> None:
    """The share of the requests to the database that it refuses because the tasks want more connections than it accepts."""
    now.refused_writes = 0.0
    if not setting.proxied and setting.database_connections > 0.0 and now.connections > setting.database_connections:
        now.refused_writes = 1.0 - setting.database_connections / now.connections
    over = now.refused_writes > 0.0
    if over != now.exhausted:
        note(noted.events, noted.totals, clock.second, E_EXHAUSTED if over else E_FREE, -1.0, now.connections)
    now.exhausted = over
    now.refused_share = now.refused_writes


@compiled
def serve_database(setting: Any, clock: Any, now: Any, row: Any, noted: Noted) -> None:
    """The database: whether it is there, its credits, its replicas, its connections, and what it can do in the coming second."""
    down = clock.second < now.database_down_until
    if down != now.was_down:
        note(noted.events, noted.totals, clock.second, E_DB_DOWN if down else E_DB_UP, -1.0, 0.0)
    now.was_down = down
    readers = setting.database_readers - (1 if down else 0)
    vcpu = spend_processor_credits(setting, clock, now, readers, noted)
    share_reads(setting, now, row, vcpu, down)
    io_limit = spend_storage_credits(setting, clock, now, row, noted)
    spread = max(now.writing, 1.0 / max(1, readers))
    now.database_per_s = vcpu / setting.database_s / spread
    per_request = (1.0 - now.writing) * setting.io_per_read + now.writing * setting.io_per_write
    if per_request > 0.0:
        now.database_per_s = min(now.database_per_s, io_limit / per_request / spread)
    if setting.proxied:
        now.database_per_s = min(now.database_per_s, setting.database_connections / setting.database_s)
    connect(setting, clock, now, noted)
    if down:
        now.refused_writes = 1.0
        now.refused_share = 1.0 if readers == 0 else now.refused_share + (1.0 - now.refused_share) * now.writing
        if readers == 0:
            now.database_per_s = 1e18  # an error comes at once


@compiled
def followed(then: Any, metric: float) -> Any:
    """The figure of a minute that a policy follows."""
    if metric == METRIC_CPU:
        return then.cpu
    return then.requests if metric == METRIC_REQUESTS else then.streams


@compiled
def track(given: Given, setting: Any, memory: Any, second: int, desired: int, then: Any) -> tuple[int, int, bool]:
    """What target tracking wants: the count to scale out to, the lowest that it proposes, and whether all agree to go in.

    Tracking multiplies the tasks of the datapoint's own minute by metric over target. With the desired count of now, a datapoint
    that is minutes old would count again each time; AWS does not publish its formula.
    """
    tracking = given.tracking
    wanted = desired
    lower = 0
    agreed = tracking.shape[0] > 0
    for i in range(tracking.shape[0]):
        value = followed(then, tracking[i, T_METRIC])
        target = tracking[i, T_TARGET]
        memory[i].above = memory[i].above + 1.0 if value > target else 0.0
        memory[i].below = memory[i].below + 1.0 if value < setting.in_share * target else 0.0
        proposal = math.ceil(then.tasks * value / target - 1e-9)
        if memory[i].above >= setting.out_datapoints and second >= memory[i].next_out:
            wanted = max(wanted, proposal)
            if proposal > desired:
                memory[i].next_out = second + tracking[i, T_OUT_COOLDOWN]
        if memory[i].below < setting.in_datapoints or second < memory[i].next_in:
            agreed = False
        lower = max(lower, proposal)
    return wanted, lower, agreed


@compiled
def step_to(given: Given, memory: Any, second: int, desired: int, wanted: int, then: Any) -> int:
    """The count that the step policies want, at least `wanted`."""
    steps = given.steps
    first = given.tracking.shape[0]
    for i in range(steps.shape[0]):
        policy = memory[first + int(steps[i, P_POLICY])]
        value = followed(then, steps[i, P_METRIC])
        over = value - steps[i, P_THRESHOLD]
        if i == 0 or steps[i, P_POLICY] != steps[i - 1, P_POLICY]:
            policy.above = policy.above + 1.0 if over >= 0.0 else 0.0
        if policy.above < steps[i, P_PERIODS] or second < policy.next_out:
            continue
        if not steps[i, P_LOW] <= over < steps[i, P_HIGH]:
            continue
        change = steps[i, P_CHANGE]
        if steps[i, P_KIND] == CHANGE_PERCENT:
            size = desired * abs(change) / 100.0
            size = max(steps[i, P_LEAST], 1.0 if size < 1.0 else math.floor(size))
            goal = desired + int(size if change > 0 else -size)
        elif steps[i, P_KIND] == CHANGE_BY:
            goal = desired + int(change)
        else:
            goal = int(change)
        if goal > desired:
            wanted = max(wanted, goal)
            policy.next_out = second + steps[i, P_COOLDOWN]
    return wanted


@compiled
def scaled(setting: Any, given: Given, memory: Any, second: int, desired: int, then: Any) -> int:
    """The desired count after one minute's datapoint has reached the scaling alarms. In only when every policy agrees."""
    wanted, lower, agreed = track(given, setting, memory, second, desired, then)
    wanted = step_to(given, memory, second, desired, wanted, then)
    wanted = min(max(wanted, setting.tasks_min), setting.tasks_max)
    if wanted == desired and agreed and lower < desired:
        wanted = max(lower, setting.tasks_min)
        for i in range(given.tracking.shape[0]):
            memory[i].next_in = second + given.tracking[i, T_IN_COOLDOWN]
            memory[i].below = 0.0
    return int(wanted)


@compiled
def scale(setting: Any, given: Given, clock: Any, now: Any, minutes: Any, memory: Any, row: Any, noted: Noted) -> None:
    """Metrics of the minute, and scaling by those that have reached the alarms: late."""
    second = clock.second
    now.minute_cpu += row.cpu_s
    now.minute_busy += now.running * setting.vcpu
    now.minute_requests += row.reached
    now.minute_targets += now.healthy
    now.minute_streams += row.streams / max(1, now.running)
    if second % 60 == 59:
        kept = minutes[clock.minute]
        kept.cpu = 100.0 * min(1.0, now.minute_cpu / now.minute_busy) if now.minute_busy > 0.0 else 0.0
        kept.tasks = now.minute_busy / setting.vcpu / 60.0
        kept.requests = 60.0 * now.minute_requests / now.minute_targets if now.minute_targets > 0.0 else 0.0
        kept.streams = now.minute_streams / 60.0
        now.minute_cpu = now.minute_busy = now.minute_requests = now.minute_targets = now.minute_streams = 0.0
    known = second - int(setting.alarm_lag_s)
    if known >= 59 and known % 60 == 59 and given.tracking.shape[0] + given.steps.shape[0] > 0:
        desired = scaled(setting, given, memory, second, now.desired, minutes[known // 60])
        if desired != now.desired:
            kind = E_OUT if desired > now.desired else E_IN
            note(noted.events, noted.totals, second, kind, float(now.desired), float(desired))
            now.desired = desired


@compiled
def read(setting: Any, now: Any, row: Any) -> None:
    """Where everything stands at the end of the second."""
    row.users = now.present
    row.waiting = now.in_queue
    row.retrying = now.retrying + now.resending
    row.running = now.running
    row.healthy = now.healthy
    row.unhealthy = now.unhealthy
    row.desired = now.desired
    row.starting = now.starting
    row.connections = now.connections
    row.credits = now.processor_credits
    row.io_credits = now.io_credits
    row.database_busy = min(1.0, now.database_busy)
    row.reaching_share = now.reach
    row.cpu = min(1.0, row.cpu_s / (now.running * setting.vcpu)) if now.running > 0 else 0.0
    row.replica_busy = min(1.0, now.replica_busy)
    row.replica_lag_s = now.replica_lag_s


@compiled
def settle(setting: Any, given: Given, state: State, noted: Noted, row: Any, random: Any) -> None:
    """The end of a second: faults, health checks, the scheduler, caches, the database and scaling."""
    clock, now, fleet, classes = state.clock, state.now, state.fleet, state.classes
    tasks = fleet.tasks
    strike(setting, given, state, noted, row)
    if setting.balanced:
        check_health(setting, clock, now, tasks, noted)
    schedule(setting, clock, now, state.service, tasks, noted, random)
    stop_drained(setting, clock, now, fleet, classes, noted, row)
    count_tasks(setting, clock, now, tasks, noted)
    choose_targets(setting, clock, now, tasks, noted)
    if setting.streams_per_user > 0.0:
        hold_streams(setting, clock, now, tasks, row, noted, random)
    keep_answers(setting, given, clock, now, tasks, row)
    set_rates(setting, clock, now, tasks)
    if setting.database:
        serve_database(setting, clock, now, row, noted)
    now.database_work = 0.0
    if now.backlog_full and row.refused == 0.0 and now.resending < 0.5:
        now.backlog_full = False
    scale(setting, given, clock, now, state.minutes, state.memory, row, noted)
    read(setting, now, row)


# --- The whole night.


def opened(setting: Any, given: Given) -> State:
    """The state before the first step: records and arrays of zeros, and the sizes of the rings in `clock`."""
    clock = records(CLOCK, 1)[0]
    dt = clock.dt = float(setting.step_s)
    clock.per_second = round(1.0 / dt)
    clock.bucket_steps = max(1, round(setting.bucket_s / dt))
    clock.bucket_s = clock.bucket_steps * dt
    clock.room = setting.backlog + setting.workers
    # Whoever thinks from the end of a step on asks dt / share later on average; 1 - exp(-dt / Z) would add half a step to Z.
    clock.poll_share = min(1.0, dt / setting.think_s)
    attempts = clock.attempts = setting.retries + 1
    tries = clock.tries = setting.connection_tries
    classes = clock.classes = attempts * tries + 2
    clock.publisher, clock.gone = classes - 2, classes - 1
    buckets = clock.buckets = math.ceil(setting.timeout_s / clock.bucket_s) + 3
    clock.longest_wait = math.ceil(2.0 ** max(0, tries - 2) / dt) + 2
    clock.longest_timeout = math.ceil(setting.timeout_s / dt) + 2
    clock.longest_backoff = math.ceil(setting.backoff_s / dt) + 2
    clock.at_backoff = clock.at_resend = clock.at_timeout = clock.in_bucket = -1
    waited_s = np.zeros(classes)
    waited_s[:-2] = (
        2.0 ** (np.arange(attempts * tries) % tries) - 1.0
    )  # connection requests are sent again after 1, 2 and 4 s
    rows = int(setting.task_rows)
    return State(
        clock,
        records(NOW, 1)[0],
        records(STEP, 1)[0],
        records(SERVICE, 1)[0],
        Fleet(records(TASK, rows), np.zeros((rows, buckets, classes)), np.zeros((rows, buckets))),
        Classes(np.zeros(classes), np.zeros(classes), np.zeros(attempts), waited_s),
        Rings(
            np.zeros((clock.longest_wait, classes)),
            np.zeros((clock.longest_timeout, attempts)),
            np.zeros((clock.longest_backoff, attempts)),
        ),
        records(MINUTE, len(given.users) // 60 + 2),
        records(POLICY, len(given.tracking) + len(given.steps) + 1),
    )


def blank(seconds: int, events: int) -> Noted:
    """The paper for a night of so many seconds, with room for so many events."""
    minutes = -(-seconds // 60)
    extremes = np.tile(np.array([0.0, 0.0, np.inf, 0.0]), (minutes, 1))
    return Noted(
        records(SECOND, seconds),
        np.zeros((minutes, TIME_BINS)),
        extremes,
        np.zeros((minutes, TIME_BINS)),
        extremes.copy(),
        records(EVENT, events),
        records(TOTALS, 1)[0],
    )


def kept(noted: Noted) -> Noted:
    """What was noted, for good: the events that happened, and arrays where the plain run noted in objects."""
    count = min(noted.totals.events, len(noted.events))
    return noted._replace(seconds=array_of(SECOND, noted.seconds), events=array_of(EVENT, noted.events[:count]))


@compiled
def begin(setting: Any, given: Given, state: State, totals: Any, random: Any) -> None:
    """The first tasks run and are healthy, all users think, and the caches answer as they do at this rate."""
    now, tasks = state.now, state.fleet.tasks
    now.desired = now.targets = now.highest = setting.tasks_at_start
    for j in range(now.desired):
        task = tasks[j]
        task.state = RUNNING
        task.healthy = True
        task.born = -1e9
        task.zone = j % setting.zones
        task.share = 1.0
        task.next_check = setting.check_interval_s * (
            (random.random() if setting.noise else 0.5) if setting.balanced else 1e9
        )
        wanted = given.users[0] * setting.streams_per_user
        task.streams = min(setting.streams_each, wanted / now.desired)
        now.away += wanted / now.desired - task.streams
        totals.connects += task.streams
        totals.streams_opened += task.streams
    now.share_sum = float(now.desired)
    now.present = now.thinking = given.users[0]
    now.rate_seen = given.users[0] / setting.think_s
    now.purged_until = now.database_down_until = now.lost_zone = -1
    now.replica_lag_s = setting.replica_lag_s
    now.processor_credits = setting.credits
    now.io_credits = setting.io_credits
    now.database_per_s = 1e18
    now.reach, now.asking, now.writing = shares(setting, given.routes, now.rate_seen, now.fetch_s, False)
    set_rates(setting, state.clock, now, tasks)


@compiled
def close(state: State, totals: Any) -> None:
    """What is not over at the end of the night."""
    now, clock, queue = state.now, state.clock, state.fleet.queue
    live = 0.0
    for k in range(clock.attempts):
        live += state.classes.failed[k]
    for j in range(queue.shape[0]):
        for b in range(clock.buckets):
            for c in range(clock.gone):
                totals.waiting += queue[j, b, c]
            for c in range(clock.publisher):
                live += queue[j, b, c]
    totals.resending = now.resending + now.giving
    totals.astray = now.present - (now.thinking - now.debt + live + now.resending + now.giving + now.retrying)


@compiled
def simulate(setting: Any, given: Given, state: State, noted: Noted, random: Any) -> None:
    """Runs the night over the users of each second and fills what is noted of it.

    `setting` is a Setting as record_of makes it, `state` as `opened` does.
    """
    clock = state.clock
    begin(setting, given, state, noted.totals, random)
    for second in range(given.users.shape[0] - 1):
        clock.second = second
        clock.minute = second // 60
        row = noted.seconds[second]
        for part in range(clock.per_second):
            clock.part = part
            advance(setting, given, state, noted, row, random)
        settle(setting, given, state, noted, row, random)
    close(state, noted.totals)
