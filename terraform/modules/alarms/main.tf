locals {
  # What a human reads at 20:45: the sentence, then what to do, then who.
  text = {
    for name, alarm in merge(var.alarms, var.composites) : name =>
    "${alarm.description} Runbook: ${alarm.runbook}${var.runbook_site == null ? "" : " (${var.runbook_site}${alarm.runbook}/)"}. Owner: ${alarm.owner}. Severity: ${alarm.severity}."
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = var.alarms

  alarm_name        = "${var.name}-${each.key}"
  alarm_description = local.text[each.key]

  namespace          = each.value.metric == null ? null : each.value.metric.namespace
  metric_name        = each.value.metric == null ? null : each.value.metric.name
  dimensions         = each.value.metric == null ? null : each.value.metric.dimensions
  statistic          = each.value.metric == null ? null : each.value.metric.statistic
  extended_statistic = each.value.metric == null ? null : each.value.metric.percentile
  period             = each.value.metric == null ? null : each.value.metric.period_s

  dynamic "metric_query" {
    for_each = each.value.queries

    content {
      id          = metric_query.key
      expression  = metric_query.value.expression
      label       = metric_query.value.label
      return_data = metric_query.value.expression != null

      dynamic "metric" {
        for_each = metric_query.value.metric[*]

        content {
          namespace   = metric.value.namespace
          metric_name = metric.value.name
          dimensions  = metric.value.dimensions
          stat        = coalesce(metric.value.statistic, metric.value.percentile)
          period      = metric.value.period_s
        }
      }
    }
  }

  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = coalesce(each.value.datapoints, each.value.periods)
  treat_missing_data  = each.value.missing_data

  alarm_actions = concat([var.topics[each.value.severity]], each.value.extra_actions)
  ok_actions    = [var.topics[each.value.severity]]

  tags = merge(var.tags, {
    runbook  = each.value.runbook
    owner    = each.value.owner
    severity = each.value.severity
  })
}

resource "aws_cloudwatch_composite_alarm" "this" {
  for_each = var.composites

  alarm_name        = "${var.name}-${each.key}"
  alarm_description = local.text[each.key]

  # Members are given by their short names; the rule is built of the alarms themselves, so that none can be missing.
  alarm_rule = join(" OR ", [
    for group in each.value.any_of : format("(%s)", join(" AND ", [
      for member in group : "ALARM(\"${aws_cloudwatch_metric_alarm.this[member].alarm_name}\")"
    ]))
  ])

  alarm_actions = [var.topics[each.value.severity]]
  ok_actions    = [var.topics[each.value.severity]]

  tags = merge(var.tags, {
    runbook  = each.value.runbook
    owner    = each.value.owner
    severity = each.value.severity
  })
}
