# Three days: 5,000 users through every night of nights.toml, for the least money.
# Besides terraform.tfvars: -var-file=environments/saturday.tfvars

tasks    = { min = 2, max = 8 }
prescale = { tasks = 8 }
fixtures = [
  { name = "matchday-14", kick_off = "2026-12-02T20:00:00Z" },
  { name = "cup-quarter-final", kick_off = "2026-12-05T19:45:00Z" },
]
alarms = [
  "errors-page", "unhealthy-tasks", "slow-page", "too-few-tasks", "tasks-near-maximum", "cpu-page", "updates-late", "edge-errors",
  "edge-misses", "api-unreachable", "db-cpu", "db-connections", "db-storage", "replica-lag",
]
firewall   = false
budget_usd = 650

# The model holds as many with db.t4g.micro. Its 60 connections and 1 GiB leave nothing for what the model does not know of the writes.
database = {
  instance_class         = "db.t4g.small"
  replica_instance_class = "db.t4g.small"
  memory_gib             = 2
  allocated_gb           = 20
  max_gb                 = 100
  max_connections        = 150
}

cache_nodes     = 1
cache_node_type = "cache.t4g.micro"
