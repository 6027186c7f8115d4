"""A load test as it runs: the servers, the crowd on its timers, and processor time read beside them."""

from __future__ import annotations

import json
import math
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil
import pymysql

from analysis.loadtest import crowd_file
from analysis.loadtest.kept import AS_IS, CHECKED, EACH, EDGE, LIMITED, MANY, ONE_ADDRESS, PILOT, SLOWED, STEPS
from analysis.loadtest.measured import Check, Knee, Step, Usage, check, cpu_s_per_request, knee, steps
from analysis.loadtest.program import HEALTH, PUBLISH
from analysis.loadtest.quota import Quota, quota
from analysis.loadtest.servers import (
    LOOPBACK,
    Database,
    LoadError,
    NoShareError,
    Server,
    cache,
    database,
    end,
    free_port,
    last_words,
    micro_cache,
    own_program,
    postgresql,
    program,
    psql,
    tied,
)
from analysis.loadtest.standin import StandIn
from analysis.loadtest.tested import GENERATED_PER_S, TOO_MUCH, Tested
from analysis.scratch import scratch_directory

MOST_REQUESTS: Final = 60_000
"""Requests of one run of the crowd at most."""

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

    `checks` are steps in which the program as it is and the slowed one are both asked for more than they can do. For `each_s` the
    database is asked every time, and for `limited_s` one address asks alone. A part of no seconds, or of no steps, is left out.
    """

    pilot_s: float
    fractions: tuple[float, ...]
    seconds: float
    checks: int
    check_s: float
    edge_s: float
    each_s: float
    limited_s: float


FULL: Final = Size(8.0, (0.25, 0.5, 0.75, 0.9, 1.1, 1.3, TOO_MUCH), 12.0, 3, 10.0, 24.0, 12.0, 8.0)
SMALL: Final = Size(3.0, (), 0.0, 3, 6.0, 0.0, 0.0, 0.0)
"""What the tests run: the check alone."""

NEVER_S: Final = "0.001"
"""A lifetime in the shared cache at which every answer is asked for again."""

WARM_UP, WARM_S, WARM_PER_S = "warm-up", 5.0, 300
"""What a program answers before it is held: a run-time that compiles while it runs would be measured compiling otherwise."""

LIMITED_PER_S: Final = 200
"""Requests a second of the runs at nginx's limit of an address."""


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
        held, other = stack.enter_context(quota(plan.vcpu)), stack.enter_context(quota(plan.vcpu, "-slowed"))
        if plan.stand_in and held.core is not None:
            raise NoShareError(
                f"{plan.stack}: its stand-in is to have {plan.vcpu:g} of a processor, and no control group can be made here; "
                "run this as root"
            )
        behind = stack.enter_context(
            own_behind(scratch, plan, plan.stand_in) if plan.stand_in else _flask(scratch, plan)
        )
        as_is = stack.enter_context(behind.start(AS_IS, plan.slowed_s, {}))
        for server in behind.servers:
            for pid in _tree(server):
                _before_others(psutil.Process(pid), held)
        bench = _Bench(scratch, plan, held, behind)
        if plan.stand_in:
            bench.run(WARM_UP, [[(as_is, WARM_PER_S)]], WARM_S)
        held.hold(_tree(as_is))
        said("a first look at the processor time of a request")
        runs = {PILOT: bench.run(PILOT, [[(as_is, 0.3 * held.share / plan.cpu_s)]], size.pilot_s)}
        cpu_s = cpu_s_per_request(runs[PILOT].of(AS_IS), AS_IS)
        # An event loop takes less for a request when it finds several at once: its knee is seen only where it is full.
        rate = TOO_MUCH * held.share / cpu_s
        while plan.stand_in and runs[PILOT].of(AS_IS)[-1].kept_up and rate <= GENERATED_PER_S:
            runs[PILOT] = bench.run(PILOT, [[(as_is, rate)]], size.pilot_s)
            cpu_s, rate = cpu_s_per_request(runs[PILOT].of(AS_IS), AS_IS), 1.5 * rate
        if plan.stand_in:  # what was compiled only after the first look makes it quicker still
            cpu_s = min(cpu_s, plan.cpu_s)
        expected, slower = held.share / cpu_s, held.share / (cpu_s + SLOWED_S)
        if size.fractions:
            said(f"{1000 * cpu_s:.2f} ms: it should be full at {expected:.0f} requests a second")
            seconds = max(size.seconds, 3 * plan.interval_s if plan.update_every_s else 0.0)
            runs[STEPS] = bench.run(STEPS, [[(as_is, share * expected)] for share in size.fractions], seconds)
        if plan.kept_s and size.edge_s:
            most = min(plan.peak_users / plan.interval_s, 4 * expected, GENERATED_PER_S)
            said(f"behind a micro-cache, up to {most:.0f} requests a second")
            with micro_cache(scratch, as_is.port, plan.kept_s, EDGE) as edge:
                runs[EDGE] = bench.run(EDGE, [[(edge, most / 2)], [(edge, most)]], size.edge_s, asked=[as_is])
        if plan.stand_in and size.limited_s:
            said("behind nginx with the limit of an address")
            with micro_cache(scratch, as_is.port, plan.kept_s, LIMITED, plan.stand_in["limit"]) as limited:
                for name, alone in ((ONE_ADDRESS, True), (MANY, False)):
                    turns = [[(limited, LIMITED_PER_S)]]
                    runs[name] = bench.run(name, turns, size.limited_s, asked=[as_is], one_address=alone)
        if plan.stand_in and size.each_s:
            said("without its cache")
            never = dict.fromkeys((route["lifetime"] for route in plan.stand_in["routes"].values()), NEVER_S)
            with quota(plan.vcpu, "-each") as third, behind.start(EACH, plan.slowed_s, never) as each:
                bench.run(WARM_UP, [[(each, WARM_PER_S)]], WARM_S)
                third.hold(_tree(each))
                runs[EACH] = bench.run(EACH, [[(each, expected)]], size.each_s)
        said(f"beside it every handler slowed by {1000 * SLOWED_S:g} ms")
        slowed = stack.enter_context(behind.start(SLOWED, plan.slowed_s + SLOWED_S, {}))
        if plan.stand_in:
            bench.run(WARM_UP, [[(slowed, WARM_PER_S)]], WARM_S)
        other.hold(_tree(slowed))
        # At once, so that a neighbour who gets busy slows both.
        both = [(as_is, TOO_MUCH * expected), (slowed, TOO_MUCH * slower)]
        runs[CHECKED] = bench.run(CHECKED, [both] * size.checks, size.check_s)
    return LoadTest(plan, held.kind, held.share, runs)


