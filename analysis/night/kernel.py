"""The night as one loop over time steps: users who poll, caches that answer, tasks with queues, and what AWS does about them.

A stochastic fluid: amounts are floats, arrivals and departures are drawn. Each step moves users between thinking, waiting in a
task's queue, waiting to send a connection request again, and waiting to retry. A queue is a row of age buckets; each bucket holds
amounts by class, where a class is the number of the attempt and of its connection request. What a client has given up on stays in
the queue as `gone` and is worked off all the same, as a synchronous worker does.

At most as many requests leave a queue as are in it: min(queue, Poisson(rate x step)). Drawing at most one completion per server
and step instead would cap the capacity and is wrong by orders of magnitude near saturation.

The source is plain Python that numba compiles; see `compiled`.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from analysis.night.compiled import compiled


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


# What a task's row holds.
(
    STATE,
    READY_AT,
    BORN,
    ZONE,
    DOOMED,
    HEALTHY,
    FAILS,
    PASSES,
    NEXT_CHECK,
    DRAIN_UNTIL,
    QUEUE,
    OLDEST,
    RATE,
    SHARE,
    TAKE,
    IN,
    BAD,
) = range(17)
TASK_COLUMNS = 17
NONE, STARTING, RUNNING, DRAINING, DEAD = range(5)

# What is noted each second. The first are counted over the second, the rest read at its end.
COUNTED = (
    "requests",  # attempts of users, those that the edge answers included
    "edge_answers",
    "reached",  # attempts that reach the balancer, the publisher's included
    "answered",  # by a task, in time and without error
    "failed_attempts",
    "errors",  # requests given up after the last attempt
    "timeouts",
    "refused",
    "unavailable",  # no target at all
    "killed",
    "database_errors",
    "hung_up",
    "worked_in_vain",
    "cpu_s",
    "cache_hits",
    "cache_lookups",
    "database_requests",
    "database_writes",
    "published",
    "publish_pending_s",
)
READ = (
    "users",
    "waiting",
    "retrying",
    "running",
    "healthy",
    "unhealthy",
    "desired",
    "starting",
    "connections",
    "credits",
    "io_credits",
    "database_busy",
    "reaching_share",
    "cpu",
    "replica_busy",
    "replica_lag_s",
)
COLUMNS = {name: number for number, name in enumerate((*COUNTED, *READ))}
(
    REQUESTS,
    EDGE_ANSWERS,
    REACHED,
    ANSWERED,
    FAILED,
    ERRORS,
    TIMEOUTS,
    REFUSED,
    UNAVAILABLE,
    KILLED,
    DATABASE_ERRORS,
    HUNG_UP,
    IN_VAIN,
    CPU_S,
    CACHE_HITS,
    CACHE_LOOKUPS,
    DATABASE_REQUESTS,
    DATABASE_WRITES,
    PUBLISHED,
    PUBLISH_PENDING,
    USERS,
    WAITING,
    RETRYING,
    RUNNING_TASKS,
    HEALTHY_TASKS,
    UNHEALTHY_TASKS,
    DESIRED,
    STARTING_TASKS,
    CONNECTIONS,
    CREDITS,
    IO_CREDITS,
    DATABASE_BUSY,
    REACHING_SHARE,
    CPU,
    REPLICA_BUSY,
    REPLICA_LAG,
) = range(36)

# Routes: one row each.
R_SHARE, R_EDGE_TTL, R_OBJECTS, R_SHARED, R_WRITES = range(5)
# Target tracking policies: one row each.
T_METRIC, T_TARGET, T_OUT_COOLDOWN, T_IN_COOLDOWN = range(4)
# Bands of step scaling policies: one row each; rows of one policy stand together and share P_POLICY.
P_POLICY, P_METRIC, P_THRESHOLD, P_PERIODS, P_LOW, P_HIGH, P_KIND, P_CHANGE, P_COOLDOWN, P_LEAST = range(10)
METRIC_CPU, METRIC_REQUESTS = range(2)
CHANGE_BY, CHANGE_PERCENT, CHANGE_TO = range(3)

FAULTS = ("zone-loss", "database-failover", "cdn-purge", "deployment", "bad-deployment")
ZONE_LOSS, FAILOVER, PURGE, DEPLOYMENT, BAD_DEPLOYMENT = range(5)

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
) = range(21)

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
def shares(
    setting: Setting, routes: Any, rate_per_s: float, fetch_s: float, purged: bool
) -> tuple[float, float, float]:
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
def note(events: Any, second: int, kind: int, subject: float, amount: float) -> None:
    """Writes one event into the first free row; row 0 counts. Events beyond the last row are counted, not kept."""
    used = int(events[0, 0])
    events[0, 0] += 1.0
    if used + 1 < events.shape[0]:
        events[used + 1, 0] = second
        events[used + 1, 1] = kind
        events[used + 1, 2] = subject
        events[used + 1, 3] = amount


@compiled
def full_rate(setting: Setting, task: Any, second: float, cpu_s: float, wait_s: float) -> float:
    """Requests per second of a task whose workers are all busy, with a colder processor at first."""
    vcpu = setting.vcpu
    if second - task[BORN] < setting.cold_s:
        vcpu /= setting.cold_factor
    if setting.event_loop:
        return min(vcpu, setting.workers) / cpu_s
    return min(vcpu / cpu_s, setting.workers / (cpu_s + wait_s))


@compiled
def set_rates(
    setting: Setting, tasks: Any, highest: int, second: float, asking: float, share_sum: float
) -> tuple[float, float]:
    """Writes every task's rate for the coming second; gives the lowest rate of a target and the largest share of the arrivals.

    A target that is dead counts as one without any rate.
    """
    cpu_s = (1.0 - asking) * setting.cpu_hit_s + asking * setting.cpu_miss_s
    wait_s = asking * setting.database_s
    slowest = math.inf
    largest = 0.0
    for j in range(highest):
        if tasks[j, STATE] == NONE:
            continue
        tasks[j, RATE] = full_rate(setting, tasks[j], second, cpu_s, wait_s)
        if tasks[j, SHARE] > 0.0:
            slowest = min(slowest, tasks[j, RATE] if tasks[j, STATE] == RUNNING else 0.0)
            largest = max(largest, tasks[j, SHARE] / share_sum)
    return (0.0 if math.isinf(slowest) else slowest), largest


@compiled
def check_health(setting: Setting, tasks: Any, highest: int, second: int, room: float, events: Any) -> None:
    """The balancer's checks that are due. A check waits in the same queue as the requests; the ill are marked for replacement."""
    for j in range(highest):
        task = tasks[j]
        if task[STATE] not in (RUNNING, DEAD) or second < task[NEXT_CHECK]:
            continue
        task[NEXT_CHECK] += setting.check_interval_s
        waits_s = task[QUEUE] / max(task[RATE], 1e-9)
        if task[STATE] == DEAD or waits_s > setting.check_timeout_s or task[QUEUE] >= room - 0.5:
            task[FAILS] += 1.0
            task[PASSES] = 0.0
        else:
            task[PASSES] += 1.0
            task[FAILS] = 0.0
        if task[HEALTHY] > 0.0 and task[FAILS] >= setting.check_unhealthy:
            task[HEALTHY] = 0.0
            note(events, second, E_UNHEALTHY, j, task[QUEUE])
        elif task[HEALTHY] == 0.0 and task[PASSES] >= setting.check_healthy:
            task[HEALTHY] = 1.0
            note(events, second, E_HEALTHY, j, task[QUEUE])
        if task[HEALTHY] == 0.0 and second - task[BORN] >= setting.grace_s:
            task[DOOMED] = 1.0


