"""Local development of the scoreboard, tried: the compose file against the Terraform, then the page typed at real servers.

The servers are Debian's, started without containers with the flags, accounts and health checks of the compose file.
"""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import without_containers as local
from clients import Redis
from patience import patiently
from standin import server
from standin import settings as settings_of
from standins import HOME, ask, serving, settings, token, variables, variables_last

from analysis import ledger, runbooks
from analysis.loadtest import servers
from analysis.wiring.values import document, number

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "scoreboard" / "local-development.md"
ELSEWHERE = ("docker ", "npm ", "npx ")
"""Beginnings of commands that want Docker or the program, which are not here."""
SERVERS, PROGRAM = "python3 without_containers.py", "python3 -m standin"
"""What runs until somebody ends it."""

LACKING = servers.lacking((*local.PROGRAMS, "curl"))
on_servers = pytest.mark.skipif(bool(LACKING), reason=LACKING)


def only(architecture, kind, name=""):
    """The only resource of a type whose address holds a text."""
    (found,) = [r for r in architecture.resources if r.type == kind and name in r.address]
    return found.values


@pytest.fixture(scope="module")
def task(architecture):
    """The container of the program in the task definition."""
    found = next(r for r in architecture.resources if r.address == "module.service.aws_ecs_task_definition.this")
    return document(found.values["container_definitions"])[0]


# --- the files against the Terraform


def given(task, architecture):
    """What production gives the program, by name; None for what is known only after an apply or drawn as a secret."""
    plain = {e["name"]: e["value"] if isinstance(e["value"], str) else None for e in task["environment"]}
    kept = {
        r.values["name"].rpartition("/")[2]: r.values["insecure_value"]
        for r in architecture.resources
        if r.type == "aws_ssm_parameter" and r.values.get("insecure_value")
    }
    source = {entry["name"]: entry["valueFrom"].reference for entry in task["secrets"]}
    of = {name: re.search(r'settings\["(.+)"\]', reference) for name, reference in source.items()}
    return plain | {name: kept[found[1]] if found else None for name, found in of.items()}


def drifted(example, production):
    """What is wrong with an example of settings beside what production gives."""
    other, same = example.split("# As in production\n")
    faults = [f"{name} is missing" for name in production.keys() - variables(example).keys()]
    faults += [f"{name} is no variable of the task" for name in variables(example).keys() - production.keys()]
    faults += [f"{n} is said to differ and does not" for n, v in variables(other).items() if production.get(n) == v]
    faults += [f"{n} differs and is not said to" for n, v in variables(same).items() if production.get(n, v) != v]
    return faults


def test_the_example_of_settings_has_each_variable_of_the_task_and_says_which_differ(task, architecture):
    """S-060, S-079, S-086: a variable that is renamed in the Terraform makes this fail."""
    example, production = (HOME / ".env.example").read_text(), given(task, architecture)
    assert len(production) >= 40
    assert drifted(example, production) == []
    assert {"NODE_ENV": "development", "RATE_LIMIT_MAX_REQUESTS": "100"}.items() <= variables(example).items()
    assert production["RATE_LIMIT_MAX_REQUESTS"] == "10"


def test_a_variable_that_is_renamed_or_changed_is_noticed(task, architecture):
    example, production = (HOME / ".env.example").read_text(), given(task, architecture)
    renamed = {("REDIS_CACHE_DB" if name == "REDIS_DB" else name): value for name, value in production.items()}
    assert drifted(example, renamed) == ["REDIS_CACHE_DB is missing", "REDIS_DB is no variable of the task"]
    assert drifted(example, production | {"JWT_EXPIRY": "1h"}) == ["JWT_EXPIRY differs and is not said to"]
    assert drifted(example, production | {"LOG_FORMAT": "text"}) == ["LOG_FORMAT is said to differ and does not"]


SERVICE = {"image", "command", "environment", "ports", "volumes", "healthcheck", "profiles", "working_dir", "init",
           "stop_grace_period", "env_file", "depends_on"}  # fmt: skip
"""The keys of the Compose specification that the file uses: https://github.com/compose-spec/compose-spec/blob/main/05-services.md"""


