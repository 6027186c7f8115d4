"""The formulas that answer before anything is simulated, each against the simulated night or another simulation."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from night_oracle import ONE_TASK, Run

from analysis.capacity import queueing
from analysis.facts import cpu_factor

X = ONE_TASK.vcpu / ONE_TASK.cpu_miss_s
KNEE = queueing.knee_users(ONE_TASK.think_s, X)


# --- the knee, N* = Z v / D


def test_up_to_the_knee_every_poll_is_answered_and_beyond_it_as_many_as_the_processor_can():
    for share in (0.5, 0.8, 1.25, 1.8):
        run = Run(ONE_TASK, np.full(601, share * KNEE))
        expected = min(share * KNEE / ONE_TASK.think_s, X)
        assert run.mean("answered", 120) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize(("think_s", "vcpu", "cpu_s"), [(2.0, 0.5, 0.002), (5.0, 0.25, 0.00116), (10.0, 1.0, 0.004)])
def test_the_processor_is_just_full_at_the_knee_whatever_poll_share_and_cost(think_s, vcpu, cpu_s):
    knee = queueing.knee_users(think_s, vcpu / cpu_s)
    setting = ONE_TASK._replace(think_s=think_s, vcpu=vcpu, cpu_miss_s=cpu_s, cpu_hit_s=cpu_s, database_s=0.0)
    used = [Run(setting, np.full(601, share * knee)).mean("cpu_s", 120) / vcpu for share in (0.9, 1.1)]
    assert used == pytest.approx([0.9, 1.0], abs=0.015)


# --- overload, R = N / X - Z


@pytest.mark.parametrize("share", [1.6, 2.0, 2.6])
def test_beyond_the_knee_an_answer_takes_as_long_as_the_users_over_the_rate_less_the_pause(share):
    users = share * KNEE
    expected = queueing.overload_response_s(users, ONE_TASK.think_s, X)
    assert expected < ONE_TASK.timeout_s  # else clients give up, and the law is another
    assert Run(ONE_TASK, np.full(1_201, users)).mean_response_s(5) == pytest.approx(expected, rel=0.03)


# --- freshness: wait of the write, then U(0, poll), then U(0, lifetime) for each cache


def ages_by_hand(poll_s, ttls_s, updates, seed=1):
    """Updates at random moments; caches that fetch when what they hold has expired; fans who poll. Ages at first sight."""
    dice = random.Random(seed)
    ages = []
    for _ in range(updates):
        # Every cache renews what it holds once a lifetime, at a phase of its own: fans are many, so one asks at once.
        shown = 0.0
        for ttl_s in ttls_s:
            phase = dice.uniform(0, ttl_s)
            shown = phase + np.ceil((shown - phase) / ttl_s) * ttl_s
        phase = dice.uniform(0, poll_s)
        ages.append(phase + np.ceil((shown - phase) / poll_s) * poll_s)
    return np.array(ages)


@pytest.mark.parametrize(("poll_s", "ttls_s"), [(5.0, ()), (1.2, (1.0,)), (2.0, (1.0, 0.2)), (3.0, (3.0,))])
def test_the_age_of_what_a_fan_sees_is_a_sum_of_uniform_delays(poll_s, ttls_s):
    found = ages_by_hand(poll_s, ttls_s, 20_000)
    law = queueing.freshness(0.0, poll_s, ttls_s)
    assert found.mean() == pytest.approx(law.mean_s, rel=0.02)
    for share in (0.5, 0.95):
        assert np.quantile(found, share) == pytest.approx(law.percentile_s(share), rel=0.03)


def test_a_poll_every_five_seconds_misses_three_seconds_for_two_updates_in_five_even_without_load():
    law = queueing.freshness(0.0, 5.0)
    assert 1.0 - law.within(3.0) == pytest.approx(0.4)
    assert np.mean(ages_by_hand(5.0, (), 20_000) > 3.0) == pytest.approx(0.4, abs=0.01)


# --- the retry trap


STORMS = [
    # users, retries, timeout, backlog: what the formula says, well away from its edge
    (700, 3, 1.0, 2048.0),
    (700, 3, 1.0, 128.0),
    (700, 0, 1.0, 2048.0),
    (1_000, 2, 1.0, 2048.0),
    (1_000, 1, 2.0, 2048.0),
    (1_100, 3, 3.0, 2048.0),
    (400, 2, 1.0, 2048.0),
    (1_150, 5, 0.7, 4096.0),
]


@pytest.mark.parametrize(("users", "retries", "timeout_s", "backlog"), STORMS)
def test_a_short_trigger_leaves_the_service_stuck_exactly_where_the_condition_says(users, retries, timeout_s, backlog):
    setting = ONE_TASK._replace(
        retries=retries, timeout_s=timeout_s, backlog=backlog, backoff_s=0.1, connection_tries=1
    )
    crowd = np.full(601, float(users))
    crowd[61:81] = 4.0 * users
    good = Run(setting, crowd).mean("answered", 400)
    calm = users / ONE_TASK.think_s
    stuck = queueing.stuck_for_ever(
        users=users,
        think_s=ONE_TASK.think_s,
        timeout_s=timeout_s,
        retries=retries,
        backoff_s=0.1,
        capacity_per_s=X,
        backlog=backlog,
    )
    assert (good < 0.5 * calm) == stuck, f"{good:.0f} of {calm:.0f} a second are answered long after the trigger"


@given(
    think_s=st.floats(0.5, 20),
    timeout_s=st.floats(0.5, 20),
    retries=st.integers(0, 5),
    backoff_s=st.floats(0, 5),
    capacity_per_s=st.floats(10, 10_000),
)
def test_just_below_the_crowd_without_a_storm_nothing_is_stuck_and_just_above_everything_may_be(
    think_s, timeout_s, retries, backoff_s, capacity_per_s
):
    service = {
        "think_s": think_s,
        "timeout_s": timeout_s,
        "retries": retries,
        "backoff_s": backoff_s,
        "capacity_per_s": capacity_per_s,
    }
    users = queueing.users_without_storm(**service)
    assert not queueing.stuck_for_ever(users=0.999 * users, backlog=1e12, **service)
    assert queueing.stuck_for_ever(users=1.001 * users, backlog=1e12, **service)


# --- server-sent events: one message to all connections of a task


def written_by_hand(connections, cpu_s, vcpu, messages_per_s, messages, seed=2):
    """Messages at random moments, written to one connection after the other; delays of all writes."""
    dice = random.Random(seed)
    now = free = 0.0
    delays = []
    for _ in range(messages):
        now += dice.expovariate(messages_per_s)
        free = max(now, free)
        delays += [free + (place + 1) * cpu_s / vcpu - now for place in range(0, connections, 25)]
        free += connections * cpu_s / vcpu
    return np.array(delays)


@pytest.mark.parametrize(("connections", "rate"), [(1_000, 0.5), (2_000, 1.0), (3_000, 1.0)])
def test_a_message_reaches_all_connections_after_the_wait_and_the_writing(connections, rate):
    law = queueing.fan_out(connections, 45e-6, 0.25, rate)
    assert law.stable
    assert written_by_hand(connections, 45e-6, 0.25, rate, 8_000).mean() == pytest.approx(law.mean_s, rel=0.05)


def test_a_quarter_of_a_processor_holds_five_thousand_streams_at_one_message_a_second_but_not_at_two():
    # Measured: with one message a second 86 to 90 % of a quarter vCPU were used, at about 45 us a message and connection.
    assert queueing.fan_out(5_000, 45e-6, 0.25, 1.0).utilisation == pytest.approx(0.9, abs=0.05)
    assert not queueing.fan_out(5_000, 45e-6, 0.25, 2.0).stable
    assert queueing.connections_held(45e-6, 0.25, 1.0, 2.0) == pytest.approx(5_556, abs=1)


# --- threads on a fixed share of a processor


MEASURED = {1: 181, 2: 147, 4: 120, 8: 111, 16: 90, 40: 96}
"""Answers a second at a quarter vCPU by threads, on the stand-in."""


def test_more_threads_on_a_quarter_of_a_processor_answer_fewer_requests_as_was_measured():
    for count, per_s in MEASURED.items():
        assert MEASURED[1] / cpu_factor(count) == pytest.approx(per_s, rel=0.13), f"{count} threads"
    assert cpu_factor(40) == cpu_factor(8)
    assert [cpu_factor(n) for n in range(1, 12)] == sorted(cpu_factor(n) for n in range(1, 12))
    with pytest.raises(ValueError, match="at least one thread"):
        cpu_factor(0)


def test_threads_help_where_a_request_mostly_waits():
    slow = ONE_TASK._replace(vcpu=1.0, database_s=0.02)
    alone = Run(slow, np.full(301, 400.0)).mean("answered", 60)
    four = slow._replace(workers=4.0, cpu_miss_s=slow.cpu_miss_s * cpu_factor(4))
    assert alone == pytest.approx(1 / 0.021, rel=0.02)
    assert Run(four, np.full(301, 1_200.0)).mean("answered", 60) == pytest.approx(4 / (0.0015 + 0.02), rel=0.02)
