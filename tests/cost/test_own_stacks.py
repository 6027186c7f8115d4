"""The project's own stacks: every type has its place, and a real plan costs what our own reading of the same files costs."""

import json
from pathlib import Path

import answers
import pytest

from analysis.cost import estimate
from analysis.facts import prices
from analysis.terraform import from_plan, load

ROOT = Path(__file__).parents[2] / "terraform" / "stacks"
STACKS = sorted(path for path in ROOT.iterdir() if path.is_dir())


@pytest.mark.parametrize("directory", STACKS, ids=lambda path: path.name)
def test_every_resource_of_a_stack_is_priced_or_free(directory):
    cost = estimate(load(directory), prices())
    assert not cost.unpriced
    assert cost.total.usd > 0
    assert cost.by_confidence()["high"] == cost.total


@pytest.mark.terraform
def test_a_real_plan_costs_what_our_own_reading_of_the_files_costs(tmp_path):
    directory = ROOT / "buzzer_baseline"
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(answers.plan(directory)))
    ours, planned = estimate(load(directory), prices()), estimate(from_plan(plan), prices())
    assert not planned.unpriced
    assert [(i.address, i.component, i.cost) for i in planned.line_items] == [
        (i.address, i.component, i.cost) for i in ours.line_items
    ]
