"""Assumptions of a night by name, and other figures in their place: for a calibration, a sweep, or a reader who knows better."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from analysis import facts
from analysis.facts import Assumption, Limit, Runtime, Scenario, limit

ASSUMPTIONS = Path(facts.__file__).parent / "night.toml"

LIMITS = ("fargate.start_s", "autoscaling.scale_out_trigger_s", "autoscaling.scale_out.datapoints")
"""Limits that a night rests on and whose figure is uncertain; `autoscaling.scale_in.*` are exact."""

GROUPS: Mapping[str, Callable[[Scenario], Mapping[str, Assumption]]] = {
    "client": lambda scenario: scenario.client,
    "publisher": lambda scenario: scenario.publisher,
    "edge": lambda scenario: scenario.edge,
}
"""The tables of a scenario that shape the night; its other tables shape the bill."""

RUNTIME = ("cpu_s_per_request", "cpu_s_per_hit", "database_s_per_request")

WHOLE = ("user", "retry", "request", "datapoint")
"""Units of which there are no fractions here: so many retries, so many tries of a connection."""


class NightError(ValueError):
    """A night that cannot be simulated as asked; the sentence says why."""


@cache
def night_assumptions() -> Mapping[str, Assumption]:
    """The assumptions of `facts/night.toml` by name."""
    return facts.assumptions(ASSUMPTIONS)


@dataclass(frozen=True)
class Inputs:
    """What a night rests on besides the Terraform: scenario, runtime profile, the night's own assumptions, and limits."""

    scenario: Scenario
    profile: Runtime
    night: Mapping[str, Assumption]
    limits: Mapping[str, Limit]

    @property
    def numbers(self) -> Mapping[str, float]:
        """The figures of the night's own assumptions and of the limits, by name."""
        everything: dict[str, Assumption | Limit] = {**self.night, **self.limits}
        return {name: value.at() for name, value in everything.items()}

    def __iter__(self) -> Iterator[Assumption | Limit]:
        """Everything that `replaced` can replace."""
        yield self.scenario.peak_users
        for group in GROUPS.values():
            yield from group(self.scenario).values()
        for name in RUNTIME:
            value = getattr(self.profile, name)
            if value is not None:
                yield value
        yield from self.night.values()
        yield from self.limits.values()


def inputs(scenario: Scenario, profile: Runtime) -> Inputs:
    """The inputs of a night as the files have them."""
    return Inputs(scenario, profile, night_assumptions(), {name: limit(name) for name in LIMITS})


def by_name(found: Inputs) -> Mapping[str, Assumption | Limit]:
    """The inputs by name; figures of the runtime profile stand under its name, as in `flask_connect.cpu_s_per_request`."""
    return {value.name: value for value in found}


def replaced(values: Mapping[str, float], scenario: Scenario, profile: Runtime) -> Inputs:
    """The inputs with `values` in place of their central figures; ranges and reasons stay.

    NightError where a name is not known, or where a value is not a number, negative, zero for a quantity that cannot be zero, or
    a fraction of something that comes whole.
    """
    found = inputs(scenario, profile)
    known = by_name(found)
    for name, value in values.items():
        if name not in known:
            close = get_close_matches(name, known, 3, 0.4)
            hint = f"did you mean {' or '.join(close)}?" if close else f"known are {', '.join(known)}"
            raise NightError(f"{name} is no assumption of this night; {hint}")
        found = _with(found, name, _figure(name, value, known[name]))
    return found


def _figure(name: str, value: float, known: Assumption | Limit) -> Decimal:
    if not math.isfinite(value):
        raise NightError(f"{name}={value}: must be a finite number")
    if value < 0:
        raise NightError(f"{name}={value:g}: must not be negative")
    if value == 0 and known.low > 0:
        raise NightError(
            f"{name}=0: must be above zero; it is assumed between {known.low} and {known.high} {known.unit}"
        )
    if known.unit in WHOLE and value != int(value):
        raise NightError(f"{name}={value:g}: must be a whole number")
    return Decimal(repr(float(value))) if value != int(value) else Decimal(int(value))


def _with(found: Inputs, name: str, value: Decimal) -> Inputs:
    """The inputs with one figure replaced; its name is known."""
    if name == found.scenario.peak_users.name:
        return replace(found, scenario=found.scenario.with_peak(value))
    group, _, key = name.partition(".")
    if group in GROUPS:
        table = GROUPS[group](found.scenario)
        changed: dict[str, Any] = {group: {**table, key: _around(table[key], value)}}
        return replace(found, scenario=replace(found.scenario, **changed))
    if name in found.night:
        return replace(found, night={**found.night, name: _around(found.night[name], value)})
    if name in found.limits:
        return replace(found, limits={**found.limits, name: replace(found.limits[name], value=value)})
    other: dict[str, Any] = {key: _around(getattr(found.profile, key), value)}
    return replace(found, profile=replace(found.profile, **other))


def _around(known: Assumption, value: Decimal) -> Assumption:
    """The assumption with another central figure, and with its range as it was."""
    return replace(known, value=value)
