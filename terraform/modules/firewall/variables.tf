variable "name" {
  description = "Name of the firewall and of its metrics; changing it replaces the firewall."
  type        = string
}

variable "requests_per_address" {
  description = "Requests from one address within five minutes beyond which it is blocked."
  type        = number

  validation {
    condition     = var.requests_per_address >= 10 && var.requests_per_address <= 2000000000
    error_message = "requests_per_address must lie between 10 and 2,000,000,000, the limits of a rate-based rule."
  }
}

variable "managed_groups" {
  description = "AWS's own rule groups by name, with the priority at which each is asked."
  type        = map(number)
  default = {
    AWSManagedRulesAmazonIpReputationList = 10
    AWSManagedRulesKnownBadInputsRuleSet  = 20
    AWSManagedRulesCommonRuleSet          = 30
  }

  validation {
    condition     = length(distinct(values(var.managed_groups))) == length(var.managed_groups) && alltrue([for priority in values(var.managed_groups) : priority > 1])
    error_message = "managed_groups need priorities above 1, which the rate limit has, none twice."
  }
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  default     = null
}
