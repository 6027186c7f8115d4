# What each preset hands to the module beside it. A preset has no resources: its output is the whole of it.

mock_provider "aws" {}

variables {
  owners = { page = "platform on-call", ticket = "platform team" }

  # Of the module under test, which these runs do not use.
  name   = "site"
  topics = { page = "arn:aws:sns:us-east-1:123456789012:page", ticket = "arn:aws:sns:us-east-1:123456789012:ticket" }
  alarms = {}
}

run "the_example_makes_the_alarms_of_its_presets_but_the_one_left_out" {
  command = plan

  module {
    source = "./examples/presets"
  }

  assert {
    condition     = contains(output.names, "site-errors-page") && contains(output.names, "site-db-cpu") && !contains(output.names, "site-db-disk-queue")
    error_message = "An alarm is lost, or one is made that was left out."
  }

  assert {
    condition     = length(output.names) == 17
    error_message = "The example makes another number of alarms."
  }
}

run "a_load_balancer_pages_at_the_thresholds_that_were_given" {
  command = plan

  module {
    source = "./presets/load_balancer"
  }

  variables {
    load_balancer = "app/site/1"
    target_group  = "targetgroup/site/1"
    runbooks      = { errors = "errors", latency = "latency", targets = "targets", load = "load" }
    thresholds    = { errors_page_percent = 3, requests_per_target = 18000, allowed_errors_in_percent = 0.5 }
    prefix        = "web-"
  }

  assert {
    condition     = output.alarms["web-errors-page"].threshold == 3 && output.alarms["web-requests-per-target"].threshold == 18000
    error_message = "A threshold is another one than was given."
  }

  assert {
    condition     = output.alarms["web-burn-fast-long"].threshold == 14.4 * 0.5 && output.alarms["web-burn-fast-long"].queries.requests.metric.period_s == 3600
    error_message = "The burn rate does not follow the service level."
  }

  assert {
    condition     = alltrue(flatten([for composite in output.composites : [for group in composite.any_of : [for name in group : contains(keys(output.alarms), name)]]]))
    error_message = "A composite names an alarm that is not there."
  }

  assert {
    condition     = output.alarms["web-slow-ticket"].owner == "platform team" && output.alarms["web-slow-page"].owner == "platform on-call"
    error_message = "An alarm has the owner of another severity."
  }
}

run "requests_per_target_are_watched_only_where_their_limit_is_known" {
  command = plan

  module {
    source = "./presets/load_balancer"
  }

  variables {
    load_balancer = "app/site/1"
    target_group  = "targetgroup/site/1"
    runbooks      = { errors = "errors", latency = "latency", targets = "targets", load = "load" }
  }

  assert {
    condition     = !contains(keys(output.alarms), "requests-per-target") && length(output.alarms) == 11
    error_message = "A limit was guessed."
  }
}

run "a_service_level_that_no_burn_rate_can_pass_is_refused" {
  command = plan

  module {
    source = "./presets/load_balancer"
  }

  variables {
    load_balancer = "app/site/1"
    target_group  = "targetgroup/site/1"
    runbooks      = { errors = "errors", latency = "latency", targets = "targets", load = "load" }
    thresholds    = { allowed_errors_in_percent = 7 }
  }

  expect_failures = [var.thresholds]
}

run "a_burstable_fleet_is_watched_for_its_credits" {
  command = plan

  module {
    source = "./presets/fleet"
  }

  variables {
    group     = "site"
    instances = { min = 4, max = 50 }
    burstable = true
    runbooks  = { load = "load", fleet = "fleet" }
  }

  assert {
    condition     = output.alarms["near-maximum"].threshold == 40 && output.alarms["too-few-instances"].threshold == 4 && contains(keys(output.alarms), "credits")
    error_message = "The limits of the group are lost."
  }
}

run "a_postgres_primary_is_watched_for_transaction_ids_and_a_replica_for_its_lag" {
  command = plan

  module {
    source = "./presets/database"
  }

  variables {
    instance = "site-replica"
    engine   = "postgres"
    replica  = true
    size     = { class = "db.t4g.large", memory_gib = 8, allocated_gb = 100, max_connections = 500 }
    runbooks = { load = "load", connections = "connections", storage = "storage", lag = "lag" }
  }

  assert {
    condition     = contains(keys(output.alarms), "lag") && contains(keys(output.alarms), "credits") && !contains(keys(output.alarms), "transaction-ids") && !contains(keys(output.alarms), "write-latency")
    error_message = "A replica is watched as if it were a primary."
  }

  # -1 is what RDS publishes while replication stands still.
  assert {
    condition     = output.alarms["lag"].queries.behind.expression == "IF(lowest < 0, 86400, lag)" && output.alarms["lag"].queries.lowest.metric.statistic == "Minimum"
    error_message = "A replica whose replication has stopped is not seen."
  }

  assert {
    condition     = output.alarms["connections"].threshold == 350 && output.alarms["storage"].threshold == 20 * 1073741824
    error_message = "A threshold does not follow the size."
  }
}

run "each_node_of_a_cache_has_its_own_alarms" {
  command = plan

  module {
    source = "./presets/cache"
  }

  variables {
    nodes      = ["site-001", "site-002"]
    runbook    = "redis-degraded"
    thresholds = { hit_percent = 80 }
  }

  assert {
    condition     = length(output.alarms) == 10 && output.alarms["cache-hits-002"].metric.dimensions.CacheClusterId == "site-002"
    error_message = "A node is not watched."
  }

  assert {
    condition     = output.alarms["cache-cpu-001"].description == "The engine's thread on site-001 is busy for more than 70 % of the time."
    error_message = "The description is garbled."
  }
}

run "the_hit_rate_of_an_idle_edge_does_not_count" {
  command = plan

  module {
    source = "./presets/edge"
  }

  variables {
    distribution = "E1"
    runbooks     = { errors = "errors", misses = "misses", missing = "missing" }
    thresholds   = { hit_percent = 70, busy_requests = 1000 }
  }

  assert {
    condition     = output.alarms["edge-misses"].threshold == 70 && output.alarms["edge-misses"].queries.shown.expression == "IF(requests > 1000, hits, 100)"
    error_message = "The hit rate counts without requests, or at another threshold."
  }
}

run "the_serverless_example_makes_the_alarms_of_its_presets" {
  command = plan

  module {
    source = "./examples/serverless"
  }

  assert {
    condition     = output.thresholds["scores-ingest-concurrency"] == 240 && output.thresholds["scores-ingest-behind"] == 10000 && output.thresholds["scores-ingest-errors"] == 1 && output.thresholds["scores-ingest-slow"] == 800
    error_message = "A function's alarm rings at another threshold."
  }

  assert {
    condition     = output.thresholds["scores-updates-nearly-full"] == floor(0.8 * 2 * 1048576 * 60) && output.thresholds["scores-rest-refused"] == 5 && output.thresholds["scores-socket-connect-storm"] == 24000 && output.thresholds["scores-dead-messages"] == 0
    error_message = "The alarm of a stream, an API or a queue rings at another threshold."
  }

  assert {
    condition     = contains(keys(output.thresholds), "scores-table-writes-throttled") && contains(keys(output.thresholds), "scores-table-putitem-failing") && length(output.thresholds) == 19
    error_message = "A table's alarm is missing, or there are alarms that nobody asked for."
  }

  assert {
    condition     = strcontains(output.texts["scores-dead-messages"], "Runbook: dead-letters (https://handbook.example/runbooks/dead-letters/). Owner: platform on-call. Severity: page.")
    error_message = "The text of an alarm does not lead to its runbook."
  }
}
