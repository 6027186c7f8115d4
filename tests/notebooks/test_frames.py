"""The bills as data frames: nothing is lost on the way into pandas."""

from pathlib import Path

import pytest

from analysis.notebooks import views
from analysis.notebooks.subjects import subject


@pytest.fixture(scope="module")
def about():
    return subject(Path(__file__).parents[2], "buzzer")


def test_a_frame_has_every_line_and_sums_to_the_bills(about):
    lines = views.frame(about)
    assert len(lines) == sum(len(one.bill.line_items) for one in about.every)
    for one in about.every:
        own = lines[lines["stack"] == one.directory.name]
        assert own["usd"].sum() == pytest.approx(float(one.bill.total.usd))


def test_a_pivot_keeps_the_totals_and_begins_with_the_dearest(about):
    lines = views.frame(about)
    found = views.pivot(lines, "service", "stack")
    for one in about.every:
        assert found[one.directory.name].sum() == pytest.approx(float(one.bill.total.usd), abs=0.05)
    sums = found.sum(axis="columns")
    assert list(sums) == sorted(sums, reverse=True)
