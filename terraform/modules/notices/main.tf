resource "aws_cloudwatch_event_rule" "this" {
  for_each = var.events

  name          = "${var.name}-${each.key}"
  description   = each.value.description
  event_pattern = each.value.pattern
  tags          = var.tags
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = var.events

  rule = aws_cloudwatch_event_rule.this[each.key].name
  arn  = var.topic_arn
}
