environment         = "staging"
domain              = "staging.olympics.example"
nat                 = "one"
instances           = { min = 2, max = 6 }
database            = { class = "db.t4g.large", memory_gib = 8, allocated_gb = 50, max_gb = 100, max_connections = 400 }
cache               = { node_type = "cache.t4g.small", nodes = 2 }
sessions            = {}
pager_endpoints     = []
deletion_protection = false
budget_usd          = 1500
daily_budget_usd    = 50
