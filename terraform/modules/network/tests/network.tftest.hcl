mock_provider "aws" {}

variables {
  name                = "stand"
  region              = "us-east-1"
  cidr_block          = "10.20.0.0/16"
  zones               = ["us-east-1a", "us-east-1b"]
  interface_endpoints = ["ecr.api", "ecr.dkr", "logs", "secretsmanager"]
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "every_zone_has_a_public_and_a_private_subnet" {
  command = plan

  assert {
    condition     = keys(aws_subnet.private) == ["us-east-1a", "us-east-1b"] && keys(aws_subnet.public) == ["us-east-1a", "us-east-1b"]
    error_message = "Each zone needs both subnets."
  }

  assert {
    condition     = length(distinct(concat([for s in aws_subnet.public : s.cidr_block], [for s in aws_subnet.private : s.cidr_block]))) == 4
    error_message = "Subnets must not share addresses."
  }

  assert {
    condition     = alltrue([for s in aws_subnet.private : coalesce(s.map_public_ip_on_launch, false) == false])
    error_message = "A private subnet hands out no public addresses."
  }
}

run "a_private_task_reaches_registry_logs_and_secrets" {
  command = plan

  assert {
    condition     = length(setsubtract([for s in ["ecr.api", "ecr.dkr", "logs", "secretsmanager"] : "com.amazonaws.us-east-1.${s}"], [for e in aws_vpc_endpoint.interface : e.service_name])) == 0
    error_message = "An endpoint that a task needs to start is missing."
  }

  assert {
    condition     = alltrue([for e in aws_vpc_endpoint.interface : e.private_dns_enabled])
    error_message = "Without private names the SDK goes to the public address."
  }

  assert {
    condition     = aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway"
    error_message = "Image layers come from S3, by the free kind of endpoint."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.endpoints.cidr_ipv4 == "10.20.0.0/16"
    error_message = "Only the network itself uses the endpoints."
  }
}

run "one_zone_is_refused" {
  command = plan

  variables {
    zones = ["us-east-1a"]
  }

  expect_failures = [var.zones]
}

run "a_zone_twice_is_refused" {
  command = plan

  variables {
    zones = ["us-east-1a", "us-east-1a"]
  }

  expect_failures = [var.zones]
}

run "each_zone_leaves_through_its_own_gateway_where_that_is_decided" {
  command = plan

  variables {
    nat = "per_zone"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == length(var.zones) && length(aws_route_table.nat) == length(var.zones)
    error_message = "A zone has no gateway of its own."
  }
}

run "one_gateway_serves_every_zone_where_that_is_decided" {
  command = plan

  variables {
    nat = "one"
  }

  assert {
    condition     = keys(aws_nat_gateway.this) == [var.zones[0]] && length(aws_route_table.nat) == length(var.zones)
    error_message = "There is another number of gateways, or a zone has no way out."
  }
}

run "without_a_decision_there_is_no_way_out" {
  command = plan

  assert {
    condition     = length(aws_nat_gateway.this) == 0 && length(aws_route_table.nat) == 0
    error_message = "The private subnets have a way out that nobody asked for."
  }
}

run "another_number_of_gateways_is_refused" {
  command = plan

  variables {
    nat = "two"
  }

  expect_failures = [var.nat]
}

run "a_small_range_is_refused" {
  command = plan

  variables {
    cidr_block = "10.20.0.0/24"
  }

  expect_failures = [var.cidr_block]
}

run "text_instead_of_a_range_is_refused" {
  command = plan

  variables {
    cidr_block = "ten/16"
  }

  expect_failures = [var.cidr_block]
}
