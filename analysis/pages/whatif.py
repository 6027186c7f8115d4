"""The page "What if": the recorded points of a system's grid, chosen by sliders, and the same points as a file of CSV.

Everything that the browser shows is computed and worded here; the script (`theme/assets/js/what-if.js`) only chooses a point.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from markupsafe import Markup

from analysis.drawing import charts, tables
from analysis.drawing.tables import Cell, State
from analysis.facts import Scenario
from analysis.pages import infrastructure, links, register, systems
from analysis.pages.model import Macro, Model, Site, models
from analysis.pages.reads import cache
from analysis.pages.systems import System
from analysis.studies import whatif
from analysis.studies.whatif import PLAN, VERDICTS, Answers, Axis, Point, verdict
from analysis.units import money

PAGE = "what-if"
SCRIPT = "assets/js/what-if.js"
ADVICE: Mapping[str, State] = {
    "endless": "good", "yes": "good", "central": "warn", "scaled": "warn", "optimistic": "bad", "no": "bad",
}  # fmt: skip
"""The state that the chip of each verdict has."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A row of the answer: its name in a record, what the page calls it, and how it is written.

    `kind` is the way of writing that the script repeats: `range` ([low, central, high], a count), `usd`, `share`, `seconds`.
    """

    name: str
    label: str
    kind: str


def figures(one: System, night: Scenario, answers: Answers) -> tuple[Figure, ...]:
    """The rows of numbers, without those that the model does not give for this system."""
    crowd, event = one.words["crowd"], one.words["event"]
    rows = (
        Figure("held", f"{crowd.capitalize()} held at the start of a {event}", "range"),
        Figure("held_most", f"{crowd.capitalize()} held once it has scaled out", "range"),
        Figure("late", f"Updates seen later than {night.freshness_target_s.at():g} s", "share"),
        Figure("age_p95_s", "Age of an update when it is seen, p95", "seconds"),
        Figure("month_usd", "A month", "usd"),
        Figure("event_usd", f"What one day adds: {night.title}", "usd"),
    )
    return tuple(row for row in rows if any(point.get(row.name) is not None for point in answers.points))


def count(figure: int | None) -> str:
    """A number of users; None is no limit."""
    return "no known limit" if figure is None else f"{figure:,}"


def _range(figures: Sequence[int | None]) -> str:
    low, value, high = figures
    return count(value) + ("" if low == high else f" ({count(low)} to {count(high)})")


WRITTEN: Mapping[str, Callable[[Any], str]] = {
    "range": _range,
    "usd": lambda figure: f"${Decimal(figure):,.2f}",
    "share": lambda figure: f"{100 * figure:.2f} %",
    "seconds": lambda figure: f"{figure:.2f} s",
}
"""How a figure of each kind is written; the script does the same, and a test compares the two."""


@cache
def answered(root: Path, docs: Path, folder: str) -> Answers:
    """The record of a system's grid. Raises FactError where plan or record cannot be used, LookupError for an unknown stack."""
    plan = whatif.grid(docs / folder / PLAN)
    return whatif.answers(_model(root, plan.stack).directory, plan)


def _model(root: Path, name: str) -> Model:
    found = models(root)
    if name not in found:
        raise LookupError(f"{PLAN} names the stack {name!r}; there are {', '.join(found)}")
    return found[name]


def table_uri(folder: str) -> str:
    """Where the CSV of a system lies among the pages."""
    return f"{folder}/{PAGE}.csv"


def published(root: Path, docs: Path) -> Mapping[str, str]:
    """The CSV of each system that has the page, by its place."""
    asked = [one.folder for one in systems.systems(docs) if PAGE in one.pages]
    return {table_uri(folder): csv_text(answered(root, docs, folder)) for folder in asked}


