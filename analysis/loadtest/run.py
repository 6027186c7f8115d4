"""A load test as it runs: the servers, the crowd on its timers, and processor time read beside them."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil
import pymysql

from analysis.loadtest import crowd_file
from analysis.loadtest.measured import Check, Knee, Step, Usage, check, cpu_s_per_request, knee, steps
from analysis.loadtest.program import HEALTH, PUBLISH
from analysis.loadtest.quota import Quota, quota
from analysis.loadtest.servers import (
    LOOPBACK,
    Database,
    LoadError,
    Server,
    cache,
    database,
    end,
    last_words,
    micro_cache,
    program,
    tied,
)
from analysis.loadtest.tested import Tested
from analysis.scratch import scratch_directory

MOST_REQUESTS: Final = 60_000
"""Requests of one run of the crowd at most."""

GENERATED_PER_S: Final = 1_000
"""Requests a second to which a generator beside the servers is held: above, its own delay would be measured."""

SAMPLE_S: Final = 0.5
SLOWED_S: Final = 0.002
"""Processor time that the check adds to every handler."""

WORK: Final = [{"id": number, "minute": 90, "author": "desk", "text": "x" * 100} for number in range(25)]

COUNTERS: Final = ("Connections", "Threads_connected", "Innodb_row_lock_waits", "Innodb_row_lock_time")

OLD_ENTRIES: Final = 2_000
"""Updates that are in the database before the first request."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a test is: steps at `fractions` of the expected knee, for `seconds` each and at least three polls of a user.

    `checks` are steps in which the program as it is and the slowed one are both asked for more than they can do. A part of no
    seconds, or of no steps, is left out.
    """

    pilot_s: float
    fractions: tuple[float, ...]
    seconds: float
    checks: int
    check_s: float
    edge_s: float


FULL: Final = Size(8.0, (0.25, 0.5, 0.75, 0.9, 1.1, 1.3, 1.6), 12.0, 3, 10.0, 24.0)
SMALL: Final = Size(3.0, (), 0.0, 3, 6.0, 0.0)
"""What the tests run: the check alone."""

TOO_MUCH: Final = 1.6
"""What a step of the check asks for, as a multiple of the knee that is expected."""

AS_IS, SLOWED, EDGE = "as it is", "slowed", "behind nginx"
PILOT, STEPS, CHECKED = "pilot", "steps", "check"


@dataclass(frozen=True)
class Run:
    """What one run of the crowd left: each step by the servers that were asked in it, and what it is made from."""

    steps: tuple[Mapping[str, Step], ...]
    lines: tuple[Sequence[Any], ...]
    usage: tuple[Usage, ...]

    def of(self, server: str) -> tuple[Step, ...]:
        """The steps of one server."""
        return tuple(step[server] for step in self.steps if server in step)


@dataclass(frozen=True)
class LoadTest:
    """A whole test: how the program was held, to which share of a processor, and the runs by name."""

    tested: Tested
    held: str
    vcpu: float
    runs: Mapping[str, Run]

    @property
    def knee(self) -> Knee:
        """Where the program was full, asked step by step."""
        return knee(self.runs[STEPS].of(AS_IS), AS_IS)

    @property
    def check(self) -> Check:
        """Whether the slowed handler moved the knee as computed."""
        both = self.runs[CHECKED]
        return check(knee(both.of(AS_IS), AS_IS), knee(both.of(SLOWED), SLOWED), SLOWED_S)


def load_test(plan: Tested, size: Size = FULL, said: Callable[[str], None] = lambda _: None) -> LoadTest:
    """Runs the test: a first look at the processor time of a request, the steps, the check, the edge.

    Takes some minutes of wall time at FULL. Raises LoadError where a server does not start or ends, and
    `measured.NotMeasuredError` where a step was empty.
    """
    with ExitStack() as stack:
        scratch = stack.enter_context(scratch_directory("gameday-load-"))
        store = stack.enter_context(database(scratch))
        held, other = stack.enter_context(quota(plan.vcpu)), stack.enter_context(quota(plan.vcpu, "-slowed"))
        _filled(store)
        redis, reached = stack.enter_context(cache(scratch))
        settings = {
            "database": store.arguments(), "pooled": plan.pooled, "routes": list(plan.routes),
            "update": "x" * plan.update_bytes, "slowed_s": plan.slowed_s,
            "cache": {"server": reached, "ttl_s": plan.cache_ttl_s} if plan.cache_ttl_s else None,
        }  # fmt: skip
        as_is = stack.enter_context(program(scratch, settings, plan.workers, plan.backlog, AS_IS))
        held.hold(_tree(as_is))
        for server in (store, redis):
            for pid in _tree(server):
                _before_others(psutil.Process(pid), held)
        bench = _Bench(scratch, plan, held, store, redis)
        said("a first look at the processor time of a request")
        runs = {PILOT: bench.run(PILOT, [[(as_is, 0.3 * held.share / plan.cpu_s)]], size.pilot_s)}
        cpu_s = cpu_s_per_request(runs[PILOT].of(AS_IS), AS_IS)
        expected, slower = held.share / cpu_s, held.share / (cpu_s + SLOWED_S)
        if size.fractions:
            said(f"{1000 * cpu_s:.2f} ms: it should be full at {expected:.0f} requests a second")
            seconds = max(size.seconds, 3 * plan.interval_s)
            runs[STEPS] = bench.run(STEPS, [[(as_is, share * expected)] for share in size.fractions], seconds)
        if plan.kept_s and size.edge_s:
            most = min(plan.peak_users / plan.interval_s, 4 * expected, GENERATED_PER_S)
            said(f"behind a micro-cache, up to {most:.0f} requests a second")
            with micro_cache(scratch, as_is.port, plan.kept_s, EDGE) as edge:
                runs[EDGE] = bench.run(EDGE, [[(edge, most / 2)], [(edge, most)]], size.edge_s, asked=[as_is])
        said(f"beside it every handler slowed by {1000 * SLOWED_S:g} ms")
        slow_settings = {**settings, "slowed_s": plan.slowed_s + SLOWED_S}
        slowed = stack.enter_context(program(scratch, slow_settings, plan.workers, plan.backlog, SLOWED))
        other.hold(_tree(slowed))
        # At once, so that a neighbour who gets busy slows both.
        both = [(as_is, TOO_MUCH * expected), (slowed, TOO_MUCH * slower)]
        runs[CHECKED] = bench.run(CHECKED, [both] * size.checks, size.check_s)
    return LoadTest(plan, held.kind, held.share, runs)


def _filled(store: Database) -> None:
    """One game with old updates, and the index that a well-kept table has."""
    with pymysql.connect(**store.arguments(), ssl_disabled=True) as connection, connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE game (id INT PRIMARY KEY, home VARCHAR(40), away VARCHAR(40), reactions INT, entries INT) ENGINE=InnoDB"
        )
        cursor.execute(
            "CREATE TABLE entry (id BIGINT AUTO_INCREMENT PRIMARY KEY, game_id INT, minute INT, author VARCHAR(40), "
            "text TEXT, KEY game (game_id, id)) ENGINE=InnoDB"
        )
        cursor.execute("INSERT INTO game VALUES (1, 'home', 'away', 0, 0)")
        cursor.executemany(
            "INSERT INTO entry (game_id, minute, author, text) VALUES (1, %s, 'desk', %s)",
            [(number % 90, "x" * 100) for number in range(OLD_ENTRIES)],
        )
        connection.commit()


def _before_others(process: psutil.Process, held: Quota) -> None:
    """Lets what must not be the bottleneck go first, where this user may, and keeps it off the programs' core."""
    with suppress(PermissionError, ProcessLookupError):
        for thread in process.threads():
            os.setpriority(os.PRIO_PROCESS, thread.id, -10)
    if held.others:
        process.cpu_affinity(list(held.others))


