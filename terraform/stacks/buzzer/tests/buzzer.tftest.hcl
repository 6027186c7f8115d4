# The values come from ../terraform.tfvars; what a module promises is tested beside it.


mock_provider "aws" {}

variables {
  region = "us-east-1"
}

run "an_update_is_at_most_three_seconds_old" {
  command = plan

  assert {
    condition     = output.freshness_s <= 3 && output.freshness_s > 0
    error_message = "Poll interval and caches take longer."
  }
}

run "a_deployment_at_the_maximum_leaves_a_fifth_of_the_connections" {
  command = plan

  assert {
    condition     = output.connections_needed == 240
    error_message = "The budget is another one."
  }
}

run "every_fixture_has_its_tasks_before_kick_off" {
  command = plan

  assert {
    condition     = length(output.game_windows) == length(var.fixtures)
    error_message = "A fixture is forgotten."
  }

  assert {
    condition     = output.game_windows["cup-quarter-final"].tasks == 18 && output.game_windows["cup-quarter-final"].opens == "2026-12-05T18:45:00Z"
    error_message = "The quarter-final gets other tasks, or at another time."
  }
}

run "stress_is_seen_before_the_crash" {
  command = plan

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
}

run "fans_use_tls" {
  command = plan

  assert {
    condition     = output.api_url == "https://api.buzzer.example"
    error_message = "Fans are led elsewhere."
  }
}

run "polls_that_miss_the_target_are_refused" {
  command = plan

  variables {
    poll_interval_s = 2.5
  }

  expect_failures = [output.freshness_s]
}

run "a_minute_in_the_cache_is_refused" {
  command = plan

  variables {
    cache_ttl_s = 60
  }

  expect_failures = [output.freshness_s]
}

run "pools_that_choke_the_database_are_refused" {
  command = plan

  variables {
    pool_size = 20
  }

  expect_failures = [output.connections_needed]
}

run "more_tasks_than_connections_are_refused" {
  command = plan

  variables {
    tasks = { min = 3, max = 40 }
  }

  expect_failures = [output.connections_needed]
}

run "another_region_is_refused" {
  command = plan

  variables {
    region = "eu-west-1"
  }

  expect_failures = [var.region]
}

run "an_account_of_letters_is_refused" {
  command = plan

  variables {
    account_id = "account"
  }

  expect_failures = [var.account_id]
}

run "no_worker_is_refused" {
  command = plan

  variables {
    workers = 0
  }

  expect_failures = [var.workers]
}

run "a_frantic_poll_is_refused" {
  command = plan

  variables {
    poll_interval_s = 0.1
  }

  expect_failures = [var.poll_interval_s]
}

run "no_pool_is_refused" {
  command = plan

  variables {
    pool_size = 0
  }

  expect_failures = [var.pool_size]
}

run "no_shared_cache_is_refused" {
  command = plan

  variables {
    cache_ttl_s = 0
  }

  expect_failures = [var.cache_ttl_s]
}

run "the_quarter_processor_is_refused" {
  command = plan

  variables {
    task_size = { cpu = 256, memory = 512 }
  }

  expect_failures = [var.task_size]
}

run "the_class_that_choked_is_refused" {
  command = plan

  variables {
    database = { instance_class = "db.t3.micro", replica_instance_class = "db.t4g.medium", memory_gib = 1, allocated_gb = 50, max_gb = 200, max_connections = 300 }
  }

  expect_failures = [var.database]
}
