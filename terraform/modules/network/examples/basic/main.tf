# Three zones, a NAT gateway in each, and endpoints for what is used most.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "network" {
  source = "../.."

  name                = "results"
  region              = "us-east-1"
  cidr_block          = "10.30.0.0/16"
  zones               = ["us-east-1a", "us-east-1b", "us-east-1c"]
  interface_endpoints = ["ecr.api", "ecr.dkr", "logs", "secretsmanager"]
  nat                 = "per_zone"
  tags                = { System = "results" }
}
