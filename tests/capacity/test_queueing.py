import heapq
import math
import random

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from analysis.capacity.queueing import (
    cpu_s_from_knee,
    erlang_a,
    erlang_b,
    erlang_c,
    finite_source,
    freshness,
    knee_users,
    mm1,
    mmc,
    mmck,
    number_in_system,
    overload_response_s,
    stuck_for_ever,
    usl_throughput,
    utilisation,
)

LOADS = st.floats(0.01, 200)
SERVERS = st.integers(1, 60)
RATES = st.floats(0.01, 100)


# --- exact values ---


def test_erlangs_tables_hold():
    # Ten erlangs on ten lines lose 21.46 %; on fifteen 3.65 % (any Erlang B table).
    assert erlang_b(10, 10) == pytest.approx(0.2146, abs=5e-5)
    assert erlang_b(10, 15) == pytest.approx(0.0365, abs=5e-5)
    assert erlang_c(8, 10) == pytest.approx(0.4092, abs=5e-5)


def test_erlang_b_is_the_sum_it_stands_for():
    load, lines = 7.3, 9
    terms = [load**k / math.factorial(k) for k in range(lines + 1)]
    assert erlang_b(load, lines) == pytest.approx(terms[-1] / sum(terms))


def test_one_server_waits_as_the_textbook_says():
    queue = mm1(8, 10)
    assert queue.mean_response_s == pytest.approx(1 / (10 - 8))
    assert queue.mean_wait_s == pytest.approx(0.8 / 2)
    assert queue.mean_number == pytest.approx(0.8 / 0.2)
    assert queue.wait_probability == pytest.approx(0.8)


def test_one_server_with_room_for_k_loses_as_the_textbook_says():
    rho, room = 1.2, 5
    assert mmck(12, 10, 1, room).loss_probability == pytest.approx((1 - rho) * rho**room / (1 - rho ** (room + 1)))


def test_the_knee_of_the_measured_service_lies_where_it_was_measured():
    # 1.06 ms of CPU at a quarter vCPU and a poll every 5 s: 1,180 users and 236 requests a second, as measured within 5 %.
    assert knee_users(5, 0.25 / 0.00106) == pytest.approx(1_179, abs=1)
    assert cpu_s_from_knee(1_179.245, 5, 0.25) == pytest.approx(0.00106, rel=1e-4)
    # Measured at 1,500 users: 1.1 to 1.9 s; the same model elsewhere gave 1.356 s.
    assert finite_source(1_500, 5, 236, 1).mean_response_s == pytest.approx(1.356, abs=0.005)
    # At the knee: 0.118 s.
    assert finite_source(1_180, 5, 236, 1).mean_response_s == pytest.approx(0.118, abs=0.002)


def test_two_polling_users_of_one_server_are_solved_by_hand():
    # Think 1 s, serve 1 s: states 0, 1, 2 weigh 1, 2, 2.
    queue = finite_source(2, 1, 1, 1)
    assert queue.throughput_per_s == pytest.approx(4 / 5)
    assert queue.mean_number == pytest.approx(6 / 5)
    assert queue.mean_response_s == pytest.approx(1.5)


def test_a_poll_every_five_seconds_shows_three_fifths_of_the_updates_within_three():
    assert freshness(0, 5).within(3) == pytest.approx(0.6)


def test_two_equal_delays_add_up_to_a_triangle():
    both = freshness(0, 1, (1,))
    assert both.within(0.5) == pytest.approx(0.125)
    assert both.percentile_s(0.5) == pytest.approx(1.0)


def test_a_retry_storm_that_was_seen_live_is_stuck_for_ever_and_ends_without_retries_or_with_a_short_backlog():
    seen = {"users": 700, "think_s": 5, "timeout_s": 1, "backoff_s": 0.1, "capacity_per_s": 236, "backlog": 2048}
    assert stuck_for_ever(**seen, retries=3)
    assert not stuck_for_ever(**seen, retries=0)
    assert not stuck_for_ever(**{**seen, "backlog": 128}, retries=3)


def test_scalability_has_its_peak_where_the_derivative_vanishes():
    alpha, beta = 0.05, 0.002
    peak = math.sqrt((1 - alpha) / beta)
    best = usl_throughput(peak, 100, alpha, beta)
    assert best > usl_throughput(peak - 1, 100, alpha, beta)
    assert best > usl_throughput(peak + 1, 100, alpha, beta)
    assert usl_throughput(1, 100, alpha, beta) == 100


