"""The network of a stack, from the two tables; and where its traffic enters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from analysis.architecture import Architecture, Diagnostic, Location, Resource
from analysis.facts import Connection, Feed, Runtime, Scenario, Stack
from analysis.facts.stacks import FILE_NAME
from analysis.network.links import LINKS
from analysis.network.load import loads, senders
from analysis.network.model import COMPUTE, FRONTS, OPENED, SENT, Link, Network, Station, Traffic
from analysis.network.reading import Reading
from analysis.network.stations import STATIONS
from analysis.wiring import PathError
from analysis.wiring.entries import choice, entered
from analysis.wiring.path import UNMODELLED_STORES
from analysis.wiring.tasks import HEARTBEAT

POLLS = "poll_interval_s"

NO_STATION = UNMODELLED_STORES
"""What takes load of programs and is no station yet: said, so that no answer passes it over in silence."""


def network(architecture: Architecture, stack: Stack | None = None, profile: Runtime | None = None) -> Network:
    """The stations and links of `architecture`; `profile` is what a request costs its programs, without which they have no limit.

    Programs that no public entry leads to are listed in `unreached`.
    """
    reading = Reading(architecture, stack, profile)
    stations = {r.address: station for r in architecture.resources if (station := _station(r, reading)) is not None}
    links = [link for r in architecture.resources if r.address in stations for link in _links(r, reading)]
    links = [link for link in links if link.target in stations]
    links += _only_database(architecture, stations, links, reading)
    links, forks = _forks(links, stations, reading)
    for left_out in architecture.of_type(*NO_STATION):
        reading.warn(f"{left_out.address}: what it is asked for is not computed yet", left_out.defined_at)
    for past in entered(reading.names).past:
        if stack is None or past.address != stack.enters.crowd:
            reading.warn(str(past), past.defined_at)
    entries = tuple(dict.fromkeys(_entries(stations, reading)))
    found = Network(
        architecture.stack, stations, tuple(links), entries, shut=() if entries else _shut(reading), forks=forks
    )
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


def _forks(
    links: Sequence[Link], stations: Mapping[str, Station], reading: Reading
) -> tuple[list[Link], Mapping[str, tuple[Diagnostic, ...]]]:
    """Balancers that hand every path to several programs, by host, header or weight: which gets the crowd, no path says.

    The one that gameday.toml names as `service` does, and the links to the others are dropped; else a refusal is kept.
    """
    named = reading.stack.enters.service if reading.stack else ""
    dropped: set[Link] = set()
    forks = {}
    for address, station in stations.items():
        every = [link for link in links if link.source == address and link.pattern == "*"]
        targets = {link.target for link in every}
        if station.kind != "balancer" or len(targets) < 2:
            continue
        if named in targets:
            dropped |= {link for link in every if link.target != named}
        else:
            forks[address] = _shut(reading) or (
                Diagnostic(
                    "error",
                    f"{address} hands every path to {' and '.join(sorted(targets))}; write one of them in {FILE_NAME} under "
                    "[enters] as service",
                    station.defined_at,
                ),
            )
    return [link for link in links if link not in dropped], forks


def _shut(reading: Reading) -> tuple[Diagnostic, ...]:
    """Why the crowd's way to one program is not settled."""
    try:
        choice(reading.names, reading.stack)
    except PathError as error:
        return error.diagnostics
    return ()


def _entries(stations: dict[str, Station], reading: Reading) -> Iterable[str]:
    """The public entries that lead to a program, each as the first station on the way."""
    for way in entered(reading.names).ways:
        yield from [hop.address for hop in way.hops if hop.address in stations][:1]


def entry(found: Network, wanted: str, name: str, line: int = 1) -> str:
    """Where the traffic `name` enters: the address that gameday.toml names on `line`, else the only public entry.

    Raises PathError where there is none or more than one, naming them and the line that settles it.
    """
    if wanted:
        if wanted not in found.stations:
            known = ", ".join(found.stations)
            message = f"{name} enters at {wanted}, which takes no load in {found.stack}; what does: {known}"
            raise PathError([Diagnostic("error", message, Location(FILE_NAME, line))])
        return wanted
    if len(found.entries) == 1:
        return found.entries[0]
    if not found.entries:
        nothing = Diagnostic("error", "no public entry leads to a program", Location(found.stack))
        raise PathError(found.shut or [nothing])
    places = "; ".join(f"{address} ({found.stations[address].defined_at})" for address in found.entries)
    lines = " or ".join(f"{name} = '{address}'" for address in found.entries)
    table = "enters" if name == "crowd" else "sources"
    message = (
        f"{len(found.entries)} public entries lead to a program: {places}; write in {FILE_NAME} under [{table}] {lines}"
    )
    raise PathError([Diagnostic("error", message, Location(found.stack))])


