"""Exit 1 around a game: `freeze.py STACK` reads the fixtures of a stack and says whether a deployment may begin now.

Python's own library is all it needs, so that it runs on a bare runner. Every kick-off in the stack's Terraform counts, whichever
file wins in Terraform: a game too many delays a deployment, a game too few interrupts one.
"""

from __future__ import annotations

import argparse
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

KICK_OFF = re.compile(r'"?kick_off"?\s*[=:]\s*"([^"]*)"')
COMMENT = re.compile(r"^\s*(#|//).*$", re.MULTILINE)

# A deployment takes up to half an hour and tasks are scaled out an hour ahead.
# A final with extra time and penalties lasts three hours, and the crowd takes another to leave.
BEFORE = timedelta(minutes=120)
AFTER = timedelta(minutes=240)


def kick_offs(stack: Path) -> list[datetime]:
    """Every kick-off that the stack's Terraform and tfvars name; ValueError for one that is no time in UTC."""
    files = sorted(path for pattern in ("*.tf", "*.tfvars", "*.tfvars.json") for path in stack.glob(pattern))
    texts = [COMMENT.sub("", path.read_text(encoding="utf-8")) for path in files]
    if not any(re.search(r"\bfixtures\b", text) for text in texts):
        raise ValueError(f"{stack} has no variable 'fixtures'; without fixtures nobody knows when a game is on")
    return sorted({utc(given) for text in texts for given in KICK_OFF.findall(text)})


def utc(text: str) -> datetime:
    """A time in UTC; ValueError for anything else."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.utcoffset() != timedelta(0):
        raise ValueError(f"{text!r} is no time in UTC; write it like 2026-11-28T19:45:00Z")
    return time


def freeze(now: datetime, games: list[datetime]) -> tuple[datetime, datetime] | None:
    """The span that `now` lies in, spans that overlap taken as one; None when a deployment may begin."""
    span: tuple[datetime, datetime] | None = None
    for game in sorted(games):
        begin, end = game - BEFORE, game + AFTER
        if span and begin <= span[1]:
            span = (span[0], end)
        elif span and span[0] <= now < span[1]:
            return span
        else:
            span = (begin, end)
    return span if span and span[0] <= now < span[1] else None


def main() -> int:
    """0 when a deployment may begin, 1 around a game, 2 for a stack that cannot be read."""
    parser = argparse.ArgumentParser(description="Exit 1 around a game of the stack's fixtures.")
    parser.add_argument("stack", type=Path, help="directory of the stack")
    parser.add_argument("--now", help="another time in UTC than the clock's")
    given = parser.parse_args()
    try:
        now = utc(given.now) if given.now else datetime.now(UTC)
        games = kick_offs(given.stack)
    except (OSError, ValueError) as error:
        print(f"freeze: {error}", file=sys.stderr)  # noqa: T201 - a command speaks by printing
        return 2
    if span := freeze(now, games):
        print(  # noqa: T201 - a command speaks by printing
            f"freeze: a game is on or near; nothing is deployed from {span[0]:%Y-%m-%d %H:%M} to {span[1]:%Y-%m-%d %H:%M} UTC. "
            "Run this again after that, or use the rollback workflow."
        )
        return 1
    print(f"freeze: no game is near ({len(games)} known)")  # noqa: T201 - a command speaks by printing
    return 0


if __name__ == "__main__":
    sys.exit(main())
