"""TELLS: every hop from an alarm or an event to somebody."""

import datetime as dt

import pytest

from analysis import proofs, terraform

TOPIC = 'resource "aws_sns_topic" "t" {{\n  name = "t"\n  {more}\n}}\n'

ALARM = """
resource "aws_cloudwatch_metric_alarm" "a" {{
  alarm_name          = "a"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 1
  threshold           = 1
  metric_name         = "ReplicaLag"
  namespace           = "AWS/RDS"
  period              = 60
  statistic           = "Maximum"
  dimensions          = {{ DBInstanceIdentifier = "copy" }}
  {more}
}}
"""

HEARD = ALARM.format(more="alarm_actions = [aws_sns_topic.t.arn]")

EVENT = """
resource "aws_cloudwatch_event_rule" "e" {
  name          = "e"
  event_pattern = jsonencode({ source = ["aws.rds"] })
}

resource "aws_cloudwatch_event_target" "e" {
  rule = aws_cloudwatch_event_rule.e.name
  arn  = aws_sns_topic.t.arn
}
"""

POLICY = """
resource "aws_sns_topic_policy" "t" {{
  arn = aws_sns_topic.t.arn
  policy = jsonencode({{
    Statement = [{{ Effect = "Allow", Principal = {principal}, Action = "{action}", Resource = "*"{more} }}]
  }})
}}
"""

KEY = """
resource "aws_kms_key" "k" {{
  {policy}
}}

resource "aws_kms_alias" "k" {{
  name          = "alias/k"
  target_key_id = aws_kms_key.k.id
}}
"""

OWN = 'Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } }'


def said(tmp_path, text, rule):
    """The states and reasons of one rule on a stack."""
    (tmp_path / "main.tf").write_text('provider "aws" {\n  region = "us-east-1"\n}\n' + text, encoding="utf-8")
    return [
        (f.state, f.because)
        for f in proofs.prove(terraform.load(tmp_path), today=dt.date(2026, 11, 29)).verdicts
        if f.rule.id == rule
    ]


def policy(principal, action="sns:Publish", more=""):
    return POLICY.format(principal=principal, action=action, more=", " + more if more else "")


def service(name):
    return f'{{ Service = "{name}" }}'


def test_an_alarm_without_an_action_that_nothing_names_does_nothing(tmp_path):
    assert said(tmp_path, ALARM.format(more=""), "TELLS-01") == [
        ("fails", "it has no alarm_actions, and nothing refers to it")
    ]


@pytest.mark.parametrize("rule", ['ALARM(\\"a\\")', "ALARM(${aws_cloudwatch_metric_alarm.a.alarm_name})"])
def test_an_alarm_without_an_action_may_be_a_part_of_another(tmp_path, rule):
    whole = f'resource "aws_cloudwatch_composite_alarm" "w" {{\n  alarm_name = "w"\n  alarm_rule = "{rule}"\n}}\n'
    states = [state for state, _ in said(tmp_path, ALARM.format(more="") + whole, "TELLS-01")]
    assert sorted(states) == ["fails", "holds"], "the part is named by the whole, the whole tells nobody"


def test_an_alarm_whose_actions_are_switched_off_does_nothing(tmp_path):
    text = TOPIC.format(more="") + ALARM.format(more="alarm_actions = [aws_sns_topic.t.arn]\n  actions_enabled = false")
    assert [state for state, _ in said(tmp_path, text, "TELLS-01")] == ["fails"]


def test_an_alarm_that_scales_does_something(tmp_path):
    text = ALARM.format(more='alarm_actions = ["arn:aws:automate:us-east-1:ec2:recover"]')
    assert said(tmp_path, text, "TELLS-01") == [("holds", "1 action when it goes off")]
    assert said(tmp_path, text, "TELLS-02") == []


def test_without_a_policy_a_topic_admits_alarms_and_no_events(tmp_path):
    verdicts = said(tmp_path, TOPIC.format(more="") + HEARD + EVENT, "TELLS-02")
    assert [state for state, _ in verdicts] == ["holds", "fails"]
    assert verdicts[1][1].startswith("aws_cloudwatch_event_target.e tells it; aws_sns_topic.t has no policy")


