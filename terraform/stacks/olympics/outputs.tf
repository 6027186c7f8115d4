output "site_url" {
  description = "Site and API."
  value       = "https://${local.site_name}"
}

output "name_servers" {
  description = "Name servers to enter at the registrar."
  value       = module.dns.name_servers
}

output "distribution_id" {
  description = "Distribution that an invalidation names."
  value       = module.edge.distribution_id
}

output "stream_name" {
  description = "Stream that the timing systems write to."
  value       = aws_kinesis_stream.results.name
}

output "feed_role_arn" {
  description = "Role that the timing systems' gateway takes on."
  value       = aws_iam_role.feed.arn
}

output "fleet_name" {
  description = "Auto-scaling group of the API."
  value       = module.fleet.group_name
}

output "connections_needed" {
  description = "Connections that the database must bear when the most instances run and a refresh adds a fifth."
  value       = local.connections_needed

  precondition {
    condition     = local.connections_needed <= local.connections_allowed
    error_message = "${var.instances.max} instances and a fifth more with pools of ${var.pool_size} hold ${local.connections_needed} connections, more than 80 % of the database's ${var.database.max_connections}: lower pool_size or instances.max, or choose a larger class."
  }
}

output "admin_subnets" {
  description = "Subnets of the administration, by zone."
  value       = { for zone, subnet in aws_subnet.admin : zone => subnet.cidr_block }
}

output "admin_clients" {
  description = "Addresses that may call the administration's load balancer."
  value       = local.admin_block

  precondition {
    condition     = length(var.zones) <= 16
    error_message = "The administration's block holds sixteen subnets: name at most sixteen zones."
  }
}
