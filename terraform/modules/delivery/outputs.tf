output "role_arn" {
  description = "Role that the workflow names."
  value       = aws_iam_role.deploy.arn
}
