locals {
  owners = { page = "platform on-call", ticket = "platform team" }

  # Names, not outputs: the service waits for the alarms that roll its deployments back, so they must not wait for the service.
  streams = { namespace = local.namespace, name = "SseConnections", dimensions = { Service = local.service_name } }
  age     = { namespace = local.namespace, name = "UpdateAge", dimensions = { Service = local.service_name } }
  instances = merge(
    { db = module.database.identifier, replica-1 = module.database.replica_identifier },
    { for name, replica in module.database.further_replicas : name => replica.identifier },
  )
  database_size = {
    class           = var.database.instance_class
    memory_gib      = var.database.memory_gib
    allocated_gb    = var.database.allocated_gb
    max_connections = var.database.max_connections
  }
}

module "balancer_alarms" {
  source = "../../modules/alarms/presets/load_balancer"

  owners        = local.owners
  load_balancer = module.load_balancer.arn_suffix
  target_group  = module.load_balancer.target_group_arn_suffix
  runbooks      = { errors = "high-error-rate", latency = "slow-leaderboard", targets = "tasks", load = "tasks" }

  # The leaderboard's own goal is a tenth of a second.
  thresholds = { p95_ticket_s = 0.1, p95_page_s = 0.5, healthy_targets = var.tasks.min }
}

module "service_alarms" {
  source = "../../modules/alarms/presets/service"

  owners   = local.owners
  cluster  = local.name
  service  = local.service_name
  tasks    = var.tasks
  runbooks = { load = "high-cpu", tasks = "tasks", limit = "high-cpu" }
}

module "stream_alarms" {
  source = "../../modules/alarms/presets/streams"

  owners           = local.owners
  metric           = local.streams
  age_metric       = local.age
  streams_per_task = var.streams_per_task
  runbooks         = { streams = "sse-drops", late = "sse-drops" }
}

module "database_alarms" {
  source = "../../modules/alarms/presets/database"

  prefix     = "db-"
  owners     = local.owners
  instance   = local.instances["db"]
  engine     = "postgres"
  size       = local.database_size
  runbooks   = { load = "database", connections = "database", storage = "database", lag = "database" }
  thresholds = { connections_percent = 85 } # above what a deployment of the most tasks may take
}

module "replica_alarms" {
  for_each = { for name, identifier in local.instances : name => identifier if name != "db" }

  source = "../../modules/alarms/presets/database"

  prefix     = "${each.key}-"
  owners     = local.owners
  instance   = each.value
  engine     = "postgres"
  replica    = true
  size       = local.database_size
  runbooks   = { load = "database", connections = "database", storage = "database", lag = "database" }
  thresholds = { connections_percent = 85, lag_s = 5 }
}

module "cache_alarms" {
  source = "../../modules/alarms/presets/cache"

  owners  = local.owners
  nodes   = module.cache.node_ids
  runbook = "redis"
}

module "alarms" {
  source = "../../modules/alarms"

  name         = local.name
  topics       = { page = module.pages.arn, ticket = module.tickets.arn }
  composites   = module.balancer_alarms.composites
  runbook_site = var.runbook_site

