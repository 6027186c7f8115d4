"""A rotation of the key that signs tokens, with the stack's first value, its function, and a stand-in as each task of a rollout.

An emulated Secrets Manager keeps the versions and calls the function step by step. The database's password is rotated on a real
server, with the secret as the Terraform makes it; and what both functions come in is built and unpacked.
"""

import asyncio
import json
import re
import subprocess
import sys
import urllib.request
import uuid
import zipfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import boto3
import pytest
import without_containers as local
from clients import Postgres
from moto import mock_aws
from moto.awslambda.models import LambdaBackend
from standin.settings import SettingError, read
from standins import HOME, ask, serving, settings, token, variables, variables_last

import keys
import package
import postgres
from analysis.loadtest import servers

ROOT = Path(__file__).parents[3]
NAME = "scoreboard/prod/jwt"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:scoreboard-prod-rotate-keys"
LACKING = servers.lacking(local.PROGRAMS)


@pytest.fixture
def secrets(architecture, monkeypatch):
    """An emulated Secrets Manager that holds the key as the Terraform makes it: the fields of its first value, each drawn.

    It plays the service's part of a rotation; in place of a container, our function is called in this process.
    """
    for name, value in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "x"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setattr(LambdaBackend, "get_function", lambda _self, arn: arn)
    monkeypatch.setattr(
        LambdaBackend, "invoke", lambda _self, _arn, body, **_: keys.lambda_handler(json.loads(body), None)
    )
    first = next(
        r.values["secret_string"]
        for r in architecture.resources
        if r.address == 'module.secret["jwt"].aws_secretsmanager_secret_version.first[0]'
    )
    assert all("terraform_data" in drawn.reference for drawn in first.partial.values()), (
        "a value stands in the Terraform"
    )
    with mock_aws():
        client = boto3.client("secretsmanager")
        client.create_secret(Name=NAME, SecretString=json.dumps({field: str(uuid.uuid4()) for field in first.partial}))
        yield client


def rotated(client):
    """What the key holds after one rotation more."""
    client.rotate_secret(SecretId=NAME, RotationLambdaARN=FUNCTION, RotationRules={"AutomaticallyAfterDays": 30})
    # Unlike AWS, moto takes a rotation for unfinished while the current version is still labelled as pending too.
    version = client.get_secret_value(SecretId=NAME, VersionStage="AWSCURRENT")["VersionId"]
    client.update_secret_version_stage(SecretId=NAME, VersionStage="AWSPENDING", RemoveFromVersionId=version)
    return value(client)


def value(client):
    return json.loads(client.get_secret_value(SecretId=NAME, VersionStage="AWSCURRENT")["SecretString"])


def given(held):
    """What ECS gives a task of a secret's value: the variables and fields that the stack's Terraform names."""
    text = (ROOT / "terraform" / "stacks" / "scoreboard" / "main.tf").read_text()
    fields = dict(re.findall(r'(\w+) += "\$\{module\.secret\["jwt"\]\.arn\}:(\w+)::"', text))
    assert fields == {"JWT_SECRET": "current", "JWT_SECRET_PREVIOUS": "previous"}
    return {
        name: held[field] for name, field in fields.items()
    }  # KeyError: a task whose field is missing does not start


def test_a_rotation_draws_a_key_and_moves_the_one_before_to_previous(secrets):
    first = value(secrets)
    second, third = rotated(secrets), rotated(secrets)
    assert (second["previous"], third["previous"]) == (first["current"], second["current"])
    assert len({first["current"], first["previous"], second["current"], third["current"]}) == 4
    assert len(third["current"]) == keys.LENGTH
    assert given(first).keys() == given(third).keys()


@pytest.fixture
def steps(monkeypatch):
    """Lets a test act around the steps of a rotation: what is called in place of a step, by its name."""
    acts = {}

    def handler(event, context):
        return acts.get(event["Step"], once)(event)

    once = partial(keys.lambda_handler, _context=None)
    monkeypatch.setattr(LambdaBackend, "invoke", lambda _self, _arn, body, **_: handler(json.loads(body), None))
    return acts


def test_a_step_that_is_called_again_changes_nothing(secrets, steps):
    def held(event):
        stages = secrets.describe_secret(SecretId=NAME)["VersionIdsToStages"]
        return stages, secrets.get_secret_value(SecretId=NAME, VersionId=event["ClientRequestToken"])["SecretString"]

    def twice(event):
        keys.lambda_handler(event, None)
        before = held(event)
        keys.lambda_handler(event, None)
        assert held(event) == before

    steps.update(dict.fromkeys(("createSecret", "setSecret", "testSecret", "finishSecret"), twice))
    first = value(secrets)
    assert rotated(secrets)["previous"] == first["current"]


