"""The tables: each update is claimed by its key, then stored. Both may be done again at any point and change nothing.

The key says what happened (event, kind, time, content) and not who told it, so that a second provider with the same update
changes nothing. Who claimed it is kept beside it: where a run ended between the two writes, its retry is known to be the owner
and stores what is missing. What is stored follows from the update alone, so that storing it twice is storing it once.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeAlias

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from shared.interface import Update, at_s

Item: TypeAlias = Mapping[str, Mapping[str, str]]

BATCH: Final = 25
"""Items of a BatchWriteItem: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html"""

KEY_S: Final = 86_400
"""Seconds for which a key is kept: as long as the stream keeps the record."""

TRIES: Final = 3
"""Calls for what a batch left unprocessed, before the update is reported as failed and comes again."""

CONFIG: Final = Config(
    retries={"mode": "standard", "max_attempts": 2}, connect_timeout=1, read_timeout=2, tcp_keepalive=True,
    max_pool_connections=10,
)  # fmt: skip
"""Connections are kept open and used again; a call that hangs fails while there is still time to report it."""


@cache
def client(service: str) -> Any:
    """The client of a service: one for each execution environment, with its open connections."""
    return boto3.client(service, config=CONFIG)  # type: ignore[call-overload]


def event_key(update: Update) -> str:
    """The event of a table: of each kind and provider its own, in which the sequence rises."""
    return f"{update['id']}/{update['kind']}/{update['provider']}"


def update_key(update: Update) -> str:
    """What happened, whoever tells it."""
    told = {key: value for key, value in update.items() if key not in {"provider", "sequence"}}
    return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def owner(update: Update) -> str:
    """Who claims an update."""
    return f"{event_key(update)}#{update['sequence']}"


def item(update: Update, days: int) -> Item:
    """The item of an update: it depends on nothing else."""
    return {
        "event_id": {"S": event_key(update)},
        "sequence": {"N": str(update["sequence"])},
        "sport_day": {"S": f"{update['sport']}#{update['timestamp'][:10]}"},
        "update": {"S": json.dumps(update, sort_keys=True, separators=(",", ":"))},
        "expires_at": {"N": str(at_s(update["timestamp"]) + days * 86_400)},
    }


def claim(dynamodb: Any, table: str, update: Update) -> bool:
    """Whether the update is this one's to store: its key is new, or was claimed by an earlier run of the same.

    One call for each key. BatchWriteItem takes no condition. TransactWriteItems takes one for each of up to 100 items, but a
    single key that is known already cancels all of them, which with two providers of one game is the usual case; it writes
    each item twice as units go, and two functions with a key in common cancel each other.
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
    """
    claimed = {
        "update_key": {"S": update_key(update)},
        "owner": {"S": owner(update)},
        "expires_at": {"N": str(at_s(update["timestamp"]) + KEY_S)},
    }
    try:
        dynamodb.put_item(
            TableName=table, Item=claimed, ConditionExpression="attribute_not_exists(update_key)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )  # fmt: skip
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        before: Any = error.response
        return bool(before["Item"]["owner"]["S"] == owner(update))
    return True


def batches(updates: Iterable[tuple[int, Update]]) -> Iterator[list[tuple[int, Update]]]:
    """Updates with their places, in batches in which no event is there twice: DynamoDB writes a batch in any order."""
    batch: list[tuple[int, Update]] = []
    events: set[str] = set()
    for place, update in updates:
        if len(batch) == BATCH or event_key(update) in events:
            yield batch
            batch, events = [], set()
        batch.append((place, update))
        events.add(event_key(update))
    if batch:
        yield batch


def store(dynamodb: Any, table: str, updates: Sequence[Update], days: int) -> list[int]:
    """The places of the updates that were not stored: all of them where the call fails.

    Raises ClientError where the table refuses what it is given, which it will do the next time as well.
    """
    waiting = {owner(update): (place, item(update, days)) for place, update in enumerate(updates)}
    for _ in range(TRIES):
        if not waiting:
            break
        requests = [{"PutRequest": {"Item": item}} for _, item in waiting.values()]
        try:
            left = dynamodb.batch_write_item(RequestItems={table: requests})["UnprocessedItems"].get(table, ())
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationException":
                raise
            break
        names = {f"{i['event_id']['S']}#{i['sequence']['N']}" for i in (one["PutRequest"]["Item"] for one in left)}
        waiting = {name: one for name, one in waiting.items() if name in names}
    return sorted(place for place, _ in waiting.values())


def recent(dynamodb: Any, table: str, sport: str, day: str, limit: int) -> list[Update]:
    """The newest updates of a sport on a day, the newest first."""
    found = dynamodb.query(
        TableName=table, IndexName="by-sport-and-day", KeyConditionExpression="sport_day = :day",
        ExpressionAttributeValues={":day": {"S": f"{sport}#{day}"}}, ScanIndexForward=False, Limit=limit,
    )  # fmt: skip
    return [json.loads(one["update"]["S"]) for one in found["Items"]]


def setting(name: str) -> str:
    """A variable of the function's environment, which the Terraform sets."""
    return os.environ[name]