def _tree(server: Server) -> list[int]:
    process = psutil.Process(server.process.pid)
    return [process.pid, *(child.pid for child in process.children(recursive=True))]


@dataclass(frozen=True)
class _Bench:
    """What every run of the crowd needs."""

    scratch: Path
    plan: Tested
    held: Quota
    store: Database
    redis: Server

    def run(
        self, name: str, turns: Sequence[Sequence[tuple[Server, float]]], seconds: float, asked: Sequence[Server] = ()
    ) -> Run:
        """A run of the crowd with a step of `seconds` for each turn, and what all servers used.

        A turn is the servers asked at once, with requests a second for each; `asked` are reached through another. LoadError
        where the crowd or a server ends early.
        """
        plan = self.plan
        if (total := sum(rate for turn in turns for _, rate in turn) * seconds) > MOST_REQUESTS:
            raise LoadError(
                f"{plan.stack}: {name} would send {total:,.0f} requests; the most is {MOST_REQUESTS:,}. "
                "A task this large cannot be measured beside its generator"
            )
        users = [[max(1, math.ceil(rate * plan.interval_s)) for _, rate in turn] for turn in turns]
        samples = self.scratch / "samples.jsonl"
        text = {
            **crowd_file.plan(plan),
            "steps": [
                {
                    "seconds": seconds,
                    "crowds": [
                        {"users": count, "host": f"http://{LOOPBACK}:{server.port}"}
                        for count, (server, _) in zip(counts, turn, strict=True)
                    ],
                }
                for counts, turn in zip(users, turns, strict=True)
            ],
            "publish": {"path": PUBLISH, "every_s": plan.update_every_s},
            "samples": str(samples),
            "probe": HEALTH,
            "most_requests": MOST_REQUESTS,
            "thresholds": {},
        }
        every = (self.store, self.redis, *asked, *(server for turn in turns for server, _ in turn))
        servers = list({id(each): each for each in every}.values())
        with _sampled(self.store, servers) as usage:
            self._crowd(text, servers, len(turns) * (seconds + plan.timeout_s + 60.0) + 30.0)
        lines = [json.loads(line) for line in samples.read_text(encoding="utf-8").splitlines()]
        found = [
            {server.name: step for step, (server, _) in zip(crowds, turn, strict=True)}
            for crowds, turn in zip(steps(lines, usage, users), turns, strict=True)
        ]
        return Run(tuple(found), tuple(lines), tuple(usage))

    def _crowd(self, text: Mapping[str, Any], servers: Sequence[Server], most_s: float) -> None:
        """Starts the crowd and waits for its end, which is `most_s` away at most."""
        plan, log = self.scratch / "plan.json", self.scratch / "locust.log"
        plan.write_text(json.dumps(text), encoding="utf-8")
        command = tied(
            [sys.executable, "-m", "locust", "-f", str(crowd_file.SOURCE), "--headless", "--users", "1", "--only-summary",
             "--host", f"http://{LOOPBACK}", "--exit-code-on-error", "0", "--loglevel", "ERROR"]
        )  # fmt: skip
        environment = crowd_file.environment(plan)
        with log.open("wb") as words:
            process = subprocess.Popen(  # noqa: S603 (our own interpreter and file)
                command, cwd=self.scratch, env=environment, stdin=subprocess.DEVNULL, stdout=words, stderr=words,
                start_new_session=True,
            )  # fmt: skip
            try:
                _before_others(psutil.Process(process.pid), self.held)
                until = time.monotonic() + most_s
                while process.poll() is None:
                    for server in servers:
                        server.require()
                    if time.monotonic() > until:
                        raise LoadError(f"the crowd was not done after {most_s:.0f} s{last_words(log)}")
                    time.sleep(SAMPLE_S)
            finally:
                end(process)
        if process.returncode:
            raise LoadError(f"locust ended with status {process.returncode}{last_words(log)}")


