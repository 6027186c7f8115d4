variable "stream_name" {
  description = "Value of the StreamName dimension."
  type        = string
}

variable "prefix" {
  description = "Beginning of each short name, so that two resources of a kind stand in one map, such as `ingest-`."
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

variable "runbook" {
  description = "Slug of the page that the alarms lead to."
  type        = string
}

variable "thresholds" {
  description = <<-EOT
    behind_ms: Age of the last record read above which a human is woken.
    bytes_per_minute: Bytes a minute that the shards take together; at 80 % a ticket is written. Null in on-demand mode.
  EOT
  type = object({
    behind_ms        = number
    bytes_per_minute = optional(number)
  })
}
