"""A night run again with other numbers, for the notebook: what the crowd would have felt, beside what it felt."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from analysis import incidents
from analysis import night as nights
from analysis.incidents import Bench, Change, Incident, Outcome
from analysis.drawing import charts, tables
from analysis.drawing.charts import Panel, Series
from analysis.drawing.figures import Figure
from analysis.drawing.tables import significant
from analysis.drawing.tables import Cell, Column, table
from analysis.notebooks.subjects import directory, nested
from analysis.notebooks.views import Headline, Headlines, Shown
from analysis.studies import Study, StudyError

LATE_S = 7.5
"""From which age on an update is late where neither the incident nor the caller says so."""

MOST_SEEDS = 20
"""Nights of each kind; more take minutes and say no more."""

FILE_NAME = "incident.toml"


@dataclass(frozen=True)
class Rerun:
    """A night as it was and with changes: what these are, the outcomes by seed, and the setups of both for charts."""

    incident: Incident
    stack: Study
    says: tuple[str, ...]
    late_s: float
    plain: tuple[Outcome, ...]
    changed: tuple[Outcome, ...]
    setups: tuple[nights.Setup, nights.Setup]


def rerun(
    root: str | Path,
    stack: str,
    *,
    users: int | None = None,
    seeds: int | None = None,
    late_s: float | None = None,
    undone: str | None = None,
    variables: Mapping[str, Any] | None = None,
    arguments: Mapping[str, Any] | None = None,
    environment: Mapping[str, Any] | None = None,
    poll_interval_s: float | None = None,
) -> Rerun:
    """The night of the incident beside the stack of that name, as it was and with changes.

    `users` changes both nights, the rest the second. `undone` names factors of the incident with a + between them; where nothing
    at all is changed it is the first of them. A name leads to a key, as in `tasks.min`, or from an address to its argument, as in
    `aws_ecs_service.api.desired_count`. Raises StudyError for what there is not, and as `incidents.Bench` does.
    """
    file = directory(root, stack) / FILE_NAME
    if not file.is_file():
        raise StudyError(f"{stack} has no {FILE_NAME}, so there is no night that could be run again")
    incident = incidents.read(file)
    if incident.night is not None and seeds is not None:
        if not 1 <= seeds <= MOST_SEEDS:
            raise StudyError(f"seeds must be from 1 to {MOST_SEEDS}, not {seeds}")
        incident = replace(incident, night=replace(incident.night, seeds=tuple(range(1, seeds + 1))))
    _positive(users=users, late_s=late_s, poll_interval_s=poll_interval_s)
    limit = late_s or incident.harm.late_s or LATE_S
    bench = Bench(incident, limit)
    if users is not None:
        bench = Bench(incident, limit, scenario=bench.plain.scenario.with_peak(users))
    given = Change(
        "given",
        _said({**(variables or {}), **(arguments or {}), **(environment or {})}, poll_interval_s),
        variables=nested(bench.plain.architecture.variables, variables or {}, bench.plain.title),
        arguments=_by_address(arguments or {}, _value),
        environment=_by_address(environment or {}, str),
        poll_interval_s=poll_interval_s,
    )
    changes = (*_undone(incident, undone), *((given,) if given.name else ()))
    changes = changes or incident.factors[:1]
    plain, changed = bench.outcomes([(), changes], jobs=1)
    setups = (bench.setup(()), bench.setup(changes))
    return Rerun(incident, bench.plain, tuple(one.name for one in changes), limit, plain, changed, setups)


def _positive(**given: float | None) -> None:
    for name, value in given.items():
        if value is not None and value <= 0:
            raise StudyError(f"{name} must be above 0, not {value:,g}")


def _said(given: Mapping[str, Any], poll_interval_s: float | None) -> str:
    """The changes in words; blank where there are none."""
    said = [f"{name} = {value}" for name, value in given.items()]
    if poll_interval_s is not None:
        said.append(f"{poll_interval_s:g} s between two polls")
    return ", ".join(said)


def _undone(incident: Incident, names: str | None) -> tuple[Change, ...]:
    """The factors of those ids. Raises StudyError for one that there is not."""
    known = {one.id: one for one in incident.factors}
    wanted = [name.strip() for name in (names or "").split("+") if name.strip()]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise StudyError(f"{incident.file} has no factor {unknown[0]!r}; it has {', '.join(known) or 'none'}")
    return tuple(known[name] for name in wanted)


def _by_address(given: Mapping[str, Any], meant: Callable[[Any], Any]) -> dict[str, dict[str, Any]]:
    """`{"aws_ecs_service.api.desired_count": 3}` by address. Raises StudyError for a name that leads to no argument."""
    found: dict[str, dict[str, Any]] = {}
    for path, value in given.items():
        address, dot, name = path.rpartition(".")
        if not dot:
            raise StudyError(f"{path!r} names no argument; write ADDRESS.NAME")
        found.setdefault(address, {})[name] = meant(value)
    return found


def _value(value: Any) -> Any:
    """A value; a text that reads as a number or as true or false is that."""
    with suppress(json.JSONDecodeError, TypeError):
        return json.loads(value)
    return value


def factors(found: Rerun) -> Shown:
    """What could be undone: the factors that the incident names, by id."""
    rows: list[Sequence[Cell]] = [[tables.code(one.id), one.name] for one in found.incident.factors]
    columns = [Column("Id", "code"), Column("Undone, it would be", "wide")]
    caption = f"In this run: {'; '.join(found.says)}."
    return Shown(str(table(columns, rows, label="Factors of the incident", caption=caption)))


def changed(found: Rerun) -> tuple[str, ...]:
    """The resources on the way of a request in that night."""
    return (*found.stack.path.hops, found.stack.path.service.task_definition)


def headlines(found: Rerun) -> Headlines:
    """User-minutes affected and failed requests, as it was and as given; means over the seeds."""
    rows: list[Headline] = []
    for name, outcomes in (("as it was", found.plain), ("as given", found.changed)):
        minutes, failed = fmean(o.user_minutes for o in outcomes), 100 * fmean(o.failed_share for o in outcomes)
        rows += [
            Headline(f"User-minutes affected, {name}", significant(round(minutes)), minutes),
            Headline(f"Failed requests, {name}", f"{failed:.2f} %", failed, "%", 2),
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
