"""The record of a weighing: every set of changes with its nights, in a file beside the incident, and whether it still holds.

Hundreds of nights take a minute, so pages show the record. `gameday incident weigh --record` writes it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

from analysis import evidence
from analysis.facts import FactError
from analysis.incidents.counterfactuals import Bench, Outcome, Weighed, weigh
from analysis.incidents.headrooms import Headrooms, Room, headrooms
from analysis.incidents.shapley import coalitions
from analysis.incidents.timeline import Change, Incident
from analysis.studies import inputs

KIND = "incident"
SUFFIX = ".weighed.json"


@dataclass(frozen=True)
class Record:
    """What was found when the incident was last weighed.

    `steps` has the nights of each step by its id, `rooms` the headroom of the stack that failed and of the one of now.
    """

    factors: Weighed
    actions: Weighed | None
    steps: dict[str, tuple[Outcome, ...]]
    rooms: tuple[Headrooms, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    recorded_on: dt.date = dt.date.min
    rests_on: Mapping[str, str] = field(default_factory=dict)


def path_of(incident: Incident) -> Path:
    """Where the record of an incident lies: beside its file."""
    return incident.path.with_suffix(SUFFIX)


def basis(incident: Incident) -> dict[str, str]:
    """What the nights rest on: the changes, seeds and limits, and the plain stacks, each change alone and all together."""
    changes = ("factors", "steps", "actions", "hard", "harm")
    named: dict[str, Any] = {name: getattr(incident, name) for name in changes}
    named["seeds"] = incident.night.seeds if incident.night else ()
    studies = []
    for now in (False, True) if incident.now is not None else (False,):
        bench = Bench(incident, 0.0, now=now)
        groups = (incident.actions,) if now else (incident.factors, incident.steps)
        sets = [(), *groups, *([change] for group in groups for change in group)]
        studies += [bench.changed(changes) for changes in sets]
    return evidence.basis({**inputs(studies, priced=True), "incident": named}, ("night", "bill", "incident"))


def made(incident: Incident, late_s: float, *, jobs: int = -1) -> Record:
    """The incident weighed anew: all sets of its factors and of its actions, its steps, the headroom of its stacks.

    Raises as `counterfactuals.weigh`.
    """
    bench = Bench(incident, late_s)
    steps = bench.outcomes([[step] for step in incident.steps], jobs=jobs)
    return Record(
        weigh(incident, late_s, jobs=jobs),
        weigh(incident, late_s, actions=True, jobs=jobs) if incident.actions else None,
        {step.id: outcomes for step, outcomes in zip(incident.steps, steps, strict=True)},
        tuple(
            headrooms(incident, now=now, jobs=jobs)
            for now in ((False, True) if incident.now else (False,))
            if incident.hard
        ),
        {name: version(name) for name in ("gameday-notebook", "numpy")},
    )


def content(record: Record) -> dict[str, Any]:
    """What is kept: plain values, the same bytes for the same nights."""
    rooms = [
        {
            "stack": each.stack,
            "rooms": {
                change: {hard: [room.users, list(room.first)] for hard, room in by_hard.items()}
                for change, by_hard in each.rooms.items()
            },
        }
        for each in record.rooms
    ]
    return {
        "versions": dict(record.versions),
        "columns": list(COLUMNS),
        "factors": _weighed(record.factors),
        "actions": None if record.actions is None else _weighed(record.actions),
        "steps": {name: [_plain(outcome) for outcome in outcomes] for name, outcomes in record.steps.items()},
        **dict(zip(("headroom", "headroom_now"), rooms, strict=False)),
    }


COLUMNS = ("seed", "user_minutes", "minutes", "failed", "requests", "age_p50_s", "age_p95_s")
"""What a night's list holds, in order."""


def _weighed(weighed: Weighed) -> dict[str, Any]:
    return {
        "stack": weighed.stack,
        "late_s": weighed.late_s,
        "seeds": list(weighed.seeds),
        "usd_month": str(weighed.usd_month_as_it_is),
        "usd_month_with": {name: str(usd) for name, usd in weighed.usd_month.items()},
        "sets": {
            "+".join(name for name in weighed.ids if name in coalition): [_plain(outcome) for outcome in outcomes]
            for coalition, outcomes in weighed.outcomes.items()
        },
    }


def _plain(outcome: Outcome) -> list[float | int | None]:
    return [
        round(value, 3) if isinstance(value, float) else value
        for value in (getattr(outcome, column) for column in COLUMNS)
    ]


def _outcome(values: Sequence[Any]) -> Outcome:
    return Outcome(**dict(zip(COLUMNS, values, strict=True)))


def _read(values: Mapping[str, Any], changes: Sequence[Change], *, taken_away: bool) -> Weighed:
    ids = [change.id for change in changes]
    outcomes = {
        frozenset(name.split("+") if name else ()): tuple(map(_outcome, nights))
        for name, nights in values["sets"].items()
    }
    _same("sets", sorted(map(sorted, outcomes)), sorted(map(sorted, coalitions(ids))))
    return Weighed(
        values["stack"],
        taken_away,
        tuple(changes),
        tuple(values["seeds"]),
        values["late_s"],
        outcomes,
        {name: Decimal(usd) for name, usd in values["usd_month_with"].items()},
        Decimal(values["usd_month"]),
    )


def load(incident: Incident) -> Record:
    """The record beside the incident's file. Raises FactError where there is none, or where it is of other changes."""
    path = path_of(incident)
    try:
        record = evidence.read(path, KIND)
        found = None if record is None else _restored(incident, record)
    except (evidence.RecordError, ValueError, KeyError, TypeError) as error:
        raise FactError(path.name, "", f"is no record of this incident ({error}); weigh it again") from None
    if found is None:
        raise FactError(path.name, "", "is missing; run `gameday incident weigh --record`")
    return found


def _restored(incident: Incident, record: evidence.Record) -> Record:
    read = record.content
    return Record(
        _read(read["factors"], incident.factors, taken_away=False),
        None if read["actions"] is None else _read(read["actions"], incident.actions, taken_away=True),
        {name: tuple(map(_outcome, nights)) for name, nights in read["steps"].items()},
        tuple(_rooms(read[name]) for name in ("headroom", "headroom_now") if name in read),
        read["versions"],
        record.recorded_on,
        record.rests_on,
    )


def _rooms(values: Mapping[str, Any]) -> Headrooms:
    rooms = {
        change: {hard: Room(users, tuple(first)) for hard, (users, first) in by_hard.items()}
        for change, by_hard in values["rooms"].items()
    }
    return Headrooms(values["stack"], rooms)


def _same(what: str, there: object, wanted: object) -> None:
    if there != wanted:
        raise ValueError(f"its {what} are other ones")
