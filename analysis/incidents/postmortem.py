"""The record of an incident: all that its page and every export of it say, computed once.

`full` is the report, `brief` what fits one page; both are a `Document`, of which Markdown and PDF are made. `timeline`, `actions`
and `series` are its tables, as CSV too, and `to_json` is the whole of it for programs (`postmortem.schema.json`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Any

from analysis import alarms
from analysis.alarms import Report
from analysis.alarms.definitions import PAGE
from analysis.documents import Document, Fact, Section, Table
from analysis.facts import FactError
from analysis.incidents import record as records
from analysis.incidents.impact import DEFINITIONS, Budget
from analysis.incidents.opened import Opened, Row, foreseen, simulated
from analysis.incidents.record import Record
from analysis.incidents.review import GROUPS, OPEN, UNDER_WAY, Action, Flaw, Review, Status, grouped, resolved
from analysis.incidents.timeline import stamp

SCHEMA = Path(__file__).with_name("postmortem.schema.json")
"""The JSON Schema of `to_json`."""

VERSION = 1
"""The version of that schema; it rises when a key changes its meaning or goes."""

TIMELINE = "Timeline"
"""The section of a report in which its chart stands."""

TABLES = ("timeline", "actions", "minutes")
"""The names of `Postmortem.tables`."""

ROWS = 24
"""About so many minutes of the series stand in the report."""

SAMPLED = frozenset({"minute", "users", "requests", "failed", "age_p95_s", "answer_p95_s", "share_affected"})
"""The columns of the series that stand in the report."""

WORDS: Mapping[str, str] = {
    "impact": "First impact",
    "detection": "Detected",
    "engagement": "Taken up",
    "mitigation": "Impact over",
    "recovery": "Recovered",
}
"""What the moments are called where people read them."""


def duration(seconds: float | None) -> str:
    """A time as people say it: minutes, hours from two of them on; negative with a minus. Empty for None."""
    if seconds is None:
        return ""
    sign = "−" if seconds < 0 else ""
    minutes = abs(seconds) / 60.0
    if minutes >= 120:
        return f"{sign}{minutes / 60.0:.1f} h"
    return f"{sign}{minutes:.0f} min" if minutes == int(minutes) or minutes >= 10 else f"{sign}{minutes:.1f} min"


@dataclass(frozen=True)
class Postmortem:
    """An incident with what was computed of it and what people added, as it stands on the day `as_of`.

    `actions` have their status; `flaws` are the marked lines of the Terraform by group; `weighed` is what each change would have
    done, None where nobody weighed it; `foreseen` are today's alarms over the night, None where no stack is named for that.
    """

    opened: Opened
    as_of: dt.date
    actions: tuple[Action, ...] = ()
    flaws: Mapping[str, tuple[Flaw, ...]] = field(default_factory=dict)
    weighed: Record | None = None
    foreseen: Report | None = None

    @property
    def review(self) -> Review:
        """What people wrote."""
        return self.opened.incident.review

    @cached_property
    def after(self) -> Opened | None:
        """The same crowd on the stack as it is now; None where no stack is named for that."""
        incident = self.opened.incident
        return simulated(incident, now=True) if incident.night is not None and incident.now is not None else None

    @property
    def clock(self) -> str:
        """What the minutes are counted from."""
        return "kick-off" if self.opened.incident.night else "the start of the series"

    @property
    def source(self) -> str:
        """Where the figures come from, in a sentence."""
        word = "Reconstructed, " if self.opened.night is not None else "Recorded: "
        late_s = self.opened.seen.late_s
        return f"{word}{self.opened.pack.origin}." + (f" An update is late from {late_s:.3g} s on." if late_s else "")

    def minute(self, moment: dt.datetime | None) -> str:
        """The minute of a moment, counted from kick-off or else from the start of the series; blank for None."""
        return "" if moment is None else f"{self.opened.minute(moment):.0f}".replace("-", "−")

    @cached_property
    def questions(self) -> tuple[str, ...]:
        """What cannot be known from the series and was not written down yet, each as a question with the key that answers it."""
        kinds = {entry.kind for entry in self.opened.incident.entries}
        affected = self.opened.impact.began is not None
        asked = (
            (not self.review.cause, "What happened, in one sentence? ([review] cause)"),
            (not self.review.severity, "How severe was it, by your own scale? ([review] severity)"),
            (not self.opened.incident.entries, "What did people see and do, and when? ([[entry]])"),
            (affected and "detected" not in kinds, "Who noticed first, when and how? ([[entry]], kind detected)"),
            (affected and "engaged" not in kinds, "Who began to work on it, and when? ([[entry]], kind engaged)"),
            (affected and "mitigated" not in kinds, "What ended the impact? ([[entry]], kind mitigated)"),
            (self.opened.architecture is None, "Which alarms were there? (--stack, or stack under [pack])"),
            (self.opened.incident.objective is None, "Which objective did it break? ([objective])"),
            (not self.review.whys, "Why did it happen, step by step, each with its evidence? ([review] whys)"),
            (not self.review.believed, "Which assumption proved false? ([review] believed)"),
            (not self.review.went_well, "What went well? ([review] went_well)"),
            (not self.review.went_wrong, "What did not? ([review] went_wrong)"),
            (not self.review.lucky, "Where were you lucky? ([review] lucky)"),
            (not self.actions, "What will be done, by whom (a role) and by when? ([[review.action]])"),
        )
        missing = tuple(question for is_open, question in asked if is_open)
        return (*missing, *(f"{note[:1].upper()}{note[1:]}." for note in self.opened.seen.notes))

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """The key figures: when, how long, how severe, whom it affected, how it was noticed, and what is open."""
        return tuple(self._facts())

    def _facts(self) -> Iterator[Fact]:
        felt, seen, written = self.opened.impact, self.opened.seen, self.review
        at = felt.began or self.opened.pack.start
        yield Fact("Date", f"{at:%-d %B %Y}", written.date_note)
        if felt.began is not None and felt.ended is not None:
            pauses = f"; {felt.hurt_minutes} of them affected users" if felt.hurt_minutes < self._span_min else ""
            span = f"{felt.began:%H:%M} to {felt.ended:%H:%M} UTC, minutes {self.minute(felt.began)} to "
            yield Fact(
                "Duration", f"{self._span_min} min", f"{span}{self.minute(felt.ended)} from {self.clock}{pauses}"
            )
        else:
            yield Fact("Duration", "none", "nobody was affected, as far as the series tell")
        yield Fact("Severity", written.severity or "not rated", written.severity_because)
        yield Fact("Document", written.status, f"as of {self.as_of:%-d %B %Y}")
        if seen.users is not None and felt.worst_at is not None:
            at_once = [count * share for count, share in zip(seen.users, seen.hurt, strict=True)]
            minute = seen.minute(felt.worst_at)
            yield Fact(
                "Users affected at once, at most",
                f"{at_once[minute]:,.0f}",
                f"of {seen.users[minute]:,.0f} at {felt.worst_at:%H:%M} UTC",
            )
        if felt.user_minutes_hurt is not None and felt.user_minutes:
            share = 100 * felt.user_minutes_hurt / felt.user_minutes
            note = f"{share:.1f} % of {felt.user_minutes:,.0f}"
            yield Fact("User-minutes affected", f"{felt.user_minutes_hurt:,.0f}", note)
        if "failed" in seen.origins:
            note = f"of {felt.requests:,.0f}; {100 * felt.failed_share:.1f} % while users were affected"
            yield Fact("Failed requests", f"{felt.failed:,.0f}", note)
        if felt.slow_requests is not None:
            limit = self.opened.incident.harm.slow_s
            yield Fact("Slow requests", f"{felt.slow_requests:,.0f}", f"slower than {limit:g} s")
        if seen.late_s is not None and felt.age_p95_s is not None:
            p50 = f"median {felt.age_p50_s:.1f} s; " if felt.age_p50_s is not None else ""
            note = f"p95; {p50}late is more than {seen.late_s:.3g} s"
            yield Fact("Age of updates, worst minute", f"{felt.age_p95_s:.1f} s", note)
        if felt.news:
            late = [news.entry.what for news in felt.news if news.late]
            note = "by half of the users or more" + (f": {late[-1]}" if late else "")
            yield Fact("News seen late", f"{len(late)} of {len(felt.news)}", note)
        if felt.budget is not None:
            months, objective = felt.budget.spent_share, 100 * felt.budget.objective.availability
            spent = f"{100 * months:,.0f} %" if months < 2 else f"{months:,.1f} times"
            yield Fact("Error budget spent", spent, f"of what {objective:g} % leaves; {felt.budget.how}")
        detected = next(moment for moment in self.opened.moments if moment.name == "detection")
        if felt.began is not None:
            told = f"{duration(detected.after_s)} after first impact" if detected.at is not None else "never"
            yield Fact(
                "Detected",
                told.replace("−", "", 1).replace("after", "before") if (detected.after_s or 0) < 0 else told,
                detected.how,
            )
        yield Fact("Open", *self._open())

    @property
    def _span_min(self) -> int:
        felt = self.opened.impact
        assert felt.began is not None and felt.ended is not None  # noqa: S101, PT018 (asked where users were affected)
        return round((felt.ended - felt.began).total_seconds() / 60)

    def _open(self) -> tuple[str, str]:
        begun = sum(action.status in UNDER_WAY for action in self.actions)
        waiting = sum(action.status == OPEN for action in self.actions)
        overdue = sum(action.overdue(self.as_of) for action in self.actions)
        parts = [f"{len(self.actions)} actions in all"] if self.actions else []
        parts += [f"{begun} under way, not deployed"] if begun else []
        parts += [f"{overdue} overdue"] if overdue else []
        parts += [f"{len(self.questions) + len(self.review.unknown)} questions"]
        return f"{waiting} actions", ", ".join(parts)

    @property
    def charted(self) -> str:
        """The section of the reports in which a chart stands."""
        return TIMELINE

    def values(self) -> dict[str, Any]:
        """The record for programs."""
        return to_json(self)

    # ---- tables ------------------------------------------------------------------------------------------------------------

    def clock_time(self, moment: dt.datetime) -> str:
        """A moment as the report writes it: the time, with its day where the series last longer than one."""
        days = self.opened.pack.start.date(), self.opened.seen.at(self.opened.pack.minutes - 1).date()
        return f"{moment:%H:%M:%S}" if days[0] == days[1] else f"{moment:%-d %b %H:%M:%S}"

    @cached_property
    def timeline(self) -> Table:
        """Everything that happened, on one clock: UTC, and minutes from kick-off or from the start of the series."""
        rows = ((stamp(row.at), self.minute(row.at), row.what, row.known, evidence(row)) for row in self.opened.rows)
        return Table(("UTC", "Minute", "What", "Known by", "Evidence"), tuple(rows), (0.12, 0.08, 0.31, 0.17, 0.32))

    @property
    def _short_timeline(self) -> Table:
        """The same with times as the report writes them."""
        clocks = (self.clock_time(row.at) for row in self.opened.rows)
        rows = tuple((clock, *cells[1:]) for clock, cells in zip(clocks, self.timeline.rows, strict=True))
        return Table(self.timeline.heads, rows, self.timeline.widths)

    @cached_property
    def times(self) -> Table:
        """First impact, detection, engagement, mitigation and recovery, each with its definition."""
        rows = (
            (
                WORDS[m.name],
                self.clock_time(m.at) if m.at else "never",
                self.minute(m.at),
                duration(m.after_s) if m.name != "impact" else "",
                m.how,
                DEFINITIONS[m.name],
            )
            for m in self.opened.moments
        )
        heads = ("Moment", "UTC", "Minute", "After first impact", "Known by", "Definition")
        return Table(heads, tuple(rows), (0.13, 0.12, 0.08, 0.11, 0.22, 0.34))

    @cached_property
    def action_table(self) -> Table:
        """The actions, with owner (a role), ticket, due date and status."""
        rows = (
            (
                action.what,
                action.owner,
                action.ticket or "none",
                f"{action.due}",
                action.status + (", overdue" if action.overdue(self.as_of) else ""),
                action.closed_by,
            )
            for action in self.actions
        )
        heads = ("Action", "Owner", "Ticket", "Due", "Status", "Closed by")
        return Table(heads, tuple(rows), (0.3, 0.13, 0.08, 0.11, 0.13, 0.25))

    @cached_property
    def series(self) -> Table:
        """What users felt, minute by minute."""
        seen = self.opened.seen
        columns = list(self._columns())
        rows = (
            (stamp(seen.at(minute)), self.minute(seen.at(minute)), *(texts[minute] for _, texts in columns))
            for minute in range(seen.minutes)
        )
        return Table(("utc", "minute", *(name for name, _ in columns)), tuple(rows))

    def _columns(self) -> Iterator[tuple[str, list[str]]]:
        seen = self.opened.seen
        if seen.users is not None:
            yield "users", [f"{value:.0f}" for value in seen.users]
        yield "requests", [f"{value:.0f}" for value in seen.requests]
        if "failed" in seen.origins:
            yield "failed", [f"{value:.0f}" for value in seen.failed]
        for series, name in ((seen.age, "age"), (seen.answer, "answer")):
            for statistic in ("p50", "p95", "Average"):
                points = series.points(statistic) if series is not None else None
                if points is not None:
                    yield f"{name}_{statistic.lower()}_s", ["" if point is None else f"{point:.3f}" for point in points]
        yield "share_affected", [f"{value:.4f}" for value in seen.hurt]
        yield "affected", ["yes" if hurts else "" for hurts in seen.hurting]

    @property
    def tables(self) -> Mapping[str, Table]:
        """The tables that are exported as CSV, by the names in TABLES."""
        return dict(zip(TABLES, (self.timeline, self.action_table, self.series), strict=True))

    @property
    def _alarms(self) -> Section:
        """The alarms of the stack that failed over its incident; where it has none, those of the stack as it is now."""
        own = self.opened.report
        if own is not None and own.rows:
            return self._rung("Its alarms over the incident", own, "Alarms with severity page wake a person.")
        title = "Today's alarms over that night"
        if self.foreseen is not None:
            silent = sum(row.verdict != "fires" for row in self.foreseen.rows)
            there = f"Of {len(self.foreseen.rows)} alarms of the stack as it is now"
            note = f"{there}, {silent} do not ring, or watch what that night had not."
            return self._rung(title, self.foreseen, note)
        if own is None:
            return Section(
                "Its alarms over the incident",
                "No Terraform was named, so no alarm was replayed: --stack DIR does that.",
            )
        return Section("Its alarms over the incident", "The stack has no alarm.")

    def _rung(self, title: str, report: Report, note: str) -> Section:
        order = sorted(report.rows, key=lambda row: (row.lead_s is None, -(row.lead_s or 0.0), row.alarm))
        shown = [row for row in order if row.verdict == "fires"] if report is self.foreseen else order
        rows = tuple(
            (
                row.alarm,
                row.severity,
                row.verdict,
                f"{at:%H:%M}" if (at := _rings_at(row, report)) else "",
                "" if row.lead_s is None else duration(-row.lead_s),
                "; ".join((*row.reasons, *_remarks(row, report))),
            )
            for row in shown
        )
        heads = ("Alarm", "Severity", "Verdict", "Rings, UTC", "After first impact", "Why")
        return Section(title, table=Table(heads, rows, (0.26, 0.09, 0.11, 0.11, 0.12, 0.31)), note=note)

    def _flaws(self) -> Iterator[Section]:
        for group, title in GROUPS.items():
            rows = tuple((f.id, f.says, f"{f.path.name}:{f.line}", f.closed_by) for f in self.flaws.get(group, ()))
            yield Section(
                title, table=Table(("Flaw", "What is written", "Where", "Closed by"), rows, (0.07, 0.45, 0.13, 0.35))
            )

    def _changes(self) -> Section:
        """What each change alone would have removed, with its price."""
        title = "What each change would have done, and its price"
        if self.weighed is None:
            return Section(title)
        made = self.weighed.factors
        rows = tuple(
            (
                change.id,
                change.name,
                _signed(fmean(made.alone(change.id))),
                f"{fmean(made.harm({change.id})):,.0f}",
                _signed(fmean(made.shares[change.id])),
                _signed(float(made.extra_usd(change.id)), 2),
            )
            for change in made.changes
        )
        heads = ("", "Undone, alone", "Removes, user-minutes", "Leaves", "Share (Shapley)", "USD a month")
        note = (
            f"Mean of {len(made.seeds)} seeds on {made.stack}, as recorded on {self.weighed.recorded_on}. All of them together "
            f"remove {fmean(made.total):,.0f} user-minutes. A change that removes nothing alone may need another."
        )
        return Section(title, table=Table(heads, rows, (0.07, 0.39, 0.15, 0.12, 0.14, 0.13)), note=note)

    def _sample(self) -> Section:
        """Some minutes of the series, the worst among them, in the columns that say most."""
        step = max(1, -(-self.opened.pack.minutes // ROWS))
        worst = self.opened.impact.worst_at
        chosen = sorted(
            {*range(0, self.opened.pack.minutes, step), *([self.opened.seen.minute(worst)] if worst else [])}
        )
        kept = [at for at, head in enumerate(self.series.heads) if head in SAMPLED]
        rows = tuple(
            (self.clock_time(self.opened.seen.at(minute)), *(self.series.rows[minute][at] for at in kept))
            for minute in chosen
        )
        text = f"Every {step} minutes, and the worst one; the CSV has every minute." if step > 1 else ""
        return Section(
            "The incident as data", text, table=Table(("UTC", *(self.series.heads[at] for at in kept)), rows)
        )

    # ---- reports -----------------------------------------------------------------------------------------------------------

    @property
    def lead(self) -> str:
        """What happened, in a sentence: the cause where it is written, else when users were affected."""
        felt = self.opened.impact
        if self.review.cause:
            return self.review.cause
        if felt.began is None or felt.ended is None:
            return "Nobody was affected, as far as the series tell."
        return f"From {stamp(felt.began)} to {stamp(felt.ended)} users were affected."

    def _document(self, sections: Sequence[Section]) -> Document:
        return Document(self.opened.incident.title, self.lead, self.facts, tuple(sections), self.source, self.as_of)

    def full(self) -> Document:
        """The whole report."""
        written = self.review
        return self._document(
            [
                Section(
                    "Questions to answer",
                    f"Answer them in {self.opened.incident.file}; then gameday incident export writes this report again."
                    if self.questions
                    else "",
                    self.questions,
                ),
                Section(TIMELINE, f"UTC; minutes are counted from {self.clock}.", table=self._short_timeline),
                Section("Times", "Counted from the first impact; negative is before it.", table=self.times),
                Section("Why it happened", items=written.whys, ordered=True),
                *self._flaws(),
                Section("What went well", items=written.went_well),
                Section("What did not", items=written.went_wrong),
                Section("Where we were lucky", items=written.lucky),
                Section("The assumption that proved false", written.believed),
                self._alarms,
                self._changes(),
                Section("Actions", table=self.action_table),
                Section("What is not known", items=written.unknown),
                self._sample(),
            ]
        )

    def brief(self) -> Document:
        """What fits one page: key figures, chart, the moments that count, causes, and actions that are not deployed."""
        heads = ("UTC", "Minute", "What", "Known by")
        rows = tuple(
            (self.clock_time(row.at), self.minute(row.at), row.what, row.known)
            for row in self.opened.rows
            if row.known != "simulated" or row.kind != "note"
        )
        waiting = tuple(
            row[:5] for row in self.action_table.rows if not row[4].startswith(("deployed", "verified", "dropped"))
        )
        return self._document(
            [
                Section(TIMELINE, table=Table(heads, rows, (0.18, 0.13, 0.41, 0.28))),
                Section("Why it happened", items=self.review.whys, ordered=True),
                Section(
                    "Actions that are not deployed",
                    table=Table(self.action_table.heads[:5], waiting, (0.47, 0.16, 0.09, 0.12, 0.16)),
                ),
            ]
        )


def evidence(row: Row) -> str:
    """What a row of the timeline rests on, in words: a figure, or a line of a file."""
    return row.value or (f"{row.line[0].name}:{row.line[1]}" if row.line else "")


SETTLING_S = 600
"""An alarm that rings this soon after the series begin has nothing to do with their crowd."""


def _rings_at(row: alarms.Row, report: Report) -> dt.datetime | None:
    """When an alarm announces the impact or follows it, else when it rings at all."""
    if row.lead_s is not None and report.harm_at is not None:
        return report.harm_at - dt.timedelta(seconds=row.lead_s)
    return row.episodes[0].start if row.episodes else None


def _remarks(row: alarms.Row, report: Report) -> Iterator[str]:
    """What else is to be said of an alarm that rings."""
    at = _rings_at(row, report)
    if at is not None and (at - report.start).total_seconds() <= SETTLING_S:
        yield "rings from the first minutes on: it is about the stack, not about this crowd"
    if row.false_pages:
        yield f"rings {row.false_pages} more time{'s' if row.false_pages > 1 else ''} without an impact to announce"


def _signed(value: float, digits: int = 0) -> str:
    return f"{value:+,.{digits}f}".replace("-", "−") if round(value, digits) else "0"


def postmortem(opened: Opened, as_of: dt.date, status: Status | None = None) -> Postmortem:
    """The record of an opened incident. `status` says how far an action is by its `done_when`; needed where one has it.

    Raises FactError where a flaw, an action or the weighing beside the file cannot be used.
    """
    incident = opened.incident
    written = incident.review
    computed = next((number for number, action in enumerate(written.actions) if action.done_when), None)
    if computed is not None and status is None:
        raise FactError(incident.file, f"review.action[{computed}].done_when", "needs a checkout with terraform/stacks")
    return Postmortem(
        opened,
        as_of,
        resolved(written.actions, status, incident.file) if status else written.actions,
        grouped(incident.night.stack, written, incident.file) if incident.night else {},
        records.load(incident) if records.path_of(incident).is_file() else None,
        foreseen(incident, opened),
    )


# ---- for programs ------------------------------------------------------------------------------------------------------------


def to_json(postmortem: Postmortem) -> dict[str, Any]:
    """The record as plain values, the same bytes for the same input; `SCHEMA` says what each key means."""
    opened, written = postmortem.opened, postmortem.review
    felt, seen = opened.impact, opened.seen
    return {
        "version": VERSION,
        "as_of": f"{postmortem.as_of}",
        "title": opened.incident.title,
        "status": written.status,
        "severity": written.severity or None,
        "cause": written.cause or None,
        "origin": opened.pack.origin,
        "start": stamp(opened.pack.start),
        "minutes": opened.pack.minutes,
        "minutes_from": postmortem.clock,
        "from": dict(sorted(seen.origins.items())),
        "notes": list(seen.notes),
        "facts": [{"name": fact.name, "value": fact.value, "note": fact.note} for fact in postmortem.facts],
        "impact": {
            "began": _stamped(felt.began),
            "ended": _stamped(felt.ended),
            "bouts": [{"start": stamp(bout.start), "end": stamp(bout.end)} for bout in felt.bouts],
            "minutes_affected": felt.hurt_minutes,
            "user_minutes_affected": _rounded(felt.user_minutes_hurt),
            "user_minutes": _rounded(felt.user_minutes),
            "worst_share": _rounded(felt.worst_share, 6),
            "worst_at": _stamped(felt.worst_at),
            "requests": _rounded(felt.requests),
            "failed_requests": _rounded(felt.failed),
            "failed_share_while_affected": _rounded(felt.failed_share, 6),
            "slow_requests": _rounded(felt.slow_requests),
            "late_s": seen.late_s,
            "age_p50_s": _rounded(felt.age_p50_s, 3),
            "age_p95_s": _rounded(felt.age_p95_s, 3),
            "news": [
                {
                    "at": stamp(news.entry.at),
                    "what": news.entry.what,
                    "age_p50_s": _rounded(news.age_p50_s, 3),
                    "age_p95_s": _rounded(news.age_p95_s, 3),
                    "late": news.late,
                }
                for news in felt.news
            ],
            "error_budget": None if felt.budget is None else _budget(felt.budget),
        },
        "times": [
            {
                "name": moment.name,
                "at": _stamped(moment.at),
                "after_impact_s": moment.after_s,
                "how": moment.how,
                "definition": DEFINITIONS[moment.name],
            }
            for moment in opened.moments
        ],
        "timeline": [
            {
                "at": stamp(row.at),
                "minute": round(opened.minute(row.at), 2),
                "what": row.what,
                "known": row.known,
                "kind": row.kind,
                "evidence": evidence(row),
            }
            for row in opened.rows
        ],
        "alarms": [*_alarms(opened.report, "at the time"), *_alarms(postmortem.foreseen, "now")],
        "whys": list(written.whys),
        "flaws": {
            group: [
                {"id": flaw.id, "says": flaw.says, "line": f"{flaw.path.name}:{flaw.line}", "closed_by": flaw.closed_by}
                for flaw in postmortem.flaws.get(group, ())
            ]
            for group in GROUPS
        },
        "went_well": list(written.went_well),
        "went_wrong": list(written.went_wrong),
        "lucky": list(written.lucky),
        "believed": written.believed or None,
        "changes": _weighed(postmortem.weighed),
        "actions": [
            {
                "what": action.what,
                "owner": action.owner,
                "ticket": action.ticket or None,
                "due": f"{action.due}",
                "status": action.status,
                "overdue": action.overdue(postmortem.as_of),
                "closed_by": action.closed_by or None,
            }
            for action in postmortem.actions
        ],
        "questions": [*postmortem.questions, *written.unknown],
        "series": [dict(zip(postmortem.series.heads, row, strict=True)) for row in postmortem.series.rows],
    }


def _alarms(report: Report | None, when: str) -> list[dict[str, Any]]:
    return [
        {
            "alarm": row.alarm,
            "stack": when,
            "severity": row.severity or None,
            "pages": row.severity == PAGE,
            "verdict": row.verdict,
            "rings_at": [stamp(episode.start) for episode in row.episodes],
            "lead_s": row.lead_s,
            "reasons": list(row.reasons),
        }
        for row in (report.rows if report is not None else ())
    ]


def _weighed(record: Record | None) -> list[dict[str, Any]]:
    if record is None:
        return []
    made = record.factors
    return [
        {
            "id": change.id,
            "name": change.name,
            "removes_alone": round(fmean(made.alone(change.id)), 3),
            "leaves": round(fmean(made.harm({change.id})), 3),
            "shapley": round(fmean(made.shares[change.id]), 3),
            "usd_month": str(round(made.extra_usd(change.id), 2)),
        }
        for change in made.changes
    ]


def _stamped(moment: dt.datetime | None) -> str | None:
    return None if moment is None else stamp(moment)


def _rounded(value: float | None, digits: int = 1) -> float | None:
    return None if value is None else round(value, digits)


def _budget(budget: Budget) -> dict[str, Any]:
    return {
        "availability": budget.objective.availability,
        "window_days": budget.objective.window_days,
        "allowed_failures": _rounded(budget.allowed),
        "spent_share": _rounded(budget.spent_share, 6),
        "window": budget.how,
    }
