locals {
  balancer = { LoadBalancer = var.load_balancer }
  targets  = { LoadBalancer = var.load_balancer, TargetGroup = var.target_group }

  # Error counts are not published while they are zero, hence FILL; without requests there is no rate.
  failure_queries = {
    for period_s in [60, 300, 1800, 3600, 21600] : period_s => {
      requests = { expression = null, label = null, metric = { namespace = "AWS/ApplicationELB", name = "RequestCount", dimensions = local.balancer, statistic = "Sum", period_s = period_s } }
      own      = { expression = null, label = null, metric = { namespace = "AWS/ApplicationELB", name = "HTTPCode_Target_5XX_Count", dimensions = local.balancer, statistic = "Sum", period_s = period_s } }
      balancer = { expression = null, label = null, metric = { namespace = "AWS/ApplicationELB", name = "HTTPCode_ELB_5XX_Count", dimensions = local.balancer, statistic = "Sum", period_s = period_s } }
      failed   = { expression = "IF(requests > 0, 100 * (FILL(own, 0) + FILL(balancer, 0)) / requests, 0)", label = "failed requests, %", metric = null }
    }
  }

  # 14.4 times the allowed rate uses 2 % of a month's error budget in an hour, 6 times 5 % in six hours. The short window of each pair ends
  # the alarm soon after the errors end: https://sre.google/workbook/alerting-on-slos/
  burns = {
    burn-fast-long  = { factor = 14.4, period_s = 3600, over = "the last hour" }
    burn-fast-short = { factor = 14.4, period_s = 300, over = "the last five minutes" }
    burn-slow-long  = { factor = 6, period_s = 21600, over = "the last six hours" }
    burn-slow-short = { factor = 6, period_s = 1800, over = "the last half hour" }
  }

  alarms = merge(
    {
      for name, burn in local.burns : name => {
        description  = "Over ${burn.over} errors use the month's budget up ${burn.factor} times as fast as allowed."
        runbook      = var.runbooks.errors
        severity     = "ticket"
        queries      = local.failure_queries[burn.period_s]
        comparison   = "GreaterThanThreshold"
        threshold    = burn.factor * var.thresholds.allowed_errors_in_percent
        periods      = 1
        missing_data = "notBreaching"
      }
    },
    {
      errors-ticket = {
        description  = "More than ${var.thresholds.errors_ticket_percent} % of the requests fail."
        runbook      = var.runbooks.errors
        severity     = "ticket"
        queries      = local.failure_queries[60]
        comparison   = "GreaterThanThreshold"
        threshold    = var.thresholds.errors_ticket_percent
        periods      = 3
        datapoints   = 2
        missing_data = "notBreaching"
      }
      errors-page = {
        description  = "More than ${var.thresholds.errors_page_percent} % of the requests fail."
        runbook      = var.runbooks.errors
        severity     = "page"
        queries      = local.failure_queries[60]
        comparison   = "GreaterThanThreshold"
        threshold    = var.thresholds.errors_page_percent
        periods      = 3
        datapoints   = 2
        missing_data = "notBreaching"
      }
      slow-ticket = {
        description  = "p95 of the answers is above ${var.thresholds.p95_ticket_s} s."
        runbook      = var.runbooks.latency
        severity     = "ticket"
        metric       = { namespace = "AWS/ApplicationELB", name = "TargetResponseTime", dimensions = local.targets, percentile = "p95" }
        comparison   = "GreaterThanThreshold"
        threshold    = var.thresholds.p95_ticket_s
        periods      = 3
        datapoints   = 2
        missing_data = "notBreaching"
      }
      slow-page = {
        description  = "p95 of the answers is above ${var.thresholds.p95_page_s} s."
        runbook      = var.runbooks.latency
        severity     = "page"
        metric       = { namespace = "AWS/ApplicationELB", name = "TargetResponseTime", dimensions = local.targets, percentile = "p95" }
        comparison   = "GreaterThanThreshold"
        threshold    = var.thresholds.p95_page_s
        periods      = 3
        datapoints   = 2
        missing_data = "notBreaching"
      }
      unhealthy-targets = {
        description  = "A target fails its health check."
        runbook      = var.runbooks.targets
        severity     = "page"
        metric       = { namespace = "AWS/ApplicationELB", name = "UnHealthyHostCount", dimensions = local.targets, statistic = "Maximum" }
        comparison   = "GreaterThanOrEqualToThreshold"
        threshold    = 1
        periods      = 2
        missing_data = "notBreaching"
      }
      few-healthy-targets = {
        description  = "Fewer than ${var.thresholds.healthy_targets} targets take requests."
        runbook      = var.runbooks.targets
        severity     = "page"
        metric       = { namespace = "AWS/ApplicationELB", name = "HealthyHostCount", dimensions = local.targets, statistic = "Minimum" }
        comparison   = "LessThanThreshold"
        threshold    = var.thresholds.healthy_targets
        periods      = 2
        missing_data = "breaching"
      }
      connections-rejected = {
        description  = "The load balancer rejects connections."
        runbook      = var.runbooks.load
        severity     = "page"
        metric       = { namespace = "AWS/ApplicationELB", name = "RejectedConnectionCount", dimensions = local.balancer, statistic = "Sum" }
        comparison   = "GreaterThanThreshold"
        threshold    = 0
        periods      = 1
        missing_data = "notBreaching" # published only when it is not zero
      }
    },
    {
      for threshold in var.thresholds.requests_per_target[*] : "requests-per-target" => {
        description  = "Each target gets more than ${threshold} requests a minute: the load grows faster than the number of targets."
        runbook      = var.runbooks.load
        severity     = "page"
        metric       = { namespace = "AWS/ApplicationELB", name = "RequestCountPerTarget", dimensions = local.targets, statistic = "Sum" }
        comparison   = "GreaterThanThreshold"
        threshold    = threshold
        periods      = 2
        missing_data = "notBreaching"
      }
    },
  )
}
