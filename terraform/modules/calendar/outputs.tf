output "windows" {
  description = "For each fixture the tasks and the time from when and until when they are held."
  value       = local.windows

  precondition {
    condition     = alltrue([for window in local.windows : window.tasks >= var.tasks.min && window.tasks <= var.tasks.max])
    error_message = "A fixture asks for more or fewer tasks than the ${var.tasks.min} to ${var.tasks.max} that the service runs: ${join(", ", [for name, window in local.windows : "${name} for ${window.tasks}" if window.tasks < var.tasks.min || window.tasks > var.tasks.max])}."
  }
}

output "schedules" {
  description = "Schedules for the module `scaling`: before each game and after each that no other overlaps, but none in the past."
  value = {
    for name, action in local.schedules : name => {
      schedule = "at(${formatdate("YYYY-MM-DD'T'hh:mm:ss", action.at)})"
      min      = action.min
      max      = action.max
    }
    if var.now == null || timecmp(action.at, coalesce(var.now, action.at)) > 0
  }
}
