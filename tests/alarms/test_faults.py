from pathlib import Path

import pytest
from alarm_makers import CPU, START, alarm, metric, stack

from analysis import terraform
from analysis.alarms import MetricKey, Pack, Series, backtest, faults, read

HERE = Path(__file__).parent
STACKS = HERE.parents[1] / "terraform" / "stacks"


def quiet():
    return Pack({CPU: Series({"Average": [50.0] * 10})}, START)


def test_each_of_the_guides_five_alarms_is_classified_with_its_reason():
    found = terraform.load(HERE / "copied_alarms")
    rows = {row.alarm: (row.verdict, row.reasons) for row in backtest(found, quiet()).rows}
    never = "can never fire"
    assert rows["ecs-cpu"] == (
        never,
        ("AWS/ECS publishes CPUUtilization by ClusterName + ServiceName or ClusterName, not by no dimension",),
    )
    assert rows["redis-connections"] == (never, ("AWS/ElastiCache has no metric ConnectionCount",))
    verdict, reasons = rows["db-connections"]
    assert verdict == never
    assert "DBInstanceIdentifier" in reasons[0]
    assert "not by no dimension" in reasons[0]
    verdict, reasons = rows["unhealthy-targets"]
    assert verdict == never
    assert "LoadBalancer + TargetGroup" in reasons[0]
    # The application may publish its own metric, so nothing is certain; but nobody promises it.
    verdict, reasons = rows["error-rate"]
    assert verdict == "no data"
    assert "nothing in this Terraform publishes ErrorRate in Scoreboard/API" in reasons[0]
    kinds = {told.name: [fault.kind for fault in faults(told, found)] for told in read(found).metric}
    assert kinds == {
        "ecs-cpu": ["dimensions"],
        "error-rate": ["unpublished"],
        "db-connections": ["dimensions"],
        "redis-connections": ["metric"],
        "unhealthy-targets": ["dimensions"],
    }


@pytest.mark.parametrize("name", ["buzzer", "buzzer_baseline"])
def test_no_alarm_of_our_own_stacks_can_never_fire(name):
    architecture = terraform.load(STACKS / name)
    told = {made.name: faults(made, architecture) for made in read(architecture).metric}
    assert not {name: found for name, found in told.items() if found}


def kinds(*words, architecture=None, **changes):
    key = MetricKey.of(*words[:2], **dict(pair.split("=") for pair in words[2:] if "=" in pair))
    statistic = next((word for word in words[2:] if "=" not in word), "Average")
    return [
        (fault.kind, fault.certain) for fault in faults(alarm(watches=metric(key, statistic), **changes), architecture)
    ]


def test_a_share_in_percent_never_exceeds_a_hundred():
    database = ("AWS/RDS", "CPUUtilization", "DBInstanceIdentifier=a")
    assert kinds(*database, threshold=100.0) == [("threshold", True)]
    assert kinds(*database, threshold=100.0, comparison="GreaterThanOrEqualToThreshold") == []
    assert kinds(*database, threshold=0.0, comparison="LessThanThreshold") == [("threshold", True)]
    assert kinds(*database, "Sum", threshold=500.0) == []


def test_a_task_may_use_more_than_it_reserved_so_its_share_has_no_upper_end():
    assert kinds("AWS/ECS", "CPUUtilization", "ClusterName=a", "ServiceName=b", threshold=100.0) == []


