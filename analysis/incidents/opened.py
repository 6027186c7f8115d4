"""An incident opened: its night simulated or its pack read, alarms replayed over it, and each row of its course with evidence.

Here capacity and alarms meet: the simulated night becomes the pack that CloudWatch would have shown, and a stack's alarms are
replayed over that.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import cast

from analysis import alarms, terraform
from analysis import night as nights
from analysis.alarms import Metric, Pack, Report
from analysis.alarms.definitions import PAGE
from analysis.architecture import Architecture
from analysis.facts import FactError, Scenario
from analysis.files import read_text
from analysis.incidents import impact as impacts
from analysis.incidents.impact import Impact, Moment, Observed
from analysis.incidents.timeline import MINUTE, Entry, Evidence, Incident, Kind, NightSource, within
from analysis.night.values import replaced
from analysis.studies import StudiedNight, Study, StudyError, calibration, study


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the course: when, what, how it is known, and what it rests on.

    `value` is the evidence in words: metric, minute and figure; `line` is a place in a file, its path and number.
    """

    at: dt.datetime
    what: str
    known: str
    kind: Kind = "note"
    value: str = ""
    line: tuple[Path, int] | None = None


@dataclass(frozen=True)
class Opened:
    """An incident with everything that is computed of it.

    `architecture` has the alarms, None where no stack is named. `study` and `night` are None where the series come from a pack.
    """

    incident: Incident
    pack: Pack
    architecture: Architecture | None = None
    study: Study | None = None
    night: nights.Night | None = None

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """What the file tells and what the scenario does, in the order of time."""
        told = self.incident.entries
        if self.night is None or self.study is None or self.incident.night is None:
            return told
        return tuple(sorted((*told, *_course(self.study.scenario, self.incident.night)), key=lambda entry: entry.at))

    @cached_property
    def seen(self) -> Observed:
        """The night in user terms."""
        source = self.incident.pack
        return impacts.observed(
            self.pack,
            self.incident.harm,
            target_s=self.study.scenario.freshness_target_s.at() if self.study else None,
            poll_interval_s=source.poll_interval_s if source else None,
            signals=source.signals if source else None,
            dimensions=source.dimensions if source else None,
        )

    @cached_property
    def impact(self) -> Impact:
        """What the users felt."""
        return impacts.impact(self.seen, self.incident.harm, self.entries, self.incident.objective)

    @cached_property
    def report(self) -> Report | None:
        """How the stack's own alarms did; None where no stack is named."""
        if self.architecture is None:
            return None
        return alarms.backtest(self.architecture, self.pack, self.impact.began)

    @property
    def paged(self) -> tuple[dt.datetime, str] | None:
        """The first page that announced the impact or followed it: when, and which alarm."""
        began = self.impact.began
        if self.report is None or began is None:
            return None
        found = [
            (began - dt.timedelta(seconds=row.lead_s), f"alarm {row.alarm}")
            for row in self.report.rows
            if row.severity == PAGE and row.lead_s is not None
        ]
        return min(found, default=None)

    @cached_property
    def moments(self) -> tuple[Moment, ...]:
        """First impact, detection, engagement, mitigation and recovery."""
        return impacts.moments(self.impact, self.seen, self.incident.harm, self.incident.entries, self.paged)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The course in the order of time: what is known, what the scenario does, what was simulated, computed, and rang."""
        found = [*map(self._entry, self.entries), *self._events(), *self._computed(), *self._rung()]
        return tuple(sorted(found, key=lambda row: row.at))

    def minute(self, moment: dt.datetime) -> float:
        """Minutes from kick-off where the night has one, else from the pack's start."""
        source = self.incident.night
        return (moment - (source.kick_off if source else self.pack.start)) / MINUTE

    def _entry(self, entry: Entry) -> Row:
        found, where = entry.evidence, f"entry[{entry.number - 1}].evidence"
        value, line = "", None
        if found.line:
            line = _line(self.incident, found.line, f"{where}.line")
        elif found.event:
            value = self._nearest(found.event, entry, f"{where}.event")
        elif found.alarm:
            value = self._alarm(found.alarm, f"{where}.alarm")
        elif found.metric:
            value = self._figure(found, entry, where)
        return Row(entry.at, entry.what, entry.source, entry.kind, value, line)

    def _figure(self, evidence: Evidence, entry: Entry, where: str) -> str:
        namespace, name = evidence.metric.split()
        found = impacts.find(self.pack, namespace, name, self.incident.pack.dimensions if self.incident.pack else {})
        if found is None:
            raise FactError(
                self.incident.file, f"{where}.metric", f"names {evidence.metric}, which the pack does not hold"
            )
        points = found[1].points(evidence.statistic)
        if points is None:
            raise FactError(
                self.incident.file, f"{where}.statistic", f"asks for {evidence.statistic}, which the pack does not hold"
            )
        minute = self.seen.minute(entry.at)
        point = points[minute]
        shown = "no datapoint" if point is None else f"{point:,.4g}"
        who = name if namespace == "user" else evidence.metric
        return f"{who} ({evidence.statistic}) at {self.seen.at(minute):%H:%M}: {shown}"

    def _nearest(self, event: str, entry: Entry, where: str) -> str:
        happened = [each for each in self.night.events if each.what == event] if self.night is not None else []
        if not happened or self.night is None:
            raise FactError(self.incident.file, where, f"names {event!r}, which did not happen in a simulated night")
        nearest = min(happened, key=lambda each: abs(each.minute - self.minute(entry.at)))
        return f"{event} at minute {nearest.minute:.1f}, seed {self.night.seed}"

    def _alarm(self, name: str, where: str) -> str:
        if self.report is None:
            raise FactError(self.incident.file, where, "names an alarm, but no stack says which alarms there are")
        try:
            return f"alarm {name}: {self.report[name].verdict}"
        except LookupError as error:
            raise FactError(self.incident.file, where, str(error)) from None

    def _events(self) -> Iterator[Row]:
        if self.night is None or self.incident.night is None:
            return
        by_kind: dict[str, list[nights.Event]] = {}
        for event in self.night.events:
            by_kind.setdefault(event.what, []).append(event)
        for kind, events in by_kind.items():
            for number, event in enumerate(events[:1] + events[1:][-1:]):
                words = kind[:1].upper() + kind[1:]
                if len(events) > 1:
                    words += f", the first of {len(events)} times" if number == 0 else ", for the last time"
                who = "" if event.task is None else f", task {event.task}"
                value = f"minute {event.minute:.1f}{who}, seed {self.night.seed}"
                yield Row(self.incident.night.kick_off + event.minute * MINUTE, f"{words}.", "simulated", value=value)

    def _computed(self) -> Iterator[Row]:
        seen, felt = self.seen, self.impact
        for bout in felt.bouts:
            first, last = seen.minute(bout.start), seen.minute(bout.end - MINUTE)
            yield Row(bout.start, "Users are affected from here on.", "computed", value=self._felt(first))
            yield Row(bout.end, "Nobody is affected any more.", "computed", value=self._felt(last))
        if felt.worst_at is not None:
            minute = seen.minute(felt.worst_at)
            yield Row(felt.worst_at, "The worst minute.", "computed", value=self._felt(minute))

    def _felt(self, minute: int) -> str:
        """What users felt in a minute, by the metrics that say so."""
        seen = self.seen
        asked = max(seen.requests[minute], seen.failed[minute])
        said = [f"{100 * seen.failed[minute] / asked:.1f} % of requests failed"] if asked else ["no requests"]
        for series, words in ((seen.age, "what they see is {:.1f} s old"), (seen.answer, "answers take {:.2g} s")):
            for statistic in ("p95", "Average"):
                points = series.points(statistic) if series is not None else None
                if points is not None and (point := points[minute]) is not None:
                    said.append(f"{words.format(point)} ({statistic.replace('Average', 'mean')})")
                    break
        return f"{seen.at(minute):%H:%M}: {', '.join(said)}"

    def _rung(self) -> Iterator[Row]:
        for row in self.report.rows if self.report is not None else ():
            for episode in row.episodes:
                word = "page" if row.severity == PAGE else row.severity or "no severity"
                yield Row(episode.start, f"The alarm {row.alarm} rings ({word}).", "alarm replay", value=row.address)


