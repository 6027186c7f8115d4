variable "api" {
  description = "Values of the ApiId and Stage dimensions."
  type = object({
    id    = string
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
    errors   = string
    connects = string
  })
}

variable "thresholds" {
  description = <<-EOT
    errors_per_minute: Messages a minute that fail in the integration or on the way to a client, above which a human is woken.
    connects_per_minute: New connections a minute above which a ticket is written: AWS takes 500 a second and no more.
  EOT
  type = object({
    errors_per_minute   = optional(number, 10)
    connects_per_minute = optional(number, 24000)
  })
  default = {}
}
