"""Where figures come from that the brief does not state: prices, limits, classes, the stacks, their rules and alarms."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from analysis import alarms, proofs, runbooks
from analysis.architecture import Resource
from analysis.facts import FactError, Price, instance, limit, log_kinds, metric_namespaces, metrics, prices, today
from analysis.ledger.dimensions import Amount
from analysis.ledger.evidence import EVIDENCE
from analysis.ledger.world import Arguments, Leaf, Source, SourceError, World, below, counted, plain, word
from analysis.premortem import Premortem, PremortemError, premortem
from analysis.studies import MeasureError, Study, StudyError, measure
from analysis.units import HOURS_PER_MONTH, number
from analysis.wiring import PathError
from analysis.wiring.values import blocks, document


def figure(world: World, name: str, arguments: Arguments) -> tuple[Amount, Leaf]:
    """The amount of a figure with a dot in its name, and the leaf that shows it. Raises SourceError with a sentence."""
    value, leaf = told(world, name, arguments)
    if not isinstance(value, Amount):
        raise SourceError(f"{name} is {value or 'without a limit'}, with which nothing can be computed")
    return value, leaf


def told(world: World, name: str, arguments: Arguments) -> tuple[Amount | str, Leaf]:
    """As `figure`, of what may be a text as well; a text that is empty is a figure without a limit."""
    try:
        if name in SOURCES:
            needs, takes, compute = SOURCES[name]
            missing, strange = set(needs) - arguments.keys(), arguments.keys() - {*needs, *takes}
            if missing or strange:
                raise SourceError(
                    f"{name} takes {', '.join((*needs, *takes))}, not {', '.join(arguments) or 'nothing'}"
                )
            if wrong := unfit(arguments):
                raise SourceError(f"{name}: {wrong}")
            return compute(world, arguments)
        study = world.study(arguments)
        found = measure(name, study, {key: value for key, value in arguments.items() if key != "stack"})
    except (MeasureError, StudyError, PathError, FactError, PremortemError, LookupError) as error:
        raise SourceError(str(error).strip("'\"")) from None
    where = found.inputs[0].origin if len(found.inputs) == 1 else found.formula
    shown = found.inputs[0].name if len(found.inputs) == 1 else f"{name} of {study.directory.name}"
    if found.value is None or isinstance(found.value, str):
        text = found.value or ""
        return text, Leaf(shown, text or "without a limit", found.unit, "stack", where, study.directory.name)
    value = Decimal(str(found.value))
    return Amount.of(value, found.unit), Leaf(shown, plain(value), found.unit, "stack", where, study.directory.name)


_NUMBERS: Final = frozenset({"above", "line", "record", "users"})
_EITHER: Final = frozenset({"is", "free", "at"})


def unfit(arguments: Arguments) -> str:
    """What is wrong with the kind of an argument, in words: a number where a text belongs or the reverse. Empty if all fit."""
    for key, value in arguments.items():
        if key in _EITHER:
            continue
        is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        if is_number != (key in _NUMBERS):
            return f"{key} is {'a number' if key in _NUMBERS else 'a text in quotes'}, not {value!r}"
        if key in {"line", "record"} and value != int(value):
            return f"{key} is a whole number, not {value}"
    return ""


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


def _discovered(_: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """1 where Logs Insights makes the field of a log of that kind by itself, else 0."""
    kind, field = str(arguments["log"]), str(arguments["field"])
    known = log_kinds()
    if kind not in known:
        raise SourceError(f"the kinds of log that are known are {', '.join(known)}, not {kind!r}")
    made = int(field in known[kind].fields)
    return counted(f"{field} is made of {kind} log", made, "field", "metric", known[kind].source)


# ---- stacks -----------------------------------------------------------------------------------------------------------------


def _judged(state: str) -> Callable[[World, Arguments], tuple[Amount, Leaf]]:
    """The resources at which a rule of `gameday prove` holds, or fails, in a stack."""

    def counted(world: World, arguments: Arguments) -> tuple[Amount, Leaf]:
        rule, study = str(arguments["rule"]), world.study(arguments)
        if rule not in proofs.RULES:
            raise SourceError(f"{rule!r} is no rule; `gameday prove` lists them")
        found = {v.address for v in world.proved(study).verdicts if v.rule.id == rule and v.state == state}
        where = ", ".join(sorted(found)[:2]) or "nowhere"
        count = Decimal(len(found))
        return Amount(count), Leaf(f"rule {rule} {state}", str(count), "place", "stack", where, study.directory.name)

    return counted


def _with(world: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """The resources of a type with an argument that `is` a value, a text, a number or `true`, or is set at all.

    The argument may lead into blocks, `health_check.interval`; of several blocks, or elements of a list, one must have the value.
    `has` asks for a part of the text; `name` chooses resources by a part of their address.
    """
    study, kind, path = world.study(arguments), str(arguments["type"]), str(arguments["argument"])
    part = str(arguments.get("name", ""))
    every = [one for one in study.architecture.resources if one.type == kind and part in one.address]
    if not every:
        raise SourceError(f"{study.directory.name} has no {kind}{f' with {part} in its address' if part else ''}")
    return _fitting(study, [(one, one.values) for one in every], kind, path, arguments)


def _containers(world: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """As `_with`, the containers of all task definitions; `environment.NAME` and `secrets.NAME` lead to a variable."""
    study, path = world.study(arguments), str(arguments["argument"])
    every = [
        (
            task,
            {
                **container,
                **{
                    key: {str(one.get("name")): one.get(value) for one in blocks(container.get(key))}
                    for key, value in (("environment", "value"), ("secrets", "valueFrom"))
                },
            },
        )
        for task in study.architecture.of_type("aws_ecs_task_definition")
        for container in blocks(document(task.values.get("container_definitions")))
        if str(arguments.get("name", "")) in str(container.get("name"))
    ]
    if not every:
        raise SourceError(f"{study.directory.name} has no container that can be read")
    return _fitting(study, every, "container", path, arguments, "container_definitions")


def _fitting(
    study: Study,
    every: Sequence[tuple[Resource, Mapping[str, Any]]],
    what: str,
    path: str,
    arguments: Arguments,
    argument: str = "",
) -> tuple[Amount, Leaf]:
    """How many of these have what is asked at the end of the path, with the place of the first."""

    def fits(value: Any) -> bool:
        if "is" in arguments:
            return word(value) == word(arguments["is"])
        return str(arguments["has"]) in word(value) if "has" in arguments else value not in (None, "")

    found = [one for one, values in every if any(fits(value) for value in below(values, path.split(".")))]
    place = found[0].location(argument or path.partition(".")[0]) if found else every[0][0].defined_at
    asked = (
        f" = {word(arguments['is'])}"
        if "is" in arguments
        else f" with {arguments['has']} in it"
        if "has" in arguments
        else ""
    )
    where = f"{place.file}:{place.line}" if place.file else "nowhere"
    return counted(f"{what} with {path}{asked}", len(found), "resource", "stack", where, study.directory.name)


def _able(world: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """The metric alarms of a stack that can fire: all of them, the one that is named, or those that read a metric."""
    study, wanted, metric = world.study(arguments), arguments.get("alarm"), arguments.get("metric")
    every = [
        alarm
        for alarm in alarms.read(study.architecture).metric
        if wanted in (None, alarm.name) and metric in (None, *(query.name for _, query in alarm.queries))
    ]
    if not every:
        raise SourceError(
            f"{study.directory.name} has no alarm {wanted or ''}{f'on {metric}' if metric else ''}".rstrip()
        )
    silent = {alarm.name: [f for f in alarms.faults(alarm, study.architecture) if f.certain] for alarm in every}
    why = next((found[0].sentence for found in silent.values() if found), "no fault is known")
    able = sum(not found for found in silent.values())
    return counted(f"alarms of {len(every)} that can fire", able, "alarm", "stack", why, study.directory.name)


def _drawn(world: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """The widgets of a stack's dashboards that draw a metric."""
    study, metric = world.study(arguments), str(arguments["metric"])
    boards, _ = alarms.dashboards(study.architecture)
    found = [
        board
        for board in boards
        for widget in board.widgets
        if any(line.metric is not None and line.metric.name == metric for line in widget.lines)
    ]
    where = found[0].address if found else "nowhere"
    return counted(f"widgets that draw {metric}", len(found), "widget", "stack", where, study.directory.name)


