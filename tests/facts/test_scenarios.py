import math
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.facts import FactError, scenario

SCENARIOS = Path(__file__).parents[2] / "terraform" / "scenarios"
FINAL = SCENARIOS / "buzzer_final.toml"
LOADED = scenario(FINAL)


@pytest.fixture(scope="module")
def final():
    return LOADED


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_scenario_of_the_project_is_valid(path):
    found = scenario(path)
    assert found.users(found.peak_minute) == pytest.approx(float(found.peak_users.value))
    assert all(assumption.reason for assumption in found.assumptions)


def test_the_final_stays_below_a_thousand_users_until_it_matters_and_passes_it_then(final):
    assert final.users(0) < 1_000
    assert final.users(45) < 1_000
    assert max(final.users(100), final.users(110)) > 1_500
    assert 103 < final.peak_minute < 105


def test_the_target_night_is_the_final_with_5000_users():
    target = scenario(SCENARIOS / "buzzer_target.toml")
    final = scenario(FINAL)
    assert target.peak_users.value == 5_000
    assert target.profile == final.profile
    assert target.routes == final.routes
    assert target.client["timeout_s"] == final.client["timeout_s"]
    assert target.client["poll_interval_s"].value < final.client["poll_interval_s"].value


def test_a_goal_brings_its_crowd_within_seconds_and_loses_it_over_minutes(final):
    goal = max(final.surges, key=lambda surge: surge.level)
    assert goal.added(goal.minute) == 0
    assert goal.added(goal.minute + goal.rise_s / 60) == pytest.approx(goal.level)
    assert goal.added(goal.minute + goal.rise_s / 60 + goal.fade_min) == pytest.approx(goal.level / math.e)


@given(st.floats(-200, 300))
def test_there_are_never_more_users_than_the_peak_nor_fewer_than_none(minute):
    final = LOADED
    assert 0 <= final.users(minute) <= float(final.peak_users.value) * 1.001


@given(st.integers(1, 1_000_000))
def test_another_peak_scales_the_whole_night(users):
    assert LOADED.with_peak(users).peak_users.value == users
    assert LOADED.with_peak(users).peak_users.low == pytest.approx(
        LOADED.peak_users.low * users / LOADED.peak_users.value
    )


def test_a_negative_crowd_is_refused(final):
    with pytest.raises(ValueError, match="cannot have -1 users"):
        final.with_peak(-1)


def change(old, new):
    """The text of the final with one part replaced; the part must be there."""
    text = FINAL.read_text()
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (change("low = 1_200", "low = -1_200"), "audience.peak_users: reaches down to -1200; it must not be below 1"),
        (
            change("{ minute = -30, level = 8 }", "{ minute = -95, level = 8 }"),
            "audience.profile[1].minute: is -95, not after",
        ),
        (
            change("{ minute = -30, level = 8 }", "{ minute = -30, level = -8 }"),
            "profile[1].level: is -8; it must not be below 0",
        ),
        (
            change("{ minute = 74, level", "{ minute = 999, level"),
            "audience.surge[1].minute: is 999, outside the profile",
        ),
        (change("rise_s = 30", "rise_s = 0"), "audience.surge[0].rise_s: is 0; it must not be below 1"),
        (
            change("share = { value = 0.90", "share = { value = 0.85"),
            "route: the shares of the routes add up to 0.950, not to 1",
        ),
        (change("[session.minutes]", "[session.hours]"), "session.minutes: is missing"),
        (
            change('title = "Championship final"', 'title = "Final"\ncolour = "red"'),
            "colour: is not a key of this table",
        ),
        (change("level = 2 },", "level = 2, sound = 3 },"), "audience.profile[0].sound: is not a key"),
        (change('unit = "user"', 'unit = "users"'), "audience.peak_users: is in 'users'; it must be in 'user'"),
        (
            change("value = 5\nlow = 4", "value = 0\nlow = 0"),
            "client.poll_interval_s: reaches down to 0; it must be above 0",
        ),
        (change("live = true", "live = false"), "route: no route is marked live = true"),
        (change('method = "POST"', 'method = "BREW"'), "route[3].method: is 'BREW'; it must be one of GET"),
        (
            change('path = "/api/score"', 'path = "api/score"'),
            "route[1].path: is 'api/score'; it must begin with a slash",
        ),
        (change('name = "score"', 'name = "commentary"'), "route[1].name: 'commentary' is taken by an earlier route"),
        (
            change('path = "/api/reactions"\nshared = false', 'path = "/api/reactions"\nshared = true'),
            "route[3].shared: is true, but a cache cannot answer a POST",
        ),
        ('extends = "../other.toml"', "extends: must be the name of a file in the same directory"),
        ('extends = "own.toml"', "extends another file itself; one step is allowed"),
        ("", "audience: is missing; it must be a table"),
    ],
    ids=lambda value: re.sub(r"\W+", "_", value[:40]) if "\n" not in value else "",
)
def test_what_is_wrong_is_said_with_the_file_and_the_key(tmp_path, text, sentence):
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(FactError) as refusal:
        scenario(path)
    assert str(refusal.value).startswith("own.toml: ")
    assert sentence in str(refusal.value)


