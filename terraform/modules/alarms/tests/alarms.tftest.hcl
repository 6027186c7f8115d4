mock_provider "aws" {}

variables {
  name   = "stand"
  topics = { page = "arn:aws:sns:us-east-1:123456789012:page", ticket = "arn:aws:sns:us-east-1:123456789012:ticket" }

  alarms = {
    cpu = {
      description  = "The processors are busy."
      runbook      = "high-cpu"
      owner        = "platform on-call"
      severity     = "page"
      metric       = { namespace = "AWS/ECS", name = "CPUUtilization", dimensions = { ClusterName = "stand", ServiceName = "stand-api" }, statistic = "Average" }
      comparison   = "GreaterThanThreshold"
      threshold    = 80
      periods      = 3
      datapoints   = 2
      missing_data = "missing"
    }

    errors = {
      description = "Requests fail."
      runbook     = "high-error-rate"
      owner       = "platform team"
      severity    = "ticket"
      queries = {
        requests = { metric = { namespace = "AWS/ApplicationELB", name = "RequestCount", dimensions = { LoadBalancer = "app/stand/1" }, statistic = "Sum" } }
        errors   = { metric = { namespace = "AWS/ApplicationELB", name = "HTTPCode_ELB_5XX_Count", dimensions = { LoadBalancer = "app/stand/1" }, statistic = "Sum" } }
        failed   = { expression = "100 * FILL(errors, 0) / requests", label = "failed, %" }
      }
      comparison    = "GreaterThanThreshold"
      threshold     = 1
      periods       = 1
      missing_data  = "notBreaching"
      extra_actions = ["arn:aws:autoscaling:us-east-1:123456789012:policy"]
    }
  }

  composites = {
    crash = {
      description = "Act now."
      runbook     = "war-room"
      owner       = "platform on-call"
      severity    = "page"
      any_of      = [["cpu", "errors"], ["errors"]]
    }
  }
}

run "an_alarm_says_what_to_do_who_does_it_and_how_soon" {
  command = plan

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["cpu"].alarm_description == "The processors are busy. Runbook: high-cpu. Owner: platform on-call. Severity: page."
    error_message = "The description leaves something out."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["cpu"].tags == tomap({ runbook = "high-cpu", owner = "platform on-call", severity = "page" })
    error_message = "The tags leave something out."
  }
}

run "an_alarm_reaches_the_people_of_its_severity" {
  command = plan

  assert {
    condition     = contains(aws_cloudwatch_metric_alarm.this["cpu"].alarm_actions, "arn:aws:sns:us-east-1:123456789012:page")
    error_message = "A page pages nobody."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["errors"].alarm_actions == toset(["arn:aws:sns:us-east-1:123456789012:ticket", "arn:aws:autoscaling:us-east-1:123456789012:policy"])
    error_message = "A ticket goes elsewhere."
  }

  assert {
    condition     = alltrue([for a in aws_cloudwatch_composite_alarm.this : length(a.alarm_actions) > 0])
    error_message = "A composite tells nobody."
  }
}

run "an_alarm_watches_what_its_row_says" {
  command = plan

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["cpu"].dimensions == tomap({ ClusterName = "stand", ServiceName = "stand-api" })
    error_message = "Dimensions are lost."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["cpu"].datapoints_to_alarm == 2 && aws_cloudwatch_metric_alarm.this["cpu"].evaluation_periods == 3
    error_message = "M of N is another one."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["cpu"].treat_missing_data == "missing" && aws_cloudwatch_metric_alarm.this["errors"].treat_missing_data == "notBreaching"
    error_message = "Missing data is treated otherwise."
  }

  assert {
    condition     = [for q in aws_cloudwatch_metric_alarm.this["errors"].metric_query : q.id if q.return_data] == ["failed"]
    error_message = "Not the expression is compared."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this["errors"].metric_query) == 3
    error_message = "A query is lost."
  }
}

run "a_composite_is_built_of_alarms_that_exist" {
  command = plan

  assert {
    condition     = aws_cloudwatch_composite_alarm.this["crash"].alarm_rule == "(ALARM(\"stand-cpu\") AND ALARM(\"stand-errors\")) OR (ALARM(\"stand-errors\"))"
    error_message = "The rule is another one."
  }
}

run "an_unknown_severity_is_refused" {
  command = plan

  variables {
    alarms     = { cpu = { description = "Busy.", runbook = "high-cpu", owner = "platform on-call", severity = "urgent", metric = { namespace = "AWS/ECS", name = "CPUUtilization", dimensions = { ClusterName = "stand" }, statistic = "Average" }, comparison = "GreaterThanThreshold", threshold = 80, periods = 3, missing_data = "missing" } }
    composites = {}
  }

  expect_failures = [var.alarms]
}

