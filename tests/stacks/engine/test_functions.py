"""The functions of the data engine as they are delivered: every route, every answer, what a task does with a message, a package.

What is stored once and pushed once is in `test_exactly_once.py`.
"""

import base64
import http.server
import json
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import ingest_path
import pytest
import redis
from botocore.exceptions import ClientError, EndpointConnectionError
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from moto import mock_aws

import authorize
import fanout
import ingest
import package
import query
import redrive
from analysis.loadtest import servers
from shared import database, interface, live, monitoring, providers

SCORE = {
    "id": "game-1", "sport": "football", "status": "live", "timestamp": "2026-11-30T10:00:00Z", "kind": "scores",
    "provider": "sportsdataio", "sequence": 7, "homeTeam": "A", "awayTeam": "B", "score": {"home": 1, "away": 0},
}  # fmt: skip
ODDS = {
    "id": "game-1", "sport": "football", "status": "live", "timestamp": "2026-11-30T10:00:01Z", "kind": "odds",
    "provider": "theoddsapi", "sequence": 3, "market": "winner", "prices": [{"outcome": "A", "decimal": 1.5}],
}  # fmt: skip
ROUTES = {
    "POST /ingest": lambda: ingest.handler({"body": json.dumps({"updates": [SCORE, ODDS]})}, None),
    "GET /events": lambda: query.handler(
        {"resource": "/events", "queryStringParameters": {"sport": "football", "day": "2026-11-30"}}, None
    ),
    "GET /health": lambda: query.handler({"resource": "/health"}, None),
}
ANSWERS = {"POST /ingest": "ingestResponse", "GET /events": "eventsResponse", "GET /health": "health"}


@pytest.fixture
def aws(architecture, monkeypatch):
    """The stack's tables and queues, empty; what the Terraform tells the functions."""
    with mock_aws():
        made = ingest_path.make_tables(architecture)
        for function in ("authorize", "fanout", "query", "ingest"):
            for name, value in ingest_path.environment(architecture, made, function).items():
                monkeypatch.setenv(name, value)
        clients = {name: ingest_path.client(name) for name in ("dynamodb", "sqs", "secretsmanager", "kinesis")}
        monkeypatch.setattr(database, "client", clients.__getitem__)
        yield made


def body(answer):
    return json.loads(answer["body"])


class Refusing:
    """A service that answers every call with this error."""

    def __init__(self, code):
        self.code = code

    def __getattr__(self, name):
        def call(**_):
            raise ClientError({"Error": {"Code": self.code, "Message": "no"}}, name)

        return call


def refuse(monkeypatch, service, code="ProvisionedThroughputExceededException"):
    real = database.client
    monkeypatch.setattr(database, "client", lambda name: Refusing(code) if name == service else real(name))


# ---- the routes -------------------------------------------------------------------------------------------------------------


def test_every_route_of_the_stack_is_called_here(architecture):
    paths = {
        r.address.rpartition("[")[2].strip('"]'): r.values["path_part"]
        for r in architecture.of_type("aws_api_gateway_resource")
    }
    methods = {
        f"{r.values['http_method']} /{paths[r.address.rpartition('/')[2].strip(chr(34) + ']')]}"
        for r in architecture.of_type("aws_api_gateway_method")
    }
    assert methods == ROUTES.keys()


@pytest.mark.parametrize("route", ROUTES)
def test_a_route_answers_as_the_interface_says(aws, route):
    answer = ROUTES[route]()
    assert answer["statusCode"] == (202 if route == "POST /ingest" else 200)
    assert interface.problem(ANSWERS[route], body(answer)) is None


@pytest.mark.parametrize("route", ROUTES)
def test_a_route_says_so_where_the_table_does_not_answer(aws, monkeypatch, route):
    refuse(monkeypatch, "dynamodb")
    answer = ROUTES[route]()
    assert answer["statusCode"] == 503
    wanted = "health" if route == "GET /health" else "error"
    assert interface.problem(wanted, body(answer)) is None


