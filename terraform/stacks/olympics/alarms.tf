locals {
  on_call = "platform on-call"
  team    = "platform team"
  owners  = { page = local.on_call, ticket = local.team }

  db_runbooks = { load = "database-overload", connections = "database-overload", storage = "database-overload", lag = "replica-lag" }
  db_size     = { class = var.database.class, memory_gib = var.database.memory_gib, allocated_gb = var.database.allocated_gb, max_connections = var.database.max_connections }
  edge        = { DistributionId = module.edge.distribution_id, Region = "Global" }
  balancer    = { LoadBalancer = module.load_balancer.arn_suffix }
  stream      = { StreamName = aws_kinesis_stream.results.name }
  processor   = { FunctionName = aws_lambda_function.processor.function_name }
}

module "pages" {
  source = "../../modules/topic"

  name                     = "${local.name}-page"
  account_id               = var.account_id
  key_arn                  = module.key.arn
  publishers               = ["cloudwatch.amazonaws.com"]
  unconditional_publishers = ["events.amazonaws.com"]
  emails                   = var.page_emails
  https_endpoints          = var.pager_endpoints
}

module "tickets" {
  source = "../../modules/topic"

  name                     = "${local.name}-ticket"
  account_id               = var.account_id
  key_arn                  = module.key.arn
  publishers               = ["cloudwatch.amazonaws.com"]
  unconditional_publishers = ["events.amazonaws.com"]
  emails                   = var.ticket_emails
}

module "load_balancer_alarms" {
  source = "../../modules/alarms/presets/load_balancer"

  owners        = local.owners
  load_balancer = module.load_balancer.arn_suffix
  target_group  = module.load_balancer.target_group_arn_suffix
  runbooks      = { errors = "high-error-rate", latency = "scaling-lag", targets = "unhealthy-instances", load = "scaling-lag" }
  thresholds    = { errors_page_percent = 5, p95_ticket_s = 0.2, p95_page_s = 0.5, healthy_targets = 3, requests_per_target = 18000, allowed_errors_in_percent = 0.1 }
}

module "fleet_alarms" {
  source = "../../modules/alarms/presets/fleet"

  prefix    = "fleet-"
  owners    = local.owners
  group     = "${local.name}-api"
  instances = var.instances
  runbooks  = { load = "scaling-lag", fleet = "unhealthy-instances" }
}

module "database_alarms" {
  source   = "../../modules/alarms/presets/database"
  for_each = { "" = { replica = false }, "-replica" = { replica = true }, "-replica-2" = { replica = true } }

  prefix   = "database${each.key}-"
  owners   = local.owners
  instance = "${local.name}${each.key}"
  engine   = "postgres"
  replica  = each.value.replica
  size     = local.db_size
  runbooks = local.db_runbooks
}

module "cache_alarms" {
  source = "../../modules/alarms/presets/cache"

  owners  = local.owners
  nodes   = [for number in range(1, var.cache.nodes + 1) : format("%s-cache-%03d", local.name, number)]
  runbook = "cache-degraded"

  # No alarm on the hit rate: behind the CDN most reads are misses by design, so that the brief's 80 % would page all day.
  # docs/olympics/decisions/0013 says what is watched in its place.
}

module "edge_alarms" {
  source = "../../modules/alarms/presets/edge"

  owners       = local.owners
  distribution = module.edge.distribution_id
  runbooks     = { errors = "high-error-rate", misses = "cdn-miss-storm", missing = "cdn-miss-storm" }
  thresholds   = { hit_percent = 70, busy_requests = 60000 }
}

# Lines of the logs that the brief wants to be woken by.
resource "aws_cloudwatch_log_metric_filter" "failed_logins" {
  name           = "${local.name}-failed-logins"
  log_group_name = aws_cloudwatch_log_group.admin.name
  pattern        = "{ $.event = \"authentication\" && $.outcome = \"failure\" }"

  metric_transformation {
    namespace = local.name
    name      = "FailedLogins"
    value     = "1"
    dimensions = {
      Service = "$.service"
    }
  }
}

resource "aws_cloudwatch_log_metric_filter" "connection_errors" {
  name           = "${local.name}-connection-errors"
  log_group_name = aws_cloudwatch_log_group.api.name
  pattern        = "{ $.event = \"database\" && $.error = \"connection\" }"

  metric_transformation {
    namespace = local.name
    name      = "DatabaseConnectionErrors"
    value     = "1"
    dimensions = {
      Service = "$.service"
    }
  }
}

module "alarms" {
  source = "../../modules/alarms"