@compiled
def schedule(
    setting: Setting,
    tasks: Any,
    highest: int,
    second: int,
    desired: int,
    lost_zone: int,
    faulty: bool,
    random: Any,
    events: Any,
) -> int:
    """What the service scheduler does each second: start what is missing, replace the doomed, stop what is too much.

    Where the maximum percentage leaves room a replacement starts before an ill task stops; else the ill task stops first. Where
    the only zone is lost nothing can start. With a `faulty` revision what starts ends at once; gives how many did.
    """
    active = fresh = fresh_up = healthy = ended = 0
    for j in range(highest):
        state = tasks[j, STATE]
        if state == STARTING and second >= tasks[j, READY_AT] and tasks[j, BAD] > 0.0:
            tasks[j] = 0.0
            note(events, second, E_BAD, j, 0.0)
            ended += 1
            continue
        if state == STARTING and second >= tasks[j, READY_AT]:
            tasks[j, STATE] = state = RUNNING
            tasks[j, BORN] = second
            tasks[j, HEALTHY] = 1.0
            tasks[j, NEXT_CHECK] = second + setting.check_interval_s
            note(events, second, E_STARTED, j, 0.0)
        if state in (STARTING, RUNNING, DEAD):
            active += 1
            if tasks[j, DOOMED] == 0.0:
                fresh += 1
                if state == RUNNING and tasks[j, HEALTHY] > 0.0:
                    fresh_up += 1
            if state == RUNNING and tasks[j, HEALTHY] > 0.0:
                healthy += 1
    most = max(1, int(desired * setting.maximum / 100.0 + 1e-9))
    least = math.ceil(desired * setting.minimum_healthy / 100.0 - 1e-9)

    for j in range(highest):
        if tasks[j, STATE] not in (RUNNING, DEAD) or tasks[j, DOOMED] == 0.0:
            continue
        ill = tasks[j, HEALTHY] == 0.0 or tasks[j, STATE] == DEAD
        replaced = fresh_up >= desired
        stuck = fresh < desired and active >= most
        if replaced or (stuck and (ill or healthy > least)):
            if not ill:
                healthy -= 1
            tasks[j, STATE] = DRAINING
            tasks[j, DRAIN_UNTIL] = second + setting.deregistration_s
            active -= 1

    for j in range(tasks.shape[0]):
        if fresh >= desired or active >= most or (setting.zones == 1 and lost_zone == 0):
            break
        if tasks[j, STATE] == NONE:
            zone = j % setting.zones
            if zone == lost_zone:
                zone = (zone + 1) % setting.zones
            tasks[j] = 0.0
            tasks[j, STATE] = STARTING
            tasks[j, ZONE] = zone
            tasks[j, BAD] = 1.0 if faulty else 0.0
            start_s = setting.start_median_s
            if setting.noise:
                start_s *= math.exp(setting.start_sigma * random.standard_normal())
            tasks[j, READY_AT] = second + start_s
            fresh += 1
            active += 1

    for j in range(highest - 1, -1, -1):
        if fresh <= desired:
            break
        if tasks[j, STATE] in (STARTING, RUNNING) and tasks[j, DOOMED] == 0.0:
            waiting = tasks[j, STATE] == STARTING
            tasks[j, STATE] = NONE if waiting else DRAINING
            tasks[j, DRAIN_UNTIL] = second + setting.deregistration_s
            fresh -= 1
    return ended


