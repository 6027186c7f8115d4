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

variable "client" {
  description = "Who may call the load balancer over HTTPS: exactly one of a prefix list (such as that of CloudFront's addresses), an IPv4 range or a security group."
  type = object({
    description       = optional(string, "HTTPS from CloudFront")
    prefix_list_id    = optional(string)
    cidr_ipv4         = optional(string)
    security_group_id = optional(string)
  })

  validation {
    condition     = var.client.prefix_list_id == null || can(regex("^pl-[0-9a-f]+$", var.client.prefix_list_id))
    error_message = "client.prefix_list_id must be the id of a prefix list, such as pl-3b927c52."
  }

  validation {
    condition     = length([for source in [var.client.prefix_list_id, var.client.cidr_ipv4, var.client.security_group_id] : source if source != null]) == 1
    error_message = "client must have exactly one of prefix_list_id, cidr_ipv4 and security_group_id."
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
    condition     = var.idle_timeout_s >= 1 && var.idle_timeout_s <= 4000
    error_message = "idle_timeout_s must lie within 1 and 4000."
  }
}

variable "deregistration_delay_s" {
  description = "Seconds for which a leaving target may finish its requests."
  type        = number
  default     = 30

  validation {
    condition     = var.deregistration_delay_s >= 0 && var.deregistration_delay_s <= 3600
    error_message = "deregistration_delay_s must lie within 0 and 3600."
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
    condition     = var.health_check.interval_s >= 5 && var.health_check.interval_s <= 300 && var.health_check.timeout_s >= 2
    error_message = "health_check.interval_s must lie within 5 and 300, and timeout_s be at least 2."
  }

  validation {
    condition     = alltrue([for threshold in [var.health_check.healthy_threshold, var.health_check.unhealthy_threshold] : threshold >= 2 && threshold <= 10])
    error_message = "health_check's thresholds must lie within 2 and 10."
  }
}

variable "internal" {
  description = "Whether the load balancer has private addresses only; changing it replaces the load balancer."
  type        = bool
  default     = false
}

variable "target_type" {
  description = "What registers with the target group: ip (tasks of Fargate) or instance (a group of instances). Changing it replaces the group."
  type        = string
  default     = "ip"

  validation {
    condition     = contains(["ip", "instance"], var.target_type)
    error_message = "target_type must be ip or instance."
  }
}

variable "algorithm" {
  description = "How a target is chosen: least_outstanding_requests, round_robin or weighted_random."
  type        = string
  default     = "least_outstanding_requests"

  validation {
    condition     = contains(["least_outstanding_requests", "round_robin", "weighted_random"], var.algorithm)
    error_message = "algorithm must be least_outstanding_requests, round_robin or weighted_random."
  }
}

variable "plain_http_from" {
  description = "Who may knock at port 80, where a redirect to HTTPS answers: by name an IPv4 range, an IPv6 range or a prefix list. Nobody by default, as CloudFront redirects by itself."
  type = map(object({
    cidr_ipv4      = optional(string)
    cidr_ipv6      = optional(string)
    prefix_list_id = optional(string)
  }))
  default = {}
}

variable "origin_header" {
  description = "Header that one's own distribution adds to each request, and its secret value; everything without it is answered with 403. A prefix list alone admits every customer's distribution."
  type = object({
    name  = string
    value = string
  })
  default = null

  validation {
    condition     = var.origin_header == null || can(regex("^[A-Za-z0-9_-]{1,40}$", var.origin_header.name))
    error_message = "origin_header.name must be of up to 40 letters, digits, hyphens and underscores."
  }
}

variable "closed_paths" {
  description = "Paths that are answered with 404 whatever the targets say, such as /metrics."
  type        = list(string)
  default     = []

  validation {
    condition     = length(var.closed_paths) <= 5
    error_message = "closed_paths may hold five values, the most that a rule compares."
  }
}

variable "further_groups" {
  description = "More target groups by name: port, type of target, security group of the targets, health path, and the paths and priority of the rule that leads there."
  type = map(object({
    port              = number
    target_type       = optional(string, "ip")
    security_group_id = string
    health_path       = string
    paths             = list(string)
    priority          = number
  }))
  default = {}

  validation {
    condition     = alltrue([for name, group in var.further_groups : can(regex("^[a-zA-Z0-9]([a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?$", name)) && contains(["ip", "instance"], group.target_type)])
    error_message = "further_groups are named by up to 32 letters, digits and inner hyphens, and have target_type ip or instance."
  }

  validation {
    condition     = alltrue([for group in var.further_groups : group.priority >= 2 && group.priority < 49999]) && length(distinct([for group in var.further_groups : group.priority])) == length(var.further_groups)
    error_message = "Each priority must be another one, within 2 and 49998."
  }
}

variable "tags" {
  description = "Tags of everything in the module."
  type        = map(string)
  default     = null
}
