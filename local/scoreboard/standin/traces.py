"""Traces of requests, as the collector beside a task takes them: X-Ray's segments over UDP.

https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
"""

from __future__ import annotations

import json
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

COLLECTOR = "127.0.0.1:2000"
"""The sidecar of the task, which shares the task's network; X-Ray's own variable AWS_XRAY_DAEMON_ADDRESS names another."""

HEADER = "x-amzn-trace-id"

_parts: ContextVar[list[dict[str, Any]] | None] = ContextVar("parts", default=None)


class Tracer:
    """Sends a segment for each request; nothing where tracing is off. What nobody takes is lost; no request waits."""

    def __init__(self, name: str, *, on: bool, collector: str = COLLECTOR) -> None:
        host, _, port = collector.rpartition(":")
        self.name, self.collector = name, (host, int(port))
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM) if on else None
        if self.socket:
            self.socket.setblocking(False)

    @contextmanager
    def segment(self, method: str, path: str, header: str, answered: dict[str, int]) -> Iterator[None]:
        """A request: `header` is what the balancer says of the trace, `answered` gets the status in the block."""
        if self.socket is None:
            yield
            return
        said = dict(part.split("=", 1) for part in header.split(";") if "=" in part)
        parts: list[dict[str, Any]] = []
        token, begun = _parts.set(parts), time.time()
        try:
            yield
        finally:
            _parts.reset(token)
            status = answered.get("status", 500)
            segment = {
                "name": self.name, "id": secrets.token_hex(8), "start_time": begun, "end_time": time.time(),
                "trace_id": said.get("Root") or f"1-{int(begun):08x}-{secrets.token_hex(12)}",
                **({"parent_id": said["Parent"]} if "Parent" in said else {}),
                "http": {"request": {"method": method, "url": path}, "response": {"status": status}},
                "fault": status >= 500, "error": 400 <= status < 500, "subsegments": parts,
            }  # fmt: skip
            if said.get("Sampled") != "0":
                self._send(segment)

    def _send(self, segment: dict[str, Any]) -> None:
        text = '{"format":"json","version":1}\n' + json.dumps(segment, separators=(",", ":"))
        try:
            if self.socket:
                self.socket.sendto(text.encode(), self.collector)
        except OSError:
            return

    def close(self) -> None:
        """Ends it."""
        if self.socket:
            self.socket.close()


@contextmanager
def part(name: str, **what: object) -> Iterator[None]:
    """A part of the request at hand, such as a call of a database; nothing where no request is traced."""
    parts, begun = _parts.get(), time.time()
    failed = True
    try:
        yield
        failed = False
    finally:
        if parts is not None:
            parts.append(
                {"name": name, "id": secrets.token_hex(8), "start_time": begun, "end_time": time.time(), "fault": failed, **what}
            )  # fmt: skip
