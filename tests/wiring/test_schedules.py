"""A schedule is read the same by the bill and by the countdown, in the zone in which it is written."""

import datetime as dt

import pytest

from analysis.architecture import Architecture, Location, Variable
from analysis.wiring.schedules import a_month, daily_minute, once, timestamps

EVENING = dt.datetime(2026, 3, 7, 18, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("expression", "zone", "moment"),
    [
        ("at(2026-03-07T18:30:00)", "UTC", EVENING),
        ("at(2026-03-07T18:30)", "UTC", EVENING),
        ("at(2026-03-07T19:30:00)", "Europe/Berlin", EVENING),
        ("at(2026-02-30T18:30:00)", "UTC", None),
        ("at(2026-03-07T18:30:00)", "Mars/Olympus", None),
        ("rate(5 minutes)", "UTC", None),
    ],
)
def test_a_single_action_happens_in_its_own_zone(expression, zone, moment):
    assert once(expression, zone) == moment


@pytest.mark.parametrize(("expression", "minute"), [("cron(30 18 * * ? *)", 1110.0), ("cron(*/5 18 * * ? *)", None)])
def test_a_daily_action_has_a_minute_where_minute_and_hour_are_fixed(expression, minute):
    assert daily_minute(expression) == minute


def test_kick_offs_are_the_timestamps_of_the_variables_in_order():
    games = ({"name": "final", "kick_off": "2026-03-07T19:30:00+01:00"}, {"kick_off": "2026-03-01T20:00:00Z"})
    values = {"games": games, "note": "2026-03-01", "typo": "2026-13-01T20:00:00Z", "again": "2026-03-01T20:00:00"}
    variables = {name: Variable(name, value, Location("variables.tf")) for name, value in values.items()}
    assert timestamps(Architecture("s", (), variables=variables)) == (
        dt.datetime(2026, 3, 1, 20, tzinfo=dt.UTC),
        EVENING,
    )


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        ("rate(5 minutes)", 730 * 12),
        ("rate(1 hour)", 730),
        ("rate(2 days)", 730 / 48),
        ("cron(0 5 * * ? *)", 730 / 24),
        ("cron(0/15 * * * ? *)", 730 * 4),
        ("cron(0 6,18 ? * MON-FRI *)", 2 * 730 / 24 * 5 / 7),
        ("cron(0 3 1,15 * ? *)", 2),
        ("cron(0 3 1 1-3 ? *)", 3 / 12),
        ("cron(0 3 L * ? *)", None),
        ("cron(0 3 ? * 6#2 *)", None),
        ("at(2026-03-07T18:30:00)", None),
        ("rate(0 minutes)", None),
        (None, None),
    ],
)
def test_a_schedule_comes_round_so_often_in_a_mean_month(expression, times):
    assert a_month(expression) == (None if times is None else pytest.approx(times))
