"""Where figures come from that the brief does not state: prices, limits, classes, the stacks, their rules and alarms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from analysis import alarms, proofs, runbooks
from analysis.facts import FactError, Price, instance, limit, metric_namespaces, metrics, prices, today
from analysis.facts.stacks import FILE_NAME
from analysis.ledger.dimensions import Amount
from analysis.studies import MeasureError, Studies, Study, StudyError, measure
from analysis.units import HOURS_PER_MONTH, number
from analysis.wiring import PathError

Kind: TypeAlias = Literal["brief", "price", "limit", "instance", "metric", "stack", "command", "formula"]


class SourceError(ValueError):
    """A figure that does not exist or cannot be had; the message is a sentence without a place."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """What went into a result: its name, the value as it is shown with its unit, and where it comes from.

    `where` is the line of the brief, the sku, the name of the limit, or the place in the Terraform; `stack` names that stack.
    """

    name: str
    value: str
    unit: str
    kind: Kind
    where: str
    stack: str = ""


Arguments: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class World:
    """What sources may ask: the stacks' studies, the amounts of other inputs by name; `reports` keeps what the rules said."""

    studies: Studies
    amount: Callable[[str], Amount]
    reports: dict[str, proofs.Report]

    def proved(self, study: Study) -> proofs.Report:
        """What the rules say of a stack; asked once."""
        name = study.directory.name
        if name not in self.reports:
            self.reports[name] = proofs.prove(
                study.architecture, scenario=study.crowd, stack=study.about,
                waivers=proofs.waivers(study.directory, proofs.RULES.keys()), today=today(),
            )  # fmt: skip
        return self.reports[name]

    def study(self, arguments: Arguments) -> Study:
        """The stack that a figure names by `stack`."""
        name = str(arguments.get("stack", ""))
        if not (self.studies.directory / name / FILE_NAME).is_file() or not name:
            raise SourceError(f'names no stack that exists; give it stack = "NAME", not {name!r}')
        return self.studies.study(name)


def figure(world: World, name: str, arguments: Arguments) -> tuple[Amount, Leaf]:
    """The amount of a figure with a dot in its name, and the leaf that shows it. Raises SourceError with a sentence."""
    try:
        if name in SOURCES:
            needs, takes, compute = SOURCES[name]
            missing, strange = set(needs) - arguments.keys(), arguments.keys() - {*needs, *takes}
            if missing or strange:
                raise SourceError(
                    f"{name} takes {', '.join((*needs, *takes))}, not {', '.join(arguments) or 'nothing'}"
                )
            return compute(world, arguments)
        study = world.study(arguments)
        found = measure(name, study, {key: value for key, value in arguments.items() if key != "stack"})
    except (MeasureError, StudyError, PathError, FactError, LookupError) as error:
        raise SourceError(str(error).strip("'\"")) from None
    if found.value is None or isinstance(found.value, str):
        raise SourceError(f"{name} is {found.value or 'without a limit'}, with which nothing can be computed")
    value = Decimal(str(found.value))
    where = found.inputs[0].origin if len(found.inputs) == 1 else found.formula
    shown = found.inputs[0].name if len(found.inputs) == 1 else f"{name} of {study.directory.name}"
    return Amount.of(value, found.unit), Leaf(shown, plain(value), found.unit, "stack", where, study.directory.name)


def plain(value: Decimal) -> str:
    """A number for people: whole from a thousand on, else four significant digits; small ones with all their digits."""
    if value == value.to_integral_value():
        return f"{value:,.0f}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    digits = max(0, 3 - value.adjusted()) if abs(value) >= Decimal("0.001") else -value.as_tuple().exponent  # type: ignore[operator]
    return number(Decimal(f"{value:.{min(digits, 12)}f}"))


# ---- facts ------------------------------------------------------------------------------------------------------------------


