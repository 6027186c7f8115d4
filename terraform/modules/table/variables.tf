variable "name" {
  description = "Name of the table; changing it replaces the table."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9_.-]{3,255}$", var.name))
    error_message = "name must have 3 to 255 letters, digits, dots, hyphens and underscores."
  }
}

variable "hash_key" {
  description = "Attribute that says in which partition an item lies; changing it replaces the table."
  type        = string
}

variable "range_key" {
  description = "Attribute that orders the items of a partition; null for none; changing it replaces the table."
  type        = string
  default     = null
}

variable "attributes" {
  description = "Type of each key attribute of the table and its indexes: S (text), N (number) or B (bytes)."
  type        = map(string)

  validation {
    condition     = alltrue([for type in values(var.attributes) : contains(["S", "N", "B"], type)])
    error_message = "Each attribute's type must be S, N or B."
  }
}

variable "indexes" {
  description = "Global secondary indexes by name: keys, projection (ALL, KEYS_ONLY or INCLUDE) and, for INCLUDE, attributes."
  type = map(object({
    hash_key   = string
    range_key  = optional(string)
    projection = optional(string, "ALL")
    attributes = optional(list(string))
  }))
  default = {}

  validation {
    condition     = length(var.indexes) <= 20 && alltrue([for index in var.indexes : contains(["ALL", "KEYS_ONLY", "INCLUDE"], index.projection) && (index.projection == "INCLUDE") == (index.attributes != null)])
    error_message = "There may be at most 20 indexes; projection must be ALL, KEYS_ONLY or INCLUDE, and attributes go with INCLUDE only."
  }
}

variable "ttl_attribute" {
  description = "Attribute with the second (Unix time) after which an item may be deleted; null keeps items for ever."
  type        = string
  default     = null
}

variable "stream_view" {
  description = "What the stream of changes shows; null for no stream."
  type        = string
  default     = null

  validation {
    condition     = var.stream_view == null || contains(["NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"], coalesce(var.stream_view, "-"))
    error_message = "stream_view must be NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES, KEYS_ONLY or null."
  }
}

variable "recovery_days" {
  description = "Days back to which any second can be restored; 0 for none."
  type        = number
  default     = 35

  validation {
    condition     = var.recovery_days >= 0 && var.recovery_days <= 35
    error_message = "recovery_days must lie within 0 and 35."
  }
}

variable "key_arn" {
  description = "Key that encrypts the table; null for the key that DynamoDB owns."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Whether the table is protected from deletion."
  type        = bool
  default     = true
}

variable "capacity" {
  description = "Provisioned units of the table and of each index, scaled between min and max to hold target_percent, with other minima from the times in schedules on; null bills each request instead. One table has one or the other."
  type = object({
    read      = object({ min = number, max = number, target_percent = optional(number, 70) })
    write     = object({ min = number, max = number, target_percent = optional(number, 70) })
    schedules = optional(map(object({ schedule = string, timezone = optional(string, "UTC"), read_min = number, write_min = number })), {})
  })
  default = null

  validation {
    condition = var.capacity == null || try(alltrue([
      for unit in [var.capacity.read, var.capacity.write] : unit.min >= 1 && unit.max >= unit.min && unit.target_percent >= 20 && unit.target_percent <= 90
    ]), false)
    error_message = "capacity needs 1 <= min <= max and a target_percent within 20 and 90."
  }
}

variable "on_demand_limits" {
  description = "Most read and write request units a second of a table that is billed by the request, a bound on the bill; null for none."
  type = object({
    reads_per_s  = number
    writes_per_s = number
  })
  default = null
}

variable "replica_regions" {
  description = "Regions with a replica of the table."
  type        = list(string)
  default     = []
}

variable "tags" {
  description = "Tags of everything in the module."
  type        = map(string)
  default     = {}
}
