locals {
  fails_over = var.shards == null ? var.nodes > 1 : var.shards.replicas > 0
}

resource "aws_security_group" "this" {
  name        = "${var.name}-cache"
  description = "Cache of ${var.name}"
  vpc_id      = var.vpc_id
  tags        = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each = var.client_security_group_ids

  security_group_id            = aws_security_group.this.id
  description                  = "Commands from ${each.key}"
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = var.port
  to_port                      = var.port
  tags                         = var.tags
}

resource "aws_elasticache_subnet_group" "this" {
  name       = "${var.name}-cache"
  subnet_ids = var.subnet_ids
  tags       = var.tags
}

resource "aws_elasticache_parameter_group" "this" {
  name        = "${var.name}-${replace(var.engine.family, ".", "-")}"
  family      = var.engine.family
  description = "Parameters of ${var.name}"

  dynamic "parameter" {
    for_each = var.shards == null ? var.parameters : merge(var.parameters, { cluster-enabled = "yes" })

    content {
      name  = parameter.key
      value = parameter.value
    }
  }

  # Another family needs another group before the old one goes: the nodes cannot be without one.
  lifecycle {
    create_before_destroy = true
  }

  tags = var.tags
}

# A password of 122 random bits, made once; changing it is a step of the runbook for a leaked credential.
resource "terraform_data" "auth_token" {
  input = uuid()

  lifecycle {
    ignore_changes = [input]
  }
}

resource "aws_elasticache_replication_group" "this" {
  replication_group_id = "${var.name}-cache"
  description          = "Shared cache of ${var.name}"
  engine               = var.engine.name
  engine_version       = var.engine.version
  node_type            = var.node_type

  # One primary with its replicas, or several shards with replicas each.
  num_cache_clusters      = var.shards == null ? var.nodes : null
  num_node_groups         = var.shards == null ? null : var.shards.number
  replicas_per_node_group = var.shards == null ? null : var.shards.replicas

  port = var.port

  subnet_group_name          = aws_elasticache_subnet_group.this.name
  security_group_ids         = [aws_security_group.this.id]
  parameter_group_name       = aws_elasticache_parameter_group.this.name
  automatic_failover_enabled = local.fails_over
  multi_az_enabled           = local.fails_over

  at_rest_encryption_enabled = true
  kms_key_id                 = var.key_arn
  transit_encryption_enabled = true
  auth_token                 = terraform_data.auth_token.output

  snapshot_retention_limit = var.snapshots.days
  snapshot_window          = var.snapshots.window
  maintenance_window       = var.maintenance_window
  apply_immediately        = false
  tags                     = var.tags
}

resource "aws_secretsmanager_secret" "this" {
  name       = var.secret_name
  kms_key_id = var.key_arn
  tags       = var.tags
}

resource "aws_secretsmanager_secret_version" "this" {
  secret_id     = aws_secretsmanager_secret.this.id
  secret_string = jsonencode({ auth_token = terraform_data.auth_token.output })

  lifecycle {
    ignore_changes = [secret_string]
  }
}
