"""Headroom: up to how many users a stack holds, with each change and without, on the incident's course and on harder nights.

Pass or fail alone tells nothing: a night that is held may be held by one user. Each search is `capacity.night.headroom`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis import night as nights
from analysis.incidents.counterfactuals import Bench
from analysis.incidents.timeline import Hard, Incident
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
    """The rooms of a stack by its changes (`B5`, `B5+B18`; the plain stack under ""), and by the id of the hard night."""

    stack: str
    rooms: dict[str, dict[str, Room]]


def headrooms(incident: Incident, *, now: bool = False, jobs: int = -1, only: Sequence[str] | None = None) -> Headrooms:
    """The stack that failed with each factor undone, or that of `now` with each action taken away; `only` names some.

    A change that needs others is tried alone and with them.
    """
    bench = Bench(incident, 0.0, now=now)
    by_id = {change.id: change for change in (incident.actions if now else incident.factors)}
    sets: list[tuple[str, ...]] = [(), *((name,) for name in by_id)]
    sets += [(name, *change.needs) for name, change in by_id.items() if change.needs]
    chosen = {"+".join(names): [by_id[name] for name in names] for names in sets}
    chosen = {name: changes for name, changes in chosen.items() if only is None or name in only}
    cases = [(bench.changed(changes), hard) for changes in chosen.values() for hard in incident.hard]
    found = iter(spread(room, cases, jobs=jobs))
    rooms = {name: {hard.id: next(found) for hard in incident.hard} for name in chosen}
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
