"""Impact in user terms, worked by hand on small packs, and the times of a response."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import alarms
from analysis.alarms import MetricKey, Pack, Series
from analysis.incidents.impact import IncidentError, impact, moments, observed, share_above
from analysis.incidents.timeline import Entry, Harm, Objective

START = dt.datetime(2026, 11, 27, 9, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def pack(**series):
    """A pack of (namespace, name) -> statistics; names are written `user__Errors`."""
    keys = {name: MetricKey(*name.split("__")) for name in series}
    return Pack({keys[name]: Series(statistics) for name, statistics in series.items()}, START)


def crowd(requests, errors, users=100.0, **more):
    return pack(
        user__Users={"Average": [users] * len(requests)},
        user__Requests={"Sum": requests},
        user__Errors={"Sum": errors},
        **more,
    )


def elb(minutes=3, **statistics):
    balancer = (("LoadBalancer", "app/shop/1"),)
    return Pack(
        {
            MetricKey("AWS/ApplicationELB", name, balancer): Series({"Sum": values})
            for name, values in statistics.items()
        },
        START,
    )


def at(minute):
    return START + minute * MINUTE


def test_a_minute_in_which_every_second_request_fails_hurts_half_of_its_users():
    felt = impact(observed(crowd([10, 10, 10], [0, 5, 0]), Harm()), Harm())
    assert felt.user_minutes_hurt == pytest.approx(50)
    assert felt.user_minutes == pytest.approx(300)
    assert (felt.began, felt.ended, felt.hurt_minutes) == (at(1), at(2), 1)
    assert (felt.failed, felt.requests, felt.failed_share) == (5, 30, 0.5)


def test_one_failed_request_in_a_hundred_is_borne_and_more_is_not():
    assert not impact(observed(crowd([1000], [10]), Harm()), Harm()).bouts
    assert impact(observed(crowd([1000], [11]), Harm()), Harm()).bouts


def test_minutes_that_do_not_hurt_add_nothing_to_the_harm():
    felt = impact(observed(crowd([1000, 10], [5, 5]), Harm()), Harm())
    assert felt.user_minutes_hurt == pytest.approx(50)
    assert (felt.failed, felt.failed_while_hurting, felt.requests_while_hurting) == (10, 5, 10)


def test_what_users_see_late_hurts_those_who_see_it_and_the_larger_share_counts():
    ages = {"Minimum": [0.0, 0.0], "p50": [2.0, 10.0], "p95": [4.0, 19.0], "Maximum": [5.0, 20.0]}
    seen = observed(crowd([10, 10], [0, 2], user__Age=ages), Harm(late_s=10))
    assert seen.late == (0.0, 0.5)
    assert seen.hurt == (0.0, 0.5)
    assert impact(seen, Harm()).user_minutes_hurt == pytest.approx(50)


def test_answers_that_take_too_long_hurt_too():
    times = {"p95": [1.0, 3.0], "Maximum": [2.0, 4.0], "Minimum": [0.0, 0.0]}
    seen = observed(crowd([10, 10], [0, 0], user__Latency=times), Harm(slow_s=2.5))
    assert seen.hurting == (False, True)


def test_two_stretches_of_harm_are_one_bout_unless_a_quiet_pause_lies_between():
    asked = [10] * 12
    wrong = [5, 0, 0, 5, 0, 0, 0, 0, 0, 0, 5, 0]
    felt = impact(observed(crowd(asked, wrong), Harm()), Harm(quiet_minutes=5))
    assert [(bout.start, bout.end) for bout in felt.bouts] == [(at(0), at(4)), (at(10), at(11))]
    patient = impact(observed(crowd(asked, wrong), Harm()), Harm(quiet_minutes=7))
    assert [(bout.start, bout.end) for bout in patient.bouts] == [(at(0), at(11))]


def test_an_incident_hurts_in_exactly_the_minutes_that_alarms_are_tested_against():
    ages = [3.0, 3.0, 4.4, 4.6, 9.0, None]
    asked, wrong = [100.0] * 6, [0.0, 2.0, 0.0, 0.0, 0.0, 50.0]
    seen = observed(crowd(asked, wrong, user__Age={"p95": ages}), Harm(), target_s=2.0)
    expected = {harm.minute for harm in alarms.harms(asked, wrong, ages, 2.0)}
    assert {minute for minute, hurts in enumerate(seen.hurting) if hurts} == expected == {1, 3, 4, 5}


def test_errors_of_a_balancer_count_although_it_counts_no_request_for_them():
    asked, own, refused = [100.0, 0.0, 0.0], [None, None, None], [None, 80.0, None]
    seen = observed(elb(RequestCount=asked, HTTPCode_Target_5XX_Count=own, HTTPCode_ELB_5XX_Count=refused), Harm())
    assert seen.hurt == (0.0, 1.0, 0.0)
    assert "LoadBalancer" in seen.origins["requests"]


def test_users_are_made_of_requests_where_each_asks_at_a_known_interval():
    counted = elb(RequestCount=[600.0], HTTPCode_ELB_5XX_Count=[300.0])
    seen = observed(counted, Harm(), poll_interval_s=5)
    assert seen.users == (50.0,)
    assert impact(seen, Harm()).user_minutes_hurt == pytest.approx(25)


def test_without_users_user_minutes_are_not_computed_and_that_is_said():
    seen = observed(elb(RequestCount=[600.0], HTTPCode_ELB_5XX_Count=[300.0]), Harm())
    assert impact(seen, Harm()).user_minutes_hurt is None
    assert any("user-minutes are not computed" in note for note in seen.notes)


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (pack(user__Users={"Average": [1.0]}), "does not say how many requests"),
        (elb(RequestCount=[1.0]), "whether users were affected"),
        (pack(user__Requests={"Average": [1.0]}, user__Errors={"Sum": [1.0]}), "without its Sum"),
    ],
)
def test_a_pack_that_cannot_tell_harm_is_refused_in_a_sentence(made, wanted):
    with pytest.raises(IncidentError, match=wanted):
        observed(made, Harm())


def test_two_balancers_are_not_mixed_up():
    both = Pack(
        {
            MetricKey("AWS/ApplicationELB", name, (("LoadBalancer", balancer),)): Series({"Sum": [value]})
            for balancer, value in (("app/a/1", 10.0), ("app/b/2", 20.0))
            for name in ("RequestCount", "HTTPCode_ELB_5XX_Count")
        },
        START,
    )
    with pytest.raises(IncidentError, match="choose one"):
        observed(both, Harm())
    assert observed(both, Harm(), dimensions={"LoadBalancer": "app/b/2"}).requests == (20.0,)


def test_a_signal_of_ones_own_is_taken_by_its_name_and_a_missing_one_is_refused():
    made = crowd([10], [0], Shop__OrderAge={"p95": [9.0]})
    assert observed(made, Harm(late_s=5), signals={"age": "Shop OrderAge"}).hurting == (True,)
    with pytest.raises(IncidentError, match=r"signals\.age"):
        observed(made, Harm(late_s=5), signals={"age": "Shop Age"})


def test_news_is_late_when_half_of_the_users_see_it_late():
    ages = {"p50": [2.0, 12.0, 2.0], "p95": [4.0, 20.0, 4.0]}
    entries = (
        Entry(at(0) + MINUTE / 2, "Early goal", "", "news"),
        Entry(at(2), "Last goal", "", "news"),
    )
    felt = impact(observed(crowd([1] * 3, [0] * 3, user__Age=ages), Harm(late_s=10)), Harm(), entries)
    assert [(news.late, news.age_p50_s) for news in felt.news] == [(True, 12.0), (False, 2.0)]


def test_the_error_budget_is_what_the_objective_leaves_of_the_window():
    seen = observed(crowd([1000, 1000], [0, 20]), Harm())
    month = impact(seen, Harm(), objective=Objective(0.99, requests=100_000.0)).budget
    assert (month.allowed, month.spent_share) == (pytest.approx(1000), pytest.approx(0.02))
    nights = impact(seen, Harm(), objective=Objective(0.99, nights=10.0)).budget
    assert nights.spent_share == pytest.approx(20 / (0.01 * 20_000))


def times(entries=(), paged=None, errors=(0, 0, 5, 5, 0, 0, 0, 0, 0, 0)):
    harm = Harm(quiet_minutes=3)
    seen = observed(crowd([10] * 10, list(errors)), harm)
    found = moments(impact(seen, harm, entries), seen, harm, entries, paged)
    return {moment.name: (moment.at, moment.after_s) for moment in found}


def test_without_a_report_harm_mitigation_and_recovery_are_computed_and_the_rest_is_open():
    assert times() == {
        "impact": (at(2), 0),
        "detection": (None, None),
        "engagement": (None, None),
        "mitigation": (at(4), 120),
        "recovery": (at(7), 300),
    }


def test_a_page_before_the_harm_is_a_negative_time_to_detect_and_a_report_later_does_not_count():
    entries = (
        Entry(at(3), "Support hears of it", "support", "detected"),
        Entry(at(4), "On-call looks", "chat", "engaged"),
        Entry(at(5), "Traffic moved", "chat", "mitigated"),
        Entry(at(9), "All clear", "chat", "recovered"),
    )
    found = times(entries, (at(1), "alarm errors"))
    assert found["detection"] == (at(1), -60)
    assert found["engagement"] == (at(4), 120)
    assert (found["mitigation"][1], found["recovery"][1]) == (180, 420)
    assert times(entries)["detection"] == (at(3), 60)


def test_harm_that_lasts_to_the_end_of_the_pack_is_not_called_over():
    assert times(errors=[0] * 5 + [5] * 5)["mitigation"] == (None, None)
    assert times(errors=[0] * 5 + [5] * 4 + [0])["recovery"] == (None, None)
    assert times(errors=[0] * 10)["impact"] == (None, None)


def test_a_share_above_a_limit_is_read_between_the_percentiles():
    minute = {"Minimum": 0.0, "p50": 2.0, "p95": 11.0, "Maximum": 21.0}
    assert share_above(minute, 1.0) == pytest.approx(0.75)
    assert share_above(minute, 2.0) == pytest.approx(0.5)
    assert share_above(minute, 6.5) == pytest.approx(0.275)
    assert share_above(minute, 16.0) == pytest.approx(0.025)
    assert share_above(minute, 30.0) == 0.0
    assert share_above({"p95": 4.0}, 3.0) == pytest.approx(0.05)
    assert share_above({"Average": 4.0}, 3.0) == 1.0
    assert share_above({}, 3.0) == 0.0


@given(st.lists(st.floats(0, 100), min_size=4, max_size=4), st.floats(0, 120), st.floats(0, 120))
def test_a_higher_limit_leaves_no_larger_share_above_it(values, one, other):
    minute = dict(zip(("Minimum", "p50", "p95", "Maximum"), sorted(values), strict=True))
    low, high = sorted((one, other))
    assert 0.0 <= share_above(minute, high) <= share_above(minute, low) <= 1.0


@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=30),
    st.floats(0, 1000),
)
def test_no_more_user_minutes_are_hurt_than_there_are(minutes, users):
    asked, wrong = [float(a) for a, _ in minutes], [float(b) for _, b in minutes]
    felt = impact(observed(crowd(asked, wrong, users), Harm()), Harm())
    assert 0 <= felt.user_minutes_hurt <= felt.user_minutes + 1e-6
    assert sum(bout.minutes for bout in felt.bouts) >= felt.hurt_minutes
