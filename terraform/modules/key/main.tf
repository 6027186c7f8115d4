# The statement for the account lets its administrators manage the key through IAM; each service is let in by name and only on behalf of
# this account: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-services.html
resource "aws_kms_key" "this" {
  description             = var.description
  enable_key_rotation     = true
  deletion_window_in_days = 30
  tags                    = var.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "Account"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${var.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      }],
      [for service in var.services : {
        Sid       = replace(title(replace(service, ".", " ")), " ", "")
        Effect    = "Allow"
        Principal = { Service = service }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
      }],
      # EventBridge names no source when it uses a key, so a condition on one keeps its events from an encrypted topic:
      # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
      [for service in var.unconditional_services : {
        Sid       = replace(title(replace(service, ".", " ")), " ", "")
        Effect    = "Allow"
        Principal = { Service = service }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
      }],
    )
  })
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}
