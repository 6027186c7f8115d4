output "cluster_name" {
  description = "Value of the ClusterName dimension in CloudWatch."
  value       = aws_ecs_cluster.this.name
}

output "cluster_arn" {
  description = "The cluster, for event patterns and policies."
  value       = aws_ecs_cluster.this.arn
}

output "service_names" {
  description = "Value of the ServiceName dimension of each poller that runs all the time, by its name."
  value       = { for name, service in aws_ecs_service.this : name => service.name }
}

output "security_group_id" {
  description = "Security group of the tasks."
  value       = aws_security_group.this.id
}

output "log_group_name" {
  description = "Log group of the tasks."
  value       = aws_cloudwatch_log_group.this.name
}

output "role_arns" {
  description = "Roles that a deployment passes to ECS."
  value       = [aws_iam_role.execution.arn, aws_iam_role.task.arn]
}
