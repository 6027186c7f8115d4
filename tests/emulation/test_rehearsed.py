"""Every runbook typed at the emulated AWS on which its stack is applied, beside the other tests: see tests/background.py."""

import pytest
from background import ROOT

from analysis.runbooks import rehearsal_record
from analysis.runbooks.rehearsal_shell import missing
from analysis.validation import evidence

pytestmark = [pytest.mark.emulated, pytest.mark.skipif(bool(missing()), reason=missing() or "nothing")]

STACK = ROOT / "terraform" / "stacks" / "buzzer"


@pytest.fixture
def found(background):
    return background("rehearsal").document


def test_every_answer_is_the_one_that_the_page_shows(found):
    complaints = [complaint for page in found["pages"].values() for complaint in page["complaints"]]
    assert not complaints, "\n".join(complaints)


def test_nearly_all_commands_are_run_and_most_rest_on_what_the_emulator_holds(found):
    shares = found["shares"]
    print(shares)  # noqa: T201 (the share is what this test is about)
    assert shares["matched"] >= 0.95 * shares["commands"]
    assert shares["matched by the emulator"] >= 0.65 * shares["commands"]
    assert shares.get("refused", 0) == 0


def test_the_record_beside_the_stack_says_the_same(found):
    record = evidence.read(STACK, rehearsal_record.KIND)
    assert record is not None, "make one: gameday rehearse --record"
    assert not list(rehearsal_record.differences(record, found)), "record it again: gameday rehearse --record"
