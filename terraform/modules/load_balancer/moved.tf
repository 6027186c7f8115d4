# Two rules instead of one with two keys, so that one can wait for the other.

moved {
  from = aws_lb_listener_rule.origin["header"]
  to   = aws_lb_listener_rule.own[0]
}

moved {
  from = aws_lb_listener_rule.origin["other"]
  to   = aws_lb_listener_rule.other[0]
}
