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

variable "metric" {
  description = "Where the service publishes the streams that a task holds: namespace, name and dimensions of the metric."
  type = object({
    namespace  = string
    name       = string
    dimensions = map(string)
  })

  validation {
    condition     = length(var.metric.dimensions) > 0
    error_message = "metric needs dimensions, or the alarms look at nothing."
  }
}

variable "age_metric" {
  description = "Where it publishes the age of an update in milliseconds when it is sent; no such alarm where it is left out."
  type = object({
    namespace  = string
    name       = string
    dimensions = map(string)
  })
  default = null
}

variable "streams_per_task" {
  description = "Most streams that a task accepts."
  type        = number

  validation {
    condition     = var.streams_per_task >= 1
    error_message = "streams_per_task must be at least 1."
  }
}

variable "runbooks" {
  description = "Slug of the runbook for full tasks and lost streams, and for late updates."
  type = object({
    streams = string
    late    = string
  })
}

variable "thresholds" {
  description = "Percent of the most streams that the fullest task holds, percent of the streams lost within five minutes, and milliseconds of an update's age."
  type = object({
    full_percent = optional(number, 80)
    lost_percent = optional(number, 30)
    age_ms       = optional(number, 1000)
  })
  default = {}

  validation {
    condition     = alltrue([for percent in [var.thresholds.full_percent, var.thresholds.lost_percent] : percent > 0 && percent < 100])
    error_message = "Each threshold in percent must lie between 0 and 100."
  }
}
