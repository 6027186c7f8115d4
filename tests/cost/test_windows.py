"""The bill of a month is split by what causes it, and what one game adds is the difference the games make."""

from decimal import Decimal

import pytest
from cost_makers import made, used

from analysis.cost.windows import always_on, month_split, per_game, per_season, usage_based
from analysis.units import Season, Window

SEASON = Season(games_per_month=Decimal(5), months=Decimal(8))
GATEWAY = made("aws_nat_gateway.a", connectivity_type="private")


@pytest.fixture(name="bills")
def bills_of_a_gateway(bill):
    """The same gateway in a month with five games (110 GB) and in one without (10 GB)."""
    return tuple(bill(GATEWAY, usage=used(GATEWAY.address, monthly_data_processed_gb=gb)) for gb in (110, 10))


def test_a_month_splits_into_what_stands_there_what_use_costs_and_what_games_add(bills):
    split = month_split(*bills)
    assert split.always_on.usd == Decimal("32.85")  # 730 h x 0.045
    assert split.everyday_use.usd == Decimal("0.45")  # 10 GB x 0.045
    assert split.games.usd == Decimal("4.5")  # 100 GB x 0.045
    assert split.total == bills[0].total


def test_a_game_costs_what_the_games_of_a_month_add_divided_by_their_number(bills):
    game = per_game(*bills, SEASON)
    assert game.usd == Decimal("0.9")
    assert game.window is Window.GAME


def test_a_season_costs_its_months(bills):
    assert per_season(bills[0], SEASON).usd == 8 * Decimal("37.8")


def test_what_is_always_on_and_what_use_costs_sum_to_the_total(bills):
    assert always_on(bills[0]) + usage_based(bills[0]) == bills[0].total
