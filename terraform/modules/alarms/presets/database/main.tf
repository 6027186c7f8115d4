locals {
  instance = { DBInstanceIdentifier = var.instance }
  gib      = 1073741824

  # Classes db.t* earn processor credits.
  burstable = startswith(var.size.class, "db.t")

  alarms = merge(
    {
      cpu = {
        description  = "The processors of ${var.instance} are used to more than ${var.thresholds.cpu_percent} %."
        runbook      = var.runbooks.load
        severity     = "page"
        metric       = { namespace = "AWS/RDS", name = "CPUUtilization", dimensions = local.instance, statistic = "Average" }
        comparison   = "GreaterThanThreshold"
        threshold    = var.thresholds.cpu_percent
        periods      = 3
        datapoints   = 2
        missing_data = "missing"
      }
      connections = {
        description  = "More than ${var.thresholds.connections_percent} % of the ${var.size.max_connections} connections of ${var.instance} are in use."
        runbook      = var.runbooks.connections
        severity     = "page"
        metric       = { namespace = "AWS/RDS", name = "DatabaseConnections", dimensions = local.instance, statistic = "Maximum" }
        comparison   = "GreaterThanThreshold"
        threshold    = floor(var.size.max_connections * var.thresholds.connections_percent / 100)
        periods      = 2
        missing_data = "missing"
      }
      memory = {
        description  = "Less than ${var.thresholds.free_memory_percent} % of the memory of ${var.instance} is free."
        runbook      = var.runbooks.load
        severity     = "ticket"
        metric       = { namespace = "AWS/RDS", name = "FreeableMemory", dimensions = local.instance, statistic = "Minimum" }
        comparison   = "LessThanThreshold"
        threshold    = floor(var.size.memory_gib * local.gib * var.thresholds.free_memory_percent / 100)
        periods      = 5
        missing_data = "missing"
      }
      disk-queue = {
        description  = "More than ${var.thresholds.disk_queue} operations wait for the disk of ${var.instance}."
        runbook      = var.runbooks.load
        severity     = "ticket"
        metric       = { namespace = "AWS/RDS", name = "DiskQueueDepth", dimensions = local.instance, statistic = "Average" }
        comparison   = "GreaterThanThreshold"
        threshold    = var.thresholds.disk_queue
        periods      = 3
        missing_data = "missing"
      }
      storage = {
        description  = "Less than ${var.thresholds.free_storage_percent} % of the storage of ${var.instance} is free."
        runbook      = var.runbooks.storage
        severity     = "ticket"
        metric       = { namespace = "AWS/RDS", name = "FreeStorageSpace", dimensions = local.instance, statistic = "Minimum", period_s = 300 }
        comparison   = "LessThanThreshold"
        threshold    = floor(var.size.allocated_gb * local.gib * var.thresholds.free_storage_percent / 100)
        periods      = 1
        missing_data = "missing"
      }
    },
    {
      for dimensions in var.replica ? [] : [local.instance] : "write-latency" => {
        description  = "A write to the disk of ${var.instance} takes longer than ${var.thresholds.write_latency_s} s on average."
        runbook      = var.runbooks.load
        severity     = "ticket"
        metric       = { namespace = "AWS/RDS", name = "WriteLatency", dimensions = dimensions, statistic = "Average" }
        comparison   = "GreaterThanThreshold"
        threshold    = var.thresholds.write_latency_s
        periods      = 3
        missing_data = "missing"
      }
    },
    {
      # RDS publishes -1 while replication stands still, which no plain threshold above zero sees.
      for dimensions in var.replica ? [local.instance] : [] : "lag" => {
        description = "${var.instance} is more than ${var.thresholds.lag_s} s behind, or its replication has stopped."
        runbook     = var.runbooks.lag
        severity    = "page"
        queries = {
          lag    = { expression = null, label = null, metric = { namespace = "AWS/RDS", name = "ReplicaLag", dimensions = dimensions, statistic = "Maximum" } }
          lowest = { expression = null, label = null, metric = { namespace = "AWS/RDS", name = "ReplicaLag", dimensions = dimensions, statistic = "Minimum" } }
          behind = { expression = "IF(lowest < 0, 86400, lag)", label = "lag, s; a day where replication stands still", metric = null }
        }
        comparison   = "GreaterThanThreshold"
        threshold    = var.thresholds.lag_s
        periods      = 3
        datapoints   = 2
        missing_data = "breaching"
      }
    },
    {
      for dimensions in local.burstable ? [local.instance] : [] : "credits" => {
        description  = "${var.instance} has fewer than ${var.thresholds.credits} processor credits left; beyond them each hour of a processor is billed."
        runbook      = var.runbooks.load
        severity     = "ticket"
        metric       = { namespace = "AWS/RDS", name = "CPUCreditBalance", dimensions = dimensions, statistic = "Minimum", period_s = 300 }
        comparison   = "LessThanThreshold"
        threshold    = var.thresholds.credits
        periods      = 2
        missing_data = "missing"
      }
    },
    {
      # PostgreSQL stops taking writes near two thousand million; half of that leaves days to vacuum:
      # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.html
      for dimensions in var.engine == "postgres" && !var.replica ? [local.instance] : [] : "transaction-ids" => {
        description  = "A database of ${var.instance} has used a thousand million transaction ids since its last vacuum."
        runbook      = var.runbooks.storage
        severity     = "ticket"
        metric       = { namespace = "AWS/RDS", name = "MaximumUsedTransactionIDs", dimensions = dimensions, statistic = "Maximum", period_s = 300 }
        comparison   = "GreaterThanThreshold"
        threshold    = 1000000000
        periods      = 1
        missing_data = "missing"
      }
    },
  )
}
