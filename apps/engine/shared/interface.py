"""The one interface: `interface.schema.json` says what an update, a message, an answer and an error is."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import fastjsonschema

Update: TypeAlias = Mapping[str, Any]

FILE: Final = Path(__file__).parents[1] / "interface.schema.json"

SUBSCRIPTIONS: Final[Mapping[str, str]] = {
    "live_scores": "scores", "race_results": "races", "betting_odds": "odds", "statistics": "statistics",
}  # fmt: skip
"""What a client subscribes to -> the kind of update."""


@cache
def schema() -> Mapping[str, Any]:
    """The whole schema."""
    found: Mapping[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


@cache
def _check(definition: str) -> Callable[[Any], Any]:
    """A check of one definition, compiled once for each execution environment."""
    whole = {**schema(), "$ref": f"#/definitions/{definition}"}
    check: Callable[[Any], Any] = fastjsonschema.compile(whole, use_default=False)
    return check


def problem(definition: str, value: Any) -> str | None:
    """What the first thing is that makes the value no such thing, in words; None where nothing does."""
    try:
        _check(definition)(value)
    except fastjsonschema.JsonSchemaException as error:
        return str(error)
    return None


def at_s(moment: str) -> int:
    """A moment in seconds since 1970. Raises ValueError for a day that no calendar has."""
    return int(dt.datetime.fromisoformat(moment).timestamp())


def checked(definition: str, value: Any) -> Any:
    """The value, which leaves here and is as the schema says. Raises ValueError where it is not."""
    why = problem(definition, value)
    if why is not None:
        raise ValueError(f"{definition}: {why}")
    return value


def error(code: str, message: str) -> Mapping[str, str]:
    """An error of the interface."""
    found: Mapping[str, str] = checked("error", {"type": "error", "code": code, "message": message})
    return found
