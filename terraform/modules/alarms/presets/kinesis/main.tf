locals {
  dimensions = { StreamName = var.stream_name }

  always = {
    "${var.prefix}refused" = {
      description  = "The stream ${var.stream_name} refuses records: a shard takes no more."
      runbook      = var.runbook
      owner        = var.owners.page
      severity     = "page"
      metric       = { namespace = "AWS/Kinesis", name = "WriteProvisionedThroughputExceeded", dimensions = local.dimensions, statistic = "Sum" }
      comparison   = "GreaterThanThreshold"
      threshold    = 0
      periods      = 3
      datapoints   = 2
      missing_data = "notBreaching"
    }
    "${var.prefix}behind" = {
      description  = "A reader of the stream ${var.stream_name} is more than ${var.thresholds.behind_ms} ms behind."
      runbook      = var.runbook
      owner        = var.owners.page
      severity     = "page"
      metric       = { namespace = "AWS/Kinesis", name = "GetRecords.IteratorAgeMilliseconds", dimensions = local.dimensions, statistic = "Maximum" }
      comparison   = "GreaterThanThreshold"
      threshold    = var.thresholds.behind_ms
      periods      = 3
      datapoints   = 2
      missing_data = "notBreaching"
    }
  }

  full = var.thresholds.bytes_per_minute == null ? {} : {
    "${var.prefix}nearly-full" = {
      description  = "The stream ${var.stream_name} takes more than 80 % of what its shards can."
      runbook      = var.runbook
      owner        = var.owners.ticket
      severity     = "ticket"
      metric       = { namespace = "AWS/Kinesis", name = "IncomingBytes", dimensions = local.dimensions, statistic = "Sum" }
      comparison   = "GreaterThanThreshold"
      threshold    = floor(0.8 * var.thresholds.bytes_per_minute)
      periods      = 5
      datapoints   = 3
      missing_data = "notBreaching"
    }
  }

  alarms = merge(local.always, local.full)
}
