output "name" {
  description = "Value of the FunctionName dimension in CloudWatch."
  value       = aws_lambda_function.this.function_name
}

output "arn" {
  description = "The function, for policies."
  value       = aws_lambda_function.this.arn
}

output "alias_arn" {
  description = "The alias, for callers and for the policies of roles that call."
  value       = aws_lambda_alias.this.arn
}

output "alias_invoke_arn" {
  description = "Address of the alias for API Gateway."
  value       = aws_lambda_alias.this.invoke_arn
}

output "role_name" {
  description = "Role of the function, for policies that are attached elsewhere."
  value       = aws_iam_role.this.name
}

output "role_arn" {
  description = "Role of the function, for policies of keys and queues."
  value       = aws_iam_role.this.arn
}

output "log_group_name" {
  description = "Log group of the function."
  value       = aws_cloudwatch_log_group.this.name
}

output "dead_letter_queue" {
  description = "Name and ARN of the queue of what was given up; null where there is none."
  value       = one([for queue in aws_sqs_queue.dead_letters : { name = queue.name, arn = queue.arn }])
}

output "deployment_application" {
  description = "Name of the CodeDeploy application; null where releases are not gradual."
  value       = one(aws_codedeploy_app.this[*].name)
}
