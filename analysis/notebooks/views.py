"""What the notebooks show of a stack: each function gives one table or one figure, or None where the stack has nothing of it.

A section of a notebook whose cell shows nothing is left out of the page (`execution.clean`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from analysis import premortem as layer
from analysis.capacity import Capacity, Holding, Range
from analysis.drawing import charts, tables
from analysis.drawing.charts import Limit, Series
from analysis.drawing.figures import Figure
from analysis.drawing.tables import Cell, Column, Row, table
from analysis.facts.today import today
from analysis.notebooks.execution import HEADLINES, INPUTS, WARNINGS
from analysis.notebooks.subjects import Subject
from analysis.pages import premortem as pictures
from analysis.premortem.story import failing, grouped
from analysis.units import money, rate

POINTS = 160
"""Points of a curve over the hours of a scenario."""

AGE_STEP_S = 0.1

CROWDS = (0.25, 0.5, 1.0, 2.0)
"""Shares of the crowd at the peak for which a bill is computed."""

MOST_STATIONS = 12
"""Stations in a table of limits, those that bind first."""


# ---- what a cell returns ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """A piece of HTML, safe to put into a page, that a notebook shows."""

    html: str

    def _repr_html_(self) -> str:
        return self.html


@dataclass(frozen=True, slots=True)
class Headline:
    """A main result: its text, and the amount from which its change is computed. A change says `unit` and as many decimals."""

    name: str
    value: str
    amount: float | None = None
    unit: str = ""
    decimals: int = 0


@dataclass(frozen=True, slots=True)
class Headlines:
    """The main results of a notebook: shown as a table, and kept with the output so that two runs can be set side by side."""

    rows: tuple[Headline, ...]

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        columns = [Column("Result", "head"), Column("Value", "number")]
        return {
            "text/html": str(table(columns, [[row.name, row.value] for row in self.rows], label="Main results")),
            HEADLINES: [
                {
                    "name": row.name, "value": row.value, "amount": row.amount, "unit": row.unit,
                    "decimals": row.decimals,
                }
                for row in self.rows
            ],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run rests on: shown as a table, and kept with the output, so that what another run is given has its base."""

    shown: str
    inputs: tuple[tuple[str, Any], ...]

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return {"text/html": self.shown, INPUTS: [list(pair) for pair in self.inputs]}


@dataclass(frozen=True, slots=True)
class Warned:
    """What a reader must know before the results: shown above them, and said where the notebook was started."""

    sentences: tuple[str, ...]

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        told = "".join(f"<p>{tables.marked(sentence)}</p>" for sentence in self.sentences)
        return {"text/html": f'<div class="admonition warning">{told}</div>', WARNINGS: list(self.sentences)}


def _count(value: float | None, unit: str = "") -> str:
    return "no limit found" if value is None else f"{value:,.0f}{unit}"


def _span(values: Range) -> str:
    """A figure with its ends: 1,077 (961 to 1,179)."""
    if values.value is None:
        return "no limit found"
    ends = [_count(end) for end in (values.low, values.high)]
    return f"{_count(values.value)} ({ends[0]} to {ends[1]})"


def _percent(share: float) -> str:
    return f"{100 * share:,.1f} %"


# ---- what every notebook shows ----------------------------------------------------------------------------------------------


def settings(one: Subject) -> Settings:
    """What the run rests on: scenario, users, events and the pace of their requests."""
    crowd, scenario = one.crowd, one.study.scenario
    rows: list[Sequence[Cell]] = [
        ["Stack", one.title],
        ["Scenario", scenario.title],
        [f"{crowd.capitalize()} at the peak", f"{one.peak:,}"],
        [f"{one.event.capitalize()}s a month", f"{one.study.games_per_month:,}"],
        ["Seconds between two requests", f"{one.study.capacity.poll_interval.value:g}"],
        ["Program", one.study.profile.title],
        ["Region", one.study.architecture.region],
    ]
    shown = str(table([Column("", "head"), Column("In this run")], rows, label="What the run rests on"))
    inputs: list[tuple[str, Any]] = [("users", one.peak), ("events", float(one.study.games_per_month))]
    for name, found in one.study.architecture.variables.items():
        if not found.sensitive:
            keys = found.value if isinstance(found.value, dict) else {"": found.value}
            named = {f"variables.{name}.{key}".rstrip("."): value for key, value in keys.items()}
            inputs += [(key, value) for key, value in named.items() if isinstance(value, bool | int | float | str)]
    inputs += [(f"assumed.{name}", float(value.value)) for name, value in one.study.assumptions.items()]
    return Settings(shown, tuple(inputs))


