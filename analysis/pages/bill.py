"""What stacks cost, as tables: by service, line by line, what is free, what has no price, two stacks side by side, a budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from markupsafe import Markup

from analysis.cost import PLAN, CalendarCost, Estimate, LineItem
from analysis.drawing import charts, tables
from analysis.drawing.charts import Limit, Series
from analysis.drawing.tables import Cell, Column, Row, amount, table
from analysis.ledger import INPUTS
from analysis.ledger.records import inputs
from analysis.pages import infrastructure, links, systems
from analysis.pages.model import Macro, Model, Site, model
from analysis.pages.reads import cache
from analysis.pages.reference import confidence, price_anchor
from analysis.pages.register import figure
from analysis.units import money, rate

PRICES_PAGE = "reference/prices.md"


def by_service(stacks: Sequence[tuple[str, Estimate]]) -> Markup:
    """The month's bill by AWS service, one column for each stack, the most expensive service of the last stack first."""
    split = [(title, estimate.by_service()) for title, estimate in stacks]
    services = list(dict.fromkeys(name for _, found in reversed(split) for name in found))
    rows = [
        Row([service, *(money(found[service].usd) if service in found else "" for _, found in split)])
        for service in services
        if any(service in found and found[service].usd for _, found in split)
    ]
    rows.append(Row(["Together", *(month(estimate) for _, estimate in stacks)], total=True))
    columns = [Column("Service", "head"), *(Column(title, "number") for title, _ in stacks)]
    return table(columns, rows, label="Monthly cost by service", caption="US dollars for a month of 730 hours.")


def lines(model: Model, estimate: Estimate, page: str) -> Markup:
    """Every line of the bill: quantity, unit price, cost, how sure the price is, and where the resource stands."""
    rows = [Row(_line(model, item, page)) for item in estimate.line_items]
    rows.append(Row(["Together", None, None, None, money(estimate.total.usd), None], total=True))
    columns = [
        Column("Resource and line", "address"), Column("Component", "wide"), Column("Quantity", "number"),
        Column("Unit price", "number"), Column("A month", "number"), Column("Price is"),
    ]  # fmt: skip
    used = estimate.usage or "Without usage: lines that depend on it have no quantity"
    caption = f"As of {estimate.day}, with prices of {estimate.region} of {estimate.prices_as_of}. Usage: {used}."
    return table(columns, rows, label=f"Bill of {model.name}", caption=caption)


def _line(model: Model, item: LineItem, page: str) -> list[Cell]:
    resource = model.architecture.by_address.get(item.address)
    quantity = f"{amount(_rounded(item.quantity))} {item.unit}" if item.quantity is not None else "by usage"
    price: Cell = rate(item.unit_price)
    if item.sku != PLAN:
        price = tables.link(links.relative(page, PRICES_PAGE, price_anchor(item.sku)), rate(item.unit_price))
    address: Cell = item.address if item.type == PLAN else tables.code(item.address)
    if item.type == PLAN:
        address = Markup("{}<br>{}").format(item.address, item.source)
    if resource:
        address = Markup("{}<br>{}").format(address, infrastructure.citation(model, resource.defined_at, page) or "")
    cost = money(item.cost) if item.cost is not None else "by usage"
    return [address, item.component, quantity, price, cost, confidence(item.confidence)]


def _rounded(value: Decimal | None) -> Decimal | None:
    """Four significant digits, or all before the point: enough to follow the product, and no noise."""
    if value is None or value == value.to_integral_value():
        return value
    return value.quantize(Decimal(1).scaleb(min(0, value.adjusted() - 3)))


def by_confidence(stacks: Sequence[tuple[str, Estimate]]) -> Markup:
    """How much of each total rests on prices of which confidence."""
    split = [estimate.by_confidence() for _, estimate in stacks]
    rows = [Row([confidence(level), *(money(found[level].usd) for found in split)]) for level in split[0]]
    columns = [Column("Price is"), *(Column(title, "number") for title, _ in stacks)]
    return table(columns, rows, label="Monthly cost by confidence of the price")


def unpriced(model: Model, estimate: Estimate) -> Markup:
    """What has no price and is in no total, with the reason; a plain sentence where there is nothing."""
    if not estimate.unpriced:
        return Markup("<p>Every billable resource has a price.</p>")
    rows = [Row([tables.code(entry.address), entry.component, entry.reason]) for entry in estimate.unpriced]
    columns = [Column("Resource", "code"), Column("Component"), Column("Why it has no price", "wide")]
    return table(columns, rows, label=f"Unpriced in {model.name}")


