# An API on four to twenty instances behind a load balancer, raised to twelve for an evening.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "fleet" {
  source = "../.."

  name                      = "api"
  description               = "Instances of the API"
  vpc_id                    = "vpc-0123456789abcdef0"
  subnet_ids                = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  image_id                  = "ami-0123456789abcdef0"
  instance_type             = "c7g.large"
  port                      = 8080
  client_security_group_ids = { "the load balancer" = "sg-0123456789abcdef0" }
  reaches                   = { "the database" = { port = 5432, security_group_id = "sg-0123456789abcdef1" } }
  target_group_arns         = ["arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api/0123456789abcdef"]
  instances                 = { min = 4, max = 20 }
  warmup_s                  = 180
  cpu_target_percent        = 60
  request_target            = { per_minute = 12000, resource_label = "app/api/0123456789abcdef/targetgroup/api/0123456789abcdef" }
  schedules                 = { opening = { from = "2027-02-06T17:00:00Z", to = "2027-02-06T23:00:00Z", min = 12 } }
  tags                      = { Service = "api" }
}

output "group_name" {
  description = "Name of the group."
  value       = module.fleet.group_name
}
