variable "queue_names" {
  description = "Value of the QueueName dimension by the prefix of the alarm's short name."
  type        = map(string)
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
    messages: Messages in a queue above which a human is woken; 0 for a queue of what was given up.
    age_s: Age of the oldest message above which a ticket is written; null for none.
  EOT
  type = object({
    messages = optional(number, 0)
    age_s    = optional(number)
  })
  default = {}
}
