output "surge_policy_arn" {
  description = "Step scaling policy, for the alarm that starts it."
  value       = aws_appautoscaling_policy.surge.arn
}

output "windows" {
  description = "For each fixture the tasks and the time from when and until when they are held."
  value       = local.windows
}
