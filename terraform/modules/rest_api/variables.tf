variable "name" {
  description = "Name of the API and value of the ApiName dimension in CloudWatch."
  type        = string
}

variable "description" {
  description = "What the API is for."
  type        = string
}

variable "routes" {
  description = "Methods by \"METHOD /path\": address of the function's alias, whether anybody may call, and the milliseconds it may take."
  type = map(object({
    invoke_arn = string
    open       = optional(bool, false)
    timeout_ms = optional(number, 29000)
  }))

  validation {
    condition     = length(var.routes) > 0 && alltrue([for key in keys(var.routes) : can(regex("^(GET|POST|PUT|PATCH|DELETE|OPTIONS|HEAD) /[a-zA-Z0-9._-]+$", key))])
    error_message = "Each route must be a method and a path of one part, such as POST /ingest."
  }

  validation {
    condition     = alltrue([for route in var.routes : route.timeout_ms >= 50 && route.timeout_ms <= 29000])
    error_message = "Each route's timeout_ms must lie within 50 and 29000: more needs a higher quota."
  }
}

variable "authorizer" {
  description = "Function that checks the token: address of its alias, what a token looks like, and how long an answer holds; null where all routes are open."
  type = object({
    invoke_arn    = string
    token_pattern = optional(string, "^Bearer [-0-9a-zA-Z._]+$")
    ttl_s         = optional(number, 300)
  })
  default = null

  validation {
    condition     = var.authorizer == null || try(var.authorizer.ttl_s >= 0 && var.authorizer.ttl_s <= 3600, false)
    error_message = "authorizer.ttl_s must lie within 0 and 3600."
  }
}

variable "stage" {
  description = "Name of the stage and value of the Stage dimension in CloudWatch."
  type        = string
  default     = "live"

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,128}$", var.stage))
    error_message = "stage must have letters, digits, hyphens and underscores."
  }
}

variable "throttle" {
  description = "Requests a second that all methods together may take, and how many may come at once. The account has 10,000 a second and 5,000 at once in a region, shared by all its APIs."
  type = object({
    requests_per_s = number
    burst          = number
  })

  validation {
    condition     = var.throttle.requests_per_s > 0 && var.throttle.burst > 0
    error_message = "throttle needs a rate and a burst above 0: with 0 the stage refuses every request."
  }
}

variable "compress_from_bytes" {
  description = "Size from which answers are compressed; null for never."
  type        = number
  default     = 1024

  validation {
    condition     = var.compress_from_bytes == null || coalesce(var.compress_from_bytes, 0) >= 0 && coalesce(var.compress_from_bytes, 0) <= 10485760
    error_message = "compress_from_bytes must lie within 0 and 10485760, or be null."
  }
}

variable "firewall" {
  description = "Whether web_acl_arn is associated with the stage; a value that is known before the firewall is made."
  type        = bool
  default     = false
}

variable "web_acl_arn" {
  description = "Regional web ACL, where firewall is set."
  type        = string
  default     = null
}

variable "domain" {
  description = "Own name: certificate of the same region and hosted zone. The API's own address is then closed. Null for none."
  type = object({
    name            = string
    certificate_arn = string
    zone_id         = string
  })
  default = null
}

variable "log_retention_days" {
  description = "Days for which access logs are kept."
  type        = number
  default     = 90

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of CloudWatch's retention times, such as 90."
  }
}

variable "tags" {
  description = "Tags of everything in the module."
  type        = map(string)
  default     = {}
}
