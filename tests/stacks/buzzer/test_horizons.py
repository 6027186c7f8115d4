"""The Buzzer's horizons: what the page promises of each, held against the record, and samples of the record computed again."""

import pytest
from decision_makers import ROOT

from analysis import evidence, horizons
from analysis.horizons.weighing import given, subject
from analysis.night import fault, hard, hard_plan, headroom, outcome, run
from analysis.studies import study

STACK = ROOT / "terraform" / "stacks" / "buzzer"


@pytest.fixture(scope="module")
def plan():
    return horizons.plan(STACK)


@pytest.fixture(scope="module")
def record(plan):
    return horizons.load(plan)


@pytest.fixture(scope="module")
def reached(record):
    return {one.horizon.id: one for one in record.reached}


def test_the_record_was_made_of_the_stacks_and_the_plan_as_they_are(plan, record):
    assert evidence.changed(record.kept, horizons.basis(plan)) == (), "run `gameday records --renew horizons/buzzer`"


def test_tonight_fits_into_four_hours_and_saturday_into_three_days(reached):
    assert reached["tonight"].hours[0] <= 4
    assert reached["saturday"].hours[0] <= 3 * 8


def test_each_horizon_takes_more_work_and_more_resources_than_the_one_before(record):
    for before, after in zip(record.reached, record.reached[1:], strict=False):
        assert before.hours < after.hours
        assert before.resources < after.resources
        assert set(before.horizon.parts) < set(after.horizon.parts)


def test_each_horizon_holds_more_users_on_the_hardest_night_than_the_one_before(record):
    users = [one.users for one in record.reached]
    assert users == sorted(set(users))


def test_saturday_and_the_season_survive_every_night_and_tonight_does_not(reached, record):
    assert (reached["saturday"].missed, reached["season"].missed) == ((), ())
    assert reached["saturday"].users >= record.goal
    assert reached["tonight"].missed
    assert reached["tonight"].users < record.goal


def test_saturday_costs_less_than_the_season_and_less_than_tonight_with_extended_support(reached):
    assert reached["saturday"].usd_month < reached["season"].usd_month
    assert reached["saturday"].usd_month < reached["tonight"].usd_month
    assert ("error", "LIFECYCLE-01", "What runs is in standard support") in reached["tonight"].findings


def test_the_season_is_the_stack_itself(plan):
    season = next(one for one in plan.horizons if one.id == "season")
    assert given(plan, season) == {"variables": {}, "without": ()}


def test_no_horizon_is_refused_by_a_precondition_of_the_stack(plan):
    assert [subject(plan, horizon).guards for horizon in plan.horizons] == [(), (), ()]


@pytest.mark.parametrize("name", ["tonight", "saturday", "season"])
def test_a_horizons_bill_is_what_is_recorded(name, plan, reached):
    made = subject(plan, next(one for one in plan.horizons if one.id == name))
    assert round(made.bill.total.usd, 2) == reached[name].usd_month
    assert len(made.architecture.resources) == reached[name].resources


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tonight", "saturday", "season"])
def test_the_hardest_night_goes_as_recorded(name, plan, record):
    made = subject(plan, next(one for one in plan.horizons if one.id == name))
    goals = hard_plan.hard_nights(STACK)
    night = goals.nights[-1]
    setup = hard.night_setup(made.architecture, made.scenario, made.about, goals, night)
    anew = hard.told(night, [outcome(run(setup, seed)) for seed in range(1, goals.seeds + 1)])
    known = dict(record.kept.content["horizons"][name]["nights"][-1])
    known.pop("headroom")
    assert not list(evidence.differing(known, anew))


@pytest.mark.slow
def test_six_tasks_before_kick_off_do_not_hold_everything_at_once_on_saturday(plan, record):
    saturday = given(plan, plan.horizons[1])
    made = study(STACK, variables={**saturday["variables"], "prescale": {"tasks": 6}})
    goals = hard_plan.hard_nights(STACK)
    night = goals.nights[-1]
    faults = [fault(text) for text in night.faults]
    room = headroom(made.architecture, night.scenario, made.about, faults=faults, seeds=goals.headroom_seeds)
    assert room.users < record.goal


def test_the_first_part_to_buy_is_worth_the_most_an_hour(record):
    rates = [one.impact_per_hour for one in record.worths]
    assert rates == sorted(rates, reverse=True)
    assert record.worths[0].impact > 0


def test_a_part_that_is_left_out_saves_what_the_record_says(plan, record):
    firewall = next(one for one in record.worths if one.part.id == "firewall")
    saved = study(STACK).bill.total.usd - study(STACK, variables={"firewall": False}).bill.total.usd
    assert abs(saved - firewall.usd_month) < 0.01
