import datetime as dt

import pytest
from alarm_makers import CPU, START, alarm, at, drawn, metric, pack
from hypothesis import given
from hypothesis import strategies as st

from analysis.alarms import Alarms, Composite, Pack, Series, backtest, replay, rules
from analysis.alarms.backtest import to_json
from analysis.alarms.replay import NoDataError, acts, states, watched
from analysis.architecture import Architecture

EMPTY = Architecture("hand-made", ())


def picture(alarm_, pack_, **settings):
    """`A` in ALARM, `.` OK, `?` INSUFFICIENT_DATA; the first mark is the evaluation at the pack's start."""
    marks = {"ALARM": "A", "OK": ".", "INSUFFICIENT_DATA": "?"}
    return "".join(marks[state] for state in states(alarm_, watched(alarm_, pack_), **settings))


def test_three_breaches_in_a_row_alarm_one_minute_after_the_third_is_over():
    # The third breach covers minute 4, ends at 5 and is published at 6.
    assert picture(alarm(), pack("__###___")) == "......A..."


def test_without_delay_of_publication_the_alarm_comes_a_minute_sooner():
    assert picture(alarm(), pack("__###___"), delay_s=0) == ".....A..."


def test_two_of_three_alarms_at_the_second_breach_and_bridges_one_good_minute():
    assert picture(alarm(datapoints_to_alarm=2), pack("__#_#____")) == "......A...."


def test_a_period_of_five_minutes_slides_by_the_minute():
    """AWS evaluates once a minute: the mean of the last five minutes crosses 80 after four of them at 90 (82 on average)."""
    five = alarm(watches=metric(period_s=300), evaluation_periods=1, datapoints_to_alarm=1)
    counted = pack("_____#####____", SampleCount=[1] * 14, Sum=drawn("_____#####____"))
    assert picture(five, counted) == "..........AAA..."


def test_a_longer_period_weights_means_by_samples():
    five = alarm(watches=metric(period_s=120), evaluation_periods=1, datapoints_to_alarm=1)
    busy = Pack({CPU: Series({"SampleCount": [1, 9], "Sum": [50.0, 810.0]})}, START)
    assert watched(five, busy).values["metric"][2] == pytest.approx(86)
    assert not watched(five, busy).approximate


def test_a_percentile_over_a_longer_period_is_said_to_be_an_approximation():
    slow = alarm(watches=metric(statistic="p95", period_s=120))
    seen = watched(slow, Pack({CPU: Series({"p95": [1.0, 3.0], "SampleCount": [3.0, 1.0]})}, START))
    assert seen.approximate
    assert seen.values["metric"][2] == pytest.approx(1.5)


def test_silence_turns_to_no_data_only_after_the_whole_range_is_empty():
    assert picture(alarm(), pack("______------__")) == "............??.."


def test_an_alarm_waits_until_its_periods_have_begun_within_the_pack():
    assert picture(alarm(missing_data="breaching", datapoints_to_alarm=2), pack("____")) == "......"


def test_periods_of_two_minutes_lie_end_to_end():
    """Three means of two minutes each: the alarm needs six bad minutes, not four."""
    marks = "____####____######____"
    two = alarm(watches=metric(period_s=120))
    counted = pack(marks, SampleCount=[1] * len(marks), Sum=drawn(marks))
    assert picture(two, counted) == "...................A...."


def test_too_few_samples_of_a_percentile_keep_the_state_where_the_alarm_says_so():
    told = {"watches": metric(statistic="p99"), "evaluation_periods": 1, "datapoints_to_alarm": 1}
    few = Pack({CPU: Series({"p99": drawn("_#_"), "SampleCount": [999, 999, 1000]})}, START)
    many = Pack({CPU: Series({"p99": drawn("_#_"), "SampleCount": [1000, 1000, 1000]})}, START)
    assert picture(alarm(**told), few) == "...A."
    assert picture(alarm(**told, evaluates_low_samples=False), few) == "....."
    assert picture(alarm(**told, evaluates_low_samples=False), many) == "...A."


def test_a_statistic_that_the_pack_lacks_is_said():
    with pytest.raises(NoDataError, match="no Maximum of AWS/ECS CPUUtilization"):
        watched(alarm(watches=metric(statistic="Maximum")), pack("__"))


@given(st.text("_#", min_size=5, max_size=40), st.integers(1, 4), st.integers(1, 4))
def test_without_gaps_the_evaluation_range_makes_no_difference(marks, a, b):
    watching = alarm(evaluation_periods=max(a, b), datapoints_to_alarm=min(a, b))
    assert picture(watching, pack(marks), extra_periods=0) == picture(watching, pack(marks), extra_periods=10)