def variables(one: Subject) -> Shown | None:
    """The variables of the Terraform, each with its value in this run; None for a stack without any."""
    declared = one.study.architecture.variables
    if not declared:
        return None
    rows: list[Sequence[Cell]] = [
        [tables.code(name), tables.code("hidden" if found.sensitive else _short(found.value)), found.description]
        for name, found in declared.items()
    ]
    columns = [Column("Variable", "code"), Column("In this run", "address"), Column("What it is", "wide")]
    made = table(columns, rows, label=f"Variables of {one.title}")
    return Shown(f"<details><summary>{len(rows)} variables of the Terraform</summary>{made}</details>")


def _short(value: Any) -> str:
    text = _hcl(value)
    return text if len(text) <= 120 else f"{text[:119]}…"


def _hcl(value: Any) -> str:
    """A resolved value as Terraform would write it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_hcl(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(_hcl, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _bottleneck(found: Capacity, holding: Holding) -> str:
    """The address of the resource whose limit is reached first; blank where none is known."""
    return found.station(holding.bottleneck).address if holding.bottleneck else ""


def warnings(one: Subject) -> Warned | None:
    """Whether more come than the stack holds, and whether Terraform would refuse the values; None where neither."""
    found = one.study.capacity
    said = []
    most, start = found.at_most.users.value, found.users_held.value
    if most is not None and one.peak > most:
        said.append(
            f"{one.title}: {one.peak:,} {one.crowd} are more than it holds, which is {most:,.0f}; then a limit of "
            f"`{_bottleneck(found, found.at_most)}` is reached. The bill takes all of them to be served."
        )
    elif start is not None and one.peak > start:
        said.append(
            f"{one.title}: {one.peak:,} {one.crowd} are more than it holds with what runs at the start, which is {start:,.0f}; "
            f"scaled out it is {_count(most)}."
        )
    said += [f"Terraform would refuse these values: {guard.message}" for guard in one.study.guards]
    return Warned(tuple(said)) if said else None


# ---- cost -------------------------------------------------------------------------------------------------------------------


def priced(one: Subject) -> tuple[str, ...]:
    """The resources with a line on the bill."""
    return tuple(dict.fromkeys(item.address for item in one.study.bill.line_items))


def _dollars(name: str, usd: Decimal) -> Headline:
    return Headline(name, f"${usd:,.2f}", float(usd), "$", 2)


def cost_headlines(one: Subject) -> Headlines:
    """What the stack costs a month, in a month of quiet days, and for each event."""
    bill, games = one.study.bill, one.study.games_per_month
    rows = [
        _dollars("A month with its events", bill.total.usd),
        _dollars("A month of quiet days", one.study.idle_bill.total.usd),
    ]
    if games:
        rows += [
            _dollars(f"What one {one.event} adds", one.study.game.usd),
            _dollars(f"A {one.event}, for 1,000 {one.crowd} at the peak", one.study.game.usd * 1000 / one.peak),
        ]
    return Headlines(tuple(rows))


def cost_by_service(one: Subject) -> Figure:
    """The month's bill by AWS service, the most expensive first, beside the other stacks of the system."""
    split = [(each.title, each.bill.by_service()) for each in one.every]
    total: dict[str, Decimal] = {}
    for _, found in split:
        for service, amount in found.items():
            total[service] = max(total.get(service, Decimal(0)), amount.usd)
    order = sorted((name for name, usd in total.items() if usd > 0), key=lambda name: (-total[name], name))
    rows = [
        (service, title, float(found[service].usd)) for service in order for title, found in split if service in found
    ]
    return charts.bars("Monthly cost by service", rows, unit="US dollars a month", number="$,.2f")


def events_and_idle(one: Subject) -> Figure:
    """What a month of quiet days costs, and what its events and other busy days add, beside the other stacks of the system."""
    rows = [
        (what, each.title, float(usd))
        for what, amounts in (
            ("A month of quiet days", [each.idle_bill.total.usd for each in one.every]),
            ("Its events and other busy days", [each.bill.total.usd - each.idle_bill.total.usd for each in one.every]),
            (f"One {one.event}", [each.game.usd for each in one.every]),
        )
        for each, usd in zip(one.every, amounts, strict=True)
    ]
    return charts.bars("An idle month and its events", rows, unit="US dollars", number="$,.2f")


