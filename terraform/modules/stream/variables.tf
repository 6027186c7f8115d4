variable "name" {
  description = "Name of the stream; changing it replaces the stream."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9_.-]{1,128}$", var.name))
    error_message = "name must have 1 to 128 letters, digits, dots, hyphens and underscores."
  }
}

variable "shards" {
  description = "Shards, each for 1 MB and 1,000 records a second; null lets Kinesis choose and bills by the volume."
  type        = number

  validation {
    condition     = var.shards == null || coalesce(var.shards, 1) >= 1
    error_message = "shards must be at least 1, or null for on-demand mode."
  }
}

variable "retention_h" {
  description = "Hours for which records can be read again."
  type        = number
  default     = 24

  validation {
    condition     = var.retention_h >= 24 && var.retention_h <= 8760
    error_message = "retention_h must lie within 24 and 8760, a year."
  }
}

variable "encrypted" {
  description = "Whether records are encrypted where they lie."
  type        = bool
  default     = true
}

variable "key_arn" {
  description = "Key that encrypts the records: writers need kms:GenerateDataKey and readers kms:Decrypt. By default AWS's own for Kinesis."
  type        = string
  default     = "alias/aws/kinesis"
  nullable    = false
}

variable "shard_metrics" {
  description = "Metrics that are published for each shard, at a price for each."
  type        = list(string)
  default     = []

  validation {
    condition     = length(setsubtract(var.shard_metrics, ["IncomingBytes", "IncomingRecords", "OutgoingBytes", "OutgoingRecords", "WriteProvisionedThroughputExceeded", "ReadProvisionedThroughputExceeded", "IteratorAgeMilliseconds"])) == 0
    error_message = "shard_metrics must name shard-level metrics of Kinesis, such as IncomingBytes."
  }
}

variable "consumers" {
  description = "Names of readers with a throughput of their own."
  type        = list(string)
  default     = []

  validation {
    condition     = length(var.consumers) <= 20
    error_message = "consumers must name at most 20 readers."
  }
}

variable "tags" {
  description = "Tags of everything in the module."
  type        = map(string)
  default     = {}
}
