# The brief's own design, as it is written. Each fault is labelled with the brief's line; nothing is here that the brief does not say,
# except what Terraform needs to plan at all.

terraform {
  required_version = ">= 1.7"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = "us-east-1"
}

locals {
  name      = "sports-engine-dev" # sports-data-engine.md:82 plans dev; :83 applies whatever the default is
  functions = toset(["data-ingestion", "websocket-handler", "stream-processor"])
}

# :19, :200 "Pay-per-request with auto-scaling": a table has one or the other, and AWS refuses to scale this one.
resource "aws_dynamodb_table" "events" {
  name             = "${local.name}-events"
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "id"
  stream_enabled   = true
  stream_view_type = "NEW_AND_OLD_IMAGES"

  attribute {
    name = "id"
    type = "S"
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled = true
  }
}

resource "aws_appautoscaling_target" "writes" {
  service_namespace  = "dynamodb"
  resource_id        = "table/${aws_dynamodb_table.events.name}"
  scalable_dimension = "dynamodb:table:WriteCapacityUnits"
  min_capacity       = 5
  max_capacity       = 1000
}

resource "aws_dynamodb_table" "connections" {
  name         = "${local.name}-connections"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "connection_id"

  attribute {
    name = "connection_id"
    type = "S"
  }
}

resource "aws_iam_role" "function" {
  for_each = local.functions

  name = "${local.name}-${each.key}"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "function" {
  for_each = local.functions

  name = "work"
  role = aws_iam_role.function[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], Resource = ["arn:aws:logs:us-east-1:123456789012:*"] },
      { Effect = "Allow", Action = ["dynamodb:PutItem", "dynamodb:Query", "dynamodb:DeleteItem"], Resource = [aws_dynamodb_table.events.arn, aws_dynamodb_table.connections.arn] },
      { Effect = "Allow", Action = ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream", "dynamodb:ListStreams"], Resource = [aws_dynamodb_table.events.stream_arn] },
      { Effect = "Allow", Action = ["execute-api:ManageConnections"], Resource = ["${aws_apigatewayv2_api.socket.execution_arn}/*"] },
    ]
  })
}

# :17 Node.js 18, which Lambda no longer creates functions with. :199 1,000 for each of three functions, of an account that has 1,000.
# No alias, no queue for what fails, no log group that ends.
resource "aws_lambda_function" "this" {
  for_each = local.functions

  function_name                  = "${local.name}-${each.key}"
  role                           = aws_iam_role.function[each.key].arn
  runtime                        = "nodejs18.x"
  handler                        = "index.handler"
  s3_bucket                      = "sports-engine-releases"
  s3_key                         = "${each.key}.zip"
  memory_size                    = 512
  timeout                        = 30
  reserved_concurrent_executions = 1000

  environment {
    variables = {
      ENVIRONMENT = "prod"
      LOG_LEVEL   = "info"
      AWS_REGION  = "us-east-1" # :184 Lambda sets it itself and refuses it
    }
  }
}

# One record that cannot be processed holds up its shard until it expires, and nobody keeps it.
resource "aws_lambda_event_source_mapping" "changes" {
  event_source_arn  = aws_dynamodb_table.events.stream_arn
  function_name     = aws_lambda_function.this["stream-processor"].arn
  starting_position = "LATEST"
  batch_size        = 100
}

# :18, :201 a REST API with the whole of the account's quota for itself. The token of :214 is checked nowhere that the brief names.
resource "aws_api_gateway_rest_api" "this" {
  name = local.name
}

resource "aws_api_gateway_resource" "this" {
  for_each = toset(["ingest", "events", "health"])

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = each.key
}

resource "aws_api_gateway_method" "this" {
  for_each = { ingest = "POST", events = "GET", health = "GET" }

  rest_api_id   = aws_api_gateway_rest_api.this.id
  resource_id   = aws_api_gateway_resource.this[each.key].id
  http_method   = each.value
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "this" {
  for_each = aws_api_gateway_method.this

  rest_api_id             = aws_api_gateway_rest_api.this.id
  resource_id             = aws_api_gateway_resource.this[each.key].id
  http_method             = each.value.http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = aws_lambda_function.this["data-ingestion"].invoke_arn
}

resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id

  depends_on = [aws_api_gateway_integration.this]
}

resource "aws_api_gateway_stage" "this" {
  rest_api_id   = aws_api_gateway_rest_api.this.id
  deployment_id = aws_api_gateway_deployment.this.id
  stage_name    = "v1"
}