def cost_over_users(one: Subject) -> Figure:
    """How the month's bill follows the number of users at the peak, from a quarter of them to twice as many."""
    crowds = sorted({max(1, round(one.peak * share)) for share in CROWDS})
    made = [one.study if crowd == one.peak else one.study.at(crowd) for crowd in crowds]
    line = Series(
        one.title, tuple((float(crowd), float(each.bill.total.usd)) for crowd, each in zip(crowds, made, strict=True))
    )
    held = one.study.capacity.at_most.users.value
    return charts.lines(
        "Monthly cost over the crowd", [line], x=f"{one.crowd.capitalize()} at the peak of a {one.event}",
        y="US dollars a month", number="$,.0f",
        limits=[Limit(held, "holds no more", vertical=True)] if held and crowds[0] <= held <= crowds[-1] else [],
    )  # fmt: skip


def bill(one: Subject, most: int = 20) -> Shown:
    """The most expensive lines of a bill: quantity times unit price, and how sure the price is."""
    lines = sorted(one.study.bill.line_items, key=lambda item: (-(item.cost or Decimal(0)), item.address, item.component))
    columns = [
        Column("Resource", "code"), Column("Component", "wide"), Column("Quantity", "number"), Column("Unit price", "number"),
        Column("A month", "number"), Column("Price is"),
    ]  # fmt: skip
    rows: list[Row | Sequence[Cell]] = [
        [
            item.address,
            item.component,
            "by usage" if item.quantity is None else f"{item.quantity:,.2f} {item.unit}",
            rate(item.unit_price),
            "by usage" if item.cost is None else money(item.cost),
            str(item.confidence),
        ]
        for item in lines[:most]
    ]
    rest = sum((item.cost or Decimal(0) for item in lines[most:]), Decimal(0))
    if lines[most:]:
        rows.append([None, f"{len(lines) - most} smaller lines", None, None, money(rest), None])
    rows.append(Row([None, "Together", None, None, money(one.study.bill.total.usd), None], total=True))
    return Shown(str(table(columns, rows, label=f"Bill of {one.title}")))


def frame(one: Subject) -> pd.DataFrame:
    """Every line of the bills of the system's stacks as a data frame, to be sorted, grouped and joined; amounts in US dollars a month as float."""
    return pd.DataFrame(
        [
            {
                "stack": each.directory.name,
                "service": item.service,
                "address": item.address,
                "component": item.component,
                "quantity": None if item.quantity is None else float(item.quantity),
                "unit": item.unit,
                "usd": None if item.cost is None else float(item.cost),
                "usage_based": item.usage_based,
                "confidence": str(item.confidence),
            }
            for each in one.every
            for item in each.bill.line_items
        ]
    )


def pivot(lines: pd.DataFrame, rows: str, columns: str) -> pd.DataFrame:
    """The dollars of `frame` summed by the values of two of its columns, the most expensive row first."""
    summed = lines.pivot_table(values="usd", index=rows, columns=columns, aggfunc="sum", fill_value=0.0).round(2)
    ordered = summed.loc[summed.sum(axis="columns").sort_values(ascending=False, kind="stable").index]
    return ordered.rename_axis(index=None, columns=rows)  # one row of headings: the corner says what the rows are


def not_in_the_total(one: Subject) -> Shown:
    """What has no price or no quantity, and why: it is in no total."""
    bill = one.study.bill
    rows: list[Sequence[Cell]] = [[item.address, item.component, item.reason] for item in bill.unpriced]
    rows += [[item.address, item.component, "its usage is not known"] for item in bill.without_quantity]
    if not rows:
        return Shown("<p>Everything has a price and a quantity.</p>")
    columns = [Column("Resource", "code"), Column("Component"), Column("Why", "wide")]
    return Shown(str(table(columns, rows, label="What is in no total")))


# ---- capacity ---------------------------------------------------------------------------------------------------------------


def loaded(one: Subject) -> tuple[str, ...]:
    """The resources that carry load."""
    return tuple(dict.fromkeys(station.address for station in one.study.capacity.stations))


