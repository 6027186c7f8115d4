variable "enabled" {
  description = "Whether anything is made; off, the module is an inventory of nothing and costs nothing."
  type        = bool
  default     = false
}

variable "zone_id" {
  description = "Cloudflare's id of the zone in which the name lies."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{32}$", var.zone_id))
    error_message = "zone_id must have 32 hexadecimal digits."
  }
}

variable "name" {
  description = "Public host name, such as api.results.example."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]{2,}$", var.name))
    error_message = "name must be a full host name."
  }
}

variable "origin" {
  description = "Host name of the origin; its certificate must hold the public name, because Cloudflare hands that on."
  type        = string
}

variable "origin_secret" {
  description = "Header that is added to each request to the origin, and its value; null adds none, and then the origin cannot tell this zone from another customer's."
  type = object({
    header = string
    value  = string
  })
  default   = null
  sensitive = true
}

variable "behaviours" {
  description = "Cached paths by short name, the first that fits decides: prefix of the path and seconds for which an answer is kept. The plan sets the least: 2 h on Free, 1 h on Pro, 1 s on Business and Enterprise."
  type = map(object({
    prefix = string
    ttl_s  = number
  }))

  validation {
    condition     = alltrue([for behaviour in var.behaviours : startswith(behaviour.prefix, "/") && behaviour.ttl_s >= 0 && floor(behaviour.ttl_s) == behaviour.ttl_s])
    error_message = "Each behaviour's prefix needs a leading slash, and its ttl_s must be a whole number of seconds."
  }
}

variable "rate_limit" {
  description = "Requests from one address within period_s beyond which it is blocked for block_s, at the paths of the behaviours; null sets none. Carriers put thousands of people behind one address."
  type = object({
    requests = number
    period_s = optional(number, 60)
    block_s  = optional(number, 60)
  })
  default = null

  validation {
    condition     = var.rate_limit == null || contains([10, 15, 20, 30, 40, 45, 60, 90, 120, 180, 240, 300, 480, 600, 900, 1200, 1800, 2400, 3600, 65535, 86400], try(var.rate_limit.period_s, 60))
    error_message = "rate_limit.period_s must be a period that Cloudflare offers, such as 10, 60 or 300."
  }
}

variable "tiered_cache" {
  description = "Whether a few upper data centres ask the origin for all the others."
  type        = bool
  default     = true
}
