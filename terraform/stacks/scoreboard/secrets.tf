# Keys that sign and admit. A rotation moves `current` to `previous` (apps/rotation/keys.py); a task accepts what either has signed, or
# every user would be signed out at once.

module "secret" {
  for_each = {
    jwt = "Signs the tokens of users"
    api = "Admits administrators"
  }

  source = "../../modules/secret"

  name           = "scoreboard/${var.environment}/${each.key}"
  description    = each.value
  field          = "current"
  previous_field = "previous"
  key_arn        = module.key.arn
  rotation       = { function_arn = aws_lambda_function.rotation["keys"].arn, days = var.rotation_days }
  tags           = local.tags
}

locals {
  rotation_functions = {
    database = { handler = "postgres.lambda_handler", secrets = "scoreboard/${var.environment}/db-*" }
    keys     = { handler = "keys.lambda_handler", secrets = "scoreboard/${var.environment}/*" }
  }
}

resource "aws_security_group" "rotation" {
  name        = "${local.name}-rotation"
  description = "Functions that rotate secrets of the scoreboard"
  vpc_id      = module.network.vpc_id
  tags        = local.tags
}

resource "aws_vpc_security_group_egress_rule" "rotation" {
  for_each = {
    "the database" = { port = 5432, group = module.database.security_group_id }
    "AWS"          = { port = 443, group = module.network.endpoints_security_group_id }
  }

  security_group_id            = aws_security_group.rotation.id
  description                  = "To ${each.key}"
  referenced_security_group_id = each.value.group
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_cloudwatch_log_group" "rotation" {
  for_each = local.rotation_functions

  name              = "/aws/lambda/${local.name}-rotate-${each.key}"
  retention_in_days = 90
  tags              = local.tags
}

resource "aws_iam_role" "rotation" {
  for_each = local.rotation_functions

  name = "${local.name}-rotate-${each.key}"
  tags = local.tags
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "rotation" {
  for_each = local.rotation_functions

  name = "rotate"
  role = aws_iam_role.rotation[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "RotateItsSecrets"
        Effect   = "Allow"
        Action   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"]
        Resource = "arn:aws:secretsmanager:${var.region}:${var.account_id}:secret:${each.value.secrets}"
      },
      {
        Sid      = "DrawAPassword" # names no resource
        Effect   = "Allow"
        Action   = ["secretsmanager:GetRandomPassword"]
        Resource = "*"
      },
      {
        Sid      = "UseTheKey"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = module.key.arn
      },
      {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:aws:logs:${var.region}:${var.account_id}:log-group:/aws/lambda/${local.name}-rotate-${each.key}:*"
      },
      {
        Sid      = "StandInTheNetwork" # names no resource
        Effect   = "Allow"
        Action   = ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces"]
        Resource = "*"
      },
    ]
  })
}

resource "aws_lambda_function" "rotation" {
  for_each = local.rotation_functions

  function_name = "${local.name}-rotate-${each.key}"
  description   = "Rotates secrets of the scoreboard: ${each.key}"
  role          = aws_iam_role.rotation[each.key].arn
  runtime       = "python3.13"
  architectures = ["arm64"]
  handler       = each.value.handler
  s3_bucket     = var.rotation_package.bucket
  s3_key        = var.rotation_package.key
  timeout       = 60
  memory_size   = 256
  publish       = true # a bad package is taken back by its version
  tags          = local.tags

  vpc_config {
    subnet_ids         = module.network.private_subnet_ids
    security_group_ids = [aws_security_group.rotation.id]
  }

  depends_on = [aws_cloudwatch_log_group.rotation, aws_iam_role_policy.rotation]
}

resource "aws_lambda_permission" "rotation" {
  for_each = local.rotation_functions

  statement_id   = "SecretsManagerRotates"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.rotation[each.key].function_name
  principal      = "secretsmanager.amazonaws.com"
  source_account = var.account_id
}

# A task reads its secrets when it starts. After a rotation the tasks are therefore replaced, a few at a time: an event starts an
# automation of Systems Manager that makes the one call.
resource "aws_iam_role" "redeploy" {
  name = "${local.name}-redeploy"
  tags = local.tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ssm.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "redeploy" {
  name = "redeploy"
  role = aws_iam_role.redeploy.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["ecs:UpdateService"], Resource = "arn:aws:ecs:${var.region}:${var.account_id}:service/${local.name}/${local.service_name}" }]
  })
}

resource "aws_ssm_document" "redeploy" {
  name            = "${local.name}-redeploy"
  document_type   = "Automation"
  document_format = "JSON"
  tags            = local.tags

  content = jsonencode({
    schemaVersion = "0.3"
    description   = "Replaces the tasks, so that they read their secrets again"
    assumeRole    = aws_iam_role.redeploy.arn
    mainSteps = [{
      name   = "redeploy"
      action = "aws:executeAwsApi"
      isEnd  = true
      inputs = { Service = "ecs", Api = "UpdateService", cluster = local.name, service = local.service_name, forceNewDeployment = true }
    }]
  })
}

resource "aws_iam_role" "redeploy_event" {
  name = "${local.name}-redeploy-event"
  tags = local.tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "events.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "redeploy_event" {
  name = "start-the-automation"
  role = aws_iam_role.redeploy_event.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["ssm:StartAutomationExecution"], Resource = "arn:aws:ssm:${var.region}:${var.account_id}:automation-definition/${aws_ssm_document.redeploy.name}:*" },
      { Effect = "Allow", Action = ["iam:PassRole"], Resource = aws_iam_role.redeploy.arn, Condition = { StringEquals = { "iam:PassedToService" = "ssm.amazonaws.com" } } },
    ]
  })
}

resource "aws_cloudwatch_event_rule" "rotated" {
  name        = "${local.name}-rotated"
  description = "A secret of the scoreboard was rotated"
  tags        = local.tags
  event_pattern = jsonencode({
    source        = ["aws.secretsmanager"]
    "detail-type" = ["AWS Service Event via CloudTrail"]
    detail = {
      eventName           = ["RotationSucceeded"]
      additionalEventData = { SecretId = [{ prefix = "arn:aws:secretsmanager:${var.region}:${var.account_id}:secret:scoreboard/${var.environment}/" }] }
    }
  })
}

resource "aws_cloudwatch_event_target" "rotated" {
  rule     = aws_cloudwatch_event_rule.rotated.name
  arn      = "arn:aws:ssm:${var.region}:${var.account_id}:automation-definition/${aws_ssm_document.redeploy.name}"
  role_arn = aws_iam_role.redeploy_event.arn
}
