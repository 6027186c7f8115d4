# Results: timing systems and the administration write to the stream; a function writes them through to the cache, then to the database.

resource "aws_kinesis_stream" "results" {
  name             = "${local.name}-results"
  shard_count      = var.shards
  retention_period = 24
  encryption_type  = "KMS"
  kms_key_id       = module.key.arn

  stream_mode_details {
    stream_mode = "PROVISIONED"
  }
}

resource "aws_security_group" "functions" {
  name        = "${local.name}-functions"
  description = "Functions of ${local.name}"
  vpc_id      = module.network.vpc_id
}

resource "aws_vpc_security_group_egress_rule" "functions" {
  for_each = {
    "the database" = { port = 5432, security_group_id = module.database.security_group_id, cidr_ipv4 = null }
    "the cache"    = { port = 6379, security_group_id = module.cache.security_group_id, cidr_ipv4 = null }
    "AWS"          = { port = 443, security_group_id = null, cidr_ipv4 = "0.0.0.0/0" }
  }

  security_group_id            = aws_security_group.functions.id
  description                  = "To ${each.key}"
  referenced_security_group_id = each.value.security_group_id
  cidr_ipv4                    = each.value.cidr_ipv4
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_sqs_queue" "dead" {
  name                      = "${local.name}-dead-results"
  message_retention_seconds = 1209600 # fourteen days, the longest: a result that failed must outlive the Games' weekend
  kms_master_key_id         = module.key.arn
}

resource "aws_cloudwatch_log_group" "functions" {
  for_each = toset(["processor", "rotation"])

  name              = "/aws/lambda/${local.name}-${each.key}"
  retention_in_days = local.log_days
}

resource "aws_iam_role" "functions" {
  for_each = toset(["processor", "rotation"])

  name = "${local.name}-${each.key}"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy_attachment" "functions" {
  for_each = aws_iam_role.functions

  role       = each.value.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
}

resource "aws_iam_role_policy" "processor" {
  name = "work"
  role = aws_iam_role.functions["processor"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards", "kinesis:SubscribeToShard"], Resource = aws_kinesis_stream.results.arn },
      { Effect = "Allow", Action = "sqs:SendMessage", Resource = aws_sqs_queue.dead.arn },
      { Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = [module.database.secret_arn, module.cache.secret_arn] },
      { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = module.key.arn },
    ]
  })
}

resource "aws_iam_role_policy" "rotation" {
  name = "work"
  role = aws_iam_role.functions["rotation"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"], Resource = "arn:aws:secretsmanager:${var.region}:${var.account_id}:secret:${local.name}/database-*" },
      { Effect = "Allow", Action = "secretsmanager:GetRandomPassword", Resource = "*" },
      { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = module.key.arn },
    ]
  })
}

resource "aws_lambda_function" "processor" {
  function_name                  = "${local.name}-processor"
  role                           = aws_iam_role.functions["processor"].arn
  runtime                        = "nodejs22.x"
  architectures                  = ["arm64"]
  handler                        = "index.handler"
  s3_bucket                      = var.functions_package.bucket
  s3_key                         = var.functions_package.processor
  s3_object_version              = var.functions_package.object_version
  memory_size                    = 512
  timeout                        = 30
  reserved_concurrent_executions = 20
  publish                        = true

  vpc_config {
    subnet_ids         = module.network.private_subnet_ids
    security_group_ids = [aws_security_group.functions.id]
  }

  environment {
    variables = merge({ for name, seconds in local.cache_lifetimes : name => tostring(seconds) }, {
      DB_HOST      = module.database.address
      DB_SECRET    = module.database.secret_arn
      REDIS_HOST   = module.cache.address
      REDIS_SECRET = module.cache.secret_arn
      REDIS_TLS    = "true"
    })
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.functions["processor"].name
  }

  depends_on = [aws_iam_role_policy.processor, aws_iam_role_policy_attachment.functions]
}

# The stream calls the alias: a bad version is left by pointing the alias back.
resource "aws_lambda_alias" "processor" {
  name             = "live"
  function_name    = aws_lambda_function.processor.function_name
  function_version = aws_lambda_function.processor.version
}

# A second's window, not a full batch: at the brief's 100,000 records a day a batch of 100 takes more than a minute to fill.
resource "aws_lambda_event_source_mapping" "results" {
  event_source_arn                   = aws_kinesis_stream.results.arn
  function_name                      = aws_lambda_alias.processor.arn
  starting_position                  = "LATEST"
  batch_size                         = 100
  maximum_batching_window_in_seconds = 1
  parallelization_factor             = 10
  maximum_retry_attempts             = 5
  maximum_record_age_in_seconds      = 3600
  bisect_batch_on_function_error     = true
  function_response_types            = ["ReportBatchItemFailures"]

  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.dead.arn
    }
  }
}

resource "aws_lambda_function" "rotation" {
  function_name     = "${local.name}-rotation"
  role              = aws_iam_role.functions["rotation"].arn
  runtime           = "python3.13"
  architectures     = ["arm64"]
  handler           = "rotation.handler"
  s3_bucket         = var.functions_package.bucket
  s3_key            = var.functions_package.rotation
  s3_object_version = var.functions_package.object_version
  memory_size       = 256
  timeout           = 60
  publish           = true

  vpc_config {
    subnet_ids         = module.network.private_subnet_ids
    security_group_ids = [aws_security_group.functions.id]
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.functions["rotation"].name
  }

  depends_on = [aws_iam_role_policy.rotation, aws_iam_role_policy_attachment.functions]
}

resource "aws_lambda_alias" "rotation" {
  name             = "live"
  function_name    = aws_lambda_function.rotation.function_name
  function_version = aws_lambda_function.rotation.version
}

resource "aws_lambda_permission" "rotation" {
  statement_id   = "SecretsManager"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.rotation.function_name
  qualifier      = aws_lambda_alias.rotation.name
  principal      = "secretsmanager.amazonaws.com"
  source_account = var.account_id
}

# Who may put results into the stream: the timing systems' gateway takes this role on.
resource "aws_iam_role" "feed" {
  name = "${local.name}-feed"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = "arn:aws:iam::${var.account_id}:root" }, Condition = { StringEquals = { "aws:PrincipalTag/Feed" = local.name } } }]
  })
}

resource "aws_iam_role_policy" "feed" {
  name = "put-results"
  role = aws_iam_role.feed.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["kinesis:PutRecord", "kinesis:PutRecords", "kinesis:DescribeStreamSummary"], Resource = aws_kinesis_stream.results.arn },
      { Effect = "Allow", Action = "kms:GenerateDataKey", Resource = module.key.arn },
    ]
  })
}