@compiled
def scaled(
    setting: Setting,
    tracking: Any,
    steps: Any,
    memory: Any,
    second: int,
    desired: int,
    tasks_then: float,
    cpu_percent: float,
    requests_per_target: float,
) -> int:
    """The desired count after one minute's datapoint has reached the scaling alarms.

    `memory` keeps for each policy: datapoints above, datapoints below, earliest next step out, earliest next step in. Tracking
    multiplies the tasks of the datapoint's own minute by metric over target, and goes in only when every policy agrees. With the
    desired count of now, a datapoint that is minutes old would count again each time; AWS does not publish its formula.
    """
    wanted = desired
    lower = 0
    agreed = tracking.shape[0] > 0
    for i in range(tracking.shape[0]):
        value = cpu_percent if tracking[i, T_METRIC] == METRIC_CPU else requests_per_target
        target = tracking[i, T_TARGET]
        memory[i, 0] = memory[i, 0] + 1.0 if value > target else 0.0
        memory[i, 1] = memory[i, 1] + 1.0 if value < setting.in_share * target else 0.0
        proposal = math.ceil(tasks_then * value / target - 1e-9)
        if memory[i, 0] >= setting.out_datapoints and second >= memory[i, 2]:
            wanted = max(wanted, proposal)
            if proposal > desired:
                memory[i, 2] = second + tracking[i, T_OUT_COOLDOWN]
        if memory[i, 1] < setting.in_datapoints or second < memory[i, 3]:
            agreed = False
        lower = max(lower, proposal)
    first = tracking.shape[0]
    for i in range(steps.shape[0]):
        at = first + int(steps[i, P_POLICY])
        value = cpu_percent if steps[i, P_METRIC] == METRIC_CPU else requests_per_target
        over = value - steps[i, P_THRESHOLD]
        if i == 0 or steps[i, P_POLICY] != steps[i - 1, P_POLICY]:
            memory[at, 0] = memory[at, 0] + 1.0 if over >= 0.0 else 0.0
        if memory[at, 0] < steps[i, P_PERIODS] or second < memory[at, 2]:
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
            memory[at, 2] = second + steps[i, P_COOLDOWN]
    wanted = min(max(wanted, setting.tasks_min), setting.tasks_max)
    if wanted == desired and agreed and lower < desired:
        wanted = max(lower, setting.tasks_min)
        for i in range(tracking.shape[0]):
            memory[i, 3] = second + tracking[i, T_IN_COOLDOWN]
            memory[i, 1] = 0.0
    return wanted


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


