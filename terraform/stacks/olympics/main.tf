locals {
  name        = "${var.name}-${var.environment}"
  site_name   = "www.${var.domain}" # site and API under one name, so that no browser needs CORS
  origin_name = "origin.${var.domain}"
  admin_name  = "admin.${var.domain}"
  cidr_block  = "10.50.0.0/16"
  admin_block = cidrsubnet(local.cidr_block, 4, 2) # holds a subnet of the administration in each zone, and nothing else
  api_port    = 8080

  # While the group is refreshed, a fifth more instances stand there, each with its pool.
  connections_needed  = var.pool_size * ceil(var.instances.max * 6 / 5)
  connections_allowed = floor(0.8 * var.database.max_connections) # the rest is for the functions, the administration and people

  # What the program and the function that writes results set as the end of a key in Redis.
  cache_lifetimes = {
    CACHE_LIVE_EVENT_S  = var.cache_lifetimes_s.live_event
    CACHE_PAST_EVENT_S  = var.cache_lifetimes_s.past_event
    CACHE_ATHLETE_S     = var.cache_lifetimes_s.athlete
    CACHE_LEADERBOARD_S = var.cache_lifetimes_s.leaderboard
  }

  # Logs and events hold addresses of clients, which are personal data: kept as long as the brief says, and no longer.
  log_days = 90
}

module "network" {
  source = "../../modules/network"

  name                = local.name
  region              = var.region
  cidr_block          = local.cidr_block
  zones               = var.zones
  nat                 = var.nat
  interface_endpoints = []
}

resource "aws_flow_log" "this" {
  vpc_id                   = module.network.vpc_id
  traffic_type             = "REJECT"
  log_destination_type     = "s3"
  log_destination          = module.logs.arn
  max_aggregation_interval = 60
  tags                     = { Name = local.name }
}

module "dns" {
  source = "../../modules/dns"

  domain        = var.domain
  api_name      = local.site_name
  origin_name   = local.origin_name
  health_path   = "/health"
  edge          = { domain_name = module.edge.domain_name, zone_id = module.edge.hosted_zone_id }
  load_balancer = { dns_name = module.load_balancer.dns_name, zone_id = module.load_balancer.zone_id }
}

module "certificate" {
  source = "../../modules/certificate"

  names   = [local.site_name, local.origin_name, local.admin_name]
  zone_id = module.dns.zone_id
}

module "firewall" {
  source = "../../modules/firewall"

  name                 = local.name
  requests_per_address = var.requests_per_address
  managed_groups = {
    AWSManagedRulesAmazonIpReputationList = 10
    AWSManagedRulesKnownBadInputsRuleSet  = 20
    AWSManagedRulesCommonRuleSet          = 30
    AWSManagedRulesSQLiRuleSet            = 40
  }
}

resource "aws_cloudwatch_log_group" "firewall" {
  name              = "aws-waf-logs-${local.name}" # the prefix that AWS WAF asks for
  retention_in_days = local.log_days
}

resource "aws_wafv2_web_acl_logging_configuration" "this" {
  resource_arn            = module.firewall.arn
  log_destination_configs = [aws_cloudwatch_log_group.firewall.arn]

  # What is let through stands in the load balancer's log; only what was blocked is worth its price here.
  logging_filter {
    default_behavior = "DROP"

    filter {
      behavior    = "KEEP"
      requirement = "MEETS_ANY"

      condition {
        action_condition {
          action = "BLOCK"
        }
      }
    }
  }

  redacted_fields {
    single_header {
      name = "authorization"
    }
  }
}

module "origin_secret" {
  source = "../../modules/secret"

  name        = "${local.name}/origin"
  description = "Header that the edge adds and the load balancer asks for"
}

module "edge" {
  source = "../../modules/edge"

  name               = local.name
  comment            = "Statistics of the Games, ${var.environment}"
  region             = var.region
  alias              = local.site_name
  certificate_arn    = module.certificate.arn
  web_acl_arn        = module.firewall.arn
  origin_domain      = local.origin_name
  assets_domain      = module.assets.regional_domain_name
  price_class        = "PriceClass_All"
  read_only          = true
  live_paths         = ["/api/events/*"]
  live_ttl_s         = var.lifetimes_s.events
  live_staleness_s   = var.staleness_s.events
  live_query_strings = ["since"]
  asset_paths        = ["/fallback/*"]
  origin_secret      = { header = "X-Origin-Key", value = module.origin_secret.value }

