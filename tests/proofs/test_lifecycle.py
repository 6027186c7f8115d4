"""LIFECYCLE: versions that run out, with the day and the price of waiting."""

import datetime as dt

import pytest

from analysis import proofs, terraform

DATABASE = """
resource "aws_db_instance" "d" {{
  engine            = "mysql"
  engine_version    = "{version}"
  instance_class    = "db.t3.large"
  allocated_storage = 20
  multi_az          = true
  {more}
}}
"""


def said(tmp_path, text, day="2026-11-29"):
    """The verdicts of the rules about support: rule, state and reason."""
    (tmp_path / "main.tf").write_text('provider "aws" {\n  region = "us-east-1"\n}\n' + text, encoding="utf-8")
    report = proofs.prove(terraform.load(tmp_path), today=dt.date.fromisoformat(day))
    return [(f.rule.id, f.state, f.because) for f in report.verdicts if f.rule.group == "LIFECYCLE"]


def test_a_database_past_standard_support_is_named_with_the_price_of_waiting(tmp_path):
    ((rule, state, because),) = said(tmp_path, DATABASE.format(version="8.0", more=""))
    assert (rule, state) == ("LIFECYCLE-01", "fails")
    assert because == (
        "rds-mysql 8.0 left it on 2026-07-31; waiting costs $292.00 a month from 2026-08-01, $584.00 a month from 2028-08-01, "
        "until AWS upgrades it after 2029-07-31"
    )


def test_one_whose_support_ends_soon_is_a_warning_in_time(tmp_path):
    verdicts = said(tmp_path, DATABASE.format(version="8.0", more=""), day="2026-03-15")
    assert [(rule, state) for rule, state, _ in verdicts] == [("LIFECYCLE-01", "holds"), ("LIFECYCLE-02", "fails")]
    assert "ends on 2026-07-31, in 4 months; waiting costs $292.00 a month from 2026-08-01" in verdicts[1][2]


def test_one_with_years_ahead_holds(tmp_path):
    verdicts = said(tmp_path, DATABASE.format(version="8.4", more=""))
    assert [(rule, state) for rule, state, _ in verdicts] == [("LIFECYCLE-01", "holds"), ("LIFECYCLE-02", "holds")]


def test_who_opts_out_of_extended_support_is_upgraded_by_aws(tmp_path):
    more = 'engine_lifecycle_support = "open-source-rds-extended-support-disabled"'
    ((_, state, because),) = said(tmp_path, DATABASE.format(version="8.0", more=more))
    assert state == "fails"
    assert because.endswith("AWS then upgrades it by itself, in a maintenance window")


def test_a_version_that_no_fact_knows_cannot_be_decided(tmp_path):
    verdicts = said(tmp_path, DATABASE.format(version="5.5", more=""))
    assert ("LIFECYCLE-01", "undecidable") in [(rule, state) for rule, state, _ in verdicts]


@pytest.mark.parametrize(
    ("runtime", "states"),
    [
        ("python3.9", ["fails"]),
        ("nodejs8.10", ["fails"]),
        ("nodejs22.x", ["holds", "fails"]),
        ("python3.13", ["holds", "holds"]),
    ],
)
def test_the_runtime_of_a_function_runs_out_too(tmp_path, runtime, states):
    text = f'resource "aws_lambda_function" "f" {{\n  function_name = "f"\n  role = "r"\n  runtime = "{runtime}"\n}}\n'
    assert [state for _, state, _ in said(tmp_path, text)] == states


def test_a_kubernetes_version_says_what_its_control_plane_will_cost(tmp_path):
    text = 'resource "aws_eks_cluster" "k" {\n  name = "k"\n  version = "1.34"\n  role_arn = "r"\n}\n'
    verdicts = said(tmp_path, text)
    assert verdicts[1][:2] == ("LIFECYCLE-02", "fails")
    assert "waiting costs $365.00 a month from 2026-12-02" in verdicts[1][2]


def test_the_readers_of_an_aurora_cluster_count_in_the_price_of_waiting(tmp_path):
    text = """
resource "aws_rds_cluster" "c" {
  cluster_identifier = "c"
  engine             = "aurora-postgresql"
  engine_version     = "13.9"
}
resource "aws_rds_cluster_instance" "i" {
  count              = 2
  cluster_identifier = aws_rds_cluster.c.id
  engine             = aws_rds_cluster.c.engine
  instance_class     = "db.r5.large"
}
"""
    ((_, state, because),) = said(tmp_path, text)
    assert state == "fails"
    assert "waiting costs $292.00 a month from 2026-03-01" in because
