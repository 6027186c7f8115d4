locals {
  name         = "buzzer"
  service_name = "buzzer-api"
  api_name     = "api.${var.domain}"
  origin_name  = "origin.${var.domain}"
  namespace    = "Buzzer"

  origin_header = "X-Origin-Key"

  # From half a processor up Fargate offers twice the CPU units and more:
  # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
  task_size = merge(var.task_size, { memory = coalesce(var.task_size.memory, 2 * var.task_size.cpu) })

  # While a deployment runs, old and new tasks stand side by side and each holds its pool.
  connections_needed  = var.pool_size * var.tasks.max * 2
  connections_allowed = floor(0.8 * var.database.max_connections) # the rest is for people, jobs and the replica

  # An update waits for a poll, and before that for each cache on its way to run out.
  freshness_s = var.poll_interval_s + var.edge_ttl_s + var.cache_ttl_s

  # Windows outside the games, apart from each other, in the early morning of the American east coast.
  backup_window      = "07:00-07:30"
  maintenance_window = "tue:08:00-tue:09:00"
}

module "network" {
  source = "../../modules/network"

  name                = local.name
  region              = var.region
  cidr_block          = "10.20.0.0/16"
  zones               = var.zones
  interface_endpoints = ["ecr.api", "ecr.dkr", "logs", "secretsmanager"]
}

module "dns" {
  source = "../../modules/dns"

  domain        = var.domain
  api_name      = local.api_name
  origin_name   = local.origin_name
  health_path   = var.health_path
  edge          = { domain_name = module.edge.domain_name, zone_id = module.edge.hosted_zone_id }
  load_balancer = { dns_name = module.load_balancer.dns_name, zone_id = module.load_balancer.zone_id }
}

# One certificate for the edge and, under the origin's name, for the load balancer.
module "certificate" {
  source = "../../modules/certificate"

  names   = [local.api_name, local.origin_name]
  zone_id = module.dns.zone_id
}

module "firewall" {
  source = "../../modules/firewall"

  name                 = local.name
  requests_per_address = var.requests_per_address
}

# The header that only this distribution sends: CloudFront's addresses are those of every customer's distribution, so the balancer answers
# with 403 where it is missing.
module "origin_secret" {
  source = "../../modules/secret"

  name        = "buzzer/origin"
  description = "Header by which the balancer knows its own distribution"
  key_arn     = module.key.arn
}

module "edge" {
  source = "../../modules/edge"

  name               = local.name
  comment            = "The Buzzer"
  region             = var.region
  alias              = local.api_name
  certificate_arn    = module.certificate.arn
  web_acl_arn        = var.firewall ? module.firewall.arn : null
  origin_domain      = local.origin_name
  origin_secret      = { header = local.origin_header, value = module.origin_secret.value }
  assets_domain      = module.assets.regional_domain_name
  live_paths         = var.live_paths
  live_ttl_s         = var.edge_ttl_s
  live_query_strings = var.live_query_strings
}

module "load_balancer" {
  source = "../../modules/load_balancer"

  name                     = local.name
  description              = "Load balancer of The Buzzer"
  target_group_name        = local.service_name
  vpc_id                   = module.network.vpc_id
  subnet_ids               = module.network.public_subnet_ids
  client                   = { prefix_list_id = var.edge_prefix_list_id }
  origin_header            = { name = local.origin_header, value = module.origin_secret.value }
  certificate_arn          = module.certificate.arn
  target_security_group_id = module.service.security_group_id
  target_port              = var.container_port
  log_bucket               = module.logs.name
  deletion_protection      = var.deletion_protection
  health_check             = { path = var.health_path }
}

module "registry" {
  source = "../../modules/registry"

  name = local.service_name
}

# The pipeline writes the digest that it has deployed here, so that an apply deploys what serves and not what served first.
resource "aws_ssm_parameter" "image" {
  name           = "/${local.name}/image"
  description    = "Image that serves, by digest"
  type           = "String"
  insecure_value = var.container_image

  lifecycle {
    ignore_changes = [insecure_value]
  }
}

module "service" {
  source = "../../modules/service"

  name                             = local.name
  service_name                     = local.service_name
  description                      = "Tasks of The Buzzer"
  region                           = var.region
  account_id                       = var.account_id
  vpc_id                           = module.network.vpc_id
  subnet_ids                       = module.network.private_subnet_ids
  load_balancer_security_group_ids = [module.load_balancer.security_group_id]
  target_group_arns                = [module.load_balancer.target_group_arn]
  repository_arn                   = module.registry.repository_arn
  desired_count                    = var.tasks.min
  task_size                        = local.task_size
  log_group_name                   = "/ecs/${local.service_name}"
  metric_namespace                 = local.namespace
  rollback_alarms                  = [module.alarms.names["errors-page"], module.alarms.names["unhealthy-tasks"]]
  released_by_pipeline             = true

