output "group_name" {
  description = "Value of the AutoScalingGroupName dimension in CloudWatch."
  value       = aws_autoscaling_group.this.name
}

output "group_arn" {
  description = "The group, for policies."
  value       = aws_autoscaling_group.this.arn
}

output "security_group_id" {
  description = "Security group of the instances."
  value       = aws_security_group.this.id
}

output "role_name" {
  description = "Role of the instances."
  value       = aws_iam_role.this.name
}

output "role_arn" {
  description = "The role, for policies of others."
  value       = aws_iam_role.this.arn
}
