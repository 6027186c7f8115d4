mock_provider "aws" {}

variables {
  domain        = "stand.example"
  api_name      = "api.stand.example"
  origin_name   = "origin.stand.example"
  health_path   = "/health"
  edge          = { domain_name = "d1.cloudfront.net", zone_id = "Z2FDTNDATAQYW2" }
  load_balancer = { dns_name = "stand.us-east-1.elb.amazonaws.com", zone_id = "Z35SXDOTRQ7X7K" }
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "fans_are_led_to_the_edge_over_both_address_families" {
  command = plan

  assert {
    condition     = keys(aws_route53_record.api) == ["A", "AAAA"]
    error_message = "An address family is missing."
  }

  assert {
    condition     = alltrue([for r in aws_route53_record.api : r.alias[0].name == "d1.cloudfront.net"])
    error_message = "Fans are led past the edge."
  }
}

run "the_edge_finds_the_load_balancer_under_a_name_of_its_own" {
  command = plan

  assert {
    condition     = aws_route53_record.origin.name == "origin.stand.example" && aws_route53_record.origin.alias[0].evaluate_target_health
    error_message = "The origin has no healthy name."
  }
}

run "the_service_is_asked_from_outside_as_a_fan_would_ask" {
  command = plan

  assert {
    condition     = aws_route53_health_check.api.type == "HTTPS" && aws_route53_health_check.api.fqdn == "api.stand.example" && aws_route53_health_check.api.resource_path == "/health"
    error_message = "The health check asks for something else."
  }
}

run "an_address_in_place_of_a_domain_is_refused" {
  command = plan

  variables {
    domain = "10.0.0.1"
  }

  expect_failures = [var.domain]
}

run "a_bare_label_is_refused" {
  command = plan

  variables {
    api_name = "api"
  }

  expect_failures = [var.api_name]
}

run "an_empty_origin_is_refused" {
  command = plan

  variables {
    origin_name = ""
  }

  expect_failures = [var.origin_name]
}

run "a_path_without_a_slash_is_refused" {
  command = plan

  variables {
    health_path = "health"
  }

  expect_failures = [var.health_path]
}
