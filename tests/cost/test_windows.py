"""One bill over every window of a calendar: what stands there, what a day of each kind adds, and the season."""

from decimal import Decimal

import pytest
from cost_makers import made, used

from analysis.cost.windows import calendar_cost, calendar_json
from analysis.demand import Kind

GATEWAY = made("aws_nat_gateway.a", connectivity_type="private")
NIGHTS = Kind("night", 5, 1.0, 1.0, 1.0, nights=True)
DAYS = Kind("weekday", 10, 0.5, 0.5, 2.0)


@pytest.fixture(name="through")
def bill_of_a_gateway(bill):
    """The month of a gateway that so many gigabytes pass, at $0.045 each beside $32.85 for 730 hours."""
    return lambda gigabytes: bill(GATEWAY, usage=used(GATEWAY.address, monthly_data_processed_gb=gigabytes))


def test_a_day_costs_what_the_days_of_its_kind_add_divided_by_their_number(through):
    found = calendar_cost(through(110), through(10), {NIGHTS: through(10)}, Decimal(8))
    assert found.hour == (Decimal("32.85") + Decimal("0.45")) / 730
    assert found.days[0].adds == Decimal("0.9")  # 100 GB on five nights
    assert found.days[0].whole == Decimal("0.9") + 24 * found.hour
    assert found.season == 8 * found.month


def test_the_hours_and_the_days_of_every_kind_sum_to_the_month(through):
    # 60 GB of the nights, 40 GB of the days; a tier would make the two alone add less than both together.
    found = calendar_cost(through(110), through(10), {NIGHTS: through(50), DAYS: through(80)}, Decimal(8))
    assert found.hour * 730 + sum(day.adds * day.per_month for day in found.days) == pytest.approx(found.month)
    nights, days = found.days
    assert nights.adds * 5 == pytest.approx(2 * days.adds * 10)
    assert days.event == 2 * days.whole


def test_a_month_without_days_is_its_hours(through):
    found = calendar_cost(
        through(10), through(10), {Kind("night", 0, 1.0, 1.0, 1.0, nights=True): through(10)}, Decimal(1)
    )
    assert found.days[0].adds == 0
    assert calendar_json(found)["month"] == "33.3"
