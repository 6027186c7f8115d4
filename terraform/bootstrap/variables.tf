variable "name" {
  description = "Prefix of bucket and roles."
  type        = string
  default     = "terraform"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,20}$", var.name))
    error_message = "name must begin with a letter and have up to 21 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "AWS region of the bucket."
  type        = string
  default     = "us-east-1"
}

variable "account_id" {
  description = "AWS account, twelve digits; part of the bucket's name."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must have twelve digits."
  }
}

variable "github_repository" {
  description = "GitHub repository whose workflows take the roles on, as owner/name."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "github_repository must be owner/name, without wildcards."
  }
}

variable "environments" {
  description = "GitHub environments that may apply, each by a role of its own; each should ask for an approval."
  type        = list(string)

  validation {
    condition     = length(var.environments) > 0 && !contains(var.environments, "plan") && alltrue([for environment in var.environments : can(regex("^[A-Za-z0-9_-]+$", environment))])
    error_message = "environments must be names of letters, digits, hyphens and underscores, at least one, and none of them plan."
  }
}
