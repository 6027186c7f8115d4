"""A record weighed: its figures with and without the decision, its options, and where an input would turn it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from analysis.architecture import Location
from analysis.decisions.expressions import Expression, Figure, Value
from analysis.decisions.records import EFFECTS, NOTHING, BreakEven, Change, Column, Option, Record
from analysis.facts import Assumption, FactError, Limit, Stack, limits, prices
from analysis.frontmatter import PlacedError
from analysis.studies import MEASURES, Measured, MeasureError, Studies, Study, StudyError, measure
from analysis.terraform import InputError
from analysis.units import number
from analysis.wiring import PathError

WHOLE_BILLS: Final = frozenset({"cost.month", "cost.idle_month"})
"""The measures to which what a change `adds` belongs."""

PRECISION: Final = 0.005
"""How narrow, as a share of its place in the range, the interval around a break-even gets."""

MAX_STEPS: Final = 24
"""Halvings at most; whole inputs of a range of millions need as many."""

PROBES: Final = 3
"""Where both ends of a range agree, so many inner points are tried, lest it turns there and back."""


@dataclass(frozen=True)
class Weighing:
    """What records of one stack are weighed with: the studies that they share, and the stack's directory."""

    studies: Studies
    directory: Path

    @cached_property
    def stack(self) -> str:
        """The stack as the shared studies know it."""
        own = self.directory.parent.resolve() == self.studies.directory.resolve()
        return self.directory.name if own else str(self.directory.resolve())

    @cached_property
    def study(self) -> Study:
        """The stack as it stands. Raises StudyError, FactError, InputError."""
        return self.studies.study(self.stack)

    @property
    def about(self) -> Stack:
        """What its gameday.toml says."""
        return self.study.about

    def changed(self, change: Change, varied: Change = NOTHING, stack: str = "") -> Study:
        """The stack, or another one of the same directory, under a change. What is varied is not kept for others."""
        wanted = change.then(varied)
        given: dict[str, Any] = {
            "variables": wanted.variables,
            "arguments": wanted.arguments,
            "without": wanted.without,
            "users": wanted.users,
            "poll_interval_s": wanted.poll_interval_s,
            "night": wanted.scenario,
            "assumed": wanted.assumed,
            "repriced": wanted.repriced,
        }
        return self.studies.study(stack or self.stack, keep=varied is NOTHING, **given)


def effect_columns(record: Record) -> Mapping[str, Column]:
    """The figures that every record has, by name: what the stack costs, and what it does on the record's night."""
    night = record.night
    dice = {"seed": night.seed, "faults": list(night.faults)}

    def column(name: str, title: str, measured: str, given: Mapping[str, Any], change: Change) -> Column:
        return Column(measured, title, given, change, Location(record.file), name)

    found = (
        column("month", "A month", "cost.month", {}, NOTHING),
        column("game", "One game", "cost.game", {}, NOTHING),
        column("users", "Users held", "capacity.users_held", {}, night.change),
        column("users_low", "Users held, at worst", "capacity.users_held", {"level": "low"}, night.change),
        column("age", "Age of an update, worst minute", "night.age_p95", dice, night.change),
        column("p99", "Answer time, p99", "night.p99", dice, night.change),
        column("errors", "Requests that fail", "night.errors", dice, night.change),
        column("harm", "Minutes with users affected", "night.harm", dice, night.change),
        column("lead", "Lead of the first page over user impact", "alarms.lead", dice, night.change),
    )
    assert tuple(one.name for one in found) == EFFECTS  # noqa: S101 (one table of names)
    return {one.name: one for one in found}


def sides(record: Record) -> tuple[Change, Change]:
    """The change that leads to the stack with the decision, and the one to the stack without it."""
    return (record.undo, NOTHING) if record.proposes else (NOTHING, record.undo)


def figure(world: Weighing, column: Column, change: Change, varied: Change = NOTHING, stack: str = "") -> Measured:
    """The figure of a column under a change. Raises MeasureError where there is none, StudyError where Terraform refuses it."""
    subject = world.changed(change.then(column.change), varied, stack)
    found = measure(column.measure, subject, column.arguments)
    if not change.adds or column.measure not in WHOLE_BILLS:
        return found
    listed = measure("cost.listed", subject, {"quantities": dict(change.adds)})
    total = Decimal(str(found.value)) + Decimal(str(listed.value))
    return replace(found, value=total, inputs=(*found.inputs, *listed.inputs))


BROKERED: Final[Mapping[str, str]] = {
    "premortem.delivered": "broker.delivered",
    "premortem.fullest": "broker.fullest",
    "cost.month": "broker.month",
    "cost.game": "broker.game",
}
"""The measure that stands for a column where a managed service pushes in place of a part of the stack."""

