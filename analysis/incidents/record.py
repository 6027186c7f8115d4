"""The record of a weighing: every set of changes with its nights, in a file beside the incident, and whether it still holds.

Hundreds of nights take a minute, so pages show the record. It carries a hash of everything that the nights rest on, as they would
be simulated now; a comment in the Terraform does not change it. `gameday incident weigh --record` writes it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

from analysis.facts import FactError
from analysis.files import RECORD_BYTES, read_text
from analysis.incidents.counterfactuals import Bench, Outcome, Weighed, weigh
from analysis.incidents.headrooms import Headrooms, Room, headrooms
from analysis.incidents.shapley import coalitions
from analysis.incidents.timeline import Change, Incident

SUFFIX = ".weighed.json"
VERSION = 1


@dataclass(frozen=True)
class Record:
    """What was found when the incident was last weighed.

    `steps` has the nights of each step by its id, `rooms` the headroom of the stack that failed and of the one of now.
    """

    digest: str
    factors: Weighed
    actions: Weighed | None
    steps: dict[str, tuple[Outcome, ...]]
    rooms: tuple[Headrooms, ...] = ()
    made_on: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)


def path_of(incident: Incident) -> Path:
    """Where the record of an incident lies: beside its file."""
    return incident.path.with_suffix(SUFFIX)


def digest(incident: Incident, late_s: float) -> str:
    """A hash of the nights as they would be simulated: the plain stacks, each change alone, all together, seeds and limit."""
    seeds = incident.night.seeds if incident.night else ()
    found = hashlib.sha256(repr((VERSION, late_s, seeds, incident.hard)).encode())
    groups: list[tuple[bool, tuple[Change, ...]]] = [(False, incident.factors), (False, incident.steps)]
    if incident.now is not None:
        groups.append((True, incident.actions))
    for now, changes in groups:
        bench = Bench(incident, late_s, now=now)
        sets: list[Sequence[Change]] = [(), *([change] for change in changes), changes]
        for made in sets:
            night = bench.setup(made)
            found.update(
                repr(([change.id for change in made], night.setting, night.edge_spans_s, night.runtime)).encode()
            )
            for array in (night.users, night.routes, night.faults, night.tracking, night.steps):
                found.update(array.tobytes())
        found.update(repr([bench.changed(made).bill.total.usd for made in sets]).encode())
    return found.hexdigest()[:32]


def made(incident: Incident, late_s: float, *, jobs: int = -1, made_on: str = "") -> Record:
    """The incident weighed anew: all sets of its factors and of its actions, its steps, the headroom of its stacks.

    `made_on` is the day that the record will bear. Raises as `counterfactuals.weigh`.
    """
    bench = Bench(incident, late_s)
    steps = bench.outcomes([[step] for step in incident.steps], jobs=jobs)
    return Record(
        digest(incident, late_s),
        weigh(incident, late_s, jobs=jobs),
        weigh(incident, late_s, actions=True, jobs=jobs) if incident.actions else None,
        {step.id: outcomes for step, outcomes in zip(incident.steps, steps, strict=True)},
        tuple(
            headrooms(incident, now=now, jobs=jobs)
            for now in ((False, True) if incident.now else (False,))
            if incident.hard
        ),
        made_on,
        {name: version(name) for name in ("gameday-notebook", "numpy")},
    )


def text(record: Record) -> str:
    """The file's text: plain values, the same bytes for the same nights, and a line for each set of changes."""
    head = {
        "about": "Written by `gameday incident weigh --record`; not to be edited by hand.",
        "version": VERSION,
        "made_on": record.made_on,
        "versions": dict(record.versions),
        "rests_on": record.digest,
        "columns": list(COLUMNS),
    }
    lines = [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in head.items()]
    for name, weighed in (("factors", record.factors), ("actions", record.actions)):
        lines.append(f"  {json.dumps(name)}: {'null' if weighed is None else _block(_weighed(weighed), '  ')}")
    steps = {name: [_plain(outcome) for outcome in outcomes] for name, outcomes in record.steps.items()}
    lines.append(f'  "steps": {_block(steps, "  ")}')
    for name, rooms in zip(("headroom", "headroom_now"), record.rooms, strict=False):
        plain = {
            change: {hard: [room.users, list(room.first)] for hard, room in by_hard.items()}
            for change, by_hard in rooms.rooms.items()
        }
        lines.append(f'  "{name}": {_block({"stack": rooms.stack, "rooms": plain}, "  ")}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


COLUMNS = ("seed", "user_minutes", "minutes", "failed", "requests", "age_p50_s", "age_p95_s")
"""What a night's list holds, in order."""


def _block(values: Mapping[str, Any], indent: str) -> str:
    """A JSON object with a line for each key, objects inside it broken in the same way."""
    inner = indent + "  "
    lines = [
        f"{inner}{json.dumps(key, ensure_ascii=False)}: "
        + (_block(value, inner) if isinstance(value, dict) else json.dumps(value, ensure_ascii=False))
        for key, value in values.items()
    ]
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}" if lines else "{}"


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
        read = json.loads(read_text(path, RECORD_BYTES))
        _same("version", read["version"], VERSION)
        return Record(
            read["rests_on"],
            _read(read["factors"], incident.factors, taken_away=False),
            None if read["actions"] is None else _read(read["actions"], incident.actions, taken_away=True),
            {name: tuple(map(_outcome, nights)) for name, nights in read["steps"].items()},
            tuple(_rooms(read[name]) for name in ("headroom", "headroom_now") if name in read),
            read["made_on"],
            read["versions"],
        )
    except OSError as error:
        raise FactError(
            path.name, "", f"cannot be read ({error.strerror}); run `gameday incident weigh --record`"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise FactError(path.name, "", f"is no record of this incident ({error}); weigh it again") from None


def _rooms(values: Mapping[str, Any]) -> Headrooms:
    rooms = {
        change: {hard: Room(users, tuple(first)) for hard, (users, first) in by_hard.items()}
        for change, by_hard in values["rooms"].items()
    }
    return Headrooms(values["stack"], rooms)


def _same(what: str, there: object, wanted: object) -> None:
    if there != wanted:
        raise ValueError(f"its {what} are other ones")