run "an_alarm_without_a_runbook_is_refused" {
  command = plan

  variables {
    alarms     = { cpu = { description = "Busy.", runbook = "", owner = "platform on-call", severity = "page", metric = { namespace = "AWS/ECS", name = "CPUUtilization", dimensions = { ClusterName = "stand" }, statistic = "Average" }, comparison = "GreaterThanThreshold", threshold = 80, periods = 3, missing_data = "missing" } }
    composites = {}
  }

  expect_failures = [var.alarms]
}

run "an_alarm_without_an_owner_is_refused" {
  command = plan

  variables {
    alarms     = { cpu = { description = "Busy.", runbook = "high-cpu", owner = "", severity = "page", metric = { namespace = "AWS/ECS", name = "CPUUtilization", dimensions = { ClusterName = "stand" }, statistic = "Average" }, comparison = "GreaterThanThreshold", threshold = 80, periods = 3, missing_data = "missing" } }
    composites = {}
  }

  expect_failures = [var.alarms]
}

run "an_alarm_without_dimensions_is_refused" {
  command = plan

  variables {
    alarms     = { cpu = { description = "Busy.", runbook = "high-cpu", owner = "platform on-call", severity = "page", metric = { namespace = "AWS/ECS", name = "CPUUtilization", dimensions = {}, statistic = "Average" }, comparison = "GreaterThanThreshold", threshold = 80, periods = 3, missing_data = "missing" } }
    composites = {}
  }

  expect_failures = [var.alarms]
}

run "an_alarm_on_nothing_is_refused" {
  command = plan

  variables {
    alarms     = { cpu = { description = "Busy.", runbook = "high-cpu", owner = "platform on-call", severity = "page", comparison = "GreaterThanThreshold", threshold = 80, periods = 3, missing_data = "missing" } }
    composites = {}
  }

  expect_failures = [var.alarms]
}

run "an_alarm_without_a_statistic_is_refused" {
  command = plan

  variables {
    alarms     = { cpu = { description = "Busy.", runbook = "high-cpu", owner = "platform on-call", severity = "page", metric = { namespace = "AWS/ECS", name = "CPUUtilization", dimensions = { ClusterName = "stand" } }, comparison = "GreaterThanThreshold", threshold = 80, periods = 3, missing_data = "missing" } }
    composites = {}
  }

  expect_failures = [var.alarms]
}

run "queries_without_an_expression_are_refused" {
  command = plan

  variables {
    alarms     = { cpu = { description = "Busy.", runbook = "high-cpu", owner = "platform on-call", severity = "page", comparison = "GreaterThanThreshold", threshold = 80, periods = 3, missing_data = "missing", queries = { hits = { metric = { namespace = "AWS/CloudFront", name = "Requests", dimensions = { DistributionId = "E1" }, statistic = "Sum" } } } } }
    composites = {}
  }

  expect_failures = [var.alarms]
}

run "an_unknown_treatment_of_missing_data_is_refused" {
  command = plan

  variables {
    alarms     = { cpu = { description = "Busy.", runbook = "high-cpu", owner = "platform on-call", severity = "page", metric = { namespace = "AWS/ECS", name = "CPUUtilization", dimensions = { ClusterName = "stand" }, statistic = "Average" }, comparison = "GreaterThanThreshold", threshold = 80, periods = 3, missing_data = "zero" } }
    composites = {}
  }

  expect_failures = [var.alarms]
}

run "more_datapoints_than_periods_are_refused" {
  command = plan

  variables {
    alarms     = { cpu = { description = "Busy.", runbook = "high-cpu", owner = "platform on-call", severity = "page", metric = { namespace = "AWS/ECS", name = "CPUUtilization", dimensions = { ClusterName = "stand" }, statistic = "Average" }, comparison = "GreaterThanThreshold", threshold = 80, periods = 3, missing_data = "missing", datapoints = 4 } }
    composites = {}
  }

  expect_failures = [var.alarms]
}

run "a_composite_of_nothing_is_refused" {
  command = plan

  variables {
    composites = { crash = { description = "Act.", runbook = "war-room", owner = "platform on-call", severity = "page", any_of = [[]] } }
  }

  expect_failures = [var.composites]
}

run "a_composite_without_a_runbook_is_refused" {
  command = plan

  variables {
    composites = { crash = { description = "Act.", runbook = "", owner = "platform on-call", severity = "page", any_of = [["cpu"]] } }
  }

  expect_failures = [var.composites]
}

run "a_composite_of_unknown_severity_is_refused" {
  command = plan

  variables {
    composites = { crash = { description = "Act.", runbook = "war-room", owner = "platform on-call", severity = "urgent", any_of = [["cpu"]] } }
  }

  expect_failures = [var.composites]
}
