"""The stand-in's answers over HTTP/1.1."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from standin import tokens, traces
from standin.scores import STORE_ERRORS, Scores, TooManyError, counts
from standin.settings import Settings
from standin.streams import Streams

MOST_BODY = 4096
MOST_HEADERS = 64
REASONS: Mapping[int, str] = {
    200: "OK", 201: "Created", 204: "No Content", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found",
    405: "Method Not Allowed", 413: "Content Too Large", 429: "Too Many Requests", 500: "Internal Server Error",
    503: "Service Unavailable", 504: "Gateway Timeout",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks; the names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What it is told."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, why: str, **headers: str) -> None:
        super().__init__(why)
        self.answer = said(status, {"error": why}, **{name.replace("_", "-"): value for name, value in headers.items()})


def said(status: int, value: Any, **headers: str) -> Answer:
    """An answer of JSON."""
    return Answer(status, json.dumps(value).encode(), headers)


class Server:
    """The stand-in while it serves."""

    def __init__(self, settings: Settings, collector: str = traces.COLLECTOR) -> None:
        self.settings = settings
        self.scores = Scores(settings)
        self.streams = Streams(
            self.scores, most=settings.most_streams, heartbeat_s=settings.heartbeat_s,
            message_timeout_s=settings.message_timeout_s, log=self.log,
        )  # fmt: skip
        self.tracer = traces.Tracer(settings.app_name, on=settings.traced, collector=collector)
        self.ended = self.failed = 0

    async def run(self, host: str, stop: asyncio.Event) -> None:
        """Serves until `stop` is set, then hands the streams over. Raises one of STORE_ERRORS where a store is not there."""
        await self.scores.open()
        self.log(message="connected to PostgreSQL and Redis")
        tasks = [asyncio.create_task(work) for work in (self.streams.listen(), self.streams.beat(), self._counted())]
        await self.streams.listening.wait()
        server = await asyncio.start_server(self.connection, host, self.settings.port, limit=16 * 1024, backlog=4096)
        self.log(message=f"listening on http://localhost:{self.settings.port}")
        await stop.wait()
        server.close()
        await self.streams.hand_over(self.settings.grace_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.scores.close()
        self.tracer.close()

    async def _counted(self) -> None:
        """Logs every quarter of a minute the open streams, on which the service scales, and the share of requests that failed."""
        while True:
            self.log(sse_connections=len(self.streams.open))
            if self.ended:
                self.log(**embedded(self.settings.namespace, "ErrorRate", "Percent", 100 * self.failed / self.ended))
            self.ended = self.failed = 0
            await asyncio.sleep(15)

    def log(self, **fields: Any) -> None:
        """A line of the log: JSON, or for people."""
        if self.settings.log_json:
            line = json.dumps({"service": self.settings.app_name, "timestamp": round(1000 * time.time()), **fields})
        else:
            line = fields.pop("message", None) or " ".join(f"{name}={value}" for name, value in fields.items())
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers the requests of a connection, one after the other."""
        with suppress(OSError, EOFError):
            try:
                while await self._one(reader, writer):
                    pass
            finally:
                writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection stays open after the next request."""
        try:
            async with asyncio.timeout(self.settings.keep_alive_s):
                request = await read(reader)
        except TimeoutError:
            return False
        except RefusedError as refused:
            writer.write(self._written(refused.answer, None))
            return False
        if request is None:
            return False
        begun, answered, asked = time.monotonic(), dict[str, int](), dict[str, Any]()
        counts.set(asked)  # of this connection's task, which answers one request at a time
        with self.tracer.segment(request.method, request.path, request.headers.get(traces.HEADER, ""), answered):
            answer = await self._answered(request, reader, writer)
            answered["status"] = answer.status if answer else 200
        # A stream's hours are no duration: the alarm on slow answers reads this field.
        duration = {"duration_ms": round(1000 * (time.monotonic() - begun), 3)} if answer else {}
        self.ended += 1
        self.failed += answered["status"] >= 500
        self.log(requests=1, method=request.method, path=request.path, status=answered["status"], **duration, **asked)
        if answer is None:
            return False
        writer.write(self._written(answer, request))
        await writer.drain()
        return request.headers.get("connection", "").lower() != "close"

    async def _answered(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> Answer | None:
        """The answer; None after a stream, which was its own."""
        base = self.settings.base_path
        try:
            if (request.method, request.path) == ("GET", f"{base}/stream"):
                await self._stream(request, reader, writer)
                return None
            async with asyncio.timeout(self.settings.request_timeout_s):
                return await self._asked(request)
        except RefusedError as refused:
            return refused.answer
        except TimeoutError:
            return said(504, {"error": "it took too long"})
        except STORE_ERRORS as error:
            self.log(
                level="error", message=f"{type(error).__name__}: {error}", error_code="STORE_UNAVAILABLE",
                method=request.method, path=request.path,
            )  # fmt: skip
            return said(503, {"error": "the store does not answer"})

    async def _asked(self, request: Request) -> Answer:
        base = self.settings.base_path
        methods = {"/health": "GET", f"{base}/leaderboard": "GET", f"{base}/scores": "POST", f"{base}/stream": "GET"}
        if request.path not in methods:
            raise RefusedError(404, "there is nothing at this path")
        if request.method == "OPTIONS":
            return Answer(204)
        if request.method != methods[request.path]:
            raise RefusedError(405, "not with this method", allow=methods[request.path])
        if request.path == "/health":
            # It asks nobody behind it: a database that is down for all tasks is no reason to replace all tasks.
            return said(200, {"status": "ok", "version": self.settings.app_version})
        user = self._user(request)
        if request.path.endswith("/leaderboard"):
            return Answer(200, await self.scores.leaderboard())
        try:
            points = json.loads(request.body)["points"]
        except (ValueError, KeyError, TypeError):
            raise RefusedError(400, 'the body must be JSON such as {"points": 5}') from None
        if isinstance(points, bool) or not isinstance(points, int) or not 1 <= points <= 1000:
            raise RefusedError(400, "points must be a whole number from 1 to 1000")
        try:
            event = await self.scores.enter(user, points)
        except TooManyError as many:
            raise RefusedError(429, "too many scores in a minute", retry_after=str(many.after_s)) from None
        return Answer(201, event.text())

    def _user(self, request: Request) -> str:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            if scheme.lower() != "bearer":
                raise tokens.TokenError("a token is needed: Authorization: Bearer TOKEN")  # noqa: TRY301 (one answer for all)
            user = tokens.user_of(token, self.settings.jwt_keys, time.time())
        except tokens.TokenError as error:
            raise RefusedError(401, str(error), www_authenticate="Bearer") from None
        if (asked := counts.get()) is not None:
            asked["userId"] = user
        return user

    async def _stream(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Keeps a stream open until the browser leaves, or the task."""
        self._user(request)
        if len(self.streams.open) >= self.streams.most:
            raise RefusedError(503, "this task has no room for a stream", retry_after="2")
        last = request.headers.get("last-event-id", "")
        head = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "Connection": "close"}
        writer.write(_head(200, head | self._cors(request)))
        stream = await self.streams.add(writer, int(last) if last.isdigit() else None)
        self.log(event_type="sse_connected")
        try:
            while await reader.read(1024):
                pass  # a browser says nothing more; this waits for its end
        finally:
            self.streams.remove(stream)
            self.log(event_type="sse_disconnected")

    def _cors(self, request: Request | None) -> dict[str, str]:
        if request is None or request.headers.get("origin") != self.settings.cors_origin:
            return {}
        return {
            "Access-Control-Allow-Origin": self.settings.cors_origin, "Access-Control-Allow-Credentials": "true",
            "Access-Control-Allow-Headers": "Authorization, Content-Type, Last-Event-ID", "Vary": "Origin",
        }  # fmt: skip

    def _written(self, answer: Answer, request: Request | None) -> bytes:
        headers = {"Content-Type": "application/json", "Content-Length": str(len(answer.body)), **answer.headers}
        return _head(answer.status, headers | self._cors(request)) + answer.body


