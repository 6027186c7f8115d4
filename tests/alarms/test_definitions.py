from pathlib import Path

import pytest
from alarm_makers import stack

from analysis import facts, terraform
from analysis.alarms import read
from analysis.architecture import Architecture

BUZZER = Path(__file__).parents[2] / "terraform" / "stacks" / "buzzer"


@pytest.fixture(scope="module")
def buzzer():
    return terraform.load(BUZZER)


def test_every_alarm_of_the_buzzer_is_read_and_none_refused(buzzer):
    found = read(buzzer)
    assert not found.refused
    told = list(buzzer.of_type("aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"))
    assert len(list(found)) == len(told) > 40
    assert {alarm.address for alarm in found} == {resource.address for resource in told}


def test_every_metric_of_the_buzzers_alarms_is_in_the_catalogue_by_these_dimensions_or_its_own(buzzer):
    for alarm in read(buzzer).metric:
        for _, metric in alarm.queries:
            names = frozenset(name for name, _ in metric.dimensions)
            fact = facts.metrics().get((metric.namespace, metric.name))
            own = metric.namespace not in facts.metric_namespaces() and not metric.namespace.startswith("AWS/")
            assert own or (fact and names in fact.dimensions), f"{alarm.address}: {metric}"


def test_an_alarm_on_several_metrics_is_read_as_its_expression(buzzer):
    found = next(alarm for alarm in read(buzzer).metric if alarm.name == "buzzer-errors-page")
    assert set(dict(found.queries)) == {"requests", "own", "balancer"}
    assert found.expression.names == {"requests", "own", "balancer"}
    assert (found.threshold, found.datapoints_to_alarm, found.evaluation_periods) == (3, 2, 3)
    assert found.severity == "page"


SINGLE = """
resource "aws_cloudwatch_metric_alarm" "a" {
  alarm_name          = "a"
  namespace           = "AWS/ECS"
  metric_name         = "CPUUtilization"
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 3
  threshold           = 80
  comparison_operator = "GreaterThanThreshold"
  dimensions          = { ClusterName = "live", ServiceName = "api" }
}
"""

MATH = """
resource "aws_cloudwatch_metric_alarm" "a" {
  alarm_name          = "a"
  evaluation_periods  = 1
  threshold           = 80
  comparison_operator = "GreaterThanThreshold"
  metric_query {
    id          = "e1"
    expression  = "EXPRESSION"
    return_data = true
  }
  metric_query {
    id         = "e2"
    expression = "m1 + 1"
  }
  metric_query {
    id = "m1"
    metric {
      namespace   = "AWS/ECS"
      metric_name = "CPUUtilization"
      stat        = "Average"
      period      = 60
    }
  }
}
"""

COMPOSITE = """
resource "aws_cloudwatch_composite_alarm" "both" {
  alarm_name = "both"
  alarm_rule = "RULE"
}
"""


def test_what_an_alarm_leaves_out_has_cloudwatchs_default(tmp_path):
    found = read(stack(tmp_path, SINGLE)).metric[0]
    assert (found.datapoints_to_alarm, found.missing_data, found.evaluates_low_samples) == (3, "missing", True)


def test_an_expression_may_rest_on_another(tmp_path):
    found = read(stack(tmp_path, MATH.replace("EXPRESSION", "2 * e2"))).metric[0]
    assert found.expression.text == "2 * (m1 + 1)"


def test_a_suppressor_is_found_by_the_arn_it_will_have(tmp_path):
    text = SINGLE + COMPOSITE.replace("RULE", "ALARM(a)").replace(
        "alarm_name",
        "actions_suppressor {\n alarm = aws_cloudwatch_metric_alarm.a.arn\n wait_period = 60\n extension_period = 120\n}\n"
        "  alarm_name",
    )
    found = read(stack(tmp_path, text)).composite[0]
    assert (found.suppressor, found.wait_s, found.extension_s) == ("a", 60, 120)


REFUSED = {
    "anomaly band": SINGLE.replace("GreaterThanThreshold", "GreaterThanUpperThreshold"),
    "neither statistic": SINGLE.replace('statistic           = "Average"', ""),
    "which packs do not hold": SINGLE.replace("= 60", "= 10"),
    "neither one of SampleCount": SINGLE.replace('statistic           = "Average"', 'extended_statistic = "tm90"'),
    "above evaluation_periods": SINGLE.replace("threshold ", "datapoints_to_alarm = 4\n  threshold "),
    "that CloudWatch looks back": SINGLE.replace("= 3\n", "= 1500\n"),
    "known number": SINGLE.replace("threshold           = 80", ""),
    "there twice": SINGLE + SINGLE.replace('" "a"', '" "b"'),
    "which no query defines": MATH.replace("EXPRESSION", "m7 + 1"),
    "uses SEARCH": MATH.replace("EXPRESSION", "SEARCH('x', 'Sum', 60)"),
    "rest on each other": MATH.replace("EXPRESSION", "e1 + 1"),
    "rests on no metric": MATH.replace("EXPRESSION", "2 * e2")
    .replace("m1 + 1", "1 + 1")
    .split('  metric_query {\n    id = "m1"')[0]
    + "}",
    "no readable alarm of this stack": COMPOSITE.replace("RULE", "ALARM(a)"),
    "cannot stand in a composite's rule": COMPOSITE.replace("RULE", "ALARM(a"),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_an_alarm_that_cannot_be_replayed_is_refused_with_its_place(tmp_path, sentence):
    found = read(stack(tmp_path, REFUSED[sentence]))
    assert len(found.refused) == 1
    assert sentence in str(found.refused[0])
    assert str(found.refused[0]).startswith("main.tf:")


def test_a_stack_without_alarms_has_none():
    assert not list(read(Architecture("empty", ())))
