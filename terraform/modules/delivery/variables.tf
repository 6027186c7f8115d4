variable "name" {
  description = "Prefix of the role's name."
  type        = string
}

variable "account_id" {
  description = "AWS account, for the ARNs in policies."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must have twelve digits."
  }
}

variable "repository" {
  description = "GitHub repository whose workflows deploy, as owner/name."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository))
    error_message = "repository must be owner/name, without a wildcard: any other repository could deploy."
  }
}

variable "environment" {
  description = "GitHub environment that the deploying job names."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]+$", var.environment))
    error_message = "environment must be a plain name, without a wildcard."
  }
}

variable "repository_arn" {
  description = "Image repository that is pushed to."
  type        = string
}

variable "service_arn" {
  description = "Service that is deployed."
  type        = string
}

variable "task_role_arns" {
  description = "Roles that the task definition names."
  type        = list(string)
}

variable "assets_bucket_arn" {
  description = "Bucket that assets are synchronised to."
  type        = string
}

variable "distribution_arn" {
  description = "Distribution that is invalidated."
  type        = string
}

variable "image_parameter_arn" {
  description = "Parameter in which the pipeline notes the image that serves, for the next apply; null where nothing reads it."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  default     = null
}
