variable "name" {
  description = "Name of vault and plan; changing it replaces the vault."
  type        = string
}

variable "region" {
  description = "AWS region of the databases."
  type        = string
}

variable "account_id" {
  description = "AWS account of the databases."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must have twelve digits."
  }
}

variable "key_arn" {
  description = "Key of the vault."
  type        = string
}

variable "schedule" {
  description = "When backups start, as a cron expression of AWS in UTC."
  type        = string

  validation {
    condition     = startswith(var.schedule, "cron(") && length(split(" ", var.schedule)) == 6
    error_message = "schedule must be a cron expression of six fields, such as cron(0 5 * * ? *)."
  }
}

variable "retention_days" {
  description = "Days for which a backup is kept."
  type        = number

  validation {
    condition     = var.retention_days >= 1 && floor(var.retention_days) == var.retention_days
    error_message = "retention_days must be a whole number of days, at least 1."
  }
}

variable "database_arns" {
  description = "Databases that are backed up."
  type        = list(string)
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  default     = null
}