def test_what_is_posted_is_found_again_the_newest_first(aws):
    later = {**SCORE, "sequence": 8, "timestamp": "2026-11-30T10:05:00Z", "score": {"home": 2, "away": 0}}
    assert body(ingest.handler({"body": json.dumps({"updates": [SCORE, later]})}, None))["accepted"] == 2
    assert body(ROUTES["GET /events"]())["updates"] == [later, SCORE]


def test_what_is_posted_again_changes_nothing_and_so_does_the_same_update_of_the_stand_in(aws):
    stand_in = {**SCORE, "provider": "apisports", "sequence": 9_000}
    first = body(ingest.handler({"body": json.dumps({"updates": [SCORE]})}, None))
    again = body(ingest.handler({"body": json.dumps({"updates": [stand_in]})}, None))
    assert (first["accepted"], again["known"], again["accepted"]) == (1, 1, 0)
    assert body(ROUTES["GET /events"]())["updates"] == [SCORE]


def test_what_is_no_update_is_refused_by_its_place_and_kept_with_the_reason(aws):
    wrong = {**SCORE, "score": {"home": -1, "away": 0}}
    strange = {**ODDS, "provider": "sportradar"}
    answer = body(ingest.handler({"body": json.dumps({"updates": [SCORE, wrong, strange]})}, None))
    assert [one["index"] for one in answer["refused"]] == [1, 2]
    assert "delivers races, not odds" in answer["refused"][1]["why"]
    messages = database.client("sqs").receive_message(QueueUrl=aws["ingest dead letters"], MaxNumberOfMessages=10)
    kept = [json.loads(json.loads(one["Body"])["update"]) for one in messages["Messages"]]
    assert sorted(kept, key=lambda one: one["kind"]) == [strange, wrong]


@pytest.mark.parametrize(
    "sent", [None, "", "{", "[]", '{"updates": []}', '{"updates": [1]}', json.dumps({"updates": [SCORE] * 101})]
)
def test_a_request_that_is_none_is_answered_with_400(aws, sent):
    answer = ingest.handler({"body": sent}, None)
    assert answer["statusCode"] == 400
    assert interface.problem("error", body(answer)) is None


@pytest.mark.parametrize(
    "asked", [None, {}, {"sport": "Foot ball"}, {"sport": "football", "day": "today"}, {"sport": "football", "limit": "0"},
              {"sport": "football", "limit": "x"}]
)  # fmt: skip
def test_a_question_that_is_none_is_answered_with_400(aws, asked):
    answer = query.handler({"resource": "/events", "queryStringParameters": asked}, None)
    assert answer["statusCode"] == 400
    assert interface.problem("error", body(answer)) is None


def test_what_cannot_be_kept_in_quarantine_comes_again(aws, monkeypatch):
    refuse(monkeypatch, "sqs")
    assert ingest.handler({"body": json.dumps({"updates": [{"provider": "x"}]})}, None)["statusCode"] == 503
    records = [record(1, SCORE), record(2, {"provider": "x"}), record(3, ODDS)]
    assert ingest.handler({"Records": records}, None) == {"batchItemFailures": [{"itemIdentifier": "2"}]}


def record(number, update):
    data = base64.b64encode(json.dumps(update).encode()).decode()
    return {"kinesis": {"data": data, "sequenceNumber": str(number), "partitionKey": str(update.get("id"))}}


@pytest.mark.parametrize("quarantined", [True, False])
def test_an_update_that_the_table_refuses_holds_up_no_other(aws, monkeypatch, quarantined):
    """It goes to quarantine; where that fails, it is the one that comes again."""
    real = database.client("dynamodb")

    class Picky:
        def put_item(self, **given):
            return real.put_item(**given)

        def batch_write_item(self, RequestItems):  # noqa: N803
            text = json.dumps(RequestItems)
            if "theoddsapi" in text:
                raise ClientError({"Error": {"Code": "ValidationException", "Message": "too large"}}, "BatchWriteItem")
            return real.batch_write_item(RequestItems=RequestItems)

    clients = {"dynamodb": Picky(), "sqs": database.client("sqs") if quarantined else Refusing("AccessDenied")}
    monkeypatch.setattr(database, "client", clients.__getitem__)
    found = ingest.handler({"Records": [record(1, SCORE), record(2, ODDS)]}, None)
    assert found["batchItemFailures"] == ([] if quarantined else [{"itemIdentifier": "2"}])
    assert ingest_path.stored(aws["events"]) == [SCORE]


