"""How many threads a worker has."""

from __future__ import annotations

from analysis.facts import Runtime
from analysis.units import Given
from analysis.wiring import RequestPath


def threads(path: RequestPath, profile: Runtime) -> Given:
    """Threads of each worker: what the Terraform sets, else one. An event loop has one, whatever is set."""
    if path.threads is None or profile.concurrency == "event_loop":
        return Given("threads", 1, "thread", f"runtime profile {profile.name}")
    return path.threads
