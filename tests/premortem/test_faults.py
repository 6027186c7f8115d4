"""Faults in a pre-mortem: what they do is arithmetic, and what cannot be meant is refused with how to write it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from network_makers import joined, link, seconds, station
from test_fluid import CLIENT, READ, polls, queueing, records
from typer.testing import CliRunner

from analysis.commands import app
from analysis.network import Traffic
from analysis.network.model import OPENED, SENT
from analysis.premortem.faults import Fault
from analysis.premortem.fluid import STEP_S, Flow

STACKS = Path(__file__).parents[2] / "terraform" / "stacks"
SCOREBOARD = STACKS / "scoreboard"


def flow(network, traffic, users, *faults):
    people = np.asarray(users, dtype=np.float64)
    return Flow(network, traffic, people, np.arange(len(people)) * STEP_S / 60.0, {}, CLIENT, faults)


def test_what_is_down_answers_nothing_and_only_while_it_is():
    found = flow(joined(queueing(100)), [polls("api")], [50] * 30, Fault("down", 1.0, 2.0, "api"))
    (course,) = found.courses()
    assert np.allclose(course.refused[6:18], 1.0, atol=2e-3)  # nobody who waits is answered
    assert not course.refused[:6].any()
    assert not course.refused[18:].any()
    assert not course.unmet.any()


def test_what_is_down_twice_is_down_both_times():
    found = flow(
        joined(queueing(100)), [polls("api")], [50] * 30, Fault("down", 1.0, 1.0, "api"), Fault("down", 3.0, 1.0, "api")
    )
    (course,) = found.courses()
    assert np.flatnonzero(course.refused > 0.5).tolist() == [*range(6, 12), *range(18, 24)]


def test_a_fault_begins_in_the_step_that_its_minute_falls_into():
    found = flow(joined(queueing(100)), [polls("api")], [50] * 12, Fault("down", 1.99, 5.0, "api"))
    (course,) = found.courses()
    assert np.flatnonzero(course.refused > 0.5).tolist() == [11]


def test_a_cache_that_is_down_sends_everything_to_the_store():
    network = joined(
        queueing(1_000), station("redis", "cache", lookup=1e6), station("db", "database", read=1_000),
        links=[link("api", "redis", "cache", ttl_s=seconds(60)), link("api", "db", "ask")],
    )  # fmt: skip
    found = flow(network, [polls("api", shared=True)], [200] * 12, Fault("down", 1.0, 0.5, "redis"))
    reads = found.load["db"]["read"]
    assert reads[0] == pytest.approx(200 / (1 + 200 * 60), rel=1e-3)
    assert reads[6:9] == pytest.approx([200] * 3)
    assert reads[9] == pytest.approx(reads[0])
    (course,) = found.courses()
    assert not course.refused.any()
    assert not course.unmet.any()


def test_records_wait_while_their_reader_is_down():
    network = joined(station("stream", "stream"), station("reader", "function", invocation=200), links=READ)
    found = flow(network, [records(1.0)], [100] * 40, Fault("down", 1.0, 2.0, "reader"))
    (waiting,) = found.backlogs()
    assert waiting.records.max() == pytest.approx(100 * 120, rel=2e-2)
    assert waiting.age_s[17] == pytest.approx(120, rel=5e-2)
    assert waiting.records[-1] == pytest.approx(0, abs=100)  # 200 a second work off what comes, and as much again


def sockets(opens_per_s):
    """A gateway at which so many connections a second can be opened, and its traffic of two hours each."""
    gate = station("gate", "socket", connect=opens_per_s)
    held = Traffic("live", "gate", "connection", per_user=1.0)
    return joined(gate), [
        held,
        replace(held, name=f"live{OPENED}", unit="connect", per_user=1 / 7200),
        replace(held, name=f"live{SENT}", unit="delivery", per_user=0.1),
    ]


def test_connections_that_are_all_lost_come_back_as_fast_as_they_can_be_opened():
    network, traffic = sockets(500)
    found = flow(network, traffic, [20_000] * 60, Fault("disconnect", 2.0, 0.0, "live"))
    (wave,) = found.waves()
    assert wave.held == 20_000
    gone = np.flatnonzero(wave.waiting > 0.01 * wave.held)
    assert (gone[-1] + 1 - 12) * STEP_S == pytest.approx(20_000 / 500, abs=STEP_S)  # forty seconds
    opened = found.load["gate"]["connect"]
    assert opened.max() <= 500 * 1.01
    held = next(one for one in found.courses() if one.unit == "connection")
    assert held.unmet[12] == pytest.approx(1 - 500 * STEP_S / 20_000, rel=5e-2)
    sent = next(one for one in found.courses() if one.unit == "delivery")
    assert sent.unmet[12] == pytest.approx(held.unmet[12], rel=5e-2)
    assert not sent.unmet[-1]


def asked(*arguments):
    return CliRunner().invoke(app, ["premortem", str(SCOREBOARD), *arguments])


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("flood@10:x", "'flood' is not known; the faults are down, disconnect"),
        ("down", "write KIND@MINUTE+MINUTES:ADDRESS"),
        ("down@10:module.cache.x", "write KIND@MINUTE+MINUTES:ADDRESS"),
        ("down@1.2.3+4:module.cache.x", "write KIND@MINUTE+MINUTES:ADDRESS"),
        ("disconnect@10+5:scores", "write KIND@MINUTE:NAME"),
        ("disconnect@10:goals", "goals is not a [[connection]] of"),
        ("down@10+5:aws_db_instance.gone", "is not a resource of scoreboard that takes load; there are"),
        (
            "down@10+0:module.cache.aws_elasticache_replication_group.this",
            "write how many minutes it lasts, at least a step of 10 s",
        ),
        (f"down@10+{'9' * 400}:module.cache.aws_elasticache_replication_group.this", "write how many minutes it lasts"),
        ("disconnect@999:scores", "minute 999 is not in the scenario, which runs from minute -60 to 180"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_with_how_to_write_it(fault, said):
    result = asked("--fault", fault)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_a_fault_stands_in_the_story():
    result = asked("--fault", "disconnect@100:scores")
    assert result.exit_code == 0
    assert "At minute 100 all 29,500 connections of scores are lost" in " ".join(result.stdout.split())


def test_a_table_that_every_update_needs_may_be_down():
    table = "module.idempotency.aws_dynamodb_table.this"
    result = CliRunner().invoke(app, ["premortem", str(STACKS / "engine"), "--fault", f"down@180+5:{table}"])
    assert result.exit_code == 0, result.stderr
    assert "is behind on `module.updates.aws_kinesis_stream.this`" in " ".join(result.stdout.split())


def test_nothing_is_sent_while_the_channel_is_down_by_which_the_senders_learn():
    channel = "module.channel[0].aws_elasticache_replication_group.this"
    result = CliRunner().invoke(app, ["premortem", str(STACKS / "engine"), "--fault", f"down@180+5:{channel}"])
    assert result.exit_code == 0, result.stderr
    assert "of the deliveries over connections are not sent in time: up to 100%" in " ".join(result.stdout.split())


def test_a_connection_is_followed_through_one_loss_a_run():
    result = asked("--fault", "disconnect@60:scores", "--fault", "disconnect@120:scores")
    assert result.exit_code == 2
    assert "scores is lost at minute 60 already" in result.stderr


@pytest.mark.parametrize(
    ("users", "said"),
    [
        ("30000", "At minute 180 all 3,133 connections of scores are lost; 99% of them are back within 10 s."),
        ("0", "At minute 180 nobody holds a connection of scores that could be lost."),
    ],
)
def test_connections_that_are_lost_in_the_last_step_are_followed_to_its_end(users, said):
    result = asked("--fault", "disconnect@179.99:scores", "--users", users)
    assert result.exit_code == 0
    assert said in " ".join(result.stdout.split())


def test_hours_that_do_not_settle_are_refused():
    gateway = ["--var", "live=gateway", "--var", "send_interval_ms=0"]
    result = CliRunner().invoke(app, ["premortem", str(STACKS / "engine"), "--fault", "disconnect@180:live", *gateway])
    assert result.exit_code == 2
    assert "the hours do not settle" in result.stderr


@pytest.mark.parametrize("command", ["premortem", "capacity"])
def test_more_users_than_there_are_people_are_refused(command):
    result = CliRunner().invoke(app, [command, str(SCOREBOARD), "--users", "1" + "0" * 400])
    assert result.exit_code == 2
    assert "--users" in result.stderr


def test_what_held_connections_and_stops_comes_back_to_all_of_them_at_once():
    network, traffic = sockets(500)
    found = flow(network, traffic, [20_000] * 90, Fault("down", 2.0, 1.0, "gate"))
    (wave,) = found.waves()
    assert wave.waiting[12:18].min() == pytest.approx(20_000, rel=1e-2)  # nobody gets in while it is down
    gone = np.flatnonzero(wave.waiting > 0.01 * wave.held)
    assert (gone[-1] + 1 - 18) * STEP_S == pytest.approx(20_000 / 500, abs=STEP_S)
    sent = next(one for one in found.courses() if one.unit == "delivery")
    assert sent.unmet[12:18] == pytest.approx([1.0] * 6, abs=1e-2)  # and nobody is sent anything
    assert not sent.unmet[-1]


def test_what_is_turned_away_is_sent_nothing():
    gate = station("gate", "socket", connection=10_000)
    held = Traffic("live", "gate", "connection", per_user=1.0)
    traffic = [held, replace(held, name=f"live{SENT}", unit="delivery", per_user=0.1)]
    found = flow(joined(gate), traffic, [20_000] * 6)
    connections, sent = found.courses()
    assert connections.refused[0] == pytest.approx(0.5, rel=1e-2)
    assert sent.unmet[0] == pytest.approx(0.5, rel=1e-2)
