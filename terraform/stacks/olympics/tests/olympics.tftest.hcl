# The values come from ../terraform.tfvars; what a module promises is tested beside it, and what the brief asks for in tests/stacks/olympics.

mock_provider "aws" {}

run "a_refresh_at_the_maximum_leaves_a_fifth_of_the_connections" {
  command = plan

  assert {
    condition     = output.connections_needed == 600
    error_message = "The budget is another one."
  }

  assert {
    condition     = output.site_url == "https://www.olympics.example" && output.fleet_name == "olympics-prod-api"
    error_message = "Visitors are led elsewhere, or the group has another name."
  }
}

# The first block had two of the three: whoever opened a session through the third zone's instance found the door closed.
run "every_subnet_of_the_administration_may_call_its_balancer" {
  command = plan

  assert {
    condition = length(output.admin_subnets) == 3 && alltrue([
      for subnet in values(output.admin_subnets) :
      cidrsubnet("${cidrhost(subnet, 0)}/${split("/", output.admin_clients)[1]}", 0, 0) == output.admin_clients
    ])
    error_message = "A subnet of the administration lies outside what its load balancer admits."
  }
}

run "a_key_in_redis_ends_by_kind" {
  command = plan

  assert {
    condition = [
      for name in ["CACHE_LIVE_EVENT_S", "CACHE_PAST_EVENT_S", "CACHE_ATHLETE_S", "CACHE_LEADERBOARD_S"] :
      aws_lambda_function.processor.environment[0].variables[name]
    ] == ["5", "300", "300", "10"]
    error_message = "The function that writes results is given other lifetimes than the brief has."
  }
}

run "lifetimes_that_never_end_or_stand_on_their_head_are_refused" {
  command = plan

  variables {
    cache_lifetimes_s = { live_event = 600, leaderboard = 0 }
  }

  expect_failures = [var.cache_lifetimes_s]
}

run "a_pager_without_tls_is_refused" {
  command = plan

  variables {
    pager_endpoints = ["http://pager.olympics.example/sns"]
  }

  expect_failures = [var.pager_endpoints]
}

run "values_that_cannot_work_are_refused" {
  command = plan

  variables {
    environment   = "production"
    region        = "eu-south-1"
    account_id    = "account"
    instance_type = "t3.medium"
    nat           = "none"
    shards        = 0
    name          = "Olympics"
  }

  expect_failures = [var.environment, var.region, var.account_id, var.instance_type, var.nat, var.shards, var.name]
}

run "pools_that_choke_the_database_are_refused" {
  command = plan

  variables {
    pool_size = 100
  }

  expect_failures = [output.connections_needed]
}
