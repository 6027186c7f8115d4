locals {
  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
    }]
  })

  # Legal pairs of processor and memory on Fargate, in MiB:
  # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
  memory_mib = {
    256   = [512, 1024, 2048]
    512   = range(1024, 4097, 1024)
    1024  = range(2048, 8193, 1024)
    2048  = range(4096, 16385, 1024)
    4096  = range(8192, 30721, 1024)
    8192  = range(16384, 61441, 4096)
    16384 = range(32768, 122881, 8192)
  }

  log_configuration = {
    for prefix in concat([var.container.name], var.sidecars[*].name, keys(var.jobs)) : prefix => {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.this.name
        "awslogs-region"        = var.region
        "awslogs-stream-prefix" = prefix
        # A slow log must not hold up a request: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html
        "mode"            = "non-blocking"
        "max-buffer-size" = "4m"
      }
    }
  }

  environment = [for name, value in var.environment : { name = name, value = value }]
  secrets     = [for name, source in var.secrets : { name = name, valueFrom = source }]
}

resource "aws_security_group" "this" {
  name        = "${var.name}-app"
  description = var.description
  vpc_id      = var.vpc_id
  tags        = var.tags
}

# Without a balancer nobody calls the tasks but they themselves.
resource "aws_vpc_security_group_ingress_rule" "load_balancer" {
  security_group_id            = aws_security_group.this.id
  description                  = length(var.load_balancer_security_group_ids) == 0 ? "Tasks of the same service" : "Requests and health checks from the load balancer"
  referenced_security_group_id = length(var.load_balancer_security_group_ids) == 0 ? aws_security_group.this.id : var.load_balancer_security_group_ids[0]
  ip_protocol                  = "tcp"
  from_port                    = var.container.port
  to_port                      = var.container.port
  tags                         = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "further_load_balancers" {
  for_each = { for number, id in var.load_balancer_security_group_ids : number => id if number > 0 }

  security_group_id            = aws_security_group.this.id
  description                  = "Requests and health checks from load balancer ${each.key + 1}"
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = var.container.port
  to_port                      = var.container.port
  tags                         = var.tags
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each = var.reaches

  security_group_id            = aws_security_group.this.id
  description                  = "To ${each.key}"
  referenced_security_group_id = each.value.security_group_id
  prefix_list_id               = each.value.prefix_list_id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  tags                         = var.tags
}

resource "aws_cloudwatch_log_group" "this" {
  name              = var.log_group_name
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_key_arn
  tags              = var.tags
}

resource "aws_iam_role" "execution" {
  name               = "${var.name}-execution"
  assume_role_policy = local.trust
  tags               = var.tags
}

resource "aws_iam_role_policy" "execution" {
  name = "start-tasks"
  role = aws_iam_role.execution.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid    = "SignInToTheRegistry" # names no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
        Effect = "Allow"
        Action = ["ecr:GetAuthorizationToken"]

        Resource = "*"
      },
      {
        Sid      = "PullTheImage"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = var.repository_arn
      },
      {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:aws:logs:${var.region}:${var.account_id}:log-group:${var.log_group_name}:*"
      },
      {
        Sid      = "ReadTheTasksSecrets"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = var.secret_arns
      },
      ], [for arns in [var.further_repository_arns] : {
        Sid      = "PullTheSidecars"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = arns
      } if length(arns) > 0],
      [for arns in [var.parameter_arns] : {
        Sid      = "ReadTheTasksParameters"
        Effect   = "Allow"
        Action   = ["ssm:GetParameters"]
        Resource = arns
      } if length(arns) > 0],
      [for arns in [var.secret_key_arns] : {
        Sid      = "DecryptTheTasksSecrets"
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = arns
    } if length(arns) > 0])
  })
}

# What the running container may do: nothing, until a statement says otherwise.
resource "aws_iam_role" "task" {
  name               = "${var.name}-task"
  assume_role_policy = local.trust
  tags               = var.tags
}

resource "aws_iam_role_policy" "task" {
  count = length(var.task_statements) > 0 ? 1 : 0

  name = "run"
  role = aws_iam_role.task.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for statement in var.task_statements : {
      Sid      = statement.sid
      Effect   = "Allow"
      Action   = statement.actions
      Resource = statement.resources
    }]
  })
}

