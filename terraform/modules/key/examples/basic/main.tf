# A key for encrypted alarm topics: CloudWatch for this account only, EventBridge without a condition, which it could not meet.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "key" {
  source = "../.."

  name                   = "alarms"
  description            = "Messages of alarms and events"
  account_id             = "123456789012"
  services               = ["cloudwatch.amazonaws.com"]
  unconditional_services = ["events.amazonaws.com"]
  tags                   = { System = "results" }
}
