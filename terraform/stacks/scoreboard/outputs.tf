output "app_url" {
  description = "The user interface."
  value       = "https://${local.app_name}"
}

output "api_url" {
  description = "The API."
  value       = "https://${local.api_name}"
}

output "name_servers" {
  description = "Name servers to enter at the registrar."
  value       = aws_route53_zone.this.name_servers
}

output "cluster_name" {
  description = "Cluster of the service, for runbooks."
  value       = module.service.cluster_name
}

output "task_definition_arns" {
  description = "Task definitions of the service and of the migration."
  value       = module.service.task_definition_arns
}

# A heartbeat comes before the CDN gives the stream up, the CDN before the balancer. A stopping task hands its streams over before it is
# killed, and the balancer lets it go after that.
output "timeouts_s" {
  description = "The chain of timeouts, in seconds."
  value       = var.timeouts_s

  precondition {
    condition     = var.timeouts_s.heartbeat < var.timeouts_s.cdn_read && var.timeouts_s.cdn_read < var.timeouts_s.balancer_idle
    error_message = "Of heartbeat (${var.timeouts_s.heartbeat} s), CDN read timeout (${var.timeouts_s.cdn_read} s) and balancer idle timeout (${var.timeouts_s.balancer_idle} s) each must be shorter than the next, or idle streams are cut."
  }

  precondition {
    condition     = var.timeouts_s.shutdown_grace < var.timeouts_s.stop && var.timeouts_s.stop < var.timeouts_s.deregistration
    error_message = "Of shutdown grace (${var.timeouts_s.shutdown_grace} s), stop timeout (${var.timeouts_s.stop} s) and deregistration delay (${var.timeouts_s.deregistration} s) each must be shorter than the next, or a deployment cuts streams off."
  }
}

output "connections_needed" {
  description = "Connections that the most tasks hold to one database during a deployment."
  value       = local.connections_needed

  precondition {
    condition     = local.connections_needed <= local.connections_allowed
    error_message = "A deployment at ${var.tasks.max} tasks needs ${local.connections_needed} connections, and four fifths of max_connections are ${local.connections_allowed}."
  }
}
