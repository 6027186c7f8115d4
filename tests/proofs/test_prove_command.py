"""`gameday prove` as its users type it."""

import json

import pytest
from typer.testing import CliRunner

from analysis.commands import app
from analysis.commands.common import FINDINGS, FINE, UNREADABLE
from analysis.proofs import RULES

DAY = ("--on", "2026-11-21")
"""The project's waivers end one day; what is tested here does not."""


def run(*arguments):
    return CliRunner().invoke(app, ["prove", *(str(a) for a in arguments), *DAY])


@pytest.fixture(scope="module")
def found(tmp_path_factory, workshop):
    """The command on the stack that crashed: what it printed, and its SARIF."""
    sarif = tmp_path_factory.mktemp("sarif") / "baseline.sarif"
    result = run(workshop.root / "stacks" / "buzzer_baseline", "--json", "--sarif", sarif)
    assert result.exit_code == FINDINGS
    return json.loads(result.stdout), json.loads(sarif.read_text())


def test_findings_are_printed_worst_first_with_place_and_remedy(found):
    findings = found[0]["findings"]
    assert not found[0]["ok"]
    assert [f["severity"] for f in findings] == sorted(f["severity"] for f in findings)
    first = findings[0]
    assert (first["rule"], first["file"]) == ("START-01", "main.tf")
    assert first["line"] > 1
    assert first["do"]


def test_a_good_stack_is_fine_and_its_sums_can_be_read(workshop):
    result = run(workshop.root / "stacks" / "buzzer", "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == FINE
    assert all(w["waiver"]["reason"] for w in report["waived"])
    assert any("30 tasks x 200 % x 4 connections" in h["because"] for h in report["holds"])


def test_the_table_names_rule_place_and_what_to_do(tmp_path):
    (tmp_path / "main.tf").write_text('resource "aws_lb" "front" {\n  name = "front"\n}\n')
    result = run(tmp_path)
    assert result.exit_code == FINDINGS
    assert "EXPOSE-17" in result.stdout
    assert "main.tf:1" in result.stdout
    assert "1 error, 1 warning" in result.stdout


def test_any_directory_of_terraform_is_read_and_an_empty_one_has_no_findings(tmp_path):
    (tmp_path / "main.tf").write_text("locals {\n  a = 1\n}\n")
    assert run(tmp_path).exit_code == FINE


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ('resource "aws_lb" {', ()),
        ("locals {\n  a = local.a\n}\n", ()),
        ('resource "aws_vpc" "a" {\n  cidr_block = "10.0.0.0/16"\n}\n', ("--scenario", "nowhere.toml")),
        ('resource "aws_vpc" "a" {\n  cidr_block = "10.0.0.0/16"\n}\n', ("--runtime", "cobol")),
        ('resource "aws_vpc" "a" {\n  cidr_block = "10.0.0.0/16"\n}\n', ("--sarif", "/nowhere/at/all.sarif")),
    ],
)
def test_bad_input_gets_a_sentence_and_exit_status_2(tmp_path, text, arguments):
    (tmp_path / "main.tf").write_text(text)
    result = run(tmp_path, *arguments)
    assert result.exit_code == UNREADABLE
    assert "Traceback" not in result.output
    assert result.output.strip()


def test_a_waiver_file_that_is_none_is_refused_by_name(tmp_path):
    (tmp_path / "main.tf").write_text("locals {}\n")
    (tmp_path / "waivers.toml").write_text('[[waiver]]\nrule = "FIT-1"\n')
    result = run(tmp_path)
    assert result.exit_code == UNREADABLE
    assert "waivers.toml" in result.output


# SARIF 2.1.0. Its schema is no part of any dependency, so its demands on what is written here are asserted one by one:
# https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html


def test_sarif_has_one_run_of_a_named_tool_with_every_rule(found):
    log = found[1]
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    [one] = log["runs"]
    driver = one["tool"]["driver"]
    assert driver["name"] == "gameday prove"
    assert [rule["id"] for rule in driver["rules"]] == list(RULES)
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in {"error", "warning"}


def test_each_result_of_sarif_points_to_a_rule_and_a_line(found):
    [one] = found[1]["runs"]
    rules = one["tool"]["driver"]["rules"]
    assert len(one["results"]) == len(found[0]["findings"]) + len(found[0]["not_decidable"])
    for result in one["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert (result["kind"], result["level"]) in {("fail", "error"), ("fail", "warning"), ("open", "none")}
        [place] = result["locations"]
        artifact, region = place["physicalLocation"]["artifactLocation"], place["physicalLocation"]["region"]
        assert artifact["uri"].endswith("main.tf")
        assert not artifact["uri"].startswith("/")
        assert "\\" not in artifact["uri"]
        assert region["startLine"] >= 1
        assert region["startColumn"] >= 1
        assert place["logicalLocations"][0]["fullyQualifiedName"]


def test_a_waived_finding_is_suppressed_with_its_reason(tmp_path, workshop):
    sarif = tmp_path / "buzzer.sarif"
    assert run(workshop.root / "stacks" / "buzzer", "--sarif", sarif).exit_code == FINE
    [one] = json.loads(sarif.read_text())["runs"]
    assert one["results"]
    for result in one["results"]:
        [suppression] = result["suppressions"]
        assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
        assert "(until 20" in suppression["justification"]


def test_findings_of_one_rule_stand_together_with_its_remedy_once(tmp_path):
    alarms = "".join(
        f'resource "aws_cloudwatch_metric_alarm" "{name}" {{\n  alarm_name = "{name}"\n'
        '  comparison_operator = "GreaterThanThreshold"\n  evaluation_periods = 1\n}\n'
        for name in "ab"
    )
    (tmp_path / "main.tf").write_text('provider "aws" {\n  region = "us-east-1"\n}\n' + alarms, encoding="utf-8")
    done = CliRunner().invoke(app, ["prove", str(tmp_path)])
    lines = [line.strip() for line in done.output.splitlines()]
    start = lines.index("TELLS-01  error  An alarm that goes off does something")
    assert [line.split("  ")[0] for line in lines[start + 1 : start + 6]] == [
        "aws_cloudwatch_metric_alarm.a",
        "it has no alarm_actions, and nothing refers to it",
        "aws_cloudwatch_metric_alarm.b",
        "it has no alarm_actions, and nothing refers to it",
        "Name a topic in alarm_actions, or take the alarm away.",
    ]
    assert "START-01 to START-16, FIT-01 to FIT-12" in " ".join(lines)
