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

variable "cluster" {
  description = "Value of the ClusterName dimension: the cluster, with Container Insights."
  type        = string
}

variable "service" {
  description = "Value of the ServiceName dimension."
  type        = string
}

variable "tasks" {
  description = "Fewest and most tasks that scaling runs."
  type        = object({ min = number, max = number })
}

variable "runbooks" {
  description = "Slug of the runbook for busy tasks, for missing tasks and for scaling at its limit."
  type = object({
    load  = string
    tasks = string
    limit = string
  })
}

variable "thresholds" {
  description = "Percent of processor use for a ticket and for a page, of memory, and share of the most tasks in percent."
  type = object({
    cpu_ticket_percent = optional(number, 60)
    cpu_page_percent   = optional(number, 80)
    memory_percent     = optional(number, 80)
    maximum_percent    = optional(number, 90)
  })
  default = {}

  validation {
    condition     = var.thresholds.cpu_ticket_percent <= var.thresholds.cpu_page_percent
    error_message = "thresholds.cpu_ticket_percent must not lie above cpu_page_percent: nobody would get the ticket first."
  }
}
