variable "name" {
  description = "Prefix of the policies' and schedules' names."
  type        = string
}

variable "service_namespace" {
  description = "Service of what is scaled, as Application Auto Scaling names it."
  type        = string
  default     = "ecs"

  validation {
    condition     = contains(["ecs", "lambda", "dynamodb", "elasticache", "rds", "ec2", "kafka", "cassandra", "sagemaker", "appstream", "comprehend", "neptune"], var.service_namespace)
    error_message = "service_namespace must be one that Application Auto Scaling knows, such as ecs, lambda or dynamodb."
  }
}

variable "scalable_dimension" {
  description = "What of it is scaled."
  type        = string
  default     = "ecs:service:DesiredCount"

  validation {
    condition     = startswith(var.scalable_dimension, "${var.service_namespace}:")
    error_message = "scalable_dimension must belong to service_namespace, as ecs:service:DesiredCount belongs to ecs."
  }
}

variable "resource_id" {
  description = "Which one is scaled, such as service/CLUSTER/SERVICE."
  type        = string
}

variable "capacity" {
  description = "Least and most of it."
  type        = object({ min = number, max = number })

  validation {
    condition     = var.capacity.min >= 0 && var.capacity.min <= var.capacity.max
    error_message = "capacity.min must lie within 0 and capacity.max."
  }
}

variable "targets" {
  description = "Metrics that are held at a value, by name: either one that AWS defines, or one's own with dimensions."
  type = map(object({
    value                = number
    scale_out_cooldown_s = optional(number, 60)
    scale_in_cooldown_s  = optional(number, 300)
    only_out             = optional(bool, false)
    predefined = optional(object({
      type           = string
      resource_label = optional(string)
    }))
    metric = optional(object({
      namespace  = string
      name       = string
      statistic  = string
      unit       = optional(string)
      dimensions = map(string)
    }))
  }))
  default = {}

  validation {
    condition     = alltrue([for target in var.targets : (target.predefined != null) != (target.metric != null)])
    error_message = "Each target needs either predefined or metric."
  }

  validation {
    condition     = alltrue([for target in var.targets : target.value > 0 && target.scale_out_cooldown_s >= 0 && target.scale_in_cooldown_s >= 0])
    error_message = "Each target's value must be more than 0, and its cooldowns 0 or more."
  }

  validation {
    condition     = alltrue([for target in var.targets : target.predefined == null || (try(target.predefined.type, "") == "ALBRequestCountPerTarget") == (try(target.predefined.resource_label, null) != null)])
    error_message = "ALBRequestCountPerTarget needs a resource_label, LOAD_BALANCER_SUFFIX/TARGET_GROUP_SUFFIX; the other predefined metrics take none."
  }

  validation {
    condition     = alltrue([for target in var.targets : target.metric == null || try(length(target.metric.dimensions), 0) > 0])
    error_message = "Each metric needs dimensions, or AWS finds no value under its name and the policy never acts."
  }
}

variable "steps" {
  description = "Step policies by name: for each range above an alarm's threshold the change of capacity."
  type = map(object({
    adjustment_type = optional(string, "PercentChangeInCapacity")
    cooldown_s      = optional(number, 60)
    aggregation     = optional(string, "Average")
    least           = optional(number)
    adjustments     = list(object({ from = optional(number), to = optional(number), change = number }))
  }))
  default = {}

  validation {
    condition     = alltrue([for step in var.steps : contains(["ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"], step.adjustment_type) && length(step.adjustments) >= 1 && length(step.adjustments) <= 20])
    error_message = "adjustment_type must be ChangeInCapacity, ExactCapacity or PercentChangeInCapacity, with one to twenty adjustments."
  }

  validation {
    condition     = alltrue([for step in var.steps : step.least == null || step.adjustment_type == "PercentChangeInCapacity"])
    error_message = "least goes with PercentChangeInCapacity only."
  }
}

variable "schedules" {
  description = "Scheduled changes by name: when (at, cron or rate), in which time zone, and the least and most from then on."
  type = map(object({
    schedule = string
    timezone = optional(string, "UTC")
    min      = number
    max      = number
  }))
  default = {}

  validation {
    condition     = alltrue([for action in var.schedules : can(regex("^(at|cron|rate)[(].+[)]$", action.schedule))])
    error_message = "Each schedule must be at(...), cron(...) or rate(...)."
  }

  validation {
    condition     = alltrue([for action in var.schedules : action.min <= action.max])
    error_message = "Each schedule's min must be at most its max."
  }
}

variable "tags" {
  description = "Tags of the scalable target."
  type        = map(string)
  default     = null
}
