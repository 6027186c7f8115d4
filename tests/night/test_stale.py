"""Who sees a stale score, against its closed form and against viewers one by one."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import facts, night, terraform
from analysis.night.stale import Stale, away, stale, told

STACKS = Path(__file__).parents[2] / "terraform" / "stacks"


def reopened(pause_s, viewers=1000.0, seconds=200):
    """Streams that are all lost in the first second and opened again after an exponential pause."""
    left = viewers * np.exp(-np.arange(seconds + 1) / pause_s)
    return left[1:], -np.diff(left)


@pytest.mark.parametrize(("pause_s", "per_s"), [(3.0, 1.0), (1.0, 0.2), (20.0, 5.0), (8.0, 0.05)])
def test_a_stream_that_is_away_is_stale_as_the_closed_form_of_two_exponentials_says(pause_s, per_s):
    found = Stale(*away(*reopened(pause_s), per_s))
    missed = per_s * pause_s / (1.0 + per_s * pause_s)  # the change comes before the stream is back
    assert found.viewers == pytest.approx(1000.0 * missed, rel=1e-3)
    assert 60.0 * found.viewer_minutes == pytest.approx(1000.0 * missed * pause_s, rel=1e-3)


def test_viewers_one_by_one_see_what_the_rates_say():
    random = np.random.default_rng(7)
    pauses, first_changes = random.exponential(4.0, 200_000), random.exponential(2.0, 200_000)
    stale_s = np.maximum(pauses - first_changes, 0.0)
    found = Stale(*away(*reopened(4.0), 0.5))
    assert found.viewers / 1000.0 == pytest.approx(np.mean(stale_s > 0), rel=2e-2)
    assert 60.0 * found.viewer_minutes / 1000.0 == pytest.approx(stale_s.mean(), rel=2e-2)


def test_who_hears_nothing_for_a_time_is_stale_from_the_first_change_on():
    per_s, silent_s = 0.3, 40
    under_way = np.zeros(100)
    under_way[10 : 10 + silent_s] = (np.arange(silent_s) + 0.5) * per_s
    found = Stale(*told(np.full(100, 500.0), under_way))
    assert 60.0 * found.viewer_minutes / 500.0 == pytest.approx(
        silent_s - (1.0 - math.exp(-per_s * silent_s)) / per_s, rel=5e-3
    )
    assert found.viewers == pytest.approx(500.0, rel=1e-3)


@given(
    st.lists(st.tuples(st.floats(0, 1e5), st.floats(0, 1e5)), min_size=1, max_size=50),
    st.floats(0, 20),
    st.floats(0, 5),
)
def test_nobody_is_stale_whose_stream_is_there_and_more_changes_make_it_no_better(series, per_s, more):
    missing, opened = (np.array(column) for column in zip(*series, strict=True))
    at_once, _ = away(missing, opened, per_s)
    worse, _ = away(missing, opened, per_s + more)
    before = np.concatenate([[0.0], missing[:-1]])
    assert np.all(at_once <= np.maximum(before + opened, missing + opened) + 1e-6 * (1 + missing + opened + before))
    assert np.all(worse >= at_once - 1e-6 * (1 + at_once))
    assert away(missing, opened, 0.0)[0].max() <= 1e-6 * (1 + missing.max() + opened.max())


def test_a_night_without_streams_is_refused():
    about = facts.stack(STACKS / "buzzer_baseline")
    found = night.replay(terraform.load(about.directory), facts.scenario(about.scenario), about)
    with pytest.raises(ValueError, match="no client holds a stream open"):
        stale(found)
