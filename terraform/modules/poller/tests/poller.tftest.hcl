mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/scores" }
  }
  mock_resource "aws_ecs_cluster" {
    defaults = { arn = "arn:aws:ecs:us-east-1:123456789012:cluster/scores-pollers" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:us-east-1:123456789012:log-group:/ecs/scores-pollers" }
  }
  mock_resource "aws_ecs_task_definition" {
    defaults = { arn = "arn:aws:ecs:us-east-1:123456789012:task-definition/scores-live:1", arn_without_revision = "arn:aws:ecs:us-east-1:123456789012:task-definition/scores-tables" }
  }
}

variables {
  name           = "scores"
  region         = "us-east-1"
  vpc_id         = "vpc-0123456789abcdef0"
  subnet_ids     = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  image          = "123456789012.dkr.ecr.us-east-1.amazonaws.com/poller@sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b"
  repository_arn = "arn:aws:ecr:us-east-1:123456789012:repository/poller"
  secret_arns    = ["arn:aws:secretsmanager:us-east-1:123456789012:secret:scores"]
  reaches        = { "the providers" = { port = 443, cidr_ipv4 = "0.0.0.0/0" } }
  statements     = { WriteUpdates = { actions = ["kinesis:PutRecords"], resources = ["arn:aws:kinesis:us-east-1:123456789012:stream/updates"] } }
  pollers = {
    live   = { secrets = { KEY = "arn:aws:secretsmanager:us-east-1:123456789012:secret:scores" }, tasks = { max = 4 }, alarms = ["scores-stale"] }
    tables = { schedule = "rate(5 minutes)" }
  }
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "what_always_runs_is_a_service_and_what_is_scheduled_a_schedule" {
  command = apply

  assert {
    condition     = keys(aws_ecs_service.this) == ["live"] && keys(aws_scheduler_schedule.this) == ["tables"] && keys(module.scaling) == ["live"]
    error_message = "A poller is run in another way than it was asked for."
  }

  assert {
    condition     = aws_ecs_service.this["live"].network_configuration[0].assign_public_ip == false && length(aws_ecs_service.this["live"].load_balancer) == 0 && contains(aws_ecs_service.this["live"].alarms[0].alarm_names, "scores-stale")
    error_message = "A poller can be reached from outside, or a bad release is never rolled back."
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : statement.Resource if statement.Sid == "ReadTheTasksSecrets"] == [["arn:aws:secretsmanager:us-east-1:123456789012:secret:scores"]]
    error_message = "The tasks' secrets cannot be read, or more than these."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this["live"].container_definitions)[0].logConfiguration.options["awslogs-group"] == "/ecs/scores-pollers"
    error_message = "The log goes elsewhere."
  }
}

run "what_ecs_refuses_is_refused_before_it_is_asked" {
  command = plan

  variables {
    image        = "poller:latest"
    architecture = "ARM"
    pollers      = { "live scores" = { schedule = "every minute", tasks = { min = 2, max = 1 } } }
  }

  expect_failures = [var.image, var.architecture, var.pollers]
}

run "a_size_that_fargate_does_not_have_is_refused" {
  command = plan

  variables {
    pollers = { live = { cpu = 256, memory_mib = 8192 } }
  }

  expect_failures = [aws_ecs_task_definition.this]
}
