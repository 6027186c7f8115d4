locals {
  throttled = {
    for kind in ["Read", "Write"] : "${var.prefix}${lower(kind)}s-throttled" => {
      description  = "${kind}s of the table ${var.table_name} are throttled: one key takes too much, or the table has no more to give."
      runbook      = var.runbook
      owner        = var.owners.page
      severity     = "page"
      metric       = { namespace = "AWS/DynamoDB", name = "${kind}ThrottleEvents", dimensions = { TableName = var.table_name }, statistic = "Sum" }
      comparison   = "GreaterThanThreshold"
      threshold    = var.thresholds.throttled_events
      periods      = 3
      datapoints   = 2
      missing_data = "notBreaching"
    }
  }

  failing = {
    for operation in var.operations : "${var.prefix}${lower(operation)}-failing" => {
      description  = "DynamoDB itself fails ${operation} of the table ${var.table_name}."
      runbook      = var.runbook
      owner        = var.owners.ticket
      severity     = "ticket"
      metric       = { namespace = "AWS/DynamoDB", name = "SystemErrors", dimensions = { TableName = var.table_name, Operation = operation }, statistic = "Sum" }
      comparison   = "GreaterThanThreshold"
      threshold    = 0
      periods      = 5
      datapoints   = 3
      missing_data = "notBreaching"
    }
  }

  alarms = merge(local.throttled, local.failing)
}
