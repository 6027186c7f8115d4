locals {
  distribution = { DistributionId = var.distribution, Region = "Global" }

  alarms = {
    edge-errors = {
      description  = "More than ${var.thresholds.errors_percent} % of the requests get an error from the CDN."
      runbook      = var.runbooks.errors
      severity     = "page"
      metric       = { namespace = "AWS/CloudFront", name = "5xxErrorRate", dimensions = local.distribution, statistic = "Average" }
      comparison   = "GreaterThanThreshold"
      threshold    = var.thresholds.errors_percent
      periods      = 3
      datapoints   = 2
      missing_data = "notBreaching"
    }
    edge-misses = {
      description = "Fewer than ${var.thresholds.hit_percent} % of the requests are answered by the CDN: the origin carries the load."
      runbook     = var.runbooks.misses
      severity    = "page"
      # A handful of readers miss the cache by nature, so the rate counts only under load.
      queries = {
        hits     = { expression = null, label = null, metric = { namespace = "AWS/CloudFront", name = "CacheHitRate", dimensions = local.distribution, statistic = "Average" } }
        requests = { expression = null, label = null, metric = { namespace = "AWS/CloudFront", name = "Requests", dimensions = local.distribution, statistic = "Sum" } }
        shown    = { expression = "IF(requests > ${var.thresholds.busy_requests}, hits, 100)", label = "cache hit rate under load, %", metric = null }
      }
      comparison   = "LessThanThreshold"
      threshold    = var.thresholds.hit_percent
      periods      = 3
      datapoints   = 2
      missing_data = "notBreaching"
    }
    edge-missing = {
      description  = "More than ${var.thresholds.missing_percent} % of the requests ask for what is not there, or may not be read."
      runbook      = var.runbooks.missing
      severity     = "ticket"
      metric       = { namespace = "AWS/CloudFront", name = "4xxErrorRate", dimensions = local.distribution, statistic = "Average", period_s = 300 }
      comparison   = "GreaterThanThreshold"
      threshold    = var.thresholds.missing_percent
      periods      = 3
      missing_data = "notBreaching"
    }
  }
}
