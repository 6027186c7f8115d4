"""Every line of the page about Redis is typed at a real one, and lives as long as Terraform says."""

import re
import shlex
import time
from pathlib import Path

import pytest
from page_blocks import blocks

PAGE = Path(__file__).parents[3] / "docs" / "olympics" / "redis-keys.md"
MACRO = re.compile(r'\{\{ value\("olympics", "var\.cache_lifetimes_s", "(\w+)"\) \}\}')
VARIABLES = {
    "live_event": "CACHE_LIVE_EVENT_S", "past_event": "CACHE_PAST_EVENT_S", "athlete": "CACHE_ATHLETE_S",
    "leaderboard": "CACHE_LEADERBOARD_S",
}  # fmt: skip


@pytest.fixture(scope="module")
def lifetimes(architecture):
    """What the function that writes results is given, by the name of its variable."""
    processor = next(one for one in architecture.of_type("aws_lambda_function") if one.address.endswith(".processor"))
    return processor.values["environment"][0]["variables"]


def typed(page, lifetimes):
    """The commands of a page with the answers that it shows, in order."""
    for _, text in blocks(page, "text"):
        filled = MACRO.sub(lambda match: lifetimes[VARIABLES[match[1]]], text)
        for part in re.split(r"^redis> ", filled, flags=re.MULTILINE)[1:]:
            command, _, answer = part.partition("\n")
            yield shlex.split(command), answer.rstrip("\n")


def test_every_command_of_the_page_is_answered_as_it_shows(redis_server, lifetimes):
    redis_server.run("FLUSHALL")
    commands = list(typed(PAGE, lifetimes))
    assert len(commands) >= 25
    for words, answer in commands:
        assert redis_server.run(*words) == answer, words


def test_a_changed_answer_is_noticed(redis_server, lifetimes, tmp_path):
    """The page with another leader than Redis has."""
    wrong = tmp_path / "page.md"
    wrong.write_text(PAGE.read_text(encoding="utf-8").replace('1) "NOR"', '1) "GER"'), encoding="utf-8")
    redis_server.run("FLUSHALL")
    assert any(redis_server.run(*words) != answer for words, answer in typed(wrong, lifetimes))


def test_every_kind_of_key_ends(redis_server, lifetimes):
    """Whatever the page writes has an end, but for what it shows of the brief; nothing lives longer than the longest."""
    redis_server.run("FLUSHALL")
    written = set()
    for words, _ in typed(PAGE, lifetimes):
        if words[0] == "UNLINK":
            break
        redis_server.run(*words)
        written |= {words[1]} if words[0] in ("ZADD", "HSET", "SET") else set()
    ends = {key: int(redis_server.run("TTL", key).removeprefix("(integer) ")) for key in written}
    assert {key.split(":")[0] for key in ends} == {"leaderboard", "event", "athlete"}
    assert all(0 < left <= max(int(lifetimes[name]) for name in VARIABLES.values()) for left in ends.values()), ends


def test_an_event_that_is_on_is_gone_after_its_lifetime(redis_server, lifetimes):
    redis_server.run("HSET", "event:1", "status", "live")
    redis_server.run("PEXPIRE", "event:1", str(int(lifetimes["CACHE_LIVE_EVENT_S"]) * 100))  # a tenth of it
    assert redis_server.run("EXISTS", "event:1") == "(integer) 1"
    time.sleep(int(lifetimes["CACHE_LIVE_EVENT_S"]) / 10 + 0.2)
    assert redis_server.run("EXISTS", "event:1") == "(integer) 0"


def test_times_as_written_are_read_from_the_slowest(redis_server):
    """The brief's command on the scores of a downhill."""
    redis_server.run("FLUSHALL")
    redis_server.run("ZADD", "board", "101.13", "fast", "102.04", "slow")
    assert redis_server.run("ZREVRANGE", "board", "0", "0") == '1) "slow"'
    assert redis_server.run("ZRANGE", "board", "0", "0") == '1) "fast"'


def test_the_evictions_of_the_brief_take_keys_that_expire_and_others_alike(redis_server):
    """allkeys-lru, the brief's policy: a full Redis goes on writing."""
    redis_server.run("FLUSHALL")
    for setting in (("maxmemory", "3mb"), ("maxmemory-policy", "allkeys-lru")):
        assert redis_server.run("CONFIG", "SET", *setting) == "OK"
    try:
        for number in range(60):
            assert redis_server.run("SET", f"athlete:{number}", "x" * 100_000, "EX", "300") == "OK"
        assert int(re.search(r"evicted_keys:(\d+)", redis_server.run("INFO", "stats"))[1]) > 0
    finally:
        redis_server.run("CONFIG", "SET", "maxmemory", "0")
