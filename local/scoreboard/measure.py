"""What a stream, a delivery and the leaderboard cost, measured on the stand-in over real servers; loopback alone, half a minute.

    python3 measure.py               prints it
    python3 measure.py --record      writes measured.record.json, which the page shows

Processor time is that of the measured process, so a busy machine changes it little. The stand-in is not the program: it shows
the order of magnitude of an event loop, and what an index does.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import without_containers as local
from redis.asyncio import Redis
from standin.scores import LEADERBOARD

from analysis import evidence
from analysis.ledger.evidence import stand_in
from analysis.loadtest import servers as real
from analysis.loadtest.servers import LoadError

HERE = Path(__file__).parent
KIND = "measured"
RECORD = evidence.beside(HERE, KIND)
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
WAIT_S = 60.0

ENOUGH_S, MOST_QUERIES = 0.5, 2000
"""A quick statement is asked until it has taken so much processor time, at most so often: the kernel counts in hundredths."""

INDEXES: Mapping[str, str] = {
    "none": "",
    "the guide's": "CREATE INDEX idx_scores_user_score ON scores (user_id, score)",
    "ours": "CREATE INDEX scores_by_score ON scores (score DESC, user_id)",
}
"""What the leaderboard may be read by."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    streams: int
    updates: int
    users: int
    queries: int


FULL = Size(streams=1000, updates=400, users=200_000, queries=20)
SMALL = Size(streams=100, updates=40, users=20_000, queries=10)


def rests_on() -> dict[str, str]:
    """What a record rests on: the texts of what is measured, and how much of it is."""
    return evidence.basis({"stand-in": stand_in(HERE), "size": FULL, "indexes": INDEXES})


def cpu_s(pid: int) -> float:
    """The processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def memory_b(pid: int) -> int:
    """The memory of a process; what it shares with others counts in part."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def environment(ports: Mapping[str, int]) -> dict[str, str]:
    """The settings of the example, on these ports; nothing is traced, and the log goes where nobody reads it."""
    lines = (HERE / ".env.example").read_text(encoding="utf-8").splitlines()
    found = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return found | {
        "DATABASE_URL": found["DATABASE_URL"].replace(":5432/", f":{ports['postgres']}/"), "REDIS_PORT": str(ports["redis"]),
        "PORT": str(ports["api"]), "LOG_FORMAT": "json", "SSE_HEARTBEAT_INTERVAL": "600000", "PATH": os.environ["PATH"],
    }  # fmt: skip


@contextmanager
def serving(home: Path, settings: Mapping[str, str]) -> Iterator[int]:
    """The stand-in as a process of its own; gives its number once it listens."""
    log = home / "standin.log"
    with log.open("wb") as words:
        process = subprocess.Popen(
            [sys.executable, "-m", "standin"], cwd=HERE, env=dict(settings), stdout=words, stderr=words, start_new_session=True
        )  # fmt: skip
    try:
        until = time.monotonic() + WAIT_S
        while b"listening on" not in log.read_bytes():
            if process.poll() is not None or time.monotonic() > until:
                raise LoadError(f"the stand-in did not start: {log.read_text(encoding='utf-8')[-300:]}")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.kill()
        process.wait()


def admitted(user: str, settings: Mapping[str, str]) -> str:
    """A token from the stand-in's own command."""
    command = [sys.executable, "-m", "standin", "token", user]
    done = subprocess.run(command, cwd=HERE, env=dict(settings), capture_output=True, text=True, check=True)  # noqa: S603 (our own)
    return done.stdout.strip()


class Browser(asyncio.Protocol):
    """A browser that opens a stream and counts the events that it is sent."""

    def __init__(self, request: bytes) -> None:
        self.request, self.events, self.opened = request, 0, asyncio.Event()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        """Counts. An event is small and comes in one piece; one that did not would be missed, and the wait for it would fail."""
        if b"retry: " in data:
            self.opened.set()
        self.events += data.count(b"event: score")


async def streams(pid: int, settings: Mapping[str, str], size: Size) -> dict[str, float]:
    """What opening a stream, keeping it and a delivery to it cost the stand-in."""
    redis = Redis(port=int(settings["REDIS_PORT"]))
    await _told(redis, 0, size.updates)  # warm
    await asyncio.sleep(0.5)
    begun = cpu_s(pid)
    await _told(redis, size.updates, size.updates)
    await asyncio.sleep(0.5)
    alone_s = cpu_s(pid) - begun

    token = admitted("measured", settings)
    request = f"GET /api/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    loop, browsers = asyncio.get_running_loop(), list[Browser]()
    before_b, begun = memory_b(pid), cpu_s(pid)
    for _ in range(size.streams):
        _, browser = await loop.create_connection(lambda: Browser(request), "127.0.0.1", int(settings["PORT"]))
        await asyncio.wait_for(browser.opened.wait(), WAIT_S)
        browsers.append(browser)
    opening_s, held_b = cpu_s(pid) - begun, memory_b(pid) - before_b

    begun = cpu_s(pid)
    await _told(redis, 2 * size.updates, size.updates)
    until = time.monotonic() + WAIT_S
    while any(browser.events < size.updates for browser in browsers):
        if time.monotonic() > until:
            raise LoadError(f"not every stream was sent all {size.updates} updates within {WAIT_S:g} s")
        await asyncio.sleep(0.05)
    told_s = cpu_s(pid) - begun
    await redis.aclose()
    for browser in browsers:
        if browser.transport:
            browser.transport.abort()
    return {
        "stream_bytes": held_b / size.streams,
        "opening_cpu_s": opening_s / size.streams,
        "update_cpu_s": alone_s / size.updates,
        "delivery_cpu_s": max(0.0, told_s - alone_s) / (size.updates * size.streams),
    }