@compiled
def simulate(
    setting: Setting,
    users: Any,
    routes: Any,
    faults: Any,
    tracking: Any,
    steps: Any,
    random: Any,
    seconds: Any,
    latency: Any,
    latency_extremes: Any,
    response: Any,
    response_extremes: Any,
    events: Any,
    totals: Any,
) -> None:
    """Runs the night over the users of each second and fills `seconds`, the histograms, `events` and `totals`.

    `totals` ends as: attempts that reached the service; answered; timed out; refused; unavailable; killed; database errors; hung
    up; still in a queue; still sending connection requests; and at last users present less the sum of where they are.
    """
    dt = setting.step_s
    per_second = round(1.0 / dt)
    bucket_steps = max(1, round(setting.bucket_s / dt))
    bucket_s = bucket_steps * dt
    noise = setting.noise
    rows = setting.task_rows
    attempts = setting.retries + 1
    tries = setting.connection_tries
    classes = attempts * tries + 2
    publisher = classes - 2
    gone = classes - 1
    buckets = math.ceil(setting.timeout_s / bucket_s) + 3
    longest_wait = math.ceil(2.0 ** max(0, tries - 2) / dt) + 2
    longest_timeout = math.ceil(setting.timeout_s / dt) + 2
    longest_backoff = math.ceil(setting.backoff_s / dt) + 2
    room = setting.backlog + setting.workers

    tasks = np.zeros((rows, TASK_COLUMNS))
    queue = np.zeros((rows, buckets, classes))
    entered = np.zeros((rows, buckets))
    resend = np.zeros((longest_wait, classes))
    giving_up = np.zeros((longest_timeout, attempts))
    retry = np.zeros((longest_backoff, attempts))
    arriving = np.zeros(classes)
    done = np.zeros(classes)
    failed = np.zeros(attempts)
    memory = np.zeros((tracking.shape[0] + steps.shape[0] + 1, 4))
    waited_s = np.zeros(classes)
    for c in range(attempts * tries):
        waited_s[c] = 2.0 ** (c % tries) - 1.0  # connection requests are sent again after 1, 2 and 4 s

    desired = setting.tasks_at_start
    for j in range(desired):
        tasks[j, STATE] = RUNNING
        tasks[j, HEALTHY] = 1.0
        tasks[j, BORN] = -1e9
        tasks[j, ZONE] = j % setting.zones
        tasks[j, NEXT_CHECK] = setting.check_interval_s * (
            (random.random() if noise else 0.5) if setting.balanced else 1e9
        )

    # Whoever thinks from the end of a step on asks dt / share later on average; 1 - exp(-dt / Z) would add half a step to Z.
    poll_share = min(1.0, dt / setting.think_s)
    present = users[0]
    thinking = users[0]
    debt = 0.0
    in_queue = 0.0
    resending = retrying = giving = 0.0
    pool = published_waiting = 0.0
    rate_seen = users[0] / setting.think_s
    fetch_s = 0.0
    purged_until = database_down_until = -1
    was_down = exhausted = low_credits = low_io = fail_open = backlog_full = deploying = faulty = False
    ended = 0
    replica_lag_s = setting.replica_lag_s
    lost_zone = -1
    processor_credits = setting.credits
    io_credits = setting.io_credits
    refused_share = refused_writes = 0.0
    database_per_s = 1e18
    minute_cpu = minute_busy = minute_requests = minute_targets = 0.0
    kept_cpu = np.zeros(users.shape[0] // 60 + 2)
    kept_requests = np.zeros(users.shape[0] // 60 + 2)
    kept_tasks = np.zeros(users.shape[0] // 60 + 2)
    lag = int(setting.alarm_lag_s)
    targets = desired
    share_sum = float(desired)
    for j in range(desired):
        tasks[j, SHARE] = 1.0
    reach, asking, writing = shares(setting, routes, rate_seen, fetch_s, False)
    highest = desired
    database_work = 0.0
    slowest_rate, largest_share = set_rates(setting, tasks, highest, 0.0, asking, share_sum)

    n_seconds = users.shape[0] - 1
    # Counters that run on by one, since a division costs as much as the rest of what they serve.
    second = minute = 0
    part = -1
    at_backoff = at_resend = at_timeout = -1
    current = 0
    in_bucket = -1
    for _ in range(n_seconds * per_second):
        part += 1
        if part == per_second:
            part = 0
            second += 1
            if second % 60 == 0:
                minute += 1
        at_backoff = at_backoff + 1 if at_backoff + 1 < longest_backoff else 0
        at_resend = at_resend + 1 if at_resend + 1 < longest_wait else 0
        at_timeout = at_timeout + 1 if at_timeout + 1 < longest_timeout else 0
        in_bucket += 1
        if in_bucket == bucket_steps:
            in_bucket = 0
            current = current + 1 if current + 1 < buckets else 0
        row = seconds[second]

        # --- who asks
        crowd = users[second] + (users[second + 1] - users[second]) * (part + 1) / per_second
        new = crowd - present
        present = crowd
        if new < 0.0:
            debt -= new
            new = 0.0
        elif debt > 0.0:
            paid = min(debt, new)
            debt -= paid
            new -= paid
        if debt > 0.0:
            left = min(debt, thinking)
            thinking -= left
            debt -= left
        mean = thinking * poll_share + new
        asked = min(draw(random, mean * reach, noise), thinking + new)
        thinking += new - asked
        answered_by_edge = mean * (1.0 - reach)
        for k in range(1, attempts):
            due = retry[at_backoff, k]
            if due > 0.0:
                retry[at_backoff, k] = 0.0
                retrying -= due
                mean += due
                arriving[k * tries] += due * reach
                thinking += due * (1.0 - reach)
                answered_by_edge += due * (1.0 - reach)
        arriving[0] += asked
        row[REQUESTS] += answered_by_edge + asked
        row[EDGE_ANSWERS] += answered_by_edge
        for k in range(1, attempts):
            row[REQUESTS] += arriving[k * tries]
        if setting.publisher_per_s > 0.0:
            written = draw(random, setting.publisher_per_s * dt, noise) + (pool if part == 0 else 0.0)
            if part == 0:
                pool = 0.0
            arriving[publisher] += written
        total = 0.0
        for c in range(classes - 1):
            total += arriving[c]
        row[REACHED] += total
        totals[0] += total
        for c in range(attempts * tries):
            due = resend[at_resend, c]
            if due > 0.0:
                resend[at_resend, c] = 0.0
                resending -= due
                arriving[c] += due
                total += due

        # --- to which task
        cpu_s = (1.0 - asking) * setting.cpu_hit_s + asking * setting.cpu_miss_s
        wait_s = asking * setting.database_s
        base_s = cpu_s + wait_s  # a request may use the whole processor until the share of its period is spent
        busiest = total * largest_share
        spare = slowest_rate * dt - busiest - 5.0
        calm = in_queue <= 1e-9 and spare > 0.0 and spare * spare > 25.0 * slowest_rate * dt and total > 0.0
        calm = calm and total * asking <= database_per_s * dt
        level = 0.0
        if not calm and targets > 1 and setting.least_outstanding:
            # Water finds its level: whoever has most gets nothing, the others are filled to the same height.
            held = 0.0
            for j in range(highest):
                if tasks[j, SHARE] > 0.0:
                    held += tasks[j, QUEUE]
            level = (held + total) / targets
            for _ in range(4):
                held = 0.0
                below = 0
                for j in range(highest):
                    if tasks[j, SHARE] > 0.0 and tasks[j, QUEUE] < level:
                        held += tasks[j, QUEUE]
                        below += 1
                if below == 0:
                    break
                level = (held + total) / below
                if below == targets:
                    break
        placed = total if calm else 0.0
        claimed = 0.0
        for j in range(0 if calm else highest):
            state = tasks[j, STATE]
            if state in (NONE, STARTING):
                continue
            took = 0.0
            if total > 0.0 and tasks[j, SHARE] > 0.0:
                if targets == 1:
                    took = total
                elif setting.least_outstanding:
                    took = max(0.0, level - tasks[j, QUEUE])
                else:
                    took = total * tasks[j, SHARE] / share_sum
                took = min(took, total - placed)
                took = max(0.0, min(took, room - tasks[j, QUEUE]))
                placed += took
            tasks[j, IN] = took
            held = tasks[j, QUEUE] + took
            taken = 0.0
            if held > 0.0 and state != DEAD:
                can = tasks[j, RATE] * dt
                if not setting.event_loop and held < setting.workers:
                    can = min(can, max(held, 1.0) / base_s * dt)
                spare = can - held - 5.0
                taken = held  # a draw would fall below the queue once in millions
                if spare <= 0.0 or spare * spare <= 25.0 * can:
                    taken = min(held, draw(random, can, noise))
            tasks[j, TAKE] = taken
            claimed += taken

        # --- what the database can bear
        slowed = 1.0
        if claimed * asking > database_per_s * dt:
            slowed = database_per_s * dt / (claimed * asking)

        # --- from queue to answer
        passing = placed / total if total > 0.0 else 0.0
        bucket_age = (in_bucket + 1) * dt
        quick = quick_wait = quick_part = 0.0
        worked = 0.0
        if calm:  # no task has a queue, and none gets more than it can do within the step
            quick = worked = total
            quick_part = 1.0
            load = busiest / (slowest_rate * dt)
            quick_wait = total * load / (1.0 - load) / slowest_rate
        for j in range(0 if calm else highest):
            state = tasks[j, STATE]
            if state in (NONE, STARTING):
                continue
            took = tasks[j, IN]
            held = tasks[j, QUEUE]
            taken = tasks[j, TAKE] * slowed
            if took + held <= 0.0:
                continue
            part_in = took / total if took > 0.0 else 0.0
            if held == 0.0 and taken >= took:  # nobody waits longer than this step
                quick_part += part_in
                quick += took
                load = min(0.9, took / (tasks[j, RATE] * dt))
                quick_wait += took * load / (1.0 - load) / tasks[j, RATE]
                worked += took
                continue
            if held == 0.0:
                tasks[j, OLDEST] = current
            if took > 0.0:
                for c in range(classes - 1):
                    amount = arriving[c] * part_in
                    queue[j, current, c] += amount
                    if c == publisher:
                        published_waiting += amount
                entered[j, current] += took
                in_queue += took
            worked += taken
            left_to_take = taken
            oldest = int(tasks[j, OLDEST])
            while left_to_take > 0.0:
                inside = 0.0
                for c in range(classes):
                    inside += queue[j, oldest, c]
                if inside > 0.0:
                    part_out = min(1.0, left_to_take / inside)
                    behind = (current - oldest + buckets) % buckets
                    width = bucket_age if behind == 0 else bucket_s
                    # First in, first out: what is left of a bucket says how far into it the head of the queue has come.
                    came = width * (1.0 - inside * (1.0 - 0.5 * part_out) / entered[j, oldest])
                    # Answers leave throughout the step: half of it earlier than its end, on average.
                    age = max(0.0, behind * bucket_s + bucket_age - came - 0.5 * dt)
                    for c in range(classes):
                        amount = queue[j, oldest, c] * part_out
                        if amount <= 0.0:
                            continue
                        queue[j, oldest, c] -= amount
                        if c == gone:
                            row[IN_VAIN] += amount
                            continue
                        done[c] += amount
                        if c == publisher:
                            published_waiting -= amount
                            continue
                        fine = amount * (1.0 - asking * refused_share)
                        record(response, response_extremes, minute, age + base_s, fine)
                        record(latency, latency_extremes, minute, age + base_s + waited_s[c] + setting.network_s, fine)
                    left_to_take -= inside * part_out
                    in_queue -= inside * part_out
                    if part_out < 1.0:
                        break
                    for c in range(classes):
                        queue[j, oldest, c] = 0.0
                entered[j, oldest] = 0.0
                if oldest == current:
                    break
                oldest = (oldest + 1) % buckets
            tasks[j, OLDEST] = oldest
            now = held + took - taken
            tasks[j, QUEUE] = now if now > 1e-9 else 0.0
            if tasks[j, QUEUE] == 0.0:
                while True:
                    entered[j, oldest] = 0.0
                    for c in range(classes):
                        queue[j, oldest, c] = 0.0
                    if oldest == current:
                        break
                    oldest = (oldest + 1) % buckets
            elif setting.hangup_per_s > 0.0 and now > setting.workers:
                waiting = now - setting.workers
                leaving = min(waiting, draw(random, waiting * setting.hangup_per_s * dt, noise)) / now
                for b in range(buckets):
                    for c in range(attempts * tries):
                        amount = queue[j, b, c] * leaving
                        queue[j, b, c] -= amount
                        entered[j, b] -= amount
                        tasks[j, QUEUE] -= amount
                        in_queue -= amount
                        row[HUNG_UP] += amount
                        totals[7] += amount
                        failed[c // tries] += amount
        if quick > 0.0:
            for c in range(classes - 1):
                done[c] += arriving[c] * quick_part
            # Within a step waits are those of M/M/1, with the mean rho / (1 - rho) / rate, and answers exponential.
            mean_s = base_s + quick_wait / quick
            spread = random.standard_exponential() if noise else 1.0
            record(response, response_extremes, minute, mean_s * spread, quick)
            record(latency, latency_extremes, minute, mean_s * spread + setting.network_s, quick)
        row[CPU_S] += worked * cpu_s
        row[DATABASE_REQUESTS] += worked * asking
        row[DATABASE_WRITES] += worked * asking * writing
        if setting.cache_ttl_s > 0.0:
            row[CACHE_HITS] += worked * (1.0 - asking)
            row[CACHE_LOOKUPS] += worked
        database_work += worked * asking
        for c in range(attempts * tries):
            if done[c] > 0.0:
                bad = done[c] * asking * refused_share
                good = done[c] - bad
                row[ANSWERED] += good
                totals[1] += good
                thinking += good
                if bad > 0.0:
                    row[DATABASE_ERRORS] += bad
                    totals[6] += bad
                    failed[c // tries] += bad
                done[c] = 0.0
        if done[publisher] > 0.0:
            bad = done[publisher] * refused_writes
            row[PUBLISHED] += done[publisher] - bad
            row[DATABASE_WRITES] += done[publisher] * (1.0 - asking * writing)
            row[DATABASE_REQUESTS] += done[publisher] * (1.0 - asking)
            database_work += done[publisher] * (1.0 - asking)
            totals[1] += done[publisher] - bad
            totals[6] += bad
            pool += bad
            done[publisher] = 0.0

        # --- who found no room
        if total > 0.0 and passing < 1.0 - 1e-12:
            if targets > 0 and not backlog_full and total - placed > 0.5:
                backlog_full = True
                note(events, second, E_BACKLOG, -1.0, total - placed)
            for c in range(attempts * tries):
                over = arriving[c] * (1.0 - passing)
                if over <= 0.0:
                    continue
                k = c // tries
                if targets == 0:
                    row[UNAVAILABLE] += over
                    totals[4] += over
                    failed[k] += over
                elif c % tries + 1 < tries and waited_s[c + 1] < setting.timeout_s:
                    wait = round((waited_s[c + 1] - waited_s[c]) / dt)
                    resend[(at_resend + wait) % longest_wait, c + 1] += over
                    resending += over
                else:
                    wait = max(1, int((setting.timeout_s - waited_s[c]) / dt))
                    giving_up[(at_timeout + wait) % longest_timeout, k] += over
                    giving += over
            over = arriving[publisher] * (1.0 - passing)
            if over > 0.0:
                pool += over
                if targets == 0:
                    totals[4] += over
                    row[UNAVAILABLE] += over
                else:
                    totals[3] += over
                    row[REFUSED] += over
        for c in range(classes):
            arriving[c] = 0.0
        for k in range(attempts):
            due = giving_up[at_timeout, k]
            if due > 0.0:
                giving_up[at_timeout, k] = 0.0
                giving -= due
                row[REFUSED] += due
                totals[3] += due
                failed[k] += due

        # --- buckets grow older, clients lose patience
        if in_bucket == bucket_steps - 1 and in_queue > 0.0:
            following = (current + 1) % buckets
            for j in range(highest):
                if tasks[j, QUEUE] <= 0.0:
                    continue
                if int(tasks[j, OLDEST]) == following:
                    after = (following + 1) % buckets
                    for c in range(classes):
                        queue[j, after, c] += queue[j, following, c]
                        queue[j, following, c] = 0.0
                    entered[j, after] += entered[j, following]
                    entered[j, following] = 0.0
                    tasks[j, OLDEST] = after
                for c in range(attempts * tries):
                    back = math.ceil((setting.timeout_s - waited_s[c]) / bucket_s - 1e-9)
                    if back < 1:
                        continue
                    b = (following - back + buckets) % buckets
                    amount = queue[j, b, c]
                    if amount > 0.0:
                        queue[j, b, c] = 0.0
                        queue[j, b, gone] += amount
                        row[TIMEOUTS] += amount
                        totals[2] += amount
                        failed[c // tries] += amount

        # --- who tries again, who gives up
        for k in range(attempts):
            if failed[k] > 0.0:
                row[FAILED] += failed[k]
                if k + 1 < attempts:
                    wait = max(1, round(setting.backoff_s / dt))
                    retry[(at_backoff + wait) % longest_backoff, k + 1] += failed[k]
                    retrying += failed[k]
                else:
                    row[ERRORS] += failed[k]
                    thinking += failed[k]
                failed[k] = 0.0
        row[PUBLISH_PENDING] += (published_waiting + pool) * dt

        if part < per_second - 1:
            continue

        # --- once a second: what the rest of the system does
        for i in range(faults.shape[0]):
            if int(faults[i, 0]) != second:
                continue
            if faults[i, 1] == ZONE_LOSS:
                lost_zone = 0
                for j in range(rows):
                    if tasks[j, ZONE] == 0.0 and tasks[j, STATE] in (STARTING, RUNNING, DRAINING):
                        note(events, second, E_LOST, j, tasks[j, QUEUE])
                        tasks[j, STATE] = DEAD if tasks[j, STATE] == RUNNING else NONE
                        tasks[j, FAILS] = 0.0
                        if not setting.balanced:
                            tasks[j, HEALTHY] = 0.0
                            tasks[j, DOOMED] = 1.0
                        amount = 0.0
                        for b in range(buckets):
                            for c in range(attempts * tries):
                                failed[c // tries] += queue[j, b, c]
                                amount += queue[j, b, c]
                            pool += queue[j, b, publisher]
                            published_waiting -= queue[j, b, publisher]
                            totals[5] += queue[j, b, publisher]
                            for c in range(classes):
                                queue[j, b, c] = 0.0
                            entered[j, b] = 0.0
                        row[KILLED] += amount
                        totals[5] += amount
                        in_queue -= tasks[j, QUEUE]
                        tasks[j, QUEUE] = 0.0
            if faults[i, 1] in (ZONE_LOSS, FAILOVER) and setting.database:
                database_down_until = second + int(setting.failover_s)
            if faults[i, 1] == PURGE:
                purged_until = second + int(setting.purge_s)
                note(events, second, E_PURGED, -1.0, 0.0)
            if faults[i, 1] in (DEPLOYMENT, BAD_DEPLOYMENT):
                deploying = True
                faulty = faults[i, 1] == BAD_DEPLOYMENT
                ended = 0
                note(events, second, E_DEPLOY, -1.0, float(desired))
                for j in range(rows):
                    if tasks[j, STATE] in (STARTING, RUNNING, DEAD):
                        tasks[j, DOOMED] = 1.0

        if setting.balanced:
            check_health(setting, tasks, highest, second, room, events)
        ended += schedule(setting, tasks, highest, second, desired, lost_zone, faulty, random, events)
        if faulty and ended >= setting.breaker_after:
            # Back to the last revision that ran: the old tasks stay, and what is missing starts from it.
            faulty = deploying = False
            note(events, second, E_ROLLED_BACK, -1.0, float(ended))
            for j in range(rows):
                if tasks[j, STATE] == STARTING and tasks[j, BAD] > 0.0:
                    tasks[j] = 0.0
                elif tasks[j, STATE] == RUNNING and tasks[j, HEALTHY] > 0.0:
                    tasks[j, DOOMED] = 0.0

        running = healthy = unhealthy = starting = claiming = 0
        highest = 0
        still_old = False
        for j in range(rows):
            state = tasks[j, STATE]
            if state == DRAINING or (state == DEAD and tasks[j, DOOMED] > 0.0 and tasks[j, HEALTHY] == 0.0):
                end = second >= tasks[j, DRAIN_UNTIL] + setting.stop_timeout_s
                if tasks[j, QUEUE] < 0.5 or end or state == DEAD:
                    note(events, second, E_KILLED if tasks[j, QUEUE] >= 0.5 else E_STOPPED, j, tasks[j, QUEUE])
                    amount = 0.0
                    for b in range(buckets):
                        for c in range(attempts * tries):
                            failed[c // tries] += queue[j, b, c]
                            amount += queue[j, b, c]
                        pool += queue[j, b, publisher]
                        published_waiting -= queue[j, b, publisher]
                        totals[5] += queue[j, b, publisher]
                        for c in range(classes):
                            queue[j, b, c] = 0.0
                        entered[j, b] = 0.0
                    row[KILLED] += amount
                    totals[5] += amount
                    in_queue -= tasks[j, QUEUE]
                    tasks[j] = 0.0
                    continue
            if state != NONE:
                highest = j + 1
            if state == STARTING:
                starting += 1
            if state in (RUNNING, DRAINING):
                claiming += 1
            if state in (RUNNING, DEAD):
                running += 1 if state == RUNNING else 0
                if tasks[j, HEALTHY] > 0.0:
                    healthy += 1
                else:
                    unhealthy += 1
            if deploying and state in (RUNNING, DEAD) and tasks[j, DOOMED] > 0.0:
                still_old = True
        if deploying and not faulty and not still_old and starting == 0:
            deploying = False
            note(events, second, E_DEPLOYED, -1.0, float(running))

        # Targets: the healthy, or all where none is.
        targets = 0
        share_sum = 0.0
        opened = healthy == 0 and unhealthy > 0
        if opened and not fail_open:
            note(events, second, E_FAIL_OPEN, -1.0, float(unhealthy))
        fail_open = opened
        for j in range(highest):
            tasks[j, SHARE] = 0.0
            if tasks[j, STATE] in (RUNNING, DEAD) and (tasks[j, HEALTHY] > 0.0 or opened):
                share = 1.0
                if setting.slow_start_s > 0.0:
                    share = min(1.0, max(0.05, (second - tasks[j, BORN]) / setting.slow_start_s))
                tasks[j, SHARE] = share
                share_sum += share
                targets += 1
        # Caches: what of the coming second's requests goes through.
        rate_seen += 0.5 * (row[REQUESTS] - rate_seen)
        longest_s = 0.0
        for j in range(highest):
            if tasks[j, SHARE] > 0.0 and tasks[j, STATE] == RUNNING:
                longest_s = max(longest_s, tasks[j, QUEUE] / tasks[j, RATE])
        fetch_s = min(base_s + longest_s, setting.timeout_s)
        reach, asking, writing = shares(setting, routes, rate_seen, fetch_s, second < purged_until)
        slowest_rate, largest_share = set_rates(setting, tasks, highest, float(second), asking, share_sum)

        # Database: processor and storage credits, connections, and whether it is there.
        connections = claiming * setting.connections_per_task
        if setting.proxied:
            connections = min(connections, setting.database_connections)
        busy = replica_busy = 0.0
        if setting.database:
            down = second < database_down_until
            if down != was_down:
                note(events, second, E_DB_DOWN if down else E_DB_UP, -1.0, 0.0)
            was_down = down
            readers = setting.database_readers - (1 if down else 0)
            used = database_work * setting.database_s
            vcpu = setting.database_vcpu
            each = used / max(1, readers)
            processor_credits = min(
                setting.credits_max, max(0.0, processor_credits + setting.credits_per_s - each / 60.0)
            )
            if setting.credits_limited and processor_credits <= 0.0:
                vcpu = setting.baseline_vcpu
                if not low_credits:
                    note(events, second, E_CREDITS, -1.0, each)
                low_credits = True
            elif processor_credits > 1.0:
                low_credits = False
            replicas = setting.database_readers - 1
            primary_share = 1.0
            if replicas > 0 and database_work > 0.0:
                primary_share = max(row[DATABASE_WRITES] / row[DATABASE_REQUESTS], 1.0 / setting.database_readers)
            if down and replicas > 0:
                primary_share = 0.0
            busy = used * primary_share / vcpu
            if replicas > 0:
                replica_busy = used * (1.0 - primary_share) / (setting.replica_vcpu * replicas)
                # What a full replica cannot apply in a second it lags behind by; a free one catches up.
                replica_lag_s = max(setting.replica_lag_s, replica_lag_s + replica_busy - 1.0)
            operations = (row[DATABASE_REQUESTS] - row[DATABASE_WRITES]) * setting.io_per_read
            operations += row[DATABASE_WRITES] * setting.io_per_write
            io_credits = min(setting.io_credits_max, max(0.0, io_credits + setting.io_baseline_per_s - operations))
            io_limit = setting.io_burst_per_s
            if setting.io_burst_per_s > setting.io_baseline_per_s and io_credits <= 0.0:
                io_limit = setting.io_baseline_per_s
                if not low_io:
                    note(events, second, E_IO, -1.0, operations)
                low_io = True
            elif io_credits > setting.io_baseline_per_s:
                low_io = False
            spread = max(writing, 1.0 / max(1, readers))
            database_per_s = vcpu / setting.database_s / spread
            per_request = (1.0 - writing) * setting.io_per_read + writing * setting.io_per_write
            if per_request > 0.0:
                database_per_s = min(database_per_s, io_limit / per_request / spread)
            refused_writes = 0.0
            if setting.proxied:
                database_per_s = min(database_per_s, setting.database_connections / setting.database_s)
            elif setting.database_connections > 0.0 and connections > setting.database_connections:
                refused_writes = 1.0 - setting.database_connections / connections
            over = refused_writes > 0.0
            if over != exhausted:
                note(events, second, E_EXHAUSTED if over else E_FREE, -1.0, connections)
            exhausted = over
            refused_share = refused_writes
            if down:
                refused_writes = 1.0
                refused_share = 1.0 if readers == 0 else refused_share + (1.0 - refused_share) * writing
                if readers == 0:
                    database_per_s = 1e18  # an error comes at once
        database_work = 0.0
        if backlog_full and row[REFUSED] == 0.0 and resending < 0.5:
            backlog_full = False

        # Metrics of the minute, as the scaling alarms get them: late.
        minute_cpu += row[CPU_S]
        minute_busy += running * setting.vcpu
        minute_requests += row[REACHED]
        minute_targets += healthy
        if second % 60 == 59:
            kept_cpu[minute] = 100.0 * min(1.0, minute_cpu / minute_busy) if minute_busy > 0.0 else 0.0
            kept_tasks[minute] = minute_busy / setting.vcpu / 60.0
            kept_requests[minute] = 60.0 * minute_requests / minute_targets if minute_targets > 0.0 else 0.0
            minute_cpu = minute_busy = minute_requests = minute_targets = 0.0
        known = second - lag
        if known >= 59 and known % 60 == 59 and tracking.shape[0] + steps.shape[0] > 0:
            at = known // 60
            next_desired = scaled(
                setting, tracking, steps, memory, second, desired, kept_tasks[at], kept_cpu[at], kept_requests[at]
            )
            if next_desired != desired:
                note(events, second, E_OUT if next_desired > desired else E_IN, float(desired), float(next_desired))
                desired = next_desired

        row[USERS] = present
        row[WAITING] = in_queue
        row[RETRYING] = retrying + resending
        row[RUNNING_TASKS] = running
        row[HEALTHY_TASKS] = healthy
        row[UNHEALTHY_TASKS] = unhealthy
        row[DESIRED] = desired
        row[STARTING_TASKS] = starting
        row[CONNECTIONS] = connections
        row[CREDITS] = processor_credits
        row[IO_CREDITS] = io_credits
        row[DATABASE_BUSY] = min(1.0, busy)
        row[REACHING_SHARE] = reach
        row[CPU] = min(1.0, row[CPU_S] / (running * setting.vcpu)) if running > 0 else 0.0
        row[REPLICA_BUSY] = min(1.0, replica_busy)
        row[REPLICA_LAG] = replica_lag_s

    for j in range(rows):
        for b in range(buckets):
            for c in range(classes - 1):
                totals[8] += queue[j, b, c]
    totals[9] = resending + giving
    live = 0.0
    for k in range(attempts):
        live += failed[k]
    for j in range(rows):
        for b in range(buckets):
            for c in range(attempts * tries):
                live += queue[j, b, c]
    totals[10] = present - (thinking - debt + live + resending + giving + retrying)
