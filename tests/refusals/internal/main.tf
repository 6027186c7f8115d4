provider "aws" {
  region = "us-east-1"
}

resource "aws_ecs_task_definition" "admin" {
  family                = "admin"
  cpu                   = 256
  memory                = 512
  container_definitions = jsonencode([{ name = "admin", image = "admin" }])
}

resource "aws_ecs_service" "admin" {
  name            = "admin"
  task_definition = aws_ecs_task_definition.admin.arn
  desired_count   = 2

  load_balancer {
    target_group_arn = aws_lb_target_group.admin.arn
    container_name   = "admin"
    container_port   = 80
  }
}

resource "aws_lb_target_group" "admin" {
  name = "admin"
}

resource "aws_lb" "admin" {
  name     = "admin"
  internal = true
}

resource "aws_lb_listener" "admin" {
  load_balancer_arn = aws_lb.admin.arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.admin.arn
  }
}

resource "aws_cloudwatch_metric_alarm" "busy" {
  alarm_name          = "busy"
  namespace           = "AWS/ECS"
  metric_name         = "CPUUtilization"
  dimensions          = { ClusterName = "default", ServiceName = aws_ecs_service.admin.name }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 3
  threshold           = 80
  comparison_operator = "GreaterThanThreshold"
}
