"""The record of a migration as a page shows it."""

import datetime as dt

import pytest

from analysis import evidence
from analysis.migration import record as records
from analysis.pages import migration, reads

COUNTS = {"create": 2, "update": 3, "replace": 0, "delete": 0}
HOUR = {"users": 700, "error_share": 0.0213, "share_without": 0.0011, "minutes": 2}
STAGE = {
    "name": "one",
    "title": "One & more",
    "why": "Because.",
    "minutes": 5,
    "counts": COUNTS,
    "notable": [{"action": "update", "address": "aws_lb.a", "attributes": ["idle_timeout"]}],
    "findings": [
        {"rule": "LB-07", "weight": "risk", "address": "aws_lb.a", "attribute": "idle_timeout", "says": "cuts connections",
         "source": "https://docs.aws.amazon.com/", "allowed": "Nobody rests."},
    ],
    "risk": [{"fault": "deployment", "before": "", "quiet": {**HOUR, "error_share": 0.0}, "game": HOUR}],
    "quiet": "",
    "steps": [{"when": "after", "does": "Look.", "command": "aws <ecs>", "undo": "aws undo"}],
    "back": "Go back.",
    "stays": [],
}  # fmt: skip
BACK = {"counts": {**COUNTS, "create": 0, "update": 1}, "notable": [], "findings": []}
APPLIED = {
    "versions": {"terraform": "1.11.4", "moto": "5.2.5"}, "kept": 30,
    "left": [], "missing": [], "extra": [],
    "stages": [{"name": "one", "counts": COUNTS, "seconds": 40, "left": [], "lost": [], "back": BACK}],
}  # fmt: skip


@pytest.fixture
def root(tmp_path):
    directory = tmp_path / "terraform" / "stacks" / "new"
    directory.mkdir(parents=True)
    given = [{"argument": "local.x", "until": "one", "reason": "Not yet."}]
    planned = {"stages": [{**STAGE, "name": "none"}, STAGE], "meanwhile": given}
    for kind, content in ((records.KIND, planned), (records.APPLIED, APPLIED)):
        record = evidence.Record(kind, dt.date(2026, 11, 21), {}, content)
        evidence.write(evidence.beside(directory, kind), record)
    reads.forget()
    return tmp_path


def test_a_stage_is_one_row_with_its_counts_time_and_the_errors_that_the_change_adds(root):
    shown = str(migration.stages(root, "new"))
    assert "One &amp; more" in shown
    assert "5 min" in shown
    assert "2.02 %" in shown  # 2.13 % with the change, 0.11 % without
    assert "0.00 %" in shown


def test_a_stage_shows_what_changes_what_is_risked_what_a_person_does_and_the_way_back(root):
    shown = str(migration.stage(root, "new", "one"))
    for part in ("2 to create, 2 get tags", "idle_timeout", "Nobody rests.", "aws &lt;ecs&gt;", "aws undo", "Go back."):
        assert part in shown
    assert "it changes 1 and passes the same rules" in shown


def test_a_way_back_that_breaks_a_rule_is_not_called_proved(root):
    bad = {**BACK, "findings": [{"allowed": ""}]}
    assert "is not proved" in migration._proved({"back": bad})
    assert "no rollback of its own" in migration._proved({"back": {**BACK, "counts": {**COUNTS, "update": 0}}})


def test_what_was_applied_is_shown_with_versions(root):
    shown = str(migration.applied(root, "new"))
    assert "terraform 1.11.4, moto 5.2.5" in shown
    assert "was empty" in shown
    assert "was not empty" in migration._ends({**APPLIED, "left": ["update x"]})


def test_values_in_place_of_the_targets_name_the_stage_that_ends_them(root):
    assert "One &amp; more" in str(migration.meanwhile(root, "new"))


def test_a_page_without_a_record_or_with_an_unknown_stage_fails_the_build(root):
    with pytest.raises(ValueError, match="no stage of its migration is called two"):
        migration.stage(root, "new", "two")
    with pytest.raises(ValueError, match="gameday migrate"):
        migration.stages(root, "none")
