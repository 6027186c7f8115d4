resource "aws_secretsmanager_secret" "this" {
  name                    = var.name
  description             = var.description
  kms_key_id              = var.key_arn
  recovery_window_in_days = var.recovery_days
  tags                    = var.tags
}

# 122 random bits, drawn once. With write-only arguments (provider 6 and Terraform 1.11) the value would stay out of the state.
resource "terraform_data" "first" {
  count = var.generated ? 1 : 0

  input = uuid()

  lifecycle {
    ignore_changes = [input]
  }
}

# The value before the first: nobody has ever used it, and a reader of both fields finds both from the start.
resource "terraform_data" "previous" {
  count = var.generated && var.previous_field != null ? 1 : 0

  input = uuid()

  lifecycle {
    ignore_changes = [input]
  }
}

resource "aws_secretsmanager_secret_version" "first" {
  count = var.generated ? 1 : 0

  secret_id = aws_secretsmanager_secret.this.id
  secret_string = jsonencode(merge(
    { (var.field) = terraform_data.first[0].output },
    { for previous in terraform_data.previous : (var.previous_field) => previous.output },
  ))

  lifecycle {
    # What rotation or a person has written since stays.
    ignore_changes = [secret_string]
  }
}

# Nobody reads it but the roles named here: a statement in a resource policy holds against every identity policy of the account.
resource "aws_secretsmanager_secret_policy" "this" {
  count = length(var.reader_arns) > 0 ? 1 : 0

  secret_arn = aws_secretsmanager_secret.this.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyTheseRead"
      Effect    = "Deny"
      Principal = "*"
      Action    = "secretsmanager:GetSecretValue"
      Resource  = "*"
      Condition = { ArnNotEquals = { "aws:PrincipalArn" = var.reader_arns } }
    }]
  })
}

resource "aws_secretsmanager_secret_rotation" "this" {
  count = var.rotation == null ? 0 : 1

  secret_id           = aws_secretsmanager_secret.this.id
  rotation_lambda_arn = var.rotation.function_arn
  rotate_immediately  = false

  rotation_rules {
    automatically_after_days = var.rotation.days
  }
}
