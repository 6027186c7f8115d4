"""`gameday dashboard`: the dashboards of a stack as their operator would see them, with an incident in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column, Table

from analysis import alarms as layer
from analysis import facts, files, studies
from analysis.alarms.dashboards import Dashboard, Filled, metrics
from analysis.commands.common import (
    FINDINGS,
    AsJson,
    Directory,
    Runtime,
    ScenarioFile,
    Var,
    VarFile,
    about,
    complete,
    course,
    err,
    out,
    print_json,
    refusals,
    refuse,
    tell,
    tell_unreached,
    unreached_json,
)

if TYPE_CHECKING:
    from analysis.alarms import Pack
    from analysis.architecture import Architecture

MARKS = " ▁▂▃▄▅▆▇█"
SPARK_WIDTH = 48


def dashboard(
    directory: Directory,
    var: Var = [],  # noqa: B006 (Typer copies)
    var_file: VarFile = [],  # noqa: B006 (Typer copies)
    pack: Annotated[
        Path | None,
        typer.Option("--pack", metavar="FILE", help="An incident, as for `gameday alarms`; else a night is simulated."),
    ] = None,
    gaps: Annotated[str, typer.Option("--gaps", help="`missing` or `refuse`, as for `gameday alarms`.")] = "refuse",
    scenario: ScenarioFile = None,
    runtime: Runtime = None,
    users: Annotated[int | None, typer.Option("--users", min=1, help="Users at the peak of a simulated night.")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of a simulated night.")] = 1,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="Alarms as they were at 2026-03-07T20:45:00Z; else at the end."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Draw them into a file of its own for a browser.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The stack's dashboards with an incident in them: widgets, lines, alarms, and what could not be shown."""
    if gaps not in ("refuse", "missing"):
        refuse(f"--gaps {gaps}: write refuse or missing")
    from analysis.night import NightError  # noqa: PLC0415 (pulls in the compiler)

    with refusals(NightError):
        found = complete(directory, var, var_file)
        told = layer.read(found)
        boards, refused = layer.dashboards(found, told)
        try:
            moment = layer.moment(at) if at else None
            if pack is not None:
                incident = layer.load(pack, gaps="missing" if gaps == "missing" else "refuse")
            else:
                asked = [*metrics(boards), *(metric for alarm in told.metric for _, metric in alarm.queries)]
                night = studies.studied_night(
                    found,
                    course(directory, scenario),
                    about(directory),
                    seed,
                    peak_users=users,
                    profile=facts.runtime(runtime) if runtime else None,
                )
                incident = night.pack_of(asked) if boards else night.pack
        except ValueError as error:
            refuse(str(error))
        if moment is not None and not incident.start <= moment <= incident.start + dt.timedelta(
            minutes=incident.minutes
        ):
            refuse(
                f"--at {at}: the incident begins at {incident.start:%Y-%m-%dT%H:%MZ} and lasts {incident.minutes} minutes"
            )
        filled = _filled(found, told, boards, incident, moment)
    tell(refused)
    if not boards and not refused:
        err.print("gameday: this stack has no aws_cloudwatch_dashboard", highlight=False)
    if html is not None:
        _draw(found, incident, moment, html)
    elif as_json:
        from analysis.drawing.dashboards import as_text  # noqa: PLC0415 (pulls in what only drawing needs)

        print_json({"origin": incident.origin, **as_text(filled), **unreached_json(found, directory)})
    else:
        for shown, widgets in filled:
            out.print(_table(shown, widgets, incident))
        tell_unreached(found, directory)
    if refused or not boards:
        raise typer.Exit(FINDINGS)


def _filled(
    found: Architecture, told: layer.Alarms, boards: Sequence[Dashboard], incident: Pack, moment: dt.datetime | None
) -> list[tuple[Dashboard, tuple[Filled, ...]]]:
    rows = layer.backtest(found, incident, alarms=told).rows
    states = {row.alarm: row.states for row in rows if row.states}
    return [(shown, layer.fill(shown, incident, found, states, moment)) for shown in boards]


def _draw(found: Architecture, incident: Pack, moment: dt.datetime | None, target: Path) -> None:
    from analysis.drawing import dashboards  # noqa: PLC0415 (pulls in what only drawing needs)

    text = dashboards.page(f"Dashboards of {found.stack}", dashboards.drawn(found, incident, at=moment, key="night"))
    files.write(target, text)
    out.print(str(target), highlight=False, soft_wrap=True)


def _table(shown: Dashboard, widgets: Sequence[Filled], incident: Pack) -> Table:
    title = f"{shown.name}: {len(widgets)} widgets over {incident.minutes} minutes ({incident.origin})"
    table = Table("Place", Column("Widget", overflow="fold"), Column("Shows", overflow="fold"), title=escape(title))
    for one in widgets:
        place = f"{one.widget.x},{one.widget.y} {one.widget.width}x{one.widget.height}"
        table.add_row(place, escape(one.widget.title or one.widget.kind), escape("\n".join(_said(one))))
    return table


def _said(one: Filled) -> Iterator[str]:
    for line in one.drawn:
        if not line.note:
            yield f"{line.line.label}: {sparkline([value for _, value in line.points])} {_ends(line.points)}"
    for mark in one.widget.marks:
        yield f"- - {mark.label} {mark.value:g}"
    if one.statuses:
        ringing = [f"{status.name}" for status in one.statuses if status.state == "ALARM"]
        yield f"in alarm: {', '.join(ringing) or 'none'}; OK: {sum(status.state == 'OK' for status in one.statuses)}"
        if unknown := [status.name for status in one.statuses if status.state is None]:
            yield f"not modelled: {', '.join(unknown)}"
    if one.widget.kind == "text":
        yield one.widget.markdown.strip()
    yield from one.notes


def _ends(points: Sequence[tuple[int, float | None]]) -> str:
    real = [value for _, value in points if value is not None]
    return f"last {real[-1]:.4g}, highest {max(real):.4g}" if real else "no datapoint"


def sparkline(values: Sequence[float | None], width: int = SPARK_WIDTH) -> str:
    """A line of blocks, the highest of each stretch; a gap is a blank."""
    if not values:
        return ""
    step = max(1, -(-len(values) // width))
    tops: list[Any] = [
        max((value for value in values[first : first + step] if value is not None), default=None)
        for first in range(0, len(values), step)
    ]
    most = max((top for top in tops if top is not None), default=0.0) or 1.0
    return "".join(" " if top is None else MARKS[1 + round(7 * max(0.0, top) / most)] for top in tops)
