"""One unreadable thing does not hide the rest: what is missing is listed, the rest is answered, and nothing is silently zero."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analysis.commands import app
from analysis.commands.common import FINDINGS, FINE, UNREADABLE

ROOT = Path(__file__).parent.parent
HEAD = 'provider "aws" {\n  region = "us-east-1"\n}\n'
BALANCER = 'resource "aws_lb" "front" {\n  name = "front"\n  subnets = ["subnet-1", "subnet-2"]\n}\n'
ARTEFACT = (
    'resource "aws_sqs_queue" "jobs" {\n  name = filebase64sha256("build/jobs.zip")\n}\n',
    "aws_sqs_queue.jobs.name",
    "there is no file",
)
VARIABLE = (
    (
        'variable "queue" {\n  type = string\n}\nresource "aws_sqs_queue" "jobs" {\n  name = var.queue\n}\n'
        'resource "aws_sqs_queue" "more" {\n  name = "more-${var.queue}"\n}\n'
    ),
    "var.queue",
    "has no value",
)
MODULE = ('module "jobs" {\n  source = "acme/jobs/aws"\n}\n', "module.jobs", "is not on this machine")
COUNT = (
    'resource "aws_sqs_queue" "jobs" {\n  for_each = fileset(path.module, file("names.txt"))\n  name = each.key\n}\n',
    "aws_sqs_queue.jobs.for_each",
    "there is no file",
)


def run(*words: object):
    """What a command prints and its exit status."""
    return CliRunner().invoke(app, [str(word) for word in words])


def stack(folder, text):
    (folder / "main.tf").write_text(HEAD + text)
    return folder


@pytest.mark.parametrize("command", ["cost", "prove", "diagram", "model"])
@pytest.mark.parametrize(("text", "address", "reason"), [ARTEFACT, VARIABLE, MODULE, COUNT])
def test_what_cannot_be_evaluated_is_listed_by_address_and_the_rest_is_answered(
    tmp_path, command, text, address, reason
):
    options = ("--out", tmp_path / "stack.svg") if command == "diagram" else ()
    result = run(command, stack(tmp_path, BALANCER + text), *options)
    assert result.exit_code == FINDINGS, result.output
    assert address in result.stderr
    assert reason in result.stderr
    assert " of " in result.stdout


@pytest.mark.parametrize(
    ("text", "complete", "whole"), [(ARTEFACT[0], 1, 2), (VARIABLE[0], 1, 3), (MODULE[0], 1, 1), (COUNT[0], 1, 2)]
)
def test_the_header_counts_the_resources_that_rest_on_nothing_missing(tmp_path, text, complete, whole):
    result = run("cost", stack(tmp_path, BALANCER + text))
    assert f"{complete} of {whole} resources" in " ".join(result.stdout.split())
    found = json.loads(run("cost", tmp_path, "--json").stdout)
    assert (found["holes"]["complete"], found["holes"]["resources"]) == (complete, whole)
    assert found["total"] == "23.725"


def test_a_variable_without_a_value_is_named_once_however_often_it_is_used(tmp_path):
    assert run("cost", stack(tmp_path, BALANCER + VARIABLE[0])).stderr.count("has no value") == 1


def test_a_missing_module_and_a_block_of_unknown_instances_are_gaps_in_the_bill(tmp_path):
    found = json.loads(run("cost", stack(tmp_path, BALANCER + MODULE[0] + COUNT[0]), "--json").stdout)
    assert [row["address"] for row in found["unpriced"]] == ["module.jobs", "aws_sqs_queue.jobs"]


def test_placeholders_of_their_type_stand_in_for_variables_without_a_value_when_asked(tmp_path):
    text = (
        'variable "copies" {\n  type = number\n}\n'
        'variable "names" {\n  type = set(string)\n}\n'
        'variable "shape" {\n  type = object({ on = bool, size = optional(number, 3), tags = map(string) })\n}\n'
        'resource "aws_sqs_queue" "jobs" {\n  for_each = var.names\n  name = "${each.key}-${var.copies}-${var.shape.size}"\n}\n'
    )
    result = run("model", stack(tmp_path, text), "--placeholders", "--json")
    assert result.exit_code == FINE, result.output
    (queue,) = json.loads(result.stdout)["resources"]
    assert (queue["address"], queue["values"]["name"]) == ('aws_sqs_queue.jobs["names"]', "names-1-3")
    assert result.stderr.count("stands in for it") == 3


def test_a_placeholder_is_one_of_the_values_that_the_variables_own_check_allows(tmp_path):
    text = (
        'variable "stage" {\n  type = string\n  validation {\n    condition     = contains(["dev", "prod"], var.stage)\n'
        '    error_message = "no such stage"\n  }\n}\nresource "aws_sqs_queue" "jobs" {\n  name = var.stage\n}\n'
    )
    result = run("model", stack(tmp_path, text), "--placeholders", "--json")
    assert result.exit_code == FINE, result.output
    assert json.loads(result.stdout)["resources"][0]["values"]["name"] == "dev"


def test_a_region_without_a_value_is_stood_in_for_by_one_that_has_prices(tmp_path):
    text = 'variable "where" {\n  type = string\n}\nprovider "aws" {\n  region = var.where\n}\n'
    (tmp_path / "main.tf").write_text(text + BALANCER)
    result = run("cost", tmp_path, "--placeholders", "--json")
    assert result.exit_code == FINE, result.output
    assert json.loads(result.stdout)["total"] == "23.725"
    assert '"where" has no value; "us-east-1" stands in for it' in " ".join(result.stderr.split())


def test_nothing_is_left_to_answer_where_the_only_resources_are_missing(tmp_path):
    result = run("cost", stack(tmp_path, MODULE[0]))
    assert result.exit_code == UNREADABLE
    assert result.stdout == ""


@pytest.mark.parametrize("command", ["cost", "diagram", "prove", "model"])
@pytest.mark.parametrize(
    ("file", "word"),
    [
        ("terragrunt.hcl", "Terragrunt"),
        ("main.tofu", "OpenTofu"),
        ("cdktf.json", "CDKTF"),
        ("Pulumi.yaml", "Pulumi"),
    ],
)
@pytest.mark.parametrize("with_terraform", [True, False])
def test_a_folder_of_another_tool_is_called_by_its_name_and_is_no_empty_bill(
    tmp_path, command, file, word, with_terraform
):
    (tmp_path / file).write_text("")
    if with_terraform:
        stack(tmp_path, "")
    result = run(command, tmp_path)
    assert result.exit_code == UNREADABLE
    assert word in result.stderr
    assert command == "model" or result.stdout == ""


def test_terraform_beside_a_terragrunt_file_is_answered_with_a_warning(tmp_path):
    (tmp_path / "terragrunt.hcl").write_text("")
    result = run("cost", stack(tmp_path, BALANCER))
    assert result.exit_code == FINE
    assert "Terragrunt" in result.stderr


def test_a_stack_without_resources_says_so(tmp_path):
    result = run("cost", stack(tmp_path, ""))
    assert result.exit_code == FINE
    assert "holds no resource" in result.stderr


def test_capacity_is_answered_where_what_is_missing_lies_beside_the_way_of_the_crowd(tmp_path):
    source = ROOT / "terraform" / "stacks" / "buzzer_baseline"
    shutil.copytree(source, tmp_path / "stack", ignore=shutil.ignore_patterns("gameday.toml", ".terraform"))
    with (tmp_path / "stack" / "main.tf").open("a", encoding="utf-8") as file:
        file.write(f"\n{ARTEFACT[0]}{MODULE[0]}")
    scenario = ROOT / "terraform" / "scenarios" / "buzzer_final.toml"
    result = run("capacity", tmp_path / "stack", "--scenario", scenario, "--runtime", "flask_pooled")
    assert result.exit_code == FINDINGS, result.output
    assert "Holds" in result.stdout
    assert ARTEFACT[1] in result.stderr
    assert MODULE[1] in result.stderr


def test_files_beside_the_stack_are_read_only_where_the_user_names_their_directory(tmp_path):
    stack, beside, elsewhere = tmp_path / "repo" / "envs", tmp_path / "repo" / "assets", tmp_path / "elsewhere"
    for directory in (stack, beside, elsewhere):
        directory.mkdir(parents=True)
    (beside / "name.txt").write_text("jobs", encoding="utf-8")
    (elsewhere / "name.txt").write_text("private", encoding="utf-8")
    (beside / "link.txt").symlink_to(elsewhere / "name.txt")
    text = HEAD + 'resource "aws_sqs_queue" "q" {\n  name = file("../assets/%s.txt")\n}\n'
    (stack / "main.tf").write_text(text % "name", encoding="utf-8")
    refused = run("model", stack)
    assert refused.exit_code == FINDINGS
    assert "files outside are not read without --files DIR" in refused.stderr
    read = run("model", stack, "--files", beside, "--json")
    assert read.exit_code == FINE
    assert '"jobs"' in read.stdout
    (stack / "main.tf").write_text(text % "link", encoding="utf-8")
    linked = run("model", stack, "--files", beside, "--json")
    assert linked.exit_code == FINDINGS
    assert "private" not in linked.stdout
    nowhere = run("model", stack, "--files", tmp_path / "none")
    assert nowhere.exit_code == UNREADABLE
    assert "there is no such directory" in nowhere.stderr