# ---- out of the table, to the clients -------------------------------------------------------------------------------------


def change(update, name="INSERT"):
    image = database.item(update, 14)
    return {"eventName": name, "dynamodb": {"NewImage": image, "ApproximateCreationDateTime": time.time() - 1}}


def test_what_was_inserted_is_published_once_and_nothing_else(aws, monkeypatch, capsys):
    heard = []
    monkeypatch.setattr(fanout, "channel", type("Channel", (), {"publish": lambda _, *what: heard.append(what)}))
    assert fanout.handler({"Records": [change(SCORE), change(ODDS, "MODIFY"), change(ODDS, "REMOVE")]}, None) == {
        "batchItemFailures": []
    }
    fanout.handler({"Records": [change(ODDS, "REMOVE")]}, None)
    ((name, message),) = heard
    assert (name, json.loads(message)) == (fanout.CHANNEL, {"type": "updates", "updates": [SCORE]})
    assert 900 < json.loads(capsys.readouterr().out.splitlines()[0])["message"]["waited_ms"] < 60_000


@pytest.mark.skipif(servers.found("redis-server") is None, reason="there is no redis-server on this machine")
def test_a_real_redis_carries_it_to_a_task_over_one_connection(aws, monkeypatch, tmp_path):
    """Two calls of an execution environment open one connection."""
    with servers.cache(tmp_path) as (server, reached):
        database.client("secretsmanager").create_secret(
            Name=database.setting("CHANNEL_SECRET"), SecretString=json.dumps({"auth_token": reached["password"]})
        )
        monkeypatch.setenv("CHANNEL_HOST", "127.0.0.1")
        monkeypatch.setenv("CHANNEL_PORT", str(server.port))
        monkeypatch.setenv("CHANNEL_TLS", "false")
        fanout.channel.cache_clear()
        task = redis.Redis(**reached)
        listening = task.pubsub(ignore_subscribe_messages=True)
        listening.subscribe(fanout.CHANNEL)
        listening.get_message(timeout=5)
        fanout.handler({"Records": [change(SCORE)]}, None)
        opened = task.info()["total_connections_received"]
        fanout.handler({"Records": [change(ODDS)]}, None)
        heard = [json.loads(listening.get_message(timeout=5)["data"])["updates"] for _ in range(2)]
        assert heard == [[SCORE], [ODDS]]
        assert task.info()["total_connections_received"] == opened
        fanout.channel.cache_clear()


def test_a_task_passes_an_update_on_once_and_never_an_older_one():
    latest = live.Latest()
    newer = {**SCORE, "sequence": 8}
    assert latest.fresh([SCORE, newer, SCORE, newer]) == [SCORE, newer]
    assert latest.fresh([SCORE, {**SCORE, "provider": "apisports"}]) == [{**SCORE, "provider": "apisports"}]


def test_a_client_gets_what_it_subscribed_to_in_one_message():
    client = live.Client()
    assert client.message([SCORE]) is None
    assert client.told({"action": "subscribe", "subscriptions": ["live_scores", "betting_odds"]}) is None
    assert client.message([SCORE, ODDS]) == {"type": "updates", "updates": [SCORE, ODDS]}
    client.told({"action": "unsubscribe", "subscriptions": ["live_scores"]})
    assert client.message([SCORE, ODDS]) == {"type": "updates", "updates": [ODDS]}


