"""What an event costs, with and without a reserve; where a plan breaks even; what a reservation saves and obliges to."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from analysis.studies import MeasureError, Studies, measure

STUDIES = Studies(Path(__file__).parents[2] / "terraform" / "stacks")
TERABYTE = {"cloudfront.out.us_mx_ca.gb": 1_000, "cloudfront.requests.https.us_mx_ca.10k": 10_000}


def figure(name, stack="olympics", study=None, **arguments):
    return measure(name, study or STUDIES.study(stack), arguments)


def test_an_event_is_its_days_with_their_hours_and_the_events_add_up():
    day = next(day for day in STUDIES.study("olympics").calendar.days if day.name == "Paralympics")
    alone = figure("cost.event", kind="Paralympics").value
    assert alone == 17 * (day.adds + 24 * STUDIES.study("olympics").calendar.hour)
    assert figure("cost.event").value == alone + figure("cost.event", kind="A day of the Games").value


def test_the_reserve_is_the_scenarios_share_and_is_refused_where_there_is_none():
    assert figure("cost.event", reserve="yes").value == figure("cost.event").value * Decimal("1.10")
    study = STUDIES.study("olympics")
    calendar = {key: value for key, value in study.scenario.calendar.items() if key != "reserve"}
    without = replace(study, crowd=replace(study.scenario, calendar=calendar))
    with pytest.raises(MeasureError, match=r"no calendar\.reserve"):
        figure("cost.event", study=without, reserve="yes")
    with pytest.raises(MeasureError, match="reserve is yes or no"):
        figure("cost.event", reserve="perhaps")


def test_an_event_that_the_calendar_does_not_name_is_refused():
    with pytest.raises(MeasureError, match="its events are A day of the Games, Paralympics"):
        figure("cost.event", kind="Eurovision")


def test_a_million_requests_cost_the_day_over_its_millions():
    day = STUDIES.study("olympics").calendar.days[0]
    millions = next(one.value for one in figure("cost.per_million").inputs if one.unit == "million/day")
    assert millions == pytest.approx(362.8, rel=0.01)
    assert float(figure("cost.per_million").value) == pytest.approx(float(day.whole) / millions)


def test_a_plan_breaks_even_where_what_is_listed_costs_as_much():
    found = figure("cost.break_even", quantities=TERABYTE, plan="cloudfront.flat_rate.business.month", unit="TB")
    assert found.unit == "TB"
    listed = {sku: quantity * found.value for sku, quantity in TERABYTE.items()}
    assert float(figure("cost.listed", quantities=listed).value) == pytest.approx(200.0)
    with pytest.raises(MeasureError, match=r"has no cloudfront\.plan"):
        figure("cost.break_even", quantities=TERABYTE, plan="cloudfront.plan")


def test_a_reservation_obliges_to_its_whole_term_and_names_what_has_no_rate():
    saving, owed = (figure(f"cost.{name}", term="1y") for name in ("reserved_saving", "commitment"))
    rates = [one for one in saving.inputs if one.unit == "USD/h"]
    assert float(owed.value) == pytest.approx(8_760 * sum(int(one.name.split()[0]) * one.value for one in rates))
    assert any("no rate in the price book" in str(one.value) for one in saving.inputs)
    with pytest.raises(MeasureError, match="term is 1y or 3y"):
        figure("cost.commitment", term="5y")


def test_a_route_may_have_other_bytes_and_keeps_its_share():
    small = STUDIES.study("olympics", assumed={"route.event.response_bytes": 2_000})
    assert figure("cost.event", study=small).value < figure("cost.event").value
    with pytest.raises(Exception, match="cannot be replaced alone"):
        STUDIES.study("olympics", assumed={"route.event.share": 0.5})