def malformed(compose):
    """What Compose would refuse of a file, or start otherwise than it says."""
    faults = [f"{key} is no key of a file" for key in compose.keys() - {"name", "services", "volumes"}]
    for name, service in compose["services"].items():
        faults += [f"{name}: {key} is no key of a service" for key in service.keys() - SERVICE]
        if not re.fullmatch(r"[a-z]+:[\d.]+-alpine", service["image"]):
            faults.append(f"{name}: its image has no version")
        for port in service["ports"]:
            if not re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port):
                faults.append(f"{name}: {port} is open to the network, or no port")
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            if source not in compose["volumes"] and not (HOME / source).exists():
                faults.append(f"{name}: there is no volume {source}")
        check = service["healthcheck"]
        if check["test"][0] not in {"CMD", "CMD-SHELL"} or {"interval", "timeout", "retries"} - check.keys():
            faults.append(f"{name}: its health check is not complete")
        for wanted in service.get("depends_on", {}):
            if wanted not in compose["services"]:
                faults.append(f"{name}: waits for {wanted}, which is no service")
    return faults


def test_the_compose_file_is_well_formed_and_listens_to_this_machine_alone():
    assert malformed(local.compose()) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("services", "redis", "image"), "redis:latest"),
        (("services", "redis", "ports"), ["6379:6379"]),
        (("services", "redis", "volumes"), ["redis-data:/data"]),
        (("services", "redis", "heathcheck"), {}),
        (("services", "api", "depends_on"), {"postgresql": {}}),
        (("versions",), "3.8"),
    ],
)
def test_a_fault_in_the_compose_file_is_noticed(path, value):
    planted = local.compose()
    place = planted
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert len(malformed(planted)) == 1


def test_the_compose_file_has_the_versions_ports_and_settings_of_the_terraform(architecture, task):
    """S-084, S-087, S-091."""
    services = local.compose()["services"]
    database = only(architecture, "aws_db_instance", ".primary")
    cache = only(architecture, "aws_elasticache_replication_group")
    assert services["postgres"]["image"] == f"postgres:{database['engine_version']}-alpine"
    assert services["redis"]["image"] == f"redis:{cache['engine_version'].split('.')[0]}-alpine"
    assert local.published("postgres") == number(database["port"]) == 5432
    assert local.published("redis") == 6379
    assert local.published("api") == task["portMappings"][0]["containerPort"]
    flags = dict(flag.split("=") for flag in services["postgres"]["command"] if "=" in flag)
    parameters = {p["name"]: p["value"] for p in only(architecture, "aws_db_parameter_group")["parameter"]}
    assert flags == {name: parameters[name] for name in flags}
    assert {"max_connections", "shared_preload_libraries", "log_min_duration_statement"} == flags.keys()
    kept = {p["name"]: p["value"] for p in only(architecture, "aws_elasticache_parameter_group")["parameter"]}
    assert services["redis"]["command"] == ["redis-server", "--maxmemory-policy", kept["maxmemory-policy"]]
    checks = [services[name]["healthcheck"] for name in ("postgres", "redis")]
    assert {(c["interval"], c["timeout"], c["retries"]) for c in checks} == {("10s", "5s", 5)}
    assert set(services["api"]["environment"]) <= {entry["name"] for entry in (*task["environment"], *task["secrets"])}
    assert services["api"]["stop_grace_period"] == f"{task['stopTimeout']}s"


# --- the page, typed at real servers


class Shell:
    """A terminal that stays open: what is typed in it finds the variables of what was typed before."""

    def __init__(self, directory):
        self.process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=directory,
            env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "PSQLRC": os.devnull,
                 "PAGER": "cat"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )  # fmt: skip

    def typed(self, command):
        """What is printed."""
        self.process.stdin.write(f"{{ {command}\n}} </dev/null\necho; echo --end--\n")
        self.process.stdin.flush()
        lines = []
        while (line := self.process.stdout.readline()) != "--end--\n":
            assert line, f"the shell ended after {command}"
            lines.append(line)
        return "".join(lines).rstrip("\n")

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


def same(printed, shown):
    """Whether an answer is the one on the page; the pause before a stream is opened again is drawn each time."""
    drawn = re.compile(r"^retry: [1-5]\d{3}$", re.MULTILINE)
    return drawn.sub("retry: N", printed.rstrip("\n")) == drawn.sub("retry: N", shown.rstrip("\n"))


def commands():
    return [command for block in runbooks.read(PAGE).blocks for command in block.commands]


