module "database" {
  source = "../../modules/database"

  name        = local.name
  description = "Database of ${local.name}"
  vpc_id      = module.network.vpc_id
  subnet_ids  = module.network.private_subnet_ids
  client_security_group_ids = {
    "the API"            = module.fleet.security_group_id
    "the administration" = module.admin.security_group_id
    "the functions"      = aws_security_group.functions.id
  }

  engine                 = "postgres"
  engine_version         = "17"
  parameter_group_family = "postgres17"
  instance_class         = var.database.class
  replica_instance_class = var.database.class
  replica                = { zone = var.zones[1], max_gb = var.database.max_gb, log_exports = ["postgresql"], maintenance_window = "wed:04:00-wed:05:00" }
  further_replicas       = { replica-2 = { instance_class = var.database.class, zone = var.zones[2], maintenance_window = "thu:04:00-thu:05:00" } }
  storage                = { allocated_gb = var.database.allocated_gb, max_gb = var.database.max_gb }
  database_name          = "olympics"
  username               = "olympics"
  port                   = 5432
  secret_name            = "${local.name}/database"
  key_arn                = module.key.arn
  rotation               = { function_arn = aws_lambda_alias.rotation.arn, days = 90 }
  backup_window          = "03:00-03:30"
  maintenance_window     = "tue:04:00-tue:05:00"
  log_exports            = ["postgresql"]
  log_retention_days     = local.log_days
  deletion_protection    = var.deletion_protection

  parameters = {
    max_connections = { value = tostring(var.database.max_connections), apply_method = "pending-reboot" }
    "rds.force_ssl" = { value = "1" }

    # A query that runs for longer than a page waits only holds a connection.
    statement_timeout          = { value = "5000" }
    log_min_duration_statement = { value = "500" }

    # Calls and time by query, without the values in it: the monitoring queries read it.
    shared_preload_libraries   = { value = "pg_stat_statements", apply_method = "pending-reboot" }
    "pg_stat_statements.track" = { value = "top" }
  }

  depends_on = [aws_lambda_permission.rotation]
}

# Beside the snapshots of RDS itself, which go when the instance is deleted by mistake with them.
module "backup" {
  source = "../../modules/backup"

  name           = local.name
  region         = var.region
  account_id     = var.account_id
  key_arn        = module.key.arn
  schedule       = "cron(0 2 * * ? *)"
  retention_days = 35
  database_arns  = [module.database.arn]
}

module "cache" {
  source = "../../modules/cache"

  name       = local.name
  vpc_id     = module.network.vpc_id
  subnet_ids = module.network.private_subnet_ids
  client_security_group_ids = {
    "the API"            = module.fleet.security_group_id
    "the administration" = module.admin.security_group_id
    "the functions"      = aws_security_group.functions.id
  }

  node_type          = var.cache.node_type
  nodes              = var.cache.nodes
  maintenance_window = "wed:03:00-wed:04:00"
  secret_name        = "${local.name}/cache"
  key_arn            = module.key.arn
}

# Photos, pictures of events, icons; the page that the edge shows while the origin does not answer.
module "assets" {
  source = "../../modules/bucket"

  name           = "${local.name}-assets-${var.account_id}"
  force_destroy  = !var.deletion_protection
  lifecycle_days = { transitions = { STANDARD_IA = 90 }, expire_old_versions = 30 }
  grants = [{
    sid        = "EdgeReads"
    service    = "cloudfront.amazonaws.com"
    action     = "s3:GetObject"
    source_key = "aws:SourceArn"
    source     = module.edge.distribution_arn
  }]
}

resource "aws_s3_object" "fallback" {
  bucket        = module.assets.name
  key           = "fallback/index.html"
  content       = file("${path.module}/fallback.html")
  content_type  = "text/html; charset=utf-8"
  cache_control = "public, max-age=60"
}

# Results after the Games: kept for a year, in Glacier from the thirtieth day. Each night's snapshot of the database is exported there.
module "archive" {
  source = "../../modules/bucket"

  name           = "${local.name}-archive-${var.account_id}"
  force_destroy  = !var.deletion_protection
  lifecycle_days = { transitions = { GLACIER = 30 }, expire = 365, expire_old_versions = 30 }
}

module "export" {
  source = "../../modules/export"

  name                = local.name
  region              = var.region
  account_id          = var.account_id
  database_identifier = module.database.identifier
  bucket_name         = module.archive.name
  bucket_arn          = module.archive.arn
  prefix              = "results"
  key_arn             = module.key.arn
}

module "logs" {
  source = "../../modules/bucket"

  name           = "${local.name}-logs-${var.account_id}"
  force_destroy  = !var.deletion_protection
  lifecycle_days = { expire = local.log_days, expire_old_versions = 7 }

  grants = [
    {
      sid        = "LoadBalancersWrite"
      service    = "logdelivery.elasticloadbalancing.amazonaws.com"
      action     = "s3:PutObject"
      prefix     = "alb/AWSLogs/${var.account_id}/"
      source_key = "aws:SourceArn"
      source     = "arn:aws:elasticloadbalancing:${var.region}:${var.account_id}:loadbalancer/*"
    },
    {
      sid        = "FlowLogsWrite"
      service    = "delivery.logs.amazonaws.com"
      action     = "s3:PutObject"
      prefix     = "AWSLogs/${var.account_id}/"
      source_key = "aws:SourceAccount"
      source     = var.account_id
    },
    {
      sid        = "FlowLogsAsk"
      service    = "delivery.logs.amazonaws.com"
      action     = "s3:GetBucketAcl"
      on_bucket  = true
      source_key = "aws:SourceAccount"
      source     = var.account_id
    },
  ]
}

module "key" {
  source = "../../modules/key"

  name                   = local.name
  description            = "Disks, database, stream and alarm messages of ${local.name}"
  account_id             = var.account_id
  services               = ["cloudwatch.amazonaws.com", "lambda.amazonaws.com"]
  unconditional_services = ["events.amazonaws.com"]
}

# EC2 Auto Scaling starts instances with its own role, which must be let at the key of their disks:
# https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html
resource "aws_kms_grant" "scaling" {
  name              = "${local.name}-scaling"
  key_id            = module.key.arn
  grantee_principal = "arn:aws:iam::${var.account_id}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
  operations        = ["Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "DescribeKey", "CreateGrant"]
}
