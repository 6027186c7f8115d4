"""What the tests of the simulated night share: one small task, and the same mechanism as a discrete-event simulation."""

import math
import random

import numpy as np
import simpy

from analysis.night import kernel
from analysis.night.compiled import record_of

ONE_TASK = kernel.Setting(
    step_s=0.1,
    bucket_s=0.25,
    noise=True,
    think_s=5.0,
    timeout_s=10.0,
    retries=0,
    backoff_s=1.0,
    hangup_per_s=0.0,
    connection_tries=4,
    network_s=0.0,
    edge_answer_s=0.0,
    publisher_per_s=0.0,
    edge_caches=1.0,
    shield=False,
    cache_ttl_s=0.0,
    purge_s=5.0,
    vcpu=0.25,
    workers=1.0,
    event_loop=False,
    backlog=2048.0,
    cpu_miss_s=0.001,
    cpu_hit_s=0.001,
    database_s=0.0005,
    cold_s=0.0,
    cold_factor=1.0,
    start_median_s=45.0,
    start_sigma=0.28,
    tasks_at_start=1,
    tasks_min=1,
    tasks_max=1,
    task_rows=8,
    minimum_healthy=100.0,
    maximum=200.0,
    breaker_after=math.inf,
    grace_s=0.0,
    stop_timeout_s=30.0,
    zones=2,
    balanced=False,
    least_outstanding=False,
    check_interval_s=30.0,
    check_timeout_s=5.0,
    check_unhealthy=2,
    check_healthy=2,
    deregistration_s=30.0,
    slow_start_s=0.0,
    alarm_lag_s=153.0,
    out_datapoints=3,
    in_datapoints=15,
    in_share=0.9,
    database=False,
    database_vcpu=2.0,
    database_readers=1,
    replica_vcpu=math.inf,
    replica_lag_s=0.0,
    proxied=False,
    database_connections=0.0,
    connections_per_task=0.0,
    failover_s=90.0,
    credits_limited=False,
    credits=0.0,
    credits_max=0.0,
    credits_per_s=0.0,
    baseline_vcpu=0.2,
    io_per_read=0.0,
    io_per_write=0.0,
    io_baseline_per_s=3000.0,
    io_burst_per_s=3000.0,
    io_credits=0.0,
    io_credits_max=0.0,
)
"""A quarter of a vCPU at 1 ms a request: 250 answers a second, a knee at 1,250 users who poll every 5 s."""


class Run:
    """A run of the kernel over `users` (one number per second) and what it noted."""

    def __init__(self, setting, users, seed=1, faults=(), routes=((1.0, 0.0, 1.0, 1.0, 0.0),), tracking=(), steps=()):
        users = np.asarray(users, float)
        given = kernel.Given(
            users,
            np.array(routes, float),
            np.array(faults, float).reshape(-1, 2),
            np.array(tracking, float).reshape(-1, 4),
            np.array(steps, float).reshape(-1, 10),
        )
        setting = record_of(setting)
        noted = kernel.blank(len(users) - 1, 2_000)
        kernel.simulate(
            setting, given, kernel.opened(setting, given), noted, np.random.Generator(np.random.PCG64(seed))
        )
        noted = kernel.kept(noted)
        self.seconds, self.totals = noted.seconds, noted.totals
        self.times, self.extremes = noted.response, noted.response_extremes
        self.noted = noted.events

    def column(self, name, start=0):
        return self.seconds[name][start:]

    def mean(self, name, start=0):
        return float(self.column(name, start).mean())

    def total(self, name, start=0):
        return float(self.column(name, start).sum())

    def mean_response_s(self, first_minute=0):
        part = self.extremes[first_minute:]
        return float(part[:, 1].sum() / part[:, 0].sum())

    def events(self, kind):
        return [
            (event.second, kernel.EVENTS[event.kind], event.subject, event.amount)
            for event in self.noted
            if kernel.EVENTS[event.kind] == kind
        ]


class Polling:
    """Users who poll one worker: backlog, retransmitted connection requests, timeouts, retries, and work for those who left."""

    def __init__(self, setting, seed=1):
        self.setting = setting
        self.random = random.Random(seed)
        self.env = simpy.Environment()
        self.queue = []
        self.wake = self.env.event()
        self.rate = min(setting.vcpu / setting.cpu_miss_s, 1.0 / (setting.cpu_miss_s + setting.database_s))
        self.answered = []  # (when, how long it took)
        self.failed = []
        self.attempts = 0
        self.env.process(self.worker())

    def worker(self):
        while True:
            while not self.queue:
                self.wake = self.env.event()
                yield self.wake
            request = self.queue.pop(0)
            yield self.env.timeout(self.random.expovariate(self.rate))
            if not request.triggered:
                request.succeed()

    def user(self, first_s):
        yield self.env.timeout(first_s)
        while True:
            for attempt in range(self.setting.retries + 1):
                if (yield from self.asks()):
                    break
                if attempt < self.setting.retries:
                    yield self.env.timeout(self.setting.backoff_s)
            else:
                self.failed.append(self.env.now)
            yield self.env.timeout(self.random.expovariate(1.0 / self.setting.think_s))

    def asks(self):
        self.attempts += 1
        began = self.env.now
        limit = self.env.timeout(self.setting.timeout_s)
        wait_s = 1.0
        for _ in range(int(self.setting.connection_tries)):
            if len(self.queue) <= self.setting.backlog:
                answer = self.env.event()
                self.queue.append(answer)
                if not self.wake.triggered:
                    self.wake.succeed()
                yield answer | limit
                if answer.triggered:
                    self.answered.append((self.env.now, self.env.now - began))
                    return True
                answer.succeed()  # nobody listens any more, but the worker takes it from the queue all the same
                return False
            yield self.env.timeout(wait_s) | limit
            if limit.processed or self.env.now - began >= self.setting.timeout_s:
                return False
            wait_s *= 2.0
        yield limit
        return False

    def come(self, users, at_s=0.0, at_once=False):
        for _ in range(users):
            first_s = 0.0 if at_once else self.random.expovariate(1.0 / self.setting.think_s)
            self.env.process(self.user(at_s + first_s))

    def run(self, until_s):
        self.env.run(until=until_s)
        return self