def csv_text(answers: Answers) -> str:
    """Every point of the record as a row: its inputs by axis, then its figures; `refused` says why a point has none."""
    ranged = {"held", "held_most"}
    heads = [f"{n}_{end}" for n in ("held", "held_most") for end in ("pessimistic", "central", "optimistic")]
    plain = [name for name in whatif.COLUMNS if name not in {*ranged, "users", "binds"}]
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\n")
    axes = answers.plan.axes
    rows.writerow([*(a.name for a in axes), "users_at_peak", "holds", *heads, "binds_at", "binds", *plain, "refused"])
    for where, point in zip(answers.plan.points, answers.points, strict=True):
        inputs = [axis.keys[index] for axis, index in zip(axes, where, strict=True)]
        if "refused" in point:
            rows.writerow([*inputs, *[""] * (len(heads) + len(plain) + 4), point["refused"]])
            continue
        held = [*point["held"], *point["held_most"]]
        rows.writerow(
            [
                *inputs,
                point["users"],
                VERDICTS[verdict(point)],
                *held,
                *(point["binds"] or ("", "")),
                *(point[n] for n in plain),
                "",
            ]
        )
    return file.getvalue()


# ---- the page --------------------------------------------------------------------------------------------------------------


def what_if(root: Path, docs: Path, folder: str, page: str) -> Markup:
    """The explorer of a system: today's answer in a sentence, the inputs, the answer to them, and what each input does alone."""
    one = systems.system(docs, folder)
    if one is None:
        raise LookupError(f"{page}: {folder} is no system")
    answers = answered(root, docs, folder)
    model = _model(root, answers.plan.stack)
    rows = figures(one, model.scenario, answers)
    parts = [
        Markup('<div class="g-whatif" data-what-if>'),
        Markup('<p class="g-whatif__now"><strong>{}</strong></p>').format(_today(one, model.scenario, answers)),
        _form(answers),
        _answer(model, answers, rows, page),
        Markup('<p class="g-download"><a href="{}" download>Download all {:,} points as CSV</a></p>').format(
            links.relative(page, table_uri(folder)), len(answers.points)
        ),
        Markup('<script type="application/json">{}</script></div>').format(_data(folder, answers, rows)),
        Markup('<script src="{}" defer></script>').format(links.relative(page, SCRIPT)),
        _limits(answers),
        *(Markup("\n\n## {}\n\n{}").format(title, chart) for title, chart in _charts(one, answers)),
    ]
    return Markup("\n").join(parts)


def _today(one: System, night: Scenario, answers: Answers) -> Markup:
    """Today's point in a sentence."""
    point, words = answers.present, one.words
    said = VERDICTS[verdict(point)]
    first = ""
    if point["binds"]:
        address, name = point["binds"]
        held = point["held"][1]
        full = "without a single one of them" if held < 1 else f"at {_range(point['held'])} {words['crowd']}"
        first = f" The first limit, {name} of {address}, is used up {full}."
    month = register.figure(money(Decimal(point["month_usd"])), "cost.month", answers.plan.stack)
    return Markup("Does it hold {} {} as it stands? {}.{} A month costs {}; one day of “{}” adds {}.").format(
        f"{point['users']:,}", words["crowd"], said, first, month, night.title, money(Decimal(point["event_usd"]))
    )


def _form(answers: Answers) -> Markup:
    axes = [_input(axis, index) for axis, index in zip(answers.plan.axes, answers.today, strict=True)]
    return Markup(
        '<form class="g-whatif__inputs" autocomplete="off"><fieldset><legend>Inputs</legend>{}'
        '<p><button type="button" data-today>Back to today</button></p></fieldset></form>'
    ).format(Markup("").join(axes))


def _input(axis: Axis, today: int) -> Markup:
    """A slider over the computed values of a number, a list for anything else."""
    name, label = f"{PAGE}-{axis.name}", said(axis, today)
    if axis.is_number:
        control = Markup(
            '<input type="range" id="{0}" name="{1}" min="0" max="{2}" step="1" value="{3}" aria-valuetext="{4}" '
            'aria-describedby="{0}-ends"><output for="{0}">{4}</output>'
        ).format(name, axis.name, len(axis.values) - 1, today, label)
        ends = f"{axis.labels[0]} to {said(axis, len(axis.values) - 1)}; "
    else:
        options = Markup("").join(
            Markup('<option value="{}"{}>{}</option>').format(
                i, Markup(" selected") if i == today else "", said(axis, i)
            )
            for i in range(len(axis.values))
        )
        control = Markup('<select id="{0}" name="{1}" aria-describedby="{0}-ends">{2}</select>').format(
            name, axis.name, options
        )
        ends = ""
    return Markup(
        '<div class="g-whatif__axis"><label for="{0}">{1}</label>{2}<small id="{0}-ends">{3}today {4}</small></div>'
    ).format(name, axis.label, control, ends, axis.labels[today])


