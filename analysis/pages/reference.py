"""Tables of facts: prices, limits, instance classes, runtimes and the assumptions of a scenario, each row with its source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from itertools import groupby

from markupsafe import Markup

from analysis.drawing import tables
from analysis.drawing.tables import Cell, Column, State, amount, table
from analysis.facts.assumptions import Assumption
from analysis.facts.instances import Instance, instances
from analysis.facts.limits import limits
from analysis.facts.prices import CONFIDENCES, Confidence, PriceBook, PriceRow, prices
from analysis.facts.runtimes import runtimes
from analysis.facts.scenarios import Scenario, scenario
from analysis.pages.model import Macro, Site
from analysis.units import number, rate

CONFIDENCE: Mapping[Confidence, State] = {"high": "good", "medium": "info", "low": "warn"}


def confidence(value: Confidence) -> Markup:
    """How sure a price is, as a word with a shape."""
    return tables.chip(CONFIDENCE[value], value)


def origin(text: str) -> Cell:
    """A source as a link where it is an address, else as it stands."""
    return tables.link(text, text.removeprefix("https://")) if text.startswith("https://") and " " not in text else text


_FAMILY = re.compile(
    r"(?P<before>[a-z0-9_.]+?)\.(?P<family>[a-z]+\d[a-z0-9-]*)\.(?P<size>[a-z0-9-]+)(?P<after>(\.[a-z0-9_]+)*)\.hour"
)
"""The sku of an instance: what it is for, its family, its size, and how it is bought: `rds.mysql.m5.large.single_az.hour`."""


def price_anchor(sku: str) -> str:
    """The anchor of a price: the tiers of a sku share one, and so do the sizes of an instance family."""
    found = _FAMILY.fullmatch(sku)
    return f"price-{sku}" if found is None else f"price-{found['before']}.{found['family']}{found['after']}"


def price_tables(book: PriceBook) -> Markup:
    """The price book by service: tiers, source, date and confidence of each price, and one row for each family of instances."""
    columns = [
        Column("SKU", "code"), Column("Unit", "code"), Column("From", "number"), Column("Price", "number"),
        Column("Confidence"), Column("As of", "code"), Column("Source", "wide"),
    ]  # fmt: skip
    families = [
        Column("Instances", "code"),
        Column("By the hour", "wide"),
        Column("Confidence"),
        Column("Source", "wide"),
    ]
    parts = []
    ordered = sorted(book.rows, key=lambda row: row.service.lower())
    for service, group in groupby(ordered, key=lambda row: row.service):
        rows = list(group)
        sizes = [row for row in rows if _FAMILY.fullmatch(row.sku)]
        singles = [row for row in rows if not _FAMILY.fullmatch(row.sku)]
        parts.append(Markup("\n\n## {} {{#prices-{}}}\n\n").format(service, service.lower()))
        if singles:
            parts.append(_unsearched(table(columns, list(_price_rows(singles)), label=f"Prices of {service}")))
        if sizes:
            parts.append(_unsearched(table(families, list(_family_rows(sizes)), label=f"Instances of {service}")))
    return Markup("\n").join(parts)


def _unsearched(shown: Markup) -> Markup:
    """What the search leaves out: the price book would be a fifth of its index, and the browser finds a row on the page."""
    return Markup("<div data-search-exclude>{}</div>").format(shown)


def _price_rows(rows: Iterable[PriceRow]) -> Iterator[tables.Row]:
    seen: set[str] = set()
    for row in rows:
        anchor = "" if row.sku in seen else price_anchor(row.sku)
        seen.add(row.sku)
        source = (
            Markup("{}<br><small>{}</small>").format(origin(row.source), row.note) if row.note else origin(row.source)
        )
        price = rate(row.usd)
        sure = confidence(row.confidence)
        yield tables.Row([row.sku, row.unit, amount(row.tier_start), price, sure, row.as_of, source], anchor)


def _family_rows(rows: Iterable[PriceRow]) -> Iterator[tables.Row]:
    """One row for each family, its sizes from the cheapest; the least sure of its prices and the sources of all of them."""
    for anchor, group in groupby(sorted(rows, key=lambda row: (price_anchor(row.sku), row.usd)), key=_anchor_of):
        sizes = list(group)
        prices = ", ".join(f"{_size(row.sku)} {number(row.usd)}" for row in sizes)
        sure = max((row.confidence for row in sizes), key=CONFIDENCES.index)
        sources = "; ".join(dict.fromkeys(row.source.partition(" (")[0] for row in sizes))
        yield tables.Row([anchor.removeprefix("price-"), prices, confidence(sure), sources], anchor)


def _anchor_of(row: PriceRow) -> str:
    return price_anchor(row.sku)


def _size(sku: str) -> str:
    found = _FAMILY.fullmatch(sku)
    return "" if found is None else found["size"]


def limit_table() -> Markup:
    """The limits and rules of thumb, each with its source or its reason."""
    rows = [
        tables.Row(
            [found.name, amount(found.value), _range(found.low, found.high), found.unit, origin(found.origin)],
            f"limit-{found.name}",
        )
        for found in sorted(limits().values(), key=lambda found: found.name)
    ]
    columns = [
        Column("Limit", "code"),
        Column("Value", "number"),
        Column("Range", "number"),
        Column("Unit"),
        Column("Source or reason", "wide"),
    ]
    return table(columns, rows, label="Limits")


def instance_table() -> Markup:
    """The families of instance classes: sizes, processors, baseline of burstable ones, memory, disk limits."""
    columns = [
        Column("Family", "code"), Column("Sizes", "wide"), Column("vCPU", "number"), Column("Baseline", "number"),
        Column("Memory GiB", "number"), Column("Disk IOPS", "number"), Column("Source", "wide"),
    ]  # fmt: skip
    rows = [tables.Row(_family(sizes), f"instances-{family}") for family, sizes in _families()]
    return table(columns, rows, label="Instance classes")


def _families() -> Iterator[tuple[str, Sequence[Instance]]]:
    """The classes of each family (`db.t3`), smallest first."""

    def family(found: Instance) -> str:
        return found.instance_class.rpartition(".")[0]

    ordered = sorted(instances().values(), key=lambda found: (family(found), found.vcpu, found.memory_gib))
    yield from ((name, tuple(group)) for name, group in groupby(ordered, key=family))


def _family(sizes: Sequence[Instance]) -> list[Cell]:
    def span(values: Iterable[float | None], unit: str = "") -> str:
        known = [value for value in values if value is not None]
        if not known:
            return ""
        low, high = amount(min(known)), amount(max(known))
        return (low if low == high else f"{low} to {high}") + unit

    return [
        sizes[0].instance_class.rpartition(".")[0],
        ", ".join(found.instance_class.rpartition(".")[2] for found in sizes),
        span(found.vcpu for found in sizes),
        span((found.baseline_percent_per_vcpu for found in sizes), " %"),
        span(found.memory_gib for found in sizes),
        span(found.ebs_baseline_iops for found in sizes),
        origin("; ".join(dict.fromkeys(found.source for found in sizes))),
    ]


def runtime_table() -> Markup:
    """The runtime profiles: how a container works and what a request costs it."""
    columns = [
        Column("Profile", "code"),
        Column("What it is", "wide"),
        Column("Workers", "number"),
        Column("CPU per request, ms", "number"),
        Column("Range, ms", "number"),
        Column("Reason", "wide"),
    ]
    rows = []
    for name, found in sorted(runtimes().items()):
        cpu = found.cpu_s_per_request
        span = _range(cpu.low * 1000, cpu.high * 1000)
        rows.append(
            tables.Row(
                [name, found.title, str(found.workers), amount(cpu.value * 1000), span, cpu.reason], f"runtime-{name}"
            )
        )
    return table(columns, rows, label="Runtime profiles")


def assumption_table(scenario: Scenario) -> Markup:
    """Every assumption of a scenario, with its range and its reason."""
    rows = [
        tables.Row(
            [name, amount(found.value), _range(found.low, found.high), found.unit, _why(found)],
            f"{scenario.path.stem}-{name}",
        )
        for name, found in _assumptions(scenario)
    ]
    columns = [
        Column("Assumption", "code"),
        Column("Value", "number"),
        Column("Range", "number"),
        Column("Unit"),
        Column("Reason", "wide"),
    ]
    return table(columns, rows, label=f"Assumptions of {scenario.title}", caption=scenario.summary)


def facts_table(label: str, found: Mapping[str, Assumption]) -> Markup:
    """Assumptions that are no scenario's, with their ranges and reasons."""
    rows = [[name, amount(one.value), _range(one.low, one.high), one.unit, _why(one)] for name, one in found.items()]
    columns = [
        Column("Assumption", "code"),
        Column("Value", "number"),
        Column("Range", "number"),
        Column("Unit"),
        Column("Reason", "wide"),
    ]
    return table(columns, rows, label=label)