def capacity_headlines(one: Subject) -> Headlines:
    """Users held, and the limit that is reached first, with what runs at the start and scaled out."""
    found = one.study.capacity
    rows = []
    for when, holding in (("with what runs at the start", found.at_start), ("scaled out", found.at_most)):
        rows += [
            Headline(f"{one.crowd.capitalize()} held {when}", _span(holding.users), holding.users.value),
            Headline(f"First limit {when}", _bottleneck(found, holding) or "none known"),
        ]
    if found.polled is not None:
        fresh = found.polled.fresh_share
        rows.append(
            Headline(f"Updates seen within {found.freshness_target_s:g} s", _percent(fresh), 100 * fresh, "%", 1)
        )
    return Headlines(tuple(rows))


def limits(one: Subject) -> Shown:
    """The stations in the order in which they are full: what reaches each, what it can do, and the users it holds."""
    known = sorted(
        one.study.capacity.stations, key=lambda s: np.inf if s.users_held.value is None else s.users_held.value
    )
    columns = [
        Column("Station", "address"), Column("Offered a second", "number"), Column("Can do a second", "number"),
        Column("Used", "number"), Column(f"{one.crowd.capitalize()} held", "number"), Column("By", "wide"),
    ]  # fmt: skip
    rows: list[Sequence[Cell]] = [
        [
            s.address,
            f"{s.offered_per_s:,.1f}",
            _count(s.capacity_per_s.value),
            "no limit found" if s.utilisation is None else _percent(s.utilisation),
            _span(s.users_held),
            s.formula,
        ]
        for s in known[:MOST_STATIONS]
    ]
    rest = len(known) - MOST_STATIONS
    caption = f"{one.title} at {one.peak:,} {one.crowd}: {one.study.scenario.title}."
    caption += f" {rest} more stations hold more." if rest > 0 else ""
    return Shown(str(table(columns, rows, label=f"Stations of {one.title}", caption=caption)))


def users_held(one: Subject) -> Figure | None:
    """Users at which the first station saturates, beside the other stacks of the system; None where no limit is known."""
    rows = [
        (name, each.title, value)
        for name, pick in (("At the start", "at_start"), ("Scaled out", "at_most"))
        for each in one.every
        if (value := getattr(each.capacity, pick).users.value) is not None
    ]
    if not rows:
        return None
    crowd = one.crowd.capitalize()
    return charts.bars(f"{crowd} held", rows, unit=f"{crowd} until the first limit is reached", number=",.0f")


def crowd(one: Subject) -> Figure:
    """Who comes when, and what the stack holds."""
    scenario, capacity = one.study.scenario, one.study.capacity
    start, end = float(scenario.start_minute), float(scenario.end_minute)
    minutes = sorted({*np.linspace(start, end, POINTS).tolist(), float(scenario.peak_minute)})
    line = Series(scenario.title, tuple((round(at, 2), scenario.users(at)) for at in minutes))
    held = {"scaled out": capacity.at_most.users.value, "at the start": capacity.users_held.value}
    shown = [
        Limit(value, f"{value:,.0f} held {when}")
        for when, value in held.items()
        if value is not None and 0 < value <= 1.2 * one.peak
    ]
    return charts.lines(
        f"{one.crowd.capitalize()} over the scenario", [line], x="Minutes of the scenario", y=one.crowd.capitalize(),
        limits=shown[-1:] if len({limit.value for limit in shown}) == 1 else shown,
    )  # fmt: skip


def connection_budget(one: Subject) -> Shown | None:
    """Connections that the tasks may claim, also while a deployment runs, and those accepted; None without a pool of them."""
    budget = one.study.capacity.connections
    if budget is None:
        return None
    columns = [
        Column("Each task", "number"), Column("Tasks at most", "number"), Column("Claimed", "number"),
        Column("While deploying", "number"), Column("Accepted", "number"), Column("Verdict"),
    ]  # fmt: skip
    row = [
        f"{budget.per_task.value:,g}",
        f"{budget.tasks.value:,g}",
        f"{budget.claimed:,}",
        f"{budget.claimed_deploying:,}",
        _span(budget.accepted),
        budget.verdict,
    ]
    return Shown(str(table(columns, [row], label=f"Connections to {budget.database}")))