def embedded(namespace: str, name: str, unit: str, value: float) -> dict[str, Any]:
    """The fields of a line out of which CloudWatch Logs makes a metric by itself, without dimensions.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    metrics = {"Namespace": namespace, "Dimensions": [[]], "Metrics": [{"Name": name, "Unit": unit}]}
    return {"_aws": {"Timestamp": round(1000 * time.time()), "CloudWatchMetrics": [metrics]}, name: round(value, 3)}


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = "".join(f"{name.title()}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} {REASONS[status]}\r\n{lines}\r\n".encode("latin-1")


async def read(reader: asyncio.StreamReader) -> Request | None:
    """The next request; None where the client has left. Raises RefusedError where it cannot be read."""
    try:
        line = await reader.readuntil(b"\r\n")
        method, target, _ = line.decode("latin-1").split(" ", 2)
        headers: dict[str, str] = {}
        while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
            if len(headers) > MOST_HEADERS:
                raise RefusedError(400, "too many headers")
    except asyncio.IncompleteReadError:
        return None
    except (ValueError, asyncio.LimitOverrunError):
        raise RefusedError(400, "the request cannot be read") from None
    size = headers.get("content-length", "0")
    if not size.isdigit() or "transfer-encoding" in headers:
        raise RefusedError(400, "the body must have a length")
    if int(size) > MOST_BODY:
        raise RefusedError(413, f"a body has at most {MOST_BODY} bytes")
    return Request(method, target.partition("?")[0], headers, await reader.readexactly(int(size)))
