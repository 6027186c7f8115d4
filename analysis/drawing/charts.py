"""Charts as static SVG: drawn by Altair, rendered without a browser, readable in both colour schemes, on paper and by ear.

A series is told apart by its label, dash and shape; colour only helps. Numbers stand beside the picture in a table. Nothing is
loaded, and the same numbers give the same bytes.
"""

from __future__ import annotations

import html
import math
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

import altair  # noqa: ICN001 - `alt` is the untyped name below
import vl_convert

from analysis.drawing.figures import COLOURS, SVG, Figure, slug, stylesheet
from analysis.drawing.tables import significant

alt: Any = altair
"""Untyped on purpose: its types list every value of the schema, and the options below are computed."""

WIDTH = 560
BAR_HEIGHT = 22
LINE_HEIGHT = 260
LINE_GAP_PX = 15
PANEL_HEIGHT = 110
VEGA_LITE = "6.1"  # the schema that Altair 6 writes
FONT = "Liberation Sans"
"""What text is measured with: the font that vl-convert brings along. Inter or the system's font may be on this machine and not on
the next, and a chart would be wider there. The page sets its own font."""

# Colours that stand in for the stylesheet's variables while Vega draws; exchanged for them afterwards.
_MARKS: Mapping[str, str] = {name: f"#0000{number:02x}" for number, name in enumerate(COLOURS, start=1)}
_VARIABLES = {mark: f"var(--gd-{name})" for name, mark in _MARKS.items()}

SERIES = ("amber", "pitch", "blue", "red")
"""Colours of the series, in order: told apart with every common colour blindness, and by lightness in print."""
DASHES: tuple[list[int], ...] = ([1, 0], [7, 3], [2, 2], [9, 3, 2, 3])
SHAPES = ("circle", "square", "triangle-up", "diamond")


class ChartError(ValueError):
    """Numbers that cannot be drawn: none, not finite, or more series than can be told apart."""


