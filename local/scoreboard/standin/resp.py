"""Redis' protocol, as much of it as the stand-in needs: commands, and messages of a channel.

https://redis.io/docs/latest/develop/reference/protocol-spec/
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass

Reply = int | bytes | list["Reply"] | None


class RedisError(Exception):
    """What the server refuses, in its own words."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where Redis is, and how to sign in."""

    host: str
    port: int
    password: str
    db: int
    tls: bool


class Connection:
    """One connection, which runs one command at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, address: Address) -> Connection:
        """A connection that is signed in. Raises RedisError or OSError."""
        context = ssl.create_default_context() if address.tls else None
        made = cls(*await asyncio.open_connection(address.host, address.port, ssl=context))
        try:
            if address.password:
                await made.call("AUTH", address.password)
            if address.db:
                await made.call("SELECT", address.db)
        except BaseException:
            made.close()
            raise
        return made

    async def call(self, *words: object) -> Reply:
        """The reply to a command."""
        self._send(*words)
        return await self._reply()

    async def messages(self, channel: str) -> AsyncIterator[bytes]:
        """The messages of a channel from now on; the first, empty, says that it is listened to."""
        await self.call("SUBSCRIBE", channel)
        yield b""
        while True:
            reply = await self._reply()
            if isinstance(reply, list) and reply[0] == b"message" and isinstance(reply[2], bytes):
                yield reply[2]

    def close(self) -> None:
        """Ends the connection."""
        self.writer.close()

    def _send(self, *words: object) -> None:
        parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self.writer.write(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))

    async def _reply(self) -> Reply:
        line = await self.reader.readuntil(b"\r\n")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise RedisError(rest.decode(errors="replace"))
        if kind == b":":
            return int(rest)
        if kind == b"$":
            size = int(rest)
            return None if size < 0 else (await self.reader.readexactly(size + 2))[:-2]
        if kind == b"*":
            return [await self._reply() for _ in range(int(rest))]
        return rest


class Pool:
    """Connections that are kept: at most so many at a time, opened when they are needed."""

    def __init__(self, address: Address, most: int) -> None:
        self.address, self.free, self.room = address, list[Connection](), asyncio.Semaphore(most)

    async def call(self, *words: object) -> Reply:
        """The reply to a command."""
        async with self.room:
            found = self.free.pop() if self.free else await Connection.open(self.address)
            try:
                reply = await found.call(*words)
            except RedisError:
                self.free.append(found)
                raise
            except BaseException:
                found.close()
                raise
            self.free.append(found)
            return reply

    def close(self) -> None:
        """Ends every connection that is kept."""
        while self.free:
            self.free.pop().close()
