"""Interruptions: what each is at a stack follows from its Terraform, and what does not follow is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.studies import study
from analysis.studies.interruptions import (
    CASES,
    Asked,
    UnknownInterruptionError,
    cookie,
    cuts_per_s,
    interrupted,
    rotation,
    zone,
)

STACKS = Path(__file__).parents[2] / "terraform" / "stacks"
CACHE = "aws_elasticache_replication_group.this"


@pytest.fixture(scope="module")
def ours():
    return study(STACKS / "scoreboard")


@pytest.fixture(scope="module")
def written():
    return study(STACKS / "scoreboard_as_written")


@pytest.mark.parametrize(("interval_s", "updates_per_s"), [(30.0, 0.05), (30.0, 0.0), (45.0, 0.05), (45.0, 0.02)])
def test_streams_are_cut_as_often_as_streams_one_by_one(interval_s, updates_per_s):
    timeout_s, end_s = 30.0, 2_000 * 3600.0
    random = np.random.default_rng(11)
    updates = random.uniform(0.0, end_s, random.poisson(updates_per_s * end_s))
    beats = np.arange(interval_s, end_s, interval_s)
    beats = beats + random.normal(0.0, 0.01, len(beats))
    late = (
        interval_s > timeout_s
    )  # then a heartbeat is taken to save no stream, and one that is cut is opened again at once
    gaps = np.diff(np.sort(np.concatenate([[0.0], updates, [] if late else beats, [end_s]])))
    counted = (np.floor(gaps / timeout_s).sum() if late else np.count_nonzero(gaps > timeout_s)) / end_s
    assert cuts_per_s(interval_s, timeout_s, updates_per_s) == pytest.approx(counted, rel=0.05)


def test_a_heartbeat_that_comes_sooner_than_the_timeout_saves_every_stream():
    assert cuts_per_s(15.0, 60.0, 0.0) == 0.0


def test_a_channel_that_is_silent_for_a_minute_hides_the_score_from_everybody_for_that_minute(ours):
    found = interrupted(ours, "The cache's primary fails over", 100)
    assert found.viewers() == pytest.approx(ours.scenario.users(100), rel=2e-3)
    assert found.each_s() == pytest.approx(59.0, abs=0.3)  # the first change comes after a second on average
    assert found.each_s("low") < found.each_s() < found.each_s("high")


def test_streams_that_are_all_lost_are_stale_for_the_clients_pause(ours):
    found = interrupted(ours, "Every stream is lost at once", 100)
    assert found.viewers() == pytest.approx(
        ours.scenario.users(100) * 3.0 / 4.0, rel=1e-2
    )  # a pause of 3 s, a change a second
    assert found.each_s() == pytest.approx(3.0, rel=2e-2)


def test_a_cache_without_a_standby_is_refused(ours):
    alone = ours.altered({f"module.cache.{CACHE}": {"automatic_failover_enabled": False}})
    for case in ("The cache's primary fails over", "A zone is lost"):
        assert "has nothing to fail over to" in interrupted(alone, case, 100).refused


def test_a_lost_zone_takes_the_primary_of_the_cache_with_it(ours):
    assert zone(Asked(ours, 100)).silent == ((100, 60.0),)


def test_a_timeout_of_requests_ends_streams_unless_it_exempts_them(ours, written):
    assert (
        interrupted(ours, "Requests have a timeout", 100).refused
        == "REQUEST_TIMEOUT of 30 s exempts /api/stream, so it ends no stream"
    )
    found = interrupted(written, "Requests have a timeout", 100)
    assert found.says == "REQUEST_TIMEOUT ends every stream after 30 s."
    assert found.over_s is None
    assert found.stale["value"].viewer_minutes > 10_000


def test_a_heartbeat_as_rare_as_the_timeout_is_late_only_where_updates_are_rare(ours, written):
    assert (
        interrupted(ours, "A heartbeat is as rare as the CDN's timeout", 100).refused
        == "a heartbeat comes every 15 s, and the CDN waits 60 s"
    )
    found = interrupted(written, "A heartbeat is as rare as the CDN's timeout", 100)
    assert found.stale["value"].viewer_minutes < 1
    assert found.stale["high"].viewer_minutes > 100


def test_a_rotation_ends_with_the_tasks_where_a_rule_replaces_them_and_else_with_the_hours(ours, written):
    replaced = rotation(Asked(ours, 100, "high"))
    assert [one.partition("@")[0] for one in replaced.faults] == ["deployment"]
    check = Asked(ours, 100).setup.path.balancer.health_check
    waits_s = (
        2 * 20 + 900 + 120 + check.interval_s * check.healthy
    )  # two calls, the event, a task's start, its checks, at their slowest
    assert replaced.silent == ((100, pytest.approx(waits_s)),)
    assert not rotation(Asked(ours, 100, "low")).silent
    nothing = rotation(Asked(written, 100, "high"))
    assert nothing.faults == ()
    assert nothing.silent == ((100, (180 - 100) * 60.0),)
    unlinked = ours.altered({}, ["aws_cloudwatch_event_target.rotated"])
    assert rotation(Asked(unlinked, 100, "high")).silent == nothing.silent


def test_a_password_that_nothing_rotates_is_refused(written):
    fixed = written.altered({"aws_db_instance.primary": {"manage_master_user_password": False}})
    assert (
        interrupted(fixed, "The database's password is rotated", 100).refused
        == "nothing rotates a secret that the tasks read"
    )


def test_a_cookie_refuses_viewers_after_a_zone_is_lost_and_the_stack_without_one_nobody(ours, written):
    without, guide = cookie(ours, 100), cookie(written, 100)
    assert (without.on, guide.on) == (False, True)
    assert without.most > 1_000
    assert guide.most > 1_000
    assert without.without == pytest.approx(0.0, abs=1e-3)
    off = written.altered({"aws_lb_target_group.this": {"stickiness": ({"type": "lb_cookie", "enabled": False},)}})
    assert not cookie(off, 100).on
    short = written.altered(
        {"aws_lb_target_group.this": {"stickiness": ({"type": "lb_cookie", "cookie_duration": 60},)}}
    )
    with pytest.raises(UnknownInterruptionError, match="the cookie ends after 60 s, within a visit"):
        cookie(short, 100)


def test_an_interruption_that_nobody_has_described_is_refused_with_those_that_there_are(ours):
    with pytest.raises(LookupError, match="'a flood' is no interruption; there are Nothing goes wrong, A deployment"):
        interrupted(ours, "a flood", 100)


def test_a_stack_whose_clients_poll_is_refused_with_the_reason():
    for case in CASES:
        assert interrupted(study(STACKS / "buzzer"), case, 100).refused.startswith("no client holds a stream open")


def test_every_row_is_computed_or_refused_of_the_crowded_stack(written):
    few = replace(written, crowd=written.scenario.with_peak(100))
    for case in CASES:
        found = interrupted(few, case, 100)
        assert found.refused or set(found.stale) == {"low", "value", "high"}
