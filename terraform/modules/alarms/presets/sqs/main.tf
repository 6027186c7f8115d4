locals {
  waiting = {
    for prefix, queue in var.queue_names : "${prefix}messages" => {
      description  = "The queue ${queue} holds more than ${var.thresholds.messages} messages."
      runbook      = var.runbook
      owner        = var.owners.page
      severity     = "page"
      metric       = { namespace = "AWS/SQS", name = "ApproximateNumberOfMessagesVisible", dimensions = { QueueName = queue }, statistic = "Maximum" }
      comparison   = "GreaterThanThreshold"
      threshold    = var.thresholds.messages
      periods      = 1
      missing_data = "notBreaching"
    }
  }

  old = {
    for prefix, queue in var.queue_names : "${prefix}old" => {
      description  = "A message has waited in the queue ${queue} for more than ${coalesce(var.thresholds.age_s, 0)} s."
      runbook      = var.runbook
      owner        = var.owners.ticket
      severity     = "ticket"
      metric       = { namespace = "AWS/SQS", name = "ApproximateAgeOfOldestMessage", dimensions = { QueueName = queue }, statistic = "Maximum" }
      comparison   = "GreaterThanThreshold"
      threshold    = coalesce(var.thresholds.age_s, 0)
      periods      = 3
      missing_data = "notBreaching"
    } if var.thresholds.age_s != null
  }

  alarms = merge(local.waiting, local.old)
}