@pytest.mark.parametrize(
    ("statement", "alarms", "events"),
    [
        (policy(service("cloudwatch.amazonaws.com")), "holds", "fails"),
        (policy(service("cloudwatch.amazonaws.com"), more=OWN), "holds", "fails"),
        (policy(service("events.amazonaws.com")), "fails", "holds"),
        (policy(service("events.amazonaws.com"), more=OWN), "fails", "fails"),
        (policy('"*"'), "holds", "holds"),
        (policy('"*"', more=OWN), "holds", "fails"),
        (policy('{ AWS = "*" }', "SNS:*"), "holds", "holds"),
        (policy('"*"', "sns:Subscribe"), "fails", "fails"),
        (
            'resource "aws_sns_topic_policy" "t" {\n  arn = aws_sns_topic.t.arn\n  policy = "{"\n}\n',
            "undecidable",
            "undecidable",
        ),
    ],
)
def test_a_topics_policy_admits_who_it_names_and_eventbridge_without_a_condition_only(
    tmp_path, statement, alarms, events
):
    verdicts = said(tmp_path, TOPIC.format(more="") + HEARD + EVENT + statement, "TELLS-02")
    assert [state for state, _ in verdicts] == [alarms, events]


def key_policy(principal, actions):
    statement = f'{{ Effect = "Allow", Principal = {principal}, Action = {actions}, Resource = "*" }}'
    return f"policy = jsonencode({{ Statement = [{statement}] }})"


@pytest.mark.parametrize(
    ("key", "state"),
    [
        ("", "fails"),
        (key_policy('{ AWS = "arn:aws:iam::123456789012:root" }', '"kms:*"'), "fails"),
        (key_policy(service("cloudwatch.amazonaws.com"), '"kms:Decrypt"'), "fails"),
        (key_policy(service("cloudwatch.amazonaws.com"), '["kms:Decrypt", "kms:GenerateDataKey*"]'), "holds"),
    ],
)
@pytest.mark.parametrize("by", ["aws_kms_key.k.arn", "aws_kms_alias.k.name"])
def test_the_key_of_an_encrypted_topic_lets_alarms_in_or_not(tmp_path, key, state, by):
    text = TOPIC.format(more=f"kms_master_key_id = {by}") + HEARD + KEY.format(policy=key)
    assert [found for found, _ in said(tmp_path, text, "TELLS-03")] == [state]


def test_the_key_of_aws_for_sns_lets_no_alarm_in(tmp_path):
    text = TOPIC.format(more='kms_master_key_id = "alias/aws/sns"') + HEARD
    assert [state for state, _ in said(tmp_path, text, "TELLS-03")] == ["fails"]


def test_a_key_of_another_stack_cannot_be_decided(tmp_path):
    text = TOPIC.format(more='kms_master_key_id = "arn:aws:kms:us-east-1:123456789012:key/1"') + HEARD
    assert [state for state, _ in said(tmp_path, text, "TELLS-03")] == ["undecidable"]


def test_a_topic_of_another_stack_is_not_judged(tmp_path):
    text = ALARM.format(more='alarm_actions = ["arn:aws:sns:us-east-1:123456789012:other"]')
    assert [said(tmp_path, text, f"TELLS-0{number}") for number in (2, 3, 4)] == [[], [], []]


@pytest.mark.parametrize(
    ("subscription", "received", "awake"),
    [
        ("", "fails", None),
        ("email", "holds", "fails"),
        ("https", "holds", "holds"),
    ],
)
def test_pages_need_a_subscription_and_more_than_email(tmp_path, subscription, received, awake):
    text = TOPIC.format(more="") + ALARM.format(
        more='alarm_actions = [aws_sns_topic.t.arn]\n  tags = { severity = "page" }'
    )
    if subscription:
        text += (
            f'resource "aws_sns_topic_subscription" "s" {{\n  topic_arn = aws_sns_topic.t.arn\n'
            f'  protocol = "{subscription}"\n  endpoint = "x"\n}}\n'
        )
    assert [state for state, _ in said(tmp_path, text, "TELLS-04")] == [received]
    assert [state for state, _ in said(tmp_path, text, "TELLS-05")] == ([awake] if awake else [])


@pytest.mark.parametrize(
    ("text", "state"),
    [("Runbook: https://wiki.example/lag", "holds"), ("Runbook: lag", "fails"), ("", "fails")],
)
def test_a_page_links_its_runbook(tmp_path, text, state):
    more = f'alarm_description = "{text}"\n  tags = {{ severity = "page" }}'
    assert [found for found, _ in said(tmp_path, ALARM.format(more=more), "TELLS-06")] == [state]


@pytest.mark.parametrize(
    ("comparison", "threshold", "state"),
    [("GreaterThanThreshold", 1, "fails"), ("GreaterThanThreshold", -2, "holds"), ("LessThanThreshold", 0, "holds")],
)
def test_a_replica_that_stopped_reports_minus_one(tmp_path, comparison, threshold, state):
    replica = 'resource "aws_db_instance" "r" {\n  identifier = "copy"\n  replicate_source_db = "first"\n}\n'
    alarm = (
        ALARM.format(more="")
        .replace("GreaterThanThreshold", comparison)
        .replace("threshold           = 1", f"threshold = {threshold}")
    )
    assert [found for found, _ in said(tmp_path, replica + alarm, "TELLS-07")] == [state]
