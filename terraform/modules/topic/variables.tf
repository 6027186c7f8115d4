variable "name" {
  description = "Name of the topic."
  type        = string
}

variable "account_id" {
  description = "AWS account on whose behalf services publish."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must have twelve digits."
  }
}

variable "key_arn" {
  description = "Key that encrypts messages; its policy must let the publishers in, which the key of AWS for SNS does not."
  type        = string
}

variable "publishers" {
  description = "AWS services that publish, such as cloudwatch.amazonaws.com."
  type        = list(string)

  validation {
    condition     = length(var.publishers) > 0 && alltrue([for service in var.publishers : endswith(service, ".amazonaws.com")])
    error_message = "publishers must name at least one service principal that ends in .amazonaws.com."
  }
}

variable "emails" {
  description = "Addresses that get every message."
  type        = list(string)

  validation {
    condition     = length(var.emails) > 0 && alltrue([for email in var.emails : can(regex("^[^@ ]+@[^@ ]+[.][^@ ]+$", email))])
    error_message = "emails must hold at least one address, or nobody hears the alarm."
  }
}

variable "https_endpoints" {
  description = "Addresses of services that confirm a subscription by themselves and call or page somebody; e-mail alone wakes nobody."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for endpoint in var.https_endpoints : can(regex("^https://[^ ]+$", endpoint))])
    error_message = "https_endpoints must begin with https://, or a message can be read on its way."
  }
}

variable "unconditional_publishers" {
  description = "AWS services that publish without naming the account they act for: events.amazonaws.com. Not to be named in publishers too."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for service in var.unconditional_publishers : endswith(service, ".amazonaws.com")])
    error_message = "unconditional_publishers must be service principals that end in .amazonaws.com."
  }
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  default     = null
}
