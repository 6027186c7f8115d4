"""What a night depends on: read from the resolved stack, the scenario and the runtime profile, else from `facts/night.toml`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.architecture import Architecture, Diagnostic
from analysis.capacity.analytic import cache_operations_per_s, workers
from analysis.capacity.threads import threads
from analysis.demand.flows import check_streams, poll_interval
from analysis.facts import Assumption, Limit, Runtime, Scenario, Stack, cpu_factor, instance, instances, limit, runtime
from analysis.night import kernel
from analysis.night.values import Inputs, NightError, replaced
from analysis.wiring import PathError, RequestPath, request_path, without_unused_cache
from analysis.wiring.hops import HELD_CONNECTIONS, Service, Storage, Tracking, Trigger
from analysis.wiring.scaling import trigger_lag_s

Array = NDArray[np.float64]

STEP_S = 0.1
"""A step of the simulation. A fifth of it moves throughput by about a hundredth, as the tests hold."""

BUCKET_S = 0.25
"""Width of an age bucket: requests that came within it wait alike."""

METRICS: Mapping[str, int] = {
    "ECSServiceAverageCPUUtilization": kernel.METRIC_CPU,
    "CPUUtilization": kernel.METRIC_CPU,
    "ALBRequestCountPerTarget": kernel.METRIC_REQUESTS,
    "RequestCountPerTarget": kernel.METRIC_REQUESTS,
    HELD_CONNECTIONS: kernel.METRIC_STREAMS,
}
"""The metrics that scaling policies can follow here, by CloudWatch's names, and the one that a program publishes itself."""

STREAM_LIMITS = ("stream.cpu_s_per_delivery", "stream.bytes_per_connection")
"""What connections that stay rest on besides the scenario."""

CHANGES: Mapping[str, int] = {
    "ChangeInCapacity": kernel.CHANGE_BY,
    "PercentChangeInCapacity": kernel.CHANGE_PERCENT,
    "ExactCapacity": kernel.CHANGE_TO,
}

ROWS_PER_TASK = 3
"""Table rows per task at most: one that runs, one that starts and one that still drains."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong at a minute counted from kick-off; `kind` is one of kernel.FAULTS."""

    kind: str
    minute: float

    def __str__(self) -> str:
        return f"{self.kind}@{self.minute:g}"


def fault(text: str) -> Fault:
    """The fault written `zone-loss@104`: its kind and the minute from kick-off. NightError where it cannot be read."""
    kind, at, minute = text.partition("@")
    if kind not in kernel.FAULTS:
        raise NightError(f"fault {text!r}: {kind!r} is not known; the faults are {', '.join(kernel.FAULTS)}")
    try:
        when = float(minute)
    except ValueError:
        when = math.nan
    if not at or not math.isfinite(when):
        raise NightError(f"fault {text!r}: write the minute from kick-off after an @, as in {kind}@104")
    return Fault(kind, when)


@dataclass(frozen=True, slots=True)
class Memory:
    """What a task's memory is used for, in MiB: what it has, what it needs at rest, and what each request inside it takes."""

    task_mib: float
    rest_mib: float
    request_mib: float


