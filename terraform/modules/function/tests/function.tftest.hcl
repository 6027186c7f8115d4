mock_provider "aws" {
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:us-east-1:123456789012:function:scores-ingest" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/scores-ingest" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:us-east-1:123456789012:scores-ingest-dead-letters" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/scores-ingest" }
  }
}

variables {
  name        = "scores-ingest"
  description = "Stores scores"
  package     = { bucket = "releases-123456789012", key = "ingest/1.0.0.zip" }
  handler     = "ingest.handler"
  runtime     = "nodejs22.x"
  memory_mib  = 512
  timeout_s   = 10
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }

  assert {
    condition     = output.function.name == "scores-ingest" && output.function.deployment_application == "scores-ingest"
    error_message = "The example's function or its deployment has another name."
  }
}

run "a_function_has_its_own_role_log_queue_alias_and_gradual_release" {
  command = apply

  variables {
    reserved_concurrency    = 100
    provisioned_concurrency = 5
    statements              = { WriteScores = { actions = ["dynamodb:PutItem"], resources = ["arn:aws:dynamodb:us-east-1:123456789012:table/scores"] } }
    streams                 = { scores = { arn = "arn:aws:kinesis:us-east-1:123456789012:stream/scores" } }
    callers                 = { rest = { service = "apigateway.amazonaws.com", source_arn = "arn:aws:execute-api:us-east-1:123456789012:abc/*/POST/scores" } }
    deployment              = { alarms = ["scores-ingest-errors"] }
    tags                    = { System = "scores" }
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/aws/lambda/scores-ingest" && aws_cloudwatch_log_group.this.retention_in_days == 30
    error_message = "The log group is not the one that Lambda writes to, or keeps everything."
  }

  assert {
    condition     = { for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Sid => statement.Resource }["KeepWhatFailed"] == ["arn:aws:sqs:us-east-1:123456789012:scores-ingest-dead-letters"]
    error_message = "The function may not write to its queue of dead letters."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Sid == "SendTraces" || !contains(statement.Resource, "*")])
    error_message = "A statement is wider than it must be."
  }

  assert {
    condition     = aws_lambda_permission.this["rest"].qualifier == "live" && aws_lambda_provisioned_concurrency_config.this[0].qualifier == "live"
    error_message = "Callers or provisioned instances pass the alias by."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.this["scores"].bisect_batch_on_function_error && contains(aws_lambda_event_source_mapping.this["scores"].function_response_types, "ReportBatchItemFailures") && length(aws_lambda_event_source_mapping.this["scores"].destination_config) == 1
    error_message = "One bad record holds up its shard, or is lost."
  }

  assert {
    condition     = aws_codedeploy_deployment_group.this[0].deployment_config_name == "CodeDeployDefault.LambdaCanary10Percent5Minutes" && one(aws_codedeploy_deployment_group.this[0].alarm_configuration).enabled && contains(one(aws_codedeploy_deployment_group.this[0].auto_rollback_configuration).events, "DEPLOYMENT_STOP_ON_ALARM")
    error_message = "A release is not gradual, or no alarm takes it back."
  }

  assert {
    condition     = aws_lambda_function.this.tags == tomap({ System = "scores" })
    error_message = "The tags are lost."
  }
}

run "what_lambda_refuses_is_refused_before_it_is_asked" {
  command = plan

  variables {
    runtime     = "nodejs18.x"
    memory_mib  = 100
    timeout_s   = 901
    environment = { AWS_REGION = "us-east-1" }
    deployment  = { alarms = [] }
  }

  expect_failures = [var.runtime, var.memory_mib, var.timeout_s, var.environment, var.deployment]
}

run "more_provisioned_than_reserved_is_refused" {
  command = plan

  variables {
    reserved_concurrency    = 5
    provisioned_concurrency = 10
  }

  expect_failures = [aws_lambda_function.this]
}
