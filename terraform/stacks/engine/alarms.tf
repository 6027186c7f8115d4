# Thresholds stand before the failure they announce. A page wakes a human, a ticket waits for the morning.

locals {
  owners = { page = "platform on-call", ticket = "platform team" }

  # Shares of the month's error budget: 14.4 times the allowed rate uses 2 % of it in an hour, six times 5 % in six hours.
  # https://sre.google/workbook/alerting-on-slos/
  allowed_errors_percent = 100 - var.availability_objective_percent
  burns = {
    burn-fast-long  = { factor = 14.4, period_s = 3600, over = "the last hour" }
    burn-fast-short = { factor = 14.4, period_s = 300, over = "the last five minutes" }
    burn-slow-long  = { factor = 6, period_s = 21600, over = "the last six hours" }
    burn-slow-short = { factor = 6, period_s = 1800, over = "the last half hour" }
  }

  rest = { ApiName = local.name, Stage = "live" }

  # Open connections, abnormal closes and push times: by the tasks that keep the connections, or by the socket's function and access log.
  pushed = length(local.gateway) > 0 ? { Api = "${local.name}-socket" } : local.connections.dimensions
  drops  = length(local.gateway) > 0 ? { Event = "DISCONNECT" } : local.connections.dimensions
}

# Metrics out of log lines. The functions write JSON; what they log stands in `message`.

resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each = merge(
    {
      accepted = { function = "ingest", metric = "Accepted", field = "accepted", unit = "Count", by = { Function = "function" } }
      failed   = { function = "ingest", metric = "Failed", field = "failed", unit = "Count", by = { Function = "function" } }
    },
    {
      for name, filter in {
        freshness   = { function = "fanout", metric = "Freshness", field = "freshness_ms", unit = "Milliseconds", by = { Provider = "provider" } }
        push        = { function = "fanout", metric = "PushTime", field = "push_ms", unit = "Milliseconds", by = { Api = "api" } }
        connections = { function = "socket", metric = "OpenConnections", field = "open_connections", unit = "Count", by = { Api = "api" } }
      } : name => filter if length(local.gateway) > 0
    },
  )

  name           = "${local.name}-${each.key}"
  log_group_name = module.functions[each.value.function].log_group_name
  pattern        = "{ $.message.${each.value.field} = * }"

  metric_transformation {
    namespace  = local.namespace
    name       = each.value.metric
    value      = "$.message.${each.value.field}"
    unit       = each.value.unit
    dimensions = { for dimension, field in each.value.by : dimension => "$.message.${field}" }
  }
}

# The age of an update when a task sends it, by provider.
resource "aws_cloudwatch_log_metric_filter" "live_freshness" {
  count = length(local.tier)

  name           = "${local.live}-freshness"
  log_group_name = module.live[0].log_group_name
  pattern        = "{ $.freshness_ms = * }"

  metric_transformation {
    namespace  = local.namespace
    name       = "Freshness"
    value      = "$.freshness_ms"
    unit       = "Milliseconds"
    dimensions = { Provider = "$.provider" }
  }
}

# API Gateway ends every connection after two hours and says 1001; a client that leaves says 1000. Neither is a drop.
resource "aws_cloudwatch_log_metric_filter" "drops" {
  count = length(local.gateway)

  name           = "${local.name}-drops"
  log_group_name = module.socket[0].log_group_name
  pattern        = "{ ($.event = \"DISCONNECT\") && ($.close_code != \"1000\") && ($.close_code != \"1001\") }"

  metric_transformation {
    namespace = local.namespace
    name      = "AbnormalCloses"
    value     = "1"
    unit      = "Count"

    dimensions = { Event = "$.event" }
  }
}

module "lambda_alarms" {
  source   = "../../modules/alarms/presets/lambda"
  for_each = local.functions

  function_name = local.function_names[each.key]
  prefix        = "${each.key}-"
  owners        = local.owners
  runbooks = {
    errors      = "function-fails"
    throttles   = "function-fails"
    behind      = "updates-behind"
    concurrency = "function-fails"
  }
  thresholds = {
    errors_percent       = 1
    reserved_concurrency = each.value.reserved
    behind_ms            = contains(["ingest", "fanout"], each.key) ? 10000 : null
  }
}

module "table_alarms" {
  source   = "../../modules/alarms/presets/dynamodb"
  for_each = toset(concat(["events", "idempotency"], [for _ in local.gateway : "connections"]))

  table_name = "${local.name}-${each.key}"
  prefix     = "${each.key}-"
  owners     = local.owners
  runbook    = "updates-behind"
  operations = each.key == "events" ? ["BatchWriteItem"] : []
}

module "stream_alarms" {
  source = "../../modules/alarms/presets/kinesis"

  stream_name = "${local.name}-updates"
  prefix      = "updates-"
  owners      = local.owners
  runbook     = "updates-behind"
  thresholds = {
    behind_ms        = 30000
    bytes_per_minute = var.shards == null ? null : var.shards * 1048576 * 60
  }
}

