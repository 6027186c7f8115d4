output "backend" {
  description = "What a stack's backend \"s3\" block holds; the key is the stack's name and environment."
  value       = { bucket = local.bucket, region = var.region, use_lockfile = true, kms_key_id = aws_kms_key.states.arn, encrypt = true }
}

output "role_arns" {
  description = "The role that plans, as plan, and the role that applies in each environment, by its name."
  value       = { for name, role in aws_iam_role.this : name => role.arn }
}
