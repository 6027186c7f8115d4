# The values come from ../terraform.tfvars, production; what a module promises is tested beside it. What the guide asks for attribute by
# attribute is held in tests/stacks/scoreboard.

mock_provider "aws" {}

run "production_has_its_chain_of_timeouts_and_its_pools" {
  command = plan

  assert {
    condition     = output.timeouts_s.heartbeat < output.timeouts_s.cdn_read && output.timeouts_s.cdn_read < output.timeouts_s.balancer_idle
    error_message = "Idle streams are cut."
  }

  assert {
    condition     = output.connections_needed == 160
    error_message = "The pools ask for another number of connections."
  }

  assert {
    condition     = length(module.alarms.names) >= 30 && length(setsubtract(["streams-full", "streams-lost", "errors-page", "slow-ticket", "db-connections", "replica-1-lag", "replica-2-lag", "cache-connections-003", "rotation-failed-database", "unhealthy-targets"], keys(module.alarms.names))) == 0
    error_message = "An alarm is missing."
  }
}

run "the_guides_heartbeat_and_its_grace_are_refused" {
  command = plan

  variables {
    timeouts_s = { heartbeat = 30, cdn_read = 30, balancer_idle = 60, shutdown_grace = 30, stop = 30, deregistration = 300 }
  }

  expect_failures = [output.timeouts_s]
}

run "the_guides_pool_of_twenty_is_refused" {
  command = plan

  variables {
    pool_size = 20
  }

  expect_failures = [output.connections_needed]
}

run "what_no_environment_has_is_refused" {
  command = plan

  variables {
    environment      = "production"
    region           = "eu-west-1"
    account_id       = "account"
    streams_per_task = 1
  }

  expect_failures = [var.environment, var.region, var.account_id, var.streams_per_task]
}

run "development_is_small" {
  command = plan

  variables {
    environment         = "dev"
    tasks               = { min = 1, max = 2 }
    database            = { instance_class = "db.t4g.micro", memory_gib = 1, allocated_gb = 20, max_gb = 40, max_connections = 80, multi_az = false }
    cache               = { node_type = "cache.t4g.micro", nodes = 1, pool_size = 20, snapshot_days = 0 }
    deletion_protection = false
  }

  assert {
    condition     = output.cluster_name == "scoreboard-dev" && output.connections_needed <= 64
    error_message = "Development has production's name, or more pools than its database takes."
  }
}