  name         = local.name
  topics       = { page = module.pages.arn, ticket = module.tickets.arn }
  composites   = module.load_balancer_alarms.composites
  runbook_site = var.runbook_site

  alarms = merge(
    module.load_balancer_alarms.alarms,
    module.fleet_alarms.alarms,
    # Of a replica only what readers notice: its primary's disk and memory say the rest.
    merge([for key, preset in module.database_alarms : { for name, alarm in preset.alarms : name => alarm if key == "" || can(regex("-(cpu|connections|storage|lag)$", name)) }]...),
    module.cache_alarms.alarms,
    module.edge_alarms.alarms,
    {
      failed-logins = {
        description  = "More than ten logins to the administration fail within a minute."
        runbook      = "failed-logins"
        owner        = local.on_call
        severity     = "page"
        metric       = { namespace = local.name, name = "FailedLogins", dimensions = { Service = "admin" }, statistic = "Sum" }
        comparison   = "GreaterThanThreshold"
        threshold    = 10
        periods      = 1
        missing_data = "notBreaching"
      }
      connection-errors = {
        description  = "The API cannot connect to the database."
        runbook      = "database-overload"
        owner        = local.on_call
        severity     = "page"
        metric       = { namespace = local.name, name = "DatabaseConnectionErrors", dimensions = { Service = "api" }, statistic = "Sum" }
        comparison   = "GreaterThanThreshold"
        threshold    = 5
        periods      = 2
        missing_data = "notBreaching"
      }
      results-late = {
        description  = "Results wait in the stream for more than 30 s."
        runbook      = "feed-failure"
        owner        = local.on_call
        severity     = "page"
        metric       = { namespace = "AWS/Kinesis", name = "GetRecords.IteratorAgeMilliseconds", dimensions = local.stream, statistic = "Maximum" }
        comparison   = "GreaterThanThreshold"
        threshold    = 30000
        periods      = 2
        missing_data = "notBreaching"
      }
      # The gateway of the timing systems sends a heartbeat every ten seconds, results or not: so a minute without records is a feed
      # that has fallen silent, and so is one without data, for then the stream or its metric is gone.
      feed-silent = {
        description  = "Nothing has come from the timing systems for three minutes, not even their heartbeat."
        runbook      = "feed-failure"
        owner        = local.on_call
        severity     = "page"
        metric       = { namespace = "AWS/Kinesis", name = "IncomingRecords", dimensions = local.stream, statistic = "Sum" }
        comparison   = "LessThanThreshold"
        threshold    = 1
        periods      = 3
        missing_data = "breaching"
      }
      results-refused = {
        description  = "The stream refuses records: a shard is full."
        runbook      = "feed-failure"
        owner        = local.on_call
        severity     = "page"
        metric       = { namespace = "AWS/Kinesis", name = "WriteProvisionedThroughputExceeded", dimensions = local.stream, statistic = "Sum" }
        comparison   = "GreaterThanThreshold"
        threshold    = 0
        periods      = 2
        missing_data = "notBreaching"
      }
      results-dead = {
        description  = "A result could not be written and waits in the queue of failed ones."
        runbook      = "feed-failure"
        owner        = local.on_call
        severity     = "page"
        metric       = { namespace = "AWS/SQS", name = "ApproximateNumberOfMessagesVisible", dimensions = { QueueName = aws_sqs_queue.dead.name }, statistic = "Maximum" }
        comparison   = "GreaterThanThreshold"
        threshold    = 0
        periods      = 1
        missing_data = "notBreaching"
      }
      backup-failed = {
        description  = "A backup of the database failed."
        runbook      = "database-overload"
        owner        = local.team
        severity     = "ticket"
        metric       = { namespace = "AWS/Backup", name = "NumberOfBackupJobsFailed", dimensions = { BackupVaultName = module.backup.vault_name }, statistic = "Sum", period_s = 3600 }
        comparison   = "GreaterThanThreshold"
        threshold    = 0
        periods      = 1
        missing_data = "notBreaching" # published only when it is not zero
      }
      export-failed = {
        description  = "A snapshot was ready but its export to the archive could not be started."
        runbook      = "close-down"
        owner        = local.team
        severity     = "ticket"
        metric       = { namespace = "AWS/Events", name = "FailedInvocations", dimensions = { RuleName = module.export.rule_name }, statistic = "Sum", period_s = 3600 }
        comparison   = "GreaterThanThreshold"
        threshold    = 0
        periods      = 1
        missing_data = "notBreaching" # published only when it is not zero
      }
      processor-errors = {
        description  = "The function that writes results fails."
        runbook      = "feed-failure"
        owner        = local.team
        severity     = "ticket"
        metric       = { namespace = "AWS/Lambda", name = "Errors", dimensions = local.processor, statistic = "Sum" }
        comparison   = "GreaterThanThreshold"
        threshold    = 0
        periods      = 3
        missing_data = "notBreaching"
      }
      firewall-blocks = {
        description  = "The firewall blocks more than ten thousand requests a minute: an attack, or a limit that hits a crowd behind one address."
        runbook      = "firewall-blocks"
        owner        = local.on_call
        severity     = "page"
        metric       = { namespace = "AWS/WAFV2", name = "BlockedRequests", dimensions = { WebACL = module.firewall.name, Rule = "ALL" }, statistic = "Sum" }
        comparison   = "GreaterThanThreshold"
        threshold    = 10000
        periods      = 2
        missing_data = "notBreaching"
      }
      site-unreachable = {
        description  = "Health checkers around the world cannot reach ${local.site_name}."
        runbook      = "high-error-rate"
        owner        = local.on_call
        severity     = "page"
        metric       = { namespace = "AWS/Route53", name = "HealthCheckStatus", dimensions = { HealthCheckId = module.dns.health_check_id }, statistic = "Minimum" }
        comparison   = "LessThanThreshold"
        threshold    = 1
        periods      = 1
        missing_data = "breaching"
      }
    },
  )
}

