locals {
  group = { AutoScalingGroupName = var.group }

  alarms = merge(
    {
      cpu-ticket = {
        description  = "The instances' processors are used to more than ${var.thresholds.cpu_ticket_percent} %: scaling should be adding instances."
        runbook      = var.runbooks.load
        severity     = "ticket"
        metric       = { namespace = "AWS/EC2", name = "CPUUtilization", dimensions = local.group, statistic = "Average" }
        comparison   = "GreaterThanThreshold"
        threshold    = var.thresholds.cpu_ticket_percent
        periods      = 3
        missing_data = "missing"
      }
      cpu-page = {
        description  = "The instances' processors are used to more than ${var.thresholds.cpu_page_percent} %: scaling does not keep up."
        runbook      = var.runbooks.load
        severity     = "page"
        metric       = { namespace = "AWS/EC2", name = "CPUUtilization", dimensions = local.group, statistic = "Average" }
        comparison   = "GreaterThanThreshold"
        threshold    = var.thresholds.cpu_page_percent
        periods      = 3
        datapoints   = 2
        missing_data = "missing"
      }
      near-maximum = {
        description  = "${var.thresholds.near_max_percent} % of the ${var.instances.max} instances that the group may have are in service."
        runbook      = var.runbooks.load
        severity     = "page"
        metric       = { namespace = "AWS/AutoScaling", name = "GroupInServiceInstances", dimensions = local.group, statistic = "Maximum" }
        comparison   = "GreaterThanOrEqualToThreshold"
        threshold    = floor(var.instances.max * var.thresholds.near_max_percent / 100)
        periods      = 2
        missing_data = "missing"
      }
      too-few-instances = {
        description  = "Fewer than ${var.instances.min} instances are in service."
        runbook      = var.runbooks.fleet
        severity     = "page"
        metric       = { namespace = "AWS/AutoScaling", name = "GroupInServiceInstances", dimensions = local.group, statistic = "Minimum" }
        comparison   = "LessThanThreshold"
        threshold    = var.instances.min
        periods      = 5 # a replaced instance is missing for some minutes
        missing_data = "breaching"
      }
      status-check = {
        description  = "An instance fails the status checks of EC2."
        runbook      = var.runbooks.fleet
        severity     = "ticket"
        metric       = { namespace = "AWS/EC2", name = "StatusCheckFailed", dimensions = local.group, statistic = "Maximum" }
        comparison   = "GreaterThanThreshold"
        threshold    = 0
        periods      = 3
        missing_data = "notBreaching"
      }
    },
    {
      for dimensions in var.burstable ? [local.group] : [] : "credits" => {
        description  = "An instance has fewer than ${var.thresholds.credits} processor credits left; beyond them it is slow, or each hour of a processor is billed."
        runbook      = var.runbooks.load
        severity     = "ticket"
        metric       = { namespace = "AWS/EC2", name = "CPUCreditBalance", dimensions = dimensions, statistic = "Minimum", period_s = 300 }
        comparison   = "LessThanThreshold"
        threshold    = var.thresholds.credits
        periods      = 2
        missing_data = "missing"
      }
    },
  )
}
