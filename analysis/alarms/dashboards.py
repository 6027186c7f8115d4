"""Dashboards of a stack: what CloudWatch would lay out of their JSON, and the datapoints of an incident in it.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html. A body that
rests on what Terraform learns at apply is read as far as it is known; what is not drawn here is said inside the widget.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from analysis.alarms import expressions
from analysis.alarms.definitions import DAY_S, MINUTE_S, Alarms, Metric, known, percentile
from analysis.alarms.faults import metric_faults
from analysis.alarms.packs import PERIOD_S, Pack, Points
from analysis.alarms.replay import NoDataError, aggregated
from analysis.alarms.semantics import State
from analysis.architecture import Architecture, Diagnostic, Location, Resource, Unknown, Value

DASHBOARD = "aws_cloudwatch_dashboard"

COLUMNS = 24
"""The grid is 24 units wide; a unit of height is as high as one of width is wide."""

DEFAULT_SIZE = 6
DEFAULT_PERIOD_S = 300
MOST_WIDGETS = 500
MOST_HEIGHT = 1000

Kind: TypeAlias = Literal["graph", "number", "text", "alarms", "other"]

VIEWS: Mapping[str, Kind] = {"timeSeries": "graph", "singleValue": "number", "gauge": "number"}
"""How a metric widget is drawn; what is not here is named and not drawn."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a graph: a metric, or an expression over the lines with ids. `problem` says why it cannot be drawn at all."""

    label: str
    id: str = ""
    metric: Metric | None = None
    expression: str = ""
    period_s: int = DEFAULT_PERIOD_S
    visible: bool = True
    right: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A straight line across a graph: an annotation of the dashboard, or the threshold of an alarm."""

    label: str
    value: float


@dataclass(frozen=True, slots=True)
class Widget:
    """One widget at its place on the grid, in units from the top left corner."""

    kind: Kind
    x: int
    y: int
    width: int
    height: int
    title: str = ""
    lines: tuple[Line, ...] = ()
    marks: tuple[Mark, ...] = ()
    unit: str = ""
    least: float | None = None
    most: float | None = None
    stacked: bool = False
    markdown: str = ""
    alarms: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard with its widgets from top to bottom, left to right. `span_s` is the time it shows; None: it does not say."""

    name: str
    address: str
    widgets: tuple[Widget, ...]
    span_s: int | None = None
    defined_at: Location = field(default=Location(""), compare=False)


@dataclass(frozen=True)
class Drawn:
    """A line with its datapoints: (minute from the pack's start at which the period begins, value or None).

    `note` says why there are none: the metric does not exist, or the incident does not hold it.
    """

    line: Line
    points: tuple[tuple[int, float | None], ...] = ()
    note: str = ""

    @property
    def latest(self) -> float | None:
        """The last value that is there."""
        return next((value for _, value in reversed(self.points) if value is not None), None)


@dataclass(frozen=True)
class Status:
    """An alarm as the alarm widget shows it at one moment, and since when it has been in that state (None: from the start)."""

    name: str
    state: State | None
    since: dt.datetime | None = None
    note: str = ""


