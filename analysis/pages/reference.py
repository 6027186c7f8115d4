"""Tables of facts: prices, limits, instance classes, runtimes and the assumptions of a scenario, each row with its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from decimal import Decimal
from itertools import groupby

from markupsafe import Markup

from analysis.drawing import tables
from analysis.drawing.tables import Cell, Column, State, amount, table
from analysis.facts.assumptions import Assumption
from analysis.facts.instances import Instance, instances
from analysis.facts.limits import limits
from analysis.facts.prices import Confidence, PriceBook, PriceRow
from analysis.facts.runtimes import runtimes
from analysis.facts.scenarios import Scenario
from analysis.units import rate

CONFIDENCE: Mapping[Confidence, State] = {"high": "good", "medium": "info", "low": "warn"}


def confidence(value: Confidence) -> Markup:
    """How sure a price is, as a word with a shape."""
    return tables.chip(CONFIDENCE[value], value)


def origin(text: str) -> Cell:
    """A source as a link where it is an address, else as it stands."""
    return tables.link(text, text.removeprefix("https://")) if text.startswith("https://") and " " not in text else text


def price_anchor(row: PriceRow) -> str:
    """The anchor of a price row; the tiers of a sku share the first one's."""
    return f"price-{row.sku}"


def price_tables(book: PriceBook) -> Markup:
    """The price book: one heading and one table for each service, with tiers, source, date and confidence."""
    columns = [
        Column("SKU", "code"), Column("Unit", "code"), Column("From", "number"), Column("Price", "number"),
        Column("Confidence"), Column("As of", "code"), Column("Source", "wide"),
    ]  # fmt: skip
    parts = []
    ordered = sorted(book.rows, key=lambda row: row.service.lower())
    for service, group in groupby(ordered, key=lambda row: row.service):
        rows, seen = [], set()
        for row in group:
            anchor = "" if row.sku in seen else price_anchor(row)
            seen.add(row.sku)
            source = (
                Markup("{}<br><small>{}</small>").format(origin(row.source), row.note)
                if row.note
                else origin(row.source)
            )
            rows.append(
                tables.Row(
                    [
                        row.sku,
                        row.unit,
                        amount(row.tier_start),
                        rate(row.usd),
                        confidence(row.confidence),
                        row.as_of,
                        source,
                    ],
                    anchor,
                )
            )
        parts.append(Markup("\n\n## {} {{#prices-{}}}\n\n").format(service, service.lower()))
        parts.append(table(columns, rows, label=f"Prices of {service}"))
    return Markup("\n").join(parts)


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
    """The instance classes: processors, baseline of burstable ones, memory, disk limits."""
    columns = [
        Column("Class", "code"), Column("vCPU", "number"), Column("Baseline", "number"), Column("Memory GiB", "number"),
        Column("Disk IOPS", "number"), Column("Disk IOPS, burst", "number"), Column("Source", "wide"),
    ]  # fmt: skip
    rows = [tables.Row(_instance(found), f"instance-{found.instance_class}") for found in _ordered()]
    return table(columns, rows, label="Instance classes")


def _ordered() -> list[Instance]:
    return sorted(instances().values(), key=lambda found: (found.service, found.instance_class))


def _instance(found: Instance) -> list[Cell]:
    baseline = "" if found.baseline_percent_per_vcpu is None else f"{amount(found.baseline_percent_per_vcpu)} %"
    return [
        found.instance_class, str(found.vcpu), baseline, amount(found.memory_gib),
        amount(found.ebs_baseline_iops), amount(found.ebs_max_iops), origin(found.source),
    ]  # fmt: skip


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
