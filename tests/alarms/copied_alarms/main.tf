# Five alarms as an operations guide for a scoreboard service states them, and the log metric filters and dimensions it does not have.

locals {
  guide = {
    ecs-cpu = {
      namespace = "AWS/ECS", metric = "CPUUtilization", statistic = "Average", period = 300, threshold = 80, periods = 2
    }
    error-rate = {
      namespace = "Scoreboard/API", metric = "ErrorRate", statistic = "Average", period = 300, threshold = 5, periods = 1
    }
    db-connections = {
      namespace = "AWS/RDS", metric = "DatabaseConnections", statistic = "Average", period = 300, threshold = 150, periods = 1
    }
    redis-connections = {
      namespace = "AWS/ElastiCache", metric = "ConnectionCount", statistic = "Average", period = 300, threshold = 400, periods = 1
    }
    unhealthy-targets = {
      namespace = "AWS/ApplicationELB", metric = "UnHealthyHostCount", statistic = "Sum", period = 60, threshold = 0, periods = 2
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "guide" {
  for_each = local.guide

  alarm_name          = each.key
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  statistic           = each.value.statistic
  period              = each.value.period
  threshold           = each.value.threshold
  evaluation_periods  = each.value.periods
  comparison_operator = "GreaterThanThreshold"
}