@dataclass(frozen=True)
class Filled:
    """A widget with what an incident puts into it."""

    widget: Widget
    drawn: tuple[Drawn, ...] = ()
    statuses: tuple[Status, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Everything that the widget cannot show, each said once."""
        said = [self.widget.problem, *(one.note for one in self.drawn)]
        return tuple(dict.fromkeys(note for note in said if note))


class _BodyError(ValueError):
    """A body that CloudWatch would refuse, or that is not known before apply."""


def dashboards(
    architecture: Architecture, told: Alarms | None = None
) -> tuple[tuple[Dashboard, ...], tuple[Diagnostic, ...]]:
    """The dashboards of a stack, and those that cannot be read, with their place and the reason.

    `told` are the stack's alarms, whose thresholds an annotation may ask for.
    """
    found, refused = [], []
    for resource in architecture.of_type(DASHBOARD):
        try:
            found.append(_dashboard(resource, architecture, told))
        except _BodyError as error:
            where = resource.location("dashboard_body")
            refused.append(Diagnostic("error", f"{resource.address}: {error}", where))
    return tuple(found), tuple(refused)


def metrics(boards: Sequence[Dashboard]) -> tuple[Metric, ...]:
    """Every metric that the dashboards ask for, each once."""
    asked = (line.metric for board in boards for widget in board.widgets for line in widget.lines)
    return tuple(dict.fromkeys(metric for metric in asked if metric is not None))


def fill(
    dashboard: Dashboard,
    pack: Pack,
    architecture: Architecture | None = None,
    states: Mapping[str, Sequence[State]] | None = None,
    at: dt.datetime | None = None,
) -> tuple[Filled, ...]:
    """The widgets of a dashboard with the datapoints of `pack`.

    `architecture` tells whether a metric can exist at all. `states` are the alarms' states by minute, shown as they were `at` a
    moment of the pack (its end, where None). Raises PackError where a metric fits several series.
    """
    minute = pack.minutes if at is None else int((at - pack.start).total_seconds() // PERIOD_S)
    return tuple(_filled(widget, pack, architecture, states or {}, minute) for widget in dashboard.widgets)


def _filled(
    widget: Widget,
    pack: Pack,
    architecture: Architecture | None,
    states: Mapping[str, Sequence[State]],
    minute: int,
) -> Filled:
    if widget.kind == "alarms":
        return Filled(widget, statuses=tuple(_status(name, states.get(name), pack, minute) for name in widget.alarms))
    series: dict[str, tuple[int, Points]] = {}
    missing: dict[str, str] = {}
    drawn: list[Drawn] = []
    for line in widget.lines:
        if line.metric is None:
            continue
        note, points = _points(line, line.metric, pack, architecture)
        if line.id:
            series[line.id] = (line.period_s, points)
            if note:
                missing[line.id] = note
        if line.visible:
            drawn.append(Drawn(line, () if note else _stamped(points, line.period_s), note))
    drawn += [_computed(line, series, missing) for line in widget.lines if line.metric is None and line.visible]
    order = {id(line): number for number, line in enumerate(widget.lines)}
    return Filled(widget, tuple(sorted(drawn, key=lambda one: order[id(one.line)])))


def _status(name: str, found: Sequence[State] | None, pack: Pack, minute: int) -> Status:
    if found is None:
        return Status(name, None, note="its metric is not in the incident")
    last = min(minute, len(found) - 1)
    state = found[last]
    began = last
    while began > 0 and found[began - 1] == state:
        began -= 1
    return Status(name, state, pack.start + dt.timedelta(minutes=began) if began else None)


def _points(line: Line, metric: Metric, pack: Pack, architecture: Architecture | None) -> tuple[str, Points]:
    certain = [fault.sentence for fault in metric_faults(metric, architecture) if fault.certain]
    if certain:
        return f"{line.label}: no such metric, {certain[0]}.", ()
    series = pack.find(metric)
    if series is None:
        return f"{line.label}: {metric.name} of {_whose(metric)} is not in this incident's data.", ()
    try:
        ends, _ = aggregated(series, metric, line.period_s // PERIOD_S)
    except NoDataError as error:
        return f"{line.label}: {error}.", ()
    width = line.period_s // PERIOD_S
    return "", [ends[end] for end in range(width, len(ends), width)]


def _whose(metric: Metric) -> str:
    return ", ".join(known(value) for _, value in metric.dimensions) or metric.namespace


def _stamped(points: Points, period_s: int) -> tuple[tuple[int, float | None], ...]:
    """CloudWatch stamps a datapoint with the begin of its period."""
    width = period_s // PERIOD_S
    return tuple((number * width, point) for number, point in enumerate(points))


def _computed(line: Line, series: Mapping[str, tuple[int, Points]], missing: Mapping[str, str]) -> Drawn:
    try:
        expression = expressions.parse(line.expression)
    except expressions.ExpressionError as error:
        return Drawn(line, note=f"{line.label}: not drawn, {error}.")
    names = sorted(expression.names)
    if strangers := [name for name in names if name not in series]:
        return Drawn(
            line,
            note=f"{line.label}: not drawn, its expression names {strangers[0]}, which no metric of the widget has as id.",
        )
    if gone := [missing[name] for name in names if name in missing]:
        return Drawn(line, note=gone[0])
    periods = {series[name][0] for name in names}
    if len(periods) != 1:
        return Drawn(line, note=f"{line.label}: not drawn, its metrics have several periods or there are none.")
    period_s = periods.pop()
    windows = {name: tuple(series[name][1]) for name in names}
    try:
        values = expressions.value(expression, windows, period_s, tuple(windows))
    except expressions.ExpressionError as error:
        return Drawn(line, note=f"{line.label}: not drawn, {error}.")
    return Drawn(line, _stamped(values, period_s))


# Reading a body


def _dashboard(resource: Resource, architecture: Architecture, told: Alarms | None) -> Dashboard:
    name = resource.values.get("dashboard_name")
    body = _body(resource.values.get("dashboard_body"))
    widgets = body.get("widgets")
    if not isinstance(widgets, list | tuple):
        raise _BodyError("the body has no list of widgets")
    if len(widgets) > MOST_WIDGETS:
        raise _BodyError(f"the body has {len(widgets)} widgets; CloudWatch takes {MOST_WIDGETS}")
    by_arn = _alarm_names(architecture)
    placed: list[Widget] = []
    for number, raw in enumerate(widgets):
        if not isinstance(raw, Mapping):
            raise _BodyError(f"widget {number} is no object")
        placed.append(_widget(raw, number, placed, by_arn, told))
    ordered = tuple(sorted(placed, key=lambda widget: (widget.y, widget.x)))
    return Dashboard(
        name if isinstance(name, str) else resource.address,
        resource.address,
        ordered,
        _span_s(body.get("start")),
        resource.location("dashboard_body"),
    )


def _body(found: Value) -> Mapping[str, Any]:
    if isinstance(found, Unknown):
        if not isinstance(found.partial, Mapping):
            raise _BodyError(f"dashboard_body is known only after apply ({found.reference})")
        return found.partial
    if not isinstance(found, str):
        raise _BodyError("dashboard_body is missing")
    try:
        read = json.loads(found)
    except (ValueError, RecursionError) as error:
        raise _BodyError(f"dashboard_body is not JSON: {error}") from None
    if not isinstance(read, dict):
        raise _BodyError("dashboard_body is no JSON object")
    return read


def _span_s(start: Value) -> int | None:
    """The length of a relative time range such as `-PT3H` or `-P1D`."""
    if not isinstance(start, str):
        return None
    found = re.fullmatch(r"-P(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,6})M)?)?", start)
    if not found or not any(found.groups()):
        return None
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return days * DAY_S + hours * 3600 + minutes * MINUTE_S


def _alarm_names(architecture: Architecture) -> Mapping[str, str]:
    """Alarm names by what a body may hold in their place: the reference to the ARN."""
    kinds = ("aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm")
    return {
        f"{resource.address}.arn": name
        for resource in architecture.of_type(*kinds)
        if isinstance(name := resource.values.get("alarm_name"), str)
    }


def _number(raw: Mapping[str, Any], key: str, default: int, least: int, most: int, where: str) -> int:
    found = raw.get(key, default)
    if (
        isinstance(found, bool)
        or not isinstance(found, int | float)
        or found != int(found)
        or not least <= found <= most
    ):
        raise _BodyError(f"{where}: {key} is {found!r}, not a whole number from {least} to {most}")
    return int(found)


def _widget(
    raw: Mapping[str, Any], number: int, placed: Sequence[Widget], by_arn: Mapping[str, str], told: Alarms | None
) -> Widget:
    where = f"widget {number}"
    width = _number(raw, "width", DEFAULT_SIZE, 1, COLUMNS, where)
    height = _number(raw, "height", DEFAULT_SIZE, 1, MOST_HEIGHT, where)
    if "x" in raw or "y" in raw:
        x, y = _number(raw, "x", 0, 0, COLUMNS - 1, where), _number(raw, "y", 0, 0, 10**6, where)
        if x + width > COLUMNS:
            raise _BodyError(f"{where}: x {x} and width {width} reach beyond the {COLUMNS} columns")
    else:
        x, y = _free(placed, width, height)
    found = raw.get("properties")
    properties: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    bare = Widget("other", x, y, width, height, title=_text(properties.get("title")))
    match raw.get("type"):
        case "text":
            return replace(bare, kind="text", markdown=_text(properties.get("markdown")))
        case "alarm":
            return replace(bare, kind="alarms", alarms=tuple(_alarms(properties.get("alarms"), by_arn)))
        case "metric":
            return _metric_widget(bare, properties, by_arn, told, where)
        case other:
            return replace(bare, problem=f"A widget of type {other!s:.40}, which is not drawn here.")


def _free(placed: Sequence[Widget], width: int, height: int) -> tuple[int, int]:
    """The first place from the top, left to right, at which nothing stands: where CloudWatch puts a widget without a place."""
    y = 0
    while True:
        for x in range(COLUMNS - width + 1):
            if not any(
                x < other.x + other.width
                and other.x < x + width
                and y < other.y + other.height
                and other.y < y + height
                for other in placed
            ):
                return x, y
        y += 1


def _text(found: Value) -> str:
    return found if isinstance(found, str) else found.reference if isinstance(found, Unknown) else ""


def _alarms(found: Value, by_arn: Mapping[str, str]) -> Iterator[str]:
    for arn in found if isinstance(found, list | tuple) else ():
        if isinstance(arn, Unknown):
            yield by_arn.get(arn.reference, arn.reference)
        else:
            yield str(arn).partition(":alarm:")[2] or str(arn)


def _metric_widget(
    bare: Widget, properties: Mapping[str, Any], by_arn: Mapping[str, str], told: Alarms | None, where: str
) -> Widget:
    view = properties.get("view", "timeSeries")
    kind = VIEWS.get(view if isinstance(view, str) else "")
    if kind is None:
        return replace(bare, problem=f"A metric widget with the view {view!s:.40}, which is not drawn here.")
    axis = properties.get("yAxis")
    left = axis.get("left") if isinstance(axis, Mapping) else None
    left = left if isinstance(left, Mapping) else {}
    annotations = properties.get("annotations")
    annotations = annotations if isinstance(annotations, Mapping) else {}
    own = tuple(_lines(properties, where))
    lines, marks = own, tuple(_marks(annotations.get("horizontal")))
    for name in _alarms(annotations.get("alarms"), by_arn):
        shown = _of_alarm(name, told)
        if shown is None:
            return replace(bare, problem=f"Shows the alarm {name}, which is no readable alarm of this stack.")
        lines, marks = lines or shown[0], (*marks, shown[1])
    return replace(
        bare,
        kind=kind,
        lines=lines,
        marks=marks,
        unit=_text(left.get("label")),
        least=_bound(left.get("min")),
        most=_bound(left.get("max")),
        stacked=properties.get("stacked") is True,
        problem="" if lines else "A metric widget without metrics.",
    )


def _bound(found: Value) -> float | None:
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def _marks(found: Value) -> Iterator[Mark]:
    """Horizontal annotations; of a band (a list of two) both ends."""
    for entry in found if isinstance(found, list | tuple) else ():
        for one in entry if isinstance(entry, list | tuple) else (entry,):
            value = (
                _bound(one.get("value")) if isinstance(one, Mapping) and one.get("visible", True) is not False else None
            )
            if value is not None:
                yield Mark(_text(one.get("label")), value)


def _of_alarm(name: str, told: Alarms | None) -> tuple[tuple[Line, ...], Mark] | None:
    """The metrics and the threshold of a metric alarm, as a widget shows them that is given nothing but the alarm."""
    alarm = next((alarm for alarm in (told.metric if told else ()) if alarm.name == name), None)
    if alarm is None:
        return None
    lines = tuple(Line(metric.name, query, metric, period_s=metric.period_s) for query, metric in alarm.queries)
    if alarm.expression is not None:
        hidden = tuple(replace(line, visible=False) for line in lines)
        lines = (*hidden, Line(name, expression=alarm.expression.text, period_s=alarm.period_s))
    return lines, Mark(name, alarm.threshold)


def _lines(properties: Mapping[str, Any], where: str) -> Iterator[Line]:
    rows = properties.get("metrics")
    if rows is None:
        return
    if not isinstance(rows, list | tuple):
        raise _BodyError(f"{where}: metrics is no list")
    before: tuple[Any, ...] = ()
    for number, row in enumerate(rows):
        if not isinstance(row, list | tuple) or not row:
            raise _BodyError(f"{where}: metrics[{number}] is no list")
        *parts, last = row
        given = last if isinstance(last, Mapping) else {}
        if not isinstance(last, Mapping):
            parts = [*parts, last]
        options = {**{key: properties[key] for key in ("period", "stat", "region") if key in properties}, **given}
        if "expression" in options:
            yield _line(options, None, where, number)
            continue
        before = _written_out(parts, before, where, number)
        yield _line(options, before, where, number)


def _written_out(parts: Sequence[Any], before: tuple[Any, ...], where: str, number: int) -> tuple[Any, ...]:
    """A metric with `.` (as in the row above) and `...` (as the rows above, up to what follows) replaced."""
    found: list[Any] = []
    for part in parts:
        if part == "...":
            found.extend(before[len(found) : len(before) - (len(parts) - 1 - list(parts).index("..."))])
        elif part == ".":
            if len(found) >= len(before):
                raise _BodyError(f"{where}: metrics[{number}] repeats a part that the row above does not have")
            found.append(before[len(found)])
        else:
            found.append(part)
    if len(found) < 2 or len(found) % 2:
        raise _BodyError(f"{where}: metrics[{number}] is no namespace, name and pairs of dimension and value")
    return tuple(found)


def _line(options: Mapping[str, Any], parts: tuple[Any, ...] | None, where: str, number: int) -> Line:
    period_s = options.get("period", DEFAULT_PERIOD_S)
    if isinstance(period_s, bool) or not isinstance(period_s, int | float) or period_s != int(period_s) or period_s < 1:
        raise _BodyError(f"{where}: metrics[{number}] has the period {period_s!r}")
    statistic = options.get("stat", "Average")
    name = _text(parts[1]) if parts else ""
    line = Line(
        label=_text(options.get("label")) or name or _text(options.get("expression")),
        id=_text(options.get("id")),
        expression="" if parts else _text(options.get("expression")),
        period_s=int(period_s),
        visible=options.get("visible", True) is not False,
        right=options.get("yAxis") == "right",
    )
    if parts is None:
        return line
    namespace, _, *pairs = parts
    if not isinstance(namespace, str) or not isinstance(parts[1], str):
        raise _BodyError(f"{where}: metrics[{number}] has a namespace or name that is known only after apply")
    dimensions = tuple(
        (str(key), value if isinstance(value, Unknown) else str(value))
        for key, value in zip(pairs[::2], pairs[1::2], strict=True)
    )
    try:
        percentile(statistic)
    except (ValueError, TypeError) as error:
        raise _BodyError(f"{where}: metrics[{number}]: {error}") from None
    # Finer than a minute is nothing that a pack holds; the graph then shows minutes, as for metrics that come once a minute.
    whole = max(MINUTE_S, int(period_s) - int(period_s) % MINUTE_S)
    return replace(line, metric=Metric(namespace, name, dimensions, statistic, whole), period_s=whole)
