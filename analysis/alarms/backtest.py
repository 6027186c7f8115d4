"""How the alarms of a stack do on an incident: fires when, how long before the first impact, or why not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Literal, TypeAlias

from analysis.alarms import replay as replays
from analysis.alarms.definitions import Alarm, Alarms, Composite, read
from analysis.alarms.faults import Fault, composite_faults, faults
from analysis.alarms.packs import PERIOD_S, Pack
from analysis.alarms.semantics import EXTRA_PERIODS, WIDEST_EXTRA_PERIODS, State
from analysis.architecture import Architecture, Diagnostic

Verdict: TypeAlias = Literal["fires", "silent", "can never fire", "no data"]

ANNOUNCES_WITHIN_S = 1800
"""An alarm that ended before the impact still announced it if it began at most this long before; an earlier one was false."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One time in ALARM; `end` is None where it lasts to the end of the pack."""

    start: dt.datetime
    end: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Row:
    """How one alarm did. `lead_s` is the time from its announcing episode to the first impact, negative where it came after it.

    `false_pages` are the episodes that announced no impact. `range_dependent`: AWS does not say how many datapoints an evaluation
    looks at, and with another number within the tried ones this verdict differs. `approximate`: see `replay.Watched`.
    """

    alarm: str
    address: str
    severity: str
    verdict: Verdict
    episodes: tuple[Episode, ...] = ()
    lead_s: float | None = None
    false_pages: int = 0
    minutes_in_alarm: int = 0
    minutes_without_data: int = 0
    range_dependent: bool = False
    approximate: bool = False
    reasons: tuple[str, ...] = ()
    states: tuple[State, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A back-test: one row per alarm in the order of the stack, and the alarms that are not modelled."""

    stack: str
    origin: str
    start: dt.datetime
    minutes: int
    harm_at: dt.datetime | None
    delay_s: int
    rows: tuple[Row, ...]
    refused: tuple[Diagnostic, ...] = ()

    def __getitem__(self, name: str) -> Row:
        for row in self.rows:
            if row.alarm == name:
                return row
        raise LookupError(f"there is no alarm {name!r}")

    @property
    def never(self) -> tuple[Row, ...]:
        """The alarms that can never fire."""
        return tuple(row for row in self.rows if row.verdict == "can never fire")


def backtest(
    architecture: Architecture,
    pack: Pack,
    harm_at: dt.datetime | None = None,
    *,
    alarms: Alarms | None = None,
    delay_s: int = replays.PUBLICATION_DELAY_S,
) -> Report:
    """Replays the alarms of `architecture` (or `alarms` in their place) over `pack`; `harm_at` is when users were first affected.

    Raises PackError where a metric fits several series of the pack, ValueError where the first impact lies outside the pack.
    """
    if harm_at is not None and not pack.start <= harm_at <= pack.start + dt.timedelta(minutes=pack.minutes):
        raise ValueError(
            f"the impact at {harm_at.isoformat()} lies outside the pack, which starts at {pack.start.isoformat()}"
        )
    told = read(architecture) if alarms is None else alarms
    rows: dict[str, Row] = {}
    for alarm in told.metric:
        rows[alarm.name] = _metric_row(alarm, architecture, pack, harm_at, delay_s)
    for composite in told.composite:
        rows[composite.name] = _composite_row(composite, rows, pack, harm_at)
    return Report(
        architecture.stack, pack.origin, pack.start, pack.minutes, harm_at, delay_s, tuple(rows.values()), told.refused
    )


def score(
    alarm: Alarm, architecture: Architecture, pack: Pack, harm_at: dt.datetime | None = None
) -> tuple[object, ...]:
    """What an alarm is worth on one night: verdict, lead time, false pages, minutes in alarm and without data."""
    row = _metric_row(alarm, architecture, pack, harm_at, replays.PUBLICATION_DELAY_S, ranges=False)
    return row.verdict, row.lead_s, row.false_pages, row.minutes_in_alarm, row.minutes_without_data


def _metric_row(
    alarm: Alarm,
    architecture: Architecture,
    pack: Pack,
    harm_at: dt.datetime | None,
    delay_s: int,
    *,
    ranges: bool = True,
) -> Row:
    found = faults(alarm, architecture)
    sentences = tuple(fault.sentence for fault in found)
    if any(fault.certain for fault in found):
        return Row(alarm.name, alarm.address, alarm.severity, "can never fire", reasons=sentences)
    try:
        seen = replays.watched(alarm, pack, absent=_absent(alarm, found, pack))
    except replays.NoDataError as error:
        return Row(alarm.name, alarm.address, alarm.severity, "no data", reasons=(*sentences, str(error)))
    states = replays.states(alarm, seen, delay_s=delay_s)
    dependent = (
        ranges
        and not seen.gapless
        and any(
            _alarming(replays.states(alarm, seen, extra_periods=extra, delay_s=delay_s)) != _alarming(states)
            for extra in range(EXTRA_PERIODS + 1, WIDEST_EXTRA_PERIODS + 1)
        )
    )
    return _row(alarm, states, pack, harm_at, sentences, range_dependent=dependent, approximate=seen.approximate)


def _absent(alarm: Alarm, found: Sequence[Fault], pack: Pack) -> frozenset[str]:
    """The queries of an expression that goes on without metrics that do not exist."""
    if alarm.expression is None or not found:
        return frozenset()
    return frozenset(name for name, metric in alarm.queries if pack.find(metric) is None)


def _composite_row(composite: Composite, rows: Mapping[str, Row], pack: Pack, harm_at: dt.datetime | None) -> Row:
    members = [rows[name] for name in composite.rule.members]
    dead = frozenset(row.alarm for row in members if row.verdict == "can never fire")
    found = composite_faults(composite, dead)
    if found:
        reasons = tuple(fault.sentence for fault in found)
        return Row(composite.name, composite.address, composite.severity, "can never fire", reasons=reasons)
    silent = [row.alarm for row in members if row.verdict == "no data"]
    reasons = (f"{', '.join(sorted(dead))} can never fire",) if dead else ()
    reasons += (f"the pack has no data for {', '.join(silent)}, taken as OK",) if silent else ()
    length = max((len(row.states) for row in members), default=0)
    if not length:
        return Row(composite.name, composite.address, composite.severity, "no data", reasons=reasons)
    quiet: tuple[State, ...] = tuple("OK" for _ in range(length))
    states = replays.composite_states(composite, {row.alarm: row.states or quiet for row in members})
    suppressor = rows[composite.suppressor].states if composite.suppressor else None
    if suppressor:
        acted = replays.acts(composite, states, suppressor)
        times = ", ".join(f"{_at(pack, minute):%H:%M}" for minute in acted)
        reasons = (*reasons, f"{composite.suppressor} suppresses it; it acts at {times or 'no time'}")
    row = _row(
        composite,
        states,
        pack,
        harm_at,
        reasons,
        range_dependent=any(row.range_dependent for row in members),
        approximate=any(row.approximate for row in members),
    )
    # Silent, but perhaps only because of what is not there.
    return replace(row, verdict="no data") if silent and row.verdict == "silent" else row


def _alarming(states: Sequence[State]) -> tuple[tuple[int, int], ...]:
    """The minutes at which alarms begin and end (exclusive)."""
    found, minute = [], 0
    for state, run in groupby(states):
        length = len(list(run))
        if state == "ALARM":
            found.append((minute, minute + length))
        minute += length
    return tuple(found)


def _at(pack: Pack, minute: int) -> dt.datetime:
    return pack.start + dt.timedelta(seconds=minute * PERIOD_S)


def _row(
    alarm: Alarm | Composite,
    states: tuple[State, ...],
    pack: Pack,
    harm_at: dt.datetime | None,
    reasons: tuple[str, ...],
    *,
    range_dependent: bool,
    approximate: bool,
) -> Row:
    runs = _alarming(states)
    episodes = tuple(Episode(_at(pack, begin), None if end == len(states) else _at(pack, end)) for begin, end in runs)
    announcing = [episode for episode in episodes if _announces(episode, harm_at)]
    late = [episode for episode in episodes if harm_at is not None and episode.start > harm_at]
    lead_s = None
    if harm_at is not None and (announcing or late):
        lead_s = (harm_at - (announcing or late)[0].start).total_seconds()
    return Row(
        alarm=alarm.name,
        address=alarm.address,
        severity=alarm.severity,
        verdict="fires" if episodes else "silent",
        episodes=episodes,
        lead_s=lead_s,
        false_pages=len(episodes) - len(announcing) - len(late),
        minutes_in_alarm=sum(end - begin for begin, end in runs),
        minutes_without_data=sum(state == "INSUFFICIENT_DATA" for state in states),
        range_dependent=range_dependent,
        approximate=approximate,
        reasons=reasons,
        states=states,
    )


def _announces(episode: Episode, harm_at: dt.datetime | None) -> bool:
    """Whether an episode began before the impact and lasts up to it, or began shortly before it."""
    if harm_at is None or episode.start > harm_at:
        return False
    lasts = episode.end is None or episode.end >= harm_at
    return lasts or (harm_at - episode.start).total_seconds() <= ANNOUNCES_WITHIN_S


def to_json(report: Report) -> dict[str, Any]:
    """The report for programs."""

    def stamp(moment: dt.datetime | None) -> str | None:
        return None if moment is None else moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    return {
        "stack": report.stack,
        "origin": report.origin,
        "start": stamp(report.start),
        "minutes": report.minutes,
        "harm_at": stamp(report.harm_at),
        "publication_delay_s": report.delay_s,
        "alarms": [
            {
                "alarm": row.alarm,
                "address": row.address,
                "severity": row.severity,
                "verdict": row.verdict,
                "episodes": [{"start": stamp(e.start), "end": stamp(e.end)} for e in row.episodes],
                "lead_s": row.lead_s,
                "false_pages": row.false_pages,
                "minutes_in_alarm": row.minutes_in_alarm,
                "minutes_without_data": row.minutes_without_data,
                "range_dependent": row.range_dependent,
                "approximate": row.approximate,
                "reasons": list(row.reasons),
            }
            for row in report.rows
        ],
        "refused": [str(diagnostic) for diagnostic in report.refused],
    }
