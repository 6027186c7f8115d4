variable "api" {
  description = "Values of the ApiName and Stage dimensions."
  type = object({
    name  = string
    stage = string
  })
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
    errors  = string
    refused = string
    slow    = string
  })
}

variable "thresholds" {
  description = <<-EOT
    errors_percent: Share of requests answered with 5xx above which a human is woken.
    refused_percent: Share of requests answered with 4xx, 429 among them, above which a ticket is written.
    latency_ms: Latency that 99 of 100 requests stay below; above it a ticket is written.
  EOT
  type = object({
    errors_percent  = optional(number, 1)
    refused_percent = optional(number, 5)
    latency_ms      = number
  })
}
