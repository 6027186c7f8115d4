output "zone_id" {
  description = "The hosted zone."
  value       = aws_route53_zone.this.zone_id
}

output "name_servers" {
  description = "Name servers to enter at the registrar."
  value       = aws_route53_zone.this.name_servers
}

output "health_check_id" {
  description = "Value of the HealthCheckId dimension in CloudWatch."
  value       = aws_route53_health_check.api.id
}
