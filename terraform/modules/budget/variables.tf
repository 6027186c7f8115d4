variable "name" {
  description = "Name of the budget."
  type        = string
}

variable "limit_usd" {
  description = "US dollars a month."
  type        = number

  validation {
    condition     = var.limit_usd > 0
    error_message = "limit_usd must be more than 0."
  }
}

variable "emails" {
  description = "Addresses that are told."
  type        = list(string)

  validation {
    condition     = length(var.emails) > 0
    error_message = "emails must hold at least one address, or nobody is told."
  }
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  default     = null
}
