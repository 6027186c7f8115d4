"""Simulated nights on a page: charts over one time axis, the nights a stack must hold, how one that happened was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from analysis import evidence, facts, night, studies, terraform
from analysis.drawing import charts, tables
from analysis.drawing.charts import Limit, Panel, Series
from analysis.drawing.figures import Figure
from analysis.drawing.tables import Cell, Column, table
from analysis.facts import Stack
from analysis.night import Night, hard, hard_plan
from analysis.night.calibration import error_share
from analysis.night.calibration_plan import FOLDER, SETS, Calibration, Symptom
from analysis.pages import reference
from analysis.pages.reads import cache

BEFORE_MINUTES, AFTER_MINUTES = 15, 20
"""Which minutes of a night its charts show: those around its fullest."""


@cache
def _about(root: Path, name: str) -> Stack:
    return facts.stack(root / "terraform" / "stacks" / name)


@cache
def calibration(root: Path, name: str) -> Calibration:
    """The search beside a stack. Raises FactError where there is none."""
    return studies.calibration(_about(root, name).directory)


@cache
def planned(root: Path, name: str, title: str, seed: int) -> Night:
    """One of the nights that a stack must hold, by its title. LookupError without one of that name."""
    about = _about(root, name)
    plan = hard_plan.hard_nights(about.directory)
    one = next((one for one in plan.nights if one.title == title), None)
    if one is None:
        raise LookupError(f"{plan.file} has no night {title!r}; it has {', '.join(one.title for one in plan.nights)}")
    made = hard.night_setup(terraform.load(about.directory), facts.scenario(about.scenario), about, plan, one)
    return night.run(made, seed)


@cache
def played(root: Path, name: str, seed: int, by: str) -> Night:
    """The night that happened to the stack `by`, with the crowd that its calibration found, on the stack `name`."""
    about, source = _about(root, name), _about(root, by)
    found = calibration(root, by)
    values = found.values if by == name else found.crowd(source.runtime)
    return night.replay(terraform.load(about.directory), facts.scenario(source.scenario), about, seed, values=values)


def reconstructed(one: Night) -> str:
    """What every chart of a simulated night says of itself."""
    made = one.setup
    return (
        f"Reconstructed, not recorded: simulated from the Terraform of {made.stack}, {made.scenario}, seed {one.seed}."
    )


def _line(one: Night, name: str, values: Sequence[float]) -> Series:
    first = one.setup.start_minute
    crest = int(one.setup.users.argmax()) // 60
    shown = (
        (first + at, None if np.isnan(value) else float(value))
        for at, value in enumerate(values)
        if crest - BEFORE_MINUTES <= at < crest + AFTER_MINUTES
    )
    return Series(name, tuple(shown))


def _failed(one: Night) -> list[float]:
    minutes = one.setup.minutes
    return [100.0 * error_share(one, np.arange(minutes) == minute) for minute in range(minutes)]


def night_chart(one: Night, title: str) -> Markup:
    """The night's chart as part of a page."""
    return Markup(chart(one, title).html())  # noqa: S704 (its texts are escaped where it is made)


def chart(one: Night, title: str) -> Figure:
    """Users, failed requests, ages and tasks of a night, one above the other over the same minutes."""

    def line(name: str, station: str, metric: str, statistic: str) -> Series:
        return _line(one, name, list(one.metric(station, metric).values[statistic]))

    target_s = one.setup.freshness_target_s
    parts = [
        Panel("users", (line("the night", "user", "Users", "average"),)),
        Panel("failed requests, %", (_line(one, "the night", _failed(one)),), ",.1f"),
        Panel(
            "age of an update, s",
            (line("median", "user", "Age", "p50"), line("p95", "user", "Age", "p95")),
            ",.1f",
            (Limit(target_s, "promised"),),
        ),
        Panel("healthy tasks", (line("the night", "balancer", "HealthyHostCount", "average"),)),
    ]
    return charts.panels(title, parts, x="minutes from kick-off", caption=reconstructed(one))


