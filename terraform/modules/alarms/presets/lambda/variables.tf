variable "function_name" {
  description = "Value of the FunctionName dimension."
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

variable "runbooks" {
  description = "Slug of the page that each alarm leads to."
  type = object({
    errors      = string
    throttles   = string
    duration    = optional(string)
    behind      = optional(string)
    concurrency = string
  })
}

variable "thresholds" {
  description = <<-EOT
    errors_percent: Share of failed calls above which a human is woken.
    duration_ms: Duration that 99 of 100 calls stay below; above it a ticket is written. Null for none.
    reserved_concurrency: Calls at the same time that the function may have; at 80 % a human is woken. Null for none.
    behind_ms: Age of the last record read from a stream above which a human is woken; null where nothing is read from a stream.
  EOT
  type = object({
    errors_percent       = optional(number, 1)
    duration_ms          = optional(number)
    reserved_concurrency = optional(number)
    behind_ms            = optional(number)
  })
  default = {}
}
