# From the time when each function and each metric had a block of its own.

moved {
  from = module.ingest
  to   = module.functions["ingest"]
}

moved {
  from = module.fanout
  to   = module.functions["fanout"]
}

moved {
  from = module.socket_function
  to   = module.functions["socket"]
}

moved {
  from = module.query
  to   = module.functions["query"]
}

moved {
  from = module.authorize
  to   = module.functions["authorize"]
}

moved {
  from = aws_cloudwatch_log_metric_filter.freshness
  to   = aws_cloudwatch_log_metric_filter.this["freshness"]
}

moved {
  from = aws_cloudwatch_log_metric_filter.push
  to   = aws_cloudwatch_log_metric_filter.this["push"]
}

moved {
  from = aws_cloudwatch_log_metric_filter.accepted
  to   = aws_cloudwatch_log_metric_filter.this["accepted"]
}

moved {
  from = aws_cloudwatch_log_metric_filter.failed
  to   = aws_cloudwatch_log_metric_filter.this["failed"]
}

moved {
  from = aws_cloudwatch_log_metric_filter.connections
  to   = aws_cloudwatch_log_metric_filter.this["connections"]
}
