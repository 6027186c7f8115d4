"""Scores: kept in PostgreSQL, the leaderboard also in Redis, each change told to every task over a channel."""

from __future__ import annotations

import asyncio
import json
import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import asyncpg
from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from standin.settings import Settings
from standin.traces import part

STORE_ERRORS = (RedisError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, EOFError)
"""What a store that does not answer, or refuses, is told by."""

LOCK = 20150
"""The advisory lock under which a score is written and told, so that events are told in the order of their numbers."""

MOST_MISSED = 1000
"""Events that a stream is given at most when it comes back; beyond, it fetches the leaderboard."""

LEADERBOARD = (
    "SELECT users.name, scores.score FROM scores JOIN users ON users.id = scores.user_id"
    " ORDER BY scores.score DESC, scores.user_id LIMIT 10"
)

ENTER = """
WITH who AS (
  INSERT INTO users (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id
), total AS (
  INSERT INTO scores (user_id, score) SELECT id, $2::integer FROM who
  ON CONFLICT (user_id) DO UPDATE SET score = scores.score + excluded.score, updated_at = now() RETURNING user_id, score
)
INSERT INTO score_events (user_id, points, score) SELECT user_id, $2::integer, score FROM total RETURNING id, score
"""

SINCE = (
    "SELECT score_events.id, users.name, score_events.points, score_events.score FROM score_events"
    " JOIN users ON users.id = score_events.user_id WHERE score_events.id > $1::bigint ORDER BY score_events.id LIMIT $2::integer"
)


counts: ContextVar[dict[str, Any] | None] = ContextVar("counts", default=None)
"""What the request at hand has asked of the stores, and who asks, by the name of the log's field."""


def count(field: str) -> None:
    """Counts one more for the request at hand."""
    found = counts.get()
    if found is not None:
        found[field] = found.get(field, 0) + 1


class TooManyError(Exception):
    """A user who has entered as many scores as a window allows; `after_s` is when the next one is welcome."""

    def __init__(self, after_s: int) -> None:
        super().__init__("too many scores")
        self.after_s = after_s


@dataclass(frozen=True, slots=True)
class Event:
    """A change of a score."""

    id: int
    user: str
    points: int
    score: int

    def text(self, **more: int) -> bytes:
        """As JSON, with more beside it."""
        return json.dumps(
            {"id": self.id, "user": self.user, "points": self.points, "score": self.score, **more}
        ).encode()


class Scores:
    """What is known of scores; to be opened before it is asked."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = asyncpg.create_pool(settings.database_url, min_size=0, max_size=settings.database_pool)
        scheme = "rediss" if settings.redis_tls else "redis"
        self.redis = Redis.from_pool(
            BlockingConnectionPool.from_url(
                f"{scheme}://{settings.redis_host}:{settings.redis_port}/{settings.redis_db}",
                password=settings.redis_password or None, max_connections=settings.redis_pool, socket_timeout=None,
            )
        )  # fmt: skip
        self.channel = f"{settings.score_prefix}updates"
        self._asked = asyncio.Lock()

    async def open(self) -> None:
        """Makes sure that both stores answer. Raises one of STORE_ERRORS."""
        await self.database
        await self.database.execute("SELECT 1")
        await self.redis.ping()

    async def leaderboard(self) -> bytes:
        """The ten highest scores as JSON: out of Redis, else out of the database, once for all who ask meanwhile."""
        kept = await self._kept()
        if kept is not None:
            return kept
        async with self._asked:
            return await self._kept() or await self._renewed()

    async def _kept(self) -> bytes | None:
        try:
            reply = await self._redis("GET", self.settings.leaderboard_key)
        except (RedisError, OSError, EOFError):
            return None  # slower, and right
        return reply if isinstance(reply, bytes) else None

    async def _renewed(self) -> bytes:
        """The leaderboard out of the database, which replaces the one in Redis."""
        count("leaderboard_queries")
        with part("PostgreSQL", namespace="remote", sql={"sanitized_query": LEADERBOARD}):
            rows = await self.database.fetch(LEADERBOARD)
        places = [{"rank": rank, "user": user, "score": score} for rank, (user, score) in enumerate(rows, 1)]
        text = json.dumps(places).encode()
        try:
            await self._redis("SET", self.settings.leaderboard_key, text, "EX", self.settings.leaderboard_ttl_s)
        except (RedisError, OSError, EOFError):
            return text
        return text

    async def enter(self, user: str, points: int) -> Event:
        """Adds points to a user's score and tells every task. Raises TooManyError."""
        await self._allowed(user)
        async with self.database.acquire() as connection:
            await connection.execute(f"SELECT pg_advisory_lock({LOCK})")
            try:
                with part("PostgreSQL", namespace="remote", sql={"sanitized_query": ENTER}):
                    number, score = await connection.fetchrow(ENTER, user, points)
                event = Event(number, user, points, score)
                count("score_updates")
                await self._renewed()
                await self._redis("PUBLISH", self.channel, event.text(at_ms=round(1000 * time.time())))
            finally:
                await connection.execute(f"SELECT pg_advisory_unlock({LOCK})")
        return event

    async def _allowed(self, user: str) -> None:
        key, window_ms = f"{self.settings.rate_limit_prefix}{user}", round(1000 * self.settings.rate_window_s)
        await self._redis(
            "SET", key, 0, "PX", window_ms, "NX"
        )  # before it is counted: a key without an end would shut a user out
        number = await self._redis("INCR", key)
        if isinstance(number, int) and number > self.settings.rate_limit:
            left = await self._redis("PTTL", key)
            raise TooManyError(max(1, -(-left // 1000) if isinstance(left, int) else 1))

    async def since(self, last: int) -> list[Event]:
        """The events after a number, in their order; one more than MOST_MISSED where there are more."""
        return [Event(*row) for row in await self.database.fetch(SINCE, last, MOST_MISSED + 1)]

    async def last(self) -> int:
        """The number of the newest event."""
        return int(await self.database.fetchval("SELECT coalesce(max(id), 0) FROM score_events"))

    async def _redis(self, *words: object) -> object:
        count("redis_operations")
        with part("Redis", namespace="remote", metadata={"command": str(words[0])}):
            return await self.redis.execute_command(*words)

    async def close(self) -> None:
        """Ends every connection."""
        await self.database.close()
        await self.redis.aclose()