def _assumptions(scenario: Scenario) -> Iterator[tuple[str, Assumption]]:
    for entry in fields(scenario):
        value = getattr(scenario, entry.name)
        if isinstance(value, Assumption):
            yield entry.name, value
        elif isinstance(value, Mapping):
            yield from ((f"{entry.name}.{key}", found) for key, found in value.items() if isinstance(found, Assumption))
    for route in scenario.routes:
        for entry in fields(route):
            value = getattr(route, entry.name)
            if isinstance(value, Assumption):
                yield f"routes.{route.name}.{entry.name}", value


def _why(found: Assumption) -> Cell:
    if found.source and found.source != found.reason:
        return Markup("{} <small>({})</small>").format(found.reason, origin(found.source))
    return found.reason


def _range(low: Decimal, high: Decimal) -> str:
    return "" if low == high else f"{amount(low)} to {amount(high)}"


def macros(site: Site) -> Mapping[str, Macro]:
    """The facts that the reference pages list."""

    def assumption_tables() -> Markup:
        parts = []
        for path in sorted((site.root / "terraform" / "scenarios").glob("*.toml")):
            found = scenario(path)
            parts.append(Markup("\n\n## {} {{#scenario-{}}}\n\n").format(tables.inline(found.title), path.stem))
            parts.append(assumption_table(found))
        return Markup("\n").join(parts)

    return {
        "price_book_name": lambda: tables.inline(f"{prices().region}, {prices().as_of}"),
        "price_table": lambda: price_tables(prices()),
        "assumption_tables": assumption_tables,
        "limit_table": limit_table,
        "instance_table": instance_table,
        "runtime_table": runtime_table,
    }
