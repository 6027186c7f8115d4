"""The commands and scripts of a guide typed at an emulated AWS once more, beside the other tests: see tests/background.py."""

import pytest
from background import ROOT, TYPED, guides

from analysis import evidence
from analysis.ledger import attempts
from analysis.rehearsal.shell import missing

pytestmark = [pytest.mark.emulated, pytest.mark.skipif(bool(missing()), reason=missing() or "nothing")]


@pytest.mark.parametrize("folder", guides())
def test_every_command_and_script_ends_as_it_did_when_it_was_recorded(background, folder):
    found = background(f"{TYPED} {folder}").document
    kept = evidence.read(attempts.record_file(ROOT / folder), attempts.KIND).content
    assert found["lines"] == kept["lines"]
    for name, tried in kept["scripts"].items():
        assert [(one["title"], one["status"], one["ended"], one["state"]) for one in found["scripts"][name]] == [
            (one["title"], one["status"], one["ended"], one["state"]) for one in tried
        ]
