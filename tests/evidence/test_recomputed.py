"""Every record computed again is the recorded one; what moved without a raised version is named. Long: `make test-all`."""

import copy
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import rotation

from analysis import evidence
from analysis.commands import records

ROOT = Path(__file__).parents[2]
EMULATED = {"applied", "rehearsed", "migrated"}
"""Made again by tests/emulation, which compares what they say."""

MEASURED = {"loaded", "drilled"}
"""Measured on a machine: another measurement is another result."""

COMPUTED = [name for name in records.plans() if name.partition("/")[0] not in EMULATED | MEASURED]


def drift(record, content):
    """What to say of a content that was computed of the same inputs and versions; empty where it is the recorded one."""
    places = evidence.differing(record.content, content)
    return (
        f"{record.kind} moved at {', '.join(places[:5])}; raise a version in analysis/evidence/models.py"
        if places
        else ""
    )


def kept(name):
    kind, plan = records.plans()[name]
    return evidence.read(kind.file(plan), kind.name)


def test_a_number_that_moved_beyond_the_tolerance_is_named_and_a_last_digit_is_not():
    record = kept("nights/buzzer")
    moved, close = copy.deepcopy(record.content), copy.deepcopy(record.content)
    moved["nights"][1]["cpu_percent"] *= 1.001
    close["nights"][1]["cpu_percent"] *= 1 + 1e-9
    assert drift(record, close) == ""
    assert (
        drift(record, moved) == "nights moved at .nights.1.cpu_percent; raise a version in analysis/evidence/models.py"
    )


def test_figures_written_as_text_are_compared_as_numbers_and_what_is_gone_is_named():
    assert evidence.differing({"usd": "107.0"}, {"usd": "107.00000001"}) == []
    assert evidence.differing({"usd": "107"}, {"usd": "109"}) == [".usd"]
    assert evidence.differing({"a": [1, 2], "b": "x"}, {"a": [1], "c": "x"}) == [".b", ".c", ".a"]
    assert evidence.differing({"versions": 1, "ok": True}, {"versions": 2, "ok": True}) == []
    assert evidence.differing({"ok": True}, {"ok": False}) == [".ok"]
    assert evidence.differing([None], [0]) == [".0"]


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPUTED)
def test_a_record_computed_again_is_the_recorded_one(name, tmp_path):
    if not rotation.everything():
        pytest.skip("every record is computed again: `make test-all`")
    record = kept(name)
    for folder in ("analysis", "terraform", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns(".terraform"))
    kind, plan = records.plans()[name]
    words = kind.command(plan)
    made = kind.file(plan).relative_to(ROOT)
    (tmp_path / made).unlink()  # what is compared is what the command made
    subprocess.run(
        [sys.executable, "-m", "analysis", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        check=False,
    )
    again = evidence.read(tmp_path / made, kind.name)
    assert again.rests_on == record.rests_on
    assert drift(record, again.content) == ""
