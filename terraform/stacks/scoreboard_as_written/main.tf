# The deployment guide (version 1.0, 2025-12-11) to the letter. "Guide 108" is the line of the guide that a value or a fault comes from;
# what the guide leaves out is AWS's default. It is here to be computed beside the stack `scoreboard`, never to be applied.

terraform {
  required_version = ">= 1.7"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = "us-east-1" # guide 116
}

variable "account_id" {
  description = "AWS account, twelve digits."
  type        = string
  default     = "123456789012"
}

variable "tasks" {
  description = "Fewest and most tasks (guide 749)."
  type        = object({ min = number, max = number })
  default     = { min = 2, max = 10 }
}

variable "pool_size" {
  description = "Connections to the database that one task may hold (guide 185)."
  type        = number
  default     = 20
}

locals {
  name  = "scoreboard-prod" # guide 113
  zones = { us-east-1a = 0, us-east-1b = 1 }

  # Guide 950: this topic is never created, so no alarm reaches anybody.
  alerts = "arn:aws:sns:us-east-1:${var.account_id}:scoreboard-alerts"
}

resource "aws_vpc" "this" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_hostnames = true
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_subnet" "public" {
  for_each = local.zones

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(aws_vpc.this.cidr_block, 8, each.value)
}

resource "aws_subnet" "private" {
  for_each = local.zones

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(aws_vpc.this.cidr_block, 8, each.value + 10)
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.this.id
  }
}

resource "aws_route_table_association" "public" {
  for_each = aws_subnet.public

  subnet_id      = each.value.id
  route_table_id = aws_route_table.public.id
}

# Guide 65, 670: private subnets, and neither NAT gateway nor endpoint is named, so a task cannot pull its image.
resource "aws_route_table" "private" {
  vpc_id = aws_vpc.this.id
}

resource "aws_route_table_association" "private" {
  for_each = aws_subnet.private

  subnet_id      = each.value.id
  route_table_id = aws_route_table.private.id
}

resource "aws_security_group" "balancer" {
  name        = "scoreboard-alb"
  description = "Load balancer"
  vpc_id      = aws_vpc.this.id

  # Guide 109: open to the world, so nobody has to pass the CDN and its firewall.
  dynamic "ingress" {
    for_each = [443, 80]

    content {
      protocol    = "tcp"
      from_port   = ingress.value
      to_port     = ingress.value
      cidr_blocks = ["0.0.0.0/0"]
    }
  }

  egress {
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "tasks" {
  name        = "scoreboard-tasks"
  description = "Tasks"
  vpc_id      = aws_vpc.this.id

  ingress {
    protocol        = "tcp"
    from_port       = 3000
    to_port         = 3000
    security_groups = [aws_security_group.balancer.id]
  }

  egress {
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "data" {
  name        = "scoreboard-data"
  description = "PostgreSQL and Redis"
  vpc_id      = aws_vpc.this.id

  dynamic "ingress" {
    for_each = [5432, 6379]

    content {
      protocol        = "tcp"
      from_port       = ingress.value
      to_port         = ingress.value
      security_groups = [aws_security_group.tasks.id]
    }
  }
}

resource "aws_lb" "this" {
  name               = "scoreboard"
  load_balancer_type = "application"
  security_groups    = [aws_security_group.balancer.id]
  subnets            = [for subnet in aws_subnet.public : subnet.id]
  idle_timeout       = 60 # guide 1249 calls this an increase; it is the default
}

resource "aws_lb_target_group" "this" {
  name        = "scoreboard-api"
  port        = 3000
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = aws_vpc.this.id

  # Guide 108: a stream is one request, so a cookie does nothing for it and keeps returning users on the tasks of yesterday.
  stickiness {
    type            = "lb_cookie"
    cookie_duration = 86400
  }

  health_check { # guide 106
    path     = "/health"
    interval = 30
    timeout  = 5
  }
}

resource "aws_acm_certificate" "this" {
  domain_name       = "scoreboard-api.example.com" # guide 94; the guide has two other domains in lines 35 and 224
  validation_method = "DNS"
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = aws_acm_certificate.this.arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "redirect"

    redirect {
      protocol    = "HTTPS"
      port        = "443"
      status_code = "HTTP_301"
    }
  }
}

resource "aws_ecr_repository" "this" {
  name = "scoreboard-api" # guide 502: tags can be moved
}

resource "aws_ecs_cluster" "this" {
  name = local.name
}

resource "aws_cloudwatch_log_group" "this" {
  name = "/ecs/scoreboard-prod" # guide 157: kept for ever
}

resource "aws_iam_role" "execution" {
  name               = "ecsTaskExecutionRole"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }] })
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_iam_role" "task" {
  name               = "ecsTaskRole"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }] })
}