def events(one: Night, most: int = 20) -> Markup:
    """What happened on a night, in its order."""
    rows: list[Sequence[Cell]] = [
        [f"{event.minute:.1f}", event.what, "" if event.task is None else str(event.task)]
        for event in one.events[:most]
    ]
    if len(one.events) > most:
        rows.append(["", f"and {len(one.events) - most:,} more", ""])
    columns = [Column("Minute", "number"), Column("What happened"), Column("Task", "number")]
    return table(columns, rows, label=f"Events, {reconstructed(one)}")


def percent(share: float | None) -> str:
    """A share in per cent; blank where there is none."""
    return "" if share is None else f"{100 * share:.3g} %"


def seconds(time_s: float | None) -> str:
    """A time in seconds; blank where there is none."""
    return "" if time_s is None else f"{time_s:.3g} s"


def hard_nights(root: Path, name: str) -> Markup:
    """The nights that a stack must hold, the worst of several seeds each."""
    directory = _about(root, name).directory
    plan, record = hard_plan.hard_nights(directory), studies.nights_record(directory)
    columns = [Column("Night", "wide")]
    columns += [
        Column(heading, "number")
        for heading in ("Failed", "in the worst minute", "Answer p95", "Update age p95", "in a failover", "for")
    ]
    rows: list[Sequence[Cell]] = [
        [
            one["title"],
            percent(one["errors"]),
            percent(one["worst_errors"]),
            seconds(one["latency_p95_s"]),
            seconds(one["settled_age_p95_s"]),
            seconds(one["failover_age_p95_s"]),
            f"{one['failover_minutes']} min" if one["failover_minutes"] else "",
        ]
        for one in record.content["nights"]
    ]
    label = f"{plan.users:,} users, the worst of {plan.seeds} nights of each kind; recorded on {record.recorded_on}"
    return table(columns, rows, label=label)


def headroom(root: Path, name: str) -> Markup:
    """How many users each of these nights would hold, and what gives way beyond."""
    directory = _about(root, name).directory
    plan, record = hard_plan.hard_nights(directory), studies.nights_record(directory)
    columns = [
        Column("Night", "wide"),
        Column("Users held", "number"),
        Column("Then"),
        Column("What gives way first", "wide"),
    ]
    rows: list[Sequence[Cell]] = []
    for one in record.content["nights"]:
        room = one["headroom"]
        users = "no limit found" if room["users"] is None else f"{room['users']:,.0f}"
        then = {"late": "updates are late", "errors": "requests fail", None: "nobody is affected yet"}[room["why"]]
        rows.append([one["title"], users, then, room["first"][0] if room["first"] else "nothing is used up"])
    return table(
        columns, rows, label=f"Users held, each over {plan.headroom_seeds} nights; recorded on {record.recorded_on}"
    )


USED = {
    "fit": "chosen by it",
    "test": "kept out, to test",
    "given": "the Terraform alone",
    "unexplained": "not explained",
}


def _figure(symptom: Symptom, value: float | None) -> str:
    if value is None:
        return ""
    return percent(value) if symptom.unit == "share" else f"{value:.3g} {symptom.unit}"


def symptoms(root: Path, name: str) -> Markup:
    """What was reported, how it is used, and what the chosen set gives."""
    found = calibration(root, name)
    told = found.record["chosen"]["figures"]
    columns = [
        Column("Reported", "wide"),
        Column("From whom", "wide"),
        Column("Figure"),
        Column("Use"),
        Column("Chosen set gives", "number"),
    ]
    rows: list[Sequence[Cell]] = []
    for one in found.design.symptoms:
        within = f" ± {_figure(one, one.tolerance)}" if one.tolerance else ""
        minutes = f", minutes {one.minutes[0]:g} to {one.minutes[1]:g}" if one.minutes else ""
        below = f", up to {one.users:,.0f} users" if one.users else ""
        rows.append(
            [
                one.says,
                one.source,
                f"{_figure(one, one.value)}{within}{minutes}{below}",
                USED[one.use],
                _figure(one, told.get(one.name)),
            ]
        )
    return table(columns, rows, label="Symptoms")


