"""The bills as data frames: nothing is lost on the way into pandas."""

from pathlib import Path

import pytest

from analysis.notebooks import views
from analysis.studies import study

STACKS = Path(__file__).parents[2] / "terraform" / "stacks"


@pytest.fixture(scope="module")
def studies():
    return study(STACKS / "buzzer_baseline"), study(STACKS / "buzzer")


def test_a_frame_has_every_line_and_sums_to_the_bills(studies):
    lines = views.frame(*studies)
    assert len(lines) == sum(len(one.bill.line_items) for one in studies)
    for one in studies:
        own = lines[lines["stack"] == one.directory.name]
        assert own["usd"].sum() == pytest.approx(float(one.bill.total.usd))


def test_a_pivot_keeps_the_totals_and_begins_with_the_dearest(studies):
    lines = views.frame(*studies)
    found = views.pivot(lines, "service", "stack")
    for one in studies:
        assert found[one.directory.name].sum() == pytest.approx(float(one.bill.total.usd), abs=0.05)
    sums = found.sum(axis="columns")
    assert list(sums) == sorted(sums, reverse=True)
