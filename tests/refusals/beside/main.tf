provider "aws" {
  region = "us-east-1"
}

resource "aws_ecs_task_definition" "web" {
  family                = "web"
  cpu                   = 256
  memory                = 512
  container_definitions = jsonencode([{ name = "web", image = "web" }])
}

resource "aws_ecs_service" "web" {
  name            = "web"
  task_definition = aws_ecs_task_definition.web.arn
  desired_count   = 2

  load_balancer {
    target_group_arn = aws_lb_target_group.web.arn
    container_name   = "web"
    container_port   = 80
  }
}

resource "aws_lb_target_group" "web" {
  name = "web"
}

resource "aws_lb" "web" {
  name     = "web"
  internal = false
}

resource "aws_lb_listener" "web" {
  load_balancer_arn = aws_lb.web.arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web.arn
  }
}

resource "aws_ecs_task_definition" "poller" {
  family                = "poller"
  cpu                   = 256
  memory                = 512
  container_definitions = jsonencode([{ name = "poller", image = "poller" }])
}

resource "aws_ecs_service" "poller" {
  name            = "poller"
  task_definition = aws_ecs_task_definition.poller.arn
  desired_count   = 2
}

resource "aws_cloudwatch_metric_alarm" "busy" {
  alarm_name          = "busy"
  namespace           = "AWS/ECS"
  metric_name         = "CPUUtilization"
  dimensions          = { ClusterName = "default", ServiceName = aws_ecs_service.poller.name }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 3
  threshold           = 80
  comparison_operator = "GreaterThanThreshold"
}