def crowd(found: Network, scenario: Scenario, stack: Stack | None, interval_s: float) -> tuple[Traffic, ...]:
    """What the users of a scenario ask for, what they hold open, and what is published to them.

    Users poll every `interval_s` seconds, spread over the scenario's routes. Updates come from the publisher, who enters where
    the crowd does, and from the feeds; each connection gets its share of all of them.
    """
    _check_sources(scenario, stack)
    door = _door(found, stack, "crowd")
    for fork in found.reached([door]) & found.forks.keys():
        raise PathError(found.forks[fork])
    caches = scenario.edge["caches"].at()
    traffic = [
        Traffic(
            route.name, door, "request", per_user=route.share.at() / interval_s, path=route.path, method=route.method,
            shared=route.shared, objects=route.objects.at(), caches=caches,
        )
        for route in scenario.routes
    ]  # fmt: skip
    updates = scenario.publisher["updates_per_minute"].at() / 60.0
    live = next((route.path for route in scenario.routes if route.live), "/")
    traffic.append(
        Traffic("publisher", _door(found, stack, "publisher", door), "request", fixed=updates, path=live, method="POST")
    )
    traffic += _meeting(found, [_fed(found, stack, feed) for feed in scenario.feeds])
    updates += sum(feed.per_s.at() for feed in scenario.feeds)
    for connection in scenario.connections:
        traffic += _held_open(found, connection, _door(found, stack, connection.name, door), updates)
    return tuple(one for one in traffic if one.per_user or one.fixed)


def poll_interval_s(found: Network, scenario: Scenario, stack: Stack | None, reading: Reading) -> float:
    """Seconds between two polls: what a program on the crowd's way tells its clients, else the scenario's assumption."""
    assumed = scenario.client[POLLS].at()
    for address in found.downstream(crowd(found, scenario, stack, assumed)[0].enters):
        if found.stations[address].kind in COMPUTE:
            told = reading.setting(reading.architecture.by_address[address], POLLS, "s")
            if told is not None:
                return told.value
    return assumed


def check_streams(found: Network, traffic: Sequence[Traffic], scenario: Scenario, reading: Reading) -> None:
    """PathError where a program that the traffic reaches holds streams open, and the scenario has no connections."""
    if scenario.connections:
        return
    for station in (found.stations[address] for address in loads(found, traffic, 1.0)):
        if station.kind not in COMPUTE:
            continue
        for name in sorted(reading.environment(reading.architecture.by_address[station.address])):
            if HEARTBEAT.search(name):
                message = (
                    f"{station.address} holds streams open ({name}), and {scenario.file} does not say who opens them; write a "
                    "[[connection]] into it"
                )
                raise PathError([Diagnostic("error", message, station.defined_at)])


def _check_sources(scenario: Scenario, stack: Stack | None) -> None:
    """Refuses a name under [sources] that the scenario does not have: its traffic would enter somewhere else, unsaid."""
    known = ["publisher", *(feed.name for feed in scenario.feeds), *(one.name for one in scenario.connections)]
    for name in stack.sources if stack else ():
        if name not in known:
            message = f"sources.{name} is no feed and no connection of {scenario.file}; it has {', '.join(known)}"
            raise PathError([Diagnostic("error", message, Location(FILE_NAME))])


def _door(found: Network, stack: Stack | None, name: str, otherwise: str = "") -> str:
    """Where the traffic `name` enters: as gameday.toml says, else `otherwise`, else the only public entry."""
    if stack is None:
        return entry(found, otherwise, name)
    if name == "crowd":
        alone = "" if found.entries else stack.enters.service  # the entry is in another stack
        return entry(
            found, stack.enters.crowd or alone, name, stack.enters.line("crowd" if stack.enters.crowd else "service")
        )
    wanted = stack.sources.get(name, ())
    return entry(found, next((at for at in wanted if at in found.stations), "".join(wanted[:1])) or otherwise, name)


