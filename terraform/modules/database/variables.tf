variable "name" {
  description = "Identifier of the primary and prefix of everything around it; changing it replaces the database."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,40}$", var.name))
    error_message = "name must begin with a letter and have up to 41 lower-case letters, digits and hyphens."
  }
}

variable "description" {
  description = "Description of the security group; changing it replaces the group."
  type        = string
}

variable "vpc_id" {
  description = "Network of the database."
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
  description = "Who may query, by name: security groups only, never addresses."
  type        = map(string)
}

variable "engine" {
  description = "Database engine; changing it replaces the database."
  type        = string

  validation {
    condition     = contains(["mysql", "postgres"], var.engine)
    error_message = "engine must be mysql or postgres."
  }
}

variable "engine_version" {
  description = "Version of the engine; a minor version is chosen by AWS where it is left out."
  type        = string
}

variable "parameter_group_family" {
  description = "Family of the parameter group, such as mysql8.0; it follows the major version."
  type        = string
}

variable "parameters" {
  description = "Parameters by name; apply_method is immediate for dynamic and pending-reboot for static ones."
  type = map(object({
    value        = string
    apply_method = optional(string, "immediate")
  }))

  validation {
    condition     = alltrue([for parameter in var.parameters : contains(["immediate", "pending-reboot"], parameter.apply_method)])
    error_message = "Each apply_method must be immediate or pending-reboot."
  }

  validation {
    condition     = contains(keys(var.parameters), "max_connections")
    error_message = "parameters must state max_connections: the default follows the class, and a budget needs a number."
  }
}

variable "instance_class" {
  description = "Class of the primary and of its standby."
  type        = string

  validation {
    condition     = startswith(var.instance_class, "db.") && !can(regex("[.](micro|small)$", var.instance_class))
    error_message = "instance_class must be db.<family>.medium or larger: smaller ones lack connections, memory and Performance Insights."
  }
}

variable "replica_instance_class" {
  description = "Class of the replica."
  type        = string

  validation {
    condition     = startswith(var.replica_instance_class, "db.") && !can(regex("[.](micro|small)$", var.replica_instance_class))
    error_message = "replica_instance_class must be db.<family>.medium or larger."
  }
}

variable "storage" {
  description = "Storage in GB at creation and at most; it can grow but never shrink."
  type = object({
    allocated_gb = number
    max_gb       = number
  })

  # gp3 holds 3,000 operations per second at any size, gp2 three per GB:
  # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html
  validation {
    condition     = var.storage.allocated_gb >= 20 && var.storage.max_gb >= 1.26 * var.storage.allocated_gb
    error_message = "storage.allocated_gb must be at least 20 and max_gb at least 26 % more, the smallest room in which RDS scales."
  }
}

variable "database_name" {
  description = "Name of the database; changing it replaces the instance."
  type        = string
}

variable "username" {
  description = "Master user; changing it replaces the instance."
  type        = string
}

variable "port" {
  description = "Port of the database."
  type        = number
}

variable "secret_name" {
  description = "Name of the secret that holds user and password; changing it replaces the secret."
  type        = string
}

variable "backup_retention_days" {
  description = "Days to which the database can be restored, to the second."
  type        = number
  default     = 14

  validation {
    condition     = var.backup_retention_days >= 7 && var.backup_retention_days <= 35
    error_message = "backup_retention_days must lie within 7 (a mistake is often found after the weekend) and 35, the limit."
  }
}

variable "backup_window" {
  description = "Daily half hour of the snapshot, UTC, outside the games."
  type        = string
}

variable "maintenance_window" {
  description = "Weekly window for changes by AWS, UTC, outside the games and apart from the backup window."
  type        = string
}

variable "log_exports" {
  description = "Logs of the engine that go to CloudWatch."
  type        = list(string)
}

variable "log_retention_days" {
  description = "Days for which these logs are kept."
  type        = number
  default     = 30
}

variable "deletion_protection" {
  description = "Whether the instances refuse to be deleted."
  type        = bool
  default     = true
}
