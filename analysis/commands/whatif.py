"""`gameday what-if`: one point of a system's page "What if" computed for real, or the record of all of them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import Progress
from rich.table import Column, Table

from analysis import evidence, facts, units
from analysis.commands.common import AsJson, day_of, err, out, print_json, refusals, refuse
from analysis.facts.stacks import FILE_NAME
from analysis.studies import Studies, StudyError, whatif
from analysis.studies.whatif import Axis, Grid, Point, Value

MOST = 10**12
"""What no input exceeds: what is asked for more has no answer."""


def what_if(
    directory: Annotated[
        Path,
        typer.Argument(metavar="SYSTEM", help=f"A system's folder of pages with a {whatif.PLAN}, such as docs/buzzer."),
    ],
    inputs: Annotated[
        list[str] | None,
        typer.Argument(metavar="AXIS=VALUE", help="Inputs in place of the stack's own; else as it stands."),
    ] = None,
    record: Annotated[
        bool,
        typer.Option(
            "--record", help="Compute every point of the grid and write the record beside the stack: minutes."
        ),
    ] = False,
    date: Annotated[str, typer.Option("--date", metavar="YYYY-MM-DD", help="The day to record; else today's.")] = "",
    as_json: AsJson = False,
) -> None:
    """Does it hold, what binds first and what does it cost with other inputs: a point of the page "What if"."""
    if record and inputs:
        refuse("--record computes every point of the grid; leave out AXIS=VALUE")
    with refusals(StudyError):
        plan = whatif.grid(directory / whatif.PLAN)
        stack = _stack(directory, plan)
        if record:
            _record(stack, plan, date)
            return
        studies = Studies(stack.parent)
        own = studies.study(stack.name)
        today = plan.chosen(whatif.present(own, plan))
        given = {name: value for text in inputs or () for name, value in _given(plan, text).items()}
        points = [whatif.point(own), whatif.point(whatif.studied(studies, stack.name, {**today, **given}))]
    if as_json:
        print_json(points[1])
    else:
        out.print(_table(plan, points))


def _stack(directory: Path, plan: Grid) -> Path:
    """The directory of the stack: below the project's terraform/stacks, else the project's own Terraform."""
    project = directory.resolve().parent.parent
    beside = project / "terraform" / "stacks" / plan.stack
    found = next((path for path in (beside, project) if path.name == plan.stack and (path / FILE_NAME).is_file()), None)
    if found is None:
        raise facts.FactError(plan.file, "stack", f"names {plan.stack}, and there is no {beside / FILE_NAME}")
    return found


def _given(plan: Grid, text: str) -> dict[str, Value]:
    """The inputs that `AXIS=VALUE` sets; of an axis that is one number any other number is computed as well."""
    name, equals, value = text.partition("=")
    axis = next((axis for axis in plan.axes if axis.name == name), None)
    if not equals or axis is None:
        refuse(f"{text}: write AXIS=VALUE with an axis of {plan.file}: {', '.join(a.name for a in plan.axes)}")
    row = axis.values[axis.keys.index(value)] if value in axis.keys else _other(axis, value)
    return dict(zip(axis.sets, row, strict=True))


def _other(axis: Axis, text: str) -> tuple[Value, ...]:
    try:
        value = Decimal(text) if axis.is_number else None
    except InvalidOperation:
        value = None
    if value is None or not value.is_finite() or not 0 <= value <= MOST or (axis.counts and value % 1):
        number = f"a {'whole ' if axis.counts else ''}number from 0 to {MOST:,}"
        kind = number if axis.is_number else f"one of {', '.join(axis.keys)}"
        refuse(f"{axis.name}={text}: write {kind}")
    return (value,)


def _record(stack: Path, plan: Grid, date: str) -> None:
    day = day_of(date)
    rests_on = whatif.basis(stack, plan)
    with Progress(console=err, transient=True) as progress:
        bar = progress.add_task("points", total=len(list(plan.points)))
        content = whatif.computed(stack, plan, done=lambda: progress.advance(bar))
    path = evidence.write(evidence.beside(stack, whatif.KIND), evidence.Record(whatif.KIND, day, rests_on, content))
    refused = sum("refused" in point for point in content["points"])
    out.print(f"{len(content['points']):,} points, {refused:,} of them refused by Terraform: {path}", highlight=False)


def _table(plan: Grid, points: list[Point]) -> Table:
    table = Table(
        "", Column("As it stands", justify="right"), Column("With these inputs", justify="right"), title=plan.stack
    )
    for title, cell in ROWS:
        table.add_row(title, *(escape(cell(point)) for point in points))
    return table


def _held(figures: list[int | None]) -> str:
    low, value, high = figures
    if value is None:
        return "no known limit"
    return f"{value:,}" + ("" if low == high else f" ({_end(low)} to {_end(high)})")


def _end(figure: int | None) -> str:
    return "no known limit" if figure is None else f"{figure:,}"


def _binds(point: Point) -> str:
    return "no known limit" if point["binds"] is None else " of ".join(reversed(point["binds"]))


ROWS: tuple[tuple[str, Callable[[Point], str]], ...] = (
    ("Users at the peak", lambda point: f"{point['users']:,}"),
    ("Does it hold", lambda point: whatif.VERDICTS[whatif.verdict(point)]),
    ("Users held at the start", lambda point: _held(point["held"])),
    ("Users held scaled out", lambda point: _held(point["held_most"])),
    ("Binds first", _binds),
    (
        "Updates later than the target",
        lambda point: "not modelled" if point["late"] is None else f"{100 * point['late']:.3g} %",
    ),
    ("A month", lambda point: units.money(Decimal(point["month_usd"]))),
    ("What one event adds", lambda point: units.money(Decimal(point["event_usd"]))),
)
