"""A crowd on its timers, for Locust: arrivals by schedule and not by answers, and thresholds at the end.

    locust -f FILE --headless --host https://staging.example

Each user polls every `interval_s` from a moment of their own, drawn by the seed, whether or not the last poll was answered: an
open model. Latency counts from the moment when a poll was due, so that a generator that falls behind cannot hide it; how far it
fell behind is `lag`. The crowd grows in steps; each is waited for before the next begins.
"""

from __future__ import annotations

import contextlib
import heapq
import json
import os
import random
import sys
import time
import urllib.request
from bisect import bisect
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import gevent
from gevent.pool import Pool
from locust import FastHttpUser, events, task

# fmt: off
PLAN: dict[str, Any] = json.loads(Path(os.environ["GAMEDAY_LOAD_PLAN"]).read_text(encoding="utf-8"))
# fmt: on

UPDATE = "Update-Id"
"""The header by which an answer says which update is its newest; without it the age of updates is not measured."""

CACHED = "Cache-Status"
"""The header by which an answer says which cache had it (RFC 9211)."""

ADDRESS = "X-Forwarded-For"
"""The header by which a user has an address of their own, where who is asked takes it for one."""

ROUTES = PLAN["routes"]
BOUNDS = list(accumulate(route["share"] for route in ROUTES))
LATENCY = {route["name"]: [] for route in ROUTES}  # type: dict[str, list[float]]
FAILED = [0]


def polls(turn: int, users: int, seconds: float, draw: random.Random) -> Iterator[tuple[float, int, int]]:
    """When, in seconds from the beginning of a step, which user of a step's crowd polls."""
    interval_s = PLAN["interval_s"]
    phases = sorted((draw.uniform(0, interval_s), user) for user in range(users))
    begun_s = 0.0
    while phases and begun_s < seconds:
        for phase, user in phases:
            if (due := begun_s + phase) < seconds:
                yield due, turn, user
        begun_s += interval_s


class Crowd(FastHttpUser):
    """All users at once: one object of Locust's that keeps every timer."""

    fixed_count = 1
    concurrency = 20_000
    max_retries = 0
    max_redirects = 0
    connection_timeout = network_timeout = PLAN["timeout_s"]

    @task
    def evening(self) -> None:
        """Every step, and the end."""
        draw = random.Random(PLAN["seed"])  # noqa: S311 (a schedule, not a secret)
        self.begun = time.monotonic()
        self.sent = 0
        with Path(PLAN["samples"] or os.devnull).open("w", encoding="utf-8") as self.samples:
            for number, step in enumerate(PLAN["steps"]):
                self.walk(number, step, draw)
        self.environment.runner.quit()

    def walk(self, number: int, step: dict[str, Any], draw: random.Random) -> None:
        """One step: its polls at their times, and then until every answer is there or has been given up."""
        pool, start = Pool(), time.monotonic()
        crowds = [{"host": self.host, **crowd} for crowd in step["crowds"]]
        due_polls = [
            polls(turn, crowd["users"], step["seconds"], random.Random(draw.random()))  # noqa: S311 (as above)
            for turn, crowd in enumerate(crowds)
        ]
        self.note("step", number, start)
        if PLAN["publish"]:
            for turn, crowd in enumerate(crowds):
                pool.spawn(self.desk, number, turn, crowd["host"], start + step["seconds"])
        for due, turn, user in heapq.merge(*due_polls):
            if self.sent >= PLAN["most_requests"]:
                break
            self.sent += 1
            gevent.sleep(max(0.0, start + due - time.monotonic()))
            route = ROUTES[min(bisect(BOUNDS, draw.random() * BOUNDS[-1]), len(ROUTES) - 1)]
            path = route["path"].format(1 + int(draw.random() * route["objects"]))
            address = 1 if crowds[turn].get("one_address") else 1 + user
            pool.spawn(self.poll, number, turn, user, start + due, route, crowds[turn]["host"] + path, address)
        gevent.sleep(max(0.0, start + step["seconds"] - time.monotonic()))
        self.note("sent", number, time.monotonic())
        pool.join(timeout=PLAN["timeout_s"] + 1)
        if PLAN["probe"]:  # answered only after what was given up: the next step must not find that in the queue
            for crowd in crowds:
                with contextlib.suppress(OSError), urllib.request.urlopen(crowd["host"] + PLAN["probe"], timeout=60):  # noqa: S310
                    pass
        self.note("over", number, time.monotonic())

    def poll(
        self, step: int, turn: int, user: int, due: float, route: dict[str, Any], asked: str, address: int
    ) -> None:
        """One poll, and a line of what became of it."""
        begun = time.monotonic()
        known = {ADDRESS: f"10.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"} if PLAN["addresses"] else {}
        answer = self.client.request(route["method"], asked, name=route["name"], headers=known)
        ended = time.monotonic()
        status = int(answer.status_code or 0)
        LATENCY[route["name"]].append(ended - due)
        FAILED[0] += not 200 <= status < 400
        newest, cached = (
            answer.headers.get(name, "") if status and answer.headers else "" for name in (UPDATE, CACHED)
        )
        self.note("poll", step, turn, due, user, route["name"], begun - due, ended - due, status, newest, cached)

    def desk(self, step: int, turn: int, host: str, until: float) -> None:
        """Updates at their times; each counts from before it is sent."""
        publish = PLAN["publish"]
        due = time.monotonic()
        while (due := due + publish["every_s"]) < until:
            gevent.sleep(max(0.0, due - time.monotonic()))
            begun = time.monotonic()
            answer = self.client.request("POST", host + publish["path"], name="publish")
            newest = answer.headers.get(UPDATE, "") if answer.status_code and answer.headers else ""
            self.note("update", step, turn, begun, time.monotonic() - begun, int(answer.status_code or 0), newest)

    def note(self, *what: object) -> None:
        """A line of the samples; times are of the machine's monotonic clock, in seconds."""
        self.samples.write(json.dumps(what) + "\n")


def judged(environment: Any, **_: Any) -> None:
    """Exit status 1 where a threshold is passed, with a sentence for each."""
    answered = sum(map(len, LATENCY.values()))
    said = [] if answered else ["no poll was answered or given up: nothing was tested"]
    thresholds = PLAN["thresholds"]
    if answered and (share := FAILED[0] / answered) > thresholds.get("failed_share", 1):
        said.append(f"{share:.2%} of the requests failed; at most {thresholds['failed_share']:.2%} may")
    for route in ROUTES:
        times = sorted(LATENCY[route["name"]])
        if route["live"] and times and (p95 := times[int(0.95 * len(times))]) > thresholds.get("p95_s", float("inf")):
            said.append(f"{route['name']}: p95 was {p95:.2f} s; at most {thresholds['p95_s']:g} s may be")
    for sentence in said:
        sys.stderr.write(f"threshold: {sentence}\n")
    environment.process_exit_code = 1 if said else 0


events.quitting.add_listener(judged)
