locals {
  name         = "scoreboard-${var.environment}"
  service_name = "scoreboard-api"
  api_name     = "api.${var.domain}"
  app_name     = "app.${var.domain}"
  origin_name  = "origin.${var.domain}"
  namespace    = "Scoreboard/API"
  log_group    = "/ecs/${local.name}"
  port         = 3000

  # While a deployment runs, old and new tasks stand side by side and each holds its pools.
  deployment_factor   = 2
  connections_needed  = var.pool_size * var.tasks.max * local.deployment_factor
  connections_allowed = floor(0.8 * var.database.max_connections) # the rest is for people, jobs and rotation

  # A fifth more than the pools of all tasks: beyond for minutes, something opens connections and never closes them.
  cache_connections = floor(1.2 * var.cache.pool_size * var.tasks.max)

  tags = { System = "scoreboard" }
}

module "network" {
  source = "../../modules/network"

  name                = local.name
  region              = var.region
  cidr_block          = var.cidr_block
  zones               = var.zones
  interface_endpoints = ["ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm", "xray"]
}

module "registry" {
  source = "../../modules/registry"

  name = "${local.name}-api"
}

# The collector's image, copied from AWS's public registry, which the private subnets do not reach.
module "traces_registry" {
  source = "../../modules/registry"

  name = "${local.name}-traces"
}

# The delivery pipeline writes the digest that it has deployed here, so that an apply deploys what runs and not what ran first.
resource "aws_ssm_parameter" "image" {
  name           = "/scoreboard/${var.environment}/app/image"
  description    = "Image that is deployed, by digest"
  type           = "String"
  insecure_value = var.container_image

  lifecycle {
    ignore_changes = [insecure_value]
  }
}

# What may change without a release: /scoreboard/ENVIRONMENT/app/NAME.
resource "aws_ssm_parameter" "settings" {
  for_each = {
    version             = var.app_version
    log-level           = var.environment == "dev" ? "debug" : "info"
    cors-origin         = "https://${local.app_name}"
    rate-limit-requests = "10"
    rate-limit-window   = "60000"
  }

  name           = "/scoreboard/${var.environment}/app/${each.key}"
  type           = "String"
  insecure_value = each.value
}

module "service" {
  source = "../../modules/service"

  name                             = local.name
  service_name                     = local.service_name
  description                      = "Tasks of the scoreboard"
  region                           = var.region
  account_id                       = var.account_id
  vpc_id                           = module.network.vpc_id
  subnet_ids                       = module.network.private_subnet_ids
  load_balancer_security_group_ids = [module.load_balancer.security_group_id]
  target_group_arns                = [module.load_balancer.target_group_arn]
  repository_arn                   = module.registry.repository_arn
  further_repository_arns          = [module.traces_registry.repository_arn]
  desired_count                    = var.tasks.min
  task_size                        = var.task_size
  log_group_name                   = local.log_group
  metric_namespace                 = local.namespace
  rollback_alarms                  = [module.alarms.names["errors-page"], module.alarms.names["unhealthy-targets"]]
  secret_key_arns                  = [module.key.arn]
  released_by_pipeline             = true
  tags                             = local.tags