def test_an_error_count_that_should_alarm_at_zero_is_hidden_by_its_absence():
    errors = ("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "LoadBalancer=a", "Sum")
    below = {"comparison": "LessThanThreshold", "threshold": 1.0}
    assert kinds(*errors, **below) == [("hidden", True)]
    assert kinds(*errors, **below, missing_data="breaching") == []
    assert kinds(*errors, threshold=0.0) == []


def test_too_little_traffic_is_seen_unless_there_is_none_at_all():
    requests = ("AWS/ApplicationELB", "RequestCount", "LoadBalancer=a", "Sum")
    assert kinds(*requests, comparison="LessThanThreshold", threshold=100.0) == [("hidden", False)]


def test_a_statistic_that_aws_calls_invalid_sees_nothing():
    assert kinds("AWS/CloudFront", "5xxErrorRate", "DistributionId=a", "Region=Global", "Sum", threshold=1.0) == [
        ("statistic", True)
    ]


def test_a_namespace_that_is_not_in_the_catalogue_is_said_and_nobody_knows_whether_it_is_wrong():
    assert kinds("AWS/Nothing", "Widgets") == [("namespace", False)]


INSIGHTS = """
resource "aws_ecs_cluster" "live" {
  name = "live"
  setting {
    name  = "containerInsights"
    value = "VALUE"
  }
}
"""


def test_a_metric_of_container_insights_needs_container_insights(tmp_path):
    tasks = ("ECS/ContainerInsights", "RunningTaskCount", "ClusterName=live", "ServiceName=api")
    off, on = (stack(tmp_path, INSIGHTS.replace("VALUE", value)) for value in ("disabled", "enabled"))
    assert kinds(*tasks, architecture=off) == [("switched off", True)]
    assert kinds(*tasks, architecture=on) == []


FILTER = """
resource "aws_cloudwatch_log_metric_filter" "age" {
  name           = "age"
  log_group_name = "live"
  pattern        = "{ $.age = * }"
  metric_transformation {
    namespace  = "Live"
    name       = "Age"
    value      = "$.age"
    dimensions = { Service = "$.service" }
  }
}
"""


def test_a_metric_of_ones_own_must_be_published_by_these_dimensions(tmp_path):
    found = stack(tmp_path, FILTER)
    assert kinds("Live", "Age", "Service=api", architecture=found) == []
    assert kinds("Live", "Age", architecture=found) == [("dimensions", True)]
    assert kinds("Live", "Years", architecture=found) == [("unpublished", False)]


COMPOSITE = """
resource "aws_cloudwatch_metric_alarm" "dead" {
  alarm_name          = "dead"
  namespace           = "AWS/ECS"
  metric_name         = "Nothing"
  statistic           = "Average"
  period              = 60
  threshold           = 1
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
}
resource "aws_cloudwatch_metric_alarm" "live" {
  alarm_name          = "live"
  namespace           = "AWS/ECS"
  metric_name         = "CPUUtilization"
  dimensions          = { ClusterName = "live", ServiceName = "api" }
  statistic           = "Average"
  period              = 60
  threshold           = 1
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
}
resource "aws_cloudwatch_composite_alarm" "both" {
  alarm_name = "both"
  alarm_rule = "ALARM(dead) AND ALARM(live)"
}
resource "aws_cloudwatch_composite_alarm" "either" {
  alarm_name = "either"
  alarm_rule = "ALARM(dead) OR ALARM(live)"
}
"""


def test_a_composite_that_needs_a_dead_alarm_is_dead_and_one_that_can_do_without_is_not(tmp_path):
    report = backtest(stack(tmp_path, COMPOSITE), quiet())
    assert report["both"].verdict == "can never fire"
    assert "needs dead, which can never fire" in report["both"].reasons[0]
    assert report["either"].verdict == "fires"
    assert [row.alarm for row in report.never] == ["dead", "both"]


DATABASE_ALARM = """
resource "aws_db_instance" "main" {
  identifier     = "main"
  engine         = "postgres"
  instance_class = "db.t4g.small"
}

resource "aws_cloudwatch_metric_alarm" "NAME" {
  alarm_name          = "NAME"
  namespace           = "AWS/RDS"
  metric_name         = "CPUUtilization"
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 1
  threshold           = 80
  comparison_operator = "GreaterThanThreshold"
  dimensions          = { DBInstanceIdentifier = aws_db_instance.main.NAME }
}
"""


@pytest.mark.parametrize("attribute", ["identifier", "id"])
def test_the_resource_id_of_a_database_is_not_its_identifier(tmp_path, attribute):
    (tmp_path / "main.tf").write_text(DATABASE_ALARM.replace("NAME", attribute))
    found = terraform.load(tmp_path)
    sentences = [fault.sentence for fault in faults(read(found)[attribute], found)]
    if attribute == "identifier":
        assert not sentences
    else:
        assert sentences[0].startswith("DBInstanceIdentifier is aws_db_instance.main.id, the resource id (db-…)")
