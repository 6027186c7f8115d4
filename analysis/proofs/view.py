"""The resolved stack as the rules look at it: references followed, containers, policies and networks read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from analysis.architecture import Architecture, Diagnostic, Resource
from analysis.facts import Assumption, Runtime, Scenario, Stack, assumptions, runtime, today
from analysis.premortem import Watched, premortem
from analysis.wiring import PathError, RequestPath, request_path
from analysis.wiring.names import Names
from analysis.wiring.network import Network
from analysis.wiring.policies import Policies
from analysis.wiring.references import References
from analysis.wiring.tasks import Task, task_of

THRESHOLDS = Path(__file__).with_name("thresholds.toml")


@dataclass(frozen=True)
class View:
    """What a rule may look at. `stated` maps a rule to what the waiver file states for it; `day` is the one it is judged on."""

    model: Architecture
    scenario: Scenario | None = None
    stack: Stack | None = None
    given_profile: Runtime | None = None
    stated: Mapping[str, str] = field(default_factory=dict)
    day: dt.date = field(default_factory=today)

    @property
    def polled(self) -> Scenario | None:
        """The scenario, where its users poll: the age of an update and the load of a task are computed for polls alone."""
        return None if self.scenario is None or self.scenario.connections or self.streams else self.scenario

    @property
    def streams(self) -> str:
        """The setting by which the service is known to hold streams open, with its place; empty where there is none."""
        found = self.path.streams if self.path is not None else None
        return f"{found.name}, {found.origin}" if found else ""

    @property
    def no_polls(self) -> str:
        """Why there is none."""
        if self.scenario is None:
            return "no scenario is given"
        said = f" ({self.streams})" if self.streams else ""
        return f"updates go over connections that stay{said}, not polls"

    @cached_property
    def thresholds(self) -> Mapping[str, Assumption]:
        """What the rules hold the stack to where AWS sets no limit."""
        return assumptions(THRESHOLDS)

    def threshold(self, name: str) -> float:
        """One of them, in its unit."""
        return self.thresholds[name].at()

    @cached_property
    def references(self) -> References:
        """What refers to what in the stack."""
        return References(self.model)

    @cached_property
    def network(self) -> Network:
        """Where things stand in the network."""
        return Network(self.references)

    @cached_property
    def names(self) -> Names:
        """By which names clients enter."""
        return Names(self.references)

    @cached_property
    def policies(self) -> Policies:
        """What the roles of the stack may do."""
        return Policies(self.references)

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """Every service with its task definition."""
        return tuple(task_of(self.references, service) for service in self.model.of_type("aws_ecs_service"))

    @cached_property
    def _derived(self) -> tuple[RequestPath | None, Diagnostic | None]:
        try:
            return request_path(self.model, self.stack), None
        except PathError as error:
            return None, error.diagnostics[-1]

    @property
    def path(self) -> RequestPath | None:
        """The way of a request; None where none can be derived."""
        return self._derived[0]

    @property
    def no_path(self) -> str:
        """Why there is none."""
        return self._derived[1].message if self._derived[1] else ""

    @cached_property
    def _hours(self) -> tuple[Watched | None, str]:
        if self.scenario is None:
            return None, "no scenario is given"
        if self.profile is None:
            return None, "no runtime is named"
        try:
            found = premortem(self.model, self.scenario, self.stack, profile=self.profile)
        except ValueError as refusal:  # what a path, a network or the hours cannot be derived from, in a sentence
            return None, str(refusal)
        return Watched(found, self.model, self.stack.metrics if self.stack else {}), ""

    @property
    def hours(self) -> Watched | None:
        """The scenario's hours without a fault, as the alarms see them; None where they cannot be computed."""
        return self._hours[0]

    @property
    def no_hours(self) -> str:
        """Why they cannot."""
        return self._hours[1]

    @property
    def serving(self) -> Resource | None:
        """What serves the crowd, or what would where that cannot be derived; None where nothing computes."""
        path, refused = self._derived
        address = path.service.address if path else refused.address if refused else ""
        return self.model.by_address.get(address)

    @property
    def units(self) -> Mapping[str, str]:
        """The units of the containers' variables whose names do not say them, by gameday.toml."""
        return self.stack.units if self.stack else {}

    @cached_property
    def profile(self) -> Runtime | None:
        """The runtime profile: the one that was given, else the one that gameday.toml names; None without either."""
        return self.given_profile or (runtime(self.stack.profile) if self.stack and self.stack.profile else None)
