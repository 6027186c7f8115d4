"""When a month's nights and days are, and when scheduled actions keep more of a program running for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from analysis.architecture import Architecture
from analysis.facts import Scenario
from analysis.wiring.hops import Schedule
from analysis.wiring.schedules import daily_minute, once, some_days, timestamps

KICK_OFF_WITHIN = timedelta(hours=24)
"""A timestamp of a variable counts as the kick-off of a scheduled action if it lies within this time after it."""

LEAD_MIN = 60.0
"""Minutes before kick-off at which a scheduled action is taken to begin where no variable says when the game is."""

DAY_MIN = 1440.0
WHOLE_DAY_MIN = 1439.0
"""A course of a day, from its first minute to its last, is by the clock (UTC): its minute 0 is midnight."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of day: so many a month, with shares of the scenario's crowd and of what its feeds send.

    `nights` marks the calendar's own nights, for which a stack's scheduled actions are. `event_days` make one event.
    """

    name: str
    per_month: float
    crowd: float
    feeds: float
    event_days: float
    nights: bool = False


def kinds(scenario: Scenario) -> tuple[Kind, ...]:
    """The calendar's nights first, then the other kinds of days, in the order of the file."""
    event = scenario.calendar.get("event_days")
    nights = Kind(
        scenario.title, scenario.calendar["games_per_month"].at(), 1.0, 1.0, event.at() if event else 1.0, nights=True
    )
    others = (
        Kind(
            day.name,
            day.days_per_month.at(),
            day.crowd.at(),
            day.feeds.at(),
            day.event_days.at() if day.event_days else 1.0,
        )
        for day in scenario.days
    )
    return (nights, *others)


def without_days(scenario: Scenario, kind: Kind | None = None) -> Scenario:
    """The scenario of a month without one kind of day, or without any night or day at all."""
    changed = scenario
    if kind is None or kind.nights:
        games = scenario.calendar["games_per_month"].replaced(Decimal(0))
        changed = replace(changed, calendar={**scenario.calendar, "games_per_month": games})
    if kind is None or not kind.nights:
        changed = replace(changed, days=tuple(d for d in scenario.days if kind is not None and d.name != kind.name))
    return changed


@dataclass(frozen=True, slots=True)
class Window:
    """Minutes from kick-off between which a scheduled action raises the minimum to `tasks` for the game `game`.

    It holds on so many `days`; one that is `daily` holds on every kind of day.
    """

    game: str
    start_minute: float
    end_minute: float
    tasks: int
    days: int = 1
    daily: bool = False


def scheduled_windows(
    schedules: Sequence[Schedule], minimum: int, architecture: Architecture, *, by_clock: bool = False
) -> tuple[Window, ...]:
    """The windows in which scheduled actions raise the minimum, in minutes from kick-off, or from midnight UTC `by_clock`.

    An action `at(...)` is matched with the next timestamp in a variable, which is the kick-off, and with the next action that
    lowers the minimum again. Daily `cron(...)` actions last from the raising to the lowering one and begin LEAD_MIN before
    kick-off.
    """
    known = [
        (time, s) for s in schedules if (time := once(s.expression, s.timezone)) is not None and s.minimum is not None
    ]
    timed = sorted(known, key=lambda pair: (pair[0], pair[1].address))
    kick_offs = timestamps(architecture)
    found = []
    for index, (time, action) in enumerate(timed):
        tasks = action.minimum or 0
        end = next((later for later, other in timed[index + 1 :] if (other.minimum or 0) < tasks), None)
        if tasks <= minimum or end is None:
            continue
        kick_off = next(
            (k for k in kick_offs if time <= k <= time + KICK_OFF_WITHIN), time + timedelta(minutes=LEAD_MIN)
        )
        start = time.hour * 60.0 + time.minute if by_clock else _minutes(time - kick_off)
        found.append(Window(kick_off.isoformat(), start, start + _minutes(end - time), tasks))
    return (*found, *_daily(schedules, minimum, by_clock=by_clock))


def _daily(schedules: Sequence[Schedule], minimum: int, *, by_clock: bool) -> Iterator[Window]:
    times = [
        (minute, s) for s in schedules if (minute := daily_minute(s.expression)) is not None and s.minimum is not None
    ]
    for minute, action in times:
        tasks = action.minimum or 0
        ends = [(other - minute) % DAY_MIN for other, later in times if (later.minimum or 0) < tasks]
        if tasks > minimum and ends:
            start = minute if by_clock else -LEAD_MIN
            game, bounded = ("daily", False) if action.days is None else (action.address, True)
            bounded = bounded or some_days(action.expression)  # the days that the calendar's nights are on
            yield Window(game, start, start + min(ends), tasks, action.days or 1, daily=not bounded)


def _minutes(span: timedelta) -> float:
    return span.total_seconds() / 60.0
