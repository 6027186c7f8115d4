variable "name" {
  description = "Prefix of the policies' names."
  type        = string
}

variable "comment" {
  description = "Comment of the distribution, shown in the console."
  type        = string
}

variable "region" {
  description = "Region of the origin and of the shield before it."
  type        = string
}

variable "alias" {
  description = "Public name that the distribution answers to."
  type        = string
}

variable "certificate_arn" {
  description = "Validated certificate of the alias, in us-east-1."
  type        = string
}

variable "web_acl_arn" {
  description = "Firewall of the distribution."
  type        = string
}

variable "origin_domain" {
  description = "Name of the load balancer for which its certificate holds."
  type        = string
}

variable "assets_domain" {
  description = "Regional host name of the asset bucket."
  type        = string
}

variable "live_paths" {
  description = "Paths whose answers are the same for everyone and may be kept for a second."
  type        = list(string)

  validation {
    condition     = length(var.live_paths) > 0 && alltrue([for path in var.live_paths : startswith(path, "/")])
    error_message = "live_paths must name at least one path, each with a leading slash."
  }
}

variable "live_ttl_s" {
  description = "Seconds for which a live answer is kept; whole seconds, because HTTP counts age in them."
  type        = number

  validation {
    condition     = var.live_ttl_s >= 1 && floor(var.live_ttl_s) == var.live_ttl_s
    error_message = "live_ttl_s must be a whole number of seconds, at least 1: with 0 every poll reaches the service."
  }
}

variable "live_staleness_s" {
  description = "Seconds by which the edge may delay a live answer: the share of the freshness target that is left for it."
  type        = number
  default     = 2
}

variable "behaviours" {
  description = "Further cached paths by short name, in the order of the names: path, origin (`alb` or `assets`), seconds for which an answer is kept, seconds by which its reader may learn of a change, and the query strings that select it."
  type = map(object({
    path          = string
    origin        = optional(string, "alb")
    ttl_s         = number
    staleness_s   = number
    query_strings = optional(list(string), [])
  }))
  default = {}

  validation {
    condition     = alltrue([for behaviour in var.behaviours : startswith(behaviour.path, "/") && contains(["alb", "assets"], behaviour.origin)])
    error_message = "Each behaviour's path needs a leading slash, and its origin must be alb or assets."
  }

  validation {
    condition     = alltrue([for behaviour in var.behaviours : behaviour.ttl_s >= 0 && floor(behaviour.ttl_s) == behaviour.ttl_s && behaviour.ttl_s <= behaviour.staleness_s])
    error_message = "Each behaviour's ttl_s must be a whole number of seconds, not longer than its staleness_s: a change would come too late."
  }
}

variable "asset_paths" {
  description = "Paths that the asset bucket answers, kept for a day or as the object says."
  type        = list(string)
  default     = ["/assets/*", "/fallback/*"]

  validation {
    condition     = contains(var.asset_paths, "/fallback/*")
    error_message = "asset_paths must hold /fallback/*, where the page lies that the edge shows while the origin does not answer."
  }
}

variable "read_only" {
  description = "Whether the edge lets only GET, HEAD and OPTIONS through."
  type        = bool
  default     = false
}

variable "origin_secret" {
  description = "Header that the edge adds to each request to the load balancer, and its value; null adds none, and then the load balancer cannot tell this distribution from another customer's."
  type = object({
    header = string
    value  = string
  })
  default = null
}

variable "live_query_strings" {
  description = "Query strings that select a live answer; others are dropped, so that nobody empties the cache by inventing them."
  type        = list(string)

  validation {
    condition     = length(var.live_query_strings) > 0
    error_message = "live_query_strings must name at least one query string."
  }
}

variable "price_class" {
  description = "Edge locations used: PriceClass_100 is North America and Europe."
  type        = string
  default     = "PriceClass_100"

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "price_class must be PriceClass_100, PriceClass_200 or PriceClass_All."
  }
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  default     = null
}
