"""What changes on the bill from one stack to another: by address, in a table and as Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from analysis.cost.estimate import CURRENCY, Estimate
from analysis.units import money, number

Kind = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class LineChange:
    """One component of a resource: its quantity times its price before and after; None where it was not, or only use tells it."""

    component: str
    unit: str
    before: Decimal | None
    after: Decimal | None

    @property
    def difference(self) -> Decimal:
        """What is paid more a month."""
        return (self.after or Decimal(0)) - (self.before or Decimal(0))


@dataclass(frozen=True, slots=True)
class Change:
    """One resource whose bill changes, in US dollars per month."""

    address: str
    kind: Kind
    before: Decimal
    after: Decimal
    lines: tuple[LineChange, ...]

    @property
    def difference(self) -> Decimal:
        """What is paid more a month."""
        return self.after - self.before


@dataclass(frozen=True)
class Changes:
    """What changes between two bills: the resources, the largest difference first, and what has no price on either side."""

    old: Estimate
    new: Estimate
    changes: tuple[Change, ...]

    @property
    def difference(self) -> Decimal:
        """What the new stack costs more a month."""
        return self.new.total.usd - self.old.total.usd

    @property
    def unpriced(self) -> tuple[str, ...]:
        """The addresses without a price in the new stack that were priced, or not there, in the old one."""
        known = {gap.address for gap in self.old.unpriced}
        return tuple(sorted({gap.address for gap in self.new.unpriced} - known))


def changes(old: Estimate, new: Estimate) -> Changes:
    """What changes from the bill `old` to the bill `new`."""
    before, after = _by_address(old), _by_address(new)
    found = []
    for address in before.keys() | after.keys():
        one, two = before.get(address, {}), after.get(address, {})
        lines = tuple(_lines(one, two))
        if lines:
            kind: Kind = "added" if not one else "removed" if not two else "changed"
            found.append(Change(address, kind, _sum(one), _sum(two), lines))
    return Changes(old, new, tuple(sorted(found, key=lambda change: (-abs(change.difference), change.address))))


Components = Mapping[tuple[str, str, str], Decimal | None]


def _by_address(bill: Estimate) -> dict[str, Components]:
    """The cost of each component by address; its tiers together, and by sku, since another class is another price."""
    found: dict[str, dict[tuple[str, str, str], Decimal | None]] = {}
    for item in bill.line_items:
        components = found.setdefault(item.address, {})
        key = (item.component, item.unit, item.sku)
        known = components.get(key)
        components[key] = item.cost if known is None else known + (item.cost or Decimal(0))
    return dict(found)


def _lines(before: Components, after: Components) -> Iterator[LineChange]:
    for key in dict.fromkeys((*before, *after)):
        component, unit, _ = key
        if key in before and key in after and before[key] == after[key]:
            continue
        yield LineChange(component, unit, before.get(key), after.get(key))


def _sum(components: Components) -> Decimal:
    return sum((cost for cost in components.values() if cost is not None), Decimal(0))


def signed(usd: Decimal) -> str:
    """A difference for people, with its sign: +$12.00."""
    return f"+{money(usd)}" if usd > 0 else money(usd)


MARKS: Mapping[Kind, str] = {"added": "+", "removed": "-", "changed": "~"}


def markdown(found: Changes) -> str:
    """The changes as Markdown for a pull request: the sum first, then one row for each resource, its lines folded away."""
    head = f"**Monthly cost: {money(found.old.total.usd)} → {money(found.new.total.usd)} ({signed(found.difference)})**"
    parts = [head, ""]
    if not found.changes:
        parts.append("No resource changes its price.")
    else:
        parts += ["| | Resource | Before | After | Change |", "|---|---|---:|---:|---:|"]
        for change in found.changes:
            before = "" if change.kind == "added" else money(change.before)
            after = "" if change.kind == "removed" else money(change.after)
            name = change.address.replace("|", "\\|")
            parts.append(f"| {MARKS[change.kind]} | `{name}` | {before} | {after} | {signed(change.difference)} |")
        parts += ["", "<details><summary>Line by line</summary>", ""]
        for change in found.changes:
            parts.append(f"- `{change.address}`")
            parts += [f"    - {line.component}: {_span(line)}" for line in change.lines]
        parts += ["", "</details>"]
    if found.unpriced:
        parts += ["", f"Without a price: {', '.join(f'`{address}`' for address in found.unpriced)}."]
    parts += ["", f"As of {found.new.day}, a month of 730 hours at list prices."]
    return "\n".join(parts) + "\n"


def _span(line: LineChange) -> str:
    before, after = ("by use" if cost is None else money(cost) for cost in (line.before, line.after))
    return f"{before} → {after}"


def changes_json(found: Changes) -> dict[str, Any]:
    """The changes for programs; decimals are strings."""
    return {
        "currency": CURRENCY,
        "as_of": found.new.day.isoformat(),
        "before": number(found.old.total.usd),
        "after": number(found.new.total.usd),
        "difference": number(found.difference),
        "changes": [
            {
                "address": change.address,
                "kind": change.kind,
                "before": number(change.before),
                "after": number(change.after),
                "difference": number(change.difference),
                "lines": [
                    {
                        "component": line.component,
                        "unit": line.unit,
                        "before": None if line.before is None else number(line.before),
                        "after": None if line.after is None else number(line.after),
                    }
                    for line in change.lines
                ],
            }
            for change in found.changes
        ],
        "unpriced": list(found.unpriced),
    }
