"""What reservations would save: the lines that run all month, at the price of a standard reservation without upfront payment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from analysis.cost.estimate import Estimate, LineItem
from analysis.facts.prices import PriceBook
from analysis.units import HOURS_PER_MONTH, number

TERMS: Mapping[str, str] = {"1y": "reserved_1yr_no_upfront", "3y": "reserved_3yr_no_upfront"}
"""The terms that can be asked for, as the skus call them."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """One line of the bill and what reserving its whole instances would cost a month; `count` instances run all month."""

    line: LineItem
    count: Decimal
    hourly: Decimal
    confidence: str

    @property
    def reserved(self) -> Decimal:
        """The line's cost a month: the reserved instances, and what runs beyond them on demand."""
        return self.count * HOURS_PER_MONTH * self.hourly + self._beyond * self.line.unit_price

    @property
    def _beyond(self) -> Decimal:
        return (self.line.quantity or Decimal(0)) - self.count * HOURS_PER_MONTH

    @property
    def saving(self) -> Decimal:
        """What is saved a month."""
        return (self.line.cost or Decimal(0)) - self.reserved


@dataclass(frozen=True)
class Reservations:
    """What a term would save on a bill, the largest saving first; `without` names the skus that have no such rate."""

    term: str
    lines: tuple[Reservation, ...]
    without: tuple[str, ...]

    @property
    def saving(self) -> Decimal:
        """What is saved a month."""
        return sum((line.saving for line in self.lines), Decimal(0))


def reservations(bill: Estimate, book: PriceBook, term: str) -> Reservations:
    """What reserving everything that runs all month for `term` (`1y`, `3y`) would save, as far as the book has rates.

    Extended support is charged on reserved instances as on others, so its lines stay. Part of an instance, as an autoscaled group
    has it, is left on demand.
    """
    lines, without = [], set()
    for item in bill.line_items:
        if not item.sku.endswith(".hour") or item.quantity is None or item.component.startswith("extended support"):
            continue
        count = (item.quantity / HOURS_PER_MONTH).to_integral_value(ROUND_FLOOR)
        prices = book.of(item.region).prices
        price = prices.get(f"{item.sku.removesuffix('.hour')}.{TERMS[term]}.hour")
        if price is None:
            if count and item.service in SERVICES:
                without.add(item.sku)
            continue
        reservation = Reservation(item, count, price.tiers[0].usd, price.tiers[0].confidence)
        if count and reservation.saving > 0:
            lines.append(reservation)
    ordered = sorted(lines, key=lambda line: (-line.saving, line.line.address, line.line.component))
    return Reservations(term, tuple(ordered), tuple(sorted(without)))


SERVICES = frozenset({"EC2", "RDS", "Aurora", "ElastiCache", "OpenSearch", "Redshift"})
"""Services that sell reservations of instances: one without a rate in the book is said."""


def reservations_json(found: Reservations, bill: Estimate) -> dict[str, Any]:
    """The what-if for programs."""
    return {
        "term": found.term,
        "total": number(bill.total.usd - found.saving),
        "saving": number(found.saving),
        "lines": [
            {
                "address": line.line.address,
                "component": line.line.component,
                "instances": number(line.count),
                "on_demand": number(line.line.cost or Decimal(0)),
                "reserved": number(line.reserved),
                "confidence": line.confidence,
            }
            for line in found.lines
        ],
        "without_rate": list(found.without),
    }
