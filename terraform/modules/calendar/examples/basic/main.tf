# Eight tasks for a final, from an hour before until three hours after its kick-off.

module "calendar" {
  source = "../.."

  tasks    = { min = 2, max = 20 }
  prescale = { tasks = 8 }
  fixtures = [{ name = "final", kick_off = "2030-07-14T19:00:00Z" }]
}

output "schedules" {
  description = "For the module scaling."
  value       = module.calendar.schedules
}
