"""When scheduled actions happen: `at(...)` and `cron(...)` as Application Auto Scaling writes them; and the kick-offs of a stack.

https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from analysis.architecture import Architecture, Value

_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)\)")
_DAILY = re.compile(r"cron\((\d+) (\d+) ")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?")


def once(expression: str, timezone: str = "UTC") -> dt.datetime | None:
    """The moment of an `at(...)` that is written in `timezone`, in UTC; None for any other expression, time or zone."""
    match = _AT.fullmatch(expression.strip())
    try:
        return (
            dt.datetime.fromisoformat(match[1]).replace(tzinfo=ZoneInfo(timezone)).astimezone(dt.UTC) if match else None
        )
    except (ValueError, OSError, KeyError):  # no such day, or no such zone
        return None


def daily_minute(expression: str) -> float | None:
    """The minute of the day of a `cron(...)` with a fixed minute and hour, in its own zone; None for any other expression."""
    match = _DAILY.match(expression.strip())
    return int(match[2]) * 60.0 + int(match[1]) if match else None


def some_days(expression: str) -> bool:
    """Whether a `cron(...)` comes on some days of the week only."""
    match = _CRON.fullmatch(expression.strip())
    return match is not None and match[5] not in {"*", "?"}


_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+)(?: \S+)?\)")
_UNIT_H = {"minute": 1 / 60, "hour": 1.0, "day": 24.0}
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (1, 7))
MONTH_H = 730.0


def a_month(expression: Value) -> float | None:
    """How often `rate(...)` or `cron(...)` of EventBridge comes round in a mean month of 730 hours.

    None for what is neither, or has more than numbers, lists, ranges and steps in it: `at(...)` happens once.
    """
    if not isinstance(expression, str):
        return None
    if rate := _RATE.fullmatch(expression.strip()):
        return MONTH_H / (int(rate[1]) * _UNIT_H[rate[2]]) if int(rate[1]) else None
    cron = _CRON.fullmatch(expression.strip())
    counts = [_count(field, *span) for field, span in zip(cron.groups(), _RANGES, strict=True)] if cron else [None]
    if cron is None or any(count is None for count in counts):
        return None
    minutes, hours, day, month, weekday = (count or 0.0 for count in counts)
    every_day = cron[3] in {"*", "?"} and cron[5] in {"*", "?"}
    days = MONTH_H / 24.0
    if not every_day:
        days = days * weekday / 7.0 if cron[3] in {"*", "?"} else day
    return minutes * hours * days * month / 12.0


_NAMES = {name: str(i) for i, name in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"], 1)}


def _count(field: str, low: int, high: int) -> float | None:
    """How many values a field of a cron expression has; None for one that is not understood."""
    if field in {"*", "?"}:
        return float(high - low + 1)
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, dash, last = (_NAMES.get(end, end) for end in span.partition("-"))
        if not all(end.isdigit() for end in (first, last, step) if end not in {"", "*"}):
            return None
        start = low if first == "*" else int(first)
        stop = int(last) if dash else high if step else start
        found |= set(range(start, stop + 1, int(step or 1)))
    return float(len(found))


def timestamps(architecture: Architecture) -> tuple[dt.datetime, ...]:
    """The timestamps (RFC 3339) anywhere in the values of the root variables, in UTC and in order: a stack's kick-offs."""
    texts = (text for variable in architecture.variables.values() for text in _texts(variable.value))
    return tuple(sorted({moment for text in texts if (moment := _moment(text)) is not None}))


def _moment(text: str) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat(text) if _TIMESTAMP.fullmatch(text) else None
    except ValueError:  # a day that no calendar has
        return None
    if moment is None:
        return None
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def _texts(value: Value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
