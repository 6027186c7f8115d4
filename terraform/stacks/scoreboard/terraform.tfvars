# Production, with example values: RFC 2606 names, AWS's documentation account. Replace all of them for a real account.

environment       = "prod"
account_id        = "123456789012"
domain            = "scoreboard.example"
container_image   = "123456789012.dkr.ecr.us-east-1.amazonaws.com/scoreboard-prod-api@sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b"
traces_image      = "123456789012.dkr.ecr.us-east-1.amazonaws.com/scoreboard-prod-traces@sha256:1f5a3b0c8d7e6f9a2b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2"
rotation_package  = { bucket = "scoreboard-packages-123456789012", key = "rotation/1.0.0.zip" }
github_repository = "scoreboard-example/scoreboard"
page_emails       = ["platform-oncall@scoreboard.example"]
ticket_emails     = ["platform-tickets@scoreboard.example"]
runbook_site      = "https://handbook.scoreboard.example/scoreboard/runbooks/"
