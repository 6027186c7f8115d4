output "names" {
  description = "Full name of each alarm by its short name."
  value       = { for name, alarm in aws_cloudwatch_metric_alarm.this : name => alarm.alarm_name }
}

output "arns" {
  description = "Each alarm by its short name, composites included."
  value = merge(
    { for name, alarm in aws_cloudwatch_metric_alarm.this : name => alarm.arn },
    { for name, alarm in aws_cloudwatch_composite_alarm.this : name => alarm.arn },
  )
}
