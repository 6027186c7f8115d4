variable "name" {
  description = "Prefix of the alarms' names."
  type        = string
}

variable "topics" {
  description = "Topic of each severity: `page` wakes a human, `ticket` waits for the morning."
  type = object({
    page   = string
    ticket = string
  })
}

variable "runbook_site" {
  description = "Address below which the runbooks lie, so that the text of an alarm holds a link; null leaves the name of the page alone."
  type        = string
  default     = null

  validation {
    condition     = var.runbook_site == null || can(regex("^https://.+/$", coalesce(var.runbook_site, "-")))
    error_message = "runbook_site must begin with https:// and end with a slash."
  }
}

variable "alarms" {
  description = "Alarms by short name: either `metric`, or `queries` of which one holds an expression over the others."
  type = map(object({
    description = string
    runbook     = string
    owner       = string
    severity    = string

    metric = optional(object({
      namespace  = string
      name       = string
      dimensions = map(string)
      statistic  = optional(string)
      percentile = optional(string)
      period_s   = optional(number, 60)
    }))

    queries = optional(map(object({
      expression = optional(string)
      label      = optional(string)
      metric = optional(object({
        namespace  = string
        name       = string
        dimensions = map(string)
        statistic  = optional(string)
        percentile = optional(string)
        period_s   = optional(number, 60)
      }))
    })), {})

    comparison    = string
    threshold     = number
    periods       = number
    datapoints    = optional(number)
    missing_data  = string
    extra_actions = optional(list(string), [])
  }))

  validation {
    condition     = alltrue([for alarm in var.alarms : contains(["page", "ticket"], alarm.severity)])
    error_message = "Each alarm's severity must be page or ticket."
  }

  validation {
    condition     = alltrue([for alarm in var.alarms : can(regex("^[a-z0-9-]+$", alarm.runbook)) && alarm.owner != ""])
    error_message = "Each alarm needs an owner and a runbook, the latter by the slug of its page, such as high-cpu."
  }

  validation {
    condition     = alltrue([for alarm in var.alarms : (alarm.metric != null) != (length(alarm.queries) > 0)])
    error_message = "Each alarm needs either metric or queries."
  }

  validation {
    condition     = alltrue([for alarm in var.alarms : length(alarm.queries) == 0 || length([for query in alarm.queries : query if query.expression != null]) == 1])
    error_message = "Of an alarm's queries exactly one must hold an expression: it is what the threshold is compared with."
  }

  validation {
    condition     = alltrue([for alarm in var.alarms : alarm.metric == null || (try(alarm.metric.statistic, null) != null) != (try(alarm.metric.percentile, null) != null)])
    error_message = "Each metric needs either statistic or percentile."
  }

  validation {
    condition = alltrue(flatten([
      for alarm in var.alarms : [
        for metric in concat(alarm.metric[*], flatten([for query in alarm.queries : query.metric[*]])) : length(metric.dimensions) > 0
      ]
    ]))
    error_message = "Each metric needs dimensions: without them AWS publishes nothing under its name, and the alarm never rings."
  }

  validation {
    condition     = alltrue([for alarm in var.alarms : contains(["missing", "ignore", "breaching", "notBreaching"], alarm.missing_data)])
    error_message = "Each alarm's missing_data must be missing, ignore, breaching or notBreaching."
  }

  validation {
    condition     = alltrue([for alarm in var.alarms : alarm.periods >= 1 && coalesce(alarm.datapoints, alarm.periods) <= alarm.periods])
    error_message = "Each alarm needs at least one period, and no more datapoints than periods."
  }
}

variable "composites" {
  description = "Alarms over alarms: `any_of` holds groups of short names; the alarm rings when all members of a group do."
  type = map(object({
    description = string
    runbook     = string
    owner       = string
    severity    = string
    any_of      = list(list(string))
  }))
  default = {}

  validation {
    condition     = alltrue([for alarm in var.composites : contains(["page", "ticket"], alarm.severity)])
    error_message = "Each composite's severity must be page or ticket."
  }

  validation {
    condition     = alltrue([for alarm in var.composites : can(regex("^[a-z0-9-]+$", alarm.runbook)) && alarm.owner != ""])
    error_message = "Each composite needs an owner and a runbook, the latter by the slug of its page."
  }

  validation {
    condition     = alltrue([for alarm in var.composites : length(alarm.any_of) > 0 && alltrue([for group in alarm.any_of : length(group) > 0])])
    error_message = "Each composite needs at least one group, and each group a member."
  }
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  default     = null
}
