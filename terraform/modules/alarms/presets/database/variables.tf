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

variable "instance" {
  description = "Identifier of the instance."
  type        = string
}

variable "engine" {
  description = "Engine of the instance."
  type        = string

  validation {
    condition     = contains(["mysql", "postgres"], var.engine)
    error_message = "engine must be mysql or postgres."
  }
}

variable "replica" {
  description = "Whether the instance is a read replica: its lag is watched then."
  type        = bool
  default     = false
}

variable "size" {
  description = "Class, memory in GiB (null for a class whose memory is not watched), storage in GB and max_connections of the instance."
  type = object({
    class           = string
    memory_gib      = number
    allocated_gb    = number
    max_connections = number
  })
}

variable "runbooks" {
  description = "Slug of the runbook for a busy instance, for connections, for storage and for a lagging replica."
  type = object({
    load        = string
    connections = string
    storage     = string
    lag         = string
  })
}

variable "thresholds" {
  description = "Percent of processor use, of connections, of free memory and of free storage; seconds of lag and of a write; waiting disk operations; processor credits."
  type = object({
    cpu_percent          = optional(number, 60)
    connections_percent  = optional(number, 70)
    free_memory_percent  = optional(number, 5)
    free_storage_percent = optional(number, 20)
    lag_s                = optional(number, 30)
    write_latency_s      = optional(number, 0.02)
    disk_queue           = optional(number, 10)
    credits              = optional(number, 60)
  })
  default = {}

  validation {
    condition     = alltrue([for name in ["cpu_percent", "connections_percent", "free_memory_percent", "free_storage_percent"] : var.thresholds[name] > 0 && var.thresholds[name] < 100])
    error_message = "Each threshold in percent must lie between 0 and 100."
  }
}
