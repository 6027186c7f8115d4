"""The alarms of a stack over many nights: did a page come in time on the bad ones, and how often did one come for nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from analysis.alarms.backtest import ANNOUNCES_WITHIN_S, Episode, Report, Row, backtest
from analysis.alarms.definitions import PAGE, Alarms, read
from analysis.alarms.mutations import Night
from analysis.architecture import Architecture


@dataclass(frozen=True, slots=True)
class SeasonRow:
    """One alarm over a season. `leads_s` has an entry for each night with impact: the lead time, or None where it was silent."""

    alarm: str
    severity: str
    nights_fired: int
    leads_s: tuple[float | None, ...]
    false_pages: int
    never: bool
    range_dependent: bool


@dataclass(frozen=True, slots=True)
class Season:
    """All alarms over a season, and what its pages come to.

    `first_page_s` has an entry for each night with impact: the lead of the first page that announced it or followed it, or None.
    `false_wakings` counts the times a human was paged for nothing; pages that overlap wake once.
    """

    nights: int
    rows: tuple[SeasonRow, ...]
    first_page_s: tuple[float | None, ...]
    false_wakings: int

    def __getitem__(self, name: str) -> SeasonRow:
        for row in self.rows:
            if row.alarm == name:
                return row
        raise LookupError(f"there is no alarm {name!r}")


def season(architecture: Architecture, nights: Iterable[Night], *, alarms: Alarms | None = None) -> Season:
    """Back-tests every alarm on every night. Raises ValueError where there is no night."""
    told = read(architecture) if alarms is None else alarms
    reports = [backtest(architecture, pack, harm_at, alarms=told) for pack, harm_at in nights]
    if not reports:
        raise ValueError("a season needs at least one night")
    columns = zip(*(report.rows for report in reports), strict=True)
    rows = tuple(_season_row(column, reports) for column in columns)
    harmed = [report for report in reports if report.harm_at is not None]
    first = tuple(_first_page_s(report) for report in harmed)
    return Season(len(reports), rows, first, sum(_false_wakings(report) for report in reports))


def _season_row(column: Sequence[Row], reports: Sequence[Report]) -> SeasonRow:
    return SeasonRow(
        alarm=column[0].alarm,
        severity=column[0].severity,
        nights_fired=sum(row.verdict == "fires" for row in column),
        leads_s=tuple(row.lead_s for row, report in zip(column, reports, strict=True) if report.harm_at is not None),
        false_pages=sum(row.false_pages for row in column),
        never=any(row.verdict == "can never fire" for row in column),
        range_dependent=any(row.range_dependent for row in column),
    )


def _first_page_s(report: Report) -> float | None:
    leads = [row.lead_s for row in report.rows if row.severity == PAGE and row.lead_s is not None]
    return max(leads, default=None)


def _false_wakings(report: Report) -> int:
    end = report.start + dt.timedelta(minutes=report.minutes)
    false = sorted(
        (episode.start, episode.end or end)
        for row in report.rows
        if row.severity == PAGE
        for episode in row.episodes
        if _is_false(episode, report.harm_at)
    )
    wakings = 0
    awake_until: dt.datetime | None = None
    for begins, ends in false:
        if awake_until is None or begins > awake_until:
            wakings += 1
        awake_until = ends if awake_until is None else max(ends, awake_until)
    return wakings


def _is_false(episode: Episode, harm_at: dt.datetime | None) -> bool:
    """Whether an episode announced no impact and followed none."""
    if harm_at is None:
        return True
    ended = episode.end is not None and episode.end < harm_at
    return ended and (harm_at - episode.start).total_seconds() > ANNOUNCES_WITHIN_S