DAY = """
[[day]]
name = "weekday"
days_per_month = { value = 20, low = 18, high = 22, unit = "day", reason = "Given by the tests." }
crowd = { value = 0.2, low = 0.1, high = 0.5, unit = "share", reason = "Given by the tests." }
feeds = { value = 0.1, low = 0, high = 0.5, unit = "share", reason = "Given by the tests." }
"""


def test_a_calendar_has_kinds_of_days_on_the_course_of_the_nights(tmp_path):
    (tmp_path / "own.toml").write_text(FINAL.read_text() + DAY)
    (day,) = scenario(tmp_path / "own.toml").days
    assert (day.name, day.days_per_month.value, day.event_days) == ("weekday", 20, None)
    assert day.crowd.name == "day.weekday.crowd"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"weekday"', '"Championship final"', "day[0].name: 'Championship final' is taken; a kind of day needs a name"),
        ('"weekday"', '"quiet"', "day[0].name: 'quiet' is taken"),
        (
            "value = 20, low = 18, high = 22",
            "value = 170, low = 18, high = 200",
            "day: nights and days of 4.5 h each fill 819 h",
        ),
        ('unit = "day"', 'unit = "night"', "day[0].days_per_month: is in 'night'; it must be in 'day'"),
        (
            "value = 0.2, low = 0.1",
            "value = 0.2, low = -0.1",
            "day[0].crowd: reaches down to -0.1; it must not be below 0",
        ),
        ("feeds =", "streams =", "day[0].feeds: is missing; it must be a table"),
        ("crowd =", "course = 2\ncrowd =", "day[0].course: is not a key of this table"),
        (
            "crowd =",
            'event_days = { value = 0, low = 0, high = 0, unit = "day", reason = "None." }\ncrowd =',
            "it must be above 0",
        ),
    ],
)
def test_a_mistake_in_a_kind_of_day_is_said_with_its_key(tmp_path, old, new, sentence):
    assert old in DAY
    (tmp_path / "own.toml").write_text(FINAL.read_text() + DAY.replace(old, new, 1))
    with pytest.raises(FactError) as refusal:
        scenario(tmp_path / "own.toml")
    assert sentence in str(refusal.value)


def test_two_kinds_of_days_have_two_names(tmp_path):
    (tmp_path / "own.toml").write_text(FINAL.read_text() + DAY + DAY)
    with pytest.raises(FactError, match=r"day\[1\]\.name: 'weekday' is taken"):
        scenario(tmp_path / "own.toml")


def test_what_feeds_send_in_quiet_hours_may_be_left_out_of_the_calendar(tmp_path):
    assert "quiet_feeds" not in LOADED.calendar
    line = '\n[calendar.quiet_feeds]\nvalue = 0.1\nlow = 0\nhigh = 1\nunit = "share"\nreason = "Given by the tests."\n'
    (tmp_path / "own.toml").write_text(FINAL.read_text() + line)
    assert scenario(tmp_path / "own.toml").calendar["quiet_feeds"].value == Decimal("0.1")


def test_an_extending_file_replaces_a_group_key_by_key_and_an_assumption_as_a_whole(tmp_path):
    (tmp_path / "base.toml").write_text(FINAL.read_text())
    (tmp_path / "own.toml").write_text(
        'extends = "base.toml"\n[client.retries]\nvalue = 2\nlow = 1\nhigh = 3\nunit = "retry"\nreason = "Own."\n'
    )
    own = scenario(tmp_path / "own.toml")
    assert (own.client["retries"].value, own.client["retries"].reason) == (2, "Own.")
    assert own.client["timeout_s"].value == Decimal(10)
