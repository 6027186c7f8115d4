mock_provider "aws" {}

variables {
  name                     = "stand"
  description              = "Load balancer of a stand"
  target_group_name        = "stand-api"
  vpc_id                   = "vpc-1"
  subnet_ids               = ["subnet-1", "subnet-2"]
  client                   = { prefix_list_id = "pl-3b927c52" }
  certificate_arn          = "arn:aws:acm:us-east-1:123456789012:certificate/1"
  target_security_group_id = "sg-1"
  target_port              = 5000
  log_bucket               = "stand-logs"
  health_check             = { path = "/health" }
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "a_busy_target_has_a_minute_to_answer" {
  command = plan

  assert {
    condition     = aws_lb_target_group.this.health_check[0].interval * aws_lb_target_group.this.health_check[0].unhealthy_threshold >= 60
    error_message = "A target is given up too early."
  }

  assert {
    condition     = aws_lb_target_group.this.health_check[0].timeout < aws_lb_target_group.this.health_check[0].interval
    error_message = "Checks overlap."
  }

  assert {
    condition     = aws_lb_target_group.this.health_check[0].path == "/health"
    error_message = "The check asks for another path."
  }
}

run "requests_go_to_the_shortest_queue" {
  command = plan

  assert {
    condition     = aws_lb_target_group.this.load_balancing_algorithm_type == "least_outstanding_requests"
    error_message = "The algorithm is another one."
  }

  assert {
    condition     = coalesce(aws_lb_target_group.this.slow_start, 0) == 0
    error_message = "AWS refuses slow start together with least outstanding requests."
  }

  assert {
    condition     = tonumber(aws_lb_target_group.this.deregistration_delay) == 30
    error_message = "A leaving target needs 30 s."
  }

  assert {
    condition     = aws_lb.this.idle_timeout == 120
    error_message = "Idle connections must outlive those of the edge."
  }
}

run "plain_http_is_only_a_signpost_to_tls" {
  command = plan

  assert {
    condition     = aws_lb_listener.http.default_action[0].type == "redirect" && aws_lb_listener.http.default_action[0].redirect[0].protocol == "HTTPS"
    error_message = "The plain listener must redirect."
  }

  assert {
    condition     = aws_lb_listener.https.protocol == "HTTPS" && startswith(aws_lb_listener.https.ssl_policy, "ELBSecurityPolicy-TLS13-")
    error_message = "The TLS listener must offer TLS 1.3."
  }
}

run "only_the_edge_comes_in_and_only_targets_are_reached" {
  command = plan

  assert {
    condition     = aws_vpc_security_group_ingress_rule.edge.prefix_list_id == "pl-3b927c52" && aws_vpc_security_group_ingress_rule.edge.cidr_ipv4 == null
    error_message = "Somebody else than the edge is let in."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.edge.from_port == 443 && aws_vpc_security_group_ingress_rule.edge.to_port == 443
    error_message = "Another port is open."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.targets.referenced_security_group_id == "sg-1"
    error_message = "The balancer may reach more than its targets."
  }
}

run "it_keeps_a_log_and_refuses_deletion" {
  command = plan

  assert {
    condition     = aws_lb.this.access_logs[0].enabled && aws_lb.this.access_logs[0].bucket == "stand-logs"
    error_message = "Access logs are off."
  }

  assert {
    condition     = aws_lb.this.enable_deletion_protection && aws_lb.this.drop_invalid_header_fields
    error_message = "Protection is off."
  }
}

run "a_timeout_as_long_as_the_interval_is_refused" {
  command = plan

  variables {
    health_check = { path = "/health", interval_s = 30, timeout_s = 30 }
  }

  expect_failures = [var.health_check]
}

run "a_path_without_a_slash_is_refused" {
  command = plan

  variables {
    health_check = { path = "health" }
  }

  expect_failures = [var.health_check]
}

run "one_subnet_is_refused" {
  command = plan

  variables {
    subnet_ids = ["subnet-1"]
  }

  expect_failures = [var.subnet_ids]
}

run "a_name_that_aws_refuses_is_refused" {
  command = plan

  variables {
    name = "internal-stand"
  }

  expect_failures = [var.name]
}

run "a_group_name_of_forty_letters_is_refused" {
  command = plan

  variables {
    target_group_name = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }

  expect_failures = [var.target_group_name]
}

run "a_port_beyond_the_last_is_refused" {
  command = plan

  variables {
    target_port = 70000
  }

  expect_failures = [var.target_port]
}

run "only_ones_own_distribution_comes_in" {
  command = plan

  variables {
    origin_header = { name = "X-Origin", value = "a-secret" }
    closed_paths  = ["/metrics"]
  }

  assert {
    condition     = aws_lb_listener_rule.other[0].action[0].fixed_response[0].status_code == "403" && aws_lb_listener_rule.own[0].priority < aws_lb_listener_rule.other[0].priority
    error_message = "Any customer's distribution comes in, or nobody does."
  }

  assert {
    condition     = aws_lb_listener_rule.closed[0].action[0].type == "fixed-response" && aws_lb_listener_rule.closed[0].priority == 1
    error_message = "The metrics are public."
  }
}

run "an_internal_balancer_leads_to_instances_and_to_tasks" {
  command = plan

  variables {
    internal       = true
    target_type    = "instance"
    client         = { description = "HTTPS from the jump host", security_group_id = "sg-9" }
    further_groups = { stand-admin = { port = 8080, security_group_id = "sg-2", health_path = "/ready", paths = ["/admin/*"], priority = 10 } }
  }

  assert {
    condition     = aws_lb.this.internal && aws_lb_target_group.this.target_type == "instance" && aws_lb_target_group.further["stand-admin"].target_type == "ip"
    error_message = "It is public, or leads elsewhere."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.edge.referenced_security_group_id == "sg-9" && length(aws_vpc_security_group_ingress_rule.plain) == 0
    error_message = "Others come in as well."
  }
}

run "what_elb_refuses_is_refused" {
  command = plan

  variables {
    client                 = { prefix_list_id = "10.0.0.0/8", cidr_ipv4 = "10.0.0.0/8" }
    idle_timeout_s         = 0
    deregistration_delay_s = 3601
    health_check           = { path = "/health", interval_s = 3, timeout_s = 2, unhealthy_threshold = 1 }
    target_type            = "lambda"
    algorithm              = "random"
    origin_header          = { name = "X Origin", value = "a" }
    further_groups         = { stand-admin = { port = 8080, security_group_id = "sg-2", health_path = "/ready", paths = ["/admin/*"], priority = 1 } }
  }

  expect_failures = [var.client, var.idle_timeout_s, var.deregistration_delay_s, var.health_check, var.target_type, var.algorithm, var.origin_header, var.further_groups]
}
