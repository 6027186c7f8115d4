output "cluster_name" {
  description = "Value of the ClusterName dimension in CloudWatch."
  value       = aws_ecs_cluster.this.name
}

output "cluster_arn" {
  description = "The cluster, for event patterns."
  value       = aws_ecs_cluster.this.arn
}

output "service_name" {
  description = "Value of the ServiceName dimension in CloudWatch."
  value       = aws_ecs_service.this.name
}

output "service_arn" {
  description = "The service, for policies."
  value       = aws_ecs_service.this.id
}

output "security_group_id" {
  description = "Security group of the tasks."
  value       = aws_security_group.this.id
}

output "role_arns" {
  description = "Roles that a deployment passes to ECS."
  value       = [aws_iam_role.execution.arn, aws_iam_role.task.arn]
}

output "log_group_name" {
  description = "Log group of the tasks."
  value       = aws_cloudwatch_log_group.this.name
}

output "task_role_name" {
  description = "Role of the running container, for policies of its own."
  value       = aws_iam_role.task.name
}

output "task_definition_arns" {
  description = "Task definition of the service and of each job, by name."
  value       = merge({ service = aws_ecs_task_definition.this.arn }, { for name, job in aws_ecs_task_definition.jobs : name => job.arn })
}

output "execution_role_arn" {
  description = "Role that ECS takes on to start a task: it reads the secrets, the container does not."
  value       = aws_iam_role.execution.arn
}