@dataclass(frozen=True, slots=True)
class Series:
    """A named row of points (x, y), in the order of x. A y of None leaves a gap."""

    name: str
    points: tuple[tuple[float, float | None], ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """A straight line across the chart with a word on it: a target, a limit, a knee."""

    value: float
    label: str
    vertical: bool = False


LABEL_WIDTH = 26
"""Characters of a line of a bar's name; a longer name takes another line, since Vega clips what is wider than its limit."""


def bars(
    title: str,
    rows: Sequence[tuple[str, str, float]],
    *,
    unit: str,
    description: str = "",
    number: str = ",.2f",
    caption: str = "",
) -> Figure:
    """Bars side by side: `rows` are (category, series, value); each bar carries its value, and its series in words.

    Categories and series keep their first order. `unit` names the axis, `number` is the format of the values.
    """
    values = [
        {"category": "\n".join(textwrap.wrap(category, LABEL_WIDTH)), "series": series, "value": value}
        for category, series, value in rows
    ]
    if not values:
        raise ChartError(f"{title}: there is nothing to draw")
    _finite(title, (value for _, _, value in rows))
    categories, names = (list(dict.fromkeys(str(v[key]) for v in values)) for key in ("category", "series"))
    several = len(names) > 1
    _few(title, names)
    x = alt.X(
        "value:Q",
        title=unit,
        axis=alt.Axis(grid=True, tickCount=5, format=_axis_format(number)),
        scale=alt.Scale(zero=True, nice=False),
    )
    y = alt.Y(
        "category:N",
        sort=categories,
        title=None,
        axis=alt.Axis(labelExpr="split(datum.value, '\\n')", labelLimit=190, labelPadding=8, ticks=False, domain=False),
    )
    colour = alt.Color(
        "series:N",
        sort=names,
        scale=alt.Scale(domain=names, range=[_MARKS[c] for c in SERIES[: len(names)]]),
        legend=None,
    )
    base = alt.Chart(alt.InlineData(values=values)).encode(
        x=x, y=y, **({"yOffset": alt.YOffset("series:N", sort=names)} if several else {})
    )
    words = f"format(datum.value, '{number}')" + (" + '  ' + datum.series" if several else "")
    label = (
        # Beside the bar, and beside zero where the bar leads to the left: ink on a bar cannot be read.
        base.transform_calculate(words=words, end="max(datum.value, 0)")
        .mark_text(align="left", dx=5, baseline="middle", color=_MARKS["ink"])
        .encode(text="words:N", x=alt.X("end:Q", title=unit))
    )
    height = len(categories) * (BAR_HEIGHT * len(names) + 10)
    # The page's font is up to 8 % wider than the one that labels are measured with, and long names grow to the left.
    chart = (base.mark_bar(cornerRadiusEnd=2).encode(color=colour) + label).properties(
        width=WIDTH - 220, height=height, padding={**_PADDING, "left": 16}
    )
    table = _table(title, ("", *names), [(c, *(_cell(values, c, s, number) for s in names)) for c in categories])
    spoken = "; ".join(f"{v['category']}, {v['series']}: {v['value']:{_python(number)}}" for v in values)
    said = description or f"Bars: {spoken}. {unit}."
    return _figure(chart, title, said, caption, table)


def lines(
    title: str,
    series: Sequence[Series],
    *,
    x: str,
    y: str,
    limits: Sequence[Limit] = (),
    description: str = "",
    number: str = ",.0f",
    zero: bool = True,
    caption: str = "",
) -> Figure:
    """Lines over a shared axis, each named at its end, with straight `limits` across. `x` and `y` name the axes with units."""
    layers = _drawn(title, Panel(y, tuple(series), number, tuple(limits), zero), x, LINE_HEIGHT)
    chart = alt.layer(*layers).properties(width=WIDTH - 180, height=LINE_HEIGHT)
    found = [_said(s, number) for s in series] + [
        f"{limit.label} at {limit.value:{_python(number)}}" for limit in limits
    ]
    said = description or f"Lines over {x}: {'; '.join(found)}. {y}."
    return _figure(chart, title, said, caption, _points_table(title, [(s, number) for s in series], x))


@dataclass(frozen=True, slots=True)
class Panel:
    """Lines that share an axis `y` (its name with the unit), one above the other with the panels of the same picture."""

    y: str
    series: tuple[Series, ...]
    number: str = ",.0f"
    limits: tuple[Limit, ...] = ()
    zero: bool = True


def panels(
    title: str,
    parts: Sequence[Panel],
    *,
    x: str,
    marks: Sequence[Limit] = (),
    description: str = "",
    caption: str = "",
    clock: int | None = None,
) -> Figure:
    """Panels one above the other over one axis `x`, with `marks` (places on it) through all of them, labelled in the first.

    A series has the same colour, dash and shape in every panel that has one of its name. With `clock`, the minute of a day at
    which x is 0, the axis shows the time of day above the minutes.
    """
    names = list(dict.fromkeys(s.name for part in parts for s in part.series))
    _few(title, names)
    drawn = []
    for number, part in enumerate(parts):
        layers = _drawn(title, part, x if part is parts[-1] else None, PANEL_HEIGHT, names, clock)
        layers += [
            _limit(Limit(mark.value, "" if number else mark.label, vertical=True), lines_down)
            for mark, lines_down in zip(marks, _apart(marks, parts), strict=True)
        ]
        drawn.append(alt.layer(*layers).properties(width=WIDTH - 180, height=PANEL_HEIGHT))
    chart = alt.vconcat(*drawn, spacing=14).resolve_scale(x="shared", color="shared", y="independent")
    found = [f"{part.y}: {'; '.join(_said(s, part.number) for s in part.series)}" for part in parts]
    said = description or f"Panels of lines over {x}. {'. '.join(found)}."
    columns = [(Series(f"{s.name}: {part.y}", s.points), part.number) for part in parts for s in part.series]
    return _figure(chart, title, said, caption, _points_table(title, columns, x))


_TIME_OF_DAY = "format(floor({0} / 60) % 24, '02d') + ':' + format({0} % 60, '02d')"
"""A Vega expression: the minutes of a day as a time."""


def _drawn(
    title: str, part: Panel, x: str | None, height: int, known: Sequence[str] = (), clock: int | None = None
) -> list[Any]:
    """The layers of a panel: its lines, a shape at the end of each and again before its name, and its limits."""
    series, names = part.series, list(known) or [s.name for s in part.series]
    if not any(y is not None for s in series for _, y in s.points):
        raise ChartError(f"{title}: there is nothing to draw")
    _few(title, names)
    _finite(title, (v for s in series for point in s.points for v in point if v is not None))
    values = [{"x": px, "y": py, "series": s.name} for s in series for px, py in s.points]
    ends = _ends(series, [limit.value for limit in part.limits if not limit.vertical], height)
    scale = alt.Scale(zero=part.zero, nice=True)
    form = _axis_format(part.number)
    two_lines = (
        {} if clock is None else {"labelExpr": f"[{_TIME_OF_DAY.format(f'(datum.value + {clock})')}, datum.label]"}
    )
    below = alt.Axis(grid=False, tickCount=7, **({"labels": False} if x is None else two_lines))
    axes = {
        "x": alt.X("x:Q", title=x, axis=below, scale=alt.Scale(nice=False, zero=False)),
        "y": alt.Y(
            "y:Q", title=part.y, axis=alt.Axis(grid=True, tickCount=max(3, height // 50), format=form), scale=scale
        ),
    }
    order = {"sort": names}
    colour = alt.Color(
        "series:N", scale=alt.Scale(domain=names, range=[_MARKS[c] for c in SERIES[: len(names)]]), legend=None, **order
    )
    dash = alt.StrokeDash(
        "series:N", scale=alt.Scale(domain=names, range=list(DASHES[: len(names)])), legend=None, **order
    )
    layers: list[Any] = [
        alt.Chart(alt.InlineData(values=values))
        .mark_line(strokeWidth=2.2, interpolate="linear")
        .encode(color=colour, strokeDash=dash, **axes)
    ]
    # At the end of each line its shape; the same shape again before its name, where names had to move apart.
    last = alt.Chart(alt.InlineData(values=ends))
    shape = alt.Shape("series:N", scale=alt.Scale(domain=names, range=list(SHAPES[: len(names)])), legend=None)
    beside = {"x": axes["x"], "y": alt.Y("label:Q", title=part.y)}
    point = {"filled": True, "size": 45, "opacity": 1}
    layers += [
        last.mark_point(**point).encode(color=colour, shape=shape, **axes),
        last.mark_point(**point, xOffset=16).encode(color=colour, shape=shape, **beside),
        last.mark_text(align="left", dx=25, fontWeight=600, limit=170, color=_MARKS["ink"]).encode(
            text="series:N", **beside
        ),
    ]
    return [*layers, *(_limit(limit) for limit in part.limits)]


MOST_IN_GRAPH = 8


def swatch(number: int) -> tuple[str, str]:
    """Colour (its name in COLOURS) and dashes (as SVG writes them) of line `number` of a graph: no two of eight are alike."""
    dash = DASHES[(number + number // len(SERIES)) % len(DASHES)]
    return SERIES[number % len(SERIES)], " ".join(str(length) for length in dash)


def graph(
    title: str,
    series: Sequence[Series],
    *,
    key: str,
    size: tuple[int, int],
    y: str,
    limits: Sequence[Limit] = (),
    ends: tuple[float, float] | None = None,
    stacked: bool = False,
    description: str = "",
) -> Figure:
    """A small graph for a dashboard, `size` pixels wide and high, over the minutes of a day in UTC; its names stand beside it.

    `key` tells its ids from those of the same graph elsewhere on the page. `ends` are the least and highest value of the axis.
    `swatch` says how each line is drawn. Raises ChartError for nothing to draw or more than eight lines.
    """
    if not any(value is not None for s in series for _, value in s.points):
        raise ChartError(f"{title}: there is nothing to draw")
    if len(series) > MOST_IN_GRAPH:
        raise ChartError(f"{title}: {len(series)} lines cannot be told apart; draw {MOST_IN_GRAPH} at most")
    _finite(title, (v for s in series for point in s.points for v in point if v is not None))
    names = [str(number) for number in range(len(series))]
    values = [{"x": px, "y": py, "series": names[n]} for n, s in enumerate(series) for px, py in s.points]
    axis = [px for s in series for px, _ in s.points]
    step = next(minutes for minutes in (10, 30, 60, 120, 360, 1440, 10**9) if (max(axis) - min(axis)) <= 5 * minutes)
    ticks = [at for at in range(0, math.ceil(max(axis)) + 1, step) if at >= min(axis)]
    x_axis = alt.Axis(grid=False, values=ticks, labelExpr=_TIME_OF_DAY.format("datum.value"), title=None)
    y_axis = alt.Axis(
        grid=True, tickCount=4, labelExpr="abs(datum.value) < 1 ? format(datum.value, '~g') : format(datum.value, '~s')"
    )
    scale = alt.Scale(zero=True, nice=True) if ends is None else alt.Scale(domain=list(ends), nice=False, clamp=True)
    axes = {
        "x": alt.X("x:Q", axis=x_axis, scale=alt.Scale(nice=False, zero=False)),
        "y": alt.Y("y:Q", title=y or None, axis=y_axis, scale=scale),
    }
    if stacked:
        axes["y"] = alt.Y("y:Q", title=y or None, axis=y_axis, stack="zero")
    drawn = [swatch(number) for number in range(len(series))]
    colours = alt.Scale(domain=names, range=[_MARKS[colour] for colour, _ in drawn])
    dashes = alt.Scale(domain=names, range=[[int(part) for part in dash.split()] for _, dash in drawn])
    base = alt.Chart(alt.InlineData(values=values))
    mark = base.mark_area(opacity=0.35, line=True) if stacked else base.mark_line(strokeWidth=1.8)
    encoded = {"color": alt.Color("series:N", scale=colours, legend=None), **axes}
    if not stacked:
        encoded["strokeDash"] = alt.StrokeDash("series:N", scale=dashes, legend=None)
    layers = [mark.encode(**encoded), *(_limit(limit) for limit in limits)]
    if alone := [value for n, s in enumerate(series) for value in _alone(s, names[n])]:
        dots = alt.Chart(alt.InlineData(values=alone)).mark_point(filled=True, size=18, opacity=1)
        layers.append(dots.encode(**{name: part for name, part in encoded.items() if name != "strokeDash"}))
    chart = alt.layer(*layers).properties(width=size[0] - 60, height=size[1] - 40)
    found = [_said(s, ",.3g", _clock) for s in series] + [f"{limit.label} at {limit.value:,.4g}" for limit in limits]
    said = description or f"Lines over the evening: {'; '.join(found)}. {y}."
    spec = chart.configure(**_look()).to_dict()
    svg = vl_convert.vegalite_to_svg(vl_spec=spec, vl_version=VEGA_LITE, allowed_base_urls=[])
    return Figure(_finished(svg, title, said, key=key, least_px=200), title, said)


def _alone(series: Series, name: str) -> Iterator[dict[str, Any]]:
    """The points between two gaps: a line through one point is nothing, so they are drawn as dots."""
    there = [y is not None for _, y in series.points]
    for number, (x, y) in enumerate(series.points):
        if y is not None and not any(there[max(0, number - 1) : number]) and not any(there[number + 1 : number + 2]):
            yield {"x": x, "y": y, "series": name}


def _clock(minute: float) -> str:
    return f"{int(minute // 60) % 24:02d}:{int(minute % 60):02d}"


CLOSE_MARKS = 0.05
"""Marks nearer than this share of the axis get their labels on different heights."""


def _apart(marks: Sequence[Limit], parts: Sequence[Panel]) -> list[int]:
    """How many lines of text each mark's label moves down, so that those of marks close together can be read."""
    places = [x for part in parts for s in part.series for x, _ in s.points]
    near = CLOSE_MARKS * (max(places) - min(places)) if places else 0.0
    found: list[int] = []
    for at, mark in enumerate(marks):
        close = at > 0 and abs(mark.value - marks[at - 1].value) < near
        found.append(found[-1] + 1 if close else 0)
    return found


def _limit(limit: Limit, lines_down: int = 0) -> Any:
    data = alt.Chart(alt.InlineData(values=[{"at": limit.value, "label": limit.label}]))
    where = {"x": alt.X("at:Q")} if limit.vertical else {"y": alt.Y("at:Q")}
    rule = data.mark_rule(color=_MARKS["ink"], strokeDash=[3, 3], strokeWidth=1.2).encode(**where)
    place = {"dx": 5, "dy": 8, "y": LINE_GAP_PX * lines_down} if limit.vertical else {"dy": -7, "x": 4}
    words = {"align": "left", "fontStyle": "italic", **place}
    halo = data.mark_text(**words, color=_MARKS["paper"], stroke=_MARKS["paper"], strokeWidth=4)
    text = data.mark_text(**words, color=_MARKS["ink"])
    return rule + halo.encode(text="label:N", **where) + text.encode(text="label:N", **where)


def _ends(series: Sequence[Series], limits: Sequence[float], height: int) -> list[dict[str, Any]]:
    """The last known point of each series, and the height of its name: apart from the other names by a line of text."""
    known = {s.name: [(px, py) for px, py in s.points if py is not None] for s in series}
    ends = sorted((points[-1][1], name, points[-1][0]) for name, points in known.items() if points)
    heights = [py for points in known.values() for _, py in points] + list(limits)
    gap = LINE_GAP_PX / height * (max(heights) - min(0.0, *heights))
    placed: list[dict[str, Any]] = []
    for py, name, px in ends:
        label = max(py, placed[-1]["label"] + gap) if placed else py
        placed.append({"series": name, "x": px, "y": py, "label": label})
    return placed


def _figure(chart: Any, title: str, description: str, caption: str, table: str) -> Figure:
    spec = chart.configure(**_look()).to_dict()
    svg = vl_convert.vegalite_to_svg(vl_spec=spec, vl_version=VEGA_LITE, allowed_base_urls=[])
    return Figure(_finished(svg, title, description), title, description, caption, table)


_PADDING: Mapping[str, int] = {"left": 2, "top": 8, "right": 28, "bottom": 2}


def _look() -> dict[str, Any]:
    ink, soft, rule = _MARKS["ink"], _MARKS["soft"], _MARKS["rule"]
    text = {"labelColor": soft, "titleColor": soft, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": 400}
    return {
        "background": "transparent",
        "font": FONT,
        "padding": dict(_PADDING),
        "view": {"stroke": "transparent"},
        "axis": {**text, "gridColor": rule, "domainColor": soft, "tickColor": soft, "titlePadding": 8},
        "text": {"fontSize": 12, "color": ink},
    }


DROPPED = ("font-family", "role", "aria-hidden", "aria-label", "aria-roledescription", "class")


def _finished(svg: str, title: str, description: str, *, key: str = "", least_px: int = 480) -> str:
    """Vega's SVG with the page's colours, ids of its own (made of `key`, else the title), and words for those who hear it."""
    ET.register_namespace("", SVG)
    source = ET.fromstring(svg)  # noqa: S314 - Vega's own output
    prefix = slug(key or title)
    width, height = float(source.attrib["width"]), float(source.attrib["height"])
    attributes = {
        "class": "gd gd-chart",
        "viewBox": source.attrib["viewBox"],
        "width": f"{width:g}",
        "height": f"{height:g}",
        "role": "img",
        "aria-labelledby": f"{prefix}-title {prefix}-desc",
        "style": f"width:100%;min-width:{min(width, least_px):.0f}px;max-width:{width * 1.25:.0f}px;height:auto",
    }
    root = ET.Element(f"{{{SVG}}}svg", attributes)
    for tag, words, named in (("title", title, True), ("desc", description, True), ("style", stylesheet(), False)):
        element = ET.SubElement(root, f"{{{SVG}}}{tag}", {"id": f"{prefix}-{tag}"} if named else {})
        element.text = words
    # Vega numbers its ids through the life of the process; here they begin anew in every picture.
    found = [element.attrib["id"] for element in source.iter() if "id" in element.attrib]
    ids = {old: f"{prefix}-{number}" for number, old in enumerate(found)}
    for child in source:
        for element in child.iter():
            _restyle(element, ids)
        root.append(child)
    return ET.tostring(root, encoding="unicode")


def _restyle(element: ET.Element, ids: Mapping[str, str]) -> None:
    for name in DROPPED:
        element.attrib.pop(name, None)
    style = []
    for name in ("fill", "stroke"):
        variable = _VARIABLES.get(element.attrib.get(name, "").lower())
        if variable:
            del element.attrib[name]
            style.append(f"{name}:{variable}")
    if style:
        element.attrib["style"] = ";".join(style)
    for name, value in element.attrib.items():
        if name == "id":
            element.attrib[name] = ids[value]
        elif value.startswith("url(#"):
            element.attrib[name] = f"url(#{ids[value[5:-1]]})"


# ---- the same numbers in words and in a table -------------------------------------------------------------------------------


def _finite(title: str, values: Iterable[float]) -> None:
    if any(value != value or value in {float("inf"), float("-inf")} for value in values):  # noqa: PLR0124 - NaN is not itself
        raise ChartError(f"{title}: a value is not a finite number")


def _few(title: str, names: Sequence[str]) -> None:
    if len(names) > len(SERIES):
        raise ChartError(f"{title}: {len(names)} series; more than {len(SERIES)} cannot be told apart")


def _python(number: str) -> str:
    return number.removeprefix("$")


def _axis_format(number: str) -> str:
    return re.sub(r"\.\d+f$", "~f", number) if number.endswith("f") else number


def _cell(values: Sequence[Mapping[str, Any]], category: str, series: str, number: str) -> str:
    found = [v["value"] for v in values if v["category"] == category and v["series"] == series]
    return f"{found[0]:{_python(number)}}" if found else ""


def _known(series: Series) -> list[tuple[float, float]]:
    """The points of a series without its gaps."""
    return [(x, y) for x, y in series.points if y is not None]


def _text(value: float, number: str = "g") -> str:
    """A value in the format of its chart; where that is by significant digits, for a person and not with an exponent."""
    if number.endswith("g"):
        digits = re.search(r"\.(\d+)", number)
        return significant(value if abs(value) > NOTHING else 0.0, int(digits[1]) if digits else 6)
    return f"{value:{_python(number)}}"


def _said(series: Series, number: str, at: Callable[[float], str] = _text) -> str:
    known = _known(series)
    if not known:
        return f"{series.name}: no points"
    (x0, y0), (x1, y1), top = known[0], known[-1], max(known, key=lambda point: point[1])
    start, end, highest = (_text(y, number) for y in (y0, y1, top[1]))
    return f"{series.name} from {start} at {at(x0)} to {end} at {at(x1)}, highest {highest} at {at(top[0])}"


MAX_TABLE_ROWS = 25
NOTHING = 1e-9
"""What is left of a sum that is nought."""


def _points_table(title: str, columns: Sequence[tuple[Series, str]], x: str) -> str:
    """About MAX_TABLE_ROWS points of each series, with the format of its numbers: evenly chosen, with first, last and highest."""
    axis = sorted({px for s, _ in columns for px, _ in s.points})
    step = max(1, -(-len(axis) // MAX_TABLE_ROWS))
    highest = (max(known, key=lambda point: point[1])[0] for s, _ in columns if (known := _known(s)))
    chosen = sorted({*axis[::step], axis[-1], *highest})
    lookup = [(dict(s.points), number) for s, number in columns]
    rows = [
        (_text(at), *(_text(y, form) if (y := points.get(at)) is not None else "" for points, form in lookup))
        for at in chosen
    ]
    return _table(title, (x, *(s.name for s, _ in columns)), rows)


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{html.escape(h)}</th>' if h else "<td></td>" for h in heads)
    body = "".join(
        f'<tr><th scope="row">{html.escape(row[0])}</th>{"".join(f"<td>{html.escape(cell)}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    return f"<table><caption>{html.escape(title)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
