output "thresholds" {
  description = "Threshold of each alarm by its full name."
  value       = module.alarms.thresholds
}

output "texts" {
  description = "What each alarm says, by its full name."
  value       = module.alarms.texts
}
