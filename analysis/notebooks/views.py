"""What the notebooks show of stacks: each function takes studies and returns one table or one figure.

A study is one stack under given variable values and one scenario, with its bill and its capacity: `analysis.studies.study`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.capacity import Range, utilisations
from analysis.demand import arrivals
from analysis.drawing import charts, diagrams
from analysis.drawing.charts import Limit, Series
from analysis.drawing.figures import Figure
from analysis.notebooks.execution import HEADLINES, ROOT
from analysis.drawing.tables import Cell, Column, Row, table
from analysis.studies import Study, study
from analysis.units import money, rate
from analysis.wiring import request_path

NIGHT_STEP_MIN = 2
AGE_STEP_S = 0.1


# ---- what a cell returns ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """A piece of HTML, safe to put into a page, that a notebook shows."""

    html: str

    def _repr_html_(self) -> str:
        return self.html


@dataclass(frozen=True, slots=True)
class Headlines:
    """The main results of a notebook: shown as a table, and kept with the output so that two runs can be set side by side."""

    rows: tuple[tuple[str, str], ...]

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        columns = [Column("Result", "head"), Column("Value", "number")]
        return {
            "text/html": str(table(columns, self.rows, label="Main results")),
            HEADLINES: [{"name": name, "value": value} for name, value in self.rows],
        }


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


# ---- cost -------------------------------------------------------------------------------------------------------------------


def cost_headlines(*studies: Study) -> Headlines:
    """What each stack costs a month, in a month without a game, and for each game."""
    rows: list[tuple[str, str]] = []
    for one in studies:
        rows += [
            (f"{one.title}: a month with {one.games_per_month:,} games", str(one.bill.total)),
            (f"{one.title}: a month without a game", str(one.idle_bill.total)),
            (f"{one.title}: what one game adds", str(one.game)),
        ]
    return Headlines(tuple(rows))


def settings(*studies: Study) -> Shown:
    """What is being compared: tasks, their size, users, games, and where each value stands."""
    columns = [Column("", "head"), *(Column(one.title, "number") for one in studies)]
    services = [one.capacity.polling.path.service for one in studies]
    holds = [one.capacity for one in studies]
    rows: list[Sequence[Cell]] = [
        ["Users at the peak", *(f"{one.scenario.peak_users.value:,}" for one in studies)],
        ["Games a month", *(f"{one.games_per_month:,}" for one in studies)],
        ["Seconds between two polls", *(f"{c.poll_interval.value:g}" for c in holds)],
        ["Virtual CPUs of a task", *(f"{s.vcpu.value:g}" for s in services)],
        ["Memory of a task, MiB", *(f"{s.memory_mib.value:,g}" for s in services)],
        ["Tasks at kick-off", *(f"{s.tasks_at_start.value:,g}" for s in services)],
        ["Tasks at most", *(f"{s.tasks_at_most.value:,g}" for s in services)],
    ]
    return Shown(str(table(columns, rows, label="What is compared")))


def cost_by_service(*studies: Study) -> Figure:
    """The month's bill by AWS service, the most expensive first."""
    split = [(one.title, one.bill.by_service()) for one in studies]
    total: dict[str, Decimal] = {}
    for _, found in split:
        for service, amount in found.items():
            total[service] = max(total.get(service, Decimal(0)), amount.usd)
    order = sorted((name for name, usd in total.items() if usd > 0), key=lambda name: (-total[name], name))
    rows = [
        (service, title, float(found[service].usd)) for service in order for title, found in split if service in found
    ]
    return charts.bars("Monthly cost by service", rows, unit="US dollars a month", number="$,.2f")


def bill(one: Study, most: int = 20) -> Shown:
    """The most expensive lines of a bill: quantity times unit price, and how sure the price is."""
    lines = sorted(one.bill.line_items, key=lambda item: (-(item.cost or Decimal(0)), item.address, item.component))
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
    rows.append(Row([None, "Together", None, None, money(one.bill.total.usd), None], total=True))
    return Shown(str(table(columns, rows, label=f"Bill of {one.title}")))


def frame(*studies: Study) -> pd.DataFrame:
    """Every line of the bills as a data frame, to be sorted, grouped and joined; amounts in US dollars a month as float."""
    return pd.DataFrame(
        [
            {
                "stack": one.directory.name,
                "service": item.service,
                "address": item.address,
                "component": item.component,
                "quantity": None if item.quantity is None else float(item.quantity),
                "unit": item.unit,
                "usd": None if item.cost is None else float(item.cost),
                "usage_based": item.usage_based,
                "confidence": str(item.confidence),
            }
            for one in studies
            for item in one.bill.line_items
        ]
    )


