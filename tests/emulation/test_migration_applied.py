"""The migration of The Buzzer applied stage after stage on an emulated AWS, beside the other tests: see tests/background.py.

The background run is a sample: it leaves out the second plan and the way back of each stage, which the record holds.
"""

import pytest

from analysis import evidence
from analysis.validation.migration import record as records

pytestmark = pytest.mark.emulated


@pytest.fixture
def applied(background):
    return background("migration").document["applied"]


def test_every_stage_goes_through_and_nothing_that_holds_something_is_made_anew(applied):
    assert [stage["lost"] for stage in applied["stages"]] == [[]] * len(applied["stages"])
    assert applied["kept"] > 20


def test_at_the_end_nothing_is_left_to_do_and_nothing_is_missing(applied):
    assert (applied["left"], applied["missing"], applied["extra"]) == ([], [], [])
    assert applied["fine"]


def test_each_stage_changed_what_is_recorded_of_it(applied, pytestconfig):
    directory = pytestconfig.rootpath / "terraform" / "stacks" / "buzzer"
    recorded = evidence.read(evidence.beside(directory, records.APPLIED), records.APPLIED)
    assert not records.applied_otherwise(recorded.content, applied)
