"""The path of an update, whole: a stream, Lambda's event source mappings as the Terraform sets them, the functions as they are
delivered, tables with conditional writes, and the channel; with everything that goes wrong on it.

The tables, the stream and the queue are moto's. `Direct` calls its tables without HTTP in between, for runs of 100,000 updates;
a smaller run over HTTP gives the same counts.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.exceptions import ClientError
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodbstreams.models import dynamodbstreams_backends

import fanout
import ingest
import redrive
from shared import database, providers
from shared.live import Latest

REGION = "us-east-1"


def client(service):
    # moto knows the streams of tables by their older address only.
    address = f"https://streams.dynamodb.{REGION}.amazonaws.com" if service == "dynamodbstreams" else None
    return boto3.client(
        service, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="y", endpoint_url=address
    )


# ---- the tables, stream and queues of the Terraform -----------------------------------------------------------------------


def make_tables(architecture):
    """Creates each table, stream and queue of the stack as it is there; their names by the end of the name."""
    made = {}
    dynamodb = client("dynamodb")
    for resource in architecture.of_type("aws_dynamodb_table"):
        values = resource.values
        keys = [{"AttributeName": values["hash_key"], "KeyType": "HASH"}]
        keys += [{"AttributeName": values["range_key"], "KeyType": "RANGE"}] if values.get("range_key") else []
        indexes = [
            {
                "IndexName": one["name"], "Projection": {"ProjectionType": one["projection_type"]},
                "KeySchema": [
                    {"AttributeName": one["hash_key"], "KeyType": "HASH"},
                    {"AttributeName": one["range_key"], "KeyType": "RANGE"},
                ],
            }
            for one in values.get("global_secondary_index") or ()
        ]  # fmt: skip
        dynamodb.create_table(
            TableName=values["name"], KeySchema=keys, BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": a["name"], "AttributeType": a["type"]} for a in values["attribute"]],
            **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
            **(
                {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": values["stream_view_type"]}}
                if values.get("stream_enabled")
                else {}
            ),
        )  # fmt: skip
        made[values["name"].rpartition("-")[2]] = values["name"]
    for resource in architecture.of_type("aws_kinesis_stream"):
        client("kinesis").create_stream(StreamName=resource.values["name"], ShardCount=resource.values["shard_count"])
        made["updates"] = resource.values["name"]
    for resource in architecture.of_type("aws_sqs_queue"):
        url = client("sqs").create_queue(QueueName=resource.values["name"])["QueueUrl"]
        made[f"{resource.values['name'].split('-')[2]} dead letters"] = url
    return made


def environment(architecture, made, function):
    """What the Terraform tells a function, with the queue at its address on the emulator."""
    told = next(
        r.values["environment"][0]["variables"]
        for r in architecture.of_type("aws_lambda_function")
        if r.values["handler"] == f"{function}.handler"
    )
    found = {name: str(value) for name, value in told.items()}
    if "QUARANTINE_URL" in found:
        found["QUARANTINE_URL"] = made["ingest dead letters"]
    return found


@dataclass(frozen=True)
class SourceMapping:
    """An event source mapping, as the stack has it."""

    batch_size: int
    retries: int
    bisect: bool
    reports: bool
    lanes: int

    @classmethod
    def of(cls, architecture, function):
        values = next(
            r.values for r in architecture.of_type("aws_lambda_event_source_mapping") if f'["{function}"]' in r.address
        )
        return cls(
            values["batch_size"], values["maximum_retry_attempts"], values["bisect_batch_on_function_error"],
            values["function_response_types"] == ("ReportBatchItemFailures",)
            or list(values["function_response_types"]) == ["ReportBatchItemFailures"],
            values["parallelization_factor"],
        )  # fmt: skip

    def deliver(self, records, number, call, give_up):
        """One lane in order. What fails comes again from the first record that was reported, or in halves after an error; what
        fails too often is given up with the rest of its batch, which is the harshest reading of AWS's documentation.

        `number` gives a record's sequence number. https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-errors.html
        """
        for start in range(0, len(records), self.batch_size):
            waiting = [(records[start : start + self.batch_size], 0)]
            while waiting:
                batch, tries = waiting.pop(0)
                if not batch:
                    continue
                if tries > self.retries:
                    give_up(batch)
                    continue
                try:
                    answer = call({"Records": batch})
                except Exception:  # noqa: BLE001 whatever ends a call is an error of the function
                    if self.bisect and len(batch) > 1:
                        half = len(batch) // 2
                        waiting[:0] = [(batch[:half], tries), (batch[half:], tries)]
                    else:
                        waiting.insert(0, (batch, tries + 1))
                    continue
                failed = {one["itemIdentifier"] for one in (answer or {}).get("batchItemFailures", ())}
                if self.reports and failed:
                    first = next(at for at, one in enumerate(batch) if number(one) in failed)
                    waiting.insert(0, (batch[first:], tries + 1))


# ---- what goes wrong --------------------------------------------------------------------------------------------------------


class CrashError(RuntimeError):
    """The execution environment is gone in the middle of a call."""


class Direct:
    """moto's tables without HTTP: the same conditions, called a hundred thousand times."""

    def __init__(self):
        self.backend = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION]

    def put_item(self, TableName, Item, ConditionExpression=None, ReturnValuesOnConditionCheckFailure=None):  # noqa: N803
        try:
            self.backend.put_item(
                TableName, Item, condition_expression=ConditionExpression,
                return_values_on_condition_check_failure=ReturnValuesOnConditionCheckFailure,
            )  # fmt: skip
        except JsonRESTError as error:
            told = json.loads(error.description)
            code = told["__type"].rpartition("#")[2]
            raise ClientError({"Error": {"Code": code, "Message": told["message"]}, **told}, "PutItem") from None

    def batch_write_item(self, RequestItems):  # noqa: N803
        for table, requests in RequestItems.items():
            for one in requests:
                self.backend.put_item(table, one["PutRequest"]["Item"])
        return {"UnprocessedItems": {}}


