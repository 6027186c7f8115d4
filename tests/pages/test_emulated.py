"""What was seen of a stack on the emulator, as its page shows it."""

import datetime as dt
from types import SimpleNamespace

import pytest

from analysis import evidence
from analysis.architecture import Architecture
from analysis.pages import emulated
from analysis.validation import cycle

STEP = {"name": "apply", "status": "passed", "seconds": 158.4, "message": "2 resources made", "details": []}
CONTENT = {
    "versions": {"terraform": "1.11.4", "moto": "5.2.5"},
    "phases": [STEP, STEP | {"name": "second plan", "status": "failed", "details": ["a.b (update).c: 1 -> <2>"]}],
    "subjects": [{"name": "alarms", "resources": 41, "attributes": 1702, "differing": 0}],
    "unread": {"aws_vpc": 1, "aws_subnet": 4},
}


STACK = Architecture("small", ())


@pytest.fixture
def model(tmp_path):
    record = evidence.Record(cycle.KIND, dt.date(2026, 11, 21), cycle.basis(STACK), CONTENT)
    evidence.write(evidence.beside(tmp_path, cycle.KIND), record)
    return SimpleNamespace(name="small", directory=tmp_path, architecture=STACK)


def test_the_run_is_shown_with_seconds_versions_date_and_what_differs(model):
    shown = str(emulated.applied(model))
    assert "158" in shown
    assert "Recorded on 2026-11-21 with terraform 1.11.4, moto 5.2.5" in shown
    assert "a.b (update).c: 1 -&gt; &lt;2&gt;" in shown


def test_a_stack_that_has_changed_since_says_so(model):
    assert "since then changed" not in emulated.applied(model)
    model.architecture = Architecture("small", (), region="eu-central-1")
    assert "recorded on 2026-11-21; since then changed: stack small" in emulated.applied(model)


def test_what_was_read_is_counted_and_what_was_not_too(model):
    shown = str(emulated.applied_subjects(model))
    assert "1,702" in shown
    assert "Of 5 further resources of 2 types only the second plan speaks." in shown


def test_a_stack_without_a_record_says_that_it_was_not_applied(model):
    evidence.beside(model.directory, cycle.KIND).unlink()
    assert "has not been applied" in emulated.applied(model)


def test_every_row_of_the_front_stands_on_the_page():
    shown = str(emulated.emulator_rows())
    assert "PutCompositeAlarm" in shown
    assert "CreateDBInstanceReadReplica" in shown
    assert "no alarm is evaluated" in emulated.emulator_limits()
