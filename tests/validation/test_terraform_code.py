"""Every stack and module of the project, read by the real Terraform."""

from pathlib import Path

import answers
import pytest

from analysis.validation import validate

TERRAFORM = Path(__file__).parents[2] / "terraform"
DIRECTORIES = sorted(
    path for kind in ("stacks", "modules") for path in (TERRAFORM / kind).iterdir() if any(path.glob("*.tf"))
)
STACKS = [path for path in DIRECTORIES if path.parent.name == "stacks"]

pytestmark = [pytest.mark.terraform, pytest.mark.slow]


def report(directory):
    """The steps of a directory by their name: status, message and details."""

    def ask():
        said = validate(directory, cache=answers.kept_in())
        places = "init"  # says where the providers came from on this machine
        return {
            step.name: [step.status, "" if step.name == places else step.message, list(step.details)]
            for step in said.steps
        }

    name = f"report-{directory.parent.name}-{directory.name}"
    return answers.of(name, answers.basis(directory), ask, keep=sound)


def sound(steps):
    return all(status != "failed" for status, _, _ in steps.values())


@pytest.mark.parametrize("directory", DIRECTORIES, ids=lambda path: path.name)
def test_a_stack_or_module_is_formatted_and_valid_and_its_tests_pass(directory):
    steps = report(directory)
    assert sound(steps), steps
    assert steps["test"][0] == "passed", "it has no test files, or they ran nothing"


@pytest.mark.parametrize("directory", STACKS, ids=lambda path: path.name)
def test_a_stack_plans_without_aws(directory):
    status, message, _ = report(directory)["plan"]
    assert status == "passed", message
