"""Amounts with their units: quantities, unit prices, and money with the time window it covers.

Money is `Decimal` and is rounded only where it is printed, by `money` and `rate`.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum

HOURS_PER_MONTH = Decimal(730)
"""AWS's billing convention: 365 days x 24 hours / 12 months."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount of something countable, in the unit in which it is sold: 730 hours, 12 GB."""

    amount: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Given:
    """A value with its name, its unit and where it stands: a place in a file, or the source of a fact."""

    name: str
    value: float | int | str | bool
    unit: str
    origin: str


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """What one `per` of `sku` costs, in US dollars."""

    sku: str
    usd: Decimal
    per: str

    def cost(self, quantity: Quantity) -> Decimal:
        """The price of `quantity` in US dollars, unrounded. Raises ValueError where the units differ."""
        if quantity.unit != self.per:
            raise ValueError(f"{self.sku} is priced per {self.per}, not per {quantity.unit}")
        return self.usd * quantity.amount


class Window(Enum):
    """The stretch of time that an amount of money covers."""

    HOUR = "hour"
    GAME = "game"
    MONTH = "month"
    SEASON = "season"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Season:
    """How games, months and the season relate in a scenario; what Terraform cannot know. All three are counts above zero."""

    games_per_month: Decimal
    months: Decimal

    def __post_init__(self) -> None:
        if self.games_per_month <= 0 or self.months <= 0:
            raise ValueError("a season needs a number of games per month and of months above zero")

    @property
    def games(self) -> Decimal:
        """The games of the whole season."""
        return self.games_per_month * self.months


@dataclass(frozen=True, slots=True)
class Amount:
    """Money and the window it covers. Different windows neither add nor compare; `over` converts where that is defined."""

    usd: Decimal
    window: Window

    def __add__(self, other: Amount) -> Amount:
        self._same_window(other)
        return Amount(self.usd + other.usd, self.window)

    def __sub__(self, other: Amount) -> Amount:
        self._same_window(other)
        return Amount(self.usd - other.usd, self.window)

    def __mul__(self, factor: Decimal | int) -> Amount:
        return Amount(self.usd * factor, self.window)

    __rmul__ = __mul__

    def __lt__(self, other: Amount) -> bool:
        self._same_window(other)
        return self.usd < other.usd

    def __str__(self) -> str:
        return f"{money(self.usd)} a {self.window}"

    def over(self, window: Window, season: Season | None = None) -> Amount:
        """The same spending over another window.

        An hour becomes a month by 730 hours. Games and seasons need the scenario's `season`; a game is an increment, not a
        stretch of so many hours, so games and hours do not convert. Raises ValueError where a conversion is not defined.
        """
        if window is self.window:
            return self
        if {self.window, window} == {Window.GAME, Window.HOUR}:
            raise ValueError(
                "an amount per game is what the game adds, not a number of hours; it does not convert to hours or back"
            )
        here, there = _months(self.window, season), _months(window, season)
        return Amount(self.usd * (there[0] * here[1]) / (there[1] * here[0]), window)

    def _same_window(self, other: Amount) -> None:
        if self.window is not other.window:
            raise ValueError(
                f"an amount per {self.window} and one per {other.window} do not add up; convert one of them first"
            )


def _months(window: Window, season: Season | None) -> tuple[Decimal, Decimal]:
    """How long `window` is in months, as numerator and denominator, so that a conversion divides only once."""
    if window is Window.MONTH:
        return Decimal(1), Decimal(1)
    if window is Window.HOUR:
        return Decimal(1), HOURS_PER_MONTH
    if season is None:
        raise ValueError(
            f"an amount per {window} converts only with the scenario's games per month and months per season"
        )
    return (Decimal(1), season.games_per_month) if window is Window.GAME else (season.months, Decimal(1))


def money(usd: Decimal) -> str:
    """US dollars for people: cents from a dollar up, three significant digits below: $1,234.50, $12.34, $0.0425."""
    size = abs(usd)
    places = 2 if size >= 1 or not size else max(2, 2 - size.adjusted())
    rounded = size.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{'-' if usd < 0 and rounded else ''}${_without_idle_zeros(f'{rounded:,f}')}"


def rate(usd: Decimal) -> str:
    """A unit price for people, with all its digits: $0.04048, $5.00."""
    return f"{'-' if usd < 0 else ''}${_without_idle_zeros(f'{abs(usd):,f}')}"


def number(value: Decimal) -> str:
    """A plain decimal without exponent or idle zeros, for files and for people: 730, 0.25."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") or "0" if "." in text else text


def _without_idle_zeros(text: str) -> str:
    whole, _, cents = text.partition(".")
    return f"{whole}.{cents.rstrip('0').ljust(2, '0')}"


_PERIOD = re.compile(r"(\d{1,3}) (day|week|month|year)s?")


def later(day: dt.date, period: str) -> dt.date:
    """`day` plus a period such as `90 days` or `6 months`; a day that a month lacks becomes its last.

    Raises ValueError where the period is not written like that.
    """
    match = _PERIOD.fullmatch(period.strip())
    if not match:
        raise ValueError(f"{period!r} is not a period; write a number and day, week, month or year, such as '6 months'")
    amount, unit = int(match[1]), match[2]
    if unit in {"day", "week"}:
        return day + dt.timedelta(days=amount * (7 if unit == "week" else 1))
    months = day.month - 1 + amount * (12 if unit == "year" else 1)
    year, month = day.year + months // 12, months % 12 + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


SECONDS: Mapping[str, float] = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
"""Units of time by what they are in seconds."""

_SUFFIXES: Mapping[str, str] = {
    **dict.fromkeys(("MS", "MILLIS", "MILLISECONDS"), "ms"),
    **dict.fromkeys(("S", "SEC", "SECS", "SECONDS"), "s"),
    **dict.fromkeys(("MIN", "MINS", "MINUTES"), "min"),
    **dict.fromkeys(("H", "HOURS"), "h"),
}
TIME_SUFFIX = rf"(_({'|'.join(_SUFFIXES)}))?$"
"""The end of a setting's name that says its unit of time, for patterns of names."""


def time_unit(name: str, units: Mapping[str, str] | None = None) -> str | None:
    """The unit of time of a setting: as `units` says for its name, else by the name's last part; None where neither says it."""
    stated = (units or {}).get(name)
    return stated or _SUFFIXES.get(name.rpartition("_")[2].upper() if "_" in name else "")
