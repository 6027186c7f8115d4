"""The bill in the windows people ask about: an hour, a day of each kind, an event, a month, a season."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from analysis.cost.estimate import Estimate
from analysis.demand.calendar import Kind
from analysis.units import HOURS_PER_MONTH, number


@dataclass(frozen=True, slots=True)
class DayCost:
    """What one kind of day costs. `adds` is what such a day adds to the bill, `whole` that and the 24 hours around it.

    `event` is what the days that people call one event cost, with everything that stands there meanwhile.
    """

    name: str
    per_month: Decimal
    adds: Decimal
    whole: Decimal
    event_days: Decimal
    event: Decimal


@dataclass(frozen=True, slots=True)
class CalendarCost:
    """The same bill over every window: an hour in which nothing is on, each kind of day, the mean month, the season.

    The month is its hours and what its days add to them; the season is its months. `reserve` is the share of a bill that is kept
    for what nobody foresaw; it is in no other amount.
    """

    hour: Decimal
    days: tuple[DayCost, ...]
    month: Decimal
    season: Decimal
    reserve: Decimal = Decimal(0)

    @property
    def events(self) -> Decimal:
        """What the events of all kinds cost together, each over its days, with everything that stands there meanwhile."""
        return sum((day.event for day in self.days if day.event_days > 1), Decimal(0))

    @property
    def event_days(self) -> Decimal:
        """The days of all of them."""
        return sum((day.event_days for day in self.days if day.event_days > 1), Decimal(0))


def calendar_cost(
    month: Estimate,
    idle: Estimate,
    without: Mapping[Kind, Estimate],
    season_months: Decimal,
    reserve: Decimal = Decimal(0),
) -> CalendarCost:
    """The windows of a calendar, from the month's bill, that of a month with no such day, and those without one kind each.

    Where prices have tiers a day is the mean over the days of its kind, and what the kinds save together is shared by what each
    adds alone.
    """
    hour = idle.total.usd / HOURS_PER_MONTH
    alone = {kind: month.total.usd - rest.total.usd for kind, rest in without.items()}
    together = sum(alone.values(), Decimal(0))
    share = (month.total.usd - idle.total.usd) / together if together else Decimal(0)
    days = []
    for kind, adds in alone.items():
        times, event_days = Decimal(repr(kind.per_month)), Decimal(repr(kind.event_days))
        day = adds * share / times if times else Decimal(0)
        whole = day + 24 * hour
        days.append(DayCost(kind.name, times, day, whole, event_days, whole * event_days))
    return CalendarCost(hour, tuple(days), month.total.usd, month.total.usd * season_months, reserve)


def calendar_json(found: CalendarCost) -> dict[str, Any]:
    """The windows as JSON values; decimals are strings."""
    return {
        "hour": number(found.hour),
        "days": [
            {
                "name": day.name,
                "per_month": number(day.per_month),
                "adds": number(day.adds),
                "whole": number(day.whole),
                "event_days": number(day.event_days),
                "event": number(day.event),
            }
            for day in found.days
        ],
        "month": number(found.month),
        "season": number(found.season),
        **(
            {"events": number(found.events), "event_days": number(found.event_days), "reserve": number(found.reserve)}
            if found.event_days
            else {}
        ),
    }
