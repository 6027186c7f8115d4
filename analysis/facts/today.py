"""The day on which bills, reviews and records are dated, pinned by the checkout so that one commit says the same on any day."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

from analysis.facts.assumptions import toml

AS_OF = Path(__file__).parents[2] / "gameday.toml"
"""The file of the checkout that pins the day."""


def today() -> dt.date:
    """The day of the build: `as_of` in the checkout's gameday.toml, so that the same commit gives the same site on any day.

    GAMEDAY_TODAY=2026-11-21 sets another. The clock counts only where there is no such file. FactError where it has no day.
    """
    fixed = os.environ.get("GAMEDAY_TODAY")
    if fixed:
        return dt.date.fromisoformat(fixed)
    if not AS_OF.is_file():
        return dt.datetime.now(tz=dt.UTC).date()
    table = toml(AS_OF)
    day = table.get("as_of")
    if type(day) is not dt.date:
        raise table.error("as_of", "must be a day, such as 2026-11-21")
    table.closed()
    return day