def _quantity(world: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """How much of a sku is billed in a month with its games, over all lines; `address` chooses those of one resource."""
    study, sku, address = world.study(arguments), str(arguments["sku"]), arguments.get("address")
    lines = [one for one in study.bill.line_items if one.sku == sku and address in (None, one.address)]
    known = [one.quantity for one in lines if one.quantity is not None]
    if not known or len(known) < len(lines):
        raise SourceError(f"the bill of {study.directory.name} has no quantity of {sku}")
    total, name = sum(known, Decimal(0)), f"{sku} in a month, counted in {lines[0].unit}"
    return Amount(total), Leaf(name, plain(total), "", "stack", study.bill.usage, study.directory.name)


def _hours(world: World, arguments: Arguments) -> Premortem:
    """The scenario's hours: with `users` at the peak in place of its own, and `faults` with spaces between them."""
    study, users = world.study(arguments), arguments.get("users")
    if isinstance(users, str):
        raise SourceError(f"users is a number, not {users!r}")
    return premortem(
        study.architecture, study.scenario, study.about, users=None if users is None else int(users),
        faults=str(arguments.get("faults", "")).split(),
    )  # fmt: skip


def _fullest(world: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """Load over capacity of the limit that is fullest in these hours, of stations with `station` in their address."""
    found, part = _hours(world, arguments), str(arguments.get("station", ""))
    chosen = [one for one in found.strained if any(part in station for station in one.stations)]
    if not chosen:
        raise SourceError(f"no load reaches a limit of {part or found.stack}")
    most = float(chosen[0].load.max())
    if math.isinf(most):
        raise SourceError(f"the {chosen[0].limit.name} of {chosen[0].stations[0]} are asked for while there are none")
    where = f"{chosen[0].stations[0]}, {chosen[0].limit.name}"
    value, name = Decimal(str(round(most, 6))), f"load over capacity of the fullest limit{_given(arguments)}"
    return Amount(value), Leaf(name, plain(value), "share", "stack", where, found.stack)


def _failed(world: World, arguments: Arguments) -> tuple[Amount, Leaf]:
    """The share of a crowd's requests that fail in these hours, after what clients try again."""
    found = _hours(world, arguments)
    asked = [one for one in found.courses if one.polled and one.unit == "request"]
    come = sum(float(one.come.sum()) for one in asked)
    if come <= 0:
        raise SourceError(f"no crowd asks {found.stack} for anything")
    value = Decimal(str(round(sum(float((one.come * one.fails).sum()) for one in asked) / come, 9)))
    name = f"requests that fail{_given(arguments)}"
    return Amount(value), Leaf(name, plain(value), "share", "stack", found.scenario, found.stack)


def _given(arguments: Arguments) -> str:
    """What a pre-mortem was given beside the scenario, in words."""
    users, faults = arguments.get("users"), arguments.get("faults")
    return (f", {int(users):,} users" if users is not None else "") + (f", {faults}" if faults else "")


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


SOURCES: Mapping[str, Source] = {
    "price.unit": (("sku",), ("region", "above"), _price),
    "price.of": (("sku", "quantity"), ("region", "free"), _priced),
    "calendar.month": ((), (), _calendar(HOURS_PER_MONTH, "hours of a mean month")),
    "calendar.year": ((), (), _calendar(12 * HOURS_PER_MONTH, "hours of a year")),
    "limit.at": (("name",), (), _limit),
    "instance.has": (("type", "of"), (), _instance),
    "log.discovers": (("log", "field"), (), _discovered),
    "metric.published": (("namespace", "metric"), ("dimensions",), _metric),
    "rule.fails": (("stack", "rule"), (), _judged("fails")),
    "rule.holds": (("stack", "rule"), (), _judged("holds")),
    "stack.with": (("stack", "type", "argument"), ("is", "has", "name"), _with),
    "container.with": (("stack", "argument"), ("is", "has", "name"), _containers),
    "alarm.able": (("stack",), ("alarm", "metric"), _able),
    "dashboard.draws": (("stack", "metric"), (), _drawn),
    "bill.quantity": (("stack", "sku"), ("address",), _quantity),
    "premortem.fullest": (("stack",), ("station", "users", "faults"), _fullest),
    "premortem.failed": (("stack",), ("users", "faults"), _failed),
    "command.refused": (("text",), (), _refused),
    **EVIDENCE,
}
"""Figures that no measure of a study gives: what each needs, what it may be given, and how it is had."""
