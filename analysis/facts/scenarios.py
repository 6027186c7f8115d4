"""Scenarios: who comes when, what they ask for, and how often such a night happens.

A scenario is a TOML file; `terraform/scenarios/` has examples. Times are minutes from kick-off. A file may begin with
`extends = "other.toml"` (a file beside it): its tables then replace those of the other file, key by key.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from analysis.facts.assumptions import Assumption, FactError, Level, Table, toml
from analysis.units import HOURS_PER_MONTH

SHARE_TOLERANCE = Decimal("0.000001")
MAX_NIGHT_MINUTES = 24 * 60

_LATER = {"optional input": True}
"""A kind of entry that came later: a record of a scenario without one does not rest on it (`evidence.digest`)."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A point of the audience's profile: at `minute` the crowd is `level` of what it may be, before surges."""

    minute: float
    level: float
    event: str = ""


@dataclass(frozen=True, slots=True)
class Surge:
    """Users who come at once: `level` more within `rise_s` seconds of `minute`; they leave with the time constant `fade_min`."""

    minute: float
    level: float
    rise_s: float
    fade_min: float
    event: str = ""

    def added(self, minute: float) -> float:
        """What the surge adds to the profile at `minute`."""
        elapsed_s = (minute - self.minute) * 60.0
        if elapsed_s <= 0:
            return 0.0
        if elapsed_s < self.rise_s:
            return self.level * elapsed_s / self.rise_s
        return self.level * math.exp(-(elapsed_s - self.rise_s) / (60.0 * self.fade_min))