def free(model: Model, estimate: Estimate) -> Markup:
    """What costs nothing, by type, with the reason."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for entry in estimate.free:
        reasons.setdefault((entry.type, entry.reason), []).append(entry.address)
    rows = [Row([kind, str(len(found)), reason]) for (kind, reason), found in sorted(reasons.items())]
    columns = [Column("Type", "code"), Column("Resources", "number"), Column("Why it costs nothing", "wide")]
    return table(columns, rows, label=f"Free in {model.name}")


def totals(stacks: Mapping[str, Estimate]) -> Markup:
    """The month's total of each stack, side by side."""
    return tables.definitions((title, month(estimate)) for title, estimate in stacks.items())


def month(estimate: Estimate) -> Markup:
    """What the stack costs in a month, as a figure of it."""
    return figure(money(estimate.total.usd), "cost.month", estimate.stack)


def calendar(found: CalendarCost, stack: str) -> Markup:
    """The bill over an hour, a day of each kind, an event, the month and the season."""
    rows = [Row(["An hour in which nothing is on", None, money(found.hour)])]
    for day in found.days:
        often = f"{amount(day.per_month)} a month"
        rows.append(Row([f"What one day adds: {day.name}", often, money(day.adds)]))
        rows.append(Row([f"That day with all its hours: {day.name}", often, money(day.whole)]))
        if day.event_days > 1:
            rows.append(Row([f"The event: {day.name}", f"{amount(day.event_days)} days", money(day.event)]))
    if found.event_days:
        often = f"{amount(found.event_days)} days"
        if sum(day.event_days > 1 for day in found.days) > 1:
            rows.append(Row(["All events", often, money(found.events)], total=True))
        if found.reserve:
            kept = found.events * found.reserve
            rows.append(Row([f"Reserve: {found.reserve:.0%} of them, for what nobody foresaw", often, money(kept)]))
            rows.append(Row(["All events with the reserve", often, money(found.events + kept)], total=True))
    rows += [
        Row(["A mean month", None, figure(money(found.month), "cost.month", stack)]),
        Row(["The season", None, money(found.season)], total=True),
    ]
    columns = [Column("Window", "head"), Column("How often", "number"), Column("US dollars", "number")]
    return table(columns, rows, label="Cost by window of the calendar")


def steps(
    brief: Mapping[str, Decimal], ours: Mapping[str, Decimal]
) -> list[tuple[str, Decimal, Decimal, Decimal, Decimal]]:
    """From a brief's total to ours: a service, the brief's line, ours, what it adds, and the total after it.

    First the brief's lines in their order, then what is not in its bill, the most expensive first. A line may name several
    services with ` + ` between them. The last total is ours: nothing is left out.
    """
    total = sum(brief.values(), Decimal(0))
    named = {service for line in brief for service in line.split(" + ")}
    missing = sorted(((usd, name) for name, usd in ours.items() if name not in named and usd), reverse=True)
    found = []
    for line, quoted in (*brief.items(), *((name, Decimal(0)) for _, name in missing)):
        usd = sum((ours.get(service, Decimal(0)) for service in line.split(" + ")), Decimal(0))
        total += usd - quoted
        found.append((line, quoted, usd, usd - quoted, total))
    return found


def from_brief(site: Site, name: str, lines: Mapping[str, str]) -> Markup:
    """`steps` for a stack, with the brief's lines as inputs of its ledger: services -> the name of the input.

    Raises KeyError where the ledger has no such input, and TypeError where its value is no number.
    """
    estimate = site.stack(name).estimate
    folder = site.docs / Path(site.here()).parts[0]
    stated = inputs(folder / INPUTS, f"{folder.name}/{INPUTS}")
    brief: dict[str, Decimal] = {}
    for services, key in lines.items():
        value = stated[key].value
        if not isinstance(value, Decimal):
            raise TypeError(f"{key} is no number that the brief states")
        brief[services] = value
    ours = {service: sums.usd for service, sums in estimate.by_service().items()}
    made = steps(brief, ours)
    rows = [Row(["The brief's total", None, None, None, money(sum(brief.values(), Decimal(0)))], total=True)]
    for service, quoted, usd, added, total in made:
        own = money(quoted) if quoted else "not in it"
        rows.append(Row([service, own, money(usd), ("+" if added > 0 else "") + money(added), money(total)]))
    rows.append(Row(["Our total", None, None, None, money(estimate.total.usd)], total=True))
    columns = [
        Column("Service", "head"), Column("The brief's line", "number"), Column("Ours", "number"), Column("Adds", "number"),
        Column("Total after it", "number"),
    ]  # fmt: skip
    return table(
        columns, rows, label=f"From the brief's bill to that of {name}", caption="US dollars for a mean month."
    )


CROWDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
"""Crowds for which a budget is spent, as multiples of the scenario's; the last is the one that the design holds."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What the events of a calendar cost with so many users at the peak, and how full the fullest limit is."""

    users: int
    usd: Decimal
    fullest: str


@cache
def spending(root: Path, name: str) -> tuple[Spent, ...]:
    """The cost of the events by crowd, up to the crowd that the stack holds once it has scaled out."""
    study = model(root, name).study
    held = study.capacity.at_most.users.value
    peak = float(study.scenario.peak_users.value)
    crowds = [round(share * peak) for share in CROWDS if held is None or share * peak < held]
    if held is not None:
        crowds.append(round(held))
    found = []
    for users in crowds:
        at = study.at(users)
        strain = at.premortem.strained[0]
        place = "CDN" if strain.kind == "edge" else strain.kind
        found.append(Spent(users, at.calendar.events, f"{strain.limit.name} of the {place}: {strain.load.max():.0%}"))
    return tuple(found)


def budget(site: Site, name: str, most: int, step: int) -> Markup:
    """The cost of the events against a budget as the crowd grows, and what each further step of money adds."""
    crowd = systems.words(site.docs, site.here())["crowd"]
    points = spending(site.root, name)
    days, whole, further = amount(site.stack(name).study.calendar.event_days), f"${most:,}", f"${step:,}"
    line = Series(f"{days} days", tuple((one.users / 1e6, float(one.usd)) for one in points))
    last, left = points[-1], most - points[-1].usd
    title = f"At the first limit {last.usd / most:.0%} of {whole} are spent"
    figure = charts.lines(
        title,
        [line],
        x=f"{crowd} at the peak, millions",
        y=f"US dollars for {days} days",
        limits=[Limit(float(most), "budget")],
        caption=f"{title}: {last.users:,.0f} {crowd}. Each point is the whole bill, computed at that crowd.",
    )
    rows = []
    for before, one in zip((None, *points), points, strict=False):
        more = None
        if before is not None and one.usd > before.usd:
            more = f"{float(step) * (one.users - before.users) / float(one.usd - before.usd):,.0f}"
        rows.append(Row([f"{one.users:,}", money(one.usd), f"{one.usd / most:.1%}", more, one.fullest]))
    columns = [
        Column(f"{crowd.capitalize()} at the peak", "head"), Column(f"{days} days", "number"),
        Column("Of the budget", "number"),
        Column(f"{crowd.capitalize()} for each further {further}", "number"), Column("Fullest limit", "wide"),
    ]  # fmt: skip
    told = (
        f"More money buys no more {crowd} from {last.users:,.0f} on: the limit is then the {last.fullest.partition(':')[0]}, "
        f"which is raised by asking for it, not by paying. {money(left)} of the budget are left there."
    )
    listed = table(columns, rows, label="What a budget buys")
    drawn = Markup(figure.html())  # noqa: S704 (its texts are escaped)
    return Markup("{}\n\n{}\n\n<p>{}</p>").format(drawn, listed, told)


def macros(site: Site) -> Mapping[str, Macro]:
    """What pages cite of bills."""

    def bills(names: Sequence[str]) -> list[tuple[str, Estimate]]:
        return [
            (systems.label(site.docs, site.here(), name) or site.stack(name).about.title, site.stack(name).estimate)
            for name in names
        ]

    return {
        "cost_totals": lambda *names: totals(dict(bills(names))),
        "cost_by_service": lambda *names: by_service(bills(names)),
        "cost_by_confidence": lambda *names: by_confidence(bills(names)),
        "cost_lines": lambda name: lines(site.stack(name), site.stack(name).estimate, site.here()),
        "cost_calendar": lambda name: calendar(site.stack(name).study.calendar, name),
        "cost_from_brief": lambda name, brief: from_brief(site, name, brief),
        "budget": lambda name, most, step: budget(site, name, most, step),
        "cost_unpriced": lambda name: unpriced(site.stack(name), site.stack(name).estimate),
        "cost_free": lambda name: free(site.stack(name), site.stack(name).estimate),
    }
