variable "name" {
  description = "Name of the dashboard."
  type        = string
}

variable "region" {
  description = "Region of the metrics."
  type        = string
}

variable "heading" {
  description = "Markdown above the graphs: what to look at first."
  type        = string
}

variable "graphs" {
  description = "Graphs in reading order: title, unit, statistic, metrics and the lines that matter."
  type = list(object({
    title    = string
    unit     = string
    stat     = string
    period_s = optional(number, 60)
    metrics = list(object({
      namespace  = string
      name       = string
      dimensions = map(string)
      label      = string
    }))
    lines = optional(list(object({
      label = string
      value = number
    })), [])
  }))

  validation {
    condition     = length(var.graphs) > 0 && alltrue([for graph in var.graphs : length(graph.metrics) > 0])
    error_message = "graphs must hold at least one graph, and each graph a metric."
  }

  validation {
    condition     = alltrue(flatten([for graph in var.graphs : [for metric in graph.metrics : length(metric.dimensions) > 0]]))
    error_message = "Each metric needs dimensions, or the graph stays empty."
  }
}

variable "alarm_arns" {
  description = "Alarms whose state is shown below the graphs."
  type        = list(string)
  default     = []
}
