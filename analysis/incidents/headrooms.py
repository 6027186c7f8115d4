"""Headroom: up to how many users a stack holds, with each change and without, on the incident's course and on harder nights.

Pass or fail alone tells nothing: a night that is held may be held by one user. Each search is `capacity.night.headroom`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis import night as nights
from analysis.incidents.counterfactuals import Bench
from analysis.incidents.timeline import Change, Hard, Incident
from analysis.night.spread import spread
from analysis.studies import Study

ROOM_SEEDS = 2
"""Nights that a crowd must survive to count as held."""

FIRST = 2
"""So many of the things that give way are kept, the earliest first."""


@dataclass(frozen=True, slots=True)
class Room:
    """How many users are held on one kind of night (None: as many as can be tried), and what gives way first beyond them."""

    users: int | None
    first: tuple[str, ...]


@dataclass(frozen=True)
class Headrooms:
    """The rooms of a stack by change (the plain stack under ""), and by the id of the hard night."""

    stack: str
    rooms: dict[str, dict[str, Room]]


def headrooms(incident: Incident, *, now: bool = False, jobs: int = -1, only: Sequence[str] | None = None) -> Headrooms:
    """The stack that failed with each factor undone, or that of `now` with each action taken away; `only` names some."""
    bench = Bench(incident, 0.0, now=now)
    changes: list[Change | None] = [None, *(incident.actions if now else incident.factors)]
    chosen = [change for change in changes if only is None or (change.id if change else "") in only]
    cases = [(bench.changed([change] if change else []), hard) for change in chosen for hard in incident.hard]
    found = iter(spread(room, cases, jobs=jobs))
    rooms = {change.id if change else "": {hard.id: next(found) for hard in incident.hard} for change in chosen}
    return Headrooms(bench.plain.directory.resolve().name, rooms)


def room(case: tuple[Study, Hard]) -> Room:
    """The room of a study on one kind of night."""
    subject, hard = case
    found = nights.headroom(
        subject.architecture,
        subject.scenario,
        subject.about,
        faults=[nights.fault(text) for text in hard.faults],
        values=subject.values,
        profile=subject.profile,
        seeds=ROOM_SEEDS,
        rise_s=hard.rise_s,
    )
    return Room(found.users, tuple(name for name, _ in found.first[:FIRST]))
