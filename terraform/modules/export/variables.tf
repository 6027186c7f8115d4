variable "name" {
  description = "Prefix of everything's names; short, because an export's identifier has 60 characters."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,22}$", var.name))
    error_message = "name must begin with a letter and have up to 23 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "AWS region of the database."
  type        = string
}

variable "account_id" {
  description = "AWS account of the database."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must have twelve digits."
  }
}

variable "database_identifier" {
  description = "Database whose nightly snapshots are exported."
  type        = string
}

variable "bucket_name" {
  description = "Bucket of the exports."
  type        = string
}

variable "bucket_arn" {
  description = "The same bucket, for policies."
  type        = string
}

variable "prefix" {
  description = "Prefix of the exports in the bucket, without slashes at its ends."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9/-]*[a-z0-9])?$", var.prefix))
    error_message = "prefix must be of lower-case letters, digits, inner hyphens and inner slashes."
  }
}

variable "key_arn" {
  description = "Customer-managed key that encrypts the exports; RDS accepts no other kind."
  type        = string
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  default     = null
}
