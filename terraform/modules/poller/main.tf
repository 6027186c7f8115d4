locals {
  trust = {
    for service in ["ecs-tasks", "scheduler"] : service => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Principal = { Service = "${service}.amazonaws.com" }
      }]
    })
  }

  always    = { for name, poller in var.pollers : name => poller if poller.schedule == null }
  scheduled = { for name, poller in var.pollers : name => poller if poller.schedule != null }
  scaled    = { for name, poller in local.always : name => poller if poller.tasks.max > poller.tasks.min }

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
}

# Pollers call; nobody calls them, so there is no rule for a way in.
resource "aws_security_group" "this" {
  name        = "${var.name}-pollers"
  description = "Pollers of ${var.name}"
  vpc_id      = var.vpc_id
  tags        = var.tags
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each = var.reaches

  security_group_id            = aws_security_group.this.id
  description                  = "To ${each.key}"
  referenced_security_group_id = each.value.security_group_id
  prefix_list_id               = each.value.prefix_list_id
  cidr_ipv4                    = each.value.cidr_ipv4
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  tags                         = var.tags
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/ecs/${var.name}-pollers"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_iam_role" "execution" {
  name               = "${var.name}-poller-execution"
  assume_role_policy = local.trust["ecs-tasks"]
  tags               = var.tags
}

resource "aws_iam_role_policy" "execution" {
  name = "start-tasks"
  role = aws_iam_role.execution.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "SignInToTheRegistry" # names no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
          Effect   = "Allow"
          Action   = ["ecr:GetAuthorizationToken"]
          Resource = ["*"]
        },
        {
          Sid      = "PullTheImage"
          Effect   = "Allow"
          Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
          Resource = [var.repository_arn]
        },
        {
          Sid      = "WriteLogs"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = ["${aws_cloudwatch_log_group.this.arn}:*"]
        },
      ],
      length(var.secret_arns) == 0 ? [] : [{
        Sid      = "ReadTheTasksSecrets"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = var.secret_arns
      }],
      length(var.key_arns) == 0 ? [] : [{
        Sid      = "DecryptTheTasksSecrets"
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = var.key_arns
      }],
    )
  })
}

resource "aws_iam_role" "task" {
  name               = "${var.name}-poller-task"
  assume_role_policy = local.trust["ecs-tasks"]
  tags               = var.tags
}

resource "aws_iam_role_policy" "task" {
  name = "work"
  role = aws_iam_role.task.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for sid, statement in var.statements : { Sid = sid, Effect = "Allow", Action = statement.actions, Resource = statement.resources }]
  })
}

resource "aws_ecs_cluster" "this" {
  name = "${var.name}-pollers"
  tags = var.tags

  # Running and desired task counts exist as metrics only with Container Insights.
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_task_definition" "this" {
  for_each = var.pollers

  family                   = "${var.name}-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = each.value.cpu
  memory                   = each.value.memory_mib
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn
  skip_destroy             = true # the revision that ran before is what a rollback deploys
  tags                     = var.tags

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture
  }

  container_definitions = jsonencode([{
    name            = "poller"
    essential       = true
    image           = var.image
    environment     = [for name, value in merge(var.environment, each.value.environment) : { name = name, value = value }]
    secrets         = [for name, source in each.value.secrets : { name = name, valueFrom = source }]
    stopTimeout     = var.stop_timeout_s
    linuxParameters = { initProcessEnabled = true }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.this.name
        "awslogs-region"        = var.region
        "awslogs-stream-prefix" = each.key
        "mode"                  = "non-blocking"
        "max-buffer-size"       = "4m"
      }
    }
  }])

  lifecycle {
    precondition {
      condition     = contains(try(local.memory_mib[each.value.cpu], []), each.value.memory_mib)
      error_message = "Fargate has no task of ${each.value.cpu} CPU units and ${each.value.memory_mib} MiB (poller ${each.key})."
    }
  }
}

resource "aws_ecs_service" "this" {
  for_each = local.always

  name                          = each.key
  cluster                       = aws_ecs_cluster.this.id
  task_definition               = aws_ecs_task_definition.this[each.key].arn
  launch_type                   = "FARGATE"
  desired_count                 = each.value.tasks.min
  availability_zone_rebalancing = "ENABLED"
  propagate_tags                = "SERVICE"
  tags                          = var.tags

  # The new task first. For a moment two ask the provider; what both deliver is the same event under the same key.
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  dynamic "alarms" {
    for_each = length(each.value.alarms) == 0 ? [] : [each.value.alarms]

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

  lifecycle {
    # Releases register revisions and deploy them; an apply must not put an older image back. Scaling owns the count.
    ignore_changes = [desired_count, task_definition]
  }

  depends_on = [aws_iam_role_policy.execution]
}

module "scaling" {
  source   = "../scaling"
  for_each = local.scaled

  name        = "${var.name}-${each.key}"
  resource_id = "service/${aws_ecs_cluster.this.name}/${aws_ecs_service.this[each.key].name}"
  capacity    = { min = each.value.tasks.min, max = each.value.tasks.max }
  targets     = { cpu = { value = each.value.tasks.cpu_percent, predefined = { type = "ECSServiceAverageCPUUtilization" } } }
  tags        = var.tags
}

# Scheduled pollers: a task that starts, asks and ends.

resource "aws_iam_role" "scheduler" {
  count = length(local.scheduled) == 0 ? 0 : 1

  name               = "${var.name}-poller-scheduler"
  assume_role_policy = local.trust["scheduler"]
  tags               = var.tags
}

resource "aws_iam_role_policy" "scheduler" {
  count = length(local.scheduled) == 0 ? 0 : 1

  name = "run-tasks"
  role = aws_iam_role.scheduler[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "RunTheTasks"
        Effect    = "Allow"
        Action    = ["ecs:RunTask"]
        Resource  = [for name in keys(local.scheduled) : "${aws_ecs_task_definition.this[name].arn_without_revision}:*"]
        Condition = { ArnEquals = { "ecs:cluster" = aws_ecs_cluster.this.arn } }
      },
      {
        Sid       = "HandThemTheirRoles"
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = [aws_iam_role.execution.arn, aws_iam_role.task.arn]
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
    ]
  })
}

resource "aws_scheduler_schedule" "this" {
  for_each = local.scheduled

  name                = "${var.name}-${each.key}"
  schedule_expression = each.value.schedule

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_ecs_cluster.this.arn
    role_arn = aws_iam_role.scheduler[0].arn

    ecs_parameters {
      task_definition_arn = aws_ecs_task_definition.this[each.key].arn_without_revision # the newest revision
      launch_type         = "FARGATE"
      task_count          = each.value.tasks.min

      network_configuration {
        subnets          = var.subnet_ids
        security_groups  = [aws_security_group.this.id]
        assign_public_ip = false
      }
    }

    retry_policy {
      maximum_event_age_in_seconds = 300
      maximum_retry_attempts       = 3
    }
  }
}
