output "alarms" {
  description = "Alarms by short name, for `alarms` of the alarms module."
  value       = local.alarms
}
