output "api_url" {
  description = "Where updates are posted and events are asked for."
  value       = module.rest.url
}

output "live_url" {
  description = "Where clients connect."
  value       = "wss://${local.live_name}/ws"
}

output "reserved_concurrency" {
  description = "Calls at the same time that all functions together keep for themselves."
  value       = sum([for function in local.functions : function.reserved])
}

output "providers_named" {
  description = "Providers in the catalogue, those that are not asked among them."
  value       = length(var.feeds)
}

output "providers_asked" {
  description = "Providers that a poller asks."
  value       = keys(local.enabled)
}

output "alarm_names" {
  description = "Full name of each alarm."
  value       = values(module.alarms.names)
}

output "functions" {
  description = "Name of each function, for the pipeline."
  value       = local.function_names
}