  container = {
    name           = "api"
    image          = aws_ssm_parameter.image.insecure_value
    port           = var.container_port
    health_command = var.container_health_command
  }

  environment = {
    DB_HOST            = module.database.address
    DB_READ_HOST       = module.database.replica_address
    DB_NAME            = "buzzer"
    DB_USER            = "buzzer"
    DB_POOL_SIZE       = tostring(var.pool_size)
    REDIS_HOST         = module.cache.address
    REDIS_TLS          = "true"
    CACHE_TTL_S        = tostring(var.cache_ttl_s)
    COMMENTARY_CACHE_S = "0" # the shared cache takes its place; a minute inside each process would undo every other lifetime
    POLL_INTERVAL_S    = tostring(var.poll_interval_s)
    WEB_CONCURRENCY    = tostring(var.workers)
    PORT               = tostring(var.container_port)
  }

  secrets = {
    DB_PASSWORD = "${module.database.secret_arn}:password::"
    REDIS_AUTH  = "${module.cache.secret_arn}:auth_token::"
  }
  secret_arns = [module.database.secret_arn, module.cache.secret_arn]

  reaches = {
    "the database" = { port = 3306, security_group_id = module.database.security_group_id }
    "the cache"    = { port = 6379, security_group_id = module.cache.security_group_id }
    "AWS"          = { port = 443, security_group_id = module.network.endpoints_security_group_id }
    "image layers" = { port = 443, prefix_list_id = module.network.s3_prefix_list_id }
  }
}

module "calendar" {
  source = "../../modules/calendar"

  tasks    = var.tasks
  prescale = var.prescale
  fixtures = var.fixtures
  now      = var.now
}

module "scaling" {
  source = "../../modules/scaling"

  name        = module.service.service_name
  resource_id = "service/${module.service.cluster_name}/${module.service.service_name}"
  capacity    = var.tasks
  schedules   = module.calendar.schedules

  targets = {
    # A target of 55 % leaves a factor of 1.8 for the minutes that scaling out takes; one step multiplies the tasks by 100 / 55 at most,
    # since the processor cannot be more than fully used.
    cpu = { value = 55, predefined = { type = "ECSServiceAverageCPUUtilization" } }

    # Requests are not capped as the processor is: five times the requests ask for five times the tasks in one step.
    requests = {
      value      = var.requests_per_task_per_minute
      predefined = { type = "ALBRequestCountPerTarget", resource_label = "${module.load_balancer.arn_suffix}/${module.load_balancer.target_group_arn_suffix}" }
    }
  }

  # The third way out: when the processor is all but used up, a fixed number of tasks comes at once, after a single minute.
  steps = { surge = { least = 2, adjustments = [{ from = 0, to = 10, change = 50 }, { from = 10, change = 100 }] } }
}

module "database" {
  source = "../../modules/database"

  name                      = local.name
  description               = "Database of The Buzzer"
  vpc_id                    = module.network.vpc_id
  subnet_ids                = module.network.private_subnet_ids
  client_security_group_ids = { "the tasks" = module.service.security_group_id }

  engine                 = "mysql"
  engine_version         = var.database.engine_version # 8.0 left standard support on 2026-07-31: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/MySQL.Concepts.VersionMgmt.html
  parameter_group_family = "mysql${var.database.engine_version}"

  # For the step from 8.0, which the migration takes; without it RDS refuses a change of major version.
  allow_major_version_upgrade = true

  instance_class         = var.database.instance_class
  replica_instance_class = var.database.replica_instance_class
  storage                = { allocated_gb = var.database.allocated_gb, max_gb = var.database.max_gb }
  database_name          = "buzzer"
  username               = "buzzer"
  port                   = 3306
  secret_name            = "buzzer/db"
  backup_window          = local.backup_window
  maintenance_window     = local.maintenance_window
  log_exports            = ["error", "slowquery"]
  deletion_protection    = var.deletion_protection
  multi_az               = var.database.standby

  # The smallest classes lack it: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PerfInsights.Overview.Engines.html
  performance_insights = alltrue([for class in [var.database.instance_class, var.database.replica_instance_class] : !can(regex("[.](micro|small)$", class))])

  # Who reads from it loses it when its zone or its logs are forgotten: it stands in a known zone, grows with the primary, and is
  # maintained on another day.
  replica = {
    zone               = var.zones[1]
    max_gb             = var.database.max_gb
    log_exports        = ["error", "slowquery"]
    maintenance_window = "thu:08:00-thu:09:00"
  }

  parameters = {
    max_connections = { value = tostring(var.database.max_connections) }

    # Only what the engine writes into files reaches CloudWatch; by default its slow queries go into a table:
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.MySQL.LogFileSize.html
    log_output = { value = "FILE" }

    # Half a second is a slow query where an update may be three seconds old.
    slow_query_log  = { value = "1" }
    long_query_time = { value = "0.5" }

    # Stated because it is tempting: 2 would write less, and lose a second of commentary when the host fails.
    innodb_flush_log_at_trx_commit = { value = "1" }
  }
}

