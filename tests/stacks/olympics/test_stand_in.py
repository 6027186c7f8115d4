"""The stand-in of the API on a real PostgreSQL and Redis: what it answers from the one it answers from the other too."""

import http.client
import json
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from analysis.loadtest import run, servers, standin
from analysis.loadtest import tested as plans
from analysis.scratch import scratch_directory
from analysis.studies import Studies

STACK = Path(__file__).parents[3] / "terraform" / "stacks" / "olympics"
OWN = standin.stand_in(STACK)
LACKING = servers.missing(servers.OWN) or OWN.missing()
pytestmark = pytest.mark.skipif(bool(LACKING), reason=LACKING)

HIT, MISS = "redis; hit", "redis; fwd=miss"
LEADERBOARD = "/api/leaderboards/skiing/event_7"


class Api:
    """The stand-in, its Redis, and what PostgreSQL says."""

    def __init__(self, server, redis, store, password):
        self.server, self.redis, self.store, self.password = server, redis, store, password

    def asked(self, path, method="GET"):
        """Status, what it says of caches, and the body."""
        connection = http.client.HTTPConnection(servers.LOOPBACK, self.server.port, timeout=10)
        connection.request(method, path)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, answer.getheader("Cache-Status"), json.loads(text) if text else None

    def cache(self, *words):
        """What redis-cli answers."""
        command = [servers.found("redis-cli"), "-p", str(self.redis.port), *words]
        done = subprocess.run(
            command, env=servers.environment(REDISCLI_AUTH=self.password), capture_output=True, text=True, check=True
        )
        return done.stdout.strip()


@pytest.fixture(scope="module")
def api(directory):
    plan = plans.tested(Studies(directory.parent).study("olympics"))
    with ExitStack() as stack:
        scratch = stack.enter_context(scratch_directory("gameday-standin-"))
        behind = stack.enter_context(run.own_behind(scratch, plan, OWN))
        server = stack.enter_context(behind.start("tested", 0.0, {}))
        store, redis = behind.servers
        yield Api(server, redis, store, behind.cache_password)


@pytest.fixture(autouse=True)
def _empty(api):
    api.cache("FLUSHALL")


@pytest.mark.parametrize(
    "path", [LEADERBOARD, "/api/leaderboards/medals", "/api/events", "/api/events/7", "/api/athletes/421"]
)
def test_what_redis_keeps_is_what_postgresql_said(api, path):
    status, cached, first = api.asked(path)
    assert (status, cached) == (200, MISS)
    assert api.asked(path) == (200, HIT, first)
    assert first


def test_a_leaderboard_is_put_together_of_a_sorted_set_and_its_athletes(api):
    _, _, rows = api.asked(f"{LEADERBOARD}?limit=3")
    assert [(row["rank"], row["name"], row["score"]) for row in rows] == [
        (1, "Athlete 422", 100.137), (2, "Athlete 423", 100.274), (3, "Athlete 424", 100.411),
    ]  # fmt: skip
    api.cache("ZADD", "leaderboard:skiing:event_7", "99000", "athlete:424")  # a corrected result, by the function
    status, cached, rows = api.asked(f"{LEADERBOARD}?limit=3")
    assert (status, cached) == (200, HIT)
    assert [row["name"] for row in rows] == ["Athlete 424", "Athlete 422", "Athlete 423"]
    api.cache("DEL", "athlete:422")  # without one of its athletes it is asked for again
    assert api.asked(f"{LEADERBOARD}?limit=3")[1] == MISS


def test_the_medal_table_counts_gold_before_silver_before_bronze(api):
    for _ in range(2):
        _, _, rows = api.asked("/api/leaderboards/medals?limit=200")
        counts = [(row["gold"], row["silver"], row["bronze"]) for row in rows]
        assert counts == sorted(counts, reverse=True)
        assert sum(gold for gold, _, _ in counts) == 200


def test_every_key_lives_as_long_as_the_terraform_says(api, architecture):
    lifetimes = architecture.variables["cache_lifetimes_s"].value
    for path in (LEADERBOARD, "/api/leaderboards/medals", "/api/events/7", "/api/events/150", "/api/athletes/1"):
        api.asked(path)
    for key, name in {
        "leaderboard:skiing:event_7": "leaderboard", "leaderboard:global_medals": "leaderboard", "event:7": "live_event",
        "event:150": "past_event", "athlete:422": "athlete", "athlete:1:results": "athlete",
    }.items():  # fmt: skip
        left_ms = int(api.cache("PTTL", key))
        assert 1000 * lifetimes[name] - 5000 < left_ms <= 1000 * lifetimes[name], key


@pytest.mark.parametrize(
    "path",
    [
        "/api/events/201", "/api/events/0", "/api/events/7%20OR%201=1", "/api/athletes/99999999999",
        "/api/leaderboards/skiing/event_999",
        "/api/leaderboards/skiing/x%0d%0aDEL", "/api/leaderboards/SKIING/event_7", "/admin", "/api/leaderboards/medals?limit=x",
    ],
)  # fmt: skip
def test_what_is_not_there_is_not_found(api, path):
    status, _, body = api.asked(path)
    assert (status, "error" in body) == (404, True)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_visitor_changes_nothing(api, method):
    assert api.asked(LEADERBOARD, method)[0] == 404


def test_no_list_is_longer_than_the_most(api):
    assert len(api.asked(f"{LEADERBOARD}?limit=100000")[2]) == 60
    assert len(api.asked(LEADERBOARD)[2]) == 25
