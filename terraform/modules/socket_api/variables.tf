variable "name" {
  description = "Name of the API."
  type        = string
}

variable "description" {
  description = "What the API is for."
  type        = string
}

variable "routes" {
  description = "Address of the function's alias by route key: $connect, $disconnect, $default, and values of the field `action` of a message."
  type        = map(string)

  validation {
    condition     = length(var.routes) > 0 && alltrue([for key in keys(var.routes) : can(regex("^(\\$connect|\\$disconnect|\\$default|[A-Za-z][A-Za-z0-9_]*)$", key))])
    error_message = "Each route must be $connect, $disconnect, $default or the name of an action."
  }
}

variable "authorizer" {
  description = "Function that checks the token when a client connects: address of its alias, and where the token stands; null lets everybody in."
  type = object({
    invoke_arn       = string
    identity_sources = optional(list(string), ["route.request.querystring.token"])
  })
  default = null
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
  description = "Messages a second that all routes together may take, and how many may come at once; from the same quota of the account as every other API, sending to clients included."
  type = object({
    requests_per_s = number
    burst          = number
  })

  validation {
    condition     = var.throttle.requests_per_s > 0 && var.throttle.burst > 0
    error_message = "throttle needs a rate and a burst above 0: with 0 the stage refuses every message."
  }
}

variable "domain" {
  description = "Own name: certificate of the same region, hosted zone and path. A name that a REST API has cannot be shared. Null for none."
  type = object({
    name            = string
    certificate_arn = string
    zone_id         = string
    path            = optional(string)
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
