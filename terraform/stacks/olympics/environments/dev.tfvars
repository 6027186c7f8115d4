environment         = "dev"
domain              = "dev.olympics.example"
zones               = ["us-east-1a", "us-east-1b", "us-east-1c"]
nat                 = "one"
instances           = { min = 1, max = 2 }
database            = { class = "db.t4g.medium", memory_gib = 4, allocated_gb = 20, max_gb = 50, max_connections = 200 }
cache               = { node_type = "cache.t4g.small", nodes = 2 }
shards              = 1
sessions            = {}
pager_endpoints     = []
deletion_protection = false
budget_usd          = 1000
daily_budget_usd    = 35
