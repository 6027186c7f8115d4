"""The states of alarms over an incident, minute by minute, as CloudWatch would have set them.

CloudWatch evaluates an alarm once a minute over a sliding window: the N newest periods that end then, and a few more.
Minute t of a replay is the evaluation `t` minutes after the pack's start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.alarms import expressions
from analysis.alarms.definitions import Alarm, Alarms, Composite, Metric
from analysis.alarms.packs import PERIOD_S, Pack, Points, Series
from analysis.alarms.semantics import EXTRA_PERIODS, State, evaluate

PUBLICATION_DELAY_S = 60
"""How long after its minute a datapoint is there. About a minute for most services; CloudFront says it may take several:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/monitoring-using-cloudwatch.html"""

LOW_SAMPLES = 10
"""A percentile p above the median needs 10/(1-p) samples, one below it 10/p: user guide, "Percentile-based alarms"."""


class NoDataError(LookupError):
    """The pack does not hold what an alarm watches; the sentence says what."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The datapoints of an alarm's queries for every end minute: `values[id][e]` covers the period that ends with minute e.

    `points` are those that the threshold is compared with: of the one metric, or of an expression whose datapoints rest on their
    own period alone (else None). `approximate`: a percentile, or a mean without sample counts, was put together from those of the
    minutes, weighted by samples.
    """

    period_min: int
    values: Mapping[str, Points]
    points: Points | None
    samples: Points | None
    approximate: bool

    @property
    def gapless(self) -> bool:
        """Whether no datapoint is missing, so that no verdict can depend on the evaluation range."""
        return self.points is not None and None not in self.points[1:]


def watched(alarm: Alarm, pack: Pack, *, absent: frozenset[str] = frozenset()) -> Watched:
    """What `alarm` sees of `pack`. Raises NoDataError where the pack lacks a metric; the `absent` are never published."""
    period_min = alarm.period_s // PERIOD_S
    values: dict[str, Points] = {}
    approximate = False
    samples: Points | None = None
    for name, metric in alarm.queries:
        if name in absent:
            values[name] = [None] * (pack.minutes + 1)
            continue
        series = pack.find(metric)
        if series is None:
            raise NoDataError(f"the pack has no {metric}")
        values[name], rough = aggregated(series, metric, period_min)
        approximate = approximate or rough
        if alarm.percentile is not None and not alarm.evaluates_low_samples:
            counts = series.points("SampleCount")
            if counts is None:
                raise NoDataError(f"the pack has no SampleCount of {metric}, on which low samples are judged")
            samples = _sliding(counts, period_min * alarm.evaluation_periods, sum)
    return Watched(period_min, values, _compared(alarm, values), samples, approximate)


def _compared(alarm: Alarm, values: Mapping[str, Points]) -> Points | None:
    if alarm.expression is None:
        return next(iter(values.values()))
    if not alarm.expression.pointwise:
        return None
    series = {name: tuple(points) for name, points in values.items()}
    return expressions.value(alarm.expression, series, alarm.period_s, tuple(series))


def _sliding(points: Points, width: int, over: object) -> list[float | None]:
    """`over` of the real points of the `width` minutes before each end; None where there are none. The first end is 0."""
    found: list[float | None] = [None]
    for end in range(1, len(points) + 1):
        real = [point for point in points[max(0, end - width) : end] if point is not None]
        found.append(float(over(real)) if real else None)  # type: ignore[operator]
    return found


def _sums(points: Points, width: int) -> list[float | None]:
    """Sliding sums, each from the last; exact enough for counts, which are whole, and linear in the length."""
    found: list[float | None] = [None]
    total, real = 0.0, 0
    for end, point in enumerate(points, start=1):
        if point is not None:
            total, real = total + point, real + 1
        gone = points[end - width - 1] if end > width else None
        if gone is not None:
            total, real = total - gone, real - 1
        if not real:
            total = 0.0
        found.append(total if real else None)
    return found


def aggregated(series: Series, metric: Metric, width: int) -> tuple[Points, bool]:
    """One statistic over the `width` minutes before each end (the first end is 0), and whether it is an approximation.

    Raises NoDataError where the series lacks the statistic.
    """
    statistic = metric.statistic
    points = series.points(statistic)
    if width == 1 and points is not None:
        return [None, *points], False
    if statistic in ("Sum", "SampleCount") and points is not None:
        return _sums(points, width), False
    if statistic == "Minimum" and points is not None:
        return _sliding(points, width, min), False
    if statistic == "Maximum" and points is not None:
        return _sliding(points, width, max), False
    if points is None:
        raise NoDataError(f"the pack has no {statistic} of {metric}")
    counts, total = series.points("SampleCount"), series.points("Sum")
    if statistic == "Average" and counts is not None and total is not None:
        pairs = zip(_sums(total, width), _sums(counts, width), strict=True)
        return [None if a is None or not n else a / n for a, n in pairs], False
    weights = counts if counts is not None else [None if point is None else 1.0 for point in points]
    weighted = [None if p is None or not w else p * w for p, w in zip(points, weights, strict=True)]
    used = [None if v is None else w for v, w in zip(weighted, weights, strict=True)]
    pairs = zip(_sums(weighted, width), _sums(used, width), strict=True)
    return [None if a is None or not n else a / n for a, n in pairs], True


def states(
    alarm: Alarm,
    seen: Watched,
    *,
    extra_periods: int = EXTRA_PERIODS,
    delay_s: int = PUBLICATION_DELAY_S,
    initial: State = "OK",
) -> tuple[State, ...]:
    """The state after each evaluation, from the pack's start to the last datapoint's publication.

    Until N periods have begun within the pack the state is `initial`: what was before is not known. A period that reaches before
    the start holds what the pack has of it.
    """
    delay = -(-delay_s // PERIOD_S)
    minutes = len(next(iter(seen.values.values()))) - 1
    p, n = seen.period_min, alarm.evaluation_periods
    state: State = initial
    found = [state] * (min(delay, minutes) + 1)
    rank = alarm.percentile
    needed = 0.0
    if rank is not None and not alarm.evaluates_low_samples:
        rare = 1 - rank if rank >= 0.5 else rank
        needed = LOW_SAMPLES / rare if rare else float("inf")
    computed = seen.points
    for end in range(1, minutes + 1):
        begun = -(-end // p)
        if begun >= n and not (seen.samples is not None and (seen.samples[end] or 0) < needed):
            ends = range(end - (min(n + extra_periods, begun) - 1) * p, end + 1, p)
            state = evaluate([computed[e] for e in ends] if computed else _window(alarm, seen, ends), alarm, state)
        found.append(state)
    return tuple(found[: minutes + delay + 1])


def _window(alarm: Alarm, seen: Watched, ends: range) -> Sequence[float | None]:
    if alarm.expression is None:
        raise ValueError(f"{alarm.name} has no expression")
    windows = {name: tuple(points[end] for end in ends) for name, points in seen.values.items()}
    return expressions.value(alarm.expression, windows, alarm.period_s, tuple(windows))


def composite_states(composite: Composite, members: Mapping[str, Sequence[State]]) -> tuple[State, ...]:
    """A composite's state minute by minute: ALARM where its rule is true of its members, else OK."""
    named = [members[name] for name in composite.rule.members]
    length = len(next(iter(members.values()))) if members else 0
    columns = zip(*named, strict=True) if named else [()] * length
    return tuple(
        "ALARM" if composite.rule.holds(dict(zip(composite.rule.members, column, strict=True))) else "OK"
        for column in columns
    )


