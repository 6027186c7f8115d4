"""The deployment guide put to the test: its commands as computed and as typed at real servers, its remedies tried."""

import csv
import re
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from clients import Postgres, Redis
from patience import at_last

from analysis import evidence, ledger
from analysis.ledger import attempts, typed
from analysis.loadtest import servers
from analysis.premortem import premortem
from analysis.scratch import scratch_directory
from analysis.studies import Studies, study

ROOT = Path(__file__).parents[3]
PAGES = ROOT / "docs" / "scoreboard"
AS_WRITTEN = ROOT / "terraform" / "stacks" / "scoreboard_as_written"
LACKING = servers.lacking(("initdb", "postgres", "pg_isready", "psql", "redis-server", "redis-cli"))
on_servers = pytest.mark.skipif(bool(LACKING), reason=LACKING)


@pytest.fixture(scope="module")
def commands():
    return ledger.commands(PAGES, "docs/scoreboard")


def at(commands, line):
    """The command of a line of the guide."""
    (found,) = [one for one in commands.typed if one.line == line]
    return found


# --- computed


def test_each_class_is_the_one_that_the_checker_computes_and_each_corrected_command_has_no_finding(commands):
    assert commands.broken == ()
    assert len(commands.typed) >= 130
    assert sum(one.by == "checker" for one in commands.typed) >= 60
    assert all(one.corrected for one in commands.typed if one.stated == "refused")


def test_the_provable_faults_are_found_in_their_lines(commands):
    assert {one.line: one.found[0].rule for one in commands.typed if one.found} == {
        584: "type", 785: "scaling-metric", 940: "metric", 979: "metric", 992: "metric", 1096: "json-as-words",
        1104: "metric", 1137: "enum", 1235: "enum", 1352: "jq", 1397: "member", 1456: "enum", 1467: "never-ran",
        1563: "metric",
    }  # fmt: skip


def changed(tmp_path, line, **values):
    """What is broken after a row of the commands is changed."""
    with (PAGES / typed.COMMANDS).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["line"] == str(line):
            row.update(values)
    path = tmp_path / typed.COMMANDS
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, typed.COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return ledger.commands(tmp_path, "pages").broken


SOUND = (
    "NEW_TASK_DEF=$(aws ecs describe-task-definition --task-definition $CURRENT_TASK_DEF --query taskDefinition | jq 'del("
    ".taskDefinitionArn, .revision, .status, .requiresAttributes, .compatibilities, .registeredAt, .registeredBy)')"
)


@pytest.mark.parametrize(
    ("line", "values", "wanted"),
    [
        (1456, {"class": "runs"}, "line 1456 is stated as 'runs' and is 'refused'"),
        (745, {"class": "refused", "reason": "?"}, "line 745 is stated as 'refused' and is 'runs'"),
        (1104, {"class": "runs", "by": "reading", "evidence": "?"}, "the checker finds a fault"),
        (1137, {"corrected": "aws ecs list-tasks --sort NONE"}, "is corrected to one that is wrong"),
        (1392, {"command": SOUND}, "line 1397 is stated as 'refused' and is 'runs'"),
    ],
)
def test_a_row_that_no_longer_follows_is_named_with_its_place(tmp_path, line, values, wanted):
    (broken,) = changed(tmp_path, line, **values)[:1]
    assert wanted in broken
    assert broken.startswith("pages/guide/commands.csv:")


# --- typed at the emulated AWS, by `gameday guide`


@pytest.fixture(scope="module")
def outcomes(commands):
    return ledger.outcomes(PAGES, commands)


def test_every_outcome_is_the_one_that_was_recorded_of_what_stands_here(commands, outcomes, architecture):
    """After a change: gameday records --renew executed/scoreboard."""
    needs = attempts.plan(PAGES, "docs/scoreboard")
    assert evidence.stale(outcomes.record, attempts.basis(commands, needs, architecture, ROOT)) == ""
    assert outcomes.broken == ()


def test_a_call_that_was_refused_is_not_executed_although_the_shell_says_0(outcomes):
    one = next(one for one in outcomes.outcomes if one.text == "0")
    failed = replace(one, found=replace(one.found, verdict="failed", said="AWS refuses it"))
    assert (failed.text, failed.executed) == ("failed", False)
    assert "is stated as '0' and is 'failed' (AWS refuses it)" in failed.broken