class DirectStreams:
    """The changes of moto's tables without HTTP."""

    def __init__(self):
        self.backend = dynamodbstreams_backends[DEFAULT_ACCOUNT_ID][REGION]

    def list_streams(self, TableName):  # noqa: N803
        return {"Streams": self.backend.list_streams(TableName)}

    def describe_stream(self, StreamArn):  # noqa: N803
        return {"StreamDescription": self.backend.describe_stream(StreamArn)}

    def get_shard_iterator(self, StreamArn, ShardId, ShardIteratorType, SequenceNumber=None):  # noqa: N803
        number = None if SequenceNumber is None else int(SequenceNumber)
        return {"ShardIterator": self.backend.get_shard_iterator(StreamArn, ShardId, ShardIteratorType, number).arn}

    def get_records(self, ShardIterator, Limit):  # noqa: N803
        return self.backend.get_records(ShardIterator, Limit)


@dataclass
class Faults:
    """Shares of the calls at which something goes wrong, drawn from one seed."""

    dice: random.Random
    throttled: float = 0.002
    unprocessed: float = 0.02
    crash_before_store: float = 0.02
    crash_after_store: float = 0.02
    crash_after_push: float = 0.02
    outage: float = 0.0005
    refusing: int = 0
    seen: Counter[str] = field(default_factory=Counter)

    def happens(self, name: str) -> bool:
        if self.dice.random() >= getattr(self, name):
            return False
        self.seen[name] += 1
        return True


OUTAGE = 40
"""Calls that a table refuses one after the other in an outage: more than Lambda tries again."""