@dataclass(frozen=True, slots=True)
class Route:
    """One of the addresses that a fan's poll asks for.

    `share` is the share of the polls. `shared` says that everyone gets the same answer, so that a cache may keep it, under one
    key for each of `objects`. `live` marks the answer that carries the updates: its age is what the fan sees.
    """

    name: str
    method: str
    path: str
    share: Assumption
    shared: bool
    live: bool
    objects: Assumption
    response_bytes: Assumption
    request_bytes: Assumption

    @property
    def writes(self) -> bool:
        """Whether the request changes something and so reaches the database."""
        return self.method not in {"GET", "HEAD"}


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection that a user keeps open, and what is sent over it.

    Each user holds `per_user` of them, opened with a GET of `path` and living for `minutes`; `follows` is the share of all
    updates, of the publisher and of the feeds, that one of them gets.
    """

    name: str
    path: str
    per_user: Assumption
    minutes: Assumption
    follows: Assumption


@dataclass(frozen=True, slots=True)
class Feed:
    """Updates that arrive whoever watches: so many a second, where gameday.toml says under `[sources]`.

    `lag_s` is how old an update is when the feed first has it; None where nobody says, and then its age is not known.
    """

    name: str
    per_s: Assumption
    lag_s: Assumption | None = field(default=None, metadata=_LATER)


@dataclass(frozen=True, slots=True)
class Day:
    """A kind of day besides the nights of the calendar: the same course with another crowd, so many times a month.

    `crowd` is its share of the users, `feeds` of what the feeds send. `event_days` are the days that people call one event.
    """

    name: str
    days_per_month: Assumption
    crowd: Assumption
    feeds: Assumption
    event_days: Assumption | None = None


def _curve(profile: tuple[Moment, ...], minutes: tuple[float, ...], surges: tuple[Surge, ...], minute: float) -> float:
    at = bisect_right(minutes, minute)
    if at == 0 or minute > profile[-1].minute:
        return 0.0
    left = profile[at - 1]
    level = left.level
    if at < len(profile):
        right = profile[at]
        level += (right.level - left.level) * (minute - left.minute) / (right.minute - left.minute)
    return level + sum(surge.added(minute) for surge in surges)


@lru_cache(maxsize=64)
def _peak_minute(profile: tuple[Moment, ...], surges: tuple[Surge, ...]) -> float:
    """Kept by course, which the same night with another crowd or another client shares."""
    minutes = tuple(moment.minute for moment in profile)
    seconds = range(round(profile[0].minute * 60), round(profile[-1].minute * 60) + 1)
    return max(seconds, key=lambda second: _curve(profile, minutes, surges, second / 60.0)) / 60.0


@dataclass(frozen=True)
class Scenario:
    """One night, and how many such nights a month has. `file` is what messages call it."""

    file: str
    title: str
    summary: str
    peak_users: Assumption
    audience_reason: str
    profile: tuple[Moment, ...]
    surges: tuple[Surge, ...]
    client: Mapping[str, Assumption]
    publisher: Mapping[str, Assumption]
    session: Mapping[str, Assumption]
    edge: Mapping[str, Assumption]
    calendar: Mapping[str, Assumption]
    routes: tuple[Route, ...]
    freshness_target_s: Assumption
    connections: tuple[Connection, ...] = field(default=(), metadata=_LATER)
    feeds: tuple[Feed, ...] = field(default=(), metadata=_LATER)
    days: tuple[Day, ...] = field(default=(), metadata=_LATER)
    path: Path = field(default=Path(), compare=False)

    @property
    def start_minute(self) -> float:
        """When the night begins."""
        return self.profile[0].minute

    @property
    def end_minute(self) -> float:
        """When the night ends."""
        return self.profile[-1].minute

    @property
    def night_hours(self) -> float:
        """How long the night lasts."""
        return (self.end_minute - self.start_minute) / 60.0

    @cached_property
    def _minutes(self) -> tuple[float, ...]:
        return tuple(moment.minute for moment in self.profile)

    def _curve(self, minute: float) -> float:
        return _curve(self.profile, self._minutes, self.surges, minute)

    @cached_property
    def peak_minute(self) -> float:
        """When most users are there, to the second."""
        return _peak_minute(self.profile, self.surges)

    def users(self, minute: float, level: Level = "value") -> float:
        """How many users are there at `minute`; none outside the night. The highest value of the night is `peak_users`."""
        return self.peak_users.at(level) * self._curve(minute) / self._curve(self.peak_minute)

    def with_peak(self, users: int | Decimal) -> Scenario:
        """The same night with another peak; its shape and everything else stay."""
        if users < 0:
            raise ValueError(f"a night cannot have {users} users")
        return replace(self, peak_users=self.peak_users.replaced(Decimal(users)))

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """Everything that is assumed, in the order of the file."""
        groups = (self.client, self.publisher, self.session, self.edge, self.calendar)
        routes = (value for r in self.routes for value in (r.share, r.objects, r.response_bytes, r.request_bytes))
        return (
            self.peak_users,
            *(value for group in groups for value in group.values()),
            *routes,
            *(value for c in self.connections for value in (c.per_user, c.minutes, c.follows)),
            *(feed.per_s for feed in self.feeds),
            *(feed.lag_s for feed in self.feeds if feed.lag_s is not None),
            *(value for day in self.days for value in (day.days_per_month, day.crowd, day.feeds)),
            *(day.event_days for day in self.days if day.event_days is not None),
            self.freshness_target_s,
        )


# Group -> key -> (unit, must be above zero). Every number of a scenario that is not its profile stands here.
GROUPS: Mapping[str, Mapping[str, tuple[str, bool]]] = {
    "client": {
        "poll_interval_s": ("s", True),
        "timeout_s": ("s", True),
        "retries": ("retry", False),
        "backoff_s": ("s", False),
    },
    "publisher": {"updates_per_minute": ("update/min", False), "update_bytes": ("B", False)},
    "session": {"minutes": ("min", True), "asset_requests": ("request", False), "asset_bytes": ("B", False)},
    "edge": {"caches": ("cache", True), "requests_per_connection": ("request", True)},
    "calendar": {
        "games_per_month": ("game", False),
        "hours_per_game": ("h", True),
        "season_months": ("month", False),
        "quiet_users": ("user", False),
    },
}

# The same for keys that may be left out.
OPTIONAL: Mapping[str, Mapping[str, tuple[str, bool]]] = {
    "calendar": {
        "quiet_feeds": (
            "share",
            False,
        ),  # of what the feeds send, outside the nights and days; nothing where it is not said
        "event_days": ("day", True),  # nights that people call one event; one where it is not said
        "reserve": ("share", False),  # of a bill, for what nobody foresaw; none where it is not said
    },
}


def scenario(path: Path) -> Scenario:
    """The scenario in the TOML file at `path`.

    Raises FactError, with the file and the key, where a value is missing, unknown, negative, in the wrong unit, out of order, or
    where the shares of the routes do not add up to one.
    """
    table = toml(path)
    parent = table.get("extends")
    if parent is not None:
        table = _extended(table, path, parent)
    file = table.file
    audience = table.table("audience")
    profile = tuple(_moment(entry) for entry in audience.tables("profile", at_least=2))
    surges = tuple(_surge(entry) for entry in audience.tables("surge"))
    peak_users = audience.assumption("peak_users", "user", minimum=1)
    audience_reason = audience.text("reason")
    audience.closed()
    _check_times(file, profile, surges)
    routes = tuple(_route(entry) for entry in table.tables("route"))
    connections = tuple(_connection(entry) for entry in table.tables("connection"))
    feeds = tuple(_feed(entry) for entry in table.tables("feed"))
    _check_routes(file, routes, held=bool(connections))
    _check_names(file, {"route": routes, "connection": connections, "feed": feeds})
    groups = {name: _group(table.table(name), keys, OPTIONAL.get(name, {})) for name, keys in GROUPS.items()}
    days = tuple(_day(entry) for entry in table.tables("day"))
    target = table.table("target")
    freshness = target.assumption("freshness_s", "s", above=0)
    target.closed()
    made = Scenario(
        file=file,
        title=table.text("title"),
        summary=table.text("summary"),
        peak_users=peak_users,
        audience_reason=audience_reason,
        profile=profile,
        surges=surges,
        routes=routes,
        freshness_target_s=freshness,
        connections=connections,
        feeds=feeds,
        days=days,
        path=path,
        **groups,
    )
    table.closed()
    _check_days(made)
    return made


def _extended(table: Table, path: Path, parent: Any) -> Table:
    if not isinstance(parent, str) or Path(parent).name != parent:
        raise table.error("extends", "must be the name of a file in the same directory")
    base = toml(path.parent / parent)
    if "extends" in base.entries:
        raise table.error("extends", f"names {parent}, which extends another file itself; one step is allowed")
    own = {key: value for key, value in table.entries.items() if key != "extends"}
    return Table(table.file, "", _merged(base.entries, own))


def _merged(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """`own` over `base`: groups of assumptions key by key, an assumption, a list or a plain value as a whole."""

    def merge(low: Any, high: Any) -> Any:
        both = isinstance(low, dict) and isinstance(high, dict)
        return {**low, **high} if both and "value" not in low else high

    return {**base, **{key: merge(base.get(key), value) for key, value in own.items()}}


def _moment(entry: Table) -> Moment:
    made = Moment(float(entry.number("minute")), float(entry.number("level", minimum=0)), entry.text("event", ""))
    entry.closed()
    return made


def _surge(entry: Table) -> Surge:
    made = Surge(
        float(entry.number("minute")),
        float(entry.number("level", minimum=0)),
        float(entry.number("rise_s", minimum=1)),
        float(entry.number("fade_min", minimum=Decimal("0.1"))),
        entry.text("event", ""),
    )
    entry.closed()
    return made


def _route(entry: Table) -> Route:
    name = entry.text("name")

    def assumed(key: str, unit: str, minimum: int = 0) -> Assumption:
        return replace(entry.assumption(key, unit, minimum), name=f"route.{name}.{key}")

    made = Route(
        name=name,
        method=entry.choice("method", ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")),
        path=entry.text("path"),
        share=assumed("share", "share"),
        shared=entry.flag("shared"),
        live=entry.flag("live", default=False),
        objects=assumed("objects", "object", minimum=1),
        response_bytes=assumed("response_bytes", "B"),
        request_bytes=assumed("request_bytes", "B"),
    )
    entry.closed()
    if not made.path.startswith("/"):
        raise entry.error("path", f"is {made.path!r}; it must begin with a slash")
    if made.shared and made.writes:
        raise entry.error("shared", f"is true, but a cache cannot answer a {made.method}")
    return made


def _connection(entry: Table) -> Connection:
    name = entry.text("name")

    def assumed(key: str, unit: str) -> Assumption:
        return replace(entry.assumption(key, unit, above=0), name=f"connection.{name}.{key}")

    made = Connection(
        name,
        entry.text("path"),
        assumed("per_user", "connection"),
        assumed("minutes", "min"),
        assumed("follows", "share"),
    )
    entry.closed()
    if not made.path.startswith("/"):
        raise entry.error("path", f"is {made.path!r}; it must begin with a slash")
    return made


def _feed(entry: Table) -> Feed:
    name = entry.text("name")

    def assumed(key: str, unit: str) -> Assumption:
        return replace(entry.assumption(key, unit), name=f"feed.{name}.{key}")

    lag = assumed("lag_s", "s") if entry.get("lag_s") is not None else None
    made = Feed(name, assumed("per_s", "1/s"), lag)
    entry.closed()
    return made


def _day(entry: Table) -> Day:
    name = entry.text("name")

    def assumed(key: str, unit: str, *, above: int | None = None) -> Assumption:
        return replace(entry.assumption(key, unit, above=above), name=f"day.{name}.{key}")

    event = assumed("event_days", "day", above=0) if entry.get("event_days") is not None else None
    made = Day(name, assumed("days_per_month", "day"), assumed("crowd", "share"), assumed("feeds", "share"), event)
    entry.closed()
    return made


def _group(
    table: Table, keys: Mapping[str, tuple[str, bool]], optional: Mapping[str, tuple[str, bool]]
) -> Mapping[str, Assumption]:
    keys = {**keys, **{key: row for key, row in optional.items() if table.get(key) is not None}}
    found = {key: table.assumption(key, unit, above=0 if positive else None) for key, (unit, positive) in keys.items()}
    table.closed()
    return found


def _check_times(file: str, profile: tuple[Moment, ...], surges: tuple[Surge, ...]) -> None:
    for index, (earlier, later) in enumerate(pairwise(profile)):
        if later.minute <= earlier.minute:
            where = f"audience.profile[{index + 1}].minute"
            raise FactError(file, where, f"is {later.minute:g}, not after {earlier.minute:g}; sort the profile by time")
    if profile[-1].minute - profile[0].minute > MAX_NIGHT_MINUTES:
        raise FactError(
            file, "audience.profile", f"spans more than {MAX_NIGHT_MINUTES} minutes; a night is one day at most"
        )
    for index, surge in enumerate(surges):
        if not profile[0].minute <= surge.minute <= profile[-1].minute:
            raise FactError(file, f"audience.surge[{index}].minute", f"is {surge.minute:g}, outside the profile")
    if not any(moment.level > 0 for moment in profile):
        raise FactError(file, "audience.profile", "is zero throughout; nobody would come")


def _check_routes(file: str, routes: tuple[Route, ...], *, held: bool) -> None:
    """Refuses shares that do not add up, and a night on which no update is seen: no live route, no connection `held`."""
    total = sum((route.share.value for route in routes), Decimal(0))
    if routes and abs(total - 1) > SHARE_TOLERANCE:
        raise FactError(file, "route", f"the shares of the routes add up to {total}, not to 1")
    if not routes and not held:
        raise FactError(file, "route", "needs at least 1 entry, or a [[connection]], and there is neither")
    if not held and not any(route.live for route in routes):
        raise FactError(file, "route", "no route is marked live = true; freshness is the age of a live route's answer")


def _check_days(made: Scenario) -> None:
    """Refuses two kinds of days of one name, one that is named as the nights are, and more days than a month has."""
    names = ["quiet", made.title]
    for index, day in enumerate(made.days):
        if day.name in names:
            raise FactError(
                made.file, f"day[{index}].name", f"{day.name!r} is taken; a kind of day needs a name of its own"
            )
        names.append(day.name)
    hours = made.night_hours * float(
        made.calendar["games_per_month"].value + sum(d.days_per_month.value for d in made.days)
    )
    if made.days and hours > HOURS_PER_MONTH:
        raise FactError(
            made.file,
            "day",
            f"nights and days of {made.night_hours:g} h each fill {hours:g} h, and a month has {HOURS_PER_MONTH} h",
        )


def _check_names(file: str, entries: Mapping[str, Sequence[Route | Connection | Feed]]) -> None:
    """Refuses a name that two entries have, or that gameday.toml keeps for something else under `[enters]`."""
    taken = {"crowd": "[enters]", "service": "[enters]", "publisher": "[publisher]"}
    for key, found in entries.items():
        for index, entry in enumerate(found):
            if entry.name in taken:
                where = f"an earlier {key}" if taken[entry.name] == key else taken[entry.name]
                raise FactError(file, f"{key}[{index}].name", f"{entry.name!r} is taken by {where}")
            taken[entry.name] = key
