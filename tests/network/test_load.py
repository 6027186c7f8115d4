"""Load on a network: what enters is served, kept or handed on; limits bind where arithmetic by hand says."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network_makers import joined, link, seconds, station

from analysis.network import Traffic, loads, uses
from analysis.network.load import hit_share
from analysis.wiring import PathError


def polls(enters, per_user=1.0, **more):
    return Traffic("polls", enters, "request", per_user=per_user, **more)


def test_a_request_goes_to_the_first_behaviour_that_covers_its_path():
    found = joined(
        station("edge", "edge"), station("pictures", "bucket"), station("api"),
        links=[link("edge", "pictures", pattern="/img/*"), link("edge", "api")],
    )  # fmt: skip
    at = loads(found, [polls("edge", path="/img/a.png")], 10)
    assert at["pictures"]["request"] == [10]
    assert "api" not in at
    assert loads(found, [polls("edge", path="/score")], 10)["api"]["request"] == [10]


def test_what_is_shared_is_kept_at_the_edge_and_what_is_not_passes():
    kept = [link("edge", "api", ttl_s=seconds(1))]
    found = joined(station("edge", "edge"), station("api"), links=kept)
    shared = polls("edge", shared=True, caches=10.0)
    # 100 polls a second on 10 caches, one second each: of 10 a second at a cache one in eleven misses.
    assert loads(found, [shared], 100)["api"]["request"][0] == pytest.approx(100 / 11)
    assert loads(found, [replace(shared, shared=False)], 100)["api"]["request"] == [100]
    shielded = joined(station("edge", "edge"), station("api"), links=[replace(kept[0], shield=True)])
    assert loads(shielded, [shared], 100)["api"]["request"][0] == pytest.approx((100 / 11) / (1 + 100 / 11))


def test_a_shared_cache_answers_before_the_store_and_is_written_after_a_miss():
    found = joined(
        station("api"), station("redis", "cache"), station("db", "database"),
        links=[link("api", "redis", "cache", ttl_s=seconds(2)), link("api", "db", "ask")],
    )  # fmt: skip
    at = loads(found, [polls("api", shared=True)], 50)
    hits = 50 * hit_share(50.0, 2.0)
    assert at["api"]["hit"][0] == pytest.approx(hits)
    assert at["db"]["read"][0] == pytest.approx(50 - hits)
    assert at["redis"]["lookup"][0] == pytest.approx(50 + (50 - hits))


def test_a_write_reaches_the_store_as_a_write_and_the_log_as_a_record_that_is_read_in_batches():
    found = joined(
        station("api"), station("db", "database"), station("stream", "stream"), station("reader", "function"),
        links=[
            link("api", "db", "ask"),
            link("api", "stream", "log"),
            link("stream", "reader", "log", batch=seconds(25)),
        ],
    )  # fmt: skip
    at = loads(found, [polls("api", method="POST")], 100)
    assert at["db"] == {"write": [100]}
    assert at["stream"]["record"] == [100]
    assert (at["reader"]["record"], at["reader"]["invocation"]) == ([100], [4])
    assert "stream" not in loads(found, [polls("api")], 100)


def test_a_gateway_keeps_the_connections_and_its_senders_send():
    found = joined(
        station("socket", "socket"), station("opens", "function"), station("sends", "function"), station("may", "function"),
        station("changes", "table"),
        links=[
            link("socket", "opens"), link("sends", "socket", "deliver"), link("may", "socket", "deliver"),
            link("changes", "sends", "log", batch=seconds(1)),
        ],
    )  # fmt: skip
    held = Traffic("live", "socket", "connection", per_user=1.0)
    at = loads(
        found, [held, replace(held, unit="connect", per_user=0.01), replace(held, unit="delivery", per_user=3.0)], 100
    )
    assert at["socket"] == {"connection": [100], "connect": [1], "delivery": [300]}
    assert at["sends"] == {"delivery": [300]}
    assert at["opens"]["invocation"] == [1]
    assert "may" not in at


def test_a_loop_is_named_and_not_followed():
    found = joined(station("a"), station("b"), links=[link("a", "b"), link("b", "a")])
    with pytest.raises(
        PathError, match=r"test.tf:1:1: error: load would go round in a loop: (a -> b -> a|b -> a -> b)"
    ):
        loads(found, [polls("a")], 1)


def test_stations_of_one_pool_use_it_up_together():
    def pooled(address):
        one = station(address, "api", request=100)
        return replace(one, limits=(replace(one.limits[0], pool="account"),))

    found = joined(pooled("a"), pooled("b"), station("c", request=1_000))
    used = uses(found, [polls("a", 1.0), polls("b", 3.0)], 10)
    assert [(use.stations, use.used, use.available) for use in used] == [(("a", "b"), 40.0, 100.0)]
    assert used[0].users_held["value"] == pytest.approx(25)


def test_the_pessimistic_end_takes_the_dear_end_of_a_cost():
    one = station("a", request=100)
    dear = replace(one.limits[0].costs["request"], low=0.5, high=2.0)
    found = joined(replace(one, limits=(replace(one.limits[0], costs={"request": dear}),)))
    held = uses(found, [polls("a")], 1)[0].users_held
    assert {level: round(value) for level, value in held.items()} == {"low": 50, "value": 100, "high": 200}


def test_what_already_fails_without_users_holds_none():
    found = joined(station("a", request=5))
    held = uses(found, [polls("a"), Traffic("feed", "a", "request", fixed=9.0)], 1)[0].users_held
    assert held["value"] == pytest.approx(0, abs=1e-6)


# Random networks: a front, programs in any order behind it, stores at the end.


@st.composite
def networks(draw):
    """A layered network without loops: every link leads to a later layer; the first station is a balancer."""
    services = draw(st.integers(1, 4))
    names = ["front", *(f"s{i}" for i in range(services)), "db", "queue", "reader"]
    limit = st.floats(0.5, 5_000)
    made = [station("front", "balancer", request=draw(limit))]
    made += [station(f"s{i}", "service", request=draw(limit), hit=draw(limit)) for i in range(services)]
    made += [station("db", "database", read=draw(limit), write=draw(limit))]
    made += [station("queue", "queue", record=draw(limit)), station("reader", "function", record=draw(limit))]
    links = [link("front", "s0")]
    for i in range(services):
        ahead = [f"s{j}" for j in range(i + 1, services)]
        links += [link(f"s{i}", target, "forward") for target in ahead if draw(st.booleans())]
        if draw(st.booleans()):
            links.append(link(f"s{i}", "db", "ask"))
        if draw(st.booleans()):
            links.append(link(f"s{i}", "queue", "log"))
    links.append(link("queue", "reader", "log", batch=seconds(draw(st.floats(1, 100)))))
    assert set(names) == {one.address for one in made}
    return joined(*made, links=links, entries=["front"])


TRAFFIC = st.builds(
    lambda per_user, method, shared: polls("front", per_user, method=method, shared=shared and method == "GET"),
    st.floats(0.01, 10), st.sampled_from(["GET", "POST"]), st.booleans(),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(networks(), TRAFFIC, st.floats(0, 1e5))
def test_what_reaches_a_station_is_what_its_links_hand_to_it(network, traffic, users):
    at = loads(network, [traffic], users)
    arrived = {address: units.get("request", 0) + units.get("hit", 0) for address, units in at.items()}
    for address in network.stations:
        into = [one for one in network.links if one.target == address]
        handed = {
            "forward": sum(float(np.sum(arrived.get(one.source, 0))) for one in into if one.role == "forward"),
            "ask": sum(float(np.sum(arrived.get(one.source, 0))) for one in into if one.role == "ask"),
            "log": sum(float(np.sum(arrived.get(one.source, 0))) for one in into if one.role == "log"),
        }
        units = {unit: float(rate[0]) for unit, rate in at.get(address, {}).items()}
        if address == "front":
            assert units.get("request", 0) == pytest.approx(traffic.per_user * users)
        elif address == "db":
            assert units.get("read", 0) + units.get("write", 0) == pytest.approx(handed["ask"])
            assert set(units) <= ({"write"} if traffic.writes else {"read"})
        elif address == "queue":
            assert units.get("record", 0) == pytest.approx(handed["log"] if traffic.writes else 0)
        elif address != "reader":
            assert units.get("request", 0) + units.get("hit", 0) == pytest.approx(handed["forward"])


@settings(max_examples=100, deadline=None)
@given(networks(), TRAFFIC, st.floats(1, 1e4), st.floats(1.1, 10), st.data())
def test_raising_one_limit_alone_never_holds_fewer(network, traffic, users, factor, data):
    def held(found):
        bound = [use.users_held["value"] for use in uses(found, [traffic], users, ranged=False)]
        known = [value for value in bound if value is not None]
        return min(known, default=float("inf"))

    raised = network.stations[data.draw(st.sampled_from(sorted(network.stations)))]
    limits = list(raised.limits)
    if not limits:
        return
    index = data.draw(st.integers(0, len(limits) - 1))
    limits[index] = replace(limits[index], capacity=limits[index].capacity.times(factor))
    other = replace(network, stations={**network.stations, raised.address: replace(raised, limits=tuple(limits))})
    assert held(other) >= held(network) * (1 - 1e-9)


@settings(max_examples=100, deadline=None)
@given(networks(), TRAFFIC, st.floats(1, 1e5))
def test_more_users_never_use_less(network, traffic, users):
    less, more = (uses(network, [traffic], count, ranged=False) for count in (users, users * 1.5))
    assert all(one.used <= other.used * (1 + 1e-9) for one, other in zip(less, more, strict=True))


@settings(max_examples=60, deadline=None)
@given(networks(), TRAFFIC, st.floats(1, 1e4))
def test_a_limit_is_just_used_up_at_the_crowd_at_which_it_is_said_to_bind(network, traffic, users):
    for use in uses(network, [traffic], users, ranged=False):
        bound = use.users_held["value"]
        if bound is not None and bound > 1:
            there = next(
                one for one in uses(network, [traffic], bound, ranged=False)
                if (one.stations, one.limit.name) == (use.stations, use.limit.name)
            )  # fmt: skip
            assert there.utilisation == pytest.approx(1.0, rel=1e-6)


def test_many_crowds_at_once_are_the_same_as_one_by_one():
    found = joined(station("edge", "edge"), station("api"), links=[link("edge", "api", ttl_s=seconds(1))])
    crowds = [0.0, 10.0, 1e6]
    together = loads(found, [polls("edge", shared=True)], crowds)["api"]["request"]
    assert list(together) == [loads(found, [polls("edge", shared=True)], one)["api"]["request"][0] for one in crowds]
