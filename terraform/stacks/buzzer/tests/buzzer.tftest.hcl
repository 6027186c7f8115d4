# The values come from ../terraform.tfvars; what a module promises is tested beside it.
# A plan takes seconds, so what one plan shows stands in one run, and what is refused independently is refused together.


mock_provider "aws" {}

variables {
  region = "us-east-1"
}

run "what_the_stack_promises" {
  command = plan

  # An update is at most three seconds old.
  assert {
    condition     = output.freshness_s <= 3 && output.freshness_s > 0
    error_message = "Poll interval and caches take longer."
  }

  # A deployment at the maximum leaves a fifth of the connections.
  assert {
    condition     = output.connections_needed == 240
    error_message = "The budget is another one."
  }

  # Every fixture has its tasks before kick off.
  assert {
    condition     = length(output.game_windows) == length(var.fixtures)
    error_message = "A fixture is forgotten."
  }

  assert {
    condition     = output.game_windows["cup-quarter-final"].tasks == 18 && output.game_windows["cup-quarter-final"].opens == "2026-12-05T18:45:00Z"
    error_message = "The quarter-final gets other tasks, or at another time."
  }

  # Stress is seen before the crash.
  assert {
    condition     = length(module.alarms.names) >= 14
    error_message = "There are fewer than fourteen alarms."
  }

  assert {
    condition     = length(setsubtract(["cpu-page", "too-few-tasks", "unhealthy-tasks", "slow-page", "errors-page", "updates-late", "db-cpu", "db-connections", "replica-lag", "edge-misses", "tasks-near-maximum", "db-storage", "backup-failed", "api-unreachable"], keys(module.alarms.names))) == 0
    error_message = "An alarm is missing."
  }

  assert {
    condition     = module.dashboard_game_day.name == "buzzer-game-day" && module.dashboard_review.name == "buzzer-review"
    error_message = "A dashboard is missing."
  }

  # A game that is over gets no schedule; without the time of the plan every fixture has its own.
  assert {
    condition     = length(module.calendar.schedules) == 8
    error_message = "A fixture has no schedule."
  }

  # Fans use tls.
  assert {
    condition     = output.api_url == "https://api.buzzer.example"
    error_message = "Fans are led elsewhere."
  }
}

run "games_that_are_over_get_no_schedule" {
  command = plan

  variables {
    now = "2026-12-03T06:00:00Z"
  }

  assert {
    condition     = length(module.calendar.schedules) == 4 && length(output.game_windows) == length(var.fixtures)
    error_message = "A game in the past has a schedule, or one to come has none."
  }
}

run "slow_polls_and_pools_that_choke_the_database_are_refused" {
  command = plan

  variables {
    poll_interval_s = 2.5
    pool_size       = 20
  }

  expect_failures = [output.freshness_s, output.connections_needed]
}

run "a_minute_in_the_cache_and_more_tasks_than_connections_are_refused" {
  command = plan

  variables {
    cache_ttl_s = 60
    tasks       = { min = 3, max = 40 }
  }

  expect_failures = [output.freshness_s, output.connections_needed]
}

run "values_that_cannot_be_meant_are_refused" {
  command = plan

  variables {
    region          = "eu-west-1"
    account_id      = "account"
    workers         = 0
    poll_interval_s = 0.1
    pool_size       = 0
    cache_ttl_s     = 0
    tasks           = { min = 1, max = 30 }
    alarms          = ["errors-page", "memory"]
  }

  expect_failures = [var.region, var.account_id, var.workers, var.poll_interval_s, var.pool_size, var.cache_ttl_s, var.tasks, var.alarms]
}

run "the_quarter_processor_is_refused" {
  command = plan

  variables {
    task_size = { cpu = 256, memory = 512 }
  }

  expect_failures = [var.task_size]
}

# What a horizon leaves out: environments/tonight.tfvars and saturday.tfvars.
run "parts_of_the_stack_are_left_out_by_their_variables" {
  command = plan

  variables {
    tasks    = { min = 3, max = 6 }
    fixtures = []
    alarms   = ["errors-page", "unhealthy-tasks"]
    firewall = false
    database = { instance_class = "db.t3.micro", replica_instance_class = "db.t3.micro", memory_gib = 1, allocated_gb = 20, max_gb = 100, max_connections = 60, standby = false, engine_version = "8.0" }
  }

  assert {
    condition     = toset(keys(module.alarms.names)) == toset(["errors-page", "unhealthy-tasks"]) && length(module.alarms.arns) == 2
    error_message = "There are other alarms than those that were named."
  }

  assert {
    condition     = length(module.calendar.schedules) == 0
    error_message = "A game that nobody planned has a schedule."
  }
}

run "the_class_that_choked_is_refused" {
  command = plan

  variables {
    database = { instance_class = "db.t3.micro", replica_instance_class = "db.t4g.medium", memory_gib = 1, allocated_gb = 50, max_gb = 200, max_connections = 300 }
  }

  expect_failures = [var.database]
}
