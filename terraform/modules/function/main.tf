# The log group comes before the function, or Lambda makes one that keeps everything for ever.
resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_key_arn
  tags              = var.tags
}

resource "aws_sqs_queue" "dead_letters" {
  count = var.dead_letters == null ? 0 : 1

  name                      = "${var.name}-dead-letters"
  message_retention_seconds = var.dead_letters.retention_s
  sqs_managed_sse_enabled   = true
  tags                      = var.tags
}

resource "aws_iam_role" "this" {
  name = var.name
  tags = var.tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "work"
  role = aws_iam_role.this.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.this.arn}:*"]
      }],
      var.tracing ? [{
        Sid      = "SendTraces" # names no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
        Effect   = "Allow"
        Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        Resource = ["*"]
      }] : [],
      [for queue in aws_sqs_queue.dead_letters : {
        Sid      = "KeepWhatFailed"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [queue.arn]
      }],
      var.network == null ? [] : [{
        Sid      = "UseTheNetwork" # describe calls name no resource, and the interfaces have no name before they exist
        Effect   = "Allow"
        Action   = ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"]
        Resource = ["*"]
      }],
      [for sid, statement in var.statements : {
        Sid      = sid
        Effect   = "Allow"
        Action   = statement.actions
        Resource = statement.resources
      }],
    )
  })
}

resource "aws_lambda_function" "this" {
  function_name                  = var.name
  description                    = var.description
  role                           = aws_iam_role.this.arn
  runtime                        = var.runtime
  architectures                  = [var.architecture]
  handler                        = var.handler
  s3_bucket                      = var.package.bucket
  s3_key                         = var.package.key
  memory_size                    = var.memory_mib
  timeout                        = var.timeout_s
  publish                        = true
  reserved_concurrent_executions = var.reserved_concurrency
  tags                           = var.tags

  environment {
    variables = var.environment
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.this.name
  }

  tracing_config {
    mode = var.tracing ? "Active" : "PassThrough"
  }

  # Asynchronous calls only; what an event source gives up goes to the same queue by the mapping's destination.
  dynamic "dead_letter_config" {
    for_each = aws_sqs_queue.dead_letters

    content {
      target_arn = dead_letter_config.value.arn
    }
  }

  dynamic "vpc_config" {
    for_each = var.network[*]

    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  lifecycle {
    # Releases are published by the pipeline and shifted by CodeDeploy; an apply must not put an older package back.
    ignore_changes = [s3_key]

    precondition {
      condition     = var.provisioned_concurrency == 0 || var.reserved_concurrency == null || coalesce(var.reserved_concurrency, 0) >= var.provisioned_concurrency
      error_message = "provisioned_concurrency must not be more than reserved_concurrency: Lambda refuses it."
    }
  }

  depends_on = [aws_iam_role_policy.this]
}

# Callers call the alias; a release moves it, and a rollback moves it back.
resource "aws_lambda_alias" "this" {
  name             = var.alias
  description      = "What callers of ${var.name} get"
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version

  lifecycle {
    ignore_changes = [function_version, routing_config]
  }
}

resource "aws_lambda_provisioned_concurrency_config" "this" {
  count = var.provisioned_concurrency > 0 ? 1 : 0

  function_name                     = aws_lambda_function.this.function_name
  qualifier                         = aws_lambda_alias.this.name
  provisioned_concurrent_executions = var.provisioned_concurrency
}

resource "aws_lambda_permission" "this" {
  for_each = var.callers

  statement_id  = each.key
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this.function_name
  qualifier     = aws_lambda_alias.this.name
  principal     = each.value.service
  source_arn    = each.value.source_arn
}

resource "aws_lambda_event_source_mapping" "this" {
  for_each = var.streams

  event_source_arn                   = each.value.arn
  function_name                      = aws_lambda_alias.this.arn
  starting_position                  = each.value.starting_position
  batch_size                         = each.value.batch_size
  maximum_batching_window_in_seconds = each.value.window_s
  parallelization_factor             = each.value.parallel_batches
  maximum_retry_attempts             = each.value.retries
  maximum_record_age_in_seconds      = each.value.record_age_s
  tags                               = var.tags

  # One record that cannot be processed must hold up neither its batch nor its shard:
  # https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-errors.html
  bisect_batch_on_function_error = true
  function_response_types        = ["ReportBatchItemFailures"]

  dynamic "destination_config" {
    for_each = aws_sqs_queue.dead_letters

    content {
      on_failure {
        destination_arn = destination_config.value.arn
      }
    }
  }

  depends_on = [aws_iam_role_policy.this]
}

# Gradual release: CodeDeploy shifts the alias and shifts it back when an alarm rings.

resource "aws_codedeploy_app" "this" {
  count = var.deployment == null ? 0 : 1

  name             = var.name
  compute_platform = "Lambda"
  tags             = var.tags
}

resource "aws_iam_role" "deployment" {
  count = var.deployment == null ? 0 : 1

  name = "${var.name}-deployment"
  tags = var.tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "codedeploy.amazonaws.com" }
    }]
  })
}

# The managed policy for Lambda deployments opens every function of the account; this opens one.
resource "aws_iam_role_policy" "deployment" {
  count = var.deployment == null ? 0 : 1

  name = "shift-the-alias"
  role = aws_iam_role.deployment[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ShiftTheAlias"
        Effect   = "Allow"
        Action   = ["lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"]
        Resource = [aws_lambda_function.this.arn, "${aws_lambda_function.this.arn}:*"]
      },
      {
        Sid      = "ReadAlarms"
        Effect   = "Allow"
        Action   = ["cloudwatch:DescribeAlarms"]
        Resource = [for alarm in var.deployment.alarms : "arn:aws:cloudwatch:*:*:alarm:${alarm}"]
      },
    ]
  })
}

resource "aws_codedeploy_deployment_group" "this" {
  count = var.deployment == null ? 0 : 1

  app_name               = aws_codedeploy_app.this[0].name
  deployment_group_name  = var.alias
  service_role_arn       = aws_iam_role.deployment[0].arn
  deployment_config_name = var.deployment.config
  tags                   = var.tags

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]
  }

  alarm_configuration {
    enabled = true
    alarms  = var.deployment.alarms
  }

  depends_on = [aws_iam_role_policy.deployment]
}
