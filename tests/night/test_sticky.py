"""Sticky sessions, against visitors who are followed one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.night.sticky import spread

VISIT, STREAM = 25.0, 5.0


def one_by_one(tasks, viewers, *, cookie):
    """How many visitors are on each task: a new visitor, or a new stream without a cookie, is placed at random."""
    random = np.random.default_rng(3)
    at = random.integers(tasks[0], size=viewers)
    for count in tasks:
        moves = random.random(viewers) < 1.0 - np.exp(-1.0 / (VISIT if cookie else min(STREAM, VISIT)))
        moves |= at >= count
        at = np.where(moves, random.integers(count, size=viewers), at)
    return np.bincount(at, minlength=tasks[-1])


@pytest.mark.parametrize("cookie", [True, False])
def test_visitors_one_by_one_are_spread_as_the_means_say(cookie):
    tasks, viewers = [4] * 3 + [2] * 3 + [4] * 4, 400_000
    found = spread(np.array(tasks), np.full(10, float(viewers)), 1e9, stream_min=STREAM, visit_min=VISIT, cookie=cookie)
    counted = one_by_one(tasks, viewers, cookie=cookie)
    assert found.fullest[-1] == pytest.approx(counted.max(), rel=1e-2)
    assert found.emptiest[-1] == pytest.approx(counted.min(), rel=2e-2)


def test_a_cookie_sends_whose_task_was_lost_to_a_full_one_while_the_new_one_has_room():
    tasks, streams = np.array([2, 1, 2, 2]), np.full(4, 100.0)
    sticky, free = (
        spread(tasks, streams, 60.0, stream_min=STREAM, visit_min=VISIT, cookie=each) for each in (True, False)
    )
    assert free.refused.max() == pytest.approx(0.0)
    assert sticky.refused[1] == pytest.approx(0.0)  # one task is all there is: a cookie makes nothing worse
    stay = np.exp(-1.0 / VISIT)
    assert sticky.refused[2] == pytest.approx(100.0 * stay + 100.0 * (1.0 - stay) / 2.0 - 60.0)


@given(st.lists(st.tuples(st.integers(1, 8), st.floats(0, 1e5)), min_size=1, max_size=40), st.booleans())
def test_nobody_is_lost_or_invented_and_without_a_cookie_nobody_is_refused_beside_an_empty_place(rows, cookie):
    tasks, streams = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    found = spread(tasks, streams, 4_000.0, stream_min=STREAM, visit_min=VISIT, cookie=cookie)
    slack = 1e-6 * (1 + streams)
    assert np.all(found.fullest * tasks >= streams - slack)
    assert np.all(found.emptiest * tasks <= streams + slack)
    assert np.all(found.refused <= streams + slack)
    if not cookie:
        assert np.all(found.refused <= slack)
