"""The bill as text: an address on a line of its own, services in the order of their cost, small lines of one kind folded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import groupby

from rich.markup import escape

from analysis import cost, units

WIDTH = 80
"""Columns that the bill is set in; an address that is longer stands out, and is never broken."""

COST_WIDTH = 13
"""Columns of a line's cost."""

FEW = 3
"""So many small resources of a type, or more, are folded into one line."""

SMALL = Decimal("0.01")
"""A resource is small whose share of the total is below this."""


def text(bill: cost.Estimate, coverage: str, *, everything: bool) -> Iterator[str]:
    """The lines of the bill, with markup; `everything` folds nothing."""
    yield f"[bold]{escape(bill.stack)}[/], {escape(bill.region)}: {coverage}"
    yield f"[dim]a month of {units.HOURS_PER_MONTH} hours as of {bill.day}, prices of {bill.prices_as_of or 'nowhere'}[/]"
    small = bill.total.usd * SMALL
    for service in bill.by_service():
        items = [item for item in bill.line_items if item.service == service]
        yield ""
        yield _row(f"[bold]{escape(service)}[/]", len(service), f"[bold]{_money(items)}[/]", len(_money(items)))
        resources = _resources(items)
        folded = {} if everything else _folded(resources, small)
        for address, lines in resources:
            if address not in {a for group in folded.values() for a in group}:
                yield f"  {escape(address)}"
                yield from map(_line, lines)
        for kind, addresses in folded.items():
            lines = [line for address, lines in resources if address in addresses for line in lines]
            name = f"{len(addresses)} {kind}"
            yield _row(f"  {escape(name)}", 2 + len(name), _money(lines), len(_money(lines)))
    yield ""
    total = units.money(bill.total.usd)
    yield _row("[bold]Total[/]", 5, f"[bold]{total}[/]", len(total))


def windows(found: cost.CalendarCost) -> Iterator[str]:
    """The same money over the other windows of the calendar."""
    yield ""
    rows = [("An hour in which nothing is on", found.hour)]
    for day in found.days:
        rows.append((f"{day.name} adds, {_times(day.per_month)} a month", day.adds))
        if day.event_days > 1:
            rows.append((f"{day.name}: an event of {_times(day.event_days)} days, all hours", day.event))
        else:
            rows.append((f"{day.name}, all 24 hours", day.whole))
    for name, usd in (*rows, ("Season", found.season)):
        yield _row(escape(name), len(name), money := units.money(usd), len(money))


def _times(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def _resources(items: Sequence[cost.LineItem]) -> list[tuple[str, list[cost.LineItem]]]:
    """The lines of a service by address, the most expensive first."""
    ordered = sorted(items, key=lambda item: item.address)
    groups = [(address, list(group)) for address, group in groupby(ordered, key=lambda item: item.address)]
    return sorted(groups, key=lambda group: (-_known(group[1]), group[0]))


def _folded(resources: Iterable[tuple[str, list[cost.LineItem]]], small: Decimal) -> dict[str, list[str]]:
    """The addresses of small resources by type, of the types that have a few of them."""
    kinds: dict[str, list[str]] = {}
    for address, lines in resources:
        if _known(lines) <= small:
            kinds.setdefault(lines[0].type, []).append(address)
    return {kind: addresses for kind, addresses in kinds.items() if len(addresses) >= FEW}


def _known(items: Iterable[cost.LineItem]) -> Decimal:
    return sum((item.cost for item in items if item.cost is not None), Decimal(0))


def _money(items: Sequence[cost.LineItem]) -> str:
    """What lines cost together; that they are by use where nobody said how much."""
    if all(item.cost is None for item in items):
        return "by use"
    return units.money(_known(items))


def _line(item: cost.LineItem) -> str:
    """One line: the component, the quantity and the price with how sure it is, and the cost."""
    mark = "" if item.confidence == "high" else f" ({item.confidence})"
    quantity = "" if item.quantity is None else f"{float(item.quantity):,.6g} "
    rate = f"{quantity}{item.unit} x {units.rate(item.unit_price)}{mark}"
    shown = "by use" if item.cost is None else units.money(item.cost)
    name = f"    {item.component}"
    room = WIDTH - COST_WIDTH
    if len(name) + len(rate) + 2 <= room:
        left = f"{name}{rate:>{room - len(name)}}"
        return f"{escape(left)}{shown:>{COST_WIDTH}}"
    return f"{escape(name)}\n{escape(f'{rate:>{room}}')}{shown:>{COST_WIDTH}}"


def _row(left: str, left_width: int, right: str, right_width: int) -> str:
    """Two texts with markup at both ends of a line, by their widths without it."""
    return left + " " * max(2, WIDTH - left_width - right_width) + right
