resource "aws_sns_topic" "this" {
  name              = var.name
  kms_master_key_id = var.key_arn
  tags              = var.tags
}

resource "aws_sns_topic_policy" "this" {
  arn = aws_sns_topic.this.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for service in var.publishers : {
        Sid       = replace(title(replace(service, ".", " ")), " ", "")
        Effect    = "Allow"
        Principal = { Service = service }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.this.arn
        Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
      }],
      # EventBridge publishes only where the statement has no condition:
      # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
      [for service in var.unconditional_publishers : {
        Sid       = replace(title(replace(service, ".", " ")), " ", "")
        Effect    = "Allow"
        Principal = { Service = service }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.this.arn
      }],
    )
  })
}

# A paging service confirms by itself and rings a telephone.
resource "aws_sns_topic_subscription" "https" {
  for_each = toset(var.https_endpoints)

  topic_arn              = aws_sns_topic.this.arn
  protocol               = "https"
  endpoint               = each.key
  endpoint_auto_confirms = true
}

# AWS sends a message that the receiver must confirm before the first alarm arrives.
resource "aws_sns_topic_subscription" "email" {
  for_each = toset(var.emails)

  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = each.key
}
