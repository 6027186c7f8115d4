variable "name" {
  description = "Name of the cluster and prefix of roles and security group; changing it replaces them."
  type        = string
}

variable "service_name" {
  description = "Name of the service and of the task definitions' family; changing it replaces the service."
  type        = string
}

variable "description" {
  description = "Description of the security group; changing it replaces the group."
  type        = string
}

variable "region" {
  description = "AWS region, for the log driver."
  type        = string
}

variable "account_id" {
  description = "AWS account, for the ARNs in policies."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must have twelve digits."
  }
}

variable "vpc_id" {
  description = "Network of the tasks."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets, one per zone."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids must hold subnets of at least two zones, or the loss of one zone is the loss of the service."
  }
}

variable "load_balancer_security_group_id" {
  description = "Security group of the load balancer, the only one that may call the tasks."
  type        = string
}

variable "target_group_arn" {
  description = "Target group that the tasks register with."
  type        = string
}

variable "reaches" {
  description = "What the tasks may open connections to: a security group or a prefix list, and a port."
  type = map(object({
    port              = number
    security_group_id = optional(string)
    prefix_list_id    = optional(string)
  }))
}

variable "repository_arn" {
  description = "Repository of the image."
  type        = string
}

variable "container" {
  description = "The container: image by digest, port, liveness command and the time it gets to finish its requests."
  type = object({
    name           = string
    image          = string
    port           = number
    health_command = list(string)
    stop_timeout_s = optional(number, 60)
  })

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.container.image))
    error_message = "container.image must end in a digest (@sha256: and 64 hexadecimal digits); a tag may name another image tomorrow."
  }

  validation {
    condition     = var.container.port >= 1 && var.container.port <= 65535
    error_message = "container.port must lie within 1 and 65535."
  }

  validation {
    condition     = contains(["CMD", "CMD-SHELL"], try(var.container.health_command[0], ""))
    error_message = "container.health_command must begin with CMD or CMD-SHELL."
  }

  validation {
    condition     = var.container.stop_timeout_s >= 30 && var.container.stop_timeout_s <= 120
    error_message = "container.stop_timeout_s must lie within 30 and 120, the most that Fargate grants."
  }
}

variable "task_size" {
  description = "CPU units (1024 are one virtual CPU), memory in MiB and processor of a task."
  type = object({
    cpu          = number
    memory       = number
    architecture = optional(string, "X86_64")
  })

  validation {
    condition     = var.task_size.cpu >= 512
    error_message = "task_size.cpu must be at least 512: at 256 one slow request fills the task."
  }

  validation {
    condition     = contains(["X86_64", "ARM64"], var.task_size.architecture)
    error_message = "task_size.architecture must be X86_64 or ARM64."
  }
}

variable "desired_count" {
  description = "Tasks at creation; the scaling policies own the number afterwards."
  type        = number

  validation {
    condition     = var.desired_count >= 2
    error_message = "desired_count must be at least 2: one task is a single point of failure."
  }
}

variable "environment" {
  description = "Plain environment variables of the container; nothing secret."
  type        = map(string)
}

variable "secrets" {
  description = "Secret environment variables of the container: name, and where ECS reads the value."
  type        = map(string)
}

variable "secret_arns" {
  description = "Secrets that the execution role may read."
  type        = list(string)
}

variable "health_check_grace_period_s" {
  description = "Seconds after its start in which a task's failed checks are forgiven."
  type        = number
  default     = 60

  validation {
    condition     = var.health_check_grace_period_s >= 30 && var.health_check_grace_period_s <= 300
    error_message = "health_check_grace_period_s must lie within 30 and 300, the limit of a container's start period."
  }
}

variable "rollback_alarms" {
  description = "Alarms that roll a deployment back when they ring during it."
  type        = list(string)

  validation {
    condition     = length(var.rollback_alarms) > 0
    error_message = "rollback_alarms must name at least one alarm, or a bad release that stays up is never rolled back."
  }
}

variable "log_group_name" {
  description = "Name of the log group; changing it replaces the group."
  type        = string
}

variable "log_retention_days" {
  description = "Days for which logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([14, 30, 60, 90, 120, 150, 180, 365], var.log_retention_days)
    error_message = "log_retention_days must be one of CloudWatch's retention times from 14 to 365 days; a week is gone before a review meets."
  }
}

variable "metric_namespace" {
  description = "CloudWatch namespace of the service's own metrics."
  type        = string
}
