locals {
  scheme = { mysql = "mysql", postgres = "postgresql" }[var.engine]
}

resource "aws_security_group" "this" {
  name        = "${var.name}-db"
  description = var.description
  vpc_id      = var.vpc_id
  tags        = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each = var.client_security_group_ids

  security_group_id            = aws_security_group.this.id
  description                  = "Queries from ${each.key}"
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = var.port
  to_port                      = var.port
  tags                         = var.tags
}

resource "aws_db_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.subnet_ids
  tags       = var.tags
}

resource "aws_db_parameter_group" "this" {
  name        = "${var.name}-${replace(var.parameter_group_family, ".", "-")}"
  family      = var.parameter_group_family
  description = "Parameters of ${var.name}"

  dynamic "parameter" {
    for_each = var.parameters

    content {
      name         = parameter.key
      value        = parameter.value.value
      apply_method = parameter.value.apply_method
    }
  }

  # A new major version needs a new family, and an instance cannot be without its group in between.
  lifecycle {
    create_before_destroy = true
  }

  tags = var.tags
}

# Enhanced monitoring shows processes and memory of the host, which CloudWatch's own metrics do not.
resource "aws_iam_role" "monitoring" {
  name = "${var.name}-db-monitoring"
  tags = var.tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "monitoring.rds.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "monitoring" {
  name = "write-host-metrics"
  role = aws_iam_role.monitoring.id

  # The statements of AWS's own AmazonRDSEnhancedMonitoringRole, narrowed to the region's log group of that name.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogGroup", "logs:PutRetentionPolicy"]
        Resource = "arn:aws:logs:*:*:log-group:RDSOSMetrics"
      },
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams", "logs:GetLogEvents"]
        Resource = "arn:aws:logs:*:*:log-group:RDSOSMetrics:log-stream:*"
      },
    ]
  })
}

# RDS would make these by itself and keep them for ever.
resource "aws_cloudwatch_log_group" "exports" {
  for_each = toset(var.log_exports)

  name              = "/aws/rds/instance/${var.name}/${each.key}"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_cloudwatch_log_group" "replica_exports" {
  for_each = toset(coalesce(var.replica.log_exports, []))

  name              = "/aws/rds/instance/${var.name}-replica/${each.key}"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_db_instance" "primary" {
  identifier     = var.name
  engine         = var.engine
  engine_version = var.engine_version
  instance_class = var.instance_class

  db_name  = var.database_name
  username = var.username
  password = uuid()
  port     = var.port

  allocated_storage     = var.storage.allocated_gb
  max_allocated_storage = var.storage.max_gb
  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = var.key_arn

  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [aws_security_group.this.id]
  publicly_accessible    = false
  multi_az               = var.multi_az
  parameter_group_name   = aws_db_parameter_group.this.name
  ca_cert_identifier     = "rds-ca-rsa2048-g1"

  backup_retention_period   = var.backup_retention_days
  backup_window             = var.backup_window
  maintenance_window        = var.maintenance_window
  copy_tags_to_snapshot     = true
  skip_final_snapshot       = false
  final_snapshot_identifier = "${var.name}-final"
  deletion_protection       = var.deletion_protection

  performance_insights_enabled    = var.performance_insights
  monitoring_interval             = 60
  monitoring_role_arn             = aws_iam_role.monitoring.arn
  enabled_cloudwatch_logs_exports = var.log_exports

  auto_minor_version_upgrade  = true
  allow_major_version_upgrade = var.allow_major_version_upgrade
  apply_immediately           = false
  tags                        = var.tags

  lifecycle {
    # Made once, at creation; the runbook for a leaked credential changes it afterwards. No password stands in any file.
    ignore_changes = [password]
  }

  # Else RDS makes the groups first, and Terraform finds their names taken.
  depends_on = [aws_cloudwatch_log_group.exports]
}

# Reads of commentary move here, so that writes keep the primary to themselves. Encryption is repeated because a replica of an encrypted
# primary that does not say so is replaced by the next plan.
resource "aws_db_instance" "replica" {
  identifier          = "${var.name}-replica"
  replicate_source_db = aws_db_instance.primary.identifier
  instance_class      = var.replica_instance_class
  storage_type        = "gp3"
  storage_encrypted   = true
  availability_zone   = var.replica.zone

  # A replica that may not grow with its primary stops when the primary has outgrown it.
  max_allocated_storage           = var.replica.max_gb
  enabled_cloudwatch_logs_exports = var.replica.log_exports

  vpc_security_group_ids = [aws_security_group.this.id]
  publicly_accessible    = false
  parameter_group_name   = aws_db_parameter_group.this.name
  ca_cert_identifier     = "rds-ca-rsa2048-g1"
  maintenance_window     = coalesce(var.replica.maintenance_window, var.maintenance_window)

  copy_tags_to_snapshot        = true
  skip_final_snapshot          = true # a copy: the primary keeps the snapshots
  deletion_protection          = var.deletion_protection
  performance_insights_enabled = var.performance_insights
  monitoring_interval          = 60
  monitoring_role_arn          = aws_iam_role.monitoring.arn
  auto_minor_version_upgrade   = true
  tags                         = var.tags

  depends_on = [aws_cloudwatch_log_group.replica_exports]
}

resource "aws_db_instance" "further_replicas" {
  for_each = var.further_replicas

  identifier            = "${var.name}-${each.key}"
  replicate_source_db   = aws_db_instance.primary.identifier
  instance_class        = each.value.instance_class
  availability_zone     = each.value.zone
  storage_type          = "gp3"
  storage_encrypted     = true
  max_allocated_storage = var.storage.max_gb

  vpc_security_group_ids = [aws_security_group.this.id]
  publicly_accessible    = false
  parameter_group_name   = aws_db_parameter_group.this.name
  ca_cert_identifier     = "rds-ca-rsa2048-g1"
  maintenance_window     = each.value.maintenance_window

  copy_tags_to_snapshot           = true
  skip_final_snapshot             = true # a copy: the primary keeps the snapshots
  deletion_protection             = var.deletion_protection
  performance_insights_enabled    = var.performance_insights
  monitoring_interval             = 60
  monitoring_role_arn             = aws_iam_role.monitoring.arn
  enabled_cloudwatch_logs_exports = var.log_exports
  auto_minor_version_upgrade      = true
  tags                            = var.tags
}

resource "aws_secretsmanager_secret" "this" {
  name       = var.secret_name
  kms_key_id = var.key_arn
  tags       = var.tags
}

# A rotation function writes the new password here: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets.html
resource "aws_secretsmanager_secret_rotation" "this" {
  count = var.rotation == null ? 0 : 1

  secret_id           = aws_secretsmanager_secret.this.id
  rotation_lambda_arn = var.rotation.function_arn
  rotate_immediately  = false

  rotation_rules {
    automatically_after_days = var.rotation.days
  }
}

resource "aws_secretsmanager_secret_version" "this" {
  secret_id = aws_secretsmanager_secret.this.id

  # The fields that AWS's rotation functions read, and a URL for programs that take nothing else:
  # https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
  secret_string = jsonencode({
    engine   = var.engine
    host     = aws_db_instance.primary.address
    port     = var.port
    dbname   = var.database_name
    username = var.username
    password = aws_db_instance.primary.password
    url      = "${local.scheme}://${var.username}:${aws_db_instance.primary.password}@${aws_db_instance.primary.endpoint}/${var.database_name}"
  })

  lifecycle {
    # A rotated password lives here and in the database only; an apply must not bring the first one back.
    ignore_changes = [secret_string]
  }
}
