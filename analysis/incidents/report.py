"""An incident for programs: plain values, the same bytes for the same input."""

from __future__ import annotations

import datetime as dt
from typing import Any

from analysis.incidents.impact import DEFINITIONS, Budget
from analysis.incidents.opened import Opened
from analysis.incidents.timeline import stamp


def duration(seconds: float | None) -> str:
    """A time as people say it: minutes, hours from two of them on; negative with a minus. Empty for None."""
    if seconds is None:
        return ""
    sign = "−" if seconds < 0 else ""
    minutes = abs(seconds) / 60.0
    if minutes >= 120:
        return f"{sign}{minutes / 60.0:.1f} h"
    return f"{sign}{minutes:.0f} min" if minutes == int(minutes) or minutes >= 10 else f"{sign}{minutes:.1f} min"


def sentences(opened: Opened) -> list[tuple[str, str]]:
    """The impact and the times, each as a name and a text, in the order in which a review wants them."""
    felt, seen = opened.impact, opened.seen
    found: list[tuple[str, str]] = []
    if felt.began is None or felt.ended is None:
        found.append(("Impact", "nobody was affected"))
    else:
        pauses = f", {len(felt.bouts)} times" if len(felt.bouts) > 1 else ""
        span = f"{stamp(felt.began)} to {stamp(felt.ended)}"
        found.append(("Impact", f"{span}, {felt.hurt_minutes} minutes{pauses}"))
    if felt.user_minutes_hurt is not None and felt.user_minutes:
        share = 100 * felt.user_minutes_hurt / felt.user_minutes
        found.append(
            ("User-minutes affected", f"{felt.user_minutes_hurt:,.0f} of {felt.user_minutes:,.0f} ({share:.1f} %)")
        )
    while_hurt = f"{100 * felt.failed_share:.1f} % while users were affected"
    found.append(("Failed requests", f"{felt.failed:,.0f} of {felt.requests:,.0f}; {while_hurt}"))
    if seen.late_s is not None and felt.age_p95_s is not None:
        p50 = f"{felt.age_p50_s:.1f} s in the median and " if felt.age_p50_s is not None else ""
        limit = f"late is more than {seen.late_s:.3g} s"
        found.append(("Oldest seen", f"{p50}{felt.age_p95_s:.1f} s at p95, in the worst minute; {limit}"))
    if felt.news:
        late = [news for news in felt.news if news.late]
        found.append(
            ("News seen late", f"{len(late)} of {len(felt.news)}" + (f": {late[-1].entry.what}" if late else ""))
        )
    if felt.budget is not None:
        budget, objective = felt.budget, felt.budget.objective
        words = (
            f"{100 * budget.spent_share:,.1f} % spent of what {100 * objective.availability:g} % leaves; {budget.how}"
        )
        found.append(("Error budget", words))
    found += [
        (moment.name.capitalize(), f"{duration(moment.after_s)} ({moment.how})" if moment.at else moment.how)
        for moment in opened.moments[1:]
    ]
    return found


def to_json(opened: Opened) -> dict[str, Any]:
    """`gameday incident show --json`."""
    felt, seen = opened.impact, opened.seen
    return {
        "title": opened.incident.title,
        "origin": opened.pack.origin,
        "start": stamp(opened.pack.start),
        "minutes": opened.pack.minutes,
        "from": dict(sorted(seen.origins.items())),
        "notes": list(seen.notes),
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
                "what": row.what,
                "known": row.known,
                "kind": row.kind,
                "evidence": row.value or (f"{row.line[0].name}:{row.line[1]}" if row.line else ""),
            }
            for row in opened.rows
        ],
    }


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
