output "name" {
  description = "Value of the TableName dimension in CloudWatch."
  value       = aws_dynamodb_table.this.name
}

output "arn" {
  description = "The table, for policies and backups."
  value       = aws_dynamodb_table.this.arn
}

output "index_arns" {
  description = "Every index of the table, for policies."
  value       = "${aws_dynamodb_table.this.arn}/index/*"
}

output "stream_arn" {
  description = "The stream of changes, for its readers; null where there is none."
  value       = var.stream_view == null ? null : aws_dynamodb_table.this.stream_arn
}