  alarms = merge(
    module.balancer_alarms.alarms,
    module.service_alarms.alarms,
    module.stream_alarms.alarms,
    module.database_alarms.alarms,
    # Of a replica: what a reader would notice.
    merge([for name, preset in module.replica_alarms : { for alarm, definition in preset.alarms : alarm => definition if contains(["${name}-cpu", "${name}-lag", "${name}-connections"], alarm) }]...),
    { for name, alarm in module.cache_alarms.alarms : name => alarm if !startswith(name, "cache-lag") },
    {
      for node in module.cache.node_ids : "cache-connections-${substr(node, -3, 3)}" => {
        description  = "${node} holds more connections than the pools of all tasks can open."
        runbook      = "redis"
        owner        = local.owners.ticket
        severity     = "ticket"
        metric       = { namespace = "AWS/ElastiCache", name = "CurrConnections", dimensions = { CacheClusterId = node }, statistic = "Maximum" }
        comparison   = "GreaterThanThreshold"
        threshold    = local.cache_connections
        periods      = 5
        missing_data = "missing"
      }
    },
    {
      for name in keys(local.rotation_functions) : "rotation-failed-${name}" => {
        description  = "The function that rotates ${name} failed; the secret stays as it is, or half changed."
        runbook      = "rotation"
        owner        = local.owners.ticket
        severity     = "ticket"
        metric       = { namespace = "AWS/Lambda", name = "Errors", dimensions = { FunctionName = "${local.name}-rotate-${name}" }, statistic = "Sum" }
        comparison   = "GreaterThanThreshold"
        threshold    = 0
        periods      = 1
        missing_data = "notBreaching"
      }
    },
    {
      api-unreachable = {
        description  = "The API does not answer through the CDN, seen from several regions of the world."
        runbook      = "tasks"
        owner        = local.owners.page
        severity     = "page"
        metric       = { namespace = "AWS/Route53", name = "HealthCheckStatus", dimensions = { HealthCheckId = aws_route53_health_check.api.id }, statistic = "Minimum" }
        comparison   = "LessThanThreshold"
        threshold    = 1
        periods      = 2
        missing_data = "breaching"
      }
    },
  )
}

module "pages" {
  source = "../../modules/topic"

  name                     = "${local.name}-alerts"
  account_id               = var.account_id
  key_arn                  = module.key.arn
  publishers               = ["cloudwatch.amazonaws.com"]
  unconditional_publishers = ["events.amazonaws.com"]
  emails                   = var.page_emails
  https_endpoints          = var.pager_endpoints
}

module "tickets" {
  source = "../../modules/topic"

  name       = "${local.name}-tickets"
  account_id = var.account_id
  key_arn    = module.key.arn
  publishers = ["cloudwatch.amazonaws.com"]
  emails     = var.ticket_emails
}

module "notices" {
  source = "../../modules/notices"

  name      = local.name
  topic_arn = module.pages.arn

  events = {
    deployment-failed = {
      description = "A deployment of the scoreboard failed and was rolled back"
      pattern     = jsonencode({ source = ["aws.ecs"], "detail-type" = ["ECS Deployment State Change"], resources = ["arn:aws:ecs:${var.region}:${var.account_id}:service/${local.name}/${local.service_name}"], detail = { eventName = ["SERVICE_DEPLOYMENT_FAILED"] } })
    }
    database-failover = {
      description = "The database moved to its standby"
      pattern     = jsonencode({ source = ["aws.rds"], "detail-type" = ["RDS DB Instance Event"], detail = { SourceIdentifier = [local.name], EventCategories = ["failover"] } })
    }
  }
}

locals {
  balancer = { LoadBalancer = module.load_balancer.arn_suffix }
  targets  = { LoadBalancer = module.load_balancer.arn_suffix, TargetGroup = module.load_balancer.target_group_arn_suffix }
  service  = { ClusterName = local.name, ServiceName = local.service_name }
}

module "dashboard" {
  source = "../../modules/dashboard"

  name       = local.name
  region     = var.region
  heading    = "# Scoreboard, ${var.environment}\nSystem health: streams first, then answers, then the data behind them."
  alarm_arns = [for name in ["streams-full", "errors-page", "slow-page", "unhealthy-targets", "db-connections", "api-unreachable"] : module.alarms.arns[name]]

