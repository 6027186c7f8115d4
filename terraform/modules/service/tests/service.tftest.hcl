mock_provider "aws" {}

variables {
  name                             = "stand"
  service_name                     = "stand-api"
  description                      = "Tasks of a stand"
  account_id                       = "123456789012"
  region                           = "us-east-1"
  vpc_id                           = "vpc-1"
  subnet_ids                       = ["subnet-1", "subnet-2"]
  load_balancer_security_group_ids = ["sg-1"]
  target_group_arns                = ["arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/stand-api/1"]
  repository_arn                   = "arn:aws:ecr:us-east-1:123456789012:repository/stand-api"
  desired_count                    = 3
  task_size                        = { cpu = 512, memory = 1024 }
  log_group_name                   = "/ecs/stand-api"
  metric_namespace                 = "Stand"
  rollback_alarms                  = ["stand-errors"]
  environment                      = { DB_HOST = "db.stand.example" }
  secrets                          = { DB_PASSWORD = "arn:aws:secretsmanager:us-east-1:123456789012:secret:stand/db:password::" }
  secret_arns                      = ["arn:aws:secretsmanager:us-east-1:123456789012:secret:stand/db"]
  reaches                          = { database = { port = 3306, security_group_id = "sg-2" } }

  container = {
    name           = "api"
    image          = "stand.example/api@sha256:0000000000000000000000000000000000000000000000000000000000000000"
    port           = 5000
    health_command = ["CMD", "true"]
  }
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "several_tasks_start_before_old_ones_stop" {
  command = plan

  assert {
    condition     = aws_ecs_service.this.desired_count >= 2
    error_message = "One task is a single point of failure."
  }

  assert {
    condition     = aws_ecs_service.this.deployment_minimum_healthy_percent == 100 && aws_ecs_service.this.deployment_maximum_percent == 200
    error_message = "A deployment takes capacity away."
  }

  assert {
    condition     = aws_ecs_service.this.health_check_grace_period_seconds >= 30
    error_message = "A starting task gets no grace."
  }

  assert {
    condition     = length(aws_ecs_service.this.network_configuration[0].subnets) >= 2 && !aws_ecs_service.this.network_configuration[0].assign_public_ip
    error_message = "Tasks stand in one zone or in public."
  }
}

run "a_bad_release_is_rolled_back" {
  command = plan

  assert {
    condition     = aws_ecs_service.this.deployment_circuit_breaker[0].enable && aws_ecs_service.this.deployment_circuit_breaker[0].rollback
    error_message = "The circuit breaker is off."
  }

  assert {
    condition     = aws_ecs_service.this.alarms[0].enable && aws_ecs_service.this.alarms[0].rollback && contains(aws_ecs_service.this.alarms[0].alarm_names, "stand-errors")
    error_message = "Alarms do not roll a deployment back."
  }

  assert {
    condition     = aws_ecs_task_definition.this.skip_destroy
    error_message = "The revision to go back to is deregistered."
  }

}

run "it_can_be_migrated_without_being_replaced" {
  command = plan

  assert {
    condition     = aws_ecs_service.this.launch_type == "FARGATE" && aws_ecs_service.this.name == "stand-api"
    error_message = "Another launch type or name replaces the service."
  }

  assert {
    condition     = aws_security_group.this.name == "stand-app" && aws_security_group.this.description == "Tasks of a stand"
    error_message = "Another name or description replaces the group."
  }

  assert {
    condition     = aws_iam_role.execution.name == "stand-execution" && aws_iam_role.task.name == "stand-task"
    error_message = "Another name replaces the role."
  }
}

run "the_execution_role_reads_the_secrets_and_little_else" {
  command = plan

  assert {
    condition     = contains(flatten([for s in jsondecode(aws_iam_role_policy.execution.policy).Statement : s.Resource if contains(s.Action, "secretsmanager:GetSecretValue")]), "arn:aws:secretsmanager:us-east-1:123456789012:secret:stand/db")
    error_message = "The role may not read the secret of the task."
  }

  assert {
    condition     = alltrue([for s in jsondecode(aws_iam_role_policy.execution.policy).Statement : s.Resource != "*" || join(" ", s.Action) == "ecr:GetAuthorizationToken"])
    error_message = "The role may do more than it needs on everything."
  }
}

run "only_the_load_balancer_calls_the_tasks" {
  command = plan

  assert {
    condition     = aws_vpc_security_group_ingress_rule.load_balancer.referenced_security_group_id == "sg-1" && aws_vpc_security_group_ingress_rule.load_balancer.cidr_ipv4 == null
    error_message = "Somebody else may call the tasks."
  }

  assert {
    condition     = alltrue([for r in aws_vpc_security_group_egress_rule.this : r.cidr_ipv4 == null])
    error_message = "The tasks may reach any address."
  }
}

run "what_the_dashboards_show_is_published" {
  command = plan

  assert {
    condition     = anytrue([for s in aws_ecs_cluster.this.setting : s.name == "containerInsights" && s.value == "enabled"])
    error_message = "Task counts are no metrics without Container Insights."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days >= 14
    error_message = "Logs are gone before a review meets."
  }

  assert {
    condition     = aws_cloudwatch_log_metric_filter.freshness.metric_transformation[0].name == "UpdateAge"
    error_message = "Nobody measures how old updates are."
  }
}

run "a_mutable_tag_is_refused" {
  command = plan

  variables {
    container = { name = "api", image = "stand.example/api:latest", port = 5000, health_command = ["CMD", "true"] }
  }

  expect_failures = [var.container]
}

run "a_command_that_docker_does_not_know_is_refused" {
  command = plan

  variables {
    container = { name = "api", image = "stand.example/api@sha256:0000000000000000000000000000000000000000000000000000000000000000", port = 5000, health_command = ["true"] }
  }

  expect_failures = [var.container]
}

run "a_pair_that_fargate_lacks_is_refused" {
  command = plan

  variables {
    task_size = { cpu = 512, memory = 8192 }
  }

  expect_failures = [aws_ecs_task_definition.this]
}

run "an_unknown_processor_is_refused" {
  command = plan

  variables {
    task_size = { cpu = 512, memory = 1024, architecture = "RISCV" }
  }

  expect_failures = [var.task_size]
}

run "a_short_account_is_refused" {
  command = plan

  variables {
    account_id = "1"
  }

  expect_failures = [var.account_id]
}

run "a_task_may_hold_a_sidecar_a_job_and_metrics_of_its_own" {
  command = plan

  variables {
    sidecars        = [{ name = "traces", image = "stand.example/traces@sha256:1111111111111111111111111111111111111111111111111111111111111111", cpu = 32, memory_mib = 256, ports = [{ number = 2000, protocol = "udp" }] }]
    jobs            = { migrate = { command = ["npm", "run", "migrate:deploy"] } }
    log_metrics     = { streams = { field = "sse_connections", name = "SseConnections" } }
    task_statements = [{ sid = "WriteTraces", actions = ["xray:PutTraceSegments"], resources = ["*"] }]
  }

  assert {
    condition     = length(output.task_definition_arns) == 2 && aws_ecs_task_definition.jobs["migrate"].family == "stand-api-migrate"
    error_message = "The job has no task definition."
  }

  assert {
    condition     = aws_cloudwatch_log_metric_filter.log_metrics["streams"].metric_transformation[0].dimensions["Service"] == "$.service"
    error_message = "The metric has no dimension, so neither alarm nor scaling finds it."
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.task[0].policy).Statement[0].Action == ["xray:PutTraceSegments"]
    error_message = "The sidecar may not write."
  }
}

