output "id" {
  description = "Value of the ApiId dimension in CloudWatch."
  value       = aws_apigatewayv2_api.this.id
}

output "stage" {
  description = "Value of the Stage dimension in CloudWatch."
  value       = aws_apigatewayv2_stage.this.name
}

output "execution_arn" {
  description = "The API as a caller of functions, and its connections in the policies of whoever sends to them."
  value       = aws_apigatewayv2_api.this.execution_arn
}

output "management_url" {
  description = "Where messages for the connected clients are sent."
  value       = "${replace(aws_apigatewayv2_api.this.api_endpoint, "wss://", "https://")}/${var.stage}" # of the API: a function behind the stage must not wait for it
}

output "log_group_name" {
  description = "Access log: openings and closes with their codes."
  value       = aws_cloudwatch_log_group.access.name
}

output "url" {
  description = "Where clients connect."
  value       = var.domain == null ? aws_apigatewayv2_stage.this.invoke_url : join("/", compact(["wss://${var.domain.name}", var.domain.path]))
}
