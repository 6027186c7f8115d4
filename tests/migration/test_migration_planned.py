"""The migration of The Buzzer planned by the real Terraform on the kept state: clean by every rule, and as it is recorded."""

from pathlib import Path

import answers
import pytest

from analysis import evidence
from analysis.migration import planned, read
from analysis.migration import record as records
from analysis.migration.planned import assembled

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "terraform" / "stacks" / "buzzer"
FILE = ROOT / "terraform" / "migrations" / "buzzer.toml"
AGAIN = "record it again: gameday migrate terraform/stacks/buzzer_baseline terraform/stacks/buzzer --record"

pytestmark = [pytest.mark.slow, pytest.mark.terraform]


@pytest.fixture(scope="module")
def plans():
    migration = read(FILE)
    shape = [[stage.name, *map(str, stage.brings)] for stage in migration.stages]
    meanwhile = [[stand_in.argument, stand_in.value, stand_in.until] for stand_in in migration.meanwhile]
    basis = answers.basis(migration.target, migration.state.read_text(encoding="utf-8"), shape, meanwhile)
    return assembled(
        migration, answers.of("migration-stages", basis, lambda: planned.plans(migration, cache=answers.kept_in()))
    )


def recorded_as(kind):
    record = evidence.read(evidence.beside(TARGET, kind), kind)
    assert record is not None, AGAIN
    return record


def test_every_stage_passes_the_rules_and_nothing_is_left_to_no_stage(plans):
    assert plans.unowned == ()
    blocking = [f"{one.stage.name}: {found}" for one in plans.stages for found in one.findings if found.blocks]
    assert not blocking


def test_the_stages_together_do_what_the_plan_of_the_whole_target_does(plans):
    done = {}
    for one in plans.stages:
        for change in one.changes:
            done.setdefault(change.address, set()).update(change.attributes or (change.action,))
    for change in plans.whole:
        if change.action != "no-op":
            assert set(change.attributes or (change.action,)) <= done[change.address], change.address


def test_the_only_replacement_is_the_revision_of_the_tasks(plans):
    replaced = {change.type for one in plans.stages for change in one.changes if change.action == "replace"}
    assert replaced == {"aws_ecs_task_definition"}


def test_what_is_taken_away_goes_in_the_last_stage(plans):
    gone = {one.stage.name for one in plans.stages if any(change.action == "delete" for change in one.changes)}
    assert gone == {plans.stages[-1].stage.name}


def test_every_reason_of_a_stage_is_needed_by_its_plan_or_its_way_back(plans):
    recorded = recorded_as(records.APPLIED)
    back = {one["name"]: one["back"] for one in recorded.content["stages"]}
    for one in plans.stages:
        said = {found.rule for found in one.findings}
        there = back.get(one.stage.name)
        said |= {found["rule"] for found in there["findings"]} if there else set()
        for given in one.stage.allow:
            if there or not given.reason.startswith("On the way back only"):
                assert set(given.rules) & said, f"{plans.migration.at(given.line)}: nothing needs this reason"


def test_the_count_of_tasks_is_not_terraforms_so_a_step_raises_it(plans):
    tasks = next(one for one in plans.stages if one.stage.name == "tasks")
    service = next(change for change in tasks.changes if change.type == "aws_ecs_service")
    assert service.after["desired_count"] == 1
    assert any("--desired-count 3" in step.command for step in tasks.stage.steps)


@pytest.mark.parametrize("kind", [records.KIND, records.APPLIED])
def test_the_record_rests_on_the_stacks_and_the_stages_of_today(kind):
    now = records.basis(read(FILE), applied=kind == records.APPLIED)
    assert evidence.stale(recorded_as(kind), now) == "", AGAIN


def test_the_recorded_plans_are_those_of_today(plans):
    found = records.planned_otherwise(recorded_as(records.KIND).content, records.planned(plans))
    assert not found, f"{'; '.join(found)}: {AGAIN}"


def test_what_was_applied_changed_what_the_plans_of_today_change(plans):
    found = records.applied_otherwise(recorded_as(records.APPLIED).content, records.planned(plans))
    assert not found, f"{'; '.join(found)}: {AGAIN} --apply"


def test_a_record_that_no_longer_holds_is_named_by_its_stage(plans):
    now = records.planned(plans)
    other = {**now, "stages": [{**stage, "counts": {**stage["counts"], "delete": 9}} for stage in now["stages"][:2]]}
    found = records.planned_otherwise(other, now)
    assert "stage take-over: counts differ" in found
    assert f"stage {now['stages'][-1]['name']} is new" in found