# Guide 153 restricts the secrets to the task role. ECS reads them with the execution role, which may not.
resource "aws_iam_role_policy" "task" {
  name   = "read-secrets"
  role   = aws_iam_role.task.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = "arn:aws:secretsmanager:us-east-1:${var.account_id}:secret:scoreboard/*" }] })
}

resource "aws_secretsmanager_secret" "this" {
  for_each = toset(["db/password", "jwt/secret", "api/keys"]) # guide 148 to 150

  name = "scoreboard/${each.key}"
}

resource "aws_ecs_task_definition" "this" {
  family                   = "scoreboard-api"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 512
  memory                   = 1024
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  container_definitions = jsonencode([
    {
      name         = "scoreboard-api"
      essential    = true
      image        = "${var.account_id}.dkr.ecr.us-east-1.amazonaws.com/scoreboard-api:latest" # guide 116, 616: a rollback pulls the same image
      portMappings = [{ containerPort = 3000, protocol = "tcp" }]
      environment = [
        { name = "NODE_ENV", value = "production" },
        { name = "PORT", value = "3000" },
        { name = "DATABASE_POOL_MAX", value = tostring(var.pool_size) },
        { name = "REDIS_HOST", value = aws_elasticache_replication_group.this.primary_endpoint_address },
        { name = "REDIS_POOL_MAX", value = "50" },                  # guide 202: 500 at ten tasks, and the alarm of line 986 rings at 400
        { name = "REDIS_TTL_LEADERBOARD", value = "3600" },         # guide 208
        { name = "SSE_HEARTBEAT_INTERVAL", value = "30000" },       # guide 246: as long as CloudFront waits for a byte
        { name = "SSE_MAX_CLIENTS_PER_INSTANCE", value = "10000" }, # guide 247: 50 us of processor a second for each
        { name = "REQUEST_TIMEOUT", value = "30000" },              # guide 251: cuts every stream at 30 s
        { name = "SHUTDOWN_GRACE_PERIOD", value = "30000" },        # guide 252: Fargate kills after the same 30 s
      ]
      secrets = [
        { name = "DATABASE_URL", valueFrom = "arn:aws:secretsmanager:us-east-1:${var.account_id}:secret:scoreboard/prod/db/url" },   # guide 630: never created
        { name = "JWT_SECRET", valueFrom = "arn:aws:secretsmanager:us-east-1:${var.account_id}:secret:scoreboard/prod/jwt/secret" }, # guide 634: another name than line 149
      ]
      logConfiguration = { logDriver = "awslogs", options = { "awslogs-group" = "/ecs/scoreboard-prod", "awslogs-region" = "us-east-1", "awslogs-stream-prefix" = "ecs" } }
      healthCheck = {
        command     = ["CMD-SHELL", "curl -f http://localhost:3000/health || exit 1"] # guide 646: slim images have no curl
        interval    = 30
        timeout     = 5
        retries     = 3
        startPeriod = 60
      }
    },
    {
      name         = "xray-daemon"
      image        = "public.ecr.aws/xray/aws-xray-daemon:latest" # guide 1045
      cpu          = 32
      memory       = 256
      portMappings = [{ containerPort = 2000, protocol = "udp" }]
    },
  ])
}

# Guide 659 to 676: no circuit breaker, no alarms that roll back, no grace for a starting task.
resource "aws_ecs_service" "this" {
  name                               = "scoreboard-api"
  cluster                            = aws_ecs_cluster.this.id
  task_definition                    = aws_ecs_task_definition.this.arn
  launch_type                        = "FARGATE"
  desired_count                      = 2
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200

  network_configuration {
    subnets          = [for subnet in aws_subnet.private : subnet.id]
    security_groups  = [aws_security_group.tasks.id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.this.arn
    container_name   = "scoreboard-api"
    container_port   = 3000
  }

  depends_on = [aws_lb_listener.https]
}

resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.this.name}/${aws_ecs_service.this.name}"
  min_capacity       = var.tasks.min
  max_capacity       = var.tasks.max
}

resource "aws_appautoscaling_policy" "predefined" {
  for_each = { cpu = { type = "ECSServiceAverageCPUUtilization", target = 70 }, memory = { type = "ECSServiceAverageMemoryUtilization", target = 80 } }

  name               = "scoreboard-${each.key}-scaling"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = each.value.target
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = each.value.type
    }
  }
}