# The brief's "150 % of the baseline" rings at every event, since its peaks are eight times the mean; the band learns hour and weekday.
resource "aws_cloudwatch_metric_alarm" "traffic" {
  alarm_name          = "${local.name}-traffic-unusual"
  alarm_description   = "Requests leave the band of what is usual at this hour. Runbook: firewall-blocks (${var.runbook_site}firewall-blocks/). Owner: ${local.team}. Severity: ticket."
  comparison_operator = "GreaterThanUpperThreshold"
  evaluation_periods  = 3
  threshold_metric_id = "band"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [module.tickets.arn]
  ok_actions          = [module.tickets.arn]
  tags                = { runbook = "firewall-blocks", owner = local.team, severity = "ticket" }

  metric_query {
    id          = "band"
    expression  = "ANOMALY_DETECTION_BAND(requests, 3)"
    label       = "usual requests"
    return_data = true
  }

  metric_query {
    id          = "requests"
    return_data = true

    metric {
      namespace   = "AWS/CloudFront"
      metric_name = "Requests"
      dimensions  = local.edge
      stat        = "Sum"
      period      = 300
    }
  }
}

module "notices" {
  source = "../../modules/notices"

  name      = local.name
  topic_arn = module.pages.arn

  events = {
    launch-failed = {
      description = "An instance could not be started. Runbook: unhealthy-instances (${var.runbook_site}unhealthy-instances/)."
      pattern = jsonencode({
        source        = ["aws.autoscaling"]
        "detail-type" = ["EC2 Instance Launch Unsuccessful"]
        detail        = { AutoScalingGroupName = ["${local.name}-api", "${local.name}-admin"] }
      })
    }
    database-failover = {
      description = "The database failed over to its standby. Runbook: database-overload (${var.runbook_site}database-overload/)."
      pattern = jsonencode({
        source        = ["aws.rds"]
        "detail-type" = ["RDS DB Instance Event"]
        detail        = { SourceIdentifier = [local.name], EventCategories = ["failover", "failure"] }
      })
    }
  }
}

# Money: the month, the day, and what no threshold foresees.

module "budget" {
  source = "../../modules/budget"

  name      = local.name
  limit_usd = var.budget_usd
  emails    = var.ticket_emails
}

resource "aws_budgets_budget" "daily" {
  name         = "${local.name}-daily"
  budget_type  = "COST"
  limit_amount = tostring(var.daily_budget_usd)
  limit_unit   = "USD"
  time_unit    = "DAILY"

  notification {
    notification_type          = "ACTUAL"
    comparison_operator        = "GREATER_THAN"
    threshold                  = 100
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = var.ticket_emails
  }
}

resource "aws_ce_anomaly_monitor" "this" {
  name              = local.name
  monitor_type      = "DIMENSIONAL"
  monitor_dimension = "SERVICE"
}

resource "aws_ce_anomaly_subscription" "this" {
  name             = local.name
  frequency        = "DAILY"
  monitor_arn_list = [aws_ce_anomaly_monitor.this.arn]

  subscriber {
    type    = "EMAIL"
    address = var.ticket_emails[0]
  }

  threshold_expression {
    dimension {
      key           = "ANOMALY_TOTAL_IMPACT_ABSOLUTE"
      match_options = ["GREATER_THAN_OR_EQUAL"]
      values        = ["100"]
    }
  }
}
