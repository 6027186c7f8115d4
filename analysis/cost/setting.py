"""One resource among the things its price depends on: its arguments, the resources it refers to, its use in the month.

The rate card's functions take a `Setting` and return a sku or a quantity. What a price needs and nobody knows raises
`NotPriced`, whose sentence ends up in the estimate's list of unpriced components.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import Any, NamedTuple, TypeAlias

from analysis.architecture import Architecture, Resource, Unknown, Value
from analysis.demand.usage import LoadHours
from analysis.facts.prices import PriceBook
from analysis.units import HOURS_PER_MONTH, Quantity
from analysis.wiring.references import References, argument_of

DATA_SOURCE = re.compile(r"(?:module\.[^.\[]+(?:\[[^]]*\])?\.)*data\.")
"""How the address of a data source begins, also of one in modules."""


class NotPriced(Exception):  # noqa: N818 - not an error of the program: the reason why a component stays without a price
    """Why a component has no price, in one sentence."""


@dataclass(frozen=True)
class Setting:
    """A resource in its architecture, with the prices and, where something is known about it, its use in the month."""

    resource: Resource
    wiring: References
    prices: PriceBook
    use: Mapping[str, Decimal]
    load_hours: tuple[LoadHours, ...] = ()

    @property
    def architecture(self) -> Architecture:
        """The stack that the resource is part of."""
        return self.wiring.architecture

    @property
    def day(self) -> dt.date:
        """The day of the bill."""
        return self.prices.day

    def of(self, resource: Resource) -> Setting:
        """The same for another resource, without any use of its own."""
        return replace(self, resource=resource, use={}, load_hours=())

    def known(self, value: Value, what: str) -> Value:
        """`value`, unless it is known only after apply; then NotPriced says what it stands for and where that is defined."""
        if not isinstance(value, Unknown):
            return value
        raise NotPriced(f"{what} is known only after apply: it is {value.reference}, {self._origin(value.reference)}")

    def _origin(self, reference: str) -> str:
        address = max(
            (a for a in self.architecture.by_address if reference == a or reference.startswith((f"{a}.", f"{a}["))),
            key=len,
            default=None,
        )
        if address is None:
            return f"used at {self.resource.defined_at}"
        return f"defined at {self.architecture.by_address[address].defined_at}"

    def get(self, name: str, default: Any = None) -> Any:
        """An argument of the resource; `default` where it is not set. Raises NotPriced where it is known only after apply."""
        value = self.resource.values.get(name)
        if self._left_to_provider(name, value):
            return default
        value = self.known(value, name)
        return default if value is None else value

    def _left_to_provider(self, name: str, value: Value) -> bool:
        """Whether nobody set the argument: a plan then gives it as unknown, as itself, and nothing is referred to."""
        return (
            isinstance(value, Unknown)
            and value.reference == f"{self.resource.address}.{name}"
            and not any(argument_of(reference) == name for reference in self.resource.references)
        )

    def set_number(self, name: str, default: int) -> Decimal:
        """Like `number`, for an argument that the provider never fills in: unknown there means set, but not known."""
        value = self.known(self.resource.values.get(name), name)
        return as_number(default if value is None else value, name)

    def text(self, name: str, default: str = "") -> str:
        """An argument as text."""
        return str(self.get(name, default))

    def number(self, name: str, default: Decimal | int | None = None) -> Decimal:
        """An argument as a number. Raises NotPriced where it is neither set nor defaulted."""
        value = self.get(name, default)
        if value is None:
            raise NotPriced(f"{name} is not set in {self.resource.address}, and the price depends on it")
        return as_number(value, name)

    def flag(self, name: str) -> bool:
        """An argument as true or false; false where it is not set."""
        value = self.get(name, False)
        return value is True or value == "true"

    def blocks(self, name: str) -> tuple[Mapping[str, Value], ...]:
        """The repeated blocks (or list of objects) of a name; none where it is not set."""
        value = self.get(name, ())
        items = tuple(value) if isinstance(value, tuple | list) else (value,)
        blocks = tuple(self.known(item, name) for item in items)
        if not all(isinstance(block, Mapping) for block in blocks):
            raise NotPriced(f"{name} holds something that is not a block, at {self.resource.location(name)}")
        return blocks

    def block(self, name: str) -> Mapping[str, Value]:
        """The first block of a name, or an empty one."""
        return next(iter(self.blocks(name)), {})

    def used(self, key: str) -> Decimal | None:
        """How much of `key` the month uses, or None where nobody said."""
        return self.use.get(key)

    def size(self, *names: str) -> int:
        """The number of elements of the first of these lists that is set; 0 where none is.

        A plan may know of a set only that it is unknown; its elements are then the resources that the argument refers to.
        Raises NotPriced where not even those are known, as where a data source lists them.
        """
        unknown = ""
        for name in names:
            value = self.resource.values.get(name)
            if isinstance(value, Unknown):
                referred = {r.address for r in self.resource.references if argument_of(r) == name}
                if referred and not any(DATA_SOURCE.match(address) for address in referred):
                    return len(referred)
                unknown = unknown or name
            elif value:
                return len(value)
        if unknown:
            raise NotPriced(f"how many {unknown} there are is known only after apply")
        return 0

    def follow(self, attribute: str, *types: str) -> Resource | None:
        """The one resource of `types` that `attribute` names, by reference or by its literal name; None where it names none."""
        return next(iter(self.wiring.linked(self.resource, attribute, *types)), None)

    def need(self, attribute: str, *types: str) -> Setting:
        """Like `follow`, as a setting. Raises NotPriced where the resource is not part of this stack."""
        found = self.follow(attribute, *types)
        if found is None:
            raise NotPriced(f"{attribute} names no {' or '.join(types)} of this stack, and the price depends on it")
        return self.of(found)

    def referred_by(self, *types: str) -> Iterator[Resource]:
        """The resources of `types` that refer to this one."""
        return self.wiring.referring(self.resource, *types)


def as_number(value: Value, what: str) -> Decimal:
    """A number that Terraform may hold as a number or as text. Raises NotPriced for anything else."""
    try:
        number = Decimal("NaN" if isinstance(value, bool) else str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise NotPriced(f"{what} is {value!r}, which is not a number")
    return number


Sku: TypeAlias = str | Callable[[Setting], str]
QuantityOf: TypeAlias = Callable[[Setting], Quantity | None]
Count: TypeAlias = Callable[[Setting], Decimal | int]
Applies: TypeAlias = Callable[[Setting], bool]


class Charge(NamedTuple):
    """One row of the rate card: a component, its sku, its quantity per month, the usage keys it reads, and when it applies.

    A quantity of None means that only usage tells. `keys` are Infracost's names where Infracost has one.
    """

    component: str
    sku: Sku
    quantity: QuantityOf
    keys: tuple[str, ...] = ()
    applies: Applies = lambda _: True


def one(_: Setting) -> int:
    """One of it."""
    return 1


def hourly(
    component: str, sku: Sku, count: Count = one, applies: Applies = lambda _: True, unit: str = "hour"
) -> Charge:
    """A charge for every hour of the month, for `count` of them."""
    return Charge(component, sku, lambda s: Quantity(HOURS_PER_MONTH * count(s), unit), (), applies)


def monthly(component: str, sku: Sku, unit: str, count: Count = one, applies: Applies = lambda _: True) -> Charge:
    """A charge for `count` units held for the whole month."""
    return Charge(component, sku, lambda s: Quantity(Decimal(count(s)), unit), (), applies)


def by_use(component: str, sku: Sku, key: str, unit: str, *, per: int = 1, applies: Applies = lambda _: True) -> Charge:
    """A charge for what the month uses of `key`, sold in units of `per`."""

    def quantity(setting: Setting) -> Quantity | None:
        amount = setting.used(key)
        return None if amount is None else Quantity(amount / per, unit)

    return Charge(component, sku, quantity, (key,), applies)


def if_used(component: str, sku: Sku, key: str, unit: str, *, per: int = 1) -> Charge:
    """Like `by_use`, but not listed at all where the usage does not name it: for what most resources of the type do not have."""
    return by_use(component, sku, key, unit, per=per, applies=lambda s: s.used(key) is not None)


def in_chunks(component: str, sku: Sku, keys: tuple[str, str], unit: str, *, chunk_kb: int, per: int) -> Charge:
    """A charge per request, where each started `chunk_kb` of a request counts as one.

    `keys` are that of the number of requests and that of their size in KB; without a size a request is one chunk.
    """
    amount_key, size_key = keys

    def quantity(setting: Setting) -> Quantity | None:
        amount = setting.used(amount_key)
        if amount is None:
            return None
        size = setting.used(size_key) or Decimal(0)
        chunks = max(Decimal(1), (size / chunk_kb).to_integral_value(ROUND_CEILING))
        return Quantity(amount * chunks / per, unit)

    return Charge(component, sku, quantity, keys)