def pivot(lines: pd.DataFrame, rows: str, columns: str) -> pd.DataFrame:
    """The dollars of `frame` summed by the values of two of its columns, the most expensive row first."""
    summed = lines.pivot_table(values="usd", index=rows, columns=columns, aggfunc="sum", fill_value=0.0).round(2)
    ordered = summed.loc[summed.sum(axis="columns").sort_values(ascending=False, kind="stable").index]
    return ordered.rename_axis(index=None, columns=rows)  # one row of headings: the corner says what the rows are


def game_and_idle(*studies: Study) -> Figure:
    """What a month costs before anybody comes, and what its games add."""
    rows = [
        (what, one.title, float(usd))
        for what, amounts in (
            ("A month without a game", [one.idle_bill.total.usd for one in studies]),
            ("All games of a month", [one.bill.total.usd - one.idle_bill.total.usd for one in studies]),
            ("One game", [one.game.usd for one in studies]),
        )
        for one, usd in zip(studies, amounts, strict=True)
    ]
    return charts.bars("An idle month and its games", rows, unit="US dollars", number="$,.2f")


def cost_over_users(studies: Sequence[Study], users: Iterable[int]) -> Figure:
    """How the month's bill follows the number of users at the peak."""
    crowds = list(users)
    series = [
        Series(one.title, tuple((float(crowd), float(one.at(crowd).bill.total.usd)) for crowd in crowds))
        for one in studies
    ]
    return charts.lines(
        "Monthly cost over users", series, x="Users at the peak of a game", y="US dollars a month", number="$,.0f"
    )


def not_in_the_total(*studies: Study) -> Shown:
    """What has no price or no quantity, and why: it is in no total."""
    rows: list[Sequence[Cell]] = [
        [one.title, unpriced.address, unpriced.component, unpriced.reason]
        for one in studies
        for unpriced in one.bill.unpriced
    ]
    rows += [
        [one.title, i.address, i.component, "its usage is not known"]
        for one in studies
        for i in one.bill.without_quantity
    ]
    rows = rows or [
        ["Both stacks" if len(studies) > 1 else studies[0].title, None, None, "everything has a price and a quantity"]
    ]
    columns = [Column("Stack", "head"), Column("Resource", "code"), Column("Component"), Column("Why", "wide")]
    return Shown(str(table(columns, rows, label="What is in no total")))


# ---- capacity ---------------------------------------------------------------------------------------------------------------


def capacity_headlines(*studies: Study) -> Headlines:
    """Users held, the first bottleneck, the busiest station at the peak, and the share of updates that are fresh."""
    rows: list[tuple[str, str]] = []
    for one in studies:
        found = one.capacity
        rows += [
            (f"{one.title}: users held with the tasks at kick-off", _span(found.users_held)),
            (f"{one.title}: first bottleneck", found.bottleneck),
            (f"{one.title}: users held with all tasks", _span(found.at_most.users)),
            (f"{one.title}: updates seen within {found.freshness_target_s:g} s", _percent(found.polling.fresh_share)),
        ]
    return Headlines(tuple(rows))


def stations(one: Study) -> Shown:
    """Every hop at the scenario's peak: what reaches it, what it can do, how busy it is, and the users it holds."""
    columns = [
        Column("Station", "head"), Column("Resource", "code"), Column("Offered a second", "number"),
        Column("Can do a second", "number"), Column("Busy", "number"), Column("Users held", "number"), Column("By", "wide"),
    ]  # fmt: skip
    rows: list[Sequence[Cell]] = [
        [
            s.name,
            s.address,
            f"{s.offered_per_s:,.1f}",
            _count(s.capacity_per_s.value),
            "no limit found" if s.utilisation is None else _percent(s.utilisation),
            _span(s.users_held),
            s.formula,
        ]
        for s in one.capacity.stations
    ]
    caption = f"{one.title} at {one.capacity.users:,} users: {one.scenario.title}."
    return Shown(str(table(columns, rows, label=f"Stations of {one.title}", caption=caption)))


