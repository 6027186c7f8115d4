# From the names that policies had when this module knew three of them and no others.

moved {
  from = aws_appautoscaling_policy.cpu
  to   = aws_appautoscaling_policy.targets["cpu"]
}

moved {
  from = aws_appautoscaling_policy.requests
  to   = aws_appautoscaling_policy.targets["requests"]
}

moved {
  from = aws_appautoscaling_policy.surge
  to   = aws_appautoscaling_policy.steps["surge"]
}
