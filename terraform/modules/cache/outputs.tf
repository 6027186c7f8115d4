output "address" {
  description = "Host name of the primary."
  value       = aws_elasticache_replication_group.this.primary_endpoint_address
}

output "node_ids" {
  description = "CacheClusterId dimension of each node; AWS numbers them from 001."
  value       = [for number in range(1, var.nodes + 1) : format("%s-%03d", aws_elasticache_replication_group.this.replication_group_id, number)]
}

output "security_group_id" {
  description = "Security group of the nodes."
  value       = aws_security_group.this.id
}

output "secret_arn" {
  description = "Secret that holds the password."
  value       = aws_secretsmanager_secret.this.arn
}
