import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.demand import arrivals, flows
from analysis.demand.flows import hit_share, poll_interval
from analysis.facts import scenario, stack
from analysis.terraform import load
from analysis.wiring import request_path

TICKER = Path(__file__).parent / "ticker"
NIGHT = scenario(TICKER / stack(TICKER).scenario.relative_to(TICKER))
PATH = request_path(load(TICKER), stack(TICKER))
UNCACHED = request_path(load(TICKER, variables={"api_ttl_s": 0}))
BARE = request_path(load(TICKER, variables={"api_ttl_s": 0}))


def test_the_night_has_a_row_per_minute_and_its_peak_where_the_scenario_has_it():
    night = arrivals(NIGHT)
    assert len(night) == round(NIGHT.night_hours * 60)
    highest = max(night, key=lambda minute: minute.peak_users)
    assert highest.peak_users == pytest.approx(float(NIGHT.peak_users.value))
    assert highest.minute == int(NIGHT.peak_minute)
    assert all(minute.users <= minute.peak_users + 1e-9 for minute in night)


def test_requests_are_users_over_the_poll_interval_and_what_is_published():
    minute = arrivals(NIGHT)[90]
    published = float(NIGHT.publisher["updates_per_minute"].value) / 60
    assert minute.requests_per_s == pytest.approx(minute.users / 1.2 + published)


def test_the_poll_interval_of_the_terraform_comes_before_the_scenarios():
    assert poll_interval(None, NIGHT).value == 1.2
    assert poll_interval(PATH, NIGHT).value == 2
    assert poll_interval(PATH, NIGHT).origin.startswith("main.tf:")


def test_a_cache_of_a_second_lets_one_request_a_second_and_object_through():
    now = flows(PATH, NIGHT, 5_000)
    commentary = now.by_route[0]
    assert commentary.offered_per_s == pytest.approx(5_000 / 2 * 0.9)
    assert commentary.service_per_s < 1
    assert now.edge_hit_share > 0.97


def test_without_a_lifetime_everything_reaches_the_service():
    now = flows(UNCACHED, NIGHT, 3_000)
    assert now.service_per_s == pytest.approx(now.offered_per_s)
    assert now.edge_hit_share == pytest.approx(0)
    assert now.database_per_s == pytest.approx(now.offered_per_s)


def test_the_shared_cache_answers_reads_that_everyone_shares_and_nothing_else():
    by_route = {flow.route: flow for flow in flows(PATH, NIGHT, 5_000).by_route}
    assert by_route["commentary"].cache_hit_share > 0
    assert by_route["session"].cache_hit_share == by_route["reaction"].cache_hit_share == 0
    assert by_route["publisher"].writes
    assert by_route["reaction"].database_per_s == by_route["reaction"].offered_per_s


@given(st.floats(0, 100_000), st.floats(1.0, 3.0))
def test_more_users_never_ask_less_of_any_hop_and_no_hop_gets_more_than_was_sent(users, factor):
    fewer, more = flows(PATH, NIGHT, users), flows(PATH, NIGHT, users * factor)
    for hop in ("offered_per_s", "service_per_s", "database_per_s"):
        assert getattr(fewer, hop) <= getattr(more, hop) * (1 + 1e-9)
    assert more.database_per_s <= more.service_per_s * (1 + 1e-9) <= more.offered_per_s * (1 + 1e-9)
    for flow in more.by_route:
        assert flow.service_per_s <= flow.shield_per_s * (1 + 1e-9) <= flow.offered_per_s * (1 + 1e-9)


def test_nobody_asks_where_nobody_is_and_nobody_publishes():
    now = flows(PATH, NIGHT, 0, publishing=False)
    assert (now.offered_per_s, now.service_per_s, now.database_per_s, now.edge_hit_share) == (0, 0, 0, 0)


def test_a_negative_crowd_is_refused():
    with pytest.raises(ValueError, match="-1 users cannot poll"):
        flows(PATH, NIGHT, -1)
    with pytest.raises(ValueError, match="may be negative"):
        hit_share(-1, 1)


def test_the_hit_share_is_that_of_a_simulated_cache():
    dice = random.Random(20_251_121)
    rate_per_s, ttl_s, now, kept_until, hits = 3.0, 0.7, 0.0, -1.0, 0
    count = 50_000
    for _ in range(count):
        now += dice.expovariate(rate_per_s)
        if now < kept_until:
            hits += 1
        else:
            kept_until = now + ttl_s
    assert hit_share(rate_per_s, ttl_s) == pytest.approx(hits / count, abs=0.01)
