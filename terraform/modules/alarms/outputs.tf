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

output "thresholds" {
  description = "Threshold of each metric alarm by its full name, for whoever draws or checks them."
  value       = { for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name => alarm.threshold }
}

output "texts" {
  description = "What each metric alarm says, by its full name."
  value       = { for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name => alarm.alarm_description }
}
