terraform {
  required_version = ">= 1.7"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = var.events

  name          = "${var.name}-${each.key}"
  description   = each.value.description
  event_pattern = each.value.pattern
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = var.events

  rule = aws_cloudwatch_event_rule.this[each.key].name
  arn  = var.topic_arn
}
