output "arn" {
  description = "The firewall, for a distribution."
  value       = aws_wafv2_web_acl.this.arn
}

output "name" {
  description = "Value of the WebACL dimension in CloudWatch."
  value       = aws_wafv2_web_acl.this.name
}
