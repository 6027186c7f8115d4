locals {
  dimensions = { ApiName = var.api.name, Stage = var.api.stage }

  shares = {
    "${var.prefix}errors"  = { metric = "5XXError", percent = var.thresholds.errors_percent, runbook = var.runbooks.errors, severity = "page", says = "More than ${var.thresholds.errors_percent} % of the requests to ${var.api.name} end in an error of ours." }
    "${var.prefix}refused" = { metric = "4XXError", percent = var.thresholds.refused_percent, runbook = var.runbooks.refused, severity = "ticket", says = "More than ${var.thresholds.refused_percent} % of the requests to ${var.api.name} are refused: throttled, unknown or without a token." }
  }

  alarms = merge(
    {
      for name, share in local.shares : name => {
        description = share.says
        runbook     = share.runbook
        owner       = var.owners[share.severity]
        severity    = share.severity
        queries = {
          requests = { metric = { namespace = "AWS/ApiGateway", name = "Count", dimensions = local.dimensions, statistic = "Sum" } }
          errors   = { metric = { namespace = "AWS/ApiGateway", name = share.metric, dimensions = local.dimensions, statistic = "Sum" } }
          share    = { expression = "IF(requests > 0, 100 * FILL(errors, 0) / requests, 0)", label = "share, %" }
        }
        comparison   = "GreaterThanThreshold"
        threshold    = share.percent
        periods      = 3
        datapoints   = 2
        missing_data = "notBreaching"
      }
    },
    {
      "${var.prefix}slow" = {
        description  = "One request in a hundred to ${var.api.name} takes more than ${var.thresholds.latency_ms} ms."
        runbook      = var.runbooks.slow
        owner        = var.owners.ticket
        severity     = "ticket"
        metric       = { namespace = "AWS/ApiGateway", name = "Latency", dimensions = local.dimensions, percentile = "p99" }
        comparison   = "GreaterThanThreshold"
        threshold    = var.thresholds.latency_ms
        periods      = 5
        datapoints   = 3
        missing_data = "notBreaching"
      }
    },
  )
}
