locals {
  requests_graph = {
    title   = "Requests at the load balancer"
    unit    = "requests a minute"
    stat    = "Sum"
    metrics = [{ namespace = "AWS/ApplicationELB", name = "RequestCount", dimensions = local.balancer, label = "requests" }]
  }
  errors_graph = {
    title = "Failed requests"
    unit  = "requests a minute"
    stat  = "Sum"
    metrics = [
      { namespace = "AWS/ApplicationELB", name = "HTTPCode_Target_5XX_Count", dimensions = local.balancer, label = "by the service" },
      { namespace = "AWS/ApplicationELB", name = "HTTPCode_ELB_5XX_Count", dimensions = local.balancer, label = "by the load balancer" },
    ]
  }
  latency_graph = {
    title   = "Answer time, 95th percentile"
    unit    = "s"
    stat    = "p95"
    metrics = [{ namespace = "AWS/ApplicationELB", name = "TargetResponseTime", dimensions = local.target_dimensions, label = "p95" }]
    lines   = [{ label = "page", value = 1 }]
  }
  freshness_graph = {
    title   = "Age of an update when it leaves the service, 95th percentile"
    unit    = "ms"
    stat    = "p95"
    metrics = [{ namespace = local.namespace, name = "UpdateAge", dimensions = { Service = local.service_name }, label = "p95" }]
    lines   = [{ label = "page", value = 1000 * (var.freshness_target_s - var.poll_interval_s - var.edge_ttl_s) }]
  }
  tasks_graph = {
    title = "Tasks"
    unit  = "tasks"
    stat  = "Maximum"
    metrics = [
      { namespace = "ECS/ContainerInsights", name = "RunningTaskCount", dimensions = local.service_dimensions, label = "running" },
      { namespace = "ECS/ContainerInsights", name = "DesiredTaskCount", dimensions = local.service_dimensions, label = "wanted" },
    ]
    lines = [{ label = "most", value = var.tasks.max }, { label = "fewest", value = var.tasks.min }]
  }
  cpu_graph = {
    title   = "Tasks' processors"
    unit    = "%"
    stat    = "Average"
    metrics = [{ namespace = "AWS/ECS", name = "CPUUtilization", dimensions = local.service_dimensions, label = "mean" }]
    lines   = [{ label = "page", value = 80 }, { label = "scaling holds", value = 55 }]
  }
  connections_graph = {
    title   = "Database connections"
    unit    = "connections"
    stat    = "Maximum"
    metrics = [{ namespace = "AWS/RDS", name = "DatabaseConnections", dimensions = local.primary, label = "in use" }]
    lines   = [{ label = "all", value = var.database.max_connections }, { label = "page", value = floor(0.7 * var.database.max_connections) }]
  }
  database_graph = {
    title = "Database processors"
    unit  = "%"
    stat  = "Average"
    metrics = [
      { namespace = "AWS/RDS", name = "CPUUtilization", dimensions = local.primary, label = "primary" },
      { namespace = "AWS/RDS", name = "CPUUtilization", dimensions = local.replica, label = "replica" },
    ]
    lines = [{ label = "page", value = 60 }]
  }
  hit_rate_graph = {
    title   = "Answered at the edge"
    unit    = "%"
    stat    = "Average"
    metrics = [{ namespace = "AWS/CloudFront", name = "CacheHitRate", dimensions = local.distribution, label = "cache hit rate" }]
    lines   = [{ label = "page", value = 80 }]
  }
}

# For the evening: what fans feel in the first row, what will break next in the second and third.
module "dashboard_game_day" {
  source = "../../modules/dashboard"

  name       = "${local.name}-game-day"
  region     = var.region
  heading    = "# The Buzzer: game day\nFirst row: what fans feel. Below: what gives way next. An alarm names its runbook."
  alarm_arns = concat(values(module.alarms.arns), values(module.surge.arns))

  graphs = [
    local.freshness_graph, local.latency_graph, local.errors_graph,
    local.requests_graph, local.tasks_graph, local.cpu_graph,
    local.connections_graph, local.database_graph, local.hit_rate_graph,
  ]
}

# For the review on the day after: causes, in the order in which a request meets them.
module "dashboard_review" {
  source = "../../modules/dashboard"

  name    = "${local.name}-review"
  region  = var.region
  heading = "# The Buzzer: review\nSet the time range to the game. Read from the edge to the disk and stop at the first graph that bends."

  graphs = [
    {
      title   = "Requests at the edge"
      unit    = "requests a minute"
      stat    = "Sum"
      metrics = [{ namespace = "AWS/CloudFront", name = "Requests", dimensions = local.distribution, label = "requests" }]
    },
    local.hit_rate_graph,
    {
      title = "Errors at the edge"
      unit  = "%"
      stat  = "Average"
      metrics = [
        { namespace = "AWS/CloudFront", name = "5xxErrorRate", dimensions = local.distribution, label = "5xx" },
        { namespace = "AWS/CloudFront", name = "4xxErrorRate", dimensions = local.distribution, label = "4xx" },
      ]
    },
    {
      title   = "Requests per task"
      unit    = "requests a minute"
      stat    = "Sum"
      metrics = [{ namespace = "AWS/ApplicationELB", name = "RequestCountPerTarget", dimensions = local.target_dimensions, label = "per task" }]
      lines   = [{ label = "scaling holds", value = var.requests_per_task_per_minute }]
    },
    {
      title = "Health of the tasks"
      unit  = "tasks"
      stat  = "Maximum"
      metrics = [
        { namespace = "AWS/ApplicationELB", name = "HealthyHostCount", dimensions = local.target_dimensions, label = "healthy" },
        { namespace = "AWS/ApplicationELB", name = "UnHealthyHostCount", dimensions = local.target_dimensions, label = "unhealthy" },
      ]
    },
    {
      title   = "Tasks' memory"
      unit    = "%"
      stat    = "Average"
      metrics = [{ namespace = "AWS/ECS", name = "MemoryUtilization", dimensions = local.service_dimensions, label = "mean" }]
      lines   = [{ label = "page", value = 80 }]
    },
    {
      title   = "Cache processors"
      unit    = "%"
      stat    = "Average"
      metrics = [for node in module.cache.node_ids : { namespace = "AWS/ElastiCache", name = "EngineCPUUtilization", dimensions = { CacheClusterId = node }, label = node }]
      lines   = [{ label = "ticket", value = 70 }]
    },
    {
      title   = "Replica lag"
      unit    = "s"
      stat    = "Maximum"
      metrics = [{ namespace = "AWS/RDS", name = "ReplicaLag", dimensions = local.replica, label = "lag" }]
      lines   = [{ label = "page", value = 1 }]
    },
    {
      title   = "Database disk queue"
      unit    = "operations"
      stat    = "Average"
      metrics = [{ namespace = "AWS/RDS", name = "DiskQueueDepth", dimensions = local.primary, label = "waiting" }]
      lines   = [{ label = "ticket", value = 10 }]
    },
  ]
}