@pytest.fixture(scope="module")
def typed(home, ports, tmp_path_factory):
    """Every command of the page with what it printed, in the order of the page; `.env` is that of the test."""
    folder = tmp_path_factory.mktemp("scoreboard")
    for name in ("standin", "schema.sql", "seed.sql"):
        (folder / name).symlink_to(HOME / name)
    (folder / ".env.example").write_text(settings(ports))
    shell, said, program = Shell(folder), {}, None
    try:
        for command in commands():
            if command.typed.startswith(ELSEWHERE):
                continue
            if command.typed == PROGRAM:
                program = serving(folder, variables(settings(ports)))
                text = program.__enter__().read_text()
                said[command.typed] = text.replace(str(ports["api"]), "3000").replace("sse_connections=0\n", "")
            elif command.typed == SERVERS:
                said[command.typed] = command.answer  # the servers of the test stand for it; see the test below
            else:
                printed = shell.typed(command.typed)
                said[command.typed] = printed.replace(f"localhost:{ports['postgres']}", "localhost:5432")
        yield said
    finally:
        shell.close()
        if program:
            program.__exit__(None, None, None)


@on_servers
def test_each_command_of_the_page_prints_what_the_page_shows(typed):
    """S-084 to S-090: settings, servers, schema, data, stand-in, in the order of the page."""
    wrong = {
        command.typed: (typed[command.typed], command.answer)
        for command in commands()
        if command.typed in typed and not same(typed[command.typed], command.answer)
    }
    assert not wrong
    assert len(typed) >= 18


def test_what_is_not_typed_is_what_needs_docker_or_the_program():
    left = [command.typed for command in commands() if command.typed.startswith(ELSEWHERE)]
    assert {text.split()[0] for text in left} == {"docker", "npm", "npx"}
    for wanted in ("npm install", "npx prisma migrate dev --name init", "npx prisma migrate status", "npm run dev",
                   "docker compose up --detach --wait"):  # fmt: skip
        assert wanted in left


@on_servers
def test_an_answer_that_is_not_the_one_on_the_page_is_noticed(typed):
    assert not same('{"status": "ok", "version": "1.0.1"}', '{"status": "ok", "version": "1.0.0"}')
    assert not same("retry: 30000\n", "retry: 3000\n")
    assert same("retry: 4999\n", "retry: 3000\n")


@on_servers
def test_the_servers_start_without_containers_by_the_command_of_the_page(tmp_path):
    """On ports of the test's own; SIGTERM ends them, also behind `&` in a script, where Ctrl-C is ignored."""
    spare = {"postgres": servers.free_port(), "redis": servers.free_port()}
    ignored = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
    code = f"{ignored}; import without_containers as w; w.published = {spare!r}.__getitem__; raise SystemExit(w.main())"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=HOME, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == next(c.answer for c in commands() if c.typed == SERVERS).rstrip("\n") + "\n"
        for port in spare.values():
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
    finally:
        process.terminate()
        assert patiently(process.wait, subprocess.TimeoutExpired) == 0
    for port in spare.values():
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)


# --- what the stand-in promises


@pytest.fixture(scope="module")
def program(typed, home, ports):
    """A second stand-in beside the page's, which logs JSON, traces, and lets a user enter three scores; its log and its ports."""
    own = ports | {"api": servers.free_port()}
    text = settings(
        own, LOG_FORMAT="json", RATE_LIMIT_MAX_REQUESTS="3", SSE_HEARTBEAT_INTERVAL="300", XRAY_ENABLED="true"
    )
    collector = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    collector.bind(("127.0.0.1", 0))
    collector.settimeout(20)
    address = f"127.0.0.1:{collector.getsockname()[1]}"
    directory = home / "second"
    directory.mkdir()
    with collector, serving(directory, variables_last(text) | {"AWS_XRAY_DAEMON_ADDRESS": address}) as log:
        yield log, own, collector


@on_servers
def test_the_leaderboard_wants_a_token_that_we_signed_and_health_wants_none(program):
    """S-149."""
    _, ports, _ = program
    assert ask(ports, "/health")[0] == 200
    status, headers, _ = ask(ports, "/api/leaderboard")
    assert (status, headers["WWW-Authenticate"]) == (401, "Bearer")
    assert ask(ports, "/api/leaderboard", token("ada"))[0] == 200
    unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhZGEiLCJleHAiOjk5OTk5OTk5OTl9."
    for wrong in (token("ada", secret="another"), token("ada", expiry_s=0), token(""), unsigned, "x"):
        assert ask(ports, "/api/leaderboard", wrong)[0] == 401
        assert ask(ports, "/api/scores", wrong, data=b'{"points": 1}')[0] == 401
        assert ask(ports, "/api/stream", wrong)[0] == 401


