"""What would have been: the night with each flaw undone, or each action taken away, alone, in pairs and in every set of them.

A change is data (`timeline.Change`). The impact (`harm`) of a night is its affected user-minutes, with one limit of lateness
for all nights of an incident. What a set of changes is worth is the impact that it removes; each change's share of that is its
Shapley value, which adds up to what all of them remove (`shapley`). Nights run over several named seeds, and every figure
carries its spread.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from statistics import fmean
from typing import Any

from analysis import night as nights
from analysis.architecture import Architecture, Unknown, Value
from analysis.facts import Scenario, runtime
from analysis.incidents import impact as impacts
from analysis.incidents import shapley
from analysis.incidents.impact import IncidentError
from analysis.incidents.opened import own_pack, restudied
from analysis.incidents.shapley import Coalition
from analysis.incidents.timeline import Change, Harm, Incident
from analysis.night.spread import spread
from analysis.studies import Study, StudyError, study

NOBODY: Coalition = frozenset()

FELT = (("user", "Users"), ("user", "Requests"), ("user", "Errors"), ("user", "Age"))
"""The series of a night that its impact is made of."""

_START = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
"""When a night begins whose hour nobody asks for."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One night in user terms: user-minutes affected, minutes of impact, failed requests, the worst age at two percentiles."""

    seed: int
    user_minutes: float
    minutes: int
    failed: float
    requests: float
    age_p50_s: float | None
    age_p95_s: float | None

    @property
    def failed_share(self) -> float:
        """The share of the night's requests that failed."""
        return self.failed / self.requests if self.requests > 0 else 0.0


@dataclass(frozen=True)
class Weighed:
    """Every set of some changes with its nights. `taken_away`: the changes take actions away; else they undo flaws.

    `outcomes` has for each set the nights by seed, `usd_month` for each change the bill of a month with it.
    """

    stack: str
    taken_away: bool
    changes: tuple[Change, ...]
    seeds: tuple[int, ...]
    late_s: float
    outcomes: Mapping[Coalition, tuple[Outcome, ...]]
    usd_month: Mapping[str, Decimal]
    usd_month_as_it_is: Decimal

    @property
    def ids(self) -> tuple[str, ...]:
        """The changes by id, in order."""
        return tuple(change.id for change in self.changes)

    def harm(self, coalition: Iterable[str]) -> tuple[float, ...]:
        """The user-minutes affected with these changes made, by seed."""
        return tuple(outcome.user_minutes for outcome in self.outcomes[frozenset(coalition)])

    def _worth(self, at: int, coalition: Coalition) -> float:
        """The impact that a set removes under one seed: flaws undone, or actions that are there."""
        everything = frozenset(self.ids)
        if self.taken_away:
            return self.harm(everything)[at] - self.harm(everything - coalition)[at]
        return self.harm(NOBODY)[at] - self.harm(coalition)[at]

    @cached_property
    def shares(self) -> Mapping[str, tuple[float, ...]]:
        """The Shapley value of each change, in user-minutes removed, by seed. The values of a seed add up to what all remove."""
        columns = [
            shapley.exact(self.ids, lambda coalition, at=at: self._worth(at, coalition))  # type: ignore[misc]
            for at in range(len(self.seeds))
        ]
        return {name: tuple(column[row].value for column in columns) for row, name in enumerate(self.ids)}

    @property
    def total(self) -> tuple[float, ...]:
        """What all changes together remove, by seed."""
        return tuple(self._worth(at, frozenset(self.ids)) for at in range(len(self.seeds)))

    def alone(self, name: str) -> tuple[float, ...]:
        """What one change does alone, by seed: the impact that it removes, or the impact that comes where it is taken away."""
        return _difference(self, {name})

    def pair(self, one: str, other: str) -> tuple[float, ...]:
        """As `alone`, for two changes together."""
        return _difference(self, {one, other})

    def extra_usd(self, name: str) -> Decimal:
        """What the change adds to the bill of a month; for an action, what having it costs."""
        difference = self.usd_month[name] - self.usd_month_as_it_is
        return -difference if self.taken_away else difference

    def minutes_per_usd(self, name: str) -> float | None:
        """Affected user-minutes that a change is worth (its share) per dollar a month; None where it costs nothing or saves."""
        usd = self.extra_usd(name)
        return fmean(self.shares[name]) / float(usd) if usd > 0 else None


def _difference(weighed: Weighed, names: Iterable[str]) -> tuple[float, ...]:
    sign = -1.0 if weighed.taken_away else 1.0
    return tuple(
        sign * (before - after) for before, after in zip(weighed.harm(NOBODY), weighed.harm(names), strict=True)
    )


def weigh(
    incident: Incident,
    late_s: float,
    *,
    actions: bool = False,
    scenario: Scenario | None = None,
    jobs: int = -1,
    only: Sequence[Coalition] | None = None,
) -> Weighed:
    """Every set of the incident's factors undone on the stack that failed, or of its actions taken away from the stack as it is.

    `only` limits the sets (for a sample); shares then cannot be asked for. Raises IncidentError where there is nothing to weigh,
    StudyError where a change cannot be made.
    """
    changes = incident.actions if actions else incident.factors
    if not changes or incident.night is None:
        word = "action" if actions else "factor"
        raise IncidentError(f"{incident.file}: there is no [[{word}]] to weigh, or no [night] to simulate")
    bench = Bench(incident, late_s, now=actions, scenario=scenario)
    wanted = list(shapley.coalitions([change.id for change in changes])) if only is None else list(only)
    by_id = {change.id: change for change in changes}
    made = [[by_id[name] for name in by_id if name in coalition] for coalition in wanted]
    outcomes = bench.outcomes(made, jobs=jobs)
    return Weighed(
        stack=bench.plain.directory.name,
        taken_away=actions,
        changes=changes,
        seeds=incident.night.seeds,
        late_s=late_s,
        outcomes=dict(zip(wanted, outcomes, strict=True)),
        usd_month={change.id: bench.changed([change]).bill.total.usd for change in changes},
        usd_month_as_it_is=bench.plain.bill.total.usd,
    )