def test_every_corrected_command_was_executed_but_those_that_need_what_is_not_here(outcomes):
    corrected = [one for one in outcomes.outcomes if one.command.corrected]
    left = {one.command.line: one.found.said for one in corrected if not one.executed}
    assert left.keys() == {
        361, 371,  # the program; an editor
        389, 392, 435, 495,  # Docker
        504,  # version 2 of the command line
        563,  # a template
        1011, 1017, 1029, 1034,  # queries for the console
    }  # fmt: skip
    assert all(left.values())
    assert 1 - len(left) / len(corrected) >= 0.75


def test_of_all_commands_at_least_66_were_answered_by_the_emulator_and_none_failed(outcomes):
    assert sum(one.text == "0" and one.found.source == "emulator" for one in outcomes.outcomes) >= 66
    assert not [one.command.line for one in outcomes.outcomes if one.found.verdict == "failed"]
    assert all(one.found.said for one in outcomes.outcomes if one.found.verdict != "executed")


def test_the_release_script_ends_at_line_1397_and_ours_notes_what_serves(outcomes):
    written, corrected, ours = outcomes.scripts["blue-green"]
    assert (written.ended, written.state["Revisions registered"]) == (1397, "1")
    assert [call.line for call in written.calls if not call.answered] == [1397]
    assert corrected.status == ours.status == 0
    assert corrected.state["Serves"] == ours.state["Serves"] != written.state["Serves"]
    noted = "Image noted for the next apply"
    assert "sha256:3333" in ours.state[noted]
    assert written.state[noted] == corrected.state[noted]


def test_the_rollback_ends_at_its_first_command_and_would_serve_a_revision_that_never_ran(outcomes):
    written, corrected, ours = outcomes.scripts["rollback"]
    assert (written.ended, written.calls[0].line) == (1456, 1456)
    assert "sort is NONE" in written.said
    assert written.state["Serves"].endswith(":2")
    assert corrected.state["Serves"].endswith(":1")
    assert ours.state["Serves"].endswith(":1")


def test_an_outcome_that_is_not_the_recorded_one_is_named_with_its_place(commands, outcomes):
    one = outcomes.of(584)
    assert replace(one, command=replace(one.command, outcome="255")).broken.startswith(
        f"docs/scoreboard/guide/commands.csv:{one.command.place.line}: the outcome of line 584 is stated as '255' and is '0'"
    )
    assert "is '?'" in replace(one, found=None).broken


def test_the_scripts_are_those_of_the_rows(commands):
    """As written: each command of chapter 8's scripts stands in them, in its line."""
    plan = attempts.plan(PAGES, "docs/scoreboard")
    for script in plan.scripts:
        written = script.variants[0]
        lines = (ROOT / written.file).read_text().splitlines()
        rows = [one for one in commands.typed if written.starts <= one.line < written.starts + len(lines)]
        assert len(rows) >= 5
        for one in rows:
            begins = one.line - written.starts
            assert "\n".join(lines[begins : begins + len(one.command.splitlines())]) == one.command


# --- typed at the shell


def bash(text, **options):
    return subprocess.run(
        ["bash", "-c", text],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **{"env": servers.environment()} | options,
    )


def test_the_shell_itself_refuses_what_is_not_written_out_and_what_is_no_command(commands):
    assert "syntax error" in bash(f"set -n\n{at(commands, 818).command}").stderr
    assert "command not found" in bash(at(commands, 1044).command).stderr
    assert bash(at(commands, 1211).command).returncode == 127
    for line in (818, 1456, 1434):
        assert bash(f"set -n\n{at(commands, line).corrected}").returncode == 0


# --- typed at PostgreSQL


@pytest.fixture(scope="module")
def database():
    """A PostgreSQL with the guide's table and two hundred thousand scores, and what asks it."""
    with scratch_directory("gameday-guide-") as home, servers.postgresql(home) as server:
        asked = Postgres(server.port, "scoreboard_db")
        asked.run("CREATE DATABASE scoreboard_db", database="postgres")
        asked.run(
            "CREATE TABLE scores (user_id int, score int); "
            "INSERT INTO scores SELECT n, (n * 7919) % 1000003 FROM generate_series(1, 200000) n; ANALYZE scores",
        )
        yield server, asked


TEN = "SELECT * FROM scores ORDER BY score DESC LIMIT 10"