# --- properties ---


@given(LOADS, SERVERS)
def test_one_more_line_loses_less_and_more_load_loses_more(load, servers):
    assert erlang_b(load, servers + 1) < erlang_b(load, servers)
    assert erlang_b(load * 1.1, servers) > erlang_b(load, servers)


@given(LOADS, SERVERS)
def test_waiting_is_at_least_as_likely_as_losing(load, servers):
    assert 0 <= erlang_b(load, servers) <= erlang_c(load, servers) <= 1


@given(st.floats(0.01, 0.98), SERVERS, RATES)
def test_littles_law_holds_in_an_open_queue(rho, servers, rate):
    queue = mmc(rho * servers * rate, rate, servers)
    assert number_in_system(queue.throughput_per_s, queue.mean_response_s) == pytest.approx(queue.mean_number)


@given(st.floats(0.05, 4), st.integers(1, 12), st.integers(0, 60))
def test_littles_law_holds_where_customers_are_lost(rho, servers, room):
    queue = mmck(rho * servers, 1.0, servers, servers + room)
    assert number_in_system(queue.throughput_per_s, queue.mean_response_s) == pytest.approx(queue.mean_number, rel=1e-6)
    assert queue.utilisation == pytest.approx(utilisation(queue.throughput_per_s, 1.0, servers))


@given(st.integers(1, 3_000), st.floats(0.1, 20), st.floats(0.5, 500), st.integers(1, 20))
def test_polling_users_obey_the_response_time_law_and_the_bounds(users, think_s, rate, servers):
    queue = finite_source(users, think_s, rate, servers)
    assert queue.mean_response_s == pytest.approx(users / queue.throughput_per_s - think_s, rel=1e-6, abs=1e-6)
    assert queue.throughput_per_s <= min(servers * rate, users / (think_s + 1 / rate)) * (1 + 1e-9)
    assert queue.mean_response_s >= overload_response_s(users, think_s, servers * rate) * (1 - 1e-9)


@given(st.floats(0.05, 3), st.integers(1, 20), st.floats(0.05, 50))
def test_who_has_patience_is_served_or_leaves(rho, servers, patience_s):
    queue = erlang_a(rho * servers, 1.0, servers, patience_s)
    assert 0 <= queue.loss_probability < 1
    assert queue.utilisation == pytest.approx(queue.throughput_per_s / servers, rel=1e-6)
    # The rate of leaving is the number waiting over the mean patience.
    waiting = queue.mean_wait_s * rho * servers
    assert rho * servers * queue.loss_probability == pytest.approx(waiting / patience_s, rel=1e-6, abs=1e-12)


@given(st.floats(0, 10), st.lists(st.floats(0, 20), min_size=1, max_size=4), st.floats(0, 80))
def test_the_age_of_an_update_is_a_distribution(wait_s, spans, age_s):
    seen = freshness(wait_s, spans[0], spans[1:])
    assert 0 <= seen.within(age_s) <= seen.within(age_s + 1) + 1e-6
    assert seen.within(seen.worst_s) == pytest.approx(1)
    assert wait_s <= seen.percentile_s(0.5) <= seen.percentile_s(0.95) <= seen.worst_s


def test_endless_patience_is_a_plain_queue_and_none_is_a_loss_system():
    assert erlang_a(8, 1, 10, 1e7).mean_wait_s == pytest.approx(mmc(8, 1, 10).mean_wait_s, rel=1e-3)
    assert erlang_a(8, 1, 10, 1e-9).loss_probability == pytest.approx(erlang_b(8, 10), rel=1e-6)
    assert mmck(8, 1, 10, 10).loss_probability == pytest.approx(erlang_b(8, 10))
    assert mmck(8, 1, 10, 4_000).mean_wait_s == pytest.approx(mmc(8, 1, 10).mean_wait_s)


