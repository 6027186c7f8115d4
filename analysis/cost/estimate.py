"""What a stack costs in a month, line by line, with what is free and what could not be priced."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from analysis.architecture import Architecture, Location, Resource
from analysis.cost.rate_card import FREE, RATE_CARD, UNLISTED, usage_keys
from analysis.cost.setting import Charge, NotPriced, Setting
from analysis.cost.usage_patterns import patterns, use_of
from analysis.demand.usage import Usage
from analysis.facts.prices import CONFIDENCES, Confidence, Price, PriceBook, PriceRow
from analysis.facts.stacks import FILE_NAME, Plan
from analysis.units import HOURS_PER_MONTH, Amount, Quantity, Window, number
from analysis.wiring.references import References, without_index

CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class LineItem:
    """One line of the bill: quantity x unit price = cost, in US dollars per month.

    A quantity that crosses price tiers makes one line per tier. `quantity` and `cost` are None where only usage tells them
    and nobody did; then `keys` are those of a usage file that tell them. `usage_based` says whether the quantity comes from
    usage, not from the configuration alone. `region` is the one whose prices count.
    """

    address: str
    type: str
    component: str
    service: str
    sku: str
    quantity: Decimal | None
    unit: str
    unit_price: Decimal
    cost: Decimal | None
    usage_based: bool
    source: str
    as_of: str
    confidence: Confidence
    region: str
    keys: tuple[str, ...] = ()

    @property
    def unknown(self) -> str:
        """What tells the quantity where it is not known: the keys of a usage file; empty where it is."""
        if self.quantity is not None:
            return ""
        return f"quantity unknown: {' or '.join(self.keys)} of {self.address} in a usage file says it"


@dataclass(frozen=True, slots=True)
class Free:
    """A resource that costs nothing, and why."""

    address: str
    type: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unpriced:
    """A resource, or one component of it, without a price, and why. It is not in any total."""

    address: str
    type: str
    reason: str
    component: str = ""


@dataclass(frozen=True)
class Estimate:
    """The bill of one stack for a month of 730 hours, as of a day: its prices, and which engines are past standard support.

    `usage` says where the usage came from; empty where there was none.
    """

    stack: str
    region: str
    prices_as_of: str
    day: dt.date
    line_items: tuple[LineItem, ...]
    free: tuple[Free, ...]
    unpriced: tuple[Unpriced, ...]
    usage: str = ""

    @property
    def total(self) -> Amount:
        """The sum of all lines that have a cost, per month."""
        return _sum(self.line_items)

    @property
    def without_quantity(self) -> tuple[LineItem, ...]:
        """The lines whose quantity only usage could tell: not in the total."""
        return tuple(item for item in self.line_items if item.cost is None)

    def by_confidence(self) -> Mapping[Confidence, Amount]:
        """The total split by the confidence of the prices it rests on; the three parts sum to it."""
        return {level: _sum(item for item in self.line_items if item.confidence == level) for level in CONFIDENCES}

    def by_service(self) -> Mapping[str, Amount]:
        """The total split by AWS service, the most expensive first."""
        return self._split("service")

    def by_address(self) -> Mapping[str, Amount]:
        """The total split by resource, the most expensive first."""
        return self._split("address")

    def by_type(self) -> Mapping[str, Amount]:
        """The total split by resource type, the most expensive first."""
        return self._split("type")

    def of(self, address: str) -> Amount:
        """What one resource costs per month."""
        return _sum(item for item in self.line_items if item.address == address)

    def _split(self, field: str) -> Mapping[str, Amount]:
        groups: dict[str, list[LineItem]] = {}
        for item in self.line_items:
            groups.setdefault(getattr(item, field), []).append(item)
        sums = {name: _sum(items) for name, items in groups.items()}
        return dict(sorted(sums.items(), key=lambda entry: (-entry[1].usd, entry[0])))


def _sum(items: Iterable[LineItem]) -> Amount:
    return Amount(sum((item.cost for item in items if item.cost is not None), Decimal(0)), Window.MONTH)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A line before its tier is known: tiers and free allowances belong to the account, so they need all lines of a sku."""

    resource: Resource
    component: str
    price: Price
    quantity: Quantity | None
    usage_based: bool
    region: str
    keys: tuple[str, ...]


