"""The error budget's alarms of our own stack: two windows each, so that they ring soon and stop soon."""

from pathlib import Path

import pytest
from alarm_makers import START

from analysis import terraform
from analysis.alarms import MetricKey, Pack, Series, read, replay
from analysis.alarms.definitions import known

STACK = Path(__file__).parents[2] / "terraform" / "stacks" / "buzzer"
REQUESTS = 10_000.0


@pytest.fixture(scope="module")
def told():
    return read(terraform.load(STACK))


def burning(told, name, failed):
    """The states of a composite where `failed` is the share of failed requests of each minute."""
    composite = next(one for one in told.composite if one.name == name)
    members = [told[member] for member in composite.rule.members]
    counts = {
        "RequestCount": [REQUESTS for _ in failed],
        "HTTPCode_Target_5XX_Count": [REQUESTS * share or None for share in failed],
        "HTTPCode_ELB_5XX_Count": [None for _ in failed],
    }
    series = {}
    for member in members:
        for _, metric in member.queries:
            key = MetricKey(metric.namespace, metric.name, tuple((n, known(v)) for n, v in metric.dimensions))
            series[key] = Series({"Sum": counts[metric.name]})
    alarms = type(told)(tuple(members), (composite,))
    return replay(alarms, Pack(series, START))[name]


def test_each_budget_alarm_joins_a_long_and_a_short_window(told):
    for name, periods in (("buzzer-burn-fast", [300, 3600]), ("buzzer-burn-slow", [1800, 21_600])):
        composite = next(one for one in told.composite if one.name == name)
        members = [told[member] for member in composite.rule.members]
        assert sorted(member.period_s for member in members) == periods
        assert len({member.threshold for member in members}) == 1
        assert composite.rule.holds(dict.fromkeys(composite.rule.members, "ALARM"))
        for member in composite.rule.members:
            assert not composite.rule.holds({**dict.fromkeys(composite.rule.members, "ALARM"), member: "OK"})
    assert told["buzzer-burn-fast-long"].threshold == pytest.approx(14.4 * 0.1)
    assert told["buzzer-burn-slow-long"].threshold == pytest.approx(6 * 0.1)
    severities = {one.name: one.severity for one in told.composite}
    assert (severities["buzzer-burn-fast"], severities["buzzer-burn-slow"]) == ("page", "ticket")


def test_a_steady_burn_rings_and_stops_within_minutes_of_the_last_error(told):
    states = burning(told, "buzzer-burn-fast", [0.0] * 90 + [0.05] * 30 + [0.0] * 60)
    first, last = states.index("ALARM"), len(states) - 1 - states[::-1].index("ALARM")
    assert 90 < first <= 110
    assert 120 <= last <= 127  # the long window alone would ring for most of an hour more
    assert set(states[first : last + 1]) == {"ALARM"}


def test_a_burst_that_costs_little_of_the_budget_wakes_nobody(told):
    assert "ALARM" not in burning(told, "buzzer-burn-fast", [0.0] * 90 + [0.05] * 10 + [0.0] * 60)
    assert "ALARM" not in burning(told, "buzzer-burn-fast", [0.01] * 180)


def test_a_leak_that_the_fast_alarm_lets_pass_rings_the_slow_one(told):
    leak = [0.008] * 400
    assert "ALARM" not in burning(told, "buzzer-burn-fast", leak)
    assert "ALARM" in burning(told, "buzzer-burn-slow", leak)
