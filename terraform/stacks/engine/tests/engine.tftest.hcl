# The values come from ../terraform.tfvars; what a module promises is tested beside it.

mock_provider "aws" {}

run "what_was_asked_for_is_there_and_what_cannot_be_is_not" {
  command = plan

  assert {
    condition     = output.providers_named == 10 && length(output.providers_asked) == 5
    error_message = "There are not ten places for providers, five of them in use."
  }

  assert {
    condition     = output.reserved_concurrency <= var.concurrency_quota - 100
    error_message = "The functions reserve more than Lambda lets them."
  }

  assert {
    condition     = output.api_url == "https://api.engine.example" && output.live_url == "wss://live.engine.example/ws"
    error_message = "Clients are led elsewhere."
  }

  assert {
    condition     = length(setsubtract([for name in ["sportsdataio", "sportradar", "theoddsapi", "apisports", "statscore"] : "engine-prod-stale-${name}"], output.alarm_names)) == 0 && contains(output.alarm_names, "engine-prod-ingestion-fails") && contains(output.alarm_names, "engine-prod-connections-dropped") && contains(output.alarm_names, "engine-prod-push-slow") && contains(output.alarm_names, "engine-prod-live-streams-full")
    error_message = "An alarm that was asked for is missing."
  }

  assert {
    condition     = length(aws_servicequotas_service_quota.concurrency) == 0
    error_message = "A quota is asked for that every account has."
  }
}

run "api_gateway_can_keep_the_connections_instead" {
  command = plan

  variables {
    live = "gateway"
  }

  assert {
    condition     = length(module.socket) == 1 && length(module.connections) == 1 && length(module.live) == 0 && length(module.channel) == 0
    error_message = "Two things keep the connections, or none."
  }

  assert {
    condition     = contains(output.alarm_names, "engine-prod-connections-dropped") && !contains(output.alarm_names, "engine-prod-live-streams-full")
    error_message = "The alarms watch what is not there."
  }
}

# The brief's own figures, each where it cannot be.
run "the_briefs_figures_are_refused" {
  command = plan

  variables {
    # sports-data-engine.md:199, 1,000 for each function
    functions = {
      ingest    = { memory_mib = 512, timeout_s = 10, reserved = 1000 }
      socket    = { memory_mib = 256, timeout_s = 5, reserved = 1000 }
      fanout    = { memory_mib = 1024, timeout_s = 30, reserved = 1000 }
      query     = { memory_mib = 512, timeout_s = 5, reserved = 0 }
      authorize = { memory_mib = 256, timeout_s = 3, reserved = 0 }
    }

    # :201, the whole of the account's quota for one API
    rest_throttle = { requests_per_s = 10000, burst = 5000 }

    # :10 and :27, a tenth of a second from a provider that is 15 s late
    feeds = { apisports = { kind = "scores", poll_s = 15, lag_s = 15, freshness_s = 0.1 } }

    # :43, four nines in one region
    availability_objective_percent = 99.99
  }

  expect_failures = [var.concurrency_quota, var.socket_throttle, var.feeds, var.availability_objective_percent]
}
