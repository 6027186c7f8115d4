# A topic for alarms and events, heard by e-mail and by a paging service.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "topic" {
  source = "../.."

  name                     = "results-page"
  account_id               = "123456789012"
  key_arn                  = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  publishers               = ["cloudwatch.amazonaws.com"]
  unconditional_publishers = ["events.amazonaws.com"]
  emails                   = ["oncall@results.example"]
  https_endpoints          = ["https://events.pager.example/integration/1"]
  tags                     = { System = "results" }
}
