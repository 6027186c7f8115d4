"""A night run again with other numbers, for the notebook: what the crowd would have felt, beside what it felt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from analysis import incidents
from analysis import night as nights
from analysis.incidents import Bench, Change, Incident, Outcome
from analysis.drawing import charts
from analysis.drawing.charts import Panel, Series
from analysis.drawing.figures import Figure
from analysis.drawing.tables import significant
from analysis.drawing.tables import Cell, Column, table
from analysis.notebooks.views import Headlines, Shown

LATE_S = 7.5
"""From which age on an update is late where neither the incident nor the caller says so."""


@dataclass(frozen=True)
class Rerun:
    """A night as it was and with changes: the outcomes by seed, and the setups of both for charts."""

    incident: Incident
    late_s: float
    plain: tuple[Outcome, ...]
    changed: tuple[Outcome, ...]
    setups: tuple[nights.Setup, nights.Setup]


def rerun(
    file: str | Path,
    *,
    now: bool = False,
    users: int | None = None,
    poll_interval_s: float | None = None,
    seeds: int | None = None,
    late_s: float | None = None,
    variables: Mapping[str, Any] | None = None,
    arguments: Mapping[str, Mapping[str, Any]] | None = None,
    environment: Mapping[str, Mapping[str, Any]] | None = None,
) -> Rerun:
    """The night of the incident in `file` with other numbers, on the stack that failed or on the one of `now`.

    What is None is left as it is. `users` changes both nights, the rest the second. Raises as `incidents.Bench` does.
    """
    incident = incidents.read(Path(file))
    if incident.night is not None and seeds is not None:
        incident = replace(incident, night=replace(incident.night, seeds=tuple(range(1, seeds + 1))))
    limit = late_s or incident.harm.late_s or LATE_S
    bench = Bench(incident, limit, now=now)
    if users is not None:
        bench = Bench(incident, limit, now=now, scenario=bench.plain.scenario.with_peak(users))
    change = Change(
        "given",
        "as given",
        variables=_given(variables or {}),
        arguments={address: values for address, found in (arguments or {}).items() if (values := _given(found))},
        environment={
            address: {name: str(value) for name, value in values.items()}
            for address, found in (environment or {}).items()
            if (values := _given(found))
        },
        poll_interval_s=poll_interval_s,
    )
    plain, changed = bench.outcomes([(), (change,)], jobs=1)
    return Rerun(incident, limit, plain, changed, (bench.setup(()), bench.setup((change,))))


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def headlines(found: Rerun) -> Headlines:
    """User-minutes affected and failed requests, as it was and as given; means over the seeds."""
    rows: list[tuple[str, str]] = []
    for name, outcomes in (("as it was", found.plain), ("as given", found.changed)):
        rows += [
            (f"User-minutes affected, {name}", significant(round(fmean(o.user_minutes for o in outcomes)))),
            (f"Failed requests, {name}", f"{100 * fmean(o.failed_share for o in outcomes):.2f} %"),
        ]
    return Headlines(tuple(rows))


def by_seed(found: Rerun) -> Shown:
    """Each night of both, with what it did to users."""
    rows: list[Sequence[Cell]] = []
    for name, outcomes in (("as it was", found.plain), ("as given", found.changed)):
        for outcome in outcomes:
            age = (outcome.age_p50_s, outcome.age_p95_s)
            rows.append(
                [
                    f"{name}, seed {outcome.seed}",
                    significant(round(outcome.user_minutes)),
                    str(outcome.minutes),
                    f"{100 * outcome.failed_share:.2f} %",
                    *("" if value is None else f"{value:.1f} s" for value in age),
                ]
            )
    columns = [
        Column("Night", "head"), Column("User-minutes affected", "number"), Column("Minutes of impact", "number"),
        Column("Failed requests", "number"), Column("Worst median age", "number"), Column("Worst age, p95", "number"),
    ]  # fmt: skip
    caption = f"Reconstructed; an update is late from {found.late_s:.3g} s on."
    return Shown(str(table(columns, rows, label="Nights by seed", caption=caption)))


def night(found: Rerun) -> Figure:
    """Users, failed requests and age over the night, as it was and as given, under the first seed."""
    seed = found.plain[0].seed
    both = [(name, nights.run(made, seed)) for name, made in zip(("as it was", "as given"), found.setups, strict=True)]

    def lines(metric: str, statistic: str) -> tuple[Series, ...]:
        return tuple(Series(name, _points(one, metric, statistic)) for name, one in both)

    parts = [
        Panel("users", (Series("both nights", _points(both[0][1], "Users", "average")),)),
        Panel("failed requests a second", lines("Errors", "average")),
        Panel("median age, s", lines("Age", "p50"), ",.1f"),
    ]
    caption = f"Reconstructed: {found.setups[0].stack}, {found.setups[0].scenario}, seed {seed}."
    return charts.panels("The night run again", parts, x="minutes from kick-off", caption=caption)


def _points(one: nights.Night, metric: str, statistic: str) -> tuple[tuple[float, float | None], ...]:
    values = one.metric("user", metric).values[statistic]
    return tuple(
        (one.setup.start_minute + minute, None if value != value else float(value))  # noqa: PLR0124 (NaN is not itself)
        for minute, value in enumerate(values)
    )
