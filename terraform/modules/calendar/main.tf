locals {
  windows = {
    for fixture in var.fixtures : fixture.name => {
      tasks  = coalesce(fixture.tasks, var.prescale.tasks)
      opens  = timeadd(fixture.kick_off, "-${var.prescale.lead_minutes}m")
      closes = timeadd(fixture.kick_off, "${var.prescale.hold_minutes}m")
    }
  }

  # A game that ends while another is on must not take the other's tasks away: only the last of overlapping windows scales back.
  closings = {
    for name, window in local.windows : name => window
    if !anytrue([
      for other in local.windows : timecmp(other.opens, window.closes) <= 0 && timecmp(window.closes, other.closes) < 0
    ])
  }

  schedules = merge(
    { for name, window in local.windows : "before-${name}" => { at = window.opens, min = window.tasks, max = var.tasks.max } },
    { for name, window in local.closings : "after-${name}" => { at = window.closes, min = var.tasks.min, max = var.tasks.max } },
  )
}