def free_assumptions(root: Path, name: str) -> Markup:
    """Every assumption that could move: range, chosen value, where the fitting sets lie, and what it moves."""
    found = calibration(root, name)
    columns = [Column("Assumption", "code")]
    columns += [
        Column(heading, "number")
        for heading in (
            "From",
            "Centre",
            "To",
            "Chosen",
            "Sets that fit: 5 %",
            "half",
            "95 %",
            "Moves errors",
            "Moves lateness",
        )
    ]
    rows: list[Sequence[Cell]] = []
    for one in found.record["assumptions"]:
        fitting, moves = one["fitting"], list(one["correlation"].values())
        figures = (one["low"], one["value"], one["high"], one["chosen"], fitting["p5"], fitting["p50"], fitting["p95"])
        rows.append([one["name"], *(f"{figure:.4g}" for figure in figures), *(f"{value:+.2f}" for value in moves)])
    return table(columns, rows, label="Free assumptions; `moves` is a rank correlation over all sets")


def lateness_of_sets(root: Path, name: str) -> Markup:
    """How late updates are over all sets, and over those that were chosen without looking at it."""
    found = calibration(root, name)
    (test,) = found.record["tests"]
    edges = [0.0, 3.0, 6.0, 9.0, 12.0, 15.0, 18.0, 21.0, 24.0, 30.0, np.inf]
    groups = {
        "all sets": [row.get(test["symptom"], np.inf) for row in found.sets],
        "sets that fit": [row.get(test["symptom"], np.inf) for row in found.sets if row["fits"]],
    }
    rows = []
    for low, high in pairwise(edges):
        band = f"{low:g} to {high:g} s" if np.isfinite(high) else f"over {low:g} s"
        for group, values in groups.items():
            rows.append((band, group, 100.0 * sum(low <= value < high for value in values) / len(values)))
    figure = charts.bars(
        "How late the median update is",
        rows,
        unit="share of the sets, %",
        number=".0f",
        caption=(
            f"{len(groups['all sets']):,} sets, of which {len(groups['sets that fit']):,} fit; lateness took no part in that."
        ),
    )
    return Markup(figure.html())  # noqa: S704 (its texts are escaped where it is made)


def tests_of(root: Path, name: str) -> Markup:
    """The symptom that was kept out, the search the other way round, and other stretches of minutes."""
    record = calibration(root, name).record
    columns = [Column("Question", "wide"), Column("Sets", "number")]
    columns += [Column(heading, "number") for heading in ("5 %", "half", "95 %", "meet the report")]
    rows: list[Sequence[Cell]] = []

    def told(question: str, sets: int, spread: Mapping[str, Any], unit: str) -> None:
        factor = 100.0 if unit == "%" else 1.0
        figures = ("endless" if spread[q] is None else f"{factor * spread[q]:.3g} {unit}" for q in ("p5", "p50", "p95"))
        rows.append([question, f"{sets:,}", *figures, percent(spread.get("met"))])

    counts = record["counts"]
    for test in record["tests"]:
        told("Lateness, over all sets", counts["tried"], test["all"], "s")
        told("Lateness, over the sets that fit low load and errors", counts["fitting"], test["fitting"], "s")
    for other in record["reverse"]:
        told(
            "The other way round: errors, over the sets that fit low load and lateness",
            other["sets"],
            other["errors"],
            "%",
        )
    for window in record["windows"]:
        first, last = window["minutes"]
        told(
            f"Lateness, had the errors been counted over minutes {first:g} to {last:g}",
            window["sets"],
            window["late"],
            "s",
        )
    return table(columns, rows, label="Tests of the search")


def chosen_nights(root: Path, name: str) -> Markup:
    """The chosen set under each of its seeds."""
    found = calibration(root, name)
    shown = [s for s in found.design.symptoms if s.use in {"fit", "test"}]
    columns = [Column("Seed", "number"), *(Column(one.name, "number") for one in shown)]
    rows = [
        [str(told["seed"]), *(_figure(one, told[one.name]) for one in shown)]
        for told in found.record["chosen"]["nights"]
    ]
    return table(columns, rows, label="The chosen set, night by night")


