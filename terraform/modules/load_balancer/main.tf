resource "aws_security_group" "this" {
  name        = "${var.name}-alb"
  description = var.description
  vpc_id      = var.vpc_id
  tags        = var.tags
}

# A prefix list of CloudFront's addresses, kept current by AWS, holds those of every customer's distribution. It keeps everybody else
# out; only `origin_header` tells one's own distribution from another's:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/restrict-access-to-load-balancer.html
resource "aws_vpc_security_group_ingress_rule" "edge" {
  security_group_id            = aws_security_group.this.id
  description                  = var.client.description
  prefix_list_id               = var.client.prefix_list_id
  cidr_ipv4                    = var.client.cidr_ipv4
  referenced_security_group_id = var.client.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  tags                         = var.tags
}

# Port 80 answers with a redirect to 443, to those who may knock there.
resource "aws_vpc_security_group_ingress_rule" "plain" {
  for_each = var.plain_http_from

  security_group_id = aws_security_group.this.id
  description       = "HTTP from ${each.key}, to be redirected"
  cidr_ipv4         = each.value.cidr_ipv4
  cidr_ipv6         = each.value.cidr_ipv6
  prefix_list_id    = each.value.prefix_list_id
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
  tags              = var.tags
}

resource "aws_vpc_security_group_egress_rule" "targets" {
  security_group_id            = aws_security_group.this.id
  description                  = "Requests and health checks to the targets"
  referenced_security_group_id = var.target_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.target_port
  to_port                      = var.target_port
  tags                         = var.tags
}

resource "aws_lb" "this" {
  name               = var.name
  load_balancer_type = "application"
  internal           = var.internal
  security_groups    = [aws_security_group.this.id]
  subnets            = var.subnet_ids

  # Longer than the 60 s for which CloudFront keeps an idle connection, so that the side that opened a connection also closes it; the
  # other way round a request meets a closing connection and fails with 502.
  idle_timeout               = var.idle_timeout_s
  drop_invalid_header_fields = true
  enable_deletion_protection = var.deletion_protection
  tags                       = var.tags

  access_logs {
    enabled = true
    bucket  = var.log_bucket
    prefix  = "alb"
  }
}

resource "aws_lb_target_group" "this" {
  name        = var.target_group_name
  port        = var.target_port
  protocol    = "HTTP"
  target_type = var.target_type
  vpc_id      = var.vpc_id
  tags        = var.tags

  # Requests differ in cost (cache hit or query), so the shortest queue is a better choice than the next in turn.
  load_balancing_algorithm_type = var.algorithm
  deregistration_delay          = var.deregistration_delay_s

  # No slow start: AWS does not offer it together with least outstanding requests.
  # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html#slow-start-mode

  health_check {
    path                = var.health_check.path
    interval            = var.health_check.interval_s
    timeout             = var.health_check.timeout_s
    healthy_threshold   = var.health_check.healthy_threshold
    unhealthy_threshold = var.health_check.unhealthy_threshold
    matcher             = "200"
  }
}

# More targets behind the same listener, each for its paths.
resource "aws_lb_target_group" "further" {
  for_each = var.further_groups

  name                          = each.key
  port                          = each.value.port
  protocol                      = "HTTP"
  target_type                   = each.value.target_type
  vpc_id                        = var.vpc_id
  load_balancing_algorithm_type = var.algorithm
  deregistration_delay          = var.deregistration_delay_s
  tags                          = var.tags

  health_check {
    path                = each.value.health_path
    interval            = var.health_check.interval_s
    timeout             = var.health_check.timeout_s
    healthy_threshold   = var.health_check.healthy_threshold
    unhealthy_threshold = var.health_check.unhealthy_threshold
    matcher             = "200"
  }
}

resource "aws_vpc_security_group_egress_rule" "further" {
  for_each = var.further_groups

  security_group_id            = aws_security_group.this.id
  description                  = "Requests and health checks to ${each.key}"
  referenced_security_group_id = each.value.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  tags                         = var.tags
}

# Clients of the old plain listener are sent to TLS; the listener itself stays, because removing it would break them.
resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"
  tags              = var.tags

  default_action {
    type = "redirect"

    redirect {
      protocol    = "HTTPS"
      port        = "443"
      status_code = "HTTP_301"
    }
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = var.certificate_arn

  # TLS 1.3 and, for CloudFront, which speaks 1.2 to its origins, 1.2:
  # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
  ssl_policy = "ELBSecurityPolicy-TLS13-1-2-2021-06"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }

  tags = var.tags
}

# Paths for nobody outside, such as a page of metrics.
resource "aws_lb_listener_rule" "closed" {
  count = length(var.closed_paths) > 0 ? 1 : 0

  listener_arn = aws_lb_listener.https.arn
  priority     = 1
  tags         = var.tags

  condition {
    path_pattern {
      values = var.closed_paths
    }
  }

  action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      message_body = "Not here."
      status_code  = "404"
    }
  }
}

resource "aws_lb_listener_rule" "further" {
  for_each = var.further_groups

  listener_arn = aws_lb_listener.https.arn
  priority     = each.value.priority
  tags         = var.tags

  condition {
    path_pattern {
      values = each.value.paths
    }
  }

  dynamic "condition" {
    for_each = var.origin_header[*]

    content {
      http_header {
        http_header_name = condition.value.name
        values           = [condition.value.value]
      }
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.further[each.key].arn
  }
}

# With a header that only one's own distribution sends, everything else is answered with 403 before the default forwards it. The
# door opens before the wall stands: the other way round every request would be refused for a moment.
resource "aws_lb_listener_rule" "own" {
  count = var.origin_header == null ? 0 : 1

  listener_arn = aws_lb_listener.https.arn
  priority     = 49999
  tags         = var.tags

  condition {
    http_header {
      http_header_name = var.origin_header.name
      values           = [var.origin_header.value]
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }
}

resource "aws_lb_listener_rule" "other" {
  count = var.origin_header == null ? 0 : 1

  listener_arn = aws_lb_listener.https.arn
  priority     = 50000
  tags         = var.tags

  condition {
    path_pattern {
      values = ["*"]
    }
  }

  action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      message_body = "Not here."
      status_code  = "403"
    }
  }

  depends_on = [aws_lb_listener_rule.own]
}
