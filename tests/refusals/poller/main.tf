provider "aws" {
  region = "us-east-1"
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
