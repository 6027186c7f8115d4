"""What the rules say of the stack that crashed, of what cannot be known, and of waivers."""

import datetime as dt
from pathlib import Path

import pytest

from analysis import facts, proofs, terraform
from analysis.facts import FactError

TODAY = dt.date(2026, 11, 21)
BASELINE = Path(__file__).parents[2] / "terraform" / "stacks" / "buzzer_baseline"

BASELINE_FAULTS = {
    # the flaws that the file labels, by the rule that must find each
    "START-01": "no default route leads out; nor is there an endpoint",
    "START-05": "may not call secretsmanager:GetSecretValue",
    "START-07": "host and port in one text",
    "START-08": "MUTABLE",
    "RACE-01": "nothing scales the service",
    "RACE-02": "1 tasks at most",
    "FRESH-01": "60 s in each process (COMMENTARY_CACHE_S)",
    "FIT-06": "max(100, 3 x 20 GiB) = 100",
    "ROLLBACK-01": "enable is false",
    "ROLLBACK-02": "none of them rolls back",
    "ROLLBACK-03": "deregisters the revision that ran",
    "ROLLBACK-05": "MUTABLE",
    "RESTORE-01": "backups of 1 days < 7 days",
    "RESTORE-02": "does not select it",
    "RESTORE-03": "deletion_protection is false",
    "RESTORE-04": "skip_final_snapshot is true",
    "RESTORE-07": "multi_az is false",
    "EXPOSE-02": "lets 0.0.0.0/0 in at 3306",
    "EXPOSE-03": "past aws_cloudfront_distribution.main",
    "EXPOSE-05": "answers in clear",
    "EXPOSE-06": "origin_protocol_policy is http-only",
    "EXPOSE-13": "on every resource",
    "EXPOSE-15": "no web ACL",
}


@pytest.mark.parametrize(("rule", "because"), BASELINE_FAULTS.items())
def test_the_stack_that_crashed_fails_the_rules_that_it_should(baseline, rule, because):
    assert any(because in f.because for f in baseline.unwaived if f.rule.id == rule)


def test_a_finding_says_where_it_stands_and_what_to_do(baseline):
    finding = next(f for f in baseline.unwaived if f.rule.id == "START-07")
    line = (BASELINE / finding.location.file).read_text().splitlines()[finding.location.line - 1]
    assert "container_definitions" in line
    assert finding.address == "aws_ecs_task_definition.api"
    assert "address" in finding.rule.remedy


def test_the_connections_are_added_up_where_the_reader_sees_it(buzzer):
    sums = [f.because for f in buzzer.holding if f.rule.id == "FIT-01"]
    assert len(sums) == 1
    assert sums[0].startswith("30 tasks x 200 % x 4 connections = 240 <= 80 % of 300 = 240")


def test_one_connection_more_is_one_too_many(workshop):
    with workshop.changed("stacks/buzzer/variables.tf", "default     = 4\n", "default     = 5\n"):
        report = workshop.prove("stacks/buzzer")
    finding = next(f for f in report.unwaived if f.rule.id == "FIT-01")
    assert "30 tasks x 200 % x 5 connections = 300 > 80 % of 300 = 240" in finding.because
    assert not report.ok


def test_errors_come_before_warnings(baseline):
    severities = [f.severity for f in baseline.findings]
    assert severities == sorted(severities)
    assert set(severities) == {"error", "warning"}


def test_what_needs_a_scenario_is_not_decidable_without_one(workshop):
    directory = workshop.root / "good"
    report = proofs.prove(terraform.load(directory), today=TODAY)
    undecided = {f.rule.id: f.because for f in report.undecided}
    assert "no scenario" in undecided["RACE-01"]
    assert "no scenario" in undecided["FRESH-01"]
    assert not {"RACE-01", "RACE-02", "FRESH-01"} & {f.rule.id for f in report.holding}


def test_a_value_known_only_after_apply_is_not_decidable(tmp_path):
    (tmp_path / "main.tf").write_text(
        'resource "aws_db_instance" "main" {\n'
        '  engine = "mysql"\n  instance_class = "db.t4g.medium"\n  allocated_storage = 20\n'
        "  storage_encrypted = terraform_data.decision.output\n}\n"
        'resource "terraform_data" "decision" {\n  input = uuid()\n}\n'
    )
    report = proofs.prove(terraform.load(tmp_path), today=TODAY)
    assert [f.address for f in report.undecided if f.rule.id == "EXPOSE-04"] == ["aws_db_instance.main"]
    assert "EXPOSE-04" not in {f.rule.id for f in report.findings}


