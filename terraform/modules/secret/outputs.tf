output "arn" {
  description = "The secret."
  value       = aws_secretsmanager_secret.this.arn
}

output "name" {
  description = "Name of the secret."
  value       = aws_secretsmanager_secret.this.name
}

output "value" {
  description = "The first value, for what Terraform itself must hand on, such as the header of an origin; null where none was drawn."
  value       = one(terraform_data.first[*].output)
  sensitive   = true
}
