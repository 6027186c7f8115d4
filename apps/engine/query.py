"""What has been: the newest updates of a sport on a day, and whether the table answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ingest import answer
from shared import database
from shared.interface import checked, error, problem

MOST = 200
"""Updates of one answer."""


def handler(event: Mapping[str, Any], _context: object) -> Mapping[str, Any]:
    """The answer to GET /events or GET /health."""
    asked = event.get("queryStringParameters") or {}
    try:
        return health() if event["resource"] == "/health" else events(asked)
    except (BotoCoreError, ClientError) as failure:
        if event["resource"] == "/health":
            return answer(503, checked("health", {"status": "failing"}))
        return answer(503, error("unavailable", f"the table does not answer: {type(failure).__name__}"))


def events(asked: Mapping[str, str]) -> Mapping[str, Any]:
    """The newest updates; the day is today's, in UTC, where none is given."""
    day = asked.get("day", dt.datetime.now(dt.UTC).date().isoformat())
    sport, limit = asked.get("sport", ""), asked.get("limit", str(MOST))
    try:
        dt.date.fromisoformat(day)
        most = int(limit)
    except ValueError as wrong:
        return answer(400, error("bad_request", str(wrong)))
    if problem("name", sport) is not None or not 1 <= most <= MOST:
        return answer(400, error("bad_request", f"sport is required, and limit is 1 to {MOST}"))
    found = database.recent(database.client("dynamodb"), database.setting("EVENTS_TABLE"), sport, day, most)
    return answer(200, checked("eventsResponse", {"updates": found}))


def health() -> Mapping[str, Any]:
    """That the table answers."""
    today = dt.datetime.now(dt.UTC).date().isoformat()
    database.recent(database.client("dynamodb"), database.setting("EVENTS_TABLE"), "health", today, 1)
    return answer(200, checked("health", {"status": "ok"}))
