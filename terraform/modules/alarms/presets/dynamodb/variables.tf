variable "table_name" {
  description = "Value of the TableName dimension."
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

variable "operations" {
  description = "Operations whose failures inside DynamoDB are watched, as its dimension names them."
  type        = list(string)
  default     = ["PutItem", "Query"]
}

variable "thresholds" {
  description = <<-EOT
    throttled_events: Throttled reads or writes a minute above which a human is woken.
  EOT
  type = object({
    throttled_events = optional(number, 0)
  })
  default = {}
}
