"""What if: a stack at every point of a small grid of inputs, answered by the same model as everything else, and kept as a record.

The grid is data: `docs/SYSTEM/what-if.toml` names the stack and up to four axes. An axis sets one input or several that belong
together, each named as in

    var.prescale.tasks          a variable of the Terraform, or one key of it
    argument.ADDRESS.ARGUMENT   a top-level argument of a resource, for what no variable reaches
    settings.cache_ttl_s        a number of the `[settings]` of the stack's gameday.toml
    audience.peak_users         any other assumption of the scenario or the program (`Study.assumptions`)

Nothing is interpolated: what is not on the grid has no answer in the record, and `point` computes it.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any, Final, TypeAlias

from analysis import evidence
from analysis.architecture import Unknown
from analysis.capacity import Bound, Capacity, Holding
from analysis.capacity.analytic import Station
from analysis.facts import FactError
from analysis.facts.assumptions import Table, toml
from analysis.files import read_text
from analysis.studies.inputs import inputs
from analysis.studies.study import Studies, Study, StudyError

KIND: Final = "what-if"
PLAN: Final = "what-if.toml"
MODELS: Final = ("bill", "capacity")
MOST_AXES: Final = 4
MOST_POINTS: Final = 1_000
VARIABLE: Final = "var."
ARGUMENT: Final = "argument."
SETTING: Final = "settings."

Value: TypeAlias = Decimal | str | bool
Point: TypeAlias = Mapping[str, Any]
"""Figures of one point in plain JSON, or `refused` with the sentence with which the stack refuses its inputs."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One input that a reader may change: each of `values` holds a value for each of `sets`. `line` is where the axis begins.

    The first value of each is its key, by which an address or a command names it.
    """

    name: str
    sets: tuple[str, ...]
    values: tuple[tuple[Value, ...], ...]
    label: str = field(compare=False)
    unit: str = field(compare=False)
    labels: tuple[str, ...] = field(compare=False)
    line: int = field(compare=False)

    @property
    def keys(self) -> tuple[str, ...]:
        """What names each value, in their order."""
        return tuple(written(value[0]) for value in self.values)

    @property
    def is_number(self) -> bool:
        """Whether the axis is one number, so that any other one can be computed as well."""
        return len(self.sets) == 1 and isinstance(self.values[0][0], Decimal)

    @property
    def counts(self) -> bool:
        """Whether the axis is a number of things: it has no unit, and each of its values is whole."""
        return self.is_number and not self.unit and all(v[0] == v[0].to_integral_value() for v in self.values)  # type: ignore[union-attr]

    @property
    def changes_terraform(self) -> bool:
        """Whether another value makes the stack resolve to something else."""
        return any(name.startswith((VARIABLE, ARGUMENT)) for name in self.sets)


@dataclass(frozen=True)
class Grid:
    """The plan of a system: the name of its stack, and its axes; the last one changes fastest in a record."""

    stack: str
    axes: tuple[Axis, ...]
    path: Path = field(compare=False)
    file: str = field(compare=False)

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many values each axis has."""
        return tuple(len(axis.values) for axis in self.axes)

    @property
    def points(self) -> Iterator[tuple[int, ...]]:
        """Every point as the index of its value on each axis, in the order of the record."""
        return product(*map(range, self.sizes))

    def chosen(self, point: Sequence[int]) -> dict[str, Value]:
        """The inputs of a point by name."""
        return {
            name: value
            for axis, index in zip(self.axes, point, strict=True)
            for name, value in zip(axis.sets, axis.values[index], strict=True)
        }

    def error(self, axis: Axis, problem: str) -> FactError:
        """The refusal of an axis, ready to be raised."""
        return FactError(f"{self.file}:{axis.line}", axis.name, problem)


