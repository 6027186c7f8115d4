# Thresholds stand before the failure they announce. A page wakes a human, a ticket waits for the morning.

locals {
  on_call = "platform on-call"
  team    = "platform team"

  # Names, not outputs: the service waits for the alarms that roll its deployments back, so they must not wait for the service.
  service_dimensions = { ClusterName = local.name, ServiceName = local.service_name }
  target_dimensions  = { LoadBalancer = module.load_balancer.arn_suffix, TargetGroup = module.load_balancer.target_group_arn_suffix }
  balancer           = { LoadBalancer = module.load_balancer.arn_suffix }
  primary            = { DBInstanceIdentifier = module.database.identifier }
  replica            = { DBInstanceIdentifier = module.database.replica_identifier }
  distribution       = { DistributionId = module.edge.distribution_id, Region = "Global" }

  # Failed requests in percent. Error counts are not published while they are zero, hence FILL; without requests there is no rate.
  failed = "IF(requests > 0, 100 * (FILL(own, 0) + FILL(balancer, 0)) / requests, 0)"

  failure_queries = {
    for period_s in [60, 300, 1800, 3600, 21600] : period_s => {
      requests = { expression = null, label = null, metric = { namespace = "AWS/ApplicationELB", name = "RequestCount", dimensions = local.balancer, statistic = "Sum", period_s = period_s } }
      own      = { expression = null, label = null, metric = { namespace = "AWS/ApplicationELB", name = "HTTPCode_Target_5XX_Count", dimensions = local.balancer, statistic = "Sum", period_s = period_s } }
      balancer = { expression = null, label = null, metric = { namespace = "AWS/ApplicationELB", name = "HTTPCode_ELB_5XX_Count", dimensions = local.balancer, statistic = "Sum", period_s = period_s } }
      failed   = { expression = local.failed, label = "failed requests, %", metric = null }
    }
  }

  # What polls and edge leave of the target. Rounded, because 3 - 1.2 - 1 is not 0.8 in binary.
  update_age_ms = floor(1000 * (var.freshness_target_s - var.poll_interval_s - var.edge_ttl_s) + 0.5)

  storage_bytes = var.database.allocated_gb * 1073741824
  memory_bytes  = var.database.memory_gib * 1073741824

  cache_alarms = merge([
    for node in module.cache.node_ids : {
      "cache-cpu-${substr(node, -3, 3)}" = {
        description  = "The cache's single thread is busy for more than 70 % of the time."
        runbook      = "redis-degraded"
        owner        = local.team
        severity     = "ticket"
        metric       = { namespace = "AWS/ElastiCache", name = "EngineCPUUtilization", dimensions = { CacheClusterId = node }, statistic = "Average" }
        comparison   = "GreaterThanThreshold"
        threshold    = 70
        periods      = 3
        missing_data = "missing"
      }
      "cache-evictions-${substr(node, -3, 3)}" = {
        description  = "The cache throws keys away before they expire; its memory is too small."
        runbook      = "redis-degraded"
        owner        = local.team
        severity     = "ticket"
        metric       = { namespace = "AWS/ElastiCache", name = "Evictions", dimensions = { CacheClusterId = node }, statistic = "Sum" }
        comparison   = "GreaterThanThreshold"
        threshold    = 0
        periods      = 3
        missing_data = "notBreaching"
      }
    }
  ]...)
}

module "alarms" {
  source = "../../modules/alarms"

  name         = local.name
  topics       = { page = module.pages.arn, ticket = module.tickets.arn }
  runbook_site = var.runbook_site

