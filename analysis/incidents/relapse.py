"""Would it happen again? The incident's crowd, and the crowd that the stack as it is now is meant for, on that stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.facts import FactError
from analysis.incidents.counterfactuals import Bench
from analysis.incidents.timeline import Change, Incident
from analysis.studies import study


@dataclass(frozen=True, slots=True)
class Trial:
    """One night on the stack as it is now: under which crowd and seed, how many minutes had impact, and why the first did."""

    stack: str
    scenario: str
    users: int
    seed: int
    minutes: int
    why: str

    @property
    def crashes(self) -> bool:
        """Whether anybody was affected."""
        return self.minutes > 0


def trials(
    incident: Incident,
    *,
    variables: Mapping[str, Any] | None = None,
    changes: Sequence[Change] = (),
) -> Iterator[Trial]:
    """The nights of both crowds on the stack that the incident calls its stack `now`, over the incident's seeds.

    `variables` and `changes` change that stack first. A minute counts as `facts/harm.toml` says, against the stack's own target.
    Raises FactError where the incident has no night or no stack now.
    """
    if incident.night is None or incident.now is None:
        raise FactError(incident.file, "now", "is missing; name the stack on which the night is to be run again")
    meant = study(incident.now).scenario
    for scenario in (None, meant):
        bench = Bench(incident, 0.0, now=True, scenario=scenario)
        subject = bench.changed([*changes, Change("", "", variables=variables or {})])
        for seed in incident.night.seeds:
            found = subject.night(seed)
            yield Trial(
                subject.directory.resolve().name,
                subject.scenario.title,
                int(subject.scenario.peak_users.value),
                seed,
                len(found.harms),
                str(found.harm or ""),
            )