@dataclass(frozen=True)
class Setup:
    """Everything a night needs but the seed. `users` are those of each second; replace `setting` to try other numbers."""

    stack: str
    scenario: str
    runtime: str
    path: RequestPath
    setting: kernel.Setting
    start_minute: float
    users: Array
    routes: Array
    faults: Array
    tracking: Array
    steps: Array
    edge_spans_s: tuple[float, ...]
    service_spans_s: tuple[float, ...]
    memory: Memory
    cache_operations_per_s: float
    volume_latency_s: float
    freshness_target_s: float
    assumptions: tuple[Assumption | Limit, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def minutes(self) -> int:
        """Whole minutes of the night."""
        return (len(self.users) - 1) // 60


def stack_setup(
    architecture: Architecture,
    scenario: Scenario,
    stack: Stack | None = None,
    *,
    profile: Runtime | None = None,
    faults: Sequence[Fault] = (),
    peak_users: int | None = None,
    values: Mapping[str, float] | None = None,
) -> Setup:
    """The night of `scenario` on `architecture`: `setup` for its request path and its program.

    `profile` replaces the runtime that `stack` names; one of the two must be there. Raises PathError where no request path can be
    derived, and as `setup` does.
    """
    path, program = request_path(architecture, stack), program_of(stack, profile)
    return setup(path, scenario, program, faults=faults, peak_users=peak_users, values=values)


def program_of(stack: Stack | None, profile: Runtime | None) -> Runtime:
    """`profile`, else the runtime that the stack names. Raises NightError where neither is there."""
    if profile is None and stack is None:
        raise NightError("no runtime is named: give a profile, or a stack whose gameday.toml names one")
    return profile or runtime(stack.runtime)  # type: ignore[union-attr]


def setup(
    path: RequestPath,
    scenario: Scenario,
    profile: Runtime,
    *,
    faults: Sequence[Fault] = (),
    peak_users: int | None = None,
    values: Mapping[str, float] | None = None,
) -> Setup:
    """The night of `scenario` on a request path whose service runs `profile`, ready to be run with any seed.

    `peak_users` replaces the scenario's, and `values` any assumption by its name (`client.timeout_s`; see `values.replaced`).
    Raises PathError as `simulated_only` does, NightError for a fault outside the night, for an assumption that is not
    known and for a value that it cannot have.
    """
    path = without_unused_cache(path, profile)
    simulated_only(path, scenario)
    if peak_users is not None:
        scenario = scenario.with_peak(peak_users)
    inputs = replaced(values or {}, scenario, profile)
    scenario, profile = inputs.scenario, inputs.profile
    notes = list(path.diagnostics)
    if path.poll_interval_s is not None and "client.poll_interval_s" in (values or {}):
        message = (
            f"the Terraform has the clients poll every {path.poll_interval_s.value} s; the value given does nothing"
        )
        notes.append(Diagnostic("warning", message, path.service.defined_at))
    tracking = _tracking(path.service, notes)
    steps = _steps(path.service, notes)
    live = next(route for route in scenario.routes if route.live)
    at_edge = path.edge.behaviour(live.path).ttl_s if path.edge is not None and live.shared else 0.0
    kept = (path.cache.age_s,) if path.cache is not None and live.shared else ()
    return Setup(
        stack=path.stack,
        scenario=scenario.title,
        runtime=profile.name,
        path=path,
        setting=_setting(path, inputs, notes),
        start_minute=scenario.start_minute,
        users=_users(scenario),
        routes=_routes(path, scenario),
        faults=_faults(scenario, faults),
        tracking=tracking,
        steps=steps,
        edge_spans_s=(at_edge + limit("cloudfront.age_rounding_s").at(),) if at_edge > 0 else (),
        service_spans_s=kept,
        memory=_memory(path, inputs),
        cache_operations_per_s=cache_operations_per_s(path),
        volume_latency_s=inputs.numbers["volume_latency_s"],
        freshness_target_s=scenario.freshness_target_s.at(),
        assumptions=_assumed(path, inputs),
        diagnostics=tuple(notes),
    )


def simulated_only(path: RequestPath, scenario: Scenario) -> None:
    """PathError for what no night simulates yet: feeds, several kinds of connections, and streams that nobody opens."""
    if scenario.feeds:
        names = ", ".join(feed.name for feed in scenario.feeds)
        message = f"{scenario.file} has feeds ({names}), and a night is simulated without them; `gameday capacity` computes them"
    elif len(scenario.connections) > 1:
        names = ", ".join(one.name for one in scenario.connections)
        message = (
            f"{scenario.file} has several kinds of connections ({names}), and a night is simulated with one of them"
        )
    else:
        check_streams(path, scenario)
        return
    raise PathError([Diagnostic("error", message, path.service.defined_at)])


def _streams(path: RequestPath, scenario: Scenario, connect_cpu_s: float) -> dict[str, Any]:
    """Fields of the setting about connections that stay; none without them."""
    if not scenario.connections:
        return {}
    connection = scenario.connections[0]
    memory_bytes = float(path.service.memory_mib.value) * 2.0**20
    own = float(path.connections_each.value) if path.connections_each is not None else math.inf
    return {
        "streams_per_user": connection.per_user.at(),
        "stream_life_s": 60.0 * connection.minutes.at(),
        "stream_pause_s": max(scenario.client["backoff_s"].at(), STEP_S),
        "streams_each": min(own, memory_bytes / limit("stream.bytes_per_connection").at()),
        "stream_share": connection.follows.at(),
        "delivery_cpu_s": limit("stream.cpu_s_per_delivery").at(),
        "connect_cpu_s": connect_cpu_s,
    }


def _memory(path: RequestPath, inputs: Inputs) -> Memory:
    numbers = inputs.numbers
    processes = float(workers(path, inputs.profile).value)
    return Memory(
        task_mib=float(path.service.memory_mib.value),
        rest_mib=numbers["memory_rest_mib"] + processes * numbers["memory_worker_mib"],
        request_mib=numbers["memory_request_kib"] / 1024.0,
    )


def _users(scenario: Scenario) -> Array:
    """The users of each second, as `Scenario.users` has them, for all seconds at once."""
    count = 60 * int(scenario.end_minute - scenario.start_minute) + 1
    minutes = scenario.start_minute + np.arange(count) / 60.0
    level = np.interp(minutes, [m.minute for m in scenario.profile], [m.level for m in scenario.profile])
    for surge in scenario.surges:
        elapsed_s = np.maximum((minutes - surge.minute) * 60.0, 0.0)
        fading = np.exp(-np.maximum(elapsed_s - surge.rise_s, 0.0) / (60.0 * surge.fade_min))
        level = level + surge.level * np.where(elapsed_s < surge.rise_s, elapsed_s / surge.rise_s, fading)
    users: Array = scenario.peak_users.at() * level / level.max()
    return users


def _routes(path: RequestPath, scenario: Scenario) -> Array:
    rows = []
    for route in scenario.routes:
        ttl_s = path.edge.behaviour(route.path).ttl_s if path.edge is not None and route.shared else 0.0
        rows.append((route.share.at(), ttl_s, route.objects.at(), float(route.shared), float(route.writes)))
    return np.array(rows)


def _faults(scenario: Scenario, faults: Sequence[Fault]) -> Array:
    rows = []
    for each in faults:
        if not scenario.start_minute <= each.minute < scenario.end_minute:
            raise NightError(
                f"fault {each}: the night lasts from minute {scenario.start_minute:g} to {scenario.end_minute:g}"
            )
        second = int((each.minute - scenario.start_minute) * 60)
        rows.append((float(second), float(kernel.FAULTS.index(each.kind))))
    return np.array(rows).reshape(-1, 2)


def _tracking(service: Service, notes: list[Diagnostic]) -> Array:
    def known(policy: Tracking) -> bool:
        if policy.metric not in METRICS:
            message = f"{policy.address}: the night does not simulate {policy.metric}, so the policy does nothing in it"
            notes.append(Diagnostic("warning", message, policy.defined_at))
        return policy.metric in METRICS

    rows = [
        (float(METRICS[p.metric]), p.target, p.scale_out_cooldown_s, p.scale_in_cooldown_s)
        for p in service.tracking
        if known(p)
    ]
    return np.array(rows).reshape(-1, 4)


def _steps(service: Service, notes: list[Diagnostic]) -> Array:
    """The bands of the step policies with the alarms that start them. An alarm counts if it says that too much is going on."""
    rows: list[tuple[float, ...]] = []
    for number, step in enumerate(service.steps):
        usable = [(t, threshold) for t in step.triggers if (threshold := _upper_limit(t)) is not None]
        why = ""
        if not usable:
            why = "its alarm is not one on processor or requests per target" if step.triggers else "no alarm starts it"
        elif step.adjustment_type not in CHANGES:
            why = f"its adjustment type is {step.adjustment_type}, none of {', '.join(CHANGES)}"
        if why:
            message = f"{step.address}: {why}, so the policy does nothing in the night"
            notes.append(Diagnostic("warning", message, step.defined_at))
            continue
        trigger, threshold = usable[0]
        rows += [
            (
                float(number),
                float(METRICS[trigger.metric]),
                threshold,
                trigger.periods * trigger.period_s / 60.0,
                band.lower,
                band.upper,
                float(CHANGES[step.adjustment_type]),
                band.adjustment,
                step.cooldown_s,
                step.least_change,
            )
            for band in step.bands
        ]
    return np.array(rows).reshape(-1, 10)


def _upper_limit(trigger: Trigger) -> float | None:
    """The threshold above which the alarm rings on a metric that the night simulates; None for any other alarm."""
    above = trigger.metric in METRICS and trigger.comparison.startswith("GreaterThan")
    return trigger.threshold if above else None


def _setting(path: RequestPath, inputs: Inputs, notes: list[Diagnostic]) -> kernel.Setting:
    scenario, profile, assumed = inputs.scenario, inputs.profile, inputs.numbers
    service, balancer = path.service, path.balancer
    start, most = int(service.tasks_at_start.value), int(service.tasks_at_most.value)
    loop = profile.concurrency == "event_loop"
    each = float(threads(path, profile).value)
    cpu_s = profile.cpu_s_per_request.at() * cpu_factor(each)
    hit_s = cpu_s
    if profile.cpu_s_per_hit is not None and path.cache is not None:
        hit_s = profile.cpu_s_per_hit.at() * cpu_factor(each)
    check = balancer.health_check if balancer is not None else None
    if service.zones < 2:
        message = (
            f"{service.address}: its subnets stand in one zone, as far as is known; losing a zone loses every task"
        )
        notes.append(Diagnostic("warning", message, service.defined_at))
    datapoints = int(assumed["autoscaling.scale_out.datapoints"])
    return kernel.Setting(
        step_s=STEP_S,
        bucket_s=BUCKET_S,
        noise=True,
        think_s=float(poll_interval(path, scenario).value),
        timeout_s=scenario.client["timeout_s"].at(),
        retries=int(scenario.client["retries"].at()),
        backoff_s=scenario.client["backoff_s"].at(),
        hangup_per_s=assumed["hangup_per_s"],
        connection_tries=int(assumed["connection_tries"]),
        network_s=assumed["network_s"],
        edge_answer_s=assumed["edge_answer_s"],
        publisher_per_s=scenario.publisher["updates_per_minute"].at() / 60.0,
        edge_caches=scenario.edge["caches"].at(),
        shield=path.edge is not None and path.edge.shield,
        cache_ttl_s=float(path.cache.ttl.value) if path.cache is not None else 0.0,
        purge_s=assumed["purge_s"],
        vcpu=float(service.vcpu.value),
        workers=float(workers(path, profile).value) * each,
        event_loop=loop,
        backlog=assumed["event_loop_open"] if loop else float(profile.backlog),
        cpu_miss_s=cpu_s,
        cpu_hit_s=hit_s,
        database_s=profile.database_s_per_request.at(),
        cold_s=assumed["cold_s"],
        cold_factor=assumed["cold_factor_event_loop" if loop else "cold_factor_process"],
        start_median_s=assumed["fargate.start_s"],
        start_sigma=assumed["start_sigma"],
        tasks_at_start=start,
        # A scheduled action raises the minimum for the whole game.
        tasks_min=max(start, int(service.minimum.value)),
        tasks_max=max(start, most),
        task_rows=ROWS_PER_TASK * max(start, most) + 4,
        minimum_healthy=float(service.minimum_healthy_percent.value),
        maximum=float(service.maximum_percent.value),
        breaker_after=_breaker(service, start),
        grace_s=service.grace_s,
        stop_timeout_s=service.stop_timeout_s,
        zones=max(1, service.zones),
        balanced=check is not None,
        least_outstanding=balancer is not None and balancer.algorithm == "least_outstanding_requests",
        check_interval_s=check.interval_s if check else math.inf,
        check_timeout_s=check.timeout_s if check else math.inf,
        check_unhealthy=check.unhealthy if check else 1,
        check_healthy=check.healthy if check else 1,
        deregistration_s=balancer.deregistration_delay_s if balancer is not None else 0.0,
        slow_start_s=balancer.slow_start_s if balancer is not None else 0.0,
        alarm_lag_s=trigger_lag_s(assumed["autoscaling.scale_out_trigger_s"], datapoints),
        out_datapoints=datapoints,
        in_datapoints=int(limit("autoscaling.scale_in.datapoints").at()),
        in_share=limit("autoscaling.scale_in.share_of_target").at(),
        **_database(path, profile, assumed),
        **_streams(path, scenario, cpu_s),
    )


def _breaker(service: Service, desired: int) -> float:
    """After how many tasks that fail to start the service goes back to its last revision; infinite where it never does.

    Half the desired count, at least 3 and at most 200:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
    """
    return float(min(200, max(3, math.ceil(0.5 * desired)))) if service.rolls_back else math.inf


def _database(path: RequestPath, profile: Runtime, assumed: Mapping[str, float]) -> dict[str, Any]:
    """The fields of the database.

    RDS runs T3 and T4g in unlimited mode, so only T2 falls to its baseline:
    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Types.html
    """
    database = path.database
    per_task = 0.0
    if path.pool_size is not None:
        per_task = float(path.pool_size.value)
    elif profile.connections == "per_slot":
        per_task = float(workers(path, profile).value) * float(threads(path, profile).value)
    replica_vcpu = math.inf
    if database is None:
        facts_of_class, readers, failover_s, accepted = None, 1, 0.0, 0.0
    else:
        facts_of_class = instance(str(database.instance_class.value))
        readers = 1 + len(database.replicas)
        failover_s = assumed["failover_multi_az_s" if database.multi_az else "failover_single_az_s"]
        accepted = database.connections.value if database.connections is not None else 0.0
        for name in database.replica_classes:
            known = instances().get(name) or facts_of_class
            replica_vcpu = min(replica_vcpu, float(known.vcpu))
        if database.proxy is not None:
            accepted = accepted * database.proxy_percent / 100.0
            failover_s *= assumed["proxy_failover_share"]
    baseline, burst, operations = _storage(database.storage if database else Storage("", None, None), assumed)
    credits_most = (facts_of_class.max_credits or 0.0) if facts_of_class else 0.0
    return {
        "database": database is not None,
        "database_vcpu": float(facts_of_class.vcpu) if facts_of_class else math.inf,
        "database_readers": readers,
        "replica_vcpu": replica_vcpu,
        "replica_lag_s": assumed["replica_lag_s"] if readers > 1 else 0.0,
        "proxied": bool(database is not None and database.proxy is not None and accepted > 0),
        "database_connections": accepted,
        "connections_per_task": per_task if database is not None else 0.0,
        "failover_s": failover_s,
        "credits_limited": bool(facts_of_class and facts_of_class.instance_class.startswith("db.t2.")),
        "credits": credits_most * assumed["credits_at_start"],
        "credits_max": credits_most,
        "credits_per_s": (facts_of_class.credits_per_hour or 0.0) / 3600.0 if facts_of_class else 0.0,
        "baseline_vcpu": facts_of_class.baseline_vcpu if facts_of_class else math.inf,
        "io_per_read": assumed["io_per_read"],
        "io_per_write": assumed["io_per_write"],
        "io_baseline_per_s": baseline,
        "io_burst_per_s": burst,
        "io_credits": operations * assumed["credits_at_start"],
        "io_credits_max": operations,
    }


def _storage(storage: Storage, assumed: Mapping[str, float]) -> tuple[float, float, float]:
    """Operations per second for good, those in a burst, and the bucket that a burst draws from."""
    if storage.iops:
        return storage.iops, storage.iops, 0.0
    if (storage.kind or "gp2") != "gp2":
        return assumed["gp3_iops"], assumed["gp3_iops"], 0.0
    baseline = max(assumed["gp2_least_iops"], assumed["gp2_iops_per_gb"] * (storage.size_gb or 0.0))
    return baseline, max(baseline, assumed["gp2_burst_iops"]), assumed["gp2_credits"]


def _assumed(path: RequestPath, inputs: Inputs) -> tuple[Assumption | Limit, ...]:
    """What the night rests on besides the Terraform."""
    profile = inputs.profile
    hit = (profile.cpu_s_per_hit,) if profile.cpu_s_per_hit is not None and path.cache is not None else ()
    return (
        profile.cpu_s_per_request,
        *hit,
        profile.database_s_per_request,
        *inputs.scenario.assumptions,
        *inputs.night.values(),
        *inputs.limits.values(),
        *_held_open(inputs.scenario),
    )


def _held_open(scenario: Scenario) -> tuple[Assumption | Limit, ...]:
    connections = [a for one in scenario.connections for a in (one.per_user, one.minutes, one.follows)]
    return (*connections, *(limit(name) for name in STREAM_LIMITS)) if connections else ()