run "an_apply_compares_with_what_a_pipeline_has_released" {
  command = plan

  variables {
    released_by_pipeline = true
  }

  assert {
    condition     = aws_ecs_task_definition.this.track_latest
    error_message = "An apply compares with the revision that it registered itself, and brings an older image back."
  }
}

run "a_service_may_stand_without_a_balancer_as_one_small_task" {
  command = plan

  variables {
    load_balancer_security_group_ids = []
    target_group_arns                = []
    desired_count                    = 1
    rollback_alarms                  = []
    task_size                        = { cpu = 256, memory = 512 }
  }

  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 0 && length(aws_ecs_service.this.alarms) == 0
    error_message = "It still registers with a balancer, or waits for alarms."
  }
}

run "the_largest_task_is_known" {
  command = plan

  variables {
    task_size = { cpu = 16384, memory = 122880 }
  }

  assert {
    condition     = aws_ecs_task_definition.this.memory == "122880"
    error_message = "Sixteen processors are missing."
  }
}

run "what_aws_refuses_is_refused" {
  command = plan

  variables {
    target_group_arns  = ["1", "2", "3", "4", "5", "6"]
    desired_count      = 1.5
    log_retention_days = 8
    deployment         = { minimum_healthy_percent = 100, maximum_percent = 100 }
    sidecars           = [{ name = "api", image = "traces:latest", cpu = 32, memory_mib = 256 }]
    task_size          = { cpu = 300, memory = 512 }
    subnet_ids         = []
  }

  expect_failures = [var.target_group_arns, var.desired_count, var.log_retention_days, var.deployment, var.sidecars, var.task_size, var.subnet_ids]
}

run "sidecars_that_fill_the_task_are_refused" {
  command = plan

  variables {
    sidecars = [{ name = "traces", image = "stand.example/traces@sha256:1111111111111111111111111111111111111111111111111111111111111111", cpu = 32, memory_mib = 1024 }]
  }

  expect_failures = [aws_ecs_task_definition.this]
}
