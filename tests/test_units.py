"""Units travel with amounts, and money is rounded only where it is printed."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.units import Amount, Quantity, Season, UnitPrice, Window, money, number, rate

SEASON = Season(games_per_month=Decimal(6), months=Decimal(8))
dollars = st.decimals(min_value=0, max_value=10**6, places=4)


def test_a_unit_price_times_a_quantity_is_the_cost():
    assert UnitPrice("nat_gateway.hour", Decimal("0.045"), "hour").cost(Quantity(Decimal(730), "hour")) == Decimal(
        "32.85"
    )


def test_a_price_refuses_a_quantity_in_another_unit():
    with pytest.raises(ValueError, match=r"nat_gateway\.hour is priced per hour, not per GB"):
        UnitPrice("nat_gateway.hour", Decimal("0.045"), "hour").cost(Quantity(Decimal(1), "GB"))


def test_amounts_of_one_window_add_subtract_and_scale():
    month = Amount(Decimal(2), Window.MONTH)
    assert month + Amount(Decimal(3), Window.MONTH) == Amount(Decimal(5), Window.MONTH)
    assert month - Amount(Decimal(3), Window.MONTH) == Amount(Decimal(-1), Window.MONTH)
    assert 3 * month == Amount(Decimal(6), Window.MONTH)
    assert month < Amount(Decimal(3), Window.MONTH)


@pytest.mark.parametrize(
    "act", [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a < b], ids=["add", "subtract", "compare"]
)
def test_amounts_of_different_windows_refuse_each_other(act):
    with pytest.raises(ValueError, match="per month and one per game"):
        act(Amount(Decimal(1), Window.MONTH), Amount(Decimal(1), Window.GAME))


def test_windows_convert_by_730_hours_and_by_the_numbers_of_the_scenario():
    month = Amount(Decimal(73), Window.MONTH)
    assert month.over(Window.HOUR).usd == Decimal("0.1")
    assert Amount(Decimal("0.1"), Window.HOUR).over(Window.MONTH) == month
    assert Amount(Decimal(5), Window.GAME).over(Window.MONTH, SEASON).usd == 30
    assert Amount(Decimal(5), Window.GAME).over(Window.SEASON, SEASON).usd == 240
    assert month.over(Window.SEASON, SEASON).usd == 584
    assert SEASON.games == 48


def test_games_and_seasons_do_not_convert_without_a_scenario_and_games_never_to_hours():
    with pytest.raises(ValueError, match="games per month"):
        Amount(Decimal(1), Window.GAME).over(Window.MONTH)
    with pytest.raises(ValueError, match="not a number of hours"):
        Amount(Decimal(1), Window.GAME).over(Window.HOUR, SEASON)
    with pytest.raises(ValueError, match="above zero"):
        Season(Decimal(0), Decimal(8))


@given(dollars, st.sampled_from([Window.HOUR, Window.SEASON, Window.GAME]))
def test_a_conversion_there_and_back_is_the_same_money(usd, window):
    back = Amount(usd, Window.MONTH).over(window, SEASON).over(Window.MONTH, SEASON)
    assert abs(back.usd - usd) < Decimal("1e-18")


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        ("0", "$0.00"), ("12.344", "$12.34"), ("12.345", "$12.35"), ("1234567.891", "$1,234,567.89"), ("0.0425", "$0.0425"),
        ("0.04048", "$0.0405"), ("0.5", "$0.50"), ("0.00000446", "$0.00000446"), ("-3", "-$3.00"), ("0.9999", "$1.00"),
    ],
)  # fmt: skip
def test_money_prints_cents_from_a_dollar_up_and_three_digits_below(usd, text):
    assert money(Decimal(usd)) == text


def test_a_rate_keeps_all_its_digits_and_a_number_has_no_exponent():
    assert rate(Decimal("0.04048")) == "$0.04048"
    assert rate(Decimal(5)) == "$5.00"
    assert number(Decimal("1E+3")) == "1000"
    assert number(Decimal("0.2500")) == "0.25"
    assert str(Amount(Decimal("16.425"), Window.MONTH)) == "$16.43 a month"
