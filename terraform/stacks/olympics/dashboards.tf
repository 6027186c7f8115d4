# The brief's eight lines, each with its own limit.
module "dashboard" {
  source = "../../modules/dashboard"

  name       = "${local.name}-games"
  region     = var.region
  heading    = "# Statistics of the Games\nFirst row: what visitors feel. Below: what gives way next. An alarm names its runbook."
  alarm_arns = values(module.alarms.arns)

  graphs = [
    {
      title = "Requests"
      unit  = "requests a minute"
      stat  = "Sum"
      metrics = [
        { namespace = "AWS/CloudFront", name = "Requests", dimensions = local.edge, label = "at the CDN" },
        { namespace = "AWS/ApplicationELB", name = "RequestCount", dimensions = local.balancer, label = "at the origin" },
      ]
    },
    {
      title   = "Errors"
      unit    = "%"
      stat    = "Average"
      metrics = [{ namespace = "AWS/CloudFront", name = "5xxErrorRate", dimensions = local.edge, label = "5xx" }]
      lines   = [{ label = "service level", value = 0.1 }]
    },
    {
      title   = "p95 of the answers"
      unit    = "s"
      stat    = "p95"
      metrics = [{ namespace = "AWS/ApplicationELB", name = "TargetResponseTime", dimensions = local.balancer, label = "p95" }]
      lines   = [{ label = "ticket", value = 0.2 }]
    },
    {
      title   = "CDN hit rate"
      unit    = "%"
      stat    = "Average"
      metrics = [{ namespace = "AWS/CloudFront", name = "CacheHitRate", dimensions = local.edge, label = "hits" }]
      lines   = [{ label = "page", value = 70 }]
    },
    {
      title   = "Redis hit rate"
      unit    = "%"
      stat    = "Average"
      metrics = [for node in module.cache.node_ids : { namespace = "AWS/ElastiCache", name = "CacheHitRate", dimensions = { CacheClusterId = node }, label = node }]
      lines   = [{ label = "brief", value = 80 }] # no alarm: most reads behind the CDN are misses
    },
    {
      title = "Database processors"
      unit  = "%"
      stat  = "Average"
      metrics = [
        { namespace = "AWS/RDS", name = "CPUUtilization", dimensions = { DBInstanceIdentifier = local.name }, label = "primary" },
        { namespace = "AWS/RDS", name = "CPUUtilization", dimensions = { DBInstanceIdentifier = "${local.name}-replica" }, label = "replica" },
        { namespace = "AWS/RDS", name = "CPUUtilization", dimensions = { DBInstanceIdentifier = "${local.name}-replica-2" }, label = "replica 2" },
      ]
      lines = [{ label = "page", value = 60 }]
    },
    {
      title   = "Instances in service"
      unit    = "instances"
      stat    = "Maximum"
      metrics = [{ namespace = "AWS/AutoScaling", name = "GroupInServiceInstances", dimensions = { AutoScalingGroupName = "${local.name}-api" }, label = "in service" }]
      lines   = [{ label = "most", value = var.instances.max }]
    },
    {
      title   = "Age of results in the stream"
      unit    = "ms"
      stat    = "Maximum"
      metrics = [{ namespace = "AWS/Kinesis", name = "GetRecords.IteratorAgeMilliseconds", dimensions = local.stream, label = "oldest" }]
      lines   = [{ label = "page", value = 30000 }]
    },
  ]
}

# The day's cost, of the month so far that AWS publishes every few hours: its rise, as dollars a day.
resource "aws_cloudwatch_dashboard" "money" {
  dashboard_name = "${local.name}-money"
  dashboard_body = jsonencode({
    start          = "-P7D"
    periodOverride = "inherit"
    widgets = [{
      type   = "metric"
      x      = 0
      y      = 0
      width  = 12
      height = 6
      properties = {
        title   = "Cost of the day"
        region  = "us-east-1" # the only region in which AWS publishes it
        view    = "timeSeries"
        stacked = false
        period  = 21600
        stat    = "Maximum"
        metrics = [
          [{ expression = "RATE(month) * 86400", label = "US$ a day", id = "day" }],
          ["AWS/Billing", "EstimatedCharges", "Currency", "USD", { id = "month", visible = false }],
        ]
        yAxis       = { left = { min = 0, label = "US$", showUnits = false } }
        annotations = { horizontal = [{ label = "budget of a day", value = var.daily_budget_usd }] }
      }
      }, {
      type   = "metric"
      x      = 12
      y      = 0
      width  = 12
      height = 6
      properties = {
        title       = "Cost of the month so far"
        region      = "us-east-1"
        view        = "timeSeries"
        stacked     = false
        period      = 21600
        stat        = "Maximum"
        metrics     = [["AWS/Billing", "EstimatedCharges", "Currency", "USD", { label = "US$" }]]
        yAxis       = { left = { min = 0, label = "US$", showUnits = false } }
        annotations = { horizontal = [{ label = "budget of the month", value = var.budget_usd }] }
      }
    }]
  })
}
