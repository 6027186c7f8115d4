"""What was seen of a stack on the emulator, as its page shows it."""

import datetime as dt
from types import SimpleNamespace

import pytest

from analysis.pages import emulated
from analysis.validation import TerraformError, cycle, evidence

STEP = {"name": "apply", "status": "passed", "seconds": 158.4, "message": "2 resources made", "details": []}
RECORD = {
    "recorded_on": "2026-11-21",
    "rests_on": "old",
    "versions": {"terraform": "1.11.4", "moto": "5.2.5"},
    "phases": [STEP, STEP | {"name": "second plan", "status": "failed", "details": ["a.b (update).c: 1 -> <2>"]}],
    "subjects": [{"name": "alarms", "resources": 41, "attributes": 1702, "differing": 0}],
    "unread": {"aws_vpc": 1, "aws_subnet": 4},
}


@pytest.fixture
def model(tmp_path, monkeypatch):
    (tmp_path / "main.tf").write_text("locals {}\n")
    monkeypatch.setattr(evidence, "read", lambda _directory, _kind: RECORD)
    return SimpleNamespace(name="small", directory=tmp_path)


def test_the_run_is_shown_with_seconds_versions_date_and_what_differs(model):
    shown = str(emulated.applied(model))
    assert "158" in shown
    assert "Recorded on 2026-11-21 with terraform 1.11.4, moto 5.2.5" in shown
    assert "a.b (update).c: 1 -&gt; &lt;2&gt;" in shown


def test_a_stack_that_has_changed_since_says_so(model, monkeypatch):
    assert "the Terraform has changed since 2026-11-21" in emulated.applied(model)
    monkeypatch.setitem(RECORD, "rests_on", evidence.content_hash(model.directory))
    assert "has changed" not in emulated.applied(model)


def test_what_was_read_is_counted_and_what_was_not_too(model):
    shown = str(emulated.applied_subjects(model))
    assert "1,702" in shown
    assert "Of 5 further resources of 2 types only the second plan speaks." in shown


def test_a_stack_without_a_record_says_that_it_was_not_applied(model, monkeypatch):
    monkeypatch.setattr(evidence, "read", lambda _directory, _kind: None)
    assert "has not been applied" in emulated.applied(model)


def test_every_row_of_the_front_stands_on_the_page():
    shown = str(emulated.emulator_rows())
    assert "PutCompositeAlarm" in shown
    assert "CreateDBInstanceReadReplica" in shown
    assert "no alarm is evaluated" in emulated.emulator_limits()


def test_a_record_is_written_read_and_known_by_what_it_rests_on(tmp_path):
    (tmp_path / "main.tf").write_text("locals {}\n")
    path = evidence.write(tmp_path, cycle.KIND, {"stack": "small"}, dt.date(2026, 11, 21))
    record = evidence.read(tmp_path, cycle.KIND)
    assert path.name == "applied.record.json"
    assert (record["stack"], record["recorded_on"]) == ("small", "2026-11-21")
    assert evidence.stale(tmp_path, record) == ""
    (tmp_path / "notes.toml").write_text("")
    assert evidence.stale(tmp_path, record) == ""
    (tmp_path / "seen.json").write_text("{}")
    assert evidence.stale(tmp_path, record) == ""
    (tmp_path / "main.tf").write_text('locals { a = file("${path.module}/page.html") }\n')
    (tmp_path / "page.html").write_text("one")
    before = evidence.content_hash(tmp_path)
    (tmp_path / "page.html").write_text("two")
    assert evidence.content_hash(tmp_path) != before
    assert "has changed since 2026-11-21" in evidence.stale(tmp_path, record)


def test_a_record_that_is_none_is_a_sentence(tmp_path):
    assert evidence.read(tmp_path, cycle.KIND) is None
    evidence.record_file(tmp_path, cycle.KIND).write_text("[]")
    with pytest.raises(TerraformError, match=r"applied\.record\.json is no record.*make it again"):
        evidence.read(tmp_path, cycle.KIND)
