variable "cluster_name" {
  description = "Cluster of the service."
  type        = string
}

variable "service_name" {
  description = "Service whose number of tasks is scaled; prefix of the policies' names."
  type        = string
}

variable "tasks" {
  description = "Fewest and most tasks."
  type = object({
    min = number
    max = number
  })

  validation {
    condition     = var.tasks.min >= 2 && var.tasks.min < var.tasks.max
    error_message = "tasks.min must be at least 2 and tasks.max larger than tasks.min."
  }
}

variable "cpu_target_percent" {
  description = "Mean use of the tasks' processors that scaling holds."
  type        = number
  default     = 55

  validation {
    condition     = var.cpu_target_percent >= 30 && var.cpu_target_percent <= 70
    error_message = "cpu_target_percent must lie within 30 and 70: above, the minutes that scaling takes are not covered; below, money is wasted."
  }
}

variable "requests_per_task_per_minute" {
  description = "Requests per task and minute that scaling holds."
  type        = number

  validation {
    condition     = var.requests_per_task_per_minute > 0
    error_message = "requests_per_task_per_minute must be more than 0."
  }
}

variable "load_balancer_arn_suffix" {
  description = "LoadBalancer dimension of the balancer before the service."
  type        = string
}

variable "target_group_arn_suffix" {
  description = "TargetGroup dimension of the service's target group."
  type        = string
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

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  default     = null
}