def _fed(found: Network, stack: Stack | None, feed: Feed) -> Traffic:
    """A feed as load: records into a stream or queue or at a program, or a POST of each where gameday.toml gives a path."""
    path = stack.paths.get(feed.name) if stack else None
    door = _door(found, stack, feed.name)
    if path:
        return Traffic(feed.name, door, "request", fixed=feed.per_s.at(), path=path, method="POST")
    return Traffic(feed.name, door, "record", fixed=feed.per_s.at())


def _meeting(found: Network, feeds: Sequence[Traffic]) -> Iterator[Traffic]:
    """Feeds, each with its portion of those that come into a stream or queue that it comes into."""
    read = {link.source for link in found.links if link.calls_per_s is not None}
    logs = [read & found.reached([one.enters]) for one in feeds]
    for one, own in zip(feeds, logs, strict=True):
        every = sum(other.fixed for other, theirs in zip(feeds, logs, strict=True) if other is one or own & theirs)
        yield replace(one, portion=one.fixed / every) if every else one


def _held_open(found: Network, connection: Connection, door: str, updates_per_s: float) -> tuple[Traffic, ...]:
    """Connections as load: how many are held, how many are opened a second, and what is sent over them."""
    each = connection.per_user.at()
    held = Traffic(connection.name, door, "connection", per_user=each, path=connection.path)
    opened = replace(
        held, name=f"{connection.name}{OPENED}", unit="connect", per_user=each / (60.0 * connection.minutes.at())
    )
    end = _holder(found, held)
    messages, each_holds = _messages(found, end, connection.follows.at() * updates_per_s)
    sent = replace(
        held,
        name=f"{connection.name}{SENT}",
        enters=end,
        unit="delivery",
        per_user=each * messages,
        updates=each_holds,
    )
    return held, opened, sent


def _messages(found: Network, end: str, updates_per_s: float) -> tuple[float, float]:
    """Messages a second over one connection, and the updates in one: each by itself, or all of an interval together.

    Of Poisson arrivals at the rate u, an interval T holds at least one with probability 1 - exp(-u T); an empty one is not sent.
    """
    programs = [end] if found.stations[end].kind in COMPUTE else senders(found, end)
    spans_s = [span.value for program in programs if (span := found.stations[program].collects_s) is not None]
    if not spans_s or not updates_per_s:
        return updates_per_s, 1.0
    messages = -math.expm1(-updates_per_s * min(spans_s)) / min(spans_s)
    return messages, updates_per_s / messages


def _holder(found: Network, held: Traffic) -> str:
    """The station at which a connection ends: the program, or the gateway that keeps it in the program's place."""
    at = loads(found, [held], 1.0)
    ends = [
        address for address in at if found.stations[address].kind in COMPUTE or found.stations[address].kind == "socket"
    ]
    if not ends:
        message = f"nothing behind {held.enters} can hold the connections {held.name!r} of {held.path}"
        raise PathError([Diagnostic("error", message, found.stations[held.enters].defined_at)])
    return ends[-1]


def dead_ends(found: Network, traffic: Sequence[Traffic]) -> tuple[Diagnostic, ...]:
    """A warning for each kind of traffic that a front lets go no further: no rule, route or behaviour of it covers the path."""
    return tuple(Diagnostic("warning", message, last.defined_at) for _, last, message in _ends(found, traffic))


def check_answered(found: Network, traffic: Sequence[Traffic]) -> None:
    """Raise PathError where nothing that users ask for is covered: an answer would be about requests that are turned away."""
    asked = [one for one in traffic if one.per_user and one.unit in {"request", "connect"}]
    ends = [end for end in _ends(found, traffic) if end[0] in asked]
    if asked and len(ends) == len(asked):
        message = "nothing that the scenario's users ask for is answered; give its routes the paths that are served"
        raise PathError(
            [Diagnostic("error", f"{message}: {'; '.join(said for _, _, said in ends)}", ends[0][1].defined_at)]
        )


def _ends(found: Network, traffic: Sequence[Traffic]) -> Iterator[tuple[Traffic, Station, str]]:
    for one in traffic:
        load = loads(found, [replace(one, per_user=1.0, shared=False)], 1.0)
        last = found.stations[list(load)[-1]] if load else found.stations[one.enters]
        if last.kind in {"edge", *FRONTS} and one.unit in {"request", "connect", "record"}:
            what = "a record" if one.unit == "record" else f"{one.method} {one.path}"
            yield one, last, f"{what} ({one.name}) ends at {last.address}: nothing there covers it"
