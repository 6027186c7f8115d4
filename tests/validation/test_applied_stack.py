"""A small stack applied by the real Terraform on the emulator, looked at, changed behind its back, and taken down."""

from pathlib import Path

import boto3
import pytest

pytest.importorskip("moto", reason="moto is not installed")

from analysis import terraform
from analysis.emulator import EmulatorGoneError, running
from analysis.facts import FactError
from analysis.validation import cycle, deployed, world
from analysis.validation.terraform_cli import TerraformError
from analysis.validation.workspace import AppliedStack, drifted, nowhere_else, watched

SMALL = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = "us-east-1"
}

variable "threshold" {
  type    = number
  default = 80
}

resource "aws_sns_topic" "page" {
  name = "page"
}

resource "aws_cloudwatch_metric_alarm" "cpu" {
  alarm_name          = "cpu"
  namespace           = "AWS/ECS"
  metric_name         = "CPUUtilization"
  dimensions          = { ClusterName = "one" }
  statistic           = "Average"
  period              = 60
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.threshold
  evaluation_periods  = 3
  alarm_actions       = [aws_sns_topic.page.arn]
}

output "topic" {
  value = aws_sns_topic.page.arn
}
"""


def written(tmp_path, text=SMALL):
    (tmp_path / "main.tf").write_text(text)
    return tmp_path


@pytest.mark.terraform
@pytest.mark.slow
def test_a_stack_goes_up_is_compared_changed_behind_its_back_and_comes_down(tmp_path):
    directory = written(tmp_path)
    done = []
    with running() as emulator, AppliedStack(directory, emulator, progress=done.append) as stack:
        applied = stack.apply()
        assert applied.count("create") == 2
        assert "create aws_sns_topic.page" in done
        assert stack.outputs() == {"topic": "arn:aws:sns:us-east-1:123456789012:page"}
        assert stack.drift() == ()

        architecture, moto = terraform.load(directory), deployed.Moto(emulator)
        state = stack.state()
        rows = deployed.compared(architecture, state, moto)
        assert {row.address for row in rows} == {"aws_cloudwatch_metric_alarm.cpu"}
        assert all(row.agrees for row in rows)
        assert deployed.strangers(architecture, state, moto) == ()

        cloudwatch = boto3.client("cloudwatch", **emulator.client_arguments())
        alarm = {
            "AlarmName": "cpu",
            "Namespace": "AWS/ECS",
            "MetricName": "CPUUtilization",
            "Dimensions": [{"Name": "ClusterName", "Value": "one"}],
            "Statistic": "Average",
            "Period": 60,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 95,
            "EvaluationPeriods": 3,
            "TreatMissingData": "missing",
            "AlarmActions": ["arn:aws:sns:us-east-1:123456789012:page-2"],
        }
        cloudwatch.put_metric_alarm(**alarm)
        cloudwatch.put_metric_alarm(**alarm | {"AlarmName": "nobody-asked-for"})
        differing = [row for row in deployed.compared(architecture, state, moto) if not row.agrees]
        assert {row.attribute for row in differing} == {"threshold", "alarm_actions"}
        assert "the code says 80, the emulator has 95" in " ".join(map(str, differing))
        assert deployed.strangers(architecture, state, moto) == ("aws_cloudwatch_metric_alarm nobody-asked-for",)
        drift = stack.drift()
        assert {(one.address, one.attribute) for one in drift} == {
            ("aws_cloudwatch_metric_alarm.cpu", "threshold"),
            ("aws_cloudwatch_metric_alarm.cpu", "alarm_actions"),
        }
        assert "threshold: 95 -> 80" in " ".join(map(str, drift))

        assert stack.plan({"threshold": 70})["resource_changes"][0]["change"]["actions"] == ["update"]
        assert deployed.left_over(architecture, state, moto) == ("aws_cloudwatch_metric_alarm.cpu",)
        assert stack.destroy().count("delete") == 2
        assert deployed.left_over(architecture, state, moto) == ()


@pytest.mark.terraform
@pytest.mark.slow
def test_another_configuration_goes_on_with_the_same_state(tmp_path):
    (before := tmp_path / "before").mkdir()
    (after := tmp_path / "after").mkdir()
    topic = SMALL[: SMALL.index('resource "aws_cloudwatch')]
    with running() as emulator, AppliedStack(written(before, topic), emulator) as stack:
        stack.apply()
        stack.use(written(after, SMALL))
        assert stack.apply().count("create") == 1
        assert stack.drift() == ()


@pytest.mark.terraform
@pytest.mark.slow
def test_a_configuration_with_an_endpoint_of_its_own_does_not_leave_the_machine(tmp_path):
    text = SMALL.replace(
        'region = "us-east-1"', 'region = "us-east-1"\n  endpoints {\n    sns = "http://192.0.2.1:8080"\n  }', 1
    )
    with (
        running() as emulator,
        AppliedStack(written(tmp_path, text), emulator) as stack,
        pytest.raises(TerraformError, match=r"127\.0\.0\.1:9: connect: connection refused"),
    ):
        stack.apply(arguments=["-target=aws_sns_topic.page"])


def test_every_way_off_the_machine_leads_to_a_proxy_that_is_not_there():
    ways = nowhere_else()
    assert {ways[name] for name in ("HTTP_PROXY", "HTTPS_PROXY", "https_proxy", "ALL_PROXY")} == {"http://127.0.0.1:9"}
    assert ways["NO_PROXY"] == "127.0.0.1"


def test_a_command_ends_with_its_children_when_what_it_needs_is_gone(tmp_path):
    children = tmp_path / "child"
    script = f"sleep 60 & echo $! > {children}; wait"

    def watch():
        if children.exists() and children.read_text().strip():
            raise EmulatorGoneError("gone")

    with pytest.raises(EmulatorGoneError):
        watched(["/bin/sh", "-c", script], cwd=tmp_path, environ={"PATH": "/bin:/usr/bin"}, timeout_s=60, watch=watch)
    state = Path("/proc") / children.read_text().strip() / "stat"
    assert not state.exists() or state.read_text().split()[2] == "Z"


def test_a_command_that_takes_too_long_is_ended_with_a_sentence(tmp_path):
    with pytest.raises(TerraformError, match=r"sleep 60 was ended after 0\.3 s without an answer"):
        watched(["/bin/sleep", "60"], cwd=tmp_path, environ={}, timeout_s=0.3)


def test_a_plan_is_told_attribute_by_attribute():
    change = {"actions": ["update"], "before": {"a": 1, "b": 2}, "after": {"a": 1, "b": 3}, "after_unknown": {}}
    gone = {"actions": ["delete", "create"], "before": {"a": 1}, "after": {"a": 2}}
    still = {"actions": ["no-op"], "before": {}, "after": {}}
    plan = {
        "resource_changes": [{"address": name, "change": c} for name, c in (("x", change), ("y", gone), ("z", still))]
    }
    assert [str(one) for one in drifted(plan)] == ["x (update).b: 2 -> 3", "y (delete, create)"]


def test_a_record_and_a_run_differ_in_what_they_say_not_in_how_long_it_took():
    step = {"name": "apply", "status": "passed", "seconds": 1.0, "message": "2 resources made", "details": []}
    record = {"phases": [step], "answered": {"moto": 1}}
    assert cycle.differences(record, {"phases": [step | {"seconds": 9.0}], "answered": {"moto": 2}}) == ()
    (said,) = cycle.differences(record, {"phases": [step | {"status": "failed"}]})
    assert said.startswith("phases: the record says")


LACKED = """
resource "aws_sns_topic" "page" {
  name = "page"
}