@contextmanager
def _sampled(store: Database, servers: Sequence[Server]) -> Iterator[list[Usage]]:
    """The use of the servers, sampled beside the block from its beginning to its end."""
    trees = {server.name: [psutil.Process(pid) for pid in _tree(server)] for server in servers}
    found: list[Usage] = []
    stop = threading.Event()
    with pymysql.connect(**store.arguments(), ssl_disabled=True, autocommit=True) as connection:

        def sample() -> None:
            with connection.cursor() as cursor:
                names = ", ".join(f"'{name}'" for name in COUNTERS)
                cursor.execute(f"SHOW GLOBAL STATUS WHERE Variable_name IN ({names})")
                counters = {name: float(value) for name, value in cursor.fetchall()}
            cpu_s = {name: _cpu_s(tree) for name, tree in trees.items()}
            found.append(Usage(time.monotonic(), cpu_s, _work_s(), counters))

        def sampling() -> None:
            while not stop.wait(SAMPLE_S):
                with suppress(pymysql.Error, psutil.Error):  # a server that ends is said by who waits for the crowd
                    sample()

        sample()
        thread = threading.Thread(target=sampling, daemon=True)
        thread.start()
        try:
            yield found
        finally:
            stop.set()
            thread.join()
        sample()


def _work_s() -> float:
    """Processor seconds of a fixed piece of work, of the kind that the program does."""
    begun = time.thread_time()
    for _ in range(20):
        json.dumps(WORK)
    return time.thread_time() - begun


def _cpu_s(tree: Sequence[psutil.Process]) -> float:
    """Processor seconds of a server's processes, those of children that have ended included."""
    first = tree[0].cpu_times()
    used = first.user + first.system + first.children_user + first.children_system
    for process in tree[1:]:
        with suppress(psutil.NoSuchProcess):  # such as nginx's loader of its cache; counted as an ended child
            times = process.cpu_times()
            used += times.user + times.system
    return used