@given(st.text("_#-", min_size=5, max_size=40).filter(lambda marks: set(marks) != {"-"}))
def test_every_minute_has_a_state_and_a_longer_night_does_not_change_an_earlier_one(marks):
    short, whole = pack(marks[: len(marks) // 2 + 1]), pack(marks)
    long = picture(alarm(), whole)
    assert len(long) == len(marks) + 2
    assert long.startswith(picture(alarm(), short)) or set(marks[: len(marks) // 2 + 1]) == {"-"}


# --- the back-test


def row_of(picture_, harm=None, **changes):
    alarms = Alarms((alarm(**changes),), ())
    return backtest(EMPTY, pack(picture_), None if harm is None else at(harm), alarms=alarms).rows[0]


def test_the_lead_time_runs_from_the_alarm_to_the_first_harm():
    row = row_of("__###########", harm=10)
    assert (row.verdict, row.lead_s, row.false_pages) == ("fires", 240, 0)
    assert row.episodes[0].start == at(6)


def test_an_alarm_after_the_harm_has_a_negative_lead():
    assert row_of("__###########", harm=4).lead_s == -120


def test_an_alarm_long_before_the_harm_that_ended_was_a_false_page():
    row = row_of("__###" + "_" * 40 + "#####", harm=50)
    assert (row.false_pages, row.lead_s) == (1, 60)


def test_an_alarm_that_lasts_up_to_the_harm_announced_it_however_early_it_came():
    row = row_of("__###" + "#" * 60, harm=60)
    assert (row.lead_s, row.false_pages) == (54 * 60, 0)


def test_on_a_quiet_night_every_alarm_is_a_false_page():
    row = row_of("__###_____###__")
    assert (row.false_pages, row.lead_s) == (2, None)


def test_a_silent_alarm_is_silent_and_one_without_data_says_so():
    assert row_of("______").verdict == "silent"
    other = row_of("______", watches=metric(statistic="Maximum"))
    assert other.verdict == "no data"
    assert "no Maximum" in other.reasons[0]


def test_a_verdict_that_depends_on_the_undocumented_range_is_marked():
    """With N + 2 datapoints the old breach is out of sight when the two new ones come; with more of them it still counts."""
    assert row_of("___#----##____", missing_data="notBreaching").range_dependent
    assert not row_of("__###____").range_dependent


def test_the_harm_must_lie_within_the_pack():
    with pytest.raises(ValueError, match="outside the pack"):
        row_of("____", harm=60)


def test_the_report_is_json_with_its_shape():
    report = backtest(EMPTY, pack("__###"), at(4), alarms=Alarms((alarm(),), ()))
    found = to_json(report)
    assert set(found) == {"stack", "origin", "start", "minutes", "harm_at", "publication_delay_s", "alarms", "refused"}
    assert found["start"] == "2026-03-07T19:00:00Z"
    assert found["alarms"][0]["episodes"] == [{"start": "2026-03-07T19:06:00Z", "end": None}]


# --- composites


def composite(rule, **changes):
    return Composite("all", "aws_cloudwatch_composite_alarm.all", rules.parse(rule), **changes)


def test_a_composite_alarms_while_its_rule_is_true():
    told = Alarms(
        (alarm("fast", evaluation_periods=1, datapoints_to_alarm=1), alarm("slow")),
        (composite('ALARM("fast") AND NOT ALARM("slow")'),),
    )
    found = replay(told, pack("__####__"))
    assert found["all"] == tuple(
        "ALARM" if fast == "ALARM" and slow != "ALARM" else "OK"
        for fast, slow in zip(found["fast"], found["slow"], strict=True)
    )
    assert "ALARM" in found["all"]


def test_a_composite_says_which_members_the_pack_has_no_data_for():
    told = Alarms(
        (alarm("there"), alarm("gone", watches=metric(statistic="p99"))), (composite("ALARM(there) OR ALARM(gone)"),)
    )
    row = backtest(EMPTY, pack("__###"), alarms=told)["all"]
    assert row.verdict == "fires"
    assert "no data for gone" in row.reasons[0]


def test_a_composite_that_is_silent_for_want_of_data_does_not_count_as_silent():
    told = Alarms(
        (alarm("there"), alarm("gone", watches=metric(statistic="p99"))), (composite("ALARM(there) OR ALARM(gone)"),)
    )
    assert backtest(EMPTY, pack("_____"), alarms=told)["all"].verdict == "no data"


def states_of(marks):
    return tuple("ALARM" if mark == "A" else "OK" for mark in marks)


@pytest.mark.parametrize(
    ("own", "suppressor", "acted"),
    [
        ("..AAAA..", None, (2,)),
        ("..AAAAAA", "........", (4,)),  # it waits two minutes for the suppressor
        ("..AAAAAA", "AAAAAAAA", ()),
        ("..AAAAAAAA", "AAAAAA....", (7,)),  # and a minute after the suppressor has ended
        ("..A.....", "........", ()),
        ("..AAA..AAA", "..........", (4, 9)),
    ],
)
def test_a_suppressor_holds_actions_back(own, suppressor, acted):
    told = composite("ALARM(a)", suppressor="s", wait_s=120, extension_s=60)
    assert acts(told, states_of(own), states_of(suppressor) if suppressor else None) == acted


def test_the_start_of_an_alarm_is_a_time_in_utc():
    assert row_of("__###").episodes[0].start.tzinfo == dt.UTC
