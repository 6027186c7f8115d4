"""A fluid through a network: what a station cannot carry is refused, waits or comes again, as arithmetic and simulation say."""

from dataclasses import replace

import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st
from network_makers import joined, link, seconds, station

from analysis.network import Traffic
from analysis.network.load import loads
from analysis.network.model import exact
from analysis.premortem.fluid import STEP_S, Client, Flow
from analysis.wiring import PathError

CLIENT = Client(interval_s=1.0, timeout_s=10.0, retries=0)


def polls(enters, per_user=1.0, **more):
    return Traffic("polls", enters, "request", per_user=per_user, **more)


def flow(network, traffic, users, client=CLIENT):
    """The network under so many users in each step."""
    people = np.asarray(users, dtype=np.float64)
    return Flow(network, [traffic], people, np.arange(len(people)) * STEP_S / 60.0, {}, client)


def only(found):
    (course,) = found.courses()
    return course


def zero(falling):
    """Where a falling function of a share crosses zero."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return low


def queueing(capacity):
    """A program with the time for so many requests a second."""
    return station("api", "service", request=capacity)


def metered(capacity):
    """A gateway with a quota of so many requests a second."""
    return station("gate", "api", request=capacity)


def test_below_every_limit_nothing_is_refused_and_nothing_waits():
    course = only(flow(joined(metered(100), queueing(100), links=[link("gate", "api")]), polls("gate"), [10, 99]))
    assert not course.refused.any()
    assert not course.waits_s.any()
    assert (course.attempts == 1.0).all()


def test_a_quota_refuses_what_is_over_it_and_what_it_refuses_goes_no_further():
    found = flow(joined(metered(100), queueing(1000), links=[link("gate", "api")]), polls("gate"), [150])
    assert only(found).refused[0] == pytest.approx(1 / 3, rel=1e-3)
    assert only(found).fails[0] == pytest.approx(1 / 3, rel=1e-3)
    assert found.load["api"]["request"][0] == pytest.approx(100, rel=1e-3)


def test_what_is_tried_again_raises_the_load_until_attempts_and_refusals_agree():
    found = flow(joined(metered(100)), polls("gate"), [150], CLIENT._replace(retries=2))
    # Each of 150 a second is tried 1 + f + f^2 times, and 100 attempts a second pass.
    share = zero(lambda f: 150 * (1 + f + f**2) * (1 - f) - 100)
    assert only(found).refused[0] == pytest.approx(share, rel=5e-3)
    assert only(found).fails[0] == pytest.approx(share**3, rel=2e-2)


def test_a_crowd_that_polls_waits_by_the_response_time_law():
    course = only(flow(joined(queueing(100)), polls("api"), [300]))
    assert course.waits_s[0] == pytest.approx(300 / 100 - 1, rel=1e-2)  # R = N / X - Z
    assert course.fails[0] == 0
    late = only(flow(joined(queueing(100)), polls("api"), [1_500]))
    assert late.waits_s[0] == pytest.approx(14, rel=1e-2)
    assert late.fails[0] == pytest.approx(14 / 15, rel=1e-2)  # past a timeout of ten seconds


def simulated_wait_s(users, interval_s, service_s, until_s=400.0):
    """The mean wait for an answer from one server, of users who ask again `interval_s` after each answer."""
    env, waits = simpy.Environment(), []
    server = simpy.Resource(env)
    rng = np.random.default_rng(11)

    def user():
        yield env.timeout(rng.uniform(0, interval_s))
        while True:
            asked = env.now
            with server.request() as turn:
                yield turn
                yield env.timeout(rng.exponential(service_s))
            if env.now > until_s / 2:
                waits.append(env.now - asked)
            yield env.timeout(rng.exponential(interval_s))

    for _ in range(users):
        env.process(user())
    env.run(until_s)
    return float(np.mean(waits))


def test_a_simulated_crowd_waits_as_long():
    wait_s = only(flow(joined(queueing(50)), polls("api"), [200])).waits_s[0]
    assert simulated_wait_s(200, 1.0, 1 / 50) == pytest.approx(wait_s, rel=0.05)


def test_requests_of_a_feed_do_not_wait_for_each_other_and_fail():
    feed = Traffic("feed", "api", "request", fixed=300.0)
    course = only(flow(joined(queueing(100)), feed, [0]))
    assert course.fails[0] == pytest.approx(2 / 3, rel=1e-3)
    assert course.waits_s[0] == 0


# --- streams and queues

READ = [link("stream", "reader", "log", batch=seconds(1))]


def records(rate):
    return Traffic("feed", "stream", "record", per_user=rate)


def test_records_wait_until_the_reader_has_worked_them_off_and_none_is_lost():
    network = joined(station("stream", "stream"), station("reader", "function", invocation=100), links=READ)
    # 150 a second for 100 s, then 50 a second: 5,000 wait, and are gone after another 100 s.
    found = flow(network, records(1.0), [150] * 10 + [50] * 20)
    (waiting,) = found.backlogs()
    assert waiting.records.max() == pytest.approx(5_000, rel=1e-2)
    assert waiting.records[-1] == pytest.approx(0, abs=60)
    assert waiting.records[9] == waiting.records.max()
    # After 100 s the reader has had the 10,000 that came in the first 66.7 s.
    assert waiting.age_s[9] == pytest.approx(100 - 10_000 / 150, rel=2e-2)
    assert not only(found).fails.any()
    taken = found.load["reader"]["invocation"].sum() * STEP_S
    assert taken == pytest.approx(150 * 100 + 50 * 200, rel=1e-2)


def test_a_table_that_is_full_keeps_its_reader_waiting():
    network = joined(
        station("stream", "stream"), station("reader", "function", invocation=1_000), station("table", "table", write=80),
        links=[*READ, link("reader", "table", "ask")],
    )  # fmt: skip
    found = flow(network, records(1.0), [100] * 30)
    (waiting,) = found.backlogs()
    assert waiting.records[-1] == pytest.approx(20 * 300, rel=2e-2)
    assert found.load["table"]["write"][-1] == pytest.approx(80, rel=1e-2)


def test_a_quota_that_two_share_is_split_by_what_each_asks():
    pooled = replace(metered(100).limits[0], pool="account")
    one, other = (replace(station(name, "api"), limits=(pooled,)) for name in ("one", "other"))
    people = np.full(3, 100.0)
    traffic = [replace(polls("one"), per_user=3.0), replace(polls("other"), name="others", per_user=1.0)]
    found = Flow(joined(one, other), traffic, people, np.arange(3.0), {}, CLIENT)
    for course in found.courses():
        assert course.refused[0] == pytest.approx(0.75, rel=1e-3)


# --- properties

LOADS = st.lists(st.floats(0, 500), min_size=3, max_size=12)
LIMITS = st.floats(20, 400)


@settings(max_examples=60, deadline=None)
@given(LOADS, LIMITS, LIMITS, LIMITS, st.integers(0, 3))
def test_what_comes_is_served_or_refused_and_no_station_carries_more_than_it_can(users, gate, api, table, retries):
    network = joined(
        metered(gate), station("api", "function", invocation=api), station("table", "table", read=table),
        links=[link("gate", "api"), link("api", "table", "ask")],
    )  # fmt: skip
    found = flow(network, polls("gate"), users, CLIENT._replace(retries=retries))
    course = only(found)
    assert not found.notes
    served = course.come * course.attempts * (1 - course.refused)
    for address, limit in (("gate", gate), ("api", api), ("table", table)):
        assert (served <= limit * 1.01 + 1e-6).all(), address
    # Nothing is refused where there was room on the whole way.
    assert not course.refused[np.asarray(users) * (retries + 1) < min(gate, api, table)].any()


@settings(max_examples=40, deadline=None)
@given(LOADS, LIMITS, LIMITS, st.floats(1.0, 3.0))
def test_more_of_one_limit_never_serves_fewer(users, gate, api, more):
    def served(factor):
        network = joined(
            metered(gate), station("api", "function", invocation=api * factor), links=[link("gate", "api")]
        )
        course = only(flow(network, polls("gate"), users))
        return course.come * (1 - course.refused)

    assert (served(more) >= served(1.0) * (1 - 2e-3)).all()


@settings(max_examples=40, deadline=None)
@given(LOADS, LIMITS)
def test_every_record_is_taken_or_waits(users, reader):
    network = joined(station("stream", "stream"), station("reader", "function", invocation=reader), links=READ)
    found = flow(network, records(1.0), users)
    taken = found.load["reader"]["invocation"].sum() * STEP_S
    waiting = sum(float(one.records[-1]) for one in found.backlogs())
    assert taken + waiting == pytest.approx(sum(users) * STEP_S, rel=1e-2, abs=30)


def test_whole_loads_are_those_of_a_network_without_overload():
    network = joined(metered(1e6), queueing(1e6), links=[link("gate", "api")])
    assert flow(network, polls("gate"), [10, 20]).load["api"]["request"].tolist() == (
        loads(network, [polls("gate")], [10, 20])["api"]["request"].tolist()
    )


def test_links_that_form_a_loop_are_refused():
    network = joined(metered(10), queueing(10), links=[link("gate", "api"), link("api", "gate")])
    with pytest.raises(PathError, match="loop"):
        flow(network, polls("gate"), [1])


def test_a_station_with_nothing_refuses_everything():
    nothing = replace(metered(1).limits[0], capacity=exact("quota", 0.0, "1/s", "test"))
    course = only(flow(joined(replace(metered(1), limits=(nothing,))), polls("gate"), [5]))
    assert course.refused[0] == pytest.approx(1.0, abs=2e-3)


def test_a_limit_that_is_used_up_to_the_digit_is_not_over():
    stations = (
        station("stream", "stream"),
        station("reader", "function", invocation=100),
        station("db", "table", write=100.0),
    )
    network = joined(*stations, links=[link("stream", "reader", "log"), link("reader", "db", "ask", reads=False)])
    found = flow(network, Traffic("feed", "stream", "record", fixed=100.02), [0] * 60)
    assert not any(one.full.any() for one in found.strains())
