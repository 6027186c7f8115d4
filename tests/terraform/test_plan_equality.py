"""The real plan is the judge: every address and every leaf that it knows must be what the evaluator says."""

import json
from dataclasses import replace
from pathlib import Path

import answers
import pytest
from plan_differences import RULES, differences

from analysis import cost, facts, terraform
from analysis.architecture import Unknown
from analysis.validation import TerraformError, find

ROOT = Path(__file__).parents[2]
FIXTURE = Path(__file__).parent / "fixtures" / "everything"
FOREIGN = sorted(path for path in (Path(__file__).parent / "fixtures" / "foreign").iterdir())
STACKS = sorted(path.parent for path in (ROOT / "terraform" / "stacks").glob("*/gameday.toml"))

LEAST = {
    "engine": 2_500,
    "buzzer": 1_800,
    "buzzer_baseline": 200,
    "olympics": 2_400,
    "olympics_as_written": 250,
    "scoreboard": 1_200,
    "everything": 400,
    "databases": 170,
    "functions": 130,
    "providers": 70,
    "scaling_groups": 150,
    "serverless": 320,
    "services": 300,
    "static_site": 150,
    "vpc": 270,
    "write_only": 50,
}
"""Known leaves that must at least be compared: a comparison of nothing passes, too."""


@pytest.fixture(scope="module")
def planned():
    if find() is None:
        pytest.skip("terraform is not on PATH, so there is no plan to compare with")
    plans = {}

    def plan(directory):
        if directory not in plans:
            try:
                plans[directory] = answers.plan(directory)
            except TerraformError as error:
                if "provider" in str(error) and "init" in str(error):
                    pytest.skip(f"the AWS provider is not to be had here: {error}")
                raise
        return plans[directory]

    return plan


@pytest.mark.terraform
@pytest.mark.slow
@pytest.mark.parametrize("directory", [*STACKS, FIXTURE, *FOREIGN], ids=lambda path: path.name)
def test_every_address_and_every_leaf_known_to_the_plan_is_equal(directory, planned):
    architecture = terraform.load(directory)
    assert not architecture.errors, "\n".join(map(str, architecture.errors))
    found, leaves = differences(architecture, planned(directory))
    assert not found, "\n".join(map(str, found))
    assert leaves >= LEAST.get(directory.name, 1)


@pytest.mark.terraform
@pytest.mark.slow
@pytest.mark.parametrize("directory", [*STACKS, FIXTURE, *FOREIGN], ids=lambda path: path.name)
def test_known_outputs_are_equal(directory, planned):
    outputs = planned(directory)["planned_values"].get("outputs", {})
    architecture = terraform.load(directory)
    assert architecture.outputs.keys() == outputs.keys()
    for name, row in outputs.items():
        if "value" in row and not row["sensitive"]:
            assert as_json(architecture.outputs[name].value) == row["value"], name


@pytest.mark.terraform
@pytest.mark.slow
@pytest.mark.parametrize("directory", STACKS, ids=lambda path: path.name)
def test_the_bill_of_a_plan_is_the_bill_of_its_directory(directory, planned, tmp_path):
    (tmp_path / "plan.json").write_text(json.dumps(planned(directory)))
    ours, theirs = (
        cost.to_json(cost.estimate(architecture, facts.prices()))
        for architecture in (terraform.load(directory), terraform.from_plan(tmp_path / "plan.json"))
    )
    assert len(ours["line_items"]) > 10
    for part in ("total", "line_items", "unpriced"):
        assert theirs[part] == ours[part]


def as_json(value):
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    return [as_json(item) for item in value] if isinstance(value, tuple) else value


@pytest.fixture(scope="module")
def judged(planned):
    return terraform.load(FIXTURE), planned(FIXTURE)


def with_values(architecture, address, **values):
    resources = tuple(
        replace(resource, values={**resource.values, **values}) if resource.address == address else resource
        for resource in architecture.resources
    )
    return replace(architecture, resources=resources)


@pytest.mark.terraform
@pytest.mark.slow
@pytest.mark.parametrize(
    ("address", "values", "kind"),
    [
        ("aws_sqs_queue.dead", {"visibility_timeout_seconds": 181}, "wrong"),
        ("aws_sqs_queue.dead", {"visibility_timeout_seconds": "180"}, "wrong"),
        ("aws_sqs_queue.dead", {"visibility_timeout_seconds": Unknown("var.timeout_s")}, "lost"),
        ("aws_sqs_queue.dead", {"visibility_timeout_seconds": None}, "lost"),
        ("aws_sqs_queue.dead", {"policy_that_is_not_there": "x"}, "wrong"),
        ("aws_vpc.main", {"enable_dns_hostnames": None}, "lost"),
        ("aws_security_group.web", {"egress": ()}, "wrong"),
        ('module.fleet[0].module.task["api"].aws_ecs_service.this', {"network_configuration": ({},)}, "lost"),
    ],
)
def test_a_planted_fault_is_found(judged, address, values, kind):
    architecture, plan = judged
    found, _ = differences(with_values(architecture, address, **values), plan)
    assert {(difference.kind, difference.address) for difference in found} == {(kind, address)}


@pytest.mark.terraform
@pytest.mark.slow
def test_a_resource_too_many_and_a_resource_too_few_are_found(judged):
    architecture, plan = judged
    first, *others = architecture.resources
    found, _ = differences(replace(architecture, resources=(*others, replace(first, address="aws_vpc.surplus"))), plan)
    assert {(difference.kind, difference.address) for difference in found} == {
        ("missing", first.address),
        ("extra", "aws_vpc.surplus"),
    }


def test_every_rule_of_the_comparison_has_a_reason():
    assert all(len(reason.split()) >= 5 for reason in RULES.values())
