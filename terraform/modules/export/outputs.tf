output "document_name" {
  description = "Automation that exports a snapshot, for a drill by hand."
  value       = aws_ssm_document.this.name
}

output "rule_name" {
  description = "Value of the RuleName dimension in CloudWatch."
  value       = aws_cloudwatch_event_rule.snapshot.name
}
