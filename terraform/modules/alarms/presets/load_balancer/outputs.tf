output "alarms" {
  description = "Alarms by short name, for `alarms` of the alarms module."
  value       = { for name, alarm in local.alarms : "${var.prefix}${name}" => merge(alarm, { owner = var.owners[alarm.severity] }) }
}

output "composites" {
  description = "Burn rates over both windows, for `composites` of the alarms module."
  value = {
    "${var.prefix}burn-fast" = {
      description = "A month's error budget goes within two days at this rate."
      runbook     = var.runbooks.errors
      owner       = var.owners.page
      severity    = "page"
      any_of      = [["${var.prefix}burn-fast-long", "${var.prefix}burn-fast-short"]]
    }
    "${var.prefix}burn-slow" = {
      description = "A month's error budget goes within five days at this rate."
      runbook     = var.runbooks.errors
      owner       = var.owners.ticket
      severity    = "ticket"
      any_of      = [["${var.prefix}burn-slow-long", "${var.prefix}burn-slow-short"]]
    }
  }
}