def written(value: Value) -> str:
    """A value as a command or an address has it: 5000, 0.2, db.t4g.medium, true."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


# ---- the plan --------------------------------------------------------------------------------------------------------------


def grid(path: Path) -> Grid:
    """The grid that a file describes. Raises FactError, with the file, the line and the key, where it cannot be used."""
    file = f"{path.parent.name}/{path.name}"
    table = toml(path, name=file, missing="write one with the stack and its axes")
    lines = _lines(read_text(path))
    entries = table.tables("axis", at_least=1)
    axes: list[Axis] = []
    for index, entry in enumerate(entries):
        try:
            axes.append(_axis(entry, lines[index, ""], axes))
        except FactError as error:
            line = lines.get((index, error.where.rpartition(".")[2]), lines[index, ""])
            raise FactError(f"{file}:{line}", error.where, error.problem) from None
    found = Grid(table.text("stack"), tuple(axes), path, file)
    table.closed()
    if len(axes) > MOST_AXES:
        raise found.error(axes[MOST_AXES], f"is axis {MOST_AXES + 1}; a page has {MOST_AXES} at most")
    if math.prod(found.sizes) > MOST_POINTS:
        size = " x ".join(map(str, found.sizes))
        raise found.error(
            axes[-1], f"makes {size} = {math.prod(found.sizes):,} points; {MOST_POINTS:,} at most are computed"
        )
    return found


def _lines(text: str) -> dict[tuple[int, str], int]:
    """The line of each `[[axis]]` by its number, and of each key in it, counted from 1."""
    found: dict[tuple[int, str], int] = defaultdict(lambda: 1)
    index = -1
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"\s*\[\[\s*axis\s*\]\]", line):
            index += 1
            found[index, ""] = number
        elif key := re.match(r"\s*([\w-]+)\s*=", line):
            found.setdefault((index, key[1]), number)
    return found


def _axis(entry: Table, line: int, before: Sequence[Axis]) -> Axis:
    name = entry.text("name")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise entry.error("name", f"is {name!r}; it is typed in a command, so write lower-case letters, digits and _")
    if name in {axis.name for axis in before}:
        raise entry.error("name", f"{name!r} is taken by an earlier axis")
    sets = _sets(entry)
    taken = {taken for axis in before for taken in axis.sets}
    if double := next((each for each in sets if each in taken), None):
        raise entry.error("sets", f"names {double}, which an earlier axis sets")
    values = _values(entry, len(sets))
    made = Axis(name, sets, values, entry.text("label"), entry.text("unit", ""), _labels(entry, values), line)
    entry.closed()
    if len(set(made.keys)) < len(values):
        raise entry.error("values", "begin alike in two places; the first of each value names it")
    numbers = [value[0] for value in values]
    if made.is_number and numbers != sorted(numbers):
        raise entry.error("values", "are not in order; a slider goes from the lowest to the highest")
    return made


def _sets(entry: Table) -> tuple[str, ...]:
    found = entry.get("sets")
    names = (found,) if isinstance(found, str) else tuple(found) if isinstance(found, list) else ()
    if not names or not all(isinstance(name, str) and name for name in names) or len(set(names)) < len(names):
        raise entry.error("sets", "must be the name of an input, or a list of different ones")
    for name in names:
        if name.startswith(VARIABLE) and name.count(".") > 2:
            raise entry.error("sets", f"names {name}; of a variable one key can be set, as in var.NAME.KEY")
    return names


def _values(entry: Table, inputs: int) -> tuple[tuple[Value, ...], ...]:
    found = entry.get("values")
    if not isinstance(found, list) or len(found) < 2:
        raise entry.error("values", "must be a list of at least two values")
    rows = [tuple(value) if isinstance(value, list) else (value,) for value in found]
    kinds = {tuple(map(_kind, row)) for row in rows}
    if len(kinds) > 1 or "" in next(iter(kinds)):
        raise entry.error("values", "must be numbers, texts or flags, the same kind in each place of the list")
    if len(rows[0]) != inputs:
        raise entry.error("values", f"hold {len(rows[0])} each, and `sets` names {inputs}")
    return tuple(tuple(Decimal(cell) if _kind(cell) == "number" else cell for cell in row) for row in rows)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int | Decimal):
        return "number" if Decimal(value).is_finite() else ""
    return "text" if isinstance(value, str) and value.strip() else ""


def _labels(entry: Table, values: Sequence[Sequence[Value]]) -> tuple[str, ...]:
    """What a page calls each value: `labels`, else the number with its thousands apart, or the text."""
    found = entry.get("labels")
    if found is None:
        firsts = [value[0] for value in values]
        return tuple(f"{first.normalize():,f}" if isinstance(first, Decimal) else written(first) for first in firsts)
    if not isinstance(found, list) or not all(isinstance(label, str) and label.strip() for label in found):
        raise entry.error("labels", "must be a list of texts")
    if len(found) != len(values):
        raise entry.error("labels", f"are {len(found)}, and there are {len(values)} values")
    return tuple(found)


# ---- points ----------------------------------------------------------------------------------------------------------------


def studied(studies: Studies, stack: str, chosen: Mapping[str, Value]) -> Study:
    """The stack with these inputs. Raises StudyError where Terraform refuses them, or one of them is not there."""
    variables: dict[str, Any] = {}
    arguments: dict[str, dict[str, Any]] = {}
    settings: dict[str, float] = {}
    assumed: dict[str, float] = {}
    for name, value in chosen.items():
        plain = _plain(value)
        if name.startswith(VARIABLE):
            variable, _, key = name.removeprefix(VARIABLE).partition(".")
            if key:
                variables.setdefault(variable, {})[key] = plain
            else:
                variables[variable] = plain
        elif name.startswith(ARGUMENT):
            address, _, argument = name.removeprefix(ARGUMENT).rpartition(".")
            arguments.setdefault(address, {})[argument] = plain
        elif name.startswith(SETTING):
            settings[name.removeprefix(SETTING)] = float(plain)
        else:
            assumed[name] = float(plain)
    return studies.study(stack, variables=variables, arguments=arguments, settings=settings, assumed=assumed)


def _plain(value: Value) -> Any:
    """A value as Terraform's own JSON has it: a number that is whole is an int."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