def test_a_client_may_follow_single_events_and_leave_them_again():
    client = live.Client()
    client.told({"action": "subscribe", "subscriptions": ["live_scores"], "events": ["game-1", "game-2"]})
    assert client.message([SCORE, {**SCORE, "id": "game-3"}])["updates"] == [SCORE]
    client.told({"action": "unsubscribe", "subscriptions": ["live_scores"], "events": ["game-1"]})
    assert client.message([SCORE]) is None


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"action": "shout", "subscriptions": ["live_scores"]}, "unknown_action"),
        ({"action": "subscribe", "subscriptions": ["weather"]}, "unknown_subscription"),
        ({"action": "subscribe", "subscriptions": ["live_scores"], "event": 1}, "bad_request"),
        ("subscribe", "bad_request"),
    ],
)
def test_a_message_that_is_none_is_answered_with_an_error(message, code):
    error = live.Client().told(message)
    assert error["code"] == code
    assert interface.problem("error", error) is None


# ---- who may, what is logged, what is kept open ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def key():
    return RSAKey.generate_key(2048, {"kid": "1"})


def token(key, **claims):
    return jwt.encode(
        {"alg": "RS256", "kid": "1"}, {"sub": "client", "aud": "engine", "exp": int(time.time()) + 60} | claims, key
    )


def ask(token):
    arn = "arn:aws:execute-api:us-east-1:123456789012:abc/live/POST/ingest"
    return authorize.handler({"authorizationToken": f"Bearer {token}", "methodArn": arn}, None)


@pytest.fixture
def keys(aws, key):
    authorize.keys.cache_clear()
    public = KeySet([RSAKey.import_key(key.as_dict(private=False))]).as_dict()
    database.client("secretsmanager").create_secret(
        Name=database.setting("TOKEN_SECRET"), SecretString=json.dumps(public)
    )


def test_a_valid_token_opens_every_route_of_the_stage_and_no_other_api(keys, key):
    found = ask(token(key))
    assert found["principalId"] == "client"
    resource = found["policyDocument"]["Statement"][0]["Resource"]
    assert resource == "arn:aws:execute-api:us-east-1:123456789012:abc/live/*"


@pytest.mark.parametrize(
    "wrong",
    [{"exp": 1}, {"aud": "other"}, {"sub": None}, {"exp": None}],
    ids=["over", "another's", "nobody", "endless"],
)
def test_a_token_that_is_not_good_opens_nothing(keys, key, wrong):
    claims = {name: value for name, value in wrong.items() if value is not None}
    dropped = [name for name, value in wrong.items() if value is None]
    made = {"sub": "client", "aud": "engine", "exp": int(time.time()) + 60} | claims
    text = jwt.encode({"alg": "RS256", "kid": "1"}, {k: v for k, v in made.items() if k not in dropped}, key)
    with pytest.raises(PermissionError, match="Unauthorized"):
        ask(text)


def test_neither_another_key_nor_none_nor_a_text_is_a_token(keys):
    stranger = RSAKey.generate_key(2048, {"kid": "1"})
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=") + ".e30."
    for text in (token(stranger), unsigned, "", "x"):
        with pytest.raises(PermissionError, match="Unauthorized"):
            ask(text)


def test_the_metric_filters_of_the_stack_find_what_ingest_logs(architecture, aws, capsys):
    ROUTES["POST /ingest"]()
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    filters = [
        r.values["pattern"]
        for r in architecture.of_type("aws_cloudwatch_log_metric_filter")
        if "ingest" in str(r.values["log_group_name"])
    ]
    fields = {pattern.split("$.message.")[1].split(" ")[0] for pattern in filters}
    assert fields == {"accepted", "failed"}
    assert fields | {"function"} <= line["message"].keys()


def test_a_line_of_the_log_is_one_object(capsys):
    monitoring.log("info", text="a\nb")
    assert json.loads(capsys.readouterr().out) == {"level": "info", "message": {"text": "a\nb"}}