def estimate(
    architecture: Architecture,
    prices: PriceBook,
    usage: Usage | None = None,
    *,
    free_tier: bool = False,
    plans: Sequence[Plan] = (),
) -> Estimate:
    """The month's bill of `architecture`, and of the `plans` that are paid beside it.

    Without `usage`, lines that depend on it have no quantity. Tiers and, with `free_tier`, the account's free allowances are
    used up in the order of the addresses, as if this stack were alone in its account.
    """
    references = References(architecture)
    drafts: list[_Draft] = []
    free: list[Free] = []
    unpriced: list[Unpriced] = []
    for resource in _priced_resources(architecture, usage):
        kind, address = resource.type, resource.address
        if kind in FREE:
            free.append(Free(address, kind, FREE[kind]))
        elif kind in UNLISTED:
            unpriced.append(Unpriced(address, kind, UNLISTED[kind]))
        elif kind not in RATE_CARD:
            reason = f"{resource.defined_at}: {kind} is neither in the rate card nor known to be free"
            unpriced.append(Unpriced(address, kind, reason))
        else:
            book = prices.of(resource.region or architecture.region)
            found, problems = _resource_drafts(_setting(resource, references, book, usage))
            drafts += found
            unpriced += problems
            if not found and not problems:
                free.append(Free(address, kind, _free_as_configured(resource)))
    unpriced += _unheard(architecture, usage)
    unpriced += _not_evaluated(architecture)
    paid, unknown = _plans(plans, prices)
    unpriced += unknown
    return Estimate(
        architecture.stack,
        prices.region,
        prices.as_of,
        prices.day,
        (*_line_items(drafts, prices, free_tier), *paid),
        tuple(free),
        tuple(unpriced),
        "" if usage is None else usage.origin,
    )


PLAN = "plan"
"""The type of a line that is no resource of the Terraform."""


def _plans(plans: Sequence[Plan], prices: PriceBook) -> tuple[list[LineItem], list[Unpriced]]:
    """The lines of what is paid by the month beside the resources: from the price book, else as the stack's file assumes."""
    lines, unknown = [], []
    for plan in plans:
        price = prices.prices.get(plan.sku)
        if plan.month is not None:
            usd, source = plan.month.value, plan.month.source or f"{FILE_NAME}:{plan.line}: {plan.month.reason}"
            as_of, unit, confidence = "", "month", _UNPUBLISHED
        elif price is not None:
            row = price.tiers[0]
            usd, source, as_of, unit, confidence = row.usd, row.source, row.as_of, row.unit, row.confidence
        else:
            reason = (
                f"{FILE_NAME}:{plan.line}: the price book has no row {plan.sku}; name another, or give `month` in USD"
            )
            unknown.append(Unpriced(plan.name, PLAN, reason))
            continue
        cost = usd * plan.count
        lines.append(
            LineItem(
                plan.name, PLAN, "by the month", plan.service, plan.sku or PLAN, plan.count, unit, usd, cost,
                usage_based=False, source=source, as_of=as_of, confidence=confidence, region=prices.region,
            )
        )  # fmt: skip
    return lines, unknown


_UNPUBLISHED: Confidence = "low"
"""How sure an amount is that a stack's file assumes."""


def monthly(resource: Resource, references: References, prices: PriceBook) -> Amount:
    """What one resource costs in a month, as far as no usage tells it."""
    drafts, _ = (
        _resource_drafts(_setting(resource, references, prices, None)) if resource.type in RATE_CARD else ([], [])
    )
    return _sum(_line_items(drafts, prices, free_tier=False))


def _priced_resources(architecture: Architecture, usage: Usage | None) -> Iterator[Resource]:
    """The managed resources by address, and the pseudo resources that exist only in the usage."""
    pseudo = [
        Resource(address, "aws_data_transfer", address.partition(".")[2], {}, Location(usage.origin if usage else ""))
        for address in (usage.quantities if usage else ())
        if address.startswith("aws_data_transfer.")
    ]
    yield from sorted((*architecture.resources, *pseudo), key=lambda resource: resource.address)


