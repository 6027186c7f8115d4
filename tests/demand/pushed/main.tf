# Updates that come through a stream and are pushed to everyone who is connected; what has been is asked for by an API.
# The subject of tests, no system of the project.

resource "aws_kinesis_stream" "updates" {
  name        = "updates"
  shard_count = 2
}

resource "aws_lambda_event_source_mapping" "updates" {
  event_source_arn  = aws_kinesis_stream.updates.arn
  function_name     = aws_lambda_alias.send.arn
  starting_position = "LATEST"
  batch_size        = 50

  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.dead.arn
    }
  }
}

resource "aws_sqs_queue" "dead" {
  name = "dead"
}

resource "aws_lambda_alias" "send" {
  name             = "live"
  function_name    = aws_lambda_function.send.function_name
  function_version = aws_lambda_function.send.version
}

resource "aws_cloudwatch_log_group" "send" {
  name              = "/aws/lambda/send"
  retention_in_days = 30
}

resource "aws_lambda_function" "send" {
  function_name = "send"
  role          = aws_iam_role.send.arn
  runtime       = "nodejs22.x"
  handler       = "index.handler"
  filename      = "send.zip"

  environment {
    variables = { EVENTS = aws_dynamodb_table.events.name, CONNECTIONS = aws_dynamodb_table.connections.name }
  }
}

resource "aws_iam_role" "send" {
  name               = "send"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}

resource "aws_iam_role_policy" "send" {
  role = aws_iam_role.send.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "dynamodb:PutItem", Resource = aws_dynamodb_table.events.arn },
      { Effect = "Allow", Action = "dynamodb:Query", Resource = aws_dynamodb_table.connections.arn },
      { Effect = "Allow", Action = "execute-api:ManageConnections", Resource = "${aws_apigatewayv2_api.socket.execution_arn}/*" },
    ]
  })
}

resource "aws_dynamodb_table" "events" {
  name         = "events"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "event"
  range_key    = "number"

  attribute {
    name = "event"
    type = "S"
  }

  attribute {
    name = "number"
    type = "N"
  }

  attribute {
    name = "day"
    type = "S"
  }

  global_secondary_index {
    name            = "by-day"
    hash_key        = "day"
    projection_type = "ALL"
  }

  ttl {
    attribute_name = "expires"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }
}

resource "aws_dynamodb_table" "connections" {
  name         = "connections"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "topic"
  range_key    = "connection"

  attribute {
    name = "topic"
    type = "S"
  }

  attribute {
    name = "connection"
    type = "S"
  }
}

# Who connects.

resource "aws_apigatewayv2_api" "socket" {
  name                       = "live"
  protocol_type              = "WEBSOCKET"
  route_selection_expression = "$request.body.action"
}

resource "aws_apigatewayv2_authorizer" "socket" {
  api_id          = aws_apigatewayv2_api.socket.id
  name            = "token"
  authorizer_type = "REQUEST"
  authorizer_uri  = aws_lambda_function.authorize.invoke_arn
}

resource "aws_apigatewayv2_integration" "connect" {
  api_id           = aws_apigatewayv2_api.socket.id
  integration_type = "AWS_PROXY"
  integration_uri  = aws_lambda_function.connect.invoke_arn
}

resource "aws_apigatewayv2_route" "connect" {
  api_id             = aws_apigatewayv2_api.socket.id
  route_key          = "$connect"
  authorization_type = "CUSTOM"
  authorizer_id      = aws_apigatewayv2_authorizer.socket.id
  target             = "integrations/${aws_apigatewayv2_integration.connect.id}"
}

resource "aws_lambda_function" "connect" {
  function_name = "connect"
  role          = aws_iam_role.connect.arn
  runtime       = "nodejs22.x"
  handler       = "index.handler"
  filename      = "connect.zip"

  environment {
    variables = { CONNECTIONS = aws_dynamodb_table.connections.name }
  }
}

resource "aws_iam_role" "connect" {
  name               = "connect"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}

resource "aws_iam_role_policy" "connect" {
  role = aws_iam_role.connect.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "dynamodb:PutItem", Resource = aws_dynamodb_table.connections.arn }]
  })
}

# Who asks.

resource "aws_api_gateway_rest_api" "http" {
  name = "events"
}

resource "aws_api_gateway_resource" "events" {
  rest_api_id = aws_api_gateway_rest_api.http.id
  parent_id   = aws_api_gateway_rest_api.http.root_resource_id
  path_part   = "events"
}

resource "aws_api_gateway_authorizer" "http" {
  name           = "token"
  rest_api_id    = aws_api_gateway_rest_api.http.id
  authorizer_uri = aws_lambda_function.authorize.invoke_arn
}

resource "aws_api_gateway_method" "events" {
  rest_api_id   = aws_api_gateway_rest_api.http.id
  resource_id   = aws_api_gateway_resource.events.id
  http_method   = "GET"
  authorization = "CUSTOM"
  authorizer_id = aws_api_gateway_authorizer.http.id
}