  container = {
    name           = "api"
    image          = aws_ssm_parameter.image.insecure_value
    port           = local.port
    stop_timeout_s = var.timeouts_s.stop

    # Slim images have neither curl nor wget; the runtime itself asks.
    health_command = ["CMD", "node", "-e", "fetch('http://127.0.0.1:${local.port}/health').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
  }

  # AWS's distribution of the OpenTelemetry collector takes the place of the X-Ray daemon, which is in maintenance.
  sidecars = [{
    name       = "traces"
    image      = var.traces_image
    cpu        = 32
    memory_mib = 256
    ports      = [{ number = 2000, protocol = "udp" }]
    command    = ["--config=/etc/ecs/ecs-xray.yaml"]
  }]

  jobs = { migrate = { command = ["npm", "run", "migrate:deploy"] } }

  task_statements = [{
    sid       = "WriteTraces" # name no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
    actions   = ["xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    resources = ["*"]
  }]

  # The six metrics of the guide, each a field of the JSON lines that the service writes.
  log_metrics = {
    streams  = { field = "sse_connections", name = "SseConnections" }
    duration = { field = "duration_ms", name = "RequestDuration", unit = "Milliseconds" }
    updates  = { field = "score_updates", name = "ScoreUpdates" }
    reads    = { field = "leaderboard_queries", name = "LeaderboardQueries" }
    redis    = { field = "redis_operations", name = "RedisOperations" }
    requests = { field = "requests", name = "Requests" }
  }

  environment = {
    NODE_ENV      = "production"
    APP_NAME      = local.service_name
    PORT          = tostring(local.port)
    API_BASE_PATH = "/api"
    LOG_FORMAT    = "json"

    DATABASE_REPLICA_HOSTS = join(",", concat([module.database.replica_address], [for replica in module.database.further_replicas : replica.address]))
    DATABASE_POOL_MIN      = "2"
    DATABASE_POOL_MAX      = tostring(var.pool_size)
    DATABASE_IDLE_TIMEOUT  = "30000"

    REDIS_HOST                  = module.cache.address
    REDIS_PORT                  = "6379"
    REDIS_TLS_ENABLED           = "true"
    REDIS_DB                    = "0"
    REDIS_POOL_MIN              = "2"
    REDIS_POOL_MAX              = tostring(var.cache.pool_size)
    REDIS_KEY_LEADERBOARD       = "leaderboard:top10"
    REDIS_KEY_SCORE_PREFIX      = "score:"
    REDIS_KEY_RATE_LIMIT_PREFIX = "ratelimit:"
    REDIS_TTL_LEADERBOARD       = "3600" # each write replaces it; the hour is for a leaderboard that nobody writes to

    JWT_ALGORITHM    = "HS256"
    JWT_EXPIRY       = "24h"
    CORS_CREDENTIALS = "true"

    SSE_HEARTBEAT_INTERVAL       = tostring(1000 * var.timeouts_s.heartbeat)
    SSE_MAX_CLIENTS_PER_INSTANCE = tostring(var.streams_per_task)
    SSE_MESSAGE_TIMEOUT          = "5000"
    REQUEST_TIMEOUT              = "30000"
    REQUEST_TIMEOUT_EXEMPT       = "/api/stream"
    SHUTDOWN_GRACE_PERIOD        = tostring(1000 * var.timeouts_s.shutdown_grace)
    KEEP_ALIVE_TIMEOUT           = tostring(1000 * (var.timeouts_s.balancer_idle + 5)) # longer than the balancer's, or a request meets a closing connection

    CLOUDWATCH_REGION    = var.region
    CLOUDWATCH_NAMESPACE = local.namespace
    XRAY_ENABLED         = "true"
    XRAY_CONTEXT_MISSING = "LOG_ERROR"
  }

  secrets = merge(
    {
      DATABASE_URL            = "${module.database.secret_arn}:url::"
      REDIS_PASSWORD          = "${module.cache.secret_arn}:auth_token::"
      JWT_SECRET              = "${module.secret["jwt"].arn}:current::"
      JWT_SECRET_PREVIOUS     = "${module.secret["jwt"].arn}:previous::"
      ADMIN_API_KEY           = "${module.secret["api"].arn}:current::"
      LOG_LEVEL               = aws_ssm_parameter.settings["log-level"].arn
      APP_VERSION             = aws_ssm_parameter.settings["version"].arn
      CORS_ORIGIN             = aws_ssm_parameter.settings["cors-origin"].arn
      RATE_LIMIT_MAX_REQUESTS = aws_ssm_parameter.settings["rate-limit-requests"].arn
      RATE_LIMIT_WINDOW_MS    = aws_ssm_parameter.settings["rate-limit-window"].arn
    },
  )
  secret_arns    = [module.database.secret_arn, module.cache.secret_arn, module.secret["jwt"].arn, module.secret["api"].arn]
  parameter_arns = [for setting in aws_ssm_parameter.settings : setting.arn]

  reaches = {
    "the database" = { port = 5432, security_group_id = module.database.security_group_id }
    "the cache"    = { port = 6379, security_group_id = module.cache.security_group_id }
    "AWS"          = { port = 443, security_group_id = module.network.endpoints_security_group_id }
    "image layers" = { port = 443, prefix_list_id = module.network.s3_prefix_list_id }
  }
}

# Streams fill a task, not requests: a stream is one request for hours. Processor and requests are for the leaderboard and the writes.
module "scaling" {
  source = "../../modules/scaling"

  name        = local.service_name
  resource_id = "service/${module.service.cluster_name}/${module.service.service_name}"
  capacity    = var.tasks
  tags        = local.tags

  targets = {
    cpu = { value = 70, predefined = { type = "ECSServiceAverageCPUUtilization" } }
    # Node keeps the memory that it once had, so memory only ever adds tasks.
    memory = { value = 80, only_out = true, predefined = { type = "ECSServiceAverageMemoryUtilization" } }
    requests = {
      value      = var.request_target_per_minute
      predefined = { type = "ALBRequestCountPerTarget", resource_label = "${module.load_balancer.arn_suffix}/${module.load_balancer.target_group_arn_suffix}" }
    }
    streams = {
      value               = floor(0.6 * var.streams_per_task)
      scale_in_cooldown_s = 600 # a task that leaves cuts its streams, and each client comes back at once
      metric              = { namespace = local.namespace, name = "SseConnections", statistic = "Average", dimensions = { Service = local.service_name } }
    }
  }
}
