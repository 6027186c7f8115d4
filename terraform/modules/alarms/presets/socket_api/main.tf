locals {
  dimensions = { ApiId = var.api.id, Stage = var.api.stage }

  alarms = merge(
    {
      for name, metric in { "${var.prefix}execution-errors" = "ExecutionError", "${var.prefix}integration-errors" = "IntegrationError" } : name => {
        description                                         = "More than ${var.thresholds.errors_per_minute} messages a minute fail (${metric})."
        runbook                                             = var.runbooks.errors
        owner                                               = var.owners.page
        severity                                            = "page"
        metric                                              = { namespace = "AWS/ApiGateway", name = metric, dimensions = local.dimensions, statistic = "Sum" }
        comparison                                          = "GreaterThanThreshold"
        threshold                                           = var.thresholds.errors_per_minute
        periods                                             = 3
        datapoints                                          = 2
        missing_data                                        = "notBreaching"
      }
    },
    {
      "${var.prefix}connect-storm" = {
        description  = "More than ${var.thresholds.connects_per_minute} clients a minute connect: near the 500 a second that AWS takes."
        runbook      = var.runbooks.connects
        owner        = var.owners.ticket
        severity     = "ticket"
        metric       = { namespace = "AWS/ApiGateway", name = "ConnectCount", dimensions = local.dimensions, statistic = "Sum" }
        comparison   = "GreaterThanThreshold"
        threshold    = var.thresholds.connects_per_minute
        periods      = 1
        missing_data = "notBreaching"
      }
    },
  )
}
