variable "tasks" {
  description = "Fewest and most tasks."
  type        = object({ min = number, max = number })
}

variable "prescale" {
  description = "What a game day needs: tasks, minutes before kick-off at which they start, minutes after kick-off until which they stay."
  type = object({
    tasks        = number
    lead_minutes = optional(number, 60)
    hold_minutes = optional(number, 180)
  })

  validation {
    condition     = var.prescale.lead_minutes >= 15 && var.prescale.hold_minutes >= 120
    error_message = "prescale.lead_minutes must be at least 15 (tasks must be healthy before the crowd comes) and hold_minutes at least 120 (a game with extra time)."
  }
}

variable "fixtures" {
  description = "Games to come: a name of letters, digits and hyphens, the kick-off in UTC, and the tasks if it needs more or fewer than usual."
  type = list(object({
    name     = string
    kick_off = string
    tasks    = optional(number)
  }))

  validation {
    condition     = alltrue([for fixture in var.fixtures : can(formatdate("YYYY", fixture.kick_off)) && endswith(fixture.kick_off, "Z")])
    error_message = "Each kick_off must be a time in UTC such as 2026-11-28T19:45:00Z."
  }

  validation {
    condition     = alltrue([for fixture in var.fixtures : can(regex("^[a-z0-9][a-z0-9-]{0,62}$", fixture.name))])
    error_message = "Each fixture's name must be of lower-case letters, digits and hyphens."
  }

  validation {
    condition     = length(distinct(var.fixtures[*].name)) == length(var.fixtures)
    error_message = "Two fixtures have the same name."
  }
}

variable "now" {
  description = "Time of the plan in UTC: what should have happened before it gets no schedule. Null keeps every fixture's."
  type        = string
  default     = null

  validation {
    condition     = var.now == null || can(formatdate("YYYY", var.now)) && endswith(coalesce(var.now, "-"), "Z")
    error_message = "now must be a time in UTC such as 2026-11-28T19:45:00Z."
  }
}
