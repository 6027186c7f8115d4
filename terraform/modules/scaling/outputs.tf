output "step_policy_arns" {
  description = "Each step policy by name, for the alarm that starts it."
  value       = { for name, policy in aws_appautoscaling_policy.steps : name => policy.arn }
}