def test_an_immense_crowd_neither_overflows_nor_takes_long():
    crowd = finite_source(200_000, 5, 236, 1)
    assert crowd.mean_response_s == pytest.approx(overload_response_s(200_000, 5, 236), rel=1e-6)
    assert finite_source(0, 5, 236, 1).throughput_per_s == 0
    assert finite_source(10**12, 5, 236, 1).mean_response_s == pytest.approx(10**12 / 236)
    assert finite_source(10**7, 1e6, 236, 1).mean_wait_s == pytest.approx(mmc(10, 236, 1).mean_wait_s, rel=1e-3)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: mmc(10, 10, 1), "utilisation is 1.000; an open queue grows without end from 1 on"),
        (lambda: mm1(-1, 10), "arrival_rate must not be negative"),
        (lambda: mmck(1, 1, 3, 2), "at least as many places"),
        (lambda: finite_source(-1, 5, 1, 1), "users must not be negative"),
        (lambda: erlang_c(1, 0), "servers must be above zero"),
        (lambda: knee_users(math.nan, 1), "think_s must be above zero and finite"),
        (lambda: freshness(0, -1), "poll_s must not be negative"),
        (lambda: freshness(0, 1).percentile_s(2), "a share lies between 0 and 1"),
    ],
)
def test_a_value_outside_the_domain_is_refused_in_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


# --- against independent simulation ---

SEED = 20_251_121


def simulated_response_s(arrival_rate, service_rate, servers, customers, patience_s=None):
    """Mean response and share lost of an open queue, customer by customer in SimPy."""
    dice = random.Random(SEED)
    world = simpy.Environment()
    desk = simpy.Resource(world, capacity=servers)
    responses, lost = [], 0

    def customer():
        nonlocal lost
        came = world.now
        with desk.request() as turn:
            patience = dice.expovariate(1 / patience_s) if patience_s else math.inf
            outcome = yield turn | world.timeout(patience) if patience < math.inf else turn
            if patience < math.inf and turn not in outcome:
                lost += 1
            else:
                yield world.timeout(dice.expovariate(service_rate))
        responses.append(world.now - came)

    def door():
        for _ in range(customers):
            yield world.timeout(dice.expovariate(arrival_rate))
            world.process(customer())

    world.process(door())
    world.run()
    return sum(responses) / len(responses), lost / customers


def test_a_queue_with_several_servers_waits_as_simulated():
    simulated, _ = simulated_response_s(3.2, 1, 4, 60_000)
    assert mmc(3.2, 1, 4).mean_response_s == pytest.approx(simulated, rel=0.05)


def test_customers_leave_as_simulated():
    simulated, lost = simulated_response_s(6, 1, 4, 40_000, patience_s=1.5)
    queue = erlang_a(6, 1, 4, 1.5)
    assert queue.loss_probability == pytest.approx(lost, rel=0.05)
    assert queue.mean_response_s == pytest.approx(simulated, rel=0.05)


@pytest.mark.parametrize(("users", "servers"), [(40, 1), (60, 1), (90, 3)])
def test_polling_users_wait_as_simulated(users, servers):
    """The closed system, event by event with a heap: an oracle of another kind than SimPy's."""
    dice = random.Random(SEED + users)
    think_s, rate, until = 5.0, 10.0, 4_000.0
    events = [(dice.expovariate(1 / think_s), 0, user) for user in range(users)]
    heapq.heapify(events)
    queue, busy, began, total, count, arrived, departed = [], 0, 0.0, 0.0, 0, 0, 1
    came = {}
    while events:
        now, kind, user = heapq.heappop(events)
        began = now
        if now > until:
            break
        if kind == arrived:
            came[user] = now
            queue.append(user)
        else:
            busy -= 1
            total, count = total + now - came[user], count + 1
            heapq.heappush(events, (now + dice.expovariate(1 / think_s), arrived, user))
        while queue and busy < servers:
            busy += 1
            heapq.heappush(events, (now + dice.expovariate(rate), departed, queue.pop(0)))
    exact = finite_source(users, think_s, rate, servers)
    assert exact.throughput_per_s == pytest.approx(count / began, rel=0.03)
    assert exact.mean_response_s == pytest.approx(total / count, rel=0.05)


def test_the_age_of_an_update_is_as_drawn():
    dice = random.Random(SEED)
    drawn = sorted(0.2 + dice.uniform(0, 1.5) + dice.uniform(0, 2) + dice.uniform(0, 0.2) for _ in range(40_000))
    seen = freshness(0.2, 1.5, (2, 0.2))
    assert seen.percentile_s(0.5) == pytest.approx(drawn[20_000], abs=0.03)
    assert seen.percentile_s(0.95) == pytest.approx(drawn[38_000], abs=0.03)
    assert seen.within(3) == pytest.approx(sum(age <= 3 for age in drawn) / len(drawn), abs=0.005)