module "cache" {
  source = "../../modules/cache"

  name                      = local.name
  vpc_id                    = module.network.vpc_id
  subnet_ids                = module.network.private_subnet_ids
  client_security_group_ids = { "the tasks" = module.service.security_group_id }
  node_type                 = var.cache_node_type
  nodes                     = var.cache_nodes
  maintenance_window        = "wed:08:00-wed:09:00"
  secret_name               = "buzzer/cache"
}

# Pictures, videos and documents of the games; the page that the edge shows when the service is down.
module "assets" {
  source = "../../modules/bucket"

  name           = "buzzer-assets-${var.account_id}"
  force_destroy  = !var.deletion_protection
  lifecycle_days = { transitions = { STANDARD_IA = 30 }, expire_old_versions = 30 }
  grants = [{
    sid        = "EdgeReads"
    service    = "cloudfront.amazonaws.com"
    action     = "s3:GetObject"
    source_key = "aws:SourceArn"
    source     = module.edge.distribution_arn
  }]
}

# Logical dumps and what a drill leaves behind.
module "backups" {
  source = "../../modules/bucket"

  name           = "buzzer-backups-${var.account_id}"
  force_destroy  = !var.deletion_protection
  lifecycle_days = { transitions = { STANDARD_IA = 30, GLACIER = 90 }, expire = 365, expire_old_versions = 90 }
}

# What the edge shows while nothing behind it answers. It comes with the infrastructure, because it must be there when a pipeline is not.
resource "aws_s3_object" "fallback" {
  bucket        = module.assets.name
  key           = "fallback/index.html"
  content       = file("${path.module}/fallback.html")
  content_type  = "text/html; charset=utf-8"
  cache_control = "public, max-age=60"
}

# Snapshots as Parquet: old commentary for analysis, long after the database has dropped it.
module "archive" {
  source = "../../modules/bucket"

  name           = "buzzer-archive-${var.account_id}"
  force_destroy  = !var.deletion_protection
  lifecycle_days = { transitions = { STANDARD_IA = 30, GLACIER = 90 }, expire = 1095, expire_old_versions = 30 }
}

module "logs" {
  source = "../../modules/bucket"

  name           = "buzzer-logs-${var.account_id}"
  force_destroy  = !var.deletion_protection
  lifecycle_days = { transitions = { STANDARD_IA = 30 }, expire = 90, expire_old_versions = 7 }
  grants = [{
    sid        = "LoadBalancerWrites"
    service    = "logdelivery.elasticloadbalancing.amazonaws.com"
    action     = "s3:PutObject"
    prefix     = "alb/AWSLogs/${var.account_id}/"
    source_key = "aws:SourceArn"
    source     = "arn:aws:elasticloadbalancing:${var.region}:${var.account_id}:loadbalancer/*"
  }]
}

module "key" {
  source = "../../modules/key"

  name        = local.name
  description = "Backups, exports and alarm messages of The Buzzer"
  account_id  = var.account_id
  services    = ["cloudwatch.amazonaws.com"]

  unconditional_services = ["events.amazonaws.com"]
}

module "backup" {
  source = "../../modules/backup"

  name           = local.name
  region         = var.region
  account_id     = var.account_id
  key_arn        = module.key.arn
  schedule       = "cron(0 5 * * ? *)"
  retention_days = 35
  database_arns  = [module.database.arn]
}

module "export" {
  source = "../../modules/export"

  name                = local.name
  region              = var.region
  account_id          = var.account_id
  database_identifier = module.database.identifier
  bucket_name         = module.archive.name
  bucket_arn          = module.archive.arn
  prefix              = "snapshots"
  key_arn             = module.key.arn
}

module "pages" {
  source = "../../modules/topic"

  name       = "${local.name}-page"
  account_id = var.account_id
  key_arn    = module.key.arn
  publishers = ["cloudwatch.amazonaws.com"]
  emails     = var.page_emails

  unconditional_publishers = ["events.amazonaws.com"]
  https_endpoints          = var.pager_endpoints
}

module "tickets" {
  source = "../../modules/topic"

  name       = "${local.name}-ticket"
  account_id = var.account_id
  key_arn    = module.key.arn
  publishers = ["cloudwatch.amazonaws.com"]
  emails     = var.ticket_emails

  unconditional_publishers = ["events.amazonaws.com"]
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
  environment       = "buzzer-production"
  repository_arn    = module.registry.repository_arn
  service_arn       = module.service.service_arn
  task_role_arns    = module.service.role_arns
  assets_bucket_arn = module.assets.arn
  distribution_arn  = module.edge.distribution_arn

  image_parameter_arn = aws_ssm_parameter.image.arn
}