@pytest.mark.parametrize(
    ("current", "previous"),
    [("n" * keys.LENGTH, "another"), ("short", "KEY"), ("KEY", "KEY")],
)
def test_a_pending_key_that_would_sign_everybody_out_or_is_short_does_not_become_current(
    secrets, steps, current, previous
):
    before = value(secrets)
    wrong = {
        name: before["current"] if text == "KEY" else text
        for name, text in (("current", current), ("previous", previous))
    }
    pending = {"SecretId": NAME, "SecretString": json.dumps(wrong), "VersionStages": ["AWSPENDING"]}
    steps["createSecret"] = lambda event: secrets.put_secret_value(
        ClientRequestToken=event["ClientRequestToken"], **pending
    )
    with pytest.raises(keys.RotationError, match=NAME):
        rotated(secrets)
    assert value(secrets) == before


def test_a_version_that_is_not_pending_and_a_step_that_is_none_are_refused(secrets, steps):
    event = {"SecretId": NAME, "ClientRequestToken": str(uuid.uuid4()), "Step": "createSecret"}
    with pytest.raises(keys.RotationError, match="turn its rotation on"):
        keys.lambda_handler(event, None)
    steps["createSecret"] = lambda event: keys.lambda_handler(event | {"Step": "deleteSecret"}, None)
    with pytest.raises(keys.RotationError, match="deleteSecret is no step"):
        rotated(secrets)
    with pytest.raises(keys.RotationError, match="no pending version"):
        keys.lambda_handler(event, None)


@pytest.fixture
def task(home, ports, tmp_path):
    """Starts a task with a value of the key, on a port of its own; gives its ports, and what stops it."""
    account = local.compose()["services"]["postgres"]["environment"]
    asked = Postgres(ports["postgres"], account["POSTGRES_DB"], account["POSTGRES_USER"], account["POSTGRES_PASSWORD"])
    for file in ("schema.sql", "seed.sql"):
        asked.run((HOME / file).read_text())
    with ExitStack() as stack:

        def start(held):
            own = ports | {"api": servers.free_port()}
            directory = tmp_path / str(own["api"])
            directory.mkdir()
            serves = stack.enter_context(ExitStack())
            serves.enter_context(serving(directory, variables_last(settings(own, **given(held)))))
            return own, serves.close

        yield start


def events(stream, number):
    """Reads a stream up to the event with this number."""
    while stream.readline() != f"id: {number}\n".encode():
        pass


def opened(ports, admitted, last=""):
    headers = {"Authorization": f"Bearer {admitted}"} | ({"Last-Event-ID": last} if last else {})
    return urllib.request.urlopen(
        urllib.request.Request(f"http://127.0.0.1:{ports['api']}/api/stream", headers=headers), timeout=20
    )


@pytest.mark.skipif(bool(LACKING), reason=LACKING)
def test_a_token_and_an_open_stream_survive_one_rotation_and_the_token_is_refused_after_two(secrets, task):
    first = value(secrets)
    old, stop_old = task(first)
    admitted = token("ada", first["current"])
    with opened(old, admitted) as stream:
        second = rotated(secrets)
        new, _ = task(second)  # the rollout: a task with the new value beside one with the old
        assert ask(new, "/api/leaderboard", admitted)[0] == 200
        _, _, entered = ask(new, "/api/scores", admitted, data=b'{"points": 3}')
        events(stream, entered["id"])  # the stream of the old task goes on
        stop_old()
        assert stream.read().endswith(b"\n\n")  # it is handed over, whole
    _, _, missed = ask(new, "/api/scores", admitted, data=b'{"points": 4}')
    with opened(new, admitted, str(entered["id"])) as again:  # the browser comes back with the token that it has
        events(again, missed["id"])
    since = token("ada", second["current"])
    newest, _ = task(rotated(secrets))
    assert ask(newest, "/api/leaderboard", since)[0] == 200
    status, headers, _ = ask(newest, "/api/leaderboard", admitted)
    assert (status, headers["WWW-Authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("name", ["JWT_SECRET", "JWT_SECRET_PREVIOUS"])
def test_an_empty_key_with_which_anybody_could_sign_is_refused(name):
    with pytest.raises(SettingError, match=f"{name} is empty"):
        read(variables((HOME / ".env.example").read_text()) | {name: ""})


DATABASE = "scoreboard/prod/db"


@pytest.fixture
def account(home, ports, architecture, monkeypatch):
    """A user of PostgreSQL and its secret, with the fields that the Terraform gives it."""
    for name, value_ in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "x"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value_)
    monkeypatch.setattr(LambdaBackend, "get_function", lambda _self, arn: arn)
    monkeypatch.setattr(
        LambdaBackend, "invoke", lambda _self, _arn, body, **_: postgres.lambda_handler(json.loads(body), None)
    )
    admin = local.compose()["services"]["postgres"]["environment"]
    asked = Postgres(ports["postgres"], admin["POSTGRES_DB"], admin["POSTGRES_USER"], admin["POSTGRES_PASSWORD"])
    asked.run("DROP ROLE IF EXISTS tasks; CREATE ROLE tasks LOGIN PASSWORD 'the-first'")
    known = {"engine": "postgres", "host": "127.0.0.1", "port": ports["postgres"], "dbname": admin["POSTGRES_DB"]}
    first = known | {"username": "tasks", "password": "the-first"}
    first["url"] = f"postgresql://tasks:the-first@127.0.0.1:{ports['postgres']}/{admin['POSTGRES_DB']}"
    text = (ROOT / "terraform" / "modules" / "database" / "main.tf").read_text()
    fields = re.search(r"secret_string = jsonencode\(\{(.*?)\}\)\n", text, re.DOTALL)
    assert set(re.findall(r"^    (\w+) +=", fields[1], re.MULTILINE)) == first.keys()
    with mock_aws():
        client = boto3.client("secretsmanager")
        client.create_secret(Name=DATABASE, SecretString=json.dumps(first))
        yield client, first


def rotated_database(client):
    client.rotate_secret(SecretId=DATABASE, RotationLambdaARN=FUNCTION, RotationRules={"AutomaticallyAfterDays": 30})
    version = client.get_secret_value(SecretId=DATABASE, VersionStage="AWSCURRENT")["VersionId"]
    client.update_secret_version_stage(SecretId=DATABASE, VersionStage="AWSPENDING", RemoveFromVersionId=version)
    return json.loads(client.get_secret_value(SecretId=DATABASE, VersionStage="AWSCURRENT")["SecretString"])


def signed_in(url):
    program = "import asyncio, asyncpg, sys; asyncio.run(asyncpg.connect(sys.argv[1], timeout=10))"
    return (
        subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True, check=False).returncode
        == 0
    )