  behaviours = {
    leaderboards = { path = "/api/leaderboards/*", ttl_s = var.lifetimes_s.leaderboards, staleness_s = var.staleness_s.leaderboards, query_strings = ["limit"] }
    athletes     = { path = "/api/athletes/*", ttl_s = var.lifetimes_s.athletes, staleness_s = var.staleness_s.athletes }
    front        = { path = "/", ttl_s = var.lifetimes_s.front, staleness_s = var.staleness_s.front }
    static       = { path = "/static/*", origin = "assets", ttl_s = var.lifetimes_s.static, staleness_s = 86400 }
  }
}

module "load_balancer" {
  source = "../../modules/load_balancer"

  name                     = local.name
  description              = "Load balancer of ${local.name}"
  target_group_name        = "${local.name}-api"
  vpc_id                   = module.network.vpc_id
  subnet_ids               = module.network.public_subnet_ids
  client                   = { prefix_list_id = var.edge_prefix_list_id }
  certificate_arn          = module.certificate.arn
  target_security_group_id = module.fleet.security_group_id
  target_port              = local.api_port
  target_type              = "instance"
  log_bucket               = module.logs.name
  deletion_protection      = var.deletion_protection
  origin_header            = { name = "X-Origin-Key", value = module.origin_secret.value }
  health_check             = { path = "/health", interval_s = 30, timeout_s = 5, unhealthy_threshold = 3 }
}

resource "aws_cloudwatch_log_group" "api" {
  name              = "/${local.name}/api"
  retention_in_days = local.log_days
}

module "fleet" {
  source = "../../modules/fleet"

  name                      = "${local.name}-api"
  description               = "Instances of the API of ${local.name}"
  vpc_id                    = module.network.vpc_id
  subnet_ids                = module.network.private_subnet_ids
  image_id                  = var.image_id
  instance_type             = var.instance_type
  port                      = local.api_port
  client_security_group_ids = { "the load balancer" = module.load_balancer.security_group_id }
  target_group_arns         = [module.load_balancer.target_group_arn]
  instances                 = var.instances
  warmup_s                  = 180
  cpu_target_percent        = 60
  schedules                 = var.sessions
  root_volume               = { kms_key_id = module.key.arn }

  # The brief's 200 requests an instance and second; the metric counts a minute.
  request_target = {
    per_minute     = 12000
    resource_label = "${module.load_balancer.arn_suffix}/${module.load_balancer.target_group_arn_suffix}"
  }

  reaches = {
    "the database" = { port = 5432, security_group_id = module.database.security_group_id }
    "the cache"    = { port = 6379, security_group_id = module.cache.security_group_id }
    "AWS"          = { port = 443, cidr_ipv4 = "0.0.0.0/0" }
  }

  policy_statements = [
    { actions = ["secretsmanager:GetSecretValue"], resources = [module.database.secret_arn, module.cache.secret_arn] },
    { actions = ["s3:GetObject"], resources = ["${module.assets.arn}/*"] },
    { actions = ["logs:CreateLogStream", "logs:PutLogEvents"], resources = ["${aws_cloudwatch_log_group.api.arn}:*"] },
  ]

  user_data = <<-EOT
    #!/bin/sh
    cat > /etc/api.env <<ENV
    PORT=${local.api_port}
    DB_HOST=${module.database.address}
    DB_READ_HOSTS=${join(",", concat([module.database.replica_address], [for replica in module.database.further_replicas : replica.address]))}
    DB_NAME=olympics
    DB_SECRET=${module.database.secret_arn}
    DB_POOL_SIZE=${var.pool_size}
    REDIS_HOST=${module.cache.address}
    REDIS_TLS=true
    REDIS_SECRET=${module.cache.secret_arn}
    ${join("\n    ", [for name, value in local.cache_lifetimes : "${name}=${value}"])}
    LOG_GROUP=${aws_cloudwatch_log_group.api.name}
    ENV
    systemctl enable --now api
  EOT
}