async def _told(redis: Redis, after: int, updates: int) -> None:
    """Publishes updates on the channel, as another task would."""
    for number in range(after + 1, after + updates + 1):
        event = {"id": number, "user": "measured", "points": 5, "score": number, "at_ms": round(1000 * time.time())}
        await redis.publish("score:updates", json.dumps(event))


async def leaderboard(settings: Mapping[str, str], size: Size) -> dict[str, dict[str, Any]]:
    """What reading the leaderboard costs the database, by index: how it is read, pages of the buffer, processor time."""
    connection = await asyncpg.connect(settings["DATABASE_URL"])
    await connection.execute((HERE / "schema.sql").read_text(encoding="utf-8"))
    await connection.execute(
        "INSERT INTO users (name) SELECT 'user ' || n FROM generate_series(1, $1::integer) n", size.users
    )
    # Scattered without a draw, so that the same rows come each time.
    await connection.execute("INSERT INTO scores (user_id, score) SELECT id, id * 7919 % 100003 FROM users")
    pid = await connection.fetchval("SELECT pg_backend_pid()")
    found = {}
    for name, index in INDEXES.items():
        await connection.execute("DROP INDEX IF EXISTS scores_by_score, idx_scores_user_score")
        if index:
            await connection.execute(index)
        await connection.execute("VACUUM ANALYZE users, scores")
        plan = json.loads(await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {LEADERBOARD}"))[0][
            "Plan"
        ]
        begun, asked, spent = cpu_s(pid), 0, 0.0
        while asked < size.queries or (spent < ENOUGH_S and asked < MOST_QUERIES):
            await connection.fetch(LEADERBOARD)
            asked, spent = asked + 1, cpu_s(pid) - begun
        found[name] = {
            "reads": _scan(plan),
            "pages": plan["Shared Hit Blocks"] + plan["Shared Read Blocks"],
            "cpu_s": spent / asked,
        }
    await connection.close()
    return found


def _scan(plan: Mapping[str, Any]) -> str:
    """How the scores are read, out of a plan."""
    if plan.get("Relation Name") == "scores":
        return str(plan["Node Type"])
    return next(filter(None, map(_scan, plan.get("Plans", ()))), "")


def measured(size: Size = FULL) -> dict[str, Any]:
    """Everything, with the machine and the versions that it rests on. Raises LoadError."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4 * size.streams)), hard))
    ports = {name: real.free_port() for name in ("postgres", "redis", "api")}
    settings = environment(ports)
    with local.servers(ports) as home:
        tables = asyncio.run(leaderboard(settings, size))
        with serving(home, settings) as pid:
            of_streams = asyncio.run(streams(pid, settings, size))
    return {
        "size": {"streams": size.streams, "updates": size.updates, "users": size.users, "queries": size.queries},
        "versions": {
            "Python": platform.python_version(), "PostgreSQL": _version("postgres"), "Redis": _version("redis-server"),
        },
        "figures": [*_of_streams(of_streams), *_of_tables(tables)],
    }  # fmt: skip


def _of_streams(found: Mapping[str, float]) -> list[dict[str, Any]]:
    """The figures of streams; `limit` names what the project assumes of the same."""
    return [
        _figure("streams", "Memory of an open stream", found["stream_bytes"], "B", "stream.bytes_per_connection"),
        _figure(
            "streams",
            "Processor time of a delivery to one stream",
            found["delivery_cpu_s"],
            "s",
            "stream.cpu_s_per_delivery",
        ),
        _figure("streams", "Processor time of an update, before it is delivered", found["update_cpu_s"], "s"),
        _figure("streams", "Processor time of opening a stream, with its token", found["opening_cpu_s"], "s"),
        _figure("streams", "Streams that one processor opens in a second", 1 / found["opening_cpu_s"], "1/s"),
    ]


def _of_tables(found: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """The figures of the leaderboard, by index."""
    for name, row in found.items():
        yield _figure("leaderboard", f"Index {name}: processor time ({row['reads']})", row["cpu_s"], "s")
        yield _figure("leaderboard", f"Index {name}: pages of the buffer", row["pages"], "page")


def _figure(group: str, name: str, value: float, unit: str, limit: str = "") -> dict[str, Any]:
    """One figure with three significant digits; the next would not come again."""
    return {"group": group, "name": name, "value": float(f"{value:.3g}"), "unit": unit, "limit": limit}


def _version(name: str) -> str:
    command = [real.found(name) or name, "--version"]
    done = subprocess.run(command, env=real.environment(), capture_output=True, text=True, check=True)  # noqa: S603 (a program we found)
    words = done.stdout.replace("v=", "").split()
    return next(word for word in words if word[:1].isdigit() and "." in word)


def main() -> int:
    """Measures, prints, and with `--record` keeps."""
    asked = argparse.ArgumentParser(description="Measures the stand-in over PostgreSQL and Redis.")
    asked.add_argument("--record", action="store_true", help="write measured.record.json")
    given = asked.parse_args()
    try:
        found = measured()
    except LoadError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    if given.record:
        evidence.write(RECORD, evidence.Record(KIND, dt.datetime.now(dt.UTC).date(), rests_on(), found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