def _price(_: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    price = _book_price(arguments)
    tier = next((row for row in price.tiers if row.tier_start == Decimal(str(arguments.get("above", 0)))), None)
    if tier is None:
        raise SourceError(f"{price.sku} has no tier that begins at {arguments['above']:g}")
    unit = f"USD/{_unit(price.unit)}"
    return Amount.of(tier.usd, unit), Leaf(price.sku, number(tier.usd), unit, "price", price.sku)


def _priced(world: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """A quantity tier by tier, less what is `free`: the name of an input, or `account` for the account's own allowance."""
    price = _book_price(arguments)
    quantity = world.amount(str(arguments["quantity"])).into(_unit(price.unit))
    free = Decimal(0)
    if arguments.get("free") == "account":
        allowed = prices().allowance(price.sku)
        if allowed is None or allowed.tier_end is None:
            raise SourceError(f"the account has no free allowance of {price.sku}")
        free = allowed.tier_end
    elif "free" in arguments:
        free = world.amount(str(arguments["free"])).into(_unit(price.unit))
    cost = price.cost(max(Decimal(0), quantity - free))
    name = f"{plain(quantity)} {price.unit} of {price.sku}" + (f", {plain(free)} of it free" if free else "")
    return Amount.of(cost, "USD"), Leaf(name, plain(cost), "USD", "price", price.sku)


def _book_price(arguments: Arguments) -> Price:
    book = prices(str(arguments.get("region", "us-east-1")), today().isoformat())
    sku = str(arguments["sku"])
    if sku not in book.prices:
        raise SourceError(f"the price book of {book.region} has no {sku}")
    return book.prices[sku]


def _unit(text: str) -> str:
    """The unit of a price as a unit of amounts: memory is metered in GB of 1,024 MB."""
    return text.replace("/", " ").replace("GB-second", "GiB-second")


def _limit(_: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    fact = limit(str(arguments["name"]))
    return Amount.of(fact.value, fact.unit), Leaf(fact.name, plain(fact.value), fact.unit, "limit", fact.name)


def _calendar(hours: Decimal, words: str) -> Callable[[World, Arguments], tuple[Amount, Leaf]]:
    return lambda _world, _arguments: (
        Amount.of(hours, "h"),
        Leaf(words, number(hours), "h", "formula", "365 days a year"),
    )


_OF_CLASS: Mapping[str, tuple[str, str]] = {
    "vcpu": ("vcpu", "vCPU"), "baseline": ("baseline_vcpu", "vCPU"), "memory": ("memory_gib", "GiB"),
    "redis_memory": ("max_memory_bytes", "B"),
}  # fmt: skip


def _instance(_: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    made, of = instance(str(arguments["type"])), str(arguments["of"])
    if of not in _OF_CLASS:
        raise SourceError(f"an instance class has {', '.join(_OF_CLASS)}, not {of!r}")
    attribute, unit = _OF_CLASS[of]
    value = getattr(made, attribute)
    if value is None:
        raise SourceError(f"{made.instance_class} has no {of}")
    amount = Decimal(str(value))
    return Amount.of(amount, unit), Leaf(f"{of} of {made.instance_class}", plain(amount), unit, "instance", made.source)


def _metric(_: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """1 where AWS publishes the metric under these dimensions (`A+B`, or none), else 0."""
    namespace, name = str(arguments["namespace"]), str(arguments["metric"])
    if namespace not in metric_namespaces():
        raise SourceError(f"the catalogue of metrics does not know the namespace {namespace}")
    made = metrics().get((namespace, name))
    under = frozenset(filter(None, str(arguments.get("dimensions", "")).split("+")))
    there = made is not None and ("dimensions" not in arguments or under in made.dimensions)
    said = f"{namespace} {name}" + (
        f" under {'+'.join(sorted(under)) or 'no dimension'}" if "dimensions" in arguments else ""
    )
    return Amount(Decimal(there)), Leaf(
        f"{said} is published", str(int(there)), "metric", "metric", made.source if made else ""
    )


# ---- stacks -----------------------------------------------------------------------------------------------------------------


def _failing(world: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """The resources at which a rule of `gameday prove` fails in a stack."""
    rule, study = str(arguments["rule"]), world.study(arguments)
    if rule not in proofs.RULES:
        raise SourceError(f"{rule!r} is no rule; `gameday prove` lists them")
    failing = {v.address for v in world.proved(study).verdicts if v.rule.id == rule and v.state == "fails"}
    where = ", ".join(sorted(failing)[:2]) or "nowhere"
    count = Decimal(len(failing))
    return Amount(count), Leaf(f"rule {rule} fails", str(count), "place", "stack", where, study.directory.name)


def _with(world: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """The resources of a type, one argument of which has a value: a text, a number, or true and false as texts."""
    study, kind, name = world.study(arguments), str(arguments["type"]), str(arguments["argument"])
    wanted = str(arguments["is"])
    every = [one for one in study.architecture.resources if one.type == kind]
    if not every:
        raise SourceError(f"{study.directory.name} has no {kind}")
    found = [one for one in every if _word(one.values.get(name)) == wanted]
    count = Decimal(len(found))
    place = found[0].location(name) if found else every[0].defined_at
    said = f"{kind} with {name} = {wanted}"
    return Amount(count), Leaf(
        said, str(count), "resource", "stack", f"{place.file}:{place.line}", study.directory.name
    )


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def _able(world: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """The metric alarms of a stack, or the one that is named, which can fire."""
    study, wanted = world.study(arguments), arguments.get("alarm")
    every = [alarm for alarm in alarms.read(study.architecture).metric if wanted in (None, alarm.name)]
    if not every:
        raise SourceError(f"{study.directory.name} has no alarm {wanted or ''}".rstrip())
    silent = {alarm.name: [f for f in alarms.faults(alarm, study.architecture) if f.certain] for alarm in every}
    able = Decimal(sum(not found for found in silent.values()))
    why = next((found[0].sentence for found in silent.values() if found), "no fault is known")
    return Amount(able), Leaf(
        f"alarms of {len(every)} that can fire", str(able), "alarm", "stack", why, study.directory.name
    )


def _refused(_: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """What the shell, the command line or the service would refuse of a command."""
    text = str(arguments["text"])
    try:
        checked = runbooks.check(runbooks.parse(f"```bash\n{text}\n```\n", "brief"))
    except runbooks.NotInstalledError as error:
        raise SourceError(str(error)) from None
    findings = [one for one in checked.findings if one.rule != "front matter"]
    count = Decimal(len(findings))
    why = findings[0].what if findings else "nothing is refused"
    return Amount(count), Leaf(f"refused of `{text}`", str(count), "fault", "command", why)


Source: TypeAlias = tuple[tuple[str, ...], tuple[str, ...], Callable[[World, Arguments], tuple[Amount, Leaf]]]

SOURCES: Mapping[str, Source] = {
    "price.unit": (("sku",), ("region", "above"), _price),
    "price.of": (("sku", "quantity"), ("region", "free"), _priced),
    "calendar.month": ((), (), _calendar(HOURS_PER_MONTH, "hours of a mean month")),
    "calendar.year": ((), (), _calendar(12 * HOURS_PER_MONTH, "hours of a year")),
    "limit.at": (("name",), (), _limit),
    "instance.has": (("type", "of"), (), _instance),
    "metric.published": (("namespace", "metric"), ("dimensions",), _metric),
    "rule.fails": (("stack", "rule"), (), _failing),
    "stack.with": (("stack", "type", "argument", "is"), (), _with),
    "alarm.able": (("stack",), ("alarm",), _able),
    "command.refused": (("text",), (), _refused),
}
"""Figures that no measure of a study gives: what each needs, what it may be given, and how it is had."""
