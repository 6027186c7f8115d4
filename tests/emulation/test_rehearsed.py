"""Runbooks typed at the emulated AWS on which their stack is applied, beside the other tests: see tests/background.py."""

from pathlib import Path

import pytest
from background import REHEARSED, ROOT, rehearsed

from analysis import evidence
from analysis.rehearsal import record as rehearsal_record
from analysis.rehearsal.shell import missing

pytestmark = [pytest.mark.emulated, pytest.mark.skipif(bool(missing()), reason=missing() or "nothing")]

CHOSEN = rehearsed()


@pytest.fixture(params=CHOSEN)
def stack(request):
    return request.param


@pytest.fixture
def found(background, stack):
    return background(f"{REHEARSED} {stack}").document


def test_every_answer_is_the_one_that_the_page_shows(found):
    complaints = [complaint for page in found["pages"].values() for complaint in page["complaints"]]
    assert not complaints, "\n".join(complaints)


def test_every_command_is_answered_as_shown_or_left_out_with_a_reason(found, stack):
    shares = found["shares"]
    print(shares)  # noqa: T201 (the share is what this test is about)
    assert {Path(name).name for name in found["pages"]} == set(CHOSEN[stack])
    assert shares["matched"] + shares.get("left out", 0) == shares["commands"]
    for page in found["pages"].values():
        for step in page["steps"]:
            assert ("left out" in step["commands"]) == bool(step.get("reasons"))


def test_the_record_beside_the_stack_says_the_same_of_these_pages(found, stack):
    record = evidence.read(evidence.beside(ROOT / stack, rehearsal_record.KIND), rehearsal_record.KIND)
    assert record is not None, f"make one: gameday rehearse --stack {stack} --record"
    pages = {name: page for name, page in record.content["pages"].items() if name in found["pages"]}
    kept = record.content | {"pages": pages}
    assert not list(rehearsal_record.differences(kept, found)), (
        f"record it again: gameday rehearse --stack {stack} --record"
    )
