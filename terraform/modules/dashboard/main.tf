locals {
  # CloudWatch lays a dashboard out on a grid 24 units wide; three graphs stand in a row, 6 units high.
  columns = 3
  width   = 8
  height  = 6
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode({
    start          = "-PT3H"
    periodOverride = "inherit"
    widgets = concat(
      [{
        type       = "text"
        x          = 0
        y          = 0
        width      = 24
        height     = 2
        properties = { markdown = var.heading }
      }],
      [for number, graph in var.graphs : {
        type   = "metric"
        x      = (number % local.columns) * local.width
        y      = 2 + floor(number / local.columns) * local.height
        width  = local.width
        height = local.height
        properties = {
          title   = graph.title
          region  = var.region
          view    = "timeSeries"
          stacked = false
          period  = graph.period_s
          stat    = graph.stat
          metrics = [for metric in graph.metrics : concat([metric.namespace, metric.name], flatten([for key, value in metric.dimensions : [key, value]]), [{ label = metric.label }])]
          yAxis   = { left = { min = 0, label = graph.unit, showUnits = false } }
          annotations = {
            horizontal = [for line in graph.lines : { label = line.label, value = line.value }]
          }
        }
      }],
      length(var.alarm_arns) == 0 ? [] : [{
        type       = "alarm"
        x          = 0
        y          = 2 + ceil(length(var.graphs) / local.columns) * local.height
        width      = 24
        height     = 4
        properties = { title = "Alarms", alarms = var.alarm_arns }
      }],
    )
  })
}
