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
}

variable "instance_class" {
  description = "Class of the primary and of its standby."
  type        = string

  validation {
    condition     = can(regex("^db[.][a-z0-9-]+[.][a-z0-9]+$", var.instance_class))
    error_message = "instance_class must be a class such as db.t4g.large."
  }
}

variable "replica_instance_class" {
  description = "Class of the replica."
  type        = string

  validation {
    condition     = can(regex("^db[.][a-z0-9-]+[.][a-z0-9]+$", var.replica_instance_class))
    error_message = "replica_instance_class must be a class such as db.t4g.large."
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
    condition     = var.backup_retention_days >= 1 && var.backup_retention_days <= 35
    error_message = "backup_retention_days must lie within 1, which a replica needs, and 35, the limit."
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
  description = "Logs of the engine that go to CloudWatch: error, slowquery, general and audit of MySQL (with log_output = FILE), postgresql and upgrade of PostgreSQL."
  type        = list(string)

  validation {
    condition     = length(setsubtract(var.log_exports, { mysql = ["audit", "error", "general", "slowquery"], postgres = ["postgresql", "upgrade"] }[var.engine])) == 0
    error_message = "log_exports must be logs that the engine has: audit, error, general, slowquery of mysql; postgresql, upgrade of postgres."
  }
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

variable "multi_az" {
  description = "Whether a standby waits in another zone."
  type        = bool
  default     = true
}

variable "performance_insights" {
  description = "Whether Performance Insights records what the engine waits for; the smallest classes of MySQL lack it."
  type        = bool
  default     = true
}

variable "allow_major_version_upgrade" {
  description = "Whether a change of engine_version to the next major version is carried out; set it for that apply only."
  type        = bool
  default     = null
}

variable "replica" {
  description = "The first replica: its zone, storage at most (that of the primary is right), logs that go to CloudWatch, and a maintenance window apart from the primary's. What is left out is as AWS chooses, and the window the primary's."
  type = object({
    zone               = optional(string)
    max_gb             = optional(number)
    log_exports        = optional(list(string))
    maintenance_window = optional(string)
  })
  default = {}
}

variable "further_replicas" {
  description = "More replicas by the last part of their identifiers: class, zone and a maintenance window of their own."
  type = map(object({
    instance_class     = string
    zone               = optional(string)
    maintenance_window = string
  }))
  default = {}

  validation {
    condition     = length(var.further_replicas) <= 14 && alltrue([for name, replica in var.further_replicas : can(regex("^[a-z0-9]([a-z0-9-]{0,15}[a-z0-9])?$", name)) && !strcontains(name, "--") && name != "replica"])
    error_message = "further_replicas may hold 14 (RDS allows 15 replicas), named by lower-case letters, digits and single hyphens, none of them \"replica\"."
  }
}

variable "key_arn" {
  description = "KMS key of storage and secret; without one AWS's own keys for RDS and Secrets Manager. Changing it replaces the database."
  type        = string
  default     = null
}

variable "rotation" {
  description = "Function that rotates the password, and after how many days it does."
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
  description = "Tags of everything in the module."
  type        = map(string)
  default     = null
}
