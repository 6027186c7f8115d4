"""Stacks applied for real on an emulated AWS, those whose turn it is, beside the other tests: see tests/background.py."""

from pathlib import Path

import pytest
from background import APPLIED, MIGRATED, ROOT, applied

from analysis import evidence, terraform
from analysis.emulator import invented
from analysis.validation import cycle

pytestmark = pytest.mark.emulated

COMMON = {"alarms", "buckets", "dashboards", "messages", "secrets", "security groups", "service"}
SUBJECTS = {
    "terraform/stacks/buzzer": {*COMMON, "data", "scaling"},
    "terraform/stacks/buzzer_baseline": {"data", "messages", "secrets", "security groups", "service"},
    "terraform/stacks/engine": {
        *COMMON,
        "data",
        "scaling",
    },  # the channel; its tables are read by the second plan alone
    "terraform/stacks/olympics": {*COMMON, "data"},  # its groups scale by themselves, without Application Auto Scaling
    "terraform/stacks/scoreboard": {*COMMON, "data", "scaling"},
}


STACKS = [stack for stack in applied() if stack != MIGRATED]


@pytest.fixture(params=STACKS)
def stack(request, background):
    """The directory of a stack, and what the run showed of it."""
    found = {one["stack"]: one for one in background(APPLIED).document}
    return ROOT / request.param, found[Path(request.param).name]


def phase(found, name):
    return next(one for one in found["phases"] if one["name"] == name)


@pytest.mark.parametrize("name", [name for name, _ in cycle.STEPS])
def test_every_step_passes(stack, name):
    _, found = stack
    step = phase(found, name)
    assert step["status"] in {"passed", "skipped"}, "\n".join((step["message"], *step["details"]))
    if name != "protection lifted":
        assert step["status"] == "passed"


def test_aws_is_read_about_every_subject_and_agrees(stack):
    directory, found = stack
    read = {one["name"]: one for one in found["subjects"]}
    assert set(read) == SUBJECTS[str(directory.relative_to(ROOT))]
    assert not [one for one in read.values() if one["differing"] or not one["attributes"]]


def test_what_was_not_motos_own_answer_is_on_the_list(stack):
    _, found = stack
    listed = {f"{row.service} {row.operation}" for row in invented()}
    assert set(found["invented"]) <= listed
    assert "unimplemented" not in found["answered"]


def test_awss_own_models_have_nothing_against_any_call(stack):
    _, found = stack
    assert found["strange"] == []


def test_the_record_beside_the_stack_says_the_same(stack):
    directory, found = stack
    record = evidence.read(evidence.beside(directory, cycle.KIND), cycle.KIND)
    assert record is not None, f"make one: gameday validate --apply --record {' '.join(STACKS)}"
    stale = evidence.stale(record, cycle.basis(terraform.load(directory)))
    assert not stale, f"{stale}; record it again: gameday validate --apply --record {' '.join(STACKS)}"
    assert cycle.differences(record.content, found) == ()