@dataclass(frozen=True)
class Behind:
    """The servers behind a program, and how to start a copy of it: its name, how much it is slowed, and variables of its own.

    `counters` are those of the database. A database that `forks` has a process for each connection.
    """

    servers: tuple[Server, ...]
    start: Callable[[str, float, Mapping[str, str]], AbstractContextManager[Server]]
    counters: Callable[[], Mapping[str, float]]
    forks: bool
    cache_password: str


@contextmanager
def _flask(scratch: Path, plan: Tested) -> Iterator[Behind]:
    """MariaDB and Redis, and Flask before them."""
    with database(scratch) as store, cache(scratch) as (redis, reached):
        _filled(store)

        def start(name: str, slowed_s: float, _: Mapping[str, str]) -> AbstractContextManager[Server]:
            settings = {
                "database": store.arguments(), "pooled": plan.pooled, "routes": list(plan.routes),
                "update": "x" * plan.update_bytes, "slowed_s": slowed_s,
                "cache": {"server": reached, "ttl_s": plan.cache_ttl_s} if plan.cache_ttl_s else None,
            }  # fmt: skip
            return program(scratch, settings, plan.workers, plan.backlog, name)

        with pymysql.connect(**store.arguments(), ssl_disabled=True, autocommit=True) as connection:

            def counters() -> Mapping[str, float]:
                with connection.cursor() as cursor:
                    names = ", ".join(f"'{name}'" for name in COUNTERS)
                    cursor.execute(f"SHOW GLOBAL STATUS WHERE Variable_name IN ({names})")
                    return {name: float(value) for name, value in cursor.fetchall()}

            yield Behind((store, redis), start, counters, forks=False, cache_password=reached["password"])


