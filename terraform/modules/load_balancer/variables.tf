variable "name" {
  description = "Name of the load balancer; changing it replaces the load balancer."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9]([a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?$", var.name)) && !startswith(var.name, "internal-")
    error_message = "name may have up to 32 letters, digits and inner hyphens, and may not begin with internal-."
  }
}

variable "description" {
  description = "Description of the security group; changing it replaces the group."
  type        = string
}

variable "target_group_name" {
  description = "Name of the target group; changing it replaces the group."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9]([a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?$", var.target_group_name))
    error_message = "target_group_name may have up to 32 letters, digits and inner hyphens."
  }
}

variable "vpc_id" {
  description = "Network of the load balancer and its targets."
  type        = string
}

variable "subnet_ids" {
  description = "Public subnets, one per zone."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids must hold subnets of at least two zones, as an Application Load Balancer requires."
  }
}

variable "edge_prefix_list_id" {
  description = "Managed prefix list of CloudFront's addresses that face origins."
  type        = string

  validation {
    condition     = startswith(var.edge_prefix_list_id, "pl-")
    error_message = "edge_prefix_list_id must be the id of a prefix list, such as pl-3b927c52."
  }
}

variable "certificate_arn" {
  description = "Validated certificate of the origin's name."
  type        = string
}

variable "target_security_group_id" {
  description = "Security group of the targets."
  type        = string
}

variable "target_port" {
  description = "Port on which the targets listen; changing it replaces the target group."
  type        = number

  validation {
    condition     = var.target_port >= 1 && var.target_port <= 65535
    error_message = "target_port must lie within 1 and 65535."
  }
}

variable "log_bucket" {
  description = "Bucket of the access logs."
  type        = string
}

variable "idle_timeout_s" {
  description = "Seconds after which an idle connection is closed."
  type        = number
  default     = 120

  validation {
    condition     = var.idle_timeout_s > 60 && var.idle_timeout_s <= 4000
    error_message = "idle_timeout_s must be longer than the 60 s for which CloudFront keeps a connection, and at most 4000."
  }
}

variable "deregistration_delay_s" {
  description = "Seconds for which a leaving target may finish its requests."
  type        = number
  default     = 30

  validation {
    condition     = var.deregistration_delay_s >= 10 && var.deregistration_delay_s <= 3600
    error_message = "deregistration_delay_s must lie within 10 (a shorter time cuts requests off) and 3600."
  }
}

variable "deletion_protection" {
  description = "Whether the load balancer refuses to be deleted."
  type        = bool
  default     = true
}

# A check that gives up early kills tasks that are only busy, and each kill makes the others busier: four failures 15 s apart leave a
# task a minute to answer.
variable "health_check" {
  description = "Liveness check of a target."
  type = object({
    path                = string
    interval_s          = optional(number, 15)
    timeout_s           = optional(number, 10)
    healthy_threshold   = optional(number, 2)
    unhealthy_threshold = optional(number, 4)
  })

  validation {
    condition     = startswith(var.health_check.path, "/")
    error_message = "health_check.path must begin with a slash."
  }

  validation {
    condition     = var.health_check.timeout_s < var.health_check.interval_s
    error_message = "health_check.timeout_s must be shorter than interval_s, or checks overlap."
  }

  validation {
    condition     = var.health_check.interval_s * var.health_check.unhealthy_threshold >= 60
    error_message = "A target needs at least 60 s (interval_s x unhealthy_threshold) before it is given up: a busy task is not a dead one."
  }
}