TOGETHER: Final[Mapping[str, Callable[[Decimal, Decimal], Decimal]]] = {
    "cost.month": lambda one, other: one + other,
    "cost.idle_month": lambda one, other: one + other,
    "cost.game": lambda one, other: one + other,
    "availability.promised": lambda one, other: 1 - (1 - one) * (1 - other),
}
"""What a figure is of two stacks, one beside the other: bills add up, and what fails apart is away only where both are."""


def option_figure(world: Weighing, option: Option, column: Column) -> Measured:
    """The figure of a column under an option. Raises as `figure`, and MeasureError where the option has no such figure."""
    if option.broker:
        if column.measure not in BROKERED:
            raise MeasureError(f"{column.measure} is not known of a broker; those are: {', '.join(BROKERED)}")
        given = {"broker": option.broker, "replaces": list(option.replaces)}
        brokered = replace(column, measure=BROKERED[column.measure], arguments=given)
        return figure(world, brokered, option.change, stack=option.stack)
    found = figure(world, column, option.change, stack=option.stack)
    if option.beside is None:
        return found
    if column.measure not in TOGETHER:
        raise MeasureError(f"{column.measure} is not known of two stacks; those are: {', '.join(TOGETHER)}")
    second = second_study(world, option)
    other = measure(column.measure, second, column.arguments)
    value = TOGETHER[column.measure](Decimal(str(found.value)), Decimal(str(other.value)))
    kept = tuple(replace(one, name=f"{one.name}, in {second.architecture.region}") for one in other.inputs)
    return replace(found, value=value, inputs=(*found.inputs, *kept))


def second_study(world: Weighing, option: Option) -> Study:
    """The second copy of the stack; what is paid by the month and is no resource is paid once."""
    second = world.changed(option.beside or NOTHING, stack=option.stack)
    return replace(second, about=replace(second.about, plans=()))


@dataclass(frozen=True, slots=True)
class Effect:
    """One figure with and without the decision. A text in place of a figure says why there is none."""

    name: str
    title: str
    with_it: Measured | str
    without_it: Measured | str

    @property
    def differs(self) -> bool:
        """Whether the decision moves the figure."""
        one, other = self.with_it, self.without_it
        if isinstance(one, str) or isinstance(other, str):
            return isinstance(one, str) != isinstance(other, str)
        return one.value != other.value


def effects(world: Weighing, record: Record) -> tuple[Effect, ...]:
    """Every figure with and without the decision. Raises PlacedError where the undoing is refused or reaches nothing."""
    with_it, without_it = sides(record)
    found = []
    for name, column in effect_columns(record).items():
        both = [_either(world, record, column, change) for change in (with_it, without_it)]
        found.append(Effect(name, column.title, *both))
    return tuple(found)


def _either(world: Weighing, record: Record, column: Column, change: Change) -> Measured | str:
    try:
        return figure(world, column, change)
    except (MeasureError, PathError) as error:
        return str(error)
    except StudyError as error:
        raise refused(record, error) from None
    except FactError as error:
        if not world.about.modelled:  # what rests on a crowd has no figure yet; what stands idle has
            return str(error)
        raise PlacedError(Location(record.file), str(error)) from None
    except InputError as error:
        raise PlacedError(Location(record.file), str(error)) from None


def refused(record: Record, error: Exception) -> PlacedError:
    """The refusal of an undoing, at the line that is to blame where the message names it."""
    word = "do" if record.proposes else "undo"
    place = next((where for name, where in record.undo_places.items() if name in str(error)), record.undo_place)
    return PlacedError(place, f"{word}: {error}")


# ---- predicates -------------------------------------------------------------------------------------------------------------


def read_figure(world: Weighing, record: Record, wanted: Figure, varied: Change = NOTHING) -> Measured:
    """A figure that an expression of the record names, on the side that it asks for."""
    known = {**effect_columns(record), **record.named}
    column = known.get(wanted.name) or _column(record, wanted)
    return figure(world, column, sides(record)[wanted.undone], varied)


def _column(record: Record, wanted: Figure) -> Column:
    """A measure that an expression names; what is simulated is taken on the record's night, with the given faults and seed."""
    given: dict[str, Any] = dict(wanted.arguments)
    change = NOTHING
    if "faults" in MEASURES[wanted.name].takes:
        change = record.night.change
        given = {"seed": record.night.seed, "faults": list(record.night.faults), **given}
    return Column(wanted.name, str(wanted), given, change, Location(record.file))


