# Example values: RFC 2606 names, AWS's documentation account. Replace all of them for a real account.

account_id        = "123456789012"
domain            = "buzzer.example"
container_image   = "123456789012.dkr.ecr.us-east-1.amazonaws.com/buzzer-api@sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b"
github_repository = "buzzer-example/buzzer"
page_emails       = ["platform-oncall@buzzer.example"]
ticket_emails     = ["platform-tickets@buzzer.example"]
runbook_site      = "https://handbook.buzzer.example/buzzer/runbooks/"

fixtures = [
  { name = "matchday-13", kick_off = "2026-11-28T19:45:00Z" },
  { name = "matchday-14", kick_off = "2026-12-02T20:00:00Z" },
  { name = "cup-quarter-final", kick_off = "2026-12-05T19:45:00Z", tasks = 18 },
  { name = "derby", kick_off = "2026-12-12T16:30:00Z", tasks = 24 },
]
