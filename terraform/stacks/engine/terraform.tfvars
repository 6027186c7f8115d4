# Example values: RFC 2606 names, AWS's documentation account. Replace all of them for a real account.

environment   = "prod"
account_id    = "123456789012"
domain        = "engine.example"
code_bucket   = "engine-releases-123456789012"
poller_image  = "123456789012.dkr.ecr.us-east-1.amazonaws.com/engine-prod-poller@sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b"
live_image    = "123456789012.dkr.ecr.us-east-1.amazonaws.com/engine-prod-live@sha256:0f4c1d7e5a2b89630de1c4f7a5983b6e2d10c7f84ab96e35d2178c40fb6a9e13"
log_level     = "info"
runbook_site  = "https://handbook.engine.example/engine/runbooks/"
page_emails   = ["platform-oncall@engine.example"]
ticket_emails = ["platform-tickets@engine.example"]

# Five are named by the brief and have its figures for the lag; five places are kept free. The pre-mortem's age of an update, 95th
# percentile: sportsdataio 2.4 s, sportradar 2.3 s, statscore 4.3 s, theoddsapi 151 s. apisports stands by: 15 s late, polled every 15 s.
feeds = {
  sportsdataio = { kind = "scores", poll_s = 1, lag_s = 0.1, freshness_s = 5, most_tasks = 4 }
  sportradar   = { kind = "races", poll_s = 1, lag_s = 0.05, freshness_s = 5, most_tasks = 4 }
  theoddsapi   = { kind = "odds", poll_s = 30, lag_s = 120, freshness_s = 180 }
  apisports    = { kind = "scores", poll_s = 15, lag_s = 15, freshness_s = 45, backup_of = "sportsdataio" }
  statscore    = { kind = "statistics", poll_s = 2, lag_s = 1, freshness_s = 8 }
  place-6      = { kind = "unassigned", enabled = false }
  place-7      = { kind = "unassigned", enabled = false }
  place-8      = { kind = "unassigned", enabled = false }
  place-9      = { kind = "unassigned", enabled = false }
  place-10     = { kind = "unassigned", enabled = false }
}
