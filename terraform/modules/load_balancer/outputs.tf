output "dns_name" {
  description = "Name under which AWS publishes the load balancer."
  value       = aws_lb.this.dns_name
}

output "zone_id" {
  description = "Hosted zone of that name, for alias records."
  value       = aws_lb.this.zone_id
}

output "arn_suffix" {
  description = "Value of the LoadBalancer dimension in CloudWatch."
  value       = aws_lb.this.arn_suffix
}

output "target_group_arn" {
  description = "Target group that the service registers with, known once a listener forwards to it."
  value       = aws_lb_target_group.this.arn
  depends_on  = [aws_lb_listener.https, aws_lb_listener_rule.other]
}

output "target_group_arn_suffix" {
  description = "Value of the TargetGroup dimension in CloudWatch."
  value       = aws_lb_target_group.this.arn_suffix
}

output "security_group_id" {
  description = "Security group of the load balancer."
  value       = aws_security_group.this.id
}

output "further_groups" {
  description = "ARN and TargetGroup dimension of each further group, by its name."
  value       = { for name, group in aws_lb_target_group.further : name => { arn = group.arn, arn_suffix = group.arn_suffix } }
  depends_on  = [aws_lb_listener_rule.further]
}

output "arn" {
  description = "The load balancer, for a firewall or a policy."
  value       = aws_lb.this.arn
}
