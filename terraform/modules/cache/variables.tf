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
  description = "Number of nodes, the primary among them."
  type        = number
  default     = 2

  validation {
    condition     = var.nodes >= 2 && var.nodes <= 6
    error_message = "nodes must lie within 2 (one node cannot fail over) and 6."
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
