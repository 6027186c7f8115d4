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

variable "distribution" {
  description = "Id of the distribution, which must publish its additional metrics."
  type        = string
}

variable "runbooks" {
  description = "Slug of the runbook for errors at the edge, for a low hit rate and for missing objects."
  type = object({
    errors  = string
    misses  = string
    missing = string
  })
}

variable "thresholds" {
  description = "Percent of errors, lowest hit rate in percent, requests a minute from which the hit rate counts, and percent of requests for what is not there."
  type = object({
    errors_percent  = optional(number, 1)
    hit_percent     = optional(number, 80)
    busy_requests   = optional(number, 6000)
    missing_percent = optional(number, 10)
  })
  default = {}

  validation {
    condition     = alltrue([for name in ["errors_percent", "hit_percent", "missing_percent"] : var.thresholds[name] > 0 && var.thresholds[name] < 100])
    error_message = "Each threshold in percent must lie between 0 and 100."
  }
}