def test_calls_of_an_execution_environment_share_a_connection_to_the_tables(monkeypatch):
    """A hundred calls, one connection: counted by a server that takes them."""
    opened = []

    class Answer(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self):
            opened.append(1)
            super().setup()

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name, value in {
        "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{server.server_port}", "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "y", "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    database.client.cache_clear()
    for number in range(100):
        assert database.claim(database.client("dynamodb"), "keys", {**SCORE, "sequence": number})
    server.shutdown()
    server.server_close()
    database.client.cache_clear()
    assert len(opened) == 1


def test_a_service_that_is_away_is_told_from_a_question_that_is_wrong(aws, monkeypatch):
    def away(*_):
        raise EndpointConnectionError(endpoint_url="x")

    monkeypatch.setattr(database, "recent", away)
    assert query.handler({"resource": "/health"}, None)["statusCode"] == 503
    assert ROUTES["GET /events"]()["statusCode"] == 503


def test_what_is_no_message_of_a_queue_stays_in_it(aws):
    assert redrive.again({"strange": 1}) is False


def test_a_batch_of_the_stream_that_was_given_up_is_read_again_and_nothing_else(aws):
    kinesis = database.client("kinesis")
    numbers = [
        kinesis.put_record(
            StreamName=aws["updates"],
            Data=json.dumps({**SCORE, "sequence": n, "score": {"home": n, "away": 0}}),
            PartitionKey="a",
        )
        for n in range(5)
    ]
    arn = kinesis.describe_stream(StreamName=aws["updates"])["StreamDescription"]["StreamARN"]
    batch = {
        "streamArn": arn, "shardId": numbers[1]["ShardId"], "startSequenceNumber": numbers[1]["SequenceNumber"],
        "endSequenceNumber": numbers[3]["SequenceNumber"],
    }  # fmt: skip
    assert redrive.again({"KinesisBatchInfo": batch})
    assert sorted(one["sequence"] for one in ingest_path.stored(aws["events"])) == [1, 2, 3]


def test_what_is_in_quarantine_is_sent_again_and_what_never_was_an_update_stays(aws):
    texts = [
        json.dumps(SCORE),
        "{",
        "[]",
        json.dumps({**SCORE, "timestamp": "2026-02-31T10:00:00Z"}),
        '{"provider": NaN}',
    ]
    records = [record(number, SCORE) for number in range(1, len(texts) + 1)]
    for one, text in zip(records, texts, strict=True):
        one["kinesis"]["data"] = base64.b64encode(text.encode()).decode()
    assert ingest.handler({"Records": records[1:]}, None) == {"batchItemFailures": []}
    assert ingest_path.depth(database.client("sqs"), aws["ingest dead letters"]) == len(texts) - 1
    assert ingest.quarantine(texts[0].encode(), "the provider was not known yet")
    assert redrive.redrive(aws["ingest dead letters"], wait_s=0) == (1, len(texts) - 1)
    assert ingest_path.stored(aws["events"]) == [SCORE]


def test_what_stays_and_is_seen_again_does_not_end_the_redrive_before_the_rest_is_read(monkeypatch):
    class Queue:
        """What stays is visible again before the last message has been read, as after five minutes of work."""

        def __init__(self):
            self.answers, self.deleted = [["stays"], ["stays"], ["works"], []], []

        def receive_message(self, **_given):
            found = self.answers.pop(0)
            return {"Messages": [{"MessageId": one, "ReceiptHandle": one, "Body": json.dumps(one)} for one in found]}

        def delete_message(self, ReceiptHandle, **_given):  # noqa: N803
            self.deleted.append(ReceiptHandle)

    queue = Queue()
    monkeypatch.setattr(database, "client", lambda _: queue)
    monkeypatch.setattr(redrive, "again", lambda body: body == "works")
    assert redrive.redrive("queue") == (1, 1)
    assert queue.deleted == ["works"]


def test_an_update_that_the_table_does_not_take_now_is_the_first_to_come_again(aws, monkeypatch):
    real = database.client("dynamodb")
    calls = []

    class Slow:
        def put_item(self, **given):
            return real.put_item(**given)

        def batch_write_item(self, RequestItems):  # noqa: N803
            calls.append(RequestItems)
            return {"UnprocessedItems": RequestItems}

    clients = {"dynamodb": Slow(), "sqs": database.client("sqs")}
    monkeypatch.setattr(database, "client", clients.__getitem__)
    found = ingest.handler({"Records": [record(4, {"provider": "x"}), record(5, SCORE)]}, None)
    assert found == {"batchItemFailures": [{"itemIdentifier": "5"}]}
    assert len(calls) == database.TRIES
    # Beside a record that holds up everything after it, what lies before it is in quarantine.
    assert ingest_path.depth(clients["sqs"], aws["ingest dead letters"]) == 1


def test_two_updates_of_an_event_are_never_in_one_batch_which_dynamodb_writes_in_any_order():
    updates = [(n, {**SCORE, "id": f"game-{n % 3}", "sequence": n}) for n in range(9)]
    assert [[place for place, _ in batch] for batch in database.batches(updates)] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    many = [(n, {**SCORE, "id": f"game-{n}"}) for n in range(60)]
    assert [len(batch) for batch in database.batches(many)] == [25, 25, 10]


def test_changes_that_were_given_up_are_published_again(aws, monkeypatch):
    heard = []
    monkeypatch.setattr(fanout, "channel", type("Channel", (), {"publish": lambda _, *what: heard.append(what)}))
    ROUTES["POST /ingest"]()
    streams = ingest_path.client("dynamodbstreams")
    arn = streams.list_streams(TableName=aws["events"])["Streams"][0]["StreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    records = ingest_path.read(ingest_path.DirectStreams(), {"StreamArn": arn, "ShardId": shard})
    numbers = [one["dynamodb"]["SequenceNumber"] for one in records]
    monkeypatch.setattr(database, "client", {"dynamodbstreams": ingest_path.DirectStreams()}.__getitem__)
    batch = {"streamArn": arn, "shardId": shard, "startSequenceNumber": numbers[1], "endSequenceNumber": numbers[1]}
    monkeypatch.setattr(fanout, "log", lambda *_, **__: None)
    assert redrive.again({"DDBStreamBatchInfo": batch})
    assert [json.loads(message)["updates"] for _, message in heard] == [[ODDS]]


def test_what_would_leave_and_is_not_as_the_interface_says_never_leaves():
    with pytest.raises(ValueError, match="health: "):
        interface.checked("health", {"status": "so so"})


# ---- packages -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", package.FUNCTIONS["engine"])
def test_a_package_answers_by_itself(tmp_path, function):
    """Unpacked elsewhere and imported with nothing of this project beside it, the handler is there."""
    made = package.package("engine", function, "1.2.3", tmp_path)
    assert made == tmp_path / function / "1.2.3.zip"
    with zipfile.ZipFile(made) as archive:
        archive.extractall(tmp_path / "unpacked")
    program = f"import {function}; assert callable({function}.handler); print({function}.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path / "unpacked", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).parent == tmp_path / "unpacked"


def test_the_same_files_give_the_same_package(tmp_path):
    libraries = tmp_path / "libraries"
    libraries.mkdir()
    (libraries / "library.py").write_text("x = 1\n")
    first = package.package("engine", "ingest", "1.0.0", tmp_path / "a", libraries).read_bytes()
    assert package.package("engine", "ingest", "1.0.0", tmp_path / "b", libraries).read_bytes() == first
    assert package.package("engine", "ingest", "1.0.0", tmp_path / "c").read_bytes() != first


def test_the_stack_has_a_function_for_each_package(architecture):
    handlers = {r.values["handler"] for r in architecture.of_type("aws_lambda_function")}
    assert handlers == {f"{name}.handler" for name in package.FUNCTIONS["engine"]}


@pytest.mark.parametrize(("function", "release"), [("ingest", "latest"), ("socket", "1.0.0")])
def test_a_package_of_what_is_none_is_refused(tmp_path, function, release):
    with pytest.raises(ValueError, match=r"a release is|a function is"):
        package.package("engine", function, release, tmp_path)


def test_the_functions_know_the_providers_that_are_asked(architecture):
    asked = architecture.outputs["providers_asked"].value
    assert set(asked) == providers.providers().keys()
    feeds = architecture.variables["feeds"].value
    assert {name: feeds[name]["kind"] for name in asked} == {
        name: about["kind"] for name, about in providers.providers().items()
    }
