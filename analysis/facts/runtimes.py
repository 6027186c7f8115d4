"""Runtime profiles: what one request costs a task. CPU per request is not in Terraform; it is measured, with a spread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from analysis.facts.assumptions import Assumption, FactError, Table, toml
from analysis.facts.instances import DATA

CONCURRENCY = ("process", "event_loop")
CONNECTIONS = ("per_slot", "pool")


@dataclass(frozen=True, slots=True)
class Runtime:
    """How a task of this kind serves requests.

    `concurrency`: `process` answers one request at a time in each worker and waits for the database meanwhile; `event_loop`
    answers others while it waits. `connections`: `per_slot` opens one for each request being served, `pool` keeps as many as the
    pool holds. `backlog` is how many connections may wait to be accepted. CPU times are seconds per request under a quota; a
    profile without `cpu_s_per_hit` does not use a shared cache.
    """

    name: str
    title: str
    concurrency: str
    workers: int
    backlog: int
    connections: str
    keep_alive: bool
    cpu_s_per_request: Assumption
    database_s_per_request: Assumption
    cpu_s_per_hit: Assumption | None = None


@cache
def runtimes(path: Path = DATA / "runtimes.toml") -> Mapping[str, Runtime]:
    """The runtime profiles by name. Raises FactError naming file and key where one is incomplete."""
    file = toml(path)
    found = {name: _runtime(name, file.table(name)) for name in file.entries}
    file.closed()
    return found


def runtime(name: str) -> Runtime:
    """One profile; FactError that lists the others where it is not known."""
    known = runtimes()
    if name not in known:
        raise FactError("runtimes.toml", name, f"is no runtime profile; the profiles are {', '.join(known)}")
    return known[name]


def _runtime(name: str, table: Table) -> Runtime:
    made = Runtime(
        name=name,
        title=table.text("title"),
        concurrency=table.choice("concurrency", CONCURRENCY),
        workers=int(table.number("workers", minimum=1)),
        backlog=int(table.number("backlog", minimum=1)),
        connections=table.choice("connections", CONNECTIONS),
        keep_alive=table.flag("keep_alive"),
        cpu_s_per_request=table.assumption("cpu_s_per_request", "s", above=0),
        database_s_per_request=table.assumption("database_s_per_request", "s", above=0),
        cpu_s_per_hit=table.assumption("cpu_s_per_hit", "s", above=0) if "cpu_s_per_hit" in table.entries else None,
    )
    table.closed()
    return made