# Guide 794: without a dimension the metric has no data, so the policy never acts; and a stream is one request however long it lives.
resource "aws_appautoscaling_policy" "requests" {
  name               = "scoreboard-request-scaling"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = 1000
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    customized_metric_specification {
      metric_name = "RequestCountPerTarget"
      namespace   = "AWS/ApplicationELB"
      statistic   = "Sum"
      unit        = "Count"
    }
  }
}

resource "aws_db_subnet_group" "this" {
  name       = "scoreboard"
  subnet_ids = [for subnet in aws_subnet.private : subnet.id]
}

resource "aws_db_parameter_group" "this" {
  name   = "custom-postgres15"
  family = "postgres15"

  parameter {
    name         = "max_connections"
    value        = "200" # guide 130: ten tasks of twenty fill it, a deployment wants twice as many
    apply_method = "pending-reboot"
  }

  parameter {
    name         = "shared_preload_libraries"
    value        = "pg_stat_statements"
    apply_method = "pending-reboot"
  }
}

resource "aws_iam_role" "monitoring" {
  name               = "scoreboard-rds-monitoring"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "monitoring.rds.amazonaws.com" } }] })
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  role       = aws_iam_role.monitoring.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

resource "aws_db_instance" "primary" {
  identifier                  = "scoreboard-db"
  engine                      = "postgres"
  engine_version              = "15"
  instance_class              = "db.t4g.large" # guide 124
  allocated_storage           = 100
  max_allocated_storage       = 500
  storage_type                = "gp3"
  multi_az                    = true
  db_name                     = "scoreboard_db"
  username                    = "postgres"
  manage_master_user_password = true
  db_subnet_group_name        = aws_db_subnet_group.this.name
  vpc_security_group_ids      = [aws_security_group.data.id]
  parameter_group_name        = aws_db_parameter_group.this.name
  backup_retention_period     = 30
  monitoring_interval         = 60
  monitoring_role_arn         = aws_iam_role.monitoring.arn
  deletion_protection         = true
}

resource "aws_db_instance" "replica" {
  for_each = local.zones # guide 127: two, in different zones

  identifier          = "scoreboard-db-read-${each.value + 1}"
  replicate_source_db = aws_db_instance.primary.identifier
  instance_class      = "db.t4g.large"
  availability_zone   = each.key
  skip_final_snapshot = true
}

resource "aws_elasticache_subnet_group" "this" {
  name       = "scoreboard"
  subnet_ids = [for subnet in aws_subnet.private : subnet.id]
}

resource "aws_kms_key" "redis" {
  description = "Redis" # guide 144
}

resource "aws_elasticache_replication_group" "this" {
  replication_group_id       = "scoreboard-redis"
  description                = "Redis of the scoreboard"
  engine                     = "redis"
  engine_version             = "7.0"
  node_type                  = "cache.r7g.large"
  num_cache_clusters         = 4 # guide 138: three replicas beside the primary; the diagram and line 865 have three nodes
  parameter_group_name       = "default.redis7"
  automatic_failover_enabled = true
  multi_az_enabled           = true
  transit_encryption_enabled = true
  at_rest_encryption_enabled = true
  kms_key_id                 = aws_kms_key.redis.arn
  snapshot_retention_limit   = 30
  subnet_group_name          = aws_elasticache_subnet_group.this.name
  security_group_ids         = [aws_security_group.data.id]
}

# Guide 939 to 1002: five alarms. None has a dimension, two have a metric that nobody publishes, so none can ever ring.
resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = {
    ecs-cpu-high           = { namespace = "AWS/ECS", metric = "CPUUtilization", statistic = "Average", period = 300, periods = 2, threshold = 80 }
    error-rate-high        = { namespace = "Scoreboard/API", metric = "ErrorRate", statistic = "Average", period = 300, periods = 1, threshold = 5 }
    db-connections-high    = { namespace = "AWS/RDS", metric = "DatabaseConnections", statistic = "Average", period = 300, periods = 1, threshold = 150 }
    redis-connections-high = { namespace = "AWS/ElastiCache", metric = "ConnectionCount", statistic = "Average", period = 300, periods = 1, threshold = 400 }
    alb-unhealthy-targets  = { namespace = "AWS/ApplicationELB", metric = "UnHealthyHostCount", statistic = "Sum", period = 60, periods = 2, threshold = 0 }
  }

  alarm_name          = "scoreboard-${each.key}"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  statistic           = each.value.statistic
  period              = each.value.period
  evaluation_periods  = each.value.periods
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanThreshold"
  alarm_actions       = [local.alerts]
}

output "connections_needed" {
  description = "Connections that the most tasks hold during a deployment."
  value       = 2 * var.tasks.max * var.pool_size
}
