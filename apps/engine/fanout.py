"""Updates out: each batch of changes of the table is published once to the tasks that keep the connections."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import redis

from shared import database
from shared.interface import checked
from shared.monitoring import log

CHANNEL = "updates"


@cache
def channel() -> redis.Redis:
    """The connection to the channel: one for each execution environment."""
    secret = database.client("secretsmanager").get_secret_value(SecretId=database.setting("CHANNEL_SECRET"))
    password = json.loads(secret["SecretString"])["auth_token"]
    return redis.Redis(
        host=database.setting("CHANNEL_HOST"), port=int(os.environ.get("CHANNEL_PORT", "6379")), password=password,
        ssl=os.environ.get("CHANNEL_TLS", "true") == "true", socket_timeout=2,
    )  # fmt: skip


def handler(event: Mapping[str, Any], _context: object) -> Mapping[str, Any]:
    """Publishes what was inserted. Where that fails all of it comes again; a task drops what it has passed on already."""
    inserted = [one["dynamodb"] for one in event["Records"] if one["eventName"] == "INSERT"]
    updates = [json.loads(one["NewImage"]["update"]["S"]) for one in inserted]
    if updates:
        channel().publish(CHANNEL, json.dumps(checked("updates", {"type": "updates", "updates": updates})))
    oldest_s = min((one["ApproximateCreationDateTime"] for one in inserted), default=time.time())
    log("info", function="fanout", published=len(updates), waited_ms=round(1000 * (time.time() - float(oldest_s))))
    return {"batchItemFailures": []}
