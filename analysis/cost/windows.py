"""The bill in the windows people ask about: what stands there all month, what everyday use adds, what one game adds, a season."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from analysis.cost.estimate import Estimate
from analysis.units import Amount, Season, Window


@dataclass(frozen=True, slots=True)
class MonthSplit:
    """A month's bill in three parts that sum to `total`; all four are amounts per month.

    `always_on` is what the configuration alone costs, `everyday_use` what people cause on days without a game, and `games`
    what the games of the month add to both (larger pools, more requests).
    """

    always_on: Amount
    everyday_use: Amount
    games: Amount

    @property
    def total(self) -> Amount:
        """The whole bill of the month."""
        return self.always_on + self.everyday_use + self.games


def always_on(cost: Estimate) -> Amount:
    """The part of the bill that the configuration alone decides, per month."""
    usd = sum((i.cost for i in cost.line_items if i.cost is not None and not i.usage_based), Decimal(0))
    return Amount(usd, Window.MONTH)


def usage_based(cost: Estimate) -> Amount:
    """The part of the bill that use decides, per month: the total without what is always on."""
    return cost.total - always_on(cost)


def month_split(with_games: Estimate, without_games: Estimate) -> MonthSplit:
    """The month's bill split by cause, from the estimates of one stack with the games of the month and without any."""
    return MonthSplit(always_on(without_games), usage_based(without_games), with_games.total - without_games.total)


def per_game(with_games: Estimate, without_games: Estimate, season: Season) -> Amount:
    """What one game adds to the bill: the difference the games of a month make, per game.

    Prices with tiers make this a mean over the games of the month; the first costs as much or more than the last.
    """
    return month_split(with_games, without_games).games.over(Window.GAME, season)


def per_season(with_games: Estimate, season: Season) -> Amount:
    """What the whole season costs, all its months and games: the month with its games, times the months."""
    return with_games.total.over(Window.SEASON, season)