module "rest_alarms" {
  source = "../../modules/alarms/presets/rest_api"

  api        = { name = local.name, stage = "live" }
  prefix     = "rest-"
  owners     = local.owners
  runbooks   = { errors = "function-fails", refused = "function-fails", slow = "function-fails" }
  thresholds = { latency_ms = 1000 }
}

module "socket_alarms" {
  source = "../../modules/alarms/presets/socket_api"
  count  = length(local.gateway)

  api      = { id = module.socket[0].id, stage = "live" }
  prefix   = "socket-"
  owners   = local.owners
  runbooks = { errors = "connections-drop", connects = "connections-drop" }
}

module "dead_letter_alarms" {
  source = "../../modules/alarms/presets/sqs"

  queue_names = { for name in ["ingest", "fanout"] : "${name}-dead-" => "${local.function_names[name]}-dead-letters" }
  owners      = local.owners
  runbook     = "dead-letters"
}

# The tier that keeps the connections: the balancer, the tasks, what they hold, and the channel by which they learn.

module "live_balancer_alarms" {
  source = "../../modules/alarms/presets/load_balancer"
  count  = length(local.tier)

  prefix        = "live-"
  owners        = local.owners
  load_balancer = module.live_balancer[0].arn_suffix
  target_group  = module.live_balancer[0].target_group_arn_suffix
  runbooks      = { errors = "connections-drop", latency = "fan-out-full", targets = "fan-out-full", load = "connections-drop" }
  thresholds    = { healthy_targets = var.live_tasks.min }
}

module "live_service_alarms" {
  source = "../../modules/alarms/presets/service"
  count  = length(local.tier)

  prefix   = "live-"
  owners   = local.owners
  cluster  = local.live
  service  = local.live
  tasks    = var.live_tasks
  runbooks = { load = "fan-out-full", tasks = "fan-out-full", limit = "fan-out-full" }
}

module "live_stream_alarms" {
  source = "../../modules/alarms/presets/streams"
  count  = length(local.tier)

  prefix           = "live-"
  owners           = local.owners
  metric           = local.connections
  streams_per_task = var.connections_per_task
  runbooks         = { streams = "fan-out-full", late = "updates-behind" }
}

module "channel_alarms" {
  source = "../../modules/alarms/presets/cache"
  count  = length(local.tier)

  prefix  = "channel-"
  owners  = local.owners
  nodes   = module.channel[0].node_ids
  runbook = "connections-drop"
}

module "alarms" {
  source = "../../modules/alarms"

  name         = local.name
  topics       = { page = module.pages.arn, ticket = module.tickets.arn }
  runbook_site = var.runbook_site