def present(study: Study, plan: Grid) -> tuple[int, ...]:
    """Where on the grid the stack is as it stands. FactError for an axis that sets what is not there, or that lacks its value."""
    return tuple(_present(study, plan, axis) for axis in plan.axes)


def _present(study: Study, plan: Grid, axis: Axis) -> int:
    own = tuple(_own(study, plan, axis, name) for name in axis.sets)
    for index, value in enumerate(axis.values):
        if value == own:
            return index
    has = ", ".join(map(written, own))
    raise plan.error(axis, f"has no value {has}, which {plan.stack} has as it stands; put it among `values`")


def _own(study: Study, plan: Grid, axis: Axis, name: str) -> Value:
    if name.startswith(VARIABLE):
        first, _, key = name.removeprefix(VARIABLE).partition(".")
        variable = study.architecture.variables.get(first)
        value = variable.value if variable else None
        if key:
            value = value.get(key) if isinstance(value, Mapping) else None
        known: Sequence[str] = [f"{VARIABLE}{each}" for each in study.architecture.variables]
    elif name.startswith(ARGUMENT):
        address, _, argument = name.removeprefix(ARGUMENT).rpartition(".")
        resource = study.architecture.by_address.get(address)
        value = resource.values.get(argument) if resource else None
        known = [f"{ARGUMENT}{address}.{each}" for each in resource.values] if resource else ["other addresses"]
    elif name.startswith(SETTING):
        value = study.about.settings.get(name.removeprefix(SETTING))
        known = [f"{SETTING}{each}" for each in study.about.settings]
    else:
        assumption = study.assumptions.get(name)
        value = assumption.value if assumption else None
        known = list(study.assumptions)
    if value is None or isinstance(value, Unknown | Mapping | tuple):
        what = "has no single value" if value is not None else "is not there"
        raise plan.error(axis, f"sets {name}, which {what} in {plan.stack}; there are {', '.join(known) or 'none'}")
    return Decimal(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else value


def point(study: Study) -> Point:
    """What a reader asks of a stack under some inputs; the same figures as `gameday capacity` and `gameday cost` give.

    Users are the scenario's peak. `held` are the users at which the first limit is used up, with the instances at the start of an
    event, as [pessimistic, central, optimistic]; `held_most` the same with as many as scaling allows; None is no known limit.
    """
    capacity = study.capacity
    station, bound = first_limit(capacity)
    polled = capacity.polled
    return {
        "users": capacity.users,
        "held": _held(capacity.at_start),
        "held_most": _held(capacity.at_most),
        "binds": [station.address, bound.name] if station and bound else None,
        "late": None if polled is None else round(1 - polled.fresh_share, 4),
        "age_p95_s": None if polled is None else round(polled.freshness.percentile_s(0.95), 3),
        "month_usd": f"{study.bill.total.usd:.2f}",
        "event_usd": f"{study.game.usd:.2f}",
    }


COLUMNS: Final = ("users", "held", "held_most", "binds", "late", "age_p95_s", "month_usd", "event_usd")
"""The figures of a point in the order in which a record holds them."""

VERDICTS: Final[Mapping[str, str]] = {
    "endless": "Yes; no limit is known",
    "yes": "Yes, also on pessimistic assumptions",
    "central": "Yes on central assumptions, no on pessimistic ones",
    "scaled": "No at the start; yes once it has scaled out",
    "optimistic": "Only on optimistic assumptions",
    "no": "No",
}
"""What may be said of whether a point holds, by `verdict`."""


def verdict(point: Point) -> str:
    """Whether the limits of a point leave room for its users: a key of VERDICTS."""
    users = max(point["users"], 1)  # where nobody is held, nobody coming is no proof that it holds
    low, value, high = (math.inf if figure is None else figure for figure in point["held"])
    most = point["held_most"][1]
    if low == math.inf:
        return "endless"
    if users <= low:
        return "yes"
    if users <= value:
        return "central"
    if most is None or users <= most:
        return "scaled"
    return "optimistic" if users <= high else "no"


def first_limit(capacity: Capacity) -> tuple[Station, Bound] | tuple[None, None]:
    """What is used up first with the instances at the start, and whose it is; nothing where nothing ever is."""
    if not capacity.bottleneck:
        return None, None
    station = capacity.station(capacity.bottleneck)
    known = [bound for bound in station.limits if bound.users_held.value is not None]
    return station, min(known, key=lambda bound: bound.users_held.value or 0.0)


def _held(holding: Holding) -> list[int | None]:
    figures = (holding.users.low, holding.users.value, holding.users.high)
    return [None if figure is None else round(figure) for figure in figures]


def computed(directory: Path, plan: Grid, done: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """The content of the record of a grid over the stack in `directory`; `done` is called after each point.

    Points that share their Terraform are computed together, so that it is resolved once for them. Raises FactError where the plan
    does not fit the stack.
    """
    today = present(Studies(directory.parent).study(directory.name), plan)
    together: dict[tuple[int, ...], list[tuple[int, ...]]] = defaultdict(list)
    for where in plan.points:
        together[tuple(i for i, axis in zip(where, plan.axes, strict=True) if axis.changes_terraform)].append(where)
    found: dict[tuple[int, ...], Point] = {}
    for group in together.values():
        studies = Studies(directory.parent)
        for where in group:
            found[where] = _answered(studies, directory.name, plan.chosen(where))
            done()
    rows = [found[where] for where in plan.points]
    binds = list(dict.fromkeys(tuple(row["binds"]) for row in rows if row.get("binds")))
    return {
        **_about(plan),
        "today": list(today),
        "binds": [list(each) for each in binds],
        "points": [_row(row, binds) for row in rows],
    }


def _row(point: Point, binds: Sequence[tuple[str, ...]]) -> list[Any] | str:
    """A point as a record holds it: its figures, what binds by its place in `binds`; a text is why it was refused."""
    if "refused" in point:
        return str(point["refused"])
    named = {**point, "binds": point["binds"] and binds.index(tuple(point["binds"]))}
    return [named[column] for column in COLUMNS]


def _point(row: list[Any] | str, binds: Sequence[Sequence[str]]) -> Point:
    """The inverse of `_row`."""
    if isinstance(row, str):
        return {"refused": row}
    found = dict(zip(COLUMNS, row, strict=True))
    return {**found, "binds": None if found["binds"] is None else list(binds[found["binds"]])}


def _answered(studies: Studies, stack: str, chosen: Mapping[str, Value]) -> Point:
    try:
        return point(studied(studies, stack, chosen))
    except StudyError as error:
        return {"refused": str(error)}


# ---- the record ------------------------------------------------------------------------------------------------------------


def basis(directory: Path, plan: Grid) -> dict[str, str]:
    """What the record rests on now: the stack as it stands and under each value of a variable, facts, prices, and the grid."""
    studies = Studies(directory.parent)
    today = studies.study(directory.name)
    variants = [today]
    for axis in plan.axes:
        if axis.changes_terraform:
            for value in axis.values:
                try:
                    variants.append(studied(studies, directory.name, dict(zip(axis.sets, value, strict=True))))
                except StudyError:
                    continue
    return evidence.basis(
        {**inputs(variants, priced=True), PLAN: [(a.name, a.sets, a.values) for a in plan.axes]}, MODELS
    )


@dataclass(frozen=True)
class Answers:
    """The record of a grid: its points in order, and which of them is the stack as it stands."""

    plan: Grid
    record: evidence.Record
    points: tuple[Point, ...]
    today: tuple[int, ...]

    @property
    def present(self) -> Point:
        """The stack as it stands."""
        return self.points[list(self.plan.points).index(self.today)]


def answers(directory: Path, plan: Grid) -> Answers:
    """The recorded answers beside the stack in `directory`. FactError where there are none, or of another grid."""
    path = evidence.beside(directory, KIND)
    again = f"run `gameday what-if docs/{plan.path.parent.name} --record`"
    try:
        record = evidence.read(path, KIND)
    except evidence.RecordError as error:
        raise FactError(path.name, "", f"{error}; {again}") from None
    if record is None:
        raise FactError(plan.file, "", f"has no record beside {plan.stack}; {again}")
    content = record.content
    if not isinstance(content, dict) or any(content.get(key) != value for key, value in _about(plan).items()):
        raise FactError(plan.file, "", f"is not the grid of {path.name}; {again}")
    points = tuple(_point(row, content["binds"]) for row in content["points"])
    return Answers(plan, record, points, tuple(content["today"]))


def _about(plan: Grid) -> dict[str, Any]:
    """What a record says of the grid that it is of."""
    axes = [(axis.name, list(axis.sets), [list(map(_plain, value)) for value in axis.values]) for axis in plan.axes]
    return {
        "stack": plan.stack,
        "axes": [{"name": name, "sets": sets, "values": values} for name, sets, values in axes],
        "columns": list(COLUMNS),
    }