def opened(incident: Incident) -> Opened:
    """The incident with its night simulated under the first seed, or its pack read.

    Raises FactError for a timeline outside the pack, PackError for a pack that cannot be read, StudyError or InputError for a
    stack that does not resolve, wiring.PathError or NightError for a night that cannot be simulated.
    """
    if incident.night is not None:
        made = simulated(incident)
    else:
        source = incident.pack
        assert source is not None  # noqa: S101 (`timeline.read` has checked it)
        pack = alarms.load(source.file, gaps=source.gaps)
        architecture = _resolved(source.stack) if source.stack else None
        if architecture is not None and source.file.suffix.lower() == ".csv":
            watched = (metric for alarm in alarms.read(architecture).metric for _, metric in alarm.queries)
            pack = alarms.addressed(pack, watched)
        made = Opened(incident, pack, architecture)
    within(incident, made.pack.start, made.pack.minutes)
    return made


def simulated(incident: Incident, *, now: bool = False, seed: int | None = None) -> Opened:
    """The incident's crowd on the stack that failed, or on the one that it is `now`. Raises as `opened`."""
    source = _source(incident)
    subject = restudied(incident, now=now)
    found = subject.night(source.seeds[0] if seed is None else seed)
    night = StudiedNight(subject.architecture, found.night, source.kick_off)
    pack = own_pack(night.night, night.start)
    # A stack without alarms, or with alarms on nothing that is simulated, has a pack all the same.
    known = night.pack.series if night.report is not None else {}
    return Opened(incident, replace(pack, series={**pack.series, **known}), subject.architecture, subject, night.night)


