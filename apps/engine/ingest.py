"""Updates in: checked, stored once, and what is no update put into quarantine.

From the stream the function is called with a batch and answers with the first record that it could not store: Lambda calls it
again from there on (ReportBatchItemFailures). Only what may succeed the next time is reported so. What never will, is in
quarantine with the reason, because Lambda gives up a whole rest of a batch, not a record.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from shared import database, providers
from shared.interface import Update, checked, error, problem
from shared.monitoring import log


def handler(event: Mapping[str, Any], _context: object) -> Mapping[str, Any]:
    """The answer to a batch of the stream, or to a request."""
    return from_stream(event["Records"]) if "Records" in event else from_request(event)


def from_stream(records: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The first record of the batch that must come again; none where all is stored or in quarantine."""
    updates: list[tuple[int, Update]] = []
    wrong: list[tuple[int, bytes, str]] = []
    for place, record in enumerate(records):
        text = base64.b64decode(record["kinesis"]["data"])
        update, why = providers.read(text)
        if why is None:
            updates.append((place, update))
        else:
            wrong.append((place, text, why))
    stored = known = refused = 0
    failed = len(records)
    for counts, broken in kept(updates):
        stored, known, refused = stored + counts[0], known + counts[1], refused + counts[2]
        if broken is not None:
            failed = broken
            break
    for place, text, why in wrong:  # after what is stored, and of what does not come again: once each
        if place < failed:
            if quarantine(text, why):
                refused += 1
            else:
                failed = place
    log("info", function="ingest", accepted=stored, known=known, failed=refused)
    if failed == len(records):
        return {"batchItemFailures": []}
    return {"batchItemFailures": [{"itemIdentifier": records[failed]["kinesis"]["sequenceNumber"]}]}


def kept(updates: Sequence[tuple[int, Update]]) -> Iterator[tuple[tuple[int, int, int], int | None]]:
    """For each batch of the table: how many were stored, known and refused, and the place of the first that failed."""
    dynamodb, days = database.client("dynamodb"), int(database.setting("EVENT_DAYS"))
    events, keys = database.setting("EVENTS_TABLE"), database.setting("IDEMPOTENCY_TABLE")
    for batch in database.batches(updates):
        mine = []
        broken = None
        for place, update in batch:
            try:
                if database.claim(dynamodb, keys, update):
                    mine.append((place, update))
            except ClientError:
                broken = place
                break
        known = sum(broken is None or place < broken for place, _ in batch) - len(mine)
        failed, refused = [], 0
        try:
            failed = [mine[at][0] for at in database.store(dynamodb, events, [update for _, update in mine], days)]
        except ClientError:  # one that the table refuses fails the whole call; each by itself shows which
            for place, update in mine:
                try:
                    failed += [place] * len(database.store(dynamodb, events, [update], days))
                except ClientError as refusal:
                    if quarantine(json.dumps(update).encode(), str(refusal)):
                        refused += 1
                    else:
                        failed.append(place)
        failed += [] if broken is None else [broken]
        yield (len(mine) - len(set(failed) - {broken}) - refused, known, refused), min(failed, default=None)


def quarantine(text: bytes, why: str) -> bool:
    """Whether what is no update was kept, with the reason, so that it can be sent again."""
    body = {"why": why[:1000], "at": int(time.time()), "update": text.decode("utf-8", "backslashreplace")}
    try:
        database.client("sqs").send_message(QueueUrl=database.setting("QUARANTINE_URL"), MessageBody=json.dumps(body))
    except ClientError as refusal:
        log("error", function="ingest", refused=str(refusal))
        return False
    log("warn", function="ingest", quarantined=body["why"])
    return True


def from_request(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """What became of the updates of a request: 202 where all are kept, 400 for no request, 503 where it must be sent again."""
    try:
        body = json.loads(event.get("body") or "")
    except ValueError as wrong:
        return answer(400, error("bad_request", f"the body is no JSON: {wrong}"))
    why = problem("ingestRequest", body)
    if why is not None:
        return answer(400, error("bad_request", why))
    updates, refused = [], []
    for place, raw in enumerate(body["updates"]):
        update, why = providers.adapted(raw)
        if why is None:
            updates.append((place, update))
        elif quarantine(json.dumps(raw).encode(), why):
            refused.append({"index": place, "why": why})
        else:
            return answer(503, error("unavailable", "what is no update could not be kept; send all of it again"))
    accepted = known = failed = 0
    for counts, broken in kept(updates):
        accepted, known, failed = accepted + counts[0], known + counts[1], failed + counts[2]
        if broken is not None:
            return answer(503, error("unavailable", f"update {broken} was not stored; send all of it again"))
    log("info", function="ingest", accepted=accepted, known=known, failed=failed + len(refused))
    return answer(202, checked("ingestResponse", {"accepted": accepted, "known": known, "refused": refused}))


def answer(status: int, body: Any) -> Mapping[str, Any]:
    """An answer as API Gateway takes it."""
    return {"statusCode": status, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}
