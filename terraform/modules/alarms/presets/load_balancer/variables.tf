variable "prefix" {
  description = "Beginning of each short name, so that two resources of a kind stand in one map, such as `admin-`."
  type        = string
  default     = ""
}

variable "owners" {
  description = "Who answers an alarm of each severity."
  type = object({
    page   = string
    ticket = string
  })
}

variable "load_balancer" {
  description = "Value of the LoadBalancer dimension: the balancer's arn_suffix."
  type        = string
}

variable "target_group" {
  description = "Value of the TargetGroup dimension: the group's arn_suffix."
  type        = string
}

variable "runbooks" {
  description = "Slug of the runbook for failed requests, slow answers, missing targets and too many requests."
  type = object({
    errors  = string
    latency = string
    targets = string
    load    = string
  })
}

variable "thresholds" {
  description = "Percent of failed requests, seconds of the 95th percentile, fewest healthy targets, most requests a target and minute (no such alarm where it is left out), and percent of requests that the service level lets fail."
  type = object({
    errors_ticket_percent     = optional(number, 1)
    errors_page_percent       = optional(number, 5)
    p95_ticket_s              = optional(number, 0.5)
    p95_page_s                = optional(number, 1)
    healthy_targets           = optional(number, 2)
    requests_per_target       = optional(number)
    allowed_errors_in_percent = optional(number, 0.1)
  })
  default = {}

  validation {
    condition     = var.thresholds.allowed_errors_in_percent > 0 && 14.4 * var.thresholds.allowed_errors_in_percent < 100
    error_message = "thresholds.allowed_errors_in_percent must be more than 0 and less than 6.9: an alarm at 14.4 times that rate could not ring otherwise."
  }

  validation {
    condition     = var.thresholds.errors_ticket_percent <= var.thresholds.errors_page_percent && var.thresholds.p95_ticket_s <= var.thresholds.p95_page_s
    error_message = "A ticket's threshold must not lie above the page's: nobody would get the ticket first."
  }
}
