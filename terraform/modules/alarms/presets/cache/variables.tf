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

variable "nodes" {
  description = "CacheClusterId of each node, such as site-cache-001; known before the apply, because it names the alarms."
  type        = list(string)

  validation {
    condition     = length(var.nodes) > 0
    error_message = "nodes must name at least one node."
  }
}

variable "runbook" {
  description = "Slug of the runbook for a degraded cache."
  type        = string
}

variable "thresholds" {
  description = "Percent of the engine's processor use and of memory, lowest hit rate in percent (no such alarm where it is left out) and seconds of replication lag."
  type = object({
    cpu_percent    = optional(number, 70)
    memory_percent = optional(number, 80)
    hit_percent    = optional(number)
    lag_s          = optional(number, 5)
  })
  default = {}

  validation {
    condition     = alltrue([for percent in concat([var.thresholds.cpu_percent, var.thresholds.memory_percent], var.thresholds.hit_percent[*]) : percent > 0 && percent < 100])
    error_message = "Each threshold in percent must lie between 0 and 100."
  }
}
