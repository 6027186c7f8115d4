"""Sends again what was given up, once its cause is gone: `python redrive.py QUEUE_URL`.

The queue holds updates in quarantine, with their content, and batches that Lambda gave up, with their place in the stream.
What is stored or published now leaves the queue; the rest stays in it. What was stored meanwhile changes nothing.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import fanout
import ingest
from shared import database, providers


def redrive(queue_url: str, wait_s: int = 1) -> tuple[int, int]:
    """How many messages were done, and how many stay; `wait_s` is how long an empty queue is waited for."""
    sqs = database.client("sqs")
    done = left = 0
    seen: set[str] = set()
    while True:
        # Waiting asks all of the queue's servers. What stays is there again after five minutes, beside what was not read yet.
        found = sqs.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=10, VisibilityTimeout=300, WaitTimeSeconds=wait_s
        ).get("Messages", ())
        if not found:
            return done, left
        for one in found:
            if one["MessageId"] in seen:
                continue
            seen.add(one["MessageId"])
            if again(json.loads(one["Body"])):
                sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=one["ReceiptHandle"])
                done += 1
            else:
                left += 1


def again(body: Mapping[str, Any]) -> bool:
    """Whether all of a message is done now."""
    if "update" in body:
        update, why = providers.read(body["update"])
        return why is None and all(place is None for _, place in ingest.kept([(0, update)]))
    if "KinesisBatchInfo" in body:
        records = _records(database.client("kinesis"), body["KinesisBatchInfo"], "StreamName")
        return not ingest.from_stream([_as_event(one) for one in records])["batchItemFailures"]
    if "DDBStreamBatchInfo" in body:
        streams = database.client("dynamodbstreams")
        changes = [_as_change(one) for one in _records(streams, body["DDBStreamBatchInfo"], "StreamArn")]
        fanout.handler({"Records": changes}, None)
        return True
    return False


def _records(stream: Any, batch: Mapping[str, Any], named: str) -> Iterator[Any]:
    """The records of a batch that was given up, read again from where they lie."""
    name = batch["streamArn"].rpartition("stream/")[2] if named == "StreamName" else batch["streamArn"]
    at = {
        named: name, "ShardId": batch["shardId"], "ShardIteratorType": "AT_SEQUENCE_NUMBER",
        ("StartingSequenceNumber" if named == "StreamName" else "SequenceNumber"): batch["startSequenceNumber"],
    }  # fmt: skip
    iterator, last = stream.get_shard_iterator(**at)["ShardIterator"], int(batch["endSequenceNumber"])
    while iterator:
        found = stream.get_records(ShardIterator=iterator, Limit=1000)
        for one in found["Records"]:
            number = int(one["SequenceNumber"] if named == "StreamName" else one["dynamodb"]["SequenceNumber"])
            if number > last:
                return
            yield one
        iterator = found.get("NextShardIterator") if found["Records"] else None


def _as_change(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A change as Lambda hands it to a function: its time is a number there."""
    at = record["dynamodb"]["ApproximateCreationDateTime"]
    return {**record, "dynamodb": {**record["dynamodb"], "ApproximateCreationDateTime": at.timestamp()}}


def _as_event(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record as Lambda hands it to a function."""
    data = base64.b64encode(record["Data"]).decode()
    return {
        "kinesis": {"data": data, "sequenceNumber": record["SequenceNumber"], "partitionKey": record["PartitionKey"]}
    }


if __name__ == "__main__":
    DONE, LEFT = redrive(sys.argv[1])
    print(f"{DONE} done, {LEFT} left in the queue")
    sys.exit(1 if LEFT else 0)
