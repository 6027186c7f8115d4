module "database" {
  source = "../../modules/database"

  name                      = local.name
  description               = "Database of the scoreboard"
  vpc_id                    = module.network.vpc_id
  subnet_ids                = module.network.private_subnet_ids
  client_security_group_ids = { "the tasks" = module.service.security_group_id, "rotation" = aws_security_group.rotation.id }

  engine                 = "postgres"
  engine_version         = "15"
  parameter_group_family = "postgres15"
  instance_class         = var.database.instance_class
  replica_instance_class = var.database.instance_class
  multi_az               = var.database.multi_az
  storage                = { allocated_gb = var.database.allocated_gb, max_gb = var.database.max_gb }
  database_name          = "scoreboard"
  username               = "scoreboard"
  port                   = 5432
  secret_name            = "scoreboard/${var.environment}/db"
  key_arn                = module.key.arn
  rotation               = { function_arn = aws_lambda_function.rotation["database"].arn, days = var.rotation_days }
  backup_retention_days  = var.backup_retention_days
  backup_window          = "07:00-07:30"
  maintenance_window     = "tue:08:00-tue:09:00"
  log_exports            = ["postgresql"]
  deletion_protection    = var.deletion_protection
  tags                   = local.tags

  replica = {
    zone               = var.zones[0]
    max_gb             = var.database.max_gb
    log_exports        = ["postgresql"]
    maintenance_window = "wed:08:00-wed:09:00"
  }
  further_replicas = {
    replica-2 = { instance_class = var.database.instance_class, zone = var.zones[1], maintenance_window = "thu:08:00-thu:09:00" }
  }

  parameters = {
    max_connections          = { value = tostring(var.database.max_connections), apply_method = "pending-reboot" }
    shared_preload_libraries = { value = "pg_stat_statements", apply_method = "pending-reboot" }

    # A tenth of a second is a slow statement where the leaderboard answers within one.
    log_min_duration_statement = { value = "100" }
  }
}

module "cache" {
  source = "../../modules/cache"

  name                      = local.name
  vpc_id                    = module.network.vpc_id
  subnet_ids                = module.network.private_subnet_ids
  client_security_group_ids = { "the tasks" = module.service.security_group_id }
  node_type                 = var.cache.node_type
  nodes                     = var.cache.nodes
  key_arn                   = module.key.arn
  maintenance_window        = "wed:09:00-wed:10:00"
  snapshots                 = { days = var.cache.snapshot_days, window = "05:00-06:00" }
  secret_name               = "scoreboard/${var.environment}/cache"
  tags                      = local.tags

  # What has no lifetime is never evicted, as in default.redis7: a group of one's own can be changed, AWS's cannot.
  parameters = { maxmemory-policy = "volatile-lru" }
}

module "key" {
  source = "../../modules/key"

  name                   = local.name
  description            = "Data, secrets, backups and alarm messages of the scoreboard"
  account_id             = var.account_id
  services               = ["cloudwatch.amazonaws.com"]
  unconditional_services = ["events.amazonaws.com"]
}