def said(axis: Axis, index: int) -> str:
    """A value of an axis with its unit; a label of its own has said it."""
    return f"{axis.labels[index]} {axis.unit}".strip() if axis.is_number else axis.labels[index]


def _answer(model: Model, answers: Answers, rows: Sequence[Figure], page: str) -> Markup:
    """The answer as a table, filled in for today: what the script changes is marked by the name of its figure."""
    point, binds = answers.present, _binds(answers)
    verdicts = {key: tables.chip(ADVICE[key], sentence) for key, sentence in VERDICTS.items()}
    first = {str(n): _limit(model, address, name, page) for n, (address, name) in enumerate(binds)}
    first["-"] = Markup("no known limit")
    here = str(binds.index(tuple(point["binds"]))) if point["binds"] else "-"
    body = [
        _row("verdict", "Does it hold?", _either(verdicts, verdict(point)), verdicts[verdict(point)], "same"),
        _row("binds", "Binds first", _either(first, here), first[here], "same"),
    ]
    for row in rows:
        text = _written(row, point)
        body.append(_row(row.name, row.label, text, text, "none"))
    heads = Markup("").join(
        Markup('<th scope="col">{}</th>').format(h) for h in ("", "These inputs", "Today", "Change")
    )
    return Markup(
        '<p class="g-whatif__said" role="status" aria-live="polite"></p>'
        '<p class="g-whatif__beyond" hidden></p>'
        '<div class="g-table" role="group" aria-label="The answer" tabindex="0"><table class="g-data"><caption>{}</caption>'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
        "<p>The same point computed for real, from the Terraform:</p>"
        '<pre class="g-whatif__line"><code>{}</code></pre>'
    ).format(_inputs(answers), heads, Markup("").join(body), command(page.rpartition("/")[0], answers))


def _row(name: str, label: str, here: Cell, today: Cell, change: str) -> Markup:
    return Markup(
        '<tr data-figure="{}"><th scope="row">{}</th><td data-here>{}</td><td>{}</td><td data-change>{}</td></tr>'
    ).format(name, label, here, today, change)


def _either(texts: Mapping[str, Cell], shown: str) -> Markup:
    """All of several texts, of which one is shown."""
    return Markup("").join(
        Markup('<span data-key="{}"{}>{}</span>').format(key, "" if key == shown else Markup(" hidden"), text)
        for key, text in texts.items()
    )


def _written(row: Figure, point: Point) -> str:
    figure = point.get(row.name)
    return "not known" if figure is None else WRITTEN[row.kind](figure)


def _binds(answers: Answers) -> list[tuple[str, ...]]:
    return list(dict.fromkeys(tuple(point["binds"]) for point in answers.points if point.get("binds")))


def _limit(model: Model, address: str, name: str, page: str) -> Markup:
    resource = model.architecture.by_address.get(address)
    where = infrastructure.citation(model, resource.defined_at, page) if resource else None
    return Markup("{} of {} {}").format(name, tables.code(address), where or "")


def _inputs(answers: Answers) -> str:
    chosen = zip(answers.plan.axes, answers.today, strict=True)
    return "Inputs: " + "; ".join(f"{axis.label}: {said(axis, index)}" for axis, index in chosen) + "."


def command(folder: str, answers: Answers) -> str:
    """What computes a point; the page shows it for the chosen one."""
    chosen = zip(answers.plan.axes, answers.today, strict=True)
    return " ".join([f"gameday what-if docs/{folder}", *(f"{axis.name}={axis.keys[i]}" for axis, i in chosen)])