class Bench:
    """A stack on which changes are tried: resolved once for the same variables, run over the incident's seeds."""

    def __init__(
        self, incident: Incident, late_s: float, *, now: bool = False, scenario: Scenario | None = None
    ) -> None:
        source = incident.night
        if source is None:
            raise IncidentError(f"{incident.file}: only a simulated night can be run again with changes")
        self.seeds, self.late_s = source.seeds, late_s
        self._base = restudied(incident, now=now)
        self._scenario = scenario or self._base.scenario
        self._resolved: dict[str, Study] = {}

    @cached_property
    def plain(self) -> Study:
        """The stack without a change."""
        return self.changed(())

    def changed(self, changes: Sequence[Change]) -> Study:
        """The stack with changes made; of two that set the same argument the later one counts."""
        variables: dict[str, Any] = {}
        arguments: dict[str, dict[str, Any]] = {}
        without: list[str] = []
        environment: dict[str, dict[str, str]] = {}
        for change in changes:
            for name, value in change.variables.items():
                both = isinstance(value, Mapping) and isinstance(variables.get(name), Mapping)
                variables[name] = {**variables[name], **value} if both else value
            for address, values in change.arguments.items():
                arguments.setdefault(address, {}).update(values)
            for address, names in change.environment.items():
                environment.setdefault(address, {}).update(names)
            without += [address for address in change.without if address not in without]
        key = repr(sorted(variables.items(), key=lambda item: item[0]))
        if key not in self._resolved:
            self._resolved[key] = study(self._base.directory, variables=variables)
        found = replace(self._base, architecture=self._resolved[key].architecture)
        for address, names in environment.items():
            arguments.setdefault(address, {})["container_definitions"] = _environment(
                found.architecture, address, names
            )
        found = found.altered(arguments, without)
        profile = next((runtime(change.runtime) for change in reversed(changes) if change.runtime), found.profile)
        interval = next((c.poll_interval_s for c in reversed(changes) if c.poll_interval_s is not None), None)
        return replace(found, crowd=_polling(self._scenario, interval), program=profile)

    def setup(self, changes: Sequence[Change]) -> nights.Setup:
        """The night of the stack with changes made, ready for any seed."""
        made = self.changed(changes)
        return nights.setup(made.path, made.scenario, made.profile, values=made.values)

    def outcomes(self, sets: Sequence[Sequence[Change]], *, jobs: int = -1) -> list[tuple[Outcome, ...]]:
        """For each set of changes the nights by seed."""
        setups = [self.setup(changes) for changes in sets]
        cases = [(made, seed, self.late_s) for made in setups for seed in self.seeds]
        found = iter(spread(outcome, cases, jobs=jobs))
        return [tuple(next(found) for _ in self.seeds) for _ in sets]


def outcome(case: tuple[nights.Setup, int, float]) -> Outcome:
    """One night of a setup under a seed, in user terms; updates are late from so many seconds on."""
    made, seed, late_s = case
    night = nights.run(made, seed)
    harm = Harm(late_s=late_s)
    seen = impacts.observed(own_pack(night, _START, FELT), harm)
    felt = impacts.impact(seen, harm)
    return Outcome(
        seed,
        felt.user_minutes_hurt or 0.0,
        felt.hurt_minutes,
        felt.failed,
        felt.requests,
        _worst(seen, "p50"),
        _worst(seen, "p95"),
    )


def _worst(seen: impacts.Observed, statistic: str) -> float | None:
    points = seen.age.points(statistic) if seen.age is not None else None
    return max((point for point in points or () if point is not None), default=None)


def _polling(scenario: Scenario, interval_s: float | None) -> Scenario:
    """The scenario with another poll interval; the same one for None."""
    if interval_s is None:
        return scenario
    interval = scenario.client["poll_interval_s"].replaced(Decimal(str(interval_s)))
    return replace(scenario, client={**scenario.client, "poll_interval_s": interval})


def _environment(architecture: Architecture, address: str, names: Mapping[str, str]) -> Value:
    """The containers of a task definition with other values of environment variables. StudyError where one is not there."""
    task = architecture.by_address.get(address)
    raw = task.values.get("container_definitions") if task is not None else None
    known = raw.partial if isinstance(raw, Unknown) else json.loads(raw) if isinstance(raw, str) else None
    if not isinstance(known, list | tuple):
        raise StudyError(f"{architecture.stack} has no containers at {address} whose environment could be changed")
    there = {entry["name"] for container in known for entry in container.get("environment") or ()}
    if missing := sorted(set(names) - there):
        raise StudyError(
            f"the containers of {address} have no variable {missing[0]!r}; they have {', '.join(sorted(there))}"
        )
    changed = tuple(
        {
            **container,
            "environment": tuple(
                {**entry, "value": names.get(entry["name"], entry["value"])}
                for entry in container.get("environment") or ()
            ),
        }
        for container in known
    )
    return replace(raw, partial=changed) if isinstance(raw, Unknown) else json.dumps(changed)
