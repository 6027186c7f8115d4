locals {
  service = { ClusterName = var.cluster, ServiceName = var.service }

  alarms = {
    cpu-ticket = {
      description  = "The tasks' processors are used to more than ${var.thresholds.cpu_ticket_percent} %: scaling should be adding tasks."
      runbook      = var.runbooks.load
      severity     = "ticket"
      metric       = { namespace = "AWS/ECS", name = "CPUUtilization", dimensions = local.service, statistic = "Average" }
      comparison   = "GreaterThanThreshold"
      threshold    = var.thresholds.cpu_ticket_percent
      periods      = 5
      datapoints   = 3
      missing_data = "missing"
    }
    cpu-page = {
      description  = "The tasks' processors are used to more than ${var.thresholds.cpu_page_percent} %: scaling does not keep up."
      runbook      = var.runbooks.load
      severity     = "page"
      metric       = { namespace = "AWS/ECS", name = "CPUUtilization", dimensions = local.service, statistic = "Average" }
      comparison   = "GreaterThanThreshold"
      threshold    = var.thresholds.cpu_page_percent
      periods      = 3
      datapoints   = 2
      missing_data = "missing"
    }
    memory = {
      description  = "The tasks use more than ${var.thresholds.memory_percent} % of their memory; at 100 % the kernel ends them."
      runbook      = var.runbooks.load
      severity     = "page"
      metric       = { namespace = "AWS/ECS", name = "MemoryUtilization", dimensions = local.service, statistic = "Maximum" }
      comparison   = "GreaterThanThreshold"
      threshold    = var.thresholds.memory_percent
      periods      = 3
      missing_data = "missing"
    }
    too-few-tasks = {
      description  = "Fewer than ${var.tasks.min} tasks run."
      runbook      = var.runbooks.tasks
      severity     = "page"
      metric       = { namespace = "ECS/ContainerInsights", name = "RunningTaskCount", dimensions = local.service, statistic = "Minimum" }
      comparison   = "LessThanThreshold"
      threshold    = var.tasks.min
      periods      = 2
      missing_data = "breaching"
    }
    tasks-near-maximum = {
      description  = "The service asks for ${var.thresholds.maximum_percent} % of its largest number of tasks; soon scaling can do no more."
      runbook      = var.runbooks.limit
      severity     = "page"
      metric       = { namespace = "ECS/ContainerInsights", name = "DesiredTaskCount", dimensions = local.service, statistic = "Maximum" }
      comparison   = "GreaterThanOrEqualToThreshold"
      threshold    = floor(var.tasks.max * var.thresholds.maximum_percent / 100)
      periods      = 2
      missing_data = "missing"
    }
  }
}
