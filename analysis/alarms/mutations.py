"""Alarms broken on purpose: a back-test that does not notice one could not have noticed the mistake either."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

from analysis.alarms.backtest import score
from analysis.alarms.definitions import MINUTE_S, Alarm, Alarms, Metric
from analysis.alarms.packs import Pack
from analysis.alarms.semantics import MissingData
from analysis.architecture import Architecture

Part: TypeAlias = Literal["threshold", "period", "N", "M", "operator", "statistic", "dimension", "missing data"]

Night: TypeAlias = tuple[Pack, dt.datetime | None]
"""An incident, and when it first affected a user (None: a quiet night)."""

OPERATORS: Mapping[str, tuple[str, str]] = {
    "GreaterThanThreshold": ("LessThanThreshold", "GreaterThanOrEqualToThreshold"),
    "GreaterThanOrEqualToThreshold": ("LessThanOrEqualToThreshold", "GreaterThanThreshold"),
    "LessThanThreshold": ("GreaterThanThreshold", "LessThanOrEqualToThreshold"),
    "LessThanOrEqualToThreshold": ("GreaterThanOrEqualToThreshold", "LessThanThreshold"),
}
"""Each comparison turned round, and with the threshold itself on the other side."""

STATISTICS: Mapping[str, tuple[str, ...]] = {
    "Average": ("Minimum", "Maximum"),
    "Minimum": ("Average", "Maximum"),
    "Maximum": ("Average", "Minimum"),
    "Sum": ("Average", "SampleCount"),
    "SampleCount": ("Sum", "Average"),
}
"""What a statistic is mistaken for; a percentile for the mean and the median."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """An alarm with one part changed, and how."""

    part: Part
    change: str
    alarm: Alarm


@dataclass(frozen=True, slots=True)
class MutationRun:
    """The mutants whose score differs from that of the alarm they were made of, and those that survived."""

    caught: tuple[Mutant, ...]
    survivors: tuple[Mutant, ...]

    @property
    def share(self) -> float:
        """The share caught; 1 where there is none to catch."""
        total = len(self.caught) + len(self.survivors)
        return len(self.caught) / total if total else 1.0


def mutants(alarm: Alarm) -> tuple[Mutant, ...]:
    """Every alarm that differs from `alarm` in one part."""
    return (*_rule_mutants(alarm), *_metric_mutants(alarm))


def _rule_mutants(alarm: Alarm) -> Iterator[Mutant]:
    n, m = alarm.evaluation_periods, alarm.datapoints_to_alarm
    for threshold in (1.5 * alarm.threshold, 0.5 * alarm.threshold) if alarm.threshold else (1.0, -1.0):
        yield Mutant("threshold", f"{alarm.threshold:g} to {threshold:g}", replace(alarm, threshold=threshold))
    for period_s in {2 * alarm.period_s, MINUTE_S} - {alarm.period_s}:
        queries = tuple((name, replace(metric, period_s=period_s)) for name, metric in alarm.queries)
        yield Mutant("period", f"{alarm.period_s} s to {period_s} s", replace(alarm, queries=queries))
    yield Mutant("N", f"{n} to {n + 2}", replace(alarm, evaluation_periods=n + 2))
    if m < n:
        yield Mutant("N", f"{n} to {n - 1}", replace(alarm, evaluation_periods=n - 1))
        yield Mutant("M", f"{m} to {m + 1}", replace(alarm, datapoints_to_alarm=m + 1))
    if m > 1:
        yield Mutant("M", f"{m} to {m - 1}", replace(alarm, datapoints_to_alarm=m - 1))
    if m == n:
        longer = replace(alarm, evaluation_periods=n + 1, datapoints_to_alarm=m + 1)
        yield Mutant("M", f"{m} of {n} to {m + 1} of {n + 1}", longer)
    for comparison in OPERATORS[alarm.comparison]:
        yield Mutant("operator", f"{alarm.comparison} to {comparison}", replace(alarm, comparison=comparison))
    for missing in get_args(MissingData):
        if missing != alarm.missing_data:
            changed = replace(alarm, missing_data=missing)
            yield Mutant("missing data", f"{alarm.missing_data} to {missing}", changed)


def _metric_mutants(alarm: Alarm) -> Iterator[Mutant]:
    for position, (name, metric) in enumerate(alarm.queries):

        def with_metric(changed: Metric, at: int = position, query: str = name) -> Alarm:
            return replace(alarm, queries=(*alarm.queries[:at], (query, changed), *alarm.queries[at + 1 :]))

        for statistic in STATISTICS.get(metric.statistic, ("Average", "p50")):
            changed = replace(metric, statistic=statistic)
            yield Mutant("statistic", f"{name}: {metric.statistic} to {statistic}", with_metric(changed))
        for gone, _ in metric.dimensions:
            left = tuple(pair for pair in metric.dimensions if pair[0] != gone)
            yield Mutant("dimension", f"{name}: without {gone}", with_metric(replace(metric, dimensions=left)))


def mutation_run(
    alarms: Alarms | Sequence[Alarm],
    architecture: Architecture,
    nights: Mapping[str, Sequence[Night]] | Sequence[Night],
) -> MutationRun:
    """Scores every mutant of every metric alarm on `nights` (the same for all alarms, or by alarm name)."""
    caught: list[Mutant] = []
    survivors: list[Mutant] = []
    for alarm in alarms.metric if isinstance(alarms, Alarms) else alarms:
        own = nights[alarm.name] if isinstance(nights, Mapping) else nights
        sound = [score(alarm, architecture, pack, harm_at) for pack, harm_at in own]
        for mutant in mutants(alarm):
            same = all(
                score(mutant.alarm, architecture, pack, harm_at) == expected
                for (pack, harm_at), expected in zip(own, sound, strict=True)
            )
            (survivors if same else caught).append(mutant)
    return MutationRun(tuple(caught), tuple(survivors))