def acts(composite: Composite, own: Sequence[State], suppressor: Sequence[State] | None) -> tuple[int, ...]:
    """The minutes in which a composite takes its alarm actions; each time it alarms, unless its suppressor holds them back.

    An alarm waits `wait_s` for the suppressor to go to ALARM; while that is in ALARM, and `extension_s` after, nothing is done;
    then it acts if it still alarms: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-suppression.html.
    """
    wait, extension = (-(-seconds // PERIOD_S) for seconds in (composite.wait_s, composite.extension_s))
    acted: list[int] = []
    pending: int | None = None  # the minute from which it may act
    held = False
    for minute, state in enumerate(own):
        suppressed = suppressor is not None and suppressor[minute] == "ALARM"
        if state != "ALARM":
            pending = None
        elif minute == 0 or own[minute - 1] != "ALARM":
            pending = minute + (wait if suppressor is not None else 0)
        if pending is not None:
            if suppressed:
                held = True
            elif held:
                held, pending = False, minute + extension
            if not suppressed and minute >= pending:
                acted.append(minute)
                pending = None
        elif not suppressed:
            held = False
    return tuple(acted)


def replay(
    alarms: Alarms, pack: Pack, *, extra_periods: int = EXTRA_PERIODS, delay_s: int = PUBLICATION_DELAY_S
) -> Mapping[str, tuple[State, ...]]:
    """The states of all alarms by name. One whose data the pack lacks has no entry, nor has a composite on it."""
    found: dict[str, tuple[State, ...]] = {}
    for alarm in alarms.metric:
        try:
            found[alarm.name] = states(alarm, watched(alarm, pack), extra_periods=extra_periods, delay_s=delay_s)
        except NoDataError:
            continue
    for composite in alarms.composite:
        if all(name in found for name in composite.rule.members):
            found[composite.name] = composite_states(composite, found)
    return found
