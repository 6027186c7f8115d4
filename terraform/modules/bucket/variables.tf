variable "name" {
  description = "Name of the bucket, unique in the world; changing it replaces the bucket."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.name))
    error_message = "name must have 3 to 63 lower-case letters, digits, dots and hyphens, and begin and end with a letter or digit."
  }
}

variable "lifecycle_days" {
  description = "Days after which objects change to a cheaper storage class, expire, and lose their old versions."
  type = object({
    transitions         = optional(map(number), {})
    expire              = optional(number)
    expire_old_versions = number
  })

  validation {
    condition     = alltrue([for class in keys(var.lifecycle_days.transitions) : contains(["STANDARD_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"], class)])
    error_message = "transitions must name STANDARD_IA, GLACIER_IR, GLACIER or DEEP_ARCHIVE."
  }

  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
  validation {
    condition     = lookup(var.lifecycle_days.transitions, "STANDARD_IA", 30) >= 30
    error_message = "transitions.STANDARD_IA must be at least 30 days, as S3 requires."
  }

  validation {
    condition     = var.lifecycle_days.expire == null || alltrue([for days in values(var.lifecycle_days.transitions) : days < coalesce(var.lifecycle_days.expire, 99999)])
    error_message = "expire must come after every transition."
  }
}

variable "grants" {
  description = "What AWS services may do, each only on behalf of one source: a service, an action, a prefix (or the bucket itself, for an action such as s3:GetBucketAcl) and the condition key that holds the source."
  type = list(object({
    sid        = string
    service    = string
    action     = string
    prefix     = optional(string, "")
    on_bucket  = optional(bool, false)
    source_key = string
    source     = string
  }))
  default = []

  validation {
    condition     = alltrue([for grant in var.grants : contains(["aws:SourceArn", "aws:SourceAccount"], grant.source_key)])
    error_message = "Each grant's source_key must be aws:SourceArn or aws:SourceAccount: without it any customer of the service could use the bucket."
  }
}

variable "bucket_grants" {
  description = "What AWS services may ask of the bucket itself, such as CloudTrail for its access list, in the form of grants without a prefix."
  type = list(object({
    sid        = string
    service    = string
    action     = string
    source_key = string
    source     = string
  }))
  default = []

  validation {
    condition     = alltrue([for grant in var.bucket_grants : contains(["aws:SourceArn", "aws:SourceAccount"], grant.source_key)])
    error_message = "Each grant's source_key must be aws:SourceArn or aws:SourceAccount: without it any customer of the service could use the bucket."
  }
}

variable "force_destroy" {
  description = "Whether the bucket may be deleted with everything in it."
  type        = bool
  default     = false
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  default     = null
}