resource "aws_xray_sampling_rule" "all" {
  rule_name      = "all"
  priority       = 1
  reservoir_size = 1
  fixed_rate     = 0.05
  host           = "*"
  http_method    = "*"
  url_path       = "*"
  service_name   = "*"
  service_type   = "*"
  resource_arn   = "*"
  version        = 1
}

resource "aws_sns_topic" "named_for_it" {
  name = "of-${aws_xray_sampling_rule.all.rule_name}"
  tags = { rule = aws_xray_sampling_rule.all.arn }
}

resource "aws_dynamodb_table" "events" {
  name                        = "events"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "id"
  deletion_protection_enabled = true

  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_s3_object" "package" {
  bucket  = "packages"
  key     = "a.txt"
  content = "a"
}
"""

WORLD = """
[[before]]
says = "The bucket of the packages is there."
service = "s3"
operation = "CreateBucket"
parameters = { Bucket = "packages" }
"""


@pytest.mark.terraform
@pytest.mark.slow
def test_what_the_emulator_lacks_is_listed_and_the_rest_is_applied_read_back_and_destroyed(tmp_path):
    directory = written(tmp_path, SMALL.split('variable "threshold"', maxsplit=1)[0] + LACKED)
    (directory / "world.toml").write_text(WORLD)
    evidence = cycle.applied(directory)
    phases = {phase.name: phase for phase in evidence.phases}
    assert evidence.lacking == {"xray CreateSamplingRule": ("aws_xray_sampling_rule.all",)}
    assert evidence.missing == ("aws_sns_topic.named_for_it", "aws_xray_sampling_rule.all")
    assert phases["apply"].status == "partly"
    assert phases["apply"].message == "3 of 5 resources made; the emulator lacks 1 call"
    assert phases["second plan"].status == "passed"
    assert phases["protection lifted"].details == ("aws_dynamodb_table.events.deletion_protection_enabled",)
    assert phases["destroy"].message == "3 resources deleted"
    assert phases["nothing left"].status == "passed"
    assert evidence.ok


@pytest.mark.terraform
@pytest.mark.slow
def test_an_error_that_is_not_the_emulators_lack_fails_the_apply(tmp_path):
    directory = written(tmp_path, SMALL.split('variable "threshold"', maxsplit=1)[0] + LACKED)
    evidence = cycle.applied(directory)  # without the bucket
    assert not evidence.ok
    assert [phase.status for phase in evidence.phases] == ["failed", *["skipped"] * 5]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (WORLD.replace('"s3"', '"s4"'), "'s4' is no service"),
        (WORLD.replace("CreateBucket", "MakeBucket"), "s3 has no operation 'MakeBucket'"),
        (WORLD.replace("says =", "sais ="), "says: is missing"),
        (WORLD.replace("[[before]]", "[[after]]"), "after: is not a key"),
    ],
)
def test_a_world_that_cannot_be_made_is_refused(tmp_path, text, sentence):
    (tmp_path / "world.toml").write_text(text)
    with pytest.raises(FactError, match=sentence):
        world.before(tmp_path)