def restudied(incident: Incident, *, now: bool = False) -> Study:
    """The stack that failed, or the one that it is `now`, judged by the incident's crowd, with what the calibration found.

    What was found of the failed stack's program stays with that program; what was found of crowd and platform goes along.
    """
    source = _source(incident)
    failed = study(source.stack, users=source.peak_users)
    values = calibration(source.stack).values if source.calibrated else {}
    if not now or incident.now is None:
        return revalued(failed, values)
    crowd = {name: value for name, value in values.items() if not name.startswith(f"{failed.profile.name}.")}
    return revalued(replace(study(incident.now), crowd=failed.scenario), crowd)


def revalued(subject: Study, values: Mapping[str, float]) -> Study:
    """The study with other figures in place of named assumptions of crowd, program, night and limits."""
    made = replaced(values, subject.scenario, subject.profile)
    own = {name: value for name, value in values.items() if name in made.night or name in made.limits}
    return replace(subject, crowd=made.scenario, program=made.profile, values={**subject.values, **own})


def own_pack(night: nights.Night, start: dt.datetime, only: Sequence[tuple[str, str]] = ()) -> Pack:
    """Every series of the night under its station's name, or `only` those named by station and metric."""
    origin = f"simulated: {night.setup.stack}, {night.setup.scenario}, {night.setup.runtime}, seed {night.seed}"
    chosen = {key: night.metric(*key) for key in only} if only else night.series
    stations = {
        key: {name: column.tolist() for name, column in series.values.items()} for key, series in chosen.items()
    }
    metrics = [Metric(station, name, (), "Average", 60) for station, name in stations]
    return alarms.simulated(metrics, stations, start, origin)


def foreseen(incident: Incident, failed: Opened) -> Report | None:
    """How the alarms of the stack as it is `now` would have done on the night that failed; None where none is named."""
    if incident.now is None or failed.night is None or failed.architecture is None or incident.night is None:
        return None
    now = study(incident.now).architecture
    told = alarms.read(now)
    night = StudiedNight(failed.architecture, failed.night, incident.night.kick_off)
    pack = night.pack_of((metric for alarm in told.metric for _, metric in alarm.queries), now)
    return alarms.backtest(now, pack, failed.impact.began, alarms=told)


def _resolved(directory: Path) -> Architecture:
    found = terraform.load(directory)
    if found.errors:
        raise StudyError("; ".join(str(error) for error in found.errors[:3]))
    return found


def _source(incident: Incident) -> NightSource:
    if incident.night is None:
        raise FactError(incident.file, "night", "is missing; only a simulated night can be run again")
    return incident.night


def _course(scenario: Scenario, source: NightSource) -> Iterator[Entry]:
    """The scenario's events as entries; a surge is news, for it brings users who were told."""
    there = Evidence(metric="user Users", statistic="Maximum")
    moments = [(moment.minute, moment.event, "note") for moment in scenario.profile]
    for minute, event, kind in [*moments, *((surge.minute, surge.event, "news") for surge in scenario.surges)]:
        if event:
            at = source.kick_off + minute * MINUTE
            yield Entry(at, f"{event[:1].upper()}{event[1:]}.", "reconstructed timeline", cast("Kind", kind), there)


_NUMBERED = re.compile(r"(?P<path>[^#]+):(?P<line>\d+)")


def _line(incident: Incident, text: str, where: str) -> tuple[Path, int]:
    """The place that `file:12`, or `file#text` for the first line with that text, means; paths start from the incident's file."""
    name, _, wanted = text.partition("#")
    numbered = None if wanted else _NUMBERED.fullmatch(text)
    path = incident.path.parent / (numbered["path"] if numbered else name)
    try:
        lines = read_text(path).splitlines()
    except (OSError, UnicodeDecodeError):
        raise FactError(incident.file, where, f"names {text}, but there is no file {path} to read") from None
    if numbered:
        number = int(numbered["line"])
        if not 1 <= number <= len(lines):
            raise FactError(incident.file, where, f"names {text}, but the file has {len(lines)} lines")
        return path, number
    found = next((number for number, line in enumerate(lines, 1) if wanted in line), None) if wanted else None
    if found is None:
        raise FactError(incident.file, where, f"names {text}; write file:12, or file#text for a line with that text")
    return path, found