def freshness(one: Subject) -> Figure | None:
    """The share of updates that are on the screen within an age, at the scenario's peak; None where nobody polls a service."""
    shown = [each for each in one.every if each.capacity.polled is not None]
    if one.study.capacity.polled is None:
        return None
    worst = max(each.capacity.polling.freshness.worst_s for each in shown)
    ages = [AGE_STEP_S * step for step in range(int(min(worst, 60.0) / AGE_STEP_S) + 2)]
    series = [
        Series(each.title, tuple((age, 100 * each.capacity.polling.freshness.within(age)) for age in ages))
        for each in shown
    ]
    target = one.study.capacity.freshness_target_s
    return charts.lines(
        "Age of an update on the screen", series, x="Seconds after the publisher sent it", y="Per cent of updates",
        number=",.1f", limits=[Limit(target, f"target {target:g} s", vertical=True)],
    )  # fmt: skip


# ---- the hours of the scenario ----------------------------------------------------------------------------------------------


def strained(one: Subject) -> tuple[str, ...]:
    """The resources with a limit that the scenario's hours use."""
    return tuple(dict.fromkeys(address for strain in one.study.premortem.strains for address in strain.stations))


def hours_headlines(one: Subject) -> Headlines:
    """How many limits are passed and for how long, the fullest, and what fails."""
    found = one.study.premortem
    passed = [strain for strain in found.strained if strain.full.any()]
    over = sum(float(strain.full.sum()) * found.step_s / 60.0 for strain in passed)
    rows = [
        Headline("Limits that are passed", f"{len(passed)} of {len(found.strains)}", len(passed)),
        Headline("Minutes over them, together", f"{over:,.0f}", over),
    ]
    fullest = next(iter(found.strained), None)
    if fullest is not None:
        load = float(fullest.load.max())
        finite = bool(np.isfinite(load))
        rows += [
            Headline("The fullest limit", f"{fullest.limit.name} of {fullest.stations[0]}"),
            Headline(
                "Used of it at worst", _percent(load) if finite else "no room at all", 100 * load if finite else None, "%", 1
            ),
        ]
    for name, courses in grouped(found):
        share = float(failing(courses)[1].max())
        rows.append(Headline(f"Failed {name}, worst moment", _percent(share), 100 * share, "%", 1))
    return Headlines(tuple(rows))


def story(one: Subject) -> Shown:
    """What happens, in the order of its minutes."""
    told = "".join(f"<li>{tables.marked(sentence)}</li>" for sentence in layer.story(one.study.premortem))
    return Shown(f"<ol>{told}</ol>")


def hours(one: Subject) -> Figure:
    """The crowd, the fullest limits, and of what fails, waits and scales what is worst."""
    return pictures.picture(one.study.premortem, one.crowd)


def hours_limits(one: Subject) -> Shown:
    """The limits that are passed, or where none is, the fullest."""
    found = layer.Report(one.study.premortem, today()).tables["limits"]
    kept = [row for row in found.rows if row[-1] != "0"] or list(found.rows)
    shown = kept[:MOST_STATIONS]
    kinds: Sequence[Any] = ("wide", "address", "number", "number", "number", "number")
    columns = [Column(head, kind) for head, kind in zip(found.heads, kinds, strict=True)]
    rest = len(found.rows) - len(shown)
    caption = f"{rest} more limits are less full." if rest else ""
    return Shown(str(table(columns, shown, label=f"Limits of {one.title} in the scenario's hours", caption=caption)))


def answers(one: Subject) -> Figure | None:
    """How long an answer takes over the hours; None where the model does not follow the answers of one program."""
    found = one.study.premortem
    if found.answers is None:
        return None
    scale = 60.0 if found.by_clock else 1.0
    step = max(1, -(-len(found.minutes) // POINTS))
    points = tuple(
        (round(float(found.minutes[at]) / scale, 3), 1000 * float(found.answers.mean_s[at : at + step].max()))
        for at in range(0, len(found.minutes), step)
    )
    axis = "Hours from midnight, UTC" if found.by_clock else "Minutes from kick-off"
    return charts.lines(
        "Mean time of an answer", [Series(one.title, points)], x=axis, y="Milliseconds", number=",.0f",
        caption="Each point is the highest value of its stretch of time.",
    )  # fmt: skip


def assumed(one: Subject) -> Shown | None:
    """What the run takes for granted; None where that is nothing."""
    said = "".join(f"<li>{tables.marked(str(note))}</li>" for note in one.study.premortem.diagnostics)
    return Shown(f"<ul>{said}</ul>") if said else None


# ---- the way of a request ---------------------------------------------------------------------------------------------------


def on_the_path(one: Subject) -> tuple[str, ...]:
    """The resources on the way of a request that a simulated night follows."""
    path = one.study.path
    return (*path.hops, path.service.task_definition)
