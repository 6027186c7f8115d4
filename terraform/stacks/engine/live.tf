# The tier that keeps the clients' connections: tasks behind a balancer. The function `fanout` publishes each batch of changes once, on a
# channel of Redis; every task gets it and sends to its own clients, so a send is no call of the account's API Gateway.

locals {
  live_port      = 8080
  channel_secret = "${var.name}/${var.environment}/channel"

  channel_network = [for group in aws_security_group.fanout : { subnet_ids = module.network.private_subnet_ids, security_group_ids = [group.id] }]

  # The service's own metrics, out of its log lines. Scaling and alarms look at the fullest task or the mean.
  connections = { namespace = local.namespace, name = "OpenConnections", dimensions = { Service = local.live } }
}

module "live_registry" {
  source = "../../modules/registry"
  count  = length(local.tier)

  name = local.live
}

module "live" {
  source = "../../modules/service"
  count  = length(local.tier)

  name                             = local.live
  service_name                     = local.live
  description                      = "Tasks that keep the clients' connections"
  region                           = var.region
  account_id                       = var.account_id
  vpc_id                           = module.network.vpc_id
  subnet_ids                       = module.network.private_subnet_ids
  load_balancer_security_group_ids = [module.live_balancer[0].security_group_id]
  target_group_arns                = [module.live_balancer[0].target_group_arn]
  repository_arn                   = module.live_registry[0].repository_arn
  desired_count                    = var.live_tasks.min
  task_size                        = var.live_task_size
  log_group_name                   = "/ecs/${local.live}"
  metric_namespace                 = local.namespace
  rollback_alarms                  = [module.alarms.names["live-errors-page"], module.alarms.names["live-unhealthy-targets"]]
  secret_key_arns                  = [module.key.arn]

