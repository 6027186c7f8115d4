variable "name" {
  description = "Name of the group and prefix of everything around it; changing it replaces the group."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9][a-zA-Z0-9-]{0,60}$", var.name))
    error_message = "name may have up to 61 letters, digits and hyphens, and must begin with a letter or digit."
  }
}

variable "description" {
  description = "Description of the security group; changing it replaces the group."
  type        = string
}

variable "vpc_id" {
  description = "Network of the instances."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the instances, one per zone."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) > 0
    error_message = "subnet_ids must hold at least one subnet."
  }
}

variable "image_id" {
  description = "Machine image, by id, so that a plan says what runs."
  type        = string

  validation {
    condition     = can(regex("^ami-([0-9a-f]{8}|[0-9a-f]{17})$", var.image_id))
    error_message = "image_id must be the id of an image, such as ami-0123456789abcdef0."
  }
}

variable "instance_type" {
  description = "Type of the instances."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*[.][a-z0-9-]+$", var.instance_type))
    error_message = "instance_type must be a type such as c7g.large."
  }
}

variable "port" {
  description = "Port on which the instances listen."
  type        = number

  validation {
    condition     = var.port >= 1 && var.port <= 65535
    error_message = "port must lie within 1 and 65535."
  }
}

variable "client_security_group_ids" {
  description = "Who may connect to the port, by name: security groups only, never addresses."
  type        = map(string)
}

variable "reaches" {
  description = "What the instances connect to, by name: a port, and either a security group, a prefix list or an IPv4 range."
  type = map(object({
    port              = number
    security_group_id = optional(string)
    prefix_list_id    = optional(string)
    cidr_ipv4         = optional(string)
  }))
}

variable "target_group_arns" {
  description = "Target groups that the instances register with, of target type instance; empty for a group behind no load balancer."
  type        = list(string)
  default     = []
}

variable "user_data" {
  description = "Script that an instance runs at its first start; it must hold no secret, since whoever may describe the instance reads it."
  type        = string
  default     = ""

  # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html
  validation {
    condition     = length(base64encode(var.user_data)) <= 21848
    error_message = "user_data must not be larger than 16 KB, the limit of EC2."
  }
}

variable "policy_statements" {
  description = "Statements of the instances' policy beside that for Session Manager and the CloudWatch agent."
  type = list(object({
    actions   = list(string)
    resources = list(string)
  }))
  default = []
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of the role."
  type        = string
  default     = null
}

variable "root_volume" {
  description = "Root volume: device of the image, size in GB and key (null for the account's default key). It is always encrypted."
  type = object({
    device     = optional(string, "/dev/xvda")
    size_gb    = optional(number, 20)
    kms_key_id = optional(string)
  })
  default = {}

  validation {
    condition     = var.root_volume.size_gb >= 1 && var.root_volume.size_gb <= 16384
    error_message = "root_volume.size_gb must lie within 1 and 16384, the limits of gp3."
  }
}

variable "instances" {
  description = "Fewest and most instances."
  type = object({
    min = number
    max = number
  })

  validation {
    condition     = var.instances.min >= 0 && var.instances.min <= var.instances.max
    error_message = "instances.min must lie within 0 and instances.max."
  }
}

variable "warmup_s" {
  description = "Seconds from the start of an instance until its metrics count: boot, start of the program, first requests."
  type        = number

  validation {
    condition     = var.warmup_s >= 0 && var.warmup_s <= 86400
    error_message = "warmup_s must lie within 0 and 86400."
  }
}

variable "grace_s" {
  description = "Seconds from the start of an instance until a failed health check may end it."
  type        = number
  default     = 300

  validation {
    condition     = var.grace_s >= 0
    error_message = "grace_s must not be negative."
  }
}

variable "cpu_target_percent" {
  description = "Processor use that scaling holds, in percent; null for no such policy."
  type        = number
  default     = null

  validation {
    condition     = var.cpu_target_percent == null || try(var.cpu_target_percent > 0 && var.cpu_target_percent <= 100, false)
    error_message = "cpu_target_percent must lie within 1 and 100."
  }
}

variable "request_target" {
  description = "Requests an instance and minute that scaling holds, and the resource label of the load balancer's metric (BALANCER_ARN_SUFFIX/TARGET_GROUP_ARN_SUFFIX); null for no such policy."
  type = object({
    per_minute     = number
    resource_label = string
  })
  default = null

  validation {
    condition     = var.request_target == null || try(var.request_target.per_minute > 0, false)
    error_message = "request_target.per_minute must be more than 0."
  }
}

variable "schedules" {
  description = "Windows in which the fewest instances are others, by name: start and end in UTC, fewest and, where it changes too, most instances, and the moment until which the window comes back every day."
  type = map(object({
    from = string
    to   = string
    min  = number
    max  = optional(number)
    last = optional(string)
  }))
  default = {}

  validation {
    condition     = alltrue([for window in var.schedules : can(formatdate("YYYY", window.from)) && can(formatdate("YYYY", window.to)) && endswith(window.from, "Z") && endswith(window.to, "Z")])
    error_message = "Each schedule's from and to must be times in UTC, such as 2027-02-06T17:00:00Z."
  }

  validation {
    condition     = alltrue([for window in var.schedules : try(timecmp(window.from, window.to) < 0, true)])
    error_message = "Each schedule must end after it begins."
  }
}

variable "refresh" {
  description = "Replacement of the instances after a change of the template: percentage that stays healthy, and percentage that may run at most meanwhile."
  type = object({
    min_healthy_percent = optional(number, 100)
    max_healthy_percent = optional(number, 120)
  })
  default = {}

  # https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html
  validation {
    condition     = var.refresh.min_healthy_percent <= 100 && var.refresh.max_healthy_percent >= 100 && var.refresh.max_healthy_percent <= 200 && var.refresh.max_healthy_percent - var.refresh.min_healthy_percent <= 100
    error_message = "refresh.min_healthy_percent must not be above 100, max_healthy_percent must lie within 100 and 200, and they may differ by 100 at most."
  }
}

variable "tags" {
  description = "Tags of everything that is made, instances and volumes included."
  type        = map(string)
  default     = {}
}
