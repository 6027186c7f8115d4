"""The open streams of a task: server-sent events, each with its number, and a comment as heartbeat where nothing is to be told.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from redis.exceptions import RedisError

from standin.scores import MOST_MISSED, Event, Scores

HEARTBEAT = b": heartbeat\n\n"
RESET = b"event: reset\ndata: {}\n\n"
"""More was missed than is told again: fetch the leaderboard."""

MOST_WAITING = 64 * 1024
"""Bytes that wait for a browser before its stream counts as stuck."""

BACK_S = (1.0, 5.0)
"""When a browser comes back that lost its stream, drawn for each, so that a task that ends does not send all of them at once."""


def told(event: Event) -> bytes:
    """An event as a stream carries it."""
    data = json.dumps({"user": event.user, "points": event.points, "score": event.score})
    return f"id: {event.id}\nevent: score\ndata: {data}\n\n".encode()


def retry() -> bytes:
    """When a browser shall come back that loses this stream."""
    return b"retry: %d\n\n" % round(1000 * random.uniform(*BACK_S))  # noqa: S311 (spreads load, hides nothing)


@dataclass(eq=False, slots=True)
class Stream:
    """One open stream; `missed` holds what comes while it is still told what it missed."""

    writer: asyncio.StreamWriter
    last: int
    missed: list[Event] | None = field(default_factory=list)
    stuck_s: float | None = None

    def tell(self, event: Event, text: bytes) -> None:
        """Sends an event, once and in order."""
        if self.missed is not None:
            self.missed.append(event)
        elif event.id > self.last:
            self.last = event.id
            self.writer.write(text)

    def full(self) -> bool:
        """Whether the browser takes less than it is sent."""
        return self.writer.transport.get_write_buffer_size() > MOST_WAITING


class Streams:
    """All streams of this task, told what the channel says."""

    def __init__(
        self, scores: Scores, *, most: int, heartbeat_s: float, message_timeout_s: float, log: Callable[..., None]
    ) -> None:
        self.scores, self.most, self.log = scores, most, log
        self.heartbeat_s, self.message_timeout_s = heartbeat_s, message_timeout_s
        self.open: set[Stream] = set()
        self.newest = 0
        self.listening = asyncio.Event()

    async def add(self, writer: asyncio.StreamWriter, last: int | None) -> Stream:
        """A new stream: with `last`, the number of the last event that the browser saw, it begins with what was missed."""
        stream = Stream(writer, self.newest if last is None else min(last, self.newest))
        self.open.add(stream)
        writer.write(retry())
        missed = await self.scores.since(stream.last) if last is not None and stream.last < self.newest else []
        if len(missed) > MOST_MISSED:
            writer.write(RESET)
            stream.last, missed = self.newest, []
        came, stream.missed = stream.missed or [], None
        for event in (*missed, *came):
            stream.tell(event, told(event))
        return stream

    def remove(self, stream: Stream) -> None:
        """Forgets a stream that has ended."""
        self.open.discard(stream)

    def tell(self, event: Event) -> None:
        """Sends an event to every stream."""
        self.newest = max(self.newest, event.id)
        text = told(event)
        for stream in self.open:
            stream.tell(event, text)

    async def listen(self) -> None:
        """Tells what the channel says, for ever. After a pause, as in a failover, it first tells what was written meanwhile."""
        pause_s = 0.1
        self.newest = await self.scores.last()
        while True:
            try:
                async with self.scores.redis.pubsub() as channel:
                    await channel.subscribe(self.scores.channel)
                    async for said in channel.listen():
                        await self._heard(said)
                        pause_s = 0.1
            except (RedisError, OSError, EOFError):
                self.listening.clear()
                await asyncio.sleep(pause_s)
                pause_s = min(5.0, 2 * pause_s)

    async def _heard(self, said: Mapping[str, Any]) -> None:
        """What the channel says: an event, or that it is listened to, anew after the client has opened it again."""
        if said["type"] == "message":
            event = json.loads(said["data"])
            written_ms = event.pop("at_ms")
            self.tell(Event(**event))
            self.log(update_age_ms=max(0, round(1000 * time.time()) - written_ms))
        elif said["type"] == "subscribe":
            for event in await self.scores.since(self.newest):
                self.tell(event)
            self.listening.set()

    async def beat(self) -> None:
        """A heartbeat on every stream, for ever; ends the streams of browsers that take nothing."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self.heartbeat_s)
            for stream in list(self.open):
                if not stream.full():
                    stream.stuck_s = None
                    stream.writer.write(HEARTBEAT)
                elif stream.stuck_s is None:
                    stream.stuck_s = loop.time()
                elif loop.time() - stream.stuck_s > self.message_timeout_s:
                    stream.writer.transport.abort()

    async def hand_over(self, grace_s: float) -> None:
        """Ends the streams one after the other within the grace period, so that they do not come back all at once."""
        leaving = list(self.open)
        for stream in leaving:
            stream.writer.write(retry())
            stream.writer.close()
            await asyncio.sleep(0.8 * grace_s / len(leaving))
