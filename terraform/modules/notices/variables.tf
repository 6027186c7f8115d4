variable "name" {
  description = "Prefix of the rules' names."
  type        = string
}

variable "topic_arn" {
  description = "Topic that the events are sent to; its policy must let events.amazonaws.com publish."
  type        = string
}

variable "events" {
  description = "Events by short name: what they mean, and the pattern as JSON."
  type = map(object({
    description = string
    pattern     = string
  }))

  validation {
    condition     = alltrue([for event in var.events : can(jsondecode(event.pattern).source)])
    error_message = "Each pattern must be JSON and name a source, or the rule sees every event of the account."
  }
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  default     = null
}
