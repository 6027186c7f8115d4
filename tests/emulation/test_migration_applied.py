"""The migration of The Buzzer applied stage after stage on an emulated AWS, beside the other tests: see tests/background.py.

The background run is a sample unless `--all` is given: it leaves out the second plan and the way back of each stage, which the
record holds.
"""

import pytest
from background import MIGRATED, applied

from analysis import evidence
from analysis.migration import record as records

pytestmark = [
    pytest.mark.emulated,
    pytest.mark.skipif(
        MIGRATED not in applied(), reason="another commit's turn is the migration (make test-all: always)"
    ),
]


@pytest.fixture
def run(background):
    return background(MIGRATED).document["applied"]


def test_every_stage_goes_through_and_nothing_that_holds_something_is_made_anew(run):
    assert [stage["lost"] for stage in run["stages"]] == [[]] * len(run["stages"])
    assert run["kept"] > 20


def test_at_the_end_nothing_is_left_to_do_and_nothing_is_missing(run):
    assert (run["left"], run["missing"], run["extra"]) == ([], [], [])
    assert run["fine"]


def test_each_stage_changed_what_is_recorded_of_it(run, pytestconfig):
    directory = pytestconfig.rootpath / "terraform" / "stacks" / "buzzer"
    recorded = evidence.read(evidence.beside(directory, records.APPLIED), records.APPLIED)
    assert not records.applied_otherwise(recorded.content, run)
