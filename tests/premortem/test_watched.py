"""What the alarms of a stack see of a pre-mortem's hours, and which of them ring, on the data engine."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.alarms.definitions import Metric
from analysis.premortem import Watched
from analysis.studies import MeasureError, Studies, measure

STUDIES = Studies(Path(__file__).parents[2] / "terraform" / "stacks")
LONG = "engine-prod-push-slow"


def watched(stack="engine", own=None, **more):
    study = STUDIES.study(stack, **more)
    return Watched(study.premortem, study.architecture, study.about.metrics if own is None else own)


def answers(found):
    return {one.alarm.name: one for one in found.answers()}


@pytest.fixture(scope="module")
def engine():
    return watched()


def test_a_percentile_of_the_pushes_is_what_the_measure_says(engine):
    most = measure("push.p99", STUDIES.study("engine"), {}).value
    assert answers(engine)[LONG].extreme == pytest.approx(1_000 * most, rel=0.01)
    of_one = measure("push.age.p95", STUDIES.study("engine"), {"feed": "statscore"}).value
    assert answers(engine)["engine-prod-stale-statscore"].extreme == pytest.approx(1_000 * of_one, rel=0.01)


def test_an_alarm_below_what_the_hours_reach_rings_nearly_all_the_time_and_one_above_never():
    low = answers(watched(variables={"push_ms": 2_500}))
    assert low[LONG].minutes > 0.9 * 600
    assert low["engine-prod-push-slowing"].minutes > 0.9 * 600
    high = answers(watched(variables={"push_ms": 2_800}))
    assert high[LONG].minutes == 0
    assert high["engine-prod-push-slowing"].minutes > 0  # four fifths of it are 2.24 s


def test_connections_are_those_of_one_instance_and_tasks_those_that_run(engine):
    found, held = engine.found, answers(engine)["engine-prod-live-streams-full"]
    live = next(address for address in found.running if address.startswith("module.live"))
    assert held.extreme == pytest.approx((found.users / found.running[live]).max(), rel=0.01)
    assert answers(engine)["engine-prod-live-too-few-tasks"].extreme == found.running[live].min()


def test_the_first_minutes_count_and_without_a_policy_the_alarm_rings_from_them_on(engine):
    assert answers(engine)["engine-prod-live-streams-full"].minutes == 0
    alone = answers(watched(without=["module.live_scaling[0].*"]))["engine-prod-live-streams-full"]
    # Four tasks hold 2,000 each, the threshold, or more in all of the 600 minutes but the last 20.
    assert 575 < alone.minutes <= 580


def test_what_no_hour_says_is_not_answered(engine):
    named = answers(engine)
    assert "engine-prod-stale-apisports" not in named  # it stands by: the scenario has no feed of it
    assert not [name for name in named if "throttled" in name or "5xx" in name]
    without = answers(replace(engine, own={}))
    assert LONG not in without
    assert "engine-prod-live-streams-full" not in without
    assert "engine-prod-live-cpu-page" in without


def test_of_what_is_counted_only_the_sum_of_a_minute_follows_from_a_rate(engine):
    asked = {
        statistic: engine._points(
            Metric("AWS/Kinesis", "IncomingRecords", (("StreamName", "engine-prod-updates"),), statistic, 60)
        )
        for statistic in ("Sum", "Average", "Maximum")
    }
    assert max(asked["Sum"]) > 60.0
    assert asked["Average"] is asked["Maximum"] is None


def test_an_update_that_is_never_pushed_publishes_nothing(engine):
    pushes = engine.found.pushes
    late = replace(pushes.hops[0], laws=lambda step, level: tuple(
        replace(law, fixed_s=np.inf) for law in pushes.hops[0].laws(step, level)))  # fmt: skip
    silent = replace(engine, found=replace(engine.found, pushes=replace(pushes, hops=(late, *pushes.hops[1:]))))
    assert answers(silent)[LONG].minutes == 0
    assert np.isnan(answers(silent)[LONG].extreme)


def test_hours_in_which_nothing_fails_have_no_trouble_and_others_say_which(engine):
    assert engine.trouble() == ""
    assert "over its limit" in watched("engine_as_written").trouble()


def test_a_feed_whose_lag_nobody_says_has_no_age():
    with pytest.raises(MeasureError, match=r"apisports is no feed of engine_saturday\.toml whose lag_s is said"):
        measure("push.age.p95", STUDIES.study("engine"), {"feed": "apisports"})


def test_an_update_of_a_feed_is_older_by_its_lag_and_by_the_wait_until_it_is_asked():
    pushes = STUDIES.study("engine").premortem.pushes
    own = pushes.of("statscore")
    lag_s, asked_every_s = 1.0, 2.0
    from_ingestion = own.mean_s(own.worst) - own.hops[0].mean_s(own.worst)
    assert own.mean_s(own.worst) == pytest.approx(lag_s + asked_every_s / 2 + from_ingestion)
    assert own.hops[2:] == pushes.hops[1:]