@on_servers
def test_each_command_for_postgresql_does_as_its_row_says(commands, database):
    here = {"PGPORT": str(database[0].port), "PATH": f"{Path(servers.found('psql')).parent}:/usr/bin:/bin"}
    rows = [one for one in commands.typed if one.by == "server" and "psql" in (one.corrected or one.command)]
    assert len(rows) == 4
    for one in rows:
        done = bash((one.corrected or one.command).replace("<rds-endpoint>", "127.0.0.1"), env=here)
        assert done.returncode == 0, done.stderr
        assert done.stdout


@on_servers
def test_the_index_of_the_guide_does_nothing_and_the_corrected_one_ends_the_sort(commands, database):
    plain = database[1].run(f"EXPLAIN {TEN}")
    database[1].run(at(commands, 1218).command)
    assert database[1].run(f"EXPLAIN {TEN}") == plain
    assert "Seq Scan" in plain
    database[1].run(at(commands, 1218).corrected)
    assert "Index Scan using idx_scores_score" in database[1].run(f"EXPLAIN {TEN}")
    database[1].run("DROP INDEX idx_scores_user_score, idx_scores_score")


@on_servers
def test_the_slow_query_log_is_empty_until_a_threshold_is_set(database):
    text = "SELECT pg_sleep(0.3)"
    database[1].run(text)
    assert text not in database[0].log.read_text()
    database[1].run(f"SET log_min_duration_statement = 100; {text}")
    assert text in database[0].log.read_text()


@on_servers
def test_max_connections_needs_a_restart(database):
    assert database[1].run("SELECT context FROM pg_settings WHERE name = 'max_connections'") == "postmaster"


