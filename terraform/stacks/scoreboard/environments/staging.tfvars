# What staging has otherwise than production. Read after terraform.tfvars.

environment           = "staging"
domain                = "staging.scoreboard.example"
cidr_block            = "10.31.0.0/16"
container_image       = "123456789012.dkr.ecr.us-east-1.amazonaws.com/scoreboard-staging-api@sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b"
traces_image          = "123456789012.dkr.ecr.us-east-1.amazonaws.com/scoreboard-staging-traces@sha256:1f5a3b0c8d7e6f9a2b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2"
tasks                 = { min = 2, max = 4 }
database              = { instance_class = "db.t4g.medium", memory_gib = 4, allocated_gb = 20, max_gb = 100, max_connections = 200 }
cache                 = { node_type = "cache.t4g.small", nodes = 2, pool_size = 50, snapshot_days = 1 }
backup_retention_days = 7
budget_usd            = 900