  container = {
    name           = "live"
    image          = var.live_image
    port           = local.live_port
    stop_timeout_s = var.timeouts_s.stop

    # Slim images have neither curl nor wget; the runtime itself asks.
    health_command = ["CMD", "node", "-e", "fetch('http://127.0.0.1:${local.live_port}/health').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
  }

  log_metrics = {
    connections = { field = "open_connections", name = "OpenConnections" }
    drops       = { field = "abnormal_closes", name = "AbnormalCloses" }
    push        = { field = "push_ms", name = "PushTime", unit = "Milliseconds" }
  }

  environment = {
    ENVIRONMENT           = var.environment
    LOG_LEVEL             = var.log_level
    PORT                  = tostring(local.live_port)
    LIVE_PATH             = "/ws"
    CHANNEL_HOST          = module.channel[0].address
    MAX_CONNECTIONS       = tostring(var.connections_per_task)
    SEND_INTERVAL_MS      = tostring(var.send_interval_ms)
    HEARTBEAT_INTERVAL_MS = tostring(1000 * var.timeouts_s.heartbeat)
    KEEP_ALIVE_TIMEOUT_MS = tostring(1000 * (var.timeouts_s.balancer_idle + 5)) # longer than the balancer's, or a request meets a closing connection
    SHUTDOWN_GRACE_MS     = tostring(1000 * var.timeouts_s.shutdown_grace)
    SENTRY_SAMPLING       = var.environment == "prod" ? "0.05" : "1"
  }

  secrets = {
    CHANNEL_PASSWORD = "${module.channel[0].secret_arn}:auth_token::"
    TOKEN_KEYS       = module.token.arn # public keys: a task checks a client's token by itself, when it connects
    SENTRY_DSN       = module.sentry.arn
  }
  secret_arns = [module.channel[0].secret_arn, module.token.arn, module.sentry.arn]

  reaches = {
    "the channel"  = { port = 6379, security_group_id = module.channel[0].security_group_id }
    "image layers" = { port = 443, prefix_list_id = module.network.s3_prefix_list_id }
  }
}

# Registry, logs, secrets and Sentry, by the gateways.
resource "aws_vpc_security_group_egress_rule" "live" {
  count = length(local.tier)

  security_group_id = module.live[0].security_group_id
  description       = "To AWS and Sentry"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

# Connections fill a task. A task that is added takes new ones only, so scaling begins well below what a task holds.
module "live_scaling" {
  source = "../../modules/scaling"
  count  = length(local.tier)

  name        = local.live
  resource_id = "service/${module.live[0].cluster_name}/${module.live[0].service_name}"
  capacity    = var.live_tasks

  targets = {
    cpu = { value = 60, predefined = { type = "ECSServiceAverageCPUUtilization" } }
    connections = {
      value               = floor(0.6 * var.connections_per_task)
      scale_in_cooldown_s = 900 # a task that leaves closes its connections, and each client comes back
      metric              = merge(local.connections, { statistic = "Average" })
    }
  }
}

module "live_balancer" {
  source = "../../modules/load_balancer"
  count  = length(local.tier)

  name                     = local.live
  description              = "Load balancer of the clients' connections"
  target_group_name        = local.live
  vpc_id                   = module.network.vpc_id
  subnet_ids               = module.network.public_subnet_ids
  client                   = { description = "HTTPS and WebSocket from clients", cidr_ipv4 = "0.0.0.0/0" }
  closed_paths             = ["/metrics", "/metrics/*"]
  certificate_arn          = module.certificate.arn
  target_security_group_id = module.live[0].security_group_id
  target_port              = local.live_port
  log_bucket               = module.live_logs[0].name
  idle_timeout_s           = var.timeouts_s.balancer_idle
  deregistration_delay_s   = var.timeouts_s.deregistration
  deletion_protection      = var.deletion_protection
  health_check             = { path = "/health", interval_s = 15, timeout_s = 5, unhealthy_threshold = 3 }
}

resource "aws_wafv2_web_acl_association" "live" {
  count = length(local.tier)

  resource_arn = module.live_balancer[0].arn
  web_acl_arn  = aws_wafv2_web_acl.rest.arn
}

resource "aws_route53_record" "live" {
  count = length(local.tier)

  zone_id = aws_route53_zone.this.zone_id
  name    = local.live_name
  type    = "A"

  alias {
    name                   = module.live_balancer[0].dns_name
    zone_id                = module.live_balancer[0].zone_id
    evaluate_target_health = true
  }
}

module "live_logs" {
  source = "../../modules/bucket"
  count  = length(local.tier)

  name           = "${local.live}-logs-${var.account_id}"
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

# Nothing is kept in it: a task that misses a message while the primary fails over asks GET /events for what it has not.
module "channel" {
  source = "../../modules/cache"
  count  = length(local.tier)

  name                      = local.name
  vpc_id                    = module.network.vpc_id
  subnet_ids                = module.network.private_subnet_ids
  client_security_group_ids = { "the tasks" = module.live[0].security_group_id, "fan-out" = aws_security_group.fanout[0].id }
  node_type                 = var.channel.node_type
  nodes                     = var.channel.nodes
  key_arn                   = module.key.arn
  maintenance_window        = "wed:09:00-wed:10:00"
  secret_name               = local.channel_secret
}

resource "aws_security_group" "fanout" {
  count = length(local.tier)

  name        = "${local.name}-fanout"
  description = "The function that publishes changes"
  vpc_id      = module.network.vpc_id
}

resource "aws_vpc_security_group_egress_rule" "fanout" {
  for_each = length(local.tier) > 0 ? { channel = 6379, secrets = 443 } : {}

  security_group_id            = aws_security_group.fanout[0].id
  description                  = each.value == 443 ? "To Secrets Manager and Sentry" : "To the channel"
  cidr_ipv4                    = each.value == 443 ? "0.0.0.0/0" : null
  referenced_security_group_id = each.value == 443 ? null : module.channel[0].security_group_id
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}