resource "aws_api_gateway_integration" "events" {
  rest_api_id             = aws_api_gateway_rest_api.http.id
  resource_id             = aws_api_gateway_resource.events.id
  http_method             = aws_api_gateway_method.events.http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = aws_lambda_function.answer.invoke_arn
}

resource "aws_api_gateway_deployment" "http" {
  rest_api_id = aws_api_gateway_rest_api.http.id
}

resource "aws_api_gateway_stage" "http" {
  rest_api_id   = aws_api_gateway_rest_api.http.id
  deployment_id = aws_api_gateway_deployment.http.id
  stage_name    = "live"
}

resource "aws_wafv2_web_acl" "front" {
  name  = "front"
  scope = "REGIONAL"

  default_action {
    allow {}
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "front"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl_association" "front" {
  resource_arn = aws_api_gateway_stage.http.arn
  web_acl_arn  = aws_wafv2_web_acl.front.arn
}

resource "aws_lambda_function" "answer" {
  function_name = "answer"
  role          = aws_iam_role.answer.arn
  runtime       = "nodejs22.x"
  handler       = "index.handler"
  filename      = "answer.zip"

  environment {
    variables = { EVENTS = aws_dynamodb_table.events.name }
  }
}

resource "aws_iam_role" "answer" {
  name               = "answer"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}

resource "aws_iam_role_policy" "answer" {
  role = aws_iam_role.answer.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "dynamodb:Query", Resource = aws_dynamodb_table.events.arn }]
  })
}

resource "aws_lambda_function" "authorize" {
  function_name = "authorize"
  role          = aws_iam_role.answer.arn
  runtime       = "nodejs22.x"
  handler       = "index.handler"
  filename      = "authorize.zip"
}

# What is kept.

resource "aws_s3_bucket" "archive" {
  bucket = "updates-archive"
}

resource "aws_s3_bucket_lifecycle_configuration" "archive" {
  bucket = aws_s3_bucket.archive.id

  rule {
    id     = "age"
    status = "Enabled"
    filter {}

    expiration {
      days = 30
    }
  }
}

resource "aws_kinesis_firehose_delivery_stream" "archive" {
  name        = "archive"
  destination = "extended_s3"

  kinesis_source_configuration {
    kinesis_stream_arn = aws_kinesis_stream.updates.arn
    role_arn           = aws_iam_role.send.arn
  }

  extended_s3_configuration {
    role_arn           = aws_iam_role.send.arn
    bucket_arn         = "arn:aws:s3:::updates-archive"
    buffering_size     = 64
    buffering_interval = 300
    compression_format = "GZIP"
  }
}

resource "aws_cloudtrail" "all" {
  name           = "all"
  s3_bucket_name = "elsewhere"

  event_selector {
    read_write_type = "All"

    data_resource {
      type   = "AWS::S3::Object"
      values = ["${aws_s3_bucket.archive.arn}/"]
    }
  }
}

resource "aws_backup_vault" "copies" {
  name = "copies"
}

resource "aws_backup_plan" "copies" {
  name = "copies"

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.copies.name
    schedule          = "cron(0 5 * * ? *)"

    lifecycle {
      delete_after = 7
    }
  }
}

resource "aws_backup_selection" "copies" {
  name         = "events"
  plan_id      = aws_backup_plan.copies.id
  iam_role_arn = aws_iam_role.send.arn
  resources    = [aws_dynamodb_table.events.arn]
}

# What starts by itself.

resource "aws_lambda_function" "sweep" {
  function_name = "sweep"
  role          = aws_iam_role.answer.arn
  runtime       = "nodejs22.x"
  handler       = "index.handler"
  filename      = "sweep.zip"
}

resource "aws_cloudwatch_event_rule" "sweep" {
  name                = "sweep"
  schedule_expression = "rate(5 minutes)"
}

resource "aws_cloudwatch_event_target" "sweep" {
  rule = aws_cloudwatch_event_rule.sweep.name
  arn  = aws_lambda_function.sweep.arn
}

resource "aws_lambda_function" "report" {
  function_name = "report"
  role          = aws_iam_role.answer.arn
  runtime       = "nodejs22.x"
  handler       = "index.handler"
  filename      = "report.zip"
}

resource "aws_cloudwatch_event_rule" "report" {
  name                = "report"
  schedule_expression = "cron(0 6,18 ? * MON-FRI *)"
}

resource "aws_cloudwatch_event_target" "report" {
  rule = aws_cloudwatch_event_rule.report.name
  arn  = aws_lambda_function.report.arn
}

resource "aws_secretsmanager_secret" "key" {
  name = "key"
}

resource "aws_secretsmanager_secret_version" "key" {
  secret_id     = aws_secretsmanager_secret.key.id
  secret_string = "not known"
}

resource "aws_secretsmanager_secret_rotation" "key" {
  secret_id           = aws_secretsmanager_secret.key.id
  rotation_lambda_arn = aws_lambda_function.rotate.arn

  rotation_rules {
    automatically_after_days = 30
  }
}

resource "aws_lambda_function" "rotate" {
  function_name = "rotate"
  role          = aws_iam_role.answer.arn
  runtime       = "nodejs22.x"
  handler       = "index.handler"
  filename      = "rotate.zip"
}