def _setting(resource: Resource, references: References, prices: PriceBook, usage: Usage | None) -> Setting:
    use, hours = use_of(usage, resource.address, resource.type) if usage else ({}, ())
    return Setting(resource, references, prices, use, hours)


_AS_CONFIGURED: Mapping[str, str] = {
    "aws_ecs_service": "its tasks run on instances, which are charged themselves",
    "aws_ecs_cluster": "a cluster is not charged; its tasks and, where switched on, Container Insights are",
    "aws_vpc_endpoint": "gateway endpoints are not charged",
    "aws_acm_certificate": "public certificates are not charged",
    "aws_backup_vault": "a vault is charged by what it keeps, and no plan of the stack writes to it",
    "aws_route53_record": "queries to alias records of AWS resources are not charged",
    "aws_ssm_parameter": "standard parameters are not charged",
    "aws_sns_topic_subscription": "deliveries to SQS and Lambda are not charged",
    "aws_api_gateway_stage": "a stage without a cache is not charged; requests are charged at the API",
    "aws_xray_group": "a group without insights is not charged",
    "aws_cloudtrail": "the first copy of management events is not charged; what it stores is charged at the bucket",
}


def _free_as_configured(resource: Resource) -> str:
    if any(block.get("type") == "EXTERNAL" for block in resource.values.get("deployment_controller") or ()):
        return "its tasks stand in its task sets, which are charged themselves"
    return _AS_CONFIGURED.get(resource.type, "as it is configured, no component of it is charged")


def _resource_drafts(setting: Setting) -> tuple[list[_Draft], list[Unpriced]]:
    drafts, problems = [], []
    resource = setting.resource
    for charge in RATE_CARD[resource.type]:
        try:
            if charge.applies(setting):
                drafts.append(_draft(setting, charge))
        except NotPriced as reason:
            problems.append(
                Unpriced(resource.address, resource.type, f"{charge.component}: {reason}", charge.component)
            )
    return drafts, _without_repetition(problems)


def _without_repetition(problems: list[Unpriced]) -> list[Unpriced]:
    """One entry per reason, naming the components that share it."""
    by_reason: dict[str, list[Unpriced]] = {}
    for problem in problems:
        by_reason.setdefault(problem.reason.removeprefix(f"{problem.component}: "), []).append(problem)
    merged = []
    for reason, same in by_reason.items():
        components = ", ".join(problem.component for problem in same)
        merged.append(Unpriced(same[0].address, same[0].type, f"{components}: {reason}", components))
    return merged


def _draft(setting: Setting, charge: Charge) -> _Draft:
    sku = charge.sku if isinstance(charge.sku, str) else charge.sku(setting)
    price = setting.prices.prices.get(sku)
    if price is None:
        book = setting.prices
        dated = f" of {book.as_of}" if book.as_of else ""
        raise NotPriced(f"the price book of {book.region}{dated} has no price for {sku}")
    quantity = charge.quantity(setting)
    usage_based = bool(charge.keys) and (
        quantity is None or bool(setting.load_hours) or any(setting.used(key) is not None for key in charge.keys)
    )
    region = setting.prices.region
    return _Draft(setting.resource, charge.component, price, quantity, usage_based, region, charge.keys)


def _line_items(drafts: list[_Draft], prices: PriceBook, free_tier: bool) -> Iterator[LineItem]:
    """The lines of the drafts, tier by tier; `position` is how much of a price, `left` how much of an allowance, is used up."""
    position: dict[tuple[str, str], Decimal] = {}
    left: dict[str, Decimal] = {}
    for draft in drafts:
        sku = draft.price.sku
        if draft.quantity is None:
            yield _line(draft, draft.price.tiers[0], None)
            continue
        draft.price.tiers[0].unit_price.cost(draft.quantity)  # refuses a quantity in another unit
        place = (sku, draft.price.scope)
        start, amount = position.get(place, Decimal(0)), draft.quantity.amount
        position[place] = start + amount
        allowance = prices.allowance(sku) if free_tier else None
        if allowance is not None and allowance.tier_end is not None:
            given = min(amount, left.get(allowance.sku, allowance.tier_end))
            left[allowance.sku] = left.get(allowance.sku, allowance.tier_end) - given
            if given > 0:
                yield _line(draft, allowance, given, sku)
            start, amount = start + given, amount - given
            if not amount and given:
                continue
        parts = draft.price.parts(start, amount) or ((draft.price.tiers[0], Decimal(0)),)
        for row, share in parts:
            yield _line(draft, row, share)


