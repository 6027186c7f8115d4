variable "name" {
  description = "Name of the firewall and of its metrics; changing it replaces the firewall."
  type        = string
}

variable "requests_per_address" {
  description = "Requests from one address within five minutes beyond which it is blocked."
  type        = number

  validation {
    condition     = var.requests_per_address >= 1000
    error_message = "requests_per_address must be at least 1000: one fan alone makes 200 requests in five minutes, and addresses are shared."
  }
}
