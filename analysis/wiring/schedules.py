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