def test_a_rule_that_finds_nothing_of_its_own_neither_holds_nor_fails(tmp_path):
    (tmp_path / "main.tf").write_text('resource "aws_vpc" "main" {\n  cidr_block = "10.0.0.0/16"\n}\n')
    report = proofs.prove(terraform.load(tmp_path), today=TODAY)
    assert {f.rule.id for f in report.verdicts} == {"START-15"}
    assert {r.id for r in report.silent} == {r for r in proofs.RULES if not r.startswith("WAIVER")} - {"START-15"}


# Waivers


def waived(directory, text, today=TODAY):
    (directory / proofs.FILE_NAME).write_text(text)
    (directory / "main.tf").write_text(
        'resource "aws_cloudwatch_log_group" "a" {\n  count = 2\n  name = "a-${count.index}"\n}\n'
    )
    return proofs.prove(terraform.load(directory), waivers=proofs.waivers(directory, proofs.RULES.keys()), today=today)


WAIVER = """
[[waiver]]
rule = "FIT-08"
address = "aws_cloudwatch_log_group.a[0]"
reason = "Kept for the lawyers."
expires = 2026-12-31
"""


def test_a_waiver_bears_the_findings_at_its_address_and_no_other(tmp_path):
    report = waived(tmp_path, WAIVER)
    assert [f.address for f in report.waived] == ["aws_cloudwatch_log_group.a[0]"]
    assert [(f.rule.id, f.address) for f in report.unwaived] == [("FIT-08", "aws_cloudwatch_log_group.a[1]")]


def test_a_waiver_holds_on_its_last_day_and_has_expired_on_the_next(tmp_path):
    assert waived(tmp_path, WAIVER, dt.date(2026, 12, 31)).ok
    late = waived(tmp_path, WAIVER, dt.date(2027, 1, 1))
    expired = next(f for f in late.unwaived if f.rule.id == "WAIVER-01")
    assert not late.waived
    assert not late.ok
    assert (expired.location.file, expired.location.line) == ("waivers.toml", 2)


def test_a_waiver_that_waives_nothing_is_a_finding(tmp_path):
    report = waived(tmp_path, WAIVER.replace("a[0]", "b"))
    assert [f.because for f in report.unwaived if f.rule.id == "WAIVER-02"] == [
        "no finding of FIT-08 has an address that matches aws_cloudwatch_log_group.b"
    ]


def test_a_statement_that_no_rule_asks_for_is_a_finding(tmp_path):
    report = waived(tmp_path, '[[statement]]\nrule = "RESTORE-06"\nsays = "From the vault, in 60 minutes."\n')
    assert "WAIVER-03" in {f.rule.id for f in report.unwaived}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (WAIVER.replace("FIT-08", "FIT-99"), "'FIT-99', which is no rule"),
        (WAIVER.replace("2026-12-31", '"soon"'), "must be a date such as"),
        (WAIVER.replace('reason = "Kept for the lawyers."', ""), "reason: is missing"),
        (WAIVER + 'owner = "legal"\n', "owner: is not a key of this table"),
        ("[[waiver]\n", "is not valid TOML"),
    ],
)
def test_a_waiver_file_that_says_something_else_is_refused(tmp_path, text, complaint):
    with pytest.raises(FactError, match=r"waivers\.toml") as refused:
        waived(tmp_path, text)
    assert complaint in str(refused.value).replace("].", "] ").replace("waiver[0] ", "")


def test_the_projects_own_waivers_all_say_why_and_end(workshop):
    found = proofs.waivers(workshop.root / "stacks" / "buzzer", proofs.RULES.keys())
    assert found.waivers
    assert all(len(w.reason) > 40 and w.expires < dt.date(2028, 1, 1) for w in found.waivers)


def test_the_thresholds_have_a_range_and_a_reason(workshop):
    from analysis.proofs.view import THRESHOLDS

    assert all(a.low <= a.value <= a.high and a.reason for a in facts.assumptions(THRESHOLDS).values())
