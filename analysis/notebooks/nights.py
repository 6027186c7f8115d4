"""A simulated night of the stack that a notebook is about: its outcome, its chart, its quarters of an hour and its events."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis import night, studies
from analysis.drawing.figures import Figure
from analysis.drawing.tables import Column, table
from analysis.night import Night, NightError
from analysis.night.calibration_plan import folder
from analysis.notebooks.subjects import Subject, numbers
from analysis.notebooks.views import Headline, Headlines, Shown
from analysis.pages import nights as pages


def evening(one: Subject, *, seed: int = 1, faults: str | None = None, assumed: Mapping[str, Any] | None = None) -> Night:
    """The night of the stack's scenario; `faults` are written with a + between them.

    Where a night of the stack was searched for (`calibration/` beside it), with the values that were found; those of `assumed`
    go before them. Raises NightError for what cannot be simulated.
    """
    if seed < 0:
        raise NightError(f"seed must be 0 or more, not {seed}")
    made = one.study
    found = dict(studies.calibration(made.directory).values) if Path(folder(made.directory)).is_dir() else {}
    found |= numbers(one.base, assumed or {})
    if one.users is not None:
        found["audience.peak_users"] = one.users
    broken = [night.fault(text.strip()) for text in (faults or "").split("+") if text.strip()]
    return night.replay(
        made.architecture, made.scenario, made.about, seed, broken, profile=made.profile, values=found
    )


def headlines(one: Night) -> Headlines:
    """The figures of a night that a reader asks for first."""
    told = night.outcome(one)
    rows = [
        _share("Failed requests, all hours", told.errors),
        _share("Failed requests, worst minute", told.worst_errors),
        Headline("Minutes of impact", f"{told.hurt_minutes}", told.hurt_minutes),
    ]
    if told.age_p95_s is not None:
        rows.append(
            Headline(
                "Age of an update at p95, worst minute", pages.seconds(told.age_p95_s), told.age_p95_s, " s", 1
            )
        )
    return Headlines(tuple(rows))


def _share(name: str, share: float) -> Headline:
    return Headline(name, pages.percent(share), 100 * share, "%", 2)


def chart(one: Night) -> Figure:
    """Users, failed requests, ages and tasks, one above the other over the same minutes."""
    return pages.chart(one, f"{one.setup.stack}: {one.setup.scenario}")


def quarters(one: Night) -> Shown:
    """The night in quarters of an hour."""
    columns = [Column("From minute", "number")]
    columns += [Column(name, "number") for name in ("Users", "Failed", "Answer p95", "Age p50", "p95", "Tasks", "CPU")]
    rows = [
        [
            f"{part.start_minute:g}",
            f"{part.users:,.0f}",
            pages.percent(part.error_share),
            pages.seconds(part.latency_p95_s),
            pages.seconds(part.age_p50_s),
            pages.seconds(part.age_p95_s),
            f"{part.tasks:.0f}",
            f"{part.cpu_percent:.0f} %",
        ]
        for part in night.summary(one)
    ]
    return Shown(str(table(columns, rows, label=pages.reconstructed(one))))


def happened(one: Night) -> Shown | None:
    """What happened on the night, in its order; None where nothing did."""
    return Shown(str(pages.events(one))) if one.events else None
