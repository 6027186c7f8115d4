"""The network of a stack, from the two tables; and where its traffic enters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from analysis.architecture import Architecture, Diagnostic, Location, Resource
from analysis.facts import Connection, Runtime, Scenario, Stack
from analysis.network.links import LINKS
from analysis.network.load import loads
from analysis.network.model import COMPUTE, Link, Network, NetworkError, Station, Traffic
from analysis.network.reading import Reading
from analysis.network.stations import STATIONS


def network(architecture: Architecture, stack: Stack | None = None, profile: Runtime | None = None) -> Network:
    """The stations and links of `architecture`; `profile` is what a request costs its programs, without which they have no limit.

    Programs that no public entry leads to are listed in `unreached`.
    """
    reading = Reading(architecture, stack, profile)
    stations = {r.address: station for r in architecture.resources if (station := _station(r, reading)) is not None}
    links = [link for r in architecture.resources if r.address in stations for link in _links(r, reading)]
    links = [link for link in links if link.target in stations]
    links += _only_database(architecture, stations, links, reading)
    entries = tuple(_entries(architecture, stations, links))
    found = Network(architecture.stack, stations, tuple(links), entries)
    reached = found.reached(entries)
    unreached = tuple(
        address for address, station in stations.items() if station.kind in COMPUTE and address not in reached
    )
    return replace(found, unreached=unreached, diagnostics=tuple(reading.diagnostics))


def _station(resource: Resource, reading: Reading) -> Station | None:
    row = STATIONS.get(resource.type)
    return None if row is None else row(resource, reading)


def _links(resource: Resource, reading: Reading) -> Iterable[Link]:
    row = LINKS.get(resource.type)
    return () if row is None else row(resource, reading)


def _only_database(
    architecture: Architecture, stations: dict[str, Station], links: Sequence[Link], reading: Reading
) -> list[Link]:
    """A link from each program behind a balancer to the only database, where no program refers to it; with a warning."""
    databases = [address for address, station in stations.items() if station.kind == "database"]
    if len(databases) != 1 or any(link.target == databases[0] for link in links):
        return []
    fronts = {link.target for link in links if stations[link.source].kind == "balancer"}
    programs = [address for address in fronts if stations[address].kind in {"service", "fleet", "instance"}]
    for program in programs:
        reading.warn(
            f"{databases[0]} is taken as the database of {program} because it is the only one; its program does not refer to it",
            stations[databases[0]].defined_at,
        )
    return [
        Link(program, databases[0], "ask", architecture.by_address[databases[0]].defined_at, "the only database")
        for program in programs
    ]


def _entries(architecture: Architecture, stations: dict[str, Station], links: Sequence[Link]) -> Iterable[str]:
    """The public entries: edges, gateways, and balancers that face the internet and no edge stands before."""
    behind = {link.target for link in links if stations[link.source].kind in {"edge", "api", "balancer"}}
    for address, station in stations.items():
        values = architecture.by_address[address].values
        public = {
            "edge": values.get("enabled") is not False,
            "api": True,
            "socket": True,
            "balancer": values.get("internal") is not True,
        }.get(station.kind, False)
        if public and address not in behind:
            yield address


def entry(found: Network, wanted: str | None, name: str) -> str:
    """Where the traffic `name` enters: the address that gameday.toml names, else the only entry that leads to a program.

    Raises NetworkError where there is none or more than one, naming them and the line that settles it.
    """
    if wanted is not None:
        if wanted not in found.stations:
            known = ", ".join(found.stations)
            raise _refused(found, f"[enters] {name}: no station {wanted} is in {found.stack}; it has {known}")
        return wanted
    serving = [address for address in found.entries if _programs(found, address)]
    if len(serving) == 1:
        return serving[0]
    if not serving:
        programs = ", ".join(found.unreached) or "none"
        raise _refused(
            found,
            f"no public entry leads to a program, so nobody can be served; programs that nothing reaches: {programs}",
        )
    lines = " or ".join(f'{name} = "{address}"' for address in serving)
    raise _refused(
        found, f"several public entries lead to a program; say in gameday.toml, under [enters], {lines}", serving[0]
    )


def _programs(found: Network, address: str) -> bool:
    return any(found.stations[one].kind in COMPUTE for one in found.reached([address]))


def _refused(found: Network, message: str, address: str | None = None) -> NetworkError:
    where = found.stations[address].defined_at if address else Location(found.stack)
    return NetworkError([Diagnostic("error", message, where)])


def crowd(found: Network, scenario: Scenario, stack: Stack | None, interval_s: float) -> tuple[Traffic, ...]:
    """What the users of a scenario ask for, what they hold open, and what is published to them.

    Users poll every `interval_s` seconds, spread over the scenario's routes. Updates come from the publisher, who enters where
    the crowd does, and from the feeds; each connection gets its share of all of them.
    """
    door = entry(found, _named(stack, "crowd"), "crowd")
    caches = scenario.edge["caches"].at()
    traffic = [
        Traffic(
            route.name, door, "request", per_user=route.share.at() / interval_s, path=route.path, method=route.method,
            shared=route.shared, objects=route.objects.at(), caches=caches,
        )
        for route in scenario.routes
    ]  # fmt: skip
    updates = scenario.publisher["updates_per_minute"].at() / 60.0
    traffic.append(Traffic("publisher", _named(stack, "publisher") or door, "request", fixed=updates, method="POST"))
    traffic += [
        Traffic(feed.name, entry(found, _named(stack, feed.name), feed.name), "record", fixed=feed.per_s.at())
        for feed in scenario.feeds
    ]
    updates += sum(feed.per_s.at() for feed in scenario.feeds)
    for connection in scenario.connections:
        traffic += _held_open(found, connection, _named(stack, connection.name) or door, updates)
    return tuple(traffic)


def _named(stack: Stack | None, name: str) -> str | None:
    """Where gameday.toml says that the traffic `name` enters."""
    return getattr(stack, "enters", {}).get(name) if stack else None


def _held_open(found: Network, connection: Connection, door: str, updates_per_s: float) -> tuple[Traffic, ...]:
    """Connections as load: how many are held, how many are opened a second, and what is sent over them."""
    each = connection.per_user.at()
    held = Traffic(connection.name, door, "connection", per_user=each, path=connection.path)
    opened = replace(
        held, name=f"{connection.name} opened", unit="connect", per_user=each / (60.0 * connection.minutes.at())
    )
    sent = replace(
        held,
        name=f"{connection.name} sent",
        enters=_holder(found, held),
        unit="delivery",
        per_user=each * connection.follows.at() * updates_per_s,
    )
    return held, opened, sent


def _holder(found: Network, held: Traffic) -> str:
    """The station at which a connection ends: the program, or the gateway that keeps it in the program's place."""
    at = loads(found, [held], 1.0)
    ends = [
        address for address in at if found.stations[address].kind in COMPUTE or found.stations[address].kind == "socket"
    ]
    if not ends:
        raise _refused(
            found, f"nothing behind {held.enters} can hold the connections {held.name!r} of {held.path}", held.enters
        )
    return ends[-1]