LIMITLESS: Final = frozenset({"user", "req/s", "connection"})
"""The units of figures that may be without a limit; of others, no figure means that it is not known."""


def comparable(found: Measured) -> Value:
    """The value of a figure for an expression; where there is no limit, infinity. Raises MeasureError where it is not known."""
    value = found.value
    if value is None:
        if found.unit not in LIMITLESS:
            raise MeasureError("is not known here, so nothing can be compared with it")
        return math.inf
    return value if isinstance(value, str) else float(value)


def holds(world: Weighing, record: Record, expression: Expression, varied: Change = NOTHING) -> bool:
    """Whether an expression of the record is true. Raises PlacedError; StudyError where Terraform refuses what is varied."""

    def value(wanted: Figure) -> Value:
        place = next(where for one, where in expression.places() if one == wanted)
        try:
            return comparable(read_figure(world, record, wanted, varied))
        except (MeasureError, PathError) as error:
            raise PlacedError(place, f"{wanted}: {error}") from None
        except (FactError, InputError) as error:
            raise PlacedError(place, str(error)) from None
        except StudyError as error:
            if varied is not NOTHING:
                raise
            raise refused(record, error) from None

    return expression.holds(value)


def readings(world: Weighing, record: Record, expression: Expression) -> tuple[tuple[Figure, Measured], ...]:
    """The figures that an expression names, as they are; those that cannot be had are left out, for `holds` to complain of."""
    found = []
    for wanted in expression.figures:
        try:
            found.append((wanted, read_figure(world, record, wanted)))
        except (MeasureError, PathError):
            continue
        except StudyError as error:
            raise refused(record, error) from None
    return tuple(found)


# ---- break-even -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where a statement turns as its input goes through its range: `at`, or None where it does not.

    `now` is the input as it is, `true_below` whether the statement is true below `at` (or everywhere), `back` a place where it
    turns back: then there is more than one break-even, and `at` is the lowest that was found.
    """

    spec: BreakEven
    unit: str
    now: float | None
    at: float | None
    true_below: bool
    tried: int
    back: bool = False

    @property
    def margin(self) -> float | None:
        """How many times what it is now the input would be at the break-even."""
        return self.at / self.now if self.at is not None and self.now else None


def vary(world: Weighing, spec: BreakEven, value: float) -> Change:
    """The input of a break-even at `value`."""
    exact = int(value) if spec.whole else value
    if spec.kind == "assumption":
        return Change(assumed={spec.input: value})
    if spec.kind == "price":
        book = prices(world.study.architecture.region).prices
        if spec.input not in book:
            raise PlacedError(spec.place, f"the price book of {world.study.architecture.region} has no {spec.input}")
        own = book[spec.input].tiers[0].usd
        return Change(repriced={spec.input: float(Decimal(str(value)) / own)})
    if spec.kind == "variable":
        first, *rest = spec.input.split(".")
        inner: Any = exact
        for key in reversed(rest):
            inner = {key: inner}
        return Change(variables={first: inner})
    address, argument = spec.input.split()
    return Change(arguments={address: {argument: exact}})


def _now(world: Weighing, record: Record, spec: BreakEven) -> tuple[float | None, str]:
    """The input as it is, or as the record's night assumes it, with its unit. Raises PlacedError where there is no such input."""
    try:
        if spec.kind == "assumption":
            found = assumption(world, spec.input)
            if found is None:
                raise PlacedError(spec.place, f"{spec.input} is no assumption of {world.directory.name}")
            return float(record.night.change.assumed.get(spec.input, found.at())), found.unit
        if spec.kind == "price":
            read = measure("fact.price", world.study, {"sku": spec.input})
        elif spec.kind == "variable":
            read = measure("terraform.variable", world.study, {"variable": spec.input})
        else:
            address, argument = spec.input.split()
            read = measure("terraform.attribute", world.study, {"address": address, "attribute": argument})
    except MeasureError as error:
        raise PlacedError(spec.place, str(error)) from None
    number_now = None if read.value is None or isinstance(read.value, str) else float(read.value)
    return number_now, read.unit


