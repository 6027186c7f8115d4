output "api_url" {
  description = "Where the apps ask for commentary."
  value       = "https://${local.api_name}"
}

output "name_servers" {
  description = "Name servers to enter at the registrar."
  value       = module.dns.name_servers
}

output "repository_url" {
  description = "Where the delivery workflow pushes images."
  value       = module.registry.repository_url
}

output "deploy_role_arn" {
  description = "Role that the delivery workflow takes on."
  value       = module.delivery.role_arn
}

output "distribution_id" {
  description = "Distribution that the delivery workflow invalidates."
  value       = module.edge.distribution_id
}

output "assets_bucket" {
  description = "Bucket that the delivery workflow synchronises."
  value       = module.assets.name
}

output "game_windows" {
  description = "For each fixture the tasks and the time from when and until when they are held."
  value       = module.calendar.windows
}

output "connections_needed" {
  description = "Connections that the database must bear when the most tasks run twice over, during a deployment."
  value       = local.connections_needed

  precondition {
    condition     = local.connections_needed <= local.connections_allowed
    error_message = "${var.tasks.max} tasks twice over with pools of ${var.pool_size} hold ${local.connections_needed} connections, more than 80 % of the database's ${var.database.max_connections}: lower pool_size or tasks.max, or choose a larger class."
  }
}

output "freshness_s" {
  description = "Oldest that an update may be on a fan's screen by the poll interval and the caches alone, in seconds."
  value       = local.freshness_s

  precondition {
    condition     = local.freshness_s <= var.freshness_target_s
    error_message = "Poll interval and caches add up to ${local.freshness_s} s, more than the target of ${var.freshness_target_s} s."
  }
}
