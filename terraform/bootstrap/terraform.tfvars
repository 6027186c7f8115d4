# Example values: AWS's documentation account. Replace all of them for a real account.

account_id        = "123456789012"
github_repository = "gameday-example/gameday"
environments      = ["buzzer-production", "scoreboard-prod", "engine-dev", "engine-staging", "engine-prod", "olympics-prod"]
