variable "domain" {
  description = "Domain of the hosted zone; changing it replaces the zone."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]{2,}$", var.domain))
    error_message = "domain must be a name such as buzzer.example."
  }
}

variable "api_name" {
  description = "Host name of the API."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]{2,}$", var.api_name))
    error_message = "api_name must be a full host name."
  }
}

variable "origin_name" {
  description = "Host name of the load balancer behind the edge."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]{2,}$", var.origin_name))
    error_message = "origin_name must be a full host name."
  }
}

variable "edge" {
  description = "Where the distribution is published."
  type = object({
    domain_name = string
    zone_id     = string
  })
}

variable "load_balancer" {
  description = "Where the load balancer is published."
  type = object({
    dns_name = string
    zone_id  = string
  })
}

variable "health_path" {
  description = "Path that the health check asks for."
  type        = string

  validation {
    condition     = startswith(var.health_path, "/")
    error_message = "health_path must begin with a slash."
  }
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  default     = null
}
