# Alarms of a whole service without a copied map: each preset knows a kind of resource, the alarms module makes what they say.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

locals {
  owners = { page = "platform on-call", ticket = "platform team" }
}

module "load_balancer" {
  source = "../../presets/load_balancer"

  owners        = local.owners
  load_balancer = "app/site/0123456789abcdef"
  target_group  = "targetgroup/site/0123456789abcdef"
  runbooks      = { errors = "high-error-rate", latency = "slow-answers", targets = "unhealthy-targets", load = "scale-out" }
  thresholds    = { p95_page_s = 0.8 }
}

module "database" {
  source = "../../presets/database"

  prefix   = "db-"
  owners   = local.owners
  instance = "site"
  engine   = "postgres"
  size     = { class = "db.r7g.large", memory_gib = 16, allocated_gb = 100, max_connections = 500 }
  runbooks = { load = "db-load", connections = "db-connections", storage = "db-storage", lag = "replica-lag" }
}

module "alarms" {
  source = "../.."

  name       = "site"
  topics     = { page = "arn:aws:sns:us-east-1:123456789012:page", ticket = "arn:aws:sns:us-east-1:123456789012:ticket" }
  composites = module.load_balancer.composites

  # An alarm that this service does not want is left out by its name.
  alarms = merge(module.load_balancer.alarms, { for name, alarm in module.database.alarms : name => alarm if name != "db-disk-queue" })
}