def _data(folder: str, answers: Answers, rows: Sequence[Figure]) -> Markup:
    """What the script needs, as JSON that cannot end its element."""
    binds = _binds(answers)
    axes = [
        {
            "name": axis.name,
            "label": axis.label,
            "number": axis.is_number,
            "keys": axis.keys,
            "said": [said(axis, index) for index in range(len(axis.values))],
        }
        for axis in answers.plan.axes
    ]
    points: list[Any] = []
    for point in answers.points:
        if "refused" in point:
            points.append(point["refused"])
            continue
        bound = str(binds.index(tuple(point["binds"]))) if point["binds"] else "-"
        points.append([verdict(point), bound, *(point[row.name] for row in rows)])
    document = {
        "command": f"gameday what-if docs/{folder}",
        "axes": axes,
        "today": answers.today,
        "figures": [{"name": row.name, "label": row.label, "kind": row.kind} for row in rows],
        "points": points,
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=list)
    return Markup(text.replace("<", "\\u003c").replace("&", "\\u0026"))  # noqa: S704 (no mark of HTML is left in it)


def _limits(answers: Answers) -> Markup:
    refused = sum("refused" in point for point in answers.points)
    without = f" Terraform refuses {refused:,} of them, and the page says why." if refused else ""
    return Markup(
        "<p>The inputs offer computed points only: {:,} combinations, each computed by the model on {:%-d %B %Y}.{} Nothing is "
        "interpolated, so the error of interpolation is zero. The page says nothing about values that it does not offer; the "
        "command computes any other number. In brackets stands the range that the assumptions allow, from pessimistic to "
        "optimistic. The bill has no range: its prices are published, and its quantities rest on the central assumptions.</p>"
    ).format(len(answers.points), answers.record.recorded_on, without)


def _charts(one: System, answers: Answers) -> list[tuple[str, Markup]]:
    """What each input does alone, from today: to the users held and to the month's bill."""
    crowd = one.words["crowd"]
    asked: tuple[tuple[str, str, Callable[[Point], float | None]], ...] = (
        (f"{crowd.capitalize()} held", crowd, lambda point: point["held"][1]),
        ("A month", "US dollars", lambda point: float(point["month_usd"])),
    )
    made = []
    for title, unit, figure in asked:
        rows = [("today", "", figure(answers.present))]
        spans: list[tuple[float, str]] = []
        for number, axis in enumerate(answers.plan.axes):
            alone = [
                (index, value)
                for index in range(len(axis.values))
                if (value := _alone(answers, number, index, figure)) is not None
            ]
            values = [value for _, value in alone]
            if len(set(values)) < 2:
                continue
            spans.append((max(values) - min(values), axis.label))
            ends = [min(alone, key=lambda pair: pair[1]), max(alone, key=lambda pair: pair[1])]
            other = [(index, value) for index, value in sorted(set(ends)) if value != rows[0][2]]
            rows += [(f"{axis.label}: {said(axis, index)}", "", value) for index, value in other]
        drawn = [(name, series, value) for name, series, value in rows if value is not None]
        if not spans:
            made.append((title, Markup("<p>No input of this page changes it alone.</p>")))
            continue
        most = max(spans)[1]
        chart = charts.bars(
            f"{title}: most changed by {most[:1].lower()}{most[1:]}", drawn, unit=unit, number=",.0f",
            caption="From today, one input changed at a time: the values that make it least and most.",
        )  # fmt: skip
        made.append((chart.title, Markup(chart.html())))  # noqa: S704 (its texts are escaped where it is drawn)
    return made


def _alone(answers: Answers, axis: int, index: int, figure: Callable[[Point], float | None]) -> float | None:
    """The figure where one axis has another value than today; None where the point was refused or there is none."""
    where = [*answers.today]
    where[axis] = index
    point = answers.points[list(answers.plan.points).index(tuple(where))]
    return None if "refused" in point else figure(point)


def macros(site: Site) -> Mapping[str, Macro]:
    """What the page cites."""
    return {"what_if": lambda folder: what_if(site.root, site.docs, folder, site.here())}
