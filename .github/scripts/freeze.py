"""Exit 1 around a game: `freeze.py STACK` reads the calendar of a stack and says whether a deployment may begin now.

A calendar is a variable `fixtures`, whose games have a `kick_off`, or `sessions`, which last `from` one time `to` another, and
come back every day until `last` where that is given. Python's own library is all it needs, so that it runs on a bare runner.
Every game in the stack's Terraform counts, whichever file wins in Terraform: a game too many delays a deployment, a game too few
interrupts one.
"""

from __future__ import annotations

import argparse
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

KICK_OFF = re.compile(r'"?kick_off"?\s*[=:]\s*"([^"]*)"')
SESSION = re.compile(
    r'"?from"?\s*[=:]\s*"([^"]*)",?\s*"?to"?\s*[=:]\s*"([^"]*)"(?:[^{}]*?"?last"?\s*[=:]\s*"([^"]*)")?'
)
COMMENT = re.compile(r"^\s*(#|//).*$", re.MULTILINE)

# A deployment takes up to half an hour and tasks are scaled out an hour ahead.
# A final with extra time and penalties lasts three hours, and the crowd takes another to leave.
BEFORE = timedelta(minutes=120)
GAME = timedelta(minutes=180)
AFTER = timedelta(minutes=60)


def games(stack: Path) -> list[tuple[datetime, datetime]]:
    """Begin and end of every game that the stack's Terraform and tfvars name; ValueError for a time that is none in UTC."""
    files = sorted(path for pattern in ("*.tf", "*.tfvars", "*.tfvars.json") for path in stack.glob(pattern))
    texts = [COMMENT.sub("", path.read_text(encoding="utf-8")) for path in files]
    if not any(re.search(r"\b(fixtures|sessions)\b", text) for text in texts):
        raise ValueError(
            f"{stack} has neither a variable 'fixtures' nor 'sessions'; without a calendar nobody knows when a game is on"
        )
    kick_offs = [utc(given) for text in texts for given in KICK_OFF.findall(text)]
    sessions = [day for text in texts for given in SESSION.findall(text) for day in days(*given)]
    return sorted({*((kick_off, kick_off + GAME) for kick_off in kick_offs), *sessions})


def days(begin: str, end: str, last: str) -> list[tuple[datetime, datetime]]:
    """Begin and end of a session on each day until `last`, or of one session where that is empty."""
    first = utc(begin), utc(end)
    count = (utc(last) - first[0]).days + 1 if last else 1
    return [(first[0] + timedelta(days=day), first[1] + timedelta(days=day)) for day in range(count)]


def utc(text: str) -> datetime:
    """A time in UTC; ValueError for anything else."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.utcoffset() != timedelta(0):
        raise ValueError(f"{text!r} is no time in UTC; write it like 2026-11-28T19:45:00Z")
    return time


def freeze(now: datetime, calendar: list[tuple[datetime, datetime]]) -> tuple[datetime, datetime] | None:
    """The span that `now` lies in, spans that overlap taken as one; None when a deployment may begin."""
    span: tuple[datetime, datetime] | None = None
    for first, last in sorted(calendar):
        begin, end = first - BEFORE, last + AFTER
        if span and begin <= span[1]:
            span = (span[0], max(span[1], end))
        elif span and span[0] <= now < span[1]:
            return span
        else:
            span = (begin, end)
    return span if span and span[0] <= now < span[1] else None


def main() -> int:
    """0 when a deployment may begin, 1 around a game, 2 for a stack that cannot be read."""
    parser = argparse.ArgumentParser(description="Exit 1 around a game of the stack's calendar.")
    parser.add_argument("stack", type=Path, help="directory of the stack")
    parser.add_argument("--now", help="another time in UTC than the clock's")
    given = parser.parse_args()
    try:
        now = utc(given.now) if given.now else datetime.now(UTC)
        calendar = games(given.stack)
    except (OSError, ValueError) as error:
        print(f"freeze: {error}", file=sys.stderr)  # noqa: T201 - a command speaks by printing
        return 2
    if span := freeze(now, calendar):
        print(  # noqa: T201 - a command speaks by printing
            f"freeze: a game is on or near; nothing is deployed from {span[0]:%Y-%m-%d %H:%M} to {span[1]:%Y-%m-%d %H:%M} UTC. "
            "Run this again after that, or use the rollback workflow."
        )
        return 1
    print(f"freeze: no game is near ({len(calendar)} known)")  # noqa: T201 - a command speaks by printing
    return 0


if __name__ == "__main__":
    sys.exit(main())
