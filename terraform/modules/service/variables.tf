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
    condition     = length(var.subnet_ids) >= 1 && length(var.subnet_ids) <= 16
    error_message = "subnet_ids must hold one to sixteen subnets, as ECS requires; two zones or more survive the loss of one."
  }
}

variable "load_balancer_security_group_ids" {
  description = "Security groups of the load balancers, the only ones that may call the tasks; none for a service that nothing calls."
  type        = list(string)
  default     = []
}

variable "target_group_arns" {
  description = "Target groups that the tasks register with; none for a service without a load balancer."
  type        = list(string)
  default     = []

  validation {
    condition     = length(var.target_group_arns) <= 5
    error_message = "target_group_arns may hold five target groups, the most that ECS registers a service with."
  }
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
    condition     = var.container.stop_timeout_s >= 2 && var.container.stop_timeout_s <= 120
    error_message = "container.stop_timeout_s must lie within 2 and 120, the most that Fargate grants."
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
    condition     = contains([256, 512, 1024, 2048, 4096, 8192, 16384], var.task_size.cpu)
    error_message = "task_size.cpu must be 256, 512, 1024, 2048, 4096, 8192 or 16384, the sizes that Fargate has."
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
    condition     = var.desired_count >= 0 && floor(var.desired_count) == var.desired_count
    error_message = "desired_count must be a whole number, 0 or more."
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
    condition     = var.health_check_grace_period_s >= 0 && var.health_check_grace_period_s <= 300
    error_message = "health_check_grace_period_s must lie within 0 and 300, the limit of a container's start period."
  }
}

variable "rollback_alarms" {
  description = "Alarms that roll a deployment back when they ring during it; without one only tasks that fail to start do."
  type        = list(string)
  default     = []
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
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of CloudWatch's retention times, such as 14, 30, 90 or 365."
  }
}

variable "metric_namespace" {
  description = "CloudWatch namespace of the service's own metrics."
  type        = string
}

variable "sidecars" {
  description = "Containers beside the first one, such as a collector of traces: image by digest, CPU units and memory that they reserve, ports and environment."
  type = list(object({
    name        = string
    image       = string
    essential   = optional(bool, false)
    cpu         = number
    memory_mib  = number
    ports       = optional(list(object({ number = number, protocol = optional(string, "tcp") })), [])
    environment = optional(map(string), {})
    command     = optional(list(string), [])
  }))
  default = []

  validation {
    condition     = alltrue([for sidecar in var.sidecars : can(regex("@sha256:[0-9a-f]{64}$", sidecar.image))])
    error_message = "Each sidecar's image must end in a digest (@sha256: and 64 hexadecimal digits)."
  }

  validation {
    condition     = length(var.sidecars) <= 9 && length(distinct(concat([var.container.name], var.sidecars[*].name))) == length(var.sidecars) + 1
    error_message = "A task holds ten containers at most, each with a name of its own."
  }

  validation {
    condition     = alltrue(flatten([for sidecar in var.sidecars : [for port in sidecar.ports : contains(["tcp", "udp"], port.protocol)]]))
    error_message = "A port's protocol must be tcp or udp."
  }
}

variable "jobs" {
  description = "Task definitions for what runs once with the service's image and settings, by name: the command."
  type        = map(object({ command = list(string) }))
  default     = {}
}

variable "task_statements" {
  description = "What the running container may do in AWS: one policy statement each."
  type = list(object({
    sid       = string
    actions   = list(string)
    resources = list(string)
  }))
  default = []
}

variable "deployment" {
  description = "Percent of the wanted tasks that a rolling deployment keeps healthy at least, and runs at most."
  type = object({
    minimum_healthy_percent = optional(number, 100)
    maximum_percent         = optional(number, 200)
  })
  default = {}

  validation {
    condition     = var.deployment.minimum_healthy_percent >= 0 && var.deployment.maximum_percent >= 100 && var.deployment.maximum_percent <= 200 && var.deployment.minimum_healthy_percent < var.deployment.maximum_percent
    error_message = "minimum_healthy_percent must be less than maximum_percent, which lies within 100 and 200; else ECS can neither start nor stop a task."
  }
}

variable "log_metrics" {
  description = "Metrics out of the service's JSON log lines by name of the filter: the field that holds the number, the metric's name and unit."
  type = map(object({
    field = string
    name  = string
    unit  = optional(string, "Count")
  }))
  default = {}
}

variable "log_key_arn" {
  description = "KMS key of the log group; without one CloudWatch uses a key of its own."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything in the module."
  type        = map(string)
  default     = null
}

variable "released_by_pipeline" {
  description = "Whether a pipeline registers revisions beside Terraform; its image is then to be handed in as `container.image`, from where it notes it."
  type        = bool
  default     = null
}

variable "further_repository_arns" {
  description = "Repositories of the sidecars' images."
  type        = list(string)
  default     = []
}

variable "parameter_arns" {
  description = "Parameters of Parameter Store that `secrets` reads."
  type        = list(string)
  default     = []
}

variable "secret_key_arns" {
  description = "KMS keys of the secrets, where they are not AWS's own."
  type        = list(string)
  default     = []
}
