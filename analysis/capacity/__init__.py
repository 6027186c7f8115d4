"""Capacity of a resolved stack: load and limits per station, the first bottleneck, the users it holds."""

from analysis.capacity.analytic import (
    Bound,
    Capacity,
    ConnectionBudget,
    Holding,
    Polled,
    Range,
    Station,
    analyse,
    to_json,
    utilisations,
)

__all__ = [
    "Bound",
    "Capacity",
    "ConnectionBudget",
    "Holding",
    "Polled",
    "Range",
    "Station",
    "analyse",
    "to_json",
    "utilisations",
]