  graphs = [
    { title = "Streams held by the fullest task", unit = "streams", stat = "Maximum", metrics = [merge(local.streams, { label = "fullest task" })], lines = [{ label = "page", value = floor(0.8 * var.streams_per_task) }] },
    { title = "Answer time", unit = "s", stat = "p95", metrics = [{ namespace = "AWS/ApplicationELB", name = "TargetResponseTime", dimensions = local.targets, label = "p95" }], lines = [{ label = "page", value = 0.5 }] },
    { title = "Failed requests", unit = "requests", stat = "Sum", metrics = [{ namespace = "AWS/ApplicationELB", name = "HTTPCode_Target_5XX_Count", dimensions = local.balancer, label = "by the service" }] },
    { title = "Processors and memory of the tasks", unit = "%", stat = "Average", metrics = [for name in ["CPUUtilization", "MemoryUtilization"] : { namespace = "AWS/ECS", name = name, dimensions = local.service, label = name }] },
    { title = "Processor of the databases", unit = "%", stat = "Average", metrics = [for name, instance in local.instances : { namespace = "AWS/RDS", name = "CPUUtilization", dimensions = { DBInstanceIdentifier = instance }, label = name }] },
    { title = "Connections to the databases", unit = "connections", stat = "Maximum", metrics = [for name, instance in local.instances : { namespace = "AWS/RDS", name = "DatabaseConnections", dimensions = { DBInstanceIdentifier = instance }, label = name }], lines = [{ label = "allowed", value = local.connections_allowed }] },
    { title = "Keys found in Redis", unit = "keys", stat = "Sum", metrics = [for node in module.cache.node_ids : { namespace = "AWS/ElastiCache", name = "CacheHits", dimensions = { CacheClusterId = node }, label = node }] },
    { title = "Keys missed in Redis", unit = "keys", stat = "Sum", metrics = [for node in module.cache.node_ids : { namespace = "AWS/ElastiCache", name = "CacheMisses", dimensions = { CacheClusterId = node }, label = node }] },
    { title = "Age of an update when it is sent", unit = "ms", stat = "p95", metrics = [merge(local.age, { label = "p95" })], lines = [{ label = "page", value = 1000 }] },
  ]
}

# @duration exists in the logs of functions only; the service writes duration_ms. A comment begins with #, not with two hyphens.
resource "aws_cloudwatch_query_definition" "this" {
  for_each = {
    slowest-requests = "fields @timestamp, method, path, duration_ms\n| filter ispresent(duration_ms)\n| stats avg(duration_ms) as mean_ms, pct(duration_ms, 95) as p95_ms by method, path\n| sort p95_ms desc\n| limit 10"
    errors-by-path   = "fields @timestamp, method, path, error_code\n| filter level = \"error\"\n| stats count() as errors by method, path, error_code\n| sort errors desc"
    busiest-users    = "filter ispresent(userId)\n| stats count() as requests by userId\n| sort requests desc\n| limit 10"
    stream-lifecycle = "filter event_type in [\"sse_connected\", \"sse_disconnected\"]\n| stats count() as events by event_type, bin(1m)"
    slow-statements  = "filter ispresent(query_type) and duration_ms > 100\n| stats count() as statements, avg(duration_ms) as mean_ms, max(duration_ms) as longest_ms by query_type\n| sort longest_ms desc"
  }

  name            = "scoreboard/${var.environment}/${each.key}"
  log_group_names = [local.log_group]
  query_string    = each.value

  depends_on = [module.service]
}

resource "aws_xray_group" "this" {
  group_name        = local.name
  filter_expression = "service(\"${local.service_name}\") { error OR fault OR responsetime > 0.1 }"
  tags              = local.tags
}

module "budget" {
  source = "../../modules/budget"

  name      = local.name
  limit_usd = var.budget_usd
  emails    = var.ticket_emails
}

module "delivery" {
  source = "../../modules/delivery"

  name              = local.name
  account_id        = var.account_id
  repository        = var.github_repository
  environment       = "scoreboard-${var.environment}"
  repository_arn    = module.registry.repository_arn
  service_arn       = module.service.service_arn
  task_role_arns    = module.service.role_arns
  assets_bucket_arn = module.ui.arn
  distribution_arn  = aws_cloudfront_distribution.this.arn

  image_parameter_arn = aws_ssm_parameter.image.arn
}
