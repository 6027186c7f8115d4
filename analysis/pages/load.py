"""What a stack holds, as tables: the stations of a request, what each figure rests on, connections, freshness."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup

from analysis.capacity import Bound, Capacity, Range, Station
from analysis.drawing import tables
from analysis.drawing.tables import Cell, Column, Row, State, significant, table
from analysis.network.model import spoken
from analysis.pages import infrastructure, systems
from analysis.pages.model import Macro, Model, Site
from analysis.units import Given

BUSY = 0.7
"""Utilisation from which a station is marked: its waits more than triple those of an idle one (1 / (1 - 0.7))."""

VERDICTS: dict[str, State] = {"fits": "good", "over budget": "warn", "exhausted": "bad"}


def held(users: Range) -> str:
    """A number of users with its range; a figure without limit is said to be one."""
    if users.value is None:
        return "no limit in this model"
    low, high = users.low, users.high
    span = "" if low is None or high is None or low == high else f" ({low:,.0f} to {high:,.0f})"
    return f"{users.value:,.0f}{span}"


def utilisation(value: float | None) -> Cell:
    """A utilisation in per cent, with a word where it is high."""
    if value is None:
        return None
    text = f"{significant(100 * value, 2)} %"
    if value >= 1:
        return Markup("{} {}").format(text, tables.chip("bad", "saturated"))
    return Markup("{} {}").format(text, tables.chip("warn", "busy")) if value >= BUSY else text


def stations(model: Model, page: str, crowd: str) -> Markup:
    """The stations at the scenario's peak: offered rate, capacity, utilisation, and the crowd at which each saturates."""
    capacity = model.capacity
    rows = [_station(model, capacity, station, page) for station in capacity.stations]
    columns = [
        Column("Station", "head"), Column("Address", "address"), Column("Offered, 1/s", "number"),
        Column("Capacity, 1/s", "number"),
        Column("Utilisation"), Column(f"Saturates at, {crowd}", "number"), Column("Formula", "wide"),
    ]  # fmt: skip
    caption = (
        f"{capacity.users:,} {crowd}, each asking every {significant(float(capacity.poll_interval.value))} s; "
        f"tasks at kick-off: {capacity.at_start.tasks.value}. In brackets: the range that the assumptions allow."
    )
    return table(columns, rows, label=f"Stations of {model.name}", caption=caption)


def _station(model: Model, capacity: Capacity, station: Station, page: str) -> Row:
    first = station.name == capacity.bottleneck
    name: Cell = (
        Markup("{}<br>{}").format(station.name, tables.chip("warn", "first to saturate")) if first else station.name
    )
    resource = model.architecture.by_address.get(station.address)
    address: Cell = tables.code(station.address)
    if resource:
        address = Markup("{}<br>{}").format(address, infrastructure.citation(model, resource.defined_at, page) or "")
    able = "no limit" if station.capacity_per_s.value is None else significant(station.capacity_per_s.value)
    users = held(station.users_held)
    cells = [
        name,
        address,
        significant(station.offered_per_s),
        able,
        utilisation(station.utilisation),
        users,
        station.formula,
    ]
    return Row(cells, f"{model.name}-station-{station.name}")


def limits(model: Model, page: str, crowd: str) -> Markup:
    """Every limit that the crowd or a feed uses, the one that binds first on top, with the size of the crowd that it holds."""
    capacity = model.capacity
    bounds = [(station, bound) for station in capacity.stations for bound in station.limits]
    bounds = [
        (station, bound)
        for station, bound in bounds
        if not bound.shared_with or station.address == min((station.address, *bound.shared_with))
    ]
    bounds.sort(key=lambda pair: (_endless(pair[1].users_held.value), -pair[1].utilisation, pair[0].address))
    rows = [_limit(model, station, bound, page) for station, bound in bounds]
    columns = [
        Column("Limit", "head"), Column("Of", "address"), Column("Used", "number"), Column("Available", "number"),
        Column("Unit"), Column("Utilisation"), Column(f"Holds, {crowd}", "number"), Column("Formula", "wide"),
    ]  # fmt: skip
    start = capacity.at_start.tasks
    given = f", with {start.name}: {start.value:,}" if start.unit else ""
    caption = (
        f"{capacity.users:,} {crowd} in the scenario “{capacity.scenario}”{given}. "
        "In brackets: the range that the assumptions allow. A feed comes whether anybody watches or not."
    )
    return table(columns, rows, label=f"Limits of {model.name}, first to last", caption=caption)


