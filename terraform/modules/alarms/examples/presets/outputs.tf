output "names" {
  description = "Names of the alarms, composites apart."
  value       = values(module.alarms.names)
}
