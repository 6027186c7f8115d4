"""What a stack consumes in a month: the hand-over from demand (or a usage file) to cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from analysis.facts.assumptions import Assumption
from analysis.facts.limits import Limit


@dataclass(frozen=True, slots=True)
class LoadHours:
    """A number of hours in the month during which a load balancer carries the same load.

    Capacity units are billed per hour by their largest dimension, so a month is a tuple of these, never one mean.
    """

    hours: Decimal
    new_connections_per_s: float
    active_connections: float
    processed_gb_per_hour: float
    rule_evaluations_per_s: float


@dataclass(frozen=True)
class Usage:
    """Consumption in one month, by resource address.

    `quantities[address][key]`: the key is Infracost's where Infracost has one (`monthly_data_processed_gb`; nested keys are
    joined with dots: `monthly_https_requests.us`), the amount is per month. `load_hours[address]` holds the hours of a load
    balancer; they sum to 730. `defaults[type]` holds quantities for every resource of a type without its own, and an address
    may end in `[*]` for all instances. `origin` says where the numbers come from, for people; `rests_on` lists what was assumed
    to get them, `notes` what was left out.
    """

    origin: str
    quantities: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    load_hours: Mapping[str, tuple[LoadHours, ...]] = field(default_factory=dict)
    defaults: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    rests_on: tuple[Assumption | Limit, ...] = ()
    notes: tuple[str, ...] = ()

    def overlaid(self, other: Usage) -> Usage:
        """This usage, with what `other` says of an address or a type in place of its own, key by key."""

        def both(
            mine: Mapping[str, Mapping[str, Decimal]], theirs: Mapping[str, Mapping[str, Decimal]]
        ) -> Mapping[str, Mapping[str, Decimal]]:
            names = (*mine, *(name for name in theirs if name not in mine))
            return {name: {**mine.get(name, {}), **theirs.get(name, {})} for name in names}

        return replace(
            self,
            origin=f"{self.origin}; {other.origin} where it says more",
            quantities=both(self.quantities, other.quantities),
            load_hours={**self.load_hours, **other.load_hours},
            defaults=both(self.defaults, other.defaults),
        )