def _endless(users: float | None) -> float:
    return float("inf") if users is None else users


def _limit(model: Model, station: Station, bound: Bound, page: str) -> Row:
    resource = model.architecture.by_address.get(station.address)
    place: Markup = tables.code(station.address)
    if resource:
        place = Markup("{}<br>{}").format(place, infrastructure.citation(model, resource.defined_at, page) or "")
    if bound.shared_with:
        place += Markup("<br>with {}").format(Markup(", ").join(tables.code(address) for address in bound.shared_with))
    users = "nobody" if bound.users_held.value is not None and bound.users_held.value < 1 else held(bound.users_held)
    per, unit = spoken(bound.unit)
    cells = [
        bound.name, place, significant(bound.used / per, 4), significant(bound.available / per, 4), unit,
        utilisation(bound.utilisation), users, bound.formula,
    ]  # fmt: skip
    return Row(cells)


def inputs(model: Model, page: str) -> Markup:
    """Every input of the stations' formulas, with the line of Terraform, the assumption or the source it comes from."""
    seen: dict[tuple[str, str], Sequence[Cell]] = {}
    for station in model.capacity.stations:
        for given in station.inputs:
            seen.setdefault((given.name, given.origin), _given(model, station.name, given, page))
    columns = [
        Column("Input", "code"),
        Column("Used for"),
        Column("Value", "number"),
        Column("Unit"),
        Column("Where from", "wide"),
    ]
    return table(columns, list(seen.values()), label=f"Inputs of {model.name}")


def _given(model: Model, station: str, given: Given, page: str) -> Sequence[Cell]:
    return [
        given.name,
        station,
        infrastructure.shown(given.value),
        given.unit,
        infrastructure.origin(model, given.origin, page),
    ]


def connections(models: Sequence[Model], page: str) -> Markup:
    """The connection budget of each stack: what the tasks may claim, also during a deployment, and what the database accepts."""
    rows = []
    for model in models:
        budget = model.capacity.connections
        if budget is None:
            continue
        rows.append(
            [
                model.about.title,
                infrastructure.shown(budget.per_task.value),
                infrastructure.shown(budget.tasks.value),
                f"{budget.claimed:,}",
                f"{budget.claimed_deploying:,}",
                "unknown" if budget.accepted.value is None else significant(budget.accepted.value),
                tables.chip(VERDICTS[budget.verdict], budget.verdict),
                infrastructure.origin(model, budget.origin, page),
            ]
        )
    columns = [
        Column("Stack", "head"), Column("Per task", "number"), Column("Tasks at most", "number"), Column("Claimed", "number"),
        Column("While deploying", "number"), Column("Accepted", "number"), Column("Verdict"), Column("Limit from", "wide"),
    ]  # fmt: skip
    return table(columns, rows, label="Connection budgets")


def freshness(models: Sequence[Model]) -> Markup:
    """How old an update is when a client shows it: median, 95th percentile and worst, against the target."""
    rows = []
    for model in models:
        capacity = model.capacity
        fresh = capacity.polling.freshness
        rows.append(
            [
                model.about.title,
                f"{significant(fresh.percentile_s(0.5), 2)} s",
                f"{significant(fresh.percentile_s(0.95), 2)} s",
                f"{significant(fresh.worst_s, 2)} s",
                f"{significant(capacity.freshness_target_s, 2)} s",
                f"{significant(100 * capacity.polling.fresh_share, 3)} %",
            ]
        )
    columns = [
        Column("Stack", "head"), Column("Median age", "number"), Column("95th percentile", "number"), Column("Worst", "number"),
        Column("Target", "number"), Column("Within target", "number"),
    ]  # fmt: skip
    return table(
        columns, rows, label="Freshness", caption="With the tasks that run at kick-off, at the scenario's peak."
    )


def macros(site: Site) -> Mapping[str, Macro]:
    """What pages cite of capacity."""

    def in_words(table_of: Callable[[Model, str, str], Markup]) -> Macro:
        return lambda name: table_of(site.stack(name), site.here(), systems.words(site.docs, site.here())["crowd"])

    return {
        "stations": in_words(stations),
        "first_limits": in_words(limits),
        "capacity_inputs": site.of_stack_here(inputs),
        "connection_budgets": lambda *names: connections([site.stack(name) for name in names], site.here()),
        "freshness": lambda *names: freshness([site.stack(name) for name in names]),
    }
