# A balancer that only one's own distribution reaches, before tasks and, for some paths, instances.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "load_balancer" {
  source = "../.."

  name                     = "results"
  description              = "Load balancer of the results"
  target_group_name        = "results-api"
  vpc_id                   = "vpc-0123456789abcdef0"
  subnet_ids               = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  client                   = { prefix_list_id = "pl-3b927c52" }
  origin_header            = { name = "X-Origin-Secret", value = "example" }
  closed_paths             = ["/metrics"]
  certificate_arn          = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
  target_security_group_id = "sg-0123456789abcdef0"
  target_port              = 3000
  log_bucket               = "results-logs-123456789012"
  health_check             = { path = "/health" }
  further_groups           = { results-reports = { port = 8080, target_type = "instance", security_group_id = "sg-0123456789abcdef1", health_path = "/ready", paths = ["/reports/*"], priority = 10 } }
}
