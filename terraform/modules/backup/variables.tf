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
    condition     = var.retention_days >= 30
    error_message = "retention_days must be at least 30: the database itself keeps two weeks, the vault is for what is noticed later."
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
