locals {
  dimensions = { FunctionName = var.function_name }

  always = {
    "${var.prefix}errors" = {
      description = "More than ${var.thresholds.errors_percent} % of the calls of ${var.function_name} fail."
      runbook     = var.runbooks.errors
      owner       = var.owners.page
      severity    = "page"
      queries = {
        calls  = { metric = { namespace = "AWS/Lambda", name = "Invocations", dimensions = local.dimensions, statistic = "Sum" } }
        errors = { metric = { namespace = "AWS/Lambda", name = "Errors", dimensions = local.dimensions, statistic = "Sum" } }
        failed = { expression = "IF(calls > 0, 100 * FILL(errors, 0) / calls, 0)", label = "failed calls, %" }
      }
      comparison   = "GreaterThanThreshold"
      threshold    = var.thresholds.errors_percent
      periods      = 3
      datapoints   = 2
      missing_data = "notBreaching"
    }
    "${var.prefix}throttles" = {
      description  = "Calls of ${var.function_name} are refused for want of concurrency."
      runbook      = var.runbooks.throttles
      owner        = var.owners.page
      severity     = "page"
      metric       = { namespace = "AWS/Lambda", name = "Throttles", dimensions = local.dimensions, statistic = "Sum" }
      comparison   = "GreaterThanThreshold"
      threshold    = 0
      periods      = 2
      missing_data = "notBreaching"
    }
  }

  slow = var.thresholds.duration_ms == null ? {} : {
    "${var.prefix}slow" = {
      description  = "One call in a hundred of ${var.function_name} takes more than ${var.thresholds.duration_ms} ms."
      runbook      = coalesce(var.runbooks.duration, var.runbooks.errors)
      owner        = var.owners.ticket
      severity     = "ticket"
      metric       = { namespace = "AWS/Lambda", name = "Duration", dimensions = local.dimensions, percentile = "p99" }
      comparison   = "GreaterThanThreshold"
      threshold    = var.thresholds.duration_ms
      periods      = 5
      datapoints   = 3
      missing_data = "notBreaching"
    }
  }

  busy = var.thresholds.reserved_concurrency == null ? {} : {
    "${var.prefix}concurrency" = {
      description  = "${var.function_name} uses more than 80 % of its ${var.thresholds.reserved_concurrency} calls at the same time; at all of them calls are refused."
      runbook      = var.runbooks.concurrency
      owner        = var.owners.page
      severity     = "page"
      metric       = { namespace = "AWS/Lambda", name = "ConcurrentExecutions", dimensions = local.dimensions, statistic = "Maximum" }
      comparison   = "GreaterThanThreshold"
      threshold    = floor(0.8 * var.thresholds.reserved_concurrency)
      periods      = 2
      missing_data = "notBreaching"
    }
  }

  behind = var.thresholds.behind_ms == null ? {} : {
    "${var.prefix}behind" = {
      description  = "${var.function_name} is more than ${var.thresholds.behind_ms} ms behind its stream."
      runbook      = coalesce(var.runbooks.behind, var.runbooks.errors)
      owner        = var.owners.page
      severity     = "page"
      metric       = { namespace = "AWS/Lambda", name = "IteratorAge", dimensions = local.dimensions, statistic = "Maximum" }
      comparison   = "GreaterThanThreshold"
      threshold    = var.thresholds.behind_ms
      periods      = 3
      datapoints   = 2
      missing_data = "notBreaching"
    }
  }

  alarms = merge(local.always, local.slow, local.busy, local.behind)
}