resource "aws_ecs_cluster" "this" {
  name = var.name
  tags = var.tags

  # Running and desired task counts exist as metrics only with Container Insights.
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.service_name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.task_size.cpu
  memory                   = var.task_size.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  # The revision that ran before stays registered: it is what a rollback deploys.
  skip_destroy = true

  # Where a pipeline registers revisions, too, an apply compares with the newest and registers another only where something differs.
  track_latest = var.released_by_pipeline
  tags         = var.tags

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.task_size.architecture
  }

  container_definitions = jsonencode(concat([{
    name              = var.container.name
    essential         = true
    image             = var.container.image
    memoryReservation = var.task_size.memory - sum(concat([0], var.sidecars[*].memory_mib))
    portMappings      = [{ containerPort = var.container.port, protocol = "tcp" }]
    environment       = local.environment
    secrets           = local.secrets
    stopTimeout       = var.container.stop_timeout_s
    linuxParameters   = { initProcessEnabled = true }
    healthCheck = {
      command     = var.container.health_command
      interval    = 30
      timeout     = 10
      retries     = 5
      startPeriod = var.health_check_grace_period_s
    }
    logConfiguration = local.log_configuration[var.container.name]
    }], [for sidecar in var.sidecars : {
    name              = sidecar.name
    essential         = sidecar.essential
    image             = sidecar.image
    cpu               = sidecar.cpu
    memoryReservation = sidecar.memory_mib
    portMappings      = [for port in sidecar.ports : { containerPort = port.number, protocol = port.protocol }]
    environment       = [for name, value in sidecar.environment : { name = name, value = value }]
    command           = sidecar.command
    stopTimeout       = var.container.stop_timeout_s
    logConfiguration  = local.log_configuration[sidecar.name]
  }]))

  lifecycle {
    precondition {
      condition     = contains(try(local.memory_mib[var.task_size.cpu], []), var.task_size.memory)
      error_message = "Fargate has no task of ${var.task_size.cpu} CPU units and ${var.task_size.memory} MiB."
    }

    precondition {
      condition     = sum(concat([0], var.sidecars[*].memory_mib)) < var.task_size.memory && sum(concat([0], var.sidecars[*].cpu)) < var.task_size.cpu
      error_message = "The sidecars reserve the whole task; nothing is left for ${var.container.name}."
    }
  }
}

# What runs once and ends, such as a migration of the schema: same image, settings and roles as the service, another command.
resource "aws_ecs_task_definition" "jobs" {
  for_each = var.jobs

  family                   = "${var.service_name}-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.task_size.cpu
  memory                   = var.task_size.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn
  skip_destroy             = true
  tags                     = var.tags

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.task_size.architecture
  }

  container_definitions = jsonencode([{
    name             = each.key
    essential        = true
    image            = var.container.image
    command          = each.value.command
    environment      = local.environment
    secrets          = local.secrets
    stopTimeout      = var.container.stop_timeout_s
    linuxParameters  = { initProcessEnabled = true }
    logConfiguration = local.log_configuration[each.key]
  }])
}

resource "aws_ecs_service" "this" {
  name                              = var.service_name
  cluster                           = aws_ecs_cluster.this.id
  task_definition                   = aws_ecs_task_definition.this.arn
  launch_type                       = "FARGATE"
  desired_count                     = var.desired_count
  health_check_grace_period_seconds = length(var.target_group_arns) == 0 ? null : var.health_check_grace_period_s
  availability_zone_rebalancing     = "ENABLED"
  propagate_tags                    = "SERVICE"
  tags                              = var.tags

  # By default new tasks first, old ones out when they are healthy.
  deployment_minimum_healthy_percent = var.deployment.minimum_healthy_percent
  deployment_maximum_percent         = var.deployment.maximum_percent

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  dynamic "alarms" {
    for_each = length(var.rollback_alarms) > 0 ? [var.rollback_alarms] : []

    content {
      enable      = true
      rollback    = true
      alarm_names = alarms.value
    }
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [aws_security_group.this.id]
    assign_public_ip = false
  }

  dynamic "load_balancer" {
    for_each = var.target_group_arns

    content {
      target_group_arn = load_balancer.value
      container_name   = var.container.name
      container_port   = var.container.port
    }
  }

  lifecycle {
    # The scaling policies own the number of tasks from the first hour on.
    ignore_changes = [desired_count]
  }

  depends_on = [aws_iam_role_policy.execution]
}

# Age of an update when the service hands it out for the first time, from the service's own log lines.
resource "aws_cloudwatch_log_metric_filter" "freshness" {
  name           = "${var.service_name}-update-age"
  log_group_name = aws_cloudwatch_log_group.this.name
  pattern        = "{ ($.update_age_ms = *) && ($.service = \"${var.service_name}\") }"

  metric_transformation {
    namespace = var.metric_namespace
    name      = "UpdateAge"
    value     = "$.update_age_ms"
    unit      = "Milliseconds"

    dimensions = { Service = "$.service" }
  }
}

# Numbers that the service writes into its log lines, such as the streams that a task holds.
resource "aws_cloudwatch_log_metric_filter" "log_metrics" {
  for_each = var.log_metrics

  name           = "${var.service_name}-${each.key}"
  log_group_name = aws_cloudwatch_log_group.this.name
  pattern        = "{ ($.${each.value.field} = *) && ($.service = \"${var.service_name}\") }"

  metric_transformation {
    namespace = var.metric_namespace
    name      = each.value.name
    value     = "$.${each.value.field}"
    unit      = each.value.unit

    dimensions = { Service = "$.service" }
  }
}
