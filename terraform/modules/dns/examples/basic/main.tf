# Clients enter at the CDN, the CDN finds the load balancer under a name of its own.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "dns" {
  source = "../.."

  domain        = "results.example"
  api_name      = "api.results.example"
  origin_name   = "origin.results.example"
  health_path   = "/health"
  edge          = { domain_name = "d0123456789abc.cloudfront.net", zone_id = "Z2FDTNDATAQYW2" }
  load_balancer = { dns_name = "results-0123456789.us-east-1.elb.amazonaws.com", zone_id = "Z35SXDOTRQ7X7K" }
  tags          = { System = "results" }
}
