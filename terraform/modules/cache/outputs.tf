output "address" {
  description = "Host name of the primary."
  value       = aws_elasticache_replication_group.this.primary_endpoint_address
}

output "configuration_address" {
  description = "Host name that a client of a cluster with shards asks first; null without shards."
  value       = var.shards == null ? null : aws_elasticache_replication_group.this.configuration_endpoint_address
}

output "node_ids" {
  description = "CacheClusterId dimension of each node; AWS numbers them from 001."
  value = var.shards == null ? [
    for number in range(1, var.nodes + 1) : format("%s-%03d", aws_elasticache_replication_group.this.replication_group_id, number)
    ] : flatten([
      for shard in range(1, var.shards.number + 1) : [
        for number in range(1, var.shards.replicas + 2) : format("%s-%04d-%03d", aws_elasticache_replication_group.this.replication_group_id, shard, number)
      ]
  ])
}

output "security_group_id" {
  description = "Security group of the nodes."
  value       = aws_security_group.this.id
}

output "secret_arn" {
  description = "Secret that holds the password."
  value       = aws_secretsmanager_secret.this.arn
}
