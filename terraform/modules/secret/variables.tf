variable "name" {
  description = "Name of the secret, a path such as SYSTEM/ENVIRONMENT/PURPOSE; changing it replaces the secret."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9/_+=.@-]{1,512}$", var.name)) && !can(regex("-[A-Za-z0-9]{6}$", var.name))
    error_message = "name may have up to 512 letters, digits and /_+=.@-, and may not end in a hyphen and six characters, which AWS appends by itself."
  }
}

variable "description" {
  description = "What it is for, and who reads it."
  type        = string
}

variable "key_arn" {
  description = "KMS key of the secret; without one AWS's own key for Secrets Manager."
  type        = string
  default     = null
}

variable "recovery_days" {
  description = "Days for which a deleted secret can be brought back; 0 deletes at once."
  type        = number
  default     = 30

  validation {
    condition     = var.recovery_days == 0 || (var.recovery_days >= 7 && var.recovery_days <= 30)
    error_message = "recovery_days must be 0 or lie within 7 and 30."
  }
}

variable "generated" {
  description = "Whether a first value is drawn here, as `field` of a JSON object; without it the secret is empty until somebody writes one."
  type        = bool
  default     = true
}

variable "field" {
  description = "Field of the JSON object that holds the value."
  type        = string
  default     = "value"
}

variable "previous_field" {
  description = "Field that holds the value before the last rotation, so that what was signed with it is still accepted; null: there is none."
  type        = string
  default     = null

  validation {
    condition     = var.previous_field == null || var.previous_field != var.field
    error_message = "previous_field must be another field than field, or the first value would be lost."
  }
}

variable "reader_arns" {
  description = "Roles that may read the value, everybody else being denied; a rotation function's role must be among them. None: identity policies decide."
  type        = list(string)
  default     = []
}

variable "rotation" {
  description = "Function that rotates the secret, and after how many days it does."
  type = object({
    function_arn = string
    days         = number
  })
  default = null

  validation {
    condition     = var.rotation == null || try(var.rotation.days >= 1 && var.rotation.days <= 1000, false)
    error_message = "rotation.days must lie within 1 and 1000."
  }
}

variable "tags" {
  description = "Tags of the secret."
  type        = map(string)
  default     = null
}