@pytest.mark.skipif(bool(LACKING), reason=LACKING)
def test_a_rotation_renews_the_password_and_the_url_that_the_tasks_read(account):
    client, first = account
    second = rotated_database(client)
    assert second["password"] != first["password"]
    assert second["url"] == first["url"].replace("the-first", second["password"])
    assert {name: second[name] for name in first if name not in {"password", "url"}} == {
        name: first[name] for name in first if name not in {"password", "url"}
    }
    assert signed_in(second["url"])
    assert not signed_in(first["url"])
    third = rotated_database(client)
    assert signed_in(third["url"])
    assert not signed_in(second["url"])


@pytest.mark.skipif(bool(LACKING), reason=LACKING)
def test_a_connection_that_is_open_outlasts_the_rotation_of_its_password(account, ports):
    client, first = account
    session = subprocess.Popen(
        Postgres(ports["postgres"], first["dbname"], "tasks", "the-first").command(),
        env=servers.environment(PGPASSWORD="the-first"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        session.stdin.write("SELECT 'before';\n")
        session.stdin.flush()
        while "before" not in session.stdout.readline():
            pass
        rotated_database(client)
        said, _ = session.communicate("SELECT 'after';\n", timeout=30)
    finally:
        session.kill()
    assert "after" in said
    assert not signed_in(first["url"])


@pytest.mark.skipif(bool(LACKING), reason=LACKING)
def test_a_password_that_the_server_does_not_know_ends_the_rotation_and_changes_nothing(account):
    client, first = account
    wrong = first | {"password": "never", "url": first["url"].replace("the-first", "never")}
    client.put_secret_value(SecretId=DATABASE, SecretString=json.dumps(wrong))
    with pytest.raises(keys.RotationError, match="neither the pending password nor the current one"):
        rotated_database(client)
    assert signed_in(first["url"])


def test_no_statement_holds_the_password_that_a_log_would_keep(monkeypatch):
    sent = []

    class Connection:
        async def fetchval(self, *texts):
            sent.extend(texts)
            return texts[0]

        async def execute(self, text):
            sent.append(text)

        async def close(self):
            pass

    async def opens(_):
        return False

    async def connection(_):
        return Connection()

    monkeypatch.setattr(postgres, "_opens", opens)
    monkeypatch.setattr(postgres, "_connection", connection)
    asyncio.run(postgres._set("secret", {"username": "tasks", "password": "the-next"}, {}))
    assert "tasks" in sent
    assert not [text for text in sent if "the-next" in text]


def test_a_url_with_another_password_than_its_secret_is_refused():
    with pytest.raises(keys.RotationError, match="does not hold its password"):
        postgres._renewed({"password": "a", "url": "postgresql://tasks:b@host/db"}, "c")


def test_the_package_that_the_stack_names_holds_both_handlers_and_answers_by_itself(tmp_path, architecture):
    functions = [
        r for r in architecture.of_type("aws_lambda_function") if r.address.startswith("aws_lambda_function.rotation")
    ]
    assert len(functions) == 2
    (key,) = {r.values["s3_key"] for r in functions}
    name, _, release = key.removesuffix(".zip").partition("/")
    made = package.package("rotation", name, release, tmp_path)
    assert made.relative_to(tmp_path).as_posix() == key
    with zipfile.ZipFile(made) as archive:
        archive.extractall(tmp_path / "unpacked")
    for function in functions:
        module, handler = function.values["handler"].split(".")
        program = f"import {module}; assert callable({module}.{handler}); print({module}.__file__)"
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path / "unpacked", capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert Path(done.stdout.strip()).parent == tmp_path / "unpacked"
