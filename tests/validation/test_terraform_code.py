"""Every stack and module of the project, read by the real Terraform."""

import datetime as dt
import re
from pathlib import Path

import answers
import pytest
import rotation

from analysis import evidence, terraform
from analysis.validation import plan_texts, validate, validated

TERRAFORM = Path(__file__).parents[2] / "terraform"
DIRECTORIES = sorted(
    path
    for path in (TERRAFORM / "bootstrap", *(TERRAFORM / "stacks").iterdir(), *(TERRAFORM / "modules").iterdir())
    if any(path.glob("*.tf"))
)
STACKS = [path for path in DIRECTORIES if path.parent.name == "stacks"]

pytestmark = [pytest.mark.terraform, pytest.mark.slow]


def report(directory):
    """The steps of a directory by their name: status, message and details."""

    def ask():
        said = validate(directory, cache=answers.kept_in(), trust=True)  # our own, some of whose tests apply on a mock
        places = "init"  # says where the providers came from on this machine
        return {
            step.name: [
                step.status,
                "" if (step.name, step.status) == (places, "passed") else step.message,
                list(step.details),
            ]
            for step in said.steps
        }

    name = f"report-{directory.parent.name}-{directory.name}"
    return answers.of(name, answers.basis(directory), ask, keep=sound)


def sound(steps):
    return all(status not in {"failed", "refused"} for status, _, _ in steps.values())


@pytest.mark.parametrize("directory", DIRECTORIES, ids=lambda path: path.name)
def test_a_stack_or_module_is_formatted_and_valid_and_its_tests_pass(directory):
    steps = report(directory)
    lacking = re.search(r"provider \S+ was not found in any", " ".join(steps["init"][1].split()))
    if lacking and not any("hashicorp/aws" in word for word in lacking[0].split()):
        pytest.skip(f"terraform's {lacking[0]} place on this machine")
    assert sound(steps), steps
    assert steps["test"][0] == "passed", "it has no test files, or they ran nothing"


@pytest.mark.parametrize("directory", STACKS, ids=lambda path: path.name)
def test_a_stack_plans_without_aws(directory):
    status, message, _ = report(directory)["plan"]
    assert status == "passed", message


RECORDED = [path for path in STACKS if evidence.beside(path, validated.KIND).exists()]


@pytest.mark.parametrize("directory", RECORDED, ids=lambda path: path.name)
def test_the_record_beside_a_stack_that_the_site_shows_says_what_terraform_says(directory):
    steps = report(directory)
    architecture = terraform.load(directory)
    if rotation.recording():
        now = validate(directory, cache=answers.kept_in())
        today = dt.datetime.now(dt.UTC).date()
        validated.write(directory, now, plan_texts(directory), today, validated.basis(directory, architecture))
    record, _ = validated.read(directory, architecture)  # a stale one is shown as such, but may not say anything wrong
    assert [step for step in record.content["steps"] if said(step) != steps[step["name"]]] == []


def said(step):
    return [step["status"], "" if step["name"] == "init" else step["message"], step["details"]]
