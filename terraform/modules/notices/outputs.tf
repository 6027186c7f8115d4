output "rule_names" {
  description = "Full name of each rule by its short name."
  value       = { for name, rule in aws_cloudwatch_event_rule.this : name => rule.name }
}
