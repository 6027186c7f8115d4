# Valkey in three shards with a replica each, under a key of one's own.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "cache" {
  source = "../.."

  name                      = "results"
  vpc_id                    = "vpc-0123456789abcdef0"
  subnet_ids                = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  client_security_group_ids = { "the tasks" = "sg-0123456789abcdef0" }
  node_type                 = "cache.t4g.medium"
  shards                    = { number = 3, replicas = 1 }
  engine                    = { name = "valkey", version = "8.0", family = "valkey8" }
  parameters                = { maxmemory-policy = "volatile-lru" }
  snapshots                 = { days = 7, window = "05:00-06:00" }
  key_arn                   = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  maintenance_window        = "wed:08:00-wed:09:00"
  secret_name               = "results/prod/cache"
}
