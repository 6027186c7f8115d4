locals {
  held = { namespace = var.metric.namespace, name = var.metric.name, dimensions = var.metric.dimensions, statistic = "Maximum" }

  alarms = merge(
    {
      streams-full = {
        description  = "The fullest task holds more than ${var.thresholds.full_percent} % of the ${var.streams_per_task} streams it accepts."
        runbook      = var.runbooks.streams
        severity     = "page"
        metric       = local.held
        comparison   = "GreaterThanThreshold"
        threshold    = floor(var.streams_per_task * var.thresholds.full_percent / 100)
        periods      = 3
        datapoints   = 2
        missing_data = "missing"
      }
      # A crowd that leaves does so over minutes; streams that a timeout or a failover cuts are gone at once.
      streams-lost = {
        description = "More than ${var.thresholds.lost_percent} % of the streams were lost within five minutes."
        runbook     = var.runbooks.streams
        severity    = "page"
        queries = {
          held = { expression = null, label = null, metric = merge(local.held, { statistic = "Average", period_s = 300 }) }
          lost = { expression = "-100 * DIFF(held) / (held - DIFF(held))", label = "streams lost, %", metric = null }
        }
        comparison   = "GreaterThanThreshold"
        threshold    = var.thresholds.lost_percent
        periods      = 1
        missing_data = "notBreaching"
      }
      streams-unknown = {
        description  = "No task says how many streams it holds: neither scaling nor the alarms above see the crowd."
        runbook      = var.runbooks.streams
        severity     = "ticket"
        metric       = merge(local.held, { statistic = "SampleCount" })
        comparison   = "LessThanThreshold"
        threshold    = 1
        periods      = 5
        missing_data = "breaching"
      }
    },
    {
      for metric in var.age_metric[*] : "updates-late" => {
        description  = "p95 of the age of an update when it is sent is above ${var.thresholds.age_ms} ms."
        runbook      = var.runbooks.late
        severity     = "page"
        metric       = { namespace = metric.namespace, name = metric.name, dimensions = metric.dimensions, percentile = "p95" }
        comparison   = "GreaterThanThreshold"
        threshold    = var.thresholds.age_ms
        periods      = 3
        datapoints   = 2
        missing_data = "notBreaching"
      }
    },
  )
}