@on_servers
def test_a_session_that_waits_in_a_transaction_keeps_its_connection_until_it_is_ended(commands, database):
    with subprocess.Popen(
        database[1].command(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
    ) as session:
        session.stdin.write("BEGIN; SELECT 1;\n")
        session.stdin.flush()
        idle = "FROM pg_stat_activity WHERE datname = 'scoreboard_db' AND state = 'idle in transaction'"
        at_last(lambda: database[1].run(f"SELECT count(*) {idle}") == "1")
        listed = re.search(r'-c "(.*)"', at(commands, 1134).command)[1].rstrip(";")
        assert "idle in transaction" in database[1].run(listed)
        assert database[1].run(f"SELECT pg_terminate_backend(pid) {idle}") == "t"
        at_last(lambda: database[1].run(f"SELECT count(*) {idle}") == "0")
        session.stdin.close()


@on_servers
def test_a_materialized_view_is_as_old_as_its_refresh_and_a_refresh_reads_the_whole_table(database):
    database[1].run(f"CREATE MATERIALIZED VIEW board AS {TEN}; INSERT INTO scores VALUES (0, 2000000)")
    highest = "SELECT max(score) FROM board"
    assert database[1].run(highest) != "2000000"
    before = rows_read(database[1])
    database[1].run("REFRESH MATERIALIZED VIEW board")
    assert database[1].run(highest) == "2000000"
    at_last(lambda: rows_read(database[1]) - before >= 200_000)
    database[1].run("DROP MATERIALIZED VIEW board; DELETE FROM scores WHERE user_id = 0")


def rows_read(asked):
    return int(asked.run("SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'scores'"))


# --- typed at Redis


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A Redis with TLS and a password, as the guide describes it: its port, and what redis-cli is given beside the command."""
    home = tmp_path_factory.mktemp("tls")
    key, certificate = home / "key.pem", home / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj",
         "/CN=127.0.0.1"],
        env=servers.environment(), check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    key.chmod(0o644)
    port = servers.free_port()
    settings = {
        "tls-port": str(port), "tls-cert-file": str(certificate), "tls-key-file": str(key), "tls-ca-cert-file": str(certificate),
        "tls-auth-clients": "no",
    }  # fmt: skip
    with servers.cache(home, settings, password="word") as (_, _):
        yield (
            port,
            {
                "REDIS_PASSWORD": "word",
                "SSL_CERT_FILE": str(certificate),
                "PATH": f"{Path(servers.found('redis-cli')).parent}:/usr/bin:/bin",
            },
        )


def at_redis(text, port):
    """A command of the guide with the address of our Redis; it is ended after a while, as `monitor` never ends."""
    text = re.sub(r"-h <elasticache-endpoint>(?: -p 6379)?", f"-h 127.0.0.1 -p {port}", text)
    return text.replace("redis-cli", "timeout 5 redis-cli")


NO = ("NOAUTH", "Server closed the connection", "Connection reset", "I/O error", "Protocol error")


@on_servers
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl not found")
def test_each_command_for_redis_is_refused_as_written_and_answered_as_corrected(commands, cache):
    port, here = cache
    rows = [one for one in commands.typed if one.kind == "redis"]
    assert len(rows) == 7
    for one in rows:
        done = bash(at_redis(one.command, port), env=here)
        assert any(word in done.stdout + done.stderr for word in NO), (one.line, done)
        done = bash(at_redis(one.corrected, port), env=here)
        assert done.returncode == 0, (one.line, done)
        assert not any(word in done.stdout + done.stderr for word in NO), (one.line, done)
        assert done.stdout


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    """A Redis without a password, by what its redis-cli answers."""
    with servers.cache(tmp_path_factory.mktemp("redis"), password="") as (server, _):
        yield Redis(server.port).raw


@on_servers
def test_a_longer_ttl_keeps_what_is_no_longer_true(redis):
    redis("set", "leaderboard:top10", "ada 1", "ex", "3600")
    redis("set", "score:ada", "2")
    assert redis("get", "leaderboard:top10") == "ada 1"
    assert int(redis("ttl", "leaderboard:top10")) > 3590


@on_servers
def test_a_sorted_set_takes_one_score_and_gives_the_ten_highest(redis):
    for user in range(20):
        redis("zadd", "board", str(user), f"user{user}")
    redis("zincrby", "board", "100", "user3")
    highest = redis("zrevrange", "board", "0", "9").split()
    assert (highest[0], len(highest)) == ("user3", 10)


@on_servers
def test_cluster_mode_refuses_keys_of_two_slots(tmp_path):
    settings = {"cluster-enabled": "yes", "cluster-port": str(servers.free_port())}
    with servers.cache(tmp_path, settings, password="") as (server, _):
        asked = Redis(server.port).raw
        assert asked("cluster", "addslotsrange", "0", "16383") == "OK"
        at_last(lambda: "cluster_state:ok" in asked("cluster", "info"))
        assert "CROSSSLOT" in asked("mget", "leaderboard:top10", "score:ada")


@on_servers
def test_a_closed_port_refuses_at_once_and_says_so():
    assert "Connection refused" in Redis(servers.free_port()).raw("ping")


# --- simulated


@pytest.fixture(scope="module")
def load():
    """How full stations of the guide's design get over its hours, by a part of their address, under what is given."""

    def fullest(station, limit="", **given):
        tried = study(AS_WRITTEN, **given)
        found = premortem(tried.architecture, tried.scenario, tried.about)
        return max(
            float(one.load.max())
            for one in found.strained
            if any(station in name for name in one.stations) and limit in one.limit.name
        )

    return fullest


def test_a_larger_task_halves_what_deliveries_take_of_its_processor(load):
    larger = {"aws_ecs_task_definition.this": {"cpu": "1024", "memory": "2048"}}
    assert load("ecs_service", "processor", arguments=larger) == pytest.approx(
        load("ecs_service", "processor") / 2, rel=0.05
    )


def test_the_database_is_idle_while_the_streams_are_full(load):
    assert load("db_instance") < 0.05
    assert load("ecs_service") > 1


def test_fewer_updates_help_and_a_limit_by_user_does_not_bound_them(load):
    """The rate of updates is that of a game: as many users may each stay below the guide's ten a minute."""
    slow, quick = (
        load("ecs_service", "processor", assumed={"publisher.updates_per_minute": rate}) for rate in (10, 600)
    )
    assert quick > 2 * slow


# --- the remedies


def test_each_of_the_thirty_five_remedies_has_a_verdict_whose_evidence_holds():
    found = ledger.remedies(PAGES, Studies(ROOT / "terraform" / "stacks"), "docs/scoreboard")
    assert found.broken == ()
    assert len(found.remedies) == 35
    assert sorted(Counter(one.problem for one in found.remedies).values()) == [5] * 7
    assert found.counts["not tried"] <= 5


def test_a_verdict_whose_evidence_does_not_hold_is_named(tmp_path):
    path = tmp_path / "docs" / "scoreboard" / ledger.REMEDIES
    path.parent.mkdir(parents=True)
    path.write_text(
        "line,problem,remedy,verdict,shown,evidence,note\n"
        "1249,Drops,60 s,helps,computed,limit.at(name = 'alb.idle_timeout_s') < 60,It is longer.\n"
    )
    (broken,) = ledger.remedies(path.parents[1], Studies(ROOT / "terraform" / "stacks"), "pages").broken
    assert broken.startswith("pages/guide/remedies.csv:2: the remedy of line 1249 is stated as 'helps'")
