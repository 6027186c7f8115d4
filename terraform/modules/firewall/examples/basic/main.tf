# A firewall before a distribution, with AWS's rules for SQL beside the usual ones.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "firewall" {
  source = "../.."

  name                 = "results"
  requests_per_address = 30000

  managed_groups = {
    AWSManagedRulesAmazonIpReputationList = 10
    AWSManagedRulesKnownBadInputsRuleSet  = 20
    AWSManagedRulesSQLiRuleSet            = 30
  }
  tags = { System = "results" }
}
