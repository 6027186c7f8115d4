module "dashboard_live" {
  source = "../../modules/dashboard"

  name       = "${local.name}-live"
  region     = var.region
  heading    = "# ${local.name}: what clients get\nFirst row: how fresh, how fast, how many. Below: what gives way next. An alarm names its runbook."
  alarm_arns = [for name, arn in module.alarms.arns : arn if startswith(name, "stale-") || contains(["budget-fast", "push-slow", "ingestion-fails", "connections-dropped", "api-unreachable", "live-streams-full", "live-streams-lost", "live-unhealthy-targets"], name)]
  graphs = concat([
    { title = "Freshness by provider, 95th percentile", unit = "ms", stat = "p95", metrics = [for name in keys(local.enabled) : { namespace = local.namespace, name = "Freshness", dimensions = { Provider = name }, label = name }] },
    { title = "Ingestion to push, 99th percentile", unit = "ms", stat = "p99", metrics = [{ namespace = local.namespace, name = "PushTime", dimensions = local.pushed, label = "p99" }], lines = [{ label = "page", value = var.push_ms }] },
    { title = "Open connections", unit = "connections", stat = "Maximum", metrics = [{ namespace = local.namespace, name = "OpenConnections", dimensions = local.pushed, label = "open" }] },
    { title = "Requests to the REST API", unit = "requests a minute", stat = "Sum", metrics = [{ namespace = "AWS/ApiGateway", name = "Count", dimensions = local.rest, label = "requests" }, { namespace = "AWS/ApiGateway", name = "5XXError", dimensions = local.rest, label = "errors" }, { namespace = "AWS/ApiGateway", name = "4XXError", dimensions = local.rest, label = "refused" }] },
    { title = "Duration of the functions, 99th percentile", unit = "ms", stat = "p99", metrics = [for name, function in local.function_names : { namespace = "AWS/Lambda", name = "Duration", dimensions = { FunctionName = function }, label = name }] },
    { title = "Calls at the same time", unit = "calls", stat = "Maximum", metrics = [for name, function in local.function_names : { namespace = "AWS/Lambda", name = "ConcurrentExecutions", dimensions = { FunctionName = function }, label = name }] },
    ], flatten([for _ in local.tier : [
      { title = "Connections of the fullest task", unit = "connections", stat = "Maximum", metrics = [merge(local.connections, { label = "fullest task" })], lines = [{ label = "page", value = floor(0.8 * var.connections_per_task) }] },
      { title = "Processors and memory of the tasks that send", unit = "%", stat = "Average", metrics = [for metric in ["CPUUtilization", "MemoryUtilization"] : { namespace = "AWS/ECS", name = metric, dimensions = { ClusterName = local.live, ServiceName = local.live }, label = metric }] },
      { title = "Tasks that send", unit = "tasks", stat = "Average", metrics = [for metric in ["RunningTaskCount", "DesiredTaskCount"] : { namespace = "ECS/ContainerInsights", name = metric, dimensions = { ClusterName = local.live, ServiceName = local.live }, label = metric }] },
      { title = "Engine thread of the channel", unit = "%", stat = "Maximum", metrics = [for node in module.channel[0].node_ids : { namespace = "AWS/ElastiCache", name = "EngineCPUUtilization", dimensions = { CacheClusterId = node }, label = node }], lines = [{ label = "ticket", value = 70 }] },
  ]]))
}

module "dashboard_ingestion" {
  source = "../../modules/dashboard"

  name    = "${local.name}-ingestion"
  region  = var.region
  heading = "# ${local.name}: from provider to table\nWhat comes in, what is stored, what waits and what was given up."
  graphs = [
    { title = "Updates into the stream", unit = "records a minute", stat = "Sum", metrics = [{ namespace = "AWS/Kinesis", name = "IncomingRecords", dimensions = { StreamName = "${local.name}-updates" }, label = "records" }] },
    { title = "Age of the last record read", unit = "ms", stat = "Maximum", metrics = [for name in ["ingest", "fanout"] : { namespace = "AWS/Lambda", name = "IteratorAge", dimensions = { FunctionName = local.function_names[name] }, label = name }], lines = [{ label = "page", value = 10000 }] },
    { title = "Stored and not stored", unit = "updates a minute", stat = "Sum", metrics = [for name in ["Accepted", "Failed"] : { namespace = local.namespace, name = name, dimensions = { Function = local.function_names["ingest"] }, label = lower(name) }] },
    { title = "Failed calls", unit = "calls a minute", stat = "Sum", metrics = [for name, function in local.function_names : { namespace = "AWS/Lambda", name = "Errors", dimensions = { FunctionName = function }, label = name }] },
    { title = "Given up", unit = "messages", stat = "Maximum", metrics = [for name in ["ingest", "fanout"] : { namespace = "AWS/SQS", name = "ApproximateNumberOfMessagesVisible", dimensions = { QueueName = "${local.function_names[name]}-dead-letters" }, label = name }] },
    { title = "Throttled by the tables", unit = "requests a minute", stat = "Sum", metrics = flatten([for name in ["events", "connections", "idempotency"] : [for kind in ["Read", "Write"] : { namespace = "AWS/DynamoDB", name = "${kind}ThrottleEvents", dimensions = { TableName = "${local.name}-${name}" }, label = "${name}, ${lower(kind)}s" }]]) },
    { title = "Pollers", unit = "tasks", stat = "Minimum", metrics = [for name in keys(local.enabled) : { namespace = "ECS/ContainerInsights", name = "RunningTaskCount", dimensions = { ClusterName = "${local.name}-pollers", ServiceName = name }, label = name }] },
  ]
}