def macros(root: Path) -> tuple[Callable[..., Markup], ...]:
    """The macros of pages about simulated nights."""

    def crash_chart(name: str, seed: int = 1) -> Markup:
        """The night that happened, as the calibration found it."""
        return night_chart(played(root, name, seed, name), "The crash, minute by minute")

    def crash_events(name: str, seed: int = 1) -> Markup:
        """What happened on it."""
        return events(played(root, name, seed, name))

    def answered_chart(name: str, crashed: str, seed: int = 1) -> Markup:
        """The same crowd and course on another stack."""
        return night_chart(played(root, name, seed, crashed), "The same crowd on the present stack")

    def hard_night_chart(name: str, title: str, seed: int = 1) -> Markup:
        """One of the nights that a stack must hold."""
        return night_chart(planned(root, name, title, seed), title)

    def hard_night_table(name: str) -> Markup:
        """The nights that a stack must hold."""
        return hard_nights(root, name)

    def headroom_table(name: str) -> Markup:
        """How many users each would hold."""
        return headroom(root, name)

    def calibration_symptoms(name: str) -> Markup:
        """What was reported."""
        return symptoms(root, name)

    def calibration_assumptions(name: str) -> Markup:
        """What could move."""
        return free_assumptions(root, name)

    def calibration_tests(name: str) -> Markup:
        """How the search was tested."""
        return tests_of(root, name)

    def calibration_lateness(name: str) -> Markup:
        """Lateness over all sets and over those that fit."""
        return lateness_of_sets(root, name)

    def calibration_nights(name: str) -> Markup:
        """The chosen set under each seed."""
        return chosen_nights(root, name)

    def calibration_figure(name: str, key: str) -> Markup:
        """A figure of the record: a count by its name, or one of those that `_figure_of` has."""
        return tables.inline(_figure_of(calibration(root, name), key))

    def night_assumptions() -> Markup:
        """What a simulated night assumes besides its scenario."""
        return reference.facts_table("Assumptions of a simulated night", night.night_assumptions())

    def thread_assumptions() -> Markup:
        """What threads cost."""
        return reference.facts_table("Threads of a worker", facts.assumptions(facts.THREADS))

    def not_simulated() -> Markup:
        """Metrics that no simulated night has, with the reasons."""
        rows: list[Sequence[Cell]] = [
            [f"{namespace} {metric}", reason] for (namespace, metric), reason in sorted(night.NOT_MODELLED.items())
        ]
        return table([Column("Metric", "code"), Column("Why", "wide")], rows, label="Metrics that are not simulated")

    return (
        crash_chart, crash_events, answered_chart, hard_night_chart, hard_night_table, headroom_table,
        calibration_symptoms, calibration_assumptions, calibration_tests, calibration_lateness, calibration_nights,
        calibration_figure, night_assumptions, thread_assumptions, not_simulated,
    )  # fmt: skip


def _figure_of(found: Calibration, key: str) -> str:
    record = found.record
    (test,) = record["tests"]
    figures: dict[str, str] = {
        **{str(name): f"{count:,}" for name, count in record["counts"].items()},
        "met": percent(round(test["fitting"]["met"], 2)),
        "met-by-all": percent(round(test["all"]["met"], 2)),
        "half-late": seconds(test["fitting"]["p50"]),
        "departure": f"{record['chosen']['departure']:.2f}",
        "set": str(record["chosen"]["set"]),
        "hash": evidence.digest(found.rests_on),
        "date": found.recorded_on.isoformat(),
    }
    if key not in figures:
        raise ValueError(f"{key} is no figure of a calibration; there are {', '.join(figures)}")
    return figures[key]


def published(root: Path) -> Mapping[str, Path]:
    """The tables of every set that a calibration tried, by the stack: each is a file of the site, to be downloaded."""
    found = sorted((root / "terraform" / "stacks").glob(f"*/{FOLDER}/{SETS}"))
    return {path.parent.parent.name: path for path in found}


def table_uri(stack: str) -> str:
    """Where that table lies among the pages."""
    return f"reference/calibration/{stack}.csv"