def users_held(*studies: Study) -> Figure:
    """Users at which the first station saturates: with the tasks at kick-off, and with as many as scaling allows."""
    rows = [
        (name, one.title, value)
        for name, pick in (("Tasks at kick-off", "at_start"), ("All tasks", "at_most"))
        for one in studies
        if (value := getattr(one.capacity, pick).users.value) is not None
    ]
    return charts.bars("Users held", rows, unit="Users until the first station saturates", number=",.0f")


def utilisation_over_the_night(one: Study) -> Figure:
    """How busy each limited station is, minute by minute, with the tasks at kick-off."""
    minutes = arrivals(one.scenario, request_path(one.architecture, one.about))[::NIGHT_STEP_MIN]
    found = utilisations(one.architecture, one.scenario, one.about, [m.users for m in minutes])
    series = [
        Series(name, tuple((m.minute, 100 * (busy or 0.0)) for m, busy in zip(minutes, values, strict=True)))
        for name, values in found.items()
        if None not in values
    ]
    return charts.lines(
        f"Stations of {one.title} over the night", series, x="Minutes from kick-off", y="Per cent busy", number=",.0f",
        limits=[Limit(100, "saturated")],
    )  # fmt: skip


def night(*studies: Study) -> Figure:
    """Who comes when: users over the night, and what each stack held with its tasks at kick-off."""
    series = [
        Series(one.scenario.title, tuple((m.minute, m.users) for m in arrivals(one.scenario)[::NIGHT_STEP_MIN]))
        for one in studies
    ]
    distinct = list({s.name: s for s in series}.values())
    held = [
        Limit(value, f"{one.title} holds {value:,.0f}") for one in studies if (value := one.capacity.users_held.value)
    ]
    top = max(y for s in distinct for _, y in s.points if y is not None)
    shown = [limit for limit in held if limit.value <= 1.2 * top]
    return charts.lines("Users over the night", distinct, x="Minutes from kick-off", y="Users", limits=shown)


def connection_budget(*studies: Study) -> Shown:
    """Connections that the tasks may claim, also while a deployment runs, against those that the database accepts."""
    columns = [
        Column("Stack", "head"), Column("Each task", "number"), Column("Tasks at most", "number"), Column("Claimed", "number"),
        Column("While deploying", "number"), Column("Accepted", "number"), Column("Verdict"),
    ]  # fmt: skip
    rows: list[Sequence[Cell]] = []
    for one in studies:
        budget = one.capacity.connections
        if budget is None:
            rows.append([one.title, None, None, None, None, None, "no database on the request path"])
            continue
        rows.append(
            [
                one.title,
                f"{budget.per_task.value:,g}",
                f"{budget.tasks.value:,g}",
                f"{budget.claimed:,}",
                f"{budget.claimed_deploying:,}",
                _span(budget.accepted),
                budget.verdict,
            ]
        )
    return Shown(str(table(columns, rows, label="Connection budget")))


def freshness(*studies: Study) -> Figure:
    """The share of updates that are on the fan's screen within an age, at the scenario's peak."""
    worst = max(one.capacity.polling.freshness.worst_s for one in studies)
    ages = [AGE_STEP_S * step for step in range(int(min(worst, 60.0) / AGE_STEP_S) + 2)]
    series = [
        Series(one.title, tuple((age, 100 * one.capacity.polling.freshness.within(age)) for age in ages)) for one in studies
    ]
    target = studies[0].capacity.freshness_target_s
    return charts.lines(
        "Age of an update on the screen", series, x="Seconds after the publisher sent it", y="Per cent of updates", number=",.1f",
        limits=[Limit(target, f"target {target:g} s", vertical=True)],
    )  # fmt: skip


def diagram(one: Study, page: Callable[[str], str | None] = lambda _: None) -> diagrams.Drawing:
    """The stack as a picture, with its numbers and what each node costs a month; `page` gives the page about an address."""
    return diagrams.draw(one.architecture, title=one.title, monthly_usd=diagrams.monthly_usd(one.bill), page=page)


def draw_stack(name: str, out: Path = ROOT / "out") -> Path:
    """The picture of the stack `name` of this checkout as a file `<name>.svg` in `out`; tells where it lies and what it holds."""
    drawn = diagram(study(ROOT / "terraform" / "stacks" / name))
    path = diagrams.write(drawn, out / f"{name}.svg")
    sys.stdout.write(f"{path}: {drawn.statement}\n")
    return path