@on_servers
@pytest.mark.parametrize(("line", "answer"), [(429, '"status": "ok"'), (432, '"rank": 1')])
def test_the_guides_own_requests_are_answered_as_corrected(program, line, answer):
    _, ports, _ = program
    row = next(one for one in ledger.commands(ROOT / "docs" / "scoreboard").typed if one.line == line)
    text = (row.corrected or row.command).replace("localhost:3000", f"127.0.0.1:{ports['api']}")
    done = subprocess.run(
        ["bash", "-c", text.replace("curl ", "curl --silent --show-error --fail ", 1)],
        env={"PATH": os.environ["PATH"], "TOKEN": token("ada")}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert answer in done.stdout


@on_servers
def test_a_score_reaches_the_streams_of_another_task_and_the_leaderboard_that_is_kept(program, ports):
    """It is entered at one stand-in; a stream at the other is told over Redis, between heartbeats."""
    _, own, _ = program
    request = urllib.request.Request(
        f"http://127.0.0.1:{own['api']}/api/stream", headers={"Authorization": f"Bearer {token('lynn')}"}
    )
    with urllib.request.urlopen(request, timeout=20) as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        assert re.fullmatch(rb"retry: \d{4}\n", stream.readline())
        status, _, entered = ask(ports, "/api/scores", token("lynn"), data=b'{"points": 100}')
        assert (status, entered["user"], entered["points"]) == (201, "lynn", 100)
        lines = []
        while not (lines and lines[-1].startswith(b"data: ")):
            lines.append(stream.readline())
        while stream.readline() != b": heartbeat\n":
            pass
    assert f"id: {entered['id']}\n".encode() in lines
    assert json.loads(lines[-1][6:]) == {"user": "lynn", "points": 100, "score": entered["score"]}
    assert ask(own, "/api/leaderboard", token("ada"))[2][0] == {"rank": 1, "user": "lynn", "score": entered["score"]}


@on_servers
def test_a_user_who_enters_more_than_the_limit_is_told_when_to_come_back(program):
    _, ports, _ = program
    tries = [ask(ports, "/api/scores", token("tony"), data=b'{"points": 1}') for _ in range(4)]
    assert [status for status, _, _ in tries] == [201, 201, 201, 429]
    assert 1 <= int(tries[-1][1]["Retry-After"]) <= 60
    assert ask(ports, "/api/scores", token("ken"), data=b'{"points": 0}')[0] == 400


@on_servers
def test_the_log_has_the_field_of_every_metric_that_the_stack_counts(program, architecture):
    """A metric filter of the Terraform reads a field of the log; one that is not written leaves a metric empty."""
    log, ports, _ = program
    ask(ports, "/api/scores", token("radia"), data=b'{"points": 1}')
    time.sleep(0.5)  # the stream's own line comes after the answer
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    filters = [r.values["pattern"] for r in architecture.resources if r.type == "aws_cloudwatch_log_metric_filter"]
    counted = [re.fullmatch(r'\{ \(\$\.(\w+) = \*\) && \(\$\.service = "(.+)"\) \}', text) for text in filters]
    counted = [found for found in counted if found]
    assert len(counted) >= 7
    for field, service in (found.groups() for found in counted):
        assert [line for line in lines if line["service"] == service and isinstance(line.get(field), int | float)], (
            field
        )


@on_servers
def test_the_log_has_every_field_that_a_saved_query_reads(program, architecture, failed):
    """A query of Logs Insights that names a field nobody writes answers nothing. The stand-in writes no line for a statement."""
    log, ports, _ = program
    asked = urllib.request.Request(
        f"http://127.0.0.1:{ports['api']}/api/stream", headers={"Authorization": f"Bearer {token('radia')}"}
    )
    with urllib.request.urlopen(asked, timeout=20) as stream:
        stream.readline()
    ask(ports, "/api/leaderboard", token("radia"))
    queries = {
        r.values["name"].rpartition("/")[2]: r.values["query_string"]
        for r in architecture.of_type("aws_cloudwatch_query_definition")
    }
    assert queries.pop("slow-statements")
    assert len(queries) == 4
    until = time.monotonic() + 20
    while "sse_disconnected" not in log.read_text() and time.monotonic() < until:
        time.sleep(0.1)
    lines = [*map(json.loads, log.read_text().splitlines()), failed]
    written = {field for line in lines for field in line}
    for name, query in queries.items():
        named = re.sub(r'"[^"]*"|\bas \w+|@\w+', "", query)
        words = set(re.findall(r"\b[A-Za-z_]+\b", named)) - WORDS_OF_QUERIES
        assert words
        assert words <= written, (name, words - written)
    kinds = {line.get("event_type") for line in lines}
    assert kinds >= set(re.findall(r'"(sse_\w+)"', queries["stream-lifecycle"]))


WORDS_OF_QUERIES = frozenset(
    re.findall(
        r"\w+",
        "fields filter stats sort limit by desc in and ispresent avg pct count bin m mean_ms p95_ms errors requests events",
    )
)


@pytest.fixture
def failed(capsys, monkeypatch):
    """The line of a request whose store does not answer."""
    answering = server.Server(settings_of.read(variables((HOME / ".env.example").read_text()) | {"LOG_FORMAT": "json"}))

    async def refused(_request):
        raise ConnectionRefusedError("refused")

    async def answered():
        monkeypatch.setattr(answering, "_asked", refused)
        return await answering._answered(server.Request("GET", "/api/leaderboard", {}, b""), None, None)

    assert asyncio.run(answered()).status == 503
    return json.loads(capsys.readouterr().out)


@on_servers
def test_the_program_publishes_the_metric_of_its_own_that_an_alarm_of_the_guide_watches(program, written):
    """Line 956 watches ErrorRate, which no line of the guide publishes; CloudWatch Logs makes it of this line by itself."""
    log, ports, _ = program
    ask(ports, "/api/leaderboard", token("radia"))
    own = {
        (r.values["namespace"], r.values["metric_name"])
        for r in written.of_type("aws_cloudwatch_metric_alarm")
        if not r.values["namespace"].startswith("AWS/")
    }
    assert own == {("Scoreboard/API", "ErrorRate")}
    until, lines = time.monotonic() + 40, []
    while not lines and time.monotonic() < until:
        time.sleep(0.5)
        lines = [line for line in map(json.loads, log.read_text().splitlines()) if "_aws" in line]
    (declared,) = lines[-1]["_aws"]["CloudWatchMetrics"]
    (metric,) = declared["Metrics"]
    assert {(declared["Namespace"], metric["Name"])} == own
    assert declared["Dimensions"] == [[]]  # the alarm names none
    assert 0 <= lines[-1]["ErrorRate"] <= 100


@on_servers
def test_each_request_is_traced_with_its_calls_of_the_database_and_of_redis(program):
    """S-132: a segment in the form of X-Ray, sent to the collector, in the trace that the balancer began."""
    _, ports, collector = program
    root = "1-5759e988-bd862e3fe1be46a994272793"
    ask(
        ports,
        "/api/scores",
        token("barbara"),
        data=b'{"points": 2}',
        X_Amzn_Trace_Id=f"Root={root};Parent=53995c3f42cd8ad8;Sampled=1",
    )
    segment = {}
    while segment.get("trace_id") != root:
        head, _, text = collector.recv(65536).partition(b"\n")
        assert json.loads(head) == {"format": "json", "version": 1}
        segment = json.loads(text)
    assert segment["parent_id"] == "53995c3f42cd8ad8"
    assert segment["http"]["response"] == {"status": 201}
    parts = [part["name"] for part in segment["subsegments"]]
    assert set(parts) == {"PostgreSQL", "Redis"}
    assert parts.count("PostgreSQL") == 2
    written = next(part for part in segment["subsegments"] if part["name"] == "PostgreSQL")
    assert "INSERT INTO score_events" in written["sql"]["sanitized_query"]


@on_servers
def test_a_stream_that_lost_nothing_but_time_is_told_what_redis_did_not_carry(program, ports):
    """A connection of the channel that breaks is opened again, and what was written meanwhile is told from the database."""
    _, own, _ = program
    request = urllib.request.Request(
        f"http://127.0.0.1:{own['api']}/api/stream", headers={"Authorization": f"Bearer {token('ada')}"}
    )
    with urllib.request.urlopen(request, timeout=20) as stream:
        stream.readline()
        assert int(Redis(ports["redis"]).raw("client", "kill", "type", "pubsub")) >= 1
        _, _, entered = ask(ports, "/api/scores", token("alan"), data=b'{"points": 7}')
        while stream.readline() != f"id: {entered['id']}\n".encode():
            pass


@on_servers
def test_without_a_variable_the_stand_in_names_it_and_does_not_start(home, ports):
    environment = variables(settings(ports))
    del environment["JWT_SECRET"]
    done = subprocess.run(
        [sys.executable, "-m", "standin"], cwd=HOME, env=environment, capture_output=True, text=True, timeout=60, check=False
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("standin: JWT_SECRET is not set")