  alarms = { for name, alarm in merge(local.cache_alarms, {
    # The service

    cpu-warning = {
      description  = "The tasks' processors are used to more than 60 %: scaling should be adding tasks."
      runbook      = "high-cpu"
      owner        = local.team
      severity     = "ticket"
      metric       = { namespace = "AWS/ECS", name = "CPUUtilization", dimensions = local.service_dimensions, statistic = "Average" }
      comparison   = "GreaterThanThreshold"
      threshold    = 60
      periods      = 2
      missing_data = "missing"
    }
    cpu-page = {
      description  = "The tasks' processors are used to more than 80 %: scaling does not keep up."
      runbook      = "high-cpu"
      owner        = local.on_call
      severity     = "page"
      metric       = { namespace = "AWS/ECS", name = "CPUUtilization", dimensions = local.service_dimensions, statistic = "Average" }
      comparison   = "GreaterThanThreshold"
      threshold    = 80
      periods      = 3
      datapoints   = 2
      missing_data = "missing"
    }
    memory = {
      description  = "The tasks use more than 80 % of their memory; at 100 % the kernel ends them."
      runbook      = "high-cpu"
      owner        = local.on_call
      severity     = "page"
      metric       = { namespace = "AWS/ECS", name = "MemoryUtilization", dimensions = local.service_dimensions, statistic = "Average" }
      comparison   = "GreaterThanThreshold"
      threshold    = 80
      periods      = 3
      missing_data = "missing"
    }
    too-few-tasks = {
      description  = "Fewer than two tasks run: the next failure is an outage."
      runbook      = "task-loss"
      owner        = local.on_call
      severity     = "page"
      metric       = { namespace = "ECS/ContainerInsights", name = "RunningTaskCount", dimensions = local.service_dimensions, statistic = "Minimum" }
      comparison   = "LessThanThreshold"
      threshold    = 2
      periods      = 2
      missing_data = "breaching"
    }
    tasks-near-maximum = {
      description  = "The service asks for nine tenths of its largest number of tasks; soon scaling can do no more."
      runbook      = "scale-out"
      owner        = local.on_call
      severity     = "page"
      metric       = { namespace = "ECS/ContainerInsights", name = "DesiredTaskCount", dimensions = local.service_dimensions, statistic = "Maximum" }
      comparison   = "GreaterThanOrEqualToThreshold"
      threshold    = floor(0.9 * var.tasks.max) # a derby starts four fifths of them on purpose
      periods      = 1
      missing_data = "missing"
    }
    updates-late = {
      description  = "One update in twenty is older than ${local.update_age_ms} ms when it leaves the service; polls and edge use up the rest of the ${var.freshness_target_s} s."
      runbook      = "stale-updates"
      owner        = local.on_call
      severity     = "page"
      metric       = { namespace = local.namespace, name = "UpdateAge", dimensions = { Service = local.service_name }, percentile = "p95" }
      comparison   = "GreaterThanThreshold"
      threshold    = local.update_age_ms
      periods      = 3
      datapoints   = 2
      missing_data = "notBreaching" # no updates outside the games
    }

    # The load balancer

    unhealthy-tasks = {
      description  = "A task fails its health check."
      runbook      = "unhealthy-targets"
      owner        = local.on_call
      severity     = "page"
      metric       = { namespace = "AWS/ApplicationELB", name = "UnHealthyHostCount", dimensions = local.target_dimensions, statistic = "Maximum" }
      comparison   = "GreaterThanOrEqualToThreshold"
      threshold    = 1
      periods      = 2
      missing_data = "notBreaching"
    }
    few-healthy-tasks = {
      description  = "Fewer than two tasks take requests."
      runbook      = "unhealthy-targets"
      owner        = local.on_call
      severity     = "page"
      metric       = { namespace = "AWS/ApplicationELB", name = "HealthyHostCount", dimensions = local.target_dimensions, statistic = "Minimum" }
      comparison   = "LessThanThreshold"
      threshold    = 2
      periods      = 2
      missing_data = "breaching"
    }
    slow-warning = {
      description  = "One answer in twenty takes longer than 0.5 s."
      runbook      = "slow-updates"
      owner        = local.team
      severity     = "ticket"
      metric       = { namespace = "AWS/ApplicationELB", name = "TargetResponseTime", dimensions = local.target_dimensions, percentile = "p95" }
      comparison   = "GreaterThanThreshold"
      threshold    = 0.5
      periods      = 3
      datapoints   = 2
      missing_data = "notBreaching"
    }
    slow-page = {
      description  = "One answer in twenty takes longer than 1 s: updates will miss their ${var.freshness_target_s} s."
      runbook      = "slow-updates"
      owner        = local.on_call
      severity     = "page"
      metric       = { namespace = "AWS/ApplicationELB", name = "TargetResponseTime", dimensions = local.target_dimensions, percentile = "p95" }
      comparison   = "GreaterThanThreshold"
      threshold    = 1
      periods      = 3
      datapoints   = 2
      missing_data = "notBreaching"
    }
    requests-per-task = {
      description  = "Each task gets half as many requests again as scaling wants it to have: the crowd grows faster than the service."
      runbook      = "scale-out"
      owner        = local.on_call
      severity     = "page"
      metric       = { namespace = "AWS/ApplicationELB", name = "RequestCountPerTarget", dimensions = local.target_dimensions, statistic = "Sum" }
      comparison   = "GreaterThanThreshold"
      threshold    = 1.5 * var.requests_per_task_per_minute
      periods      = 2
      missing_data = "notBreaching"
    }
    errors-warning = {
      description  = "More than 1 % of the requests fail."
      runbook      = "high-error-rate"
      owner        = local.team
      severity     = "ticket"
      queries      = local.failure_queries[60]
      comparison   = "GreaterThanThreshold"
      threshold    = 1
      periods      = 3
      datapoints   = 2
      missing_data = "notBreaching"
    }
    errors-page = {
      description  = "More than 3 % of the requests fail; 5 % is the limit that was promised."
      runbook      = "high-error-rate"
      owner        = local.on_call
      severity     = "page"
      queries      = local.failure_queries[60]
      comparison   = "GreaterThanThreshold"
      threshold    = 3
      periods      = 3
      datapoints   = 2
      missing_data = "notBreaching"
    }
    connections-rejected = {
      description  = "The load balancer turns connections away."
      runbook      = "scale-out"
      owner        = local.on_call
      severity     = "page"
      metric       = { namespace = "AWS/ApplicationELB", name = "RejectedConnectionCount", dimensions = local.balancer, statistic = "Sum" }
      comparison   = "GreaterThanThreshold"
      threshold    = 0
      periods      = 1
      missing_data = "notBreaching" # published only when it is not zero
    }

    # The error budget of 99.9 % a month: 14.4 times the allowed rate uses 2 % of it in an hour, 6 times 5 % in six hours. The short window
    # of each pair ends the alarm soon after the errors end. https://sre.google/workbook/alerting-on-slos/

    burn-fast-long = {
      description  = "Over the last hour errors use the month's budget up 14.4 times as fast as allowed."
      runbook      = "high-error-rate"
      owner        = local.team
      severity     = "ticket"
      queries      = local.failure_queries[3600]
      comparison   = "GreaterThanThreshold"
      threshold    = 14.4 * 0.1
      periods      = 1
      missing_data = "notBreaching"
    }
    burn-fast-short = {
      description  = "Over the last five minutes errors use the month's budget up 14.4 times as fast as allowed."
      runbook      = "high-error-rate"
      owner        = local.team
      severity     = "ticket"
      queries      = local.failure_queries[300]
      comparison   = "GreaterThanThreshold"
      threshold    = 14.4 * 0.1
      periods      = 1
      missing_data = "notBreaching"
    }
    burn-slow-long = {
      description  = "Over the last six hours errors use the month's budget up six times as fast as allowed."
      runbook      = "high-error-rate"
      owner        = local.team
      severity     = "ticket"
      queries      = local.failure_queries[21600]
      comparison   = "GreaterThanThreshold"
      threshold    = 6 * 0.1
      periods      = 1
      missing_data = "notBreaching"
    }
    burn-slow-short = {
      description  = "Over the last half hour errors use the month's budget up six times as fast as allowed."
      runbook      = "high-error-rate"
      owner        = local.team
      severity     = "ticket"
      queries      = local.failure_queries[1800]
      comparison   = "GreaterThanThreshold"
      threshold    = 6 * 0.1
      periods      = 1
      missing_data = "notBreaching"
    }

    # The database

    db-cpu = {
      description  = "The database's processors are used to more than 60 %; a goal can ask for half as much again within a minute."
      runbook      = "db-cpu"
      owner        = local.on_call
      severity     = "page"
      metric       = { namespace = "AWS/RDS", name = "CPUUtilization", dimensions = local.primary, statistic = "Average" }
      comparison   = "GreaterThanThreshold"
      threshold    = 60
      periods      = 3
      datapoints   = 2
      missing_data = "missing"
    }
    db-credits = {
      description  = "The database has fewer than 60 processor credits left; beyond them each hour of a processor is billed."
      runbook      = "db-cpu"
      owner        = local.team
      severity     = "ticket"
      metric       = { namespace = "AWS/RDS", name = "CPUCreditBalance", dimensions = local.primary, statistic = "Minimum", period_s = 300 }
      comparison   = "LessThanThreshold"
      threshold    = 60
      periods      = 2
      missing_data = "missing"
    }
    db-connections = {
      description  = "More than 70 % of the database's ${var.database.max_connections} connections are in use."
      runbook      = "db-connections"
      owner        = local.on_call
      severity     = "page"
      metric       = { namespace = "AWS/RDS", name = "DatabaseConnections", dimensions = local.primary, statistic = "Maximum" }
      comparison   = "GreaterThanThreshold"
      threshold    = floor(0.7 * var.database.max_connections)
      periods      = 2
      missing_data = "missing"
    }
    db-memory = {
      description  = "Less than a tenth of the database's memory is free."
      runbook      = "db-cpu"
      owner        = local.team
      severity     = "ticket"
      metric       = { namespace = "AWS/RDS", name = "FreeableMemory", dimensions = local.primary, statistic = "Minimum" }
      comparison   = "LessThanThreshold"
      threshold    = 0.1 * local.memory_bytes
      periods      = 5
      missing_data = "missing"
    }
    db-disk-queue = {
      description  = "More than ten operations wait for the database's disk."
      runbook      = "db-cpu"
      owner        = local.team
      severity     = "ticket"
      metric       = { namespace = "AWS/RDS", name = "DiskQueueDepth", dimensions = local.primary, statistic = "Average" }
      comparison   = "GreaterThanThreshold"
      threshold    = 10
      periods      = 3
      missing_data = "missing"
    }
    db-write-latency = {
      description  = "A write to the database's disk takes longer than 20 ms on average."
      runbook      = "db-cpu"
      owner        = local.team
      severity     = "ticket"
      metric       = { namespace = "AWS/RDS", name = "WriteLatency", dimensions = local.primary, statistic = "Average" }
      comparison   = "GreaterThanThreshold"
      threshold    = 0.02
      periods      = 3
      missing_data = "missing"
    }
    db-storage = {
      description  = "Less than a fifth of the database's storage is free."
      runbook      = "archive"
      owner        = local.team
      severity     = "ticket"
      metric       = { namespace = "AWS/RDS", name = "FreeStorageSpace", dimensions = local.primary, statistic = "Minimum", period_s = 300 }
      comparison   = "LessThanThreshold"
      threshold    = 0.2 * local.storage_bytes
      periods      = 1
      missing_data = "missing"
    }
    replica-lag = {
      description = "The replica is more than 1 s behind, or its replication has stopped; what is read from it is too old for a live page."
      runbook     = "replica-lag"
      owner       = local.on_call
      severity    = "page"
      # RDS publishes -1 while replication stands still, which no plain threshold above zero sees.
      queries = {
        lag    = { metric = { namespace = "AWS/RDS", name = "ReplicaLag", dimensions = local.replica, statistic = "Maximum" } }
        lowest = { metric = { namespace = "AWS/RDS", name = "ReplicaLag", dimensions = local.replica, statistic = "Minimum" } }
        behind = { expression = "IF(lowest < 0, 86400, lag)", label = "lag, s; a day where replication stands still" }
      }
      comparison   = "GreaterThanThreshold"
      threshold    = 1
      periods      = 3
      datapoints   = 2
      missing_data = "breaching"
    }

    # The edge, the names and what runs at night

    edge-errors = {
      description  = "More than 1 % of the fans' requests get an error from the edge."
      runbook      = "high-error-rate"
      owner        = local.on_call
      severity     = "page"
      metric       = { namespace = "AWS/CloudFront", name = "5xxErrorRate", dimensions = local.distribution, statistic = "Average" }
      comparison   = "GreaterThanThreshold"
      threshold    = 1
      periods      = 3
      datapoints   = 2
      missing_data = "notBreaching"
    }
    edge-misses = {
      description = "Fewer than 80 % of the requests are answered at the edge: the service carries the crowd itself."
      runbook     = "cdn-miss-storm"
      owner       = local.on_call
      severity    = "page"
      # A handful of readers between the games miss the cache by nature, so the rate counts only when there is a crowd.
      queries = {
        hits     = { metric = { namespace = "AWS/CloudFront", name = "CacheHitRate", dimensions = local.distribution, statistic = "Average" } }
        requests = { metric = { namespace = "AWS/CloudFront", name = "Requests", dimensions = local.distribution, statistic = "Sum" } }
        shown    = { expression = "IF(requests > 6000, hits, 100)", label = "cache hit rate under load, %" }
      }
      comparison   = "LessThanThreshold"
      threshold    = 80
      periods      = 3
      datapoints   = 2
      missing_data = "notBreaching"
    }
    assets-missing = {
      description  = "More than a tenth of the requests ask for something that is not there, or may not be read."
      runbook      = "asset-publish"
      owner        = local.team
      severity     = "ticket"
      metric       = { namespace = "AWS/CloudFront", name = "4xxErrorRate", dimensions = local.distribution, statistic = "Average", period_s = 300 }
      comparison   = "GreaterThanThreshold"
      threshold    = 10
      periods      = 3
      missing_data = "notBreaching"
    }
    firewall-blocks = {
      description  = "The firewall blocks more than a thousand requests a minute: an attack, or a limit that hits fans."
      runbook      = "firewall-blocks"
      owner        = local.on_call
      severity     = "page"
      metric       = { namespace = "AWS/WAFV2", name = "BlockedRequests", dimensions = { WebACL = module.firewall.name, Rule = "ALL" }, statistic = "Sum" }
      comparison   = "GreaterThanThreshold"
      threshold    = 1000
      periods      = 2
      missing_data = "notBreaching"
    }
    api-unreachable = {
      description  = "Health checkers around the world cannot reach ${local.api_name}."
      runbook      = "dns-failover"
      owner        = local.on_call
      severity     = "page"
      metric       = { namespace = "AWS/Route53", name = "HealthCheckStatus", dimensions = { HealthCheckId = module.dns.health_check_id }, statistic = "Minimum" }
      comparison   = "LessThanThreshold"
      threshold    = 1
      periods      = 1
      missing_data = "breaching"
    }
    backup-failed = {
      description  = "A backup of the database failed."
      runbook      = "restore"
      owner        = local.team
      severity     = "ticket"
      metric       = { namespace = "AWS/Backup", name = "NumberOfBackupJobsFailed", dimensions = { BackupVaultName = module.backup.vault_name }, statistic = "Sum", period_s = 3600 }
      comparison   = "GreaterThanThreshold"
      threshold    = 0
      periods      = 1
      missing_data = "notBreaching" # published only when it is not zero
    }
    export-failed = {
      description  = "A snapshot was ready but its export to S3 could not be started."
      runbook      = "export"
      owner        = local.team
      severity     = "ticket"
      metric       = { namespace = "AWS/Events", name = "FailedInvocations", dimensions = { RuleName = module.export.rule_name }, statistic = "Sum", period_s = 3600 }
      comparison   = "GreaterThanThreshold"
      threshold    = 0
      periods      = 1
      missing_data = "notBreaching" # published only when it is not zero
    }
  }) : name => alarm if try(contains(var.alarms, name), true) }

