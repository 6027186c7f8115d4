"""A hand-made night for one alarm, on which every part of it matters: a broken alarm must look different here.

The night is a picture of the alarm's own periods: calm, on the threshold, breaching, missing, in runs that are just long enough
and just too short. It is no incident; it tells whether the back-test would notice a mistake.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterator, Mapping

from analysis.alarms import expressions
from analysis.alarms.definitions import Alarm, Metric, known
from analysis.alarms.mutations import Mutant, Night
from analysis.alarms.packs import PERIOD_S, MetricKey, Pack, Series

START = dt.datetime(2026, 3, 7, 19, 0, tzinfo=dt.UTC)
"""Any full minute; the night happens nowhere."""

SAMPLES = 7.0
"""Datapoints of a minute, so that a sum and a mean differ."""

PLENTY = 100_000.0


class ExerciseError(ValueError):
    """An alarm for which no such night can be made; the sentence says why."""


def exercise(alarm: Alarm) -> Night:
    """The hand-made night of `alarm`, and when it would affect a user: just after the crossing of the threshold.

    Raises ExerciseError where no values of its metrics were found that bring its expression to the threshold.
    """
    marks = _picture(alarm.evaluation_periods)
    levels = _levels(alarm)
    carried = _carried(alarm, [level for level in levels.values() if level is not None])
    spread = 0.4 * abs(alarm.threshold) or 1.0
    minutes = alarm.period_s // PERIOD_S
    found = {}
    for name, metric in alarm.queries:
        share = minutes if metric.statistic in ("Sum", "SampleCount") else 1
        columns: dict[str, list[float | None]] = {}
        for mark in marks:
            level = levels[mark]
            made = None if level is None else _statistics(metric, carried[level][name] / share, spread / share)
            for statistic in _statistics(metric, 0.0, 1.0):
                columns.setdefault(statistic, []).extend([made[statistic] if made else None] * minutes)
        found[_key(metric)] = Series({statistic: tuple(points) for statistic, points in columns.items()})
    harm = START + dt.timedelta(minutes=(marks.index("=") + alarm.evaluation_periods + 4) * minutes)
    return Pack(found, START, origin="hand-made"), harm


def _key(metric: Metric) -> MetricKey:
    return MetricKey(metric.namespace, metric.name, tuple((name, known(value)) for name, value in metric.dimensions))


def _picture(n: int) -> str:
    """One mark a period: `_` calm, `=` on the threshold, `#` breaching, `-` missing. Gaps are longer than an evaluation looks."""
    gap = "-" * (n + 3)
    return f"___{'#' * n}__#_#_#__{gap}_#{gap}___{'=' * (n + 1)}__{'#' * (n + 2)}{gap}#_#___"


def _levels(alarm: Alarm) -> Mapping[str, float | None]:
    """The value of each mark, a fifth of the threshold to either side of it, or one where it is zero."""
    step = 0.2 * abs(alarm.threshold) or 1.0
    worse = step if alarm.comparison.startswith("Greater") else -step
    calm = alarm.threshold - (worse if alarm.threshold else 0.0)
    return {"_": calm, "=": alarm.threshold, "#": alarm.threshold + worse, "-": None}


def _statistics(metric: Metric, value: float, spread: float) -> Mapping[str, float]:
    """All statistics of one minute of which that of `metric` is `value`; the others lie `spread` beside it."""
    if metric.statistic in ("Sum", "SampleCount"):
        count = value if metric.statistic == "SampleCount" else SAMPLES
        total = value * SAMPLES if metric.statistic == "SampleCount" else value
        mean = total / count if count else 0.0
        return {
            "Sum": total,
            "SampleCount": count,
            "Average": mean,
            "Minimum": mean - spread,
            "Maximum": mean + spread,
        }
    mean = {"Average": value, "Minimum": value + spread}.get(metric.statistic, value - spread)
    found = {
        "SampleCount": SAMPLES,
        "Sum": mean * SAMPLES,
        "Average": mean,
        "Minimum": mean - spread,
        "Maximum": mean + spread,
        "p50": mean,
    }
    return {**found, metric.statistic: value}


def _carried(alarm: Alarm, levels: list[float]) -> Mapping[float, Mapping[str, float]]:
    """What the alarm's metrics show at each level, by id.

    Of an expression, as many metrics as possible move together while the others stay just above the numbers in it, so that the
    metrics that only switch something are on the edge of doing so.
    """
    names = [name for name, _ in alarm.queries]
    if alarm.expression is None:
        return {level: {names[0]: level} for level in levels}
    for still in _stills(alarm.expression):
        for size in range(len(names), 0, -1):
            for moving in itertools.combinations(names, size):
                found = {level: _solved(alarm, names, moving, still, level) for level in levels}
                if all(values is not None for values in found.values()):
                    return {level: values for level, values in found.items() if values is not None}
    raise ExerciseError(f"{alarm.name}: no values of its metrics bring its expression to {alarm.threshold:g}")


def _stills(expression: expressions.Expression) -> Iterator[float]:
    numbers = sorted({float(text) for text in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", expression.text)}, reverse=True)
    yield from (1.2 * number for number in numbers if number > 0)
    yield PLENTY


def _solved(
    alarm: Alarm, names: list[str], moving: tuple[str, ...], still: float, level: float
) -> Mapping[str, float] | None:
    """The values at which the expression is `level`, by bisection; None where it does not get there."""

    def values(scale: float) -> dict[str, float]:
        return {name: scale if name in moving else still for name in names}

    def shown(scale: float) -> float | None:
        window: dict[str, expressions.Window] = {name: (value,) for name, value in values(scale).items()}
        if alarm.expression is None:
            return scale
        return expressions.value(alarm.expression, window, alarm.period_s, tuple(names))[0]

    low, high = 0.0, 1e12
    first, last = shown(low), shown(high)
    if first is None or last is None or first == last or not min(first, last) <= level <= max(first, last):
        return None
    rising = last > first
    for _ in range(200):
        middle = (low + high) / 2.0
        found = shown(middle)
        if found is None:
            return None
        if found == level:
            return values(middle)
        low, high = (middle, high) if (found < level) == rising else (low, middle)
    found = shown(high)
    near = found is not None and abs(found - level) <= 1e-9 * max(1.0, abs(level))
    return values(high) if near else None


def survival(mutant: Mutant, alarm: Alarm) -> str:
    """Why a mutant of `alarm` scores as the alarm does, in a sentence."""
    statistics = {metric.statistic for _, metric in mutant.alarm.queries} ^ {m.statistic for _, m in alarm.queries}
    if mutant.part == "statistic" and alarm.threshold == 0 and statistics <= {"Sum", "Average", "Maximum"}:
        return "Equal in meaning: a sum of counts is above zero exactly when their mean is."
    if mutant.part == "operator" and alarm.expression is not None:
        return "Equal in practice: the expression's value is hardly ever exactly the threshold, in binary never."
    if mutant.part == "statistic" and alarm.expression is not None:
        return "The expression only asks whether this metric is large, and it is large under either statistic."
    return "The hand-made night does not tell the two apart."
