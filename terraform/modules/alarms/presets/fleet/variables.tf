variable "prefix" {
  description = "Beginning of each short name, so that two resources of a kind stand in one map, such as `admin-`."
  type        = string
  default     = ""
}

variable "owners" {
  description = "Who answers an alarm of each severity."
  type = object({
    page   = string
    ticket = string
  })
}

variable "group" {
  description = "Name of the auto-scaling group, which must publish its group metrics."
  type        = string
}

variable "instances" {
  description = "Fewest and most instances of the group."
  type = object({
    min = number
    max = number
  })
}

variable "burstable" {
  description = "Whether the instances earn processor credits (families T2, T3, T3a, T4g)."
  type        = bool
  default     = false
}

variable "runbooks" {
  description = "Slug of the runbook for busy instances and for lost ones."
  type = object({
    load  = string
    fleet = string
  })
}

variable "thresholds" {
  description = "Percent of processor use, percent of the largest number of instances, and fewest processor credits."
  type = object({
    cpu_ticket_percent = optional(number, 70)
    cpu_page_percent   = optional(number, 85)
    near_max_percent   = optional(number, 80)
    credits            = optional(number, 60)
  })
  default = {}

  validation {
    condition     = var.thresholds.near_max_percent > 0 && var.thresholds.near_max_percent <= 100
    error_message = "thresholds.near_max_percent must lie within 1 and 100: more than the largest number of instances never run."
  }

  validation {
    condition     = var.thresholds.cpu_ticket_percent <= var.thresholds.cpu_page_percent && var.thresholds.cpu_page_percent < 100
    error_message = "thresholds.cpu_ticket_percent must not lie above cpu_page_percent, and that must be below 100."
  }
}