def crossing(world: Weighing, record: Record, spec: BreakEven) -> Crossing:
    """Where the statement turns, by bisection. Raises PlacedError, also where Terraform refuses a value of the range."""
    now, unit = _now(world, record, spec)
    tried: dict[float, bool] = {}

    def true_at(value: float) -> bool:
        if value not in tried:
            try:
                tried[value] = holds(world, record, spec.when, vary(world, spec, value))
            except StudyError as error:
                raise PlacedError(
                    spec.place, f"range: with {spec.input} = {value:g}, {error}; give a range that Terraform takes"
                ) from None
        return tried[value]

    low, high = spec.low, spec.high
    below, above = true_at(low), true_at(high)
    back = False
    if below == above:
        odd = next((value for value in _between(spec, low, high) if true_at(value) != below), None)
        if odd is None:
            return Crossing(spec, unit, now, None, below, len(tried))
        high, back = odd, True
    for _ in range(MAX_STEPS):
        if _narrow(spec, low, high):
            break
        middle = _middle(spec, low, high)
        low, high = (middle, high) if true_at(middle) == below else (low, middle)
    at = high if spec.whole else _middle(spec, low, high)
    return Crossing(spec, unit, now, at, below, len(tried), back)


def _middle(spec: BreakEven, low: float, high: float) -> float:
    """Halfway: by ratio where the range spans a power of ten, else by difference."""
    if spec.whole:
        return float((int(low) + int(high)) // 2)
    return math.sqrt(low * high) if spec.low > 0 and spec.high / spec.low >= 10 else (low + high) / 2


def _narrow(spec: BreakEven, low: float, high: float) -> bool:
    return high - low <= 1 if spec.whole else high - low <= PRECISION * max(abs(low), abs(high))


def _between(spec: BreakEven, low: float, high: float) -> list[float]:
    """Points that part the range into equal pieces, from the lowest."""
    half = _middle(spec, low, high)
    points = [_middle(spec, low, half), half, _middle(spec, half, high)][:PROBES]
    return [point for point in dict.fromkeys(points) if low < point < high]


# ---- options ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Weighed:
    """An option with one figure for each column, or the sentence that says why it has none.

    `guards` are the stack's own preconditions that refuse it although its figures can be computed.
    """

    option: Option
    figures: tuple[Measured, ...] | str
    guards: tuple[str, ...] = ()


def options(world: Weighing, record: Record) -> tuple[Weighed, ...]:
    """Every option considered, by the same model. Raises PlacedError where one cannot be computed and does not say so."""
    return tuple(
        Weighed(option, found, () if isinstance(found, str) else _guards(world, option))
        for option in record.options
        for found in (_option(world, record, option),)
    )


def _guards(world: Weighing, option: Option) -> tuple[str, ...]:
    subject = world.changed(option.change, stack=option.stack)
    return tuple(error.message.partition(": ")[2] or error.message for error in subject.guards)


_REFUSAL = re.compile(r'^(?:\S+: )?(?:error: )?(?:invalid value for variable "[^"]*": )?')
"""The place and the kind of message before what a refusal says."""


def _option(world: Weighing, record: Record, option: Option) -> tuple[Measured, ...] | str:
    if option.not_modelled:
        return f"Not modelled: {option.not_modelled}"

    def wrong(problem: object) -> PlacedError:
        return PlacedError(option.place, f"option {option.name!r}: {problem}")

    try:
        found = tuple(option_figure(world, option, column) for column in record.columns)
    except StudyError as error:
        if option.refused:
            return f"Terraform refuses it: {_REFUSAL.sub('', str(error))}"
        raise wrong(error) from None
    except (MeasureError, PathError, FactError, InputError) as error:
        raise wrong(error) from None
    if option.refused:
        raise wrong("is said to be refused, but its Terraform resolves; compute it instead")
    return found


# ---- what it rests on -------------------------------------------------------------------------------------------------------


def assumption(world: Weighing, name: str) -> Assumption | Limit | None:
    """What `name` stands for among the scenario's assumptions, the program's, the night's, harm's, and the limits."""
    from analysis.alarms import harm  # noqa: PLC0415 (with the night, which pulls in the compiler)
    from analysis.night import night_assumptions  # noqa: PLC0415 (pulls in the compiler)

    tables: tuple[Callable[[], Mapping[str, Assumption | Limit]], ...] = (
        lambda: world.study.assumptions,
        night_assumptions,
        harm.definition,
        limits,
    )
    return next((table()[name] for table in tables if name in table()), None)


def assumed(world: Weighing, record: Record) -> tuple[Assumption | Limit, ...]:
    """What the record says it assumes, with values and ranges. Raises PlacedError for a name that is none."""
    found = []
    for name, place in record.assumes:
        known = assumption(world, name)
        if known is None:
            raise PlacedError(
                place, f"{name} is no assumption, limit or figure of the night that {world.directory.name} rests on"
            )
        found.append(known)
    return tuple(found)


def shown_input(value: float, unit: str) -> str:
    """An input for a sentence: three digits, thousands apart, with its unit."""
    whole, dot, rest = number(Decimal(f"{value:.3g}")).partition(".")
    return f"{int(whole):,}{dot}{rest} {unit}".strip()
