variable "name" {
  description = "Alias of the key."
  type        = string
}

variable "description" {
  description = "What the key protects."
  type        = string
}

variable "account_id" {
  description = "AWS account of the key."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must have twelve digits."
  }
}

variable "services" {
  description = "AWS services that use the key on behalf of the account, such as cloudwatch.amazonaws.com."
  type        = list(string)

  validation {
    condition     = alltrue([for service in var.services : endswith(service, ".amazonaws.com")])
    error_message = "services must be service principals that end in .amazonaws.com."
  }
}

variable "unconditional_services" {
  description = "AWS services that use the key without naming the account they act for: events.amazonaws.com. Not to be named in services too."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for service in var.unconditional_services : endswith(service, ".amazonaws.com")])
    error_message = "unconditional_services must be service principals that end in .amazonaws.com."
  }
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  default     = null
}
