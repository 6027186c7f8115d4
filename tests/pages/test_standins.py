"""What a page says of the load test of a system's own stand-in: worked out by hand from steps that are made up."""

import pytest

from analysis.pages import standins
from analysis.pages.standins import Loop, loop


def step(answered_per_s, cpu_ms, hits, misses, *, kept_up=False, server="as it is", **more):
    return {
        server: {
            "offered_per_s": answered_per_s, "answered_per_s": answered_per_s, "kept_up": kept_up,
            "cpu_ms": {server: cpu_ms, **more},
            "cached": {"leaderboard": {"redis; hit": hits, "redis; fwd=miss": misses}},
        }
    }  # fmt: skip


def test_an_answer_from_the_cache_is_what_is_left_of_the_mixture():
    """At the knee 400 answers a second take an eighth of a processor; one in ten of them is asked for, which takes 1 ms."""
    content = {
        "knee": {"given": 0.125, "per_s": 400},
        "runs": {
            "steps": [step(100, 9.0, 0, 100, kept_up=True), step(400, 0.3, 90, 10)],
            "asked each time": [step(150, 1.0, 20, 80, server="asked each time", postgres=0.2)],
        },
    }
    found = standins.costs(content)
    assert found.mixed == pytest.approx(0.0003125)
    assert found.asked == pytest.approx(0.001)
    assert found.cached == pytest.approx((0.0003125 - 0.1 * 0.001) / 0.9)
    assert found.database == pytest.approx(0.0002 / 0.8)


def test_a_line_of_ab_says_how_many_clients_wait_for_how_many_answers():
    assert loop("ab -k -n 50000 -c 200 https://olympics.example.com/api/events") == Loop(50_000, 200, "/api/events")
    with pytest.raises(ValueError, match="no line of ab"):
        loop("wrk -c 100 https://olympics.example.com/")


def test_a_closed_loop_asks_less_of_a_slower_site():
    one = Loop(10_000, 100, "/")
    assert (one.per_s(0.02), one.per_s(10)) == (5000, 10)


def test_one_address_is_refused_what_is_beyond_the_window_and_its_drain():
    """100 at once, and 100 more in the minute that the test lasts."""
    one = Loop(10_000, 100, "/")
    assert one.refused(10_000 / 60, {"requests": 100, "window_s": 60}) == pytest.approx(0.98)
    assert one.refused(1000, {"requests": 100_000, "window_s": 300}) == 0


def test_one_object_is_always_in_the_cache():
    assert Loop(10_000, 100, "/").hit_rate(5000, 10) == pytest.approx(50_000 / 50_001)
