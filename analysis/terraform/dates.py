"""Terraform's dates: RFC 3339 in, its own format letters out.

https://developer.hashicorp.com/terraform/language/functions/formatdate
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby

from analysis.terraform.values import ValueProblem, quoted

RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
DURATION_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
SECONDS = {
    "ns": Decimal("1e-9"),
    "us": Decimal("1e-6"),
    "µs": Decimal("1e-6"),
    "μs": Decimal("1e-6"),
    "ms": Decimal("1e-3"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3600),
}


def parsed(text: str) -> datetime:
    """The time that RFC 3339 text names, to the microsecond."""
    found = RFC3339.fullmatch(text)
    if found:
        try:
            zone = "+00:00" if found[4] in "Zz" else found[4]
            return datetime.fromisoformat(f"{found[1]}T{found[2]}{(found[3] or '')[:7]}{zone}")
        except ValueError:
            pass
    raise ValueProblem(f"{quoted(text)} is no time as RFC 3339 writes it, such as 2025-11-20T20:45:00Z")


def rfc3339(time: datetime) -> str:
    """The time as RFC 3339 text, in whole seconds, as Terraform prints it."""
    text = time.replace(microsecond=0).isoformat()
    return text.removesuffix("+00:00") + "Z" if time.utcoffset() == timedelta(0) else text


def duration(text: str) -> timedelta:
    """The length of time that text such as `1h30m` names, as Go reads it."""
    sign, rest = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    position = 0
    seconds = Decimal(0)
    while found := DURATION_PART.match(rest, position):
        seconds += Decimal(found[1]) * SECONDS[found[2]]
        position = found.end()
    if (position < len(rest) or not rest) and rest != "0":
        raise ValueProblem(f"{quoted(text)} is no length of time such as 1h30m")
    try:
        return timedelta(microseconds=int(seconds * 1_000_000) * sign)
    except OverflowError:
        raise ValueProblem(f"the length of time {quoted(text)} is too long") from None


def added(time: str, length: str) -> str:
    """The time a length of time later."""
    try:
        return rfc3339(parsed(time) + duration(length))
    except OverflowError:
        raise ValueProblem("the result lies outside the years 1 to 9999") from None


def formatted(pattern: str, time: str) -> str:
    """The time in a pattern of Terraform's letters; text in single quotes stands for itself."""
    moment = parsed(time)
    offset = moment.utcoffset() or timedelta(0)
    minutes = int(offset.total_seconds()) // 60
    zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"
    colon_zone = f"{zone[:3]}:{zone[3:]}"
    hour = moment.hour % 12 or 12
    names = {
        "YYYY": f"{moment.year:04d}",
        "YY": f"{moment.year % 100:02d}",
        "MMMM": MONTHS[moment.month - 1],
        "MMM": MONTHS[moment.month - 1][:3],
        "MM": f"{moment.month:02d}",
        "M": str(moment.month),
        "DD": f"{moment.day:02d}",
        "D": str(moment.day),
        "EEEE": DAYS[moment.weekday()],
        "EEE": DAYS[moment.weekday()][:3],
        "hh": f"{moment.hour:02d}",
        "h": str(moment.hour),
        "HH": f"{hour:02d}",
        "H": str(hour),
        "AA": "AM" if moment.hour < 12 else "PM",
        "aa": "am" if moment.hour < 12 else "pm",
        "mm": f"{moment.minute:02d}",
        "m": str(moment.minute),
        "ss": f"{moment.second:02d}",
        "s": str(moment.second),
        "ZZZZZ": colon_zone,
        "ZZZZ": zone,
        "ZZZ": "UTC" if minutes == 0 else zone,
        "Z": "Z" if minutes == 0 else colon_zone,
    }
    result = []
    for part in tokens(pattern):
        if part.startswith("'"):
            result.append(part[1:-1].replace("''", "'"))
        elif part[0].isascii() and part[0].isalpha():
            if part not in names:
                raise ValueProblem(f"{quoted(part)} is no part of a date; text stands in single quotes")
            result.append(names[part])
        else:
            result.append(part)
    return "".join(result)


MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
QUOTED = re.compile(r"'(?:[^']|'')*'")


def tokens(pattern: str) -> list[str]:
    """The pattern in pieces: quoted text, runs of one letter, and the rest character by character."""
    result = []
    position = 0
    while position < len(pattern):
        if pattern[position] == "'":
            found = QUOTED.match(pattern, position)
            if found is None:
                raise ValueProblem("a single quote of the pattern is not closed")
            piece = found[0]
        else:
            _, run = next(groupby(pattern[position:]))
            piece = "".join(run)
        result.append(piece)
        position += len(piece)
    return result