  alarms = merge(
    merge([for preset in module.lambda_alarms : preset.alarms]...),
    merge([for preset in module.table_alarms : preset.alarms]...),
    module.stream_alarms.alarms,
    module.rest_alarms.alarms,
    merge(module.socket_alarms[*].alarms...),
    merge([for preset in module.live_balancer_alarms : preset.alarms]...),
    merge([for preset in module.live_service_alarms : preset.alarms]...),
    merge([for preset in module.live_stream_alarms : preset.alarms]...),
    merge([for preset in module.channel_alarms : preset.alarms]...),
    module.dead_letter_alarms.alarms,

    # What the service promises.

    {
      for name, burn in local.burns : name => {
        description = "Over ${burn.over} errors use the month's budget up ${burn.factor} times as fast as allowed."
        runbook     = "function-fails"
        owner       = local.owners.ticket
        severity    = "ticket"
        queries = {
          requests = { metric = { namespace = "AWS/ApiGateway", name = "Count", dimensions = local.rest, statistic = "Sum", period_s = burn.period_s } }
          errors   = { metric = { namespace = "AWS/ApiGateway", name = "5XXError", dimensions = local.rest, statistic = "Sum", period_s = burn.period_s } }
          failed   = { expression = "IF(requests > 0, 100 * FILL(errors, 0) / requests, 0)", label = "failed requests, %" }
        }
        comparison   = "GreaterThanThreshold"
        threshold    = burn.factor * local.allowed_errors_percent
        periods      = 1
        missing_data = "notBreaching"
      }
    },
    {
      for name, provider in local.enabled : "stale-${name}" => {
        description  = "Updates of ${name} reach the clients later than ${provider.freshness_s} s after they happened."
        runbook      = "provider-outage"
        owner        = local.owners.page
        severity     = "page"
        metric       = { namespace = local.namespace, name = "Freshness", dimensions = { Provider = name }, percentile = "p95" }
        comparison   = "GreaterThanThreshold"
        threshold    = 1000 * provider.freshness_s
        periods      = 3
        datapoints   = 2
        missing_data = "notBreaching" # nothing is played for most of the day; a poller that is gone has an alarm of its own
      }
    },
    {
      for name in keys(local.enabled) : "no-poller-${name}" => {
        description  = "Nobody asks ${name}: its poller does not run."
        runbook      = "provider-outage"
        owner        = local.owners.page
        severity     = "page"
        metric       = { namespace = "ECS/ContainerInsights", name = "RunningTaskCount", dimensions = { ClusterName = "${local.name}-pollers", ServiceName = name }, statistic = "Minimum" }
        comparison   = "LessThanThreshold"
        threshold    = 1
        periods      = 3
        missing_data = "breaching"
      }
    },
    {
      for name, push in {
        push-slow    = { severity = "page", limit_ms = var.push_ms, than = "${var.push_ms / 1000} s from its ingestion to its push" }
        push-slowing = { severity = "ticket", limit_ms = 0.8 * var.push_ms, than = "four fifths of the ${var.push_ms / 1000} s that a push may take" }
        } : name => {
        description  = "One update in a hundred takes more than ${push.than}."
        runbook      = "updates-behind"
        owner        = local.owners[push.severity]
        severity     = push.severity
        metric       = { namespace = local.namespace, name = "PushTime", dimensions = local.pushed, percentile = "p99" }
        comparison   = "GreaterThanThreshold"
        threshold    = push.limit_ms
        periods      = 5
        datapoints   = 3
        missing_data = "notBreaching"
      }
    },
    {
      ingestion-fails = {
        description = "More than 0.01 % of the updates of the last five minutes were not stored."
        runbook     = "dead-letters"
        owner       = local.owners.page
        severity    = "page"
        queries = {
          accepted = { metric = { namespace = local.namespace, name = "Accepted", dimensions = { Function = local.function_names["ingest"] }, statistic = "Sum", period_s = 300 } }
          failed   = { metric = { namespace = local.namespace, name = "Failed", dimensions = { Function = local.function_names["ingest"] }, statistic = "Sum", period_s = 300 } }
          share    = { expression = "IF(accepted + FILL(failed, 0) > 0, 100 * FILL(failed, 0) / (accepted + FILL(failed, 0)), 0)", label = "failed updates, %" }
        }
        comparison   = "GreaterThanThreshold"
        threshold    = 0.01
        periods      = 1
        missing_data = "notBreaching"
      }
      connections-dropped = {
        description = "More than 5 % of the open connections broke off within five minutes; closes by the client, and those that the service announces, are not counted."
        runbook     = "connections-drop"
        owner       = local.owners.page
        severity    = "page"
        queries = {
          open    = { metric = { namespace = local.namespace, name = "OpenConnections", dimensions = local.pushed, statistic = "Maximum", period_s = 300 } }
          drops   = { metric = { namespace = local.namespace, name = "AbnormalCloses", dimensions = local.drops, statistic = "Sum", period_s = 300 } }
          dropped = { expression = "IF(open > 0, 100 * FILL(drops, 0) / open, 0)", label = "dropped, %" }
        }
        comparison   = "GreaterThanThreshold"
        threshold    = 5
        periods      = 1
        missing_data = "notBreaching"
      }
      archive-behind = {
        description  = "The archive is more than half an hour behind; after a day updates are lost to it."
        runbook      = "updates-behind"
        owner        = local.owners.ticket
        severity     = "ticket"
        metric       = { namespace = "AWS/Firehose", name = "DeliveryToS3.DataFreshness", dimensions = { DeliveryStreamName = "${local.name}-archive" }, statistic = "Maximum" }
        comparison   = "GreaterThanThreshold"
        threshold    = 1800
        periods      = 3
        missing_data = "notBreaching"
      }
      api-unreachable = {
        description  = "The API does not answer from outside."
        runbook      = "function-fails"
        owner        = local.owners.page
        severity     = "page"
        metric       = { namespace = "AWS/Route53", name = "HealthCheckStatus", dimensions = { HealthCheckId = aws_route53_health_check.api.id }, statistic = "Minimum" }
        comparison   = "LessThanThreshold"
        threshold    = 1
        periods      = 2
        missing_data = "breaching"
      }
      addresses-blocked = {
        description  = "The firewall blocks many requests: an attack, or a limit that is too low for an office or a carrier."
        runbook      = "function-fails"
        owner        = local.owners.ticket
        severity     = "ticket"
        metric       = { namespace = "AWS/WAFV2", name = "BlockedRequests", dimensions = { WebACL = local.name, Region = var.region, Rule = "ALL" }, statistic = "Sum" }
        comparison   = "GreaterThanThreshold"
        threshold    = 1000
        periods      = 5
        datapoints   = 3
        missing_data = "notBreaching"
      }
    },
  )

  composites = merge(merge([for preset in module.live_balancer_alarms : preset.composites]...), {
    budget-fast = {
      description = "The month's error budget goes within two days at this rate."
      runbook     = "function-fails"
      owner       = local.owners.page
      severity    = "page"
      any_of      = [["burn-fast-long", "burn-fast-short"]]
    }
    budget-slow = {
      description = "The month's error budget goes within five days at this rate."
      runbook     = "function-fails"
      owner       = local.owners.ticket
      severity    = "ticket"
      any_of      = [["burn-slow-long", "burn-slow-short"]]
    }
  })
}
