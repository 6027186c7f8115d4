locals {
  rows = merge(
    {
      cpu = {
        description  = "The engine's thread on %s is busy for more than ${var.thresholds.cpu_percent} %% of the time."
        severity     = "ticket"
        metric       = "EngineCPUUtilization"
        statistic    = "Average"
        comparison   = "GreaterThanThreshold"
        threshold    = var.thresholds.cpu_percent
        missing_data = "missing"
      }
      memory = {
        description  = "More than ${var.thresholds.memory_percent} %% of the memory of %s is used."
        severity     = "page"
        metric       = "DatabaseMemoryUsagePercentage"
        statistic    = "Maximum"
        comparison   = "GreaterThanThreshold"
        threshold    = var.thresholds.memory_percent
        missing_data = "missing"
      }
      evictions = {
        description  = "%s evicts keys before they expire: its memory is too small."
        severity     = "ticket"
        metric       = "Evictions"
        statistic    = "Sum"
        comparison   = "GreaterThanThreshold"
        threshold    = 0
        missing_data = "notBreaching"
      }
      lag = {
        description  = "%s is more than ${var.thresholds.lag_s} s behind its primary."
        severity     = "page"
        metric       = "ReplicationLag"
        statistic    = "Maximum"
        comparison   = "GreaterThanThreshold"
        threshold    = var.thresholds.lag_s
        missing_data = "notBreaching" # a primary publishes none
      }
    },
    {
      for percent in var.thresholds.hit_percent[*] : "hits" => {
        description  = "Fewer than ${percent} %% of the reads from %s find their key: the database carries the rest."
        severity     = "page"
        metric       = "CacheHitRate"
        statistic    = "Average"
        comparison   = "LessThanThreshold"
        threshold    = percent
        missing_data = "missing"
      }
    },
  )

  alarms = merge([
    for node in var.nodes : {
      for name, row in local.rows : "cache-${name}-${substr(node, -3, 3)}" => {
        description  = format(row.description, node)
        runbook      = var.runbook
        severity     = row.severity
        metric       = { namespace = "AWS/ElastiCache", name = row.metric, dimensions = { CacheClusterId = node }, statistic = row.statistic }
        comparison   = row.comparison
        threshold    = row.threshold
        periods      = 3
        missing_data = row.missing_data
      }
    }
  ]...)
}
