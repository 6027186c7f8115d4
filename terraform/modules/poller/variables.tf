variable "name" {
  description = "Prefix of cluster, roles, log group and task families; changing it replaces them."
  type        = string
}

variable "region" {
  description = "AWS region, for the log driver."
  type        = string
}

variable "vpc_id" {
  description = "Network of the tasks."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets of the tasks, one per zone."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 1 && length(var.subnet_ids) <= 16
    error_message = "subnet_ids must hold 1 to 16 subnets, as ECS allows."
  }
}

variable "reaches" {
  description = "What the tasks may open connections to: a port, and a security group, a prefix list or an address range."
  type = map(object({
    port              = number
    security_group_id = optional(string)
    prefix_list_id    = optional(string)
    cidr_ipv4         = optional(string)
  }))
}

variable "image" {
  description = "Image of all pollers, by digest; as first deployed, later ones are the pipeline's."
  type        = string

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image must end in a digest (@sha256: and 64 hexadecimal digits); a tag may name another image tomorrow."
  }
}

variable "repository_arn" {
  description = "Repository of the image."
  type        = string
}

variable "architecture" {
  description = "Processor: X86_64 or ARM64."
  type        = string
  default     = "ARM64"

  validation {
    condition     = contains(["X86_64", "ARM64"], var.architecture)
    error_message = "architecture must be X86_64 or ARM64."
  }
}

variable "pollers" {
  description = "Pollers by name: size, environment, secrets (name and where ECS reads the value), tasks (scaled on their processors where max is above min), and a schedule for those that do not run all the time, and the alarms that roll a deployment back."
  type = map(object({
    cpu         = optional(number, 256)
    memory_mib  = optional(number, 512)
    environment = optional(map(string), {})
    secrets     = optional(map(string), {})
    schedule    = optional(string)
    alarms      = optional(list(string), [])
    tasks = optional(object({
      min         = optional(number, 1)
      max         = optional(number, 1)
      cpu_percent = optional(number, 60)
    }), {})
  }))

  validation {
    condition     = alltrue([for name in keys(var.pollers) : can(regex("^[a-zA-Z0-9_-]{1,48}$", name))])
    error_message = "Each poller's name must have 1 to 48 letters, digits, hyphens and underscores."
  }

  validation {
    condition     = alltrue([for poller in var.pollers : poller.schedule == null || can(regex("^(cron|rate|at)\\(.+\\)$", coalesce(poller.schedule, "-")))])
    error_message = "Each schedule must be an expression of EventBridge Scheduler: cron(...), rate(...) or at(...)."
  }

  validation {
    condition     = alltrue([for poller in var.pollers : poller.tasks.min >= 0 && poller.tasks.max >= poller.tasks.min && (poller.schedule == null || poller.tasks.min >= 1 && poller.tasks.min <= 10)])
    error_message = "Each poller needs 0 <= tasks.min <= tasks.max; a scheduled one starts 1 to 10 tasks."
  }
}

variable "environment" {
  description = "Plain environment variables of every poller; nothing secret."
  type        = map(string)
  default     = {}
}

variable "secret_arns" {
  description = "Secrets that the tasks are started with."
  type        = list(string)
  default     = []
}

variable "key_arns" {
  description = "Keys that encrypt those secrets."
  type        = list(string)
  default     = []
}

variable "statements" {
  description = "What the running pollers may do, by statement id: actions and resources."
  type = map(object({
    actions   = list(string)
    resources = list(string)
  }))

  validation {
    condition     = length(var.statements) > 0 && alltrue([for sid in keys(var.statements) : can(regex("^[A-Za-z0-9]+$", sid))])
    error_message = "statements must hold at least one, and ids have letters and digits only."
  }
}

variable "stop_timeout_s" {
  description = "Seconds that a task gets to hand on what it holds before it is ended."
  type        = number
  default     = 30

  validation {
    condition     = var.stop_timeout_s >= 2 && var.stop_timeout_s <= 120
    error_message = "stop_timeout_s must lie within 2 and 120, the most that Fargate grants."
  }
}

variable "log_retention_days" {
  description = "Days for which logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of CloudWatch's retention times, such as 30."
  }
}

variable "tags" {
  description = "Tags of everything in the module."
  type        = map(string)
  default     = {}
}
