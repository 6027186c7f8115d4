output "id" {
  description = "The API."
  value       = aws_api_gateway_rest_api.this.id
}

output "name" {
  description = "Value of the ApiName dimension in CloudWatch."
  value       = aws_api_gateway_rest_api.this.name
}

output "stage" {
  description = "Value of the Stage dimension in CloudWatch."
  value       = aws_api_gateway_stage.this.stage_name
}

output "execution_arn" {
  description = "The API as a caller of functions, for their permissions."
  value       = aws_api_gateway_rest_api.this.execution_arn
}

output "url" {
  description = "Where the API answers."
  value       = var.domain == null ? aws_api_gateway_stage.this.invoke_url : "https://${var.domain.name}"
}
