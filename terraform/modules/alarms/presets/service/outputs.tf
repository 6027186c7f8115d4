output "alarms" {
  description = "Alarms by short name, for `alarms` of the alarms module."
  value       = { for name, alarm in local.alarms : "${var.prefix}${name}" => merge(alarm, { owner = var.owners[alarm.severity] }) }
}
