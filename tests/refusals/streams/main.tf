provider "aws" {
  region = "us-east-1"
}

resource "aws_ecs_task_definition" "web" {
  family = "web"
  cpu    = 256
  memory = 512
  container_definitions = jsonencode([{
    name        = "web"
    image       = "web"
    environment = [{ name = "SSE_HEARTBEAT_MS", value = "15000" }]
  }])
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
