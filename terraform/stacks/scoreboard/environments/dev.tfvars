# What development has otherwise than production. Read after terraform.tfvars.

environment           = "dev"
domain                = "dev.scoreboard.example"
cidr_block            = "10.32.0.0/16"
container_image       = "123456789012.dkr.ecr.us-east-1.amazonaws.com/scoreboard-dev-api@sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b"
traces_image          = "123456789012.dkr.ecr.us-east-1.amazonaws.com/scoreboard-dev-traces@sha256:1f5a3b0c8d7e6f9a2b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2"
tasks                 = { min = 1, max = 2 }
database              = { instance_class = "db.t4g.micro", memory_gib = 1, allocated_gb = 20, max_gb = 40, max_connections = 80, multi_az = false }
cache                 = { node_type = "cache.t4g.micro", nodes = 1, pool_size = 20, snapshot_days = 0 }
backup_retention_days = 1
deletion_protection   = false
budget_usd            = 500
