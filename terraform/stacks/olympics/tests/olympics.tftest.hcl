# The values come from ../terraform.tfvars; what a module promises is tested beside it, and what the brief asks for in tests/stacks/olympics.

mock_provider "aws" {}

run "a_refresh_at_the_maximum_leaves_a_fifth_of_the_connections" {
  command = plan

  assert {
    condition     = output.connections_needed == 600
    error_message = "The budget is another one."
  }

  assert {
    condition     = output.api_url == "https://api.olympics.example" && output.fleet_name == "olympics-prod-api"
    error_message = "Visitors are led elsewhere, or the group has another name."
  }
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