class Faulty:
    """Tables that refuse calls, leave items unprocessed, write batches in any order, and calls that end in the middle."""

    def __init__(self, real, faults):
        self.real, self.faults = real, faults

    def put_item(self, **given):
        if self.faults.happens("outage"):
            self.faults.refusing = OUTAGE
        if self.faults.refusing or self.faults.happens("throttled"):
            self.faults.refusing = max(0, self.faults.refusing - 1)
            raise ClientError({"Error": {"Code": "ProvisionedThroughputExceededException", "Message": ""}}, "PutItem")
        return self.real.put_item(**given)

    def batch_write_item(self, RequestItems):  # noqa: N803
        if self.faults.happens("crash_before_store"):
            raise CrashError
        ((table, requests),) = RequestItems.items()
        order = list(requests)
        self.faults.dice.shuffle(order)
        kept = order[: len(order) // 2] if self.faults.happens("unprocessed") else order
        if kept:
            self.real.batch_write_item(RequestItems={table: kept})
        if self.faults.happens("crash_after_store"):
            raise CrashError
        return {"UnprocessedItems": {table: order[len(kept) :]} if order[len(kept) :] else {}}


# ---- the updates ------------------------------------------------------------------------------------------------------------

SCORES, STAND_IN, DRIFTS = "sportsdataio", "apisports", "statscore"

DRIFTED_NAMES = {"stats": "values"}
"""What the provider calls a field from one day on -> what it is called here."""


@dataclass(frozen=True)
class Sent:
    """What providers send, in the order in which it comes, and what must come of it."""

    messages: list[bytes]
    distinct: dict[str, Mapping[str, Any]]
    poison: int
    drifted: int
    repeated: int
    reordered: int


def moment(second, milli=0):
    day, second = divmod(second, 86_400)
    return f"2026-11-{7 + day:02d}T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}.{milli:03d}Z"


def sent(total, dice):
    """Updates of many events: repeated by their provider, told by a stand-in as well, out of order, broken, and renamed."""
    messages, distinct = [], {}
    counts = Counter()
    events = [(f"game-{n}", SCORES) for n in range(max(4, total // 200))]
    events += [(f"match-{n}", DRIFTS) for n in range(max(2, total // 800))]
    last = dict.fromkeys(events, 0)
    goals = {event: [0, 0] for event in events}
    recent: list[bytes] = []
    while len(distinct) < total:
        event = dice.choice(events)
        name, provider = event
        last[event] += dice.randint(1, 3)
        update = {
            "id": name, "sport": "football", "status": "live", "timestamp": moment(10 * last[event] // 10, last[event] % 1000),
            "provider": provider, "sequence": last[event],
        }  # fmt: skip
        if provider == SCORES:
            goals[event][dice.randint(0, 1)] += dice.random() < 0.1
            home, away = goals[event]
            update |= {
                "kind": "scores", "homeTeam": "A", "awayTeam": "B",
                "score": {"home": min(home, 999), "away": min(away, 999)},
            }  # fmt: skip
        else:
            update |= {"kind": "statistics", "values": {"shots": last[event]}}
        distinct[database.update_key(update)] = update
        wire = dict(update)
        if (
            provider == DRIFTS and len(distinct) > 0.95 * total
        ):  # from one day on the provider calls the field otherwise
            wire["stats"] = wire.pop("values")
            counts["drifted"] += 1
        message = json.dumps(wire).encode()
        messages.append(message)
        recent = [*recent[-200:], message]
        if dice.random() < 0.05:  # a poller that had no answer sends again, at once or later
            messages.append(dice.choice(recent[-20:]))
            counts["repeated"] += 1
        if provider == SCORES and dice.random() < 0.05:  # the stand-in tells the same
            messages.append(json.dumps({**update, "provider": STAND_IN, "sequence": last[event] + 5_000}).encode())
            counts["repeated"] += 1
        if dice.random() < 0.003:
            messages.append(dice.choice(POISON))
            counts["poison"] += 1
        if len(messages) > 8 and dice.random() < 0.01:  # two that overtake each other on their way
            other = dice.randint(2, 8)
            messages[-1], messages[-other] = messages[-other], messages[-1]
            counts["reordered"] += 1
    return Sent(messages, distinct, counts["poison"], counts["drifted"], counts["repeated"], counts["reordered"])


BROKEN = (
    b'{"provider": "statscore", "id": "m", "sport": "football", "status": "live", "kind": "statistics", "sequence": 1, '
    b'"timestamp": "%sT10:00:00Z", "values": {"shots": %s}}'
)

POISON = (
    b"\xff\xfe not text",
    b'{"provider": "sportsdataio", "id": "ga',
    b'{"provider": "nobody", "id": "game-1"}',
    BROKEN % (b"2026-11-31", b"1"),
    BROKEN % (b"2026-11-30", b"NaN"),
    b"[" * 100_000,
)
"""What is no update: no text, cut off, of nobody, on a day that does not exist, no number, and what no parser survives."""


# ---- the run ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What came of all updates that were sent. `overtaken` were stored and not pushed, since a later one had been."""

    sent: Sent
    lost: int
    doubled: int
    pushed_twice: int
    out_of_order: int
    unpushed: int
    overtaken: int
    quarantined: int
    left: int
    given_up: int
    faults: Mapping[str, int]

    @property
    def wrong(self):
        return self.lost + self.doubled + self.pushed_twice + self.out_of_order + self.unpushed


class Channel:
    """Redis as far as the function knows it, and a task that hears it."""

    def __init__(self, faults, gate):
        self.faults, self.gate, self.pushed = faults, gate, []

    def publish(self, _name, message):
        self.pushed += self.gate(json.loads(message)["updates"])
        if self.faults.happens("crash_after_push"):
            raise CrashError


def lanes(records, key, number):
    """Records by lane: those of one key are in one lane, in order."""
    found: dict[int, list[Any]] = {}
    for one in records:
        found.setdefault(int(database.hashlib.sha256(key(one).encode()).hexdigest(), 16) % number, []).append(one)
    return list(found.values())


def run(
    architecture,
    monkeypatch,
    total: int,
    *,
    seed: int = 1,
    direct: bool = True,
    faults: Callable[[random.Random], Faults] = Faults,
    gate: Callable[[], Callable[[Iterable[Any]], list[Any]]] = lambda: Latest().fresh,
) -> Outcome:
    """Sends the updates through all of it; then what the provider renamed is learnt, and what was given up is sent again."""
    dice = random.Random(seed)
    wrong = faults(dice)
    made = make_tables(architecture)
    for function in ("fanout", "ingest"):
        for name, value in environment(architecture, made, function).items():
            monkeypatch.setenv(name, value)
    tables = Faulty(Direct() if direct else client("dynamodb"), wrong)
    clients = {
        "dynamodb": tables, "sqs": client("sqs"), "kinesis": client("kinesis"),
        "dynamodbstreams": DirectStreams() if direct else client("dynamodbstreams"),
    }  # fmt: skip
    monkeypatch.setattr(database, "client", clients.__getitem__)
    channel = Channel(wrong, gate())
    monkeypatch.setattr(fanout, "channel", lambda: channel)
    monkeypatch.setattr(ingest, "log", lambda *_, **__: None)
    monkeypatch.setattr(fanout, "log", lambda *_, **__: None)

    what = sent(total, dice)
    put(clients["kinesis"], made["updates"], what.messages)
    given_up = Counter()
    drain(architecture, clients, made, given_up)
    quarantined = depth(clients["sqs"], made["ingest dead letters"])
    # The provider's new name for the field is learnt, and everything in the queues is sent again, without faults this time.
    known = {**providers.providers(), DRIFTS: {**providers.providers()[DRIFTS], "names": DRIFTED_NAMES}}
    monkeypatch.setattr(providers, "providers", lambda: known)
    clients["dynamodb"] = tables.real
    for name in ("throttled", "unprocessed", "crash_before_store", "crash_after_store", "crash_after_push", "outage"):
        setattr(wrong, name, 0.0)
    left = redrive.redrive(made["ingest dead letters"], wait_s=0)[1]
    changes(architecture, clients, made, given_up)
    left += redrive.redrive(made["fanout dead letters"], wait_s=0)[1]
    return outcome(what, channel.pushed, stored(made["events"]), quarantined, left, given_up, wrong)


def put(kinesis, stream, messages):
    """Puts the messages into the stream, by event, as a poller does."""
    for start in range(0, len(messages), 500):
        records = [{"Data": one, "PartitionKey": partition(one)} for one in messages[start : start + 500]]
        assert kinesis.put_records(StreamName=stream, Records=records)["FailedRecordCount"] == 0


def partition(message):
    try:
        return json.loads(message)["id"]
    except (ValueError, RecursionError):
        return "unreadable"


def read(stream, arguments, iterator_type="TRIM_HORIZON"):
    """Every record of a shard."""
    iterator = stream.get_shard_iterator(**arguments, ShardIteratorType=iterator_type)["ShardIterator"]
    found = []
    while iterator:
        answer = stream.get_records(ShardIterator=iterator, Limit=1000)
        found += answer["Records"]
        iterator = answer.get("NextShardIterator") if answer["Records"] else None
    return found


def drain(architecture, clients, made, given_up):
    """The stream through `ingest`, and then the changes of the table through `fanout`."""
    mapping = SourceMapping.of(architecture, "ingest")
    name = made["updates"]
    arn = clients["kinesis"].describe_stream(StreamName=name)["StreamDescription"]["StreamARN"]
    for shard in clients["kinesis"].list_shards(StreamName=name)["Shards"]:
        records = [
            redrive._as_event(one)
            for one in read(clients["kinesis"], {"StreamName": name, "ShardId": shard["ShardId"]})
        ]
        for lane in lanes(records, lambda one: one["kinesis"]["partitionKey"], mapping.lanes):
            mapping.deliver(
                lane, lambda one: one["kinesis"]["sequenceNumber"], lambda event: ingest.handler(event, None),
                lambda batch, shard=shard: give_up(
                    clients["sqs"], made["ingest dead letters"], "KinesisBatchInfo", arn, shard["ShardId"],
                    [one["kinesis"]["sequenceNumber"] for one in batch], given_up,
                ),
            )  # fmt: skip
    changes(architecture, clients, made, given_up)


def changes(architecture, clients, made, given_up):
    """What has changed in the table since the last time, through `fanout`."""
    mapping = SourceMapping.of(architecture, "fanout")
    streams = clients["dynamodbstreams"]
    arn = streams.list_streams(TableName=made["events"])["Streams"][0]["StreamArn"]
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        records = read(streams, {"StreamArn": arn, "ShardId": shard["ShardId"]})
        for one in records:
            one["dynamodb"]["ApproximateCreationDateTime"] = 0
        fresh = records[given_up["changes read"] :]
        given_up["changes read"] = len(records)
        for lane in lanes(fresh, lambda one: one["dynamodb"]["Keys"]["event_id"]["S"], mapping.lanes):
            mapping.deliver(
                lane, lambda one: one["dynamodb"]["SequenceNumber"], lambda event: fanout.handler(event, None),
                lambda batch, shard=shard: give_up(
                    clients["sqs"], made["fanout dead letters"], "DDBStreamBatchInfo", arn, shard["ShardId"],
                    [one["dynamodb"]["SequenceNumber"] for one in batch], given_up,
                ),
            )  # fmt: skip


def give_up(sqs, queue, kind, arn, shard, numbers, given_up):
    """What Lambda writes into the queue: where the batch lies, not what it holds."""
    given_up["batches"] += 1
    batch = {
        "shardId": shard, "startSequenceNumber": numbers[0], "endSequenceNumber": numbers[-1], "batchSize": len(numbers),
        "streamArn": arn,
    }  # fmt: skip
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({kind: batch}))


def depth(sqs, queue):
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])
    return int(found["Attributes"]["ApproximateNumberOfMessages"])


def stored(table):
    """Every update that the table holds."""
    items = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].get_table(table).all_items()
    return [json.loads(item.attrs["update"].value) for item in items]


def outcome(what: Sent, pushed: Sequence[Any], kept: Sequence[Any], quarantined, left, given_up, faults) -> Outcome:
    """Counts what is wrong, against what was sent and nothing else."""
    there = Counter(database.update_key(one) for one in kept)
    lost = sum(there[key] == 0 for key in what.distinct)
    doubled = sum(count - 1 for count in there.values() if count > 1) + sum(key not in what.distinct for key in there)
    came = Counter(database.owner(one) for one in pushed)
    last: dict[str, int] = {}
    order = 0
    for one in pushed:
        key = database.event_key(one)
        order += one["sequence"] < last.get(key, -1)
        last[key] = max(one["sequence"], last.get(key, -1))
    missing = [one for one in kept if came[database.owner(one)] == 0]
    overtaken = sum(one["sequence"] < last.get(database.event_key(one), -1) for one in missing)
    return Outcome(
        what, lost, doubled, sum(count - 1 for count in came.values()), order, len(missing) - overtaken, overtaken,
        quarantined, left, given_up["batches"], dict(faults.seen),
    )  # fmt: skip
