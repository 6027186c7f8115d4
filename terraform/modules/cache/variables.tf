variable "name" {
  description = "Prefix of the replication group's id; changing it replaces the cache."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,33}$", var.name))
    error_message = "name must begin with a letter and have up to 34 lower-case letters, digits and hyphens."
  }
}

variable "vpc_id" {
  description = "Network of the cache."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets of at least two zones."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids must hold subnets of at least two zones, or there is nowhere to fail over to."
  }
}

variable "client_security_group_ids" {
  description = "Who may use the cache, by name."
  type        = map(string)
}

variable "node_type" {
  description = "Type of each node."
  type        = string

  validation {
    condition     = startswith(var.node_type, "cache.")
    error_message = "node_type must be a type such as cache.t4g.small."
  }
}

variable "nodes" {
  description = "Number of nodes, the primary among them; from two on a lost primary is replaced by itself. Unused where `shards` is given."
  type        = number
  default     = 2

  validation {
    condition     = var.nodes >= 1 && var.nodes <= 6
    error_message = "nodes must lie within 1 and 6, a primary and five replicas."
  }
}

variable "port" {
  description = "Port of the cache; changing it replaces the cache."
  type        = number
  default     = 6379
}

variable "maintenance_window" {
  description = "Weekly window for changes by AWS, UTC, outside the games."
  type        = string
}

variable "secret_name" {
  description = "Name of the secret that holds the password."
  type        = string
}

variable "shards" {
  description = "Shards over which keys are spread, and replicas of each, for cluster mode; one primary with replicas where it is left out. Changing between the two replaces the cache."
  type = object({
    number   = number
    replicas = number
  })
  default = null

  validation {
    condition     = var.shards == null || try(var.shards.number >= 1 && var.shards.replicas >= 0 && var.shards.replicas <= 5 && var.shards.number * (1 + var.shards.replicas) <= 500, false)
    error_message = "shards must have a number of at least 1, replicas within 0 and 5, and 500 nodes in all at most."
  }
}

variable "engine" {
  description = "Engine, its version and the family of its parameter group."
  type = object({
    name    = string
    version = string
    family  = string
  })
  default = { name = "redis", version = "7.1", family = "redis7" }

  validation {
    condition     = contains(["redis", "valkey"], var.engine.name) && startswith(var.engine.family, var.engine.name)
    error_message = "engine.name must be redis or valkey, and engine.family a family of it, such as redis7 or valkey8."
  }
}

variable "parameters" {
  description = "Parameters by name. By default everything in the cache may go, the least recently used key first."
  type        = map(string)
  default     = { maxmemory-policy = "allkeys-lru" }
}

variable "snapshots" {
  description = "Days for which daily snapshots are kept, and the daily window, UTC. None by default: what is a copy is filled again."
  type = object({
    days   = number
    window = optional(string)
  })
  default = { days = 0 }

  validation {
    condition     = var.snapshots.days >= 0 && var.snapshots.days <= 35
    error_message = "snapshots.days must lie within 0 and 35, the limit."
  }
}

variable "key_arn" {
  description = "KMS key of what the nodes store and of the secret; without one AWS's own keys. Changing it replaces the cache."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything in the module."
  type        = map(string)
  default     = null
}