USER: Final = "standin"


@contextmanager
def own_behind(scratch: Path, plan: Tested, own: StandIn) -> Iterator[Behind]:
    """PostgreSQL with the rows of a system's own stand-in and an account of its role, and Redis."""
    name, password = own["database"]["name"], secrets.token_hex(16)
    secret = secrets.token_hex(16)
    with postgresql(scratch, password=secret) as store, cache(scratch) as (redis, reached):
        made = (
            f"CREATE DATABASE {name};\n\\connect {name}\n{own.sql()}\n"
            f"CREATE ROLE {USER} LOGIN PASSWORD '{password}' IN ROLE {own['database']['role']};"
        )
        done = psql(store.port, made, password=secret)
        if done.returncode:
            raise LoadError(f"{own.folder.name}: the database could not be filled: {done.stderr.strip()[:300]}")

        def start(name: str, slowed_s: float, told: Mapping[str, str]) -> AbstractContextManager[Server]:
            port = free_port()
            known = {
                "host": LOOPBACK, "port": port, "database": own["database"]["name"], "database_port": store.port, "user": USER,
                "password": password, "cache_port": redis.port, "cache_password": reached["password"],
                "slowed_ms": 1000 * slowed_s,
            }  # fmt: skip
            said = {**own["environment"], **(own["slowed"] if slowed_s else {})}
            environment = {key: text.format_map(known) for key, text in said.items()} | {**plan.told, **told}
            return own_program(own.folder, own["start"], environment, port, scratch, name)

        def counters() -> Mapping[str, float]:
            return {"Threads_connected": 1.0 + _clients(store)}

        yield Behind((store, redis), start, counters, forks=True, cache_password=reached["password"])


def _clients(store: Server) -> int:
    """How many connections the stand-in holds to PostgreSQL, which has a process for each."""
    found = 0
    for child in psutil.Process(store.process.pid).children():
        with suppress(psutil.NoSuchProcess):
            found += USER in " ".join(child.cmdline())
    return found


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
    behind: Behind

    def run(
        self,
        name: str,
        turns: Sequence[Sequence[tuple[Server, float]]],
        seconds: float,
        asked: Sequence[Server] = (),
        *,
        one_address: bool = False,
    ) -> Run:
        """A run of the crowd with a step of `seconds` for each turn, and what all servers used.

        A turn is the servers asked at once, with requests a second for each; `asked` are reached through another. With
        `one_address` all users come from it. LoadError where the crowd or a server ends early.
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
                        {"users": count, "host": f"http://{LOOPBACK}:{server.port}", "one_address": one_address}
                        for count, (server, _) in zip(counts, turn, strict=True)
                    ],
                }
                for counts, turn in zip(users, turns, strict=True)
            ],
            "publish": {"path": PUBLISH, "every_s": plan.update_every_s} if plan.update_every_s else None,
            "addresses": True,
            "samples": str(samples),
            "probe": HEALTH,
            "most_requests": MOST_REQUESTS,
            "thresholds": {},
        }
        every = (*self.behind.servers, *asked, *(server for turn in turns for server, _ in turn))
        servers = list({id(each): each for each in every}.values())
        with _sampled(self.behind, servers) as usage:
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
def _sampled(behind: Behind, servers: Sequence[Server]) -> Iterator[list[Usage]]:
    """The use of the servers, sampled beside the block from its beginning to its end."""
    trees = {server.name: [psutil.Process(pid) for pid in _tree(server)] for server in servers}
    forking = behind.servers[0] if behind.forks else None
    found: list[Usage] = []
    stop = threading.Event()

    def sample() -> None:
        counters = behind.counters()
        if forking is not None:  # its processes come and go with its connections
            with suppress(psutil.NoSuchProcess):
                trees[forking.name] = [psutil.Process(pid) for pid in _tree(forking)]
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
