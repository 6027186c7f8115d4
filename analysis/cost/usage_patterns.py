"""Which entries of a usage speak of a resource: its own address, one with `[*]` for an index, or its type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from itertools import product

from analysis.demand.usage import LoadHours, Usage

_INDEX = re.compile(r"\[(?:\d+|\"[^\"]*\")\]")


def patterns(address: str) -> tuple[str, ...]:
    """The address with each set of its indexes replaced by `[*]`, the most exact first, the address itself excluded."""
    indexes = _INDEX.findall(address)
    texts = _INDEX.split(address)
    found = []
    for stars in product((False, True), repeat=len(indexes)):
        chosen = ["[*]" if star else index for star, index in zip(stars, indexes, strict=True)]
        found.append("".join(text + index for text, index in zip(texts, (*chosen, ""), strict=True)))
    return tuple(sorted(set(found) - {address}, key=lambda pattern: (pattern.count("[*]"), pattern)))


def use_of(usage: Usage, address: str, resource_type: str) -> tuple[Mapping[str, Decimal], tuple[LoadHours, ...]]:
    """What the usage says about one resource: quantities, the most exact entry winning key by key, and its load hours."""
    quantities: dict[str, Decimal] = dict(usage.defaults.get(resource_type, {}))
    names = (address, *patterns(address))
    for name in reversed(names):
        quantities.update(usage.quantities.get(name, {}))
    hours = next((usage.load_hours[name] for name in names if name in usage.load_hours), ())
    return quantities, hours