  composites = { for name, composite in {
    about-to-crash = {
      description = "Stop watching and act: fans will notice within minutes."
      runbook     = "war-room"
      owner       = local.on_call
      severity    = "page"
      any_of = [
        ["updates-late"],
        ["cpu-page", "slow-warning"],
        ["requests-per-task", "tasks-near-maximum"],
        ["db-connections", "slow-warning"],
        ["few-healthy-tasks"],
      ]
    }
    burn-fast = {
      description = "The month's error budget goes within two days at this rate."
      runbook     = "high-error-rate"
      owner       = local.on_call
      severity    = "page"
      any_of      = [["burn-fast-long", "burn-fast-short"]]
    }
    burn-slow = {
      description = "The month's error budget goes within five days at this rate."
      runbook     = "high-error-rate"
      owner       = local.team
      severity    = "ticket"
      any_of      = [["burn-slow-long", "burn-slow-short"]]
    }
  } : name => composite if try(contains(var.alarms, name), true) }
}

# Apart from the others, because it starts a policy that belongs to the service, and the service waits for the others.
module "surge" {
  source = "../../modules/alarms"

  name         = local.name
  topics       = { page = module.pages.arn, ticket = module.tickets.arn }
  runbook_site = var.runbook_site

  alarms = {
    cpu-surge = {
      description   = "The tasks' processors are used to more than 75 % for a minute: tasks are added at once, and again if that is not enough."
      runbook       = "high-cpu"
      owner         = local.team
      severity      = "ticket"
      metric        = { namespace = "AWS/ECS", name = "CPUUtilization", dimensions = local.service_dimensions, statistic = "Average" }
      comparison    = "GreaterThanOrEqualToThreshold"
      threshold     = 75
      periods       = 1
      missing_data  = "missing"
      extra_actions = [module.scaling.step_policy_arns["surge"]]
    }
  }
}

# What happens only once has no rate to watch: it is told as it happens.
module "notices" {
  source = "../../modules/notices"

  name      = local.name
  topic_arn = module.pages.arn

  events = {
    deployment-failed = {
      description = "A deployment failed and was rolled back. Runbook: rollback."
      pattern = jsonencode({
        source        = ["aws.ecs"]
        "detail-type" = ["ECS Deployment State Change"]
        resources     = [module.service.service_arn]
        detail        = { eventName = ["SERVICE_DEPLOYMENT_FAILED"] }
      })
    }
    scaling-at-limit = {
      description = "Scaling has reached the largest number of tasks. Runbook: scale-out."
      pattern = jsonencode({
        source        = ["aws.application-autoscaling"]
        "detail-type" = ["Application Auto Scaling Scaling Activity State Change"]
        detail        = { resourceId = ["service/${local.name}/${local.service_name}"], scaledToMax = [true] }
      })
    }
    database-failover = {
      description = "The database failed over to its standby. Runbook: db-failover."
      pattern = jsonencode({
        source        = ["aws.rds"]
        "detail-type" = ["RDS DB Instance Event"]
        detail        = { SourceIdentifier = [local.name], EventCategories = ["failover", "failure"] }
      })
    }
  }
}
