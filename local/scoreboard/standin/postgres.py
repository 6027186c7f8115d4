"""PostgreSQL's wire protocol, as much of it as the stand-in needs: sign in, and statements with parameters as text.

https://www.postgresql.org/docs/15/protocol.html
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import unquote, urlsplit

Row = tuple[str | None, ...]

VERSION_3 = 196608


class DatabaseError(Exception):
    """What the server refuses, in its own words."""


class Connection:
    """One connection, which runs one statement at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, url: str) -> Connection:
        """A connection to the database of a URL. Raises DatabaseError or OSError."""
        parts = urlsplit(url)
        user, password = unquote(parts.username or "postgres"), unquote(parts.password or "")
        made = cls(*await asyncio.open_connection(parts.hostname, parts.port or 5432))
        words = ("user", user, "database", unquote(parts.path[1:]), "client_encoding", "UTF8")
        body = struct.pack("!i", VERSION_3) + b"".join(word.encode() + b"\0" for word in words) + b"\0"
        made.writer.write(struct.pack("!i", len(body) + 4) + body)
        try:
            await made._signed_in(password)
        except BaseException:
            made.close()
            raise
        return made

    async def execute(self, statement: str, *values: object) -> list[Row]:
        """The rows that a statement gives; `$1` stands for the first value."""
        given = b"".join(
            struct.pack("!i", -1) if text is None else struct.pack("!i", len(text)) + text
            for text in (None if value is None else str(value).encode() for value in values)
        )
        self._send(b"P", b"\0" + statement.encode() + b"\0" + struct.pack("!h", 0))
        self._send(b"B", b"\0\0" + struct.pack("!hh", 0, len(values)) + given + struct.pack("!h", 0))
        self._send(b"E", b"\0" + struct.pack("!i", 0))
        self._send(b"S", b"")
        return await self._rows()

    def close(self) -> None:
        """Ends the connection."""
        if not self.writer.is_closing():
            self._send(b"X", b"")
            self.writer.close()

    def _send(self, kind: bytes, body: bytes) -> None:
        self.writer.write(kind + struct.pack("!i", len(body) + 4) + body)

    async def _message(self) -> tuple[bytes, bytes]:
        head = await self.reader.readexactly(5)
        return head[:1], await self.reader.readexactly(struct.unpack("!i", head[1:])[0] - 4)

    async def _rows(self) -> list[Row]:
        """What is there until the server is ready again; a refusal is raised then, so that the connection stays usable."""
        rows: list[Row] = []
        refused: DatabaseError | None = None
        while True:
            kind, body = await self._message()
            if kind == b"D":
                rows.append(_row(body))
            elif kind == b"E":
                refused = DatabaseError(_words(body))
            elif kind == b"Z":
                if refused:
                    raise refused
                return rows

    async def _signed_in(self, password: str) -> None:
        exchange = _Exchange(password)
        while True:
            kind, body = await self._message()
            if kind == b"E":
                raise DatabaseError(_words(body))
            if kind == b"Z":
                return
            if kind != b"R":
                continue
            (asked,), rest = struct.unpack("!i", body[:4]), body[4:]
            if asked == 3:
                self._send(b"p", password.encode() + b"\0")
            elif asked == 10:
                first = exchange.first()
                self._send(b"p", b"SCRAM-SHA-256\0" + struct.pack("!i", len(first)) + first)
            elif asked == 11:
                self._send(b"p", exchange.final(rest))
            elif asked == 12:
                exchange.require(rest)
            elif asked != 0:
                raise DatabaseError(f"the server asks for a way to sign in that is not known here: {asked}")


class _Exchange:
    """SCRAM-SHA-256 (RFC 7677), by which both sides show that they know the password."""

    def __init__(self, password: str) -> None:
        self.password, self.bare, self.proof = password.encode(), "n=,r=" + secrets.token_urlsafe(18), b""

    def first(self) -> bytes:
        return b"n,," + self.bare.encode()

    def final(self, challenge: bytes) -> bytes:
        said = dict(part.split("=", 1) for part in challenge.decode().split(","))
        if not said["r"].startswith(self.bare[5:]):
            raise DatabaseError("the server answered another client's challenge")
        salted = hashlib.pbkdf2_hmac("sha256", self.password, base64.b64decode(said["s"]), int(said["i"]))
        key = hmac.digest(salted, b"Client Key", "sha256")
        bare = f"c=biws,r={said['r']}"
        signed = f"{self.bare},{challenge.decode()},{bare}".encode()
        ours = hmac.digest(hashlib.sha256(key).digest(), signed, "sha256")
        self.proof = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256")
        mixed = bytes(left ^ right for left, right in zip(key, ours, strict=True))
        return f"{bare},p={base64.b64encode(mixed).decode()}".encode()

    def require(self, said: bytes) -> None:
        if said != b"v=" + base64.b64encode(self.proof):
            raise DatabaseError("the server does not know the password either")


def _row(body: bytes) -> Row:
    (columns,), at = struct.unpack("!h", body[:2]), 2
    values: list[str | None] = []
    for _ in range(columns):
        (size,) = struct.unpack("!i", body[at : at + 4])
        at += 4
        values.append(None if size < 0 else body[at : at + size].decode())
        at += max(0, size)
    return tuple(values)


def _words(body: bytes) -> str:
    """The message of an error, which stands after the letter M."""
    fields = {part[:1]: part[1:].decode(errors="replace") for part in body.split(b"\0") if part}
    return fields.get(b"M", "the server refuses and does not say why")


class Pool:
    """Connections that are kept: at most so many at a time, opened when they are needed."""

    def __init__(self, url: str, most: int) -> None:
        self.url, self.free, self.room = url, list[Connection](), asyncio.Semaphore(most)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for the length of a block; one that failed in it is not kept."""
        async with self.room:
            found = self.free.pop() if self.free else await Connection.open(self.url)
            try:
                yield found
            except DatabaseError:
                self.free.append(found)
                raise
            except BaseException:
                found.close()
                raise
            self.free.append(found)

    async def execute(self, statement: str, *values: object) -> list[Row]:
        """The rows that a statement of its own gives."""
        async with self.connection() as found:
            return await found.execute(statement, *values)

    def close(self) -> None:
        """Ends every connection that is kept."""
        while self.free:
            self.free.pop().close()