resource "aws_api_gateway_method_settings" "all" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  method_path = "*/*"

  settings {
    throttling_rate_limit  = 10000
    throttling_burst_limit = 5000
  }
}

# :202 "100,000+ concurrent connections": they connect at 500 a second, and one message to all of them takes ten seconds of the whole quota.
resource "aws_apigatewayv2_api" "socket" {
  name                       = "${local.name}-socket"
  protocol_type              = "WEBSOCKET"
  route_selection_expression = "$request.body.action"
}

resource "aws_apigatewayv2_integration" "socket" {
  api_id             = aws_apigatewayv2_api.socket.id
  integration_type   = "AWS_PROXY"
  integration_method = "POST"
  integration_uri    = aws_lambda_function.this["websocket-handler"].invoke_arn
}

resource "aws_apigatewayv2_route" "socket" {
  for_each = toset(["$connect", "$disconnect", "subscribe"])

  api_id    = aws_apigatewayv2_api.socket.id
  route_key = each.key
  target    = "integrations/${aws_apigatewayv2_integration.socket.id}"
}

resource "aws_apigatewayv2_stage" "socket" {
  api_id      = aws_apigatewayv2_api.socket.id
  name        = "ws"
  auto_deploy = true
}

resource "aws_lambda_permission" "api" {
  for_each = {
    data-ingestion    = "${aws_api_gateway_rest_api.this.execution_arn}/*"
    websocket-handler = "${aws_apigatewayv2_api.socket.execution_arn}/*"
  }

  statement_id  = "api"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this[each.key].function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = each.value
}

# :20 "data archival and storage"; nothing says what is written there, or for how long.
resource "aws_s3_bucket" "archive" {
  bucket = "${local.name}-archive-123456789012"
}

# :21 Fargate "for high-volume processing", without a place in the design and without a price in :47-55.
resource "aws_ecs_cluster" "processing" {
  name = local.name
}

# :191 external API keys, of the five providers that are named of ten (:3).
resource "aws_secretsmanager_secret" "provider" {
  for_each = toset(["sportsdataio", "sportradar", "the-odds-api", "api-sports", "statscore"])

  name = "sports-engine/${each.key}"
}

# :168-172, the four alert conditions as they are written. Nobody is named whom they tell, and no page says what to do.

# :169 1 % of errors: at nine tenths of it a month of 99.99 % is used up in eight hours, unnoticed.
resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${local.name}-error-rate"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1
  evaluation_periods  = 1

  metric_query {
    id          = "rate"
    expression  = "100 * errors / calls"
    return_data = true
  }

  metric_query {
    id = "errors"

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Errors"
      dimensions  = { FunctionName = "${local.name}-data-ingestion" }
      period      = 300
      stat        = "Sum"
    }
  }

  metric_query {
    id = "calls"

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Invocations"
      dimensions  = { FunctionName = "${local.name}-data-ingestion" }
      period      = 300
      stat        = "Sum"
    }
  }
}

# :170 the average, at the very value that was promised: it rings when the promise is broken for half of the clients.
resource "aws_cloudwatch_metric_alarm" "latency" {
  alarm_name          = "${local.name}-latency"
  namespace           = "AWS/ApiGateway"
  metric_name         = "Latency"
  dimensions          = { ApiName = local.name }
  statistic           = "Average"
  period              = 300
  comparison_operator = "GreaterThanThreshold"
  threshold           = 100
  evaluation_periods  = 1
}

# :171 failed ingestion above 0.01 %; the brief names no metric that counts it.
resource "aws_cloudwatch_metric_alarm" "ingestion" {
  alarm_name          = "${local.name}-failed-ingestion"
  namespace           = "SportsEngine"
  metric_name         = "FailedIngestion"
  dimensions          = { Service = "ingestion" }
  statistic           = "Average"
  period              = 300
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0.01
  evaluation_periods  = 1
}

# :172 drops above 5 %, in no stated time: API Gateway itself ends a twenty-fourth of all connections every five minutes.
resource "aws_cloudwatch_metric_alarm" "drops" {
  alarm_name          = "${local.name}-websocket-drops"
  namespace           = "SportsEngine"
  metric_name         = "ConnectionDrops"
  dimensions          = { Service = "websocket" }
  statistic           = "Average"
  period              = 300
  comparison_operator = "GreaterThanThreshold"
  threshold           = 5
  evaluation_periods  = 1
}