def _line(draft: _Draft, row: PriceRow, quantity: Decimal | None, sku: str = "") -> LineItem:
    return LineItem(
        draft.resource.address,
        draft.resource.type,
        f"{draft.component}, free allowance" if sku else draft.component,
        row.service,
        sku or row.sku,
        quantity,
        row.unit,
        row.usd,
        None if quantity is None else row.usd * quantity,
        draft.usage_based,
        row.source,
        row.as_of,
        row.confidence,
        draft.region,
        draft.keys if quantity is None else (),
    )


def _unheard(architecture: Architecture, usage: Usage | None) -> Iterator[Unpriced]:
    """What the usage names and no price reads: an address outside the stack, or a key that the type does not have."""
    if usage is None:
        return
    kinds: dict[str, str] = {}
    for resource in architecture.resources:
        for name in (resource.address, *patterns(resource.address)):
            kinds.setdefault(name, resource.type)
    for address, quantities in usage.quantities.items():
        kind = kinds.get(address) or _type_of(address)
        if address not in kinds and kind != "aws_data_transfer":
            yield Unpriced(address, kind, f"{usage.origin} gives a use for it, but the stack has no such resource")
        elif kind in RATE_CARD:
            for key in sorted(set(quantities) - usage_keys(kind)):
                yield Unpriced(address, kind, unknown_key(kind, key), key)


def _not_evaluated(architecture: Architecture) -> Iterator[Unpriced]:
    """The modules that could not be read, and the resource blocks of which not even the instances are known."""
    for error in architecture.errors:
        *_, kind, _name = ("", "", *without_index(error.address).split("."))
        if kind == "module":
            yield Unpriced(error.address, kind, f"what it holds is not in the bill: {error.message}")
    for address in sorted(architecture.incomplete - set(architecture.by_address)):
        if not any(r.address.startswith(f"{address}[") for r in architecture.resources):
            why = next((e.message for e in architecture.errors if e.address.startswith(f"{address}.")), "")
            yield Unpriced(address, _type_of(address), f"how many there are is not known: {why}")


def unknown_key(kind: str, key: str) -> str:
    """The sentence about a usage key that no price of a resource type reads, with the nearest key that one does."""
    known = sorted(usage_keys(kind))
    near = get_close_matches(key, known, 1)
    advice = f"did you mean {near[0]}?" if near else f"known are {', '.join(known) or 'none'}"
    return f"no price of {kind} reads the usage key {key}; {advice}"


def _type_of(address: str) -> str:
    parts = [part for part in address.split(".") if part]
    return parts[-2] if len(parts) > 1 else address


def to_json(cost: Estimate) -> dict[str, Any]:
    """The estimate as JSON values; decimals are strings, and so nothing is rounded."""
    return {
        "currency": CURRENCY,
        "window": f"{Window.MONTH} of {number(HOURS_PER_MONTH)} hours",
        "as_of": cost.day.isoformat(),
        "total": number(cost.total.usd),
        "line_items": [
            {
                "address": item.address,
                "component": item.component,
                "sku": item.sku,
                "quantity": None if item.quantity is None else number(item.quantity),
                "unit": item.unit,
                "unit_price": number(item.unit_price),
                "cost": None if item.cost is None else number(item.cost),
                "usage_based": item.usage_based,
                "source": item.source,
                "as_of": item.as_of or None,
                "confidence": item.confidence,
                **({"unknown": item.unknown} if item.keys else {}),
            }
            for item in cost.line_items
        ],
        "free": [{"address": item.address, "type": item.type, "reason": item.reason} for item in cost.free],
        "unpriced": [{"address": item.address, "type": item.type, "reason": item.reason} for item in cost.unpriced],
    }
