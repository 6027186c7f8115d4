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
    condition     = var.live_ttl_s >= 1 && var.live_ttl_s <= 2 && floor(var.live_ttl_s) == var.live_ttl_s
    error_message = "live_ttl_s must be 1 or 2: with 0 every poll reaches the service, with more an update comes too late."
  }
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
