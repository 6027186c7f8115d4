"""Every stack and module of the project, read by the real Terraform."""

from pathlib import Path

import pytest

from analysis.validation import validate
from analysis.validation.kept import default_cache

TERRAFORM = Path(__file__).parents[2] / "terraform"
DIRECTORIES = sorted(
    path for kind in ("stacks", "modules") for path in (TERRAFORM / kind).iterdir() if any(path.glob("*.tf"))
)
STACKS = [path for path in DIRECTORIES if path.parent.name == "stacks"]

pytestmark = [pytest.mark.terraform, pytest.mark.slow]


def report(directory):
    return validate(directory, cache=default_cache())


@pytest.mark.parametrize("directory", DIRECTORIES, ids=lambda path: path.name)
def test_a_stack_or_module_is_formatted_and_valid_and_its_tests_pass(directory):
    found = report(directory)
    assert found.ok, [(step.name, step.message, step.details) for step in found.steps]
    assert {step.name: step.status for step in found.steps}["test"] == "passed", (
        "it has no test files, or they ran nothing"
    )


@pytest.mark.parametrize("directory", STACKS, ids=lambda path: path.name)
def test_a_stack_plans_without_aws(directory):
    plan = report(directory).steps[-1]
    assert (plan.name, plan.status) == ("plan", "passed"), plan.message
